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
version_added: 1.0.0
author: cmsweb.crab maintainers (@cmsweb)
description:
  - Reads the schema of a release, reads the account's own dictionary views, and creates the tables, indexes, sequences and triggers that are absent.
  - What is there is left alone, and RV(drift) tells where it differs from the release. With O(update) it is changed to what the release wants.
  - Nothing that the release does not know is dropped, unless O(drop) names it.
  - The release's statements are checked before the database is asked; one that no server would take stops the module with nothing done.
  - Oracle commits with every statement of a plan. The first one that fails ends the run, with RV(applied), RV(failed_step) and RV(remaining)
    returned; the next run plans again from what is there, and loses nothing wherever the run before it was stopped.
  - A type that Oracle cannot change in place goes by way of a new column that takes the values in batches and then the old column's name. What a service
    writes in the meantime is taken over. Between two renamings, as long as it takes to read the table once, it finds no column of that name; stop it
    first if that must not be.
  - The account is looked at before anything is done. A missing privilege or a full quota stops the module, a password that ends soon is warned of.
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
  rename:
    description:
      - With O(update), V(TABLE.COLUMN) to the name that the release has for it. The column keeps its values.
      - Where a column has the type of a missing one and nearly its name, RV(drift) asks whether it is meant. What is renamed already is no error.
    type: dict
    default: {}
  unused_columns:
    description:
      - With O(update), what becomes of columns that go, because O(drop) names them or because their type is changed by way of a new column.
      - V(keep) drops them at once, which rewrites every row of a big table under a lock. It leaves alone what is unused already.
      - V(set) only marks them unused, which takes a moment. They are gone for good, but their space is not free.
      - V(drop) drops them at once as well, and frees the space of all columns of the release's tables that are unused, in pieces of 1000 rows. When it is
        stopped, nobody can use the table until the next run with O(update) has ended it.
    type: str
    choices: [keep, set, drop]
    default: keep
  novalidate:
    description:
      - With O(update), let new checks and foreign keys bind new rows first, and check the old rows in a step of its own, which holds no lock.
    type: bool
    default: false
  lock_timeout:
    description: Seconds that a statement waits for a lock that another session holds.
    type: int
    default: 30
  history:
    description:
      - Keep what is applied, when, and for which O(release), in the table C(CMSWEB_CRAB_HISTORY) of the account too. It is made if it is not there.
      - Another session sees in it how far a long update has come.
    type: bool
    default: false
  release:
    description: Name of the release, for the history.
    type: str
    default: ''
  script:
    description:
      - Text of a script such as C(updateOracle.sql), to compare with the plan. RV(only_script) and RV(only_plan) tell what only one of the two does.
      - Nothing of it is run; that is M(cmsweb.crab.sql_script).
    type: str
  expiry_days:
    description: Warn of a password that ends within so many days.
    type: int
    default: 14
  state:
    description:
      - V(absent) drops the tables and sequences that the release has, with all their rows, and nothing else of the account.
      - They stay in the recycle bin of the account until it is purged or the space is needed.
    type: str
    choices: [present, absent]
    default: present
  confirm:
    description: With O(state=absent), the name of the account again. Without it nothing is dropped.
    type: str
extends_documentation_fragment:
  - cmsweb.crab.database
  - cmsweb.crab.database.source
  - cmsweb.crab.writes.attributes
seealso:
  - module: cmsweb.crab.schema_info
  - module: cmsweb.crab.sql_script
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

- name: Take a column out of a big table in a moment
  cmsweb.crab.schema:
    source: "{{ lookup('cmsweb.crab.crabserver_schema', '/home/alice/CRABServer') }}"
    dsn: devdb11
    user: crab_alice
    password: "{{ vault_oracle_password }}"
    update: true
    drop: [FILEMETADATA.FMD_OLD]
    unused_columns: set

- name: Away with them
  cmsweb.crab.schema:
    source: "{{ lookup('cmsweb.crab.crabserver_schema', '/home/alice/CRABServer') }}"
    dsn: devdb11
    user: crab_alice
    password: "{{ vault_oracle_password }}"
    state: absent
    confirm: crab_alice

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
history:
  description: What was applied, in the order of the steps.
  returned: success, or when a step failed
  type: list
  elements: dict
  sample:
    - time: "2026-03-05T10:00:00Z"
      release: v3.250324
      object: TM_TASKNAME_IDX
      sql: CREATE INDEX TM_TASKNAME_IDX ON FILETRANSFERSDB (TM_TASKNAME)
only_script:
  description: What O(script) does and the plan does not.
  returned: with O(script)
  type: list
  elements: str
  sample: [update TASKS.TM_TASK_STATUS]
