# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of the Oracle stand-in: what it must refuse matters more than what it takes."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import datetime
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time

import pytest

STANDIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, os.pardir, 'lab', 'oracle', 'python')
TABLE = ("CREATE TABLE t (id NUMBER(3) NOT NULL, name VARCHAR(5) DEFAULT 'x' , flag VARCHAR(1), text CLOB, made TIMESTAMP, "
         "CONSTRAINT t_pk PRIMARY KEY (id), CONSTRAINT t_ck CHECK (flag IN ('T', 'F')))")


@pytest.fixture
def standin(tmp_path, monkeypatch):
    """The module, with an empty folder for its data and the account alice on devdb11, Oracle 11.2."""
    monkeypatch.syspath_prepend(STANDIN)
    monkeypatch.setenv('ORACLE_STANDIN_DIR', str(tmp_path / 'data'))
    import cx_Oracle
    create_account(cx_Oracle, 'alice', 'pw')
    return cx_Oracle


def create_account(standin, user, password, dsn='devdb11'):
    from cx_Oracle import _store
    _store.create(dsn)
    store = _store.open_store(dsn)
    _store.set_account(store, user, password)
    store.close()


def admin(*arguments):
    from cx_Oracle import admin as module
    module.main(list(arguments) + ['--dsn', 'devdb11'])


@pytest.fixture
def session(standin):
    connection = standin.connect('alice', 'pw', 'devdb11', threaded=True)
    yield connection
    connection.close()


def run(connection, sql, *parameters, **named):
    cursor = connection.cursor()
    return cursor.fetchall() if cursor.execute(sql, *parameters, **named) else cursor.rowcount


def str_of(text):
    """The text as this Python's str, as the driver gives it."""
    return text if isinstance(text, str) else text.encode('utf-8')


def code_of(standin, act, *arguments, **named):
    """The ORA- code that a call raises."""
    with pytest.raises(standin.DatabaseError) as caught:
        act(*arguments, **named)
    return caught.value.args[0].code


# ---- what it is

def test_it_says_everywhere_that_it_is_not_oracle(standin, session):
    assert standin.__standin__ is True
    assert 'NOT ORACLE' in standin.__doc__
    assert session.version == '11.2.0.4.0 (stand-in for tests, not Oracle)'
    assert run(session, 'SELECT banner FROM v$version') == [('Stand-in for tests, not Oracle, Release 11.2.0.4.0',)]


def test_its_exceptions_bear_the_driver_s_module_name(standin):
    assert [standin.DatabaseError.__module__, standin.IntegrityError.__module__] == ['cx_Oracle', 'cx_Oracle']
    assert issubclass(standin.IntegrityError, standin.DatabaseError) and not issubclass(standin.InterfaceError, standin.DatabaseError)


# ---- logging in

@pytest.mark.parametrize('user, password, dsn, code', [
    ('alice', 'wrong', 'devdb11', 1017), ('bob', 'pw', 'devdb11', 1017), ('alice', 'pw', 'nowhere', 12154)])
def test_a_login_that_is_not_right_is_refused(standin, user, password, dsn, code):
    assert code_of(standin, standin.connect, user, password, dsn) == code


@pytest.mark.parametrize('command, code', [('lock', 28000), ('expire', 28001)])
def test_a_locked_or_expired_account_is_refused_until_it_is_unlocked(standin, command, code):
    admin(command, '--user', 'alice')

    refused = code_of(standin, standin.connect, 'alice', 'pw', 'devdb11')
    admin('unlock', '--user', 'alice')

    assert refused == code
    standin.connect('alice', 'pw', 'devdb11').close()


def test_down_refuses_logins_and_breaks_sessions(standin, session):
    admin('down')

    assert code_of(standin, standin.connect, 'alice', 'pw', 'devdb11') == 12541
    assert code_of(standin, session.ping) == 3113
    admin('up')
    session.ping()


def test_the_admin_command_takes_the_password_from_stdin_and_sets_it_again(standin, tmp_path):
    environment = dict(os.environ, PYTHONPATH=STANDIN, ORACLE_STANDIN_DIR=str(tmp_path / 'data'))
    for password in (b'first\n', b'second\n'):
        process = subprocess.Popen([sys.executable, '-m', 'cx_Oracle.admin', 'create', '--dsn', 'other', '--user', 'bob'], stdin=subprocess.PIPE,
                                   env=environment)
        process.communicate(password)
        assert process.returncode == 0

    standin.connect('bob', 'second', 'other').close()

    assert code_of(standin, standin.connect, 'bob', 'first', 'other') == 1017


def test_no_password_is_kept_and_every_account_of_the_host_may_use_the_file(standin, tmp_path):
    path = tmp_path / 'data' / 'devdb11.sqlite'

    assert stat.S_IMODE(os.stat(str(path)).st_mode) == 0o666
    assert stat.S_IMODE(os.stat(str(path.parent)).st_mode) == 0o777
    create_account(standin, 'alice', 'Unmistakable-9')
    assert b'Unmistakable-9' not in path.read_bytes()


