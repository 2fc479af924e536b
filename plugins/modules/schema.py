#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Create what an Oracle account lacks of a CRABServer release's schema."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: schema
short_description: Have the tables of a CRABServer release in an Oracle account
version_added: 0.1.0
author: cmsweb.crab maintainers (@cmsweb)
description:
  - Reads the schema of a release, reads the account's own dictionary views, and creates the tables, indexes, sequences and triggers that are absent.
  - What is there is left alone, and RV(drift) tells where it differs from the release. With O(update) it is changed to what the release wants.
  - Nothing that the release does not know is dropped, unless O(drop) names it.
  - The release's statements are checked before the database is asked; one that no server would take stops the module with nothing done.
  - Oracle commits with every statement of a plan. The first one that fails ends the run, with RV(applied), RV(failed_step) and RV(remaining)
    returned; the next run plans again from what is there, and loses nothing wherever the run before it was stopped.
  - A type that Oracle cannot change in place goes by way of a new column that takes the values in batches and then the old column's name. Stop the
    services that write to the table first.
  - In check mode only C(SELECT) statements are sent. Where the host has no driver yet, check mode plans for an empty account and warns.
options:
  update:
    description:
      - Change tables, indexes and triggers that are there to what the release wants.
      - Without it they are left as they are.
    type: bool
    default: false
  drop:
    description:
      - With O(update), what may be dropped although the release does not know it.
      - The name of a table, index, constraint, sequence or trigger, or V(TABLE.COLUMN). A name that is not there is no error.
    type: list
    elements: str
    default: []
  backfill:
    description:
      - With O(update), V(TABLE.COLUMN) to an SQL value for the rows that have none where the release wants C(NOT NULL).
      - A text goes in quotes of its own, such as V('unknown'); V(SYSTIMESTAMP) is the time of the update.
    type: dict
    default: {}
  novalidate:
    description:
      - With O(update), let new checks and foreign keys bind new rows first, and check the old rows in a step of its own, which holds no lock.
    type: bool
    default: false
  lock_timeout:
    description: Seconds that a statement waits for a lock that another session holds.
    type: int
    default: 30
  state:
    description: Only V(present) is known.
    type: str
    choices: [present]
    default: present
extends_documentation_fragment:
  - cmsweb.crab.database
  - cmsweb.crab.database.source
  - cmsweb.crab.writes.attributes
seealso:
  - module: cmsweb.crab.schema_info
  - plugin: cmsweb.crab.crabserver_schema
    plugin_type: lookup
'''

EXAMPLES = r'''
- name: Have the tables of the checked out release
  cmsweb.crab.schema:
    source: "{{ lookup('cmsweb.crab.crabserver_schema', '/home/alice/CRABServer') }}"
    dsn: devdb11
    user: crab_alice
    password: "{{ vault_oracle_password }}"

- name: Change them to what the release wants
  cmsweb.crab.schema:
    source: "{{ lookup('cmsweb.crab.crabserver_schema', '/home/alice/CRABServer') }}"
    dsn: devdb11
    user: crab_alice
    password: "{{ vault_oracle_password }}"
    update: true
    drop: [JOBGROUPS, JOBGROUPS_ID_SEQ, TASKS.PANDA_JOBSET_ID]
    backfill:
      FILETRANSFERSDB.TM_CREATION_TIME: SYSTIMESTAMP

- name: The same with a driver in a folder of its own
  cmsweb.crab.schema:
    source: "{{ lookup('cmsweb.crab.crabserver_schema', '/home/alice/CRABServer') }}"
    dsn: db.example.org:1521/devdb
    user: crab_alice
    password: "{{ vault_oracle_password }}"
    driver: oracledb
    python_path: [/opt/oracle-driver]
'''

RETURN = r'''
plan:
  description:
    - The steps that were found to be needed, in their order.
    - C(risk) is V(metadata only), V(reads all rows under a lock), V(rewrites rows) or V(loses data); C(rows) is the number that the statistics of the
      table tell, if they do.
  returned: success, or when a step failed
  type: list
  elements: dict
  sample:
    - sql: CREATE INDEX TM_TASKNAME_IDX ON FILETRANSFERSDB (TM_TASKNAME)
      object: TM_TASKNAME_IDX
      risk: metadata only
      reason: the index on FILETRANSFERSDB is missing
      rows: 120000
applied:
  description: The statements that were run.
  returned: success, or when a step failed
  type: list
  elements: str
  sample: ["CREATE INDEX TM_TASKNAME_IDX ON FILETRANSFERSDB (TM_TASKNAME)"]
failed_step:
  description: The step that failed, with the code of the error.
  returned: when a step failed
  type: dict
  sample:
    sql: CREATE INDEX TM_TASKNAME_IDX ON FILETRANSFERSDB (TM_TASKNAME)
    object: TM_TASKNAME_IDX
    risk: metadata only
    reason: the index on FILETRANSFERSDB is missing
    code: ORA-00054
