# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import shutil
import stat

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _files, _x509
from ansible_collections.cmsweb.crab.plugins.modules import hostcert, hostcert_info

HOST = 'crab-vm.example.org'


@pytest.fixture
def files(tmp_path):
    return {'path': str(tmp_path / 'grid' / 'hostcert.pem'), 'key': str(tmp_path / 'grid' / 'hostkey.pem'), 'fqdn': HOST}


def put(files, pki, name, key=None):
    if not os.path.isdir(os.path.dirname(files['path'])):
        os.mkdir(os.path.dirname(files['path']))
    _files.replace(files['path'], pki.read(name + '.pem').encode(), mode=0o644)
    _files.replace(files['key'], pki.read((key or name) + '.key').encode(), mode=0o400)


def contents(folder):
    return dict((name, (_files.read(os.path.join(folder, name)), stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode))) for name in os.listdir(folder))


def test_a_good_pair_is_left_alone(files, pki, run_module):
    put(files, pki, 'host')

    result = run_module(hostcert, dict(files, ca_path=pki.anchors))

    assert result['changed'] is False
    assert result['needs_certificate'] is False and result['reason'] is None
    assert result['subject'] == '/CN=crab-vm.example.org'
    assert result['days_left'] == 299


@pytest.mark.parametrize('name, key, reason', [
    ('short', None, 'it has 4 days left, and 30 are wanted'), ('other', None, 'does not cover crab-vm.example.org'),
    ('weak', None, 'its key has 1024 bits'), ('host', 'other', 'does not match'),
])
def test_without_a_good_pair_there_is_a_request_and_the_key_stays_on_the_host(files, pki, run_module, name, key, reason):
    put(files, pki, name, key)
    before = contents(os.path.dirname(files['path']))

    result = run_module(hostcert, files)

    assert result['changed'] is True and result['needs_certificate'] is True
    assert reason in result['reason']
    assert result['csr'].startswith('-----BEGIN CERTIFICATE REQUEST-----')
    assert 'PRIVATE KEY' not in result['stdout']
    after = contents(os.path.dirname(files['path']))
    assert sorted(set(after) - set(before)) == ['hostcert.pem.csr', 'hostkey.pem.pending']
    assert after['hostkey.pem.pending'][1] == 0o400
    assert dict((file, after[file]) for file in before) == before


def test_the_request_stays_the_same_until_it_is_answered(files, run_module, tmp_path):
    first = run_module(hostcert, files)

    second = run_module(hostcert, files)

    assert second['csr'] == first['csr']


def test_the_answer_takes_the_place_of_both_files_and_of_the_request(files, pki, run_module):
    request = run_module(hostcert, files)['csr']
    with open(pki.path('answer.csr'), 'w') as target:
        target.write(request)
    pki.sign('answer', 'subjectAltName = DNS:' + HOST)

    result = run_module(hostcert, dict(files, content=pki.read('answer.pem'), ca_path=pki.anchors))

    assert result['changed'] is True and result['needs_certificate'] is False
    after = contents(os.path.dirname(files['path']))
    assert sorted(after) == ['hostcert.pem', 'hostkey.pem']
    assert (after['hostcert.pem'][1], after['hostkey.pem'][1]) == (0o644, 0o400)
    assert after['hostcert.pem'][0] == pki.read('answer.pem').encode()
    assert run_module(hostcert, dict(files, content=pki.read('answer.pem')))['changed'] is False


@pytest.mark.parametrize('content, key, message', [
    ('other', 'other', 'does not cover crab-vm.example.org but other.example.org'), ('weak', 'weak', 'its key has 1024 bits'),
    ('host', 'other', 'content and key_content: the certificate does not match the key'), ('fresh', None, 'matches neither'),
])
def test_what_cannot_serve_is_refused_and_the_old_files_stay(files, pki, run_module, content, key, message):
    put(files, pki, 'host')
    before = contents(os.path.dirname(files['path']))

    result = run_module(hostcert, dict(files, content=pki.read(content + '.pem'), **({'key_content': pki.read(key + '.key')} if key else {})))

    assert result['failed'] is True
    assert message in result['msg']
    assert contents(os.path.dirname(files['path'])) == before


def test_a_chain_that_does_not_verify_is_refused(files, pki, run_module, tmp_path):
    result = run_module(hostcert, dict(files, content=pki.read('host.pem'), key_content=pki.read('host.key'), ca_path=str(tmp_path)))

    assert result['failed'] is True and 'does not verify against' in result['msg']
    assert not os.path.exists(files['path'])


def test_a_certificate_that_ends_soon_is_installed_with_a_warning(files, pki, run_module):
    result = run_module(hostcert, dict(files, content=pki.read('short.pem'), key_content=pki.read('short.key')))

    assert result['changed'] is True
    assert 'only 4 days left' in result['warnings'][0]


def test_a_crash_between_key_and_certificate_is_mended_by_the_next_run(files, pki, run_module):
    put(files, pki, 'host', key='fresh')

    result = run_module(hostcert, dict(files, content=pki.read('fresh.pem')))

    assert result['changed'] is True
    assert _files.read(files['path']) == pki.read('fresh.pem').encode()


def test_without_request_a_missing_pair_is_a_failure_that_says_so(files, run_module):
    result = run_module(hostcert, dict(files, missing='fail'))

    assert result['failed'] is True
    assert 'There is no good host certificate: there is no certificate' in result['msg']


def test_check_mode_on_a_virgin_host_says_that_a_request_would_be_made(files, tmp_path, run_module):
    result = run_module(hostcert, files, check=True)

    assert result['changed'] is True and result['needs_certificate'] is True and result['csr'] is None
    assert list(tmp_path.iterdir()) == []