# ---- what the REST server's pool does

def test_the_steps_of_the_rest_server_s_pool_work_across_threads(standin, session):
    found = []

    def worker():
        session.stmtcachesize = 50
        session.current_schema = 'alice'
        session.client_identifier, session.clientinfo, session.module, session.action = 'crab@host', 'GET dev info', 'M', 'GET dev info'
        session.ping()
        session.cursor().execute('select sysdate from dual')
        cursor = session.cursor()
        cursor.prepare('select NULL from DUAL')
        cursor.execute(None)
        found.extend([[column[0].lower() for column in cursor.description], list(cursor)])
        session.rollback()

    thread = threading.Thread(target=worker)
    thread.start()
    thread.join()

    assert found == [['null'], [(None,)]]
    assert '.'.join(str(part) for part in standin.clientversion()) == '19.0.0.0.0'


def test_rows_are_counted_and_bound_by_name_and_position(session):
    run(session, TABLE)
    cursor = session.cursor()
    cursor.prepare('INSERT INTO t (id, name) VALUES (:id, :name)')

    cursor.executemany(None, [{'id': 1, 'name': 'a'}, {'ID': 2, 'name': ''}])

    assert cursor.rowcount == 2
    assert run(session, 'SELECT id, name FROM t WHERE id >= :1 ORDER BY id', [1]) == [(1, 'a'), (2, None)]
    assert run(session, 'UPDATE t SET name = :n WHERE id = 1', n='b') == 1


@pytest.mark.parametrize('named, code', [({}, 1008), ({'a': 1, 'b': 2}, 1036)])
def test_binds_must_be_those_of_the_statement(standin, session, named, code):
    assert code_of(standin, run, session, 'SELECT :a FROM dual', **named) == code


def test_lobs_times_and_numbers_come_as_the_driver_gives_them(standin, session):
    run(session, TABLE)
    moment = datetime.datetime(2018, 3, 5, 10, 0, 0, 123456)
    run(session, 'INSERT INTO t (id, text, made) VALUES (1, :t, :m)', t=u'caf\xe9', m=moment)

    (number, lob, made), = run(session, 'SELECT id, text, made FROM t')

    assert (number, made) == (1, moment)
    assert isinstance(lob, standin.LOB) and lob.read() == str_of(u'caf\xe9')


def test_a_transaction_is_invisible_to_others_until_commit(standin, session):
    run(session, TABLE)
    other = standin.connect('alice', 'pw', 'devdb11')
    run(session, 'INSERT INTO t (id) VALUES (1)')

    before = run(other, 'SELECT COUNT(*) FROM t')
    session.commit()

    assert (before, run(other, 'SELECT COUNT(*) FROM t')) == ([(0,)], [(1,)])
    run(session, 'DELETE FROM t')
    session.rollback()
    assert run(other, 'SELECT COUNT(*) FROM t') == [(1,)]
    other.close()


def test_ddl_commits_even_when_it_fails(standin, session):
    run(session, TABLE)
    run(session, 'INSERT INTO t (id) VALUES (1)')

    assert code_of(standin, run, session, TABLE) == 955

    session.rollback()
    assert run(session, 'SELECT COUNT(*) FROM t') == [(1,)]


# ---- accounts

def test_two_accounts_have_tables_of_the_same_name(standin, session):
    create_account(standin, 'bob', 'pw')
    bob = standin.connect('bob', 'pw', 'devdb11')
    run(session, 'CREATE TABLE t (a NUMBER)')
    run(bob, 'CREATE TABLE t (b NUMBER)')

    assert run(bob, 'SELECT column_name FROM user_tab_columns') == [('B',)]
    assert code_of(standin, run, bob, 'SELECT a FROM alice.t') == 942
    bob.close()


def test_a_reader_reads_by_grant_and_synonym_and_cannot_write(standin, session):
    create_account(standin, 'bob', 'pw')
    bob = standin.connect('bob', 'pw', 'devdb11')
    run(session, 'CREATE TABLE t (a NUMBER)')
    run(session, 'GRANT SELECT ON t TO bob')
    run(bob, 'CREATE SYNONYM t FOR alice.t')

    assert run(bob, 'SELECT COUNT(*) FROM t') == [(0,)]
    assert code_of(standin, run, bob, 'INSERT INTO t VALUES (1)') == 1031
    bob.close()


# ---- strictness

