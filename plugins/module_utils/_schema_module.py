# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules on the schema engine share: arguments, the session, the wanted schema.

The engine is the package _schema. Data flows one way: source -> model <- dictionary; diff -> plan -> execute.

ddl        tokens and the strict parser: CREATE statements -> model
model      tables, columns, constraints, indexes, sequences, triggers; plain values
source     the statements of Create.py files (read, never run) or of plain SQL
script     the statements of a script of SQL*Plus, and what each does to the schema
lint       what cannot be installed as written, found before connecting
dictionary the USER_* views of an account -> model
operations the changes, as plain objects
diff       two models -> operations
rename     columns that the user renames, before the comparison
render     operations -> SQL
plan       operations -> ordered steps with risk and reason: what is missing is created
alter      the same for what is there: in place, or by a shadow column that a stopped run leaves and the next one finds
typechange which of the two, from type to type
execute    steps -> database, resumable
history    what was applied, in a table of the account
scratch    a release's tables -> the steps that drop them
account    password, privileges, quota, what is out of order
grants     rights of other accounts, and their synonyms -> steps
purge      old rows of a table -> steps
driver     cx_Oracle or oracledb behind one small surface
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib

from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._schema import driver, lint, source

CONNECTION_ARGUMENTS = {
    'dsn': {'type': 'str', 'required': True},
    'user': {'type': 'str', 'required': True},
    'password': {'type': 'str', 'required': True, 'no_log': True},
    'driver': {'type': 'str', 'choices': ['auto', 'cx_Oracle', 'oracledb'], 'default': 'auto'},
    'python_path': {'type': 'list', 'elements': 'path', 'default': []},
    'client_dir': {'type': 'path'},
    'tns_admin': {'type': 'path'},
}
SOURCE_ARGUMENTS = {
    'source': {'type': 'dict'},
    'sql': {'type': 'list', 'elements': 'str'},
    'repair': {'type': 'bool', 'default': False},
}


@contextlib.contextmanager
def connected(params):
    """A session of the account, closed afterwards."""
    connection = driver.connect(*[params[name] for name in ('dsn', 'user', 'password', 'driver', 'python_path', 'client_dir', 'tns_admin')])
    try:
        yield connection
    finally:
        connection.close()


def outcome_result(plan, outcome):
    """What every module that runs steps returns of them.

    :param outcome: execute.Outcome, or None if nothing was run.
    """
    applied = outcome.applied if outcome else []
    remaining = outcome.remaining if outcome else plan
    return {'changed': bool(applied or outcome.rows) if outcome and outcome.failed else bool(plan), 'plan': [step.shown() for step in plan],
            'applied': [step.sql for step in applied], 'remaining': [step.sql for step in remaining]}


def sql_diff(params, steps, after):
    """Ansible's diff: the statements, readable."""
    return {'before': '', 'after': ''.join(step.sql + ';\n' for step in steps), 'before_header': 'account %s at %s' % (params['user'], params['dsn']),
            'after_header': after}


def failure(outcome, result):
    """What was done stays done: the error says how far it came."""
    result['failed_step'] = dict(outcome.failed.shown(), code=outcome.problem.code)
    number = [step['sql'] for step in result['plan']].index(outcome.failed.sql) + 1
    done = 'Step %d of %d, %s (%s): ' % (number, len(result['plan']), outcome.failed.object, outcome.failed.reason)
    kept = 'The steps before it are done and stay; run again to go on from there.' if outcome.applied else 'Nothing was changed.'
    if outcome.rows:
        kept = '%d rows are changed and stay so; run again to go on from there.' % outcome.rows
    return CrabError(done + outcome.problem.message, ' '.join(part for part in (outcome.problem.hint, kept) if part), result)


def wanted_schema(params, version=None):
    """(schema, warnings) of the release; judged by what a server of this version takes, or any server if it is not known."""
    limits = lint.Limits.of(version) if version else None
    return source.schema_of(params['source'], params['sql'], limits, params['repair'])


def judged_for_any(version):
    """Whether a server of this version takes what any server takes: then it need not be judged again."""
    return lint.Limits.of(version) == lint.ANY_SERVER
