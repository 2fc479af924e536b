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
