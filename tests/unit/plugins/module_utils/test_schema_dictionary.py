# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils._schema import dictionary, diff, model, source

RELEASE = [
    "CREATE TABLE parent (id VARCHAR(60) NOT NULL, state VARCHAR(1) DEFAULT 'T', text CLOB DEFAULT '[]', size_b NUMBER(38,6), whole INTEGER, n NUMBER, "
    "made TIMESTAMP NOT NULL, CONSTRAINT parent_pk PRIMARY KEY (id), CONSTRAINT parent_ck CHECK (state IN ('T', 'F')), CHECK (n > 0))",
    "CREATE TABLE child (parent_id VARCHAR(60), num NUMBER(11) DEFAULT NULL, made TIMESTAMP NOT NULL, CONSTRAINT child_fk FOREIGN KEY (parent_id) "
    "REFERENCES parent (id) ON DELETE CASCADE, UNIQUE (num)) PARTITION BY RANGE (made) INTERVAL (NUMTOYMINTERVAL(1, 'MONTH')) "
    "(PARTITION p1 VALUES LESS THAN (TO_DATE('2017-04-14', 'YYYY-MM-DD')))",
    'CREATE INDEX child_i ON child (num, parent_id) COMPRESS 2',
    'CREATE INDEX child_down ON child (made DESC, UPPER(parent_id))',
    'CREATE SEQUENCE child_seq START WITH 1 INCREMENT BY 1 NOMAXVALUE',
    'CREATE TRIGGER child_trg BEFORE INSERT ON child FOR EACH ROW\nBEGIN\n  SELECT child_seq.nextval INTO :new.num FROM dual;\nEND;',
]


def test_what_was_created_is_read_back_without_a_difference(oracle):
    oracle.run(*RELEASE)

    wanted, _warnings = source.schema_of(statements=RELEASE)

    assert diff.compare(wanted, oracle.read()) == []


def test_columns_are_read_with_type_default_and_null(oracle):
    oracle.run("CREATE TABLE t (a VARCHAR(9) DEFAULT 'x' , b VARCHAR2(9 CHAR) NOT NULL, c NUMBER(5,2), d NUMBER, e CLOB DEFAULT NULL)")

    assert list(oracle.read().tables['T'].columns.values()) == [
        model.Column(name='A', type=model.Type(name='VARCHAR2', length=9, unit='BYTE'), default="'x'"),
        model.Column(name='B', type=model.Type(name='VARCHAR2', length=9, unit='CHAR'), nullable=False),
        model.Column(name='C', type=model.Type(name='NUMBER', precision=5, scale=2)),
        model.Column(name='D', type=model.Type(name='NUMBER')),
        model.Column(name='E', type=model.Type(name='CLOB')),
    ]


def test_not_null_is_the_column_s_and_no_check(oracle):
    oracle.run('CREATE TABLE t (a NUMBER NOT NULL, b NUMBER, CONSTRAINT named CHECK (b IS NOT NULL))')

    table = oracle.read().tables['T']

    assert [(column.name, column.nullable) for column in table.columns.values()] == [('A', False), ('B', True)]
    assert table.constraints == [model.Constraint(kind='C', name='NAMED', condition='B IS NOT NULL')]


def test_not_null_of_a_column_in_small_letters_is_no_check_either(oracle):
    oracle.run('CREATE TABLE t ("a" NUMBER NOT NULL)')

    assert oracle.read().tables['T'].constraints == []


def test_names_that_the_system_gave_are_not_names(oracle):
    oracle.run('CREATE TABLE t (a NUMBER PRIMARY KEY, b NUMBER, CHECK (b > 0))')

    constraints = oracle.read().tables['T'].constraints

    assert sorted((constraint.kind, constraint.name) for constraint in constraints) == [('C', None), ('P', None)]
    assert all(constraint.system_name.startswith('SYS_C') for constraint in constraints)


def test_the_index_that_carries_a_key_is_known_even_under_another_name(oracle):
    oracle.run('CREATE TABLE t (a NUMBER, b NUMBER, CONSTRAINT t_u UNIQUE (b))', 'CREATE INDEX plain ON t (a)')

    indexes = oracle.read().indexes

    assert dict((name, index.carries_key) for name, index in indexes.items()) == {'T_U': True, 'PLAIN': False}


def test_indexes_of_lobs_and_columns_of_views_are_left_out(oracle):
    oracle.run('CREATE TABLE t (a NUMBER, b CLOB)')

    assert list(oracle.read().indexes) == []


@pytest.mark.parametrize('version', ['11.2', '12.2', '19', '23'])
def test_the_queries_name_only_columns_that_every_version_has(oracle, version):
    oracle.admin('version', version)
    oracle.run('CREATE TABLE t (a NUMBER)')

    assert list(oracle.read().tables) == ['T']


def test_reading_sends_only_queries(oracle):
    oracle.statements()

    oracle.read()

    sent = oracle.statements()
    assert len(sent) == len(dictionary.QUERIES)
    assert set(line.split()[0] for line in sent) == {'SELECT'}


def test_a_foreign_key_to_another_account_is_not_one_to_our_table_with_the_same_names():
    """Both accounts have TASKS with the key TASKS_PK."""
    rows = dict.fromkeys(dictionary.QUERIES.values(), [])
    rows[dictionary.QUERIES['tables']] = [('TASKS', 0, 'DISABLED'), ('T', 0, 'DISABLED')]
    rows[dictionary.QUERIES['constraints']] = [
        ('TASKS_PK', 'P', 'TASKS', None, 'ALICE', None, None, None, 'ENABLED', 'VALIDATED', 'USER NAME', 'TASKS_PK'),
        ('THEIRS', 'R', 'T', None, 'ALICE', 'BOB', 'TASKS_PK', 'NO ACTION', 'ENABLED', 'VALIDATED', 'USER NAME', None),
        ('OURS', 'R', 'T', None, 'ALICE', 'ALICE', 'TASKS_PK', 'NO ACTION', 'ENABLED', 'VALIDATED', 'USER NAME', None)]
    rows[dictionary.QUERIES['constraint columns']] = [('TASKS_PK', 'ID'), ('THEIRS', 'TASK'), ('OURS', 'TASK')]

    keys = dictionary.read(rows.get).tables['T'].constraints

    assert [(key.name, key.parent, key.parent_columns) for key in keys] == [('THEIRS', 'BOB.TASKS_PK', ()), ('OURS', 'TASKS', ('ID',))]
