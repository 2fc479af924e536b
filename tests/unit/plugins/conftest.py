# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A database for the tests that need one: the Oracle stand-in of the laboratory, in a folder of the test."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils._schema import dictionary, driver

STANDIN = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, os.pardir, 'lab', 'oracle', 'python')
USER, PASSWORD, DSN = 'crab_alice', 'not-Secret-1', 'devdb11'


class Database:
    """One account crab_alice on devdb11."""

    def __init__(self, folder):
        self.folder = folder
        self.log = folder / 'statements.log'
        self.arguments = {'dsn': DSN, 'user': USER, 'password': PASSWORD, 'python_path': [STANDIN]}
        self._connections = []

    def connect(self):
        connection = driver.connect(DSN, USER, PASSWORD, 'cx_Oracle')
        self._connections.append(connection)
        return connection

    def run(self, *statements):
        """Statements as the account sends them, committed."""
        connection = self.connect()
        for sql in statements:
            connection.run(sql)
        connection.run('COMMIT')

    def read(self):
        """The account's schema as the dictionary tells it."""
        return dictionary.read(self.connect().select)

    def admin(self, *arguments):
        from cx_Oracle import admin
        admin.main(list(arguments) + ['--dsn', DSN])

    def statements(self):
        """What was sent since the last call, first words in upper case as written."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.write_text(u'')
        return [line.split(' ', 1)[1] for line in lines]

    def close(self):
        while self._connections:
            self._connections.pop().close()


@pytest.fixture
def oracle(tmp_path, monkeypatch):
    """A Database of Oracle 19 with an empty account."""
    monkeypatch.syspath_prepend(STANDIN)
    monkeypatch.setenv('ORACLE_STANDIN_DIR', str(tmp_path / 'oracle'))
    from cx_Oracle import _store
    _store.create(DSN, '19')
    store = _store.open_store(DSN)
    _store.set_account(store, USER, PASSWORD)
    store.close()
    database = Database(tmp_path)
    monkeypatch.setenv('ORACLE_STANDIN_LOG', str(database.log))
    yield database
    database.close()
