# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.cmsweb.crab.plugins.filter.read_by import FilterModule

SETTINGS = {'data.mode': 'm', 'data.extconfigurl': 'http://x/', 'srv.port': 1}


@pytest.mark.parametrize(
    ('release', 'keys'),
    [
        ('', ['data.extconfigurl', 'data.mode', 'srv.port']),
        ('3.3.1803.patch3', ['data.extconfigurl', 'data.mode', 'srv.port']),
        ('v3.251015', ['data.extconfigurl', 'srv.port']),
        ('v3.260407', ['srv.port']),
    ],
)
def test_keys_of_data_that_the_release_does_not_read_are_left_out(release: str, keys: list[str]) -> None:
    assert sorted(FilterModule().filters()['read_by'](SETTINGS, release)) == keys


def test_a_release_without_a_date_is_named() -> None:
    with pytest.raises(AnsibleFilterError, match='There is no date in the CRABServer version nonsense'):
        FilterModule().filters()['read_by'](SETTINGS, 'nonsense')
