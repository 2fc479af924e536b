# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The external JSON: our reader agrees with Python's, no value makes the checks raise, and what is written is read back."""

from __future__ import annotations

import json
import subprocess

import pytest
from ansible_collections.cmsweb.crab.plugins.module_utils import _external, _strictjson
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from hypothesis import example, given, settings
from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=('Cs',)), max_size=20)
KNOWN = st.sampled_from(
    [
        'delegate-dn',
        'backend-urls',
        'htcondorSchedds',
        'htcondorPool',
        'asoConfig',
        'ASOURL',
        'couchURL',
        'compatible-version',
        'modes',
        'mode',
        'cacheSSL',
        'baseURL',
        'proxiedurl',
        'weightfactor',
        'crab3@x',
        'banned-out-destinations',
        'htcondorScheddsLink',
        'cmsweb-dev',
    ]
)
SCALAR = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT
    | st.sampled_from(['/DC=x|', '(', 'http://x', 'T1_*'])
)
VALUE = st.recursive(SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KNOWN | TEXT, inner, max_size=5), max_leaves=15)
JSON_LIKE = st.text('{}[]:,"\\ \n\t0123456789.eE+-truefalsn/ub\u00e9\u2028', max_size=30)


class NoTwins(dict):
    """Python's json with the one thing it does not refuse."""

    def __init__(self, pairs):
        if len(dict(pairs)) != len(pairs):
            raise ValueError('duplicate')
        super().__init__(pairs)


def nonsense(word):
    raise ValueError(word)


def pythons(text: str):
    return json.loads(text, object_pairs_hook=NoTwins, parse_constant=nonsense)


@given(VALUE, st.sampled_from([None, 0, 1, 3]), st.booleans())
def test_every_json_value_is_read(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert _strictjson.load(text.encode(), 'f')[0] == json.loads(text)


@settings(max_examples=500)
@given(JSON_LIKE)
@example('"\\ud83d\\ude00"')
@example('[1e5, 1E-2, -0, 0.0]')
@example('{"a":1,"a":2}')
def test_reader_agrees_with_pythons_on_any_text(text):
    try:
        expected = pythons(text)
    except ValueError:
        with pytest.raises(CrabError):
            _strictjson.load(text.encode(), 'f')
        return
    assert _strictjson.load(text.encode(), 'f')[0] == expected


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused_with_a_place(content):
    try:
        _strictjson.load(content, 'f')
    except CrabError as error:
        assert error.message.startswith('f, line ')


@given(VALUE, st.sampled_from(_external.ERAS))
def test_no_content_makes_the_checks_raise(content, era):
    problems = _external.validate(content, era)
    assert all(isinstance(problem, str) and problem.endswith('.') for problem in problems)


@given(st.dictionaries(TEXT, VALUE, max_size=4), st.dictionaries(TEXT, VALUE, max_size=4))
def test_merge_has_ours_and_keeps_the_rest(old, new):
    merged = _external.merged(old, new)
    assert all(merged[key] == new[key] for key in new if key != 'modes')
    assert all(merged[key] == old[key] for key in old if key not in new)
    assert set(merged) == set(old) | set(new)


@given(VALUE)
def test_written_value_is_read_back_and_written_the_same_again(value):
    content = _strictjson.dump(value)
    again = _strictjson.load(content, 'f')[0]
    assert again == value and _strictjson.dump(again) == content and content.endswith(b'\n') and not content.endswith(b'\n\n')


@settings(max_examples=1)
@given(st.lists(VALUE, min_size=200, max_size=200))
def test_python_2_reads_the_same_value(python2, values):
    code = 'import json, sys; json.dump(json.load(sys.stdin), sys.stdout)'
    done = subprocess.run([python2, '-c', code], input=_strictjson.dump(values), capture_output=True, check=True)
    assert json.loads(done.stdout) == values
