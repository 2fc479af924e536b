# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The columns that the engine asks the dictionary for, against lists that others made: no server is at hand that would refuse a wrong one."""

from __future__ import annotations

import re

import pytest
from sqlalchemy.dialects.oracle import dictionary as theirs

from ansible_collections.cmsweb.crab.plugins.module_utils._schema import account, dictionary, grants, purge

# Views that SQLAlchemy does not read: the columns that we use, from the pages of Oracle's Database Reference, 11.2 and 19c alike. The page of a USER_
# view refers to that of the ALL_ view.
REFERENCE = {
    'user_part_tables': 'table_name partitioning_type subpartitioning_type interval',       # ALL_PART_TABLES
    'user_part_key_columns': 'name object_type column_name column_position',                # ALL_PART_KEY_COLUMNS
    'user_tab_partitions': 'table_name partition_name high_value partition_position interval',      # ALL_TAB_PARTITIONS
    'user_triggers': 'trigger_name table_name description trigger_body',                    # ALL_TRIGGERS
    'user_tab_privs_made': 'grantee table_name privilege',                                  # ALL_TAB_PRIVS_MADE, USER_TAB_PRIVS_MADE
    'user_users': 'username account_status expiry_date default_tablespace',                 # USER_USERS
    'user_ts_quotas': 'tablespace_name bytes max_bytes',                                    # DBA_TS_QUOTAS, USER_TS_QUOTAS
    'user_recyclebin': 'original_name type space',                                          # USER_RECYCLEBIN
    'user_unused_col_tabs': 'table_name count',                                             # ALL_UNUSED_COL_TABS
    'user_partial_drop_tabs': 'table_name',                                                 # ALL_PARTIAL_DROP_TABS
    'session_privs': 'privilege',                                                           # SESSION_PRIVS
    'nls_session_parameters': 'parameter value',                                            # NLS_SESSION_PARAMETERS
}
# Not in 11.2: there the text of a check is in a LONG column only, and a column has no identity.
NEWER = {'SEARCH_CONDITION_VC', 'IDENTITY_COLUMN', 'DEFAULT_ON_NULL', 'COLLATION'}
WORDS = {'SELECT', 'FROM', 'WHERE', 'AND', 'ORDER', 'BY', 'IN', 'IS', 'NOT', 'NULL'}
QUERIES = dict(dictionary.QUERIES)
for _engine in (account, grants, purge):
    QUERIES.update({f'{_engine.__name__.rsplit(".", 1)[1]} {name}': text for name, text in vars(_engine).items()
                    if isinstance(text, str) and text.startswith('SELECT')})


def asked(sql: str) -> tuple[str, set[str]]:
    """The view of a query and the columns that it names."""
    words = re.findall(r'[A-Z_]\w*', re.sub(r"'[^']*'|:\w+", '', sql).upper())
    view = words[words.index('FROM') + 1]
    return view.lower(), set(words) - WORDS - {view}


def theirs_of(view: str) -> set[str]:
    """The columns that SQLAlchemy knows of the ALL_ view; none if it does not know the view."""
    known = getattr(theirs, view.replace('user_tab_columns', 'user_tab_cols').replace('user_', 'all_'), None)
    return {column.name.upper() for column in known.c} if known is not None else set()


@pytest.mark.parametrize('name', sorted(QUERIES))
def test_every_column_that_is_asked_for_is_there(name: str) -> None:
    view, columns = asked(QUERIES[name])
    known = set(REFERENCE[view].upper().split()) if view in REFERENCE else theirs_of(view)

    assert columns and columns - known == set()


@pytest.mark.parametrize('name', sorted(QUERIES))
def test_nothing_is_asked_for_that_11_2_does_not_know(name: str) -> None:
    assert asked(QUERIES[name])[1] & NEWER == set()


def test_the_views_of_the_stand_in_have_no_column_of_their_own(oracle) -> None:
    from cx_Oracle import _views
    invented = {}
    for view, (columns, _since, _sql) in _views.VIEWS.items():
        listed = theirs_of(view.lower()) if view.startswith('USER_') and view.lower() not in REFERENCE else None
        if listed:
            invented[view] = {name for name, _kind, _sql in columns} - listed

    assert len(invented) >= 10
    assert {view: names for view, names in invented.items() if names} == {}


@pytest.mark.parametrize('version', ['11.2', '12.1', '12.2', '18', '19', '21', '23'])
def test_every_query_runs_on_every_version(oracle, version: str) -> None:
    oracle.run('CREATE TABLE t (a NUMBER CHECK (a > 0))')
    oracle.admin('version', version)
    connection = oracle.connect()

    for sql in QUERIES.values():
        connection.select(sql, **({'name': 'T'} if ':name' in sql else {}))

    assert list(dictionary.read(connection.select).tables) == ['T']
