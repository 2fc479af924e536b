"""The record of the play that works on a host."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os
import subprocess

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


@pytest.mark.parametrize('uid, place', [('0', 'of root'), ('1000', 'home/.cmsweb-crab')])
def test_a_play_removes_its_own_record_and_no_other_where_the_account_on_the_host_has_it(tmp_path, monkeypatch, uid, place):
    monkeypatch.setattr(_playlock, 'OF_ROOT', "'%s/of root'" % tmp_path)
    for name in ('bin', 'home', 'home/.cmsweb-crab', 'of root'):
        (tmp_path / name).mkdir()
    (tmp_path / 'bin' / 'id').write_bytes(('#!/bin/sh\necho %s\n' % uid).encode())
    (tmp_path / 'bin' / 'id').chmod(0o755)
    records = [tmp_path / 'of root' / 'play.json', tmp_path / 'home' / '.cmsweb-crab' / 'play.json']
    for record in records:
        record.write_bytes(json.dumps(FIRST).encode())
    environment = dict(os.environ, HOME=str(tmp_path / 'home'), PATH='%s:%s' % (tmp_path / 'bin', os.environ['PATH']))

    subprocess.check_call(['sh', '-c', _playlock.free_command(SECOND['id'])], env=environment)
    assert all(record.exists() for record in records)
    subprocess.check_call(['sh', '-c', _playlock.free_command(FIRST['id'])], env=environment)
    assert [record for record in records if not record.exists()] == [tmp_path / place / 'play.json']


@pytest.mark.parametrize('content', [b'{"by"', b'[1]'])
def test_a_record_that_cannot_be_read_is_somebodys(folder, content):
    folder.mkdir()
    (folder / 'play.json').write_bytes(content)

    assert _playlock.hold(FIRST)['by'] == 'somebody'