def test_copies_are_kept_in_step_once_their_folder_is_there(files, pki, run_module, tmp_path):
    put(files, pki, 'host')
    copy = {'path': str(tmp_path / 'certs' / 'hostcert.pem'), 'key': str(tmp_path / 'certs' / 'hostkey.pem'), 'only_if_folder': True}
    assert run_module(hostcert, dict(files, copies=[copy]))['changed'] is False
    (tmp_path / 'certs').mkdir()

    result = run_module(hostcert, dict(files, copies=[copy]))

    assert result['changed'] is True
    assert contents(str(tmp_path / 'certs')) == {'hostcert.pem': (pki.read('host.pem').encode(), 0o644), 'hostkey.pem': (pki.read('host.key').encode(), 0o400)}
    assert run_module(hostcert, dict(files, copies=[copy]))['changed'] is False


def test_the_diff_shows_the_certificates_and_no_key(files, pki, run_module):
    put(files, pki, 'host')

    result = run_module(hostcert, dict(files, content=pki.read('fresh.pem'), key_content=pki.read('fresh.key')))

    assert 'until: ' in result['diff']['before'] and result['diff']['before'] != result['diff']['after']
    assert 'PRIVATE' not in result['stdout'] and pki.read('fresh.key').splitlines()[3] not in result['stdout']


def test_info_says_what_is_wrong_and_changes_nothing(files, pki, run_module):
    put(files, pki, 'short')

    result = run_module(hostcert_info, files)

    assert result['good'] is False and 'it has 4 days left' in result['reason'] and result['changed'] is False


def test_the_present_certificate_offered_again_is_no_answer(files, pki, run_module):
    put(files, pki, 'short')

    result = run_module(hostcert, dict(files, content=pki.read('short.pem')))

    assert result['needs_certificate'] is True and result['csr'].startswith('-----BEGIN CERTIFICATE REQUEST-----')


def test_the_present_key_is_used_again_on_request_and_a_weak_one_is_not(files, pki, run_module):
    put(files, pki, 'short')
    with open(pki.path('same.csr'), 'w') as target:
        target.write(run_module(hostcert, dict(files, new_key=False))['csr'])
    assert not os.path.exists(files['key'] + '.pending')
    pki.sign('same', 'subjectAltName = DNS:' + HOST)

    result = run_module(hostcert, dict(files, new_key=False, content=pki.read('same.pem')))

    assert result['changed'] is True and result['days_left'] == 299
    assert _files.read(files['key']) == pki.read('short.key').encode()
    put(files, pki, 'weak')
    assert run_module(hostcert, dict(files, new_key=False))['needs_certificate'] is True
    assert os.path.exists(files['key'] + '.pending')


def test_report_makes_no_key_and_no_request(files, run_module, tmp_path):
    result = run_module(hostcert, dict(files, missing='report'))

    assert result['needs_certificate'] is True and result['csr'] is None and result['changed'] is False
    assert list(tmp_path.iterdir()) == []


def test_a_pair_that_another_program_put_on_the_host_is_taken_up(files, pki, run_module):
    pair = {'from_path': pki.path('host.pem'), 'from_key': pki.path('host.key')}

    result = run_module(hostcert, dict(files, missing='report', **pair))

    assert result['changed'] is True and result['needs_certificate'] is False
    assert contents(os.path.dirname(files['path'])) == {
        'hostcert.pem': (pki.read('host.pem').encode(), 0o644), 'hostkey.pem': (pki.read('host.key').encode(), 0o400)}
    assert run_module(hostcert, dict(files, missing='report', **pair))['changed'] is False


def test_an_archive_is_kept_in_step_for_its_owner_only(files, pki, run_module, tmp_path):
    archive = str(tmp_path / 'host.p12')
    put(files, pki, 'host')
    arguments = dict(files, pkcs12=archive, pkcs12_password='open-Sesame_1')

    result = run_module(hostcert, arguments)

    assert result['changed'] is True and stat.S_IMODE(os.stat(archive).st_mode) == 0o400
    assert 'open-Sesame_1' not in result['stdout']
    assert _x509.pkcs12_holds(archive, 'open-Sesame_1', pki.read('host.pem'), pki.read('host.key'))
    assert not _x509.pkcs12_holds(archive, 'wrong', pki.read('host.pem'), pki.read('host.key'))
    assert run_module(hostcert, arguments)['changed'] is False
    put(files, pki, 'fresh')
    assert run_module(hostcert, arguments, check=True)['changed'] is True
    run_module(hostcert, arguments)
    assert _x509.pkcs12_holds(archive, 'open-Sesame_1', pki.read('fresh.pem'), pki.read('fresh.key'))


def test_a_revoked_certificate_is_refused_and_a_crl_that_is_missing_is_no_matter(files, pki, run_module, tmp_path):
    anchors = str(tmp_path / 'anchors')
    shutil.copytree(pki.anchors, anchors)
    pki.issue('withdrawn', '/CN=' + HOST, 'subjectAltName = DNS:' + HOST)
    put(files, pki, 'withdrawn')
    assert run_module(hostcert, dict(files, ca_path=anchors))['reason'] is None
    pki.revoke('withdrawn', anchors)

    result = run_module(hostcert, dict(files, ca_path=anchors, content=pki.read('withdrawn.pem'), key_content=pki.read('withdrawn.key')))

    assert result['failed'] is True and 'cannot be used: it is revoked, by a CRL in %s' % anchors in result['msg']
    assert run_module(hostcert, dict(files, ca_path=anchors))['needs_certificate'] is True
