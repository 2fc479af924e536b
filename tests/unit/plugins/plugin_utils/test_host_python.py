# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ansible.module_utils import basic
from ansible.release import __version__

from ansible_collections.cmsweb.crab.plugins.plugin_utils import _host_python

HOST, CORE = 'crab-vm.example.org', '.'.join(__version__.split('.')[:2])
MANAGED = {'2.16': {2: (2, 7), 3: (3, 6)}, '2.17': {3: (3, 7)}, '2.19': {3: (3, 8)}, '2.21': {3: (3, 9)}}
ELSE = ', or name a newer Python of the host in ansible_python_interpreter.'


def plain(text):
    return text


def said(interpreter, variables=None):
    """What the command of look() prints on this machine."""
    return subprocess.run(['/bin/sh', '-c', _host_python.look(interpreter, variables or {})], capture_output=True, text=True, check=False).stdout


def python(folder: Path, name: str, version: str) -> Path:
    """A program that answers as a Python of that version does."""
    path = folder / name
    path.write_text(f'#!/bin/sh\necho "crab-python: {version} $0"\n', encoding='utf-8')
    path.chmod(0o755)
    return path


def test_the_versions_of_this_core_are_those_that_its_modules_accept():
    oldest = getattr(basic, '_PY_MIN')

    assert _host_python.oldest() == ({2: (2, 7), 3: (3, 6)} if oldest is True else {3: oldest})


@pytest.mark.parametrize('core, version, known', [
    ('2.16', '2.7', None), ('2.16', '3.6', None), ('2.16', '3.14', None),
    ('2.16', '2.6', "Python 2.6 at /usr/bin/python; ansible-core 2.16 manages 2.7, 3.6 and newer. No ansible-core that works with this collection manages it: "
                    "install a newer Python there."),
    ('2.17', '3.7', None), ('2.17', '3.6', "Python 3.6 at /usr/bin/python; ansible-core 2.17 manages 3.7 and newer: use ansible-core 2.16, e.g. "
                                           "pip install 'ansible-core>=2.16,<2.17'" + ELSE),
    ('2.19', '3.7', "Python 3.7 at /usr/bin/python; ansible-core 2.19 manages 3.8 and newer: use ansible-core 2.17, e.g. "
                    "pip install 'ansible-core>=2.17,<2.18'" + ELSE),
    ('2.21', '3.9', None),
    ('2.21', '3.8', "Python 3.8 at /usr/bin/python; ansible-core 2.21 manages 3.9 and newer: use ansible-core 2.19, e.g. "
                    "pip install 'ansible-core>=2.19,<2.20'" + ELSE),
    ('2.21', '2.7', "Python 2.7 at /usr/bin/python; ansible-core 2.21 manages 3.9 and newer: use ansible-core 2.16, e.g. "
                    "pip install 'ansible-core>=2.16,<2.17'" + ELSE),
    ('2.21', '3.5', "Python 3.5 at /usr/bin/python; ansible-core 2.21 manages 3.9 and newer. No ansible-core that works with this collection manages it: "
                    "install a newer Python there."),
])
def test_a_python_that_a_core_does_not_manage_is_named_with_the_core_that_does(monkeypatch, core, version, known):
    monkeypatch.setattr(_host_python, '__version__', core + '.5')
    monkeypatch.setattr(_host_python, 'oldest', lambda: MANAGED[core])

    fault = _host_python.fault(HOST, None, f'crab: 0 root\ncrab-python: {version} /usr/bin/python\r\n')

    assert fault == (known and f'{HOST} has {known}')


def test_a_host_without_python():
    assert _host_python.fault(HOST, None, 'crab: 0 root\n') == (
        f'{HOST} has no Python. Install one there, such as the package python3, or name it in ansible_python_interpreter.')


def test_a_configured_python_that_is_not_there():
    interpreter = '/nonexistent/python3'

    assert said(interpreter) == ''
    assert _host_python.fault(HOST, interpreter, '') == (
        f'{HOST}: ansible_python_interpreter is /nonexistent/python3, and no Python runs there by that name. Name one that the host has.')


@pytest.mark.parametrize('words', ['', '/usr/bin/env '])
def test_the_configured_python_is_asked(words):
    answer = _host_python.ANSWER.search(said(words + sys.executable))

    assert answer and answer.groups() == (*map(str, sys.version_info[:2]), sys.executable)
    assert _host_python.fault(HOST, sys.executable, answer.group(0)) is None


def test_without_one_the_first_that_ansible_looks_for_and_that_runs_is_asked(tmp_path):
    broken = tmp_path / 'broken'
    broken.write_text('#!/bin/sh\necho nothing of use\nexit 1\n', encoding='utf-8')
    broken.chmod(0o755)
    found = [tmp_path / 'absent', broken, python(tmp_path, 'new', '3.12'), python(tmp_path, 'old', '2.7')]

    answers = said(None, {'ansible_interpreter_python_fallback': [str(path) for path in found]})

    assert answers == f"nothing of use\ncrab-python: 3.12 {tmp_path / 'new'}\n"


def test_an_old_python_is_seen_where_this_core_looks_for_none(tmp_path, monkeypatch):
    old = python(tmp_path, 'python2.7', '2.7')
    monkeypatch.setattr(_host_python, 'OTHERS', (str(old),))

    assert said(None, {'ansible_interpreter_python_fallback': ['/nonexistent/python3']}) == f'crab-python: 2.7 {old}\n'


@pytest.mark.parametrize('variables, expected', [
    ({}, None), ({'ansible_python_interpreter': 'auto_silent'}, None), ({'ansible_python_interpreter': '/usr/bin/python3'}, '/usr/bin/python3'),
    ({'ansible_facts': {'discovered_interpreter_python': '/usr/bin/python3.9'}}, '/usr/bin/python3.9'),
    ({'ansible_python_interpreter': '/usr/bin/python3', 'ansible_facts': {'discovered_interpreter_python': '/usr/bin/python3.9'}}, '/usr/bin/python3')])
def test_the_interpreter_is_that_which_ansible_takes(variables, expected):
    assert _host_python.configured(variables, plain) == expected
