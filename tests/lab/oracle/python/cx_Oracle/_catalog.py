# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a name in a statement means to a session: its own table, another's by grant or synonym, a dictionary view, DUAL."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from collections import OrderedDict

from cx_Oracle import _views
from cx_Oracle._errors import ora


def stored(owner, name):
    """The table's name in SQLite."""
    return '"%s.%s"' % (owner.replace('"', '""'), name.replace('"', '""'))


def columns_of(session, owner, name):
    """Column names to types, in order."""
    rows = session.store.execute('select name, type from "$column" where owner = ? and tab = ? and unused = 0 order by id', (owner, name))
    return OrderedDict((column, 'TIMESTAMP' if kind.startswith('TIMESTAMP') else kind) for column, kind in rows)


def table_exists(session, owner, name):
    return session.store.execute('select 1 from "$table" where owner = ? and name = ?', (owner, name)).fetchone() is not None


def resolved(session, owner, name):
    """(owner, name) of the table that is meant, or None. Nothing is said yet of the right to use it."""
    if owner is None:
        if table_exists(session, session.current_schema, name):
            return session.current_schema, name
        row = session.store.execute('select table_owner, table_name from "$synonym" where owner = ? and name = ?',
                                    (session.current_schema, name)).fetchone()
        return row if row and table_exists(session, *row) else None
    return (owner, name) if table_exists(session, owner, name) else None


def table_of(session, owner, name, privilege):
    """The same, with the right; without any right the table is invisible."""
    found = resolved(session, owner, name)
    if found is not None:
        need_whole(session, *found)
    if found is None or found[0] == session.user:
        return found
    rights = [row[0] for row in session.store.execute('select privilege from "$grant" where owner = ? and tab = ? and grantee = ?',
                                                      found + (session.user,))]
    if not rights:
        return None
    if privilege not in rights:
        raise ora(1031)
    return found


def need_whole(session, owner, name):
    """A table whose drop of columns was stopped can only be dropped itself, until that drop is continued."""
    if session.store.execute('select 1 from "$table" where owner = ? and name = ? and half_dropped = 1', (owner, name)).fetchone():
        raise ora(12986)


def source_of(session, owner, name):
    """(columns, SQL, whether it is an account's table) of what a query may read; columns are None if there is nothing."""
    if owner is None and name == 'DUAL':
        return OrderedDict([('DUMMY', 'VARCHAR2')]), "(select 'X' as \"DUMMY\")", False
    found = table_of(session, owner, name, 'SELECT')
    if found:
        return columns_of(session, *found), stored(*found), True
    if owner in (None, 'SYS'):
        return _views.source_of(session, name) + (False,)
    return None, None, False


def has_sequence(session, name):
    return session.store.execute('select 1 from "$sequence" where owner = ? and name = ?', (session.current_schema, name)).fetchone() is not None


def next_value(session, name):
    key = (session.current_schema, name)
    session.store.execute('update "$sequence" set last = coalesce(last + increment_by, start_with) where owner = ? and name = ?', key)
    return session.store.execute('select last from "$sequence" where owner = ? and name = ?', key).fetchone()[0]


def sequence_triggers(session, owner, name):
    """[(column, sequence)] of the triggers that number new rows, the only kind there is."""
    rows = session.store.execute('select body from "$trigger" where owner = ? and tab = ? and status = \'ENABLED\'', (owner, name))
    return [_views.numbering(body) for (body,) in rows]
