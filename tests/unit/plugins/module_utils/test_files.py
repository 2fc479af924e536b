# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ctypes
import grp
import os
import stat
import struct

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _files
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError


def mode_of(path):
    return stat.S_IMODE(os.stat(str(path)).st_mode)


def test_a_new_file_is_for_its_owner_only_unless_told_otherwise(tmp_path):
    result = _files.replace(str(tmp_path / 'f'), b'x')

    assert (tmp_path / 'f').read_bytes() == b'x'
    assert mode_of(tmp_path / 'f') == 0o600
    assert result == {'changed': True, 'content_changed': True, 'backup_file': None}


def test_an_existing_file_keeps_its_mode_when_none_is_given(tmp_path):
    (tmp_path / 'f').write_bytes(b'old')
    os.chmod(str(tmp_path / 'f'), 0o640)

    _files.replace(str(tmp_path / 'f'), b'new')

    assert mode_of(tmp_path / 'f') == 0o640


def test_the_same_content_and_mode_change_nothing(tmp_path):
    _files.replace(str(tmp_path / 'f'), b'x', mode=0o440)
    before = os.stat(str(tmp_path / 'f'))

    result = _files.replace(str(tmp_path / 'f'), b'x', mode=0o440)

    assert result['changed'] is False
    assert os.stat(str(tmp_path / 'f')).st_ino == before.st_ino


def test_a_wrong_mode_is_mended_without_a_new_file(tmp_path):
    _files.replace(str(tmp_path / 'f'), b'x', mode=0o644)

    result = _files.replace(str(tmp_path / 'f'), b'x', mode=0o440)

    assert result == {'changed': True, 'content_changed': False, 'backup_file': None}
    assert mode_of(tmp_path / 'f') == 0o440


def test_check_mode_tells_and_touches_nothing(tmp_path):
    result = _files.replace(str(tmp_path / 'missing' / 'f'), b'x', owner='no-such-account', group='no-such-group', mode=0o440, check=True)

    assert result['changed'] is True
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_account_is_named_and_the_old_file_stays(tmp_path):
    (tmp_path / 'f').write_bytes(b'old')

    with pytest.raises(CrabError, match='There is no account no-such-account on this host'):
        _files.replace(str(tmp_path / 'f'), b'new', owner='no-such-account')

    assert (tmp_path / 'f').read_bytes() == b'old'


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(CrabError, match='Run the stage that makes the folder'):
        _files.replace(str(tmp_path / 'missing' / 'f'), b'x')


def test_backup_keeps_the_old_content_and_mode_beside_the_file(tmp_path):
    (tmp_path / 'f').write_bytes(b'old')
    os.chmod(str(tmp_path / 'f'), 0o440)

    result = _files.replace(str(tmp_path / 'f'), b'new', mode=0o440, backup=True)

    with open(result['backup_file'], 'rb') as copy:
        assert copy.read() == b'old'
    assert mode_of(result['backup_file']) == 0o440
    assert os.path.dirname(result['backup_file']) == str(tmp_path)


@pytest.mark.parametrize('step', ['fsync', 'rename', 'fchmod'])
def test_a_crash_at_any_step_leaves_the_old_file_and_no_debris(tmp_path, monkeypatch, step):
    (tmp_path / 'f').write_bytes(b'old')

    def crash(*args):
        raise OSError(28, 'No space left on device')
    monkeypatch.setattr(_files.os, step, crash)

    with pytest.raises(CrabError) as caught:
        _files.replace(str(tmp_path / 'f'), b'new', mode=0o440)

    assert caught.value.args[0] == 'Cannot write %s: No space left on device. It is as it was before.' % (tmp_path / 'f')
    assert (tmp_path / 'f').read_bytes() == b'old'
    assert [path.name for path in tmp_path.iterdir()] == ['f']


def test_a_file_system_that_takes_no_file_is_not_taken_for_a_missing_folder(tmp_path, monkeypatch):
    def refuse(**dummy):
        raise OSError(30, 'Read-only file system')
    monkeypatch.setattr(_files.tempfile, 'mkstemp', refuse)

    with pytest.raises(CrabError) as caught:
        _files.replace(str(tmp_path / 'f'), b'new')

    assert caught.value.args[0] == 'Cannot write %s: Read-only file system.' % (tmp_path / 'f')


