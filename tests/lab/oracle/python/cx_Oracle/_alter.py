# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ALTER TABLE and ALTER INDEX onto the dictionary and the data, with the codes that depend on the rows."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from cx_Oracle import _catalog, _parse, _query, _tables
from cx_Oracle._apply import Applier, data_length
from cx_Oracle._errors import ora

VERBS = ('add', 'modify', 'drop columns', 'set unused', 'drop unused', 'continue drop', 'rename column', 'drop constraint', 'rename constraint',
         'constraint state', 'row movement', 'shrink', 'modify partition by', 'drop partition', 'truncate partition', 'alter index')


class Alterer(Applier):
    """The clauses of ALTER. Each leaves the dictionary as it is to be and makes the table anew, with its rows."""

    def act(self, command):
        if command.verb != 'alter index':
            self.table = self.need_table(command.table)
            if command.verb != 'continue drop':
                _catalog.need_whole(self.session, self.owner, self.table)
        getattr(self, 'do_' + command.verb.replace(' ', '_'))(command)

    def data(self):
        return _catalog.stored(self.owner, self.table)

    def any_row(self, condition='1 = 1'):
        return self.one('select 1 from %s where %s limit 1' % (self.data(), condition)) is not None

    def remake(self, renamed=()):
        _tables.remake(self.session, self.owner, self.table, renamed)

    def need_column(self, name):
        if name not in self.columns(self.table):
            raise ora(904, '"%s"' % name)
        return name

    def row_of(self, column):
        names = ('type', 'precision', 'scale', 'char_length', 'char_used', 'nullable')
        row = self.store.execute('select %s from "$column" where owner = ? and tab = ? and name = ?' % ', '.join(names),
                                 (self.owner, self.table, column)).fetchone()
        return dict(zip(names, row))

    def part_keys(self):
        return [row[0] for row in self.rows('select col from "$part_key" where owner = ? and tab = ?', self.owner, self.table)]

    # ---- columns

    def do_add(self, command):
        filled = []
        for column in command.columns:
            if column.name in self.columns(self.table):
                raise ora(1430)
            if column.nullable is False and column.default is None and self.any_row():
                raise ora(1758)
            self.add_column(self.table, column)
            if column.default is not None:
                filled.append((column.name, _tables.default_sql(self.session, column.default)))
        for constraint in command.constraints:
            if not command.columns:
                self.check_rows(constraint)
            self.add_constraint(self.table, constraint)
        # Rows that are there get the default, in the same step as NOT NULL.
        _tables.remake(self.session, self.owner, self.table, values=filled)

    def do_modify(self, command):
        for column in command.columns:
            self.need_column(column.name)
            old = self.row_of(column.name)
            if column.type is not None:
                self.change_type(column, old)
            if column.default is not None:
                _tables.default_sql(self.session, column.default)
                self.set_column(column.name, data_default=column.default)
            if column.nullable is not None:
                self.change_null(column, old)
        self.remake()

    def set_column(self, column, **values):
        names = sorted(values)
        self.store.execute('update "$column" set %s where owner = ? and tab = ? and name = ?' % ', '.join('%s = ?' % key for key in names),
                           [values[key] for key in names] + [self.owner, self.table, column])

    def change_type(self, column, old):
        char_used = column.char_used or {'CHAR': 'C', 'BYTE': 'B'}[self.session.length_semantics]
        is_text = column.type in ('VARCHAR2', 'CHAR', 'NVARCHAR2')
        new = {'type': column.type, 'precision': column.precision, 'scale': column.scale, 'char_length': column.length if is_text else 0,
               'char_used': char_used if is_text else None}
        if all(old[key] == value for key, value in new.items()):
            return
        if column.name in self.part_keys():
            raise ora(14060)
        if column.type in _query.LOBS or old['type'] in _query.LOBS:
            raise ora(22858)
        name = _query.identifier(column.name)
        if column.type != old['type']:
            if self.any_row('%s is not null' % name):
                raise ora(1439)
        elif column.type == 'NUMBER' and _narrower(new, old) and self.any_row('%s is not null' % name):
            raise ora(1440)
        elif is_text and self.any_row('length(%s) > %d' % (name if char_used == 'C' else 'cast(%s as blob)' % name, column.length)):
            raise ora(1441)
        self.set_column(column.name, data_length=data_length(column, char_used), **new)

    def change_null(self, column, old):
        if column.nullable:
            key = self.one('select 1 from "$cons_column" k join "$constraint" c on c.owner = k.owner and c.name = k.cons where c.owner = ? and c.tab = ? '
                           'and c.kind = \'P\' and k.col = ?', self.owner, self.table, column.name)
            if old['nullable'] == 'Y' or key:
                raise ora(1451)
            for (name,) in self.store.execute('select name from "$constraint" where owner = ? and tab = ? and condition = ?',
                                              (self.owner, self.table, '"%s" IS NOT NULL' % column.name)).fetchall():
                self.delete_constraint(name)
            self.set_nullable(self.table, column.name, 'Y')
        elif old['nullable'] == 'N':
            raise ora(1442)
        elif self.any_row('%s is null' % _query.identifier(column.name)):
            raise ora(2296, '%s.' % self.owner)
        else:
            self.not_null(self.table, column.name, getattr(column, 'not_null_name', None))

    def do_drop_columns(self, command):
        for name in command.columns:
            self.drop_column(self.need_column(name), command.cascade)
            self.delete('column', owner=self.owner, tab=self.table, name=name)
        # The rows are written anew, so that the unused columns go too.
        self.do_drop_unused(command)
        self.remake()

    def do_set_unused(self, command):
        for name in command.columns:
            self.drop_column(self.need_column(name), command.cascade)
            self.set_column(name, unused=1, nullable='Y', name=self.system_name())
        self.remake()

    def do_drop_unused(self, command):
        self.delete('column', owner=self.owner, tab=self.table, unused=1)

    def do_continue_drop(self, command):
        if not self.store.execute('update "$table" set half_dropped = 0 where owner = ? and name = ? and half_dropped = 1', (self.owner, self.table)).rowcount:
            raise ora(900, 'DROP COLUMNS CONTINUE where no drop was stopped')
        self.do_drop_unused(command)

    def drop_column(self, name, cascade):
        """Away with what hangs on the column; the caller deletes or hides it."""
        if len(self.columns(self.table)) == 1:
            raise ora(12983)
        if name in self.part_keys():
            raise ora(12984)
        constraints = [row[0] for row in self.store.execute('select distinct cons from "$cons_column" where owner = ? and tab = ? and col = ?',
                                                            (self.owner, self.table, name)).fetchall()]
        for constraint in constraints:
            if self.one('select 1 from "$constraint" where owner = ? and r_name = ? and tab <> ?', self.owner, constraint, self.table) and not cascade:
                raise ora(12992)
            used = self.one('select count(distinct col) from "$cons_column" where owner = ? and cons = ?', self.owner, constraint)
            if used > 1 and not cascade:
                raise ora(12991)
        for constraint in constraints:
            self.remove_constraint(constraint)
        for (index,) in self.store.execute('select distinct ind from "$ind_column" where owner = ? and tab = ? and col = ?',
                                           (self.owner, self.table, name)).fetchall():
            self.delete_index(index)
        number = self.one('select id from "$column" where owner = ? and tab = ? and name = ?', self.owner, self.table, name)
        self.store.execute('delete from "$index" where owner = ? and tab = ? and index_type = \'LOB\' and name like ?',
                           (self.owner, self.table, '%%C%05d$$' % number))

    def do_rename_column(self, command):
        self.need_column(command.old)
        if command.new in self.columns(self.table):
            raise ora(957)
        for table, column in (('column', 'name'), ('cons_column', 'col'), ('ind_column', 'col'), ('part_key', 'col')):
            self.store.execute('update "$%s" set %s = ? where owner = ? and tab = ? and %s = ?' % (table, column, column),
                               (command.new, self.owner, self.table, command.old))
        for name, condition in self.store.execute('select name, condition from "$constraint" where owner = ? and tab = ? and kind = \'C\'',
                                                  (self.owner, self.table)).fetchall():
            self.store.execute('update "$constraint" set condition = ? where owner = ? and name = ?',
                               (_with_name(condition, command.old, command.new), self.owner, name))
        for name, position, expression in self.store.execute('select ind, position, expression from "$ind_column" where owner = ? and tab = ? '
                                                             'and expression is not null', (self.owner, self.table)).fetchall():
            self.store.execute('update "$ind_column" set expression = ? where owner = ? and ind = ? and position = ?',
                               (_with_name(expression, command.old, command.new), self.owner, name, position))
        self.remake([(command.old, command.new)])

    # ---- constraints

    def check_rows(self, constraint):
        """Whether the rows that there are keep the new rule, if it is to be validated."""
        if not (constraint.enabled and constraint.validated):
            return
        columns = self.columns(self.table)
        for column in constraint.columns:
            self.need_column(column)
        name = '%s.%s' % (self.owner, constraint.name or 'SYS_C')
        keys = ', '.join(_query.identifier(column) for column in constraint.columns)
        if constraint.kind == 'C':
            if self.any_row('not (%s)' % _tables.condition_sql(self.session, constraint.condition, columns)):
                raise ora(2293, name)
        elif constraint.kind in 'PU':
            if constraint.kind == 'P' and self.any_row(' or '.join('%s is null' % _query.identifier(column) for column in constraint.columns)):
                raise ora(1449)
            whole = ' and '.join('%s is not null' % _query.identifier(column) for column in constraint.columns)
            if self.one('select 1 from %s where %s group by %s having count(*) > 1 limit 1' % (self.data(), whole, keys)):
                raise ora(2437 if constraint.kind == 'P' else 2299, name)
        else:
            self.check_parents(constraint, name)

    def check_parents(self, constraint, name):
        if not _catalog.table_exists(self.session, self.owner, constraint.parent):
            raise ora(942)
        parents = constraint.parent_columns or self.primary_key(constraint.parent)
        pairs = ' and '.join('p.%s = c.%s' % (_query.identifier(parent), _query.identifier(child)) for parent, child in zip(parents, constraint.columns))
        whole = ' and '.join('c.%s is not null' % _query.identifier(column) for column in constraint.columns)
        if self.one('select 1 from %s c where %s and not exists (select 1 from %s p where %s) limit 1' % (
                self.data(), whole, _catalog.stored(self.owner, constraint.parent), pairs)):
            raise ora(2298, name)

    def primary_key(self, table):
        name = self.one('select name from "$constraint" where owner = ? and tab = ? and kind = \'P\'', self.owner, table)
        return _tables.columns_of_constraint(self.session, self.owner, name) if name else []

    def named(self, name):
        """The constraint of this table as _parse has it."""
        row = self.store.execute('select kind, condition, r_name, status, validated from "$constraint" where owner = ? and tab = ? and name = ?',
                                 (self.owner, self.table, name)).fetchone()
        if row is None:
            raise ora(2443)
        constraint = _parse.Constraint(row[0], name, _tables.columns_of_constraint(self.session, self.owner, name))
        constraint.condition = row[1]
        constraint.enabled, constraint.validated = row[3] == 'ENABLED', row[4] == 'VALIDATED'
        if row[2]:
            constraint.parent = self.one('select tab from "$constraint" where owner = ? and name = ?', self.owner, row[2])
            constraint.parent_columns = _tables.columns_of_constraint(self.session, self.owner, row[2])
        return constraint

    def do_drop_constraint(self, command):
        name = command.name or self.one('select name from "$constraint" where owner = ? and tab = ? and kind = \'P\'', self.owner, self.table)
        if name is None:
            raise ora(2441)
        constraint = self.named(name)
        children = self.rows('select tab, name from "$constraint" where owner = ? and r_name = ?', self.owner, name)
        if children and not command.cascade:
            raise ora(2273)
        for table, child in children:
            self.delete_constraint(child)
            if table != self.table:
                _tables.remake(self.session, self.owner, table)
        self.remove_constraint(name)
        if constraint.kind == 'C' and _tables.is_not_null(constraint.condition, self.columns(self.table)):
            self.set_nullable(self.table, constraint.condition.split('"')[1], 'Y')
        if constraint.kind == 'P':
            self.forget_key_columns(constraint.columns)
        self.remake()

    def forget_key_columns(self, columns):
        """Columns that were NOT NULL only because of the key may be NULL again."""
        for column in columns:
            if not self.one('select 1 from "$constraint" where owner = ? and tab = ? and condition = ?', self.owner, self.table, '"%s" IS NOT NULL' % column):
                self.set_nullable(self.table, column, 'Y')

    def remove_constraint(self, name):
        """With the index that it made; one that it adopted stays."""
        for (index,) in self.rows('select name from "$index" where owner = ? and made_by = ?', self.owner, name):
            self.delete_index(index)
        self.delete_constraint(name)

    def do_rename_constraint(self, command):
        if not self.one('select 1 from "$constraint" where owner = ? and tab = ? and name = ?', self.owner, self.table, command.old):
            raise ora(23292)
        self.need_new_constraint(command.new)
        self.store.execute('update "$constraint" set name = ?, generated = \'USER NAME\' where owner = ? and name = ?', (command.new, self.owner, command.old))
        self.store.execute('update "$constraint" set r_name = ? where owner = ? and r_name = ?', (command.new, self.owner, command.old))
        self.store.execute('update "$cons_column" set cons = ? where owner = ? and cons = ?', (command.new, self.owner, command.old))
        self.store.execute('update "$index" set made_by = ? where owner = ? and made_by = ?', (command.new, self.owner, command.old))
        self.remake()

    def do_constraint_state(self, command):
        constraint = self.named(command.name)
        enabled = constraint.enabled if command.enabled is None else command.enabled
        validated = constraint.validated if command.validated is None else command.validated
        if enabled and validated:
            constraint.enabled = constraint.validated = True
            self.check_rows(constraint)
        self.store.execute('update "$constraint" set status = ?, validated = ? where owner = ? and name = ?', (
            'ENABLED' if enabled else 'DISABLED', 'VALIDATED' if validated else 'NOT VALIDATED', self.owner, command.name))
        self.remake()

    # ---- the rest

    def do_row_movement(self, command):
        self.store.execute('update "$table" set row_movement = ? where owner = ? and name = ?', (
            'ENABLED' if command.enabled else 'DISABLED', self.owner, self.table))

    def do_shrink(self, command):
        if self.one('select row_movement from "$table" where owner = ? and name = ?', self.owner, self.table) != 'ENABLED':
            raise ora(10636)
        if self.one('select 1 from "$index" where owner = ? and tab = ? and index_type like \'FUNCTION%\'', self.owner, self.table):
            raise ora(10631)
        self.store.execute('update "$table" set most_rows = 0 where owner = ? and name = ?', (self.owner, self.table))

    def do_modify_partition_by(self, command):
        if not self.session.at_least(12, 2):
            raise ora(14006)
        if self.part_keys():
            raise ora(900, 'a partitioned table partitioned otherwise')
        command.name = self.table
        self.store.execute('update "$table" set partitioned = \'YES\', partitioning = ?, part_interval = ? where owner = ? and name = ?', (
            command.method, command.interval, self.owner, self.table))
        self.partition(command)
        if self.any_row(' or '.join('%s is null' % _query.identifier(key) for key in command.keys)):
            raise ora(14300 if command.interval else 14400)
        self.remake()
        _tables.add_partitions(self.session, self.owner, self.table)

    def do_drop_partition(self, command):
        names = self.partitions_with(command.name)
        if not command.name.startswith('SYS_P') and len([name for name in names if not name.startswith('SYS_P')]) == 1:
            raise ora(14758)
        self.empty_partition(command.name)
        self.delete('partition', owner=self.owner, tab=self.table, name=command.name)
        self.break_indexes(command)

    def do_truncate_partition(self, command):
        self.partitions_with(command.name)
        self.empty_partition(command.name)
        self.break_indexes(command)

    def partitions_with(self, name):
        """Names of all, of which this must be one."""
        names = [row[0] for row in self.rows('select name from "$partition" where owner = ? and tab = ?', self.owner, self.table)]
        if name not in names:
            raise ora(2149)
        return names

    def empty_partition(self, name):
        if self.children(self.table):
            raise ora(2266)
        rows = self.rows('select name, high_value from "$partition" where owner = ? and tab = ?', self.owner, self.table)
        rows.sort(key=lambda row: _tables.moment_of(row[1]))
        number = [row[0] for row in rows].index(name)
        key = _query.identifier(self.part_keys()[0])
        condition = '%s < ?' % key + (' and %s >= ?' % key if number else '')
        bounds = [_tables.moment_of(rows[at][1]) for at in ([number, number - 1] if number else [0])]
        self.store.execute('delete from %s where %s' % (self.data(), condition), bounds)

    def break_indexes(self, command):
        if not command.update_indexes:
            self.store.execute('update "$index" set status = \'UNUSABLE\' where owner = ? and tab = ? and partitioned = \'NO\' and index_type <> \'LOB\'',
                               (self.owner, self.table))

    def do_alter_index(self, command):
        rows = self.rows('select tab, uniqueness from "$index" where owner = ? and name = ? and index_type <> \'LOB\'', self.owner, command.name)
        if not rows:
            raise ora(1418)
        self.table, uniqueness = rows[0]
        if command.new is not None:
            self.rename_index(command)
            return
        if command.compress is not None:
            most = self.one('select count(*) from "$ind_column" where owner = ? and ind = ?', self.owner, command.name) - (1 if uniqueness == 'UNIQUE' else 0)
            if command.compress > most:
                raise ora(25194)
            self.store.execute('update "$index" set compression = ?, prefix_length = ? where owner = ? and name = ?', (
                'ENABLED' if command.compress else 'DISABLED', command.compress or None, self.owner, command.name))
        self.store.execute('update "$index" set status = \'VALID\' where owner = ? and name = ?', (self.owner, command.name))

    def rename_index(self, command):
        self.drop_object(command.name, 'INDEX')
        self.new_object(command.new, 'INDEX')
        for table, column in (('index', 'name'), ('ind_column', 'ind'), ('constraint', 'index_name')):
            self.store.execute('update "$%s" set %s = ? where owner = ? and %s = ?' % (table, column, column), (command.new, self.owner, command.name))
        self.remake()


def _narrower(new, old):
    """Fewer digits before or behind the point; NUMBER alone has no bound."""
    def digits(row):
        endless = float('inf')
        if row['precision'] is None:
            return (endless, endless if row['scale'] is None else row['scale'])
        return (row['precision'] - row['scale'], row['scale'])
    return any(left < right for left, right in zip(digits(new), digits(old)))


def _with_name(condition, old, new):
    """The condition after a column was renamed: words and quoted names, not texts."""
    parts = re.split(r"('(?:[^']|'')*')", condition)
    pattern = re.compile(r'"%s"|(?<![\w$#"])%s(?![\w$#"])' % (re.escape(old), re.escape(old)), re.IGNORECASE)
    return ''.join(part if number % 2 else pattern.sub('"%s"' % new, part) for number, part in enumerate(parts))
