# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import time

from ansible_collections.cmsweb.crab.plugins.module_utils import _clock
from ansible_collections.cmsweb.crab.plugins.modules import log_info

NOW = 1795600000.0      # 25 November 2026
LINE = '[%s] crab-vm 10.0.0.1 "GET /crabserver/dev/info HTTP/1.1" 200 OK [data: 2 in 1 out 4455 us ] [auth: OK "/CN=alice" "" ] [ref: "" "x" ]\n'


def written(tmp_path, name, age):
    """A log of one request, that many seconds old."""
    folder = tmp_path / 'logs' / 'crabserver'
    if not folder.exists():
        os.makedirs(str(folder))
    moment = NOW - age
    path = folder / name
    path.write_bytes((LINE % time.strftime('%d/%b/%Y:%H:%M:%S', time.localtime(moment))).encode('utf-8'))
    os.utime(str(path), (moment, moment))
    return str(path)


def test_only_files_and_requests_since_then_are_told(tmp_path, run_module, monkeypatch):
    monkeypatch.setattr(_clock, 'now', lambda: NOW)
    written(tmp_path, 'crabserver-20261101.log', 3 * 86400)
    recent = written(tmp_path, 'crabserver-20261102.log', 600)
    written(tmp_path, 'other.log', 600)

    told = run_module(log_info, {'root': str(tmp_path), 'since': '1h'})
    everything = run_module(log_info, {'root': str(tmp_path), 'since': '7d'})

    assert (told['changed'], told['files'], told['requests']) == (False, [recent], 1)
    assert everything['requests'] == 2


def test_a_host_without_logs_is_no_failure(tmp_path, run_module):
    told = run_module(log_info, {'root': str(tmp_path), 'service': 'frontend'}, check=True)

    assert (told['files'], told['requests'], told['errors']) == ([], 0, [])


def test_a_wrong_since_names_the_option(tmp_path, run_module):
    assert run_module(log_info, {'root': str(tmp_path), 'since': 'noon'})['msg'].startswith('since: noon is neither')
