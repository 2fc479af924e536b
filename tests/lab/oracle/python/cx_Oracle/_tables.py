# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An Oracle table as a table of SQLite, made from the stand-in's dictionary: the rules on data are SQLite's own constraints.

The name of each constraint says which ORA- code its violation is. A change of a table makes it anew and copies the rows.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from cx_Oracle import _catalog, _functions, _query, _store
from cx_Oracle._errors import NotSupportedError, driver_error, ora

_AFFINITY = {'NUMBER': 'numeric'}


class _Expression(_query.Translator):
    """A default or the condition of a check, over the columns of one table, without an alias."""

    def __init__(self, session, sql, columns):
        _query.Translator.__init__(self, session, sql)
        self.scopes = [[_query.Source(None, columns)]]


def default_sql(session, text):
    reader = _Expression(session, text, {})
    value = reader.expression()
    reader.end(code=907)
    return value.sql


def condition_sql(session, text, columns):
    reader = _Expression(session, text, columns)
    condition = reader.condition()
    reader.end(code=907)
    return condition


def definition(session, owner, name, as_name=None):
    """CREATE TABLE of SQLite."""
    columns = _catalog.columns_of(session, owner, name)
    lines = []
    for row in session.store.execute('select name, type, data_length, precision, scale, char_length, char_used, nullable, data_default from "$column" '
                                     'where owner = ? and tab = ? and unused = 0 order by id', (owner, name)):
        lines += _column_lines(session, row)
    lines += list(_constraint_lines(session, owner, name, columns))
    return 'create table %s (%s)' % (as_name or _catalog.stored(owner, name), ', '.join(lines))


def _column_lines(session, row):
    name, kind, length, precision, scale, char_length, char_used, nullable, default = row
    column = _query.identifier(name)
    line = '%s %s' % (column, _AFFINITY.get(kind, 'text'))
    if default is not None:
        line += ' default (%s)' % default_sql(session, default)
    checks = list(_type_checks(column, kind, length, precision, scale, char_length, char_used))
    if nullable == 'N':
        line += ' not null'
    return [line + ''.join(' constraint "%s %s" check (%s is null or %s)' % (code, name.replace('"', '""'), column, test) for code, test in checks)]


def _type_checks(column, kind, length, precision, scale, char_length, char_used):
    if kind in ('VARCHAR2', 'CHAR', 'NVARCHAR2'):
        yield 12899, 'length(%s) <= %d' % (column if char_used == 'C' or kind == 'NVARCHAR2' else 'cast(%s as blob)' % column, char_length)
    elif kind == 'NUMBER':
        yield 1722, "typeof(%s) in ('integer', 'real')" % column
        if precision is not None:
            yield 1438, 'abs(%s) < 1e%d' % (column, precision - scale)
        if scale is not None:
            yield 'rounding', '%s = round(%s, %d)' % (column, column, max(scale, 0))
    elif kind.startswith('TIMESTAMP') or kind == 'DATE':
        yield 1861, "%s glob '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]'" % column


def _constraint_lines(session, owner, name, columns):
    rows = session.store.execute('select name, kind, condition, r_owner, r_name, delete_rule, generated from "$constraint" where owner = ? and tab = ? '
                                 'and status = \'ENABLED\' order by rowid', (owner, name)).fetchall()
    for constraint, kind, condition, r_owner, r_name, rule, _generated in rows:
        if kind == 'C' and is_not_null(condition, columns):
            continue
        text = 'constraint %s ' % _query.identifier(constraint)
        keys = ', '.join(_query.identifier(column) for column in columns_of_constraint(session, owner, constraint))
        if kind == 'C':
            yield text + 'check (%s)' % condition_sql(session, condition, columns)
        elif kind in 'PU':
            yield text + 'unique (%s)' % keys
        else:
            yield text + _reference(session, keys, r_owner, r_name, rule)
    if session.store.execute('select 1 from "$table" where owner = ? and name = ? and partitioning is not null', (owner, name)).fetchone():
        interval = session.store.execute('select part_interval from "$table" where owner = ? and name = ?', (owner, name)).fetchone()[0]
        for (key,) in session.store.execute('select col from "$part_key" where owner = ? and tab = ?', (owner, name)).fetchall():
            yield 'constraint "%d %s" check (%s is not null)' % (14300 if interval else 14400, key, _query.identifier(key))


