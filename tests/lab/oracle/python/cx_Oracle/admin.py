# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stand-in's database administrator: ``python3 -m cx_Oracle.admin create --dsn devdb11 --user crab_demo < password``."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import argparse
import contextlib
import sys

from cx_Oracle import _store
from cx_Oracle._errors import DatabaseError


def main(arguments=None):
    options = _parser().parse_args(arguments)
    try:
        options.act(options)
    except DatabaseError as error:
        sys.exit('%s (%s)' % (error, options.dsn))


def _parser():
    parser = argparse.ArgumentParser(prog='python3 -m cx_Oracle.admin', description='Accounts and switches of the Oracle stand-in.')
    commands = parser.add_subparsers(dest='command', metavar='COMMAND')
    commands.required = True
    add = _commands(commands)
    create = add('create', _create, 'make the database and the account, or set its password (read from stdin)', '--user')
    create.add_argument('--version', choices=sorted(_store.VERSIONS), help='of a new database, default %s' % _store.DEFAULT_VERSION)
    add('version', _version, 'behave as this release from the next connection on').add_argument('version', choices=sorted(_store.VERSIONS))
    add('down', _down, 'refuse connections with ORA-12541, and break those that there are')
    add('up', _up, 'undo down')
    add('lock', _status('LOCKED'), 'ORA-28000 at the next login', '--user')
    add('unlock', _status('OPEN'), 'undo lock and expire', '--user')
    add('expire', _status('EXPIRED'), 'ORA-28001 at the next login', '--user')
    expires = add('expires', _expires, 'let the password end in so many days; 7 and less is the grace time', '--user')
    expires.add_argument('days', metavar='DAYS', type=int)
    quota = add('quota', _quota, 'give the account so many megabytes', '--user')
    quota.add_argument('megabytes', metavar='MB', type=int)
    withhold = add('withhold', _withhold, 'take a system privilege from the account, such as "CREATE SEQUENCE"', '--user')
    withhold.add_argument('privilege', metavar='PRIVILEGE')
    fail = add('fail-ddl', _fail_ddl, 'let the Nth DDL from now on fail, once, with this ORA- code')
    fail.add_argument('number', metavar='N', type=int)
    fail.add_argument('code', metavar='CODE', type=int)
    add('clear-faults', _clear_faults, 'undo fail-ddl')
    add('status', _show, 'show the switches, accounts and tables')
    return parser


def _commands(commands):
    def add(name, act, help_text, *required):
        parser = commands.add_parser(name, help=help_text, description=help_text)
        parser.set_defaults(act=act)
        for option in ('--dsn',) + required:
            parser.add_argument(option, required=True)
        return parser
    return add


def _create(options):
    password = sys.stdin.readline().rstrip('\r\n')
    if not password:
        sys.exit('create: the password is read from stdin, and stdin is empty.')
    _store.create(options.dsn, options.version or _store.DEFAULT_VERSION)
    with _opened(options) as store:
        if options.version:
            _store.set_parameter(store, 'version', options.version)
        _store.set_account(store, options.user, password)


def _version(options):
    with _opened(options) as store:
        _store.set_parameter(store, 'version', options.version)


def _down(options):
    with _opened(options) as store:
        _store.set_parameter(store, 'down', 'yes')


def _up(options):
    with _opened(options) as store:
        _store.set_parameter(store, 'down', '')


def _status(status):
    def act(options):
        with _opened(options) as store:
            _store.set_status(store, options.user, status)
    return act


def _expires(options):
    with _opened(options) as store:
        _store.set_expiry(store, options.user, options.days)


def _quota(options):
    with _opened(options) as store:
        _store.set_quota(store, options.user, options.megabytes)


def _withhold(options):
    with _opened(options) as store:
        known = _store.withheld(store, options.user)
        _store.set_parameter(store, 'withheld from ' + options.user.upper(), ','.join(known + [options.privilege.upper()]))


def _fail_ddl(options):
    if options.number < 1:
        sys.exit('fail-ddl: N counts from 1.')
    with _opened(options) as store:
        store.execute('insert into "$fault" (remaining, code) values (?, ?)', (options.number, options.code))


def _clear_faults(options):
    with _opened(options) as store:
        store.execute('delete from "$fault"')


def _show(options):
    with _opened(options) as store:
        print('%s: stand-in for Oracle %s, %s' % (options.dsn, _store.parameter(store, 'version'), 'DOWN' if _store.parameter(store, 'down') else 'up'))
        for name, status in store.execute('select name, status from "$account" order by name'):
            tables = [row[0] for row in store.execute('select name from "$table" where owner = ? order by name', (name,))]
            print('%s %s: %s' % (name, status, ' '.join(tables) or 'no tables'))
        for remaining, code in store.execute('select remaining, code from "$fault"'):
            print('DDL %d from now fails with ORA-%05d' % (remaining, code))


def _opened(options):
    return contextlib.closing(_store.open_store(options.dsn))


if __name__ == '__main__':
    main()
