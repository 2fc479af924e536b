# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""cx_Oracle or oracledb behind one small surface: select, run, and errors that say what to do."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import importlib
import os
import re
import sys

from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_native, to_text

DRIVERS = ('cx_Oracle', 'oracledb')
_CODE = re.compile(r'\b(ORA|DPY|DPI|TNS)-(\d{4,5})')
_LINKS = re.compile(r'\n?Help: \S+|\. See https?://\S+ for help')
_PLAIN = (type(u''), int, float, type(None))
_EXTENDED_STATISTICS = ('Statistics of several columns hang on it, which the server may have made by itself: look into USER_STAT_EXTENSIONS, and take them '
                        'away with DBMS_STATS.DROP_EXTENDED_STATS.')
_HINTS = {
    'ORA-00054': 'Another session holds a lock on the object: stop the service or its workers, or raise lock_timeout, and run again.',
    'ORA-00439': 'This server was installed without that option; partitioned tables need the Partitioning option of the Enterprise Edition.',
    'ORA-01017': 'Check the variables oracle_schema_user and oracle_schema_password; after some wrong tries the server locks the account.',
    'ORA-01031': 'The account lacks a privilege: ask the administrator of the database for it.',
    'ORA-01045': 'The account lacks CREATE SESSION: ask the administrator of the database for it.',
    'ORA-01536': 'The quota of the account is used up: purge old rows or the recycle bin, or ask for more.',
    'ORA-01722': 'A text that is to become a number is none: find and correct it first.',
    'ORA-01950': 'The account has no quota on its tablespace: ask the administrator of the database for one.',
    'ORA-12986': 'A drop of columns was stopped halfway: run the update of the tables (schema_update.yml), which ends it.',
    'ORA-12154': 'The dsn is no name that this host resolves: check oracle_schema_dsn and tnsnames.ora (oracle_schema_tnsnames), or write host:port/service.',
    'ORA-12170': 'The listener did not answer in time: check oracle_schema_dsn and the firewall between this host and the database.',
    'ORA-12514': 'The listener knows no such service: check the service name in oracle_schema_dsn.',
    'ORA-12541': 'Nothing listens there: check host and port of oracle_schema_dsn, and that the database is up.',
    'ORA-28000': 'The account is locked: ask the administrator of the database to unlock it, and correct whatever uses the old password.',
    'ORA-28001': 'The password has expired: set a new one at the database and in oracle_schema_password.',
    'ORA-54031': _EXTENDED_STATISTICS,
    'ORA-54032': _EXTENDED_STATISTICS,
    'DPI-1047': 'cx_Oracle (and oracledb in thick mode) needs the Oracle client libraries: install Instant Client and name its folder in client_dir.',
    'DPY-3010': 'oracledb in thin mode needs a server of 12.1 or newer: set client_dir to the folder of an Oracle client, or driver to cx_Oracle.',
    'DPY-3015': 'oracledb in thin mode does not know this password verifier: set client_dir to the folder of an Oracle client.',
    'DPY-4000': 'The dsn is no name that this host resolves: check oracle_schema_dsn and tnsnames.ora (oracle_schema_tnsnames), or write host:port/service.',
    'DPY-4027': 'The dsn is no name that this host resolves without tnsnames.ora: set oracle_schema_tnsnames or tns_admin, or write host:port/service.',
    'DPY-6001': 'The listener knows no such service: check the service name in oracle_schema_dsn.',
    'DPY-6003': 'The listener knows no such SID: check the end of oracle_schema_dsn.',
    'DPY-6005': 'The database cannot be reached: check host and port of oracle_schema_dsn, and that the database is up.',
}
_HINTS.update({'TNS-' + code[4:]: hint for code, hint in list(_HINTS.items()) if code.startswith('ORA-12')})


class DatabaseProblem(CrabError):
    """What the database or its client answered. code is such as ORA-00955, empty if there was none; statement is its SQL."""

    def __init__(self, code, text, statement=''):
        CrabError.__init__(self, text, _HINTS.get(code, ''))
        self.code = code
        self.statement = statement


class DriverMissing(CrabError):
    """There is no driver, or no client library under it: what a later stage of a deployment may still bring."""


def connect(dsn, user, password, driver='auto', python_path=(), client_dir=None, tns_admin=None):
    """A Connection of this account.

    :param driver: cx_Oracle, oracledb, or auto: the first of the two that can be imported.
    :param python_path: folders to look for the driver in, before those of this Python.
    :param client_dir: folder of an Oracle client for oracledb, which then works in its thick mode.
    :param tns_admin: folder of tnsnames.ora, where it is none that the client looks into by itself.
    """
    if tns_admin:
        # Every client reads it when it starts, so before it is imported.
        os.environ['TNS_ADMIN'] = to_native(tns_admin)
    refuse_account_in(dsn)
    module = load(driver, python_path)
    try:
        if client_dir and module.__name__ == 'oracledb':
            module.init_oracle_client(lib_dir=client_dir)
        made = module.connect(user=to_native(user), password=to_native(password), dsn=to_native(dsn), **_encoding(module))
    except (module.Error, EnvironmentError) as error:
        problem = _problem(error, 'Cannot connect to %s as %s with %s' % (dsn, user, module.__name__), password)
        raise DriverMissing(problem.message, problem.hint) if problem.code == 'DPI-1047' else problem
    return Connection(module, made, password)