@pytest.mark.parametrize('sql, code', [
    ('SELECT 1', 923), ('SELECT x FROM dual', 904), ('SELECT 1 FROM nowhere', 942), ('SELECT 1 FROM dual LIMIT 1', 933), ('SELECT 1 FROM dual;', 911),
    ("SELECT 'x FROM dual", 1756), ('PRAGMA table_info(t)', 900), ('ATTACH DATABASE x AS y', 900), ('SELECT random() FROM dual', 904),
    ('SELECT id FROM t WHERE text = \'x\'', 932), ('SELECT DISTINCT text FROM t', 932), ('SELECT id FROM t ORDER BY text', 932),
    ("SELECT id FROM t WHERE made > '2018-03-05'", 932), ('INSERT INTO t (id, nope) VALUES (1, 2)', 904), ('INSERT INTO t (id) VALUES (1, 2)', 913),
    ('INSERT INTO t (id, name) VALUES (1)', 947), ('UPDATE t SET nope = 1', 904), ('DELETE FROM nowhere', 942),
    ('SELECT id FROM t FETCH FIRST 1 ROWS ONLY', 933),
    ("SELECT table_name FROM user_tab_columns WHERE data_default = 'x'", 997), ('SELECT search_condition_vc FROM user_constraints', 904),
    ('SELECT search_condition || 1 FROM user_constraints', 997), ('SELECT t.id, u.id FROM t, t u WHERE id = 1', 918),
    ('MERGE INTO t USING u', 900), ('BEGIN NULL; END;', 900), ('ALTER SESSION SET NOPE = 1', 2248),
])
def test_a_statement_that_oracle_would_refuse_is_refused(standin, session, sql, code):
    run(session, TABLE)

    assert code_of(standin, run, session, sql) == code


@pytest.mark.parametrize('sql, code', [
    ('CREATE TABLE t (a NUMBER)', 955), ('CREATE TABLE u (a NUMBER, a NUMBER)', 957), ('CREATE TABLE u (a TEXT)', 902), ('CREATE TABLE u (a VARCHAR)', 906),
    ('CREATE TABLE u (a NUMBER(39))', 1727), ('CREATE TABLE u (a VARCHAR(4001))', 910), ('CREATE TABLE u (a NUMBER b NUMBER)', 907),
    ('CREATE TABLE u (a NUMBER) ENGINE = InnoDB', 922), ('CREATE TABLE u23456789012345678901234567890x (a NUMBER)', 972),
    ('CREATE TABLE u (a NUMBER, CONSTRAINT t_ck CHECK (a > 0))', 2264), ('CREATE TABLE u (a NUMBER, CONSTRAINT c CHECK (b > 0))', 904),
    ("CREATE TABLE u (a VARCHAR(1), CONSTRAINT c CHECK (a IN ('T' 'F')))", 907), ('CREATE TABLE u (a NUMBER PRIMARY KEY, PRIMARY KEY (a))', 2260),
    ('CREATE TABLE u (a CLOB PRIMARY KEY)', 2329), ('CREATE TABLE u (a NUMBER REFERENCES nowhere (a))', 942),
    ('CREATE TABLE u (a VARCHAR(5) REFERENCES t (name))', 2270), ('CREATE TABLE u (a VARCHAR(5) REFERENCES t (id))', 2267),
    ('CREATE TABLE u (a NUMBER CHECK (a < SYSDATE))', 932), ('CREATE TABLE u (a NUMBER, CONSTRAINT t_pk UNIQUE (a))', 2264),
    ('CREATE INDEX t_pk ON t (name)', 955), ('CREATE INDEX i ON t (id)', 1408), ('CREATE INDEX i ON t (nope)', 904), ('CREATE INDEX i ON t (text)', 2327),
    ('CREATE INDEX i ON t (name) COMPRESS 2', 25194), ('CREATE UNIQUE INDEX i ON t (name) COMPRESS 1', 25194), ('CREATE INDEX i ON t (name) LOCAL', 14016),
    ('CREATE INDEX i ON nowhere (a)', 942), ('CREATE INDEX i ON t (name) PARALLEL 4', 2158), ('CREATE VIEW v AS SELECT 1 FROM dual', 901),
    ('DROP TABLE nowhere', 942), ('DROP INDEX nowhere', 1418), ('DROP INDEX t_pk', 2429), ('DROP SEQUENCE nowhere', 2289), ('DROP TRIGGER nowhere', 4080),
    ('CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN NULL; END;', 900), ('GRANT SELECT ON t TO nobody', 1917),
])
def test_ddl_that_oracle_would_refuse_is_refused_and_changes_nothing(standin, session, sql, code):
    run(session, TABLE)
    before = run(session, 'SELECT object_name, object_type FROM user_objects ORDER BY 1')

    assert code_of(standin, run, session, sql) == code

    assert run(session, 'SELECT object_name, object_type FROM user_objects ORDER BY 1') == before


@pytest.mark.parametrize('version, taken', [('11.2', False), ('12.1', False), ('12.2', True), ('19', True)])
def test_the_length_of_names_depends_on_the_version(standin, version, taken):
    admin('version', version)
    session = standin.connect('alice', 'pw', 'devdb11')
    long_name = 'CREATE TABLE u23456789012345678901234567890x (a NUMBER)'

    if taken:
        run(session, long_name)
    else:
        assert code_of(standin, run, session, long_name) == 972
    assert run(session, 'SELECT COUNT(*) FROM user_tables') == [(1 if taken else 0,)]
    session.close()


# ---- data

