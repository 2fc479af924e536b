# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _strictjson
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError


@pytest.mark.parametrize('content, value', [
    (b' {"a": [1, -2.5, 1e3, true, false, null, ""]} \n', {'a': [1, -2.5, 1000.0, True, False, None, '']}),
    (b'"\\u00e9\\n\\"\\\\\\/\\ud83d\\ude00"', u'\xe9\n"\\/\U0001f600'),
    (u'{"\xe9": "\u2603"}'.encode('utf-8'), {u'\xe9': u'\u2603'}),
    (b'{}', {}), (b'[ ]', []),
])
def test_json_is_read(content, value):
    assert _strictjson.load(content, 'f.json')[0] == value


@pytest.mark.parametrize('content, where, what', [
    (b'', (1, 1), 'expected a JSON value'),
    (b'{"a": 1,\n  "a": 2}', (2, 3), 'the key "a" occurs twice in one object'),
    (b'{"v": ["3.3.[0-9]\\.+"]}', (1, 18), 'the backslash starts no JSON escape; a backslash is written as two'),
    (b'{"a": 1,}', (1, 9), 'expected a key in double quotes'),
    (b'[1 2]', (1, 4), 'expected a comma or ], found 2'),
    (b'{"a" 1}', (1, 6), 'expected a colon, found 1'),
    (b'{"a": 01}', (1, 8), 'expected a comma or }, found 1'),
    (b'[NaN]', (1, 2), 'expected a JSON value'),
    (b'{}\n{}', (2, 1), 'more text after the end of the JSON value'),
    (b'["a\nb"]', (1, 4), 'a text that does not end'),
    (b'["a\tb"]', (1, 4), 'a control character in a text'),
    (b'["\\u12"]', (1, 3), '\\u without four hexadecimal digits'),
    (b'[[', (1, 3), 'expected a JSON value'),
    (b'[1', (1, 3), 'expected a comma or ], found the end of the file'),
    (b'\xef\xbb\xbf{}', (1, 1), "a byte order mark, which the server's JSON reader refuses"),
    (b'{"a": "\xe9"}', (1, 8), 'the byte is not UTF-8'),
    (b'[' * 200, (1, 102), 'nested too deeply'),
    (b'[' + b'9' * 5000 + b']', (1, 2), 'a number of more than 1000 digits'),
])
def test_fault_is_told_with_line_and_column(content, where, what):
    with pytest.raises(CrabError) as caught:
        _strictjson.load(content, 'f.json')
    assert caught.value.message == 'f.json, line %d, column %d: %s.' % (where + (what,))


def test_places_of_keys_and_items():
    dummy, places = _strictjson.load(b'{"a":\n [1,\n  {"b": 2}]}', 'f.json')
    assert places == {(): (1, 1), ('a',): (1, 2), ('a', 0): (2, 3), ('a', 1): (3, 3), ('a', 1, 'b'): (3, 4)}


def test_the_place_of_a_key_is_not_counted_from_the_start_of_the_document(monkeypatch):
    """For each of 100,000 keys that takes minutes."""
    monkeypatch.setattr(_strictjson, 'place', None)
    content = b'{' + ','.join('\n"%d": ["x"]' % number for number in range(1000)).encode('ascii') + b'}'

    dummy, places = _strictjson.load(content, 'f.json')

    assert (places[('999', 0)], len(places)) == ((1001, 9), 2001)


def test_written_json_is_sorted_indented_and_ascii():
    assert _strictjson.dump({'b': [1, u'\xe9'], 'a': {}}) == b'{\n  "a": {},\n  "b": [\n    1,\n    "\\u00e9"\n  ]\n}\n'
