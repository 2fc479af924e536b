# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The argument spec that the modules about a release in a virtual environment share."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.cmsweb.crab.plugins.module_utils import _venv

VENV_ARGUMENTS = {
    'root': {'type': 'path', 'default': '/data/srv'},
    'version': {'type': 'str', 'required': True},
    'user': {'type': 'str', 'required': True},
    'repository': {'type': 'str', 'default': 'https://github.com/dmwm/CRABServer.git'},
    'requirements': {'type': 'list', 'elements': 'str', 'required': True},
    'python': {'type': 'path', 'default': '/usr/bin/python3'},
    'python_path': {'type': 'list', 'elements': 'path', 'default': []},
    'environment': {'type': 'dict', 'default': {}},
    'address': {'type': 'str', 'default': '127.0.0.1'},
    'log_days': {'type': 'int', 'default': 30},
    'header_key': {'type': 'str', 'no_log': True},
}


def release_of(params):
    """The engine's object from a module's parameters."""
    return _venv.Release(**dict((name, params[name]) for name in VENV_ARGUMENTS))
