# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CREATE statements of Oracle, read strictly: what is not known is an error with line and column, never passed over."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._schema import model

_SPACE = r'(?:\s+|--[^\n]*|/\*.*?\*/)*'
_TOKEN = re.compile(_SPACE + r'''(?:
    (?P<word>[A-Za-z][A-Za-z0-9_$\#]*)
  | (?P<symbol>\|\||<>|!=|\^=|<=|>=|:=|=>|[-+*/(),.=<>;:%@])
  | (?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
  | (?P<string>'(?:[^']|'')*')
  | (?P<quoted>"[^"\x00]+")
  | (?P<end>\Z)
)''', re.VERBOSE | re.DOTALL)
_SPACES = re.compile(_SPACE, re.DOTALL)
_PLAIN_NAME = re.compile(r'[A-Z][A-Z0-9_$#]*\Z')
_COMPARISONS = ('=', '<>', '!=', '^=', '<=', '>=', '<', '>')
_NUMBERS = {'NUMBER': None, 'NUMERIC': 0, 'DECIMAL': 0, 'DEC': 0}
_INTEGERS = ('INTEGER', 'INT', 'SMALLINT')
_RESERVED = frozenset('''ACCESS ADD ALL ALTER AND ANY AS ASC AUDIT BETWEEN BY CHAR CHECK CLUSTER COLUMN COMMENT COMPRESS CONNECT CREATE CURRENT DATE
    DECIMAL DEFAULT DELETE DESC DISTINCT DROP ELSE EXCLUSIVE EXISTS FILE FLOAT FOR FROM GRANT GROUP HAVING IDENTIFIED IMMEDIATE IN INCREMENT INDEX
    INITIAL INSERT INTEGER INTERSECT INTO IS LEVEL LIKE LOCK LONG MAXEXTENTS MINUS MLSLABEL MODE MODIFY NOAUDIT NOCOMPRESS NOT NOWAIT NULL NUMBER OF
    OFFLINE ON ONLINE OPTION OR ORDER PCTFREE PRIOR PUBLIC RAW RENAME RESOURCE REVOKE ROW ROWID ROWNUM ROWS SELECT SESSION SET SHARE SIZE
    SMALLINT START SUCCESSFUL SYNONYM SYSDATE TABLE THEN TO TRIGGER UID UNION UNIQUE UPDATE USER VALIDATE VALUES VARCHAR VARCHAR2 VIEW WHENEVER WHERE
    WITH'''.split())


class SyntaxProblem(CrabError):
    """A statement that the parser does not take; repair says what would mend it where that is beyond doubt."""

    repair = ''


class Token:
    """word: the key word or symbol, empty for what can be none."""

    __slots__ = ('kind', 'text', 'start', 'word')

    def __init__(self, kind, text, start):
        self.kind = kind
        self.text = text
        self.start = start
        self.word = text.upper() if kind == 'word' else text if kind == 'symbol' else ''

    @property
    def canonical(self):
        if self.kind == 'word':
            return self.word
        if self.kind == 'quoted' and _PLAIN_NAME.match(self.text[1:-1]):
            return self.text[1:-1]
        return self.text


def tokens(sql, where=''):
    """All tokens without space and comments; the last one is of the kind 'end'."""
    found = []
    position = 0
    for match in _TOKEN.finditer(sql):
        if match.start() != position:
            break
        position = match.end()
        kind = match.lastgroup
        text = match.group(kind)
        found.append(Token(kind, text, position - len(text)))
        if kind == 'end':
            return found
    position = _SPACES.match(sql, position).end()
    what = {"'": 'a text without its closing quote', '"': 'a quoted name without its closing quote'}.get(sql[position])
    raise _problem(sql, where, position, what or 'the character %s, which has no meaning in SQL' % _shown(sql[position]))


def canonical(found):
    """One spelling for all: key words and names in upper case, single spaces, names unquoted where quotes say nothing."""
    text = ''
    previous = None
    for token in found:
        word = token.canonical
        if previous is not None and word not in (')', ',', '.') and previous not in ('(', '.') and not (word == '(' and _is_function(previous)):
            text += ' '
        text += word
        previous = word
    return text


def canonical_text(sql):
    """The canonical form of an expression as the dictionary keeps it."""
    return canonical(tokens(sql)[:-1])


