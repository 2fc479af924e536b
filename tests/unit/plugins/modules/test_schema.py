# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.cmsweb.crab.plugins.modules import schema

PARENT = "CREATE TABLE parent (id NUMBER(5), CONSTRAINT parent_pk PRIMARY KEY (id))"
CHILD = "CREATE TABLE child (id NUMBER(5) REFERENCES parent (id))"
INDEX = 'CREATE INDEX child_i ON child (id)'
CREATE_PARENT = 'CREATE TABLE PARENT (\n  ID NUMBER(5) NOT NULL,\n  CONSTRAINT PARENT_PK PRIMARY KEY (ID)\n)'
CREATE_CHILD = 'CREATE TABLE CHILD (\n  ID NUMBER(5),\n  FOREIGN KEY (ID) REFERENCES PARENT (ID)\n)'
CREATE_INDEX = 'CREATE INDEX CHILD_I ON CHILD (ID)'
CREATE_PY = "class Create:\n    def __init__(self):\n        self.create = {}\n        self.create['b'] = '%s'\n        self.create['i'] = '%s'\n"


@pytest.fixture
def have(oracle, run_module):
    """Run the module on the test's account."""
    def run(*statements, **options):
        check = options.pop('check', False)
        return run_module(schema, dict(oracle.arguments, sql=list(statements), **options), check)
    return run


def test_what_is_missing_is_created_in_its_order(have, oracle):
    result = have(CHILD, PARENT, INDEX)

    assert result['changed'] is True
    assert result['applied'] == [CREATE_PARENT, CREATE_CHILD, CREATE_INDEX]
    assert [step['object'] for step in result['plan']] == ['PARENT', 'CHILD', 'CHILD_I']
    assert (result['remaining'], result['drift']) == ([], [])
    assert sorted(oracle.read().tables) == ['CHILD', 'PARENT']


def test_a_second_run_changes_nothing(have, oracle):
    have(PARENT, CHILD, INDEX)
    oracle.statements()

    result = have(PARENT, CHILD, INDEX)

    assert (result['changed'], result['plan'], result['applied']) == (False, [], [])
    assert set(line.split()[0] for line in oracle.statements()) == {'SELECT'}


def test_check_mode_sends_only_queries_and_shows_the_plan(have, oracle):
    result = have(PARENT, check=True)

    assert (result['changed'], result['applied'], result['remaining']) == (True, [], [CREATE_PARENT])
    assert set(line.split()[0] for line in oracle.statements()) == {'SELECT'}
    assert oracle.read().tables == {}


def test_the_diff_is_the_sql(have):
    result = have(PARENT, check=True)

    assert result['diff'] == {'before': '', 'after': CREATE_PARENT + ';\n', 'before_header': 'account crab_alice at devdb11',
                              'after_header': 'statements for the release'}


def test_the_source_may_be_create_py_files(oracle, run_module):
    result = run_module(schema, dict(oracle.arguments, source={'TaskDB': CREATE_PY % (PARENT, 'CREATE SEQUENCE s')}))

    assert [step['object'] for step in result['plan']] == ['PARENT', 'S']
    assert list(oracle.read().sequences) == ['S']


def test_driver_and_server_are_told(have):
    result = have(PARENT, check=True)

    assert result['driver'] == 'cx_Oracle 8.3.0'
    assert result['server_version'] == '19.0.0.0.0 (stand-in for tests, not Oracle)'


def test_an_existing_table_is_never_changed_its_differences_are_told(have, oracle):
    oracle.run('CREATE TABLE parent (id NUMBER(4), old CLOB, CONSTRAINT parent_pk PRIMARY KEY (id))')

    result = have(PARENT)

    assert result['changed'] is False
    assert result['drift'] == ['PARENT: the column ID: type NUMBER(4), the release wants NUMBER(5)', 'PARENT: the release has no column OLD']
    assert result['warnings'] == ['The account differs from the release in 2 places, which are left as they are: see drift.']
    assert list(oracle.read().tables['PARENT'].columns) == ['ID', 'OLD']


