# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs on the controller before anything is touched: see the module of the same name for its documentation."""

from __future__ import annotations

import re
import shlex

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase

from ansible_collections.cmsweb.crab.plugins.plugin_utils import _host_python, _preflight, _renamed

INSTALLS = ('hg', 'venv')
# Who we are there, and whose the deployed tree is, as _accounts.single() reads it.
LOOK = "echo crab: $(id -u; id -un; [ ! -d %(root)s/enabled ] || stat -c '%%U %%G' %(root)s/.deploy 2> /dev/null)"


class ActionModule(ActionBase):
    """One failure that lists everything that is wrong or missing."""

    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(argument_spec={
            'stages': {'type': 'dict', 'required': True},
            'connect': {'type': 'bool', 'default': True},
        })
        unset = {}
        problems, warnings = _renamed.examine(task_vars, self._templar.template)
        problems += _preflight.secret_problems(task_vars, self._templar.template, unset)
        way = self._templar.template(task_vars.get('crab_install', INSTALLS[0]))
        if way not in INSTALLS:
            problems.append('crab_install: %s is no way to install. Write %s.' % (way, ' or '.join(INSTALLS)))
        roles = self._roles(arguments['stages'], task_vars)
        if way == 'venv' and 'frontend_auth' in roles and task_vars.get('frontend_auth_users'):
            warnings.append('frontend_auth_users is of no use with crab_install: venv, which installs no frontend. Set it where the frontend is.')
        if _preflight.is_single(task_vars, self._templar.template) and way == 'venv':
            problems.append('crab_install: with venv, crabserver is a service of systemd with an account of its own. crab_single_account needs hg.')
        for role in roles:
            found, doubts = _preflight.examine(role, task_vars, self._templar, unset)
            problems += found
            warnings += doubts
        problems += ['%s is not set, and %s made from it.' % (name, ', '.join(needed) + (' is' if len(needed) == 1 else ' are'))
                     for name, needed in unset.items()]
        if arguments['connect']:
            found, result['python_managed'] = self._connection_problems(task_vars)
            problems += found
        result.update(changed=False, problems=problems)
        if warnings:
            result['warnings'] = warnings
        if problems:
            result['failed'] = True
            result['msg'] = '%d problem%s, and nothing was touched:\n%s' % (
                len(problems), '' if len(problems) == 1 else 's', '\n'.join('- ' + problem for problem in problems))
        return result

    @staticmethod
    def _roles(stages, task_vars):
        """The roles of the stages that this run selects by its tags."""
        wanted, skipped = task_vars.get('ansible_run_tags') or ['all'], task_vars.get('ansible_skip_tags') or []
        return list(dict.fromkeys(role for stage, roles in stages.items() for role in roles
                                  if stage not in skipped and ('all' in wanted or stage in wanted)))

    def _connection_problems(self, task_vars):
        """(problems, whether this ansible-core manages the Python there, None if that is not known)"""
        host = task_vars.get('inventory_hostname')
        where = '%s (ansible_host %s, ansible_user %s)' % (
            host, self._templar.template(task_vars.get('ansible_host', host)), task_vars.get('ansible_user') or task_vars.get('ansible_ssh_user') or 'not set')
        root = self._templar.template(task_vars.get('crab_root', '/data/srv'))
        try:
            interpreter = _host_python.configured(task_vars, self._templar.template)
        except AnsibleError as error:
            return ['ansible_python_interpreter cannot be templated: %s.' % _preflight.first_line(error)], None
        try:
            answer = self._low_level_execute_command('%s; %s' % (LOOK % {'root': shlex.quote(root)}, _host_python.look(interpreter, task_vars)))
        except AnsibleConnectionFailure as error:
            return ['%s cannot be reached: %s. Check the address, the account and the key: ssh must work without a question.' % (
                where, _preflight.first_line(error))], None
        except AnsibleError as error:
            return ['%s: %s. Set ansible_become_password or allow sudo without a password.' % (where, _preflight.first_line(error))], None
        known = re.search(r'^crab: (\d+) (\S+)(?: (\S+) (\S+))?\r?$', answer.get('stdout', ''), re.MULTILINE)
        if not known or (self._connection.become and known.group(1) != '0'):
            said = (answer.get('stderr') or answer.get('stdout') or '').strip().splitlines()
            return ['%s: cannot become root: %s. Allow the account sudo without a password.' % (where, said[-1] if said else 'no answer')], None
        login, owner, group = known.groups()[1:]
        user = self._templar.template(task_vars.get('crab_user', task_vars.get('ansible_user', login)))
        problems = _preflight.account_problems(_preflight.is_single(task_vars, self._templar.template), user, root, login, owner, group)
        fault = _host_python.fault(host, interpreter, answer['stdout'])
        return problems + ([fault] if fault else []), fault is None
