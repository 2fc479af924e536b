# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils._schema import alter, diff, dictionary, driver, execute, plan, source, typechange
from ansible_collections.cmsweb.crab.plugins.module_utils._schema.model import Constraint, Type

TABLE = 'CREATE TABLE t (%s)'
ROW = 'INSERT INTO t (id) VALUES (1)'


def planned(oracle, statements, **options):
    """The plan that leads the account to these statements."""
    wanted = source.schema_of(statements=list(statements))[0]
    connection = oracle.connect()
    live = dictionary.read(connection.select)
    changes = diff.compare(wanted, live)
    return plan.make(changes, alter.Alteration(changes, live, connection.version, connection.count, **options))


def sql_of(made):
    return [step.sql for step in made.steps]


def applied(oracle, statements, **options):
    """Applies the plan, and says what a second plan would still do."""
    outcome = execute.apply(oracle.connect(), planned(oracle, statements, **options).steps)
    assert outcome.problem is None
    return sql_of(planned(oracle, statements, **options))


# ---- types

@pytest.mark.parametrize('old, new, way, misfit', [
    (('VARCHAR2', 10, 'BYTE'), ('VARCHAR2', 20, 'BYTE'), 'in place', None),
    (('VARCHAR2', 10, 'BYTE'), ('VARCHAR2', 10, 'CHAR'), 'in place', None),
    (('VARCHAR2', 20, 'BYTE'), ('VARCHAR2', 10, 'BYTE'), 'in place', 'LENGTHB(%s) > 10'),
    (('VARCHAR2', 20, 'CHAR'), ('VARCHAR2', 20, 'BYTE'), 'in place', 'LENGTHB(%s) > 20'),
    (('VARCHAR2', 10, 'BYTE'), ('CLOB',), 'shadow', None),
    (('CLOB',), ('VARCHAR2', 10, 'BYTE'), 'shadow', 'LENGTH(%s) > 10'),
])
def test_texts_grow_in_place_and_lobs_never_change_in_place(old, new, way, misfit):
    def kind(name, length=None, unit=None):
        return Type(name=name, length=length, unit=unit)

    found = typechange.change(kind(*old), kind(*new))

    assert (found.way, found.misfit) == (way, misfit)


@pytest.mark.parametrize('old, new, way, misfit', [
    ((5, 0), (6, 0), 'in place', None),
    ((38, 0), (38, 6), 'shadow', 'ABS(%s) >= 1E32'),
    ((5, 2), (5, 0), 'shadow', '%s <> ROUND(%s, 0)'),
    ((5, 0), (None, None), 'in place', None),
    ((None, None), (5, 0), 'shadow', 'ABS(%s) >= 1E5 OR %s <> ROUND(%s, 0)'),
    ((None, 0), (38, 0), 'shadow', 'ABS(%s) >= 1E38'),
])
def test_numbers_grow_in_place_and_shrink_by_a_shadow(old, new, way, misfit):
    found = typechange.change(Type(name='NUMBER', precision=old[0], scale=old[1]), Type(name='NUMBER', precision=new[0], scale=new[1]))

    assert (found.way, found.misfit) == (way, misfit)


@pytest.mark.parametrize('old, new, misfit', [
    (('TIMESTAMP(6)', None, None, 6), ('TIMESTAMP(3)', None, None, 3), '%s <> CAST(%s AS TIMESTAMP(3))'),
    (('TIMESTAMP(6)', None, None, 6), ('DATE',), '%s <> CAST(%s AS DATE)'),
    (('VARCHAR2', 9), ('NUMBER', None, 5, 0), 'ABS(TO_NUMBER(%s)) >= 1E5 OR TO_NUMBER(%s) <> ROUND(TO_NUMBER(%s), 0)'),
    (('VARCHAR2', 9), ('NUMBER',), 'TO_NUMBER(%s) IS NULL AND %s IS NOT NULL'),
    (('CHAR', 9), ('VARCHAR2', 5), 'LENGTHB(RTRIM(%s)) > 5 OR (RTRIM(%s) IS NULL AND %s IS NOT NULL)'),
])
def test_a_value_that_the_new_type_would_round_or_cut_is_a_misfit(old, new, misfit):
    def kind(name, length=None, precision=None, scale=None):
        return Type(name=name, length=length, precision=precision, scale=scale)

    found = typechange.change(kind(*old), kind(*new))

    assert (found.way, found.misfit) == ('shadow', misfit)


@pytest.mark.parametrize('old, new', [
    ('CLOB', 'DATE'), ('NVARCHAR2', 'VARCHAR2'), ('DATE', 'TIMESTAMP(6) WITH TIME ZONE'), ('TIMESTAMP(6) WITH LOCAL TIME ZONE', 'DATE')])
def test_a_conversion_that_nobody_can_mean_or_that_the_session_would_decide_is_none(old, new):
    assert typechange.change(Type(name=old, length=9), Type(name=new, length=9)) is None


# ---- columns

