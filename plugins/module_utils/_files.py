# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that are whole or not there: read, compare, and replace with owner and mode set before content is visible."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ctypes
import errno
import grp
import os
import pwd
import stat
import tempfile
import time

from ansible_collections.cmsweb.crab.plugins.module_utils import _clock
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes

# What a file has beside owner and mode: its SELinux context and its access control list.
_LABELS = (b'security.selinux', b'system.posix_acl_access')
_LONGEST_LABEL = 65536


def read(path):
    """The bytes of a file, or None if there is none."""
    try:
        with open(path, 'rb') as source:
            return source.read()
    except (IOError, OSError) as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return None
        raise CrabError('Cannot read %s: %s.' % (path, error.strerror))


def replace(path, content, owner=None, group=None, mode=None, backup=False, check=False, later=False):
    """Make the file hold these bytes with this owner, group and mode; change only what differs.

    :param content: bytes; None leaves the content of an existing file alone.
    :param owner: account name or None (as it is; for a new file: the caller's).
    :param group: group name or None.
    :param mode: permission bits as an int such as 0o440, or None (as it is; for a new file: 0o600).
    :param backup: keep a copy of a file whose content changes, beside it, with the old owner and mode.
    :param check: say what would change and touch nothing; accounts and folders may be missing.
    :param later: give a new content a later second than the old one had. Who compares only the size and the second of the last change sees it then.
    :returns: dict(changed=bool, content_changed=bool, backup_file=path or None)
    """
    old = read(path)
    content_changed = content is not None and content != old
    result = {'changed': content_changed, 'content_changed': content_changed, 'backup_file': None}
    if check:
        result['changed'] = content_changed or _attributes_differ(path, *_ids(owner, group, check), mode=mode)
        return result
    uid, gid = _ids(owner, group, check)
    if content_changed:
        if backup and old is not None:
            result['backup_file'] = _copy_aside(path, old)
        _write_beside_and_rename(path, content, uid, gid, mode, _second(path) + 1 if later else 0)
    elif _attributes_differ(path, uid, gid, mode=mode):
        result['changed'] = True
        _set_attributes(path, uid, gid, mode)
    return result


def _ids(owner, group, check):
    """Numbers of the accounts; -1 for "as it is". In check mode an unknown name is None: it will differ."""
    return (_lookup(pwd.getpwnam, 'account', owner, check, 'pw_uid'), _lookup(grp.getgrnam, 'group', group, check, 'gr_gid'))


def _lookup(by_name, kind, name, check, field):
    if name is None:
        return -1
    try:
        return getattr(by_name(name), field)
    except KeyError:
        if check:
            return None
        raise CrabError('There is no %s %s on this host.' % (kind, name), 'Run the deploy stage first, or name another %s.' % kind)


def _attributes_differ(path, uid, gid, mode):
    try:
        now = os.stat(path)
    except OSError:
        return False
    return (uid not in (-1, now.st_uid)) or (gid not in (-1, now.st_gid)) or (mode is not None and stat.S_IMODE(now.st_mode) != mode)


def _set_attributes(target, uid, gid, mode):
    """Path or descriptor. Owner first: chown clears the set-id bits of the mode."""
    if (uid, gid) != (-1, -1):
        (os.fchown if isinstance(target, int) else os.chown)(target, uid, gid)
    if mode is not None:
        (os.fchmod if isinstance(target, int) else os.chmod)(target, mode)


def _second(path):
    """The second in which a file was last changed; 0 if there is none."""
    try:
        return int(os.stat(path).st_mtime)
    except OSError:
        return 0


def _write_beside_and_rename(path, content, uid, gid, mode, not_before=0):
    folder = os.path.dirname(path) or '.'
    try:
        handle, temporary = tempfile.mkstemp(prefix='.%s.' % os.path.basename(path), dir=folder)
    except (IOError, OSError) as error:
        missing = error.errno in (errno.ENOENT, errno.ENOTDIR)
        raise _cannot_write(path, error, 'Run the stage that makes the folder %s first.' % folder if missing else '')
    try:
        if os.path.exists(path):
            _keep_attributes(path, handle)
        _set_attributes(handle, uid, gid, mode)
        with os.fdopen(handle, 'wb') as target:
            target.write(content)
            target.flush()
            os.fsync(target.fileno())
        if _second(temporary) < not_before:
            os.utime(temporary, (not_before, not_before))
        os.rename(temporary, path)
    except BaseException as error:
        os.unlink(temporary)
        if isinstance(error, EnvironmentError):
            raise _cannot_write(path, error, 'It is as it was before.')
        raise


def _cannot_write(path, error, hint):
    return CrabError('Cannot write %s: %s.' % (path, error.strerror), hint)


def _keep_attributes(path, handle):
    """Owner, mode and labels of the file that is about to be replaced."""
    old, folder = os.stat(path), os.stat(os.path.dirname(path) or '.')
    if folder.st_mode & stat.S_IWOTH and old.st_uid not in (os.geteuid(), folder.st_uid):
        raise CrabError('%s belongs to the account %d, and everybody can make a file in its folder.' % (path, old.st_uid),
                        'Remove it if it is not yours, or choose a path in another folder.')
    _set_attributes(handle, old.st_uid, old.st_gid, None)
    _copy_labels(path, handle)
    _set_attributes(handle, -1, -1, stat.S_IMODE(old.st_mode))


def _copy_labels(path, handle):
    """By the C library, as Python 2 has no such functions. A file system without labels is none to copy from."""
    library = ctypes.CDLL(None)
    library.getxattr.restype = ctypes.c_ssize_t
    value = ctypes.create_string_buffer(_LONGEST_LABEL)
    for name in _LABELS:
        size = library.getxattr(to_bytes(path), name, value, ctypes.c_size_t(_LONGEST_LABEL))
        if size > 0:
            library.fsetxattr(handle, name, value, ctypes.c_size_t(size), 0)


def _copy_aside(path, content):
    """The path of the copy: the name with the date, as Ansible's own modules do."""
    old = os.stat(path)
    copy = '%s.%s~' % (path, time.strftime('%Y-%m-%d@%H:%M:%S', time.localtime(_clock.now())))
    _write_beside_and_rename(copy, content, old.st_uid, old.st_gid, stat.S_IMODE(old.st_mode))
    return copy
