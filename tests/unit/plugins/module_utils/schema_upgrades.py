# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The releases of CRAB's schema since 2013, and an account that goes from one to another with rows in its tables.

fixtures/schema_history.json holds the facts of upstream's releases (columns, types, constraints, indexes), each with the first and the last
release that has it. Where a release cannot be installed as written, it is the repaired meaning.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import datetime
import io
import json
import os

from ansible_collections.cmsweb.crab.plugins.module_utils._schema import alter, dictionary, diff, driver, execute, model, operations, plan, source

with io.open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'fixtures', 'schema_history.json'), encoding='utf-8') as _history:
    HISTORY = json.load(_history)
RELEASES = HISTORY['releases']
ROWS = 3


def statements_of(release):
    number = RELEASES.index(release)

    def known(facts):
        return [text for text, first, last in facts if RELEASES.index(first) <= number <= RELEASES.index(last)]

    found = []
    for name, table in HISTORY['tables'].items():
        if known(table['columns']):
            body = ', '.join(known(table['columns']) + known(table['constraints']))
            found.append(' '.join(['CREATE TABLE %s (%s)' % (name, body)] + known(table['partitioning'])))
    return found + known(HISTORY['others'])


def schema_of(release):
    # A dictionary of JSON has no order on Python 2: tables that point to others come last.
    return source.schema_of(statements=sorted(statements_of(release), key=lambda sql: (not sql.startswith('CREATE TABLE'), 'REFERENCES' in sql, sql)))[0]


def value_of(column, number):
    """A value that fits: different in every row, a flag where there is room for one letter only."""
    if column.type.name == 'NUMBER':
        return 1 if column.type.precision == 1 else number + 1
    if column.type.name.startswith('TIMESTAMP'):
        return datetime.datetime(2018, 3 + number, 5, 1, 2, 3)
    if column.type.length == 1:
        return 'T'
    if column.name in ('TM_TASKNAME', 'TM_JOBID'):
        return str(number)
    return ('%s %d' % (column.name.lower(), number))[:column.type.length]


def fill(connection, schema):
    """Rows with all values, but the last has none where it need not have one."""
    for table in schema.tables.values():
        keys = table.partitioning.columns if table.partitioning else ()
        for number in range(ROWS):
            row = dict((column.name, value_of(column, number)) for column in table.columns.values()
                       if number < ROWS - 1 or not column.nullable or column.name in keys)
            names = sorted(row)
            connection._connection.cursor().execute('INSERT INTO %s (%s) VALUES (%s)' % (
                table.name, ', '.join(names), ', '.join(':' + name for name in names)), row)
    connection.run('COMMIT')


def rows_of(connection):
    """Table to its rows, each a dictionary of texts without the empty ones."""
    found = {}
    for table in dictionary.read(connection.select).tables.values():
        names = list(table.columns)
        rows = connection.select('SELECT %s FROM %s ORDER BY tm_taskname' % (', '.join(names), table.name))
        found[table.name] = [dict((name, _text(value)) for name, value in zip(names, row) if value is not None) for row in rows]
    return found


def _text(value):
    return '%d' % value if isinstance(value, float) else '%s' % value


def lost(before, after):
    """What was there and is there no longer, of the tables and columns that are still there."""
    found = []
    for table in set(before) & set(after):
        columns = set(name for row in after[table] for name in row)
        for old, new in zip(before[table], after[table]):
            found += [(table, name, value, new.get(name)) for name, value in old.items() if name in columns and new.get(name) != value]
        found += [(table, len(before[table]), len(after[table]))] if len(before[table]) != len(after[table]) else []
    return found


def drops_to(wanted, live):
    """The names of all that the new release does not know."""
    found = []
    for change in diff.compare(wanted, live):
        if isinstance(change, operations.DropColumn):
            found.append('%s.%s' % (change.table, change.column.name))
        elif isinstance(change, operations.DropConstraint):
            found.append(change.constraint.name)
        elif isinstance(change, (operations.DropTable, operations.DropIndex, operations.DropSequence, operations.DropTrigger)):
            found.append(change.item.name)
    return found


def values_for(wanted):
    """A value for each column that may have to be filled."""
    found = {}
    for table in wanted.tables.values():
        keys = table.partitioning.columns if table.partitioning else ()
        for column in table.columns.values():
            if not column.nullable or column.name in keys:
                kind = column.type.name[:6]
                found['%s.%s' % (table.name, column.name)] = {'NUMBER': '0', 'TIMEST': "TIMESTAMP '2018-01-01 00:00:00'"}.get(kind, "'T'")
    return found


class Upgrade:
    """One account, from one release to the next."""

    def __init__(self, oracle, old, new, **options):
        self.options = options
        self.oracle, self.wanted, self.old = oracle, schema_of(new), schema_of(old)
        self.drop = drops_to(self.wanted, self.old)
        self.before = self.begin()
        oracle.save()

    def begin(self):
        """The tables of the old release, with rows; what they hold."""
        connection = self.oracle.connect()
        assert execute.apply(connection, plan.make(diff.compare(self.old, model.Schema())).steps).problem is None
        fill(connection, self.old)
        rows = rows_of(connection)
        self.oracle.close()
        return rows

    def begin_again(self):
        if not self.oracle.restore():
            self.begin()

    def plan(self, connection):
        live = dictionary.read(connection.select)
        changes = diff.compare(self.wanted, live)
        return plan.make(changes, alter.Alteration(changes, live, connection.version, connection.count, self.drop, values_for(self.wanted), **self.options))

    def apply(self, connection=None):
        connection = connection or self.oracle.connect()
        return execute.apply(connection, self.steps(connection), retries=0)

    def steps(self, connection):
        made = self.plan(connection)
        assert made.blocked == []
        return made.steps

    def apply_and_plan_after_each_step(self):
        """The steps, and those after which a new plan is not the very rest of the first one: (number, the statements before and after such a stop)."""
        connection = self.oracle.connect()
        steps, found = self.steps(connection), []
        for number, step in enumerate(steps, 1):
            execute.run_step(connection, step, retries=0)
            left = [one.sql for one in self.steps(connection)]
            if left != [one.sql for one in steps[number:]]:
                found.append((number, (step.sql, left[0] if left else None)))
        return steps, found

    def check(self):
        connection = self.oracle.connect()
        left = self.plan(connection)
        assert ([step.sql for step in left.steps], left.drift) == ([], [])
        assert lost(self.before, rows_of(connection)) == []
        self.oracle.close()


class Stopping:
    """A connection that dies at its nth change, just before the server gets it or just after it is done."""

    def __init__(self, connection, number, after):
        self.connection, self.left, self.after = connection, number, after
        self.select, self.count, self.version = connection.select, connection.count, connection.version

    def run(self, sql):
        if sql.startswith('ALTER SESSION'):
            return None
        self.left -= 1
        if not self.left and not self.after:
            raise driver.DatabaseProblem('ORA-03113', 'killed before', sql)
        changed = self.connection.run(sql)
        if not self.left:
            raise driver.DatabaseProblem('ORA-03113', 'killed after', sql)
        return changed
