# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A command that root runs every hour: by a systemd timer, or by cron where an operator prefers that."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import zlib

from ansible_collections.cmsweb.crab.plugins.module_utils import _files, _process
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes

UNITS, CRON = '/etc/systemd/system', '/etc/cron.d'

# Hours after the last run, not of the clock: so a hundred hosts do not all ask at the same minute.
TIMER = '''# Written by role voms.
[Unit]
Description=%(what)s, hourly

[Timer]
OnBootSec=5min
OnUnitActiveSec=1h

[Install]
WantedBy=timers.target
'''
SERVICE = '''# Written by role voms. What it did: journalctl -u %(name)s; when it runs next: systemctl list-timers
[Unit]
Description=%(what)s
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart=%(command)s
TimeoutStartSec=5min
UMask=0077
PrivateTmp=yes
'''
HINT = 'Without systemd set voms_proxy_renewal to cron.'
CRON_LINE = '''# Written by role voms. What it did: the syslog of %(name)s.
PATH=/usr/sbin:/usr/bin:/sbin:/bin
%(minute)d * * * * root %(command)s 2>&1 | logger -t %(name)s
'''


def apply(kind, name, what, command, check=False):
    """Have it by this kind ('timer', 'cron' or 'none') and by no other; what changed, as text."""
    facts = {'name': name, 'what': what, 'command': command, 'minute': zlib.crc32(to_bytes(os.uname()[1])) % 60}
    service, timer = [os.path.join(UNITS, name + ending) for ending in ('.service', '.timer')]
    wanted = {'timer': {service: SERVICE, timer: TIMER}, 'cron': {os.path.join(CRON, name): CRON_LINE}, 'none': {}}[kind]
    changed = []
    if kind != 'timer' and os.path.exists(timer):
        changed.append('no timer %s' % name)
        if not check:
            _systemctl('disable', '--now', name + '.timer')
    for path in (service, timer, os.path.join(CRON, name)):
        if path in wanted:
            if _files.replace(path, to_bytes(wanted[path] % facts), mode=0o644, check=check)['changed']:
                changed.append(path)
        elif os.path.exists(path):
            changed.append('no %s' % path)
            if not check:
                os.unlink(path)
    if changed and not check and UNITS in ' '.join(changed):
        _systemctl('daemon-reload')
    if kind == 'timer' and not (_is('is-enabled', name) and _is('is-active', name)):
        changed.append('%s.timer enabled and started' % name)
        if not check:
            _systemctl('enable', name + '.timer')
            _systemctl('start', name + '.timer')
    return changed


def _is(state, name):
    try:
        return _call(state, '--quiet', name + '.timer')[0] == 0
    except CrabError:
        return False


def _systemctl(*arguments):
    code, said = _call(*arguments)
    if code != 0:
        raise CrabError('systemctl %s failed: %s.' % (' '.join(arguments), ' '.join(said.split()).rstrip('.')), HINT)


def _call(*arguments):
    try:
        return _process.run(('systemctl',) + arguments)
    except OSError as error:
        raise CrabError('systemctl cannot be run: %s.' % os.strerror(error.errno), HINT)
