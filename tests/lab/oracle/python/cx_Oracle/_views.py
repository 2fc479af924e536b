# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The dictionary: USER_* views and their like as queries over the stand-in's own tables. A column that is not here is ORA-00904."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from collections import OrderedDict
import re

TEXT, NUMBER, TIME, LONG = 'VARCHAR2', 'NUMBER', 'DATE', 'LONG'
_NUMBERING = re.compile(r'BEGIN\s+SELECT\s+(\w+)\.NEXTVAL\s+INTO\s+:NEW\.(\w+)\s+FROM\s+DUAL\s*;\s*END(?:\s+\w+)?\s*;\s*\Z', re.IGNORECASE)


def numbering(body):
    """(column, sequence) of a trigger body that numbers rows; None for any other PL/SQL."""
    match = _NUMBERING.match(body.strip())
    return (match.group(2).upper(), match.group(1).upper()) if match else None


def source_of(session, name):
    """(columns, SQL) of a view, or (None, None)."""
    if name not in VIEWS:
        return None, None
    columns, since, text = VIEWS[name]
    known = [column for column in columns if session.at_least(*since.get(column[0], (0,)))]
    items = ', '.join('%s as "%s"' % (sql, column) for column, kind, sql in known)
    values = {'user': "'%s'" % session.user.replace("'", "''"), 'version': "'%s'" % session.version_number, 'semantics': "'%s'" % session.length_semantics}
    return OrderedDict((column, kind) for column, kind, sql in known), '(select %s from %s)' % (items % values, text % values)


def _same(kind, *names):
    """Columns that the stand-in's tables call by the same name."""
    return [(name, kind, 't.' + name.lower()) for name in names]


def _fixed(**values):
    """Columns that never differ here."""
    return [(name.upper(), NUMBER if isinstance(value, int) else TEXT, str(value) if isinstance(value, int) else "'%s'" % value if value else 'null')
            for name, value in sorted(values.items())]


# A trigger without its sequence and a synonym without its table are there, and cannot be used.
_STATUS = ("case when t.kind = 'TRIGGER' and not exists (select 1 from \"$trigger\" g join \"$sequence\" s on s.owner = g.owner and "
           "instr(upper(g.body), s.name || '.NEXTVAL') where g.owner = t.owner and g.name = t.name) then 'INVALID' "
           "when t.kind = 'SYNONYM' and not exists (select 1 from \"$synonym\" y join \"$table\" b on b.owner = y.table_owner and b.name = y.table_name "
           "where y.owner = t.owner and y.name = t.name) then 'INVALID' else 'VALID' end")
_COLUMNS = [
    ('TABLE_NAME', TEXT, 't.tab'), ('COLUMN_NAME', TEXT, 't.name'), ('DATA_TYPE', TEXT, 't.type'), ('DATA_TYPE_MOD', TEXT, 'null'),
    ('DATA_TYPE_OWNER', TEXT, 'null'), ('DATA_LENGTH', NUMBER, 't.data_length'), ('DATA_PRECISION', NUMBER, 't.precision'),
    ('DATA_SCALE', NUMBER, 't.scale'), ('NULLABLE', TEXT, 't.nullable'), ('COLUMN_ID', NUMBER, 't.id'),
    ('DEFAULT_LENGTH', NUMBER, 'length(t.data_default)'), ('DATA_DEFAULT', LONG, 't.data_default'), ('CHAR_COL_DECL_LENGTH', NUMBER, 't.char_length'),
    ('CHAR_LENGTH', NUMBER, 't.char_length'), ('CHAR_USED', TEXT, 't.char_used'),
]

