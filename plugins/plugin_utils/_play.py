# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A play as a process of the controller: what tells it from every other, and whether one has ended."""

from __future__ import annotations

import getpass
import os
import socket
import time

from pathlib import Path

from ansible_collections.cmsweb.crab.plugins.module_utils import _clock


def play(pid, playbooks):
    """What a host is told of the play whose process this is: dict of id, by, pid, playbook, since."""
    return {'id': '%s %d %s' % (place(), pid, started(pid)), 'by': '%s@%s' % (getpass.getuser(), socket.gethostname()), 'pid': pid,
            'playbook': ' '.join(os.path.basename(name) for name in playbooks), 'since': time.strftime('%Y-%m-%d %H:%M:%S %Z', time.localtime(_clock.now()))}


def place():
    """Where a process number means the same process: this machine since its start, and the numbers of one container."""
    return ' '.join([socket.gethostname(), _first(lambda: Path('/proc/sys/kernel/random/boot_id').read_text(encoding='ascii').strip()),
                     _first(lambda: os.readlink('/proc/self/ns/pid'))])


def started(pid):
    """When a process started, in ticks since the machine did; empty where that cannot be told, and for one that has ended."""
    fields = _first(lambda: Path('/proc/%d/stat' % pid).read_text(encoding='utf-8', errors='replace').rsplit(')', 1)[1]).split()
    return fields[19] if fields and fields[0] != 'Z' else ''


def is_of_here(other):
    """Whether a play can be looked at from here."""
    return _parts(other)[0] == place()


def has_ended(other):
    """Whether a play of this controller is no more, or there is none. Of another controller's play that is not known, so it has not."""
    if not other:
        return True
    where, number, start = _parts(other)
    if where != place() or not number.isdigit():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return start != started(int(number))


def at_work(other):
    """Who plays what on a host, as a sentence; empty for nobody."""
    return '%s plays %s on this host, since %s (process %s).' % (other['by'], other['playbook'], other['since'], other.get('pid', 'unknown')) if other else ''


def told(other):
    """A play that has the host, as a message for the one that has to wait."""
    advice = 'Run again when it has ended.'
    if not is_of_here(other):
        advice += ' If it is dead, which cannot be seen from here, take the host over: -e crab_take_over=true'
    return '%s Nothing was changed. %s' % (at_work(other), advice)


def _parts(other):
    """Place, number and start of a play's process."""
    rest, _space, start = other['id'].rpartition(' ')
    where, _space, number = rest.rpartition(' ')
    return where, number, start


def _first(look):
    try:
        return look()
    except OSError:
        return ''
