# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A script of SQL as SQL*Plus takes it: its statements with their lines, what each does to the schema, and which error says that it is done already."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._schema import ddl, model, operations

_PIECE = re.compile(r"""
    (?P<blank>\s+|--[^\n]*|/\*.*?\*/)
  | (?P<quoted>'(?:[^']|'')*'|"[^"]*")
  | (?P<end>;)
  | (?P<word>[A-Za-z][A-Za-z0-9_$\#]*)
  | (?P<other>.)
""", re.VERBOSE | re.DOTALL)
_SLASH = re.compile(r'(?m)^[ \t]*/[ \t]*$')
_PLSQL = re.compile(r'(?:CREATE\s+(?:OR\s+REPLACE\s+)?(?:TRIGGER|PROCEDURE|FUNCTION|PACKAGE)|BEGIN|DECLARE)\b', re.IGNORECASE)
_CHANGES_ROWS = ('INSERT', 'UPDATE', 'DELETE', 'MERGE')
_VERBS = _CHANGES_ROWS + ('ALTER', 'CREATE', 'DROP', 'TRUNCATE', 'GRANT', 'REVOKE', 'COMMENT', 'RENAME', 'PURGE', 'COMMIT', 'BEGIN', 'DECLARE', 'CALL')
# The names of columns that a change of type makes and takes away again.
_OF_A_CHANGE = re.compile(r'\$[0-9A-F]{8}\Z')
# What a statement does to the error that says that it was done before.
_DONE = {
    'add column': ('ORA-01430',), 'add constraint': ('ORA-02264', 'ORA-02260', 'ORA-02261', 'ORA-02275'), 'modify column': ('ORA-01442', 'ORA-01451'),
    'create': ('ORA-00955', 'ORA-01408', 'ORA-04081'), 'drop column': ('ORA-00904',), 'drop constraint': ('ORA-02443', 'ORA-02441'),
    'drop table': ('ORA-00942',), 'drop index': ('ORA-01418',), 'drop sequence': ('ORA-02289',), 'drop trigger': ('ORA-04080',),
    'drop synonym': ('ORA-01434',), 'revoke': ('ORA-01927',),
}


class Statement(model.Record):
    """sql as it is sent; line of its first word."""

    fields = ('sql', 'line')

    @property
    def verb(self):
        return re.match(r'\w+', self.sql).group().upper()

    @property
    def changes_rows(self):
        return self.verb in _CHANGES_ROWS


class Effect(model.Record):
    """what is done to which thing: ('add column', 'TASKS', 'TM_X'); new is the name that a renaming gives."""

    fields = ('what', 'table', 'name', 'new')
    defaults = {'table': '', 'name': '', 'new': ''}

    def text(self):
        return '%s %s' % (self.what, '.'.join(part for part in (self.table, self.name) if part))


def split(text, where):
    """The statements of a script.

    :param where: what the script is called in messages.
    """
    found, position = [], 0
    while True:
        position = _after_blanks(text, position)
        if position == len(text):
            return found
        line = text.count('\n', 0, position) + 1
        end, following = _end_of(text, position)
        sql = text[position:end].rstrip()
        word = re.match(r'\w*', sql).group().upper()
        if word not in _VERBS:
            raise CrabError('%s, line %d: %s is no statement that changes a schema or its rows.' % (where, line, word or sql[:1]),
                            'Commands of SQL*Plus, queries and a / that runs a statement again are not known here: take them out.')
        found.append(Statement(sql=sql, line=line))
        position = following


def _after_blanks(text, position):
    for match in _PIECE.finditer(text, position):
        if match.lastgroup != 'blank':
            return match.start()
    return len(text)


def _end_of(text, start):
    """(end of the statement, where the next one may begin). PL/SQL ends at a line with a slash, other SQL at a semicolon."""
    if _PLSQL.match(text, start):
        slash = _SLASH.search(text, start)
        return (slash.start(), slash.end()) if slash else (len(text), len(text))
    for match in _PIECE.finditer(text, start):
        if match.lastgroup == 'end':
            return match.start(), match.end()
    return len(text), len(text)


def is_done(statement, code):
    """Whether this error says that the statement was applied before. One that does several things may have been stopped between them."""
    found = effects(statement.sql)
    return len(found) == 1 and code in _DONE.get(found[0].what, _DONE['create'] if found[0].what.startswith('create ') else ())


# ---- what a statement does

def effects(sql):
    """[Effect] of a statement; empty for what says nothing about the schema or single columns."""
    reader = _Reader(sql)
    found = {'ALTER': reader.alter, 'CREATE': reader.create, 'DROP': reader.drop, 'UPDATE': reader.update}.get(reader.word(), reader.nothing)()
    return found


def summary(statements):
    """The effects of them all together: a column that another replaces is a change of its type, and filling a new column is part of adding it."""
    found = []
    for sql in statements:
        for effect in effects(sql):
            found = _added(found, effect)
    return [effect for effect in found if not (effect.what == 'update' and effect.replace(what='add column') in found)]