# Name: (columns [(name, type, SQL)], {column: first version}, FROM ... WHERE)
VIEWS = {
    'USER_TABLES': ([('TABLE_NAME', TEXT, 't.name')] + _fixed(tablespace_name='STANDIN', status='VALID', temporary='N', secondary='N', nested='NO',
                                                              dropped='NO', compression='DISABLED', logging='YES', iot_type='') +
                    _same(NUMBER, 'NUM_ROWS') + _same(TEXT, 'PARTITIONED', 'ROW_MOVEMENT') + [('LAST_ANALYZED', TIME, 'null'), ('BLOCKS', NUMBER, 'null')],
                    {}, '"$table" t where t.owner = %(user)s'),
    'USER_TAB_COLUMNS': (_COLUMNS, {}, '"$column" t where t.owner = %(user)s and t.unused = 0'),
    'USER_TAB_COLS': (_COLUMNS + [('HIDDEN_COLUMN', TEXT, "case t.unused when 1 then 'YES' else 'NO' end"), ('VIRTUAL_COLUMN', TEXT, "'NO'")], {},
                      '"$column" t where t.owner = %(user)s'),
    'USER_CONSTRAINTS': ([('OWNER', TEXT, 't.owner'), ('CONSTRAINT_NAME', TEXT, 't.name'), ('CONSTRAINT_TYPE', TEXT, 't.kind'), ('TABLE_NAME', TEXT, 't.tab'),
                          ('SEARCH_CONDITION', LONG, 't.condition'), ('SEARCH_CONDITION_VC', TEXT, 't.condition'), ('R_CONSTRAINT_NAME', TEXT, 't.r_name')] +
                         _same(TEXT, 'R_OWNER', 'DELETE_RULE', 'STATUS', 'VALIDATED', 'GENERATED', 'INDEX_NAME') +
                         _fixed(deferrable='NOT DEFERRABLE', deferred='IMMEDIATE', bad='', rely='', index_owner='', invalid='', view_related='') +
                         [('LAST_CHANGE', TIME, 'null')],
                         {'SEARCH_CONDITION_VC': (12, 1)}, '"$constraint" t where t.owner = %(user)s'),
    'USER_CONS_COLUMNS': ([('OWNER', TEXT, 't.owner'), ('CONSTRAINT_NAME', TEXT, 't.cons'), ('TABLE_NAME', TEXT, 't.tab'), ('COLUMN_NAME', TEXT, 't.col'),
                           ('POSITION', NUMBER, 't.position')], {}, '"$cons_column" t where t.owner = %(user)s'),
    'USER_INDEXES': ([('INDEX_NAME', TEXT, 't.name'), ('INDEX_TYPE', TEXT, 't.index_type'), ('TABLE_OWNER', TEXT, 't.owner'), ('TABLE_NAME', TEXT, 't.tab'),
                      ('TABLE_TYPE', TEXT, "'TABLE'")] + _same(TEXT, 'UNIQUENESS', 'COMPRESSION', 'STATUS', 'PARTITIONED', 'GENERATED') +
                     _same(NUMBER, 'PREFIX_LENGTH') + _fixed(temporary='N', secondary='N', dropped='NO', visibility='VISIBLE', tablespace_name='STANDIN'),
                     {'VISIBILITY': (11, 1)}, '"$index" t where t.owner = %(user)s'),
    'USER_IND_COLUMNS': ([('INDEX_NAME', TEXT, 't.ind'), ('TABLE_NAME', TEXT, 't.tab'), ('COLUMN_NAME', TEXT, 't.col'),
                          ('COLUMN_POSITION', NUMBER, 't.position'), ('DESCEND', TEXT, 't.descend')], {}, '"$ind_column" t where t.owner = %(user)s'),
    'USER_IND_EXPRESSIONS': ([('INDEX_NAME', TEXT, 't.ind'), ('TABLE_NAME', TEXT, 't.tab'), ('COLUMN_EXPRESSION', LONG, 't.expression'),
                              ('COLUMN_POSITION', NUMBER, 't.position')], {}, '"$ind_column" t where t.owner = %(user)s and t.expression is not null'),
    'USER_PART_TABLES': ([('TABLE_NAME', TEXT, 't.name'), ('PARTITIONING_TYPE', TEXT, 't.partitioning'), ('SUBPARTITIONING_TYPE', TEXT, "'NONE'"),
                          ('INTERVAL', TEXT, 't.part_interval'),
                          ('PARTITION_COUNT', NUMBER, '(case when t.part_interval is null then (select count(*) from "$partition" p where p.owner = t.owner '
                           'and p.tab = t.name) else 1048575 end)'),
                          ('PARTITIONING_KEY_COUNT', NUMBER, '(select count(*) from "$part_key" k where k.owner = t.owner and k.tab = t.name)')], {},
                         '"$table" t where t.owner = %(user)s and t.partitioning is not null'),
    'USER_PART_KEY_COLUMNS': ([('NAME', TEXT, 't.tab'), ('OBJECT_TYPE', TEXT, "'TABLE'"), ('COLUMN_NAME', TEXT, 't.col'),
                               ('COLUMN_POSITION', NUMBER, 't.position')], {}, '"$part_key" t where t.owner = %(user)s'),
    'USER_TAB_PARTITIONS': ([('TABLE_NAME', TEXT, 't.tab'), ('PARTITION_NAME', TEXT, 't.name'), ('HIGH_VALUE', LONG, 't.high_value'),
                             ('PARTITION_POSITION', NUMBER, 't.position'), ('NUM_ROWS', NUMBER, 'null'),
                             ('INTERVAL', TEXT, "case when t.name like 'SYS\\_P%%' escape '\\' then 'YES' else 'NO' end")], {},
                            '"$partition" t where t.owner = %(user)s'),
    'USER_SEQUENCES': ([('SEQUENCE_NAME', TEXT, 't.name'), ('MIN_VALUE', NUMBER, 'cast(t.min_value as numeric)'),
                        ('MAX_VALUE', NUMBER, 'cast(t.max_value as numeric)'), ('ORDER_FLAG', TEXT, 't.order_flag'),
                        ('LAST_NUMBER', NUMBER, 'coalesce(t.last + t.increment_by, t.start_with)')] +
                       _same(NUMBER, 'INCREMENT_BY', 'CACHE_SIZE') + _same(TEXT, 'CYCLE_FLAG'), {}, '"$sequence" t where t.owner = %(user)s'),
    'USER_TRIGGERS': ([('TRIGGER_NAME', TEXT, 't.name'), ('TABLE_OWNER', TEXT, 't.owner'), ('TABLE_NAME', TEXT, 't.tab'),
                       ('BASE_OBJECT_TYPE', TEXT, "'TABLE           '"), ('TRIGGERING_EVENT', TEXT, 't.event'), ('TRIGGER_BODY', LONG, 't.body')] +
                      _same(TEXT, 'TRIGGER_TYPE', 'STATUS', 'DESCRIPTION'), {}, '"$trigger" t where t.owner = %(user)s'),
    'USER_SYNONYMS': ([('SYNONYM_NAME', TEXT, 't.name'), ('TABLE_OWNER', TEXT, 't.table_owner'), ('TABLE_NAME', TEXT, 't.table_name'),
                       ('DB_LINK', TEXT, 'null')], {}, '"$synonym" t where t.owner = %(user)s'),
    'USER_TAB_PRIVS_MADE': ([('GRANTEE', TEXT, 't.grantee'), ('TABLE_NAME', TEXT, 't.tab'), ('GRANTOR', TEXT, 't.owner'), ('PRIVILEGE', TEXT, 't.privilege'),
                             ('GRANTABLE', TEXT, 't.grantable')], {}, '"$grant" t where t.owner = %(user)s'),
    'USER_TAB_PRIVS_RECD': ([('OWNER', TEXT, 't.owner'), ('TABLE_NAME', TEXT, 't.tab'), ('GRANTOR', TEXT, 't.owner'), ('PRIVILEGE', TEXT, 't.privilege'),
                             ('GRANTABLE', TEXT, 't.grantable')], {}, '"$grant" t where t.grantee = %(user)s'),
    'USER_OBJECTS': ([('OBJECT_NAME', TEXT, 't.name'), ('OBJECT_TYPE', TEXT, 't.kind'), ('OBJECT_ID', NUMBER, 't.id'), ('STATUS', TEXT, _STATUS)], {},
                     '"$object" t where t.owner = %(user)s'),
    'USER_UNUSED_COL_TABS': ([('TABLE_NAME', TEXT, 't.tab'), ('COUNT', NUMBER, 't.number')], {},
                             '(select tab, count(*) as number from "$column" where owner = %(user)s and unused = 1 group by tab) t'),
    'USER_PARTIAL_DROP_TABS': ([('TABLE_NAME', TEXT, 't.name')], {}, '"$table" t where t.owner = %(user)s and t.half_dropped = 1'),
    'USER_TAB_COMMENTS': ([('TABLE_NAME', TEXT, 't.name'), ('TABLE_TYPE', TEXT, "'TABLE'"), ('COMMENTS', TEXT, 't.comments')], {},
                          '"$table" t where t.owner = %(user)s'),
    'USER_COL_COMMENTS': ([('TABLE_NAME', TEXT, 't.tab'), ('COLUMN_NAME', TEXT, 't.name'), ('COMMENTS', TEXT, 't.comments')], {},
                          '"$column" t where t.owner = %(user)s and t.unused = 0'),
    'USER_USERS': ([('USERNAME', TEXT, 't.name'), ('ACCOUNT_STATUS', TEXT, 't.status'), ('EXPIRY_DATE', TIME, 't.expiry'), ('LOCK_DATE', TIME, 'null'),
                    ('CREATED', TIME, 't.created'), ('DEFAULT_TABLESPACE', TEXT, "'STANDIN'")], {}, '"$account" t where t.name = %(user)s'),
    'USER_TS_QUOTAS': ([('TABLESPACE_NAME', TEXT, "'STANDIN'"), ('BYTES', NUMBER, '8192 * ora_blocks(t.name)'), ('MAX_BYTES', NUMBER, 't.quota'),
                        ('BLOCKS', NUMBER, 'ora_blocks(t.name)'), ('MAX_BLOCKS', NUMBER, 'case t.quota when -1 then -1 else t.quota / 8192 end')], {},
                       '"$account" t where t.name = %(user)s'),
    'USER_RECYCLEBIN': ([('OBJECT_NAME', TEXT, "'BIN$' || t.id || '==$0'"), ('ORIGINAL_NAME', TEXT, 't.original_name'), ('OPERATION', TEXT, "'DROP'"),
                         ('TYPE', TEXT, "'TABLE'"), ('SPACE', NUMBER, 't.space'), ('DROPTIME', TEXT, 't.droptime'), ('CAN_UNDROP', TEXT, "'YES'")], {},
                        '"$recyclebin" t where t.owner = %(user)s'),
    'NLS_SESSION_PARAMETERS': ([('PARAMETER', TEXT, 't.parameter'), ('VALUE', TEXT, 't.value')], {},
                               "(select 'NLS_LENGTH_SEMANTICS' as parameter, %(semantics)s as value union all select 'NLS_CALENDAR', 'GREGORIAN') t"),
    'PRODUCT_COMPONENT_VERSION': ([('PRODUCT', TEXT, "'Stand-in for tests, not Oracle'"), ('VERSION', TEXT, '%(version)s'), ('STATUS', TEXT, "'Test'")], {},
                                  '(select 1)'),
    'V$VERSION': ([('BANNER', TEXT, "'Stand-in for tests, not Oracle, Release ' || %(version)s")], {}, '(select 1)'),
    'SESSION_PRIVS': ([('PRIVILEGE', TEXT, 't.privilege')], {}, "(select 'CREATE SESSION' as privilege union all select 'CREATE TABLE' union all select "
                      "'CREATE SEQUENCE' union all select 'CREATE TRIGGER' union all select 'CREATE SYNONYM') t where not exists (select 1 from "
                      "\"$parameter\" p where p.name = 'withheld from ' || %(user)s and instr(p.value || ',', ',' || t.privilege || ','))"),
}
