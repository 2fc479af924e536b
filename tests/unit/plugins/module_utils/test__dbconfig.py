# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _dbconfig
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError

# What Deploy leaves, in short: two instances of placeholders, and a comment of somebody's.
DEPLOYED = b'''\
import cx_Oracle as DB
import socket
fqdn = socket.getfqdn().lower()
dbconfig = {'preprod': {'.title': 'Pre-production',
                        '.order': 1,
                        '*': {'clientid': 'cmsweb-preprod@%s' %(fqdn),
                              'dsn': 'devdb11_FIXME',
                              'liveness': 'select sysdate from dual',
                              'password': 'FIXME',
                              'schema': 'cmsweb_analysis_preprod',
                              'timeout': 300,
                              'trace': True,
                              'type': DB,
                              'user': 'cmsweb_analysis_preprod_FIXME'}},
            # production is not ours
            'prod': {'.title': 'Production',
                     '.order': 0,
                     '*':  {'clientid': 'cmsweb-prod-w@%s' %(fqdn),
                            'dsn': 'cmsr',
                            'liveness': 'select sysdate from dual',
                            'password': 'geheim',   # since May
                            'schema': 'crab',
                            'timeout': 300,
                            'trace': True,
                            'type': DB,
                            'user': 'crab_w'}}}
'''
DEV = {'dev': {'title': 'Private', 'order': 2, 'accounts': {'*': {'user': 'crab_alice', 'password': 'pw-1', 'dsn': 'devdb11'}}}}
HOSTILE = [u"it's", u'"', u'\\', u'\\n', u'a\nb', u'{{ x }}', u'%s%%', u'#', u'Zo\xeb \u2603 \U0001f600', u'\x00\x1f', u"'''", u"\\'", u'x' * 5000]


def configure(content=DEPLOYED, instances=None, **options):
    return _dbconfig.configure(content, 'CRABServerAuth.py', instances or DEV, **options)


def with_account(**keys):
    return {'dev': {'accounts': {'*': dict(DEV['dev']['accounts']['*'], **keys)}}}


def loaded(content):
    """What the server gets: the file run, with a module of the name cx_Oracle."""
    names = {}
    code = compile(content.replace(b'import cx_Oracle as DB', b'import sqlite3 as DB'), 'CRABServerAuth.py', 'exec', 0, True)
    exec(code, names)  # pylint: disable=exec-used
    return names


def test_new_file_is_what_the_server_reads():
    import socket
    import sqlite3
    names = loaded(configure(None)['content'])
    assert names['dbconfig'] == {'dev': {'.title': 'Private', '.order': 2, '*': {
        'clientid': 'cmsweb-dev@%s' % socket.getfqdn().lower(), 'dsn': 'devdb11', 'liveness': 'select sysdate from dual', 'password': 'pw-1',
        'schema': 'crab_alice', 'timeout': 300, 'trace': True, 'type': sqlite3, 'user': 'crab_alice'}}}


def test_other_instances_and_comments_stay_to_the_byte():
    done = configure()
    assert done['content'].startswith(DEPLOYED[:-len(b"}\n")] + b',\n            \'dev\': {\n')
    assert (done['instances'], done['changed_keys']) == (['dev', 'preprod', 'prod'], ['dev'])


def test_second_run_changes_nothing():
    once = configure(drop_placeholders=True, s3={'access_key': 'a', 'secret_key': 'b'})
    again = configure(once['content'], drop_placeholders=True, s3={'access_key': 'a', 'secret_key': 'b'})
    assert (again['content'], again['changed_keys']) == (once['content'], [])


def test_new_password_replaces_only_the_old_one():
    prod = {'prod': {'title': 'Production', 'accounts': {'*': {
        'user': 'crab_w', 'password': 'neu', 'dsn': 'cmsr', 'schema': 'crab'}}}}
    content = DEPLOYED.replace(b'cmsweb-prod-w', b'cmsweb-prod')
    done = configure(content, prod)
    assert (done['content'], done['changed_keys']) == (content.replace(b"'geheim'", b"'neu'"), ['prod.*.password'])


