# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steps to the database, one by one. Each DDL commits, so there is no way back: stop at the first failure and say what is left.

Running again means planning again from what is there; a step that is done is then no longer in the plan.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import time

from ansible_collections.cmsweb.crab.plugins.module_utils import _clock
from ansible_collections.cmsweb.crab.plugins.module_utils._schema import driver, model

_BUSY = ('ORA-00054', 'ORA-04021')


class Outcome(model.Record):
    """applied, remaining: lists of steps; failed: the step that stopped it or None; problem: why; times: when each applied step was done (UTC).

    rows: how many rows the failed step has changed for good, in the batches before the one that failed.
    """

    fields = ('applied', 'failed', 'problem', 'remaining', 'times', 'rows')
    defaults = {'applied': list, 'failed': None, 'problem': None, 'remaining': list, 'times': list, 'rows': 0}


def apply(connection, steps, lock_timeout=30, retries=2, pause=time.sleep, done=None):
    """Run the steps in their order until one fails.

    :param lock_timeout: seconds that a DDL waits for a lock of another session before ORA-00054.
    :param retries: how often a step that met a lock is tried again.
    :param done: called with (number, count, step) after each step; history.Writer keeps what it is told in the database.
    """
    outcome = Outcome(remaining=list(steps))
    if not steps:
        return outcome
    try:
        connection.run('ALTER SESSION SET DDL_LOCK_TIMEOUT = %d' % lock_timeout)
    except driver.DatabaseProblem as problem:
        return Outcome(failed=steps[0], problem=problem, remaining=list(steps[1:]))
    for number, step in enumerate(steps, 1):
        try:
            run_step(connection, step, retries, pause)
        except driver.DatabaseProblem as problem:
            outcome.failed, outcome.problem, outcome.rows = step, problem, getattr(problem, 'rows', 0)
            outcome.remaining = list(steps[number:])
            return outcome
        outcome.applied.append(step)
        outcome.times.append(time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(_clock.now())))
        outcome.remaining = list(steps[number:])
        try:
            if done:
                done(number, len(steps), step)
        except driver.DatabaseProblem as problem:
            outcome.failed, outcome.problem = step.replace(reason='done, but the history of it could not be written'), problem
            return outcome
    return outcome


def run_step(connection, step, retries=2, pause=time.sleep):
    """Run a step, again if another session holds a lock; the number of rows that it changed."""
    for attempt in range(retries + 1):
        try:
            return _once(connection, step)
        except driver.DatabaseProblem as problem:
            if problem.code not in _BUSY or attempt == retries:
                raise
        pause(1 + attempt)


def _once(connection, step):
    """A step in batches is one statement, repeated with a commit each until it finds no more rows."""
    if not step.batch:
        return connection.run(step.sql)
    total, changed = 0, connection.run(step.sql)
    try:
        while changed:
            connection.run('COMMIT')
            total += changed
            changed = connection.run(step.sql)
    except driver.DatabaseProblem as problem:
        problem.rows = total
        raise
    return total