def _added(found, effect):
    if _OF_A_CHANGE.search({'drop column': effect.name, 'modify column': effect.name, 'rename column': effect.new}.get(effect.what, '')):
        # The old column of a change of type, on its way out.
        return found
    if effect.what == 'rename column':
        made = Effect(what='add column', table=effect.table, name=effect.name)
        gone = Effect(what='drop column', table=effect.table, name=effect.new)
        shadow = effect.name == operations.shadow_name(effect.new)
        if shadow or (made in found and gone in found):
            kept = [one for one in found if one not in (made, gone, made.replace(what='update'))]
            return _added(kept, Effect(what='modify column', table=effect.table, name=effect.new))
    if effect.what == 'modify column' and (effect in found or effect.replace(what='add column') in found):
        return found
    return found if effect in found else found + [effect]


def compare(script, plan):
    """What only one of two lists of statements does: dict(only_script, only_plan), texts such as "add column TASKS.TM_X"."""
    theirs, ours = summary(script), summary(plan)
    return {'only_script': [effect.text() for effect in theirs if effect not in ours], 'only_plan': [effect.text() for effect in ours if effect not in theirs]}


class _Reader:
    """The words of one statement that say what it does; what is behind them is the server's to judge."""

    def __init__(self, sql):
        try:
            self.tokens = ddl.tokens(sql)
        except ddl.SyntaxProblem:
            # PL/SQL has signs that SQL lacks.
            self.tokens = ddl.tokens(re.sub(r'[^\w\s$#]', ' ', sql))
        self.at = 0

    def word(self):
        token = self.tokens[self.at]
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token.text[1:-1] if token.kind == 'quoted' else token.text.upper()

    def sees(self, *words):
        return [token.text.upper() for token in self.tokens[self.at:self.at + len(words)]] == list(words)

    def take(self, *words):
        if not self.sees(*words):
            return False
        self.at += len(words)
        return True

    def nothing(self):
        return []

    def items(self):
        """The first words of each item of a list in parentheses, or of the one item without them."""
        if not self.take('('):
            return [self.at]
        found, depth = [self.at], 1
        for position in range(self.at, len(self.tokens)):
            depth += {'(': 1, ')': -1}.get(self.tokens[position].text, 0)
            if depth == 1 and self.tokens[position].text == ',':
                found.append(position + 1)
            if not depth:
                break
        return found

    def create(self):
        self.take('OR', 'REPLACE')
        self.take('UNIQUE')
        kind = self.word().lower()
        return [Effect(what='create ' + kind, name=self.word())]

    def drop(self):
        kind = self.word().lower()
        return [Effect(what='drop ' + kind, name=self.word())]

    def update(self):
        table = self.word()
        if not self.take('SET'):
            return []
        found, depth = [Effect(what='update', table=table, name=self.word())], 0
        for position in range(self.at, len(self.tokens)):
            token = self.tokens[position]
            depth += {'(': 1, ')': -1}.get(token.text, 0)
            if not depth and token.word == 'WHERE':
                break
            if not depth and token.text == ',':
                found.append(Effect(what='update', table=table, name=self.tokens[position + 1].text.upper()))
        return found

    def alter(self):
        if self.take('INDEX'):
            name = self.word()
            return [Effect(what='rename index', name=name, new=self.tokens[self.at + 2].text.upper())] if self.take('RENAME') else [
                Effect(what='alter index', name=name)]
        if not self.take('TABLE'):
            return []
        table = self.word()
        act = {'ADD': self.add, 'MODIFY': self.modify, 'DROP': self.drop_part, 'SET': self.set_unused, 'RENAME': self.rename}.get(self.word())
        return act(table) if act else []

    def add(self, table):
        found = []
        for position in self.items():
            self.at = position
            if self.sees('CONSTRAINT'):
                self.take('CONSTRAINT')
                found.append(Effect(what='add constraint', table=table, name=self.word()))
            elif self.sees('PRIMARY') or self.sees('UNIQUE') or self.sees('FOREIGN') or self.sees('CHECK'):
                found.append(Effect(what='add constraint', table=table, name=ddl.canonical(self.tokens[self.at:-1])))
            else:
                found.append(Effect(what='add column', table=table, name=self.word()))
        return found

    def modify(self, table):
        if self.take('PARTITION', 'BY'):
            return [Effect(what='partition', table=table)]
        if self.take('CONSTRAINT'):
            return [Effect(what='modify constraint', table=table, name=self.word())]
        return self.columns('modify column', table)

    def columns(self, what, table):
        found = []
        for position in self.items():
            self.at = position
            found.append(Effect(what=what, table=table, name=self.word()))
        return found

    def drop_part(self, table):
        if self.take('CONSTRAINT'):
            return [Effect(what='drop constraint', table=table, name=self.word())]
        if self.take('PRIMARY', 'KEY'):
            return [Effect(what='drop constraint', table=table, name='PRIMARY KEY')]
        if self.take('COLUMN') or self.sees('('):
            return self.columns('drop column', table)
        return []

    def set_unused(self, table):
        if not self.take('UNUSED'):
            return []
        self.take('COLUMN')
        return self.columns('drop column', table)

    def rename(self, table):
        kind, old = self.word().lower(), self.word()
        return [Effect(what='rename ' + kind, table=table, name=old, new=self.word())] if self.take('TO') else []
