# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules that write a file have in common."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment(object):
    """Options and attributes shared by the modules of this collection."""

    DOCUMENTATION = r'''
options:
  owner:
    description: Account that owns the file. The default is as it is, or the calling account for a new file.
    type: str
  group:
    description: Group of the file. The default is as it is.
    type: str
  mode:
    description:
      - Permission bits of the file, such as V(0440), in quotes.
      - The default is as it is, or V(0600) for a new file.
    type: raw
  backup:
    description: Keep a dated copy beside a file whose content changes, with its old owner and mode.
    type: bool
    default: false
'''

    INFO = r'''
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Reads only, so there is nothing to show in diff mode.
    support: none
  idempotent:
    description: When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
    support: full
'''

    ATTRIBUTES = r'''
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in C(check_mode)), when in diff mode. Secrets are masked.
    support: full
  idempotent:
    description: When run twice in a row outside check mode, with the same arguments, the second invocation indicates no change.
    support: full
'''
