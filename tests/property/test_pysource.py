# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""config.py and CRABServerAuth.py: whatever the layout, only our bytes change, and the file means what was asked for."""

from __future__ import annotations

import io
import json
import pathlib
import sqlite3
import subprocess
import tokenize
from types import SimpleNamespace

import pytest
from ansible_collections.cmsweb.crab.plugins.module_utils import _dbconfig, _staticconfig
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._pysource import Source, Symbol, literal, same
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=('Cs',)), max_size=30) | st.sampled_from(
    ['{{ x }}', '%s%%', "it's", '"', '\\', '#', "'''", '\\\n', 'x' * 5000]
)
VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)

# Lines that a config.py may have before and between ours; each is a whole statement or no statement.
NOISE = st.sampled_from(
    [
        '',
        '# a comment: data.mode = 1',
        '    # indented comment',
        '"""data.mode = 5"""',
        'x = 1; y = 2  # two',
        'if x:\n\tdata.other = (1,\n  2)',
        'x = [1,\n# inside\n2,]',
        '\x0c',
        "data.mode = 'old'",
        'data.mode = "old" # why',
        'data.mode   =   (  "old"\n   "er"  )',
        'data.mode = \\\n  3',
        'data.mode = other = 4',
        'data.mode, other = 5, 6',
        "if not x:\n    data.mode = 'nested'",
        'data.mode = x = [\n]',
        "data.zo\u00eb = '\u2603'",
        "srv = main.section_('server')",
        'data.list = [1]; data.mode = {1: 2}; y = 3',
        'try:\n  data.mode = 1\nfinally:\n  pass',
        'def f():\n    data.mode = 9',
        'data.mode = "a" if x else "b"',
    ]
)
HEAD = (
    "x = 1\nclass Section(SimpleNamespace):\n    def section_(self, name):\n        setattr(self, name, Section())\n        return getattr(self, name)\n"
    "main = Section()\ndata = main.section_('data')\n"
)


@st.composite
def config_files(draw) -> bytes:
    text = HEAD + '\n'.join(draw(st.lists(NOISE, max_size=8))) + draw(st.sampled_from(['', '\n', '\n\n', '\n# end']))
    text = text.replace('\n', draw(st.sampled_from(['\n', '\r\n'])))
    return draw(st.sampled_from([b'', b'\xef\xbb\xbf'])) + text.encode()


def run(content: bytes) -> dict:
    names: dict = {'SimpleNamespace': SimpleNamespace}
    exec(compile(content, 'config.py', 'exec', 0, True), names)
    return names


@given(VALUE)
def test_literal_is_read_back_by_python_3(value):
    assert same(eval(literal(value, 'x')), value)  # noqa: S307
    assert same(eval(literal(value, 'x', 4)), value)  # noqa: S307


@given(VALUE)
def test_literal_is_read_back_by_our_own_reader(value):
    source = Source(('x = ' + literal(value, 'x') + '\n').encode(), 'x.py')
    assert same(source.value(source.last('x').node), value)


@settings(max_examples=1)
@given(st.lists(VALUE, min_size=300, max_size=300))
def test_literal_is_read_back_by_python_2(python2, values):
    text = '# -*- coding: utf-8 -*-\nimport json\nprint(json.dumps(%s))\n' % literal(values, 'x')
    done = subprocess.run([python2, '-'], input=text.encode(), capture_output=True, check=True)
    assert same(json.loads(done.stdout), values)


@given(config_files(), VALUE)
@example(HEAD.encode() + b'data.mode = 1 # \xc3\xa9', 'v')
def test_static_key_is_set_and_nothing_else_changes(content, value):
    done = _staticconfig.set_keys(content, {'data.mode': value}, 'config.py')
    before, after = run(content), run(done['content'])
    assert same(after['data'].mode, value)
    for names in (before, after):
        vars(names['data']).pop('mode', None)
    assert vars(before['data']) == vars(after['data']) and before['x'] == after['x'] and before.get('y') == after.get('y')


@given(config_files())
def test_static_edit_is_one_splice(content):
    """The new file is the old one with one place replaced, or with one line more at its end."""
    before, after = _staticconfig.set_keys(content, {'data.mode': 'ours'}, 'config.py')['content'].split(b"'ours'")
    newline = b'\r\n' if b'\r\n' in content else b'\n'
    in_place = len(before) + len(after) <= len(content) and content.startswith(before) and content.endswith(after)
    appended = after == newline and before.removesuffix(b'data.mode = ') in (content, content + newline)
    assert in_place or appended


