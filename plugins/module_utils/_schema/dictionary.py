# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The schema that an account has, read from its USER_* views: no rights beyond its own, Oracle 11.2 to 23ai."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from collections import OrderedDict

from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._schema import ddl, model

# LONG columns (data_default, search_condition, column_expression, trigger_body) can only be fetched: never in WHERE, never in a function.
QUERIES = {
    'tables': """
        SELECT table_name, num_rows, row_movement
        FROM user_tables WHERE dropped = 'NO' AND temporary = 'N' AND nested = 'NO' AND secondary = 'N' ORDER BY table_name""",
    'columns': """
        SELECT table_name, column_name, data_type, data_length, char_length, char_used, data_precision, data_scale, nullable, data_default
        FROM user_tab_columns ORDER BY table_name, column_id""",
    'comments': """
        SELECT table_name, column_name, comments FROM user_col_comments WHERE comments IS NOT NULL ORDER BY table_name, column_name""",
    'unused columns': """
        SELECT table_name, "COUNT" FROM user_unused_col_tabs ORDER BY table_name""",
    'half dropped': """
        SELECT table_name FROM user_partial_drop_tabs ORDER BY table_name""",
    'constraints': """
        SELECT constraint_name, constraint_type, table_name, search_condition, owner, r_owner, r_constraint_name, delete_rule, status, validated,
               generated, index_name
        FROM user_constraints WHERE constraint_type IN ('P', 'U', 'R', 'C') ORDER BY table_name, constraint_name""",
    'constraint columns': """
        SELECT constraint_name, column_name FROM user_cons_columns ORDER BY constraint_name, position""",
    'indexes': """
        SELECT index_name, table_name, uniqueness, compression, prefix_length, partitioned
        FROM user_indexes WHERE dropped = 'NO' AND index_type <> 'LOB' ORDER BY index_name""",
    'index columns': """
        SELECT index_name, column_position, column_name, descend FROM user_ind_columns ORDER BY index_name, column_position""",
    'index expressions': """
        SELECT index_name, column_position, column_expression FROM user_ind_expressions ORDER BY index_name, column_position""",
    'partitionings': """
        SELECT table_name, partitioning_type, subpartitioning_type, interval FROM user_part_tables ORDER BY table_name""",
    'partition keys': """
        SELECT name, column_name FROM user_part_key_columns WHERE object_type = 'TABLE' ORDER BY name, column_position""",
    'sequences': """
        SELECT sequence_name, min_value, max_value, increment_by, cycle_flag, order_flag, cache_size FROM user_sequences ORDER BY sequence_name""",
    'triggers': """
        SELECT trigger_name, table_name, description, trigger_body FROM user_triggers ORDER BY trigger_name""",
    'length semantics': """
        SELECT value FROM nls_session_parameters WHERE parameter = 'NLS_LENGTH_SEMANTICS'""",
}
_UNITS = {'B': 'BYTE', 'C': 'CHAR'}


def read(select):
    """The account's schema.

    :param select: function of a query to its rows; LONG and CLOB values as text.
    """
    rows = dict((name, select(query)) for name, query in QUERIES.items())
    schema = model.Schema()
    if rows['length semantics']:
        schema.length_semantics = rows['length semantics'][0][0]
    _read_tables(schema, rows)
    keys = _read_constraints(schema, rows)
    _read_partitionings(schema, rows)
    _read_indexes(schema, rows, keys)
    for name, minimum, maximum, increment, cycle, order, cache in rows['sequences']:
        schema.add(model.Sequence(name=name, increment=int(increment), minimum=int(minimum), maximum=int(maximum), cycle=cycle == 'Y',
                                  order=order == 'Y', cache=int(cache)))
    for name, table, description, body in rows['triggers']:
        if table in schema.tables:
            schema.add(model.Trigger(name=name, table=table, text='CREATE TRIGGER ' + ddl.folded('%s %s' % (description, body))))
    return schema


def _read_tables(schema, rows):
    for name, count, row_movement in rows['tables']:
        table = model.Table(name=name, row_movement=row_movement == 'ENABLED')
        table.rows = None if count is None else int(count)
        schema.add(table)
    for name, count in rows['unused columns']:
        if name in schema.tables:
            schema.tables[name].unused = int(count)
    for (name,) in rows['half dropped']:
        if name in schema.tables:
            schema.tables[name].half_dropped = True
    types = {}
    for row in rows['columns']:
        # Views have columns too.
        if row[0] in schema.tables:
            kind = row[2:8]
            if kind not in types:
                types[kind] = _type(*kind)
            default = row[9] and _default(row[9])
            schema.tables[row[0]].columns[row[1]] = model.Column(row[1], types[kind], default, row[8] == 'Y')
    for table, column, comment in rows['comments']:
        if table in schema.tables and column in schema.tables[table].columns:
            schema.tables[table].columns[column].comment = comment


