#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: deploy_stage
short_description: Run one stage of dmwm/deployment's Deploy
version_added: 1.0.0
description:
  - Runs one stage of C(cfg/Deploy) with service accounts (option C(-a) of Deploy), as the account that the stage needs; or, with O(single_account), without.
  - Runs in the background of the host, so that a connection that breaks ends nothing, and shows every few seconds what Deploy is at.
  - Waits for another Deploy on the same host to end first, and says whose it is, so that a play that was interrupted can be started again at once.
  - V(sw) takes the secrets (accounts, certificates, header key) of the version in force over into a new one. V(post) keeps what the version that
    leaves shares with the new one, so that M(cmsweb.crab.deployment_version) can bring it back, and leaves cron jobs that somebody
    commented out as they are.
  - Fails with the lines of Deploy's log that matter, and without the frontend password that the V(sw) stage generates.
  - A stage that is run again does what Deploy does then. In particular V(sw) puts the template of every C(config.py) back.
    Use M(cmsweb.crab.deployment_info) to run the stages only when they are needed.
  - Must run as root, or with O(single_account) as O(user).
attributes:
  idempotent:
    support: none
    description: It runs a stage whenever it is called.
options:
  stage:
    description:
      - V(machine) runs C(system/devvm), which makes accounts, groups and folders of a development machine.
      - V(prep), V(sw) and V(post) are Deploy's own stages; V(post) makes the links C(current) and C(apps), and the cron lines.
    type: str
    required: true
    choices: [machine, prep, sw, post]
  checkout:
    description: Folder on the host with the clone of dmwm/deployment, at the wanted HG tag.
    type: path
    required: true
  rpm_host:
    description: Host (and port) of the software repository, without a scheme.
    type: str
    default: cmsrep.cern.ch
extends_documentation_fragment:
  - cmsweb.crab.locked
  - cmsweb.crab.writes.attributes
  - cmsweb.crab.deployment
author:
  - cmsweb.crab maintainers (@cmsweb)
'''

EXAMPLES = r'''
- name: Install the packages and the configuration templates
  cmsweb.crab.deploy_stage:
    stage: sw
    version: HG1803f
    user: alice
    checkout: /data/cfg
'''

RETURN = r'''
notes:
  description: What Deploy said of its progress, one line each, secrets masked.
  returned: success, not in check mode
  type: list
  elements: str
  sample: ["INFO: bootstrapping comp software area in /data/srv/HG1803f/sw", "INFO: installation completed sucessfully"]
seconds:
  description: How long the stage took.
  returned: success, not in check mode
  type: float
  sample: 12.5
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _clock, _deploy
from ansible_collections.cmsweb.crab.plugins.module_utils._deploy_arguments import DEPLOYMENT_ARGUMENTS, deployment_of
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run


def act(params, check):
    if check:
        return {'changed': True, 'diff': {'before': '', 'after': 'stage %s of %s\n' % (params['stage'], params['version'])}}
    started = _clock.monotonic()
    notes = _deploy.run_stage(deployment_of(params), params['stage'], params['checkout'], params['rpm_host'], params['wait'], params['started_by'])
    return {'changed': True, 'notes': notes, 'seconds': round(_clock.monotonic() - started, 1)}


def main():
    run(act, dict(
        DEPLOYMENT_ARGUMENTS,
        stage={'type': 'str', 'required': True, 'choices': list(_deploy.STAGES)},
        checkout={'type': 'path', 'required': True},
        rpm_host={'type': 'str', 'default': 'cmsrep.cern.ch'},
        **_deploy.LOCK_ARGUMENTS
    ))


if __name__ == '__main__':
    main()