def test_placeholders_go_on_request_and_real_instances_stay():
    done = configure(drop_placeholders=True)
    assert (done['instances'], sorted(done['changed_keys'])) == (['dev', 'prod'], ['dev', 'preprod'])
    assert b'FIXME' not in done['content'] and b'# production is not ours' in done['content'] and b'# since May' in done['content']
    loaded(done['content'])


def test_purge_leaves_only_what_is_named():
    done = configure(purge=True)
    assert (done['instances'], sorted(loaded(done['content'])['dbconfig'])) == (['dev'], ['dev'])


def test_account_that_is_no_longer_named_goes():
    two = {'dev': {'accounts': {'GET': dict(user='r', password='p', dsn='d'), '*': dict(user='w', password='p', dsn='d')}}}
    one = {'dev': {'accounts': {'*': dict(user='w', password='p', dsn='d')}}}
    done = configure(configure(None, two)['content'], one)
    assert (sorted(loaded(done['content'])['dbconfig']['dev']), done['changed_keys']) == (['*', '.order', '.title'], ['dev.GET'])


@pytest.mark.parametrize('value', HOSTILE)
def test_hostile_password_round_trips(value):
    done = configure(instances=with_account(password=value))
    password = loaded(done['content'])['dbconfig']['dev']['*']['password']
    assert (password.decode('utf-8') if isinstance(password, bytes) else password) == value
    assert configure(done['content'], with_account(password=value))['changed_keys'] == []


@pytest.mark.parametrize('value', HOSTILE)
def test_masked_file_shows_no_password(value):
    shown = _dbconfig.masked(configure(instances=with_account(password=u'\xa7geheimer' + value + u'x'))['content'])
    assert b'geheim' not in shown and b"'password': '********'" in shown


def test_text_outside_ascii_is_declared_for_python_2():
    content = configure(None, with_account(password=u'\xe9'))['content']
    assert content.startswith(b'# -*- coding: utf-8 -*-\n')


def test_masked_hides_every_secret_of_the_file():
    content = (b"# old password: hunter2\nimport cx_Oracle as DB\npw = 'hunter3'\ndbpassword = pw2 = 'hunter4'\n"
               b"dbconfig = {'dev': {'*': {'password': 'hunter' '5', 'dsn': 'alice/hunter6@db', 'auth-role': ('role', 'hunter7')}}}\n"
               b"s3 = {'access_key': 'hunter8', 'secret_key': u'hunter9'}\nx = ['hunter9']\nother = dict(password='hunter10', user='u')\n"
               b"'''\npassword = hunter11\n'''\n").replace(b"pw = 'hunter3'", b"passwd = 'hunter3'")
    shown = _dbconfig.masked(content)
    assert b'hunter' not in shown and b"user='u'" in shown


@pytest.mark.parametrize('line', [
    "PW = 'hunter2'\nACCOUNT = {'user': 'u', 'password': PW}", "old = 'hunter2'\npw1 = old\nx = {'password': pw1}", "#'dsn': 'alice/hunter2@db'",
    '# pw=hunter2', '# the one before: hunter2\nx = {"password": "hunter2"}', "x = {'password': 'hunter2'}\ny = 'it is hunter2 now'",
    "dbconfig['dev']['*']['password'] = 'hunter2'", "x = {'dsn': 'alice/h@hunter2@db'}",
])
def test_masked_hides_a_secret_that_has_a_name_or_stands_in_other_words(line):
    assert b'hunter' not in _dbconfig.masked(('import x\n%s\n' % line).encode('ascii'))


def test_a_connect_string_is_described_without_its_password():
    found = _dbconfig.describe(b"dbconfig = {'dev': {'*': {'user': 'alice', 'dsn': 'alice/hunter2@db'}}}\n", 'f')

    assert found['instances']['dev']['*']['dsn'] == 'alice/********@db'


def test_masked_finds_the_value_behind_odd_layout():
    content = b"dbconfig = {'dev': {'*': {'password' # hm\n\n:\n 'hunter'  # note\n 'hunter' # password of May\n, 'user': 'u'}}}\n"
    shown = _dbconfig.masked(content)
    assert shown == b"dbconfig = {'dev': {'*': {'password' # hm\n\n:\n '********' # ********\n, 'user': 'u'}}}\n"


