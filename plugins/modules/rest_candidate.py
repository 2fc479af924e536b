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
  - With O(frontend_url), the version's own C(mkserver) makes the configuration of its frontend as Deploy will, which is started on free ports of the
    loopback interface as well, with the certificates, keys and users of the host. It must hand a request to crabserver's candidate, refuse one without a
    certificate, and have a certificate that users can trust. The first is sent with the certificate of the host, or the service certificate.
  - Fails, with the end of the server's log and the cause, where one does not start or does not answer, or would listen elsewhere than at O(url) or
    O(frontend_url). So a version that does not work is found out before anybody depends on it.
  - State, logs and pid files are in a folder C(.candidate) of O(root), which is removed at the end, with all that still runs there.
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
  frontend_url:
    description: Where the frontend is asked when it is in force; it is tried if this is given and the version has one.
    type: str
  path:
    description: Path and query of the request. C(/crabserver/INSTANCE/info) makes a round trip to the database.
    type: str
    default: /crabserver/dev/info
  login:
    description: Login of who asks; any will do.
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
    frontend_url: https://crab-vm.example.org
'''

RETURN = r'''
seconds:
  description: How long each service was tried.
  returned: success, not in check mode
  type: dict
  sample: {"crabserver": 3.1, "frontend": 0.9, "crabcache": 2.2}
untried:
  description: Why a service could not be tried on this host, by service. It is a warning as well.
  returned: success, not in check mode
  type: dict
  sample: {"frontend": "/etc/grid-security/hostcert.pem is no certificate of a client: unsupported certificate purpose"}
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _candidate, _deploy
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run

UNTRIED = 'The %s of %s was not tried, as %s. Whether it works will be known only when it is in force.'


def act(params, check):
    if check:
        return {'changed': False}
    request = dict((name, params[name]) for name in ('url', 'path', 'login', 'retries'))
    request['timeout'] = params['request_timeout']
    frontend = dict(request, url=params['frontend_url']) if params['frontend_url'] else None
    with _deploy.locked(params['wait'], params['started_by'], 'a trial of %s' % params['version'], '') as say:
        result = _candidate.try_out(params['root'], params['version'], params['services'], request, params['timeout'], frontend, say)
    return dict(result, changed=False, warnings=[UNTRIED % (name, params['version'], reason) for name, reason in sorted(result['untried'].items())])


def main():
    run(act, dict({
        'root': {'type': 'path', 'default': '/data/srv'},
        'version': {'type': 'str', 'required': True},
        'services': {'type': 'list', 'elements': 'str', 'default': ['crabserver', 'crabcache']},
        'url': {'type': 'str', 'default': 'http://127.0.0.1:8270'},
        'frontend_url': {'type': 'str'},
        'path': {'type': 'str', 'default': '/crabserver/dev/info'},
        'login': {'type': 'str', 'default': 'crab-verify'},
        'timeout': {'type': 'int', 'default': 60},
        'request_timeout': {'type': 'int', 'default': 30},
        'retries': {'type': 'int', 'default': 3},
    }, **_deploy.LOCK_ARGUMENTS))


if __name__ == '__main__':
    main()
