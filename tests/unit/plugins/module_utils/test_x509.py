# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import stat

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _x509
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError

HOST = 'crab-vm.example.org'


def certificate(pki, name):
    return _x509.read_certificate(pki.path(name + '.pem'))


def test_subject_and_issuer_are_in_the_form_that_grid_files_use(pki):
    alice = certificate(pki, 'alice')

    assert alice.subject == '/DC=org/OU=Users/CN=alice/CN=123456/CN=Alice Example'
    assert alice.issuer == '/DC=org/DC=example/CN=Test CA'


def test_the_days_left_are_whole_days(pki):
    host = certificate(pki, 'host')

    assert host.days_left(host.not_after - 86400 * 3 - 1) == 3
    assert host.days_left(host.not_after + 1) == -1


@pytest.mark.parametrize('name, fqdn, covered', [
    ('host', HOST, True), ('host', HOST.upper(), True), ('other', HOST, False), ('other', 'a.wild.example.org', True),
    ('other', 'a.b.wild.example.org', False), ('other', 'wild.example.org', False), ('plain', HOST, True), ('plain', 'example.org', False),
])
def test_a_host_is_covered_by_alternative_names_or_without_any_by_the_common_name(pki, name, fqdn, covered):
    assert certificate(pki, name).covers(fqdn) is covered


def test_a_good_certificate_has_no_fault(pki):
    assert _x509.fault(certificate(pki, 'host'), HOST, pki.now) is None


def test_faults_name_what_was_found_and_what_was_expected(pki):
    host = certificate(pki, 'host')

    assert _x509.fault(host, HOST, host.not_after + 1) == 'it expired at %s' % _x509.iso(host.not_after)
    assert 'valid only from' in _x509.fault(host, HOST, host.not_before - 10)
    assert _x509.fault(certificate(pki, 'other'), HOST, pki.now) == 'it does not cover crab-vm.example.org but other.example.org, *.wild.example.org'
    assert _x509.fault(certificate(pki, 'weak'), HOST, pki.now) == 'its key has 1024 bits, and 2048 are the least'


def test_a_chain_verifies_against_its_own_trust_anchors_only(pki, tmp_path):
    assert _x509.chain_fault(pki.path('host.pem'), pki.anchors) is None
    assert 'does not verify against' in _x509.chain_fault(pki.path('host.pem'), str(tmp_path))
    assert _x509.chain_fault(pki.path('host.pem'), str(tmp_path / 'none')) == 'there is no folder %s with trust anchors' % (tmp_path / 'none')


def test_a_pair_matches_by_its_public_key(pki):
    assert _x509.check_pair(pki.path('host.pem'), pki.path('host.key')) is None
    with pytest.raises(CrabError, match='other.key'):
        _x509.check_pair(pki.path('host.pem'), pki.path('other.key'))


def test_an_encrypted_key_is_refused_without_a_question(pki, tmp_path):
    pki._run('pkey', '-in', pki.path('host.key'), '-aes128', '-passout', 'pass:geheim', '-out', str(tmp_path / 'locked.key'))

    with pytest.raises(CrabError, match='is encrypted'):
        _x509.check_pair(pki.path('host.pem'), str(tmp_path / 'locked.key'))


@pytest.mark.parametrize('content', [b'', b'not PEM', b'-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n', b'\xff\xfe\x00'])
def test_what_is_no_certificate_is_refused_by_name(content):
    with pytest.raises(CrabError, match='content holds no certificate'):
        _x509.first_certificate(content, 'content')


@pytest.mark.parametrize('content', ['', 'not PEM', '-----BEGIN PRIVATE KEY-----\nbm9uc2Vuc2U=\n-----END PRIVATE KEY-----\n'])
def test_what_is_no_key_is_refused_without_showing_it(content):
    with pytest.raises(CrabError) as caught:
        _x509.public_key(content, 'key_content')

    assert 'key_content holds no private key' in str(caught.value)
    assert 'bm9uc2Vuc2U' not in str(caught.value)


def test_text_around_the_pem_does_not_matter(pki):
    text = 'Bag Attributes\n    friendlyName: x\n' + pki.read('host.pem') + '\ntrailing'

    assert _x509.first_certificate(text, 'content').subject == '/CN=crab-vm.example.org'


def test_a_request_has_a_key_of_its_own_and_the_host_in_both_names(tmp_path):
    request = _x509.make_request(str(tmp_path / 'hostkey.pem'), HOST)

    assert stat.S_IMODE(os.stat(str(tmp_path / 'hostkey.pem')).st_mode) == 0o400
    text = _x509.openssl(['req', '-noout', '-text', '-verify', '-nameopt', 'compat'], request)[1]
    assert 'CN=crab-vm.example.org' in text.replace(' ', '')
    assert 'DNS:crab-vm.example.org' in text
    assert 'sha512WithRSAEncryption' in text
    assert 'Public-Key: (2048 bit' in text
    assert [path.name for path in tmp_path.iterdir()] == ['hostkey.pem']


def test_a_second_request_is_for_the_same_key(tmp_path):
    _x509.make_request(str(tmp_path / 'k'), HOST)
    before = (tmp_path / 'k').read_bytes()

    _x509.make_request(str(tmp_path / 'k'), HOST)

    assert (tmp_path / 'k').read_bytes() == before
