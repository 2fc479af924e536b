# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import copy

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _external
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError

SCHEDD = 'crab3@schedd.example.org'
MODE = {
    'delegate-dn': ['/DC=ch/DC=cern/OU=computers/CN=tw.example.org|/DC=ch/DC=cern/OU=Users/CN=(1|2)/CN=Robot'],
    'backend-urls': {
        'cacheSSL': 'https://crab-vm.example.org/crabcache', 'baseURL': '', 'htcondorPool': 'a.example.org:9620,b.example.org',
        'htcondorSchedds': {SCHEDD: {'proxiedurl': 'https://crab-vm.example.org/scheddmon/01', 'weightfactor': 1}},
        'asoConfig': [{'couchURL': 'https://crab-vm.example.org/couchdb', 'couchDBName': 'filetransfers'}]},
    'compatible-version': ['3\\.3\\.[0-9a-zA-Z.]+'], 'banned-out-destinations': ['T1_*'], 'ign-locality-blacklist': ['T2_XX_Nowhere']}
FLAT = {
    'htcondorPool': 'a.example.org', 'htcondorScheddsLink': 'http://127.0.0.1:8080/schedds.json', 'compatible-version': ['v3.*'],
    'modes': [{'mode': 'cmsweb-dev', 'backend-urls': {'htcondorSchedds': [SCHEDD], 'cacheSSL': 'https://s3.example.org/crabcache_dev', 'baseURL': ''}}],
    'banned-out-destinations': [], 'ign-locality-blacklist': [], 'delegate-dn': ['/DC=ch/CN=tw']}
REST = {'htcondorPool': 'a.example.org', 'htcondorScheddsLink': 'https://x.example.org/s.json'}
ABSENT = object()


def changed(value, path, new):
    """A copy with one place changed; ABSENT removes it."""
    result = copy.deepcopy(value)
    inner = result
    for step in path[:-1]:
        inner = inner[step]
    if new is ABSENT:
        del inner[path[-1]]
    else:
        inner[path[-1]] = new
    return result


@pytest.mark.parametrize('era, content', [
    ('keyed', {'cmsweb-dev': MODE, 'cmsweb-prod': MODE}), ('both', {'cmsweb-dev': MODE}), ('both', FLAT), ('modes', FLAT), ('rest', REST),
    ('schedds', {SCHEDD: {'proxiedurl': '', 'weightfactor': 0.5}}),
    ('keyed', {'m': changed(MODE, ('backend-urls', 'htcondorSchedds'), [SCHEDD])}),
    ('keyed', {'m': changed(changed(MODE, ('backend-urls', 'asoConfig'), ABSENT), ('backend-urls', 'ASOURL'), 'https://x.example.org/couchdb')}),
    ('modes', changed(FLAT, ('modes', 0, 'backend-urls', 'htcondorSchedds'), [])),
])
def test_good_configuration_has_no_problem(era, content):
    assert _external.examine(content, era) == ([], [], [])


