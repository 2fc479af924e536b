# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils._schema import driver, model, purge as engine
from ansible_collections.cmsweb.crab.plugins.modules import table_purge

COLUMNS = 'CREATE TABLE filemetadata (id NUMBER, fmd_creation_time TIMESTAMP%s)'
PARTITIONED = COLUMNS % ' NOT NULL' + (" PARTITION BY RANGE (fmd_creation_time) INTERVAL (NUMTOYMINTERVAL(1, 'MONTH')) "
                                       "(PARTITION p1 VALUES LESS THAN (TO_DATE('2017-04-14', 'YYYY-MM-DD')))")
OLD = "INSERT INTO filemetadata VALUES (%d, TIMESTAMP '2018-03-05 10:00:00')"
YOUNG = 'INSERT INTO filemetadata VALUES (%d, SYSDATE)'


@pytest.fixture
def purge(oracle, run_module):
    def run(check=False, **options):
        return run_module(table_purge, dict(oracle.arguments, older_than_months=1, **options), check)
    return run


def filled(oracle, create, *more):
    oracle.run(create, *[OLD % number for number in range(5)] + [YOUNG % 9] + list(more))


def left(oracle):
    return [row[0] for row in oracle.connect().select('SELECT id FROM filemetadata ORDER BY id')]


def sql_of(result, cutoff='?'):
    return [sql.replace(result['cutoff'], cutoff) for sql in result['applied'] + result['remaining']]


DELETES = ["DELETE FROM FILEMETADATA WHERE FMD_CREATION_TIME < TIMESTAMP '?' AND ROWNUM <= 2", 'ALTER TABLE FILEMETADATA ENABLE ROW MOVEMENT',
           'ALTER TABLE FILEMETADATA SHRINK SPACE', 'ALTER TABLE FILEMETADATA DISABLE ROW MOVEMENT']


def test_old_rows_go_in_batches_with_a_commit_each_and_the_space_is_given_back(oracle, purge):
    filled(oracle, COLUMNS % '')
    oracle.statements()

    result = purge(batch=2)

    assert (sql_of(result), result['rows'], left(oracle)) == (DELETES, 5, [9])
    assert [line.split()[0] for line in oracle.statements() if line.startswith(('DELETE', 'COMMIT'))] == ['DELETE', 'COMMIT'] * 3 + ['DELETE']
    assert (result['quota_before'][0]['bytes'], result['quota_after'][0]['bytes']) == (6 * 8192, 8192)
    assert oracle.read().tables['FILEMETADATA'].row_movement is False


def test_a_second_run_finds_nothing(oracle, purge):
    filled(oracle, COLUMNS % '')
    purge()

    result = purge()

    assert (result['changed'], result['plan'], result['rows']) == (False, [], 0)


def test_check_mode_is_the_exact_plan_and_only_asks(oracle, purge):
    filled(oracle, COLUMNS % '')
    oracle.statements()

    result = purge(check=True, batch=2)

    assert (sql_of(result), result['rows'], result['changed'], len(left(oracle))) == (DELETES, 5, True, 6)
    assert set(line.split()[0] for line in oracle.statements()) == {'SELECT'}
    assert result['diff']['after'].count(';\n') == 4


def test_row_movement_that_was_on_stays_on(oracle, purge):
    filled(oracle, COLUMNS % '' + ' ENABLE ROW MOVEMENT')

    assert [sql.split(None, 3)[3] for sql in purge()['applied'][1:]] == ['SHRINK SPACE']
    assert oracle.read().tables['FILEMETADATA'].row_movement is True


def test_row_movement_goes_back_also_when_the_shrinking_fails(oracle, purge):
    filled(oracle, COLUMNS % '')
    oracle.admin('fail-ddl', '2', '10635')

    result = purge()

    assert result['failed'] is True and result['failed_step']['code'] == 'ORA-10635'
    assert result['applied'][-1] == 'ALTER TABLE FILEMETADATA DISABLE ROW MOVEMENT'
    assert (oracle.read().tables['FILEMETADATA'].row_movement, left(oracle)) == (False, [9])


def test_whole_partitions_go_and_the_one_that_the_server_needs_is_emptied(oracle, purge):
    filled(oracle, PARTITIONED, "INSERT INTO filemetadata VALUES (7, TIMESTAMP '2016-01-01 00:00:00')")

    result = purge()

    assert [' '.join(sql.split()[3:5]) for sql in result['applied']] == ['TRUNCATE PARTITION', 'DROP PARTITION']
    assert [sql.split()[-2:] for sql in result['applied']] == [['UPDATE', 'INDEXES']] * 2
    assert left(oracle) == [9]
    assert purge()['plan'] == []


def test_a_partition_in_which_the_limit_falls_stays_whole(oracle, purge):
    filled(oracle, COLUMNS % '' + ' PARTITION BY RANGE (fmd_creation_time) (PARTITION p1 VALUES LESS THAN (TIMESTAMP \'2018-03-05 00:00:00\'), '
           'PARTITION p2 VALUES LESS THAN (MAXVALUE))', "INSERT INTO filemetadata VALUES (7, TIMESTAMP '2016-01-01 00:00:00')")

    result = purge()

    assert result['applied'] == ['ALTER TABLE FILEMETADATA DROP PARTITION P1 UPDATE INDEXES']
    assert left(oracle) == [0, 1, 2, 3, 4, 9]


def test_a_partitioned_table_that_others_point_to_loses_rows_not_partitions(oracle, purge):
    filled(oracle, PARTITIONED.replace('id NUMBER', 'id NUMBER PRIMARY KEY'), 'CREATE TABLE child (id NUMBER REFERENCES filemetadata (id))')

    result = purge(shrink=False)

    assert [sql.split()[0] for sql in result['applied']] == ['DELETE']
    assert left(oracle) == [9]