@pytest.mark.parametrize('sql, code, kind', [
    ('INSERT INTO t (id) VALUES (1)', 1, 'IntegrityError'), ("INSERT INTO t (name) VALUES ('x')", 1400, 'IntegrityError'),
    ("INSERT INTO t (id, flag) VALUES (2, 'X')", 2290, 'IntegrityError'), ("INSERT INTO t (id, name) VALUES (2, '123456')", 12899, 'DatabaseError'),
    ('INSERT INTO t (id) VALUES (1000)', 1438, 'DatabaseError'), ("INSERT INTO t (id) VALUES ('x')", 1722, 'DatabaseError'),
    ('INSERT INTO child (t_id) VALUES (7)', 2291, 'IntegrityError'), ('DELETE FROM t', 2292, 'IntegrityError'),
    ('UPDATE t SET id = NULL', 1407, 'DatabaseError'), ("UPDATE t SET flag = 'X'", 2290, 'IntegrityError'),
])
def test_the_rules_on_data_are_kept(standin, session, sql, code, kind):
    run(session, TABLE)
    run(session, 'CREATE TABLE child (t_id NUMBER(3) REFERENCES t (id))')
    run(session, "INSERT INTO t (id, flag) VALUES (1, 'T')")
    run(session, 'INSERT INTO child (t_id) VALUES (1)')

    with pytest.raises(standin.DatabaseError) as caught:
        run(session, sql)

    assert (caught.value.args[0].code, type(caught.value).__name__) == (code, kind)


def test_a_foreign_key_with_cascade_deletes_the_children(session):
    run(session, TABLE)
    run(session, 'CREATE TABLE child (t_id NUMBER(3) REFERENCES t (id) ON DELETE CASCADE)')
    run(session, 'INSERT INTO t (id) VALUES (1)')
    run(session, 'INSERT INTO child (t_id) VALUES (1)')

    run(session, 'DELETE FROM t')

    assert run(session, 'SELECT COUNT(*) FROM child') == [(0,)]


def test_a_trigger_numbers_rows_from_its_sequence(session):
    run(session, 'CREATE TABLE j (id NUMBER(38) NOT NULL, name VARCHAR(5))')
    run(session, 'CREATE SEQUENCE j_seq START WITH 5 INCREMENT BY 2')
    run(session, 'CREATE TRIGGER j_trg BEFORE INSERT ON j FOR EACH ROW\nBEGIN\n SELECT j_seq.nextval INTO :new.id FROM dual;\nEND;')
    for name in 'ab':
        run(session, 'INSERT INTO j (name) VALUES (:n)', n=name)

    assert run(session, 'SELECT id, name FROM j ORDER BY id') == [(5, 'a'), (7, 'b')]
    assert run(session, 'SELECT j_seq.NEXTVAL FROM dual') == [(9,)]


def test_rownum_cuts_deletes_into_batches(session):
    run(session, 'CREATE TABLE n (a NUMBER)')
    for number in range(5):
        run(session, 'INSERT INTO n VALUES (:a)', a=number)

    assert [run(session, 'DELETE FROM n WHERE a >= 0 AND ROWNUM <= 2') for _batch in range(4)] == [2, 2, 1, 0]


def test_the_empty_text_is_null(session):
    assert run(session, "SELECT NVL('', 'null') , 'a' || NULL || 'b' FROM dual") == [('null', 'ab')]


def test_partitions_by_interval_grow_with_the_rows(standin, session):
    run(session, "CREATE TABLE p (made TIMESTAMP) PARTITION BY RANGE (made) INTERVAL (NUMTOYMINTERVAL(1, 'MONTH')) "
                 "(PARTITION p1 VALUES LESS THAN (TO_DATE('2018-02-14', 'YYYY-MM-DD')))")
    for day in ('2018-01-01', '2018-03-20', '2018-03-21'):
        run(session, "INSERT INTO p VALUES (TO_TIMESTAMP('%s', 'YYYY-MM-DD'))" % day)

    rows = run(session, 'SELECT partition_name, high_value FROM user_tab_partitions ORDER BY partition_position')

    assert rows[0] == ('P1', "TIMESTAMP' 2018-02-14 00:00:00'")
    assert [high for _name, high in rows[1:]] == ["TIMESTAMP' 2018-04-14 00:00:00'"]
    assert code_of(standin, run, session, 'INSERT INTO p VALUES (NULL)') == 14300


# ---- the dictionary

def test_defaults_and_checks_are_kept_as_typed(session):
    run(session, TABLE)

    assert run(session, "SELECT data_default FROM user_tab_columns WHERE column_name = 'NAME'") == [("'x' ",)]
    assert run(session, "SELECT search_condition FROM user_constraints WHERE constraint_name = 'T_CK'") == [("flag IN ('T', 'F')",)]


def test_not_null_is_a_check_of_the_system(session):
    run(session, TABLE)

    rows = run(session, "SELECT search_condition, generated FROM user_constraints WHERE constraint_type = 'C' AND generated = 'GENERATED NAME'")

    assert rows == [('"ID" IS NOT NULL', 'GENERATED NAME')]


