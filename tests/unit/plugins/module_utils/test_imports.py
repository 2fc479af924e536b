# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is sent to a host can be imported there: on whatever Python these tests run, with the standard library alone."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import importlib
import os

import pytest

PLUGINS = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, os.pardir, os.pardir, os.pardir, 'plugins'))


def names():
    """Modules and what they import; a module that is only the documentation of an action plugin is none."""
    for part in ('modules', 'module_utils'):
        for folder, dummy, files in os.walk(os.path.join(PLUGINS, part)):
            for name in files:
                if name.endswith('.py') and name != '__init__.py' and not (part == 'modules' and os.path.exists(os.path.join(PLUGINS, 'action', name))):
                    yield os.path.relpath(os.path.join(folder, name[:-3]), PLUGINS).replace(os.sep, '.')


@pytest.mark.parametrize('name', sorted(names()))
def test_it_is_imported(name):
    module = importlib.import_module('ansible_collections.cmsweb.crab.plugins.' + name)

    assert name.startswith('module_utils.') or callable(module.main)
