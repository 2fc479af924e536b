#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: deployment_version
short_description: Go back to an installed HG version, confirm one, or remove one
version_added: 1.0.0
description:
  - Works on the versions that M(cmsweb.crab.deploy_stage) has installed side by side.
  - With O(state=current), a version that was replaced is put in force again as it was then, by its own configuration and secrets, the settings of the
    web server and the cron lines that were kept when it was replaced. It needs neither Deploy nor a network.
    Users (C(authmap.json), C(voms-gridmap.txt)), keys and the tables of the database stay as they are.
  - Services go on with what they have until M(cmsweb.crab.crab_service) restarts them.
  - Must run as root, or in single-account mode as the account that the tree belongs to.
options:
  root:
    description: Root of the installation.
    type: path
    default: /data/srv
  version:
    description: The HG tag.
    type: str
    required: true
  state:
    description:
      - V(current) puts an installed version in force again, one that was in force before.
      - V(confirmed) notes that the version in force has been verified.
      - V(absent) deletes the version, its secrets, and its external configuration. The version in force is never deleted.
    type: str
    required: true
    choices: [current, confirmed, absent]
  user:
    description: Account that deploys.
    type: str
    required: true
extends_documentation_fragment:
  - cmsweb.crab.locked
  - cmsweb.crab.writes.attributes
author:
  - cmsweb.crab maintainers (@cmsweb)
'''

EXAMPLES = r'''
- name: Back to the version before
  cmsweb.crab.deployment_version:
    version: HG1803f
    state: current
    user: alice

- name: Make room
  cmsweb.crab.deployment_version:
    version: HG1803f
    state: absent
    user: alice
'''

RETURN = r'''
current:
  description: The version in force.
  returned: success
  type: str
  sample: HG1803f
removed:
  description: The paths that were deleted, or would be.
  returned: O(state=absent)
  type: list
  elements: str
  sample: [/data/srv/HG1803f, /data/srv/state/frontend/htdocs/crab-rest-config-HG1803f.json]
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _deploy, _versions
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run


def act(params, check):
    if check:
        return work(params, check)
    with _deploy.locked(params['wait'], params['started_by'], 'state %s of %s' % (params['state'], params['version']), params['root']):
        return work(params, check)


def work(params, check):
    root, version, state, user = params['root'], params['version'], params['state'], params['user']
    before = _versions.current(root)
    if state == 'absent':
        removed = _versions.remove(root, version, check)
        return {'changed': bool(removed), 'removed': removed, 'current': before, 'diff': {'before': ''.join(path + '\n' for path in removed), 'after': ''}}
    if state == 'confirmed':
        changed, after = _versions.confirm(root, version, user, check), before
    else:
        changed, after = _versions.bring_back(root, version, user, check), version
    return {'changed': changed, 'current': after, 'diff': {'before': 'current -> %s\n' % before, 'after': 'current -> %s\n' % after}}


def main():
    run(act, dict({
        'root': {'type': 'path', 'default': '/data/srv'},
        'version': {'type': 'str', 'required': True},
        'state': {'type': 'str', 'required': True, 'choices': ['current', 'confirmed', 'absent']},
        'user': {'type': 'str', 'required': True},
    }, **_deploy.LOCK_ARGUMENTS))


if __name__ == '__main__':
    main()
