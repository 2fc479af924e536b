# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _authmap
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError

ALICE = '/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=alice/CN=123456/CN=Alice Example'
BOB = '/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=bob/CN=234567/CN=Bob Example'
# As mkauthmap of the SiteDB era writes it.
FILE = ('[\n {"DN": "%s", "ID": 7, "LOGIN": "alice", "NAME": "Alice Example", "PASSWD": "x1", '
        '"ROLES": {"operator": ["group:crab3"]}}\n]\n' % ALICE).encode('ascii')


def user(**keys):
    return dict({'dn': ALICE, 'login': 'alice', 'name': None, 'roles': None}, **keys)


def update(content, users, **options):
    return _authmap.update(content, 'authmap.json', users, **options)


@pytest.mark.parametrize('dn', ['"DN": "", ', ''])
def test_who_installed_and_is_a_user_is_not_there_twice(dn):
    content = ('[\n {%s"ID": 1, "LOGIN": "alice", "NAME": "Installer", "PASSWD": "", "ROLES": {}},\n {"DN": "%s", "LOGIN": "bob"}\n]\n' % (dn, BOB)).encode()

    done = update(content, [user(name='Alice Example')])

    entries = json.loads(done['content'].decode())
    assert [(entry['DN'], entry['LOGIN'], entry.get('NAME')) for entry in entries] == [(ALICE, 'alice', 'Alice Example'), (BOB, 'bob', None)]
    assert (done['added'], done['changed'], done['warnings']) == ([], [ALICE], [])
    assert update(done['content'], [user(name='Alice Example')])['content'] == done['content']


def test_new_file_has_one_object_a_line_with_sorted_keys():
    done = update(None, [user(name='Alice Example', roles={'operator': ['group:crab3']}), user(dn=BOB, login='bob')])
    assert done['content'] == (
        '[\n {"DN": "%s", "LOGIN": "alice", "NAME": "Alice Example", "ROLES": {"operator": ["group:crab3"]}},\n'
        ' {"DN": "%s", "LOGIN": "bob", "NAME": "bob", "ROLES": {}}\n]\n' % (ALICE, BOB)).encode('ascii')
    assert (done['added'], done['changed'], done['removed']) == ([ALICE, BOB], [], [])


def test_empty_list_is_written_as_json():
    assert json.loads(update(None, [], exact=True)['content'].decode('ascii')) == []


def test_what_is_not_given_stays_as_it_is():
    done = update(FILE, [user()])
    assert (done['content'], done['added'], done['changed']) == (FILE, [], [])


def test_order_of_scopes_and_layout_have_no_meaning():
    content = ('[{"ROLES":{"a":["site:y","group:x"]},"NAME":"A","LOGIN":"alice","DN":"%s"}]' % ALICE).encode('ascii')
    assert update(content, [user(name='A', roles={'a': ['group:x', 'site:y']})])['content'] == content


def test_change_keeps_the_keys_that_are_not_ours():
    done = update(FILE, [user(login='alice2', roles={})])
    entry = json.loads(done['content'].decode('ascii'))[0]
    assert entry == {'DN': ALICE, 'ID': 7, 'LOGIN': 'alice2', 'NAME': 'Alice Example', 'PASSWD': 'x1', 'ROLES': {}}
    assert done['changed'] == [ALICE]


def test_merge_keeps_others_and_exact_removes_them():
    merged, exact = (update(FILE, [user(dn=BOB, login='bob')], exact=exact) for exact in (False, True))
    assert [entry['DN'] for entry in json.loads(merged['content'].decode('ascii'))] == [ALICE, BOB]
    assert [entry['DN'] for entry in json.loads(exact['content'].decode('ascii'))] == [BOB]
    assert (merged['removed'], exact['removed']) == ([], [ALICE])


def test_only_the_first_entry_of_a_dn_counts():
    twice = FILE.replace(b'\n]', b',\n {"DN": "' + ALICE.encode('ascii') + b'", "LOGIN": "other"}\n]')
    entries = json.loads(update(twice, [user(login='new')])['content'].decode('ascii'))
    assert [entry['LOGIN'] for entry in entries] == ['new', 'other']


def test_login_of_another_entry_is_warned_of():
    done = update(FILE, [user(dn=BOB, login='alice')])
    assert done['warnings'] == ['The login alice belongs to %s as well, which is in authmap.json already; the first entry of a login counts.' % ALICE]


@pytest.mark.parametrize('content', [b'', b'{"DN": 1}', b'[1]', b'[{"DN": "x"}', b'\xff'])
def test_broken_map_is_refused_or_written_anew_on_request(content):
    with pytest.raises(CrabError) as caught:
        update(content, [user()])
    anew = update(content, [user()], overwrite_broken=True)
    assert caught.value.message.startswith('authmap.json is no list of users (')
    assert [entry['DN'] for entry in json.loads(anew['content'].decode('ascii'))] == [ALICE]


@pytest.mark.parametrize('content', [b'', b'{}'])
def test_broken_map_is_written_anew_even_without_users(content):
    assert update(content, [], overwrite_broken=True)['content'] == b'[\n]\n'