def test_an_access_control_list_stays_and_a_narrower_mode_narrows_it(tmp_path):
    """Owner rw, the account 12345 r, the group r, nobody else; as the kernel keeps it."""
    entries = ((1, 6, 0xffffffff), (2, 4, 12345), (4, 4, 0xffffffff), (16, 4, 0xffffffff), (32, 0, 0xffffffff))
    name, value = b'system.posix_acl_access', struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *entry) for entry in entries)
    library, path = ctypes.CDLL(None), str(tmp_path / 'f')
    (tmp_path / 'f').write_bytes(b'old')
    if library.setxattr(path.encode('ascii'), name, value, len(value), 0) != 0:
        pytest.skip('the file system of %s has no access control lists' % tmp_path)

    _files.replace(path, b'new')
    kept = ctypes.create_string_buffer(len(value))
    size = library.getxattr(path.encode('ascii'), name, kept, len(value))
    _files.replace(path, b'newer', mode=0o400)

    assert (size, kept.raw) == (len(value), value)
    assert mode_of(path) == 0o400


@pytest.mark.skipif(os.geteuid() != 0, reason='only root can give a file away')
def test_a_file_that_another_account_laid_where_everybody_can_is_not_taken_over(tmp_path):
    os.chmod(str(tmp_path), 0o1777)
    (tmp_path / 'f').write_bytes(b'bait')
    os.chown(str(tmp_path / 'f'), 12345, 12345)

    with pytest.raises(CrabError, match='belongs to the account 12345, and everybody can make a file in its folder'):
        _files.replace(str(tmp_path / 'f'), b'secret')

    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b'bait']


def test_content_is_never_visible_with_a_wider_mode(tmp_path, monkeypatch):
    seen = []
    original = os.rename

    def look(source, target):
        seen.append(mode_of(source))
        original(source, target)
    monkeypatch.setattr(_files.os, 'rename', look)

    _files.replace(str(tmp_path / 'f'), b'secret', mode=0o440)

    assert seen == [0o440]


def test_reading_what_is_not_there_is_none(tmp_path):
    assert _files.read(str(tmp_path / 'none' / 'f')) is None


class Mortal(object):
    """The module os, whose process dies at the nth call of it or of a file that it opened; a write gets half of its bytes out before that."""

    def __init__(self, wrapped, lives):
        self._wrapped, self._lives = wrapped, lives

    def __getattr__(self, name):
        found = getattr(self._wrapped, name)
        if not callable(found) or isinstance(found, type):
            return found

        def call(*arguments):
            self._lives[0] -= 1
            if self._lives[0] == 0:
                if name == 'write':
                    found(arguments[0][:len(arguments[0]) // 2])
                    self._wrapped.flush()
                os._exit(9)
            result = found(*arguments)
            return Mortal(result, self._lives) if name == 'fdopen' else result

        return call

    def __enter__(self):
        return self

    def __exit__(self, *dummy):
        self._wrapped.close()


def dies(lives, path, options):
    """Whether a process that may do so many things dies before it is done."""
    child = os.fork()
    if child == 0:
        _files.os = Mortal(os, [lives])
        try:
            _files.replace(path, NEW, **options)
        finally:
            os._exit(0)
    return os.waitpid(child, 0)[1] != 0


OLD, NEW = b'old ' * 1000, b'new ' * 2000


@pytest.mark.parametrize('backup', [False, True])
@pytest.mark.parametrize('exists', [False, True])
def test_a_process_killed_at_any_point_leaves_the_old_or_the_new_file_with_its_mode_and_owner(tmp_path, exists, backup):
    group = next((number for number in ([1] if os.geteuid() == 0 else os.getgroups()) if number != os.getegid()), os.getegid())
    options = {'mode': 0o440, 'backup': backup, 'group': grp.getgrgid(group).gr_name}
    lives, seen = 0, set()
    while True:
        lives += 1
        folder = tmp_path / str(lives)
        folder.mkdir()
        path = folder / 'f'
        if exists:
            path.write_bytes(OLD)
            os.chmod(str(path), 0o640)
        died = dies(lives, str(path), options)

        now = os.stat(str(path)) if path.exists() else None
        found = now and (path.read_bytes(), stat.S_IMODE(now.st_mode), now.st_gid)
        assert found in ((OLD, 0o640, os.getegid()) if exists else None, (NEW, 0o440, group))
        assert all(mode_of(other) & 0o007 == 0 for other in folder.iterdir())
        seen.add(found)
        if not died:
            break
        assert _files.replace(str(path), NEW, **options)['changed'] is (found != (NEW, 0o440, group)) and path.read_bytes() == NEW
    assert (lives > 5, len(seen)) == (True, 2)
