# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import copy

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _external
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._externalconvert import convert

ONE, TWO, LINK, DN = 'crab3@a.example.org', 'crab3@b.example.org', 'https://x.example.org/schedds.json', '/DC=ch/CN=tw'
SCHEDDS = {ONE: {'proxiedurl': 'https://x.example.org/1', 'weightfactor': 1}, TWO: {'proxiedurl': 'https://x.example.org/2'}}


def mode(*schedds):
    return {
        'delegate-dn': [DN, '/DC=ch/CN=two'], 'compatible-version': ['3\\.3.*'], 'banned-out-destinations': ['T1_*'],
        'backend-urls': {'cacheSSL': 'https://s3.example.org/crabcache_dev', 'baseURL': '', 'htcondorPool': 'a.example.org:9620',
                         'htcondorSchedds': dict((name, SCHEDDS[name]) for name in schedds),
                         'asoConfig': [{'couchURL': '', 'couchDBName': 'filetransfers'}]}}


KEYED = {'dev': mode(ONE), 'prod': mode(ONE, TWO)}
RELEASES = {'keyed': '3.3.1803.patch3', 'both': '3.3.2105.rc1', 'modes': 'v3.220608', 'rest': 'v3.251015', 'none': 'v3.260407'}


def test_keyed_to_modes_has_the_schedds_in_a_file_of_their_own():
    done = convert(KEYED, RELEASES['modes'], link=LINK)
    content = done['content']
    assert (done['schedds'], content['htcondorScheddsLink'], content['htcondorPool']) == (SCHEDDS, LINK, 'a.example.org:9620')
    assert [(item['mode'], item['backend-urls']['htcondorSchedds']) for item in content['modes']] == [('dev', [ONE]), ('prod', [ONE, TWO])]
    assert (content['compatible-version'], done['settings'], done['lost']) == (['3\\.3.*'], {}, [])
    assert _external.examine(content, 'modes') == ([], [], [])


def test_keyed_to_modes_and_back_loses_nothing():
    there = convert(KEYED, RELEASES['modes'], link=LINK)
    back = convert(there['content'], RELEASES['keyed'], schedds=there['schedds'])
    assert (back['content'], back['lost']) == (KEYED, [])


def test_late_release_of_the_era_modes_reads_the_dn_from_config_py():
    assert convert(KEYED, 'v3.250820', link=LINK)['settings'] == {'data.delegateDN': DN + '|/DC=ch/CN=two'}


def test_keyed_to_rest_moves_the_rest_to_config_py():
    done = convert(KEYED, RELEASES['rest'], mode='dev', link=LINK)
    assert (done['content'], done['schedds']) == ({'htcondorPool': 'a.example.org:9620', 'htcondorScheddsLink': LINK}, {ONE: SCHEDDS[ONE]})
    assert done['settings'] == {'data.delegateDN': DN + '|/DC=ch/CN=two', 'data.compatibleClientVersions': ['3\\.3.*'], 'data.s3_bucket': 'crabcache_dev'}
    assert done['lost'] == ['%s has no place in the era rest.' % key for key in ('asoConfig', 'banned-out-destinations', 'baseURL')]


def test_everything_ends_in_config_py():
    done = convert(KEYED, RELEASES['none'])
    assert (done['era'], done['content'], done['schedds'], sorted(done['settings'])) == (
        'none', None, None, ['data.compatibleClientVersions', 'data.delegateDN', 'data.s3_bucket'])
    assert 'htcondorSchedds has no place in the era none.' in done['lost']


@pytest.mark.parametrize('target', ['keyed', 'both'])
def test_what_the_release_reads_already_stays(target):
    done = convert(KEYED, RELEASES[target])
    assert (done['content'], done['settings'], done['lost']) == (KEYED, {}, [])


def test_modes_that_differ_need_the_one_that_counts():
    content = copy.deepcopy(KEYED)
    content['prod']['compatible-version'] = ['v3.*']
    with pytest.raises(CrabError) as caught:
        convert(content, RELEASES['modes'], link=LINK)
    assert caught.value.args[0] == ('compatible-version differs between the modes dev, prod, and the new era has it once. '
                                    'Name in mode the one whose value shall count.')
    assert convert(content, RELEASES['modes'], mode='prod', link=LINK)['content']['compatible-version'] == ['v3.*']


@pytest.mark.parametrize('value, arguments, message', [
    (KEYED, {'release': RELEASES['modes']}, 'The era modes has the schedds in a file of their own.'),
    (KEYED, {'release': RELEASES['rest']}, 'The era rest has the schedds in a file of their own.'),
    (KEYED, {'release': RELEASES['none'], 'mode': 'x'}, 'mode: the configuration has no mode x, but dev, prod.'),
    (convert(KEYED, RELEASES['modes'], link=LINK)['content'], {'release': RELEASES['keyed']}, 'The era keyed has the schedds in the configuration itself.'),
    (convert(KEYED, RELEASES['modes'], link=LINK)['content'], {'release': RELEASES['keyed'], 'schedds': {}}, 'dev: the file of the schedds has no '),
    ({'htcondorPool': 'a', 'htcondorScheddsLink': LINK}, {'release': RELEASES['modes']}, 'A configuration of the era rest holds no modes'),
    (SCHEDDS, {'release': RELEASES['modes']}, 'This is no external configuration of any era.'),
])
def test_what_cannot_be_made_is_refused(value, arguments, message):
    with pytest.raises(CrabError) as caught:
        convert(value, **arguments)
    assert caught.value.args[0].startswith(message)
