# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""JSON with the place of each fault: line and column, duplicate keys refused, the same words on Python 2 and 3.

Python 2's json often says no more than "No JSON object could be decoded", and no version tells of duplicate keys.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import bisect
import json
import re

from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_native

_SPACE = re.compile(r'[ \t\r\n]*')
_NUMBER = re.compile(r'-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?')
_PLAIN = re.compile(u'[^"\\\\\x00-\x1f]*')
_WORDS = {u'true': True, u'false': False, u'null': None}
_ESCAPES = {u'"': u'"', u'\\': u'\\', u'/': u'/', u'b': u'\b', u'f': u'\f', u'n': u'\n', u'r': u'\r', u't': u'\t'}
_DEEPEST = 100
# Newer Pythons refuse to read longer ones.
_LONGEST_NUMBER = 1000


class Fault(Exception):
    """What is wrong, and the offset."""


def load(content, name):
    """The value of a JSON document, and where its keys are.

    :param content: bytes, UTF-8.
    :param name: the file, for messages.
    :returns: (value, places), places a dict of path (tuple of keys and indexes) to (line, column) of the key or item.
    :raises CrabError: naming the file, line and column.
    """
    try:
        text = content.decode('utf-8')
    except UnicodeDecodeError as error:
        line = content.count(b'\n', 0, error.start) + 1
        raise CrabError('%s, line %d, column %d: the byte is not UTF-8.' % (name, line, error.start - content.rfind(b'\n', 0, error.start)),
                        'Save the file as UTF-8; nothing was changed.')
    reader = _Reader(text)
    try:
        value = reader.document()
    except Fault as fault:
        raise CrabError('%s, line %d, column %d: %s.' % ((name,) + place(text, fault.args[1]) + (fault.args[0],)), 'Mend the file first; nothing was changed.')
    starts = [0] + [found.end() for found in re.finditer(u'\n', text)]
    rows = dict((path, bisect.bisect_right(starts, offset)) for path, offset in reader.offsets.items())
    return value, dict((path, (row, reader.offsets[path] - starts[row - 1] + 1)) for path, row in rows.items())


def dump(value):
    """The bytes that this collection writes: sorted, indented, ASCII, one line end at the end, the same on Python 2 and 3."""
    return (json.dumps(value, indent=2, sort_keys=True, separators=(',', ': ')) + '\n').encode('ascii')


def place(text, offset):
    """(line, column) of an offset, both from 1."""
    return text.count(u'\n', 0, offset) + 1, offset - text.rfind(u'\n', 0, offset)


class _Reader(object):

    def __init__(self, text):
        self.text, self.at, self.offsets = text, 0, {}

    def document(self):
        if self.text.startswith(u'\ufeff'):
            raise Fault('a byte order mark, which the server\'s JSON reader refuses', 0)
        value = self.value(())
        if self.peek():
            raise Fault('more text after the end of the JSON value', self.at)
        return value

    def peek(self):
        """The next character that is no space; empty at the end."""
        self.at = _SPACE.match(self.text, self.at).end()
        return self.text[self.at:self.at + 1]

    def take(self, expected, what):
        if self.peek() not in expected or not self.peek():
            found = self.peek()
            shown = 'the end of the file' if not found else 'something else' if found > u'~' else to_native(found)
            raise Fault('expected %s, found %s' % (what, shown), self.at)
        self.at += 1
        return self.text[self.at - 1]

    def value(self, path):
        character = self.peek()
        if len(path) > _DEEPEST:
            raise Fault('nested too deeply', self.at)
        self.offsets.setdefault(path, self.at)
        if character == u'{':
            return self.object(path)
        if character == u'[':
            return self.array(path)
        if character == u'"':
            return self.string()
        return self.scalar()

    def object(self, path):
        self.at += 1
        result = {}
        if self.peek() == u'}':
            self.at += 1
            return result
        while True:
            if self.peek() != u'"':
                raise Fault('expected a key in double quotes', self.at)
            start, key = self.at, self.string()
            if key in result:
                raise Fault('the key %s occurs twice in one object' % json.dumps(key), start)
            self.offsets[path + (key,)] = start
            self.take(u':', 'a colon')
            result[key] = self.value(path + (key,))
            if self.take(u',}', 'a comma or }') == u'}':
                return result

    def array(self, path):
        self.at += 1
        result = []
        if self.peek() == u']':
            self.at += 1
            return result
        while True:
            result.append(self.value(path + (len(result),)))
            if self.take(u',]', 'a comma or ]') == u']':
                return result

    def string(self):
        parts = []
        self.at += 1
        while True:
            end = _PLAIN.match(self.text, self.at).end()
            parts.append(self.text[self.at:end])
            self.at = end
            character = self.text[end:end + 1]
            if character == u'"':
                self.at += 1
                return u''.join(parts)
            if character != u'\\':
                raise Fault('a text that does not end' if character in (u'', u'\n') else 'a control character in a text', end)
            parts.append(self.escape())

    def escape(self):
        start, letter = self.at, self.text[self.at + 1:self.at + 2]
        if letter in _ESCAPES and letter:
            self.at += 2
            return _ESCAPES[letter]
        if letter != u'u':
            raise Fault('the backslash starts no JSON escape; a backslash is written as two', start)
        unit = self.unit(start)
        if 0xd800 <= unit < 0xdc00 and self.text[self.at:self.at + 2] == u'\\u':
            return json.loads('"\\u%04x\\u%04x"' % (unit, self.unit(self.at)))
        return json.loads('"\\u%04x"' % unit)

    def unit(self, start):
        digits = self.text[start + 2:start + 6]
        if not re.match(r'[0-9a-fA-F]{4}\Z', digits):
            raise Fault('\\u without four hexadecimal digits', start)
        self.at = start + 6
        return int(digits, 16)

    def scalar(self):
        for word, value in _WORDS.items():
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return value
        match = _NUMBER.match(self.text, self.at)
        if not match:
            raise Fault('expected a JSON value', self.at)
        if len(match.group()) > _LONGEST_NUMBER:
            raise Fault('a number of more than %d digits' % _LONGEST_NUMBER, self.at)
        self.at = match.end()
        return float(match.group()) if match.group(1) or match.group(2) else int(match.group())
