# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _crontab

MAKE = b'*/4 * * * * . /data/srv/current/apps/frontend/etc/profile.d/init.sh && /data/srv/current/config/frontend/mkauthmap -q -o x'
VOMS = b'13 */3 * * * /data/srv/current/config/frontend/mkvomsmap --vo cms'
BOOT = b"@reboot sudo -H -u _crabserver bashs -l -c '/data/srv/current/config/crabserver/manage sysboot'"
TABLE = b'# of Deploy: config/frontend/mkauthmap runs often\nMAILTO=""\n' + b'\n'.join([VOMS, MAKE, BOOT]) + b'\n'
BOTH = ['config/frontend/mkauthmap', 'config/frontend/mkvomsmap']


def test_jobs_are_commented_out_and_the_rest_stays():
    content, off, on = _crontab.switched(TABLE, BOTH)
    assert content == TABLE.replace(VOMS, b'#cmsweb.crab# ' + VOMS).replace(MAKE, b'#cmsweb.crab# ' + MAKE)
    assert (off, on) == ([VOMS.decode('ascii'), MAKE.decode('ascii')], [])


def test_commented_lines_stay_as_they_are():
    once = _crontab.switched(TABLE, BOTH)[0]
    assert _crontab.switched(once, BOTH) == (once, [], [])


def test_enable_gives_the_old_crontab_back():
    assert _crontab.switched(_crontab.switched(TABLE, BOTH)[0], [], BOTH)[0] == TABLE


@pytest.mark.parametrize('prefix', [b'#', b'# ', b'##', b' #\t'])
def test_line_commented_by_hand_is_enabled_too(prefix):
    assert _crontab.switched(prefix + MAKE + b'\n', [], BOTH) == (MAKE + b'\n', [], [MAKE.decode('ascii')])


def test_line_that_deploy_added_again_is_taken_out_beside_the_commented_one():
    twice = b'#cmsweb.crab# ' + MAKE + b'\n' + MAKE + b'\n'
    assert _crontab.switched(twice, BOTH)[0] == (b'#cmsweb.crab# ' + MAKE + b'\n') * 2


@pytest.mark.parametrize('line', [
    b'# config/frontend/mkauthmap', b'# see config/frontend/mkauthmap and mon-fri', b'#MAILTO=config/frontend/mkauthmap', b'PATH=/config/frontend/mkauthmap',
    b'# 5 minutes after config/frontend/mkauthmap was run', b'',
])
def test_what_is_no_job_is_never_touched(line):
    assert _crontab.switched(line, BOTH)[0] == line and _crontab.switched(line, [], BOTH)[0] == line


@pytest.mark.parametrize('line', [
    b'@daily config/frontend/mkauthmap', b'0 9 1-31/4 * * config/frontend/mkauthmap', b'0 0 * jan-mar Mon,tue config/frontend/mkauthmap',
    b'\t0\t0 * * 7 x;config/frontend/mkauthmap',
    b'0~30 * * * * config/frontend/mkauthmap \xe9',
])
def test_schedules_in_every_form_are_understood(line):
    assert _crontab.switched(line, BOTH)[0] == b'#cmsweb.crab# ' + line


def test_substring_is_looked_for_in_the_command_only():
    assert _crontab.switched(b'*/4 * * * * /bin/true\n', ['*/4'])[1] == []


def test_line_ends_and_a_missing_last_one_stay():
    assert _crontab.switched(VOMS + b'\r\n' + MAKE, BOTH)[0] == b'#cmsweb.crab# ' + VOMS + b'\r\n#cmsweb.crab# ' + MAKE
