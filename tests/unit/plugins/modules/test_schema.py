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
    assert [step['object'] for step in result['plan']] == ['T'] * 4


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

    assert len(result['remaining']) == 7
    assert set(line.split()[0] for line in oracle.statements()) == {'SELECT'}


def test_a_backfill_that_is_no_value_is_refused(have, oracle):
    oracle.run(OLD)

    result = have(NEW, update=True, backfill={'T.OWNER': "'x'; DROP TABLE t"})

    assert result['failed'] is True
    assert result['msg'] == "backfill T.OWNER, line 1, column 4: expected the end of the value, found ';'."
