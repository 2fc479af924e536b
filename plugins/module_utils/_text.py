# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Text and bytes, the same on Python 2.7 and 3: engines hold text, files hold UTF-8."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

text_type = type(u'')


def to_text(value):
    """UTF-8 bytes or text, as text. Invalid bytes raise UnicodeDecodeError: the caller knows which file they are from."""
    return value.decode('utf-8') if isinstance(value, bytes) else value


def to_bytes(value):
    """Text or bytes, as UTF-8 bytes."""
    return value if isinstance(value, bytes) else value.encode('utf-8')


def to_native(value):
    """What this Python calls str."""
    return to_text(value) if str is text_type else to_bytes(value)