def comparable(sql):
    """A CHECK or PL/SQL as one spelling, to compare: needless outer parentheses gone, literals of an IN list sorted.

    What the server takes and the tokens do not know stays as it is.
    """
    try:
        return canonical(_sorted_in_lists(_without_outer_parentheses(tokens(sql)[:-1])))
    except SyntaxProblem:
        return sql


def parse(sql, where='', repaired=None):
    """The object that one CREATE statement makes.

    :param where: what the statement is called in messages, such as "TaskDB b_tasks".
    :param repaired: list for the SyntaxProblems that are beyond doubt in what was meant (a missing comma before CONSTRAINT):
        the caller judges them. Without a list they are raised like any other.
    :returns: model.Table, Index, Sequence or Trigger; its constraints are part of it.
    """
    return _Parser(sql, where, repaired).statement()


def quoted(name):
    """A name as a statement must write it: quotes only where it would not be read as itself without."""
    return name if _PLAIN_NAME.match(name) and name not in _RESERVED else '"%s"' % name


def names_in(condition):
    """The names in a condition, functions and key words included: enough to see whether a column is one of them."""
    try:
        found = tokens(condition)
    except SyntaxProblem:
        # What the server takes and the tokens do not know.
        return set(re.findall(r'[^\W\d][\w$#]*', condition, re.UNICODE))
    return set(token.canonical.strip('"') for token in found if token.kind in ('word', 'quoted'))


def with_name(condition, old, new):
    """The condition after a column was renamed."""
    found = tokens(condition)[:-1]
    for token in found:
        if token.kind in ('word', 'quoted') and token.canonical.strip('"') == old:
            token.kind, token.text = 'quoted', '"%s"' % new
    return canonical(found)


def parse_value(sql, where=''):
    """One expression in canonical spelling, such as a default."""
    parser = _Parser(sql, where)
    found = parser.expression()
    if parser.token.kind != 'end':
        raise parser.unexpected('the end of the value')
    return canonical(found)


def _is_function(word):
    return _PLAIN_NAME.match(word) is not None and word not in ('IN', 'AND', 'OR', 'NOT', 'CHECK', 'BETWEEN', 'LIKE', 'THAN', 'KEY')


def _without_outer_parentheses(found):
    while len(found) > 1 and found[0].text == '(' and _closing(found, 0) == len(found) - 1:
        found = found[1:-1]
    return found


def _closing(found, start):
    """Position of the parenthesis that closes the one at start."""
    depth = 0
    for position in range(start, len(found)):
        depth += {'(': 1, ')': -1}.get(found[position].text, 0)
        if not depth:
            return position
    return -1


def _sorted_in_lists(found):
    result = []
    position = 0
    while position < len(found):
        result.append(found[position])
        if found[position].word == 'IN' and position + 1 < len(found) and found[position + 1].text == '(':
            end = _closing(found, position + 1)
            inner = found[position + 2:end]
            values, commas = inner[0::2], inner[1::2]
            if all(token.kind in ('string', 'number') for token in values) and all(token.text == ',' for token in commas):
                ordered = sorted(values, key=lambda token: token.text)
                inner = [token for pair in zip(ordered, commas + [None]) for token in pair if token is not None]
            result += [found[position + 1]] + inner
            position = end
            continue
        position += 1
    return result


def line_and_column(sql, position):
    before = sql[:position]
    return before.count('\n') + 1, position - (before.rfind('\n') + 1) + 1


def _problem(sql, where, position, found, expected=''):
    line, column = line_and_column(sql, position)
    message = '%sline %d, column %d: ' % (where + ', ' if where else '', line, column)
    message += 'expected %s, found %s.' % (expected, found) if expected else 'found %s.' % found
    return SyntaxProblem(message)


def _shown(text):
    return "'%s'" % text if "'" not in text else text