@given(config_files(), VALUE)
def test_static_edit_is_idempotent(content, value):
    once = _staticconfig.set_keys(content, {'data.mode': value, 'main.port': 1}, 'config.py')
    again = _staticconfig.set_keys(once['content'], {'data.mode': value, 'main.port': 1}, 'config.py')
    assert (again['content'], again['changed_keys']) == (once['content'], [])


@given(st.binary(max_size=60) | st.text('abc=.\'"\\#\n\r\t ():,{}[]%\u00e9\ufeff', max_size=60).map(lambda text: text.encode()))
def test_any_bytes_are_read_or_refused(content):
    try:
        source = Source(content, 'x.py')
    except CrabError as error:
        assert error.message.startswith('x.py')
        return
    assert source.encode(source.text) == content


# CRABServerAuth.py

ACCOUNT_TEXT = TEXT.filter(bool)
SPACE = st.sampled_from(['', ' ', '\n', '\n    ', ' # comment one\n  ', '\t', '\n# password: in a comment\n'])


@st.composite
def displays(draw, value, depth=0) -> str:
    """Source of a value in some layout."""
    if isinstance(value, dict):
        parts = [
            draw(SPACE) + repr(key) + draw(SPACE) + ':' + draw(SPACE) + draw(displays(item, depth + 1)) + draw(SPACE) for key, item in value.items()
        ]
        return '{' + draw(SPACE) + ','.join(parts) + (draw(st.sampled_from([',', ''])) if parts else '') + draw(SPACE) + '}'
    return value.text if isinstance(value, Symbol) else draw(st.sampled_from([repr(value), '(%r)' % (value,)]))


# A password that is also a key or another value is masked there as well, so these are neither.
ACCOUNTS = st.fixed_dictionaries(
    {'user': st.sampled_from(['alice', 'x_FIXME']), 'password': TEXT.map(lambda text: '~' + text)}, optional={'type': st.just(Symbol('DB')), 'dsn': TEXT}
)
INSTANCES = st.dictionaries(
    st.sampled_from(['dev', 'prod', 'preprod', 'X1']),
    st.fixed_dictionaries({}, optional={'.title': TEXT, '*': ACCOUNTS, 'GET': ACCOUNTS}),
    max_size=3,
)
WANTED = st.fixed_dictionaries(
    {'user': ACCOUNT_TEXT, 'password': ACCOUNT_TEXT, 'dsn': ACCOUNT_TEXT}, optional={'timeout': st.integers(0, 999), 'schema': ACCOUNT_TEXT}
)


@st.composite
def auth_files(draw) -> tuple[bytes, dict]:
    instances = draw(INSTANCES)
    text = 'import sqlite3 as DB # x\nimport socket\nfqdn = socket.getfqdn().lower()\n%sdbconfig = %s%s' % (
        draw(st.sampled_from(['', '# about\n'])),
        draw(displays(instances)),
        draw(st.sampled_from(['', '\n', '\ns3 = {"secret_key": "abc"}\n'])),
    )
    return draw(st.sampled_from([b'', b'\xef\xbb\xbf'])) + text.replace('\n', draw(st.sampled_from(['\n', '\r\n']))).encode(), instances


def auth(content: bytes) -> dict:
    names: dict = {}
    exec(compile(content, 'CRABServerAuth.py', 'exec', 0, True), names)
    return names['dbconfig']


def comments(content: bytes) -> list[str]:
    return [
        token.string.rstrip('\r')
        for token in tokenize.generate_tokens(io.StringIO(content.decode('utf-8-sig'), newline='\n').readline)
        if token.type == tokenize.COMMENT
    ]


@given(auth_files(), WANTED, st.booleans(), st.booleans())
def test_instance_is_set_in_any_layout_and_others_stay(file, account, drop, purge):
    content, old = file
    wanted = {'dev': {'title': 'T', 'accounts': {'*': account}}}
    options = {'driver': 'sqlite3 as DB', 'drop_placeholders': drop, 'purge': purge}
    once = _dbconfig.configure(content, 'a.py', wanted, **options)
    again = _dbconfig.configure(once['content'], 'a.py', wanted, **options)
    before, after = auth(content), auth(once['content'])
    assert {key: after['dev']['*'][key] for key in account} == account and set(after['dev']) == {'.title', '.order', '*'}
    for name in set(before) - {'dev'}:
        placeholder = any(
            str(item.get(key, '')).endswith('FIXME') for item in old[name].values() if isinstance(item, dict) for key in ('user', 'password', 'dsn')
        )
        assert after.get(name) == (None if purge or (drop and placeholder) else before[name])
    assert (again['content'], again['changed_keys']) == (once['content'], [])


