# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""With a made-up entry: whether there is one in the collection or not, the machinery works."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.cmsweb.crab.plugins.plugin_utils._preflight import TRUSTED
from ansible_collections.cmsweb.crab.plugins.plugin_utils._renamed import Renamed, examine

TABLE = (Renamed('oracle_schema_database', 'oracle_schema_dsn', '1.4.0', '2.0.0'),)
DEFAULTS = 'oracle_schema_dsn: "{{ oracle_schema_database | default(\'devdb11\') }}"\n'


@pytest.fixture
def found(tmp_path: Path):
    """What is said of these variables of an inventory, and the value that a role with such a default gets."""
    (tmp_path / 'main.yml').write_text(DEFAULTS)

    def examined(**variables):
        known = {**DataLoader().load_from_file(str(tmp_path / 'main.yml'), **TRUSTED), **variables}
        template = Templar(loader=DataLoader(), variables=known).template
        return examine(known, template, TABLE), template(known['oracle_schema_dsn'])

    return examined


def test_the_new_name_alone_is_nothing_to_speak_of(found) -> None:
    assert found(oracle_schema_dsn='int2r') == (([], []), 'int2r')


def test_the_old_name_counts_and_the_new_one_is_told(found) -> None:
    (problems, doubts), value = found(oracle_schema_database='int2r')

    assert (problems, value) == ([], 'int2r')
    assert doubts == ['oracle_schema_database is called oracle_schema_dsn since version 1.4.0, and is not read any more from 2.0.0 on. '
                      'Rename it in your inventory.']


def test_both_names_with_one_value_are_as_good_as_the_old_one(found) -> None:
    (problems, doubts), value = found(oracle_schema_database='int2r', oracle_schema_dsn='int2r')

    assert (problems, len(doubts), value) == ([], 1, 'int2r')


def test_both_names_with_different_values_are_refused_without_showing_them(found) -> None:
    (problems, doubts), _value = found(oracle_schema_database='int2r', oracle_schema_dsn='devdb19')

    assert problems == ['oracle_schema_database is the old name of oracle_schema_dsn, and both are set, to different values. Remove oracle_schema_database.']
    assert doubts == []
