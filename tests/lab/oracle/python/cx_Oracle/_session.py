# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Connections and cursors with the surface of cx_Oracle."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import datetime
import os
import re
import sqlite3
import threading

from cx_Oracle import _alter, _catalog, _functions, _parse, _query, _store, _tables
from cx_Oracle._alter import Alterer
from cx_Oracle._apply import Applier
from cx_Oracle._errors import DatabaseError, InterfaceError, NotSupportedError, driver_error, ora
from cx_Oracle._tokens import Reader

_text = type(u'')
_DDL = ('CREATE', 'DROP', 'ALTER', 'TRUNCATE', 'PURGE', 'GRANT', 'REVOKE', 'COMMENT', 'RENAME')
_SESSION_PARAMETERS = ('DDL_LOCK_TIMEOUT', 'NLS_DATE_FORMAT', 'NLS_TIMESTAMP_FORMAT', 'SQL_TRACE', 'TIME_ZONE')
_FIRST_WORD = re.compile(r'(?:\s+|--[^\n]*\n|/\*.*?\*/)*([A-Za-z]+)', re.DOTALL)
_PYTHON2 = str is not _text


class DbType:
    """A type as in a cursor's description."""

    def __init__(self, name, size=None):
        self.name = name
        self.size = size

    def __repr__(self):
        return '<cx_Oracle.DbType %s>' % self.name


STRING = DbType('DB_TYPE_VARCHAR', 4000)
FIXED_CHAR = DbType('DB_TYPE_CHAR', 2000)
NUMBER = DbType('DB_TYPE_NUMBER', 127)
DATETIME = DbType('DB_TYPE_DATE', 23)
TIMESTAMP = DbType('DB_TYPE_TIMESTAMP', 23)
CLOB = DbType('DB_TYPE_CLOB')
BLOB = DbType('DB_TYPE_BLOB')
LONG_STRING = DbType('DB_TYPE_LONG')
ROWID = DbType('DB_TYPE_ROWID', 18)
_TYPES = {'VARCHAR2': STRING, 'CHAR': FIXED_CHAR, 'NUMBER': NUMBER, 'DATE': DATETIME, 'TIMESTAMP': TIMESTAMP, 'CLOB': CLOB, 'LONG': LONG_STRING,
          'ROWID': ROWID, None: STRING}


class LOB:
    """What a CLOB column gives: a locator with the value behind it."""

    def __init__(self, value):
        self._value = value

    def read(self, offset=1, amount=None):
        end = None if amount is None else offset - 1 + amount
        return self._value[offset - 1:end]

    def size(self):
        return len(self._value)

    def __str__(self):
        return self._value


class Variable:
    """A bind variable, as cursor.var makes it."""

    def __init__(self, kind, arraysize=1):
        self.type = kind
        self.values = [None] * arraysize

    def setvalue(self, position, value):
        self.values[position] = value

    def getvalue(self, position=0):
        return self.values[position]


