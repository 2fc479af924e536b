# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands of _parse onto the dictionary and the data, with the checks that the server makes."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
import sqlite3

from cx_Oracle import _catalog, _functions, _parse, _query, _store, _tables, _views
from cx_Oracle._errors import ora

_ALTER = ('add', 'modify', 'drop columns', 'set unused', 'drop unused', 'rename column', 'drop constraint', 'rename constraint', 'constraint state',
          'row movement', 'shrink', 'modify partition by', 'drop partition', 'alter index')
_KINDS = {'TABLE': 'object', 'SEQUENCE': 'object', 'SYNONYM': 'object', 'INDEX': 'index', 'TRIGGER': 'trigger'}


def apply(session, command):
    """Carry out one command inside the transaction that the session opened."""
    (_Alterer if command.verb in _ALTER else _Applier)(session).act(command)


class _Applier:
    def __init__(self, session):
        self.session = session
        self.store = session.store
        self.owner = session.current_schema
        if self.owner != session.user:
            raise ora(1031)

    def act(self, command):
        getattr(self, command.verb.replace(' ', '_'))(command)

    # ---- the dictionary

    def one(self, sql, *values):
        row = self.store.execute(sql, values).fetchone()
        return row[0] if row else None

    def insert(self, table, **values):
        names = sorted(values)
        self.store.execute('insert into "$%s" (%s) values (%s)' % (table, ', '.join(names), ', '.join('?' * len(names))), [values[name] for name in names])

    def delete(self, table, **values):
        names = sorted(values)
        self.store.execute('delete from "$%s" where %s' % (table, ' and '.join('%s = ?' % name for name in names)), [values[name] for name in names])

    def need_table(self, name):
        if not _catalog.table_exists(self.session, self.owner, name):
            raise ora(942)
        return name

    def columns(self, table):
        return _catalog.columns_of(self.session, self.owner, table)

    def new_object(self, name, kind):
        """Tables, sequences and synonyms share one namespace; indexes and triggers have their own."""
        rivals = [other for other in _KINDS if _KINDS[other] == _KINDS[kind]]
        taken = 'select 1 from "$object" where owner = ? and name = ? and kind in (%s)' % ', '.join("'%s'" % rival for rival in rivals)
        if self.one(taken, self.owner, name):
            raise ora(955 if kind != 'TRIGGER' else 4081, name)
        self.insert('object', owner=self.owner, name=name, kind=kind, created=_store.now(), last_ddl=_store.now())

    def drop_object(self, name, kind):
        self.delete('object', owner=self.owner, name=name, kind=kind)

    def system_name(self, prefix='SYS_C'):
        number = int(_store.parameter(self.store, 'system names', '7000')) + 1
        _store.set_parameter(self.store, 'system names', str(number))
        return '%s%08d' % (prefix, number)

    # ---- tables

    def create_table(self, command):
        self.new_object(command.name, 'TABLE')
        self.insert('table', owner=self.owner, name=command.name, partitioned='YES' if command.method else 'NO', partitioning=command.method,
                    part_interval=command.interval, row_movement='ENABLED' if command.row_movement else 'DISABLED')
        for column in command.columns:
            self.add_column(command.name, column)
        self.partition(command)
        for constraint in command.constraints:
            self.add_constraint(command.name, constraint)
        _tables.make(self.session, self.owner, command.name)

    def add_column(self, table, column):
        if self.one('select 1 from "$column" where owner = ? and tab = ? and name = ?', self.owner, table, column.name):
            raise ora(957)
        number = (self.one('select max(id) from "$column" where owner = ? and tab = ?', self.owner, table) or 0) + 1
        char_used = column.char_used or {'CHAR': 'C', 'BYTE': 'B'}[self.session.length_semantics]
        is_text = column.type in ('VARCHAR2', 'CHAR', 'NVARCHAR2')
        if column.default is not None:
            _tables.default_sql(self.session, column.default)
        self.insert('column', owner=self.owner, tab=table, name=column.name, id=number, type=column.type, precision=column.precision, scale=column.scale,
                    data_length=_data_length(column, char_used), char_length=column.length if is_text else 0, char_used=char_used if is_text else None,
                    nullable='Y', data_default=column.default)
        if column.nullable is False:
            self.not_null(table, column.name, getattr(column, 'not_null_name', None))
        if column.type == 'CLOB':
            name = 'SYS_IL%010dC%05d$$' % (self.one('select id from "$object" where owner = ? and name = ? and kind = \'TABLE\'', self.owner, table), number)
            self.insert('index', owner=self.owner, name=name, tab=table, index_type='LOB', uniqueness='UNIQUE', compression='DISABLED', partitioned='NO',
                        generated='Y', status='VALID')

    def not_null(self, table, column, name=None):
        self.insert_constraint(table, 'C', name, [column], condition='"%s" IS NOT NULL' % column)
        self.set_nullable(table, column, 'N')

    def set_nullable(self, table, column, flag):
        self.store.execute('update "$column" set nullable = ? where owner = ? and tab = ? and name = ?', (flag, self.owner, table, column))

    def partition(self, command):
        if not command.method:
            return
        if _store.parameter(self.store, 'partitioning', 'yes') == 'no':
            raise ora(439, 'Partitioning')
        types = self.columns(command.name)
        for position, key in enumerate(command.keys, 1):
            if key not in types:
                raise ora(904, '"%s"' % key)
            self.insert('part_key', owner=self.owner, tab=command.name, col=key, position=position)
        if command.interval and (len(command.keys) != 1 or types[command.keys[0]] not in ('DATE', 'TIMESTAMP', 'NUMBER')):
            raise ora(14751)
        if command.interval and not re.match(r"NUMTO(YM|DS)INTERVAL\(\d+,'(MONTH|YEAR|DAY|HOUR)'\)\Z", command.interval.upper()):
            raise ora(14752)
        for position, (name, bound) in enumerate(command.partitions, 1):
            self.insert('partition', owner=self.owner, tab=command.name, name=name or self.system_name('SYS_P'), position=position,
                        high_value=self.high_value(types[command.keys[0]], bound))

    def high_value(self, kind, bound):
        if bound.strip().upper() == 'MAXVALUE':
            return 'MAXVALUE'
        if kind == 'NUMBER':
            return bound.strip()
        reader = _tables.default_sql(self.session, bound)
        moment = _functions.parsed(self.one('select ' + reader)).strftime('%Y-%m-%d %H:%M:%S')
        if kind == 'TIMESTAMP':
            return "TIMESTAMP' %s'" % moment
        return "TO_DATE(' %s', 'SYYYY-MM-DD HH24:MI:SS', 'NLS_CALENDAR=GREGORIAN')" % moment

    def drop_table(self, command):
        table = self.need_table(command.name)
        children = self.children(table)
        if children and not command.cascade:
            raise ora(2449)
        for child_table, name in children:
            self.delete_constraint(name)
            _tables.remake(self.session, self.owner, child_table)
        for index in [row[0] for row in self.store.execute('select name from "$index" where owner = ? and tab = ?', (self.owner, table)).fetchall()]:
            self.drop_object(index, 'INDEX')
        for trigger in [row[0] for row in self.store.execute('select name from "$trigger" where owner = ? and tab = ?', (self.owner, table)).fetchall()]:
            self.drop_object(trigger, 'TRIGGER')
        for name in ('column', 'constraint', 'cons_column', 'index', 'ind_column', 'partition', 'part_key', 'trigger', 'grant'):
            self.delete(name, owner=self.owner, tab=table)
        self.delete('table', owner=self.owner, name=table)
        self.drop_object(table, 'TABLE')
        self.store.execute('drop table %s' % _catalog.stored(self.owner, table))

    def children(self, table):
        """Foreign keys of other tables that point to this one."""
        return self.store.execute('select c.tab, c.name from "$constraint" c join "$constraint" p on c.r_owner = p.owner and c.r_name = p.name '
                                  'where p.owner = ? and p.tab = ? and c.tab <> p.tab', (self.owner, table)).fetchall()

    def truncate(self, command):
        table = self.need_table(command.table)
        if self.children(table):
            raise ora(2266)
        self.store.execute('delete from %s' % _catalog.stored(self.owner, table))

    def purge(self, command):
        """Nothing is kept of a dropped table, so there is nothing to purge."""

    # ---- constraints

    def add_constraint(self, table, constraint):
        """Into the dictionary; the caller makes the table anew, and has looked at the rows that there are."""
        columns = self.columns(table)
        for column in constraint.columns:
            if column not in columns:
                raise ora(904, '"%s"' % column)
        if len(set(constraint.columns)) < len(constraint.columns):
            raise ora(957)
        getattr(self, '_add_' + {'P': 'key', 'U': 'key', 'R': 'reference', 'C': 'check'}[constraint.kind])(table, constraint, columns)

    def _add_key(self, table, constraint, columns):
        if constraint.kind == 'P' and self.one('select 1 from "$constraint" where owner = ? and tab = ? and kind = \'P\'', self.owner, table):
            raise ora(2260)
        for column in constraint.columns:
            if columns[column] in _query.LOBS:
                raise ora(2329)
        for (name,) in self.store.execute('select name from "$constraint" where owner = ? and tab = ? and kind in (\'P\', \'U\')', (self.owner, table)).fetchall():
            if _tables.columns_of_constraint(self.session, self.owner, name) == constraint.columns:
                raise ora(2261)
        name = constraint.name or self.system_name()
        self.need_new_constraint(name)
        index = self.index_with(table, constraint.columns)
        if index is None and constraint.enabled:
            index = name
            self.new_object(index, 'INDEX')
            self.insert('index', owner=self.owner, name=index, tab=table, uniqueness='UNIQUE', compression='DISABLED', partitioned='NO',
                        generated='N' if constraint.name else 'Y', status='VALID', made_by=name)
            self.insert_index_columns(table, index, [(column, None, False) for column in constraint.columns])
        self.insert_constraint(table, constraint.kind, name, constraint.columns, index_name=index if constraint.enabled else None, source=constraint,
                               generated=constraint.name is None)
        if constraint.kind == 'P' and constraint.enabled:
            for column in constraint.columns:
                self.set_nullable(table, column, 'N')

    def index_with(self, table, columns):
        """An index that begins with these columns serves the key."""
        for (index,) in self.store.execute('select name from "$index" where owner = ? and tab = ? and index_type = \'NORMAL\'', (self.owner, table)).fetchall():
            found = [row[0] for row in self.store.execute('select col from "$ind_column" where owner = ? and ind = ? order by position', (self.owner, index))]
            if found[:len(columns)] == columns:
                return index
        return None

    def _add_reference(self, table, constraint, columns):
        parent = constraint.parent
        if not _catalog.table_exists(self.session, self.owner, parent):
            raise ora(942)
        wanted = constraint.parent_columns
        for name, kind in self.store.execute('select name, kind from "$constraint" where owner = ? and tab = ? and kind in (\'P\', \'U\') '
                                             'and status = \'ENABLED\'', (self.owner, parent)).fetchall():
            found = _tables.columns_of_constraint(self.session, self.owner, name)
            if found == wanted or (wanted is None and kind == 'P'):
                break
        else:
            raise ora(2270 if wanted else 2268)
        if len(found) != len(constraint.columns):
            raise ora(2256)
        types = self.columns(parent)
        if [columns[column] for column in constraint.columns] != [types[column] for column in found]:
            raise ora(2267)
        self.insert_constraint(table, 'R', constraint.name, constraint.columns, r_owner=self.owner, r_name=name, delete_rule=constraint.rule,
                               source=constraint)

    def _add_check(self, table, constraint, columns):
        _tables.condition_sql(self.session, constraint.condition, columns)
        used = [column for column in columns if re.search(r'(?<![\w$#])%s(?![\w$#])' % re.escape(column), constraint.condition, re.IGNORECASE)]
        if re.search(r'\b(SYSDATE|USER|SYSTIMESTAMP)\b', re.sub(r"'[^']*'", '', constraint.condition), re.IGNORECASE):
            raise ora(2436)
        self.insert_constraint(table, 'C', constraint.name, used, condition=constraint.condition, source=constraint)

    def insert_constraint(self, table, kind, name, columns, source=None, generated=None, **values):
        generated = name is None if generated is None else generated
        name = name or self.system_name()
        self.need_new_constraint(name)
        enabled = source is None or source.enabled
        validated = source is None or source.validated
        self.insert('constraint', owner=self.owner, name=name, kind=kind, tab=table, status='ENABLED' if enabled else 'DISABLED',
                    validated='VALIDATED' if validated else 'NOT VALIDATED', generated='GENERATED NAME' if generated else 'USER NAME', **values)
        for position, column in enumerate(columns, 1):
            self.insert('cons_column', owner=self.owner, cons=name, tab=table, col=column, position=position if kind != 'C' else None)

    def need_new_constraint(self, name):
        if self.one('select 1 from "$constraint" where owner = ? and name = ?', self.owner, name):
            raise ora(2264)

    def delete_constraint(self, name):
        self.delete('constraint', owner=self.owner, name=name)
        self.delete('cons_column', owner=self.owner, cons=name)

    # ---- indexes

    def create_index(self, command):
        table = self.need_table(command.table)
        types = self.columns(table)
        self.new_object(command.name, 'INDEX')
        parts = [(column or 'SYS_NC%05d$' % (90 + number), expression, descending) for number, (column, expression, descending) in enumerate(command.columns)]
        for column, expression, _descending in parts:
            if expression is None and column not in types:
                raise ora(904, '"%s"' % column)
            if expression is None and types[column] in _query.LOBS:
                raise ora(2327)
        if self.indexed(table, parts):
            raise ora(1408)
        most = len(parts) - (1 if command.unique else 0)
        if command.compress and not 1 <= (command.prefix or most) <= most:
            raise ora(25194)
        if command.local and not self.one('select partitioning from "$table" where owner = ? and name = ?', self.owner, table):
            raise ora(14016)
        self.insert('index', owner=self.owner, name=command.name, tab=table, uniqueness='UNIQUE' if command.unique else 'NONUNIQUE',
                    index_type='FUNCTION-BASED NORMAL' if any(part[1] or part[2] for part in parts) else 'NORMAL',
                    compression='ENABLED' if command.compress else 'DISABLED', prefix_length=(command.prefix or most) if command.compress else None,
                    partitioned='YES' if command.local else 'NO', generated='N', status='VALID')
        self.insert_index_columns(table, command.name, parts)
        try:
            _tables.make_index(self.session, self.owner, table, command.name, command.unique)
        except sqlite3.IntegrityError:
            raise ora(1452)

    def indexed(self, table, parts):
        wanted = [(column, descending) for column, expression, descending in parts if expression is None]
        if len(wanted) < len(parts):
            return False
        for (index,) in self.store.execute('select name from "$index" where owner = ? and tab = ? and index_type <> \'LOB\'', (self.owner, table)).fetchall():
            rows = self.store.execute('select col, descend from "$ind_column" where owner = ? and ind = ? order by position', (self.owner, index)).fetchall()
            if [(column, descend == 'DESC') for column, descend in rows] == wanted:
                return True
        return False

    def insert_index_columns(self, table, index, parts):
        for position, (column, expression, descending) in enumerate(parts, 1):
            if descending and expression is None:
                # Oracle keeps a descending column as an expression of itself.
                expression = _query.identifier(column)
            self.insert('ind_column', owner=self.owner, ind=index, tab=table, col=column, position=position, expression=expression,
                        descend='DESC' if descending else 'ASC')

    def drop_index(self, command):
        table = self.one('select tab from "$index" where owner = ? and name = ? and index_type <> \'LOB\'', self.owner, command.name)
        if table is None:
            raise ora(1418)
        if self.one('select 1 from "$constraint" where owner = ? and index_name = ?', self.owner, command.name):
            raise ora(2429)
        self.store.execute('drop index "%s.%s"' % (self.owner, command.name))
        self.delete_index(command.name)

    def delete_index(self, name):
        self.delete('index', owner=self.owner, name=name)
        self.delete('ind_column', owner=self.owner, ind=name)
        self.drop_object(name, 'INDEX')

    # ---- sequences, triggers, synonyms, rights

    def create_sequence(self, command):
        self.new_object(command.name, 'SEQUENCE')
        self.insert('sequence', owner=self.owner, name=command.name, start_with=command.start, increment_by=command.increment,
                    max_value=str(command.maximum), min_value=str(command.minimum), cache_size=command.cache, cycle_flag='Y' if command.cycle else 'N',
                    order_flag='Y' if command.order else 'N')

    def drop_sequence(self, command):
        if not self.one('select 1 from "$sequence" where owner = ? and name = ?', self.owner, command.name):
            raise ora(2289)
        self.delete('sequence', owner=self.owner, name=command.name)
        self.drop_object(command.name, 'SEQUENCE')

    def create_trigger(self, command):
        table = self.need_table(command.table)
        found = _views.numbering(command.body)
        if found is None:
            raise ora(900, 'a trigger body that does anything but number new rows')
        if command.replace and self.one('select 1 from "$trigger" where owner = ? and name = ?', self.owner, command.name):
            self.drop_trigger(command)
        self.new_object(command.name, 'TRIGGER')
        self.insert('trigger', owner=self.owner, name=command.name, tab=table, trigger_type=command.kind, event='INSERT', status='ENABLED',
                    description=command.description, body=command.body)

    def drop_trigger(self, command):
        if not self.one('select 1 from "$trigger" where owner = ? and name = ?', self.owner, command.name):
            raise ora(4080, command.name)
        self.delete('trigger', owner=self.owner, name=command.name)
        self.drop_object(command.name, 'TRIGGER')

    def create_synonym(self, command):
        if command.replace and self.one('select 1 from "$synonym" where owner = ? and name = ?', self.owner, command.name):
            self.drop_synonym(command)
        self.new_object(command.name, 'SYNONYM')
        self.insert('synonym', owner=self.owner, name=command.name, table_owner=command.owner or self.owner, table_name=command.table)

    def drop_synonym(self, command):
        if not self.one('select 1 from "$synonym" where owner = ? and name = ?', self.owner, command.name):
            raise ora(1434)
        self.delete('synonym', owner=self.owner, name=command.name)
        self.drop_object(command.name, 'SYNONYM')

    def grant(self, command):
        table = self.need_table(command.table)
        if not self.one('select 1 from "$account" where name = ?', command.grantee):
            raise ora(1917, command.grantee)
        for privilege in command.privileges:
            self.delete('grant', owner=self.owner, tab=table, grantee=command.grantee, privilege=privilege)
            self.insert('grant', owner=self.owner, tab=table, grantee=command.grantee, privilege=privilege, grantable='YES' if command.grantable else 'NO')

    def revoke(self, command):
        table = self.need_table(command.table)
        for privilege in command.privileges:
            if not self.one('select 1 from "$grant" where owner = ? and tab = ? and grantee = ? and privilege = ?', self.owner, table, command.grantee, privilege):
                raise ora(1927)
            self.delete('grant', owner=self.owner, tab=table, grantee=command.grantee, privilege=privilege)

    def comment(self, command):
        table = self.need_table(command.table)
        if command.column is None:
            self.store.execute('update "$table" set comments = ? where owner = ? and name = ?', (command.text or None, self.owner, table))
            return
        if command.column not in self.columns(table):
            raise ora(904, '"%s"' % command.column)
        self.store.execute('update "$column" set comments = ? where owner = ? and tab = ? and name = ?', (command.text or None, self.owner, table, command.column))


