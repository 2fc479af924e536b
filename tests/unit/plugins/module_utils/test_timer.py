# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _timer
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Folders of its own, and a systemctl that remembers."""
    for folder in ('system', 'cron.d', 'bin'):
        (tmp_path / folder).mkdir()
    monkeypatch.setattr(_timer, 'UNITS', str(tmp_path / 'system'))
    monkeypatch.setattr(_timer, 'CRON', str(tmp_path / 'cron.d'))
    systemctl = tmp_path / 'bin' / 'systemctl'
    systemctl.write_text(u'#!/bin/sh\ncd %s\necho "$@" >> calls\ncase $1 in enable) touch on;; disable) rm -f on;; is-*) test -e on;; esac\n' % tmp_path)
    systemctl.chmod(0o755)
    monkeypatch.setenv('PATH', '%s:/usr/bin:/bin' % systemctl.parent)
    return tmp_path


def test_a_timer_is_written_enabled_and_started_once(machine):
    changed = _timer.apply('timer', 'job', 'Do it', '/bin/job --now')

    assert [line.split('/')[-1] for line in changed] == ['job.service', 'job.timer', 'job.timer enabled and started']
    assert u'\nExecStart=/bin/job --now\n' in (machine / 'system' / 'job.service').read_text()
    assert u'\nOnUnitActiveSec=1h\n' in (machine / 'system' / 'job.timer').read_text()
    assert (machine / 'calls').read_text().splitlines()[-3:] == ['is-enabled --quiet job.timer', 'enable job.timer', 'start job.timer']
    assert _timer.apply('timer', 'job', 'Do it', '/bin/job --now') == []


def test_cron_takes_the_place_of_the_timer_and_none_that_of_cron(machine):
    _timer.apply('timer', 'job', 'Do it', '/bin/job')

    assert 'no timer job' in _timer.apply('cron', 'job', 'Do it', '/bin/job')
    assert list((machine / 'system').iterdir()) == []
    assert (machine / 'cron.d' / 'job').read_text().splitlines()[-1].endswith(' * * * * root /bin/job 2>&1 | logger -t job')
    assert _timer.apply('none', 'job', 'Do it', '/bin/job') == ['no %s' % (machine / 'cron.d' / 'job')]
    assert list((machine / 'cron.d').iterdir()) == []


def test_check_mode_touches_nothing(machine):
    assert len(_timer.apply('timer', 'job', 'Do it', '/bin/job', check=True)) == 3
    assert list((machine / 'system').iterdir()) == []
    assert 'enable job.timer' not in (machine / 'calls').read_text().splitlines()


def test_without_systemd_cron_is_named(machine, monkeypatch):
    monkeypatch.setenv('PATH', '/nonexistent')

    with pytest.raises(CrabError) as error:
        _timer.apply('timer', 'job', 'Do it', '/bin/job')

    assert 'set voms_proxy_renewal to cron' in str(error.value)
