# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import getpass
import os
import subprocess

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _crontab
from ansible_collections.cmsweb.crab.plugins.modules import cron_lines

MAKE = '*/4 * * * * /data/srv/current/config/frontend/mkauthmap -q'
BOOT = '@reboot /data/srv/current/config/crabserver/manage sysboot'
# Stands for cron's command: keeps the crontab in a file, and notes how it was called.
CRONTAB = '''#!/bin/sh
echo "$@" >> {folder}/calls
case "$*" in
  *-l) [ -e {folder}/table ] && exec cat {folder}/table; echo "no crontab for somebody" >&2; exit 1 ;;
  *-) grep -q refuse {folder}/mood 2> /dev/null && {{ echo "bad minute" >&2; exit 1; }}; exec cat > {folder}/table ;;
  *) exit 64 ;;
esac
'''


@pytest.fixture
def cron(tmp_path, monkeypatch):
    command = tmp_path / 'crontab'
    command.write_bytes(CRONTAB.format(folder=tmp_path).encode('ascii'))
    os.chmod(str(command), 0o755)
    monkeypatch.setenv('PATH', '%s:%s' % (tmp_path, os.environ['PATH']))
    return tmp_path


def arguments(**more):
    return dict({'user': getpass.getuser(), 'disable': ['config/frontend/mkauthmap']}, **more)


def test_job_is_taken_out_and_put_back(cron, run_module):
    table = '\n'.join([MAKE, BOOT, ''])
    (cron / 'table').write_bytes(table.encode('ascii'))
    out = run_module(cron_lines, arguments())
    disabled = (cron / 'table').read_bytes().decode('ascii')
    back = run_module(cron_lines, arguments(disable=[], enable=['config/frontend/mkauthmap']))
    assert disabled == '#cmsweb.crab# ' + table
    assert (out['disabled'], back['enabled'], (cron / 'table').read_bytes().decode('ascii')) == ([MAKE], [MAKE], table)


def test_second_run_writes_nothing(cron, run_module):
    (cron / 'table').write_bytes(MAKE.encode('ascii') + b'\n')
    first, second = run_module(cron_lines, arguments()), run_module(cron_lines, arguments())
    assert (first['changed'], second['changed'], second['diff']['before']) == (True, False, second['diff']['after'])
    assert (cron / 'calls').read_bytes().splitlines() == [b'-l', b'-', b'-l']


def test_check_mode_writes_nothing(cron, run_module):
    (cron / 'table').write_bytes(MAKE.encode('ascii') + b'\n')
    result = run_module(cron_lines, arguments(), check=True)
    assert result['changed'] and (cron / 'calls').read_bytes() == b'-l\n'


def test_no_crontab_is_no_error(cron, run_module):
    assert run_module(cron_lines, arguments())['changed'] is False


def test_no_account_is_no_error(cron, run_module):
    assert run_module(cron_lines, arguments(user='nosuchaccount'))['changed'] is False and not (cron / 'calls').exists()


def test_no_crontab_command_is_no_error(tmp_path, monkeypatch, run_module):
    monkeypatch.setenv('PATH', str(tmp_path))
    assert run_module(cron_lines, arguments())['changed'] is False


def test_account_of_another_is_named_to_crontab(cron, run_module):
    if os.geteuid() != 0:
        pytest.skip('needs root: the crontab of another account')
    run_module(cron_lines, arguments(user='nobody'))
    assert (cron / 'calls').read_bytes() == b'-u nobody -l\n'


def test_refusal_of_cron_is_told(cron, run_module):
    (cron / 'table').write_bytes(MAKE.encode('ascii') + b'\n')
    (cron / 'mood').write_bytes(b'refuse\n')
    result = run_module(cron_lines, arguments())
    assert result['msg'] == 'crontab refused the new crontab of %s: bad minute. The old one is in force.' % getpass.getuser()


@pytest.mark.parametrize('more', [{'disable': ['']}, {'disable': ['mkauthmap'], 'enable': ['frontend/mkauthmap']}])
def test_nonsense_is_refused(cron, run_module, more):
    assert run_module(cron_lines, arguments(**more))['failed'] is True


@pytest.fixture
def job(tmp_path):
    """A run of a job of this name, which ends when its standard input does."""
    script = tmp_path / 'config' / 'frontend' / 'mkauthmap-of-this-test'
    script.parent.mkdir(parents=True)
    script.write_bytes(b'#!/bin/sh\necho begun\ncat\necho done > ' + str(tmp_path / 'written').encode('ascii'))
    os.chmod(str(script), 0o755)
    process = subprocess.Popen([str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b'begun\n'
    yield process
    if process.poll() is None:
        process.communicate()


def test_a_run_under_way_is_waited_for(cron, job, run_module, monkeypatch):
    monkeypatch.setattr(_crontab.time, 'sleep', lambda seconds: job.communicate())
    result = run_module(cron_lines, arguments(disable=['config/frontend/mkauthmap-of-this-test']))
    assert (cron / 'written').exists() and result.get('warnings', []) == []


def test_a_run_without_an_end_is_named(cron, job, run_module, monkeypatch):
    monkeypatch.setattr(_crontab, 'LONGEST_RUN', 0)
    result = run_module(cron_lines, arguments(disable=['config/frontend/mkauthmap-of-this-test']))
    assert result['changed'] is False and 'Process %d still runs' % job.pid in result['warnings'][0]


def test_check_mode_waits_for_nobody(cron, job, run_module, monkeypatch):
    monkeypatch.setattr(_crontab.time, 'sleep', lambda seconds: pytest.fail('it waits'))
    assert run_module(cron_lines, arguments(disable=['config/frontend/mkauthmap-of-this-test']), check=True)['changed'] is False
