# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils._schema import diff, driver, execute, plan, source

CHECKOUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), *[os.pardir] * 3 + ['lab', 'crabserver', 'src', 'python', 'Databases'])
STATEMENTS_OF_RELEASE = 8


def release():
    modules = {}
    for name in sorted(os.listdir(CHECKOUT)):
        with io.open(os.path.join(CHECKOUT, name, 'Oracle', 'Create.py'), encoding='utf-8') as text:
            modules[name] = text.read()
    return source.schema_of(modules)[0]


def planned(oracle):
    return plan.make(diff.compare(release(), oracle.read())).steps


class Scripted:
    """A connection that answers each run with what the test prepared: an ORA- code or None."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.sent = []

    def run(self, sql):
        self.sent.append(sql)
        code = self.answers.pop(0) if not sql.startswith('ALTER SESSION') and self.answers else None
        if code:
            raise driver.DatabaseProblem(code, code + ' said the server', sql)


def steps(*names):
    return [plan.Step(sql='CREATE ' + name, object=name, risk='', reason='') for name in names]


def test_steps_run_in_their_order_after_the_lock_timeout_is_set():
    connection = Scripted()

    outcome = execute.apply(connection, steps('A', 'B'), lock_timeout=7)

    assert connection.sent == ['ALTER SESSION SET DDL_LOCK_TIMEOUT = 7', 'CREATE A', 'CREATE B']
    assert ([step.object for step in outcome.applied], outcome.failed, outcome.remaining) == (['A', 'B'], None, [])


def test_a_session_that_is_gone_before_the_first_step_fails_like_a_step():
    class Gone(Scripted):
        def run(self, sql):
            raise driver.DatabaseProblem('ORA-03114', 'not connected', sql)

    outcome = execute.apply(Gone(), steps('A', 'B'))

    assert (outcome.failed.object, outcome.problem.code, outcome.applied) == ('A', 'ORA-03114', [])
    assert [step.object for step in outcome.remaining] == ['B']


def test_no_steps_send_nothing():
    connection = Scripted()

    execute.apply(connection, [])

    assert connection.sent == []


def test_the_first_failure_stops_it():
    outcome = execute.apply(Scripted(None, 'ORA-00955'), steps('A', 'B', 'C'))

    assert [step.object for step in outcome.applied] == ['A']
    assert (outcome.failed.object, outcome.problem.code) == ('B', 'ORA-00955')
    assert [step.object for step in outcome.remaining] == ['C']


def test_a_lock_is_tried_again_a_few_times_and_then_given_up():
    pauses = []

    passed = execute.apply(Scripted('ORA-00054', 'ORA-04021'), steps('A'), retries=2, pause=pauses.append)
    given_up = execute.apply(Scripted('ORA-00054', 'ORA-00054', 'ORA-00054'), steps('A'), retries=2, pause=pauses.append)

    assert (passed.failed, given_up.problem.code) == (None, 'ORA-00054')
    assert pauses == [1, 2, 1, 2]


def test_another_error_is_not_tried_again():
    connection = Scripted('ORA-00942')

    execute.apply(connection, steps('A'), retries=2, pause=None)

    assert connection.sent[1:] == ['CREATE A']


def test_the_batches_before_the_one_that_failed_are_counted():
    class Batches(Scripted):
        def run(self, sql):
            Scripted.run(self, sql)
            return 7

    step = plan.Step(sql='DELETE FROM A', object='A', risk='', reason='', batch=7)

    outcome = execute.apply(Batches(None, None, None, None, 'ORA-03113'), [step])

    assert (outcome.failed, outcome.applied, outcome.rows) == (step, [], 14)


def test_progress_is_told_after_each_step():
    told = []

    execute.apply(Scripted(None, 'ORA-00942'), steps('A', 'B'), done=lambda number, count, step: told.append((number, count, step.object)))

    assert told == [(1, 2, 'A')]


def test_a_history_that_cannot_be_written_stops_the_run_and_the_step_counts_as_done():
    def done(number, count, step):
        raise driver.DatabaseProblem('ORA-01536', 'quota', 'INSERT')

    outcome = execute.apply(Scripted(), steps('A', 'B'), done=done)

    assert [step.object for step in outcome.applied] == ['A']
    assert (outcome.failed.reason, outcome.problem.code) == ('done, but the history of it could not be written', 'ORA-01536')
    assert [step.object for step in outcome.remaining] == ['B']


@pytest.mark.parametrize('number', range(1, STATEMENTS_OF_RELEASE + 1))
def test_stopped_at_any_statement_the_next_run_does_the_rest_and_only_that(oracle, number):
    first_plan = planned(oracle)
    oracle.admin('fail-ddl', str(number), '1536')

    first = execute.apply(oracle.connect(), first_plan)
    second = execute.apply(oracle.connect(), planned(oracle))

    assert len(first_plan) == STATEMENTS_OF_RELEASE
    assert (len(first.applied), first.problem.code) == (number - 1, 'ORA-01536')
    assert [step.sql for step in second.applied] == [first.failed.sql] + [step.sql for step in first.remaining]
    assert planned(oracle) == []
