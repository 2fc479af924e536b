# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The changes that lead from one schema to another, as plain objects: compared, planned, rendered and run elsewhere."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib

from ansible_collections.cmsweb.crab.plugins.module_utils._schema import model
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes, to_native


class Operation(model.Record):
    """subject names the object it changes; difference says, as part of a sentence, how the database differs from the release."""

    @property
    def subject(self):
        return self.table


class CreateTable(Operation):
    fields = ('item',)
    subject = property(lambda self: self.item.name)
    difference = 'the table is missing'


class CreateIndex(Operation):
    fields = ('item',)
    subject = property(lambda self: self.item.name)
    difference = property(lambda self: 'the index on %s is missing' % self.item.table)


class CreateSequence(Operation):
    fields = ('item',)
    subject = property(lambda self: self.item.name)
    difference = 'the sequence is missing'


class CreateTrigger(Operation):
    fields = ('item',)
    subject = property(lambda self: self.item.name)
    difference = property(lambda self: 'the trigger on %s is missing' % self.item.table)


class DropTable(Operation):
    fields = ('item',)
    subject = property(lambda self: self.item.name)
    difference = 'the release has no such table'


class DropIndex(Operation):
    fields = ('item',)
    subject = property(lambda self: self.item.name)
    difference = property(lambda self: 'the release has no such index on %s' % self.item.table)


class DropSequence(Operation):
    fields = ('item',)
    subject = property(lambda self: self.item.name)
    difference = 'the release has no such sequence'


class DropTrigger(Operation):
    fields = ('item',)
    subject = property(lambda self: self.item.name)
    difference = property(lambda self: 'the release has no such trigger on %s' % self.item.table)


class ChangeIndex(Operation):
    """The same name, other columns, uniqueness or compression."""

    fields = ('old', 'new')
    subject = property(lambda self: self.new.name)
    difference = property(lambda self: 'is %s, the release wants %s' % (_index(self.old), _index(self.new)))


class RenameIndex(Operation):
    fields = ('old', 'new')
    subject = property(lambda self: self.old.name)
    difference = property(lambda self: 'the release calls this index %s' % self.new.name)


class ChangeTrigger(Operation):
    fields = ('old', 'new')
    subject = property(lambda self: self.new.name)
    difference = 'the text of the trigger differs from the release'


class AddColumn(Operation):
    fields = ('table', 'column')
    difference = property(lambda self: 'the column %s is missing' % self.column.name)


class DropColumn(Operation):
    """successor: a column that the table lacks and that may be this one by its new name."""

    fields = ('table', 'column', 'successor')
    defaults = {'successor': None}

    @property
    def difference(self):
        found = 'the release has no column %s' % self.column.name
        if not self.column.nullable and self.column.default is None:
            # Rows that the release inserts leave the column out.
            found += ', which is NOT NULL without a default: what the release inserts will fail (ORA-01400)'
        if self.successor:
            found += '; is it what the release calls %s? Then rename {"%s.%s": "%s"} keeps its values' % (
                self.successor, self.table, self.column.name, self.successor)
        return found


class DropUnused(Operation):
    """Columns that were set unused: the dictionary has forgotten them, and the rows still hold their values."""

    fields = ('table', 'count')
    difference = property(lambda self: '%d unused columns still take space' % self.count)


class ContinueDrop(Operation):
    """A drop of unused columns was stopped between two checkpoints."""

    fields = ('table',)
    difference = 'the drop of its columns was stopped halfway, and until it ends the table cannot be used (ORA-12986)'


class RenameColumn(Operation):
    fields = ('table', 'old', 'new')
    difference = property(lambda self: 'the column %s is to be called %s' % (self.old, self.new))


class FinishColumn(Operation):
    """A change of type by a shadow column was stopped before the shadow got the name. replaced: the old column, if it is still there."""

    fields = ('table', 'shadow', 'column', 'replaced')
    defaults = {'replaced': None}
    difference = property(lambda self: 'the column %s is still called %s' % (self.column.name, self.shadow.name))


