# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two schemas to the operations that turn the second into the first. Content is compared first, names second."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.cmsweb.crab.plugins.module_utils._schema import ddl, operations


def compare(wanted, live):
    """The operations, those that create first, in the order of the wanted schema.

    :param wanted: model.Schema of the release.
    :param live: model.Schema of the account, or an empty one.
    """
    return _created(wanted, live) + _changed_tables(wanted, live) + _changed_indexes(wanted, live) + _changed_triggers(wanted, live) + \
        _surplus(wanted, live)


def _created(wanted, live):
    found = [operations.CreateTable(item=table) for table in wanted.tables.values() if table.name not in live.tables]
    found += [operations.CreateSequence(item=item) for item in wanted.sequences.values() if item.name not in live.sequences]
    renamed = [new.name for old, new in _renamed_indexes(wanted, live)]
    found += [operations.CreateIndex(item=item) for item in wanted.indexes.values() if item.name not in live.indexes and item.name not in renamed]
    return found + [operations.CreateTrigger(item=item) for item in wanted.triggers.values() if item.name not in live.triggers]


def _surplus(wanted, live):
    """What the release does not know. An index that carries a key belongs to the key."""
    renamed = [old.name for old, new in _renamed_indexes(wanted, live)]
    found = [operations.DropTrigger(item=item) for item in live.triggers.values() if item.name not in wanted.triggers]
    found += [operations.DropIndex(item=item) for item in live.indexes.values()
              if item.name not in wanted.indexes and item.name not in renamed and not item.carries_key and item.table in wanted.tables]
    found += [operations.DropSequence(item=item) for item in live.sequences.values() if item.name not in wanted.sequences]
    return found + [operations.DropTable(item=table) for table in live.tables.values() if table.name not in wanted.tables]


def _changed_tables(wanted, live):
    found = []
    for table in wanted.tables.values():
        if table.name in live.tables:
            found += compare_table(table, live.tables[table.name], live.length_semantics)
    return found


def compare_table(wanted, live, length_semantics='BYTE'):
    """The operations inside one table that both have. The order of columns is no difference: it cannot be changed."""
    name = wanted.name
    found = [operations.AddColumn(table=name, column=column) for column in wanted.columns.values() if column.name not in live.columns]
    for column in wanted.columns.values():
        if column.name in live.columns and not same_column(column, live.columns[column.name], length_semantics):
            found.append(operations.ModifyColumn(table=name, old=live.columns[column.name], new=column))
    found += [operations.DropColumn(table=name, column=column) for column in live.columns.values() if column.name not in wanted.columns]
    found += _compare_constraints(wanted, live)
    old, new = live.partitioning, wanted.partitioning
    if (old.content() if old else None) != (new.content() if new else None):
        found.append(operations.Repartition(table=name, old=old, new=new))
    return found


def same_column(wanted, live, length_semantics='BYTE'):
    return wanted.default == live.default and wanted.nullable == live.nullable and same_type(wanted.type, live.type, length_semantics)


def same_type(wanted, live, length_semantics='BYTE'):
    """A length without a unit has that of the server's setting."""
    if wanted.is_text and wanted.unit is None and not wanted.name.startswith('N'):
        wanted = wanted.replace(unit=length_semantics)
    if live.is_text and live.unit is None and not live.name.startswith('N'):
        live = live.replace(unit=length_semantics)
    return wanted == live


def _compare_constraints(wanted, live):
    """Pairs by content, of several equal ones those with equal names first; what is left over is missing or too much."""
    pairs, missing, rest = _paired(wanted.constraints, live.constraints)
    found = [operations.AddConstraint(table=wanted.name, constraint=constraint) for constraint in missing]
    for new, old in pairs:
        if new.name and new.name != old.name:
            found.append(operations.RenameConstraint(table=wanted.name, old=old, new=new))
        if (new.enabled and not old.enabled) or (new.validated and not old.validated):
            found.append(operations.EnableConstraint(table=wanted.name, old=old, new=new))
    return found + [operations.DropConstraint(table=wanted.name, constraint=constraint) for constraint in rest]


def _paired(wanted, live):
    pairs, missing, rest = [], [], list(live)
    contents = dict((id(constraint), _content(constraint)) for constraint in wanted + live)
    for new in sorted(wanted, key=lambda constraint: constraint.name is None):
        equal = [old for old in rest if contents[id(old)] == contents[id(new)]]
        equal.sort(key=lambda old: old.name != new.name)
        if equal:
            pairs.append((new, equal[0]))
            rest = [old for old in rest if old is not equal[0]]
        else:
            missing.append(new)
    return pairs, missing, rest


def _content(constraint):
    """What it demands, whatever its name."""
    condition = ddl.comparable(constraint.condition) if constraint.condition else None
    return (constraint.kind, constraint.columns, condition, constraint.parent, constraint.parent_columns, constraint.on_delete)


def _changed_indexes(wanted, live):
    found = [operations.RenameIndex(old=old, new=new) for old, new in _renamed_indexes(wanted, live)]
    for index in wanted.indexes.values():
        old = live.indexes.get(index.name)
        if old is not None and old.content() != index.content():
            found.append(operations.ChangeIndex(old=old, new=index))
    return found


def _renamed_indexes(wanted, live):
    """(live index, wanted index) with the same content and names that only one side has."""
    found = []
    free = [index for index in live.indexes.values() if index.name not in wanted.indexes and not index.carries_key]
    for new in wanted.indexes.values():
        equal = [old for old in free if old.content() == new.content()] if new.name not in live.indexes else []
        if equal:
            found.append((equal[0], new))
            free.remove(equal[0])
    return found


def _changed_triggers(wanted, live):
    return [operations.ChangeTrigger(old=live.triggers[item.name], new=item) for item in wanted.triggers.values()
            if item.name in live.triggers and ddl.comparable(live.triggers[item.name].text) != ddl.comparable(item.text)]