@given(auth_files(), ACCOUNT_TEXT)
def test_new_password_is_set_in_any_layout_and_all_else_stays(file, password):
    content, instances = file
    places = [account for instance in instances.values() for account in instance.values() if isinstance(account, dict) and account['user'] == 'alice']
    assume(places)
    done = _dbconfig.with_passwords(content, 'CRABServerAuth.py', {'alice': password})
    for account in places:
        account['password'] = password
    for account in (account for instance in instances.values() for account in instance.values() if isinstance(account, dict) and 'type' in account):
        account['type'] = sqlite3
    assert auth(done['content']) == instances
    assert comments(content) == [text for text in comments(done['content']) if 'coding: utf-8' not in text]


@given(auth_files(), WANTED)
def test_comments_outside_our_instance_stay(file, account):
    content, old = file
    assume('dev' not in old)
    done = _dbconfig.configure(content, 'a.py', {'dev': {'accounts': {'*': account}}}, driver='sqlite3 as DB')
    assert [line for line in comments(done['content']) if 'coding' not in line] == comments(content)


@given(st.text('abcdefgh\'"\\{}%\n\u00e9 #', min_size=6, max_size=20).filter(lambda text: len(set(text.strip())) > 3), auth_files())
def test_masked_file_never_shows_the_password(secret, file):
    secret = 'QZ' + secret
    content = _dbconfig.configure(
        file[0], 'a.py', {'dev': {'accounts': {'*': {'user': 'u', 'password': secret, 'dsn': 'd'}}}}, driver='sqlite3 as DB'
    )['content']
    shown = _dbconfig.masked(content)
    assert b'QZ' not in shown
    assert auth(shown)['dev']['*'] == dict(auth(content)['dev']['*'], password='********')


@given(auth_files())
def test_description_never_has_a_password(file):
    content, old = file
    described = _dbconfig.describe(content, 'a.py')['instances']
    assert set(described) == set(old)
    assert not any('password' in account for instance in described.values() for account in instance.values() if isinstance(account, dict))


# The real consumers

CONFIG = b"""\
from WMCore.Configuration import Configuration
conf = Configuration()
main = conf.section_('main')
srv = main.section_('server')
main.port = 8270
views = conf.section_('views')
data = views.section_('data')
data.db = 'CRABServerAuth.dbconfig'
data.serverhostcert = "%s/auth/crabserver/dmwm-service-cert.pem" % __file__.rsplit('/', 3)[0]
data.mode = "cmsweb-prod"
"""


def test_wmcore_loads_what_was_set(tmp_path: pathlib.Path):
    configuration = pytest.importorskip('WMCore.Configuration')
    path = tmp_path / 'current' / 'config' / 'crabserver' / 'config.py'
    path.parent.mkdir(parents=True)
    path.write_bytes(
        _staticconfig.set_keys(
            CONFIG,
            {
                'data.mode': 'cmsweb-dev',
                'srv.socket_host': '127.0.0.1',
                'main.port': 8271,
                'data.compatibleClientVersions': ['v3', 'it\'s "\\'],
                'data.serverhostcert': {'expression': "__file__.rsplit('/', 3)[0] + '/auth/crabserver/hostcert.pem'"},
            },
            str(path),
        )['content']
    )
    loaded = configuration.loadConfigurationFile(str(path))
    assert (loaded.views.data.mode, loaded.main.server.socket_host, loaded.main.port) == ('cmsweb-dev', '127.0.0.1', 8271)
    assert loaded.views.data.compatibleClientVersions == ['v3', 'it\'s "\\']
    assert loaded.views.data.serverhostcert == str(tmp_path / 'current' / 'auth' / 'crabserver' / 'hostcert.pem')


def test_python_2_loads_the_accounts(python2: str, tmp_path: pathlib.Path):
    password = 'ge"h\\e\'im\n{{ x }} \u00e9%s'
    content = _dbconfig.configure(
        None, 'a.py', {'dev': {'accounts': {'*': {'user': 'u', 'password': password, 'dsn': 'd'}}}}, driver='sqlite3 as DB'
    )['content']
    (tmp_path / 'CRABServerAuth.py').write_bytes(content)
    code = "import CRABServerAuth, json; a = CRABServerAuth.dbconfig['dev']['*']; print(json.dumps([a['password'], a['type'].__name__]))"
    done = subprocess.run([python2, '-B', '-c', code], cwd=tmp_path, capture_output=True, check=True)
    assert json.loads(done.stdout) == [password, 'sqlite3']
