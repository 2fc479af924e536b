# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One HTTP or HTTPS request with a client certificate, to a given address, on Python 2.7 and 3 with the standard library only."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import socket
import ssl

try:
    from http.client import HTTPConnection, HTTPException
    from urllib.parse import urlsplit
except ImportError:     # Python 2.7
    from httplib import HTTPConnection, HTTPException
    from urlparse import urlsplit

from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_native


class NoAnswer(Exception):
    """The request got no HTTP answer; the text says why."""


class Answer(object):
    """status (int), headers (text by lower-case name), content (bytes), body (text), certificate (the server's, PEM, or None)."""

    def __init__(self, response, certificate=None):
        self.status = response.status
        self.headers = dict((name.lower(), value) for name, value in response.getheaders())
        self.content = response.read()
        self.body = to_native(self.content.decode('utf-8', 'replace'))
        self.certificate = certificate


class _Connection(HTTPConnection):
    """Connects to an address of its own; the name in the URL is what TLS asks for and checks."""

    def __init__(self, name, port, address, context, timeout):
        HTTPConnection.__init__(self, name, port, timeout=timeout)
        self._address, self._context, self.certificate = address, context, None

    def connect(self):
        self.sock = socket.create_connection((self._address or self.host, self.port), self.timeout)
        if self._context:
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host)
            self.certificate = ssl.DER_cert_to_PEM_cert(self.sock.getpeercert(True))


def get(url, path, headers, certificate=None, key=None, ca_file=None, ca_path=None, address=None, timeout=30,
        check_server=True):
    """GET path at url. Raises NoAnswer when there is none, CrabError for files or a URL that cannot be used.

    WMCore refuses a request without an Accept header that it knows, so one is always sent.

    :param check_server: False for a server that the caller has started itself, and whose certificate he looks at
    """
    parts = urlsplit(url)
    if parts.scheme not in ('http', 'https') or not parts.hostname:
        raise CrabError('url: %s is no http or https URL.' % url)
    try:
        port = parts.port
    except ValueError:
        raise CrabError('url: %s has no number as its port.' % url)
    context = _context(certificate, key, ca_file, ca_path, check_server) if parts.scheme == 'https' else None
    connection = _Connection(parts.hostname, port or (443 if context else 80), address, context, timeout)
    try:
        connection.request('GET', path, headers=dict(headers, Accept='application/json', Connection='close'))
        return Answer(connection.getresponse(), connection.certificate)
    except (socket.error, ssl.SSLError, ssl.CertificateError, HTTPException, UnicodeError) as error:
        # UnicodeError: a name with two dots in a row, or a path outside ASCII.
        raise NoAnswer('%s: %s' % (error.__class__.__name__, error))
    finally:
        connection.close()


def _context(certificate, key, ca_file, ca_path, check_server):
    try:
        context = ssl.create_default_context(cafile=ca_file or None, capath=ca_path or None)
    except (IOError, OSError, ssl.SSLError) as error:
        raise CrabError('ca_file or ca_path (%s) cannot be used: %s.' % (ca_file or ca_path, error))
    if not check_server:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if certificate:
        try:
            context.load_cert_chain(certificate, key or certificate, password=_no_password)
        except (IOError, OSError, ssl.SSLError, ValueError) as error:
            raise CrabError('certificate %s with key %s cannot be used: %s.' % (certificate, key or certificate, error),
                            'They must match, and the key must not be encrypted; a proxy is both.')
    return context


def _no_password():
    """An encrypted key must fail, not ask."""
    return ''