remaining:
  description: The statements that were not run; in check mode all of the plan.
  returned: success, or when a step failed
  type: list
  elements: str
  sample: []
drift:
  description: How the account differs from the release in what this module does not change.
  returned: success, or when a step failed
  type: list
  elements: str
  sample: ["TASKS: the column TM_USER_CONFIG is missing"]
driver:
  description: The driver that was used, with its version and mode.
  returned: success, or when a step failed
  type: str
  sample: cx_Oracle 8.3.0
server_version:
  description: The version that the database gives; empty where check mode found no driver.
  returned: success, or when a step failed
  type: str
  sample: 19.3.0.0.0
'''

from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run
from ansible_collections.cmsweb.crab.plugins.module_utils._schema import alter, dictionary, diff, driver, execute, model, plan as planning
from ansible_collections.cmsweb.crab.plugins.module_utils._schema_module import CONNECTION_ARGUMENTS, SOURCE_ARGUMENTS, connected, judged_for_any, wanted_schema

ARGUMENTS = dict(CONNECTION_ARGUMENTS, **SOURCE_ARGUMENTS)
ARGUMENTS.update({
    'update': {'type': 'bool', 'default': False},
    'drop': {'type': 'list', 'elements': 'str', 'default': []},
    'backfill': {'type': 'dict', 'default': {}},
    'novalidate': {'type': 'bool', 'default': False},
    'lock_timeout': {'type': 'int', 'default': 30},
    'state': {'type': 'str', 'choices': ['present'], 'default': 'present'},
})
_DRIFT = 'The account differs from the release in %d places, which are left as they are: see drift.'


def have_schema(params, check):
    wanted, warnings = wanted_schema(params)
    try:
        with connected(params) as connection:
            if not judged_for_any(connection.version):
                wanted, warnings = wanted_schema(params, connection.version)
            return _with_connection(params, check, connection, wanted, warnings)
    except driver.DriverMissing as problem:
        if not check:
            raise
        plan = planning.make(diff.compare(wanted, model.Schema()))
        return _result(params, plan, warnings + ['%s The plan is that for an empty account.' % problem.message])


def _with_connection(params, check, connection, wanted, warnings):
    plan = _plan(params, wanted, connection)
    if plan.blocked:
        raise CrabError('Nothing was changed, because some changes need a decision first:\n%s' % '\n'.join('- ' + text for text in plan.blocked),
                        result=dict(_result(params, plan, warnings, None, connection), changed=False))
    outcome = execute.Outcome(remaining=plan.steps) if check else execute.apply(connection, plan.steps, params['lock_timeout'])
    result = _result(params, plan, warnings, outcome, connection)
    if outcome.failed:
        raise _failure(outcome, result)
    return result


def _plan(params, wanted, connection):
    live = dictionary.read(connection.select)
    changes = diff.compare(wanted, live)
    if not params['update']:
        return planning.make(changes)
    return planning.make(changes, alter.Alteration(changes, live, connection.version, connection.count, params['drop'], params['backfill'],
                                                   params['novalidate']))


def _result(params, plan, warnings, outcome=None, connection=None):
    outcome = outcome or execute.Outcome(remaining=plan.steps)
    result = {
        'changed': bool(plan.steps),
        'plan': [step.shown() for step in plan.steps],
        'applied': [step.sql for step in outcome.applied],
        'remaining': [step.sql for step in outcome.remaining],
        'drift': plan.drift,
        'driver': connection.driver if connection else '',
        'server_version': connection.server_version if connection else '',
        'warnings': warnings + ([_DRIFT % len(plan.drift)] if plan.drift else []),
        'diff': {'before': '', 'after': ''.join(step.sql + ';\n' for step in plan.steps),
                 'before_header': 'account %s at %s' % (params['user'], params['dsn']), 'after_header': 'statements for the release'},
    }
    return result


def _failure(outcome, result):
    """What was done stays done: the message says how far it came."""
    result['changed'] = bool(outcome.applied)
    result['failed_step'] = dict(outcome.failed.shown(), code=outcome.problem.code)
    done = 'Step %d of %d, %s (%s): ' % (len(outcome.applied) + 1, len(result['plan']), outcome.failed.object, outcome.failed.reason)
    kept = 'The steps before it are done and stay; run again to go on from there.' if outcome.applied else 'Nothing was changed.'
    return CrabError(done + outcome.problem.message, ' '.join(part for part in (outcome.problem.hint, kept) if part), result)


def main():
    run(have_schema, ARGUMENTS, required_one_of=[('source', 'sql')])


if __name__ == '__main__':
    main()
