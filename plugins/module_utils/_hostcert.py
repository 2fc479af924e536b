# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host's certificate and key: is the present pair good, may another take its place, and a request for a new one."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible_collections.cmsweb.crab.plugins.module_utils import _files, _x509
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes


class Pair(object):
    """The two files of a host certificate.

    While a request is out, the new key waits beside the old one (KEY.pending), and the request beside the certificate (CERTIFICATE.csr).
    """

    def __init__(self, path, key, fqdn, days, now, ca_path=None, new_key=True):
        self.path, self.key, self.fqdn, self.days, self.now, self.ca_path, self.new_key = path, key, fqdn, days, now, ca_path, new_key
        self.pending_key, self.request = key + '.pending', path + '.csr'

    def reason(self):
        """Why the present pair is not good, or None."""
        certificate, key = _files.read(self.path), _files.read(self.key)
        if certificate is None:
            return 'there is no certificate %s' % self.path
        if key is None:
            return 'there is no key %s' % self.key
        try:
            present = _x509.first_certificate(certificate, self.path)
            if present.public_key != _x509.public_key(key, self.key):
                return '%s does not match %s' % (self.path, self.key)
        except CrabError as error:
            return error.message
        fault = _x509.fault(present, self.fqdn, self.now)
        if fault is None and self.ca_path:
            fault = _x509.chain_fault(self.path, self.ca_path)
        if fault is None and present.days_left(self.now) < self.days:
            fault = 'it has %d days left, and %d are wanted' % (present.days_left(self.now), self.days)
        return fault and '%s: %s' % (self.path, fault)

    def facts(self):
        """subject, issuer, not_after and days_left of the present certificate, empty without one."""
        try:
            present = _x509.read_certificate(self.path)
        except CrabError:
            present = None
        return present.facts(self.now) if present else {'subject': '', 'issuer': '', 'not_after': '', 'days_left': None}

    def candidate_key(self, content, key_content):
        """The key (bytes) that belongs to a certificate which is offered: the one that is offered with it, the pending one, or the present one."""
        offered = _x509.first_certificate(content, 'content')
        if key_content:
            if _x509.public_key(key_content, 'key_content') != offered.public_key:
                raise CrabError('content and key_content: the certificate does not match the key.', 'Give the key that its request was made with.')
            return to_bytes(key_content)
        for place in (self.pending_key, self.key):
            key = _files.read(place)
            if key is not None and _x509.public_key(key, place) == offered.public_key:
                return key
        raise CrabError('content: the certificate matches neither %s nor %s.' % (self.key, self.pending_key),
                        'It was issued for another key: give that one as key_content, or ask for a certificate with the request of this host.')

    def refuse_faulty(self, content):
        """Raise unless a certificate that is offered may be installed. Returns warnings."""
        offered = _x509.first_certificate(content, 'content')
        fault = _x509.fault(offered, self.fqdn, self.now) or (_x509.content_chain_fault(content, self.ca_path) if self.ca_path else None)
        if fault:
            raise CrabError('content: the certificate %s cannot be used: %s.' % (offered.subject, fault), 'Nothing was changed; get another certificate.')
        if offered.days_left(self.now) < self.days:
            return ['The certificate %s has only %d days left, fewer than the wanted %d.' % (offered.subject, offered.days_left(self.now), self.days)]
        return []

    def ask(self):
        """The request for a new certificate, the same one until it is answered."""
        request, signed_by = _files.read(self.request), self.pending_key if self.new_key or not self._key_serves() else self.key
        if request is not None and os.path.exists(signed_by) and _x509.request_key(request) == _x509.public_key(_files.read(signed_by), signed_by):
            return request
        folder = os.path.dirname(self.key)
        if not os.path.isdir(folder):
            os.makedirs(folder, 0o755)
        text = to_bytes(_x509.make_request(signed_by, self.fqdn))
        _files.replace(self.request, text, mode=0o644)
        return text

    def _key_serves(self):
        """Whether the present key may be certified again: a weak one may not."""
        key = _files.read(self.key)
        try:
            return key is not None and _x509.key_bits(key, self.key) >= _x509.LEAST_BITS
        except CrabError:
            return False

    def answered(self):
        """The request has its answer: away with it and with the key that now has its place."""
        for path in (self.request, self.pending_key):
            if os.path.exists(path):
                os.unlink(path)
