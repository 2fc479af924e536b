# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations as SQL: readable, one statement each, plain SQL without a final semicolon (ORA-00911), PL/SQL with it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.cmsweb.crab.plugins.module_utils._schema import ddl, operations


def create_table(table):
    lines = ['  ' + column_definition(column) for column in table.columns.values()]
    lines += ['  ' + constraint_definition(constraint) for constraint in table.constraints]
    text = 'CREATE TABLE %s (\n%s\n)' % (ddl.quoted(table.name), ',\n'.join(lines))
    if table.partitioning:
        text += '\n' + partitioning_clause(table.partitioning)
    return text + ('\nENABLE ROW MOVEMENT' if table.row_movement else '')


def column_definition(column):
    text = '%s %s' % (ddl.quoted(column.name), operations.type_text(column.type))
    if column.default is not None:
        text += ' DEFAULT ' + column.default
    return text if column.nullable else text + ' NOT NULL'


def constraint_definition(constraint):
    text = 'CONSTRAINT %s ' % ddl.quoted(constraint.name) if constraint.name else ''
    if constraint.kind == 'P':
        text += 'PRIMARY KEY (%s)' % _names(constraint.columns)
    elif constraint.kind == 'U':
        text += 'UNIQUE (%s)' % _names(constraint.columns)
    elif constraint.kind == 'C':
        text += 'CHECK (%s)' % constraint.condition
    else:
        text += 'FOREIGN KEY (%s) REFERENCES %s (%s)' % (_names(constraint.columns), ddl.quoted(constraint.parent), _names(constraint.parent_columns))
        text += ' ON DELETE ' + constraint.on_delete if constraint.on_delete else ''
    if not constraint.enabled:
        text += ' DISABLE'
    elif not constraint.validated:
        text += ' ENABLE NOVALIDATE'
    return text


def partitioning_clause(partitioning):
    text = 'PARTITION BY %s (%s)' % (partitioning.method, _names(partitioning.columns))
    if partitioning.interval:
        text += '\nINTERVAL (%s)' % partitioning.interval
    parts = ['  PARTITION %sVALUES LESS THAN (%s)' % (ddl.quoted(name) + ' ' if name else '', bound) for name, bound in partitioning.partitions]
    return text + '\n(\n%s\n)' % ',\n'.join(parts)


def create_index(index):
    text = 'CREATE %sINDEX %s ON %s (%s)' % ('UNIQUE ' if index.unique else '', ddl.quoted(index.name), ddl.quoted(index.table),
                                             ', '.join(_index_column(column) for column in index.columns))
    text += ' COMPRESS %d' % index.compress if index.compress else ''
    return text + (' LOCAL' if index.local else '')


def comment(table, column, text):
    return "COMMENT ON COLUMN %s.%s IS '%s'" % (ddl.quoted(table), ddl.quoted(column), text.replace("'", "''"))


def create_sequence(sequence):
    parts = ['CREATE SEQUENCE ' + ddl.quoted(sequence.name), 'START WITH %d' % sequence.start, 'INCREMENT BY %d' % sequence.increment,
             'NOMINVALUE' if sequence.minimum is None else 'MINVALUE %d' % sequence.minimum,
             'NOMAXVALUE' if sequence.maximum is None else 'MAXVALUE %d' % sequence.maximum,
             'CACHE %d' % sequence.cache if sequence.cache else 'NOCACHE']
    parts += ['CYCLE'] if sequence.cycle else []
    return ' '.join(parts + (['ORDER'] if sequence.order else []))


def create_trigger(trigger):
    return trigger.text


def _names(names):
    return ', '.join(ddl.quoted(name) for name in names)


def _index_column(column):
    """An expression as it is, a name in quotes where it needs them."""
    if '(' in column:
        return column
    return ddl.quoted(column[:-5]) + ' DESC' if column.endswith(' DESC') else ddl.quoted(column)


_RENDERERS = {
    operations.CreateTable: lambda operation: create_table(operation.item),
    operations.CreateIndex: lambda operation: create_index(operation.item),
    operations.CreateSequence: lambda operation: create_sequence(operation.item),
    operations.CreateTrigger: lambda operation: create_trigger(operation.item),
}


def sql(operation):
    """The statement of an operation."""
    return _RENDERERS[type(operation)](operation)
