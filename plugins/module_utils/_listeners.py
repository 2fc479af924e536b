# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which process listens on a TCP port, out of /proc, as an old host may have neither ss nor lsof; and ports that nobody listens on."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import socket

LISTENING = '0A'


def holder(port):
    """dict(pid, name) of the process that listens on a port of any address, or None. Without root only one's own are found; others have pid 0."""
    inodes = set()
    for table in ('/proc/net/tcp', '/proc/net/tcp6'):
        try:
            with open(table) as source:
                inodes |= listening_inodes(source.read(), port)
        except IOError:
            continue
    if not inodes:
        return None
    for entry in os.listdir('/proc'):
        if entry.isdigit() and _has_socket(entry, inodes):
            return {'pid': int(entry), 'name': _command_name(entry)}
    return {'pid': 0, 'name': 'a process of somebody else'}


def listening_inodes(table, port):
    """Inodes of the sockets that listen on the port, from the text of /proc/net/tcp."""
    found = set()
    for line in table.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 9 and fields[3] == LISTENING and int(fields[1].rsplit(':', 1)[1], 16) == port:
            found.add('socket:[%s]' % fields[9])
    return found


def _has_socket(pid, inodes):
    folder = '/proc/%s/fd' % pid
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    for name in names:
        try:
            if os.readlink(os.path.join(folder, name)) in inodes:
                return True
        except OSError:
            continue
    return False


def _command_name(pid):
    try:
        with open('/proc/%s/comm' % pid) as source:
            return source.read().strip()
    except IOError:
        return '?'


def free_ports(count):
    """So many ports of the loopback, all different."""
    held = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for dummy in range(count)]
    try:
        for one in held:
            one.bind(('127.0.0.1', 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()
