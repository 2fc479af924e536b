# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import sys
import types

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._schema import driver


class Details:
    """What exception.args[0] of both drivers is."""

    def __init__(self, code, message):
        self.code = code
        self.message = message


class Lob:
    def read(self):
        return u'long text'


class Cursor:
    def __init__(self, rows):
        self.rows = rows
        self.closed = False

    def execute(self, sql, **binds):
        if sql == 'BAD':
            raise self.error(Details(942, 'ORA-00942: table or view does not exist'))
        self.sent = (sql, binds)

    def fetchall(self):
        return self.rows

    def close(self):
        self.closed = True


class Session:
    version = '19.3.0.0.0'

    def cursor(self):
        return Cursor([(b'caf\xc3\xa9', Lob(), 1, None)])


def fake_driver(monkeypatch, name, failure=None, **attributes):
    """A module in sys.modules; connect keeps its arguments, or raises."""
    module = types.ModuleType(name)
    module.Error = type('DatabaseError', (Exception,), {})
    module.version = '1.2.3'
    module.connected = []
    Cursor.error = module.Error

    def connect(**arguments):
        if failure is not None:
            raise module.Error(failure)
        module.connected.append(arguments)
        return Session()
    module.connect = connect
    for key, value in attributes.items():
        setattr(module, key, value)
    monkeypatch.setitem(sys.modules, name, module)
    return module


def absent(monkeypatch, *names):
    for name in names:
        monkeypatch.setitem(sys.modules, name, None)


def test_auto_takes_cx_oracle_where_it_is(monkeypatch):
    fake_driver(monkeypatch, 'cx_Oracle')
    fake_driver(monkeypatch, 'oracledb')

    assert driver.connect('db', 'alice', 'pw').driver == 'cx_Oracle 1.2.3'


def test_auto_falls_back_to_oracledb_and_tells_its_mode(monkeypatch):
    absent(monkeypatch, 'cx_Oracle')
    fake_driver(monkeypatch, 'oracledb', is_thin_mode=lambda: True)

    assert driver.connect('db', 'alice', 'pw').driver == 'oracledb 1.2.3 thin'


def test_a_client_folder_makes_oracledb_thick(monkeypatch):
    called = []
    fake_driver(monkeypatch, 'oracledb', is_thin_mode=lambda: not called, init_oracle_client=lambda lib_dir=None: called.append(lib_dir))

    connection = driver.connect('db', 'alice', 'pw', 'oracledb', client_dir='/opt/client')

    assert (called, connection.driver) == (['/opt/client'], 'oracledb 1.2.3 thick')


def test_only_cx_oracle_is_told_the_encoding(monkeypatch):
    old, new = fake_driver(monkeypatch, 'cx_Oracle'), fake_driver(monkeypatch, 'oracledb')

    driver.connect('db', 'alice', 'pw', 'cx_Oracle')
    driver.connect('db', 'alice', 'pw', 'oracledb')

    assert old.connected == [{'user': 'alice', 'password': 'pw', 'dsn': 'db', 'encoding': 'UTF-8', 'nencoding': 'UTF-8'}]
    assert new.connected == [{'user': 'alice', 'password': 'pw', 'dsn': 'db'}]


def test_no_driver_says_what_was_tried_and_how_to_get_one(monkeypatch):
    absent(monkeypatch, 'cx_Oracle', 'oracledb')

    with pytest.raises(driver.DriverMissing) as caught:
        driver.connect('db', 'alice', 'pw')

    assert caught.value.message.startswith('No Oracle driver for %s: cx_Oracle (' % sys.executable)
    assert caught.value.hint == 'Install cx_Oracle or oracledb for this Python, or name the folder that holds one in python_path.'


def test_a_driver_is_found_in_python_path(monkeypatch, tmp_path):
    (tmp_path / 'oracledb.py').write_text(u'version = "from the folder"\n')
    monkeypatch.setattr(sys, 'path', list(sys.path))
    monkeypatch.delitem(sys.modules, 'oracledb', raising=False)

    module = driver.load('oracledb', [str(tmp_path)])
    monkeypatch.delitem(sys.modules, 'oracledb')

    assert module.version == 'from the folder'


def test_a_python_path_that_is_no_folder_is_named(tmp_path):
    with pytest.raises(CrabError) as caught:
        driver.load('oracledb', [str(tmp_path / 'no')])

    assert caught.value.message == 'python_path: there is no folder %s on this host.' % (tmp_path / 'no')


@pytest.mark.parametrize('text, code, hint', [
    ('ORA-01017: invalid username/password; logon denied', 'ORA-01017', 'oracle_schema_password'),
    ('ORA-12154: TNS:could not resolve the connect identifier specified', 'ORA-12154', 'tnsnames.ora'),
    ('ORA-12541: TNS:no listener', 'ORA-12541', 'Nothing listens there'),
    ('ORA-28000: the account is locked', 'ORA-28000', 'unlock'),
    ('ORA-28001: the password has expired', 'ORA-28001', 'set a new one'),
    ('DPY-3010: connections to this database server version are not supported', 'DPY-3010', 'client_dir'),
    ('DPY-6005: cannot connect to database', 'DPY-6005', 'cannot be reached'),
    ('DPY-6005: cannot connect to database. DPY-6001: Service "x" is not registered with the listener', 'DPY-6001', 'service name'),
    ('ORA-54032: column to be renamed is used in a virtual column expression', 'ORA-54032', 'DROP_EXTENDED_STATS'),
    ('TNS-12541: no listener', 'TNS-12541', 'Nothing listens there'),
])
def test_a_refused_login_says_what_to_do(monkeypatch, text, code, hint):
    fake_driver(monkeypatch, 'cx_Oracle', failure=Details(0, text))

    with pytest.raises(driver.DatabaseProblem) as caught:
        driver.connect('db', 'alice', 'pw', 'cx_Oracle')

    assert caught.value.code == code
    assert caught.value.message == 'Cannot connect to db as alice with cx_Oracle: %s.' % text
    assert hint in caught.value.hint


