# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A database for the tests that need one: the Oracle stand-in of the laboratory, in a folder of the test.

With CRAB_TEST_DSN, as `make test-live` has it, it is that database, and the empty account that CRAB_TEST_USER and CRAB_TEST_PASSWORD name.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import shutil
import subprocess
import time

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

    def account(self, user, password):
        """One more account."""
        from cx_Oracle import _store
        store = _store.open_store(DSN)
        _store.set_account(store, user, password)
        store.close()

    def statements(self):
        """What was sent since the last call, first words in upper case as written."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.write_text(u'')
        return [line.split(' ', 1)[1] for line in lines]

    def close(self):
        while self._connections:
            self._connections.pop().close()

    def save(self):
        """Keep all that is there, for restore()."""
        shutil.copytree(str(self.folder / 'oracle'), str(self.folder / 'saved'))

    def restore(self):
        """Whether what was saved is there again."""
        self.close()
        shutil.rmtree(str(self.folder / 'oracle'))
        shutil.copytree(str(self.folder / 'saved'), str(self.folder / 'oracle'))
        return True


class LiveDatabase(Database):
    """The account of a real database, which is emptied before each test."""

    def connect(self):
        settings = os.environ
        connection = driver.connect(settings['CRAB_TEST_DSN'], settings['CRAB_TEST_USER'], settings['CRAB_TEST_PASSWORD'],
                                    settings.get('CRAB_TEST_DRIVER', 'auto'), client_dir=settings.get('CRAB_TEST_CLIENT_DIR'))
        self._connections.append(connection)
        return connection

    def empty(self):
        schema = self.read()
        self.run(*['DROP TABLE "%s" CASCADE CONSTRAINTS PURGE' % name for name in schema.tables] + ['DROP SEQUENCE "%s"' % name for name in schema.sequences])

    def save(self):
        pass

    def restore(self):
        self.empty()
        return False

    def admin(self, *arguments):
        pytest.skip('only the stand-in can do that: %s' % ' '.join(arguments))

    account = statements = admin


@pytest.fixture(scope='session')
def live(tmp_path_factory):
    """The real database, if one is named. It must be empty: the tests drop all that is in it."""
    if not os.environ.get('CRAB_TEST_DSN'):
        return None
    database = LiveDatabase(tmp_path_factory.mktemp('live'))
    held = sorted(database.read().tables)
    if held:
        pytest.exit('The account %s has tables (%s). The tests drop every table: give them an account of their own.' % (
            os.environ['CRAB_TEST_USER'], ', '.join(held)))
    return database


@pytest.fixture
def oracle(tmp_path, monkeypatch, live):
    """A Database of Oracle 19 with an empty account, or the real one."""
    if live is not None:
        yield live
        live.empty()
        live.close()
        return
    monkeypatch.syspath_prepend(STANDIN)
    monkeypatch.setenv('ORACLE_STANDIN_DIR', str(tmp_path / 'oracle'))
    from cx_Oracle import _store
    _store.create(DSN, '19')
    database = Database(tmp_path)
    database.account(USER, PASSWORD)
    monkeypatch.setenv('ORACLE_STANDIN_LOG', str(database.log))
    yield database
    database.close()


class Pki:
    """A certificate authority by the openssl command, for the time of a test session. Names of certificates are names of files."""

    def __init__(self, folder):
        self.folder = folder
        self.anchors = os.path.join(folder, 'certificates')
        os.mkdir(self.anchors)
        self._run('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/DC=org/DC=example/CN=Test CA',
                  '-keyout', self.path('ca.key'), '-out', self.path('ca.pem'))
        digest = self._run('x509', '-noout', '-subject_hash', '-in', self.path('ca.pem')).strip()
        with open(os.path.join(self.anchors, digest + '.0'), 'w') as anchor:
            anchor.write(self.read('ca.pem'))

    @property
    def now(self):
        """The present, by the clock that openssl takes its dates from."""
        return time.time()

    def path(self, name):
        return os.path.join(self.folder, name)

    def read(self, name):
        with open(self.path(name)) as source:
            return source.read()

    def issue(self, name, subject, extensions='', issuer='ca', bits=2048, days=300):
        """name.pem and name.key; made once. Extensions are lines of an openssl configuration."""
        if os.path.exists(self.path(name + '.pem')):
            return
        self._run('req', '-new', '-newkey', 'rsa:%d' % bits, '-nodes', '-subj', subject, '-keyout', self.path(name + '.key'), '-out', self.path(name + '.csr'))
        self.sign(name, extensions, issuer, days)

    def sign(self, name, extensions='', issuer='ca', days=300):
        """name.pem from name.csr."""
        settings = self.path(name + '.cnf')
        with open(settings, 'w') as target:
            target.write('[ext]\n%s\n' % (extensions or 'basicConstraints = CA:FALSE'))
        self._run('x509', '-req', '-in', self.path(name + '.csr'), '-CA', self.path(issuer + '.pem'), '-CAkey', self.path(issuer + '.key'),
                  '-CAcreateserial', '-CAserial', self.path('serial'), '-days', str(days), '-sha256', '-extfile', settings, '-extensions', 'ext',
                  '-out', self.path(name + '.pem'))

    def revoke(self, name, anchors):
        """A CRL with that certificate, in a folder of anchors."""
        settings, index = self.path('crl.cnf'), self.path('index.txt')
        with open(settings, 'w') as target:
            target.write('[ca]\ndefault_ca = own\n[own]\ndatabase = %s\ndefault_md = sha256\ndefault_crl_days = 30\n' % index)
        with open(index, 'w'):
            pass
        ca = ('-config', settings, '-cert', self.path('ca.pem'), '-keyfile', self.path('ca.key'))
        self._run('ca', '-revoke', self.path(name + '.pem'), *ca)
        digest = self._run('x509', '-noout', '-subject_hash', '-in', self.path('ca.pem')).strip()
        self._run('ca', '-gencrl', '-out', os.path.join(anchors, digest + '.r0'), *ca)

    def proxy(self, name, of, days=1):
        """name.proxy: an RFC proxy of a certificate, as a file that a client would use."""
        subject = self._run('x509', '-noout', '-subject', '-nameopt', 'compat', '-in', self.path(of + '.pem')).strip().split('=', 1)[1].strip()
        self.issue(name, subject + '/CN=1234567', 'proxyCertInfo = critical,language:id-ppl-inheritAll', issuer=of, days=days)
        content = self.read(name + '.pem') + self.read(name + '.key') + self.read(of + '.pem')
        with open(self.path(name + '.proxy'), 'w') as target:
            target.write(content)
        return content

    @staticmethod
    def _run(*arguments):
        process = subprocess.Popen(('openssl',) + arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        output, errors = process.communicate()
        assert process.returncode == 0, errors
        return output.decode('utf-8')


@pytest.fixture(scope='session')
def pki(tmp_path_factory):
    """Certificates of crab-vm.example.org, of another host, of alice, and a weak one."""
    made = Pki(str(tmp_path_factory.mktemp('pki')))
    made.issue('host', '/CN=crab-vm.example.org', 'subjectAltName = DNS:crab-vm.example.org')
    made.issue('fresh', '/CN=crab-vm.example.org', 'subjectAltName = DNS:crab-vm.example.org', days=390)
    made.issue('short', '/CN=crab-vm.example.org', 'subjectAltName = DNS:crab-vm.example.org', days=5)
    made.issue('other', '/CN=other.example.org', 'subjectAltName = DNS:other.example.org, DNS:*.wild.example.org')
    made.issue('plain', '/DC=org/CN=crab-vm.example.org')
    made.issue('weak', '/CN=crab-vm.example.org', bits=1024)
    made.issue('alice', '/DC=org/OU=Users/CN=alice/CN=123456/CN=Alice Example')
    return made
