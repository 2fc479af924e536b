# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._schema import lint, source

CREATE = u'''# -*- coding: utf-8 -*-
class Create(DBCreator):
    def __init__(self):
        self.create = {}
        self.constraints = {}
        self.create['i_first'] = "CREATE INDEX i ON t (a)"
        self.create['b_table'] = """
            CREATE TABLE t (a NUMBER)"""
'''
NO_PLAIN_TEXT = 'TaskDB: line 9: self.create[...] = ...: expected a plain text as key and as value.'


def keys_of(text):
    return [statement.where for statement in source.read_create('TaskDB', text)]


def test_statements_come_in_the_order_of_their_keys():
    assert keys_of(CREATE) == ['TaskDB b_table', 'TaskDB i_first']


def test_indexes_and_constraints_come_after_the_tables_in_the_order_of_the_text():
    text = CREATE + u"        self.indexes['z'] = 'CREATE INDEX z ON t (a)'\n        self.indexes['a'] = 'CREATE INDEX a ON t (a)'\n"

    assert keys_of(text) == ['TaskDB b_table', 'TaskDB i_first', 'TaskDB z', 'TaskDB a']


def test_the_last_assignment_of_a_key_wins():
    statements = source.read_create('TaskDB', CREATE + u"        self.create['b_table'] = 'CREATE TABLE u ' + '(a NUMBER)'\n")

    assert statements[0].sql == 'CREATE TABLE u (a NUMBER)'


def test_task_db_comes_first_because_the_others_point_to_it():
    statements = source.read_modules({'AnyDB': CREATE, 'TaskDB': CREATE})

    assert [statement.where.split()[0] for statement in statements] == ['TaskDB', 'TaskDB', 'AnyDB', 'AnyDB']


@pytest.mark.parametrize('text, message', [
    (u'class Create(:\n', 'TaskDB: line 1 is no Python: '),
    (u'x = 1\n', 'TaskDB: no statement assigned to self.create was found.'),
    (CREATE + u"        self.create['x'] = 'CREATE TABLE %s (a NUMBER)' % name\n", NO_PLAIN_TEXT),
    (CREATE + u"        self.create[key] = 'CREATE TABLE u (a NUMBER)'\n", NO_PLAIN_TEXT),
    (CREATE + u"        self.create['b_table'] += ', b NUMBER)'\n", 'TaskDB: line 9: self.create is used otherwise than in self.create = {} and self.create['),
    (CREATE + u"        self.create.update(i='CREATE INDEX j ON t (a)')\n", 'TaskDB: line 9: self.create is used otherwise than in '),
    (CREATE + u"        self.create = dict(a='b')\n", 'TaskDB: line 9: self.create = ...: expected {}.'),
    (CREATE + u"        self.inserts['x'] = 'INSERT INTO t VALUES (1)'\n", "TaskDB: self.inserts['x']: rows that a release inserts are not known here."),
])
def test_a_file_that_cannot_be_read_without_running_it_is_refused(text, message):
    with pytest.raises(CrabError) as caught:
        source.read_create('TaskDB', text)

    assert caught.value.message.startswith(message)


def test_a_script_s_final_semicolon_is_taken_off_but_not_that_of_a_trigger():
    statements = source.read_statements(['CREATE TABLE t (a NUMBER);\n', 'CREATE TRIGGER g BEFORE INSERT ON t BEGIN NULL; END;\n/\n'])

    assert [statement.sql for statement in statements] == ['CREATE TABLE t (a NUMBER)', 'CREATE TRIGGER g BEFORE INSERT ON t BEGIN NULL; END;']


def test_no_statement_at_all_is_an_error():
    with pytest.raises(CrabError) as caught:
        source.schema_of({}, [])

    assert caught.value.message == 'The source holds no statement.'


# ---- what cannot be installed as written

def problems_of(*statements, **options):
    with pytest.raises(CrabError) as caught:
        source.schema_of(statements=list(statements), **options)
    return caught.value.message.splitlines()[1:]


TABLE = 'CREATE TABLE t (a NUMBER, b CLOB, CONSTRAINT k PRIMARY KEY (a))'


