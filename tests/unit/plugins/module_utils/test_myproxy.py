# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _myproxy
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError

NOT = '"%s" not authorized by server\'s %s policy\n'
DN = '/DC=ch/CN=crab-vm.example.org'
ALICE = '/DC=org/OU=Users/CN=alice/CN=123456/CN=Alice Example'


@pytest.mark.parametrize('said, state, missing', [
    ('Failed to receive credentials.\nNo credentials exist for username "x".', 'registered', []),
    (''.join(NOT % (DN, policy) for policy in _myproxy.POLICIES), 'not_registered', list(_myproxy.POLICIES)),
    ('unknown username: x ' + NOT % (DN, 'authorized_retrievers') + NOT % (DN, 'authorized_renewers'), 'not_registered',
     ['authorized_retrievers', 'authorized_renewers']),
    (''.join(NOT % ('<anonymous>', policy) for policy in _myproxy.POLICIES), 'credential', []),
    ('SSL_write wrote -1', 'refused', []),
    ('OpenSSL Error: in library: SSL routines: sslv3 alert unsupported certificate SSL alert number 43', 'refused', []),
    ('Unable to connect to 10.0.0.1:7512\nConnection refused', 'unreachable', []),
    ('timed out after 30 s', 'unreachable', []),
    ('something new', 'unknown', []),
])
def test_words_of_the_client_become_a_state(said, state, missing):
    assert _myproxy.judged(said) == (state, missing)


def client(tmp_path, monkeypatch, script):
    path = tmp_path / 'myproxy-logon'
    path.write_text(u'#!/bin/sh\n%s\n' % script)
    path.chmod(0o755)
    monkeypatch.setenv('PATH', '%s:%s' % (tmp_path, os.environ['PATH']))


def probe(pki, **changes):
    return _myproxy.probe(**dict({'server': 'myproxy.example.org', 'port': 7512, 'certificate': pki.path('host.pem'), 'key': pki.path('host.key'),
                                  'ca_path': pki.anchors, 'timeout': 10, 'now': pki.now}, **changes))


def test_the_files_that_are_named_are_used_and_no_proxy_that_lies_about(pki, tmp_path, monkeypatch):
    monkeypatch.setenv('X509_USER_PROXY', '/tmp/x509up_u0')
    script = 'env > %s/env; printf "%%s " "$@" > %s/words; echo \'No credentials exist for username "x"\' >&2; exit 1' % (tmp_path, tmp_path)
    client(tmp_path, monkeypatch, script)

    result = probe(pki)

    assert result['state'] == 'registered' and result['dn'] == '/CN=crab-vm.example.org'
    environment = (tmp_path / 'env').read_text().splitlines()
    assert u'X509_USER_CERT=' + pki.path('host.pem') in environment and not any(line.startswith('X509_USER_PROXY') for line in environment)
    assert (tmp_path / 'words').read_text().startswith(u'-n -s myproxy.example.org -p 7512 -l cmsweb-crab-probe-')


def test_a_key_that_others_can_read_is_named_as_the_cause(pki, tmp_path, monkeypatch):
    client(tmp_path, monkeypatch, 'echo \'"<anonymous>" not authorized by server\'"\'"\'s trusted_retrievers policy\'; exit 1')
    os.chmod(pki.path('host.key'), 0o440)
    try:
        result = probe(pki)
    finally:
        os.chmod(pki.path('host.key'), 0o600)

    assert result['state'] == 'credential' and 'has mode 0440, and 0400 or 0600 is wanted.' in result['message']
    assert 'crabserver_config_service_owner' in result['hint']


def test_a_proxy_is_checked_as_one_also_in_two_files(pki, tmp_path, monkeypatch):
    client(tmp_path, monkeypatch, 'echo "$X509_USER_CERT $X509_USER_KEY No credentials exist for username"; exit 1')
    paths = [str(tmp_path / name) for name in ('cert.pem', 'key.pem')]
    for path in paths:
        with open(path, 'w') as target:
            target.write(pki.proxy('two', 'alice'))
        os.chmod(path, 0o400)

    result = probe(pki, certificate=paths[0], key=paths[1])

    assert (result['state'], result['dn'], result['said'].split()[:2]) == ('registered', ALICE, paths)


def test_a_server_that_never_answers_is_given_up(pki, tmp_path, monkeypatch):
    client(tmp_path, monkeypatch, 'exec sleep 30')

    assert probe(pki, timeout=0.2)['state'] == 'unreachable'


def test_what_is_missing_is_said(pki, monkeypatch):
    monkeypatch.setattr(_myproxy, 'CLIENT', 'no-such-client')

    with pytest.raises(CrabError) as error:
        probe(pki)
    assert 'no-such-client cannot be run: No such file or directory. Install the package myproxy' in str(error.value)
    with pytest.raises(CrabError) as error:
        probe(pki, certificate='/nonexistent')
    assert 'There is no file /nonexistent.' in str(error.value)
