# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks, checks and writes on the controller: see the module of the same name for its documentation."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time

from ansible import context
from ansible.errors import AnsibleError, AnsiblePromptInterrupt, AnsiblePromptNoninteractive
from ansible.module_utils.common.text.converters import to_text
from ansible.parsing.vault import VaultLib, VaultSecret
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.cmsweb.crab.plugins.module_utils import _clock, _files
from ansible_collections.cmsweb.crab.plugins.plugin_utils import _preflight, _private_inventory

display = Display()


class ActionModule(ActionBase):
    """Asks for what was not given, until each answer is good; without a terminal, one failure that lists everything."""

    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        result = dict(super().run(tmp, task_vars), changed=False)
        _validation, arguments = self.validate_argument_spec(argument_spec={
            'folder': {'type': 'path', 'required': True},
            'overwrite': {'type': 'bool', 'default': False},
            'answers': {'type': 'dict', 'default': {}, 'no_log': True},
        })
        folder = os.path.abspath(arguments['folder'])
        if os.path.lexists(folder) and not arguments['overwrite']:
            return dict(result, failed=True, msg='%s is there already, and nothing was asked. Name another folder in init_folder, or have it written anew with '
                        'init_overwrite=true: what is there now is then kept beside it.' % folder)
        given = {name: str(value) for name, value in json.loads(json.dumps(arguments['answers'])).items()}   # plain types, as modules get them
        try:
            answers, problems = self._answers(given, task_vars)
            secret, options = self._vault_secret(problems)
        except AnsiblePromptInterrupt:
            return dict(result, failed=True, msg='Interrupted: nothing was written.')
        if problems:
            return dict(result, failed=True, msg='%d problem%s, and nothing was written:\n%s' % (
                len(problems), '' if len(problems) == 1 else 's', '\n'.join('- ' + problem for problem in problems)))
        texts, vault = _private_inventory.files(answers)
        result.update(changed=True, folder=folder, diff=[{'before': '', 'after': text, 'after_header': os.path.join(folder, name)}
                                                         for name, text in texts.items()],
                      next='ansible-playbook cmsweb.crab.site -i %s %s --check --diff' % (arguments['folder'], options))
        if not self._task.check_mode:
            texts['group_vars/crab/vault.yml'] = to_text(VaultLib().encrypt(vault, secret))
            result['backup'] = _write(folder, texts)
        return result

    def _answers(self, given, task_vars):
        """(answers by name, problems): the problems are of answers for which nobody can be asked."""
        answers, problems, asked = {}, _strangers(given), set()
        while True:
            questions = _private_inventory.questions(answers)
            question = next((one for one in questions if one.name not in asked), None)
            if question is None:
                return answers, problems
            asked.add(question.name)
            answer, faults = given.get(question.name), []
            if answer is not None:
                faults = self._accept(question, answer, answers, task_vars)
            while answer is None or faults:
                try:
                    answer = self._ask(question, len({one.number for one in questions}), faults)
                except AnsiblePromptNoninteractive:
                    if answer is None and question.default is None:
                        faults = ['It is not given, and there is no terminal to ask for it: %s.' % question.text]
                    elif answer is None:
                        faults = self._accept(question, question.default, answers, task_vars)
                    # What is wrong with one answer is not said of those that are checked together with it.
                    problems += ['init_%s: %s' % (question.name, fault) for fault in faults if not any(told.endswith(': ' + fault) for told in problems)]
                    break
                faults = self._accept(question, answer, answers, task_vars)

    def _ask(self, question, total, faults):
        text = ''.join('\n%s' % fault for fault in faults) + '\n[%d/%d] %s' % (question.number, total, question.text)
        if question.default:
            text += ' [%s]' % question.default
        if question.secret:
            text += ' (not shown)'
        answer = to_text(display.prompt_until(text + ':', private=question.secret))
        return (answer if question.secret else answer.strip()) or question.default or ''

    def _accept(self, question, answer, answers, task_vars):
        """Put an answer among the answers, and say what is wrong with it."""
        if question.path and answer:
            answer = os.path.abspath(os.path.expanduser(answer))
        answers[question.name] = answer
        fault = _private_inventory.fault(question, answers)
        if fault:
            return [fault]
        variables = {**task_vars, **{name: wrap_var(value) for name, value in _private_inventory.checked(answers).items()}}
        problems, unset = [], {}
        for role in question.roles:
            found, doubts = _preflight.examine(role, variables, self._templar, unset)
            problems += found
            for doubt in doubts:
                display.warning(doubt)
        return list(dict.fromkeys(problems))

    def _vault_secret(self, problems):
        """(secret of the vault, the options that give it to the next command). The one that this run has, or one that is asked for."""
        files = [word for name in context.CLIARGS.get('vault_password_files') or () for word in ('--vault-password-file', name)]
        if self._loader._vault.secrets:
            return self._loader._vault.secrets[0][1], ' '.join(files) or '--ask-vault-pass'
        try:
            while not problems:
                first, second = (display.prompt_until('\n%s (not shown):' % text, private=True) for text in (
                    'A new password for the vault, which keeps what is secret', 'The same again'))
                if first and first == second:
                    return VaultSecret(first), '--ask-vault-pass'
                display.display('\n%s' % ('These were not the same.' if first else 'A password is needed.'))
        except AnsiblePromptNoninteractive:
            pass
        problems.append('The vault has no password, and there is no terminal to ask for one: add --vault-password-file FILE.')
        return None, ''


def _strangers(given):
    """Answers that no question has, and secrets where every user of this machine can read them."""
    names = {question.name: question for version in ('HG1803f', 'v3.260819') for issuer in _private_inventory.ISSUERS
             for question in _private_inventory.questions({'version': version, 'issuer': issuer, 'certificate': '/'})}
    problems = ['init_%s: there is no such question. There are %s.' % (name, ', '.join('init_' + known for known in names))
                for name in given if name not in names]
    words = [word for word in context.CLIARGS.get('extra_vars') or () if not to_text(word).startswith('@')]
    return problems + ['init_%s stands on the command line, where every user of this machine can read it. Put it into a file: -e @FILE.' % name
                       for name, question in names.items() if question.secret and any('init_' + name in to_text(word) for word in words)]


def _write(folder, texts):
    """The folder with these files, whole or not at all; the folder that was there is kept, and its new name returned."""
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    new = tempfile.mkdtemp(prefix='.%s.' % os.path.basename(folder), dir=os.path.dirname(folder))
    try:
        for name, text in texts.items():
            os.makedirs(os.path.dirname(os.path.join(new, name)), mode=0o700, exist_ok=True)
            _files.replace(os.path.join(new, name), text.encode('utf-8'), mode=0o600)
        backup = None
        if os.path.lexists(folder):
            backup = '%s.%s~' % (folder, time.strftime('%Y-%m-%d@%H:%M:%S', time.localtime(_clock.now())))
            os.rename(folder, backup)
        os.rename(new, folder)
    except OSError as error:
        raise AnsibleError('%s cannot be written: %s' % (folder, error.strerror)) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return backup