def test_search_condition_vc_is_there_from_12_1(standin):
    admin('version', '12.1')
    session = standin.connect('alice', 'pw', 'devdb11')
    run(session, TABLE)

    assert run(session, "SELECT search_condition_vc FROM user_constraints WHERE constraint_name = 'T_CK'") == [("flag IN ('T', 'F')",)]
    session.close()


# ---- faults

def test_a_fault_strikes_the_nth_ddl_once(standin, session):
    admin('fail-ddl', '2', '54')
    statements = ['CREATE TABLE a%d (x NUMBER)' % number for number in range(3)]

    run(session, statements[0])
    struck = code_of(standin, run, session, statements[1])
    run(session, statements[1])

    assert struck == 54
    assert run(session, 'SELECT table_name FROM user_tables ORDER BY 1') == [('A0',), ('A1',)]


def test_a_write_lock_of_another_session_is_ora_00054(standin, session, monkeypatch):
    from cx_Oracle import _store
    run(session, TABLE)
    monkeypatch.setattr(_store, '_BUSY_SECONDS', 0.05)
    other = standin.connect('alice', 'pw', 'devdb11')
    run(session, 'INSERT INTO t (id) VALUES (1)')

    assert code_of(standin, run, other, 'CREATE INDEX i ON t (name)') == 54
    other.close()


def test_an_error_says_where_in_the_statement(standin, session):
    with pytest.raises(standin.DatabaseError) as caught:
        run(session, 'SELECT 1, nope FROM dual')

    assert (caught.value.args[0].offset, str(caught.value)) == (10, 'ORA-00904: "NOPE": invalid identifier')
    assert isinstance(caught.value.args[0].code, int)


def test_the_data_are_plain_sqlite(standin, session, tmp_path):
    run(session, TABLE)
    store = sqlite3.connect(str(tmp_path / 'data' / 'devdb11.sqlite'))

    assert store.execute('select count(*) from "ALICE.T"').fetchone() == (0,)
    store.close()


# ---- ALTER

ALTERED = ("CREATE TABLE t (id NUMBER(5) NOT NULL, name VARCHAR(9) DEFAULT 'x', size_n NUMBER(5,2), text CLOB, made TIMESTAMP, extra NUMBER, "
           "CONSTRAINT t_pk PRIMARY KEY (id), CONSTRAINT t_ck CHECK (name IN ('T', 'F')), CONSTRAINT t_u UNIQUE (name, size_n))",
           'CREATE TABLE child (t_id NUMBER(5), CONSTRAINT child_fk FOREIGN KEY (t_id) REFERENCES t (id))', 'CREATE INDEX t_i ON t (made, extra) COMPRESS 1',
           "CREATE TABLE p (a NUMBER, made TIMESTAMP) PARTITION BY RANGE (made) INTERVAL (NUMTOYMINTERVAL(1, 'MONTH')) "
           "(PARTITION p1 VALUES LESS THAN (TO_DATE('2018-01-01', 'YYYY-MM-DD')))")


@pytest.fixture
def filled(session):
    """ALTERED with a row in t and in child."""
    for sql in ALTERED:
        run(session, sql)
    run(session, "INSERT INTO t (id, name, size_n, text) VALUES (1, 'T', 1.25, 'long')")
    run(session, 'INSERT INTO child VALUES (1)')
    run(session, 'COMMIT')
    return session


