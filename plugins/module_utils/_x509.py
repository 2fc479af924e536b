# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates, keys and requests by the openssl command (1.0.2 to 3.x): an old host has no other crypto library that is new enough.

Text in and out is PEM. A private key is only ever in a file or on standard input, never among the arguments of a command.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import calendar
import os
import re
import shutil
import tempfile
import time

from ansible_collections.cmsweb.crab.plugins.module_utils import _files, _process
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes, to_native

CERTIFICATE = re.compile(r'-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----', re.DOTALL)
KEY = re.compile(r'-----BEGIN (?:RSA |EC |ENCRYPTED |)PRIVATE KEY-----.*?-----END (?:RSA |EC |ENCRYPTED |)PRIVATE KEY-----', re.DOTALL)
LEAST_BITS = 2048
DAY = 86400


def openssl(arguments, stdin=''):
    """(exit code, output, errors) of one openssl command, all text, in the C locale."""
    environment = dict(os.environ, LC_ALL='C')
    try:
        code, output, errors = _process.capture(['openssl'] + arguments, stdin, env=environment)
    except OSError as error:
        raise CrabError('The openssl command cannot be run: %s.' % os.strerror(error.errno), 'Install the package openssl.')
    return code, _process.decoded(output), _process.decoded(errors)


class Certificate(object):
    """What one certificate says: subject and issuer in the compat form (/DC=ch/...), not_before and not_after (seconds), names, key, bits."""

    def __init__(self, pem, name):
        code, output, errors = openssl(['x509', '-noout', '-subject', '-issuer', '-dates', '-pubkey', '-text', '-nameopt', 'compat'], pem)
        if code != 0:
            raise CrabError('%s holds no certificate that openssl can read.' % name, 'It must be PEM, with a line -----BEGIN CERTIFICATE-----.')
        self.pem = pem
        self.subject = _found(r'^subject= ?(.*)$', output)
        self.issuer = _found(r'^issuer= ?(.*)$', output)
        self.not_before = _seconds(_found(r'^notBefore=(.*)$', output))
        self.not_after = _seconds(_found(r'^notAfter=(.*)$', output))
        self.public_key = _found(r'(-----BEGIN PUBLIC KEY-----.*?-----END PUBLIC KEY-----)', output)
        self.bits = int(_found(r'Public-Key: \((\d+) bit', output) or 0)
        self.is_rsa = 'rsaEncryption' in output
        self.names = re.findall(r'DNS:([^,\s]+)', _found(r'Subject Alternative Name:[^\n]*\n\s*(.*)$', output))

    def days_left(self, now):
        return int((self.not_after - now) // DAY)

    def covers(self, fqdn):
        """By the alternative names, or without any by the common name, as a TLS client does."""
        names = self.names or re.findall(r'/CN=([^/]+)', self.subject)[-1:]
        return any(_matches(name.lower(), fqdn.lower()) for name in names)

    def facts(self, now):
        return {'subject': self.subject, 'issuer': self.issuer, 'not_after': iso(self.not_after), 'days_left': self.days_left(now)}


def iso(seconds):
    """2027-01-31T12:00:00Z"""
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(seconds))


def read_certificate(path):
    """The first certificate of a file, or None if there is no file."""
    content = _files.read(path)
    return None if content is None else first_certificate(content, path)


def first_certificate(content, name):
    blocks = CERTIFICATE.findall(_text(content))
    if not blocks:
        raise CrabError('%s holds no certificate.' % name, 'It must be PEM, with a line -----BEGIN CERTIFICATE-----.')
    return Certificate(blocks[0], name)


def public_key(key, name):
    """The public half of a private key (PEM text), as PEM text."""
    block = KEY.search(_text(key))
    if not block:
        raise CrabError('%s holds no private key.' % name, 'It must be PEM, with a line -----BEGIN PRIVATE KEY----- or -----BEGIN RSA PRIVATE KEY-----.')
    if 'ENCRYPTED' in block.group(0):
        raise CrabError('The private key in %s is encrypted.' % name,
                        'A service cannot ask for a pass phrase: take it off with "openssl pkey -in KEY -out NEW".')
    code, output, errors = openssl(['pkey', '-pubout', '-passin', 'pass:'], block.group(0) + '\n')
    if code != 0:
        raise CrabError('%s holds no private key that openssl can read.' % name)
    return output.strip()


def key_bits(key, name):
    """Length of an RSA key; 0 for one of another kind."""
    output = openssl(['pkey', '-pubin', '-noout', '-text'], public_key(key, name) + '\n')[1]
    return int(_found(r'Public-Key: \((\d+) bit', output) or 0) if 'Modulus' in output else 0


def request_key(request):
    """The public key in a certificate request, as PEM text."""
    return openssl(['req', '-noout', '-pubkey'], request)[1].strip()


def check_pair(certificate_path, key_path):
    """Raise unless the files hold a certificate and the private key that belongs to it."""
    paths = [os.path.expanduser(path) for path in (certificate_path, key_path)]
    certificate, key = read_certificate(paths[0]), _files.read(paths[1])
    for content, path in ((certificate, paths[0]), (key, paths[1])):
        if content is None:
            raise CrabError('There is no file %s.' % path)
    if certificate.public_key != public_key(key, paths[1]):
        raise CrabError('The certificate %s does not match the key %s.' % tuple(paths), 'Name the key that its request was made with.')


