#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: hostcert_info
short_description: Tell whether a host's certificate is good
version_added: 1.0.0
author:
  - cmsweb.crab maintainers (@cmsweb)
description:
  - Makes the checks of M(cmsweb.crab.hostcert) and changes nothing.
options:
  path:
    description: The certificate.
    type: path
    default: /etc/grid-security/hostcert.pem
  key:
    description: The private key.
    type: path
    default: /etc/grid-security/hostkey.pem
  fqdn:
    description: Full host name that the certificate must cover.
    type: str
    required: true
  days:
    description: Days that it must have left.
    type: int
    default: 30
  ca_path:
    description: Folder with hashed trust anchors.
    type: path
extends_documentation_fragment:
  - cmsweb.crab.writes.info
'''

EXAMPLES = r'''
- name: Is the certificate good for another month
  cmsweb.crab.hostcert_info:
    fqdn: crab-vm.example.org
  register: hostcert
'''

RETURN = r'''
good:
  description: Whether the pair can serve.
  returned: success
  type: bool
  sample: true
reason:
  description: Why not, or null.
  returned: success
  type: str
subject:
  description: Subject of the certificate, empty without one.
  returned: success
  type: str
  sample: /DC=ch/DC=cern/OU=computers/CN=crab-vm.example.org
issuer:
  description: Its issuer.
  returned: success
  type: str
  sample: /DC=ch/DC=cern/CN=CERN Grid Certification Authority
not_after:
  description: Its end, UTC.
  returned: success
  type: str
  sample: '2027-12-31T23:59:59Z'
days_left:
  description: Days until then, or null without a certificate.
  returned: success
  type: int
  sample: 300
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _clock
from ansible_collections.cmsweb.crab.plugins.module_utils._hostcert import Pair
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run


def act(params, check):
    pair = Pair(params['path'], params['key'], params['fqdn'], params['days'], _clock.now(), params['ca_path'])
    reason = pair.reason()
    return dict(pair.facts(), changed=False, good=reason is None, reason=reason)


def main():
    run(act, {
        'path': {'type': 'path', 'default': '/etc/grid-security/hostcert.pem'},
        'key': {'type': 'path', 'default': '/etc/grid-security/hostkey.pem', 'no_log': False},
        'fqdn': {'type': 'str', 'required': True},
        'days': {'type': 'int', 'default': 30},
        'ca_path': {'type': 'path'},
    })


if __name__ == '__main__':
    main()
