#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Give reader and writer accounts their rights and synonyms on the tables of an Oracle account."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: schema_grants
short_description: Give reader and writer accounts their rights and synonyms on the tables of an Oracle account
version_added: 1.0.0
author: cmsweb.crab maintainers (@cmsweb)
description:
  - In production the REST reads with one account and writes with another; the tables belong to a third one, that of O(user).
  - Grants what each of O(accounts) lacks, and makes the synonyms by which it finds the tables, in a session of its own.
  - Run it after every change of the schema. A table that was made anew has lost its grants.
  - In check mode only C(SELECT) statements are sent.
options:
  accounts:
    description: The accounts that use the tables.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the account.
        type: str
        required: true
      privileges:
        description: What it may do with each table.
        type: list
        elements: str
        choices: [SELECT, INSERT, UPDATE, DELETE]
        required: true
      password:
        description: Its password, for its synonyms. Without it they are not looked at.
        type: str
  revoke:
    description: Take other rights away. Without it they are only told in RV(surplus).
    type: bool
    default: false
  lock_timeout:
    description: Seconds that a statement waits for a lock that another session holds.
    type: int
    default: 30
extends_documentation_fragment:
  - cmsweb.crab.database
  - cmsweb.crab.database.source
  - cmsweb.crab.writes.attributes
notes:
  - Without O(source) and O(sql) all tables of the account are meant.
seealso:
  - module: cmsweb.crab.schema
'''

EXAMPLES = r'''
- name: Rights as in production
  cmsweb.crab.schema_grants:
    dsn: cmsr
    user: cms_analysis_reqmgr
    password: "{{ vault_oracle_password }}"
    accounts:
      - name: cms_analysis_reqmgr_r
        privileges: [SELECT]
        password: "{{ vault_oracle_reader_password }}"
      - name: cms_analysis_reqmgr_w
        privileges: [SELECT, INSERT, UPDATE, DELETE]
        password: "{{ vault_oracle_writer_password }}"
'''

RETURN = r'''
plan:
  description: The steps that were found to be needed, in their order.
  returned: success, or when a step failed
  type: list
  elements: dict
  sample:
    - sql: GRANT SELECT ON TASKS TO CMS_ANALYSIS_REQMGR_R
      object: TASKS
      risk: metadata only
      reason: CMS_ANALYSIS_REQMGR_R has not the right to SELECT
      rows: null
applied:
  description: The statements that were run.
  returned: success, or when a step failed
  type: list
  elements: str
  sample: ["GRANT SELECT ON TASKS TO CMS_ANALYSIS_REQMGR_R"]
failed_step:
  description: The step that failed, with the code of the error.
  returned: when a step failed
  type: dict
  sample:
    sql: GRANT SELECT ON TASKS TO CMS_ANALYSIS_REQMGR_R
    object: TASKS
    risk: metadata only
    reason: CMS_ANALYSIS_REQMGR_R has not the right to SELECT
    rows: null
    code: ORA-00054
remaining:
  description: The statements that were not run; in check mode all of the plan.
  returned: success, or when a step failed
  type: list
  elements: str
  sample: []
surplus:
  description: Rights that the accounts have beyond those that they shall have.
  returned: success, or when a step failed
  type: list
  elements: str
  sample: ["TASKS: CMS_ANALYSIS_REQMGR_R may also DELETE"]
driver:
  description: The driver that was used, with its version and mode.
  returned: success
  type: str
  sample: oracledb 1.4.2 thin
'''

from ansible_collections.cmsweb.crab.plugins.module_utils._module import run
from ansible_collections.cmsweb.crab.plugins.module_utils._schema import dictionary, execute, grants, history
from ansible_collections.cmsweb.crab.plugins.module_utils._schema_module import CONNECTION_ARGUMENTS, SOURCE_ARGUMENTS, connected, failure, \
    outcome_result, sql_diff, wanted_schema

ARGUMENTS = dict(CONNECTION_ARGUMENTS, **SOURCE_ARGUMENTS)
ARGUMENTS.update({
    'accounts': {'type': 'list', 'elements': 'dict', 'required': True, 'options': {
        'name': {'type': 'str', 'required': True},
        'privileges': {'type': 'list', 'elements': 'str', 'choices': list(grants.PRIVILEGES), 'required': True},
        'password': {'type': 'str', 'no_log': True},
    }},
    'revoke': {'type': 'bool', 'default': False},
    'lock_timeout': {'type': 'int', 'default': 30},
})


def have_rights(params, check):
    with connected(params) as connection:
        tables, warnings = _tables(params, connection)
        wanted = dict((account['name'].upper(), account['privileges']) for account in params['accounts'])
        found = grants.of_owner(connection.select, tables, wanted, params['revoke'])
        result = {'surplus': found.surplus, 'driver': connection.driver, 'warnings': warnings}
        existing = grants.objects(connection.select)
        outcome = execute.Outcome(remaining=found.steps) if check else execute.apply(connection, found.steps, params['lock_timeout'])
    plan = list(found.steps)
    for account in params['accounts'] if not outcome.failed else ():
        if account['password']:
            steps, blocked = _synonyms(params, check, account, tables, existing, outcome)
            plan += steps
            result['warnings'] += ['%s: %s' % (account['name'], text) for text in blocked]
    result.update(outcome_result(plan, outcome), diff=sql_diff(params, plan, 'rights and synonyms'))
    if outcome.failed:
        raise failure(outcome, result)
    return result


def _tables(params, connection):
    """Names of the tables that are meant and there."""
    there = [name for name in dictionary.read(connection.select).tables if name != history.TABLE]
    if not params['source'] and not params['sql']:
        return there, []
    wanted, warnings = wanted_schema(params, connection.version)
    missing = [name for name in wanted.tables if name not in there]
    return [name for name in wanted.tables if name in there], warnings + ['The account has no table %s yet.' % name for name in missing]


def _synonyms(params, check, account, tables, existing, outcome):
    """Those of one account, in its own session; what is done is added to the outcome."""
    with connected(dict(params, user=account['name'], password=account['password'])) as connection:
        steps, blocked = grants.of_account(connection.select, params['user'].upper(), tables, existing)
        own = execute.Outcome(remaining=steps) if check or outcome.failed else execute.apply(connection, steps, params['lock_timeout'])
    outcome.applied += own.applied
    outcome.remaining += own.remaining
    outcome.failed, outcome.problem = own.failed, own.problem
    return steps, blocked


def main():
    run(have_rights, ARGUMENTS)


if __name__ == '__main__':
    main()