only_plan:
  description: What the plan does and O(script) does not.
  returned: with O(script)
  type: list
  elements: str
  sample: [create index TM_TASKNAME_IDX]
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

from ansible_collections.cmsweb.crab.plugins.module_utils import _clock
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run
from ansible_collections.cmsweb.crab.plugins.module_utils._schema import account, alter, dictionary, diff, driver, execute, history, model, rename, scratch, \
    script, plan as planning
from ansible_collections.cmsweb.crab.plugins.module_utils._schema_module import CONNECTION_ARGUMENTS, SOURCE_ARGUMENTS, connected, failure, judged_for_any, \
    outcome_result, sql_diff, wanted_schema

ARGUMENTS = dict(CONNECTION_ARGUMENTS, **SOURCE_ARGUMENTS)
ARGUMENTS.update({
    'update': {'type': 'bool', 'default': False},
    'drop': {'type': 'list', 'elements': 'str', 'default': []},
    'backfill': {'type': 'dict', 'default': {}},
    'unused_columns': {'type': 'str', 'choices': ['keep', 'set', 'drop'], 'default': 'keep'},
    'novalidate': {'type': 'bool', 'default': False},
    'lock_timeout': {'type': 'int', 'default': 30},
    'rename': {'type': 'dict', 'default': {}},
    'history': {'type': 'bool', 'default': False},
    'release': {'type': 'str', 'default': ''},
    'script': {'type': 'str'},
    'expiry_days': {'type': 'int', 'default': 14},
    'state': {'type': 'str', 'choices': ['present', 'absent'], 'default': 'present'},
    'confirm': {'type': 'str'},
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
        plan = planning.make(diff.compare(wanted, model.Schema()) if params['state'] == 'present' else [])
        return _result(params, plan, warnings + ['%s The plan is that for an empty account.' % problem.message])


def _with_connection(params, check, connection, wanted, warnings):
    warnings = warnings + account.doubts(connection.select, _clock.now(), params['expiry_days'])
    plan = _plan(params, wanted, connection)
    if plan.blocked:
        raise CrabError('Nothing was changed, because some changes need a decision first:\n%s' % '\n'.join('- ' + text for text in plan.blocked),
                        result=dict(_result(params, plan, warnings, None, connection), changed=False))
    outcome = execute.Outcome(remaining=plan.steps) if check else _apply(params, connection, plan.steps)
    result = _result(params, plan, warnings, outcome, connection)
    if outcome.failed:
        raise failure(outcome, result)
    return result


def _apply(params, connection, steps):
    keeper = history.Writer(connection, params['release']) if params['history'] and steps else None
    return execute.apply(connection, steps, params['lock_timeout'], done=keeper)


def _plan(params, wanted, connection):
    live = dictionary.read(connection.select)
    if params['state'] == 'absent':
        if (params['confirm'] or '').upper() != params['user'].upper():
            raise CrabError('confirm: expected the name of the account, %s, because all rows of its tables would be lost.' % params['user'],
                            'In the playbook schema_scratch.yml: -e oracle_schema_scratch_account=%s' % params['user'])
        return scratch.make(wanted, live)
    renames, after = rename.apply(live, params['rename'] if params['update'] else {})
    changes = renames + diff.compare(wanted, after)
    if params['update']:
        changes += diff.unused(wanted, live) if params['unused_columns'] == 'drop' else []
        plan = planning.make(changes, alter.Alteration(changes, live, connection.version, connection.count, params['drop'], params['backfill'],
                                                       params['novalidate'], params['unused_columns'] == 'set'))
    else:
        plan = planning.make(changes)
    if plan.steps:
        plan.blocked += account.faults(connection.select, changes)
    return plan


def _result(params, plan, warnings, outcome=None, connection=None):
    times = zip(outcome.times, outcome.applied) if outcome else ()
    result = outcome_result(plan.steps, outcome)
    result.update({
        'drift': plan.drift,
        'history': [{'time': time, 'release': params['release'], 'object': step.object, 'sql': step.sql} for time, step in times],
        'driver': connection.driver if connection else '',
        'server_version': connection.server_version if connection else '',
        'warnings': warnings + ([_DRIFT % len(plan.drift)] if plan.drift else []),
        'diff': sql_diff(params, plan.steps, 'statements for the release'),
    })
    if params['script']:
        result.update(script.compare([item.sql for item in script.split(params['script'], 'script')], [step.sql for step in plan.steps]))
    return result


def main():
    run(have_schema, ARGUMENTS, required_one_of=[('source', 'sql')])


if __name__ == '__main__':
    main()
