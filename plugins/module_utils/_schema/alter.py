# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans for what is already there: changed in place where Oracle can, by way of a shadow column where it cannot, never dropped unasked.

A change of type by a shadow column is some statements that each commit: ADD the shadow, copy the values, rename the old column, copy what was written
in between, give the shadow the old column's name, DROP the old column. Both names follow from the column's, so that a later run knows where an earlier
one stopped: no column of that name: go on from the renaming; else copy again. Only a column is dropped that was renamed before: one that another run has
just replaced, or that a service still writes to, cannot be.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.cmsweb.crab.plugins.module_utils._schema import ddl, diff, model, operations, render, typechange
from ansible_collections.cmsweb.crab.plugins.module_utils._schema.plan import Creation, LOSES, METADATA, READS, REWRITES, Step

BATCH = 10000
CHECKPOINT = 1000


class Alteration(Creation):
    """Plans every operation.

    :param live: model.Schema of the account.
    :param version: the server's, as a tuple.
    :param count: function of a query to its one number; only SELECTs are asked.
    :param drop: names that may be dropped: TABLE, TABLE.COLUMN, or the name of an index, constraint, sequence or trigger.
    :param backfill: dict TABLE.COLUMN to the SQL value for rows that have none.
    :param novalidate: new checks and foreign keys bind new rows first, and are validated in a step of their own.
    :param set_unused: columns that go are only marked so, in the dictionary; their space is freed another time.
    """

    def __init__(self, changes, live, version, count, drop=(), backfill=None, novalidate=False, set_unused=False):
        self.live = live
        self.version = version
        self.count = count
        self.drop = set(name.upper() for name in drop)
        self.backfill = dict((name.upper(), _value(name, text)) for name, text in (backfill or {}).items())
        self.novalidate = novalidate
        self.set_unused = set_unused
        self.blocked = []
        self.handled = {}
        self.old_names = dict(((change.table, change.new), change.old) for change in changes if isinstance(change, operations.RenameColumn))
        self.renaming = set(table for table, _name in self.old_names)
        self.shadowed = [(change.table, change.old.name) for change in changes if isinstance(change, operations.ModifyColumn) and
                         change.table not in self.renaming and self.by_shadow(change)]
        # A question about these would be one of the old type.
        self.retyped = [(change.table, change.old.name) for change in changes if isinstance(change, operations.ModifyColumn) and not self.same_type(change)]
        self.replaced = [(change.table, change.constraint.name) for change in changes if isinstance(change, operations.AddConstraint)]
        # What another step drops or renames is not put back, or put back under its new name.
        self.dropped = [_called(change.constraint) for change in changes if isinstance(change, operations.DropConstraint) and self.drop_constraint(change)]
        self.dropped_indexes = [change.old.name for change in changes if isinstance(change, operations.ChangeIndex) and not _only_compression(change)]
        self.dropped_indexes += [change.item.name for change in changes if isinstance(change, operations.DropIndex) and change.item.name in self.drop]
        self.renamed_constraints = dict(((change.table, _called(change.old)), change.new.name) for change in changes
                                        if isinstance(change, operations.RenameConstraint))
        self.renamed_indexes = dict((change.old.name, change.new) for change in changes if isinstance(change, operations.RenameIndex))
        self.added = [(change.table, change.column.name) for change in changes if isinstance(change, (operations.AddColumn, operations.FinishColumn))]
        self.renames = _Renames([(change, change.old.name, change.new.name) for change in changes
                                 if isinstance(change, operations.RenameIndex) and not self.is_remade(change.old)])
        self.constraint_renames = _Renames([(change, _called(change.old), change.new.name) for change in changes
                                            if isinstance(change, operations.RenameConstraint) and not self.is_put_back(change.table, change.old)])

    def steps(self, change):
        planner = self._PLANNERS.get(type(change))
        return Creation.steps(self, change) if planner is None else planner(self, change)

    # ---- helpers

    def step(self, phase, change, sql, risk=METADATA, reason=None, **values):
        return (phase, Step(sql=sql, object=change.subject, risk=risk, reason=reason or change.difference, **values))

    def block(self, change, text):
        self.blocked.append('%s: %s' % (change.subject, text))
        return []

    def alter(self, table, text):
        return 'ALTER TABLE %s %s' % (ddl.quoted(table), text)

    def table(self, change):
        return self.live.tables[change.table]

    def number(self, table, condition):
        """How many rows are like that."""
        return self.count('SELECT COUNT(*) FROM %s WHERE %s' % (ddl.quoted(table), condition))

    def any_row(self, table, condition='1 = 1'):
        """Whether any row is like that, without counting them all."""
        return self.count('SELECT COUNT(*) FROM %s WHERE (%s) AND ROWNUM <= 1' % (ddl.quoted(table), condition)) > 0

    def live_name(self, change):
        """What the column is called now: a column that a stopped run left as a shadow has its name only after the first step."""
        name, there = self.old_names.get((change.table, change.old.name), change.old.name), self.table(change).columns
        names = (name, operations.shadow_name(name), operations.replaced_name(name))
        return ddl.quoted([one for one in names if one in there][0])

    def has_lob(self, table):
        return any(column.type.is_lob for column in table.columns.values())

    # ---- tables

    def create_table(self, change):
        """A foreign key to a table that is there may point to a key that this plan is yet to make: then it comes after that."""
        late = [key for key in change.item.constraints_of('R') if key.parent in self.live.tables and not self.has_key(key.parent, key.parent_columns)]
        made = change.item.replace(constraints=[constraint for constraint in change.item.constraints if constraint not in late])
        return Creation.steps(self, change.replace(item=made)) + [
            self.step('references', change, self.alter(made.name, 'ADD ' + render.constraint_definition(key)), reason='%s has this key only now' % key.parent)
            for key in late]

    def has_key(self, table, columns):
        return self.can_be_asked(table, columns) and any(
            key.kind in 'PU' and key.columns == columns and _called(key) not in self.dropped for key in self.live.tables[table].constraints)

    # ---- columns

    def add_column(self, change):
        column, table = change.column, self.table(change)
        name = '%s.%s' % (change.table, column.name)
        if column.nullable or column.default is not None or not self.any_row(change.table):
            return [self.step('columns', change, self.alter(change.table, 'ADD (%s)' % render.column_definition(column)), self.risk_of_add(column, table),
                              rows=table.rows)]
        value = self.backfill.get(name)
        if value is None:
            return self.block(change, 'the new column %s is NOT NULL without a default, and the table has rows: give them a value with backfill, for '
                              "example {\"%s\": \"'unknown'\"}." % (column.name, name))
        definition = render.column_definition(column.replace(nullable=True))
        return [self.step('columns', change, self.alter(change.table, 'ADD (%s)' % definition))] + self.fill(change, column.name, value) + [
            self.step('columns', change, self.alter(change.table, 'MODIFY (%s NOT NULL)' % ddl.quoted(column.name)), READS, rows=table.rows)]

    def risk_of_add(self, column, table):
        """A default of a new column is only noted, except where the version or a LOB makes Oracle write it into every row."""
        if column.default is None or table.rows == 0:
            return METADATA
        if column.nullable:
            return METADATA if self.version >= (12, 1) else REWRITES
        return REWRITES if self.has_lob(table) else METADATA

    def fill(self, change, column, value, phase='columns'):
        name = ddl.quoted(column)
        sql = 'UPDATE %s SET %s = %s WHERE %s IS NULL AND ROWNUM <= %d' % (ddl.quoted(change.table), name, value, name, BATCH)
        return [self.step(phase, change, sql, REWRITES, 'rows without a value get %s' % value, rows=self.table(change).rows, batch=BATCH)]

    def modify_column(self, change):
        if self.by_shadow(change):
            if change.table in self.renaming:
                return '%s, which the next run changes, when the columns of the table have their new names' % change.difference
            return self.change_by_shadow(change)
        steps, clauses, risk = [], [], METADATA
        if not self.same_type(change):
            how = typechange.change(change.old.type, change.new.type)
            if how is None and self.any_row(change.table, '%s IS NOT NULL' % self.live_name(change)):
                return self.block(change, 'no conversion from %s to %s is known for the column %s.' % (
                    operations.type_text(change.old.type), operations.type_text(change.new.type), change.new.name))
            if not self.fits(change, how):
                return []
            clauses.append(operations.type_text(change.new.type))
            risk = READS if how is not None and how.misfit else METADATA
        if change.old.default != change.new.default:
            clauses.append('DEFAULT %s' % (change.new.default or 'NULL'))
        if change.new.nullable and not change.old.nullable:
            key = self.table(change).primary_key
            if key is not None and change.old.name in key.columns and _called(key) not in self.dropped and not clauses:
                return '%s, and the primary key %s, which the release does not have, needs it' % (change.difference, _called(key))
            if self.is_not_null_by_itself(change, key):
                clauses.append('NULL')
        if clauses:
            steps.append(self.step('columns', change, self.modification(change, clauses), risk))
        if change.old.nullable and not change.new.nullable:
            steps += self.need_values(change)
        return steps

    def is_not_null_by_itself(self, change, key):
        """A primary key makes its columns NOT NULL as long as it is there."""
        if key is None or change.old.name not in key.columns:
            return True
        live = self.table(change).columns.get(change.old.name)
        return _called(key) in self.dropped and (live is None or live.own_not_null)

    def modification(self, change, clauses):
        return self.alter(change.table, 'MODIFY (%s %s)' % (ddl.quoted(change.new.name), ' '.join(clauses)))

    def need_values(self, change):
        """NULL to NOT NULL: rows without a value get the one that the user gave, or the default."""
        name, steps = '%s.%s' % (change.table, change.new.name), []
        without = '%s IS NULL' % self.live_name(change)
        if self.any_row(change.table, without):
            value = self.backfill.get(name) or change.new.default
            if value is None:
                return self.block(change, 'the column %s becomes NOT NULL, and %d rows have no value: give them one with backfill, for example '
                                  "{\"%s\": \"'unknown'\"}." % (change.new.name, self.number(change.table, without), name))
            steps += self.fill(change, change.new.name, value)
        return steps + [self.step('columns', change, self.modification(change, ['NOT NULL']), READS, rows=self.table(change).rows)]

    def same_type(self, change):
        return diff.same_type(change.new.type, change.old.type, self.live.length_semantics)

    def by_shadow(self, change):
        """Whether Oracle cannot change the type in place. An empty column can be changed to anything but from or to a LOB."""
        if self.same_type(change):
            return False
        how = typechange.change(change.old.type, change.new.type)
        if how is None or how.way == typechange.IN_PLACE:
            return False
        lob = change.old.type.is_lob or change.new.type.is_lob
        return lob or change.shadow is not None or self.any_row(change.table, '%s IS NOT NULL' % self.live_name(change))

    def fits(self, change, how):
        if how is None or how.misfit is None:
            return True
        condition = how.misfit.replace('%s', self.live_name(change))
        misfits = self.number(change.table, condition)
        if misfits:
            self.block(change, '%d rows hold a value of %s that %s cannot take; find them with: SELECT * FROM %s WHERE %s' % (
                misfits, change.new.name, operations.type_text(change.new.type), ddl.quoted(change.table), condition))
        return not misfits

    def change_by_shadow(self, change):
        """ADD shadow, copy, free the old column, change names, DROP it; what hung on the old column is put back by other steps."""
        table, old, new = self.table(change), change.old, change.new
        shadow, replaced = operations.shadow_name(old.name), operations.replaced_name(old.name)
        if old.name not in table.columns and shadow in table.columns:
            return self.block(change, 'the column %s was left half changed for another release: run the update to that release first.' % new.name)
        if replaced in table.columns:
            return '%s, which the next run changes, when the column %s is gone' % (change.difference, replaced)
        how = typechange.change(old.type, new.type)
        if not self.may_be_replaced(change) or not self.fits(change, how):
            return []
        kind = operations.type_text(new.type)
        steps = []
        if change.shadow is not None and change.shadow.type != new.type:
            steps.append(self.step('columns', change, self.alter(change.table, 'DROP COLUMN %s' % ddl.quoted(shadow)), REWRITES,
                                   'a column of an earlier run, for another type; the old column still has all values'))
        if change.shadow is None or change.shadow.type != new.type:
            steps.append(self.step('columns', change, self.alter(change.table, 'ADD (%s %s)' % (ddl.quoted(shadow), kind)),
                                   reason='Oracle cannot change %s to %s in place: a new column takes the values' % (old.name, kind)))
        if old.comment:
            # Before the old column goes: so it is lost nowhere.
            steps.append(self.step('columns', change, render.comment(change.table, shadow, old.comment), reason='the comment of %s is kept' % old.name))
        steps.append(self.copy(change, 'columns', old, shadow, new.type))
        steps += [self.step('columns', change, self.alter(change.table, 'DROP CONSTRAINT %s' % ddl.quoted(_called(constraint))),
                            reason='it hangs on the column %s, and is put back on the new one' % old.name)
                  for constraint in self.once('taken off', self.constraints_on(table, old.name))]
        steps += [self.step('columns', change, 'DROP INDEX %s' % ddl.quoted(index.name),
                            reason='its expression hangs on the column %s, and is put back on the new one' % old.name)
                  for index in self.once('indexes taken off', self.indexes_on(table, old.name)) if any('(' in text for text in index.columns)]
        steps.append(self.step('columns', change, self.new_name(change.table, old.name, replaced), reason='the new column is to have its name'))
        steps += self.without_not_null(change, old, replaced)
        steps.append(self.copy(change, 'columns', old.replace(name=replaced), shadow, new.type))
        steps.append(self.step('columns', change, self.new_name(change.table, shadow, old.name)))
        steps += self.finished(change)
        steps.append(self.without_replaced(change, 'columns', replaced))
        return steps + self.put_back(change, table)

    def new_name(self, table, old, new):
        return self.alter(table, 'RENAME COLUMN %s TO %s' % (ddl.quoted(old), ddl.quoted(new)))

    def without_replaced(self, change, phase, replaced):
        return self.step(phase, change, self.without(change.table, replaced), METADATA if self.set_unused else REWRITES,
                         'all its values are in the new column', rows=self.table(change).rows)

    def without_not_null(self, change, old, replaced, phase='columns'):
        """What a service inserts knows nothing of the old column. A primary key took its NOT NULL along."""
        if old.nullable or old.name in (self.table(change).primary_key or model.Constraint(kind='P')).columns:
            return []
        sql = self.alter(change.table, 'MODIFY (%s NULL)' % ddl.quoted(replaced))
        return [self.step(phase, change, sql, reason='new rows have no value in the old column')]

    def once(self, what, items):
        """Those that no other column of the plan has had for the same: a key or index of two columns hangs on both."""
        handled = self.handled.setdefault(what, [])
        found = [item for item in items if _called(item) not in handled]
        handled += [_called(item) for item in found]
        return found

    def copy(self, change, phase, old, shadow, kind):
        """Also on the second try: only rows whose copy differs, so that it ends, and values that changed in between are taken."""
        column, shadow = ddl.quoted(old.name), ddl.quoted(shadow)
        how = typechange.change(old.type, kind)
        converted = how.conversion % column
        if kind.is_lob:
            differs = 'DBMS_LOB.COMPARE(%s, %s) <> 0' % (shadow, converted if old.type.is_lob else 'TO_CLOB(%s)' % converted)
        else:
            differs = '%s <> %s' % (shadow, converted)
        condition = '((%s IS NULL AND %s IS NOT NULL) OR (%s IS NOT NULL AND %s IS NULL) OR %s)' % (shadow, converted, shadow, converted, differs)
        sql = 'UPDATE %s SET %s = %s WHERE %s AND ROWNUM <= %d' % (ddl.quoted(change.table), shadow, converted, condition, BATCH)
        return self.step(phase, change, sql, REWRITES, 'the values of %s are copied' % old.name, rows=self.table(change).rows, batch=BATCH)

    def finished(self, change):
        """Default and NOT NULL of the column that was a shadow."""
        steps = []
        if change.new.default is not None:
            steps.append(self.step('columns', change, self.modification(change, ['DEFAULT', change.new.default])))
        if not change.new.nullable:
            if change.old.nullable:
                return steps + self.need_values(change)
            steps.append(self.step('columns', change, self.modification(change, ['NOT NULL']), READS, rows=self.table(change).rows))
        return steps

    def may_be_replaced(self, change):
        """Whether the old column can go: nothing may hang on it that could not be put back."""
        table, name = self.table(change), change.old.name
        if table.partitioning and name in table.partitioning.columns:
            self.block(change, 'the column %s is a key of the partitioning, whose type cannot be changed (ORA-14060).' % name)
            return False
        for constraint in self.constraints_on(table, name):
            if constraint.kind == 'R' and not constraint.parent_columns:
                self.block(change, 'the foreign key %s on the column %s points to a key of another account, %s, and could not be put back: drop it by hand '
                           'first.' % (_called(constraint), name, constraint.parent))
                return False
            children = [child.name for child in self.live.tables.values() for key in child.constraints_of('R')
                        if constraint.kind in 'PU' and key.parent == table.name and key.parent_columns == constraint.columns]
            if children:
                self.block(change, 'the column %s is in a key that %s points to (ORA-12992).' % (name, ', '.join(children)))
                return False
        if change.new.type.is_lob:
            hanging = [_called(item) for item in self.constraints_on(table, name) if item.kind in 'PUR']
            hanging += [index.name for index in self.indexes_on(table, name)]
            if hanging:
                self.block(change, 'the column %s becomes a %s, which cannot be in %s (ORA-02329): name it in drop.' % (
                    name, change.new.type.name, ', '.join(hanging)))
            return not hanging
        return True

    def constraints_on(self, table, column):
        """Those that no other step drops."""
        return [constraint for constraint in table.constraints if _called(constraint) not in self.dropped and column in (
            constraint.columns if constraint.kind != 'C' else ddl.names_in(constraint.condition))]

    def indexes_on(self, table, column):
        """Those that no other step drops."""
        return [index for index in self.live.indexes_of(table.name) if _is_on(index, column) and not index.carries_key and
                index.name not in self.dropped_indexes]

    def put_back(self, change, table):
        """Constraints and indexes of the old column, as they were: what the release wants otherwise is a change of its own."""
        steps = []
        for constraint in self.once('put back', self.constraints_on(table, change.old.name)):
            phase = {'P': 'keys', 'U': 'keys', 'C': 'checks', 'R': 'references'}[constraint.kind]
            named = constraint.replace(name=self.renamed_constraints.get((change.table, _called(constraint)), constraint.name))
            steps.append(self.step(phase, change, self.alter(change.table, 'ADD ' + render.constraint_definition(named)), READS,
                                   'it hung on the old column %s' % change.old.name))
        for index in self.once('indexes put back', self.indexes_on(table, change.old.name)):
            made = self.renamed_indexes.get(index.name, index)
            steps.append(self.step('indexes', change, render.create_index(made), READS, 'it hung on the old column %s' % change.old.name, rows=table.rows))
        return steps

    def rename_column(self, change):
        return [self.step('finish', change, self.new_name(change.table, change.old, change.new))]

    def finish_column(self, change):
        """The shadow only needs its name, and before that what was written to the old column after the first copy."""
        renaming = self.step('finish', change, self.new_name(change.table, change.shadow.name, change.column.name))
        if change.replaced is None:
            return [renaming]
        if typechange.change(change.replaced.type, change.shadow.type) is None:
            return self.block(change, 'the column %s was left half changed, and %s holds values of another type: copy them to %s by hand, and drop it.' % (
                change.column.name, change.replaced.name, change.shadow.name))
        steps = self.without_not_null(change, change.replaced, change.replaced.name, 'finish')
        steps.append(self.copy(change, 'finish', change.replaced, change.shadow.name, change.shadow.type))
        return steps + [renaming, self.without_replaced(change, 'drop columns', change.replaced.name)]

    def drop_replaced(self, change):
        """Only if the new column really has its values: who made it is not known."""
        old, new = ddl.quoted(change.column.name), ddl.quoted(change.name)
        lost = '%s IS NOT NULL AND %s IS NULL' % (old, new)
        if '%s.%s' % (change.table, change.column.name) not in self.drop and self.any_row(change.table, lost):
            return self.block(change, '%d rows have a value in %s, the old column of a change of type, and none in %s: give it to them, or name %s.%s in '
                              'drop.' % (self.number(change.table, lost), change.column.name, change.name, change.table, change.column.name))
        return [self.without_replaced(change, 'drop columns', change.column.name)]

    def drop_column(self, change):
        if '%s.%s' % (change.table, change.column.name) not in self.drop:
            return None
        return [self.step('drop columns', change, self.without(change.table, change.column.name), LOSES, rows=self.table(change).rows)]

    def without(self, table, column):
        """DROP COLUMN rewrites every row under a lock; SET UNUSED takes a moment."""
        return self.alter(table, ('SET UNUSED (%s)' if self.set_unused else 'DROP COLUMN %s') % ddl.quoted(column))

    def drop_unused(self, change):
        """With checkpoints: the undo space stays small, and a drop that is stopped goes on where it was."""
        return [self.step('unused', change, self.alter(change.table, 'DROP UNUSED COLUMNS CHECKPOINT %d' % CHECKPOINT), REWRITES,
                          rows=self.table(change).rows)]

    def continue_drop(self, change):
        return [self.step('continue', change, self.alter(change.table, 'DROP COLUMNS CONTINUE CHECKPOINT %d' % CHECKPOINT), REWRITES,
                          rows=self.table(change).rows)]

    # ---- constraints

    def add_constraint(self, change):
        constraint, other = change.constraint, self.table(change).primary_key
        phase = {'P': 'keys', 'U': 'keys', 'C': 'checks', 'R': 'references'}[constraint.kind]
        if constraint.kind == 'P' and other is not None and _called(other) not in self.dropped:
            return self.block(change, 'the release wants the primary key (%s), and there is another one, %s (%s): name it in drop (ORA-02260).' % (
                ', '.join(constraint.columns), _called(other), ', '.join(other.columns)))
        if self.novalidate and constraint.kind in 'CR' and constraint.name and constraint.enabled and constraint.validated:
            definition = render.constraint_definition(constraint.replace(validated=False))
            return [self.step(phase, change, self.alter(change.table, 'ADD ' + definition)),
                    self.step(phase, change, self.alter(change.table, 'MODIFY CONSTRAINT %s VALIDATE' % ddl.quoted(constraint.name)), READS)]
        if not self.rows_keep(change):
            return []
        return [self.step(phase, change, self.alter(change.table, 'ADD ' + render.constraint_definition(constraint)), READS, rows=self.table(change).rows)]

    def rows_keep(self, change):
        """Whether the rows that there are keep a new constraint, as far as it can be asked now: not of columns that are yet to come."""
        constraint = change.constraint
        if not (constraint.enabled and constraint.validated):
            return True
        return {'C': self.rows_keep_check, 'P': self.rows_keep_key, 'U': self.rows_keep_key, 'R': self.rows_keep_reference}[constraint.kind](change, constraint)

    def can_be_asked(self, table, names):
        """Whether these columns are there as they will be."""
        there = self.live.tables[table].columns if table in self.live.tables else ()
        return all(name in there for name in names) and not self.are_changing(table, names)

    def are_changing(self, table, names):
        changing = self.retyped + self.added + list(self.old_names)
        return any((table, name) in changing for name in names)

    def rows_keep_check(self, change, constraint):
        names = ddl.names_in(constraint.condition)
        if self.are_changing(change.table, names) or not any(name in self.table(change).columns for name in names):
            return True
        violations = self.number(change.table, 'NOT (%s)' % constraint.condition)
        if violations:
            self.block(change, '%d rows violate the new check (%s): correct them first (SELECT * FROM %s WHERE NOT (%s)).' % (
                violations, constraint.condition, ddl.quoted(change.table), constraint.condition))
        return not violations

    def rows_keep_key(self, change, constraint):
        if not self.can_be_asked(change.table, constraint.columns):
            return True
        return self.have_no_value_twice(change, change.table, constraint.columns)

    def have_no_value_twice(self, change, table, names):
        columns = ', '.join(ddl.quoted(name) for name in names)
        # Oracle lets any number of rows be without all of the values.
        query = 'SELECT %s FROM %s WHERE %s GROUP BY %s HAVING COUNT(*) > 1' % (
            columns, ddl.quoted(table), ' OR '.join('%s IS NOT NULL' % ddl.quoted(name) for name in names), columns)
        repeated = self.count('SELECT COUNT(*) FROM (%s)' % query)
        if repeated:
            self.block(change, '%d values of the new key (%s) are in more than one row: correct them first (%s).' % (repeated, columns, query))
        return not repeated

    def rows_keep_reference(self, change, constraint):
        if not self.can_be_asked(change.table, constraint.columns):
            return True
        if constraint.parent not in self.live.tables:
            return self.rows_need_no_parent(change, constraint)
        if not self.can_be_asked(constraint.parent, constraint.parent_columns):
            return True
        pairs = [(ddl.quoted(own), ddl.quoted(theirs)) for own, theirs in zip(constraint.columns, constraint.parent_columns)]
        rest = 'FROM %s C WHERE %s AND NOT EXISTS (SELECT 1 FROM %s P WHERE %s)' % (
            ddl.quoted(change.table), ' AND '.join('C.%s IS NOT NULL' % own for own, _theirs in pairs), ddl.quoted(constraint.parent),
            ' AND '.join('P.%s = C.%s' % (theirs, own) for own, theirs in pairs))
        orphans = self.count('SELECT COUNT(*) ' + rest)
        if orphans:
            self.block(change, '%d rows point to no row of %s, as the new foreign key wants it: correct them first (SELECT C.* %s).' % (
                orphans, constraint.parent, rest))
        return not orphans

    def rows_need_no_parent(self, change, constraint):
        """The table of the parents is made by this plan, and has no row."""
        condition = ' AND '.join('%s IS NOT NULL' % ddl.quoted(name) for name in constraint.columns)
        orphans = self.number(change.table, condition)
        if orphans:
            self.block(change, '%d rows point to a row of %s by the new foreign key (%s), and that table is only made now: let it be made first, by an '
                       'update without %s, and fill it.' % (orphans, constraint.parent, ', '.join(constraint.columns), change.table))
        return not orphans

    def drop_constraint(self, change):
        constraint = change.constraint
        name = _called(constraint)
        asked = set((name, '%s.%s' % (change.table, name))) & self.drop
        # The release knows the name and wants something else by it.
        replaced = (change.table, name) in self.replaced
        gone = [column for column in self.table(change).columns if '%s.%s' % (change.table, column) in self.drop]
        if not asked and not replaced and not set(gone) & set(constraint.columns or ddl.names_in(constraint.condition or '')):
            return None
        sql = self.alter(change.table, 'DROP CONSTRAINT %s' % ddl.quoted(name))
        # A key cannot go before what points to it.
        return [self.step('free references' if constraint.kind == 'R' else 'free names', change, sql)]

    def rename_constraint(self, change):
        """What is put back gets its new name there."""
        return [self.step('renames', one, self.alter(one.table, 'RENAME CONSTRAINT %s TO %s' % (ddl.quoted(old), ddl.quoted(new))))
                for one, old, new in self.constraint_renames.in_order()]

    def is_put_back(self, table, constraint):
        return any(_called(constraint) == _called(other) for owner, column in self.shadowed if owner == table
                   for other in self.constraints_on(self.live.tables[table], column))

    def enable_constraint(self, change):
        # By then it has the name of the release.
        name = ddl.quoted(change.new.name or _called(change.old))
        return [self.step('references', change, self.alter(change.table, 'MODIFY CONSTRAINT %s ENABLE VALIDATE' % name), READS, rows=self.table(change).rows)]

    # ---- indexes, partitions, triggers

    def can_be_made(self, change, index):
        """Whether the rows that there are keep a unique index."""
        return not index.unique or not self.can_be_asked(index.table, index.columns) or self.have_no_value_twice(change, index.table, index.columns)

    def create_index(self, change):
        return Creation.steps(self, change) if self.can_be_made(change, change.item) else []

    def change_index(self, change):
        name = ddl.quoted(change.new.name)
        if change.old.carries_key:
            return None
        if not change.old.unique and not self.can_be_made(change, change.new):
            return []
        if _only_compression(change):
            how = 'COMPRESS %d' % change.new.compress if change.new.compress else 'NOCOMPRESS'
            return [self.step('indexes', change, 'ALTER INDEX %s REBUILD %s' % (name, how), READS)]
        return [self.step('free names', change, 'DROP INDEX %s' % name), self.step('indexes', change, render.create_index(change.new), READS)]

    def is_remade(self, index):
        """Whether it goes with a column that a shadow replaces."""
        return any(table == index.table and _is_on(index, column) for table, column in self.shadowed)

    def rename_index(self, change):
        return [self.step('renames', one, 'ALTER INDEX %s RENAME TO %s' % (ddl.quoted(old), ddl.quoted(new))) for one, old, new in self.renames.in_order()]

    def drop_index(self, change):
        if change.item.name not in self.drop:
            return None
        return [self.step('free names', change, 'DROP INDEX %s' % ddl.quoted(change.item.name))]

    def repartition(self, change):
        """Only from plain to partitioned, and only from 12.2 on, can Oracle do it in one statement."""
        if change.old is not None or change.new is None:
            return None
        if self.version < (12, 2):
            return '%s; servers before 12.2 cannot do that in place (ORA-14006): DBMS_REDEFINITION or a new table, by hand' % change.difference
        steps = []
        for name in change.new.columns:
            if name in self.table(change).columns and self.any_row(change.table, '%s IS NULL' % ddl.quoted(name)):
                value = self.backfill.get('%s.%s' % (change.table, name))
                if value is None:
                    return self.block(change, '%d rows have no value in %s, the key of the partitioning (ORA-14300): give them one with backfill, for '
                                      'example {"%s.%s": "TIMESTAMP \'2013-01-01 00:00:00\'"}.' % (
                                          self.number(change.table, '%s IS NULL' % ddl.quoted(name)), name, change.table, name))
                steps += self.fill(change, name, value, 'partition')
        return steps + [self.step('partition', change, self.alter(change.table, 'MODIFY\n%s\nONLINE' % render.partitioning_clause(change.new)), REWRITES,
                                  rows=self.table(change).rows)]

    def change_trigger(self, change):
        return [self.step('triggers', change, 'CREATE OR REPLACE' + change.new.text[len('CREATE'):])]

    def drop_object(self, change):
        if change.item.name not in self.drop:
            return None
        kind = {operations.DropTable: 'TABLE', operations.DropSequence: 'SEQUENCE', operations.DropTrigger: 'TRIGGER'}[type(change)]
        sql = 'DROP %s %s%s' % (kind, ddl.quoted(change.item.name), ' CASCADE CONSTRAINTS' if kind == 'TABLE' else '')
        return [self.step('drop', change, sql, LOSES if kind == 'TABLE' else METADATA, rows=getattr(change.item, 'rows', None))]

    _PLANNERS = {
        operations.CreateTable: create_table,
        operations.AddColumn: add_column,
        operations.ModifyColumn: modify_column,
        operations.FinishColumn: finish_column,
        operations.DropReplaced: drop_replaced,
        operations.RenameColumn: rename_column,
        operations.DropColumn: drop_column,
        operations.DropUnused: drop_unused,
        operations.ContinueDrop: continue_drop,
        operations.AddConstraint: add_constraint,
        operations.DropConstraint: drop_constraint,
        operations.RenameConstraint: rename_constraint,
        operations.EnableConstraint: enable_constraint,
        operations.CreateIndex: create_index,
        operations.ChangeIndex: change_index,
        operations.RenameIndex: rename_index,
        operations.DropIndex: drop_index,
        operations.Repartition: repartition,
        operations.ChangeTrigger: change_trigger,
        operations.DropTable: drop_object,
        operations.DropSequence: drop_object,
        operations.DropTrigger: drop_object,
    }


