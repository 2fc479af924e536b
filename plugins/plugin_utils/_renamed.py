# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables of roles that have another name now. The old name works until it is removed, and preflight says what to write instead.

Two things make a new name: an entry in RENAMED, and a default of the role that takes the old one where it is set,

    oracle_schema_dsn: "{{ oracle_schema_database | default(crab_database_dsn) }}"

which tests/ci/argspecs.py asks for. An entry goes with the version that removes it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Renamed:
    old: str
    new: str
    since: str      # the version with the new name
    removed: str    # the version without the old one


RENAMED: tuple[Renamed, ...] = ()


def examine(variables, template, renamed=RENAMED):
    """(problems, doubts): what to write instead of the old names that are set. Values are never shown: they may be secret."""
    problems, doubts = [], []
    for entry in renamed:
        if entry.old not in variables:
            continue
        if entry.new in variables and template(variables[entry.new]) != template(variables[entry.old]):
            problems.append('%s is the old name of %s, and both are set, to different values. Remove %s.' % (entry.old, entry.new, entry.old))
        else:
            doubts.append('%s is called %s since version %s, and is not read any more from %s on. Rename it in your inventory.' % (
                entry.old, entry.new, entry.since, entry.removed))
    return problems, doubts
