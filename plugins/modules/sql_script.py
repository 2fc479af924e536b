#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a script of SQL on an Oracle account, statement by statement."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: sql_script
short_description: Run a script of SQL on an Oracle account, statement by statement
version_added: 1.0.0
author: cmsweb.crab maintainers (@cmsweb)
description:
  - For what no comparison of schemas can know, such as the updates of rows in CRABServer's C(etc/updateOracle.sql).
  - Each statement is run and committed by itself. An error that says that it was done before (a column is there, a name is used, ...) is noted, and the
    script goes on; any other error stops it, with RV(statements) telling what was done and what was not.
  - A statement that does several things is never taken for done, as it may have been stopped between them.
  - Statements that change rows are run each time. What may be run only once goes into a script of its own.
  - In check mode nothing is sent but what a session needs to be opened, and RV(statements) shows what would be run.
options:
  script:
    description: Text of the script, as SQL*Plus takes it, with a semicolon behind each statement and a slash behind PL/SQL. Its own commands are refused.
    type: str
    required: true
  lock_timeout:
    description: Seconds that a statement waits for a lock that another session holds.
    type: int
    default: 30
extends_documentation_fragment:
  - cmsweb.crab.database
  - cmsweb.crab.writes.attributes
seealso:
  - module: cmsweb.crab.schema
'''

EXAMPLES = r'''
- name: What the developers say for this release
  cmsweb.crab.sql_script:
    script: "{{ lookup('ansible.builtin.file', 'update-3.3.1604.sql') }}"
    dsn: devdb11
    user: crab_alice
    password: "{{ vault_oracle_password }}"
'''

RETURN = r'''
statements:
  description:
    - The statements with the line each begins at.
    - C(outcome) is V(applied), V(already done), V(failed) or V(not run); C(code) is that of the error; C(rows) the number of rows that it changed.
  returned: success, or when a statement failed
  type: list
  elements: dict
  sample:
    - line: 1
      sql: alter table tasks add (tm_user_files CLOB DEFAULT '[]')
      outcome: already done
      code: ORA-01430
      rows: null
driver:
  description: The driver that was used, with its version and mode.
  returned: success, or when a statement failed
  type: str
  sample: oracledb 1.4.2 thin
'''

from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run
from ansible_collections.cmsweb.crab.plugins.module_utils._schema import driver, execute, plan, script
from ansible_collections.cmsweb.crab.plugins.module_utils._schema_module import CONNECTION_ARGUMENTS, connected, sql_diff

ARGUMENTS = dict(CONNECTION_ARGUMENTS, script={'type': 'str', 'required': True}, lock_timeout={'type': 'int', 'default': 30})


def have_run(params, check):
    statements = script.split(params['script'], 'script')
    told = [{'line': one.line, 'sql': one.sql, 'outcome': 'not run', 'code': '', 'rows': None} for one in statements]
    with connected(params) as connection:
        result = {'statements': told, 'driver': connection.driver, 'diff': sql_diff(params, statements, 'statements of the script')}
        if not check and statements:
            connection.run('ALTER SESSION SET DDL_LOCK_TIMEOUT = %d' % params['lock_timeout'])
        for one, about in zip(statements, told) if not check else ():
            try:
                rows = execute.run_step(connection, plan.Step(sql=one.sql, object='', risk='', reason=''))
                connection.run('COMMIT')
                about.update(outcome='applied', rows=rows if one.changes_rows else None)
            except driver.DatabaseProblem as problem:
                about.update(outcome='already done' if script.is_done(one, problem.code) else 'failed', code=problem.code)
                if about['outcome'] == 'failed':
                    result['changed'] = _changed(told)
                    raise CrabError('script, line %d: %s' % (one.line, problem.message), problem.hint, result)
    result['changed'] = bool(statements) if check else _changed(told)
    return result


def _changed(told):
    return any(about['outcome'] == 'applied' and about['rows'] != 0 for about in told)


def main():
    run(have_run, ARGUMENTS)


if __name__ == '__main__':
    main()
