# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One SQLite file per connect identifier: accounts, switches, and the tables of every account."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import hashlib
import hmac
import os
import re
import sqlite3
import time

from cx_Oracle._errors import ora

DEFAULT_FOLDER = '/var/lib/oracle-standin'
VERSIONS = {'11.2': '11.2.0.4.0', '12.1': '12.1.0.2.0', '12.2': '12.2.0.1.0', '18': '18.0.0.0.0', '19': '19.0.0.0.0', '21': '21.0.0.0.0', '23': '23.0.0.0.0'}
DEFAULT_VERSION = '11.2'
_ROUNDS = 1000
_BUSY_SECONDS = 10

# Names with a dollar are the server's own; an account's table is "ACCOUNT.TABLE", so that two accounts never clash.
_SERVER_TABLES = """
create table "$parameter" (name text primary key, value text);
create table "$account" (name text primary key, salt text not null, hash text not null, status text not null default 'OPEN',
                         created text not null, expiry text, quota integer not null default -1);
create table "$fault" (id integer primary key, remaining integer not null, code integer not null);
create table "$object" (id integer primary key, owner text not null, name text not null, kind text not null, created text not null,
                        last_ddl text not null, unique (owner, name, kind));
create table "$table" (owner text not null, name text not null, partitioned text not null default 'NO', partitioning text, part_interval text,
                       row_movement text not null default 'DISABLED', comments text, num_rows integer, most_rows integer not null default 0,
                       half_dropped integer not null default 0, primary key (owner, name));
create table "$column" (owner text not null, tab text not null, name text not null, id integer, type text not null, data_length integer not null,
                        precision integer, scale integer, char_length integer not null default 0, char_used text, nullable text not null,
                        data_default text, comments text, unused integer not null default 0, primary key (owner, tab, name));
create table "$constraint" (owner text not null, name text not null, kind text not null, tab text not null, condition text, r_owner text,
                            r_name text, delete_rule text, status text not null, validated text not null, generated text not null,
                            index_name text, primary key (owner, name));
create table "$cons_column" (owner text not null, cons text not null, tab text not null, col text not null, position integer);
create table "$index" (owner text not null, name text not null, tab text not null, index_type text not null default 'NORMAL',
                       uniqueness text not null, compression text not null,
                       prefix_length integer, partitioned text not null, generated text not null, status text not null, made_by text,
                       primary key (owner, name));
create table "$ind_column" (owner text not null, ind text not null, tab text not null, col text not null, position integer not null,
                            expression text, descend text not null default 'ASC');
create table "$partition" (owner text not null, tab text not null, name text not null, position integer not null, high_value text not null,
                           primary key (owner, tab, name));
create table "$part_key" (owner text not null, tab text not null, col text not null, position integer not null);
create table "$sequence" (owner text not null, name text not null, start_with integer not null, increment_by integer not null, last integer,
                          max_value text not null, min_value text not null, cache_size integer not null, cycle_flag text not null,
                          order_flag text not null, primary key (owner, name));
create table "$trigger" (owner text not null, name text not null, tab text not null, trigger_type text not null, event text not null,
                         status text not null, description text not null, body text not null, primary key (owner, name));
create table "$synonym" (owner text not null, name text not null, table_owner text not null, table_name text not null, primary key (owner, name));
create table "$recyclebin" (id integer primary key, owner text not null, original_name text not null, space integer not null, droptime text not null);
create table "$grant" (owner text not null, tab text not null, grantee text not null, privilege text not null, grantable text not null,
                       primary key (owner, tab, grantee, privilege));
"""


def folder():
    return os.environ.get('ORACLE_STANDIN_DIR', DEFAULT_FOLDER)


def path_of(dsn):
    """The file of a connect identifier: an alias of tnsnames.ora, host:port/service or a whole description."""
    safe = re.sub(r'[^a-z0-9_.-]', lambda match: '%%%02x' % ord(match.group()), dsn.lower())
    return os.path.join(folder(), safe + '.sqlite')


