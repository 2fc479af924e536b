#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: voms_files
short_description: Tell VOMS clients where the servers of a VO are
version_added: 1.0.0
author:
  - cmsweb.crab maintainers (@cmsweb)
description:
  - Writes one vomses file and one LSC file for each endpoint, and removes what other servers of the VO have left. The files of other VOs stay.
  - A stale LSC file makes C(voms-proxy-init) fail although it leaves a proxy file behind.
options:
  vo:
    description: The virtual organisation.
    type: str
    default: cms
  endpoints:
    description: The servers.
    type: list
    elements: dict
    required: true
    suboptions:
      alias:
        description: Name under which clients ask for the server, usually that of the VO.
        type: str
        required: true
      host:
        description: Host name of the server.
        type: str
        required: true
      port:
        description: Its port.
        type: int
        required: true
      dn:
        description: DN of its certificate.
        type: str
        required: true
      issuer_dn:
        description: DN of the CA that issued the certificate.
        type: str
        required: true
      lsc_host:
        description: Name that the server gives itself in its attribute certificates, if that is another.
        type: str
  vomses_dir:
    description: Folder of the vomses files.
    type: path
    default: /etc/vomses
  vomsdir:
    description: Folder of the LSC files by VO.
    type: path
    default: /etc/grid-security/vomsdir
  purge:
    description: Remove the other servers of this VO.
    type: bool
    default: true
extends_documentation_fragment:
  - cmsweb.crab.writes.attributes
'''

EXAMPLES = r'''
- name: Today's server of CMS, and no other
  cmsweb.crab.voms_files:
    endpoints:
      - alias: cms
        host: voms-cms-auth.cern.ch
        port: 443
        dn: /DC=ch/DC=cern/OU=computers/CN=cms-auth.cern.ch
        issuer_dn: /DC=ch/DC=cern/CN=CERN Grid Certification Authority
'''

RETURN = r'''
changed_files:
  description: Files that were written or removed, or would be.
  returned: success
  type: list
  elements: str
  sample: [/etc/vomses/cms-voms-cms-auth.cern.ch]
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _vomsfiles
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run


def act(params, check):
    changed, before, after = _vomsfiles.apply(params['vo'], params['endpoints'], params['vomses_dir'], params['vomsdir'], params['purge'], check)
    paths = sorted(set(before) | set(after))
    return {'changed': changed, 'changed_files': paths, 'diff': [
        {'before': before.get(path, ''), 'after': after.get(path, ''), 'before_header': path, 'after_header': path} for path in paths]}


def main():
    run(act, {
        'vo': {'type': 'str', 'default': 'cms'},
        'endpoints': {'type': 'list', 'elements': 'dict', 'required': True, 'options': {
            'alias': {'type': 'str', 'required': True},
            'host': {'type': 'str', 'required': True},
            'port': {'type': 'int', 'required': True},
            'dn': {'type': 'str', 'required': True},
            'issuer_dn': {'type': 'str', 'required': True},
            'lsc_host': {'type': 'str'},
        }},
        'vomses_dir': {'type': 'path', 'default': '/etc/vomses'},
        'vomsdir': {'type': 'path', 'default': '/etc/grid-security/vomsdir'},
        'purge': {'type': 'bool', 'default': True},
    })


if __name__ == '__main__':
    main()