def test_the_first_failure_stops_it_and_all_is_told(have, oracle):
    oracle.admin('fail-ddl', '2', '1536')

    result = have(PARENT, CHILD, INDEX)

    assert result['failed'] is True and result['changed'] is True
    assert (result['applied'], result['remaining']) == ([CREATE_PARENT], [CREATE_INDEX])
    assert (result['failed_step']['sql'], result['failed_step']['code']) == (CREATE_CHILD, 'ORA-01536')
    assert result['msg'] == (
        "Step 2 of 3, CHILD (the table is missing): The database refused: ORA-01536: space quota exceeded for tablespace ''. (statement: CREATE TABLE CHILD "
        "( ID NUMBER(5), FOREIGN KEY (ID) REFERENCES PARENT (ID) )) The quota of the account is used up: purge old rows or the recycle bin, or ask for more. "
        "The steps before it are done and stay; run again to go on from there.")


def test_after_a_failure_the_next_run_does_the_rest(have, oracle):
    oracle.admin('fail-ddl', '2', '1536')
    have(PARENT, CHILD, INDEX)

    result = have(PARENT, CHILD, INDEX)

    assert result['applied'] == [CREATE_CHILD, CREATE_INDEX]
    assert have(PARENT, CHILD, INDEX)['plan'] == []


def test_a_wrong_password_says_which_variable_and_never_the_password(oracle, run_module):
    result = run_module(schema, dict(oracle.arguments, password='wrong-Zecret9', sql=[PARENT]))

    assert result['failed'] is True
    assert result['msg'] == ('Cannot connect to devdb11 as crab_alice with cx_Oracle: ORA-01017: invalid username/password; logon denied. Check the variables '
                             'oracle_schema_user and oracle_schema_password; after some wrong tries the server locks the account.')
    assert 'Zecret9' not in result['stdout']


@pytest.mark.parametrize('command, code', [('down', 'ORA-12541'), ('lock', 'ORA-28000'), ('expire', 'ORA-28001')])
def test_an_account_that_cannot_log_in_is_named_also_in_check_mode(oracle, run_module, command, code):
    oracle.admin(command, *([] if command == 'down' else ['--user', 'crab_alice']))

    result = run_module(schema, dict(oracle.arguments, sql=[PARENT]), check=True)

    assert result['failed'] is True
    assert result['msg'].startswith('Cannot connect to devdb11 as crab_alice with cx_Oracle: %s: ' % code)


def test_check_mode_without_a_driver_plans_for_an_empty_account(oracle, run_module, tmp_path):
    arguments = dict(oracle.arguments, sql=[PARENT], python_path=[str(tmp_path / 'not-yet')])

    checked, real = run_module(schema, arguments, check=True), run_module(schema, arguments)

    assert (checked['changed'], checked['remaining'], checked['server_version']) == (True, [CREATE_PARENT], '')
    assert checked['warnings'] == ['python_path: there is no folder %s on this host. The plan is that for an empty account.' % (tmp_path / 'not-yet')]
    assert real['failed'] is True and 'python_path: there is no folder' in real['msg']


def test_a_source_that_no_server_takes_is_refused_before_connecting(oracle, run_module):
    result = run_module(schema, dict(oracle.arguments, sql=['CREATE TABLE t (a TEXT)']))

    assert result['failed'] is True
    assert "statement 1, line 1, column 19: expected a type of Oracle, found 'TEXT'." in result['msg']
    assert oracle.statements() == []


def test_a_name_too_long_for_this_server_is_refused_with_nothing_done(have, oracle):
    oracle.admin('version', '11.2')

    result = have(PARENT, 'CREATE TABLE a23456789012345678901234567890x (a NUMBER)')

    assert result['failed'] is True and 'has 31 bytes, this server takes 30 (ORA-00972)' in result['msg']
    assert oracle.read().tables == {}


def test_repair_is_done_and_warned_of(have):
    result = have(PARENT, CHILD, INDEX, INDEX.replace('(id)', '(id DESC)'), repair=True)

    assert result['applied'][-1] == 'CREATE INDEX CHILD_I_2 ON CHILD (ID DESC)'
    assert result['warnings'] == ['statement 4: the index name CHILD_I is already used by statement 3 (ORA-00955). Repaired: it is called CHILD_I_2.']


