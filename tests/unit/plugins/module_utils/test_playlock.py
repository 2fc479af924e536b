"""The record of the play that works on a host."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _playlock

FIRST = {'id': 'desk boot ns 1 10', 'by': 'alice@desk', 'playbook': 'site.yml', 'since': 'now', 'pid': 1}
SECOND = dict(FIRST, id='desk boot ns 2 20', by='bob@desk')


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(_playlock, 'FOLDER', str(tmp_path / 'crab'))
    monkeypatch.setattr(_playlock, 'RECORD', str(tmp_path / 'crab' / 'play.json'))
    return tmp_path / 'crab'


def test_the_first_play_has_the_host_and_the_second_is_told_who(folder):
    assert _playlock.hold(FIRST) is None
    assert _playlock.hold(SECOND) == FIRST
    assert _playlock.holder() == FIRST
    assert os.listdir(str(folder)) == ['play.json']


def test_a_play_may_say_so_twice():
    _playlock.hold(FIRST)

    assert _playlock.hold(FIRST) is None


@pytest.mark.parametrize('dead', [FIRST['id'], True])
def test_a_dead_play_is_followed(dead):
    _playlock.hold(FIRST)

    assert _playlock.hold(SECOND, dead) is None
    assert _playlock.holder() == SECOND


def test_only_the_play_that_was_found_dead_is_followed():
    _playlock.hold(SECOND)

    assert _playlock.hold(dict(FIRST, id='third'), FIRST['id']) == SECOND


@pytest.mark.parametrize('content', [b'{"by"', b'[1]'])
def test_a_record_that_cannot_be_read_is_somebodys(folder, content):
    folder.mkdir()
    (folder / 'play.json').write_bytes(content)

    assert _playlock.hold(FIRST)['by'] == 'somebody'
