"""A role runs where what it is for was installed, and a task on the controller by the controller's own Python."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
BOOKS = sorted((ROOT / 'playbooks').glob('*.yml'))
PARTS = sorted((ROOT / 'playbooks/tasks').glob('*.yml'))
TASKS = sorted((ROOT / 'roles').glob('*/tasks/*.yml'))
# Roles of one way to install, and what crab_install makes of it in playbooks/vars/software.yml.
WAYS = {'cmsweb.crab.hgdeploy': 'hgdeploy', 'cmsweb.crab.frontend_auth': 'hgdeploy', 'cmsweb.crab.venv_install': 'venv_install'}
CONTROLLER = {'ansible_connection': 'cmsweb.crab.controller'}


def within(value: Any) -> Iterator[dict[str, Any]]:
    """Every mapping of a file."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from within(inner)


def mappings(path: Path) -> list[dict[str, Any]]:
    return list(within(yaml.safe_load(path.read_text(encoding='utf-8'))))


def name(path: Path) -> str:
    return '/'.join(path.with_suffix('').parts[-3:])


def roles_of_one_way(path: Path) -> list[tuple[str, str]]:
    """With their conditions, whether a task or the list of a play has them."""
    used = [(part.get(f'ansible.builtin.{word}_role', {}).get('name', ''), part) for part in mappings(path) for word in ('import', 'include')]
    listed = [(part['role'], part) for part in mappings(path) if 'role' in part]
    return [(role, str(part.get('when', ''))) for role, part in used + listed if role in WAYS]


@pytest.mark.parametrize('path', BOOKS + PARTS, ids=name)
def test_a_role_of_one_way_to_install_asks_for_that_way(path: Path) -> None:
    for role, condition in roles_of_one_way(path):
        assert condition.split(' and ')[0] == f"software == '{WAYS[role]}'", role


@pytest.mark.parametrize('path', BOOKS, ids=name)
def test_a_playbook_that_asks_for_the_way_knows_it(path: Path) -> None:
    for play in yaml.safe_load(path.read_text(encoding='utf-8')):
        if any(str(part.get('when', '')).startswith('software ') for part in within(play)):
            assert play['vars_files'] == ['vars/software.yml']


def test_roles_of_one_way_are_found() -> None:
    assert {path.stem for path in BOOKS + PARTS if roles_of_one_way(path)} == {'site', 'config', 'prune', 'back'}


@pytest.mark.parametrize('path', BOOKS + PARTS + TASKS, ids=name)
def test_a_task_on_the_controller_has_its_python(path: Path) -> None:
    for part in mappings(path):
        assert 'ansible_python_interpreter' not in part, 'one given with -e is stronger'
        if part.get('delegate_to') == 'localhost':
            assert part['vars'].items() >= CONTROLLER.items(), part['name']
