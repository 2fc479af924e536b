# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a CRABServer release reads, told from its version: the era of the external JSON and the keys of config.py."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import difflib
import re

from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError

# First day (YYMMDD) of each shape of the external configuration, newest first.
#   keyed  one object for each mode          both  keyed, or modes if there is such a key
#   modes  flat, with a list `modes`         rest  htcondorPool and htcondorScheddsLink only
#   none   no external JSON: everything is in config.py
_ERAS = ((251213, 'none'), (250909, 'rest'), (211222, 'modes'), (200500, 'both'), (0, 'keyed'))

# While the Python 3 line (py3.*) went on, the last Python 2 releases (v3.22*) still read both shapes.
_LAST_BOTH = 220228

# data.<key> of config.py: first day that reads it, first day that does not any more.
_ALWAYS = (0, 999999)
DATA_KEYS = {
    'object': _ALWAYS, 'backend': _ALWAYS, 'db': _ALWAYS, 'workflowManager': _ALWAYS, 'loggingFile': _ALWAYS, 'loggingLevel': _ALWAYS,
    'extconfigurl': (0, 251213), 'mode': (0, 250909), 'phedexurl': (0, 201026), 'credpath': (0, 250909),
    'serverhostcert': (0, 220301), 'serverhostkey': (0, 220301), 'cachedir': (0, 211103), 'powerusers': (0, 211103), 'quota_user_limit': (0, 211103),
    's3': (210401, 999999), 's3_bucket': (250909, 999999), 'delegateDN': (250108, 999999), 'compatibleClientVersions': (250909, 999999),
    'keptLogDays': (220414, 999999), 'enableQueryLoadAllRows': (220713, 999999),
    # In every template of Deploy, read by none of the releases from 2018 on.
    'dbsurl': (0, 180000), 'defaultBlacklist': (0, 180000),
}

# Without these the server does not start; without the others only some calls fail.
_NEEDED_AT_START = ('extconfigurl', 'mode', 's3_bucket')
_NEEDED_BY_CALLS = ('s3', 'delegateDN', 'compatibleClientVersions')


def release_date(version):
    """YYMMDD as a number: 3.3.1803.patch3 -> 180300, v3.250820 -> 250820, py3.211222 -> 211222; 3.3.14 and older -> 0."""
    match = re.match(r'(?:py|v)?3\.(?:restpy3\.|3\.|(?!3\.\d))(?:(\d{6})|(\d{4})|\d{1,2})(?!\d)', str(version))
    if not match:
        raise CrabError('There is no date in the CRABServer version %s.' % version, 'Expected one such as 3.3.1803.patch3 or v3.250820.')
    day, month = match.groups()
    return int(day or 0) or int(month or 0) * 100


def era_of(version):
    """The name of the shape that the external JSON must have: keyed, both, modes, rest or none."""
    date = release_date(version)
    if str(version).startswith('v') and 211222 <= date <= _LAST_BOTH:
        return 'both'
    return next(name for first, name in _ERAS if date >= first)


def delegate_dn_in_config(version):
    """True if the release takes the delegate DN from config.py instead of the external JSON."""
    return release_date(version) >= DATA_KEYS['delegateDN'][0]


def likely_key(key):
    """The key of config.py that was probably meant, or None."""
    return next(iter(difflib.get_close_matches(key, sorted(DATA_KEYS), 1, 0.6)), None)


def reads(version, key):
    """True if the release reads data.<key>."""
    first, end = DATA_KEYS.get(key, (0, 0))
    return first <= release_date(version) < end


def needed_at_start(version):
    """Keys of data without which the release does not start."""
    return [key for key in _NEEDED_AT_START if reads(version, key)]


def needed_by_calls(version):
    """Keys of data without which the release starts, but fails on some calls."""
    return [key for key in _NEEDED_BY_CALLS if release_date(version) >= 250108 and reads(version, key)]