def test_secrets_of_the_parameters_are_all_found():
    account = {'password': 'a', 'auth-role': ['role', 'b'], 'user': 'u'}
    found = _dbconfig.secrets({'dev': {'accounts': {'*': account, 'GET': {'password': 12}}}, 'x': 5}, {'access_key': 'c', 'secret_key': 'd'})
    assert sorted(found) == ['12', 'a', 'b', 'c', 'd']


@pytest.mark.parametrize('key, value, place', [
    ('password', '', 'password: missing or empty; expected the password, a text'),
    ('password', None, 'password: missing or empty; expected the password, a text'),
    ('password', 12345, 'password: expected the password, a text (in quotes if it has digits only)'),
    ('dsn', '', 'dsn: missing or empty'),
    ('user', None, 'user: missing or empty'),
    ('timeout', 'x', 'timeout: expected a number of seconds'),
    ('timeout', True, 'timeout: expected a number of seconds'),
    ('trace', 'yes', 'trace: expected true or false'),
    ('type', 'DB.x', 'type: expected the name of a driver'),
    ('auth-role', ['x'], 'auth-role: expected a list of a role and its password'),
    ('sessionsql', [], 'sessionsql: not known; expected auth-role, clientid'),
    ('password', u'\ud800', 'password: the text is no valid Unicode'),
])
def test_wrong_value_is_refused_by_its_key(key, value, place):
    with pytest.raises(CrabError) as caught:
        configure(instances=with_account(**{key: value}))
    assert ('instances.dev.accounts.*.' + place) in caught.value.message


@pytest.mark.parametrize('instances, message', [
    ({'Dev': DEV['dev']}, 'instances.Dev: the server routes only instance names of lower case letters, such as dev.'),
    ({'dev1': DEV['dev']}, 'instances.dev1: the server routes only instance names of lower case letters, such as dev.'),
    ({'dev': {}}, "instances.dev.accounts: expected a dict of HTTP method or '*' to an account."),
    ({'dev': {'accounts': {'PATCH': {}}}}, 'instances.dev.accounts.PATCH: no HTTP method; expected one of *, GET, HEAD, POST, PUT, DELETE.'),
    ({'dev': dict(DEV['dev'], tittle='x')}, 'instances.dev.tittle: not known; expected title, order and accounts.'),
])
def test_wrong_instance_is_refused(instances, message):
    with pytest.raises(CrabError) as caught:
        configure(instances=instances)
    assert caught.value.message == message


def test_all_faults_are_told_at_once():
    with pytest.raises(CrabError) as caught:
        configure(instances={'dev': {'accounts': {'*': {'user': 'u'}}}, 'X': {'accounts': {}}})
    assert [line.split(':')[0].strip() for line in caught.value.message.split('\n')] == [
        '4 faults', 'instances.X', 'instances.X.accounts', 'instances.dev.accounts.*.dsn', 'instances.dev.accounts.*.password']


@pytest.mark.parametrize('content, message', [
    (b'dbconfig = load()\n', 'CRABServerAuth.py, line 1: dbconfig is not set by a statement of the form dbconfig = {...}.'),
    (b'if 1:\n    dbconfig = {}\n', 'CRABServerAuth.py, line 2: dbconfig is not set by a statement of the form dbconfig = {...}.'),
    (b'dbconfig = {}\ndbconfig["dev"] = {}\n', 'CRABServerAuth.py, line 2: dbconfig is used outside of its one assignment, '
                                               'so its value cannot be told without running the file.'),
    (b'dbconfig = {}\ndbconfig.update(dev={})\n', 'CRABServerAuth.py, line 2: dbconfig is used outside of its one assignment, '
                                                  'so its value cannot be told without running the file.'),
])
def test_file_that_is_built_in_another_way_is_refused(content, message):
    with pytest.raises(CrabError) as caught:
        configure(content)
    assert caught.value.message == message


def test_file_with_syntax_error_is_refused_without_its_text():
    with pytest.raises(CrabError) as caught:
        configure(b"dbconfig = {'dev': {'*': {'password': 'geheim'\n")
    assert 'line' in caught.value.message and 'geheim' not in str(caught.value)


