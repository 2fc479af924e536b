# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says to the host who plays what, and judges whether another play that has the host is still alive."""

from __future__ import annotations

import os

from ansible import context
from ansible.plugins.action import ActionBase

from ansible_collections.cmsweb.crab.plugins.module_utils import _playlock
from ansible_collections.cmsweb.crab.plugins.plugin_utils import _play


class ActionModule(ActionBase):
    """The process of the play is the parent of the one that runs a task."""

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(argument_spec={
            'state': {'type': 'str', 'choices': ['held', 'free', 'seen'], 'default': 'held'},
            'take_over': {'type': 'bool', 'default': False},
        })
        result['changed'] = False
        if arguments['state'] == 'seen':
            seen = self._execute_module(module_args={'state': 'seen'}, task_vars=task_vars)
            other = None if _play.has_ended(seen.get('holder')) else seen.get('holder')
            result.update(seen, holder=other, said=_play.at_work(other))
            return result
        if self._task.check_mode:
            return result
        play = _play.play(os.getppid(), context.CLIARGS.get('args') or ['ansible'])
        if arguments['state'] == 'free':
            self._free(play)
            return result
        answer = self._hold(play, task_vars, take_over=arguments['take_over'])
        other = answer.get('holder')
        if other and _play.has_ended(other):
            answer = self._hold(play, task_vars, dead=other['id'])
            other = answer.get('holder')
        result.update(answer)
        if other:
            result.update(failed=True, msg=_play.told(other))
        return result

    def _hold(self, play, task_vars, **options):
        return self._execute_module(module_args=dict(options, play=play), task_vars=task_vars)

    def _free(self, play):
        """Only what this play has written. A command and no module: it is the last thing of every play."""
        self._low_level_execute_command(_playlock.free_command(play['id']))
