# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Running other programs: the one place where engines start a process.

ansible-test wants AnsibleModule.run_command instead. Engines know nothing of Ansible: they also run in the program of a timer, on the controller and in
tests; and run_command cannot leave a program running, drop privileges, or keep an open file.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import subprocess

from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes, to_native


def start(command, **options):
    """The process of a command, running. Options are those of subprocess.Popen; a program that cannot be started raises OSError."""
    return subprocess.Popen(command, **options)     # pylint: disable=ansible-bad-function


def capture(command, stdin='', **options):
    """(exit code, output, errors) of a command at its end, both bytes."""
    process = start(command, **dict({'stdin': subprocess.PIPE, 'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE}, **options))
    output, errors = process.communicate(to_bytes(stdin))
    return process.returncode, output, errors


def run(command, stdin='', **options):
    """(exit code, output) of a command at its end, its errors in the output, as text."""
    code, output, dummy = capture(command, stdin, stderr=subprocess.STDOUT, **options)
    return code, decoded(output)


def decoded(output):
    """What a program wrote, as text, whatever its encoding."""
    return to_native(output.decode('utf-8', 'replace'))
