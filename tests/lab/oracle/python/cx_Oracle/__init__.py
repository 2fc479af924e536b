# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""THIS IS NOT ORACLE AND NOT cx_Oracle: a stand-in for tests, over the SQLite of Python's standard library.

It has the surface of cx_Oracle as far as the CRAB REST server and this collection use it, so that a laboratory host can
run with production's configuration (``import cx_Oracle as DB``). It is strict: a statement that it does not know is
refused, never passed over. What it proves and what not stands in the README.md above it.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import datetime as _datetime

from cx_Oracle._errors import (DatabaseError, DataError, Error, IntegrityError, InterfaceError, InternalError, NotSupportedError, OperationalError,
                               ProgrammingError, Warning, driver_error as _driver_error)
from cx_Oracle._session import (BLOB, CLOB, Connection, Cursor, DATETIME, FIXED_CHAR, LOB, LONG_STRING, NUMBER, ROWID, STRING, TIMESTAMP, Variable)

__all__ = [
    'BLOB', 'CLOB', 'Connection', 'Cursor', 'DATETIME', 'DataError', 'DatabaseError', 'Error', 'FIXED_CHAR', 'IntegrityError', 'InterfaceError',
    'InternalError', 'LOB', 'LONG_STRING', 'NUMBER', 'NotSupportedError', 'OperationalError', 'ProgrammingError', 'ROWID', 'STRING', 'TIMESTAMP',
    'Variable', 'Warning', 'clientversion', 'connect', 'init_oracle_client', 'makedsn',
]
__standin__ = True
__version__ = version = '8.3.0'
buildtime = 'a stand-in for tests, not Oracle'
apilevel = '2.0'
threadsafety = 2
paramstyle = 'named'

DB_TYPE_VARCHAR = STRING
DB_TYPE_NUMBER = NUMBER
DB_TYPE_DATE = DATETIME
DB_TYPE_TIMESTAMP = TIMESTAMP
DB_TYPE_CLOB = CLOB
DB_TYPE_LONG = LONG_STRING
NCLOB = CLOB
NATIVE_FLOAT = DB_TYPE_BINARY_DOUBLE = NUMBER
DEFAULT_AUTH = 0
SYSDBA = 2

Date = _datetime.date
Timestamp = _datetime.datetime
DateFromTicks = _datetime.date.fromtimestamp
TimestampFromTicks = _datetime.datetime.fromtimestamp


def connect(user=None, password=None, dsn=None, mode=DEFAULT_AUTH, handle=0, pool=None, threaded=False, events=False, cclass=None, purity=0,
            newpassword=None, encoding=None, nencoding=None, edition=None, appcontext=None, tag=None, matchanytag=False):
    """A connection of this account; (user, password, dsn), or one text user/password@dsn."""
    if mode != DEFAULT_AUTH or pool is not None or newpassword is not None:
        raise _driver_error(NotSupportedError, 'The stand-in only knows plain connections.')
    if user and password is None and dsn is None and '/' in user:
        user, _slash, rest = user.partition('/')
        password, _at, dsn = rest.rpartition('@')
    if not user or not password or not dsn:
        raise _driver_error(DatabaseError, 'The stand-in needs user, password and dsn.')
    return Connection(user, password, dsn)


def makedsn(host, port, sid=None, service_name=None, **options):
    """The description that the real one makes of these."""
    target = '(SID=%s)' % sid if sid else '(SERVICE_NAME=%s)' % service_name
    return '(DESCRIPTION=(ADDRESS=(PROTOCOL=TCP)(HOST=%s)(PORT=%s))(CONNECT_DATA=%s))' % (host, port, target)


def clientversion():
    return (19, 0, 0, 0, 0)


def init_oracle_client(lib_dir=None, config_dir=None, error_url=None, driver_name=None):
    """There is no client library to load."""