class DropReplaced(Operation):
    """A change of type was stopped after the new column got the name: column is the old one, name what it was called."""

    fields = ('table', 'column', 'name')
    difference = property(lambda self: 'the column that %s replaced is still there, as %s' % (self.name, self.column.name))


class ModifyColumn(Operation):
    """shadow: the column that an earlier run made to take the values in their new type, if there is one."""

    fields = ('table', 'old', 'new', 'shadow')
    defaults = {'shadow': None}

    @property
    def difference(self):
        return 'the column %s: %s' % (self.new.name, '; '.join(self.changes()))

    def changes(self):
        """One phrase for each aspect that differs."""
        found = []
        if self.old.type != self.new.type:
            found.append('type %s, the release wants %s' % (type_text(self.old.type), type_text(self.new.type)))
        if self.old.default != self.new.default:
            found.append('default %s, the release wants %s' % (self.old.default or 'none', self.new.default or 'none'))
        if self.old.nullable != self.new.nullable:
            found.append('%s, the release wants %s' % tuple('NULL' if column.nullable else 'NOT NULL' for column in (self.old, self.new)))
        return found


class AddConstraint(Operation):
    fields = ('table', 'constraint')
    difference = property(lambda self: '%s is missing' % _constraint(self.constraint))


class DropConstraint(Operation):
    fields = ('table', 'constraint')
    difference = property(lambda self: 'the release has no %s' % _constraint(self.constraint))


class RenameConstraint(Operation):
    fields = ('table', 'old', 'new')
    difference = property(lambda self: 'the release calls the constraint %s %s' % (self.old.name, self.new.name))


class EnableConstraint(Operation):
    """The constraint is there but switched off, or was never checked against the rows."""

    fields = ('table', 'old', 'new')
    difference = property(lambda self: '%s is %s' % (_constraint(self.old), 'not validated' if self.old.enabled else 'disabled'))


class Repartition(Operation):
    fields = ('table', 'old', 'new')
    difference = property(lambda self: 'is %s, the release wants %s' % (_partitioning(self.old), _partitioning(self.new)))


def shadow_name(column):
    """The name of the column that takes the values of another while its type is changed: always the same, at most 30 bytes."""
    digest = hashlib.sha1(to_bytes(column)).hexdigest()[:8].upper()
    return to_native(to_bytes(column)[:20].decode('utf-8', 'ignore')) + '$' + digest


def replaced_name(column):
    """The name of the old column from when the shadow gets its name until it is dropped."""
    return shadow_name(shadow_name(column))


def type_text(kind):
    """The type as in a statement."""
    if kind.name in ('VARCHAR2', 'CHAR'):
        return '%s(%d%s)' % (kind.name, kind.length, ' ' + kind.unit if kind.unit else '')
    if kind.length is not None:
        return '%s(%d)' % (kind.name, kind.length)
    if kind.name == 'NUMBER' and (kind.precision, kind.scale) == (None, 0):
        return 'INTEGER'
    if kind.name == 'NUMBER' and (kind.precision is not None or kind.scale is not None):
        return 'NUMBER(%s%s)' % ('*' if kind.precision is None else kind.precision, ',%d' % kind.scale if kind.scale else '')
    if kind.name == 'FLOAT':
        return 'FLOAT(%d)' % kind.precision
    return kind.name


def _constraint(constraint):
    what = {'P': 'primary key (%s)', 'U': 'unique key (%s)', 'R': 'foreign key (%s)', 'C': 'check (%s)'}[constraint.kind]
    content = constraint.condition if constraint.kind == 'C' else ', '.join(constraint.columns)
    return '%s%s' % (what % content, ' ' + constraint.name if constraint.name else '')


def _index(index):
    compress = ' COMPRESS %d' % index.compress if index.compress else ''
    return '%s(%s) on %s%s' % ('UNIQUE ' if index.unique else '', ', '.join(index.columns), index.table, compress)


def _partitioning(partitioning):
    if partitioning is None:
        return 'not partitioned'
    interval = ', interval %s' % partitioning.interval if partitioning.interval else ''
    return 'partitioned by %s (%s)%s' % (partitioning.method, ', '.join(partitioning.columns), interval)
