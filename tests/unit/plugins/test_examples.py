# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The EXAMPLES of every module are taken by the modules. tests/integration/test_examples.py runs those that can run on a host of the laboratory."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

PREFIX = 'cmsweb.crab.'
MODULES = sorted(path.stem for path in Path(__file__).resolve().parents[3].glob('plugins/modules/*.py') if path.stem != '__init__')
STAND_INS = {'dict': {}, 'list': [], 'bool': True, 'int': 1, 'float': 1.0}


def loaded(name: str):
    return importlib.import_module(f'ansible_collections.cmsweb.crab.plugins.modules.{name}')


def calls(name: str) -> list[tuple[str, dict]]:
    """(module, arguments) of all that the examples of a module call of this collection."""
    tasks = yaml.safe_load(loaded(name).EXAMPLES)
    tasks = [inner for task in tasks for inner in (task['tasks'] if 'tasks' in task else [task])]
    return [(key.removeprefix(PREFIX), task[key] or {}) for task in tasks for key in task if key.startswith(PREFIX)]


def specification(name: str, monkeypatch: pytest.MonkeyPatch) -> tuple[dict, dict]:
    """What main() gives to run()."""
    module, seen = loaded(name), []
    monkeypatch.setattr(module, 'run', lambda act, spec, **options: seen.append((spec, options)))
    module.main()
    return seen[0]


@pytest.mark.parametrize('name', MODULES)
def test_each_example_is_one_that_the_module_takes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    examples = calls(name)

    assert name in [called for called, _arguments in examples]
    for called, arguments in examples:
        if called in ('preflight', 'private_inventory'):    # action plugins, which check their arguments themselves
            continue
        spec, options = specification(called, monkeypatch)
        given = {key: STAND_INS.get(spec.get(key, {}).get('type'), value) if isinstance(value, str) and '{{' in value else value
                 for key, value in arguments.items()}
        rules = {key: value for key, value in options.items() if key.startswith(('required', 'mutually'))}
        assert ArgumentSpecValidator(spec, **rules).validate(given).error_messages == [], (called, arguments)