class _Renames:
    """Indexes or constraints whose new name another one still has: that one goes first; two that swap names go by way of a third.

    :param waiting: list of (operation, old name, new name).
    """

    def __init__(self, waiting):
        self.waiting = waiting

    def in_order(self):
        """All of them, for the first operation that asks: the others have nothing left to do."""
        found = []
        while self.waiting:
            names = [old for _change, old, _new in self.waiting]
            free = [one for one in self.waiting if one[2] not in names]
            if free:
                self.waiting.remove(free[0])
                found.append(free[0])
            else:
                change, old, new = self.waiting.pop(0)
                between = operations.shadow_name(new)
                found.append((change, old, between))
                self.waiting.append((change, between, new))
        return found


def _called(item):
    """The name of a constraint or index in the account, where no two have the same. Their contents may well be equal."""
    return item.name or item.system_name


def _is_on(index, column):
    """Also by an expression, or downwards."""
    return any(column == (text[:-5] if text.endswith(' DESC') else text) or ('(' in text and column in ddl.names_in(text)) for text in index.columns)


def _only_compression(change):
    return change.old.replace(compress=None).content() == change.new.replace(compress=None).content()


def _value(name, text):
    """The SQL of a value that the user gave, checked: one expression and nothing else."""
    return ddl.parse_value(text, 'backfill %s' % name)
