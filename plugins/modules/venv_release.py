#!/usr/bin/python
# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: venv_release
short_description: Install a CRABServer release in a virtual environment, or put one in force
version_added: 0.2.0
description:
  - Makes the tree that dmwm/deployment would make for C(crabserver), from a virtual environment with pinned packages and a checkout of CRABServer
    instead of cmsrep's packages, for hosts such as EL9 that those do not exist for.
  - Makes the accounts C(_sw) and C(_crabserver) and the group C(_config), the folders with the owners and modes of dmwm/deployment, C(config.py) to
    begin with, the header key, the unit C(crabserver.service), and the rotation of its log.
  - Each part is looked at and made or mended only when it is missing or different, so an interrupted run is simply run again.
  - The first release is put in force at once. Another one is installed beside it, with the secrets of the one in force, and put in force by
    O(state=current). M(cmsweb.crab.deployment_version) goes back.
  - Waits for another run on the same host to end first.
  - Must run as root.
options:
  state:
    description:
      - V(installed) makes what is missing.
      - V(current) puts a release that is installed in force, that is, lets the link C(current) point to it.
    type: str
    choices: [installed, current]
    default: installed
  wheelhouse:
    description:
      - Folder on the controller with wheels (also in folders below it) of all O(requirements), for a host that reaches no package index.
        Only those that are wanted are copied.
      - C(pip wheel --use-pep517 --no-deps -w FOLDER NAME==VERSION) on a host of the same kind makes such files.
    type: path
  index:
    description: URL of a package index that the host reaches. The default is what its pip is configured for, or PyPI. Not used with O(wheelhouse).
    type: str
  wheels:
    description: An archive on the host, which takes the place of O(wheelhouse) when the module is called on its own.
    type: path
extends_documentation_fragment:
  - cmsweb.crab.locked
  - cmsweb.crab.writes.attributes
  - cmsweb.crab.venv
attributes:
  action:
    support: full
    description: Has an action plugin that brings the wheels to the host.
seealso:
  - module: cmsweb.crab.venv_release_info
  - module: cmsweb.crab.deployment_version
author:
  - cmsweb.crab maintainers (@cmsweb)
'''

EXAMPLES = r'''
- name: Install a release from PyPI
  cmsweb.crab.venv_release:
    version: v3.260819
    user: alice
    requirements: [wmcore==2.4.5.2, cherrypy==18.10.0, cheroot==11.1.2, cx_Oracle==8.3.0]

- name: Put it in force
  cmsweb.crab.venv_release:
    version: v3.260819
    user: alice
    requirements: [wmcore==2.4.5.2, cherrypy==18.10.0, cheroot==11.1.2, cx_Oracle==8.3.0]
    state: current
'''

RETURN = r'''
made:
  description: What was missing or different, and was made, or would be.
  returned: O(state=installed)
  type: list
  elements: str
  sample: ["links /data/srv/v3.260819/apps.sw/wmcore", "/etc/logrotate.d/crabserver"]
replaced:
  description: The release that was in force before, or null.
  returned: O(state=current)
  type: str
  sample: v3.250820
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _deploy, _venv, _versions
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run
from ansible_collections.cmsweb.crab.plugins.module_utils._venv_arguments import VENV_ARGUMENTS, release_of


def act(params, check):
    release, state = release_of(params), params['state']
    function = install if state == 'installed' else switch
    if check:
        return function(params, release, check)
    with _deploy.locked(params['wait'], params['started_by'], '%s %s' % (release.version, state), release.root):
        return function(params, release, check)


def install(params, release, check):
    gaps = _venv.install(release, check, params['wheels'], params['index'])
    return {'changed': bool(gaps), 'made': gaps, 'diff': {'before': '', 'after': ''.join(gap + '\n' for gap in gaps)}}


def switch(params, release, check):
    now = _versions.current(release.root)
    if now == release.version:
        return {'changed': False, 'replaced': None}
    if not check and not _versions.read_record(release.root, release.version):
        raise CrabError('%s is not installed in %s.' % (release.version, release.root), 'Run the stages deploy and config first.')
    return {'changed': True, 'replaced': now if check else _venv.switch(release),
            'diff': {'before': 'current -> %s\n' % now, 'after': 'current -> %s\n' % release.version}}


def main():
    run(act, dict(
        VENV_ARGUMENTS,
        state={'type': 'str', 'choices': ['installed', 'current'], 'default': 'installed'},
        wheelhouse={'type': 'path'},
        index={'type': 'str', 'no_log': True},
        wheels={'type': 'path'},
        **_deploy.LOCK_ARGUMENTS
    ))


if __name__ == '__main__':
    main()
