#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: diagnose
short_description: Find what is wrong with a deployed CRAB REST interface
version_added: 1.0.0
description:
  - Looks at services, ports, backend, database, configuration, maps of the users, certificates, clock and disks of a host, and tells every fault
    with its cause and the remedy.
  - Reads only. It sends one signed request to the backend, and fetches the external configuration as the server does. A password that the
    database has just refused is not tried again, because the server would log in five times more and Oracle locks an account after some tries.
  - A fault is a finding, not a failure of the module.
extends_documentation_fragment:
  - cmsweb.crab.writes.info
author:
  - cmsweb.crab maintainers (@cmsweb)
options:
  root:
    description: Root of the installation.
    type: path
    default: /data/srv
  user:
    description: Account that deployed; its crontab is looked at.
    type: str
    required: true
  services:
    description: The services that belong to this host.
    type: list
    elements: str
    default: [frontend, crabserver, crabcache]
  instance:
    description: Database instance that is asked for, the part of the URL behind C(/crabserver/).
    type: str
    default: dev
  release:
    description: CRABServer release, for the shape of the external configuration. The default is that of the installed package.
    type: str
  backend:
    description: Address of crabserver as the host sees it.
    type: str
    default: http://127.0.0.1:8270
  fqdn:
    description: Full host name that the host certificate must cover.
    type: str
    required: true
  dns:
    description: DNs that must be let in.
    type: list
    elements: str
    default: []
  own_maps:
    description: Whether the maps of users are this installation's own, so that Deploy's cron jobs must not run.
    type: bool
    default: true
  controller_time:
    description: Seconds since the epoch by the controller's clock, to compare. Not compared without it.
    type: float
  skew:
    description: Seconds that the two clocks may differ.
    type: int
    default: 60
  days:
    description: Days that the host certificate must have left.
    type: int
    default: 30
  hours:
    description: Hours that the service certificate and its VOMS attributes must have left.
    type: int
    default: 24
  free_megabytes:
    description: Space that each disk must have left, in MB.
    type: int
    default: 500
  since:
    description: How far back the log of crabserver is read, such as V(1h), and never further than its last start.
    type: str
    default: 1h
'''

EXAMPLES = r'''
- name: What is wrong
  cmsweb.crab.diagnose:
    user: alice
    fqdn: crab-vm.example.org
    dns:
      - /DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=alice/CN=123456/CN=Alice Example
  register: diagnosis

- name: Stop unless all is well
  ansible.builtin.assert:
    that: diagnosis.healthy
    fail_msg: "{{ diagnosis.findings | map(attribute='found') | join(' ') }}"
'''

RETURN = r'''
healthy:
  description: Whether nothing was found.
  returned: success
  type: bool
  sample: false
findings:
  description: What is wrong, in the order of the checks.
  returned: success
  type: list
  elements: dict
  contains:
    check:
      description: The check that found it, one of RV(checks).
      type: str
    cause:
      description: The fault by name.
      type: str
    found:
      description: What was seen.
      type: str
    remedy:
      description: The next step.
      type: str
    files:
      description: The files that were changed and not read again.
      type: list
      elements: str
  sample:
    - check: backend
      cause: password_expired
      found: 'The log of crabserver has: 503/401 Database unavailable cx_Oracle.DatabaseError (ORA-28001: the password has expired)'
      remedy: Change the password of the account, for instance with the playbook rotate_db_password.
      files: []
checks:
  description: What was looked at.
  returned: success
  type: list
  elements: str
  sample: [services, backend, schema, configuration, external, python_path, users, service_certificate, host_certificate, proxy_retrieval, machine]
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _clock, _diagnose
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run


def act(params, check):
    findings, checks = _diagnose.findings(params, _clock.now())
    return {'changed': False, 'healthy': not findings, 'findings': findings, 'checks': checks}


def main():
    run(act, {
        'root': {'type': 'path', 'default': '/data/srv'},
        'user': {'type': 'str', 'required': True},
        'services': {'type': 'list', 'elements': 'str', 'default': ['frontend', 'crabserver', 'crabcache']},
        'instance': {'type': 'str', 'default': 'dev'},
        'release': {'type': 'str'},
        'backend': {'type': 'str', 'default': 'http://127.0.0.1:8270'},
        'fqdn': {'type': 'str', 'required': True},
        'dns': {'type': 'list', 'elements': 'str', 'default': []},
        'own_maps': {'type': 'bool', 'default': True},
        'controller_time': {'type': 'float'},
        'skew': {'type': 'int', 'default': 60},
        'days': {'type': 'int', 'default': 30},
        'hours': {'type': 'int', 'default': 24},
        'free_megabytes': {'type': 'int', 'default': 500},
        'since': {'type': 'str', 'default': '1h'},
    })


if __name__ == '__main__':
    main()
