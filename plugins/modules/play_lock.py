#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: play_lock
short_description: One play at a time on a host
version_added: 1.0.0
author:
  - cmsweb.crab maintainers (@cmsweb)
description:
  - With O(state=held), writes who plays what into C(/var/lib/cmsweb-crab/play.json) of the host. Fails, with all that is known of it, if another play is at
    work there. With O(state=free), removes what this play wrote; put it into an C(always) section. With O(state=seen), only tells who works there.
  - A play that was killed leaves its record. The next one from the same controller sees that it has ended, and goes on.
    From another controller, or another container, that cannot be seen. There the play is told, and goes on when O(take_over) says so.
  - A play of an earlier task with the same process is the same play, so a playbook that imports others holds the host once.
options:
  state:
    description:
      - V(held) keeps other plays away.
      - V(free) lets them in again.
      - V(seen) only looks, in check mode as well.
    type: str
    choices: [held, free, seen]
    default: held
  take_over:
    description: Go on although another play has the host. For one that is known to be dead.
    type: bool
    default: false
  play:
    description: The play. Set on the controller.
    type: dict
  dead:
    description: Which play has ended without saying so. Set on the controller.
    type: str
attributes:
  action:
    support: full
    description: Has an action plugin, which knows the play, and looks for the process of another.
  check_mode:
    support: full
    description: In check mode nothing is held, and nobody is kept away.
  diff_mode:
    support: none
    description: Nothing that belongs to the service is changed.
  idempotent:
    support: full
    description: A play that holds the host already goes on holding it.
'''

EXAMPLES = r'''
- name: Keep other plays away
  cmsweb.crab.play_lock:

- name: Who is at work there
  cmsweb.crab.play_lock:
    state: seen
  register: play

- name: Let other plays in again, at the end of an always section
  cmsweb.crab.play_lock:
    state: free
'''

RETURN = r'''
said:
  description: With O(state=seen), who plays what, as a sentence. Empty if nobody does.
  returned: success
  type: str
  sample: bob@desk plays site.yml on this host, since 2026-11-25 20:41:03 CET (process 4711).
holder:
  description: The other play, where there is one.
  returned: failure, and with O(state=seen)
  type: dict
  sample: {"by": "alice@desk", "playbook": "site.yml", "since": "2026-11-25 20:41:03", "pid": 4711}
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _playlock
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run


def act(params, check):
    if params['state'] == 'seen':
        return {'changed': False, 'holder': _playlock.holder()}
    if params['state'] != 'held' or not params['play']:
        raise CrabError('play and state are set by the action plugin of this module.', 'Call it in a playbook.')
    if check:
        return {'changed': False}
    return {'changed': False, 'holder': _playlock.hold(params['play'], True if params['take_over'] else params['dead'])}


def main():
    run(act, {
        'state': {'type': 'str', 'choices': ['held', 'free', 'seen'], 'default': 'held'},
        'take_over': {'type': 'bool', 'default': False},
        'play': {'type': 'dict'},
        'dead': {'type': 'str'},
    })


if __name__ == '__main__':
    main()