def _type(name, data_length, char_length, char_used, precision, scale):
    if name in ('VARCHAR2', 'CHAR'):
        return model.type_of(name=name, length=int(char_length), unit=_UNITS.get(char_used))
    if name in ('NVARCHAR2', 'NCHAR'):
        return model.type_of(name=name, length=int(char_length))
    if name == 'RAW':
        return model.type_of(name=name, length=int(data_length))
    if name == 'FLOAT':
        return model.type_of(name=name, precision=int(precision))
    if name == 'NUMBER' or name.startswith('TIMESTAMP'):
        return model.type_of(name=name, precision=None if precision is None else int(precision), scale=None if scale is None else int(scale))
    return model.type_of(name=name)


def _default(text):
    """Kept by Oracle as it was typed, with the space before the comma; DEFAULT NULL stays as the word NULL."""
    if text is None or not text.strip():
        return None
    try:
        return ddl.default_of(ddl.tokens(text)[:-1])
    except CrabError:
        return text.strip()


def _read_constraints(schema, rows):
    """Put the constraints into their tables.

    :returns: names of the indexes that carry a key
    """
    columns = _grouped(rows['constraint columns'])
    tables = dict((row[0], (row[2], columns.get(row[0], ()))) for row in rows['constraints'])
    keys = set()
    for name, kind, table, condition, owner, parent_owner, parent_key, rule, status, validated, generated, index in rows['constraints']:
        if table not in schema.tables:
            continue
        if kind == 'C' and _is_not_null(condition, schema.tables[table]):
            for column in columns.get(name, ()):
                schema.tables[table].columns[column].own_not_null = True
            continue
        constraint = model.Constraint(kind=kind, name=None if generated == 'GENERATED NAME' else name, columns=columns.get(name, ()),
                                      enabled=status == 'ENABLED', validated=validated == 'VALIDATED')
        if kind == 'C':
            constraint.columns, constraint.condition = (), _canonical(condition)
        if kind == 'R':
            # The key of another account can be seen by its name only, which may be that of one of ours.
            known = tables if parent_owner == owner else {}
            constraint.parent, constraint.parent_columns = known.get(parent_key, ('%s.%s' % (parent_owner, parent_key), ()))
            constraint.on_delete = rule if rule in ('CASCADE', 'SET NULL') else None
        if index:
            keys.add(index)
        constraint.system_name = name
        schema.tables[table].constraints.append(constraint)
    return keys


def _is_not_null(condition, table):
    """NOT NULL of a column is kept as a check beside the column's own flag. A check that says the same but leaves the flag is one of its own."""
    name, space, rest = _canonical(condition).partition(' IS ')
    name = name.strip('"')
    return rest == 'NOT NULL' and name in table.columns and not table.columns[name].nullable


def _canonical(text):
    """What the server takes and our tokens do not know stays as it is."""
    try:
        return ddl.canonical_text(text)
    except CrabError:
        return text.strip()


def _read_partitionings(schema, rows):
    keys = _grouped(rows['partition keys'])
    for name, method, submethod, interval in rows['partitionings']:
        if name in schema.tables:
            method = method if submethod in (None, 'NONE') else '%s and %s' % (method, submethod)
            schema.tables[name].partitioning = model.Partitioning(method=method, columns=keys.get(name, ()),
                                                                  interval=_canonical(interval) if interval else None)


def _read_indexes(schema, rows, keys):
    expressions = dict(((name, position), _canonical(text)) for name, position, text in rows['index expressions'])
    columns = OrderedDict()
    for name, position, column, descend in rows['index columns']:
        # A descending column is kept as an expression that is only the name in quotes.
        text = expressions.get((name, position), column)
        columns.setdefault(name, []).append(text + ' DESC' if descend == 'DESC' else text)
    for name, table, uniqueness, compression, prefix, partitioned in rows['indexes']:
        if table in schema.tables:
            index = model.Index(name=name, table=table, columns=tuple(columns.get(name, ())), unique=uniqueness == 'UNIQUE',
                                compress=int(prefix) if compression == 'ENABLED' and prefix else None, local=partitioned == 'YES')
            index.carries_key = name in keys
            schema.add(index)


def _grouped(pairs):
    """Name to the tuple of its values, in their order."""
    found = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return dict((name, tuple(values)) for name, values in found.items())