@pytest.mark.parametrize('old, new, sql', [
    ('id NUMBER', 'id NUMBER, a VARCHAR(5)', 'ALTER TABLE T ADD (A VARCHAR2(5))'),
    ('id NUMBER', "id NUMBER, a VARCHAR(5) DEFAULT 'x' NOT NULL", "ALTER TABLE T ADD (A VARCHAR2(5) DEFAULT 'x' NOT NULL)"),
    ('id NUMBER, a VARCHAR(5)', 'id NUMBER, a VARCHAR(9)', 'ALTER TABLE T MODIFY (A VARCHAR2(9))'),
    ('id NUMBER, a VARCHAR(5)', "id NUMBER, a VARCHAR(9) DEFAULT 'x'", "ALTER TABLE T MODIFY (A VARCHAR2(9) DEFAULT 'x')"),
    ('id NUMBER, a NUMBER DEFAULT 5', 'id NUMBER, a NUMBER', 'ALTER TABLE T MODIFY (A DEFAULT NULL)'),
    ("id NUMBER, a NUMBER DEFAULT 5 NOT NULL", 'id NUMBER, a NUMBER', 'ALTER TABLE T MODIFY (A DEFAULT NULL NULL)'),
    ('id NUMBER, a NUMBER', 'id NUMBER, a VARCHAR(5)', 'ALTER TABLE T MODIFY (A VARCHAR2(5))'),
    ('id NUMBER, a TIMESTAMP(3)', 'id NUMBER, a TIMESTAMP', 'ALTER TABLE T MODIFY (A TIMESTAMP(6))'),
])
def test_what_oracle_can_do_in_place_is_one_statement_that_says_only_what_changes(oracle, old, new, sql):
    oracle.run(TABLE % old, ROW)

    assert sql_of(planned(oracle, [TABLE % new])) == [sql]
    assert applied(oracle, [TABLE % new]) == []


def test_a_change_of_type_goes_by_a_shadow_column_and_all_that_hangs_on_the_column_is_put_back(oracle):
    oracle.run(TABLE % "id NUMBER, a VARCHAR(5) DEFAULT 'x' NOT NULL, CONSTRAINT c CHECK (a IN ('x', '7')), CONSTRAINT u UNIQUE (id, a)",
               'CREATE INDEX i ON t (a)', "INSERT INTO t (id, a) VALUES (1, '7')")
    wanted = [TABLE % "id NUMBER, a VARCHAR(5 CHAR) DEFAULT 'x' NOT NULL, CONSTRAINT c CHECK (a IN ('x', '7')), CONSTRAINT u UNIQUE (id, a)",
              'CREATE INDEX i ON t (a)']

    in_place = sql_of(planned(oracle, wanted))
    by_shadow = planned(oracle, [TABLE % "id NUMBER, a NUMBER DEFAULT 0 NOT NULL", 'CREATE INDEX i ON t (a)'], drop=['C', 'U'])

    assert in_place == ['ALTER TABLE T MODIFY (A VARCHAR2(5 CHAR))']
    assert sql_of(by_shadow) == [
        'ALTER TABLE T DROP CONSTRAINT C', 'ALTER TABLE T DROP CONSTRAINT U', 'ALTER TABLE T ADD (A$6DCD4CE2 NUMBER)',
        'UPDATE T SET A$6DCD4CE2 = TO_NUMBER(A) WHERE ((A$6DCD4CE2 IS NULL AND TO_NUMBER(A) IS NOT NULL) OR (A$6DCD4CE2 IS NOT NULL AND TO_NUMBER(A) IS NULL) '
        'OR A$6DCD4CE2 <> TO_NUMBER(A)) AND ROWNUM <= 10000',
        'ALTER TABLE T RENAME COLUMN A TO A$6DCD4CE2$0C10465F', 'ALTER TABLE T MODIFY (A$6DCD4CE2$0C10465F NULL)',
        'UPDATE T SET A$6DCD4CE2 = TO_NUMBER(A$6DCD4CE2$0C10465F) WHERE ((A$6DCD4CE2 IS NULL AND TO_NUMBER(A$6DCD4CE2$0C10465F) IS NOT NULL) OR '
        '(A$6DCD4CE2 IS NOT NULL AND TO_NUMBER(A$6DCD4CE2$0C10465F) IS NULL) OR A$6DCD4CE2 <> TO_NUMBER(A$6DCD4CE2$0C10465F)) AND ROWNUM <= 10000',
        'ALTER TABLE T RENAME COLUMN A$6DCD4CE2 TO A', 'ALTER TABLE T MODIFY (A DEFAULT 0)', 'ALTER TABLE T MODIFY (A NOT NULL)',
        'ALTER TABLE T DROP COLUMN A$6DCD4CE2$0C10465F', 'CREATE INDEX I ON T (A)']


def test_columns_that_go_are_set_unused_on_request_and_their_space_is_freed_another_time(oracle):
    oracle.run(TABLE % 'id NUMBER, a VARCHAR(9), gone NUMBER, CONSTRAINT c CHECK (gone > 0)', "INSERT INTO t VALUES (1, 'x', 7)")
    wanted = [TABLE % 'id NUMBER, a CLOB']

    made = planned(oracle, wanted, drop=['T.GONE'], set_unused=True)
    left = applied(oracle, wanted, drop=['T.GONE'], set_unused=True)

    assert [(step.sql, step.risk) for step in made.steps if 'UNUSED' in step.sql] == [
        ('ALTER TABLE T SET UNUSED (A$6DCD4CE2$0C10465F)', 'metadata only'), ('ALTER TABLE T SET UNUSED (GONE)', 'loses data')]
    assert [sql for sql in sql_of(made) if 'DROP' in sql] == ['ALTER TABLE T DROP CONSTRAINT C']
    assert left == []
    assert oracle.connect().select('SELECT id, a FROM t') == [(1, 'x')]
    assert oracle.read().tables['T'].unused == 2