@pytest.mark.parametrize('name, plain', [
    (u'Zo\xeb Bj\xf8rk', 'Zoe Bjork'), (u'Stra\xdfe', 'Strasse'), (u'\u0141ukasz \u015awi\u0119ty', 'Lukasz Swiety'), (u'\u0110or\u0111e', 'Dorde'),
    (u'O\u2019Neill', "O'Neill"), (u'Jos\u0065\u0301', 'Jose'), (u'\u5c71\u7530 Taro', 'Taro'),
])
def test_name_outside_ascii_is_transliterated_with_a_warning(name, plain):
    done = update(None, [user(name=name)])
    assert json.loads(done['content'].decode('ascii'))[0]['NAME'] == plain
    assert done['warnings'] == ['users[0].name is written as %s: the REST refuses the signature of a name outside ASCII.' % plain]


@pytest.mark.parametrize('keys, message', [
    ({'dn': 'DC=ch/CN=x'}, 'users[0].dn: expected a DN that starts with a slash'),
    ({'dn': '/DC=ch/CN="x"'}, 'users[0].dn: expected a DN'),
    ({'dn': '/DC=ch/CN=x\n'}, 'users[0].dn: expected a DN'),
    ({'dn': u'/DC=ch/CN=\xe9'}, 'users[0].dn: expected a DN'),
    ({'dn': '/x'}, 'users[0].dn: expected a DN'),
    ({'login': 'a b'}, 'users[0].login: expected letters, digits and ._- only, found "a b".'),
    ({'login': ''}, 'users[0].login: expected letters, digits and ._- only, found nothing.'),
    ({'name': u'\u5c71'}, 'users[0].name: no letter of it has a likeness in ASCII'),
    ({'name': 'a\nb'}, 'users[0].name: the text has control characters.'),
    ({'roles': {'Op': []}}, 'users[0].roles: "Op" is no role; expected lower case letters, digits and - only, such as operator.'),
    ({'roles': {'op': 'group:x'}}, 'users[0].roles.op: expected a list of scopes such as group:crab3; anything else stops the frontend.'),
    ({'roles': {'op': ['crab3']}}, 'users[0].roles.op: "crab3" is no scope; expected group:NAME or site:NAME with lower case letters, digits and -.'),
    ({'roles': {'op': ['group:a:b']}}, 'users[0].roles.op: "group:a:b" is no scope; expected group:NAME or site:NAME with lower case letters, digits and -.'),
    ({'roles': ['op']}, 'users[0].roles: expected a dict of role to a list of scopes.'),
])
def test_wrong_user_is_refused_by_its_key(keys, message):
    with pytest.raises(CrabError) as caught:
        update(None, [user(**keys)])
    assert caught.value.message.startswith(message)


def test_dn_or_login_given_twice_is_refused():
    with pytest.raises(CrabError) as caught:
        update(None, [user(), user(login='x'), user(dn=BOB)])
    assert caught.value.message == ('2 faults:\n  users[1].dn: %s is the dn of users[0] already.\n'
                                    '  users[2].login: alice is the login of users[0] already.' % ALICE)


def test_gridmap_gets_missing_lines_and_keeps_all_others():
    content = b'# by hand\n"/DC=x/CN=other" cms\n"' + BOB.encode('ascii') + b'"  atlas\n"/DC=x" cms .x\nlast'
    assert _authmap.gridmap(content, [ALICE, BOB]) == (
        b'# by hand\n"/DC=x/CN=other" cms\n"' + BOB.encode('ascii') + b'" cms\n"/DC=x" cms .x\nlast\n"' + ALICE.encode('ascii') + b'" cms\n')


def test_gridmap_is_left_alone_when_all_are_there():
    content = b'  "' + ALICE.encode('ascii') + b'"\tcms \r\n'
    assert _authmap.gridmap(content, [ALICE]) == content


def test_gridmap_exact_has_these_lines_only():
    assert _authmap.gridmap(b'"/DC=x" cms\n', [ALICE], 'cms', exact=True) == b'"' + ALICE.encode('ascii') + b'" cms\n'


def test_second_line_of_a_dn_is_dropped():
    line = b'"' + ALICE.encode('ascii') + b'" cms\n'
    assert _authmap.gridmap(line + line, [ALICE]) == line


@pytest.mark.parametrize('vo', ['', 'c m', 'cms"', 'cms\n'])
def test_wrong_vo_is_refused(vo):
    with pytest.raises(CrabError) as caught:
        _authmap.check_vo(vo)
    assert caught.value.message.startswith('vo: ')


def test_problems_of_a_map_are_told():
    entries = [{u'DN': u'/a', u'LOGIN': u'a', u'NAME': u'\xe9', u'ROLES': {u'x': u'group:y'}}, {u'DN': u'/a', u'LOGIN': u'', u'ROLES': {u'x': [u'y']}}]
    assert _authmap.problems(entries) == [
        'entry 1 (/a): the NAME is not ASCII: the REST refuses the signature of such headers with 403.',
        'entry 1 (/a): the values of ROLES are not lists: the frontend answers 500.',
        'entry 2 (/a): the DN occurs before; the first entry counts.',
        'entry 2 (/a): no LOGIN: the REST answers 403.',
        'entry 2 (/a): the scope y is not group:NAME or site:NAME: the REST answers 500.']


def test_password_hashes_are_not_shown():
    assert b'x1' not in _authmap.shown(_authmap.load(FILE, 'authmap.json'))