def create(dsn, version=DEFAULT_VERSION):
    """Make the file if there is none. Every account of the host may write it: that is how two services share a database."""
    path = path_of(dsn)
    if os.path.exists(path):
        return
    old = os.umask(0)
    try:
        if not os.path.isdir(folder()):
            os.makedirs(folder(), 0o777)
        if os.stat(folder()).st_uid == os.geteuid():
            # Without the sticky bit: with it the kernel (fs.protected_regular) keeps one account from opening the log that another one made.
            os.chmod(folder(), 0o777)
        temporary = '%s.new-%d' % (path, os.getpid())
        with contextlib.closing(sqlite3.connect(temporary)) as store:
            store.executescript(_SERVER_TABLES)
            store.execute('insert into "$parameter" values (\'version\', ?)', (version,))
            store.commit()
        os.chmod(temporary, 0o666)
        os.rename(temporary, path)
    finally:
        os.umask(old)
    with contextlib.closing(sqlite3.connect(path)) as store:
        store.execute('pragma journal_mode = wal')


def open_store(dsn):
    """A connection to the file. Each statement commits by itself until BEGIN."""
    path = path_of(dsn)
    if not os.path.exists(path):
        raise ora(12154)
    store = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    store.execute('pragma foreign_keys = on')
    # Cheap and enough: what a crash of the whole machine loses is a test's data.
    store.execute('pragma synchronous = off')
    return store


def parameter(store, name, default=''):
    row = store.execute('select value from "$parameter" where name = ?', (name,)).fetchone()
    return row[0] if row else default


def set_parameter(store, name, value):
    store.execute('insert or replace into "$parameter" values (?, ?)', (name, value))


def next_fault(store):
    """Count the DDL that is about to run; the ORA- code that it is to fail with, or None."""
    store.execute('update "$fault" set remaining = remaining - 1')
    row = store.execute('select id, code from "$fault" where remaining = 0').fetchone()
    if row:
        store.execute('delete from "$fault" where id = ?', row[:1])
    return row[1] if row else None


def set_account(store, user, password):
    """Create the account, or give it this password and open it."""
    salt = os.urandom(8).hex() if hasattr(b'', 'hex') else os.urandom(8).encode('hex')
    row = (salt, _hash(salt, password), user.upper())
    if not store.execute('update "$account" set salt = ?, hash = ?, status = \'OPEN\' where name = ?', row).rowcount:
        store.execute('insert into "$account" (salt, hash, name, created) values (?, ?, ?, ?)', row + (now(),))


def set_status(store, user, status):
    if not store.execute('update "$account" set status = ? where name = ?', (status, user.upper())).rowcount:
        raise ora(1435)


def set_expiry(store, user, days):
    """The password ends in so many days; from 7 days on the account is in its grace time."""
    moment = time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(time.time() + days * 86400))
    status = 'EXPIRED(GRACE)' if days <= 7 else 'OPEN'
    if not store.execute('update "$account" set expiry = ?, status = ? where name = ?', (moment, status, user.upper())).rowcount:
        raise ora(1435)


def set_quota(store, user, megabytes):
    if not store.execute('update "$account" set quota = ? where name = ?', (megabytes * 1048576, user.upper())).rowcount:
        raise ora(1435)


def withheld(store, user):
    """The system privileges that this account has not."""
    return parameter(store, 'withheld from ' + user.upper()).split(',')


def log_in(store, user, password):
    """The account's name, or the error that the server gives."""
    if parameter(store, 'down'):
        raise ora(12541)
    row = store.execute('select salt, hash, status from "$account" where name = ?', (user.upper(),)).fetchone()
    if row and row[2] == 'LOCKED':
        raise ora(28000)
    if not row or not hmac.compare_digest(str(row[1]), _hash(row[0], password)):
        raise ora(1017)
    if row[2] == 'EXPIRED':
        raise ora(28001)
    return user.upper()


def _hash(salt, password):
    secret = password if isinstance(password, bytes) else password.encode('utf-8')
    digest = hashlib.pbkdf2_hmac('sha256', secret, salt.encode('ascii'), _ROUNDS)
    return digest.hex() if hasattr(digest, 'hex') else digest.encode('hex')


def now():
    return time.strftime('%Y-%m-%d %H:%M:%S')
