"""A playbook that changes something has the host for itself: see plugins/modules/play_lock.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
BOOKS = {path.stem: path for path in sorted((ROOT / 'playbooks').glob('*.yml'))}
# They change nothing on a host, and must not have to wait for one that does. Every other playbook has to be alone.
LOOKING = {'database_report', 'diagnose', 'init', 'report', 'schema_plan', 'status'}
# Asks, and keeps nobody away from a host that is gone at its end.
DELETING = {'decommission'}
HOLD = {'cmsweb.crab.play_lock': {'take_over': '{{ crab_take_over | default(false) }}'}}
FREE = {'cmsweb.crab.play_lock': {'state': 'free'}}
# What comes before, and does nothing to a host that is there.
BEFORE = {'cmsweb.crab.preflight', 'ansible.builtin.assert', 'ansible.builtin.meta', 'cmsweb.crab.vm'}
KEYWORDS = {'name', 'tags', 'when', 'register'}


def plays(name: str) -> list[dict[str, Any]]:
    return yaml.safe_load(BOOKS[name].read_text(encoding='utf-8'))


def without(task: dict[str, Any], keywords: set[str]) -> dict[str, Any]:
    return {key: value for key, value in task.items() if key not in keywords}


def action(task: dict[str, Any]) -> str:
    """The module of a task, or the role that it is."""
    (name,) = without(task, KEYWORDS)
    return task[name]['name'] if name in ('ansible.builtin.import_role', 'ansible.builtin.include_role') else name


def within(value: Any) -> Iterator[dict[str, Any]]:
    """Every mapping of a playbook."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from within(inner)


@pytest.mark.parametrize('name', sorted(BOOKS.keys() - LOOKING - DELETING))
def test_a_playbook_that_changes_something_is_alone_until_its_end_however_it_comes(name: str) -> None:
    for play in plays(name):
        *before, alone = play['tasks']

        assert play.keys().isdisjoint({'roles', 'pre_tasks', 'post_tasks', 'handlers'})
        assert {action(task) for task in before} <= BEFORE
        assert without(alone, {'name'}).keys() == {'block', 'always'}
        # Whatever the tags select, if the playbook has any.
        tags = {'tags': ['always']} if any('tags' in mapping for mapping in within(play)) else {}
        assert without(alone['block'][0], {'name'}) == HOLD | tags
        assert [without(task, {'name'}) for task in alone['always']] == [FREE | tags]


@pytest.mark.parametrize('name', sorted(BOOKS.keys() - {'init', 'status', 'start', 'stop', 'restart', 'rollback', 'prune', 'decommission'}))
def test_where_a_password_of_the_vault_is_used_an_error_cannot_show_it(name: str) -> None:
    assert all(action((play.get('pre_tasks') or play['tasks'])[0]) == 'cmsweb.crab.preflight' for play in plays(name))


@pytest.mark.parametrize('name', sorted(LOOKING))
def test_one_that_only_looks_waits_for_nobody(name: str) -> None:
    assert all(mapping['cmsweb.crab.play_lock'] == {'state': 'seen'} for mapping in within(plays(name)) if 'cmsweb.crab.play_lock' in mapping)


def test_a_host_is_not_deleted_under_a_play_that_works_there() -> None:
    (play,) = plays('decommission')
    hold, free, delete = play['tasks']

    assert without(hold, set(hold) - set(HOLD)) == HOLD and 'holder' in hold['failed_when'] and hold['ignore_unreachable'] is True
    assert without(free, set(free) - set(FREE)) == FREE
    assert action(without(delete, {'vars'})) == 'cmsweb.crab.vm'