@pytest.mark.parametrize('path, new, problem', [
    (('delegate-dn',), '/DC=ch/CN=x', 'm.delegate-dn: expected a list of DNs, found text.'),
    (('delegate-dn',), [], 'm.delegate-dn: expected a list of DNs, found nothing.'),
    (('delegate-dn', 0), '/DC=ch|DC=x',
     'm.delegate-dn[0]: each DN starts with a slash, such as /DC=ch/DC=cern/OU=computers/CN=tw.example.org, and "DC=x" does not.'),
    (('delegate-dn', 0), '/DC=ch/CN=[', 'm.delegate-dn[0]: not a regular expression ('),
    (('delegate-dn',), ABSENT, 'm.delegate-dn is missing.'),
    (('backend-urls',), ABSENT, 'm.backend-urls is missing.'),
    (('backend-urls',), None, 'm.backend-urls: expected an object, found null.'),
    (('backend-urls', 'cacheSSL'), 'file:///x',
     'm.backend-urls.cacheSSL: expected a URL that starts with http:// or https://, or an empty text, '
     'found "file:///x".'),
    (('backend-urls', 'cacheSSL'), 'https://u:geheim@x.example.org/',
     'm.backend-urls.cacheSSL: expected a URL that starts with http:// or https://, '
     'or an empty text, found "https://********@x.example.org/".'),
    (('backend-urls', 'baseURL'), ABSENT, 'm.backend-urls.baseURL is missing.'),
    (('backend-urls', 'htcondorSchedds'), {'schedd.example.org': {}},
     'm.backend-urls.htcondorSchedds["schedd.example.org"]: expected the name of a '
     'schedd as condor_status -schedd shows it, such as crab3@schedd.example.org.'),
    (('backend-urls', 'htcondorSchedds', SCHEDD, 'proxiedurl'), 5,
     'm.backend-urls.htcondorSchedds["crab3@schedd.example.org"].proxiedurl: '
     'expected a URL, found a number.'),
    (('backend-urls', 'htcondorSchedds', SCHEDD, 'weightfactor'), True,
     'm.backend-urls.htcondorSchedds["crab3@schedd.example.org"].weightfactor: '
     'expected a number from 0 up.'),
    (('backend-urls', 'htcondorSchedds', SCHEDD, 'weight'), 1,
     'm.backend-urls.htcondorSchedds["crab3@schedd.example.org"].weight: '
     'no CRABServer release of this era reads this key; expected proxiedurl, weightfactor.'),
    (('backend-urls', 'htcondorPool'), 'a, b',
     'm.backend-urls.htcondorPool: expected collectors such as a.example.org:9620,b.example.org '
     'without blanks, found " b".'),
    (('backend-urls', 'htcondorPool'), 'a,',
     'm.backend-urls.htcondorPool: expected collectors such as a.example.org:9620,b.example.org '
     'without blanks, found an empty one.'),
    (('backend-urls', 'asoConfig'), ABSENT, 'm.backend-urls.asoConfig is missing.'),
    (('backend-urls', 'asoConfig', 0, 'couchDBName'), ABSENT, 'm.backend-urls.asoConfig[0].couchDBName is missing.'),
    (('backend-urls', 'asoConfig'), {}, 'm.backend-urls.asoConfig: expected a list of objects with couchURL and couchDBName, found an object.'),
    (('compatible-version', 0), '(', 'm.compatible-version[0]: not a regular expression ('),
    (('compatible-version', 0), '', 'm.compatible-version[0]: expected a regular expression, found nothing.'),
    (('compatible-version',), ABSENT, 'm.compatible-version is missing.'),
    (('banned-out-destinations', 0), 'CERN', 'm.banned-out-destinations[0]: expected a site or a pattern such as T2_CH_CERN or T1_*, found "CERN".'),
    (('banned-out-destinations',), 'T1_*', 'm.banned-out-destinations: expected a list of sites, found text.'),
    (('ign-locality-blacklist', 0), None, 'm.ign-locality-blacklist[0]: expected a site, found null.'),
    (('compatible-versions',), [],
     'm.compatible-versions: no CRABServer release of this era reads this key; expected backend-urls, '
     'banned-out-destinations, compatible-version, delegate-dn, ign-locality-blacklist.'),
    (('backend-urls', 'baseURL'), 'http://x\n', 'm.backend-urls.baseURL: the text has control characters or halves of characters.'),
])
def test_problem_is_told_with_its_path(path, new, problem):
    found = _external.validate({'m': changed(MODE, path, new)}, 'keyed')
    assert len(found) == 1 and found[0].startswith(problem)


