#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Take old rows out of a table of an Oracle account."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: table_purge
short_description: Take old rows out of a table of an Oracle account, and give their space back
version_added: 1.0.0
author: cmsweb.crab maintainers (@cmsweb)
description:
  - A table that is partitioned by O(column) loses the partitions of which every row is older. The partition in which the time limit falls stays whole.
  - Any other table loses its rows in batches, each with a commit, and is then shrunk. Row movement is switched on for that, and off again if it was off.
  - Also a partitioned table that foreign keys point to loses rows in batches, because its partitions cannot be dropped.
  - Oracle commits each batch and each partition; run it again to go on where it was stopped.
  - In check mode only C(SELECT) statements are sent, and RV(rows) is what would be deleted.
options:
  table:
    description: Table that loses rows.
    type: str
    default: FILEMETADATA
  column:
    description: Its column with the time that counts.
    type: str
    default: FMD_CREATION_TIME
  older_than_months:
    description: Rows go that are older than so many months, by the clock of the database.
    type: int
    required: true
  batch:
    description: Rows of one delete and its commit.
    type: int
    default: 10000
  shrink:
    description: Give the space of deleted rows back to the tablespace.
    type: bool
    default: true
  recycle_bin:
    description: Also purge the recycle bin of the account. Tables that were dropped then cannot come back.
    type: bool
    default: false
  unindexed_limit:
    description: Refuse to delete by a column without an index from a table of more rows than this. V(0) is no limit.
    type: int
    default: 1000000
  lock_timeout:
    description: Seconds that a statement waits for a lock that another session holds.
    type: int
    default: 30
extends_documentation_fragment:
  - cmsweb.crab.database
  - cmsweb.crab.writes.attributes
seealso:
  - module: cmsweb.crab.schema_info
'''

EXAMPLES = r'''
- name: Everything older than a month out of filemetadata
  cmsweb.crab.table_purge:
    dsn: devdb11
    user: crab_alice
    password: "{{ vault_oracle_password }}"
    older_than_months: 1
'''

RETURN = r'''
plan:
  description: The steps that were found to be needed, in their order.
  returned: success, or when a step failed
  type: list
  elements: dict
  sample:
    - sql: ALTER TABLE FILEMETADATA DROP PARTITION SYS_P101 UPDATE INDEXES
      object: FILEMETADATA
      risk: loses data
      reason: all its rows are older than 2026-02-05 10:00:00
      rows: null
applied:
  description: The statements that were run.
  returned: success, or when a step failed
  type: list
  elements: str
  sample: ["ALTER TABLE FILEMETADATA DROP PARTITION SYS_P101 UPDATE INDEXES"]
failed_step:
  description: The step that failed, with the code of the error.
  returned: when a step failed
  type: dict
  sample:
    sql: ALTER TABLE FILEMETADATA DROP PARTITION SYS_P101 UPDATE INDEXES
    object: FILEMETADATA
    risk: loses data
    reason: all its rows are older than 2026-02-05 10:00:00
    rows: null
    code: ORA-00054
remaining:
  description: The statements that were not run; in check mode all of the plan.
  returned: success, or when a step failed
  type: list
  elements: str
  sample: []
rows:
  description: Number of rows that are old enough; null where partitions go, whose rows are not counted.
  returned: success, or when a step failed
  type: int
  sample: 30034
cutoff:
  description: The time before which rows are old.
  returned: success, or when a step failed
  type: str
  sample: "2026-02-05 10:00:00"
quota_before:
  description: What the account used of its tablespaces before; C(max_bytes) is null without a limit.
  returned: success, or when a step failed
  type: list
  elements: dict
  sample:
    - tablespace: DATA01
      bytes: 51642368
      max_bytes: 52428800
quota_after:
  description: The same afterwards; in check mode the same as before.
  returned: success
  type: list
  elements: dict
  sample:
    - tablespace: DATA01
      bytes: 30539776
      max_bytes: 52428800
driver:
  description: The driver that was used, with its version and mode.
  returned: success
  type: str
  sample: oracledb 1.4.2 thin
'''

from ansible_collections.cmsweb.crab.plugins.module_utils._module import run
from ansible_collections.cmsweb.crab.plugins.module_utils._schema import account, dictionary, execute, purge
from ansible_collections.cmsweb.crab.plugins.module_utils._schema_module import CONNECTION_ARGUMENTS, connected, failure, outcome_result, sql_diff

ARGUMENTS = dict(CONNECTION_ARGUMENTS)
ARGUMENTS.update({
    'table': {'type': 'str', 'default': 'FILEMETADATA'},
    'column': {'type': 'str', 'default': 'FMD_CREATION_TIME'},
    'older_than_months': {'type': 'int', 'required': True},
    'batch': {'type': 'int', 'default': 10000},
    'shrink': {'type': 'bool', 'default': True},
    'recycle_bin': {'type': 'bool', 'default': False},
    'unindexed_limit': {'type': 'int', 'default': 1000000},
    'lock_timeout': {'type': 'int', 'default': 30},
})


def have_purged(params, check):
    wish = purge.Wish(months=params['older_than_months'],
                      **dict((name, params[name]) for name in ('table', 'column', 'batch', 'shrink', 'unindexed_limit', 'recycle_bin')))
    with connected(params) as connection:
        found = purge.make(wish, dictionary.read(connection.select), connection.select, connection.count)
        plan = found.steps + found.after
        before = account.quotas(connection.select)
        outcome = execute.Outcome(remaining=plan) if check else _apply(connection, found, params['lock_timeout'])
        result = outcome_result(plan, outcome)
        result.update(rows=found.rows, cutoff=found.cutoff, quota_before=before, driver=connection.driver, warnings=found.warnings,
                      diff=sql_diff(params, plan, 'statements of the purge'))
        if outcome.failed:
            raise failure(outcome, result)
        return dict(result, quota_after=account.quotas(connection.select))


def _apply(connection, found, lock_timeout):
    """Row movement goes back to what it was also when the shrinking failed."""
    outcome = execute.apply(connection, found.steps, lock_timeout)
    if found.after and any(step.sql.endswith('ENABLE ROW MOVEMENT') for step in outcome.applied):
        last = execute.apply(connection, found.after, lock_timeout)
        outcome.applied += last.applied
        if not outcome.failed:
            outcome.failed, outcome.problem, outcome.remaining = last.failed, last.problem, last.remaining
        elif last.failed:
            outcome.remaining += found.after
    else:
        outcome.remaining += found.after
    return outcome


def main():
    run(have_purged, ARGUMENTS)


if __name__ == '__main__':
    main()