def test_constraints_that_stay_are_put_back_after_the_column_was_replaced(oracle):
    columns = "id NUMBER, a %s, CONSTRAINT c CHECK (a > 0), CONSTRAINT u UNIQUE (id, a)"
    oracle.run(TABLE % columns % 'NUMBER(9,2)', 'INSERT INTO t (id, a) VALUES (1, 7)')

    made = planned(oracle, [TABLE % columns % 'NUMBER(5)'])

    assert [sql for sql in sql_of(made) if 'CONSTRAINT' in sql] == [
        'ALTER TABLE T DROP CONSTRAINT C', 'ALTER TABLE T DROP CONSTRAINT U', 'ALTER TABLE T ADD CONSTRAINT U UNIQUE (ID, A)',
        'ALTER TABLE T ADD CONSTRAINT C CHECK (A > 0)']
    assert applied(oracle, [TABLE % columns % 'NUMBER(5)']) == []
    assert oracle.connect().select('SELECT id, a FROM t') == [(1, 7)]


@pytest.mark.parametrize('old, value, new, text', [
    ('NUMBER(9,2)', '1.5', 'NUMBER(5)', '1 rows hold a value of A that NUMBER(5) cannot take; find them with: SELECT * FROM T WHERE '
                                        'ABS(A) >= 1E5 OR A <> ROUND(A, 0)'),
    ('VARCHAR(9)', "'123456'", 'VARCHAR(5)', '1 rows hold a value of A that VARCHAR2(5) cannot take; find them with: SELECT * FROM T WHERE LENGTHB(A) > 5'),
    ('CLOB', "'x'", 'DATE', 'no conversion from CLOB to DATE is known for the column A.'),
    ('NUMBER', 'NULL', 'NUMBER NOT NULL', 'the column A becomes NOT NULL, and 1 rows have no value: give them one with backfill, for example '
                                          '{"T.A": "\'unknown\'"}.'),
])
def test_what_the_rows_do_not_allow_is_told_before_anything_is_done(oracle, old, value, new, text):
    oracle.run(TABLE % 'id NUMBER, a %s' % old, 'INSERT INTO t (id, a) VALUES (1, %s)' % value)

    assert planned(oracle, [TABLE % 'id NUMBER, a %s' % new]).blocked == ['T: ' + text]


def test_not_null_takes_the_default_or_the_given_value_for_rows_that_have_none(oracle):
    oracle.run(TABLE % 'id NUMBER, a NUMBER, b VARCHAR(9)', ROW)
    wanted = [TABLE % "id NUMBER, a NUMBER DEFAULT 7 NOT NULL, b VARCHAR(9) NOT NULL, c TIMESTAMP NOT NULL"]

    left = applied(oracle, wanted, backfill={'T.B': "'none'", 'T.C': "TIMESTAMP '2018-03-05 00:00:00'"})

    assert left == []
    assert [row[:3] for row in oracle.connect().select('SELECT id, a, b, c FROM t')] == [(1, 7, 'none')]


def test_the_copy_asks_for_what_is_converted_so_that_an_empty_clob_does_not_keep_it_going_for_ever(oracle):
    oracle.run(TABLE % 'id NUMBER, a CLOB', "INSERT INTO t (id, a) VALUES (1, 'x')")

    made = planned(oracle, [TABLE % 'id NUMBER, a VARCHAR(5)'])

    assert [step.sql for step in made.steps if step.batch][0] == (
        'UPDATE T SET A$6DCD4CE2 = TO_CHAR(A) WHERE ((A$6DCD4CE2 IS NULL AND TO_CHAR(A) IS NOT NULL) OR (A$6DCD4CE2 IS NOT NULL AND TO_CHAR(A) IS NULL) '
        'OR A$6DCD4CE2 <> TO_CHAR(A)) AND ROWNUM <= 10000')


def test_a_value_that_would_become_none_is_told_before_anything_is_done(oracle):
    oracle.run(TABLE % 'id NUMBER, a CHAR(3) NOT NULL', "INSERT INTO t (id, a) VALUES (1, '   ')")

    made = planned(oracle, [TABLE % 'id NUMBER, a VARCHAR(5) NOT NULL'])

    assert made.blocked == ['T: 1 rows hold a value of A that VARCHAR2(5) cannot take; find them with: SELECT * FROM T WHERE LENGTHB(RTRIM(A)) > 5 OR '
                            '(RTRIM(A) IS NULL AND A IS NOT NULL)']


def test_a_key_of_the_partitioning_keeps_its_type(oracle):
    partitioned = 'CREATE TABLE t (id NUMBER, d %s) PARTITION BY RANGE (d) (PARTITION p VALUES LESS THAN (%s))'
    oracle.run(partitioned % ('DATE', "TO_DATE('2030-01-01', 'YYYY-MM-DD')"), "INSERT INTO t VALUES (1, DATE '2018-03-05')")

    made = planned(oracle, [partitioned % ('TIMESTAMP', "TO_DATE('2030-01-01', 'YYYY-MM-DD')")])

    assert made.blocked == ['T: the column D is a key of the partitioning, whose type cannot be changed (ORA-14060).']


