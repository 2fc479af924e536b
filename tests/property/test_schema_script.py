# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scripts of SQL with anything in their texts, quoted names and comments."""

from __future__ import annotations

from ansible_collections.cmsweb.crab.plugins.module_utils._schema import operations, script
from hypothesis import given
from hypothesis import strategies as st

HOSTILE = st.text(alphabet="aZ0 ;'\"/*-{}%\\\n\té", max_size=12)
NAMES = st.text(alphabet='ABZ', min_size=1, max_size=9).map(lambda name: name + '_0')
BLANKS = st.one_of(st.sampled_from(['', ' ', '\n', '\n\n']), HOSTILE.map(lambda text: '/*%s*/' % text.replace('*/', '')),
                   HOSTILE.map(lambda text: '--%s\n' % text.replace('\n', '')))


@st.composite
def statements(draw):
    """One statement that holds a text, a quoted name and a comment."""
    text, name = draw(HOSTILE).replace("'", "''"), draw(HOSTILE).replace('"', '') or 'x'
    return 'UPDATE "%s" SET %s = %s\'%s\'' % (name, draw(NAMES), draw(BLANKS), text)


@given(st.lists(st.tuples(BLANKS, statements(), BLANKS), max_size=4))
def test_a_script_is_split_into_what_it_was_made_of_and_each_has_its_line(parts: list[tuple[str, str, str]]) -> None:
    text, lines = '', []
    for before, sql, after in parts:
        lines.append((text + before).count('\n') + 1)
        text += before + sql + ';' + after

    found = script.split(text, 'script')

    assert [item.sql for item in found] == [sql for _before, sql, _after in parts]
    assert [item.line for item in found] == lines


@given(NAMES, NAMES, st.sampled_from(['CLOB', 'NUMBER(38,6)', "VARCHAR2(9) DEFAULT 'a,b' NOT NULL"]))
def test_a_change_by_another_column_is_the_same_change_as_the_plan_s(table: str, column: str, kind: str) -> None:
    between, shadow = column + '1', operations.shadow_name(column)
    theirs = ['ALTER TABLE %s ADD (%s %s)' % (table, between, kind), 'UPDATE %s SET %s = %s' % (table, between, column),
              'alter table %s drop column %s' % (table, column), 'ALTER TABLE %s RENAME COLUMN %s TO %s' % (table, between, column)]
    ours = ['ALTER TABLE %s ADD (%s %s)' % (table, shadow, kind), 'UPDATE %s SET %s = TO_CHAR(%s)' % (table, shadow, column),
            'ALTER TABLE %s DROP COLUMN %s' % (table, column), 'ALTER TABLE %s RENAME COLUMN %s TO %s' % (table, shadow, column),
            'ALTER TABLE %s MODIFY (%s NOT NULL)' % (table, column)]

    assert script.compare(theirs, ours) == {'only_script': [], 'only_plan': []}
