# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module does with the result of its act."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run


class Module:
    """A module whose act is given."""

    def __init__(self, act):
        self.act = act

    def main(self):
        run(self.act, {})


def failing(params, check):
    raise CrabError('It is broken.', 'Repair it.', {'rows': 2, 'warnings': ['one', 'two']})


@pytest.mark.parametrize('act, rest', [
    (lambda params, check: {'changed': False, 'rows': 2, 'warnings': ['one', 'two']}, {'changed': False}),
    (failing, {'failed': True, 'msg': 'It is broken. Repair it.'}),
])
def test_warnings_of_a_result_are_the_modules_own(run_module, act, rest):
    result = run_module(Module(act), {})

    assert result['warnings'] == ['one', 'two']
    assert 'deprecations' not in result
    assert dict(rest, rows=2) == dict((name, result[name]) for name in list(rest) + ['rows'])


def test_a_result_without_warnings_shows_none(run_module):
    assert 'warnings' not in run_module(Module(lambda params, check: {'changed': False, 'warnings': []}), {})