def test_a_key_that_others_point_to_keeps_its_type(oracle):
    statements = ['CREATE TABLE t (id %s, CONSTRAINT k PRIMARY KEY (id))', 'CREATE TABLE u (t_id %s REFERENCES t (id))']
    oracle.run(*[text % 'NUMBER(9)' for text in statements] + [ROW])

    made = planned(oracle, [text % 'NUMBER(5)' for text in statements])

    assert made.blocked == ['T: the column ID is in a key that U points to (ORA-12992).']


def test_a_column_that_the_release_does_not_know_is_told_and_kept(oracle):
    oracle.run(TABLE % 'id NUMBER, a NUMBER, b NUMBER NOT NULL')

    made = planned(oracle, [TABLE % 'id NUMBER'])

    assert sql_of(made) == []
    assert made.drift == ['T: the release has no column A', 'T: the release has no column B, which is NOT NULL without a default: what the release '
                          'inserts will fail (ORA-01400)']


# ---- what a stopped run left

SHADOW = 'A$6DCD4CE2'
REPLACED = 'A$6DCD4CE2$0C10465F'


def test_shadow_and_old_column_there_the_copy_is_made_again(oracle):
    oracle.run(TABLE % 'id NUMBER, a VARCHAR(9)', "INSERT INTO t VALUES (1, 'old')", 'ALTER TABLE t ADD (%s CLOB)' % SHADOW, 'UPDATE t SET %s = a' % SHADOW,
               "UPDATE t SET a = 'new'")

    left = applied(oracle, [TABLE % 'id NUMBER, a CLOB'])

    assert left == []
    assert oracle.connect().select('SELECT a FROM t') == [('new',)]


def test_only_the_shadow_there_it_gets_the_name(oracle):
    oracle.run(TABLE % 'id NUMBER, %s CLOB' % SHADOW, "INSERT INTO t VALUES (1, 'kept')")

    made = planned(oracle, [TABLE % "id NUMBER, a CLOB DEFAULT '[]' NOT NULL"])
    left = applied(oracle, [TABLE % "id NUMBER, a CLOB DEFAULT '[]' NOT NULL"])

    assert sql_of(made) == ['ALTER TABLE T RENAME COLUMN A$6DCD4CE2 TO A', "ALTER TABLE T MODIFY (A DEFAULT '[]')", 'ALTER TABLE T MODIFY (A NOT NULL)']
    assert (left, oracle.connect().select('SELECT a FROM t')) == ([], [('kept',)])


def test_a_shadow_for_another_type_is_made_anew(oracle):
    oracle.run(TABLE % 'id NUMBER, a VARCHAR(9), %s CLOB' % SHADOW, "INSERT INTO t (id, a) VALUES (1, '7')")

    left = applied(oracle, [TABLE % 'id NUMBER, a NUMBER'])

    assert (left, oracle.connect().select('SELECT a FROM t')) == ([], [(7,)])


def test_a_shadow_that_is_no_longer_needed_is_told(oracle):
    oracle.run(TABLE % 'id NUMBER, a CLOB, %s CLOB' % SHADOW)

    assert planned(oracle, [TABLE % 'id NUMBER, a CLOB']).drift == ['T: the release has no column A$6DCD4CE2']


@pytest.mark.parametrize('columns, sql', [
    ('%s CLOB, %s VARCHAR(9)' % (SHADOW, REPLACED), ['UPDATE', 'ALTER TABLE T RENAME COLUMN %s TO A' % SHADOW, 'ALTER TABLE T DROP COLUMN %s' % REPLACED]),
    ('%s CLOB, %s VARCHAR(9) NOT NULL' % (SHADOW, REPLACED), [
        'ALTER TABLE T MODIFY (%s NULL)' % REPLACED, 'UPDATE', 'ALTER TABLE T RENAME COLUMN %s TO A' % SHADOW, 'ALTER TABLE T DROP COLUMN %s' % REPLACED]),
    ('a CLOB, %s VARCHAR(9)' % REPLACED, ['ALTER TABLE T DROP COLUMN %s' % REPLACED]),
    ('%s CLOB' % REPLACED, ['ALTER TABLE T RENAME COLUMN %s TO A' % REPLACED]),
])
def test_a_change_of_type_that_was_stopped_goes_on_from_the_names_that_are_there(oracle, columns, sql):
    names = [column.split()[0] for column in columns.split(', ')]
    oracle.run(TABLE % ('id NUMBER, ' + columns), 'INSERT INTO t (id, %s) VALUES (1%s)' % (', '.join(names), ", 'kept'" * len(names)))

    made = sql_of(planned(oracle, [TABLE % 'id NUMBER, a CLOB']))
    left = applied(oracle, [TABLE % 'id NUMBER, a CLOB'])

    assert [text if text.startswith('ALTER') else text.split()[0] for text in made] == sql
    assert (left, oracle.connect().select('SELECT * FROM t')) == ([], [(1, 'kept')])


