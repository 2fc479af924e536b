#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: crab_service
short_description: Start, stop or refresh frontend, crabserver and crabcache
version_added: 1.0.0
description:
  - Drives the C(manage) scripts of a tree that dmwm/deployment made, the frontend first; or services of systemd, or the init scripts of a
    server that somebody has installed.
  - After each action the service is asked for its status, because what starts it may end with 0 whatever happens.
  - With O(state=started), a service that runs but started before one of the files was changed that it reads only at its start is
    restarted (the frontend gracefully), and so is one that another version started than the one that is in force now. The host itself is
    the memory, so a play that was interrupted between a change and the restart catches up on its next run.
  - A backend counts as started when its log says C(ENGINE Bus STARTED). Before that WMCore answers 503 although the database is fine.
  - Fails with the end of the server's log and the cause where it is a known one.
  - Where a service of a version does not come up that has replaced another and has not been verified yet, that other one is put in force again, and its
    services are started, before the module fails. See M(cmsweb.crab.deployment_version).
  - Must run as root, or in single-account mode as the account that the tree belongs to.
options:
  root:
    description: Root of the installation.
    type: path
    default: /data/srv
  services:
    description: The services. Each must be deployed, unless O(state=stopped).
    type: list
    elements: str
    default: [frontend, crabserver, crabcache]
  only:
    description: Those of the services to act on; all of them if empty. All of O(services) are started at boot in any case.
    type: list
    elements: str
    default: []
  by:
    description:
      - V(manage) calls C(current/config/SERVICE/manage).
      - V(systemd) asks systemd for C(SERVICE.service).
      - V(init) calls C(/etc/init.d/SERVICE). When such a service was started is not known, so it is never found to run with old files.
    type: str
    choices: [manage, systemd, init]
    default: manage
  state:
    description:
      - V(started) means running with the present files.
      - V(restarted) always restarts.
      - V(stopped) stops, and leaves O(boot) and O(helper) as they are.
    type: str
    choices: [started, stopped, restarted]
    default: started
  also_reads:
    description: Further files by service, which it reads only at its start, such as an external configuration on the same host.
    type: dict
    default: {}
  boot:
    description:
      - Keep a systemd unit that starts the services at boot, the frontend first, since crabserver may fetch its external configuration from it.
        With another O(by) than V(manage), enable each service.
      - V(false) leaves what there is alone.
    type: bool
    default: true
  helper:
    description: Keep a command at this path for people who log in, C(crab-rest start|stop|restart|status [SERVICE...]); none if not set.
    type: path
  timeout:
    description: Seconds that one service may take to come up or to stop.
    type: int
    default: 60
extends_documentation_fragment:
  - cmsweb.crab.writes.attributes
attributes:
  idempotent:
    support: partial
    description: O(state=restarted) restarts whenever it is called.
author:
  - cmsweb.crab maintainers (@cmsweb)
'''

EXAMPLES = r'''
- name: Everything runs with its present configuration
  cmsweb.crab.crab_service:
    also_reads:
      crabserver:
        - /data/srv/state/frontend/htdocs/crab-rest-config.json

- name: Stop the backends
  cmsweb.crab.crab_service:
    only: [crabserver, crabcache]
    state: stopped

- name: A server that was installed long ago
  cmsweb.crab.crab_service:
    services: [crabserver]
    by: init
    state: restarted
'''

RETURN = r'''
services:
  description: State and action by service.
  returned: success
  type: dict
  sample:
    crabserver:
      running: true
      action: refresh
      reason: older than /data/srv/current/config/crabserver/config.py
went_back:
  description: The version that was left, and the one that is in force now, where the former did not come up.
  returned: failure, if it happened
  type: dict
  sample: {"leaving": "HG2604a", "current": "HG1803f"}
boot_changed:
  description: Whether the unit that starts the services at boot was written or enabled.
  returned: success
  type: bool
  sample: false
helper_changed:
  description: Whether the command for people who log in was written.
  returned: success
  type: bool
  sample: false
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _service
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run


def act(params, check):
    root, by, names = params['root'], params['by'], params['services']
    unknown = [name for name in params['only'] if name not in names]
    if unknown:
        raise CrabError('%s is none of the services %s.' % (', '.join(unknown), ', '.join(names)), 'Check service_only and service_names.')
    keep = params['state'] != 'stopped'    # A stop leaves what is done at boot alone.
    services = [_service.service_of(root, name, by) for name in _service.in_order(params['only'] or names)]
    try:
        if keep and not check:
            _service.refuse_missing(services)
        results = dict((service.name, _act_on(service, params, check)) for service in services)
    except CrabError as error:
        raise _service.go_back(root, names, by, params['timeout'], error) if keep else error
    boot_changed = keep and params['boot'] and _service.ensure_boot(root, names, check, by, params['helper'])
    helper_changed = keep and bool(params['helper']) and _service.ensure_helper(params['helper'], root, names, by, check)
    before = ''.join('%s: %s\n' % (name, 'running' if not result['action'] else result['reason']) for name, result in sorted(results.items()))
    after = ''.join('%s: %s\n' % (name, 'running' if not result['action'] else result['action']) for name, result in sorted(results.items()))
    return {'changed': boot_changed or helper_changed or any(result['action'] for result in results.values()), 'services': results,
            'boot_changed': boot_changed, 'helper_changed': helper_changed,
            'diff': {'before': before, 'after': after}}


def _act_on(service, params, check):
    state = _service.look(service, params['also_reads'].get(service.name) or ())
    action = _service.plan(state, params['state'])
    if action and not check:
        _service.act(service, action, params['timeout'])
    return {'running': (params['state'] != 'stopped') if not check else state['running'], 'action': action, 'reason': _reason(state, action)}


def _reason(state, action):
    if state['switched']:
        return 'another version is in force than the one that it was started by'
    if action == 'refresh':
        return 'older than %s' % ', '.join(state['stale'])
    return 'running' if state['running'] else 'not running'


def main():
    run(act, {
        'root': {'type': 'path', 'default': '/data/srv'},
        'services': {'type': 'list', 'elements': 'str', 'default': ['frontend', 'crabserver', 'crabcache']},
        'only': {'type': 'list', 'elements': 'str', 'default': []},
        'by': {'type': 'str', 'choices': ['manage', 'systemd', 'init'], 'default': 'manage'},
        'helper': {'type': 'path'},
        'state': {'type': 'str', 'choices': ['started', 'stopped', 'restarted'], 'default': 'started'},
        'also_reads': {'type': 'dict', 'default': {}},
        'boot': {'type': 'bool', 'default': True},
        'timeout': {'type': 'int', 'default': 60},
    })


if __name__ == '__main__':
    main()
