# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The account itself: when its password ends, what it may do, how full it is, what in it is out of order. Its own views only."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import datetime

from ansible_collections.cmsweb.crab.plugins.module_utils._schema import dictionary, operations

_USER = "SELECT username, account_status, expiry_date, default_tablespace FROM user_users"
_PRIVILEGES = 'SELECT privilege FROM session_privs ORDER BY privilege'
_QUOTAS = 'SELECT tablespace_name, bytes, max_bytes FROM user_ts_quotas ORDER BY tablespace_name'
_RECYCLE_BIN = 'SELECT original_name, type, space FROM user_recyclebin ORDER BY original_name'
_INVALID = "SELECT object_type, object_name FROM user_objects WHERE status <> 'VALID' ORDER BY object_type, object_name"
_UNUSABLE = "SELECT index_name FROM user_indexes WHERE status = 'UNUSABLE' ORDER BY index_name"
_NEEDED = {operations.CreateTable: 'CREATE TABLE', operations.CreateSequence: 'CREATE SEQUENCE', operations.CreateTrigger: 'CREATE TRIGGER'}
_NEARLY_FULL = 0.9


def user(select):
    """dict(name, status, expires, tablespace); expires is a datetime or None."""
    name, status, expires, tablespace = select(_USER)[0]
    return {'name': name, 'status': status, 'expires': expires, 'tablespace': tablespace}


def quotas(select):
    """Where it may keep how much: [dict(tablespace, bytes, max_bytes)]; max_bytes is None without a limit."""
    return [{'tablespace': name, 'bytes': int(used), 'max_bytes': None if most is None or most < 0 else int(most)} for name, used, most in select(_QUOTAS)]


def recycle_bin(select):
    """Dropped tables and indexes that still take space: [dict(name, type, blocks)]."""
    return [{'name': name, 'type': kind, 'blocks': int(blocks or 0)} for name, kind, blocks in select(_RECYCLE_BIN)]


def disorder(select):
    """Sentences about what is there and cannot be used."""
    found = ['the %s %s is invalid' % (kind.lower(), name) for kind, name in select(_INVALID)]
    found += ['the index %s is unusable: rebuild it' % name for (name,) in select(_UNUSABLE)]
    found += ['the drop of columns of the table %s was stopped halfway, and it cannot be used: update it, or end the drop with ALTER TABLE %s DROP COLUMNS '
              'CONTINUE' % (name, name) for (name,) in select(dictionary.QUERIES['half dropped'])]
    return found + ['the table %s has %d unused columns that still take space' % row for row in select(dictionary.QUERIES['unused columns'])]


def faults(select, changes=()):
    """What would stop these operations: sentences; the connection itself has shown that the account is open."""
    privileges = set(row[0] for row in select(_PRIVILEGES))
    lacking = sorted(set(_NEEDED[type(change)] for change in changes if type(change) in _NEEDED) - privileges)
    found = ['the account lacks the privilege %s (ORA-01031): ask the administrator of the database for it.' % name for name in lacking]
    held = quotas(select)
    if any(isinstance(change, operations.CreateTable) for change in changes) and not held and 'UNLIMITED TABLESPACE' not in privileges:
        found.append('the account has no quota on any tablespace (ORA-01950): ask the administrator of the database for one.')
    return found + ['the quota of %d bytes on %s is used up (ORA-01536): purge old rows or the recycle bin, or ask for more.' % (
        quota['max_bytes'], quota['tablespace']) for quota in held if quota['max_bytes'] is not None and quota['bytes'] >= quota['max_bytes'] > 0]


def doubts(select, now, days=14):
    """What will soon stop it: sentences.

    :param now: seconds since the epoch
    """
    about, found = user(select), []
    if about['expires'] is not None and about['expires'] <= datetime.datetime.fromtimestamp(now) + datetime.timedelta(days=days):
        found.append('The password of %s ends at %s (account status %s): set a new one at the database and in oracle_schema_password.' % (
            about['name'], about['expires'].strftime('%Y-%m-%d %H:%M'), about['status']))
    for quota in quotas(select):
        if quota['max_bytes'] and _NEARLY_FULL * quota['max_bytes'] <= quota['bytes'] < quota['max_bytes']:
            found.append('%d of the %d bytes that the account may use on %s are used.' % (quota['bytes'], quota['max_bytes'], quota['tablespace']))
    return found