def _reference(session, keys, r_owner, r_name, rule):
    (table,) = session.store.execute('select tab from "$constraint" where owner = ? and name = ?', (r_owner, r_name)).fetchone()
    parents = ', '.join(_query.identifier(column) for column in columns_of_constraint(session, r_owner, r_name))
    action = '' if rule == 'NO ACTION' else ' on delete ' + rule.lower()
    return 'foreign key (%s) references %s (%s)%s' % (keys, _catalog.stored(r_owner, table), parents, action)


def is_not_null(condition, columns):
    match = re.match(r'"([^"]+)" IS NOT NULL\Z', condition)
    return bool(match) and match.group(1) in columns


def columns_of_constraint(session, owner, name):
    return [row[0] for row in session.store.execute('select col from "$cons_column" where owner = ? and cons = ? order by position', (owner, name))]


def make(session, owner, name):
    session.store.execute(definition(session, owner, name))


def remake(session, owner, name, renamed=(), values=()):
    """The table as the dictionary now says, with its rows; foreign keys are off while it happens.

    :param renamed: pairs (old name, new name) of columns.
    :param values: pairs (name, SQL) of new columns that the rows get a value in.
    """
    table, temporary = _catalog.stored(owner, name), _catalog.stored(owner, name + ' new')
    old = [row[1] for row in session.store.execute('pragma table_info(%s)' % table)]
    renames = dict(renamed)
    new = _catalog.columns_of(session, owner, name)
    kept = [(_query.identifier(column), renames.get(column, column)) for column in old if renames.get(column, column) in new]
    kept += [(sql, column) for column, sql in values]
    session.store.execute(definition(session, owner, name, temporary))
    # Rows that a constraint with NOVALIDATE tolerates stay.
    session.store.execute('pragma ignore_check_constraints = on')
    try:
        session.store.execute('insert into %s (%s) select %s from %s' % (
            temporary, ', '.join(_query.identifier(new) for _old, new in kept), ', '.join(sql for sql, _new in kept), table))
    finally:
        session.store.execute('pragma ignore_check_constraints = off')
    session.store.execute('drop table %s' % table)
    session.store.execute('alter table %s rename to %s' % (temporary, table))
    make_indexes(session, owner, name)


def note_rows(session, owner, name):
    """Before rows go: the space that they took stays the table's."""
    session.store.execute('update "$table" set most_rows = max(most_rows, ?) where owner = ? and name = ?', (
        _functions.count_rows(session.store, owner, name), owner, name))


def make_indexes(session, owner, name):
    """Unique indexes bear on the data; the others are made too, so that big tables behave."""
    for index, unique in session.store.execute('select name, uniqueness from "$index" where owner = ? and tab = ? and index_type <> \'LOB\' and name not in '
                                               '(select index_name from "$constraint" where owner = ? and index_name is not null)',
                                               (owner, name, owner)).fetchall():
        make_index(session, owner, name, index, unique == 'UNIQUE')


def make_index(session, owner, name, index, unique):
    columns = _catalog.columns_of(session, owner, name)
    parts = []
    for column, expression, descend in session.store.execute('select col, expression, descend from "$ind_column" where owner = ? and ind = ? '
                                                             'order by position', (owner, index)).fetchall():
        if expression is None or expression == _query.identifier(column):
            parts.append('%s %s' % (_query.identifier(column), descend))
        else:
            reader = _Expression(session, expression, columns)
            parts.append('%s %s' % (reader.expression().sql, descend))
    session.store.execute('create %sindex "%s.%s" on %s (%s)' % ('unique ' if unique else '', owner, index, _catalog.stored(owner, name), ', '.join(parts)))


