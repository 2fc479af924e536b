# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a CMSWEB frontend and its backends trust each other, and what an answer of theirs means.

The signature is that of WMCore.REST.Auth and of the frontend's cmsauth.pm: HMAC-SHA1 over all cms-authn and cms-authz headers.
"""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib
import hmac

from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes


def sign(key, headers):
    """The headers with cms-authn-hmac and cms-auth-status added.

    :param key: the bytes of header-auth-key, as they are in the file.
    :param headers: text by name; cms-authn-* and cms-authz-* are signed, others pass through.
    """
    signed = dict((name.lower(), value) for name, value in headers.items()
                  if name.lower().startswith(('cms-authn', 'cms-authz')) and name.lower() != 'cms-authn-hmac')
    names = sorted(signed)
    lengths = ''.join('h%xv%x' % (len(name), len(signed[name])) for name in names)
    message = lengths + '#' + ''.join(name + signed[name] for name in names)
    result = dict(headers)
    result['cms-authn-hmac'] = hmac.new(key, to_bytes(message), hashlib.sha1).hexdigest()
    result['cms-auth-status'] = 'OK'
    return result


def user_headers(login, dn='', name='', roles=None):
    """The unsigned headers of a user: roles are lists of scopes such as group:crab3 by role."""
    headers = {'cms-authn-method': 'X509Cert', 'cms-authn-login': login}
    if dn:
        headers['cms-authn-dn'] = dn
    if name:
        headers['cms-authn-name'] = name
    for role, scopes in (roles or {}).items():
        headers['cms-authz-' + role] = ' '.join(scopes)
    return headers


# What openssl says when no handshake comes about at all: both spellings, with blanks and with underlines.
_NO_TLS = [text.replace(' ', blank) for text in ('unsupported protocol', 'unknown protocol', 'protocol version', 'wrong version number', 'http request')
           for blank in ' _']
REMEDIES = {
    'ok': '',
    'database': 'The REST has no connection to its database: check crab_database_dsn, crab_database_user and crab_database_password, '
                'then run the stages config and service. The ORA- code is in the log of crabserver.',
    'instance': 'dbconfig has no such instance: compare crab_instance with crabserver_config_instances, then run the stages config and service.',
    'header_key': 'The two sides hold different header keys: header-auth-key and keys/authz-headers must be the same file. '
                  'Each is read once: restart both with service_state: restarted.',
    'gridmap': 'The frontend does not know this certificate as a member of the VO: add its DN to frontend_auth_users, then run the stages auth and service.',
    'authmap': 'The DN has no login in authmap.json: add it to frontend_auth_users, then run the stage auth.',
    'authmap_broken': 'The frontend cannot use authmap.json or voms-gridmap.txt, or the latter was missing when it started: '
                      'run the stages auth and service; the cause is in the error_log of the frontend.',
    'not_running': 'Nothing answers there: run the stage service.',
    'backend': 'The frontend runs and reaches no backend: run the stage service, and check backends-dev.txt (frontend_auth_backends).',
    'certificate': 'The certificate was not accepted: it may have ended, be revoked, or be from a CA that the server does not trust. '
                   'Check verify_certificate, verify_key, and the trust anchors and CRLs of the host.',
    'server_certificate': "The server's certificate was not accepted: check verify_ca, and the certificate of the host with the stage cert.",
    'tls': 'The two sides share no version of TLS, or the port does not speak TLS: check scheme and port of the URL; a server that knows only TLS 1.0 '
           'needs a newer openssl.',
    'address': 'The name or address cannot be reached: check crab_fqdn, verify_address, and the firewall of the host.',
    'request': 'The REST refused the form of the request: the release may not know the resource.',
    'unknown': 'See the logs below /data/srv/logs/crabserver and /data/srv/logs/frontend.',
}


def cause(status, headers, body, through_frontend):
    """The cause by name, a key of REMEDIES, of an HTTP answer.

    :param status: the HTTP status.
    :param headers: text by lower-case name.
    :param body: text.
    :param through_frontend: whether a frontend stands before the REST.
    """
    rest_status, detail = headers.get('x-rest-status'), headers.get('x-error-detail', '')
    if 200 <= status < 300:
        return 'ok'
    if status in (502, 503, 504):
        return 'database' if rest_status else ('backend' if through_frontend else 'unknown')
    if status == 404 and (rest_status == '206' or 'No such instance' in detail + body):
        return 'instance'
    if status == 403:
        return _forbidden(detail + ' ' + body)
    if status == 500 and not rest_status:
        return 'authmap_broken' if through_frontend else 'unknown'
    if status in (400, 406):
        return 'request'
    return 'unknown'


def _forbidden(text):
    """Three parties refuse: the frontend its non-members, the REST users without a login (with advice), and wrong signatures (without)."""
    if 'Authorisation required' in text:
        return 'gridmap'
    if 'Please run' in text or 'Please check' in text:
        return 'authmap'
    if 'You are not allowed to access this resource' in text:
        return 'header_key'
    return 'unknown'


def transport_cause(text):
    """The cause when there was no HTTP answer, from the text of the exception."""
    text = text.lower()
    if 'connection refused' in text or 'errno 111' in text:
        return 'not_running'
    if 'certificate verify failed' in text or "doesn't match" in text or 'hostname mismatch' in text:
        return 'server_certificate'
    if 'timed out' in text:
        # Also of the handshake.
        return 'address'
    if any(words in text for words in _NO_TLS):
        return 'tls'
    if 'ssl' in text or 'tls' in text or 'alert' in text or 'reset by peer' in text:
        return 'certificate'
    if any(words in text for words in ('unreachable', 'no route', 'name or service', 'name resolution', 'no address associated')):
        return 'address'
    return 'unknown'
