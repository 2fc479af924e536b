# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way back from an installation: the tables and sequences that a release has, and nothing else of the account."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.cmsweb.crab.plugins.module_utils._schema import ddl, plan


def make(wanted, live):
    """The plan that drops them, the tables that others point to last. What else the account has is told as drift, and stays."""
    found = plan.Plan()
    tables = [table for table in live.tables.values() if table.name in wanted.tables]
    for table in _children_first(tables):
        found.steps.append(plan.Step(sql='DROP TABLE %s CASCADE CONSTRAINTS' % ddl.quoted(table.name), object=table.name, risk=plan.LOSES,
                                     reason='the release has this table', rows=table.rows))
    found.steps += [plan.Step(sql='DROP SEQUENCE %s' % ddl.quoted(name), object=name, risk=plan.METADATA, reason='the release has this sequence')
                    for name in live.sequences if name in wanted.sequences]
    for table in live.tables.values():
        if table not in tables:
            lost = sorted(set(table.parents) & set(wanted.tables))
            found.drift.append('%s: the release has no such table: it stays%s' % (
                table.name, ', and loses its foreign key to %s' % ', '.join(lost) if lost else ''))
    return found


def _children_first(tables):
    waiting, ordered = list(tables), []
    while waiting:
        parents = set(parent for table in waiting for parent in table.parents)
        ready = [table for table in waiting if table.name not in parents] or waiting[:1]
        ordered += ready
        waiting = [table for table in waiting if table not in ready]
    return ordered