class Connection:
    """One session. Any thread may use it, one at a time, as the REST server's pool does."""

    def __init__(self, user, password, dsn):
        self.store = _store.open_store(dsn)
        try:
            self.user = str(_store.log_in(self.store, user, password))
        except DatabaseError:
            self.store.close()
            raise
        self._lock = threading.RLock()
        self._closed = False
        self._in_transaction = False
        self._statements = {}
        self._schema = self.user
        self.length_semantics = 'BYTE'
        _functions.register(self.store)
        self.release = str(_store.parameter(self.store, 'version'))
        self.username = user
        self.dsn = self.tnsentry = dsn
        self.encoding = self.nencoding = 'UTF-8'
        self.stmtcachesize = 20
        self.autocommit = False
        self.outputtypehandler = None
        self.inputtypehandler = None
        self.client_identifier = self.clientinfo = self.module = self.action = ''

    @property
    def version(self):
        return self.version_number + ' (stand-in for tests, not Oracle)'

    @property
    def version_number(self):
        return _store.VERSIONS[self.release]

    def at_least(self, *version):
        return tuple(int(part) for part in self.release.split('.')) >= version

    @property
    def current_schema(self):
        return self._schema

    @current_schema.setter
    def current_schema(self, name):
        # As with the real driver, an unknown schema shows at the next statement; here it shows at once.
        if not self.store.execute('select 1 from "$account" where name = ?', (name.upper(),)).fetchone():
            raise ora(1435)
        self._schema = name.upper()

    def cursor(self):
        self._check()
        return Cursor(self)

    def ping(self):
        self._check()

    def begin(self):
        self._check()

    def commit(self):
        self._finish('commit')

    def rollback(self):
        self._finish('rollback')

    def cancel(self):
        self._check()

    def close(self):
        if self._closed:
            raise driver_error(DatabaseError, 'DPI-1010: not connected')
        self.store.close()
        self._closed = True

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.close()

    def run(self, sql, binds):
        """Rows, columns and the count of touched rows of one statement."""
        with self._lock:
            self._check()
            _log(self, sql)
            try:
                return self._run(sql, binds)
            except sqlite3.OperationalError as error:
                raise ora(54) if 'locked' in str(error) or 'busy' in str(error) else ora(900, str(error))

    def _run(self, sql, binds):
        verb = _first_word(sql)
        if verb in ('COMMIT', 'ROLLBACK'):
            self._finish(verb.lower())
        elif verb == 'SET':
            self._set_role(Reader(sql))
        elif verb == 'ALTER' and Reader(sql).sees('ALTER', 'SESSION'):
            self._alter_session(Reader(sql))
        elif verb in _DDL:
            self._ddl(sql)
        elif verb in ('BEGIN', 'DECLARE', 'CALL'):
            raise ora(900, 'PL/SQL')
        else:
            statement = self._translated(sql)
            return self._query(statement, binds) if statement.columns is not None else self._change(statement, binds)
        return [], None, 0

    def _translated(self, sql):
        """Queries of the dictionary are kept, as the driver's statement cache does."""
        key = (sql, self.length_semantics)
        statement = self._statements.get(key) or _query.translate(self, sql)
        if statement.lasting:
            self._statements[key] = statement
        return statement

    def _query(self, statement, binds):
        values = _bound(statement.binds, binds)
        if statement.sequences:
            self._begin()
            values.update(self._numbers(statement))
        return self._execute(statement.sql, values).fetchall(), statement.columns, 0

    def _execute(self, sql, values):
        try:
            return self.store.execute(sql, values)
        except sqlite3.OperationalError as error:
            # An exception of one of our functions: a text that is no number or no date.
            raise ora(1722) if 'user-defined function' in str(error) else error

    def _change(self, statement, binds):
        values = _bound(statement.binds, binds)
        _tables.need_usable_indexes(self, *statement.table)
        self._begin()
        values.update(self._numbers(statement))
        verb = statement.sql.split(' ', 1)[0]
        if verb == 'delete':
            _tables.note_rows(self, *statement.table)
        try:
            count = self._execute(statement.sql, values).rowcount
        except sqlite3.IntegrityError as error:
            raise _tables.error_of(self, statement, verb, str(error)) or error
        if verb != 'delete':
            _tables.add_partitions(self, *statement.table)
        return [], None, count

    def _numbers(self, statement):
        return dict(('S_%d' % number, _catalog.next_value(self, name)) for number, name in enumerate(statement.sequences, 1))

    def _begin(self):
        if not self._in_transaction:
            self.store.execute('begin immediate')
            self._in_transaction = True

    def _ddl(self, sql):
        """A commit before and after, also when it fails."""
        self._finish('commit')
        command = _parse.parse(sql, 128 if self.at_least(12, 2) else 30)
        fault = _store.next_fault(self.store)
        if fault:
            if command.verb == 'drop unused' and command.checkpoint:
                # What lies before the last checkpoint is done.
                self.store.execute('update "$table" set half_dropped = 1 where owner = ? and name = ?', (self.user, command.table))
            raise ora(fault)
        # Foreign keys are checked by the commands themselves, and cannot be switched inside a transaction.
        self.store.execute('pragma foreign_keys = off')
        self.store.execute('begin immediate')
        try:
            (Alterer if command.verb in _alter.VERBS else Applier)(self).act(command)
            self.store.execute('commit')
        except BaseException:
            self.store.execute('rollback')
            raise
        finally:
            self.store.execute('pragma foreign_keys = on')

    def _set_role(self, reader):
        reader.need('SET', 'ROLE')
        if not reader.take('NONE'):
            raise ora(1919, reader.name())
        reader.end()

    def _alter_session(self, reader):
        reader.need('ALTER', 'SESSION', 'SET')
        name = reader.name()
        reader.need('=', code=927)
        value = reader.next().value
        reader.end()
        if name == 'CURRENT_SCHEMA':
            self.current_schema = value
        elif name == 'NLS_LENGTH_SEMANTICS' and value in ('BYTE', 'CHAR'):
            self.length_semantics = str(value)
        elif name not in _SESSION_PARAMETERS:
            raise ora(2248)

    def _finish(self, how):
        with self._lock:
            self._check()
            if self._in_transaction:
                self._in_transaction = False
                self.store.execute(how)

    def _check(self):
        if self._closed:
            raise driver_error(DatabaseError, 'DPI-1010: not connected')
        if _store.parameter(self.store, 'down'):
            raise ora(3113)