@pytest.mark.parametrize('sql, code', [
    ('ALTER TABLE nowhere ADD (x NUMBER)', 942), ('ALTER TABLE t ADD (id NUMBER)', 1430), ('ALTER TABLE t ADD (x NUMBER NOT NULL)', 1758),
    ('ALTER TABLE t ADD COLUMN x NUMBER', 904), ('ALTER TABLE t MODIFY (nope NUMBER)', 904), ('ALTER TABLE t MODIFY (name CLOB)', 22858),
    ('ALTER TABLE t MODIFY (text VARCHAR(10))', 22858), ('ALTER TABLE t MODIFY (size_n VARCHAR(10))', 1439),
    ('ALTER TABLE t MODIFY (size_n NUMBER(4,2))', 1440), ('ALTER TABLE t MODIFY (size_n NUMBER(5,1))', 1440),
    ('ALTER TABLE t MODIFY (size_n NUMBER(6,3))', None), ('ALTER TABLE t MODIFY (extra NUMBER(3))', None),
    ('ALTER TABLE t MODIFY (name NULL)', 1451), ('ALTER TABLE t MODIFY (id NULL)', 1451), ('ALTER TABLE t MODIFY (id NOT NULL)', 1442),
    ('ALTER TABLE t MODIFY (extra NOT NULL)', 2296), ('ALTER TABLE t MODIFY (name NOT NULL)', None), ('ALTER TABLE p MODIFY (made DATE)', 14060),
    ('ALTER TABLE t DROP COLUMN nope', 904), ('ALTER TABLE t DROP COLUMN id', 12992), ('ALTER TABLE t DROP COLUMN size_n', 12991),
    ('ALTER TABLE child DROP COLUMN t_id', 12983), ('ALTER TABLE p DROP COLUMN made', 12984), ('ALTER TABLE t DROP COLUMN size_n CASCADE CONSTRAINTS', None),
    ('ALTER TABLE t RENAME COLUMN nope TO x', 904), ('ALTER TABLE t RENAME COLUMN id TO name', 957), ('ALTER TABLE t RENAME CONSTRAINT nope TO x', 23292),
    ('ALTER TABLE t RENAME CONSTRAINT t_ck TO t_u', 2264), ('ALTER TABLE t DROP CONSTRAINT nope', 2443), ('ALTER TABLE t DROP CONSTRAINT t_pk', 2273),
    ("ALTER TABLE t ADD CONSTRAINT c CHECK (name = 'F')", 2293), ("ALTER TABLE t ADD CONSTRAINT c CHECK (name = 'F') ENABLE NOVALIDATE", None),
    ('ALTER TABLE t ADD CONSTRAINT c PRIMARY KEY (name)', 2260), ('ALTER TABLE t ADD CONSTRAINT c UNIQUE (extra)', None),
    ('ALTER TABLE t ADD CONSTRAINT c FOREIGN KEY (id) REFERENCES child (t_id)', 2270), ('ALTER TABLE t SHRINK SPACE', 10636),
    ('ALTER TABLE t MODIFY PARTITION BY RANGE (id) (PARTITION VALUES LESS THAN (9)) ONLINE', 14006), ('ALTER TABLE p DROP PARTITION p1', 14758),
    ('ALTER TABLE p DROP PARTITION nope', 2149), ('ALTER INDEX nope REBUILD', 1418), ('ALTER INDEX t_i REBUILD COMPRESS 3', 25194),
    ('ALTER INDEX t_i RENAME TO t_pk', 955), ('ALTER TABLE t PARALLEL 4', 1735), ('ALTER TABLE t MODIFY CONSTRAINT nope VALIDATE', 2443),
])
def test_alter_keeps_oracle_s_rules(standin, filled, sql, code):
    if code is None:
        run(filled, sql)
    else:
        assert code_of(standin, run, filled, sql) == code
    assert run(filled, 'SELECT id, name, extra FROM t') == [(1, 'T', None)]


def test_an_added_column_has_its_default_in_the_rows_that_are_there(filled):
    run(filled, "ALTER TABLE t ADD (flag VARCHAR(1) DEFAULT 'F' NOT NULL)")

    assert run(filled, 'SELECT flag FROM t') == [('F',)]


def test_the_way_by_a_shadow_column_keeps_values_checks_and_names(filled):
    for sql in ('ALTER TABLE t ADD (shadow CLOB)', 'UPDATE t SET shadow = name', 'ALTER TABLE t DROP CONSTRAINT t_u', 'ALTER TABLE t DROP COLUMN name',
                'ALTER TABLE t RENAME COLUMN shadow TO name'):
        run(filled, sql)

    assert [lob.read() for (lob,) in run(filled, 'SELECT name FROM t')] == ['T']
    assert run(filled, "SELECT constraint_name FROM user_constraints WHERE constraint_name = 'T_CK'") == []


def test_a_renamed_column_is_renamed_in_checks_and_indexes(standin, filled):
    run(filled, 'ALTER TABLE t RENAME COLUMN name TO label')
    run(filled, 'ALTER TABLE t RENAME COLUMN made TO born')

    assert run(filled, "SELECT search_condition FROM user_constraints WHERE constraint_name = 'T_CK'") == [('"LABEL" IN (\'T\', \'F\')',)]
    assert run(filled, "SELECT column_name FROM user_ind_columns WHERE index_name = 'T_I' ORDER BY column_position") == [('BORN',), ('EXTRA',)]
    assert code_of(standin, run, filled, "UPDATE t SET label = 'X'") == 2290


def test_rows_that_novalidate_tolerates_stay_and_new_ones_are_checked(standin, filled):
    run(filled, "ALTER TABLE t ADD CONSTRAINT c CHECK (name = 'F') ENABLE NOVALIDATE")

    assert code_of(standin, run, filled, "INSERT INTO t (id, name) VALUES (2, 'T')") == 2290
    assert code_of(standin, run, filled, 'ALTER TABLE t MODIFY CONSTRAINT c VALIDATE') == 2293
    run(filled, "UPDATE t SET name = 'F'")
    run(filled, 'ALTER TABLE t MODIFY CONSTRAINT c VALIDATE')
    assert run(filled, "SELECT status, validated FROM user_constraints WHERE constraint_name = 'C'") == [('ENABLED', 'VALIDATED')]


def test_a_dropped_key_takes_the_index_that_it_made_and_leaves_one_that_it_adopted(filled):
    run(filled, 'CREATE UNIQUE INDEX mine ON t (extra)')
    run(filled, 'ALTER TABLE t ADD CONSTRAINT adopted UNIQUE (extra)')
    run(filled, 'ALTER TABLE t DROP CONSTRAINT adopted')
    run(filled, 'ALTER TABLE t DROP CONSTRAINT t_u')

    names = [row[0] for row in run(filled, "SELECT index_name FROM user_indexes WHERE index_type <> 'LOB' AND table_name = 'T' ORDER BY index_name")]
    assert names == ['MINE', 'T_I', 'T_PK']


