# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import stat

import pytest

from ansible_collections.cmsweb.crab.plugins.modules import proxy, proxy_info, service_certificate, voms_files

CMS = {'alias': 'cms', 'host': 'voms.example.org', 'port': 443, 'dn': '/DC=ch/CN=voms.example.org', 'issuer_dn': '/DC=ch/CN=CA'}


@pytest.fixture
def arguments(tmp_path):
    return {'path': str(tmp_path / 'proxy.pem'), 'require_ac': False, 'hours': 1}


def mode_of(path):
    return stat.S_IMODE(os.stat(str(path)).st_mode)


def test_a_good_proxy_is_installed_for_its_owner_only(arguments, pki, run_module, tmp_path):
    content = pki.proxy('proxy', 'alice')

    result = run_module(proxy, dict(arguments, content=content, ca_path=pki.anchors))

    assert result['changed'] is True and result['kept'] is False
    assert result['identity'] == '/DC=org/OU=Users/CN=alice/CN=123456/CN=Alice Example'
    assert (tmp_path / 'proxy.pem').read_bytes() == content.encode()
    assert mode_of(tmp_path / 'proxy.pem') == 0o400
    assert 'PRIVATE KEY' not in result['stdout']


def test_the_same_proxy_again_changes_nothing(arguments, pki, run_module):
    content = pki.proxy('proxy', 'alice')
    run_module(proxy, dict(arguments, content=content))

    assert run_module(proxy, dict(arguments, content=content))['changed'] is False


def test_a_proxy_that_lasts_longer_stays(arguments, pki, run_module, tmp_path):
    run_module(proxy, dict(arguments, content=pki.proxy('long', 'alice', days=5)))

    result = run_module(proxy, dict(arguments, content=pki.proxy('proxy', 'alice')))

    assert result['changed'] is False and result['kept'] is True
    assert (tmp_path / 'proxy.pem').read_bytes() == pki.read('long.proxy').encode()


@pytest.mark.parametrize('changes, message', [
    ({'require_ac': True}, 'content has no VOMS attributes'), ({'hours': 100}, 'and 100 are wanted'),
])
def test_a_proxy_that_does_not_serve_is_refused_and_nothing_is_written(arguments, pki, run_module, tmp_path, changes, message):
    result = run_module(proxy, dict(arguments, content=pki.proxy('proxy', 'alice'), **changes))

    assert result['failed'] is True and message in result['msg']
    assert list(tmp_path.iterdir()) == []


def test_check_mode_installs_nothing(arguments, pki, run_module, tmp_path):
    result = run_module(proxy, dict(arguments, content=pki.proxy('proxy', 'alice')), check=True)

    assert result['changed'] is True
    assert list(tmp_path.iterdir()) == []


def test_a_proxy_whose_chain_does_not_verify_is_never_installed(arguments, pki, run_module, tmp_path):
    (tmp_path / 'anchors').mkdir()

    result = run_module(proxy, dict(arguments, content=pki.proxy('proxy', 'alice'), ca_path=str(tmp_path / 'anchors')))

    assert result['failed'] is True and 'does not verify against' in result['msg']
    assert not (tmp_path / 'proxy.pem').exists()


def test_info_tells_of_a_proxy_and_of_none(arguments, pki, run_module):
    assert run_module(proxy_info, {'path': arguments['path']})['exists'] is False
    run_module(proxy, dict(arguments, content=pki.proxy('proxy', 'alice')))

    result = run_module(proxy_info, {'path': arguments['path']})

    assert result['exists'] is True and result['ac_timeleft_seconds'] is None
    assert 80000 < result['timeleft_seconds'] <= 86400


@pytest.fixture
def service(tmp_path):
    (tmp_path / 'auth').mkdir()
    return {'dest_certificate': str(tmp_path / 'auth' / 'dmwm-service-cert.pem'), 'dest_key': str(tmp_path / 'auth' / 'dmwm-service-key.pem')}


def test_a_pair_is_installed_with_the_mode_of_a_service(service, pki, run_module):
    result = run_module(service_certificate, dict(service, certificate=pki.path('host.pem'), key=pki.path('host.key')))

    assert result['changed'] is True and result['days_left'] == 299
    assert (mode_of(service['dest_certificate']), mode_of(service['dest_key'])) == (0o440, 0o440)
    with open(service['dest_key']) as key:
        assert key.read() == pki.read('host.key')
    assert run_module(service_certificate, dict(service, certificate=pki.path('host.pem'), key=pki.path('host.key')))['changed'] is False


def test_a_proxy_serves_as_both_with_the_same_bytes(service, pki, run_module):
    pki.proxy('proxy', 'alice')

    result = run_module(service_certificate, dict(service, certificate=pki.path('proxy.proxy'), key=pki.path('proxy.proxy')))

    assert result['subject'] == '/DC=org/OU=Users/CN=alice/CN=123456/CN=Alice Example'
    with open(service['dest_key']) as key, open(service['dest_certificate']) as certificate:
        assert key.read() == certificate.read() == pki.read('proxy.proxy')


def test_a_pair_that_does_not_match_is_refused(service, pki, run_module, tmp_path):
    result = run_module(service_certificate, dict(service, certificate=pki.path('host.pem'), key=pki.path('other.key')))

    assert result['failed'] is True and 'does not match' in result['msg']
    assert list((tmp_path / 'auth').iterdir()) == []


def test_a_missing_source_is_a_failure_but_in_check_mode(service, run_module, tmp_path):
    wanted = dict(service, certificate=str(tmp_path / 'none.pem'), key=str(tmp_path / 'none.key'))

    assert 'Run the stages cert and voms first' in run_module(service_certificate, wanted)['msg']
    assert run_module(service_certificate, wanted, check=True)['changed'] is True


def test_voms_files_are_written_once_and_shown(run_module, tmp_path):
    wanted = {'endpoints': [CMS], 'vomses_dir': str(tmp_path / 'vomses'), 'vomsdir': str(tmp_path / 'vomsdir')}

    result = run_module(voms_files, wanted)

    assert result['changed'] is True
    assert result['changed_files'] == [str(tmp_path / 'vomsdir' / 'cms' / 'voms.example.org.lsc'), str(tmp_path / 'vomses' / 'cms-voms.example.org')]
    assert [mode_of(path) for path in result['changed_files']] == [0o644, 0o644]
    assert '+' not in result['diff'][0]['before'] and result['diff'][0]['after'].startswith('/DC=ch/CN=voms.example.org\n')
    assert run_module(voms_files, wanted)['changed'] is False
