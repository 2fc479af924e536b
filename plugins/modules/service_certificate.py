#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: service_certificate
short_description: Install the certificate and key that a CMS service shows to other services
version_added: 1.0.0
author:
  - cmsweb.crab maintainers (@cmsweb)
description:
  - Copies a certificate and its key, or a proxy in place of both, from one place of the host to C(dmwm-service-cert.pem) and
    C(dmwm-service-key.pem) of a service.
  - Refuses a pair that does not match or has ended, and leaves the old files as they are then.
  - In check mode the source may be missing, as an earlier stage will bring it.
options:
  certificate:
    description: The certificate, or the proxy.
    type: path
    required: true
  key:
    description: Its key; the same file for a proxy.
    type: path
    required: true
  dest_certificate:
    description: Where the service looks for the certificate.
    type: path
    required: true
  dest_key:
    description: Where the service looks for the key.
    type: path
    required: true
  mode:
    description: Permission bits of both files. MyProxy's client uses a key only with V(0400) or V(0600) and owned by the calling account.
    type: raw
    default: '0440'
extends_documentation_fragment:
  - cmsweb.crab.writes
  - cmsweb.crab.writes.attributes
'''

EXAMPLES = r'''
- name: Act as the operator, with the service proxy
  cmsweb.crab.service_certificate:
    certificate: /etc/grid-security/crab-service-proxy.pem
    key: /etc/grid-security/crab-service-proxy.pem
    dest_certificate: /data/srv/current/auth/crabserver/dmwm-service-cert.pem
    dest_key: /data/srv/current/auth/crabserver/dmwm-service-key.pem
    owner: _sw
    group: _config
'''

RETURN = r'''
subject:
  description: Subject of the certificate, empty in check mode when it is not there yet.
  returned: success
  type: str
  sample: /DC=ch/DC=cern/OU=computers/CN=crab-vm.example.org
not_after:
  description: When it ends, UTC; of a proxy, when its shortest link ends.
  returned: success
  type: str
  sample: '2027-12-31T23:59:59Z'
days_left:
  description: Whole days until then.
  returned: success
  type: int
  sample: 300
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _clock, _files, _x509
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._module import WRITE_ARGUMENTS, run, write_options
from ansible_collections.cmsweb.crab.plugins.module_utils._proxy import Proxy


def act(params, check):
    sources = [(params['certificate'], _files.read(params['certificate'])), (params['key'], _files.read(params['key']))]
    for path, content in sources:
        if content is None and check:
            return {'changed': True, 'subject': '', 'not_after': '', 'days_left': None, 'diff': {'before': '', 'after': 'the contents of %s\n' % path}}
        if content is None:
            raise CrabError('There is no file %s.' % path, 'Run the stages cert and voms first, or name other files.')
    now = _clock.now()
    subject, ends = _checked(now, *sources)
    changed = [_files.replace(target, content, check=check, **write_options(params))['changed']
               for target, (path, content) in zip((params['dest_certificate'], params['dest_key']), sources)]
    after = 'subject: %s\nuntil: %s\n' % (subject, _x509.iso(ends))
    return {'changed': any(changed), 'subject': subject, 'not_after': _x509.iso(ends), 'days_left': int((ends - now) // _x509.DAY),
            'diff': {'before': '' if any(changed) else after, 'after': after, 'before_header': params['dest_certificate'],
                     'after_header': params['dest_certificate']}}


def _checked(now, certificate, key):
    """(subject, end) of a pair that matches and has not ended."""
    if certificate[0] == key[0]:
        proxy = Proxy(certificate[1], certificate[0])
        subject, ends = proxy.identity, proxy.usable_until(True)
    else:
        parsed = _x509.first_certificate(certificate[1], certificate[0])
        if parsed.public_key != _x509.public_key(key[1], key[0]):
            raise CrabError('The certificate %s does not match the key %s.' % (certificate[0], key[0]))
        subject, ends = parsed.subject, parsed.not_after
    if ends <= now:
        raise CrabError('%s ended at %s.' % (certificate[0], _x509.iso(ends)), 'Renew it and run the stages cert or voms, then config.')
    return subject, ends


def main():
    run(act, dict(
        WRITE_ARGUMENTS,
        certificate={'type': 'path', 'required': True},
        key={'type': 'path', 'required': True, 'no_log': False},
        dest_certificate={'type': 'path', 'required': True},
        dest_key={'type': 'path', 'required': True, 'no_log': False},
        mode={'type': 'raw', 'default': '0440'},
    ))


if __name__ == '__main__':
    main()
