# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _pysource
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._pysource import Source, Symbol, literal, same


@pytest.mark.parametrize('value, text', [
    ('plain', u"'plain'"),
    (u'plain', u"'plain'"),
    ("it's", u'"it\'s"'),
    ('it\'s "so"', u"'it\\'s \"so\"'"),
    ('back\\slash', u"'back\\\\slash'"),
    ('a\nb\r\t\x00\x7f', u"'a\\nb\\r\\t\\x00\\x7f'"),
    (u'Zo\xeb \u2603', u"'Zo\xeb \u2603'"),
    (True, u'True'),
    (None, u'None'),
    (2 ** 70, u'1180591620717411303424'),
    (-1, u'-1'),
    (1.5, u'1.5'),
    ([1, 'a', [None]], u"[1, 'a', [None]]"),
    ((1,), u'(1,)'),
    ({'b': 1, 'a': {}}, u"{'a': {}, 'b': 1}"),
])
def test_literal_is_the_same_on_every_python(value, text):
    assert literal(value, 'x') == text


@pytest.mark.parametrize('value, place', [(float('nan'), 'key'), (float('inf'), 'key'), ({'a': [object()]}, 'key.a[0]'), (u'\ud800', 'key'), (b'\xff', 'key')])
def test_literal_refuses_what_python_cannot_hold(value, place):
    with pytest.raises(CrabError) as caught:
        literal(value, 'key')
    assert caught.value.message.startswith(place + ':')


def test_long_dict_takes_a_line_an_entry():
    assert literal({'a': {'b': 1}}, 'x', 4) == u"{\n        'a': {\n            'b': 1,\n        },\n    }"


@pytest.mark.parametrize('one, other, equal', [
    (1, True, False), (1, 1.0, False), (b'a', u'a', True), ({'a': b'x'}, {u'a': u'x'}, True), ([1], (1,), False), ([1, 2], [1, 2], True),
    (Symbol(u"'a@%s' % (fqdn)"), Symbol(u"'a@%s'%fqdn"), True), (Symbol(u'DB'), u'DB', False), (2 ** 70, 2 ** 70, True),
])
def test_same_is_by_meaning_and_by_type(one, other, equal):
    assert same(one, other) is equal


@pytest.mark.parametrize('content, message', [
    (b'a = 1\nb = (\n', 'f.py, line '),
    (b'a = 1\nb = \xe9\n', 'f.py, line 2, column 5: the byte is not utf-8.'),
    (b'# coding: nosuch\n', 'f.py: the encoding nosuch in its first lines cannot be edited.'),
    (b'a = 1\rb = 2\n', 'f.py, line 1, column 6: a line end without a line feed.'),
    (b'a = 1\nb = "\0"\n', 'f.py, line 2, column 6: a null character.'),
])
def test_unreadable_file_is_refused_with_its_place(content, message):
    with pytest.raises(CrabError) as caught:
        Source(content, 'f.py')
    assert caught.value.message.startswith(message)


def test_syntax_error_does_not_quote_the_file():
    with pytest.raises(CrabError) as caught:
        Source(b"password = 'geheim' 'x\n", 'f.py')
    assert 'geheim' not in str(caught.value) and 'line 1' in str(caught.value)


@pytest.mark.parametrize('content', [
    b'', b'\xef\xbb\xbfa = 1\r\n', b'# -*- coding: latin-1 -*-\na = "\xe9"\n', b'if a:\n\tb = 1 # \xc3\xa9', b'a = 1;b = 2\n\x0c\n', b'a = """x\n\n  y"""',
])
def test_bytes_come_back_as_they_were(content):
    source = Source(content, 'f.py')
    assert source.encode(source.replaced([])) == content


def test_string_literals_mean_what_python_3_reads():
    source = Source(b'a = "\\xe9"\nb = "\xc3\xa9"\nc = "\\u00e9"\nd = r"\\n"\n', 'f.py')
    assert [source.value(source.last(name).node) for name in 'abcd'] == [u'\xe9', u'\xe9', u'\xe9', u'\\n']


@pytest.mark.parametrize('body, line', [
    (b'data.mode = 1\ndata.mode = 2\n', 2),
    (b'data.mode = 1\nif x:\n    data.mode = 2\n', 3),
    (b'data.mode = 1\ndata.mode, data.x = 2, 3\n', 2),
    (b'data.mode = 1\ndel data.mode\n', 2),
    (b'data.mode = 1\ndata.mode += 2\n', 2),
    (b'data.mode = 1\ndata.mode["x"] = 2\n', 1),
    (b'conf.views.data.mode = 1\n', None),
    (b'data = conf.section_("views").section_("data")\nconf.views.data.mode = 1\n', 2),
    (b'd = data\nd.mode = 1\n', 2),
    (b'def f():\n    data.mode = 1\n', None),
    (b'try:\n    data.mode = 1\nexcept Exception:\n    data.mode = 2\nfinally:\n    pass\n', 4),
])
def test_last_binding_decides(body, line):
    binding = Source(body, 'f.py').last('data.mode')
    assert (binding and binding.line) == line


def test_declared_encoding_is_found_only_in_the_first_two_lines():
    assert [Source(content, 'f.py').declared for content in
            (b'# coding=utf-8\n', b'#!/bin/x\n# vim: set fileencoding=utf-8 :\n', b'a = 1\n# coding: utf-8\n', b'\n\n# coding: utf-8\n')] \
        == ['utf-8', 'utf-8', None, None]


def test_declaration_goes_below_the_hash_bang():
    assert _pysource.with_declaration(u'#!/usr/bin/python\na = 1\n', u'\n') == u'#!/usr/bin/python\n# -*- coding: utf-8 -*-\na = 1\n'