class Cursor:
    """Runs a statement at a time. All rows are read at once: no lock outlives the call."""

    def __init__(self, connection):
        self.connection = connection
        self.arraysize = 100
        self.prefetchrows = 2
        self.bindarraysize = 1
        self.description = None
        self.rowcount = 0
        self.statement = None
        self.rowfactory = None
        self.outputtypehandler = None
        self.inputtypehandler = None
        self.bindvars = None
        self._rows = iter(())
        self._closed = False

    def prepare(self, statement, tag=None):
        self._check()
        self.statement = statement

    def parse(self, statement):
        """As the server does: a query is checked and not run."""
        self.prepare(statement)
        if _first_word(statement) in ('SELECT', 'WITH', 'INSERT', 'UPDATE', 'DELETE'):
            _query.translate(self.connection, statement)

    def setinputsizes(self, *sizes, **named):
        self._check()

    def setoutputsize(self, size, column=None):
        self._check()

    def var(self, kind, size=0, arraysize=1, **options):
        return Variable(kind, arraysize)

    def execute(self, statement, parameters=None, **named):
        """The cursor for a query, None else; statement None is the prepared one."""
        self._check()
        if parameters is not None and named:
            raise driver_error(InterfaceError, 'expecting argument or keyword arguments, not both')
        if statement is not None:
            self.statement = statement
        if not self.statement:
            raise driver_error(DatabaseError, 'no statement specified and no prior statement prepared')
        self.bindvars = named or parameters or {}
        rows, columns, count = self.connection.run(self.statement, self.bindvars)
        if columns is None:
            self.description, self._rows, self.rowcount = None, iter(()), count
            if self.connection.autocommit:
                self.connection.commit()
            return None
        self.description = [_described(name, kind) for name, kind in columns]
        convert = self._converters(columns)
        if any(to_python is not _to_text or _PYTHON2 for to_python in convert):
            rows = [tuple([to_python(value) for to_python, value in zip(convert, row)]) for row in rows]
        self._rows = iter(rows)
        self.rowcount = 0
        return self

    def executemany(self, statement, parameters, batcherrors=False, arraydmlrowcounts=False):
        if batcherrors or arraydmlrowcounts:
            raise driver_error(NotSupportedError, 'batcherrors and arraydmlrowcounts: the stand-in does not know them')
        if isinstance(parameters, int):
            parameters = [{}] * parameters
        total = 0
        for row in parameters:
            self.execute(statement, row)
            statement = None
            total += self.rowcount
        self.rowcount = total

    def _converters(self, columns):
        handler = self.outputtypehandler or self.connection.outputtypehandler
        found = []
        for name, kind in columns:
            variable = handler(self, name, _TYPES[kind], _TYPES[kind].size or 0, None, None) if handler else None
            found.append(_converter(kind, variable.type if variable else None))
        return found

    def fetchone(self):
        self._check_query()
        for row in self._rows:
            self.rowcount += 1
            return row if self.rowfactory is None else self.rowfactory(*row)
        return None

    def fetchmany(self, numRows=None, size=None):
        rows = []
        while len(rows) < (numRows or size or self.arraysize):
            row = self.fetchone()
            if row is None:
                break
            rows.append(row)
        return rows

    def fetchall(self):
        self._check_query()
        return list(self)

    def __iter__(self):
        self._check_query()
        return self

    def __next__(self):
        row = self.fetchone()
        if row is None:
            raise StopIteration
        return row

    next = __next__

    def callproc(self, name, parameters=(), keywordParameters=None):
        raise driver_error(NotSupportedError, 'PL/SQL: the stand-in does not run it (%s)' % name)

    def close(self):
        self._check()
        self._closed = True

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self._closed = True

    def _check(self):
        if self._closed:
            raise driver_error(InterfaceError, 'not open')

    def _check_query(self):
        self._check()
        if self.description is None:
            raise driver_error(InterfaceError, 'not a query')


