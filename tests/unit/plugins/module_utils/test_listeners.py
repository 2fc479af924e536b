# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import socket

from ansible_collections.cmsweb.crab.plugins.module_utils import _listeners

TABLE = '''  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:204E 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0000000000000000 100 0 0 10 0
   1: 0100007F:204E 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0000000000000000 100 0 0 10 0
   2: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0000000000000000 100 0 0 10 0
'''


def test_only_listening_sockets_of_the_port_count():
    assert _listeners.listening_inodes(TABLE, 8270) == set(['socket:[4711]'])
    assert _listeners.listening_inodes(TABLE, 80) == set()


def test_the_process_that_listens_is_named():
    listener = socket.socket()
    listener.bind(('127.0.0.1', 0))
    port = listener.getsockname()[1]
    before = _listeners.holder(port)
    listener.listen(1)

    holder = _listeners.holder(port)
    listener.close()

    assert before is None
    assert holder['pid'] == os.getpid()
    assert holder['name']