def test_an_error_of_the_network_while_connecting_is_a_problem_like_any_other(monkeypatch):
    module = fake_driver(monkeypatch, 'oracledb')

    def connect(**dummy):
        raise IOError(110, 'Connection timed out with Zecret9')
    module.connect = connect

    with pytest.raises(driver.DatabaseProblem) as caught:
        driver.connect('db', 'alice', 'Zecret9', 'oracledb')

    assert caught.value.message == 'Cannot connect to db as alice with oracledb: [Errno 110] Connection timed out with ********.'


def test_a_missing_client_library_is_a_missing_driver(monkeypatch):
    fake_driver(monkeypatch, 'cx_Oracle', failure=Details(0, 'DPI-1047: Cannot locate a 64-bit Oracle Client library'))

    with pytest.raises(driver.DriverMissing) as caught:
        driver.connect('db', 'alice', 'pw', 'cx_Oracle')

    assert 'Instant Client' in caught.value.hint


def test_the_text_is_one_line_without_links(monkeypatch):
    fake_driver(monkeypatch, 'cx_Oracle', failure=Details(0, 'DPY-6005: cannot connect\nrefused\nHelp: https://example.org/x#dpy-6005'))

    with pytest.raises(driver.DatabaseProblem) as caught:
        driver.connect('db', 'alice', 'pw', 'cx_Oracle')

    assert caught.value.message == 'Cannot connect to db as alice with cx_Oracle: DPY-6005: cannot connect refused.'


def test_a_password_in_the_driver_s_text_is_masked(monkeypatch):
    fake_driver(monkeypatch, 'cx_Oracle', failure=Details(0, 'cannot parse alice/Zecret9@db'))

    with pytest.raises(driver.DatabaseProblem) as caught:
        driver.connect('db', 'alice', 'Zecret9', 'cx_Oracle')

    assert caught.value.args[0] == 'Cannot connect to db as alice with cx_Oracle: cannot parse alice/********@db.'


def test_values_come_as_text_and_numbers(monkeypatch):
    fake_driver(monkeypatch, 'cx_Oracle')

    rows = driver.connect('db', 'alice', 'pw').select('SELECT 1 FROM dual')

    assert rows == [(u'caf\xe9', u'long text', 1, None)]


def test_an_error_names_its_statement_on_one_line(monkeypatch):
    fake_driver(monkeypatch, 'cx_Oracle')

    with pytest.raises(driver.DatabaseProblem) as caught:
        driver.connect('db', 'alice', 'pw').run('BAD')

    assert (caught.value.code, caught.value.statement) == ('ORA-00942', 'BAD')
    assert caught.value.message == 'The database refused: ORA-00942: table or view does not exist. (statement: BAD)'


def test_the_server_s_version_is_also_numbers(monkeypatch):
    fake_driver(monkeypatch, 'cx_Oracle')

    assert driver.connect('db', 'alice', 'pw').version == (19, 3, 0, 0, 0)


def test_a_long_statement_is_shortened():
    assert driver.shortened('x' * 300) == 'x' * 197 + '...'


def test_the_folder_of_tnsnames_is_known_to_the_client_before_it_is_loaded(monkeypatch):
    module = fake_driver(monkeypatch, 'oracledb')
    monkeypatch.setenv('TNS_ADMIN', '/elsewhere')
    seen = []
    monkeypatch.setattr(driver, 'load', lambda *names: seen.append(os.environ['TNS_ADMIN']) or module)

    driver.connect('devdb11', 'alice', 'pw', 'oracledb', tns_admin='/etc/oracle')
    driver.connect('devdb11', 'alice', 'pw', 'oracledb')

    assert seen == ['/etc/oracle'] * 2


@pytest.mark.parametrize('dsn, refused', [
    ('alice/pw@devdb11', True), ('alice@devdb11', True), ('alice/p(w@devdb11', True), ('db.example.org:1521/devdb', False),
    ('(DESCRIPTION=(ADDRESS=(HOST=a@b)))', False)])
def test_a_connect_string_with_an_account_in_it_is_refused(dsn, refused):
    if refused:
        with pytest.raises(CrabError, match='stands before an @ in it'):
            driver.refuse_account_in(dsn)
    else:
        driver.refuse_account_in(dsn)


class Broken(Session):
    """What is left of a session after the network went."""

    def __init__(self, error):
        self.error = error

    def cursor(self):
        raise self.error

    def close(self):
        raise self.error


@pytest.mark.parametrize('raised, said', [
    (None, 'The database refused: ORA-03113: end-of-file on communication channel. (statement: SELECT 1)'),
    (IOError(32, 'Broken pipe'), 'The connection to the database broke: [Errno 32] Broken pipe. (statement: SELECT 1)')])
def test_a_connection_that_breaks_is_a_problem_like_any_other_and_closing_it_is_none(monkeypatch, raised, said):
    module = fake_driver(monkeypatch, 'oracledb')
    error = raised or module.Error(Details(3113, 'ORA-03113: end-of-file on communication channel'))
    module.connect = lambda **arguments: Broken(error)
    connection = driver.connect('db', 'alice', 'pw', 'oracledb')

    with pytest.raises(driver.DatabaseProblem) as caught:
        connection.select('SELECT 1')
    connection.close()

    assert caught.value.message == said