def _first_word(sql):
    """A trigger's body is no SQL, so only the first token is looked at."""
    match = _FIRST_WORD.match(sql)
    return match.group(1).upper() if match else ''


def _bound(names, values):
    """The values by bind name, as SQLite wants them. A name is upper case in both."""
    if isinstance(values, dict):
        given = dict((name.upper(), value) for name, value in values.items())
        if set(given) - set(names):
            raise ora(1036)
    else:
        if len(values) > len(names):
            raise ora(1036)
        given = dict(zip(names, values))
    if set(names) - set(given):
        raise ora(1008)
    return dict(('B_' + name, _to_store(value)) for name, value in given.items())


def _to_store(value):
    """An empty string is NULL; times are text that sorts as time does."""
    if isinstance(value, Variable):
        value = value.getvalue()
    if isinstance(value, LOB):
        value = value.read()
    if isinstance(value, datetime.datetime):
        return value.strftime('%Y-%m-%d %H:%M:%S.') + '%06d' % value.microsecond
    if isinstance(value, datetime.date):
        return value.strftime('%Y-%m-%d 00:00:00.000000')
    if isinstance(value, bytes):
        value = value.decode('utf-8')
    if isinstance(value, bool):
        return int(value)
    if value is None or isinstance(value, (float, int, type(2 ** 63))):
        return value
    if not isinstance(value, _text):
        raise driver_error(NotSupportedError, 'Python value of type %s not supported.' % type(value).__name__)
    return value or None


def _described(name, kind):
    dbtype = _TYPES[kind]
    return (str(name), dbtype, dbtype.size, dbtype.size, 0 if dbtype is NUMBER else None, -127 if dbtype is NUMBER else None, 1)


def _converter(kind, wanted):
    if kind in ('DATE', 'TIMESTAMP'):
        return _to_datetime
    if kind == 'CLOB' and wanted not in (LONG_STRING, STRING):
        return _to_lob
    if kind == 'LONG' and wanted is STRING:
        # Forcing a LONG into a VARCHAR2 buffer truncates it.
        return _refuse_long
    return _to_text


def _to_datetime(value):
    if value is None:
        return None
    whole, _dot, fraction = value.partition('.')
    moment = datetime.datetime.strptime(str(whole), '%Y-%m-%d %H:%M:%S')
    return moment.replace(microsecond=int((fraction + '000000')[:6]))


def _to_lob(value):
    return None if value is None else LOB(_to_text(value))


def _refuse_long(value):
    if value is not None:
        raise ora(1406)


def _to_text(value):
    return value.encode('utf-8') if _PYTHON2 and isinstance(value, _text) else value


def _log(connection, sql):
    """Every statement, one a line, where a test asked for it."""
    path = os.environ.get('ORACLE_STANDIN_LOG')
    if path:
        with open(path, 'a') as log:
            log.write('%s@%s %s\n' % (connection.user, connection.dsn, ' '.join(sql.split())))