@pytest.mark.parametrize('before, after', [
    (b'import cx_Oracle as DB\n', b'import oracledb as DB\n'),
    (b'import cx_Oracle, os\n', b'import cx_Oracle, os\nimport oracledb as DB\n'),
    (b'try:\n    import x as DB\nexcept ImportError:\n    import y as DB\n', b'try:\n    import x as DB\nexcept ImportError:\n    import y as DB\n'),
    (b'', b'import oracledb as DB\n'),
])
def test_driver_is_imported_before_it_is_used(before, after):
    done = configure(before + b'dbconfig = {}\n', driver='oracledb as DB')
    assert done['content'].startswith(after + b'dbconfig = {')


def test_type_that_is_not_imported_is_refused():
    with pytest.raises(CrabError) as caught:
        configure(instances=with_account(type='Oracle'))
    assert caught.value.message == 'instances.dev: CRABServerAuth.py imports no Oracle.'


@pytest.mark.parametrize('content', [
    b'import cx_Oracle as DB\ndbconfig = {}\n',
    b'import cx_Oracle as DB\ndbconfig = { # none yet\n  # really\n}\n',
    b"import cx_Oracle as DB\ndbconfig = {'a': {}} # x",
    b"import cx_Oracle as DB\r\ndbconfig = {\r\n\t'a': {},\r\n}\r\n",
    b"import cx_Oracle as DB\ndbconfig = {'a': {}, }\n",
    b"import cx_Oracle as DB\ndbconfig = {'a': {} # last\n            }\n",
    b"import cx_Oracle as DB\ndbconfig = {'a': {}, # last\n            }\n",
    b"import cx_Oracle as DB\ndbconfig = {'dev': {}, 'a': {}}\n",
    b"import cx_Oracle as DB\ndbconfig = {'dev': 1, 'dev': {'*': {}}, 'a': {}}\n",
    b"import cx_Oracle as DB\ndbconfig = {'a': {},\n 'dev': {'*': {'password': 'x', 'more': 1}}}\n",
    b"import cx_Oracle as DB\ndbconfig = {\n    'dev': {'GET': {}, '*': dict(x=1)}, 'a': {}}\n",
    b"import cx_Oracle as DB\ndbconfig = {'b': {'*': {'user': 'FIXME'}}, 'a': {}, 'c': {'*': {'dsn': 'x_FIXME'}}}\n",
    b"import cx_Oracle as DB\ndbconfig = {\n    'b': {'*': {'user': 'FIXME'}}, # b\n    # about a\n    'a': {},\n    'c': {'*': {'dsn': 'x_FIXME'}}\n}\n",
    b"# only a comment",
])
def test_any_layout_is_edited_and_converges(content):
    once = configure(content, drop_placeholders=True)
    again = configure(once['content'], drop_placeholders=True)
    assert again['changed_keys'] == []
    assert set(loaded(once['content'])['dbconfig']) - set(['a']) == set(['dev'])
    assert content.count(b"'a': {}") == once['content'].count(b"'a': {}")


def test_auth_role_is_a_tuple_as_the_server_formats_it():
    done = configure(instances=with_account(**{'auth-role': ['crab_role', 'x'], 'session-sql': ['alter session set a=b']}))
    account = loaded(done['content'])['dbconfig']['dev']['*']
    assert (account['auth-role'], account['session-sql']) == (('crab_role', 'x'), ['alter session set a=b'])


def test_s3_is_added_changed_and_left_alone():
    added = configure(s3={'access_key': 'a', 'secret_key': 'b'})
    changed = configure(added['content'], s3={'access_key': 'a', 'secret_key': 'c'})
    alone = configure(changed['content'])
    assert [loaded(done['content'])['s3']['secret_key'] for done in (added, changed, alone)] == ['b', 'c', 'c']
    assert changed['changed_keys'] == ['s3.secret_key']


def test_wrong_s3_is_refused():
    with pytest.raises(CrabError) as caught:
        configure(s3={'access_key': ''})
    assert caught.value.message == 's3.access_key: expected a text that is not empty. s3.secret_key is missing.'


