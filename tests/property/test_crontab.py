# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Crontabs: only the named jobs change, and what was taken out comes back as it was."""

from __future__ import annotations

from ansible_collections.cmsweb.crab.plugins.module_utils import _crontab
from hypothesis import given
from hypothesis import strategies as st

SCHEDULES = st.sampled_from([b'*/4 * * * *', b'@reboot', b'13 */3 * * *', b'0 9 1-31/4 jan mon', b'\t5  *\t* * 1,2'])
JOBS = st.builds(
    lambda schedule, command, tail: schedule + b' ' + command + tail,
    SCHEDULES,
    st.sampled_from([b'/x/config/frontend/mkauthmap -q', b'/x/config/frontend/mkvomsmap', b'/bin/true']),
    st.sampled_from([b'', b' # note', b' \xff']),
)
LINES = (
    JOBS
    | JOBS.map(lambda job: b'#' + job)
    | st.sampled_from([b'', b'# config/frontend/mkauthmap', b'A=config/frontend/mkauthmap', b'  # x', b'\xc3\xa9'])
    | st.binary(max_size=15).map(lambda line: line.replace(b'\n', b'').replace(b'\r', b''))
)
TABLES = st.builds(
    lambda lines, newline, last: newline.join(lines) + last,
    st.lists(LINES, max_size=8),
    st.sampled_from([b'\n', b'\r\n']),
    st.sampled_from([b'', b'\n']),
)
PARTS = st.sampled_from([['config/frontend/mkauthmap'], ['mkauthmap', 'mkvomsmap'], ['/bin/true'], []])


@given(TABLES, PARTS)
def test_disabled_jobs_are_out_and_all_other_lines_stay(table, parts):
    after, off, _ = _crontab.switched(table, parts)
    pairs = list(zip(table.splitlines(True), after.splitlines(True), strict=True))
    changed = [(old, new) for old, new in pairs if old != new]
    assert all(new == b'#cmsweb.crab# ' + old and any(part.encode() in old for part in parts) for old, new in changed)
    assert len(changed) == len(off)
    assert _crontab.switched(after, parts) == (after, [], [])


@given(TABLES, PARTS)
def test_enabling_what_was_disabled_gives_the_old_table_back(table, parts):
    by_hand = _crontab.switched(table, [], parts)[0]
    assert _crontab.switched(_crontab.switched(by_hand, parts)[0], [], parts)[0] == by_hand