def refuse_account_in(dsn):
    """A connect string is shown in messages, so that no password may be in it."""
    if '@' in dsn and not dsn.lstrip().startswith('('):
        raise CrabError('dsn: an account or a password stands before an @ in it, where logs would show it.', 'Write only what comes behind the @.')


def load(driver='auto', python_path=()):
    """The driver's module."""
    for folder in reversed(list(python_path or ())):
        if not os.path.isdir(folder):
            raise DriverMissing('python_path: there is no folder %s on this host.' % folder, 'Name folders that hold cx_Oracle or oracledb.')
        if folder not in sys.path:
            sys.path.insert(0, folder)
    wanted = DRIVERS if driver == 'auto' else (driver,)
    reasons = []
    for name in wanted:
        try:
            return importlib.import_module(name)
        except ImportError as error:
            reasons.append('%s (%s)' % (name, error))
    raise DriverMissing('No Oracle driver for %s: %s.' % (sys.executable, ', '.join(reasons)),
                        'Install cx_Oracle or oracledb for this Python, or name the folder that holds one in python_path.')


def _encoding(module):
    """cx_Oracle before 8 takes the client's locale for its encoding; oracledb knows only UTF-8 and has dropped the word."""
    return {'encoding': 'UTF-8', 'nencoding': 'UTF-8'} if module.__name__ == 'cx_Oracle' else {}


class Connection:
    """One session. Everything it raises is a DatabaseProblem; the password is in none of them."""

    def __init__(self, module, connection, password):
        self._module = module
        self._connection = connection
        self._password = password

    @property
    def driver(self):
        """Name, version and mode of the client, such as 'oracledb 1.4.2 thin'."""
        mode = ''
        if hasattr(self._module, 'is_thin_mode'):
            mode = ' thin' if self._module.is_thin_mode() else ' thick'
        return '%s %s%s' % (self._module.__name__, self._module.version, mode)

    @property
    def server_version(self):
        """As the server says it."""
        return to_text(self._connection.version)

    @property
    def version(self):
        """The same as numbers, to compare."""
        return tuple(int(part) for part in re.match(r'\d+(?:\.\d+)*', self.server_version).group().split('.'))

    def select(self, sql, **binds):
        """All rows, values as text and numbers: LOBs read, bytes decoded."""
        return self._with_cursor(sql, lambda cursor: self._rows(cursor, sql, binds))

    def run(self, sql, **binds):
        """One statement without a result; the number of rows that it changed."""
        return self._with_cursor(sql, lambda cursor: self._changed(cursor, sql, binds))

    def close(self):
        """Also a session that the server or the network has ended: what was found out before must be told, not that."""
        try:
            self._connection.close()
        except (self._module.Error, EnvironmentError):
            pass

    def _with_cursor(self, sql, act):
        try:
            cursor = self._connection.cursor()
            try:
                cursor.arraysize = 1000
                return act(cursor)
            finally:
                cursor.close()
        except self._module.Error as error:
            raise _problem(error, 'The database refused', self._password, sql)
        except EnvironmentError as error:
            # oracledb lets some errors of the network through as they are.
            raise _problem(error, 'The connection to the database broke', self._password, sql)

    def count(self, sql):
        """The one number of a query."""
        return int(self.select(sql)[0][0])

    @staticmethod
    def _changed(cursor, sql, binds):
        cursor.execute(to_native(sql), **binds)
        return cursor.rowcount

    @staticmethod
    def _rows(cursor, sql, binds):
        cursor.execute(to_native(sql), **binds)
        return [tuple([value if type(value) in _PLAIN else _plain(value) for value in row]) for row in cursor.fetchall()]


def _plain(value):
    if hasattr(value, 'read'):
        value = value.read()
    return value.decode('utf-8') if isinstance(value, bytes) else value


def _problem(error, what, password, statement=''):
    """The driver's exception as ours. Some drivers put the connect string into their text."""
    details = error.args[0] if error.args and not isinstance(error, EnvironmentError) else error
    text = to_text(getattr(details, 'message', None) or str(details)).replace(to_text(password), u'********')
    # One line, without the links that the newer drivers add.
    text = u' '.join(_LINKS.sub('', text).split())
    # Where oracledb says why it cannot connect, that is its second code.
    codes = sorted(['%s-%s' % found for found in _CODE.findall(text)], key=lambda code: code == 'DPY-6005')
    code = codes[0] if codes else ''
    number = getattr(details, 'code', 0)
    if not code and number:
        code = 'ORA-%05d' % number
    message = '%s: %s' % (what, text.rstrip('.') + '.')
    if statement:
        message = '%s (statement: %s)' % (message, shortened(statement))
    return DatabaseProblem(code, message, statement)


def shortened(sql, length=200):
    """A statement on one line, for a message."""
    line = u' '.join(to_text(sql).split())
    return line if len(line) <= length else line[:length - 3] + u'...'
