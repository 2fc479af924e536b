# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A schema as plain values: what a release wants and what an account has are the same kind of thing."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from collections import OrderedDict


_CONTAINERS = (list, tuple, OrderedDict)
_TYPES = {}


class Record:
    """Named values that compare by value. ``where`` tells where it was written and takes no part in a comparison."""

    fields = ()
    defaults = {}
    where = ''

    def __init__(self, **values):
        # A schema of a thousand tables is a hundred thousand of these: one update, and the checks only by their number.
        state = self.__dict__
        state['where'] = ''
        for name, default in self.defaults.items():
            state[name] = default() if default in _CONTAINERS else default
        state.update(values)
        if len(state) != len(self.fields) + 1:
            raise TypeError('%s has %s, not %s' % (type(self).__name__, ', '.join(self.fields), ', '.join(sorted(values))))

    def key(self):
        return tuple(getattr(self, name) for name in self.fields)

    def replace(self, **values):
        """A copy with other values."""
        kept = dict((name, getattr(self, name)) for name in self.fields)
        kept.update(values)
        return type(self)(where=self.where, **kept)

    def __eq__(self, other):
        return type(self) is type(other) and self.key() == other.key()

    def __ne__(self, other):
        return not self == other

    __hash__ = None

    def __repr__(self):
        return '%s(%s)' % (type(self).__name__, ', '.join('%s=%r' % (name, getattr(self, name)) for name in self.fields))


class Type(Record):
    """A column's type as the dictionary names it: VARCHAR2, not VARCHAR; INTEGER is NUMBER of scale 0 without precision.

    unit is 'BYTE' or 'CHAR', or None where the text leaves it to the session's NLS_LENGTH_SEMANTICS.
    """

    fields = ('name', 'length', 'unit', 'precision', 'scale')
    defaults = {'length': None, 'unit': None, 'precision': None, 'scale': None}

    @property
    def is_lob(self):
        return self.name in ('CLOB', 'NCLOB', 'BLOB')

    @property
    def is_text(self):
        return self.name in ('VARCHAR2', 'NVARCHAR2', 'CHAR', 'NCHAR')


def type_of(name, length=None, unit=None, precision=None, scale=None):
    """The Type of these values, one object for all columns that have it. Nobody changes a Type."""
    key = (name, length, unit, precision, scale)
    if key not in _TYPES:
        _TYPES[key] = Type(name=name, length=length, unit=unit, precision=precision, scale=scale)
    return _TYPES[key]


class Column(Record):
    """default is canonical text; None also for DEFAULT NULL, which Oracle keeps but which means nothing."""

    fields = ('name', 'type', 'default', 'nullable')
    # Of the dictionary only: releases have none, and it is kept when a column is made anew.
    comment = None
    # Of the dictionary only: whether it is NOT NULL by itself, and not only as a part of the primary key.
    own_not_null = False

    def __init__(self, name, type, default=None, nullable=True, where=''):      # pylint: disable=super-init-not-called,redefined-builtin
        # Most of a schema is columns: the short way.
        self.name = name
        self.type = type
        self.default = default
        self.nullable = nullable
        self.where = where


class Constraint(Record):
    """kind as in USER_CONSTRAINTS: P primary key, U unique, R foreign key, C check. name is None where the system gives one,

    which is then in system_name, for statements only. condition is the text of a check in its canonical spelling.
    """

    fields = ('kind', 'name', 'columns', 'condition', 'parent', 'parent_columns', 'on_delete', 'enabled', 'validated')
    defaults = {'name': None, 'columns': tuple, 'condition': None, 'parent': None, 'parent_columns': tuple, 'on_delete': None, 'enabled': True,
                'validated': True}
    system_name = None


class Partitioning(Record):
    """Partitions are what a table starts with; the server adds its own, so they are never compared."""

    fields = ('method', 'columns', 'interval', 'partitions')
    defaults = {'interval': None, 'partitions': tuple}

    def content(self):
        return (self.method, self.columns, self.interval)


class Table(Record):
    """columns: OrderedDict by name; constraints: list in the order of the text.

    Of the dictionary only: rows, its estimate; unused, how many columns are marked so; half_dropped, whether the drop of those was stopped in between.
    """

    fields = ('name', 'columns', 'constraints', 'partitioning', 'row_movement')
    defaults = {'columns': OrderedDict, 'constraints': list, 'partitioning': None, 'row_movement': False}
    rows = None
    unused = 0
    half_dropped = False

    def constraints_of(self, kind):
        return [constraint for constraint in self.constraints if constraint.kind == kind]

    @property
    def primary_key(self):
        found = self.constraints_of('P')
        return found[0] if found else None

    @property
    def parents(self):
        """Names of the tables that its foreign keys point to, without itself."""
        return [constraint.parent for constraint in self.constraints_of('R') if constraint.parent != self.name]


class Index(Record):
    """columns: names, or canonical text of an expression; compress: number of its leading columns, or None.

    carries_key: a primary or unique key stands on it, which made it or adopted it.
    """

    fields = ('name', 'table', 'columns', 'unique', 'compress', 'local')
    defaults = {'unique': False, 'compress': None, 'local': False}
    carries_key = False

    def content(self):
        return (self.table, self.columns, self.unique, self.compress)


class Sequence(Record):
    fields = ('name', 'start', 'increment', 'minimum', 'maximum', 'cache', 'cycle', 'order')
    defaults = {'start': 1, 'increment': 1, 'minimum': None, 'maximum': None, 'cache': 20, 'cycle': False, 'order': False}


class Trigger(Record):
    """text is the whole statement, white space folded, so that two spellings of one trigger are equal."""

    fields = ('name', 'table', 'text')


class Schema(Record):
    """Everything by name. length_semantics says what a bare VARCHAR2(n) means on the server it was read from."""

    fields = ('tables', 'indexes', 'sequences', 'triggers')
    defaults = {'tables': OrderedDict, 'indexes': OrderedDict, 'sequences': OrderedDict, 'triggers': OrderedDict}
    length_semantics = 'BYTE'

    def add(self, item):
        self.place(item)[item.name] = item

    def place(self, item):
        """The dictionary that an object of this kind belongs in."""
        return {Table: self.tables, Index: self.indexes, Sequence: self.sequences, Trigger: self.triggers}[type(item)]

    def indexes_of(self, table):
        return [index for index in self.indexes.values() if index.table == table]
