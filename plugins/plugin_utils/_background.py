# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the actions of modules that take the lock of a host share: whose the run is, and what it is at, shown every few seconds."""

from __future__ import annotations

import getpass
import socket
import time

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

display = Display()

LONGEST = 6 * 3600          # seconds that the host gives a stage
LOST = 60                   # looks in a row without a connection, one every PAUSES[-1] seconds
PAUSES = (0.3, 0.7, 1, 2, 5)
STATUS = 'ansible.legacy.async_status'


def whose():
    """For others who have to wait."""
    return '%s@%s' % (getpass.getuser(), socket.gethostname())


class Named(ActionBase):
    """Runs the module of the same name, and tells it whose the run is."""

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        result.update(self._execute_module(module_args={'started_by': whose(), **self._task.args}, task_vars=task_vars))
        return result


class Background(ActionBase):
    """Runs the module of the same name in the background of the host: it takes two seconds or half an hour."""

    what = ''       # it is, with the arguments in it, for a message

    _supports_async = True

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        arguments.setdefault('started_by', whose())
        if self._task.check_mode or self._task.async_val:
            result.update(self._execute_module(module_args=arguments, task_vars=task_vars, wrap_async=self._task.async_val))
            return result
        job = self._start(arguments, task_vars)
        if job.get('failed') or 'ansible_job_id' not in job:
            result.update(job)
            return result
        result.update(self._wait(arguments, job['ansible_job_id'], task_vars))
        return result

    def _start(self, arguments, task_vars):
        self._task.async_val = LONGEST
        try:
            return self._execute_module(module_args=arguments, task_vars=task_vars, wrap_async=True)
        finally:
            self._task.async_val = 0

    def _wait(self, arguments, job, task_vars):
        """The result of the job, whenever it ends. A connection that breaks is waited for."""
        folder = self._remote_expand_user(self.get_shell_option('async_dir', default='~/.ansible_async'))
        looks = lost = idle = 0
        while idle < 3:
            time.sleep(PAUSES[min(looks, len(PAUSES) - 1)])
            looks += 1
            try:
                status = self._execute_module(module_name=STATUS, module_args={'jid': job, '_async_dir': folder}, task_vars=task_vars)
                if status.get('finished'):
                    self._execute_module(module_name=STATUS, module_args={'jid': job, '_async_dir': folder, 'mode': 'cleanup'}, task_vars=task_vars)
                    return {name: value for name, value in status.items() if name not in ('finished', 'started', 'ansible_job_id', 'results_file')}
                if looks > 2:
                    idle = 0 if self._show(arguments, task_vars) else idle + 1
                lost = 0
            except AnsibleConnectionFailure:
                lost += 1
                if lost > LOST:
                    raise
                display.display('%s: no connection; it goes on there' % task_vars['inventory_hostname'])
        what = self.what.format(**arguments)
        return {'failed': True, 'msg': '%s ended without a result: the host was restarted, or the process was killed. Run again.' % what}

    def _show(self, arguments, task_vars):
        """Whether one who has the lock works on the host at all."""
        wanted = {'user': 'root', **{name: arguments[name] for name in ('root', 'version', 'user', 'single_account') if name in arguments}}
        running = self._execute_module(module_name='cmsweb.crab.deployment_info', module_args=wanted, task_vars=task_vars).get('running')
        if not running:
            return False
        whose = '' if running['by'] == arguments['started_by'] else 'waiting: %s runs ' % running['by']
        display.display('%s: %s%s, %d s%s' % (task_vars['inventory_hostname'], whose, running['what'], running['seconds'],
                                              ': ' + running['step'] if running['step'] else ''))
        return True
