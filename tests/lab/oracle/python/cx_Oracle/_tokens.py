# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Oracle SQL as tokens, and the reader that both parsers stand on. Nothing is shared with the collection's own parser."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from cx_Oracle._errors import ora

_TOKEN = re.compile(r"""
    (?P<space>\s+|--[^\n]*|/\*.*?\*/)
  | (?P<string>[nN]?'(?:[^']|'')*')
  | (?P<quoted>"[^"\0]+")
  | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
  | (?P<word>[A-Za-z][A-Za-z0-9_$\#]*)
  | (?P<bind>:\s*(?:[A-Za-z][A-Za-z0-9_$\#]*|\d+))
  | (?P<op>\|\||<>|!=|\^=|<=|>=|=>|[-+*/(),.=<>%@])
""", re.VERBOSE | re.DOTALL)


class Token:
    """One word of a statement; value is upper case for a bare word and exact for a quoted one."""

    __slots__ = ('kind', 'text', 'value', 'start', 'end')

    def __init__(self, kind, text, value, start, end):
        self.kind = kind
        self.text = text
        self.value = value
        self.start = start
        self.end = end


def tokens(sql):
    """The tokens of a statement, an 'end' token last. A semicolon is ORA-00911, as from any client but SQL*Plus."""
    found = []
    position = 0
    while position < len(sql):
        match = _TOKEN.match(sql, position)
        if not match:
            raise ora(1756 if sql[position] == "'" else 911, offset=position)
        kind = match.lastgroup
        if kind != 'space':
            text = match.group()
            found.append(Token(kind, text, _value(kind, text), match.start(), match.end()))
        position = match.end()
    found.append(Token('end', '', '', len(sql), len(sql)))
    return found


def _value(kind, text):
    if kind == 'string':
        return text[text.index("'") + 1:-1].replace("''", "'")
    if kind == 'quoted':
        return text[1:-1]
    if kind == 'bind':
        return text[1:].strip().upper()
    return text.upper()


class Reader:
    """Walks over the tokens; whatever does not fit raises the ORA- code that the server would most likely give."""

    def __init__(self, sql):
        self.sql = sql
        self.tokens = tokens(sql)
        self.at = 0

    @property
    def token(self):
        return self.tokens[self.at]

    def ahead(self, count=1):
        return self.tokens[min(self.at + count, len(self.tokens) - 1)]

    def next(self):
        token = self.token
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def sees(self, *words):
        """The next tokens are these words or operators."""
        for count, word in enumerate(words):
            token = self.ahead(count)
            if token.kind not in ('word', 'op') or token.value != word:
                return False
        return True

    def take(self, *words):
        """Pass these words if they come next."""
        if self.sees(*words):
            self.at += len(words)
            return True
        return False

    def take_any(self, words):
        """Pass and name one of these words, or None."""
        for word in words:
            if self.take(word):
                return word
        return None

    def need(self, *words, **code):
        if not self.take(*words):
            self.fail(code.get('code', 900))

    def fail(self, code=900, detail=None):
        detail = detail or 'not understood at %r' % (self.sql[self.token.start:self.token.start + 30] or 'the end')
        raise ora(code, detail, self.token.start)

    def name(self):
        """An identifier, in the form that the dictionary keeps."""
        if self.token.kind not in ('word', 'quoted'):
            self.fail(904, '"%s"' % self.token.text)
        return self.next().value

    def integer(self):
        sign = -1 if self.take('-') else 1
        if self.token.kind != 'number' or not self.token.text.isdigit():
            self.fail()
        return sign * int(self.next().text)

    def names(self):
        """( a, b, c )"""
        self.need('(')
        found = [self.name()]
        while self.take(','):
            found.append(self.name())
        self.need(')', code=907)
        return found

    def balanced(self):
        """The text between the parenthesis that comes next and its match, as typed; stands behind it afterwards."""
        self.need('(', code=906)
        start, depth = self.token.start, 1
        while depth:
            token = self.next()
            if token.kind == 'end':
                self.fail(907)
            depth += {'(': 1, ')': -1}.get(token.text, 0) if token.kind == 'op' else 0
        return self.sql[start:self.tokens[self.at - 1].start]

    def end(self, code=933):
        if self.token.kind != 'end':
            self.fail(code)
