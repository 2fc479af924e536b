# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os
import subprocess
import sys
import zipfile

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _renewal
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError


@pytest.fixture
def settings(tmp_path, pki):
    return {'path': str(tmp_path / 'proxy'), 'copies': [str(tmp_path / 'copy')], 'certificate': pki.path('alice.pem'), 'key': pki.path('alice.key'),
            'passphrase_file': None, 'vo': 'cms', 'role': '', 'valid_hours': 192, 'hours': 24, 'ca_path': pki.anchors, 'vomses_dir': '/etc/vomses',
            'vomsdir': '/etc/grid-security/vomsdir', 'owner': None, 'group': None, 'mode': '0400'}


def client(tmp_path, monkeypatch, script):
    """A voms-proxy-init that does what the script says; $out is the file that it was told to write."""
    path = tmp_path / 'bin' / 'voms-proxy-init'
    path.parent.mkdir()
    path.write_text(u'#!/bin/sh\nwhile [ $# -gt 0 ]; do [ "$1" = --out ] && out=$2; shift; done\n%s\n' % script)
    path.chmod(0o755)
    monkeypatch.setenv('PATH', '%s:%s' % (path.parent, os.environ['PATH']))


@pytest.mark.parametrize('said, message', [
    ('Unable to satisfy B/cms:nosuch request!', 'the VO does not grant /cms:nosuch. Check voms_proxy_role'),
    ('Cannot verify AC signature!', 'no LSC file of the host matches'),
    ('LSC validation failed: x', 'no LSC file of the host matches'),
    ('VOMS Server for atlas not known!', 'the host has no vomses line for the VO'),
    ('User unknown to this VO.', 'the VOMS server does not know the user, or its database is down'),
    ('None of the contacted servers for cms were capable', 'no VOMS server of the VO answered'),
    ('sslv3 alert certificate revoked', 'the certificate is revoked. Get another one from the CA'),
    ('bad write retry', 'the VOMS server broke off'),
    ('...\nsomething new\n', 'something new'),
])
def test_words_of_the_client_become_a_cause_and_a_step(settings, tmp_path, monkeypatch, pki, said, message):
    client(tmp_path, monkeypatch, "printf '%s' \"" + said + '"; exit 1')

    with pytest.raises(CrabError) as error:
        _renewal.make(settings, '', pki.now)

    assert str(error.value).startswith('voms-proxy-init failed (exit code 1): ') and message in str(error.value)


def test_a_file_that_a_failed_client_left_is_no_proxy(settings, tmp_path, monkeypatch, pki):
    pki.proxy('proxy', 'alice')
    client(tmp_path, monkeypatch, 'cp %s "$out"; exit 1' % pki.path('proxy.proxy'))

    with pytest.raises(CrabError):
        _renewal.renewed(settings, '', pki.now)

    assert not os.path.exists(settings['path'])


def test_a_client_that_ends_well_without_attributes_is_not_believed(settings, tmp_path, monkeypatch, pki):
    pki.proxy('long', 'alice', days=8)
    client(tmp_path, monkeypatch, 'cp %s "$out"' % pki.path('long.proxy'))

    with pytest.raises(CrabError) as error:
        _renewal.make(settings, '', pki.now)

    assert 'The new proxy has no VOMS attributes.' in str(error.value)


def test_the_pass_phrase_is_on_standard_input_and_not_among_the_words(settings, tmp_path, monkeypatch, pki):
    client(tmp_path, monkeypatch, 'cat > %s/stdin; exit 1' % tmp_path)

    with pytest.raises(CrabError):
        _renewal.make(settings, 'open-Sesame_1', pki.now)

    assert (tmp_path / 'stdin').read_text() == u'open-Sesame_1\n'


def test_no_client_is_said(settings, monkeypatch, pki):
    monkeypatch.setattr(_renewal, 'CLIENT', 'no-such-client')

    with pytest.raises(CrabError) as error:
        _renewal.make(settings, '', pki.now)

    assert str(error.value) == 'no-such-client cannot be run: No such file or directory. Let role voms install the client (voms_install).'


def test_a_certificate_that_ends_too_soon_is_refused_before_the_client_is_asked(settings, pki):
    pki.issue('brief', '/CN=brief', days=1)

    with pytest.raises(CrabError) as error:
        _renewal.refuse_credential(dict(settings, certificate=pki.path('brief.pem'), key=pki.path('brief.key'), hours=48), '', pki.now)

    assert 'of /CN=brief ends at ' in str(error.value) and 'no proxy can outlive it' in str(error.value)


def test_copies_of_the_same_person_follow_with_their_own_mode_and_others_do_not(settings, tmp_path, pki):
    content = pki.proxy('long', 'alice', days=5)
    (tmp_path / 'proxy').write_text(u'' + content)
    (tmp_path / 'copy').write_text(u'' + pki.proxy('proxy', 'alice'))
    (tmp_path / 'copy').chmod(0o440)
    (tmp_path / 'host').write_text(u'' + pki.read('host.pem') + pki.read('host.key'))
    settings['copies'] += [str(tmp_path / 'host'), str(tmp_path / 'none')]

    assert _renewal.keep_in_step(settings) == [str(tmp_path / 'copy')]

    assert (tmp_path / 'copy').read_text() == content and (tmp_path / 'copy').stat().st_mode & 0o777 == 0o440
    assert not (tmp_path / 'none').exists()
    assert _renewal.keep_in_step(settings) == []


def test_the_program_is_the_same_each_time_and_runs_by_itself(settings, tmp_path):
    path = tmp_path / 'renew'
    path.write_bytes(b'#!' + sys.executable.encode() + b'\n' + _renewal.program())
    path.chmod(0o755)

    process = subprocess.Popen([str(path), '--settings', str(tmp_path / 'nosuch.json')], stdout=subprocess.PIPE, cwd=str(tmp_path),
                               env={'PATH': os.environ['PATH']})
    output = process.communicate()[0]

    assert process.returncode == 1
    assert output.decode() == u'FAILED: There is no file %s. Run role voms with voms_credential_certificate.\n' % (tmp_path / 'nosuch.json')
    assert _renewal.program() == _renewal.program()
    assert 'ansible_collections/cmsweb/crab/plugins/module_utils/_renewal.py' in zipfile.ZipFile(io.BytesIO(_renewal.program())).namelist()