# ---- update

OLD = 'CREATE TABLE t (id NUMBER(5), state VARCHAR(9), gone NUMBER, CONSTRAINT t_pk PRIMARY KEY (id))'
NEW = "CREATE TABLE t (id NUMBER(5), state CLOB, owner VARCHAR(20) NOT NULL, CONSTRAINT t_pk PRIMARY KEY (id))"


def test_update_changes_what_is_there_and_keeps_the_values(have, oracle):
    oracle.run(OLD, "INSERT INTO t (id, state, gone) VALUES (1, 'NEW', 7)")

    result = have(NEW, update=True, backfill={'t.owner': "'alice'"})

    assert result['applied'][0] == 'ALTER TABLE T ADD (STATE$BEF84BB0 CLOB)'
    assert result['drift'] == ['T: the release has no column GONE']
    assert oracle.connect().select('SELECT id, state, owner, gone FROM t') == [(1, 'NEW', 'alice', 7)]
    assert have(NEW, update=True)['plan'] == []


def test_update_needs_a_decision_where_only_the_user_knows_and_changes_nothing_before(have, oracle):
    oracle.run(OLD, "INSERT INTO t (id, state) VALUES (1, 'NEW')")

    result = have(NEW, update=True)

    assert (result['failed'], result['changed']) == (True, False)
    assert result['msg'] == (
        'Nothing was changed, because some changes need a decision first:\n- T: the new column OWNER is NOT NULL without a default, and the table has rows: '
        'give them a value with backfill, for example {"T.OWNER": "\'unknown\'"}.')
    assert list(oracle.read().tables['T'].columns) == ['ID', 'STATE', 'GONE']
    assert [step['object'] for step in result['plan']] == ['T'] * 6


def test_only_what_is_named_is_dropped(have, oracle):
    oracle.run(OLD, 'CREATE TABLE other (id NUMBER)', 'CREATE SEQUENCE s')

    result = have(OLD.replace(', gone NUMBER', ''), update=True, drop=['T.GONE', 'OTHER', 'NOT_THERE'])

    assert result['applied'] == ['ALTER TABLE T DROP COLUMN GONE', 'DROP TABLE OTHER CASCADE CONSTRAINTS']
    assert [step['risk'] for step in result['plan']] == ['loses data', 'loses data']
    assert result['drift'] == ['S: the release has no such sequence']


def test_check_mode_of_an_update_sends_only_queries(have, oracle):
    oracle.run(OLD, "INSERT INTO t (id, state) VALUES (1, 'NEW')")
    oracle.statements()

    result = have(NEW, update=True, backfill={'T.OWNER': "'x'"}, check=True)

    assert len(result['remaining']) == 9
    assert set(line.split()[0] for line in oracle.statements()) == {'SELECT'}


def test_a_backfill_that_is_no_value_is_refused(have, oracle):
    oracle.run(OLD)

    result = have(NEW, update=True, backfill={'T.OWNER': "'x'; DROP TABLE t"})

    assert result['failed'] is True
    assert result['msg'] == "backfill T.OWNER, line 1, column 4: expected the end of the value, found ';'."


def test_a_column_with_another_name_keeps_its_values_when_the_user_says_so(have, oracle):
    old = 'CREATE TABLE t (id NUMBER, tm_dataest VARCHAR(9), CONSTRAINT c CHECK (tm_dataest <> \'x\'))'
    oracle.run(old, "INSERT INTO t VALUES (1, 'kept')", 'CREATE INDEX i ON t (tm_dataest)')
    new = [old.replace('dataest', 'dataset'), 'CREATE INDEX i ON t (tm_dataset)']

    asked = have(*new, update=True, check=True)
    renamed = have(*new, update=True, rename={'t.tm_dataest': 'tm_dataset'})
    again = have(*new, update=True, rename={'t.tm_dataest': 'tm_dataset'})

    assert asked['drift'][0] == ('T: the release has no column TM_DATAEST; is it what the release calls TM_DATASET? Then rename '
                                 '{"T.TM_DATAEST": "TM_DATASET"} keeps its values')
    assert renamed['applied'] == ['ALTER TABLE T RENAME COLUMN TM_DATAEST TO TM_DATASET']
    assert (again['plan'], again['drift']) == ([], [])
    assert oracle.connect().select('SELECT tm_dataset FROM t') == [('kept',)]