@pytest.mark.parametrize('era, content, problem', [
    ('keyed', {}, 'The configuration is empty: expected one key for each mode, such as cmsweb-dev.'),
    ('keyed', [], 'Expected an object with one key for each mode, found a list.'),
    ('keyed', FLAT, 'modes: this key belongs to the era modes; the era keyed has one object for each mode.'),
    ('keyed', {'cmsweb dev': MODE}, '["cmsweb dev"]: the name of a mode has letters, digits and -_. only, such as cmsweb-dev.'),
    ('modes', changed(FLAT, ('htcondorScheddsLink',), ''), 'htcondorScheddsLink: expected a URL, found nothing.'),
    ('modes', changed(FLAT, ('modes',), FLAT['modes'] * 2), 'modes[1].mode: cmsweb-dev occurs twice in modes; the server takes the first.'),
    ('modes', changed(FLAT, ('modes', 0, 'backend-urls', 'htcondorPool'), 'a'),
     'modes[0].backend-urls.htcondorPool: no CRABServer release of this era reads this key; expected asoConfig, baseURL, cacheSSL, htcondorSchedds.'),
    ('rest', dict(REST, modes=[]), 'modes: no CRABServer release of this era reads this key; expected htcondorPool, htcondorScheddsLink.'),
    ('schedds', {'x': {}}, 'x: expected the name of a schedd as condor_status -schedd shows it, such as crab3@schedd.example.org.'),
])
def test_each_era_has_its_shape(era, content, problem):
    assert _external.validate(content, era) == [problem]


def test_all_problems_are_told_at_once():
    content = {'m': {'delegate-dn': ['x'], 'backend-urls': {}, 'more': 1}}
    assert [problem.split(' ')[0].rstrip(':') for problem in _external.validate(content)] == [
        'm.compatible-version', 'm.backend-urls.asoConfig', 'm.backend-urls.baseURL', 'm.backend-urls.cacheSSL', 'm.backend-urls.htcondorPool',
        'm.backend-urls.htcondorSchedds', 'm.delegate-dn[0]', 'm.more']


def test_what_only_some_calls_need_is_a_warning():
    errors, unknown, warnings = _external.examine({'m': changed(MODE, ('banned-out-destinations',), ABSENT)})
    assert (errors, unknown, warnings) == (
        [], [], ['m.banned-out-destinations is missing: /info?subresource=bannedoutdest answers 500 without it; [] bans nothing.'])


@pytest.mark.parametrize('era, content, message', [
    ('keyed', b'{\n "modes": []}', 'f.json, line 2, column 2: the key modes belongs to the era modes, not to keyed.'),
    ('keyed', b'{"m": {}, "x": 1}', 'f.json, line 1, column 11: the key x is not a mode with an object, as the era keyed has.'),
    ('keyed', b'[]', 'f.json, line 1, column 1: expected an object, as every era has.'),
    ('modes', b'{"cmsweb-dev": {}}', 'f.json, line 1, column 1: the file has not the shape of the era modes, but of the era keyed.'),
    ('rest', b'{"modes": [], "htcondorScheddsLink": ""}', 'f.json, line 1, column 2: the key modes belongs to the era modes, not to rest.'),
    ('keyed', b'{"a": "\\."}', 'f.json, line 1, column 8: the backslash starts no JSON escape; a backslash is written as two.'),
])
def test_existing_file_of_another_era_is_refused_with_its_place(era, content, message):
    with pytest.raises(CrabError) as caught:
        _external.load(content, 'f.json', era)
    assert caught.value.message == message


@pytest.mark.parametrize('value, era', [(FLAT, 'modes'), (REST, 'rest'), ({'m': {}}, 'keyed'), ({SCHEDD: {}}, 'schedds'), ({'m': 1}, None), ([], None)])
def test_era_is_detected(value, era):
    assert _external.detect(value) == era


def test_merge_keeps_what_is_not_named():
    old = {'htcondorPool': 'x', 'banned-out-destinations': ['T1_*'], 'modes': [{'mode': 'a', 'x': 1}, {'mode': 'b', 'x': 1}]}
    new = {'htcondorPool': 'y', 'modes': [{'mode': 'b', 'x': 2}, {'mode': 'c', 'x': 3}]}
    assert _external.merged(old, new) == {'htcondorPool': 'y', 'banned-out-destinations': ['T1_*'],
                                          'modes': [{'mode': 'a', 'x': 1}, {'mode': 'b', 'x': 2}, {'mode': 'c', 'x': 3}]}


def test_merge_of_the_keyed_era_replaces_whole_modes():
    assert _external.merged({'a': {'x': 1}, 'b': {'y': 1}}, {'b': {'z': 2}}) == {'a': {'x': 1}, 'b': {'z': 2}}