def test_an_old_column_with_values_that_the_new_one_lacks_is_not_dropped_unasked(oracle):
    oracle.run(TABLE % ('id NUMBER, a CLOB, %s VARCHAR(9)' % REPLACED), "INSERT INTO t (id, %s) VALUES (1, 'x')" % REPLACED)

    refused = planned(oracle, [TABLE % 'id NUMBER, a CLOB'])
    asked = planned(oracle, [TABLE % 'id NUMBER, a CLOB'], drop=['T.' + REPLACED])

    assert (refused.steps, refused.blocked) == ([], [
        'T: 1 rows have a value in A$6DCD4CE2$0C10465F, the old column of a change of type, and none in A: give it to them, or name T.A$6DCD4CE2$0C10465F '
        'in drop.'])
    assert sql_of(asked) == ['ALTER TABLE T DROP COLUMN A$6DCD4CE2$0C10465F']


TEXT_TO_CLOB = (TABLE % 'id NUMBER, a VARCHAR(9) NOT NULL, CONSTRAINT c CHECK (id > 0 OR a IS NULL)',
                TABLE % 'id NUMBER, a CLOB NOT NULL, CONSTRAINT c CHECK (id > 0 OR a IS NULL)')
STATEMENTS = 10


def test_what_a_service_writes_between_two_steps_is_not_lost(oracle):
    """As long as the column is there; without it the service gets an error."""
    written = []
    for number in range(STATEMENTS + 1):
        oracle.run(TEXT_TO_CLOB[0], ROW.replace('(id)', '(id, a)').replace('(1)', "(1, 'x')"))
        connection, steps = oracle.connect(), planned(oracle, TEXT_TO_CLOB[1:]).steps
        assert len(steps) == STATEMENTS
        for step in steps[:number]:
            connection.run(step.sql)
        try:
            connection.run("INSERT INTO t (id, a) VALUES (2, 'late')")
            connection.run("UPDATE t SET a = 'new' WHERE id = 1")
        except driver.DatabaseProblem as problem:
            written.append(problem.code)
        else:
            written.append('')
        for step in steps[number:]:
            execute.run_step(connection, step)
        assert connection.select('SELECT id, a FROM t ORDER BY id') == ([(1, 'x')] if written[-1] else [(1, 'new'), (2, 'late')]), number
        connection.run('DROP TABLE t')
    # Three statements long there is no column A.
    assert written == [''] * 4 + ['ORA-00904'] * 3 + [''] * 4


def test_two_runs_at_the_same_time_lose_nothing(oracle):
    """One plans and is overtaken by the other; however far it still comes, the next run finds all values."""
    for planned_at in (0, 2, 5):
        for ahead in range(planned_at, STATEMENTS + 1):
            oracle.run(TEXT_TO_CLOB[0], ROW.replace('(id)', '(id, a)').replace('(1)', "(1, 'x')"))
            connection, steps = oracle.connect(), planned(oracle, TEXT_TO_CLOB[1:]).steps
            for step in steps[:planned_at]:
                connection.run(step.sql)
            late = planned(oracle, TEXT_TO_CLOB[1:]).steps
            for step in steps[planned_at:ahead]:
                connection.run(step.sql)
            execute.apply(connection, late, retries=0)
            execute.apply(connection, planned(oracle, TEXT_TO_CLOB[1:]).steps, retries=0)

            assert connection.select('SELECT id, a FROM t') == [(1, 'x')], (planned_at, ahead)
            assert planned(oracle, TEXT_TO_CLOB[1:]).blocked == []
            oracle.run('DROP TABLE t')


def test_what_hangs_on_two_columns_of_changed_type_is_taken_off_and_put_back_once(oracle):
    columns = 'id NUMBER, a %s, b %s, CONSTRAINT c CHECK (a <> b)'
    index = ['CREATE INDEX i ON t (a DESC, b)', 'CREATE INDEX j ON t (UPPER(b))']
    oracle.run(TABLE % columns % ('NUMBER', 'NUMBER'), "INSERT INTO t VALUES (1, 2, 3)", *index)

    left = applied(oracle, [TABLE % columns % ('VARCHAR(9)', 'VARCHAR(9)')] + index)

    assert (left, oracle.connect().select('SELECT * FROM t')) == ([], [(1, '2', '3')])


# ---- constraints, indexes, partitions, triggers

@pytest.mark.parametrize('old, new, sql', [
    ("CONSTRAINT c CHECK (id > 0)", "CONSTRAINT c CHECK (id > 1)", ['ALTER TABLE T DROP CONSTRAINT C', 'ALTER TABLE T ADD CONSTRAINT C CHECK (ID > 1)']),
    ("CONSTRAINT c CHECK (id > 0)", "CONSTRAINT d CHECK (id > 0)", ['ALTER TABLE T RENAME CONSTRAINT C TO D']),
    ("CONSTRAINT c CHECK (id > 0) DISABLE", "CONSTRAINT c CHECK (id > 0)", ['ALTER TABLE T MODIFY CONSTRAINT C ENABLE VALIDATE']),
    ("CHECK (id > 0)", "CHECK (id > 0), PRIMARY KEY (id)", ['ALTER TABLE T ADD PRIMARY KEY (ID)', 'ALTER TABLE T MODIFY (ID NOT NULL)']),
])
def test_constraints_are_changed_by_their_names(oracle, old, new, sql):
    oracle.run(TABLE % 'id NUMBER, %s' % old)

    made = sql_of(planned(oracle, [TABLE % 'id NUMBER, %s' % new]))

    assert sorted(made) == sorted(sql)