def test_a_renamed_column_changes_its_type_in_the_next_run(have, oracle):
    oracle.run('CREATE TABLE t (id NUMBER, a VARCHAR(9))', "INSERT INTO t VALUES (1, 'kept')")

    first = have('CREATE TABLE t (id NUMBER, b CLOB)', update=True, rename={'T.A': 'B'})
    second = have('CREATE TABLE t (id NUMBER, b CLOB)', update=True, rename={'T.A': 'B'})

    assert first['applied'] == ['ALTER TABLE T RENAME COLUMN A TO B']
    assert first['drift'] == ['T: the column B: type VARCHAR2(9 BYTE), the release wants CLOB, which the next run changes, when the columns of the table '
                              'have their new names']
    assert (second['drift'], oracle.connect().select('SELECT b FROM t')) == ([], [('kept',)])


def test_a_new_name_that_is_taken_is_refused(have, oracle):
    oracle.run('CREATE TABLE t (a NUMBER, b NUMBER)')

    assert have('CREATE TABLE t (b NUMBER)', update=True, rename={'T.A': 'B'})['msg'].startswith('rename T.A: the table has a column B already.')


def test_the_comment_of_a_column_stays_with_its_values_wherever_it_is_stopped(have, oracle):
    oracle.run('CREATE TABLE t (a VARCHAR(9))', "INSERT INTO t VALUES ('x')", "COMMENT ON COLUMN t.a IS 'the user''s'")
    oracle.admin('fail-ddl', '4', '54')
    oracle.admin('fail-ddl', '5', '54')
    oracle.admin('fail-ddl', '6', '54')

    stopped = have('CREATE TABLE t (a CLOB)', update=True)
    have('CREATE TABLE t (a CLOB)', update=True)

    assert stopped['failed_step']['code'] == 'ORA-00054'
    assert oracle.connect().select('SELECT comments FROM user_col_comments') == [("the user's",)]


# ---- history

def test_what_is_applied_is_returned_and_kept_in_the_account_when_asked(have, oracle):
    result = have(PARENT, CHILD, history=True, release='v3.250324')

    assert [(entry['release'], entry['object'], entry['sql']) for entry in result['history']] == [
        ('v3.250324', 'PARENT', CREATE_PARENT), ('v3.250324', 'CHILD', CREATE_CHILD)]
    assert oracle.connect().select('SELECT release, step, object, statement FROM cmsweb_crab_history ORDER BY step') == [
        ('v3.250324', '1 of 2', 'PARENT', CREATE_PARENT), ('v3.250324', '2 of 2', 'CHILD', CREATE_CHILD)]


def test_the_history_is_no_difference_and_is_not_made_for_nothing(have, oracle):
    first, second = have(PARENT, history=True), have(PARENT, history=True, update=True, drop=['CMSWEB_CRAB_HISTORY'])

    assert (first['drift'], second['drift'], second['plan'], second['changed']) == ([], [], [], False)
    assert oracle.connect().count('SELECT COUNT(*) FROM cmsweb_crab_history') == 1


# ---- the account, before anything is done

@pytest.mark.parametrize('arguments, statement, said', [
    (['withhold', 'CREATE SEQUENCE', '--user', 'crab_alice'], 'CREATE SEQUENCE s', 'the account lacks the privilege CREATE SEQUENCE (ORA-01031)'),
    (['quota', '0', '--user', 'crab_alice'], PARENT, None),
])
def test_a_missing_privilege_is_found_before_the_first_step(have, oracle, arguments, statement, said):
    oracle.admin(*arguments)

    result = have(PARENT, CHILD, statement if statement != PARENT else INDEX)

    assert result.get('failed', False) is (said is not None)
    assert said is None or said in result['msg']
    assert sorted(oracle.read().tables) == ([] if said else ['CHILD', 'PARENT'])