def test_a_disabled_key_of_a_parent_lets_children_be(standin, filled):
    run(filled, 'ALTER TABLE child MODIFY CONSTRAINT child_fk DISABLE')

    assert run(filled, 'INSERT INTO child VALUES (99)') == 1
    run(filled, 'COMMIT')
    assert code_of(standin, run, filled, 'ALTER TABLE child ENABLE CONSTRAINT child_fk') == 2298


def test_a_dropped_partition_takes_its_rows_and_unless_told_the_global_indexes(standin, session):
    run(session, ALTERED[3])
    run(session, 'ALTER TABLE p ADD CONSTRAINT p_pk PRIMARY KEY (a)')
    for month in (1, 2, 3):
        run(session, 'INSERT INTO p VALUES (:n, :m)', n=month, m=datetime.datetime(2018, month, 15))
    names = [row[0] for row in run(session, 'SELECT partition_name FROM user_tab_partitions ORDER BY partition_position')]

    run(session, 'ALTER TABLE p DROP PARTITION %s UPDATE INDEXES' % names[2])
    left = run(session, 'SELECT a FROM p ORDER BY a')
    run(session, 'UPDATE p SET a = a')
    run(session, 'ALTER TABLE p DROP PARTITION %s' % names[1])

    assert left == [(1,), (3,)]
    assert code_of(standin, run, session, 'UPDATE p SET a = a') == 1502
    run(session, 'ALTER INDEX p_pk REBUILD')
    assert run(session, 'UPDATE p SET a = a') == 1


def test_a_plain_table_is_partitioned_from_12_2_on(standin):
    admin('version', '12.2')
    session = standin.connect('alice', 'pw', 'devdb11')
    run(session, 'CREATE TABLE q (made TIMESTAMP)')
    run(session, 'INSERT INTO q VALUES (:m)', m=datetime.datetime(2018, 3, 5))

    run(session, "ALTER TABLE q MODIFY PARTITION BY RANGE (made) INTERVAL (NUMTOYMINTERVAL(1, 'MONTH')) (PARTITION p1 VALUES LESS THAN "
                 "(TO_DATE('2017-04-14', 'YYYY-MM-DD'))) ONLINE")

    assert run(session, 'SELECT partitioning_type, interval FROM user_part_tables') == [('RANGE', "NUMTOYMINTERVAL(1,'MONTH')")]
    assert run(session, 'SELECT COUNT(*) FROM user_tab_partitions') == [(2,)]
    session.close()


def test_an_unused_column_vanishes_but_is_counted_until_it_is_dropped(filled):
    run(filled, 'ALTER TABLE t SET UNUSED COLUMN extra')

    assert run(filled, 'SELECT table_name, count FROM user_unused_col_tabs') == [('T', 1)]
    run(filled, 'ALTER TABLE t DROP UNUSED COLUMNS')
    assert run(filled, 'SELECT COUNT(*) FROM user_unused_col_tabs') == [(0,)]


def test_dropping_a_column_drops_the_unused_ones_too(filled):
    run(filled, 'ALTER TABLE t SET UNUSED (extra)')

    run(filled, 'ALTER TABLE t DROP COLUMN text')

    assert run(filled, 'SELECT COUNT(*) FROM user_unused_col_tabs') == [(0,)]


def test_a_drop_of_unused_columns_that_is_stopped_makes_the_table_unusable_until_it_is_continued(standin, filled):
    rows = run(filled, 'SELECT id, name FROM t ORDER BY id')
    run(filled, 'ALTER TABLE t SET UNUSED (extra)')
    admin('fail-ddl', '1', '1013')

    stopped = code_of(standin, run, filled, 'ALTER TABLE t DROP UNUSED COLUMNS CHECKPOINT 1000')
    refused = [code_of(standin, run, filled, sql) for sql in (
        'SELECT id FROM t', 'DELETE FROM t', 'ALTER TABLE t ADD (more NUMBER)', 'CREATE INDEX more ON t (name)', 'ALTER TABLE t DROP UNUSED COLUMNS')]
    told = run(filled, 'SELECT table_name FROM user_partial_drop_tabs')
    run(filled, 'ALTER TABLE t DROP COLUMNS CONTINUE CHECKPOINT 1000')

    assert (stopped, refused, told) == (1013, [12986] * 5, [('T',)])
    assert run(filled, 'SELECT id, name FROM t ORDER BY id') == rows
    assert run(filled, 'SELECT COUNT(*) FROM user_partial_drop_tabs') == run(filled, 'SELECT COUNT(*) FROM user_unused_col_tabs') == [(0,)]
    assert code_of(standin, run, filled, 'ALTER TABLE t DROP COLUMNS CONTINUE') == 900


