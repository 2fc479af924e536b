# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says below the recap of a run over several hosts which of them failed, and why."""

from __future__ import annotations

DOCUMENTATION = r'''
name: failed_hosts
type: aggregate
short_description: Name the hosts that failed, and why, at the end of a run over several
version_added: 1.0.0
description:
  - The recap of Ansible only counts, and among twenty hosts the message of the one that failed is far above.
  - Shows for each host that failed or could not be reached the task and its message, and the last message as well if more failed after it,
    as site.yml says last which version is in force.
  - Shows nothing if all is well, or if there is one host only.
requirements:
  - enable it in ansible.cfg, C(callbacks_enabled=cmsweb.crab.failed_hosts), as that of the collection's repository does
'''

from ansible.plugins.callback import CallbackBase

LONGEST = 400


class CallbackModule(CallbackBase):
    """Keeps the failures of each host until the end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'aggregate'
    CALLBACK_NAME = 'cmsweb.crab.failed_hosts'
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, display=None, options=None):
        super().__init__(display=display, options=options)
        self._failures = {}

    def v2_runner_on_failed(self, result, ignore_errors=False):
        if not ignore_errors:
            self._keep(result)

    def v2_runner_on_unreachable(self, result):
        self._keep(result)

    def v2_playbook_on_stats(self, stats):
        failed = [host for host in sorted(stats.processed) if host in stats.failures or host in stats.dark]
        if not failed or len(stats.processed) == 1:
            return
        self._display.banner('%d OF %d HOSTS FAILED' % (len(failed), len(stats.processed)))
        for host in failed:
            kept = self._failures.get(host) or ['see above']
            for failure in dict.fromkeys([kept[0], kept[-1]]):
                self._display.display('%s: %s' % (host, failure), color='red')

    def _keep(self, result):
        told = result._result
        text = ' '.join(str(told.get('msg') or told.get('censored') or 'no message').split())
        text = text if len(text) <= LONGEST else text[:LONGEST] + ' ...'
        self._failures.setdefault(result._host.get_name(), []).append('%s: %s' % (result.task_name, text))
