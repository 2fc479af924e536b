# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils._schema import ddl, model, render


def column_of(text):
    return list(ddl.parse('CREATE TABLE t (%s)' % text).columns.values())[0]


@pytest.mark.parametrize('text, expected', [
    ('VARCHAR(255)', model.Type(name='VARCHAR2', length=255)),
    ('VARCHAR2(20 CHAR)', model.Type(name='VARCHAR2', length=20, unit='CHAR')),
    ('CHAR', model.Type(name='CHAR', length=1)),
    ('NUMBER', model.Type(name='NUMBER')),
    ('NUMBER(38)', model.Type(name='NUMBER', precision=38, scale=0)),
    ('NUMBER(38,6)', model.Type(name='NUMBER', precision=38, scale=6)),
    ('NUMBER(*,2)', model.Type(name='NUMBER', scale=2)),
    ('INTEGER', model.Type(name='NUMBER', scale=0)),
    ('TIMESTAMP', model.Type(name='TIMESTAMP(6)', scale=6)),
    ('TIMESTAMP(3) WITH TIME ZONE', model.Type(name='TIMESTAMP(3) WITH TIME ZONE', scale=3)),
    ('CLOB', model.Type(name='CLOB')),
    ('DATE', model.Type(name='DATE')),
])
def test_a_type_is_read_as_the_dictionary_names_it(text, expected):
    assert column_of('c ' + text).type == expected


@pytest.mark.parametrize('text, default, nullable', [
    ("c CLOB DEFAULT '[]'", "'[]'", True),
    ('c NUMBER(5) DEFAULT 0 NOT NULL', '0', False),
    ('c NUMBER(5) DEFAULT -1', '- 1', True),
    ('c VARCHAR(10) DEFAULT NULL', None, True),
    ("c VARCHAR(10) DEFAULT ''", None, True),
    ("c VARCHAR(10) default 'it''s'", "'it''s'", True),
    ('c TIMESTAMP DEFAULT sys_extract_utc(systimestamp) NOT NULL', 'SYS_EXTRACT_UTC(SYSTIMESTAMP)', False),
    ('c NUMBER NULL', None, True),
])
def test_a_default_is_canonical_and_null_is_none(text, default, nullable):
    column = column_of(text)

    assert (column.default, column.nullable) == (default, nullable)


def test_the_columns_of_the_primary_key_are_not_null():
    table = ddl.parse('CREATE TABLE t (a NUMBER, b NUMBER, PRIMARY KEY (a))')

    assert [(column.name, column.nullable) for column in table.columns.values()] == [('A', False), ('B', True)]


def test_constraints_are_read_with_their_names_and_states():
    table = ddl.parse("""CREATE TABLE child (
        a NUMBER CONSTRAINT child_pk PRIMARY KEY,
        b VARCHAR(1) CHECK (b IN ('T', 'F')),
        c NUMBER,
        CONSTRAINT child_fk FOREIGN KEY (c) REFERENCES parent (id) ON DELETE CASCADE ENABLE NOVALIDATE,
        CONSTRAINT child_u UNIQUE (b, c) DISABLE)""")

    assert table.constraints == [
        model.Constraint(kind='P', name='CHILD_PK', columns=('A',)),
        model.Constraint(kind='C', condition="B IN ('T', 'F')"),
        model.Constraint(kind='R', name='CHILD_FK', columns=('C',), parent='PARENT', parent_columns=('ID',), on_delete='CASCADE', validated=False),
        model.Constraint(kind='U', name='CHILD_U', columns=('B', 'C'), enabled=False, validated=False),
    ]


def test_interval_partitions_are_read():
    table = ddl.parse("""CREATE TABLE t (d TIMESTAMP)
        PARTITION by RANGE (d) INTERVAL (NUMTOYMINTERVAL(1,'MONTH'))
        (PARTITION P1 VALUES LESS THAN (TO_DATE('2017-04-14', 'YYYY-MM-DD')))""")

    assert table.partitioning == model.Partitioning(method='RANGE', columns=('D',), interval="NUMTOYMINTERVAL(1, 'MONTH')",
                                                    partitions=(('P1', "TO_DATE('2017-04-14', 'YYYY-MM-DD')"),))


@pytest.mark.parametrize('text, expected', [
    ('CREATE INDEX i ON t (a, b) COMPRESS 1', model.Index(name='I', table='T', columns=('A', 'B'), compress=1)),
    ('CREATE INDEX i ON t (a, b) COMPRESS', model.Index(name='I', table='T', columns=('A', 'B'), compress=2)),
    ('CREATE UNIQUE INDEX i ON t (a, b) COMPRESS', model.Index(name='I', table='T', columns=('A', 'B'), unique=True, compress=1)),
    ('create index "i x" on t (UPPER(a) desc) local online', model.Index(name='i x', table='T', columns=('UPPER(A) DESC',), local=True)),
])
def test_indexes_are_read(text, expected):
    assert ddl.parse(text) == expected


def test_a_sequence_is_read():
    assert ddl.parse('CREATE SEQUENCE s START WITH 5 INCREMENT BY 2 NOMAXVALUE NOCACHE') == model.Sequence(name='S', start=5, increment=2, cache=0)


def test_a_trigger_is_kept_whole_without_its_comments():
    trigger = ddl.parse("CREATE TRIGGER g BEFORE INSERT ON t\n FOR EACH ROW -- numbers\nBEGIN\n  :new.a := 'x  y';\nEND;")

    assert trigger == model.Trigger(name='G', table='T', text="CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN :new.a := 'x  y'; END;")


