# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two schemas to the operations that turn the second into the first. Content is compared first, names second."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import difflib

from ansible_collections.cmsweb.crab.plugins.module_utils._schema import ddl, history, operations

_ALIKE = 0.85


def compare(wanted, live):
    """The operations, those that create first, in the order of the wanted schema.

    :param wanted: model.Schema of the release.
    :param live: model.Schema of the account, or an empty one.
    """
    indexes = _compare_indexes(wanted, live)
    return _created(wanted, live, indexes) + _changed_tables(wanted, live) + indexes.changed + _changed_triggers(wanted, live) + \
        _surplus(wanted, live, indexes)


def _created(wanted, live, indexes):
    found = [operations.CreateTable(item=table) for table in wanted.tables.values() if table.name not in live.tables]
    found += [operations.CreateSequence(item=item) for item in wanted.sequences.values() if item.name not in live.sequences]
    found += indexes.missing
    return found + [operations.CreateTrigger(item=item) for item in wanted.triggers.values() if item.name not in live.triggers]


def _surplus(wanted, live, indexes):
    """What the release does not know."""
    found = [operations.DropTrigger(item=item) for item in live.triggers.values() if item.name not in wanted.triggers]
    found += indexes.surplus
    found += [operations.DropSequence(item=item) for item in live.sequences.values() if item.name not in wanted.sequences]
    return found + [operations.DropTable(item=table) for table in live.tables.values() if table.name not in wanted.tables and table.name != history.TABLE]


def _changed_tables(wanted, live):
    found = []
    for table in wanted.tables.values():
        if table.name in live.tables:
            found += compare_table(table, live.tables[table.name], live.length_semantics)
    return found


def compare_table(wanted, live, length_semantics='BYTE'):
    """The operations inside one table that both have. The order of columns is no difference: it cannot be changed."""
    if live.half_dropped:
        # Nothing else can be asked of the table or done to it; the next run sees the rest.
        return [operations.ContinueDrop(table=wanted.name)]
    found = []
    # Of a change of type that was stopped: the columns that were to take the values, and the old ones.
    left = _Left(wanted, live)
    for column in wanted.columns.values():
        found += _compare_column(wanted.name, column, live.columns.get(column.name), left, length_semantics)
    changed = [change.new.name for change in found if isinstance(change, operations.ModifyColumn)]
    for column in live.columns.values():
        if column.name not in wanted.columns and not left.in_use(column.name, changed):
            found.append(operations.DropColumn(table=wanted.name, column=column, successor=_successor(column, found, length_semantics)))
    found += _compare_constraints(wanted, live)
    old, new = live.partitioning, wanted.partitioning
    if (old.content() if old else None) != (new.content() if new else None):
        found.append(operations.Repartition(table=wanted.name, old=old, new=new))
    return found


class _Left:
    """What a stopped change of type left in a table."""

    def __init__(self, wanted, live):
        half_changed = any('$' in name for name in live.columns)
        self._live = live.columns
        self._shadows = dict((operations.shadow_name(name), name) for name in wanted.columns) if half_changed else {}
        self._replaced = dict((operations.replaced_name(name), name) for name in wanted.columns) if half_changed else {}
        self.shadow_of = dict((self._shadows[name], column) for name, column in live.columns.items() if name in self._shadows)
        self.replaced_by = dict((self._replaced[name], column) for name, column in live.columns.items() if name in self._replaced)

    def in_use(self, name, changed):
        """Whether the column belongs to a change that goes on: it is none that the release lacks."""
        owner = self._shadows.get(name)
        return name in self._replaced or (owner is not None and (owner not in self._live or owner in changed))


def unused(wanted, live):
    """The operations that free the space of unused columns: no difference from the release, so only for who asks."""
    return [operations.DropUnused(table=table.name, count=table.unused) for table in live.tables.values()
            if table.unused and table.name in wanted.tables and not table.half_dropped]


def _successor(column, changes, length_semantics):
    """The missing column that is so like this one that it may be this one under another name."""
    for change in changes:
        if isinstance(change, operations.AddColumn) and same_type(change.column.type, column.type, length_semantics) and difflib.SequenceMatcher(
                None, column.name, change.column.name).ratio() >= _ALIKE:
            return change.column.name
    return None


def _compare_column(table, wanted, live, left, length_semantics):
    shadow, replaced = left.shadow_of.get(wanted.name), left.replaced_by.get(wanted.name)
    if live is None and shadow is None and replaced is None:
        return [operations.AddColumn(table=table, column=wanted)]
    found = []
    if live is None:
        # Without a shadow the old column is all there is, and gets its name back.
        source = shadow or replaced
        found.append(operations.FinishColumn(table=table, shadow=source, column=wanted, replaced=replaced if shadow else None))
        live, shadow = source.replace(name=wanted.name), None
    elif replaced is not None:
        found.append(operations.DropReplaced(table=table, column=replaced, name=wanted.name))
    if not same_column(wanted, live, length_semantics):
        found.append(operations.ModifyColumn(table=table, old=live, new=wanted, shadow=shadow))
    return found


def same_column(wanted, live, length_semantics='BYTE'):
    return wanted.default == live.default and wanted.nullable == live.nullable and same_type(wanted.type, live.type, length_semantics)


def same_type(wanted, live, length_semantics='BYTE'):
    """A length without a unit has that of the server's setting."""
    if (wanted.name, wanted.length, wanted.precision, wanted.scale) != (live.name, live.length, live.precision, live.scale):
        return False
    if not wanted.is_text or wanted.name.startswith('N'):
        return True
    return (wanted.unit or length_semantics) == (live.unit or length_semantics)


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


class _Indexes:
    """What the comparison of indexes found."""

    def __init__(self):
        self.missing = []
        self.changed = []
        self.surplus = []


def _compare_indexes(wanted, live):
    """Pairs by content, of equal ones those with equal names first; of the rest those with equal names are changed."""
    found = _Indexes()
    waiting = list(wanted.indexes.values())
    rest = [index for index in live.indexes.values() if index.table in wanted.tables]
    for same in (_same_in_all, _same_content, _same_name):
        for new in list(waiting):
            match = [old for old in rest if same(old, new)]
            if match:
                waiting.remove(new)
                rest = [old for old in rest if old is not match[0]]
                if same is _same_content:
                    found.changed.append(operations.RenameIndex(old=match[0], new=new))
                elif same is _same_name:
                    found.changed.append(operations.ChangeIndex(old=match[0], new=new))
    found.missing = [operations.CreateIndex(item=index) for index in waiting]
    # An index that carries a key belongs to the key.
    found.surplus = [operations.DropIndex(item=index) for index in rest if not index.carries_key]
    return found


def _same_in_all(old, new):
    return old.name == new.name and old.content() == new.content()


def _same_content(old, new):
    return old.content() == new.content() and not old.carries_key


def _same_name(old, new):
    return old.name == new.name


def _changed_triggers(wanted, live):
    return [operations.ChangeTrigger(old=live.triggers[item.name], new=item) for item in wanted.triggers.values()
            if item.name in live.triggers and ddl.comparable(live.triggers[item.name].text) != ddl.comparable(item.text)]
