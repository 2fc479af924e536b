#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: deployment_info
short_description: Tell what dmwm/deployment has installed on a host
version_added: 1.0.0
description:
  - Reads the accounts, the links and the record that M(cmsweb.crab.deploy_stage) leaves after its last stage.
  - Never fails on a host that has nothing yet.
extends_documentation_fragment:
  - cmsweb.crab.writes.info
  - cmsweb.crab.deployment
author:
  - cmsweb.crab maintainers (@cmsweb)
'''

EXAMPLES = r'''
- name: Look at the deployment
  cmsweb.crab.deployment_info:
    version: HG1803f
    user: alice
  register: deployment
'''

RETURN = r'''
deployed:
  description: Whether all stages have succeeded for this version, these services, and this architecture, and C(current) points to the version.
  returned: success
  type: bool
  sample: true
installed:
  description: Whether packages and templates of this version are there for these services, in force or not.
  returned: success
  type: bool
  sample: true
machine_ready:
  description: Whether accounts and groups exist.
  returned: success
  type: bool
  sample: true
machine_gaps:
  description: What stage V(machine) would still have to make.
  returned: success
  type: list
  elements: str
  sample: ["account _crabserver", "/bin/bashs"]
git:
  description: Whether the host has a git command.
  returned: success
  type: bool
  sample: true
current:
  description: The HG version that is in force, or null.
  returned: success
  type: str
  sample: HG1803f
replaces:
  description: The version that was in force before, to which a rollback goes; null if there was none.
  returned: success
  type: str
  sample: HG1803f
trial:
  description: Whether the version in force has not been verified since it replaced another.
  returned: success
  type: bool
  sample: false
packages:
  description: Installed packages of the version in force and their versions.
  returned: success
  type: dict
  sample: {"crabserver": "3.3.1803.patch3", "frontend": "6.14"}
enabled:
  description: Services that Deploy has enabled on this host.
  returned: success
  type: list
  elements: str
  sample: ["crabcache", "crabserver", "frontend"]
versions:
  description: All versions below the root. Those that are C(complete) have been in force at some time.
  returned: success
  type: list
  elements: dict
  sample:
    - version: HG1803f
      current: true
      complete: true
      replaces:
      packages: {"crabserver": "3.3.1803.patch3", "frontend": "6.14"}
leftovers:
  description: What nothing uses any more, each with the reason.
  returned: success
  type: list
  elements: str
  sample: ["/data/srv/HG2206b: installed, but not in force"]
running:
  description: Who runs a stage on the host at this moment, and what it is at; null if nobody does.
  returned: success
  type: dict
  sample: {"by": "alice@desk", "what": "stage sw of HG2206b", "pid": 4711, "since": 1764000000, "seconds": 95, "step": "deploying frontend"}
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _deploy
from ansible_collections.cmsweb.crab.plugins.module_utils._deploy_arguments import DEPLOYMENT_ARGUMENTS, deployment_of
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run


def act(params, check):
    return dict(_deploy.inspect(deployment_of(params)), changed=False)


def main():
    run(act, DEPLOYMENT_ARGUMENTS)


if __name__ == '__main__':
    main()