def test_a_quota_that_is_used_up_is_found_before_the_first_step(have, oracle):
    oracle.run('CREATE TABLE big (a NUMBER)', *['INSERT INTO big VALUES (1)'] * 128)
    oracle.admin('quota', '1', '--user', 'crab_alice')

    result = have(PARENT)

    assert result['failed'] is True
    assert 'the quota of 1048576 bytes on STANDIN is used up (ORA-01536)' in result['msg']


def test_a_password_that_ends_soon_is_warned_of(have, oracle):
    oracle.admin('expires', '5', '--user', 'crab_alice')

    warnings = have(PARENT, check=True)['warnings']

    assert len(warnings) == 1 and warnings[0].startswith('The password of CRAB_ALICE ends at 20')
    assert '(account status EXPIRED(GRACE)): set a new one' in warnings[0]
    assert 'warnings' not in have(PARENT, check=True, expiry_days=3)


# ---- unused columns

WIDE = ['CREATE TABLE t (id NUMBER, gone NUMBER, b NUMBER, also NUMBER)', 'INSERT INTO t VALUES (1, 7, 2, 8)', 'CREATE TABLE u (id NUMBER, gone NUMBER)',
        'INSERT INTO u VALUES (3, 9)']
NARROW = ['CREATE TABLE t (id NUMBER, b NUMBER)', 'CREATE TABLE u (id NUMBER)']
GONE = ['T.GONE', 'T.ALSO', 'U.GONE']
FREE = ['ALTER TABLE T DROP UNUSED COLUMNS CHECKPOINT 1000', 'ALTER TABLE U DROP UNUSED COLUMNS CHECKPOINT 1000']


def test_set_unused_now_and_the_space_another_time(have, oracle):
    oracle.run(*WIDE)

    marked = have(*NARROW, update=True, drop=GONE, unused_columns='set')
    again = have(*NARROW, update=True, drop=GONE, unused_columns='set')
    kept = have(*NARROW, update=True)
    freed = have(*NARROW, update=True, unused_columns='drop')
    last = have(*NARROW, update=True, unused_columns='drop')

    assert marked['applied'] == ['ALTER TABLE T SET UNUSED (GONE)', 'ALTER TABLE T SET UNUSED (ALSO)', 'ALTER TABLE U SET UNUSED (GONE)']
    assert (again['plan'], again['drift'], kept['plan'], kept['drift']) == ([], [], [], [])
    assert freed['applied'] == FREE
    assert [step['reason'] for step in freed['plan']] == ['2 unused columns still take space', '1 unused columns still take space']
    assert [step['risk'] for step in freed['plan']] == ['rewrites rows'] * 2
    assert last['plan'] == []
    assert oracle.connect().select('SELECT * FROM t') + oracle.connect().select('SELECT * FROM u') == [(1, 2), (3,)]


@pytest.mark.parametrize('number, remaining', [
    (1, ['ALTER TABLE T DROP COLUMNS CONTINUE CHECKPOINT 1000', FREE[1]]), (2, ['ALTER TABLE U DROP COLUMNS CONTINUE CHECKPOINT 1000'])])
def test_a_drop_of_unused_columns_that_was_stopped_is_continued_by_the_next_run(have, oracle, number, remaining):
    oracle.run(*WIDE)
    have(*NARROW, update=True, drop=GONE, unused_columns='set')
    oracle.admin('fail-ddl', str(number), '1013')

    stopped = have(*NARROW, update=True, unused_columns='drop')
    resumed = have(*NARROW, update=True, unused_columns='drop')

    assert (stopped['failed'], stopped['failed_step']['sql']) == (True, FREE[number - 1])
    assert resumed['applied'] == remaining
    assert have(*NARROW, update=True, unused_columns='drop')['plan'] == []
    assert oracle.connect().select('SELECT * FROM t') + oracle.connect().select('SELECT * FROM u') == [(1, 2), (3,)]


# ---- a script beside the plan