def test_constraints_that_change_their_names_with_each_other_go_by_way_of_a_third(oracle):
    checks = 'id NUMBER, a NUMBER, CONSTRAINT %s CHECK (id > 0), CONSTRAINT %s CHECK (a > 0)'
    oracle.run(TABLE % checks % ('c', 'd'))

    made = planned(oracle, [TABLE % checks % ('d', 'c')])
    left = applied(oracle, [TABLE % checks % ('d', 'c')])

    assert sql_of(made) == ['ALTER TABLE T RENAME CONSTRAINT C TO D$50C9E8D5', 'ALTER TABLE T RENAME CONSTRAINT D TO C',
                            'ALTER TABLE T RENAME CONSTRAINT D$50C9E8D5 TO D']
    assert left == []


def test_a_constraint_that_has_another_name_and_is_off_is_renamed_first_and_then_found_by_its_name(oracle):
    oracle.run(TABLE % 'id NUMBER, CONSTRAINT c CHECK (id > 0) DISABLE')

    left = applied(oracle, [TABLE % 'id NUMBER, CONSTRAINT d CHECK (id > 0)'])

    assert (left, oracle.read().tables['T'].constraints[0].name) == ([], 'D')


def test_a_foreign_key_to_another_account_keeps_the_type_of_its_column(oracle):
    """It could not be put back, as the key can be seen by its name only."""
    live = source.schema_of(statements=[TABLE % 'id NUMBER, a NUMBER'])[0]
    live.tables['T'].constraints.append(Constraint(kind='R', name='F', columns=('A',), parent='BOB.TASKS_PK'))
    changes = diff.compare(source.schema_of(statements=[TABLE % 'id NUMBER, a VARCHAR(9)'])[0], live)

    made = plan.make(changes, alter.Alteration(changes, live, (19,), lambda query: 0 if 'LENGTH' in query else 1))

    assert made.steps == []
    assert made.blocked == ['T: the foreign key F on the column A points to a key of another account, BOB.TASKS_PK, and could not be put back: drop it by '
                            'hand first.']


def test_rows_that_violate_a_new_check_are_counted_first(oracle):
    oracle.run(TABLE % 'id NUMBER', ROW)

    made = planned(oracle, [TABLE % 'id NUMBER, CONSTRAINT c CHECK (id > 5)'])

    assert made.blocked == ['T: 1 rows violate the new check (ID > 5): correct them first (SELECT * FROM T WHERE NOT (ID > 5)).']


@pytest.mark.parametrize('rows', [[1, 2], [1, 1], ['NULL', 'NULL']])
def test_values_that_a_new_key_would_find_twice_are_counted_first(oracle, rows):
    oracle.run(TABLE % 'id NUMBER, a NUMBER', *['INSERT INTO t (a) VALUES (%s)' % row for row in rows])

    made = planned(oracle, [TABLE % 'id NUMBER, a NUMBER, CONSTRAINT u UNIQUE (id, a)'])

    query = 'SELECT ID, A FROM T WHERE ID IS NOT NULL OR A IS NOT NULL GROUP BY ID, A HAVING COUNT(*) > 1'
    refused = ['T: 1 values of the new key (ID, A) are in more than one row: correct them first (%s).' % query]
    assert made.blocked == (refused if rows == [1, 1] else [])
    assert (execute.apply(oracle.connect(), made.steps).failed is None) and bool(made.steps) is (rows != [1, 1])


@pytest.mark.parametrize('value, orphans', [('1', 0), ('7', 1), ('NULL', 0)])
def test_rows_without_a_parent_are_counted_before_a_new_foreign_key(oracle, value, orphans):
    tables = ['CREATE TABLE p (id NUMBER PRIMARY KEY)', 'CREATE TABLE t (id NUMBER, parent NUMBER%s)']
    oracle.run(tables[0], tables[1] % '', 'INSERT INTO p VALUES (1)', 'INSERT INTO t VALUES (1, %s)' % value)

    made = planned(oracle, [tables[0], tables[1] % ', CONSTRAINT f FOREIGN KEY (parent) REFERENCES p (id)'])

    rest = 'FROM T C WHERE C.PARENT IS NOT NULL AND NOT EXISTS (SELECT 1 FROM P P WHERE P.ID = C.PARENT)'
    refused = ['T: 1 rows point to no row of P, as the new foreign key wants it: correct them first (SELECT C.* %s).' % rest]
    assert made.blocked == (refused if orphans else [])
    assert (execute.apply(oracle.connect(), made.steps).failed is None) and bool(made.steps) is not bool(orphans)


def test_values_that_a_new_unique_index_would_find_twice_are_counted_first(oracle):
    oracle.run(TABLE % 'id NUMBER', ROW, ROW)

    made = planned(oracle, [TABLE % 'id NUMBER', 'CREATE UNIQUE INDEX i ON t (id)'])

    assert (made.steps, len(made.blocked)) == ([], 1)
    assert made.blocked[0].startswith('I: 1 values of the new key (ID) are in more than one row: correct them first (SELECT ID FROM T ')


def test_a_constraint_on_a_column_that_changes_its_type_is_not_asked_of_the_old_type(oracle):
    """It would be an error: a date is not compared with a number."""
    oracle.run(TABLE % 'id NUMBER, a DATE', ROW)

    left = applied(oracle, [TABLE % 'id NUMBER, a NUMBER, CONSTRAINT c CHECK (a > 0)'])

    assert left == []


