# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.cmsweb.crab.plugins.filter.controller_path import FilterModule


@pytest.mark.parametrize(('given', 'wanted'), [
    ('report.html', '/home/alice/here/report.html'),
    ('../ca.pem', '/home/alice/ca.pem'),
    ('/srv/report.html', '/srv/report.html'),
    ('~/ca.pem', '/home/alice/ca.pem'),
    ('', ''),
])
def test_a_path_begins_in_the_current_folder(monkeypatch: pytest.MonkeyPatch, given: str, wanted: str) -> None:
    monkeypatch.setattr('os.getcwd', lambda: '/home/alice/here')
    monkeypatch.setenv('HOME', '/home/alice')

    assert FilterModule().filters()['controller_path'](given) == wanted