def test_what_only_a_script_or_only_the_plan_does_is_told(have, oracle):
    oracle.run('CREATE TABLE t (id NUMBER, a VARCHAR(9), old NUMBER)', "INSERT INTO t (id, a) VALUES (1, 'x')")
    script = '''-- ALTER TABLE t ADD comment_only NUMBER;
ALTER TABLE t ADD a1 CLOB;
UPDATE t SET a1 = a;
ALTER TABLE t DROP COLUMN a;
ALTER TABLE t RENAME COLUMN a1 TO a;
ALTER TABLE t ADD b NUMBER;
ALTER TABLE t SET UNUSED (old);
UPDATE t SET id = 7 WHERE id IS NULL, done = 1;
'''

    result = have('CREATE TABLE t (id NUMBER, a CLOB, b NUMBER, c NUMBER)', 'CREATE INDEX i ON t (b)', update=True, script=script, check=True)

    assert result['only_script'] == ['drop column T.OLD', 'update T.ID']
    assert result['only_plan'] == ['add column T.C', 'create index I']


# ---- state: absent

def test_scratch_drops_the_release_and_nothing_else_and_create_then_leaves_nothing_to_do(have, oracle):
    have(PARENT, CHILD, INDEX, 'CREATE SEQUENCE s')
    oracle.run('CREATE TABLE mine (id NUMBER REFERENCES parent (id))', 'CREATE SEQUENCE other')

    result = have(PARENT, CHILD, INDEX, 'CREATE SEQUENCE s', state='absent', confirm='CRAB_alice')
    after = oracle.read()
    have(PARENT, CHILD, INDEX, 'CREATE SEQUENCE s')

    assert result['applied'] == ['DROP TABLE CHILD CASCADE CONSTRAINTS', 'DROP TABLE PARENT CASCADE CONSTRAINTS', 'DROP SEQUENCE S']
    assert result['drift'] == ['MINE: the release has no such table: it stays, and loses its foreign key to PARENT']
    assert (list(after.tables), list(after.sequences)) == (['MINE'], ['OTHER'])
    assert have(PARENT, CHILD, INDEX, 'CREATE SEQUENCE s')['plan'] == []


@pytest.mark.parametrize('confirm', [{}, {'confirm': 'crab_bob'}])
def test_scratch_without_the_name_of_the_account_does_nothing(have, oracle, confirm):
    have(PARENT)

    result = have(PARENT, state='absent', **confirm)

    assert result['failed'] is True and 'expected the name of the account, crab_alice' in result['msg']
    assert list(oracle.read().tables) == ['PARENT']


def test_scratch_in_check_mode_only_asks(have, oracle):
    have(PARENT)
    oracle.statements()

    result = have(PARENT, state='absent', confirm='crab_alice', check=True)

    assert result['remaining'] == ['DROP TABLE PARENT CASCADE CONSTRAINTS']
    assert set(line.split()[0] for line in oracle.statements()) == {'SELECT'}


# ---- where it comes from

def test_the_source_may_be_a_script(oracle, run_module):
    trigger = 'CREATE TRIGGER t BEFORE INSERT ON parent FOR EACH ROW\nBEGIN\n  SELECT s.nextval INTO :new.id FROM dual;\nEND;'
    script = '-- tables\n%s;\n%s\n/\n' % (PARENT, trigger)

    result = run_module(schema, dict(oracle.arguments, source={'crab.sql': script}))

    assert [step['object'] for step in result['plan']] == ['PARENT', 'T']


def test_an_error_in_a_script_has_the_line_of_its_statement(oracle, run_module):
    result = run_module(schema, dict(oracle.arguments, source={'crab.sql': '\n%s;\n\nCREATE TABLE t (a TEXT);' % PARENT}))

    assert "crab.sql line 4, line 1, column 19: expected a type of Oracle, found 'TEXT'." in result['msg']


def test_a_connect_string_with_a_password_is_refused(oracle, run_module):
    result = run_module(schema, dict(oracle.arguments, sql=[PARENT], dsn='crab_alice/Zecret9@devdb11'))

    assert result['msg'].startswith('dsn: an account or a password stands before an @ in it')
    assert oracle.statements() == []
