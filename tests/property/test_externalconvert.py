# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A configuration of another era: without faults there, nothing lost unsaid, and the way back ends where it began."""

from __future__ import annotations

from ansible_collections.cmsweb.crab.plugins.module_utils import _external
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._externalconvert import convert
from hypothesis import assume, given
from hypothesis import strategies as st

RELEASES = {'keyed': '3.3.1803.patch3', 'both': '3.3.2105.rc1', 'modes': 'v3.220608', 'modes, late': 'v3.250820', 'rest': 'v3.251015', 'none': 'v3.260407'}
LINK = 'https://x.example.org/schedds.json'
WORD = st.text('abcxyz019-', min_size=1, max_size=6).filter(lambda text: text.strip('-') == text)
URL = st.builds('https://{}.example.org/{}'.format, WORD, WORD) | st.just('')
SCHEDDS = st.dictionaries(
    st.builds('crab3@{}.example.org'.format, WORD), st.fixed_dictionaries({'proxiedurl': URL}, optional={'weightfactor': st.integers(0, 9)}),
    min_size=1, max_size=4)
SHARED = st.fixed_dictionaries(
    {'delegate-dn': st.lists(st.builds('/DC=ch/CN={}'.format, WORD), min_size=1, max_size=2), 'compatible-version': st.lists(WORD, max_size=2)},
    optional={'banned-out-destinations': st.lists(st.builds('T2_{}'.format, WORD), max_size=2), 'ign-locality-blacklist': st.just(['T1_*'])})


@st.composite
def keyed(draw):
    """A file without faults of the era keyed, whose modes share what later eras have once."""
    schedds, shared, pool = draw(SCHEDDS), draw(SHARED), draw(st.builds('{}.example.org:9620'.format, WORD))
    names = st.sets(st.sampled_from(sorted(schedds)), min_size=1)
    return {mode: dict(shared, **{'backend-urls': {
        'cacheSSL': draw(URL), 'baseURL': draw(URL), 'htcondorPool': pool, 'htcondorSchedds': {name: schedds[name] for name in draw(names)},
        'asoConfig': [{'couchURL': draw(URL), 'couchDBName': 'filetransfers'}]}}) for mode in draw(st.sets(WORD, min_size=1, max_size=3))}


@given(keyed(), st.sampled_from(sorted(RELEASES)))
def test_what_comes_out_has_no_fault_in_the_new_era(content, target):
    assert _external.examine(content)[:2] == ([], [])

    done = convert(content, RELEASES[target], mode=min(content), link=LINK)

    assert done['era'] == target.split(',')[0]
    assert done['content'] is None or _external.examine(done['content'], done['era'])[:2] == ([], [])
    assert done['schedds'] is None or _external.examine(done['schedds'], 'schedds')[:2] == ([], [])


@given(keyed(), st.sampled_from(['modes', 'modes, late']))
def test_the_way_to_modes_and_back_ends_where_it_began(content, target):
    there = convert(content, RELEASES[target], link=LINK)

    back = convert(there['content'], RELEASES['keyed'], schedds=there['schedds'])

    assert (back['content'], there['lost'], back['lost']) == (content, [], [])


@given(keyed(), st.sampled_from(['rest', 'none']))
def test_each_key_is_there_is_in_config_py_or_is_said_to_be_lost(content, target):
    mode = min(content)
    said = ' '.join(convert(content, RELEASES[target], mode=mode, link=LINK)['lost'])
    kept = {'htcondorPool', 'htcondorSchedds'} if target == 'rest' else set()
    settings = convert(content, RELEASES[target], mode=mode, link=LINK)['settings']
    moved = {old for old, new in (('delegate-dn', 'delegateDN'), ('compatible-version', 'compatibleClientVersions'), ('cacheSSL', 's3_bucket'))
             if 'data.' + new in settings}

    keys = set(content[mode]) - {'backend-urls'} | set(content[mode]['backend-urls'])

    assert {key for key in keys - kept - moved if key not in said} == set()


@given(keyed(), keyed())
def test_modes_that_differ_in_what_the_new_era_has_once_are_refused_by_name(one, other):
    content = {**{'x-' + mode: value for mode, value in one.items()}, **{'y-' + mode: value for mode, value in other.items()}}
    assume(next(iter(one.values()))['delegate-dn'] != next(iter(other.values()))['delegate-dn'])
    try:
        convert(content, RELEASES['modes'], link=LINK)
    except CrabError as error:
        assert ' differs between ' in error.message
    else:
        raise AssertionError('one of the two was taken silently')
