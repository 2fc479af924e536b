# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two clocks of a host. Nothing else reads them.

Engines that compare dates take the present as a parameter: a module reads it once, and a test chooses it.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import time


def now():
    """The date, in seconds since the epoch. Somebody may set it at any moment."""
    return time.time()


def monotonic():
    """Seconds that only grow, for deadlines and durations. Python 2.7 has no time.monotonic."""
    return os.times()[4]
