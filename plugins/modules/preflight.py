#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: preflight
short_description: Check the variables of all stages before anything is touched
version_added: 1.0.0
description:
  - Templates every variable of the roles that the run selects by its tags, validates it by the role's argument_specs, and then by what
    the engines know, for example whether a certificate matches its key, an external configuration has only keys that
    the release reads, a DN is one, an HG tag exists, or a checkout holds C(Create.py) files.
  - Connects to the host and becomes root, but changes nothing there. Reports a host whose Python this ansible-core does not manage, with the
    ansible-core that does.
  - Fails with one message that lists everything.
  - An HG tag cannot be looked up when the git repository is out of reach from the controller; that is a warning.
options:
  stages:
    description: Roles by stage. A stage is a tag of the playbook. If empty, only the shared variables are checked that are secret, and the connection.
    type: dict
    required: true
  connect:
    description: Also check that the host can be reached, that root can be become, and that this ansible-core manages the host's Python.
    type: bool
    default: true
attributes:
  check_mode:
    support: full
    description: Changes nothing in either mode.
  diff_mode:
    support: none
    description: Changes nothing.
  idempotent:
    support: full
    description: Changes nothing.
  action:
    support: full
    description: Has an action plugin that runs on the controller.
author:
  - cmsweb.crab maintainers (@cmsweb)
'''

EXAMPLES = r'''
- name: Check every variable before anything is touched
  cmsweb.crab.preflight:
    stages:
      cert: [gridcert]
      config: [crabserver_config]
'''

RETURN = r'''
problems:
  description: What is wrong, a sentence or two each, as RV(ignore:msg) lists it.
  returned: always
  type: list
  elements: str
python_managed:
  description: Whether this ansible-core manages the host's Python. Null if the host could not be asked.
  returned: with O(connect=true)
  type: bool
'''