# ---- space, privileges, what is out of order

PARTITIONED = ("CREATE TABLE p (made TIMESTAMP NOT NULL) PARTITION BY RANGE (made) INTERVAL (NUMTOYMINTERVAL(1, 'MONTH')) "
               "(PARTITION p1 VALUES LESS THAN (TO_DATE('2017-04-14', 'YYYY-MM-DD')))")


def blocks(session):
    return run(session, 'SELECT blocks FROM user_ts_quotas')[0][0]


def test_deleted_rows_keep_their_space_until_the_table_is_shrunk(standin, session):
    run(session, 'CREATE TABLE t (id NUMBER)')
    for number in range(5):
        run(session, 'INSERT INTO t VALUES (:n)', n=number)
    run(session, 'DELETE FROM t WHERE id > 0')
    kept = blocks(session)

    assert code_of(standin, run, session, 'ALTER TABLE t SHRINK SPACE') == 10636
    run(session, 'ALTER TABLE t ENABLE ROW MOVEMENT')
    run(session, 'ALTER TABLE t SHRINK SPACE')
    assert (kept, blocks(session)) == (5, 1)


def test_a_table_with_an_index_of_an_expression_cannot_be_shrunk(standin, session):
    run(session, 'CREATE TABLE t (id NUMBER) ENABLE ROW MOVEMENT')
    run(session, 'CREATE INDEX i ON t (id DESC)')

    assert code_of(standin, run, session, 'ALTER TABLE t SHRINK SPACE') == 10631


def test_a_dropped_table_is_in_the_recycle_bin_until_it_is_purged(session):
    run(session, 'CREATE TABLE t (id NUMBER)')
    run(session, 'INSERT INTO t VALUES (1)')
    run(session, 'DROP TABLE t')
    held = run(session, 'SELECT original_name, type, space FROM user_recyclebin')
    before = blocks(session)
    run(session, 'PURGE RECYCLEBIN')

    assert (held, before, blocks(session)) == ([('T', 'TABLE', 1)], 1, 0)
    run(session, 'CREATE TABLE t (id NUMBER)')
    run(session, 'DROP TABLE t PURGE')
    assert run(session, 'SELECT original_name FROM user_recyclebin') == []


def test_a_quota_and_the_end_of_a_password_are_told(session):
    admin('quota', '--user', 'alice', '1')
    before = int(time.time())
    admin('expires', '--user', 'alice', '5')
    after = time.time()

    assert run(session, 'SELECT max_bytes FROM user_ts_quotas') == [(1048576,)]
    status, expires = run(session, 'SELECT account_status, expiry_date FROM user_users')[0]
    earliest, latest = (datetime.datetime.fromtimestamp(moment + 5 * 86400) for moment in (before, after))
    assert status == 'EXPIRED(GRACE)' and earliest <= expires <= latest


@pytest.mark.parametrize('privilege, sql', [('CREATE TABLE', 'CREATE TABLE u (a NUMBER)'), ('CREATE SEQUENCE', 'CREATE SEQUENCE s'),
                                            ('CREATE SYNONYM', 'CREATE SYNONYM y FOR t')])
def test_a_privilege_that_was_taken_is_missing(standin, session, privilege, sql):
    admin('withhold', '--user', 'alice', privilege)

    assert (privilege,) not in run(session, 'SELECT privilege FROM session_privs')
    assert code_of(standin, run, session, sql) == 1031


def test_a_trigger_without_its_sequence_and_a_synonym_without_its_table_are_invalid(session):
    run(session, 'CREATE TABLE t (id NUMBER)')
    run(session, 'CREATE SEQUENCE s')
    run(session, 'CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW\nBEGIN\n  SELECT s.nextval INTO :new.id FROM dual;\nEND;')
    run(session, 'CREATE SYNONYM y FOR nothing')
    before = run(session, "SELECT object_name FROM user_objects WHERE status <> 'VALID'")
    run(session, 'DROP SEQUENCE s')

    assert before == [('Y',)]
    assert run(session, "SELECT object_name FROM user_objects WHERE status <> 'VALID' ORDER BY object_name") == [('G',), ('Y',)]


def test_a_partition_can_be_emptied_and_breaks_the_indexes_that_are_not_updated(standin, session):
    run(session, PARTITIONED)
    run(session, 'CREATE UNIQUE INDEX i ON p (made)')
    for year in ('2016', '2018'):
        run(session, "INSERT INTO p VALUES (TIMESTAMP '%s-01-01 00:00:00')" % year)

    run(session, 'ALTER TABLE p TRUNCATE PARTITION p1 UPDATE INDEXES')
    assert run(session, 'SELECT COUNT(*) FROM p') == [(1,)]
    assert code_of(standin, run, session, 'ALTER TABLE p TRUNCATE PARTITION p9') == 2149
    run(session, 'ALTER TABLE p TRUNCATE PARTITION p1')
    assert code_of(standin, run, session, "INSERT INTO p VALUES (TIMESTAMP '2019-01-01 00:00:00')") == 1502
