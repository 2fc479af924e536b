# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commands of _parse, but for ALTER, onto the dictionary and the data, with the checks that the server makes."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
import sqlite3

from cx_Oracle import _catalog, _functions, _query, _store, _tables, _views
from cx_Oracle._errors import ora

_KINDS = {'TABLE': 'object', 'SEQUENCE': 'object', 'SYNONYM': 'object', 'INDEX': 'index', 'TRIGGER': 'trigger'}


class Applier:
    """CREATE, DROP, GRANT and their like, inside the transaction that the session opened."""

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

    def rows(self, sql, *values):
        return self.store.execute(sql, values).fetchall()

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
        self.need_privilege('CREATE TABLE')
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
                    data_length=data_length(column, char_used), char_length=column.length if is_text else 0, char_used=char_used if is_text else None,
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
        for index in [row[0] for row in self.rows('select name from "$index" where owner = ? and tab = ?', self.owner, table)]:
            self.drop_object(index, 'INDEX')
        for trigger in [row[0] for row in self.rows('select name from "$trigger" where owner = ? and tab = ?', self.owner, table)]:
            self.drop_object(trigger, 'TRIGGER')
        if not command.purge:
            self.insert('recyclebin', owner=self.owner, original_name=table, droptime=_store.now(), space=max(
                _functions.count_rows(self.store, self.owner, table),
                self.one('select most_rows from "$table" where owner = ? and name = ?', self.owner, table)))
        for name in ('column', 'constraint', 'cons_column', 'index', 'ind_column', 'partition', 'part_key', 'trigger', 'grant'):
            self.delete(name, owner=self.owner, tab=table)
        self.delete('table', owner=self.owner, name=table)
        self.drop_object(table, 'TABLE')
        self.store.execute('drop table %s' % _catalog.stored(self.owner, table))

    def children(self, table):
        """Foreign keys of other tables that point to this one."""
        return self.rows('select c.tab, c.name from "$constraint" c join "$constraint" p on c.r_owner = p.owner and c.r_name = p.name '
                                  'where p.owner = ? and p.tab = ? and c.tab <> p.tab', self.owner, table)

    def truncate(self, command):
        table = self.need_table(command.table)
        if self.children(table):
            raise ora(2266)
        self.store.execute('delete from %s' % _catalog.stored(self.owner, table))

    def purge(self, command):
        self.delete('recyclebin', owner=self.owner)

    def need_privilege(self, privilege):
        if privilege in _store.withheld(self.store, self.owner):
            raise ora(1031)

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
        for (name,) in self.rows('select name from "$constraint" where owner = ? and tab = ? and kind in (\'P\', \'U\')', self.owner, table):
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
        for (index,) in self.rows('select name from "$index" where owner = ? and tab = ? and index_type = \'NORMAL\'', self.owner, table):
            found = [row[0] for row in self.store.execute('select col from "$ind_column" where owner = ? and ind = ? order by position', (self.owner, index))]
            if found[:len(columns)] == columns:
                return index
        return None

    def _add_reference(self, table, constraint, columns):
        parent = constraint.parent
        if not _catalog.table_exists(self.session, self.owner, parent):
            raise ora(942)
        wanted = constraint.parent_columns
        for name, kind in self.rows('select name, kind from "$constraint" where owner = ? and tab = ? and kind in (\'P\', \'U\') '
                                             'and status = \'ENABLED\'', self.owner, parent):
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
        _catalog.need_whole(self.session, self.owner, table)
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
        for (index,) in self.rows('select name from "$index" where owner = ? and tab = ? and index_type <> \'LOB\'', self.owner, table):
            rows = self.rows('select col, descend from "$ind_column" where owner = ? and ind = ? order by position', self.owner, index)
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
        self.need_privilege('CREATE SEQUENCE')
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
        self.need_privilege('CREATE TRIGGER')
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
        self.need_privilege('CREATE SYNONYM')
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
            if not self.one('select 1 from "$grant" where owner = ? and tab = ? and grantee = ? and privilege = ?',
                            self.owner, table, command.grantee, privilege):
                raise ora(1927)
            self.delete('grant', owner=self.owner, tab=table, grantee=command.grantee, privilege=privilege)

    def comment(self, command):
        table = self.need_table(command.table)
        if command.column is None:
            self.store.execute('update "$table" set comments = ? where owner = ? and name = ?', (command.text or None, self.owner, table))
            return
        if command.column not in self.columns(table):
            raise ora(904, '"%s"' % command.column)
        self.store.execute('update "$column" set comments = ? where owner = ? and tab = ? and name = ?',
                           (command.text or None, self.owner, table, command.column))


def data_length(column, char_used):
    """DATA_LENGTH of a column."""
    if column.type in ('VARCHAR2', 'CHAR'):
        return min(column.length * (4 if char_used == 'C' else 1), 4000)
    if column.type == 'NVARCHAR2':
        return column.length * 2
    return {'NUMBER': 22, 'CLOB': 4000, 'DATE': 7}.get(column.type, 11)