def test_a_connection_that_breaks_between_two_batches_leaves_what_is_done_and_says_so(oracle, purge, monkeypatch):
    filled(oracle, COLUMNS % '')
    run, sent = driver.Connection.run, []

    def breaking(self, sql, **binds):
        sent.append(sql)
        if [text.split()[0] for text in sent].count('DELETE') == 2:
            raise driver.DatabaseProblem('ORA-03113', 'The network went.')
        return run(self, sql, **binds)

    def select(self, sql, **binds):
        if sent and sent[-1].startswith('DELETE'):
            raise driver.DatabaseProblem('ORA-03114', 'Not connected.')
        return real(self, sql, **binds)
    real = driver.Connection.select
    monkeypatch.setattr(driver.Connection, 'run', breaking)
    monkeypatch.setattr(driver.Connection, 'select', select)

    result = purge(batch=2)

    assert (result['failed'], result['changed']) == (True, True)
    assert result['msg'].endswith('The network went. 2 rows are changed and stay so; run again to go on from there.')


def test_a_connection_that_breaks_before_row_movement_is_off_again_says_that_this_is_left(oracle, purge, monkeypatch):
    filled(oracle, COLUMNS % '')
    run, broken = driver.Connection.run, []

    def breaking(self, sql, **binds):
        broken.extend(['x'] if sql.endswith('SHRINK SPACE') else [])
        if broken:
            raise driver.DatabaseProblem('ORA-03113', 'The network went.')
        return run(self, sql, **binds)
    monkeypatch.setattr(driver.Connection, 'run', breaking)

    result = purge()

    assert (result['failed'], result['failed_step']['code'], len(result['applied'])) == (True, 'ORA-03113', 2)
    assert result['remaining'] == ['ALTER TABLE FILEMETADATA DISABLE ROW MOVEMENT']


def test_a_partition_of_a_list_of_times_may_hold_any_and_is_never_dropped_for_one_of_them():
    table = model.Table(name='T', partitioning=model.Partitioning(method='LIST', columns=('D',)))
    table.columns['D'] = model.Column('D', model.type_of('DATE'))
    live = model.Schema()
    live.add(table)
    wish = engine.Wish(table='t', column='d', months=1, batch=5, shrink=False, unindexed_limit=0, recycle_bin=False)
    partitions = [('P1', "TO_DATE(' 2016-01-01 00:00:00', 'SYYYY-MM-DD HH24:MI:SS'), TO_DATE(' 2030-01-01 00:00:00', 'SYYYY-MM-DD HH24:MI:SS')", 'NO')]

    found = engine.make(wish, live, lambda sql, **binds: partitions if 'user_tab_partitions' in sql else [('2026-02-05 10:00:00',)], lambda sql: 1)

    assert [step.sql.split()[0] for step in found.steps] == ['DELETE']


def test_a_big_table_without_an_index_is_refused_unless_told(oracle, purge):
    filled(oracle, COLUMNS % '')

    refused, told = purge(unindexed_limit=5), purge(unindexed_limit=0)

    assert refused['failed'] is True
    assert refused['msg'] == (
        'The table FILEMETADATA has more than 5 rows, no partitions by FMD_CREATION_TIME and no index on it: each batch of the delete would read all of it. '
        'Make an index on the column, or set unindexed_limit to 0 to do it nevertheless.')
    assert (told['rows'], left(oracle)) == (5, [9])


def test_with_an_index_there_is_no_limit(oracle, purge):
    filled(oracle, COLUMNS % '', 'CREATE INDEX i ON filemetadata (fmd_creation_time)')

    assert purge(unindexed_limit=1)['rows'] == 5


def test_an_index_of_an_expression_forbids_shrinking_and_that_is_said(oracle, purge):
    filled(oracle, COLUMNS % '', 'CREATE INDEX i ON filemetadata (fmd_creation_time DESC)')

    result = purge(unindexed_limit=0)

    assert [sql.split()[0] for sql in result['applied']] == ['DELETE']
    assert result['warnings'] == ['FILEMETADATA cannot be shrunk, because I is an index of an expression (ORA-10631).']


def test_the_recycle_bin_is_purged_only_when_asked(oracle, purge):
    filled(oracle, COLUMNS % '', 'CREATE TABLE gone (id NUMBER)', 'INSERT INTO gone VALUES (1)', 'DROP TABLE gone')

    kept, purged = purge(), purge(recycle_bin=True)

    assert 'PURGE RECYCLEBIN' not in kept['applied']
    assert purged['applied'] == ['PURGE RECYCLEBIN']
    assert (purged['quota_before'][0]['bytes'], purged['quota_after'][0]['bytes']) == (2 * 8192, 8192)
    assert purge(recycle_bin=True)['changed'] is False


@pytest.mark.parametrize('options, message', [
    ({'table': 'nosuch'}, 'table: the account has no table NOSUCH. It has FILEMETADATA.'),
    ({'column': 'id'}, 'column: ID is no time in FILEMETADATA. Times in it: FMD_CREATION_TIME.'),
    ({'older_than_months': 0}, 'older_than_months: expected 1 or more, found 0.'),
])
def test_what_cannot_be_meant_is_refused(oracle, run_module, options, message):
    filled(oracle, COLUMNS % '')

    result = run_module(table_purge, dict(dict(oracle.arguments, older_than_months=1), **options))

    assert (result['failed'], result['msg']) == (True, message)
    assert len(left(oracle)) == 6
