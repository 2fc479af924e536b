# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Operations to ordered steps: each with its SQL, its risk and its reason. What is not planned is told as drift."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.cmsweb.crab.plugins.module_utils._schema import model, operations, render

METADATA = 'metadata only'


class Step(model.Record):
    """risk: METADATA and its like, for the reader of a plan; reason: why the step is there."""

    fields = ('sql', 'object', 'risk', 'reason')

    def shown(self):
        """As a module returns it."""
        return dict((name, getattr(self, name)) for name in self.fields)


class Plan(model.Record):
    """steps in their order; drift: differences that no step mends, a sentence each."""

    fields = ('steps', 'drift')
    defaults = {'steps': list, 'drift': list}


# Tables first; a trigger may use a sequence, so it comes last.
_ORDER = (operations.CreateTable, operations.CreateSequence, operations.CreateIndex, operations.CreateTrigger)


def make(changes):
    """The plan that creates what is missing and touches nothing that is there.

    :param changes: operations, as diff.compare gives them.
    """
    plan = Plan()
    for kind in _ORDER:
        chosen = [change for change in changes if type(change) is kind]
        for change in _parents_first(chosen) if kind is operations.CreateTable else chosen:
            plan.steps.append(Step(sql=render.sql(change), object=change.subject, risk=METADATA, reason=change.difference))
    plan.drift = ['%s: %s' % (change.subject, change.difference) for change in changes if type(change) not in _ORDER]
    return plan


def _parents_first(creates):
    """A table comes after those that its foreign keys point to; otherwise the order stays."""
    waiting = list(creates)
    ordered = []
    while waiting:
        names = [change.item.name for change in waiting]
        ready = [change for change in waiting if not set(change.item.parents) & set(names)]
        # Tables that point to each other cannot be ordered: the server's error names them.
        for change in ready or waiting[:1]:
            ordered.append(change)
            waiting.remove(change)
    return ordered
