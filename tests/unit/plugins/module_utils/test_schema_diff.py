# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils._schema import diff, plan, source

BASE = ("CREATE TABLE t (a NUMBER(5) NOT NULL, b VARCHAR(9) DEFAULT 'x', c CLOB, CONSTRAINT t_pk PRIMARY KEY (a), "
        "CONSTRAINT t_ck CHECK (b IN ('T', 'F')))", 'CREATE INDEX i ON t (b) COMPRESS 1')


def schema(*statements):
    return source.schema_of(statements=list(statements))[0]


def differences(wanted, live):
    """As a user reads them."""
    return ['%s %s: %s' % (type(change).__name__, change.subject, change.difference) for change in diff.compare(schema(*wanted), schema(*live))]


def changed(old, new):
    """BASE with one part of its text replaced, as the wanted side."""
    assert old in ' ; '.join(BASE)
    return [statement.replace(old, new) for statement in BASE]


def test_equal_schemas_have_no_difference():
    assert differences(BASE, BASE) == []


@pytest.mark.parametrize('wanted, expected', [
    (changed('a NUMBER(5)', 'a NUMBER(6)'), ['ModifyColumn T: the column A: type NUMBER(5), the release wants NUMBER(6)']),
    (changed("DEFAULT 'x'", "DEFAULT 'y' NOT NULL"), ["ModifyColumn T: the column B: default 'x', the release wants 'y'; NULL, the release wants NOT NULL"]),
    (changed('c CLOB', 'd CLOB'), ['AddColumn T: the column D is missing', 'DropColumn T: the release has no column C']),
    (changed("('T', 'F')", "('T', 'F', 'X')"), ["AddConstraint T: check (B IN ('T', 'F', 'X')) T_CK is missing",
                                                "DropConstraint T: the release has no check (B IN ('T', 'F')) T_CK"]),
    (changed('t_ck', 't_check'), ['RenameConstraint T: the release calls the constraint T_CK T_CHECK']),
    (changed('COMPRESS 1', ''), ['ChangeIndex I: is (B) on T COMPRESS 1, the release wants (B) on T']),
    (changed('INDEX i', 'INDEX j'), ['RenameIndex I: the release calls this index J']),
    (BASE[:1], ['DropIndex I: the release has no such index on T']),
    (BASE + ('CREATE TABLE u (a NUMBER)', 'CREATE SEQUENCE s'), ['CreateTable U: the table is missing', 'CreateSequence S: the sequence is missing']),
    ([BASE[0] + ' PARTITION BY RANGE (a) (PARTITION VALUES LESS THAN (9))', BASE[1]],
     ['Repartition T: is not partitioned, the release wants partitioned by RANGE (A)']),
])
def test_each_difference_is_found_and_named(wanted, expected):
    assert differences(wanted, BASE) == expected


@pytest.mark.parametrize('wanted', [
    changed("('T', 'F')", "('F','T')"),
    changed('CONSTRAINT t_pk ', ''),
    changed("c CLOB", "c CLOB DEFAULT NULL"),
    changed('b VARCHAR(9)', 'b VARCHAR2(9 BYTE)'),
    ['CREATE TABLE t (c CLOB, b VARCHAR(9) DEFAULT \'x\', a NUMBER(5), CONSTRAINT t_ck CHECK (b IN (\'T\', \'F\')), PRIMARY KEY (a))', BASE[1]],
])
def test_spelling_order_and_system_names_are_no_difference(wanted):
    assert differences(wanted, BASE) == []


def test_a_bare_length_means_what_the_server_takes_it_for():
    wanted, live = schema(*BASE), schema(*[statement.replace('VARCHAR(9)', 'VARCHAR(9 CHAR)') for statement in BASE])

    in_bytes = diff.compare(wanted, live)
    live.length_semantics = 'CHAR'

    assert [change.difference for change in in_bytes] == ['the column B: type VARCHAR2(9 CHAR), the release wants VARCHAR2(9)']
    assert diff.compare(wanted, live) == []


def test_the_starting_partitions_are_never_compared():
    text = 'CREATE TABLE t (a NUMBER) PARTITION BY RANGE (a) (PARTITION p1 VALUES LESS THAN (%d))'

    assert differences([text % 1], [text % 2]) == []


def test_of_two_equal_constraints_the_one_with_the_same_name_is_the_same():
    wanted = ['CREATE TABLE t (a NUMBER, CONSTRAINT x CHECK (a > 0), CONSTRAINT y CHECK (a > 0))']
    live = ['CREATE TABLE t (a NUMBER, CONSTRAINT y CHECK (a > 0), CONSTRAINT x CHECK (a > 0))']

    assert differences(wanted, live) == []


def test_a_disabled_constraint_is_told():
    live = changed("('T', 'F'))", "('T', 'F')) DISABLE")

    assert differences(BASE, live) == ["EnableConstraint T: check (B IN ('T', 'F')) T_CK is disabled"]


def test_a_trigger_differs_by_its_words_not_by_its_space():
    table = 'CREATE TABLE t (a NUMBER)'
    trigger = 'CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN :new.a := %s; END;'

    assert differences([table, trigger % '1'], [table, (trigger % '1').replace(' ', '\n  ')]) == []
    assert differences([table, trigger % '1'], [table, trigger % '2']) == ['ChangeTrigger G: the text of the trigger differs from the release']


# ---- the plan

def test_the_plan_creates_what_is_missing_and_tells_the_rest():
    wanted = ['CREATE TABLE child (a NUMBER REFERENCES t (a))'] + changed('c CLOB', 'd CLOB') + ['CREATE INDEX k ON child (a)']

    made = plan.make(diff.compare(schema(*wanted), schema(*BASE)))

    assert [step.sql for step in made.steps] == ['CREATE TABLE CHILD (\n  A NUMBER,\n  FOREIGN KEY (A) REFERENCES T (A)\n)', 'CREATE INDEX K ON CHILD (A)']
    assert made.drift == ['T: the column D is missing', 'T: the release has no column C']


def test_a_table_comes_after_the_tables_it_points_to():
    wanted = schema('CREATE TABLE c (x NUMBER REFERENCES b (x))', 'CREATE TABLE b (x NUMBER PRIMARY KEY REFERENCES a (x))',
                    'CREATE TABLE a (x NUMBER PRIMARY KEY, y NUMBER REFERENCES a (x))')

    made = plan.make(diff.compare(wanted, source.model.Schema()))

    assert [step.object for step in made.steps] == ['A', 'B', 'C']


def test_a_step_shows_its_sql_object_risk_and_reason():
    made = plan.make(diff.compare(schema('CREATE SEQUENCE s'), source.model.Schema()))

    assert [step.shown() for step in made.steps] == [{
        'sql': 'CREATE SEQUENCE S START WITH 1 INCREMENT BY 1 NOMINVALUE NOMAXVALUE CACHE 20', 'object': 'S', 'risk': 'metadata only', 'rows': None,
        'reason': 'the sequence is missing'}]