@pytest.mark.parametrize('sql, line, column, expected, found', [
    ('CREATE TABLE t (\n  a NUMBER\n  b NUMBER)', 3, 3, 'DEFAULT, NOT NULL, a constraint, or , or ) after the column A', "'b'"),
    ("CREATE TABLE t (a VARCHAR(1),\n CONSTRAINT x CHECK (a IN ('T' 'F')))", 2, 32, ', or ) in the list of IN', "'F'"),
    ('CREATE TABLE t (a NUMBER, CONSTRAINT x CHECK (a > 0)\n CONSTRAINT y CHECK (a < 9))', 2, 2, ', or ) after a column or constraint', "'CONSTRAINT'"),
    ('CREATE TABLE t (a VARCHAR)', 1, 26, 'a length in parentheses after VARCHAR2', "')'"),
    ('CREATE TABLE t (a TEXT)', 1, 19, 'a type of Oracle', "'TEXT'"),
    ('CREATE TABLE t (a NUMBER) TABLESPACE x', 1, 27, 'PARTITION BY, ENABLE ROW MOVEMENT or the end', "'TABLESPACE'"),
    ('CREATE TABLE t (a NUMBER);', 1, 26, 'PARTITION BY, ENABLE ROW MOVEMENT or the end', "';'"),
    ('CREATE TABLE table (a NUMBER)', 1, 14, 'the name of the table', "'table'"),
    ('CREATE TABLE t (a NUMBER', 1, 25, 'DEFAULT, NOT NULL, a constraint, or , or ) after the column A', 'the end'),
    ('CREATE INDEX i ON t (a) COMPRESS 2', 1, 34, 'at most 1, the number of columns', 'COMPRESS 2 (ORA-25194)'),
    ('CREATE INDEX i ON t (a) PARALLEL', 1, 25, 'COMPRESS, LOCAL, ONLINE or the end', "'PARALLEL'"),
    ('CREATE VIEW v AS SELECT 1 FROM dual', 1, 8, 'TABLE, INDEX, UNIQUE INDEX, SEQUENCE or TRIGGER after CREATE', "'VIEW'"),
    ('DROP TABLE t', 1, 1, 'CREATE', "'DROP'"),
    ('CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN x;', 1, 58, 'END; as the last words of the trigger', 'the end'),
])
def test_what_is_not_known_is_an_error_with_line_and_column(sql, line, column, expected, found):
    with pytest.raises(ddl.SyntaxProblem) as caught:
        ddl.parse(sql, 'TaskDB b_tasks')

    assert caught.value.message == 'TaskDB b_tasks, line %d, column %d: expected %s, found %s.' % (line, column, expected, found)


@pytest.mark.parametrize('sql, message', [
    ("CREATE TABLE t (a NUMBER DEFAULT 'x)", 'line 1, column 34: found a text without its closing quote.'),
    ('CREATE TABLE t (a NUMBER) ?', "line 1, column 27: found the character '?', which has no meaning in SQL."),
    ('CREATE TABLE t (a NUMBER, a NUMBER)', 'line 1, column 27: expected a new column, found the column A a second time (ORA-00957).'),
])
def test_a_broken_text_is_named(sql, message):
    with pytest.raises(ddl.SyntaxProblem) as caught:
        ddl.parse(sql)

    assert caught.value.message == message


def test_a_missing_comma_between_constraints_can_be_mended_and_is_told():
    problems = []

    table = ddl.parse('CREATE TABLE t (a NUMBER, CONSTRAINT x CHECK (a > 0) CONSTRAINT y CHECK (a < 9))', 'here', problems)

    assert [constraint.name for constraint in table.constraints] == ['X', 'Y']
    assert [(problem.message, problem.repair) for problem in problems] == [
        ("here, line 1, column 54: expected , or ) after a column or constraint, found 'CONSTRAINT'.", 'a comma before it')]


@pytest.mark.parametrize('one, other', [
    ("tm_x IN ('T', 'F')", "TM_X  in('F','T')"),
    ("((a > 1))", 'A>1'),
    ('"A" IS NOT NULL', 'a is not null'),
])
def test_checks_that_mean_the_same_compare_equal(one, other):
    assert ddl.comparable(one) == ddl.comparable(other)


@pytest.mark.parametrize('one, other', [
    ("a IN ('T', 'F')", "a IN ('t', 'F')"),
    ('(a > 1) OR (b > 1)', 'a > 1 OR b > 2'),
    ('"a" > 1', 'a > 1'),
])
def test_checks_that_differ_compare_different(one, other):
    assert ddl.comparable(one) != ddl.comparable(other)


@pytest.mark.parametrize('sql', [
    'CREATE TABLE T (\n  "odd name" NUMBER(38,6) DEFAULT 0 NOT NULL,\n  B INTEGER,\n  C VARCHAR2(9 CHAR) DEFAULT \'x\',\n'
    '  CONSTRAINT K CHECK (B + 1 > 0) DISABLE\n)',
    'CREATE TABLE T (\n  A DATE NOT NULL,\n  PRIMARY KEY (A)\n)\nPARTITION BY RANGE (A)\n(\n  PARTITION VALUES LESS THAN (MAXVALUE)\n)\nENABLE ROW MOVEMENT',
    'CREATE UNIQUE INDEX I ON T ("odd name", B DESC, LOWER(C)) COMPRESS 1 LOCAL',
    'CREATE SEQUENCE S START WITH 1 INCREMENT BY 1 MINVALUE 0 MAXVALUE 9 NOCACHE CYCLE ORDER',
])
def test_rendering_what_was_parsed_gives_the_same_text(sql):
    item = ddl.parse(sql)
    renderer = {model.Table: render.create_table, model.Index: render.create_index, model.Sequence: render.create_sequence}[type(item)]

    assert renderer(item) == sql
