# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib
import hmac

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _cmsauth

KEY = bytes(bytearray(range(20)))


def test_the_signature_is_over_lengths_names_and_values_in_the_order_of_the_names():
    headers = {'cms-authn-method': 'X509Cert', 'cms-authn-login': 'alice', 'cms-authz-operator': 'group:crab3'}
    message = b'hfv5h10v8h12vb#cms-authn-loginalicecms-authn-methodX509Certcms-authz-operatorgroup:crab3'

    signed = _cmsauth.sign(KEY, headers)

    assert signed['cms-authn-hmac'] == hmac.new(KEY, message, hashlib.sha1).hexdigest()
    assert signed['cms-auth-status'] == 'OK'
    assert dict((name, signed[name]) for name in headers) == headers


def test_other_headers_pass_unsigned_and_an_old_signature_does_not_count():
    one = _cmsauth.sign(KEY, {'cms-authn-login': 'alice'})
    two = _cmsauth.sign(KEY, {'cms-authn-login': 'alice', 'Accept': '*/*', 'cms-authn-hmac': 'stale'})

    assert one['cms-authn-hmac'] == two['cms-authn-hmac']
    assert two['Accept'] == '*/*'


@pytest.mark.parametrize('changed', [{'cms-authn-login': 'mallory'}, {'cms-authn-login': 'alice', 'cms-authz-operator': 'group:crab3'}])
def test_any_other_content_has_another_signature(changed):
    assert _cmsauth.sign(KEY, changed)['cms-authn-hmac'] != _cmsauth.sign(KEY, {'cms-authn-login': 'alice'})['cms-authn-hmac']


def test_the_headers_of_a_user_leave_out_what_is_empty_and_join_scopes():
    assert _cmsauth.user_headers('alice', roles={'operator': ['group:crab3', 'site:t2-xx-foo']}) == {
        'cms-authn-method': 'X509Cert', 'cms-authn-login': 'alice', 'cms-authz-operator': 'group:crab3 site:t2-xx-foo'}


@pytest.mark.parametrize('status, headers, body, frontend, cause', [
    (200, {}, '{}', True, 'ok'),
    (503, {'x-rest-status': '401', 'x-error-detail': 'Database unavailable'}, '', False, 'database'),
    (503, {'x-rest-status': '401', 'x-error-detail': 'Database unavailable'}, '', True, 'database'),
    (503, {}, 'Service Unavailable', True, 'backend'),
    (502, {}, 'Proxy Error', True, 'backend'),
    (504, {}, 'Gateway Timeout', True, 'backend'),
    (502, {}, 'Proxy Error', False, 'unknown'),
    (404, {'x-rest-status': '206', 'x-error-detail': 'No such instance'}, '', False, 'instance'),
    (404, {}, 'Not Found', True, 'unknown'),
    (403, {}, 'Authorisation required', True, 'gridmap'),
    (403, {}, 'You are not allowed to access this resource. Please run: crab checkusername', True, 'authmap'),
    (403, {}, 'You are not allowed to access this resource. Please check: https://twiki.example.org/SiteDBForCRAB', False, 'authmap'),
    (403, {'x-error-detail': 'You are not allowed to access this resource.'}, '', False, 'header_key'),
    (403, {}, 'something else', True, 'unknown'),
    (500, {}, 'Internal Server Error', True, 'authmap_broken'),
    (500, {'x-rest-status': '400'}, '', False, 'unknown'),
    (400, {'x-rest-status': '302'}, '', False, 'request'),
    (406, {'x-rest-status': '201'}, '', False, 'request'),
])
def test_each_answer_has_its_cause(status, headers, body, frontend, cause):
    assert _cmsauth.cause(status, headers, body, frontend) == cause


@pytest.mark.parametrize('text, cause', [
    ('ConnectionRefusedError: [Errno 111] Connection refused', 'not_running'),
    ('SSLError: [SSL: SSLV3_ALERT_CERTIFICATE_REVOKED] sslv3 alert certificate revoked', 'certificate'),
    ('ConnectionResetError: [Errno 104] Connection reset by peer', 'certificate'),
    ('SSLCertVerificationError: certificate verify failed: unable to get local issuer certificate', 'server_certificate'),
    ("CertificateError: hostname 'a' doesn't match 'b'", 'server_certificate'),
    ('gaierror: [Errno -2] Name or service not known', 'address'),
    ('timeout: timed out', 'address'),
    ("SSLError: ('The handshake operation timed out',)", 'address'),
    ('gaierror: [Errno -5] No address associated with hostname', 'address'),
    ('SSLError: [SSL: UNSUPPORTED_PROTOCOL] unsupported protocol (_ssl.c:1006)', 'tls'),
    ('SSLError: [SSL: TLSV1_ALERT_PROTOCOL_VERSION] tlsv1 alert protocol version (_ssl.c:1006)', 'tls'),
    ('SSLError: [SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)', 'tls'),
    ('SSLError: [SSL: UNKNOWN_PROTOCOL] unknown protocol (_ssl.c:618)', 'tls'),
    ('OSError: [Errno 113] No route to host', 'address'),
    ('BadStatusLine: x', 'unknown'),
])
def test_no_answer_has_its_cause_too(text, cause):
    assert _cmsauth.transport_cause(text) == cause


def test_every_cause_but_ok_has_a_remedy():
    assert [cause for cause, remedy in _cmsauth.REMEDIES.items() if not remedy] == ['ok']
