# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Columns that a release calls by another name: renamed with their values, where the user says so."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import copy

from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._schema import ddl, operations


def apply(live, names):
    """(operations, the account's schema as it is after them). What is renamed already is no operation.

    :param names: dict TABLE.COLUMN to the new name of the column.
    """
    changes, after = [], copy.deepcopy(live) if names else live
    for path, new in sorted(names.items()):
        table, _dot, old = path.upper().partition('.')
        new = new.upper()
        if table not in after.tables or old not in after.tables[table].columns:
            continue
        if new in after.tables[table].columns:
            raise CrabError('rename %s: the table has a column %s already.' % (path, new), 'Take it out of rename, or drop one of the two.')
        changes.append(operations.RenameColumn(table=table, old=old, new=new))
        _rename(after, table, old, new)
    return changes, after


def _rename(schema, table, old, new):
    """The column in everything that names it."""
    def renamed(names):
        return tuple(new if name == old else name for name in names)

    owner = schema.tables[table]
    columns = [(new, column.replace(name=new)) if name == old else (name, column) for name, column in owner.columns.items()]
    owner.columns.clear()
    owner.columns.update(columns)
    for constraint in owner.constraints:
        constraint.columns = renamed(constraint.columns)
        if constraint.condition:
            constraint.condition = ddl.with_name(constraint.condition, old, new)
    for other in schema.tables.values():
        for constraint in other.constraints_of('R'):
            if constraint.parent == table:
                constraint.parent_columns = renamed(constraint.parent_columns)
    for index in schema.indexes_of(table):
        index.columns = renamed(index.columns)
    if owner.partitioning:
        owner.partitioning.columns = renamed(owner.partitioning.columns)
