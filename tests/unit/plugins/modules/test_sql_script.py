# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.cmsweb.crab.plugins.modules import sql_script

# The session of the wiki: one column is there, the others are new.
SCRIPT = '''-- Changes for version 3.3.1507
alter table tasks add (tm_user_files CLOB DEFAULT '[]');
alter table tasks add (tm_publish_groupname VARCHAR(1) DEFAULT 'F');
alter table tasks add constraint check_tm_publish_groupname check (tm_publish_groupname IN ('T', 'F')) ENABLE;
UPDATE tasks SET tm_publish_groupname = 'T' WHERE id = 1; -- the first
'''
TASKS = "CREATE TABLE tasks (id NUMBER, tm_user_files CLOB DEFAULT '[]')"


@pytest.fixture
def script(oracle, run_module):
    oracle.run(TASKS, 'INSERT INTO tasks (id) VALUES (1)')
    oracle.statements()

    def run(text=SCRIPT, check=False):
        return run_module(sql_script, dict(oracle.arguments, script=text), check)
    return run


def outcomes(result):
    return [(about['line'], about['outcome'], about['code'], about['rows']) for about in result['statements']]


def test_each_statement_is_run_and_what_is_there_is_noted_by_its_code(oracle, script):
    result = script()

    assert outcomes(result) == [(2, 'already done', 'ORA-01430', None), (3, 'applied', '', None), (4, 'applied', '', None), (5, 'applied', '', 1)]
    assert result['changed'] is True
    assert oracle.connect().select('SELECT tm_publish_groupname FROM tasks') == [('T',)]


def test_a_second_run_changes_nothing_where_no_row_changes(script):
    text = SCRIPT.replace('WHERE id = 1', "WHERE id = 1 AND tm_publish_groupname = 'F'")
    script(text)

    result = script(text)

    assert [about['code'] for about in result['statements']] == ['ORA-01430', 'ORA-01430', 'ORA-02264', '']
    assert (result['changed'], result['statements'][-1]['rows']) == (False, 0)


def test_check_mode_shows_each_statement_and_sends_none(oracle, script):
    result = script(check=True)

    assert [about['outcome'] for about in result['statements']] == ['not run'] * 4
    assert result['diff']['after'].count(';\n') == 4
    assert oracle.statements() == []


def test_any_other_error_stops_it_and_all_is_told(oracle, script):
    text = SCRIPT.replace('add constraint', 'add constrain')

    result = script(text)

    assert result['failed'] is True and result['changed'] is True
    assert [about['outcome'] for about in result['statements']] == ['already done', 'applied', 'failed', 'not run']
    assert result['msg'].startswith('script, line 4: The database refused: ORA-')


def test_several_columns_at_once_are_never_taken_for_done(script):
    result = script('ALTER TABLE tasks ADD (tm_new NUMBER, tm_user_files CLOB);')

    assert result['failed'] is True
    assert outcomes(result) == [(1, 'failed', 'ORA-01430', None)]


@pytest.mark.parametrize('statement, code', [
    ('CREATE TABLE tasks (id NUMBER)', 'ORA-00955'),
    ('ALTER TABLE tasks DROP COLUMN gone', 'ORA-00904'),
    ('ALTER TABLE tasks DROP CONSTRAINT gone', 'ORA-02443'),
    ('ALTER TABLE tasks MODIFY (id NULL)', 'ORA-01451'),
    ('DROP TABLE gone', 'ORA-00942'),
    ('DROP INDEX gone', 'ORA-01418'),
    ('DROP SEQUENCE gone', 'ORA-02289'),
])
def test_every_way_to_be_done_already(script, statement, code):
    assert outcomes(script(statement)) == [(1, 'already done', code, None)]


@pytest.mark.parametrize('statement, code', [('ALTER TABLE gone ADD (a NUMBER)', 'ORA-00942'), ('ALTER TABLE tasks MODIFY (gone NUMBER)', 'ORA-00904'),
                                             ('UPDATE tasks SET gone = 1', 'ORA-00904')])
def test_the_same_codes_of_other_statements_are_failures(script, statement, code):
    assert outcomes(script(statement)) == [(1, 'failed', code, None)]


def test_what_only_sqlplus_knows_is_refused_with_its_line_and_nothing_is_run(oracle, script):
    result = script('UPDATE tasks SET id = 2;\nset echo on;\n')

    assert result['msg'] == ('script, line 2: SET is no statement that changes a schema or its rows. Commands of SQL*Plus, queries and a / that runs a '
                             'statement again are not known here: take them out.')
    assert oracle.statements() == []
