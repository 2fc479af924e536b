# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A VOMS proxy as a file: its parts, how long all of them last, and whether a service can use it.

The attribute certificate (AC) is found by its OID inside the proxy certificate, without VOMS tools: those end with 0 for an AC
that nobody can verify, and their text differs between the C++ and the Java client.
"""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import calendar
import os
import re
import tempfile
import time

from ansible_collections.cmsweb.crab.plugins.module_utils import _x509
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes

AC_OID = '1.3.6.1.4.1.8005.100.100.5'
HINT = 'Make a new one: voms-proxy-init --voms %s --valid 192:00'


class Proxy(object):
    """identity (the DN without the proxies' own CNs), ends (of the whole chain, seconds), ac_ends (None without an AC), fqans."""

    def __init__(self, content, name):
        text = _x509._text(content)
        blocks, keys = _x509.CERTIFICATE.findall(text), _x509.KEY.findall(text)
        if len(blocks) < 2 or len(keys) != 1:
            raise CrabError('%s is no proxy: it has %d certificates and %d keys.' % (name, len(blocks), len(keys)),
                            'A proxy has its own certificate, one key, and the certificate that signed it.')
        certificates = [_x509.Certificate(block, name) for block in blocks]
        if certificates[0].public_key != _x509.public_key(keys[0], name):
            raise CrabError('%s: the key does not match the first certificate.' % name, 'The file was put together wrongly; make a new proxy.')
        self.subject = certificates[0].subject
        self.identity = identity_of(self.subject)
        self.ends = min(certificate.not_after for certificate in certificates)
        self.ac_ends, self.fqans = None, []
        for block in blocks:
            found = attributes(block)
            if found:
                self.ac_ends, self.fqans = found
                break

    @property
    def vo(self):
        return self.fqans[0].split('/')[1] if self.fqans else None

    def usable_until(self, with_ac):
        """The end of the shortest link; a longer request than the VO grants gives a proxy that outlives its AC."""
        return min(self.ends, self.ac_ends) if with_ac and self.ac_ends is not None else self.ends


def identity_of(subject):
    """The person or host behind a proxy: RFC proxies add CN=<number>, legacy ones CN=proxy, at the very end of the DN.

    A number in the middle, as in CN=alice/CN=123456/CN=Alice Example, is the person's own.
    """
    while True:
        match = re.match(r'^(/.+)/CN=(?:\d+|proxy|limited proxy)$', subject)
        if not match:
            return subject
        subject = match.group(1)


def attributes(block):
    """(end in seconds, list of FQANs) of the AC in a certificate (PEM), or None."""
    lines = _x509.openssl(['asn1parse'], block + '\n')[1].splitlines()
    for number, line in enumerate(lines):
        if AC_OID in line:
            offsets = [later.split(':')[0].strip() for later in lines[number:] if 'OCTET STRING' in later]
            return _parsed(block, offsets[0]) if offsets else parse_attributes('')
    return None


def _parsed(block, offset):
    handle, path = tempfile.mkstemp(prefix='ac-')
    try:
        with os.fdopen(handle, 'wb') as target:
            target.write(to_bytes(block))
        output = _x509.openssl(['asn1parse', '-strparse', offset, '-in', path])[1]
    finally:
        os.unlink(path)
    return parse_attributes(output)


def parse_attributes(output):
    """The same from the text of openssl asn1parse: two times (begin, end), and the FQANs."""
    times = re.findall(r'GENERALIZEDTIME\s*:(\d{14})Z', output)
    if len(times) < 2:
        raise CrabError('The VOMS attributes of the proxy are damaged: they have no times.', HINT % 'cms')
    fqans = [fqan.strip() for fqan in re.findall(r'OCTET STRING\s*:(/\S+?/Role=.*)', output)]
    return calendar.timegm(time.strptime(times[1], '%Y%m%d%H%M%S')), fqans


def facts(proxy, now):
    """What a module returns of a proxy."""
    return {'identity': proxy.identity, 'fqans': proxy.fqans, 'not_after': _x509.iso(proxy.usable_until(True)),
            'timeleft_seconds': int(proxy.ends - now), 'ac_timeleft_seconds': None if proxy.ac_ends is None else int(proxy.ac_ends - now)}


def refuse_faulty(proxy, name, vo, hours, require_ac, now):
    """Raise unless the proxy serves for so many hours more."""
    hint = HINT % (vo or 'cms')
    if require_ac and proxy.ac_ends is None:
        raise CrabError('%s has no VOMS attributes.' % name, hint)
    if require_ac and proxy.vo != vo:
        raise CrabError('%s has attributes of the VO %s, not of %s.' % (name, proxy.vo, vo), hint)
    for what, ends in (('the proxy ends', proxy.ends), ('its VOMS attributes end', proxy.ac_ends if require_ac else None)):
        if ends is not None and ends - now < hours * 3600:
            raise CrabError('%s: %s at %s, in %.1f hours, and %d are wanted.' % (name, what, _x509.iso(ends), (ends - now) / 3600.0, hours), hint)
