# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json

from ansible_collections.cmsweb.crab.plugins.modules import external_config, external_config_info

MODE = {
    'delegate-dn': ['/DC=ch/DC=cern/OU=computers/CN=tw.example.org'],
    'backend-urls': {
        'cacheSSL': 'https://crab-vm.example.org/crabcache', 'baseURL': 'https://crab-vm.example.org/crabcache', 'htcondorPool': 'a.example.org',
        'htcondorSchedds': {'crab3@schedd.example.org': {'proxiedurl': 'https://crab-vm.example.org/scheddmon/01'}},
        'asoConfig': [{'couchURL': 'https://crab-vm.example.org/couchdb', 'couchDBName': 'filetransfers'}]},
    'compatible-version': ['3\\.3.*'], 'banned-out-destinations': ['T1_*']}


def test_modes_of_others_stay(tmp_path, run_module):
    path = tmp_path / 'rest.json'
    path.write_bytes(b'{"other": {"x": 1}}')
    result = run_module(external_config, {'path': str(path), 'content': {'cmsweb-dev': MODE}})
    assert json.loads(path.read_bytes().decode('ascii')) == {'other': {'x': 1}, 'cmsweb-dev': MODE}
    assert (result['changed'], result['modes'], result['path']) == (True, ['cmsweb-dev', 'other'], str(path))
    assert result['warnings'][0].startswith('Already in the file: other.')


def test_purge_owns_the_whole_file(tmp_path, run_module):
    path = tmp_path / 'rest.json'
    path.write_bytes(b'no json')
    run_module(external_config, {'path': str(path), 'content': {'cmsweb-dev': MODE}, 'purge': True})
    assert json.loads(path.read_bytes().decode('ascii')) == {'cmsweb-dev': MODE}


def test_file_that_means_the_same_stays_as_it_is(tmp_path, run_module):
    path = tmp_path / 'rest.json'
    content = json.dumps({'cmsweb-dev': MODE}, indent=7).encode('ascii')
    path.write_bytes(content)
    result = run_module(external_config, {'path': str(path), 'content': {'cmsweb-dev': MODE}})
    assert (result['changed'], path.read_bytes()) == (False, content)


def test_second_run_changes_nothing(tmp_path, run_module):
    arguments = {'path': str(tmp_path / 'rest.json'), 'content': {'cmsweb-dev': MODE}, 'mode': '0644'}
    assert [run_module(external_config, arguments)['changed'] for dummy in range(2)] == [True, False]


def test_broken_file_is_refused_and_untouched(tmp_path, run_module):
    path = tmp_path / 'rest.json'
    path.write_bytes(b'{"m": {},\n "m": {}}')
    result = run_module(external_config, {'path': str(path), 'content': {'cmsweb-dev': MODE}})
    assert result['msg'].startswith('%s, line 2, column 2: the key "m" occurs twice' % path)
    assert path.read_bytes() == b'{"m": {},\n "m": {}}'


def test_all_faults_are_in_the_message(tmp_path, run_module):
    content = {'cmsweb-dev': dict(MODE, **{'compatible-version': ['('], 'x': 1})}
    result = run_module(external_config, {'path': str(tmp_path / 'rest.json'), 'content': content}, check=True)
    assert result['msg'].startswith('content, era keyed: 2 faults:\n  cmsweb-dev.compatible-version[0]: not a regular expression')
    assert 'cmsweb-dev.x: no CRABServer release of this era reads this key' in result['msg']


def test_unknown_key_is_a_warning_on_request(tmp_path, run_module):
    arguments = {'path': str(tmp_path / 'rest.json'), 'content': {'cmsweb-dev': dict(MODE, x=1)}, 'unknown_keys': 'warn'}
    result = run_module(external_config, arguments)
    assert result['changed'] and result['warnings'][0].startswith('cmsweb-dev.x: no CRABServer release')


def test_check_mode_on_a_virgin_host(tmp_path, run_module):
    path = tmp_path / 'no' / 'rest.json'
    result = run_module(external_config, {'path': str(path), 'content': {'cmsweb-dev': MODE}, 'owner': 'nosuch'}, check=True)
    assert result['changed'] and json.loads(result['diff']['after']) == {'cmsweb-dev': MODE} and not path.parent.exists()


def test_info_checks_for_the_release(tmp_path, run_module):
    path = tmp_path / 'rest.json'
    path.write_bytes(json.dumps({'cmsweb-dev': MODE}).encode('ascii'))
    good, bad = (run_module(external_config_info, {'path': str(path), 'release': release}) for release in ('3.3.1803.patch3', 'v3.250820'))
    assert (good['era'], good['era_of_release'], good['modes'], good['problems']) == ('keyed', 'keyed', ['cmsweb-dev'], [])
    assert bad['problems'] == ['%s, line 1, column 1: the file has not the shape of the era modes, but of the era keyed.' % path]


def test_info_reports_broken_json(tmp_path, run_module):
    path = tmp_path / 'rest.json'
    path.write_bytes(b'{"a": "\\."}')
    result = run_module(external_config_info, {'path': str(path)})
    assert result['problems'] == ['%s, line 1, column 8: the backslash starts no JSON escape; a backslash is written as two.' % path]
    assert (result['exists'], result['content']) == (True, None)