def test_faults_of_other_instances_are_warnings():
    done = configure(b"import cx_Oracle as DB\ndbconfig = {'Bad1': {'*': {'user': 'u'}}}\n")
    assert done['warnings'] == [
        'In CRABServerAuth.py: the server never routes to the instance Bad1: its name is not of lower case letters.',
        'In CRABServerAuth.py: the instance Bad1 has no .title.', 'In CRABServerAuth.py: the instance Bad1 has no .order.',
        'In CRABServerAuth.py: the account * of the instance Bad1 has no type, dsn, password, schema, clientid, liveness, timeout, trace.']


def test_description_has_no_secret():
    found = _dbconfig.describe(configure(s3={'access_key': 'AAA', 'secret_key': 'BBB'})['content'], 'CRABServerAuth.py')
    assert found['instances']['prod']['*'] == {
        'clientid': {'expression': "'cmsweb-prod-w@%s' %(fqdn)"}, 'dsn': 'cmsr', 'liveness': 'select sysdate from dual', 'password_is_set': True,
        'schema': 'crab', 'timeout': 300, 'trace': True, 'type': {'expression': 'DB'}, 'user': 'crab_w'}
    assert (found['placeholders'], found['s3_keys']) == (['preprod'], ['access_key', 'secret_key'])
    assert not any(secret in str(found) for secret in ('geheim', 'pw-1', 'AAA', 'BBB'))


def test_instance_is_removed_and_all_else_stays():
    done = _dbconfig.configure(DEPLOYED, 'CRABServerAuth.py', {}, absent=['preprod', 'nosuch'])
    assert (done['changed_keys'], done['instances']) == (['preprod'], ['prod'])
    assert loaded(done['content'])['dbconfig'] == {'prod': loaded(DEPLOYED)['dbconfig']['prod']} and b'# production is not ours' in done['content']


def test_instance_that_is_wanted_and_absent_is_refused():
    with pytest.raises(CrabError) as caught:
        configure(absent=['dev'])
    assert caught.value.args[0] == 'absent: dev is in instances as well. Name it in one of them only.'


@pytest.mark.parametrize('content, options', [(None, {'absent': ['x']}), (DEPLOYED, {}), (DEPLOYED, {'purge': True})])
def test_nothing_to_do_is_refused(content, options):
    with pytest.raises(CrabError) as caught:
        _dbconfig.configure(content, 'CRABServerAuth.py', {}, **options)
    assert caught.value.args[0].startswith('instances names no instance.')


@pytest.mark.parametrize('value', HOSTILE)
def test_password_of_a_user_is_changed_in_each_account_and_nothing_else(value):
    two = configure(instances={'dev': {'accounts': {'*': dict(DEV['dev']['accounts']['*']), 'GET': {'user': 'crab_r', 'password': 'r', 'dsn': 'd'}}},
                               'test': {'accounts': {'*': dict(DEV['dev']['accounts']['*'], password='old')}}})['content']
    done = _dbconfig.with_passwords(two, 'CRABServerAuth.py', {'crab_alice': value})
    after, expected = loaded(done['content'])['dbconfig'], loaded(two)['dbconfig']
    for name in ('dev', 'test'):
        assert same_text(after[name]['*'].pop('password'), value)
        del expected[name]['*']['password']
    assert (after, done['changed_keys']) == (expected, ['dev.*.password', 'test.*.password'])
    assert _dbconfig.with_passwords(done['content'], 'CRABServerAuth.py', {'crab_alice': value})['changed_keys'] == []


def same_text(found, wanted):
    return (found.decode('utf-8') if isinstance(found, bytes) else found) == wanted


@pytest.mark.parametrize('passwords, message', [
    ({'nobody': 'x'}, 'passwords.nobody: no account of CRABServerAuth.py logs in as this user. dbconfig_info tells which users the file has.'),
    ({'crab_w': ''}, 'passwords.crab_w: expected the password, a text (in quotes if it has digits only).'),
    ({'crab_w': 12}, 'passwords.crab_w: expected the password, a text (in quotes if it has digits only).')])
def test_password_that_cannot_be_set_is_refused(passwords, message):
    with pytest.raises(CrabError) as caught:
        _dbconfig.with_passwords(DEPLOYED, 'CRABServerAuth.py', passwords)
    assert caught.value.args[0].startswith(message)
