# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server would refuse of a release's schema, found before it is asked: a half-installed schema is worse than none."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._schema import model


class Problem(model.Record):
    """message: which statement and why; repair: what would be done about it, empty where only a person can tell."""

    fields = ('message', 'repair')
    defaults = {'repair': ''}


class Limits(model.Record):
    """What depends on the server's version."""

    fields = ('name_bytes',)

    @classmethod
    def of(cls, version):
        """:param version: tuple such as (11, 2, 0, 4)"""
        return cls(name_bytes=128 if version >= (12, 2) else 30)


# Before the version is known, only what no server takes is refused.
ANY_SERVER = Limits(name_bytes=128)


def build(items, problems, limits=None, repair=False):
    """One schema of the parsed statements.

    :param items: model objects in the order of their statements.
    :param problems: list of Problem found by the parser. One that it could not mend makes the rest meaningless: only those are told.
    :returns: (model.Schema, list of warnings: what was repaired)
    """
    schema = model.Schema()
    problems = list(problems)
    complete = all(problem.repair for problem in problems)
    builder = _Builder(schema, problems, limits or ANY_SERVER)
    for item in items if complete else ():
        builder.add(item)
    for table in schema.tables.values():
        builder.resolve_foreign_keys(table)
    fatal = problems if not repair else [problem for problem in problems if not problem.repair]
    if fatal:
        raise CrabError('The schema cannot be installed as written:\n%s' % '\n'.join('- ' + _line(problem) for problem in fatal), _hint(fatal))
    return schema, ['%s Repaired: %s.' % (problem.message, problem.repair) for problem in problems]


def _line(problem):
    return problem.message + (' With repair: %s.' % problem.repair if problem.repair else '')


def _hint(fatal):
    if all(problem.repair for problem in fatal):
        return "Set repair (in the role: oracle_schema_repair) to true to install it with these repairs, or take another release."
    return 'Correct the statements, or take another release.'


