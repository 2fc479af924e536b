# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one exception that engines raise for what a user can mend."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class CrabError(Exception):
    """Wrong input or a wrong state of the host.

    :param message: what is wrong, naming the variable, file, key or ORA- code, and what was expected.
    :param hint: the next step for the user, a sentence; empty when the message says it all.
    :param result: dict of what the module returns beside the message, such as the steps that were done before the failure.
    """

    def __init__(self, message, hint='', result=None):
        Exception.__init__(self, message if not hint else '%s %s' % (message, hint))
        self.message = message
        self.hint = hint
        self.result = result or {}
