# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Processes by their command lines, out of /proc."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_native


def command_line(pid):
    """The words that a process was started with, each with a NUL behind it; empty if it has ended."""
    try:
        with open('/proc/%d/cmdline' % pid, 'rb') as source:
            return to_native(source.read().decode('utf-8', 'replace'))
    except (IOError, OSError):
        return ''


def naming(text):
    """The processes, by number, whose command lines have this text, such as a folder that they were told to work in."""
    return [int(entry) for entry in os.listdir('/proc') if entry.isdigit() and text in command_line(int(entry))]


def running(programs):
    """The processes, by number, of programs whose paths end like this, whatever interprets them."""
    ends = tuple(program + '\0' for program in programs)
    return [number for end in ends for number in naming(end)]
