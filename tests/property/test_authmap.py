# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""authmap.json and the grid map: nobody is lost, nobody comes in unasked, and the size of CMS is no trouble."""

from __future__ import annotations

import json
import time

from ansible_collections.cmsweb.crab.plugins.module_utils import _authmap
from hypothesis import given
from hypothesis import strategies as st

NAMES = st.integers(0, 6)
ROLES = st.dictionaries(
    st.sampled_from(['operator', 'site-admin']), st.lists(st.sampled_from(['group:crab3', 'site:t2-ch-cern', 'group:x']), max_size=3), max_size=2
)
TEXT = st.text(st.characters(exclude_categories=('Cs',)), max_size=10)
ENTRIES = st.lists(
    st.fixed_dictionaries(
        {'DN': NAMES.map('/DC=ch/CN={}'.format)},
        optional={
            'LOGIN': NAMES.map('u{}'.format),
            'NAME': TEXT,
            'ID': st.integers(),
            'PASSWD': TEXT,
            'ROLES': ROLES,
            'x': TEXT | st.just('}, {"DN": '),
        },
    ),
    max_size=6,
)
USERS = st.lists(NAMES, unique=True, max_size=4).flatmap(
    lambda numbers: st.tuples(
        *[
            st.fixed_dictionaries(
                {'dn': st.just('/DC=ch/CN=%d' % number), 'login': st.just('u%d' % number)},
                optional={'name': st.text('abc \u00e9', min_size=1, max_size=5).map(lambda text: 'a' + text), 'roles': ROLES},
            )
            for number in numbers
        ]
    ).map(list)
)
LINES = st.lists(
    st.one_of(
        NAMES.map(lambda number: b'"/DC=ch/CN=%d" cms' % number),
        NAMES.map(lambda number: b' "/DC=ch/CN=%d"\t.x ' % number),
        st.sampled_from([b'', b'# comment', b'"/DC=ch/CN=1', b'nonsense', b'"" cms', b'"/DC=other/CN=\xff" cms']),
    ),
    max_size=8,
)


@given(ENTRIES)
def test_written_map_is_json_with_the_same_entries(entries):
    content = _authmap.dump(entries)
    assert json.loads(content) == entries and content.isascii()
    assert all(line.startswith(b' {') for line in content.splitlines()[1:-1])


@given(ENTRIES, USERS, st.booleans())
def test_update_gives_what_is_asked_for_and_converges(entries, users, exact):
    once = _authmap.update(json.dumps(entries).encode(), 'a', users, exact)
    again = _authmap.update(once['content'], 'a', users, exact)
    first: dict = {}
    for entry in json.loads(once['content']):
        first.setdefault(entry['DN'], entry)
    for user in users:
        entry = first[user['dn']]
        assert entry['LOGIN'] == user['login']
        assert 'roles' not in user or {role: sorted(scopes) for role, scopes in entry['ROLES'].items()} == {
            role: sorted(user['roles'][role]) for role in user['roles']
        }
        assert 'name' not in user or entry['NAME'].isascii()
    assert (again['content'], again['added'], again['changed'], again['removed']) == (once['content'], [], [], [])
    assert not exact or list(first) == [
        *(dn for dn in dict.fromkeys(entry['DN'] for entry in entries) if dn in {user['dn'] for user in users}),
        *(user['dn'] for user in users if user['dn'] not in {entry['DN'] for entry in entries}),
    ]


@given(ENTRIES, USERS)
def test_merge_leaves_all_others_as_they_are(entries, users):
    ours = {user['dn'] for user in users}
    after = json.loads(_authmap.update(json.dumps(entries).encode(), 'a', users)['content'])
    assert [entry for entry in after if entry['DN'] not in ours] == [entry for entry in entries if entry['DN'] not in ours]
    assert [entry.get('PASSWD') for entry in after[: len(entries)]] == [entry.get('PASSWD') for entry in entries]


@given(LINES, st.lists(NAMES, unique=True, max_size=4), st.booleans())
def test_gridmap_lets_ours_in_and_keeps_other_lines(lines, numbers, final_newline):
    content = b'\n'.join(lines) + (b'\n' if lines and final_newline else b'')
    dns = ['/DC=ch/CN=%d' % number for number in numbers]
    once = _authmap.gridmap(content, dns)
    found = _authmap.gridmap_entries(once)
    ours = {b'"%s"' % dn.encode() for dn in dns}
    assert all(found[dn] == 'cms' for dn in dns)
    assert [line for line in once.splitlines() if line and line.strip().rsplit(None, 1)[0] not in ours] == [
        line for line in content.splitlines() if line and line.strip() and line.strip().rsplit(None, 1)[0] not in ours
    ]
    assert _authmap.gridmap(once, dns) == once


def test_hundred_thousand_users_take_less_than_twice_json_itself(tmp_path):
    path = tmp_path / 'authmap.json'
    path.write_bytes(
        _authmap.dump(
            [
                {
                    'DN': '/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=user%d/CN=%d/CN=User Number %d' % (i, i, i),
                    'ID': i,
                    'LOGIN': 'user%d' % i,
                    'NAME': 'User Number %d' % i,
                    'ROLES': {'operator': ['group:crab3']} if i % 10 == 0 else {},
                }
                for i in range(100_000)
            ]
        )
    )

    def yardstick():
        with path.open() as source, (tmp_path / 'copy').open('w') as target:
            json.dump(json.load(source), target)

    def change():
        done = _authmap.update(path.read_bytes(), 'a', [{'dn': '/DC=ch/CN=new', 'login': 'new'}])
        (tmp_path / 'copy').write_bytes(done['content'])

    assert min(map(seconds, [change] * 3)) < 2 * min(map(seconds, [yardstick] * 3))


def seconds(act) -> float:
    start = time.process_time()
    act()
    return time.process_time() - start
