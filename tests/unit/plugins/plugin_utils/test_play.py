"""Whether the play that has a host is still alive."""

from __future__ import annotations

import os
import subprocess

import pytest

from ansible_collections.cmsweb.crab.plugins.plugin_utils import _play


@pytest.fixture
def other():
    """Another play of this controller, which sleeps."""
    process = subprocess.Popen(['sleep', '60'])
    yield process
    process.kill()
    process.wait()


def test_a_play_that_runs_has_not_ended_and_one_that_was_killed_has(other):
    record = _play.play(other.pid, ['playbooks/rollback.yml'])
    alive = _play.has_ended(record)
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    zombie = _play.has_ended(record)
    other.wait()

    assert (alive, zombie, _play.has_ended(record)) == (False, True, True)
    assert record['playbook'] == 'rollback.yml'


def test_a_number_that_is_another_process_now_is_an_ended_play(other):
    record = _play.play(other.pid, ['site.yml'])
    record['id'] = record['id'].rpartition(' ')[0] + ' 1'

    assert _play.has_ended(record)


@pytest.mark.parametrize('place', ['desk other-boot pid:[4026531836]', ''])
def test_of_another_controllers_play_it_is_not_known_and_the_way_out_is_told(place):
    record = dict(_play.play(2 ** 22 + 1, ['site.yml']), by='bob@desk', since='2026-11-25 20:41:03 UTC')
    record['id'] = (place + ' 4711 12345').strip()

    assert not _play.has_ended(record)
    assert _play.told(record) == (
        'bob@desk plays site.yml on this host, since 2026-11-25 20:41:03 UTC (process 4194305). Nothing was changed. Run again when it has ended. '
        'If it is dead, which cannot be seen from here, take the host over: -e crab_take_over=true')


def test_nobody_is_at_work_where_no_play_is_recorded():
    assert _play.has_ended(None) and _play.at_work(None) == ''


def test_a_live_play_of_this_controller_is_not_to_be_taken_over(other):
    assert _play.told(_play.play(other.pid, ['site.yml'])).endswith('(process %d). Nothing was changed. Run again when it has ended.' % other.pid)
