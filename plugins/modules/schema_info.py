#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an Oracle account holds, and how it differs from a CRABServer release."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: schema_info
short_description: Tell what an Oracle account holds, and how it differs from a CRABServer release
version_added: 1.0.0
author: cmsweb.crab maintainers (@cmsweb)
description:
  - Tables, what the account lacks of a release and has beyond it, its password and quota, the recycle bin, and what is invalid.
  - Reads the dictionary views of the account with C(SELECT) statements only, and changes nothing.
  - With O(source) or O(sql) it also says what the account lacks of that release, what it has beyond it, and what differs.
options:
  row_counts:
    description:
      - V(estimate) takes the numbers of the last statistics, which a new table has none of; V(exact) counts every table, which takes long on big ones.
      - V(none) gives no numbers.
    type: str
    choices: [estimate, exact, none]
    default: estimate
extends_documentation_fragment:
  - cmsweb.crab.database
  - cmsweb.crab.database.source
  - cmsweb.crab.writes.info
seealso:
  - module: cmsweb.crab.schema
'''

EXAMPLES = r'''
- name: Read what the account holds
  cmsweb.crab.schema_info:
    dsn: devdb11
    user: crab_alice
    password: "{{ vault_oracle_password }}"
    row_counts: exact
  register: held

- name: Compare it with the release that is to be deployed
  cmsweb.crab.schema_info:
    source: "{{ lookup('cmsweb.crab.crabserver_schema', '/home/alice/CRABServer') }}"
    dsn: devdb11
    user: crab_alice
    password: "{{ vault_oracle_password }}"
'''

RETURN = r'''
tables:
  description: The tables by name.
  returned: always
  type: list
  elements: dict
  sample:
    - name: FILEMETADATA
      rows: 1200
      columns: 23
      indexes: [PK_TASKLFN_PART]
      partitioned_by: [FMD_CREATION_TIME]
sequences:
  description: Names of the sequences.
  returned: always
  type: list
  elements: str
  sample: [JOBGROUPS_ID_SEQ]
triggers:
  description: Names of the triggers.
  returned: always
  type: list
  elements: str
  sample: [JOBGROUPS_ID_TRG]
missing:
  description: What the account lacks of the release, tables, indexes, sequences and triggers.
  returned: with O(source) or O(sql)
  type: list
  elements: str
  sample: [FILETRANSFERSDB]
extra:
  description: What the account has and the release does not know.
  returned: with O(source) or O(sql)
  type: list
  elements: str
  sample: [FILEMETADATA_OLD]
drift:
  description: Every difference but the missing objects, a sentence each.
  returned: with O(source) or O(sql)
  type: list
  elements: str
  sample: ["TASKS: the column TM_USER_CONFIG is missing"]
account:
  description: The account itself; C(expires) is the end of its password, null if there is none.
  returned: always
  type: dict
  sample:
    name: CRAB_ALICE
    status: OPEN
    expires: "2026-11-25T10:00:00"
    tablespace: DATA01
quota:
  description: What it uses of its tablespaces; C(max_bytes) is null without a limit.
  returned: always
  type: list
  elements: dict
  sample:
    - tablespace: DATA01
      bytes: 51642368
      max_bytes: 52428800
recycle_bin:
  description: What was dropped and still takes space.
  returned: always
  type: list
  elements: dict
  sample:
    - name: FILEMETADATA_OLD
      type: TABLE
      blocks: 6304
disorder:
  description: What is there and cannot be used, such as invalid triggers and unusable indexes, and columns that still take space.
  returned: always
  type: list
  elements: str
  sample: [the trigger JOBGROUPS_ID_TRG is invalid]
driver:
  description: The driver that was used, with its version and mode.
  returned: always
  type: str
  sample: oracledb 1.4.2 thin
server_version:
  description: The version that the database gives.
  returned: always
  type: str
  sample: 19.3.0.0.0
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _clock
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run
from ansible_collections.cmsweb.crab.plugins.module_utils._schema import account, ddl, dictionary, diff, operations, plan as planning
from ansible_collections.cmsweb.crab.plugins.module_utils._schema_module import CONNECTION_ARGUMENTS, SOURCE_ARGUMENTS, connected, wanted_schema

ARGUMENTS = dict(CONNECTION_ARGUMENTS, row_counts={'type': 'str', 'choices': ['estimate', 'exact', 'none'], 'default': 'estimate'}, **SOURCE_ARGUMENTS)
_DROPS = (operations.DropTable, operations.DropIndex, operations.DropSequence, operations.DropTrigger)


def inventory(params, check):
    with connected(params) as connection:
        live = dictionary.read(connection.select)
        result = {
            'changed': False,
            'tables': [_table(live, table, _rows(connection, table, params['row_counts'])) for table in live.tables.values()],
            'sequences': sorted(live.sequences),
            'triggers': sorted(live.triggers),
            'account': _account(connection),
            'quota': account.quotas(connection.select),
            'recycle_bin': account.recycle_bin(connection.select),
            'disorder': account.disorder(connection.select),
            'warnings': account.doubts(connection.select, _clock.now()),
            'driver': connection.driver,
            'server_version': connection.server_version,
        }
        if params['source'] or params['sql']:
            wanted, warnings = wanted_schema(params, connection.version)
            result['warnings'] += warnings
            result.update(_against(wanted, live))
        return result


def _account(connection):
    about = account.user(connection.select)
    return dict(about, expires=about['expires'] and about['expires'].strftime('%Y-%m-%dT%H:%M:%S'))


def _table(live, table, rows):
    return {'name': table.name, 'rows': rows, 'columns': len(table.columns), 'indexes': sorted(index.name for index in live.indexes_of(table.name)),
            'partitioned_by': list(table.partitioning.columns) if table.partitioning else []}


def _rows(connection, table, how):
    if how == 'exact':
        return int(connection.select('SELECT COUNT(*) FROM %s' % ddl.quoted(table.name))[0][0])
    return table.rows if how == 'estimate' else None


def _against(wanted, live):
    changes = diff.compare(wanted, live)
    plan = planning.make(changes)
    return {'missing': [step.object for step in plan.steps], 'extra': [change.subject for change in changes if isinstance(change, _DROPS)],
            'drift': plan.drift}


def main():
    run(inventory, ARGUMENTS)


if __name__ == '__main__':
    main()