def add_partitions(session, owner, name):
    """An interval-partitioned table gets the partitions that its new rows need, named by the system."""
    row = session.store.execute('select t.part_interval, k.col from "$table" t join "$part_key" k on k.owner = t.owner and k.tab = t.name '
                                'where t.owner = ? and t.name = ? and t.part_interval is not null', (owner, name)).fetchone()
    if not row or 'MONTH' not in row[0].upper():
        return
    highest = max(moment_of(value) for (value,) in session.store.execute('select high_value from "$partition" where owner = ? and tab = ?', (owner, name)))
    first = session.store.execute('select high_value from "$partition" where owner = ? and tab = ? and position = 1', (owner, name)).fetchone()[0]
    months = set()
    for (value,) in session.store.execute('select distinct %s from %s where %s >= ?' % (
            _query.identifier(row[1]), _catalog.stored(owner, name), _query.identifier(row[1])), (highest,)).fetchall():
        months.add(_next_bound(moment_of(first), value))
    known = set(moment_of(high) for (high,) in session.store.execute('select high_value from "$partition" where owner = ? and tab = ?', (owner, name)))
    for bound in sorted(months - known):
        number = int(_store.parameter(session.store, 'system names', '7000')) + 1
        _store.set_parameter(session.store, 'system names', str(number))
        session.store.execute('insert into "$partition" select ?, ?, ?, max(position) + 1, ? from "$partition" where owner = ? and tab = ?',
                              (owner, name, 'SYS_P%d' % number, "TIMESTAMP' %s'" % bound[:19], owner, name))


def moment_of(high_value):
    """The moment in HIGH_VALUE, as times are kept."""
    if high_value == 'MAXVALUE':
        return '9999-12-31 23:59:59.999999'
    return re.search(r"' ?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)", high_value).group(1) + '.000000'


def _next_bound(first, value):
    count = 0
    while _functions.add_months(first, count) <= value:
        count += 1
    return _functions.add_months(first, count)


def need_usable_indexes(session, owner, name):
    """A unique index that a dropped partition broke stops every change of the table."""
    row = session.store.execute('select name from "$index" where owner = ? and tab = ? and uniqueness = \'UNIQUE\' and status = \'UNUSABLE\'',
                                (owner, name)).fetchone()
    if row:
        raise ora(1502, '%s.%s' % (owner, row[0]))


def error_of(session, statement, verb, text):
    """The ORA- error of a constraint that SQLite found violated."""
    owner, name = statement.table
    kind, _colon, rest = text.partition(': ')
    if kind == 'CHECK constraint failed':
        code, _space, column = rest.partition(' ')
        if code == 'rounding':
            return driver_error(NotSupportedError, 'The stand-in does not round: %s has too many decimals for its column.' % column)
        if code.isdigit():
            return ora(int(code), '"%s"."%s"."%s"' % (owner, name, column))
        return ora(2290, '%s.%s' % (owner, rest))
    if kind == 'NOT NULL constraint failed':
        return ora(1407 if verb == 'update' else 1400, '"%s"."%s"."%s"' % tuple(rest.split('.', 2)))
    if kind == 'UNIQUE constraint failed':
        return ora(1, '%s.%s' % (owner, _key_name(session, owner, name, rest)))
    if kind == 'FOREIGN KEY constraint failed':
        return _foreign_key_error(session, owner, name, verb)
    return None


def _key_name(session, owner, name, columns):
    wanted = [column.split('.')[-1] for column in columns.split(', ')]
    for (index,) in session.store.execute('select name from "$index" where owner = ? and tab = ? and uniqueness = \'UNIQUE\'', (owner, name)).fetchall():
        found = [row[0] for row in session.store.execute('select col from "$ind_column" where owner = ? and ind = ? order by position', (owner, index))]
        if found == wanted:
            return index
    return columns


def _foreign_key_error(session, owner, name, verb):
    if verb == 'delete':
        row = session.store.execute('select c.name from "$constraint" c join "$constraint" p on c.r_owner = p.owner and c.r_name = p.name '
                                    'where p.owner = ? and p.tab = ? and c.status = \'ENABLED\' and c.delete_rule = \'NO ACTION\'', (owner, name)).fetchone()
        return ora(2292, '%s.%s' % (owner, row[0]))
    row = session.store.execute('select name from "$constraint" where owner = ? and tab = ? and kind = \'R\' and status = \'ENABLED\'',
                                (owner, name)).fetchone()
    return ora(2291, '%s.%s' % (owner, row[0] if row else '?'))
