#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: crab_service_info
short_description: Tell which of frontend, crabserver and crabcache run
version_added: 1.0.0
description:
  - Asks each service for its status, looks for its processes, and compares when it started with the files that it reads only at its start.
  - Must run as root, or in single-account mode as the account that the tree belongs to.
options:
  root:
    description: Root of the installation.
    type: path
    default: /data/srv
  services:
    description: The services.
    type: list
    elements: str
    default: [frontend, crabserver, crabcache]
  by:
    description: How they are driven; see M(cmsweb.crab.crab_service).
    type: str
    choices: [manage, systemd, init]
    default: manage
  also_reads:
    description: Further files by service, which it reads only at its start.
    type: dict
    default: {}
extends_documentation_fragment:
  - cmsweb.crab.writes.info
author:
  - cmsweb.crab maintainers (@cmsweb)
'''

EXAMPLES = r'''
- name: What runs
  cmsweb.crab.crab_service_info:
  register: services
'''

RETURN = r'''
services:
  description: State by service.
  returned: success
  type: dict
  contains:
    running:
      description: Whether it says itself that it runs, and its processes are there.
      type: bool
    status:
      description: What it says of itself.
      type: str
    deployed:
      description: Whether the host has it at all.
      type: bool
    code:
      description: 0 running, 1 not running, 2 a stale pid file.
      type: int
    pid:
      description: Its first process, or null.
      type: int
    version:
      description: The version that its scripts tell, which is the one in force; empty where they tell none.
      type: str
    stale:
      description: The files that it has not read since they changed, the newest first.
      type: list
      elements: str
    switched:
      description: Whether it was started by another version than the one in force.
      type: bool
  sample:
    crabserver:
      deployed: true
      running: true
      status: crabserver is RUNNING, PID 47
      code: 0
      pid: 47
      version: 3.3.1803.patch3
      stale: []
      switched: false
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _service
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run


def act(params, check):
    return {'changed': False, 'services': dict((name, _look(params, name)) for name in params['services'])}


def _look(params, name):
    service = _service.service_of(params['root'], name, params['by'])
    missing = service.missing()
    if missing:
        return dict(_service.DOWN, deployed=False, code=1, status='not deployed: there is no %s' % missing, version='')
    code, said = service.status()
    state = _service.look(service, params['also_reads'].get(name) or ())
    return dict(state, deployed=True, running=code == 0 and state['running'], code=code, status=said, version=service.version())


def main():
    run(act, {
        'root': {'type': 'path', 'default': '/data/srv'},
        'services': {'type': 'list', 'elements': 'str', 'default': ['frontend', 'crabserver', 'crabcache']},
        'by': {'type': 'str', 'choices': ['manage', 'systemd', 'init'], 'default': 'manage'},
        'also_reads': {'type': 'dict', 'default': {}},
    })


if __name__ == '__main__':
    main()
