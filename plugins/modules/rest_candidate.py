#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: rest_candidate
short_description: Try an installed version of the REST beside the one in force
version_added: 1.0.0
author:
  - cmsweb.crab maintainers (@cmsweb)
description:
  - Starts the backends of a version on free ports of the loopback interface, as their own accounts, with the version's own packages, configuration and secrets,
    while the version in force goes on serving. Sends crabserver the signed request that M(cmsweb.crab.rest_probe) would send, and stops them again.
  - Fails, with the end of the server's log and the cause, where one does not start or does not answer, or where crabserver would listen elsewhere than
    at O(url). So a version that does not work is found out before anybody depends on it.
  - State, logs and pid files are in a folder C(.candidate) of O(root), which is removed at the end, with all that still runs there.
  - Shows nothing of the frontend, of which there is only one on a host.
  - Must run as root, or in single-account mode as the account that the tree belongs to.
options:
  root:
    description: Root of the installation.
    type: path
    default: /data/srv
  version:
    description: The folder of the version, that is, its HG tag or its release.
    type: str
    required: true
  services:
    description: The backends to start. Those that the version does not have are left out.
    type: list
    elements: str
    default: [crabserver, crabcache]
  url:
    description: Where crabserver is asked when it is in force. Its configuration must say the same.
    type: str
    default: http://127.0.0.1:8270
  path:
    description: Path and query of the request. C(/crabserver/INSTANCE/info) makes a round trip to the database.
    type: str
    default: /crabserver/dev/info
  login:
    description: Login in the signed headers; any will do.
    type: str
    default: crab-verify
  timeout:
    description: Seconds that each service may take to come up.
    type: int
    default: 60
  request_timeout:
    description: Seconds that one request may take.
    type: int
    default: 30
  retries:
    description: How often the request is tried again when the server is only just coming up.
    type: int
    default: 3
extends_documentation_fragment:
  - cmsweb.crab.locked
attributes:
  check_mode:
    support: full
    description: Starts nothing in check mode.
  diff_mode:
    support: none
    description: Changes nothing that lasts.
  idempotent:
    support: full
    description: Changes nothing that lasts.
seealso:
  - module: cmsweb.crab.rest_probe
  - module: cmsweb.crab.deploy_stage
'''

EXAMPLES = r'''
- name: The new version works
  cmsweb.crab.rest_candidate:
    version: HG2604a
    path: /crabserver/preprod/info
'''

RETURN = r'''
seconds:
  description: How long each service was tried.
  returned: success, not in check mode
  type: dict
  sample: {"crabserver": 3.1, "crabcache": 2.2}
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _candidate, _deploy
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run


def act(params, check):
    if check:
        return {'changed': False}
    request = dict((name, params[name]) for name in ('url', 'path', 'login', 'retries'))
    with _deploy.locked(params['wait'], params['started_by'], 'a trial of %s' % params['version'], params['root']):
        return {'changed': False, 'seconds': _candidate.try_out(params['root'], params['version'], params['services'],
                                                                dict(request, timeout=params['request_timeout']), params['timeout'])}


def main():
    run(act, dict({
        'root': {'type': 'path', 'default': '/data/srv'},
        'version': {'type': 'str', 'required': True},
        'services': {'type': 'list', 'elements': 'str', 'default': ['crabserver', 'crabcache']},
        'url': {'type': 'str', 'default': 'http://127.0.0.1:8270'},
        'path': {'type': 'str', 'default': '/crabserver/dev/info'},
        'login': {'type': 'str', 'default': 'crab-verify'},
        'timeout': {'type': 'int', 'default': 60},
        'request_timeout': {'type': 'int', 'default': 30},
        'retries': {'type': 'int', 'default': 3},
    }, **_deploy.LOCK_ARGUMENTS))


if __name__ == '__main__':
    main()
