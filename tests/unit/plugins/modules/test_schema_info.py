# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.modules import schema_info

TABLE = ('CREATE TABLE t (id NUMBER(5), made TIMESTAMP NOT NULL, CONSTRAINT t_pk PRIMARY KEY (id)) PARTITION BY RANGE (made) '
         "INTERVAL (NUMTOYMINTERVAL(1, 'MONTH')) (PARTITION p VALUES LESS THAN (TO_DATE('2017-04-14', 'YYYY-MM-DD')))")


def test_the_inventory_of_an_account(oracle, run_module):
    oracle.run(TABLE, 'CREATE SEQUENCE s', 'CREATE INDEX i ON t (made)', "INSERT INTO t VALUES (1, TIMESTAMP '2018-03-05 10:00:00')")
    oracle.statements()

    result = run_module(schema_info, dict(oracle.arguments, row_counts='exact'))

    assert result['tables'] == [{'name': 'T', 'rows': 1, 'columns': 2, 'indexes': ['I', 'T_PK'], 'partitioned_by': ['MADE']}]
    assert (result['sequences'], result['triggers'], result['changed']) == (['S'], [], False)
    assert 'missing' not in result and 'drift' not in result
    assert set(line.split()[0] for line in oracle.statements()) == {'SELECT'}


def test_rows_are_estimated_by_default_and_unknown_without_statistics(oracle, run_module):
    oracle.run('CREATE TABLE t (id NUMBER)')

    assert [table['rows'] for table in run_module(schema_info, oracle.arguments)['tables']] == [None]


def test_against_a_release_missing_extra_and_different_objects_are_told(oracle, run_module):
    oracle.run('CREATE TABLE t (id NUMBER(4))', 'CREATE TABLE other (id NUMBER)', 'CREATE SEQUENCE s')

    result = run_module(schema_info, dict(oracle.arguments, sql=['CREATE TABLE t (id NUMBER(5))', 'CREATE TABLE u (id NUMBER)', 'CREATE INDEX i ON u (id)']))

    assert result['missing'] == ['U', 'I']
    assert result['extra'] == ['S', 'OTHER']
    assert result['drift'] == ['T: the column ID: type NUMBER(4), the release wants NUMBER(5)', 'S: the release has no such sequence',
                               'OTHER: the release has no such table']


def test_the_password_is_nowhere(oracle, run_module):
    result = run_module(schema_info, oracle.arguments)

    assert oracle.arguments['password'] not in result['stdout'].replace('\n', '')


def test_a_drop_of_columns_that_was_stopped_halfway_is_told(oracle, run_module):
    oracle.run('CREATE TABLE t (id NUMBER, old NUMBER)', 'ALTER TABLE t SET UNUSED (old)')
    oracle.admin('fail-ddl', '1', '1013')
    with pytest.raises(CrabError):
        oracle.run('ALTER TABLE t DROP UNUSED COLUMNS CHECKPOINT 1000')

    result = run_module(schema_info, dict(oracle.arguments, sql=['CREATE TABLE t (id NUMBER)']))

    assert result['disorder'] == ['the drop of columns of the table T was stopped halfway, and it cannot be used: update it, or end the drop with '
                                  'ALTER TABLE T DROP COLUMNS CONTINUE', 'the table T has 1 unused columns that still take space']
    assert result['drift'] == ['T: the drop of its columns was stopped halfway, and until it ends the table cannot be used (ORA-12986)']


def test_the_account_its_quota_and_what_is_out_of_order_are_told(oracle, run_module):
    oracle.admin('expires', '5', '--user', 'crab_alice')
    oracle.admin('quota', '1', '--user', 'crab_alice')
    oracle.run('CREATE TABLE t (id NUMBER, old NUMBER)', 'CREATE SEQUENCE s', 'CREATE TABLE gone (id NUMBER)', 'INSERT INTO gone VALUES (1)', 'DROP TABLE gone',
               'CREATE TRIGGER trg BEFORE INSERT ON t FOR EACH ROW\nBEGIN\n  SELECT s.nextval INTO :new.id FROM dual;\nEND;', 'DROP SEQUENCE s',
               'ALTER TABLE t SET UNUSED (old)')
    oracle.statements()

    result = run_module(schema_info, oracle.arguments)

    assert (result['account']['name'], result['account']['status'], result['account']['expires'][:2]) == ('CRAB_ALICE', 'EXPIRED(GRACE)', '20')
    assert result['quota'] == [{'tablespace': 'STANDIN', 'bytes': 8192, 'max_bytes': 1048576}]
    assert result['recycle_bin'] == [{'name': 'GONE', 'type': 'TABLE', 'blocks': 1}]
    assert result['disorder'] == ['the trigger TRG is invalid', 'the table T has 1 unused columns that still take space']
    assert len(result['warnings']) == 1 and result['warnings'][0].startswith('The password of CRAB_ALICE ends at ')
    assert set(line.split()[0] for line in oracle.statements()) == {'SELECT'}
