#!/usr/bin/python
# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: venv_release_info
short_description: Tell what a CRABServer release in a virtual environment lacks, and what is in force
version_added: 0.2.0
description:
  - The read-only twin of M(cmsweb.crab.venv_release).
  - Never fails on a host that has nothing yet.
extends_documentation_fragment:
  - cmsweb.crab.writes.info
  - cmsweb.crab.venv
author:
  - cmsweb.crab maintainers (@cmsweb)
'''

EXAMPLES = r'''
- name: Look at the installation
  cmsweb.crab.venv_release_info:
    version: v3.260819
    user: alice
    requirements: [wmcore==2.4.5.2, cherrypy==18.10.0, cheroot==11.1.2, cx_Oracle==8.3.0]
  register: release
'''

RETURN = r'''
installed:
  description: Whether nothing is missing.
  returned: success
  type: bool
  sample: true
gaps:
  description: What M(cmsweb.crab.venv_release) would make.
  returned: success
  type: list
  elements: str
  sample: ["account _crabserver"]
wheels_needed:
  description: Whether the virtual environment has still to be made.
  returned: success
  type: bool
  sample: false
git:
  description: Whether the host has a git command.
  returned: success
  type: bool
  sample: true
current:
  description: The version that is in force, or null.
  returned: success
  type: str
  sample: v3.260819
replaces:
  description: The version that was in force before it, or null.
  returned: success
  type: str
  sample: v3.250820
trial:
  description: Whether the version in force has not been verified yet.
  returned: success
  type: bool
  sample: false
packages:
  description: CRABServer and WMCore of the version in force.
  returned: success
  type: dict
  sample: {"crabserver": "v3.260819", "wmcore": "2.4.5.2-1f0c9a3e"}
versions:
  description: The installed versions, as in M(cmsweb.crab.deployment_info).
  returned: success
  type: list
  elements: dict
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _venv
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run
from ansible_collections.cmsweb.crab.plugins.module_utils._venv_arguments import VENV_ARGUMENTS, release_of


def act(params, check):
    return dict(_venv.inspect(release_of(params)), changed=False)


def main():
    run(act, VENV_ARGUMENTS)


if __name__ == '__main__':
    main()
