# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every change of CRAB's schema since 2013, with rows in the tables, stopped at every statement and run again."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import itertools
import sys

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils._schema import dictionary, diff, execute, plan, scratch
from ansible_collections.cmsweb.crab.tests.unit.plugins.module_utils.schema_upgrades import RELEASES, Stopping, Upgrade, schema_of

# From 2013 to 2025: changes of type, repartitioning, drops, swapped indexes, the misspelt column, columns without a default.
CHOSEN = ('3.3.0.pre2', '3.3.5.rc3', '3.3.11.rc4', '3.3.16.rc1', '3.3.1509.rc7', '3.3.1604.rc1', '3.3.1612.rc1', '3.3.1703.rc3', '3.3.1711.rc1',
          'v3.210318', 'v3.221128', 'v3.240508', 'v3.250324')
STEPS = list(zip(RELEASES, RELEASES[1:]))
PAIRS = [pair for pair in itertools.combinations(CHOSEN, 2) if pair not in STEPS]
STOPPED = STEPS
SEEN = set()
if sys.version_info < (3, 7):
    # On the Pythons of hosts the hard ones: what the others add depends on no Python, and takes its time.
    PAIRS = PAIRS[-1:]
    STOPPED = [pair for pair in STEPS if pair[1] in CHOSEN]


@pytest.mark.parametrize('release', RELEASES)
def test_a_release_is_created_and_leaves_nothing_to_do(oracle, release):
    wanted = schema_of(release)
    connection = oracle.connect()

    outcome = execute.apply(connection, plan.make(diff.compare(wanted, dictionary.read(connection.select))).steps)

    assert outcome.problem is None
    assert diff.compare(wanted, dictionary.read(connection.select)) == []


@pytest.mark.parametrize('old, new', STEPS)
def test_each_release_follows_the_one_before_it_and_no_value_is_lost(oracle, old, new):
    upgrade = Upgrade(oracle, old, new)

    outcome = upgrade.apply()

    assert outcome.problem is None
    upgrade.check()


@pytest.mark.parametrize('old, new', [pair for pair in STEPS if pair[1] in CHOSEN])
def test_a_server_of_11_2_takes_all_but_a_new_partitioning_which_is_told(oracle, old, new):
    oracle.admin('version', '11.2')
    upgrade = Upgrade(oracle, old, new)

    outcome = upgrade.apply()
    left = upgrade.plan(oracle.connect())

    assert outcome.problem is None
    assert left.steps == []
    assert [text for text in left.drift if 'servers before 12.2 cannot do that in place (ORA-14006)' not in text] == []
    assert len(left.drift) == (2 if new == 'v3.240508' else 0)


@pytest.mark.parametrize('release', CHOSEN)
def test_scratch_then_create_leaves_nothing_to_do(oracle, release):
    wanted = schema_of(release)
    connection = oracle.connect()

    for _time in range(2):
        assert execute.apply(connection, plan.make(diff.compare(wanted, dictionary.read(connection.select))).steps).problem is None
        created = dictionary.read(connection.select)
        assert execute.apply(connection, scratch.make(wanted, created).steps).problem is None

        assert diff.compare(wanted, created) == []
        assert (dictionary.read(connection.select).tables, dictionary.read(connection.select).sequences) == ({}, {})


@pytest.mark.parametrize('after', [False, True], ids=['before', 'after'])
@pytest.mark.parametrize('old, new', STOPPED)
def test_stopped_at_any_statement_the_next_run_ends_the_same_and_no_value_is_lost(oracle, old, new, after):
    upgrade = Upgrade(oracle, old, new)
    number = 0
    while True:
        number += 1
        stopped = upgrade.apply(Stopping(oracle.connect(), number, after))
        if stopped.problem is None:
            break
        oracle.close()
        assert upgrade.apply().problem is None
        upgrade.check()
        upgrade.begin_again()
    assert number > 1


@pytest.mark.parametrize('old, new, set_unused', [pair + (False,) for pair in PAIRS] + [(CHOSEN[0], CHOSEN[-1], True)])
def test_any_release_follows_any_older_one_and_a_stop_between_any_statements_ends_the_same(oracle, old, new, set_unused):
    upgrade = Upgrade(oracle, old, new, set_unused=set_unused)

    steps, otherwise = upgrade.apply_and_plan_after_each_step()
    upgrade.check()

    # Where the next run sends the very rest of the plan, it ends as the unbroken run did. Only where it does not, it must be seen to the end: once, as
    # many pairs of releases have such a stop in common.
    for number, stop in otherwise:
        if stop in SEEN:
            continue
        SEEN.add(stop)
        upgrade.begin_again()
        assert execute.apply(oracle.connect(), steps[:number], retries=0).problem is None
        oracle.close()
        assert upgrade.apply().problem is None
        upgrade.check()
