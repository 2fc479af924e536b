# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines of a crontab, commented out and in again; every other byte stays."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import pwd
import re
import time

from ansible_collections.cmsweb.crab.plugins.module_utils import _clock, _process, _procfs
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes, to_native

# In front of a line that is out of service, so that it is known whose doing that is and can be taken off again exactly.
MARK = b'#cmsweb.crab# '
LONGEST_RUN = 30        # seconds that a run of a job is waited for

_FIELD = br'(?:[0-9*]|[A-Za-z]{3}(?![A-Za-z]))[-0-9A-Za-z*,/~]*'
_JOB = re.compile(br'[ \t]*(?:@[a-z]+|(?:' + _FIELD + br'[ \t]+){4}' + _FIELD + br')[ \t]+(\S.*)', re.DOTALL)
_BY_HAND = re.compile(br'[ \t]*#[# \t]*')


def switched(content, disable=(), enable=()):
    """The crontab with the jobs of these substrings out of and in service.

    :param content: bytes of the crontab.
    :param disable: substrings; an active line whose command has one of them is commented out.
    :param enable: substrings; a line that is commented out, by this function or by hand, is commented in.
    :returns: (content, lines disabled, lines enabled), the lines as text without their line end.
    """
    lines, off, on = [], [], []
    for line in content.splitlines(True):
        active = _command(line)
        original = _original(line) if active is None else None
        if active is not None and _has(active, disable):
            off.append(line)
            line = MARK + line
        elif original is not None and _has(_command(original), enable):
            on.append(original)
            line = original
        lines.append(line)
    return b''.join(lines), [_shown(line) for line in off], [_shown(line) for line in on]


def out_of_service(content):
    """The commands of the jobs that are commented out, by switched() or by hand, as text."""
    hidden = [_original(line) for line in content.splitlines(True) if _command(line) is None]
    return [_shown(_command(line)) for line in hidden if line is not None]


def read(user):
    """The crontab of a user; empty where there is no crontab, no such user or no cron at all."""
    if not _exists(user):
        return b''
    status, output, error = _run(user, ['-l'])
    if status == 0:
        return output
    if status is None or b'no crontab' in error:
        return b''
    raise CrabError('crontab -l of %s failed: %s.' % (user, _words(error)), 'Run the task as root or as %s.' % user)


def write(user, content):
    """Put a crontab in force. The content goes through stdin, so it is on no command line and in no file of ours."""
    status, dummy, error = _run(user, ['-'], content)
    if status != 0:
        raise CrabError('crontab refused the new crontab of %s: %s.' % (user, _words(error)), 'The old one is in force.')


def wait_for_runs(jobs):
    """Wait until no process runs one of these programs any more, such as config/frontend/mkauthmap. Returns the processes that do not end."""
    deadline = _clock.monotonic() + LONGEST_RUN
    while _procfs.running(jobs) and _clock.monotonic() < deadline:
        time.sleep(0.2)
    return _procfs.running(jobs)


def _run(user, arguments, content=b''):
    """(status, output, error); the status is None if there is no such command."""
    mine = pwd.getpwnam(user).pw_uid == os.geteuid()
    try:
        return _process.capture(['crontab'] + ([] if mine else ['-u', user]) + arguments, content, env=dict(os.environ, LC_ALL='C'))
    except OSError:
        return None, b'', b'there is no crontab command'


def _exists(user):
    try:
        pwd.getpwnam(user)
        return True
    except KeyError:
        return False


def _words(error):
    return ' '.join(to_native(error.decode('utf-8', 'replace')).split()) or 'no reason given'


def _command(line):
    """The command of a job; None for a comment, a variable or an empty line."""
    match = _JOB.match(line)
    return match.group(1) if match else None


def _original(line):
    """The job that a comment hides; None if the comment is no job."""
    text = line[len(MARK):] if line.startswith(MARK) else _BY_HAND.sub(b'', line, 1) if _BY_HAND.match(line) else b''
    return text if _command(text) is not None else None


def _has(command, substrings):
    return any(to_bytes(substring) in command for substring in substrings)


def _shown(line):
    return to_native(line.rstrip(b'\r\n').decode('utf-8', 'replace'))