@pytest.mark.parametrize('statement, problem', [
    ('CREATE TABLE u (a NUMBER, CONSTRAINT k CHECK (a > 0))',
     'the constraint name K is already used by statement 1 (ORA-02264). With repair: it is called K_2.'),
    ('CREATE TABLE t (a NUMBER)', 'the table T is already created by statement 1 (ORA-00955).'),
    ('CREATE INDEX i ON t (a)', 'the index I has the columns of K (ORA-01408). With repair: it is left out.'),
    ('CREATE UNIQUE INDEX k ON t (a, c)', 'the index name K is already used by statement 1 (ORA-00955). With repair: it is called K_2.'),
    ('CREATE INDEX i ON nowhere (a)', 'the index I is on the table NOWHERE, which no statement before it creates (ORA-00942).'),
    ('CREATE INDEX i ON t (c)', 'index I names the column C, which the table T has not (ORA-00904).'),
    ('CREATE TABLE u (a NUMBER REFERENCES nowhere (a))', 'a foreign key points to the table NOWHERE, which no statement creates (ORA-00942).'),
    ('CREATE TABLE u (a NUMBER, CONSTRAINT f FOREIGN KEY (a) REFERENCES t (b))', 'F points to T(B), which is no primary or unique key (ORA-02270).'),
    ('CREATE TABLE u (a CLOB PRIMARY KEY)', 'the LOB column A cannot be in a key (ORA-02329).'),
    ('CREATE TABLE u (a NUMBER PRIMARY KEY, UNIQUE (a))', 'the table U has two keys of the same columns, A (ORA-02261).'),
    ('CREATE TABLE u (a NUMBER PRIMARY KEY, b NUMBER, PRIMARY KEY (b))', 'the table U has more than one primary key (ORA-02260).'),
    ('CREATE TABLE u (a NUMBER, UNIQUE (b))', 'constraint U names the column B, which the table U has not (ORA-00904).'),
])
def test_what_the_server_would_refuse_is_told_before_it_is_asked(statement, problem):
    assert problems_of(TABLE, statement)[0] == '- statement 2: ' + problem


def test_a_name_is_measured_by_what_the_server_takes():
    long_name = 'CREATE TABLE t (a NUMBER, CONSTRAINT check_tm_nonvalid_input_dataset CHECK (a > 0))'

    problems = problems_of(long_name, limits=lint.Limits.of((11, 2, 0, 4)))
    schema, warnings = source.schema_of(statements=[long_name], limits=lint.Limits.of((12, 2, 0, 1)))

    assert problems == ['- statement 1: the constraint name CHECK_TM_NONVALID_INPUT_DATASET has 31 bytes, this server takes 30 (ORA-00972). '
                        'With repair: it is called CHECK_TM_NONVALID_INPUT_DATASE.']
    assert warnings == [] and schema.tables['T'].constraints[0].name == 'CHECK_TM_NONVALID_INPUT_DATASET'


def test_all_problems_are_told_at_once():
    problems = problems_of('CREATE TABLE t (a NUMBER, CONSTRAINT x CHECK (a > 0) CONSTRAINT x CHECK (a < 9))')

    assert problems == [
        "- statement 1, line 1, column 54: expected , or ) after a column or constraint, found 'CONSTRAINT'. With repair: a comma before it.",
        '- statement 1: the constraint name X is already used by statement 1 (ORA-02264). With repair: it is called X_2.']


def test_repair_installs_what_was_meant_and_warns():
    schema, warnings = source.schema_of(statements=['CREATE TABLE t (a NUMBER, b NUMBER)', 'CREATE INDEX i ON t (a)', 'CREATE INDEX i ON t (b)'], repair=True)

    assert [(index.name, index.columns) for index in schema.indexes.values()] == [('I', ('A',)), ('I_2', ('B',))]
    assert warnings == ['statement 3: the index name I is already used by statement 2 (ORA-00955). Repaired: it is called I_2.']


def test_repair_does_not_guess():
    with pytest.raises(CrabError) as caught:
        source.schema_of(statements=['CREATE TABLE t (a TEXT)'], repair=True)

    assert "expected a type of Oracle, found 'TEXT'" in caught.value.message


def test_a_foreign_key_without_columns_points_to_the_primary_key():
    schema, _warnings = source.schema_of(statements=[TABLE, 'CREATE TABLE u (x NUMBER REFERENCES t)'])

    assert schema.tables['U'].constraints[0].parent_columns == ('A',)