class _Parser:
    """Recursive descent; a method a phrase."""

    def __init__(self, sql, where, repaired=None):
        self.sql = sql
        self.where = where
        self.repaired = repaired
        self.tokens = tokens(sql, where)
        self.at = 0

    # ---- the tokens

    @property
    def token(self):
        return self.tokens[self.at]

    def next(self):
        token = self.token
        if token.kind != 'end':
            self.at += 1
        return token

    def sees(self, *words):
        # The last token is no word, so what follows it is never asked for.
        at = self.at
        for word in words:
            if self.tokens[at].word != word:
                return False
            at += 1
        return True

    def take(self, *words):
        if not self.sees(*words):
            return False
        self.at += len(words)
        return True

    def need(self, *words):
        for word in words:
            if not self.take(word):
                raise self.unexpected(word)

    def unexpected(self, expected):
        token = self.token
        return _problem(self.sql, self.where, token.start, 'the end' if token.kind == 'end' else _shown(token.text), expected)

    def name(self, what):
        token = self.token
        if token.kind == 'quoted':
            return self.next().text[1:-1]
        if token.kind != 'word' or token.text.upper() in _RESERVED:
            raise self.unexpected(what)
        return self.next().text.upper()

    def integer(self, what):
        negative = self.token.word == '-' and self.take('-')
        if not self.token.text.isdigit():
            raise self.unexpected(what)
        value = int(self.next().text)
        return -value if negative else value

    def names(self, what):
        self.need('(')
        found = [self.name(what)]
        while self.take(','):
            found.append(self.name(what))
        if not self.take(')'):
            raise self.unexpected(', or )')
        return tuple(found)

    # ---- statements

    def statement(self):
        self.need('CREATE')
        if self.take('TABLE'):
            made = self.table()
        elif self.sees('INDEX') or self.sees('UNIQUE', 'INDEX'):
            made = self.index()
        elif self.take('SEQUENCE'):
            made = self.sequence()
        elif self.sees('TRIGGER') or self.sees('OR', 'REPLACE', 'TRIGGER'):
            made = self.trigger()
        else:
            raise self.unexpected('TABLE, INDEX, UNIQUE INDEX, SEQUENCE or TRIGGER after CREATE')
        if self.token.kind != 'end':
            raise self.unexpected('the end of the statement')
        made.where = self.where
        return made

    def table(self):
        table = model.Table(name=self.name('the name of the table'))
        self.need('(')
        while True:
            self.table_element(table)
            if self.take(')'):
                break
            if not self.take(','):
                self.missing_comma()
        while self.token.kind != 'end':
            self.table_option(table)
        if not table.columns:
            raise self.unexpected('at least one column')
        primary = table.primary_key
        for column in table.columns.values() if primary else ():
            if column.name in primary.columns:
                column.nullable = False
        return table

    def missing_comma(self):
        """Between two constraints nothing else can have been meant; anywhere else it is not ours to guess."""
        problem = self.unexpected(', or ) after a column or constraint')
        if self.repaired is not None and self.sees('CONSTRAINT') and self.tokens[self.at - 1].text == ')':
            problem.repair = 'a comma before it'
            self.repaired.append(problem)
            return
        raise problem

    def table_element(self, table):
        if self.token.word in ('CONSTRAINT', 'PRIMARY', 'UNIQUE', 'FOREIGN', 'CHECK'):
            table.constraints.append(self.table_constraint())
        else:
            self.column(table)

    def table_option(self, table):
        if self.take('PARTITION'):
            if table.partitioning is not None:
                raise self.unexpected('one PARTITION BY only')
            table.partitioning = self.partitioning()
        elif self.take('ENABLE', 'ROW', 'MOVEMENT'):
            table.row_movement = True
        elif self.take('DISABLE', 'ROW', 'MOVEMENT'):
            table.row_movement = False
        else:
            raise self.unexpected('PARTITION BY, ENABLE ROW MOVEMENT or the end')

    def column(self, table):
        start = self.token
        name = self.name('the name of a column')
        if name in table.columns:
            raise _problem(self.sql, self.where, start.start, 'the column %s a second time (ORA-00957)' % name, 'a new column')
        column = model.Column(name=name, type=self.type())
        table.columns[name] = column
        while self.token.word not in (',', ')'):
            self.column_option(table, column)

    def column_option(self, table, column):
        if self.take('DEFAULT'):
            column.default = default_of(self.expression())
        elif self.take('NOT', 'NULL'):
            column.nullable = False
        elif self.take('NULL'):
            column.nullable = True
        elif self.sees('CONSTRAINT') or self.sees('PRIMARY') or self.sees('UNIQUE') or self.sees('CHECK') or self.sees('REFERENCES'):
            self.column_constraint(table, column)
        else:
            raise self.unexpected('DEFAULT, NOT NULL, a constraint, or , or ) after the column %s' % column.name)

    def column_constraint(self, table, column):
        name = self.name('the name of the constraint') if self.take('CONSTRAINT') else None
        if self.take('NOT', 'NULL'):
            # The name of a NOT NULL is not compared: Oracle keeps the fact in the column.
            column.nullable = False
            return
        if self.take('PRIMARY', 'KEY'):
            constraint = model.Constraint(kind='P', name=name, columns=(column.name,))
        elif self.take('UNIQUE'):
            constraint = model.Constraint(kind='U', name=name, columns=(column.name,))
        elif self.take('CHECK'):
            constraint = model.Constraint(kind='C', name=name, condition=self.condition())
        elif self.sees('REFERENCES'):
            constraint = self.reference(model.Constraint(kind='R', name=name, columns=(column.name,)))
        else:
            raise self.unexpected('NOT NULL, PRIMARY KEY, UNIQUE, CHECK or REFERENCES')
        table.constraints.append(self.constraint_state(constraint))

    def table_constraint(self):
        name = self.name('the name of the constraint') if self.take('CONSTRAINT') else None
        if self.take('PRIMARY', 'KEY'):
            constraint = model.Constraint(kind='P', name=name, columns=self.names('a column'))
        elif self.take('UNIQUE'):
            constraint = model.Constraint(kind='U', name=name, columns=self.names('a column'))
        elif self.take('FOREIGN', 'KEY'):
            constraint = self.reference(model.Constraint(kind='R', name=name, columns=self.names('a column')))
        elif self.take('CHECK'):
            constraint = model.Constraint(kind='C', name=name, condition=self.condition())
        else:
            raise self.unexpected('PRIMARY KEY, UNIQUE, FOREIGN KEY or CHECK')
        return self.constraint_state(constraint)

    def reference(self, constraint):
        self.need('REFERENCES')
        constraint.parent = self.name('the table that the foreign key points to')
        constraint.parent_columns = self.names('a column') if self.sees('(') else ()
        if self.take('ON', 'DELETE'):
            if self.take('CASCADE'):
                constraint.on_delete = 'CASCADE'
            elif self.take('SET', 'NULL'):
                constraint.on_delete = 'SET NULL'
            else:
                raise self.unexpected('CASCADE or SET NULL')
        return constraint

    def constraint_state(self, constraint):
        if self.take('DISABLE'):
            constraint.enabled = constraint.validated = False
        else:
            self.take('ENABLE')
        if self.take('NOVALIDATE'):
            constraint.validated = False
        elif self.take('VALIDATE'):
            constraint.validated = True
        return constraint

    def partitioning(self):
        self.need('BY', 'RANGE')
        partitioning = model.Partitioning(method='RANGE', columns=self.names('a column'))
        if self.take('INTERVAL'):
            self.need('(')
            partitioning.interval = canonical(self.expression())
            self.need(')')
        self.need('(')
        partitions = [self.partition()]
        while self.take(','):
            partitions.append(self.partition())
        if not self.take(')'):
            raise self.unexpected(', or ) after a partition')
        partitioning.partitions = tuple(partitions)
        return partitioning

    def partition(self):
        self.need('PARTITION')
        name = None if self.sees('VALUES') else self.name('the name of the partition')
        self.need('VALUES', 'LESS', 'THAN', '(')
        bounds = [canonical(self.expression())]
        while self.take(','):
            bounds.append(canonical(self.expression()))
        self.need(')')
        return (name, ', '.join(bounds))

    def index(self):
        unique = self.take('UNIQUE')
        self.need('INDEX')
        index = model.Index(name=self.name('the name of the index'), table=None, columns=(), unique=unique)
        self.need('ON')
        index.table = self.name('the table of the index')
        self.need('(')
        columns = [self.index_column()]
        while self.take(','):
            columns.append(self.index_column())
        if not self.take(')'):
            raise self.unexpected(', or ) after a column of the index')
        index.columns = tuple(columns)
        while self.token.kind != 'end':
            self.index_option(index)
        return index

    def index_column(self):
        found = self.expression()
        text = found[0].text[1:-1] if len(found) == 1 and found[0].kind == 'quoted' else canonical(found)
        if self.take('DESC'):
            return text + ' DESC'
        self.take('ASC')
        return text

    def index_option(self, index):
        if self.take('COMPRESS'):
            start = self.token
            index.compress = self.integer('a number') if self.token.kind == 'number' else 0
            if index.compress > len(index.columns):
                raise _problem(self.sql, self.where, start.start, 'COMPRESS %d (ORA-25194)' % index.compress,
                               'at most %d, the number of columns' % len(index.columns))
            # Without a number: all columns, or all but the last of a unique index.
            index.compress = index.compress or len(index.columns) - (1 if index.unique else 0)
        elif self.take('NOCOMPRESS'):
            index.compress = None
        elif self.take('LOCAL'):
            index.local = True
        elif not self.take('ONLINE'):
            raise self.unexpected('COMPRESS, LOCAL, ONLINE or the end')

    def sequence(self):
        sequence = model.Sequence(name=self.name('the name of the sequence'))
        while self.token.kind != 'end':
            self.sequence_option(sequence)
        return sequence

    def sequence_option(self, sequence):
        if self.take('START', 'WITH'):
            sequence.start = self.integer('a number')
        elif self.take('INCREMENT', 'BY'):
            sequence.increment = self.integer('a number')
        elif self.take('MAXVALUE'):
            sequence.maximum = self.integer('a number')
        elif self.take('MINVALUE'):
            sequence.minimum = self.integer('a number')
        elif self.take('NOMAXVALUE'):
            sequence.maximum = None
        elif self.take('NOMINVALUE'):
            sequence.minimum = None
        elif self.take('CACHE'):
            sequence.cache = self.integer('a number')
        elif self.take('NOCACHE'):
            sequence.cache = 0
        elif self.sees('CYCLE') or self.sees('NOCYCLE'):
            sequence.cycle = self.next().word == 'CYCLE'
        elif self.sees('ORDER') or self.sees('NOORDER'):
            sequence.order = self.next().word == 'ORDER'
        else:
            raise self.unexpected('START WITH, INCREMENT BY, MAXVALUE, MINVALUE, CACHE, CYCLE, ORDER, one of their NO forms, or the end')

    def trigger(self):
        """The body is PL/SQL: taken whole, but it must end as a block does, or Oracle would make an invalid trigger of it."""
        self.take('OR', 'REPLACE')
        start = self.token.start
        self.need('TRIGGER')
        name = self.name('the name of the trigger')
        if not (self.take('BEFORE') or self.take('AFTER')):
            raise self.unexpected('BEFORE or AFTER')
        while not self.take('ON'):
            if not (self.take('INSERT') or self.take('UPDATE') or self.take('DELETE') or self.take('OR')):
                raise self.unexpected('INSERT, UPDATE, DELETE, OR or ON')
        table = self.name('the table of the trigger')
        self.take('FOR', 'EACH', 'ROW')
        if not (self.sees('BEGIN') or self.sees('DECLARE')):
            raise self.unexpected('FOR EACH ROW, BEGIN or DECLARE')
        while self.token.kind != 'end':
            self.next()
        if [token.word for token in self.tokens[-3:-1]] != ['END', ';'] and [token.word for token in self.tokens[-4:-1]] != ['END', name, ';']:
            raise self.unexpected('END; as the last words of the trigger')
        return model.Trigger(name=name, table=table, text='CREATE ' + folded(self.sql[start:]))

    # ---- types

    def type(self):
        start = self.token
        name = start.word
        if start.kind != 'word' or not name:
            raise self.unexpected('a type')
        self.next()
        if name in ('VARCHAR', 'VARCHAR2', 'NVARCHAR2', 'CHAR', 'NCHAR', 'RAW'):
            return self.sized_type(name)
        if name in _NUMBERS:
            return self.number_type(_NUMBERS[name])
        if name in _INTEGERS:
            return model.type_of(name='NUMBER', scale=0)
        if name == 'TIMESTAMP':
            return self.timestamp_type()
        if name == 'FLOAT':
            return model.type_of(name='FLOAT', precision=self.one_number(126))
        if name in ('DATE', 'CLOB', 'NCLOB', 'BLOB', 'LONG', 'ROWID', 'BINARY_FLOAT', 'BINARY_DOUBLE'):
            return model.type_of(name=name)
        self.at -= 1
        raise self.unexpected('a type of Oracle')

    def sized_type(self, name):
        name = 'VARCHAR2' if name == 'VARCHAR' else name
        if not self.take('('):
            if name in ('CHAR', 'NCHAR'):
                return model.type_of(name=name, length=1)
            raise self.unexpected('a length in parentheses after %s' % name)
        length = self.integer('a length')
        unit = self.next().word if self.token.word in ('BYTE', 'CHAR') else None
        self.need(')')
        return model.type_of(name=name, length=length, unit=unit)

    def number_type(self, bare_scale):
        if not self.take('('):
            return model.type_of(name='NUMBER', scale=bare_scale)
        precision = None if self.take('*') else self.integer('a precision')
        scale = self.integer('a scale') if self.take(',') else 0
        self.need(')')
        return model.type_of(name='NUMBER', precision=precision, scale=scale)

    def timestamp_type(self):
        scale = self.one_number(6)
        name = 'TIMESTAMP(%d)' % scale
        if self.take('WITH', 'TIME', 'ZONE'):
            name += ' WITH TIME ZONE'
        elif self.take('WITH', 'LOCAL', 'TIME', 'ZONE'):
            name += ' WITH LOCAL TIME ZONE'
        return model.type_of(name=name, scale=scale)

    def one_number(self, default):
        if not self.take('('):
            return default
        number = self.integer('a number')
        self.need(')')
        return number

    # ---- expressions: checked for form, kept as tokens

    def condition(self):
        """( condition ) of a CHECK, in canonical spelling."""
        self.need('(')
        start = self.at
        self.disjunction()
        found = self.tokens[start:self.at]
        self.need(')')
        return canonical(_without_outer_parentheses(found))

    def disjunction(self):
        self.conjunction()
        while self.take('OR'):
            self.conjunction()

    def conjunction(self):
        self.negation()
        while self.take('AND'):
            self.negation()

    def negation(self):
        self.take('NOT')
        if self.sees('(') and self.is_condition_in_parentheses():
            self.need('(')
            self.disjunction()
            self.need(')')
        else:
            self.comparison()

    def is_condition_in_parentheses(self):
        """Whether what the parenthesis holds compares something; else it is a value such as (a + b)."""
        end = _closing(self.tokens, self.at)
        following = self.tokens[end + 1].word if end >= 0 else ''
        return following not in _COMPARISONS + ('+', '-', '*', '/', '||', 'IN', 'IS', 'LIKE', 'BETWEEN') and not (
            following == 'NOT' and self.tokens[end + 2].word in ('IN', 'LIKE', 'BETWEEN'))

    def comparison(self):
        self.expression()
        if self.take('IS'):
            self.take('NOT')
            self.need('NULL')
            return
        if any(self.take(symbol) for symbol in _COMPARISONS):
            self.expression()
            return
        self.take('NOT')
        if self.take('IN'):
            self.need('(')
            self.expression()
            while self.take(','):
                self.expression()
            if not self.take(')'):
                raise self.unexpected(', or ) in the list of IN')
        elif self.take('BETWEEN'):
            self.expression()
            self.need('AND')
            self.expression()
        elif self.take('LIKE'):
            self.expression()
        else:
            raise self.unexpected('a comparison, IN, BETWEEN, LIKE or IS NULL')

    def expression(self):
        """The tokens of a value: terms joined by operators."""
        start = self.at
        self.term()
        while any(self.take(symbol) for symbol in ('+', '-', '*', '/', '||')):
            self.term()
        return self.tokens[start:self.at]

    def term(self):
        while self.take('-') or self.take('+'):
            pass
        if self.take('('):
            self.expression()
            self.need(')')
        elif self.token.kind in ('string', 'number'):
            self.next()
        elif self.sees('NULL') or self.sees('SYSDATE') or self.sees('USER') or self.sees('MAXVALUE'):
            self.next()
        elif self.token.word in ('DATE', 'TIMESTAMP') and self.tokens[self.at + 1].kind == 'string':
            self.at += 2
        else:
            self.name_or_call()

    def name_or_call(self):
        self.name('a value')
        while self.take('.'):
            self.name('a name')
        if self.take('('):
            if not self.take(')'):
                self.expression()
                while self.take(','):
                    self.expression()
                if not self.take(')'):
                    raise self.unexpected(', or ) among the arguments')


def folded(text):
    """PL/SQL, which is compared and sent but not parsed: comments gone, white space outside quotes as single spaces."""
    quoted_or = r"('(?:[^']|'')*'|\"[^\"]*\")|%s"
    for unwanted in (r'--[^\n]*|/\*.*?\*/', r'\s+'):
        text = re.sub(quoted_or % unwanted, lambda match: match.group(1) or ' ', text, flags=re.DOTALL)
    return text.strip(' ')


def default_of(found):
    """Canonical text of a default. NULL is none, and so is the empty text, which is NULL in Oracle."""
    text = canonical(found)
    return None if text in ('NULL', "''") else text