class _Builder:
    """Adds objects one by one and notes what is wrong with each."""

    def __init__(self, schema, problems, limits):
        self.schema = schema
        self.problems = problems
        self.limits = limits
        # Oracle keeps indexes, constraints and triggers in namespaces of their own.
        self.taken = {'object': {}, 'index': {}, 'constraint': {}, 'trigger': {}}

    def add(self, item):
        {model.Table: self.add_table, model.Index: self.add_index, model.Sequence: self.add_sequence, model.Trigger: self.add_trigger}[type(item)](item)

    def problem(self, item, text, repair=''):
        self.problems.append(Problem(message='%s: %s' % (item.where, text) if item.where else text, repair=repair))

    def name(self, item, namespace, kind, code, owner=None):
        """The name that the object gets: its own, or the one that mends a name that is too long or taken."""
        name = self.short_enough(owner or item, kind, item.name)
        first = self.taken[namespace].get(name)
        if first is not None:
            free = self.free_name(namespace, name)
            self.problem(owner or item, 'the %s name %s is already used by %s (%s).' % (kind, name, first, code), 'it is called %s' % free)
            name = free
        self.taken[namespace][name] = (owner or item).where or name
        return name

    def short_enough(self, item, kind, name):
        limit = self.limits.name_bytes
        if len(name.encode('utf-8')) <= limit:
            return name
        self.problem(item, 'the %s name %s has %d bytes, this server takes %d (ORA-00972).' % (kind, name, len(name.encode('utf-8')), limit),
                     'it is called %s' % name[:limit])
        return name[:limit]

    def free_name(self, namespace, name):
        number = 2
        while True:
            suffix = '_%d' % number
            candidate = name[:self.limits.name_bytes - len(suffix)] + suffix
            if candidate not in self.taken[namespace]:
                return candidate
            number += 1

    # ---- one kind of object a method

    def add_table(self, table):
        if table.name in self.schema.tables:
            self.problem(table, 'the table %s is already created by %s (ORA-00955).' % (table.name, self.taken['object'][table.name]))
            return
        table.name = self.name(table, 'object', 'table', 'ORA-00955')
        for column in table.columns.values():
            if len(column.name.encode('utf-8')) > self.limits.name_bytes:
                self.problem(table, 'the column name %s is longer than the %d bytes of this server (ORA-00972).' % (column.name, self.limits.name_bytes))
        for constraint in table.constraints:
            self.check_constraint(table, constraint)
        keys = [constraint.columns for constraint in table.constraints if constraint.kind in 'PU']
        for columns in sorted(set(columns for columns in keys if keys.count(columns) > 1)):
            self.problem(table, 'the table %s has two keys of the same columns, %s (ORA-02261).' % (table.name, ', '.join(columns)))
        if len(table.constraints_of('P')) > 1:
            self.problem(table, 'the table %s has more than one primary key (ORA-02260).' % table.name)
        if table.partitioning is not None:
            self.need_columns(table, table, table.partitioning.columns, 'the partitioning')
        self.schema.add(table)

    def check_constraint(self, table, constraint):
        self.need_columns(table, table, constraint.columns, 'constraint %s' % (constraint.name or constraint.kind))
        if constraint.kind in 'PU':
            for name in constraint.columns:
                if name in table.columns and table.columns[name].type.is_lob:
                    self.problem(table, 'the LOB column %s cannot be in a key (ORA-02329).' % name)
        if constraint.name is None:
            return
        constraint.name = self.name(constraint, 'constraint', 'constraint', 'ORA-02264', owner=table)
        if constraint.kind in 'PU':
            self.taken['index'].setdefault(constraint.name, table.where or table.name)

    def add_index(self, index):
        table = self.schema.tables.get(index.table)
        if table is None:
            self.problem(index, 'the index %s is on the table %s, which no statement before it creates (ORA-00942).' % (index.name, index.table))
            return
        if self.is_repeated(index, table):
            return
        index.name = self.name(index, 'index', 'index', 'ORA-00955')
        self.need_columns(index, table, [column for column in index.columns if '(' not in column], 'index %s' % index.name)
        self.schema.add(index)

    def is_repeated(self, index, table):
        """The same column list twice is ORA-01408, whatever the names."""
        rivals = [(other.name, other.columns) for other in self.schema.indexes_of(table.name)]
        rivals += [(constraint.name or 'the primary key', constraint.columns) for constraint in table.constraints if constraint.kind in 'PU']
        for name, columns in rivals:
            if columns == index.columns:
                self.problem(index, 'the index %s has the columns of %s (ORA-01408).' % (index.name, name), 'it is left out')
                return True
        return False

    def add_sequence(self, sequence):
        sequence.name = self.name(sequence, 'object', 'sequence', 'ORA-00955')
        self.schema.add(sequence)

    def add_trigger(self, trigger):
        if trigger.table not in self.schema.tables:
            self.problem(trigger, 'the trigger %s is on the table %s, which no statement before it creates (ORA-00942).' % (trigger.name, trigger.table))
            return
        if trigger.name in self.schema.triggers:
            self.problem(trigger, 'the trigger %s is already created by %s (ORA-04081).' % (trigger.name, self.taken['trigger'][trigger.name]))
            return
        self.short_enough(trigger, 'trigger', trigger.name)
        self.taken['trigger'][trigger.name] = trigger.where or trigger.name
        self.schema.add(trigger)

    def need_columns(self, item, table, names, user):
        for name in names:
            if name.replace(' DESC', '') not in table.columns:
                self.problem(item, '%s names the column %s, which the table %s has not (ORA-00904).' % (user, name, table.name))

    def resolve_foreign_keys(self, table):
        """A foreign key without columns points to the primary key; the columns it points to must be a key."""
        for constraint in table.constraints_of('R'):
            parent = self.schema.tables.get(constraint.parent)
            name = constraint.name or 'a foreign key'
            if parent is None:
                self.problem(table, '%s points to the table %s, which no statement creates (ORA-00942).' % (name, constraint.parent))
                continue
            if not constraint.parent_columns and parent.primary_key:
                constraint.parent_columns = parent.primary_key.columns
            if constraint.parent_columns not in [key.columns for key in parent.constraints if key.kind in 'PU']:
                self.problem(table, '%s points to %s(%s), which is no primary or unique key (ORA-02270).' % (
                    name, constraint.parent, ', '.join(constraint.parent_columns)))
