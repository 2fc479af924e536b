#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: voms_files_info
short_description: Tell which VOMS servers of a VO a host knows
version_added: 0.2.0
author:
  - cmsweb.crab maintainers (@cmsweb)
description:
  - Reads the vomses and LSC files of a VO, in the form that M(cmsweb.crab.voms_files) takes. So the servers can be copied from a host
    where they are kept up to date, such as lxplus.
  - A server without an LSC file is left out, as no client would accept its attributes.
options:
  vo:
    description: The virtual organisation.
    type: str
    default: cms
  vomses_dir:
    description: Folder of the vomses files.
    type: path
    default: /etc/vomses
  vomsdir:
    description: Folder of the LSC files by VO.
    type: path
    default: /etc/grid-security/vomsdir
extends_documentation_fragment:
  - cmsweb.crab.writes.info
'''

EXAMPLES = r'''
- name: What lxplus knows
  cmsweb.crab.voms_files_info:
  delegate_to: lxplus.cern.ch
  register: lxplus

- name: The same on this host
  cmsweb.crab.voms_files:
    endpoints: "{{ lxplus.endpoints }}"
'''

RETURN = r'''
endpoints:
  description: The servers, as option O(cmsweb.crab.voms_files#module:endpoints) takes them.
  returned: success
  type: list
  elements: dict
  sample:
    - alias: cms
      host: voms-cms-auth.cern.ch
      port: 443
      dn: /DC=ch/DC=cern/OU=computers/CN=cms-auth.cern.ch
      issuer_dn: /DC=ch/DC=cern/CN=CERN Grid Certification Authority
      lsc_host: voms-cms-auth.cern.ch
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _vomsfiles
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run


def act(params, check):
    endpoints = _vomsfiles.endpoints_of(params['vo'], params['vomses_dir'], params['vomsdir'])
    if not endpoints:
        raise CrabError('This host knows no server of VO %s that it also has an LSC file of (%s, %s).' % (
            params['vo'], params['vomses_dir'], params['vomsdir']), 'Name another host, or set voms_endpoints.')
    return {'changed': False, 'endpoints': endpoints}


def main():
    run(act, {
        'vo': {'type': 'str', 'default': 'cms'},
        'vomses_dir': {'type': 'path', 'default': '/etc/vomses'},
        'vomsdir': {'type': 'path', 'default': '/etc/grid-security/vomsdir'},
    })


if __name__ == '__main__':
    main()
