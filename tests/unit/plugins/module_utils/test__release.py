# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _release
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError


@pytest.mark.parametrize('version, date, era', [
    ('3.3.9.rc2', 0, 'keyed'),
    ('3.3.1803.patch3', 180300, 'keyed'),
    ('3.3.2004', 200400, 'keyed'),
    ('3.3.2005.rc1', 200500, 'both'),
    ('v3.restpy3.211101.1', 211101, 'both'),
    ('py3.211222patch1', 211222, 'modes'),
    ('v3.220228', 220228, 'both'),
    ('v3.220301', 220301, 'modes'),
    ('v3.250820', 250820, 'modes'),
    ('v3.250925', 250925, 'rest'),
    ('v3.251119-stable', 251119, 'rest'),
    ('v3.251213', 251213, 'none'),
    ('v3.260819', 260819, 'none'),
])
def test_version_gives_date_and_era(version, date, era):
    assert (_release.release_date(version), _release.era_of(version)) == (date, era)


@pytest.mark.parametrize('version', ['', 'HG1803f', 'v3', '3.3.180', 'latest'])
def test_version_without_date_is_refused(version):
    with pytest.raises(CrabError) as caught:
        _release.era_of(version)
    assert 'There is no date in the CRABServer version %s.' % version == caught.value.message


@pytest.mark.parametrize('version, needed, by_calls', [
    ('3.3.1803.patch3', ['extconfigurl', 'mode'], []),
    ('v3.250820', ['extconfigurl', 'mode'], ['s3', 'delegateDN']),
    ('v3.250925', ['extconfigurl', 's3_bucket'], ['s3', 'delegateDN', 'compatibleClientVersions']),
    ('v3.260819', ['s3_bucket'], ['s3', 'delegateDN', 'compatibleClientVersions']),
])
def test_keys_that_a_release_needs(version, needed, by_calls):
    assert (_release.needed_at_start(version), _release.needed_by_calls(version)) == (needed, by_calls)


@pytest.mark.parametrize('version, in_config', [('v3.241218', False), ('v3.250109', True)])
def test_delegate_dn_moves_into_config_py_in_january_2025(version, in_config):
    assert _release.delegate_dn_in_config(version) is in_config


def test_likely_key_of_a_typing_error():
    assert [_release.likely_key(key) for key in ('ketpLogDays', 'extconfigURL', 'xyzzy')] == ['keptLogDays', 'extconfigurl', None]
