# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which play works on a host: a record on the host, because a play has no process there that could hold a lock.

Whether the play of a record is still alive is for its controller to tell, which alone can look at its processes.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import errno
import fcntl
import json
import os

from ansible_collections.cmsweb.crab.plugins.module_utils import _accounts, _files
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes, to_native

# Not in /run: a play that reboots the host goes on afterwards.
OF_ROOT = '/var/lib/cmsweb-crab'
FOLDER = _accounts.kept_in(OF_ROOT)
RECORD = FOLDER + '/play.json'


def hold(play, dead=None):
    """Write the play's record, unless another play has one. Returns that other's record, or None when this one has it now.

    :param play: dict, with an `id` that no other play has
    :param dead: id of a play that has ended without giving its record back, or True for whichever there is
    """
    with _alone():
        other = holder()
        if other and other['id'] != play['id'] and dead is not True and dead != other['id']:
            return other
        _files.replace(RECORD, to_bytes(json.dumps(play, sort_keys=True)), mode=0o644)
        return None


def free_command(identity):
    """The line for a shell of the host that removes the record of this play alone. Whose the folder is, the account there tells, and not the one here."""
    return 'folder=%s; [ "$(id -u)" = 0 ] || folder=%s; if grep -qsF \'%s\' "$folder/play.json"; then rm -f "$folder/play.json"; fi' % (
        OF_ROOT, _accounts.OWN, identity.replace("'", "'\\''"))


def holder():
    """The record of the play that works on this host, or None. One that cannot be read is somebody's."""
    try:
        record = json.loads(to_native(_files.read(RECORD) or b'null'))
    except ValueError:
        record = {}
    if record is None:
        return None
    return dict({'id': '', 'by': 'somebody', 'playbook': 'a playbook', 'since': 'an unknown time'}, **(record if isinstance(record, dict) else {}))


@contextlib.contextmanager
def _alone():
    try:
        os.mkdir(FOLDER, 0o755)
    except OSError as error:
        if error.errno != errno.EEXIST:
            raise
    handle = os.open(FOLDER, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