def fault(certificate, fqdn, now):
    """Why this certificate cannot serve that host at all, or None. Few days left are no fault: see days_left."""
    if certificate.not_after <= now:
        return 'it expired at %s' % iso(certificate.not_after)
    if certificate.not_before > now:
        return 'it is valid only from %s; check the clock of this host' % iso(certificate.not_before)
    if not certificate.covers(fqdn):
        return 'it does not cover %s but %s' % (fqdn, ', '.join(certificate.names) or certificate.subject)
    if certificate.is_rsa and certificate.bits < LEAST_BITS:
        return 'its key has %d bits, and %d are the least' % (certificate.bits, LEAST_BITS)
    return None


def chain_fault(path, ca_path, proxy=False):
    """What openssl verify says against the chain of a certificate file, or None. Certificates behind the first are used as intermediate ones."""
    if not os.path.isdir(ca_path):
        return 'there is no folder %s with trust anchors' % ca_path
    rest = (['-allow_proxy_certs'] if proxy else []) + ['-untrusted', path, path]
    code, output, errors = openssl(['verify', '-CApath', ca_path] + rest)
    if code != 0 or 'error' in output:
        found = re.search(r'error \d+ at \d+ depth lookup:\s*(.*)', output + errors)
        return 'it does not verify against %s: %s' % (ca_path, found.group(1).strip() if found else 'openssl verify failed')
    # A CRL that is missing or old is the business of fetch-crl: it must not keep a host from its certificate.
    code, output, errors = openssl(['verify', '-crl_check_all', '-CApath', ca_path] + rest)
    return 'it is revoked, by a CRL in %s' % ca_path if 'certificate revoked' in output + errors else None


def content_chain_fault(content, ca_path, proxy=False):
    """The same for a certificate or proxy that is not in place yet."""
    handle, path = tempfile.mkstemp(prefix='chain-')
    try:
        with os.fdopen(handle, 'wb') as target:
            target.write(to_bytes(content))
        return chain_fault(path, ca_path, proxy)
    finally:
        os.unlink(path)


def make_pkcs12(certificate_path, key_path, password):
    """The bytes of a PKCS12 archive of a pair. The password goes through standard input."""
    folder = tempfile.mkdtemp(prefix='.pkcs12-', dir=os.path.dirname(key_path))     # 0700
    try:
        out = os.path.join(folder, 'p12')
        _must(['pkcs12', '-export', '-in', certificate_path, '-inkey', key_path, '-passout', 'stdin', '-out', out], password + '\n')
        return _files.read(out)
    finally:
        shutil.rmtree(folder)


def pkcs12_holds(path, password, certificate, key):
    """Whether an archive can be opened by this password and has this pair (contents in PEM)."""
    code, output, errors = openssl(['pkcs12', '-in', path, '-nodes', '-passin', 'stdin'], password + '\n')
    if code != 0 or not CERTIFICATE.search(output) or not KEY.search(output):
        return False
    wanted = first_certificate(certificate, 'the certificate')
    return first_certificate(output, path).pem == wanted.pem and public_key(output, path) == wanted.public_key


def make_request(key_path, fqdn):
    """A certificate request (RSA 2048, SHA-512, CN and SAN = fqdn). A new key is made at key_path, 0400, if there is none yet."""
    folder = tempfile.mkdtemp(prefix='.request-', dir=os.path.dirname(key_path))
    try:
        if not os.path.exists(key_path):
            new = os.path.join(folder, 'key')
            mask = os.umask(0o077)
            try:
                _must(['genrsa', '-out', new, str(LEAST_BITS)])
            finally:
                os.umask(mask)
            os.chmod(new, 0o400)
            os.rename(new, key_path)
        settings = os.path.join(folder, 'request.cnf')
        with open(settings, 'w') as target:
            target.write('[req]\nprompt = no\ndistinguished_name = dn\nreq_extensions = ext\n[dn]\nCN = %s\n[ext]\nsubjectAltName = DNS:%s\n' % (fqdn, fqdn))
        return _must(['req', '-new', '-sha512', '-key', key_path, '-config', settings])
    finally:
        shutil.rmtree(folder)


def _must(arguments, stdin=''):
    code, output, errors = openssl(arguments, stdin)
    if code != 0:
        raise CrabError('openssl %s failed: %s' % (arguments[0], errors.strip().splitlines()[-1:]))
    return output


def _found(pattern, text):
    match = re.search(pattern, text, re.MULTILINE | re.DOTALL if 'BEGIN' in pattern else re.MULTILINE)
    return match.group(1).strip() if match else ''


def _seconds(date):
    return calendar.timegm(time.strptime(date, '%b %d %H:%M:%S %Y %Z'))


def _matches(name, fqdn):
    if name.startswith('*.'):
        return '.' in fqdn and fqdn.split('.', 1)[1] == name[2:]
    return name == fqdn


def _text(content):
    """PEM is ASCII; whatever stands around it does not matter."""
    return to_native(content) if not isinstance(content, bytes) else to_native(content.decode('latin-1').encode('ascii', 'replace'))
