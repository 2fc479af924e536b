# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations to ordered steps: each with its SQL, its risk and its reason. What is not planned is told as drift."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.cmsweb.crab.plugins.module_utils._schema import model, operations, render

METADATA = 'metadata only'
READS = 'reads all rows under a lock'
REWRITES = 'rewrites rows'
LOSES = 'loses data'

# The order of the steps. What an earlier run left half done comes first; nothing is dropped before all else is in place.
PHASES = ('continue', 'finish', 'tables', 'sequences', 'free references', 'free names', 'columns', 'drop columns', 'partition', 'renames', 'keys', 'checks',
          'references', 'indexes', 'triggers', 'drop', 'unused')


class Step(model.Record):
    """sql: one statement. batch: rows at a time; the statement is then repeated, with a commit each, until it finds no row.

    rows: how many rows the step touches, as far as the statistics of the table tell.
    """

    fields = ('sql', 'object', 'risk', 'reason', 'rows', 'batch')
    defaults = {'rows': None, 'batch': 0}

    def shown(self):
        """As a module returns it."""
        return dict((name, getattr(self, name)) for name in ('sql', 'object', 'risk', 'reason', 'rows'))


class Plan(model.Record):
    """steps in their order; drift: differences that no step mends; blocked: what a person must decide first. Both a sentence each."""

    fields = ('steps', 'drift', 'blocked')
    defaults = {'steps': list, 'drift': list, 'blocked': list}


class Creation:
    """Plans what is missing and leaves alone all that is there."""

    _PHASES = {operations.CreateTable: 'tables', operations.CreateSequence: 'sequences', operations.CreateIndex: 'indexes',
               operations.CreateTrigger: 'triggers'}

    blocked = ()

    def steps(self, change):
        """[(phase, Step)] of an operation; None, or a sentence of its own, if it is to be told as drift."""
        phase = self._PHASES.get(type(change))
        if phase is None:
            return None
        return [(phase, Step(sql=render.sql(change), object=change.subject, risk=METADATA, reason=change.difference))]


def make(changes, planner=None):
    """The plan for operations as diff.compare gives them.

    :param planner: a Creation, or alter.Alteration for one that also changes what is there.
    """
    planner = planner or Creation()
    plan = Plan()
    found = []
    for change in _parents_first(changes):
        steps = planner.steps(change)
        if not isinstance(steps, list):
            plan.drift.append('%s: %s' % (change.subject, steps or change.difference))
        else:
            found += steps
    # Stable: inside a phase the order is that of the operations.
    plan.steps = [step for _phase, step in sorted(found, key=lambda item: PHASES.index(item[0]))]
    plan.blocked = list(planner.blocked)
    return plan


def _parents_first(changes):
    """A new table comes after those that its foreign keys point to; otherwise the order stays."""
    waiting = [change for change in changes if isinstance(change, operations.CreateTable)]
    ordered = []
    while waiting:
        names = [change.item.name for change in waiting]
        ready = [change for change in waiting if not set(change.item.parents) & set(names)]
        # Tables that point to each other cannot be ordered: the server's error names them.
        for change in ready or waiting[:1]:
            ordered.append(change)
            waiting.remove(change)
    return ordered + [change for change in changes if not isinstance(change, operations.CreateTable)]
