# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether this ansible-core can run modules with the Python that a host has.

A host is asked by its shell, since no module can say it: what an older Python makes of a newer core is a SyntaxError from deep inside.
"""

from __future__ import annotations

import re
import shlex

from ansible import constants as C
from ansible.release import __version__

FALLBACK = 'INTERPRETER_PYTHON_FALLBACK'
# Where a Python may be that this core does not look for.
OTHERS = ('/usr/bin/python3', '/usr/libexec/platform-python', 'python2.7', '/usr/bin/python')
PROGRAM = 'import sys; print("crab-python: %d.%d %s" % (sys.version_info[:2] + (sys.executable,)))'
ANSWER = re.compile(r'^crab-python: (\d+)\.(\d+) (\S+)\r?$', re.MULTILINE)
# The last ansible-core that manages hosts with this Python and later ones.
LAST_CORES = (((3, 9), '2.21'), ((3, 8), '2.19'), ((3, 7), '2.17'), ((3, 6), '2.16'), ((2, 7), '2.16'))


def configured(variables, template):
    """The interpreter that Ansible takes on the host, or None if it looks for one."""
    name = template(C.config.get_config_value('INTERPRETER_PYTHON', variables=variables))
    if not name or name.startswith('auto'):
        name = variables.get('ansible_facts', {}).get('discovered_interpreter_python')
    return name


def look(interpreter, variables):
    """The shell command that names the host's Python: the configured one, or the first that Ansible would find."""
    names = [interpreter] if interpreter else [*C.config.get_config_value(FALLBACK, variables=variables), *OTHERS]
    # Unquoted where it runs, as Ansible has it: /usr/bin/env python3 is an interpreter, too. A root's PATH may lack /usr/local/bin.
    return 'PATH=$PATH:/usr/local/bin; for python in %s; do $python -c %s 2> /dev/null && break; done' % (
        ' '.join(map(shlex.quote, names)), shlex.quote(PROGRAM))


def oldest():
    """The oldest Python that this core manages, by its major version: that of the names that it looks for on a host."""
    names = ' '.join(C.config.get_configuration_definition(FALLBACK)['default'])
    versions = [(int(major), int(minor)) for major, minor in re.findall(r'python(\d)\.(\d+)', names)]
    return {major: min(version for version in versions if version[0] == major) for major, _minor in versions}


def fault(host, interpreter, said):
    """What is wrong with the Python of a host, in one line, or None.

    :param interpreter: the configured one, or None
    :param said: what the command of look() printed there
    """
    answer = ANSWER.search(said)
    if not answer and interpreter:
        return '%s: ansible_python_interpreter is %s, and no Python runs there by that name. Name one that the host has.' % (host, interpreter)
    if not answer:
        return '%s has no Python. Install one there, such as the package python3, or name it in ansible_python_interpreter.' % host
    version, managed = (int(answer.group(1)), int(answer.group(2))), oldest()
    if version >= managed.get(version[0], (99,)):
        return None
    core = next((core for first, core in LAST_CORES if first <= version and first[0] == version[0]), None)
    return '%s has Python %d.%d at %s; ansible-core %s manages %s and newer%s' % (
        host, *version, answer.group(3), '.'.join(__version__.split('.')[:2]), _listed(managed), _remedy(core))


def _listed(managed):
    return ', '.join('%d.%d' % version for _major, version in sorted(managed.items()))


def _remedy(core):
    if core is None:
        return '. No ansible-core that works with this collection manages it: install a newer Python there.'
    major, minor = map(int, core.split('.'))
    return ": use ansible-core %s, e.g. pip install 'ansible-core>=%s,<%d.%d', or name a newer Python of the host in ansible_python_interpreter." % (
        core, core, major, minor + 1)