def test_rows_that_point_to_a_table_which_is_only_made_now_are_counted_first(oracle):
    oracle.run(TABLE % 'id NUMBER', ROW)

    made = planned(oracle, ['CREATE TABLE p (id NUMBER PRIMARY KEY)', TABLE % 'id NUMBER, CONSTRAINT f FOREIGN KEY (id) REFERENCES p (id)'])

    assert len(made.blocked) == 1
    assert made.blocked[0].startswith('T: 1 rows point to a row of P by the new foreign key (ID), and that table is only made now')


def test_a_new_table_that_points_to_a_key_which_is_only_made_now_gets_its_foreign_key_after_that(oracle):
    oracle.run(TABLE % 'id NUMBER', ROW)
    wanted = [TABLE % 'id NUMBER, CONSTRAINT k PRIMARY KEY (id)', 'CREATE TABLE u (id NUMBER, t_id NUMBER, CONSTRAINT f FOREIGN KEY (t_id) REFERENCES t (id))']

    made = planned(oracle, wanted)
    left = applied(oracle, wanted)

    assert sql_of(made) == ['CREATE TABLE U (\n  ID NUMBER,\n  T_ID NUMBER\n)', 'ALTER TABLE T MODIFY (ID NOT NULL)',
                            'ALTER TABLE T ADD CONSTRAINT K PRIMARY KEY (ID)', 'ALTER TABLE U ADD CONSTRAINT F FOREIGN KEY (T_ID) REFERENCES T (ID)']
    assert left == []


def test_another_primary_key_is_a_decision_of_the_user_before_anything_is_done(oracle):
    oracle.run(TABLE % 'id NUMBER, a NUMBER NOT NULL, CONSTRAINT old_key PRIMARY KEY (id)')
    wanted = [TABLE % 'id NUMBER, a NUMBER, CONSTRAINT new_key PRIMARY KEY (a)']

    refused = planned(oracle, wanted)
    left = applied(oracle, wanted, drop=['OLD_KEY'])

    assert refused.blocked == ['T: the release wants the primary key (A), and there is another one, OLD_KEY (ID): name it in drop (ORA-02260).']
    assert left == []


def test_a_column_is_not_null_as_long_as_a_primary_key_needs_it(oracle):
    oracle.run(TABLE % 'id NUMBER, a NUMBER NOT NULL, b NUMBER, CONSTRAINT k PRIMARY KEY (id, a)')
    wanted = [TABLE % 'id NUMBER, a NUMBER, b NUMBER DEFAULT 1']

    kept = planned(oracle, wanted)
    left = applied(oracle, wanted, drop=['K'])

    assert sql_of(kept) == ['ALTER TABLE T MODIFY (B DEFAULT 1)']
    assert ('T: the column A: NOT NULL, the release wants NULL, and the primary key K, which the release does not have, needs it') in kept.drift
    assert left == []


def test_a_foreign_key_is_dropped_before_the_key_that_it_points_to(oracle):
    oracle.run(TABLE % 'id NUMBER, CONSTRAINT k PRIMARY KEY (id)', 'CREATE TABLE u (id NUMBER, CONSTRAINT f FOREIGN KEY (id) REFERENCES t (id))')

    left = applied(oracle, [TABLE % 'id NUMBER', 'CREATE TABLE u (id NUMBER)'], drop=['K', 'F'])

    assert left == []


def test_what_is_put_back_has_its_new_name_at_once_as_the_old_one_may_be_wanted_for_something_else(oracle):
    oracle.run(TABLE % 'id NUMBER, a NUMBER, CONSTRAINT c CHECK (a > 0)', 'INSERT INTO t VALUES (1, 7)')
    wanted = [TABLE % 'id NUMBER, a NUMBER(5), CONSTRAINT c UNIQUE (id), CONSTRAINT d CHECK (a > 0)']

    made = planned(oracle, wanted)
    left = applied(oracle, wanted)

    assert [sql for sql in sql_of(made) if 'CONSTRAINT' in sql] == [
        'ALTER TABLE T DROP CONSTRAINT C', 'ALTER TABLE T ADD CONSTRAINT C UNIQUE (ID)', 'ALTER TABLE T ADD CONSTRAINT D CHECK (A > 0)']
    assert left == []


def test_two_tables_may_have_the_same_constraint_and_one_of_them_loses_it(oracle):
    """By what they demand they cannot be told apart."""
    oracle.run(*[text % name for name in 'tu' for text in (
        'CREATE TABLE %s (id NUMBER, a NUMBER, CHECK (a > 0), UNIQUE (a))', 'INSERT INTO %s VALUES (1, 7)')])
    wanted = ['CREATE TABLE t (id NUMBER)', 'CREATE TABLE u (id NUMBER, a NUMBER(5), CHECK (a > 0), UNIQUE (a))']

    left = applied(oracle, wanted, drop=['T.A'])

    assert left == []
    assert sorted(constraint.kind for constraint in oracle.read().tables['U'].constraints) == ['C', 'U']


def test_two_tables_whose_columns_change_alike_are_both_put_in_order(oracle):
    oracle.run(*[text % name for name in 'tu' for text in (
        'CREATE TABLE %s (id NUMBER, a NUMBER, CHECK (a > 0 AND id > 0))', 'INSERT INTO %s VALUES (1, 7)')])

    left = applied(oracle, ['CREATE TABLE %s (id NUMBER, a NUMBER(5), CHECK (a > 0 AND id > 0))' % name for name in 'tu'])

    assert left == []
    assert [len(table.constraints) for table in oracle.read().tables.values()] == [1, 1]


