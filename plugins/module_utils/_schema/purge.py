# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Old rows out of a table: whole partitions where it has them, else in batches that are committed; then the space is given back."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._schema import account, ddl, model, plan

_PARTITIONS = 'SELECT partition_name, high_value, interval FROM user_tab_partitions WHERE table_name = :name ORDER BY partition_position'
_BOUND = re.compile(r"' ?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)")


class Purge(model.Record):
    """steps in their order; after: steps that are run also if one before them fails; rows: how many rows go, None if partitions are dropped uncounted."""

    fields = ('steps', 'after', 'rows', 'cutoff', 'warnings')
    defaults = {'steps': list, 'after': list, 'rows': None, 'cutoff': '', 'warnings': list}


class Wish(model.Record):
    """What is to go: rows of table whose column is older than so many months, in batches of so many, and how."""

    fields = ('table', 'column', 'months', 'batch', 'shrink', 'unindexed_limit', 'recycle_bin')


def make(wish, live, select, count):
    """The Purge.

    :param live: model.Schema of the account.
    """
    table, column = _checked(wish, live)
    cutoff = select('SELECT TO_CHAR(ADD_MONTHS(SYSDATE, -%d), \'YYYY-MM-DD HH24:MI:SS\') FROM dual' % wish.months)[0][0]
    found = Purge(cutoff=cutoff)
    if table.partitioning and table.partitioning.method == 'RANGE' and table.partitioning.columns == (column.name,) and not _children(live, table):
        _by_partition(found, table, column, cutoff, select, count)
    else:
        _by_rows(found, wish, live, table, column, count)
    if wish.recycle_bin and account.recycle_bin(select):
        found.steps.append(_step(table, 'PURGE RECYCLEBIN', plan.LOSES, 'dropped tables give their space back, and cannot come back'))
    return found


def _checked(wish, live):
    table = live.tables.get(wish.table.upper())
    if table is None:
        raise CrabError('table: the account has no table %s.' % wish.table.upper(), 'It has %s.' % (', '.join(sorted(live.tables)) or 'none'))
    column = table.columns.get(wish.column.upper())
    if column is None or not (column.type.name == 'DATE' or column.type.name.startswith('TIMESTAMP')):
        times = sorted(name for name, one in table.columns.items() if one.type.name == 'DATE' or one.type.name.startswith('TIMESTAMP'))
        raise CrabError('column: %s is no time in %s.' % (wish.column.upper(), table.name), 'Times in it: %s.' % (', '.join(times) or 'none'))
    for name, value in (('older_than_months', wish.months), ('batch', wish.batch)):
        if value < 1:
            raise CrabError('%s: expected 1 or more, found %d.' % (name, value))
    return table, column


def _children(live, table):
    """Tables with a foreign key to this one: a partition cannot go under it (ORA-02266)."""
    return [other.name for other in live.tables.values() if table.name in other.parents]


def _by_partition(found, table, column, cutoff, select, count):
    """Those that hold nothing younger. The last one that the server did not make by itself can only be emptied (ORA-14758)."""
    partitions = [(name, _BOUND.search(high or ''), interval) for name, high, interval in select(_PARTITIONS, name=table.name)]
    fixed = [name for name, _bound, interval in partitions if interval != 'YES']
    for name, bound, _interval in partitions:
        if bound is None or bound.group(1) > cutoff:
            continue
        if fixed[-1:] == [name]:
            if not count('SELECT COUNT(*) FROM %s WHERE %s < TIMESTAMP \'%s\' AND ROWNUM <= 1' % (
                    ddl.quoted(table.name), ddl.quoted(column.name), bound.group(1))):
                continue
            act, reason = 'TRUNCATE', 'all its rows are older than %s; the server needs the partition itself' % cutoff
        else:
            act, reason = 'DROP', 'all its rows are older than %s' % cutoff
        found.steps.append(_step(table, 'ALTER TABLE %s %s PARTITION %s UPDATE INDEXES' % (ddl.quoted(table.name), act, ddl.quoted(name)), plan.LOSES, reason))


def _by_rows(found, wish, live, table, column, count):
    condition = "%s < TIMESTAMP '%s'" % (ddl.quoted(column.name), found.cutoff)
    found.rows = count('SELECT COUNT(*) FROM %s WHERE %s' % (ddl.quoted(table.name), condition))
    if not found.rows:
        return
    indexed = any(index.columns[0] == column.name for index in live.indexes_of(table.name))
    if not indexed and wish.unindexed_limit and count('SELECT COUNT(*) FROM %s WHERE ROWNUM <= %d' % (
            ddl.quoted(table.name), wish.unindexed_limit + 1)) > wish.unindexed_limit:
        raise CrabError('The table %s has more than %d rows, no partitions by %s and no index on it: each batch of the delete would read all of it.' % (
            table.name, wish.unindexed_limit, column.name), 'Make an index on the column, or set unindexed_limit to 0 to do it nevertheless.')
    found.steps.append(plan.Step(sql='DELETE FROM %s WHERE %s AND ROWNUM <= %d' % (ddl.quoted(table.name), condition, wish.batch), object=table.name,
                                 risk=plan.LOSES, reason='rows older than %d months, a commit each %d' % (wish.months, wish.batch), rows=found.rows,
                                 batch=wish.batch))
    if wish.shrink:
        _shrink(found, live, table)


def _shrink(found, live, table):
    expressions = [index.name for index in live.indexes_of(table.name) if any('(' in column or column.endswith(' DESC') for column in index.columns)]
    if expressions:
        found.warnings.append('%s cannot be shrunk, because %s is an index of an expression (ORA-10631).' % (table.name, ', '.join(expressions)))
        return
    name = ddl.quoted(table.name)
    if not table.row_movement:
        found.steps.append(_step(table, 'ALTER TABLE %s ENABLE ROW MOVEMENT' % name, plan.METADATA, 'needed to shrink'))
        found.after.append(_step(table, 'ALTER TABLE %s DISABLE ROW MOVEMENT' % name, plan.METADATA, 'as it was before'))
    found.steps.append(_step(table, 'ALTER TABLE %s SHRINK SPACE' % name, plan.REWRITES, 'the space of the rows is given back'))


def _step(table, sql, risk, reason):
    return plan.Step(sql=sql, object=table.name, risk=risk, reason=reason, rows=table.rows)