def test_modes_of_a_file():
    assert [_external.mode_names(value) for value in ({'b': MODE, 'a': MODE}, FLAT, REST)] == [['a', 'b'], ['cmsweb-dev'], []]


@pytest.mark.parametrize('release, era, content, result', [
    (None, None, {'m': MODE}, 'keyed'), (None, None, FLAT, 'modes'), (None, None, REST, 'rest'), (None, None, {'x': 1}, 'keyed'), (None, 'both', FLAT, 'both'),
    ('3.3.1803.patch3', None, FLAT, 'keyed'), ('3.3.2105.rc1', None, FLAT, 'both'), ('3.3.2105.rc1', 'modes', FLAT, 'modes'),
    ('v3.220608', None, {}, 'modes'), ('v3.251015', 'rest', REST, 'rest'), ('v3.251015', 'schedds', {}, 'schedds')])
def test_era_comes_from_the_release(release, era, content, result):
    assert _external.era_for(release, era, content) == result


@pytest.mark.parametrize('release, era, message', [
    ('v3.260407', None, 'CRABServer v3.260407 reads no external configuration. Put data.delegateDN, data.compatibleClientVersions and data.s3_bucket'),
    ('v3.220608', 'keyed', 'era: CRABServer v3.220608 reads the era modes, not keyed.'), ('3.3.2105.rc1', 'rest', 'era: CRABServer 3.3.2105.rc1 reads')])
def test_era_that_the_release_does_not_read_is_refused(release, era, message):
    with pytest.raises(CrabError) as caught:
        _external.era_for(release, era, {})
    assert caught.value.args[0].startswith(message)


def test_schedd_that_the_file_behind_the_link_has_not_is_told():
    assert _external.unknown_schedds(FLAT, {SCHEDD: {}}) == []
    assert _external.unknown_schedds(FLAT, {}) == [
        'modes[0].backend-urls.htcondorSchedds: %s is not in the file behind htcondorScheddsLink; the server would not start.' % SCHEDD]


@pytest.mark.parametrize('url, cure', [
    ('https://gist.example.org/alice/0123456789abcdef0123456789abcdef/raw/' + 'ab' * 20 + '/rest.json',
     'Take the link without it: https://gist.example.org/alice/0123456789abcdef0123456789abcdef/raw/rest.json'),
    ('https://gitlab.example.org/crab3/CRAB3ServerConfig/raw/' + '0' * 40 + '/rest.json',
     'Put the name of the branch in its place: https://gitlab.example.org/crab3/CRAB3ServerConfig/raw/BRANCH/rest.json'),
    ('https://git.example.org/?p=crab.git;a=blob_plain;hb=' + '0' * 40 + ';f=rest.json',
     'Put the name of the branch in its place: https://git.example.org/?p=crab.git;a=blob_plain;hb=BRANCH;f=rest.json')])
def test_link_that_names_a_revision_is_told_with_the_cure(url, cure):
    assert _external.pinned_revision(url).endswith(cure)


@pytest.mark.parametrize('url', [
    'https://gist.example.org/alice/0123456789abcdef0123456789abcdef/raw/rest.json', 'https://gitlab.example.org/crab3/CRAB3ServerConfig/raw/master/rest.json',
    'https://crab-vm.example.org/rest.json', 'https://x.example.org/' + 'a' * 41])
def test_link_without_a_revision_is_fine(url):
    assert _external.pinned_revision(url) is None


@pytest.mark.parametrize('url, shown', [
    ('https://alice:hunter2@web.example.org/x', 'https://********@web.example.org/x'),
    ('https://alice:h@hunter2@web.example.org/a@b', 'https://********@web.example.org/a@b'),
    ('https://web.example.org/a@b', 'https://web.example.org/a@b'),
    ('clone https://a:hunter2@x/y https://b:hunter3@x/z', 'clone https://********@x/y https://********@x/z'),
])
def test_a_url_is_shown_without_its_password_also_if_that_has_an_at_sign(url, shown):
    assert _external.masked_url(url) == shown