class _Alterer(_Applier):
    """The clauses of ALTER. Each leaves the dictionary as it is to be and makes the table anew, with its rows."""

    def act(self, command):
        if command.verb != 'alter index':
            self.table = self.need_table(command.table)
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
        return [row[0] for row in self.store.execute('select col from "$part_key" where owner = ? and tab = ?', (self.owner, self.table)).fetchall()]

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
        self.set_column(column.name, data_length=_data_length(column, char_used), **new)

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
        self.remake()

    def do_set_unused(self, command):
        for name in command.columns:
            self.drop_column(self.need_column(name), command.cascade)
            self.set_column(name, unused=1, nullable='Y', name=self.system_name())
        self.remake()

    def do_drop_unused(self, command):
        self.delete('column', owner=self.owner, tab=self.table, unused=1)

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
        children = self.store.execute('select tab, name from "$constraint" where owner = ? and r_name = ?', (self.owner, name)).fetchall()
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
        for (index,) in self.store.execute('select name from "$index" where owner = ? and made_by = ?', (self.owner, name)).fetchall():
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
        rows = self.store.execute('select name, high_value from "$partition" where owner = ? and tab = ? order by high_value', (self.owner, self.table)).fetchall()
        names = [row[0] for row in rows]
        if command.name not in names:
            raise ora(2149)
        if not command.name.startswith('SYS_P') and len([name for name in names if not name.startswith('SYS_P')]) == 1:
            raise ora(14758)
        if self.children(self.table):
            raise ora(2266)
        number = names.index(command.name)
        key = _query.identifier(self.part_keys()[0])
        condition = '%s < ?' % key + (' and %s >= ?' % key if number else '')
        self.store.execute('delete from %s where %s' % (self.data(), condition), [_tables._bound(rows[at][1]) for at in ([number, number - 1] if number else [0])])
        self.delete('partition', owner=self.owner, tab=self.table, name=command.name)
        if not command.update_indexes:
            self.store.execute('update "$index" set status = \'UNUSABLE\' where owner = ? and tab = ? and partitioned = \'NO\' and index_type <> \'LOB\'',
                               (self.owner, self.table))

    def do_alter_index(self, command):
        row = self.store.execute('select tab, uniqueness from "$index" where owner = ? and name = ? and index_type <> \'LOB\'', (self.owner, command.name)).fetchone()
        if row is None:
            raise ora(1418)
        self.table = row[0]
        if command.new is not None:
            self.rename_index(command)
            return
        if command.compress is not None:
            most = self.one('select count(*) from "$ind_column" where owner = ? and ind = ?', self.owner, command.name) - (1 if row[1] == 'UNIQUE' else 0)
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


def _data_length(column, char_used):
    if column.type in ('VARCHAR2', 'CHAR'):
        return min(column.length * (4 if char_used == 'C' else 1), 4000)
    if column.type == 'NVARCHAR2':
        return column.length * 2
    return {'NUMBER': 22, 'CLOB': 4000, 'DATE': 7}.get(column.type, 11)
