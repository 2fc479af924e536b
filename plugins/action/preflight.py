# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs on the controller before anything is touched: see the module of the same name for its documentation."""

from __future__ import annotations

import functools
import json
import os
import re

from ansible.errors import AnsibleConnectionFailure, AnsibleError, AnsibleUndefinedVariable
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.common.yaml import yaml_load
from ansible.plugins.action import ActionBase

from ansible_collections.cmsweb.crab.plugins.plugin_utils import _preflight

INSTALLS = ('hg', 'venv')
ROLES = os.path.join(os.path.dirname(__file__), '..', '..', 'roles')


class ActionModule(ActionBase):
    """One failure that lists everything that is wrong or missing."""

    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(argument_spec={
            'stages': {'type': 'dict', 'required': True},
            'connect': {'type': 'bool', 'default': True},
        })
        problems, warnings, unset = [], [], {}
        way = self._templar.template(task_vars.get('crab_install', INSTALLS[0]))
        if way not in INSTALLS:
            problems.append('crab_install: %s is no way to install. Write %s.' % (way, ' or '.join(INSTALLS)))
        for role in self._roles(arguments['stages'], task_vars):
            values, wrong = self._values(role, task_vars, unset)
            problems += wrong
            if not wrong and len(values) == len(_options(role)):
                found, doubts = _preflight.check(role, values)
                problems += found
                warnings += doubts
        problems += ['%s is not set, and %s made from it.' % (name, ', '.join(needed) + (' is' if len(needed) == 1 else ' are'))
                     for name, needed in unset.items()]
        if arguments['connect']:
            problems += self._connection_problems(task_vars)
        result['changed'] = False
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

    def _values(self, role, task_vars, unset):
        """The role's variables by name, templated, and what its argument_specs say against them.

        A role that is included later has not brought its defaults and vars yet.

        :param unset: names of variables that others are made from and that nobody has set, with the names of those others; is added to.
        """
        options, values, problems = _options(role), {}, []
        variables = {**_read(role, 'defaults'), **_read(role, 'vars'), **task_vars}
        for name, option in options.items():
            if name not in variables:
                if option.get('required'):
                    problems.append('%s is not set. %s' % (name, _sentence(option)))
                continue
            try:
                with self._templar.set_temporary_context(available_variables=variables):
                    values[name] = json.loads(json.dumps(self._templar.template(variables[name])))   # plain types, as modules get them
            except AnsibleUndefinedVariable as error:
                for missing in dict.fromkeys(re.findall(r"'(\w+)' is undefined", str(error))):
                    unset.setdefault(missing, []).append(name)
            except AnsibleError as error:
                problems.append('%s cannot be made up: %s' % (name, 'its value is secret' if option.get('no_log') else _first_line(error)))
        if problems or len(values) < len(options):
            return values, problems
        validation = ArgumentSpecValidator(options).validate(values)
        secret = any(options[name].get('no_log') and name in message for name in options for message in validation.error_messages)
        for message in validation.error_messages:
            problems.append('role %s: %s' % (role, 'a secret variable has the wrong type' if secret else message))
        return dict(values, **{name: value for name, value in validation.validated_parameters.items() if name in values}), problems

    def _connection_problems(self, task_vars):
        host = task_vars.get('inventory_hostname')
        where = '%s (ansible_host %s, ansible_user %s)' % (
            host, self._templar.template(task_vars.get('ansible_host', host)), task_vars.get('ansible_user') or task_vars.get('ansible_ssh_user') or 'not set')
        try:
            answer = self._low_level_execute_command('id -u')
        except AnsibleConnectionFailure as error:
            return ['%s cannot be reached: %s. Check the address, the account and the key: ssh must work without a question.' % (where, _first_line(error))]
        except AnsibleError as error:
            return ['%s: %s. Set ansible_become_password or allow sudo without a password.' % (where, _first_line(error))]
        if self._play_context.become and answer.get('stdout', '').strip().splitlines()[-1:] != ['0']:
            said = (answer.get('stderr') or answer.get('stdout') or '').strip().splitlines()
            return ['%s: cannot become root: %s. Allow the account sudo without a password.' % (where, said[-1] if said else 'no answer')]
        return []


def _options(role):
    return _read(role, 'meta', 'argument_specs.yml')['argument_specs']['main']['options']


@functools.lru_cache(maxsize=None)
def _read(role, folder, name='main.yml'):
    path = os.path.join(ROLES, role, folder, name)
    if not os.path.exists(path):
        return {}
    with open(path, encoding='utf-8') as source:
        return yaml_load(source) or {}


def _sentence(option):
    """The first sentence of the description: what the variable is for."""
    text = option.get('description') or ''
    return text[0] if isinstance(text, list) else text


def _first_line(error):
    message = str(getattr(error, 'message', '') or error).strip().splitlines()
    return (message[0] if message else error.__class__.__name__).rstrip('.')