@pytest.mark.parametrize('key, index', [(', CONSTRAINT u UNIQUE (a)', []), ('', ['CREATE INDEX u ON t (id, a)'])])
def test_a_column_in_a_key_or_index_becomes_no_clob_before_the_user_lets_that_go(oracle, key, index):
    oracle.run(TABLE % ('id NUMBER, a VARCHAR(9)' + key), "INSERT INTO t VALUES (1, 'x')", *index)
    wanted = [TABLE % 'id NUMBER, a CLOB']

    refused = planned(oracle, wanted)
    left = applied(oracle, wanted, drop=['U'])

    assert refused.blocked == ['T: the column A becomes a CLOB, which cannot be in U (ORA-02329): name it in drop.']
    assert left == []


def test_novalidate_adds_first_and_checks_the_rows_in_a_step_of_its_own(oracle):
    oracle.run(TABLE % 'id NUMBER', ROW)

    made = planned(oracle, [TABLE % 'id NUMBER, CONSTRAINT c CHECK (id < 5)'], novalidate=True)

    assert sql_of(made) == ['ALTER TABLE T ADD CONSTRAINT C CHECK (ID < 5) ENABLE NOVALIDATE', 'ALTER TABLE T MODIFY CONSTRAINT C VALIDATE']


@pytest.mark.parametrize('old, new, sql', [
    (['CREATE INDEX i ON t (a, b) COMPRESS 1'], ['CREATE INDEX i ON t (a, b)'], ['ALTER INDEX I REBUILD NOCOMPRESS']),
    (['CREATE INDEX i ON t (a)'], ['CREATE INDEX i ON t (b)'], ['DROP INDEX I', 'CREATE INDEX I ON T (B)']),
    (['CREATE INDEX i ON t (a)', 'CREATE INDEX j ON t (b)'], ['CREATE INDEX j ON t (a)', 'CREATE INDEX i ON t (b)'],
     ['ALTER INDEX I RENAME TO J$58668E76', 'ALTER INDEX J RENAME TO I', 'ALTER INDEX J$58668E76 RENAME TO J']),
    (['CREATE INDEX i ON t (a)', 'CREATE INDEX j ON t (b)'], ['CREATE INDEX j ON t (a)', 'CREATE INDEX k ON t (b)'],
     ['ALTER INDEX J RENAME TO K', 'ALTER INDEX I RENAME TO J']),
])
def test_indexes_are_rebuilt_renamed_or_made_anew(oracle, old, new, sql):
    table = TABLE % 'a NUMBER, b NUMBER'
    oracle.run(table, *old)

    assert sql_of(planned(oracle, [table] + new)) == sql
    assert applied(oracle, [table] + new) == []


def test_a_plain_table_is_partitioned_from_12_2_on_and_before_it_is_told(oracle):
    wanted = ["CREATE TABLE t (id NUMBER, made TIMESTAMP) PARTITION BY RANGE (made) INTERVAL (NUMTOYMINTERVAL(1, 'MONTH')) "
              "(PARTITION p1 VALUES LESS THAN (TO_DATE('2017-04-14', 'YYYY-MM-DD')))"]
    oracle.run('CREATE TABLE t (id NUMBER, made TIMESTAMP)', ROW)

    blocked = planned(oracle, wanted).blocked
    left = applied(oracle, wanted, backfill={'T.MADE': "TIMESTAMP '2017-01-01 00:00:00'"})
    oracle.run('DROP TABLE t', 'CREATE TABLE t (id NUMBER, made TIMESTAMP)')
    oracle.admin('version', '12.1')
    before = planned(oracle, wanted)

    assert blocked == ['T: 1 rows have no value in MADE, the key of the partitioning (ORA-14300): give them one with backfill, for example '
                       '{"T.MADE": "TIMESTAMP \'2013-01-01 00:00:00\'"}.']
    assert left == []
    assert sql_of(before) == []
    assert before.drift == ["T: is not partitioned, the release wants partitioned by RANGE (MADE), interval NUMTOYMINTERVAL(1, 'MONTH'); "
                            "servers before 12.2 cannot do that in place (ORA-14006): DBMS_REDEFINITION or a new table, by hand"]


@pytest.mark.parametrize('version, default, lob, risk', [
    ('11.2', "DEFAULT 'x'", '', 'rewrites rows'), ('12.2', "DEFAULT 'x'", '', 'metadata only'), ('12.2', "DEFAULT 'x' NOT NULL", '', 'metadata only'),
    ('12.2', "DEFAULT 'x' NOT NULL", ', l CLOB', 'rewrites rows'), ('11.2', '', ', l CLOB', 'metadata only'),
])
def test_the_risk_of_a_new_column_depends_on_default_version_and_lobs(oracle, version, default, lob, risk):
    oracle.admin('version', version)
    oracle.run(TABLE % ('id NUMBER' + lob), ROW)

    made = planned(oracle, [TABLE % ('id NUMBER%s, a VARCHAR(5) %s' % (lob, default))])

    assert [step.risk for step in made.steps] == [risk]
