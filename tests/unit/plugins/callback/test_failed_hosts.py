# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.cmsweb.crab.plugins.callback.failed_hosts import CallbackModule


class Screen:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def banner(self, text: str) -> None:
        self.lines.append(text)

    def display(self, text: str, color: str) -> None:
        self.lines.append(text)


def result(host: str, task: str, **told: object) -> SimpleNamespace:
    return SimpleNamespace(_host=SimpleNamespace(get_name=lambda: host), _result=told, task_name=task)


def stats(*hosts: str, failures: tuple[str, ...] = (), dark: tuple[str, ...] = ()) -> SimpleNamespace:
    return SimpleNamespace(processed=dict.fromkeys(hosts, 1), failures=dict.fromkeys(failures, 1), dark=dict.fromkeys(dark, 1))


@pytest.fixture
def callback() -> CallbackModule:
    one = CallbackModule()
    one._display = Screen()
    return one


def test_each_failed_host_is_named_with_its_first_and_last_message_and_what_was_ignored_is_none(callback: CallbackModule) -> None:
    callback.v2_runner_on_failed(result('b', 'Look', msg='ignored'), ignore_errors=True)
    callback.v2_runner_on_failed(result('b', 'Deploy', msg='no\n  room'))
    callback.v2_runner_on_failed(result('b', 'Say what is in force', msg='HG1803f'))
    callback.v2_runner_on_failed(result('d', 'Account', censored='hidden by no_log', changed=False))
    callback.v2_runner_on_unreachable(result('c', 'Preflight', msg='x' * 500))

    callback.v2_playbook_on_stats(stats('a', 'b', 'c', 'd', failures=('b', 'd'), dark=('c',)))

    assert callback._display.lines == ['3 OF 4 HOSTS FAILED', 'b: Deploy: no room', 'b: Say what is in force: HG1803f', 'c: Preflight: ' + 'x' * 400 + ' ...',
                                       'd: Account: hidden by no_log']


@pytest.mark.parametrize('end', [stats('a', 'b'), stats('a', failures=('a',))])
def test_where_all_is_well_or_there_is_one_host_nothing_is_said(callback: CallbackModule, end: SimpleNamespace) -> None:
    callback.v2_runner_on_failed(result('a', 'Deploy', msg='no room'))

    callback.v2_playbook_on_stats(end)

    assert callback._display.lines == []