SCHEDD, LINK = 'crab3@schedd.example.org', 'https://crab-vm.example.org/schedds.json'
FLAT = {'htcondorPool': 'a.example.org', 'htcondorScheddsLink': LINK, 'compatible-version': ['v3.*'], 'banned-out-destinations': [],
        'modes': [{'mode': 'cmsweb-dev', 'backend-urls': {'htcondorSchedds': [SCHEDD], 'cacheSSL': '', 'baseURL': ''}}]}


def test_schedds_are_written_beside_with_the_same_mode(tmp_path, run_module):
    path, schedds = tmp_path / 'rest.json', tmp_path / 'schedds.json'
    schedds.write_bytes(b'{"crab3@other.example.org": {}}')
    arguments = {'path': str(path), 'content': FLAT, 'release': 'v3.220608', 'schedds': {SCHEDD: {}}, 'schedds_path': str(schedds), 'mode': '0644',
                 'backup': True}
    first, second = run_module(external_config, arguments), run_module(external_config, arguments)
    assert json.loads(schedds.read_bytes().decode('ascii')) == {SCHEDD: {}, 'crab3@other.example.org': {}}
    assert [oct(item.stat().st_mode & 0o7777) for item in (path, schedds)] == [oct(0o644)] * 2
    assert (first['era'], first['modes'], second['changed'], 'backup_file' in first) == ('modes', ['cmsweb-dev'], False, False)
    assert first['schedds_backup_file'].startswith(str(schedds))


def test_schedd_that_is_not_in_the_second_file_is_refused_before_anything_is_written(tmp_path, run_module):
    arguments = {'path': str(tmp_path / 'rest.json'), 'content': FLAT, 'schedds': {}, 'schedds_path': str(tmp_path / 'schedds.json')}
    result = run_module(external_config, arguments)
    assert result['msg'].startswith('content, era modes: modes[0].backend-urls.htcondorSchedds: crab3@schedd.example.org is not in the file')
    assert list(tmp_path.iterdir()) == []


def test_schedds_without_a_link_to_them_are_refused(tmp_path, run_module):
    arguments = {'path': str(tmp_path / 'rest.json'), 'content': {'m': MODE}, 'schedds': {}, 'schedds_path': str(tmp_path / 'schedds.json')}
    assert run_module(external_config, arguments)['msg'].startswith('schedds: the content has no htcondorScheddsLink')


def test_release_that_reads_no_file_is_refused(tmp_path, run_module):
    result = run_module(external_config, {'path': str(tmp_path / 'rest.json'), 'content': {'m': MODE}, 'release': 'v3.260407'})
    assert result['msg'].startswith('CRABServer v3.260407 reads no external configuration.') and list(tmp_path.iterdir()) == []


def test_info_converts_what_external_config_writes(tmp_path, run_module):
    path, new, schedds = (str(tmp_path / name) for name in ('rest.json', 'new.json', 'schedds.json'))
    run_module(external_config, {'path': path, 'content': {'cmsweb-dev': MODE}})
    converted = run_module(external_config_info, {'path': path, 'release': 'v3.220608', 'convert': True, 'schedds_link': LINK})['converted']
    run_module(external_config, {'path': new, 'content': converted['content'], 'release': 'v3.220608', 'schedds': converted['schedds'],
                                 'schedds_path': schedds})
    back = run_module(external_config_info, {'path': new, 'release': '3.3.1803.patch3', 'convert': True, 'schedds_path': schedds})
    assert (back['converted']['content'], back['problems']) == ({'cmsweb-dev': MODE}, [])


def test_info_tells_why_it_cannot_convert(tmp_path, run_module):
    path = str(tmp_path / 'rest.json')
    run_module(external_config, {'path': path, 'content': {'cmsweb-dev': MODE}})
    result = run_module(external_config_info, {'path': path, 'release': 'v3.220608', 'convert': True})
    assert (result['converted'], result['problems'][0]) == (
        None, 'The era modes has the schedds in a file of their own. Name in schedds_link the URL at which the server will find the file of the schedds.')


def test_info_of_a_link_fetches_it_and_warns_of_a_revision(run_module):
    url = 'http://127.0.0.1:9/raw/%s/rest.json' % ('0' * 40)
    result = run_module(external_config_info, {'url': url, 'release': '3.3.1803.patch3'})
    assert (result['exists'], result['problems'][0].startswith(url + ' does not answer: ')) == (False, True)
    assert result['warnings'] == ['The link names the revision %s, so the server would never see a change of the file. Put the name of the branch in its '
                                  'place: http://127.0.0.1:9/raw/BRANCH/rest.json' % ('0' * 40)]


def test_info_of_a_link_that_the_release_does_not_read_fetches_nothing(run_module):
    result = run_module(external_config_info, {'url': 'http://127.0.0.1:9/', 'release': 'v3.260407'})
    assert (result['era_of_release'], result['problems']) == ('none', [])
