# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils._schema import driver
from ansible_collections.cmsweb.crab.plugins.modules import schema_grants

TABLES = ['CREATE TABLE tasks (id NUMBER)', 'CREATE TABLE filemetadata (id NUMBER)']
READER, WRITER = 'crab_alice_r', 'crab_alice_w'
ACCOUNTS = [{'name': READER, 'privileges': ['SELECT'], 'password': 'reader-Pw1'},
            {'name': WRITER, 'privileges': ['SELECT', 'INSERT', 'UPDATE', 'DELETE'], 'password': 'writer-Pw1'}]
PLAN = ['GRANT SELECT ON FILEMETADATA TO CRAB_ALICE_R', 'GRANT SELECT ON TASKS TO CRAB_ALICE_R',
        'GRANT SELECT, INSERT, UPDATE, DELETE ON FILEMETADATA TO CRAB_ALICE_W', 'GRANT SELECT, INSERT, UPDATE, DELETE ON TASKS TO CRAB_ALICE_W',
        'CREATE SYNONYM FILEMETADATA FOR CRAB_ALICE.FILEMETADATA', 'CREATE SYNONYM TASKS FOR CRAB_ALICE.TASKS',
        'CREATE SYNONYM FILEMETADATA FOR CRAB_ALICE.FILEMETADATA', 'CREATE SYNONYM TASKS FOR CRAB_ALICE.TASKS']


@pytest.fixture
def grants(oracle, run_module):
    """Run the module on two tables, for a reader and a writer."""
    oracle.account(READER, 'reader-Pw1')
    oracle.account(WRITER, 'writer-Pw1')
    oracle.run(*TABLES)

    def run(check=False, **options):
        return run_module(schema_grants, dict(oracle.arguments, accounts=ACCOUNTS, **options), check)
    return run


def as_account(oracle, account, password, sql):
    connection = driver.connect('devdb11', account, password, 'cx_Oracle')
    try:
        return connection.select(sql) if sql.startswith('SELECT') else connection.run(sql)
    finally:
        connection.close()


def test_the_accounts_get_their_rights_and_find_the_tables_by_their_own_names(oracle, grants):
    result = grants()

    assert result['applied'] == PLAN
    assert as_account(oracle, READER, 'reader-Pw1', 'SELECT id FROM tasks') == []
    assert as_account(oracle, WRITER, 'writer-Pw1', 'INSERT INTO tasks VALUES (1)') == 1
    with pytest.raises(driver.DatabaseProblem, match='ORA-01031'):
        as_account(oracle, READER, 'reader-Pw1', 'DELETE FROM tasks')


def test_a_second_run_changes_nothing_and_only_asks(oracle, grants):
    grants()
    oracle.statements()

    result = grants()

    assert (result['changed'], result['plan']) == (False, [])
    assert set(line.split()[0] for line in oracle.statements()) == {'SELECT'}


def test_check_mode_is_the_exact_plan_and_only_asks(oracle, grants):
    oracle.statements()

    result = grants(check=True)

    assert (result['remaining'], result['applied'], result['changed']) == (PLAN, [], True)
    assert result['diff']['after'] == ''.join(sql + ';\n' for sql in PLAN)
    assert set(line.split()[0] for line in oracle.statements()) == {'SELECT'}


def test_a_table_that_was_made_anew_gets_its_rights_again(oracle, grants):
    grants()
    oracle.run('DROP TABLE tasks', TABLES[0])

    assert grants()['applied'] == ['GRANT SELECT ON TASKS TO CRAB_ALICE_R', 'GRANT SELECT, INSERT, UPDATE, DELETE ON TASKS TO CRAB_ALICE_W']


def test_a_right_too_much_is_told_and_taken_only_when_asked(oracle, grants):
    grants()
    oracle.run('GRANT DELETE ON tasks TO %s' % READER)

    told, taken = grants(), grants(revoke=True)

    assert (told['changed'], told['surplus']) == (False, ['TASKS: CRAB_ALICE_R may also DELETE'])
    assert taken['applied'] == ['REVOKE DELETE ON TASKS FROM CRAB_ALICE_R']


def test_synonyms_that_mean_something_else_or_nothing_are_mended(oracle, grants):
    grants()
    as_account(oracle, READER, 'reader-Pw1', 'CREATE OR REPLACE SYNONYM tasks FOR crab_alice_w.tasks')
    oracle.run('DROP TABLE filemetadata')

    assert grants()['applied'] == ['CREATE OR REPLACE SYNONYM TASKS FOR CRAB_ALICE.TASKS', 'DROP SYNONYM FILEMETADATA', 'DROP SYNONYM FILEMETADATA']


def test_a_table_of_the_account_in_the_way_is_told(oracle, grants):
    as_account(oracle, READER, 'reader-Pw1', 'CREATE TABLE tasks (id NUMBER)')

    result = grants()

    assert 'CREATE SYNONYM TASKS FOR CRAB_ALICE.TASKS' in result['applied']        # the writer's
    assert result['warnings'] == ['crab_alice_r: TASKS: the account has a table of this name itself, so that it does not see that of CRAB_ALICE (ORA-00955).']


def test_an_account_that_is_not_there_stops_it_with_what_was_done(oracle, run_module):
    oracle.run(*TABLES)

    result = run_module(schema_grants, dict(oracle.arguments, accounts=[{'name': 'nobody', 'privileges': ['SELECT']}]))

    assert result['failed'] is True
    assert result['failed_step']['code'] == 'ORA-01917'
    assert result['msg'].startswith('Step 1 of 2, FILEMETADATA (NOBODY has not the right to SELECT): The database refused: ORA-01917')


def test_only_the_tables_of_the_release_and_its_missing_ones_are_named(oracle, grants):
    result = grants(sql=[TABLES[0], 'CREATE TABLE filetransfersdb (id NUMBER)'], check=True)

    assert [step['object'] for step in result['plan']] == ['TASKS'] * 4
    assert result['warnings'] == ['The account has no table FILETRANSFERSDB yet.']


def test_no_password_is_in_the_result(grants):
    printed = grants()['stdout']

    assert not [word for word in ('reader-Pw1', 'writer-Pw1', 'not-Secret-1') if word in printed]
