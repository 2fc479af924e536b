# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SELECT, INSERT, UPDATE and DELETE in Oracle's words to SQLite's, names and types checked on the way."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from collections import OrderedDict

from cx_Oracle import _catalog
from cx_Oracle._errors import ora
from cx_Oracle._tokens import Reader

LOBS = ('CLOB', 'NCLOB', 'BLOB')
TIMES = ('DATE', 'TIMESTAMP')
_COMPARISONS = ('=', '<>', '!=', '^=', '<=', '>=', '<', '>')
# Name: (least arguments, most arguments, type of the result or None for that of the first argument, name of the function in SQLite)
_FUNCTIONS = {
    'ABS': (1, 1, 'NUMBER', 'abs'),
    'ADD_MONTHS': (2, 2, 'DATE', 'ora_add_months'),
    'COALESCE': (2, 99, None, 'coalesce'),
    'INSTR': (2, 2, 'NUMBER', 'instr'),
    'LENGTH': (1, 1, 'NUMBER', 'length'),
    'LENGTHB': (1, 1, 'NUMBER', 'ora_bytes'),
    'LOWER': (1, 1, 'VARCHAR2', 'lower'),
    'LTRIM': (1, 2, 'VARCHAR2', 'ltrim'),
    'MOD': (2, 2, 'NUMBER', 'ora_mod'),
    'NUMTODSINTERVAL': (2, 2, 'INTERVAL', 'ora_seconds'),
    'NVL': (2, 2, None, 'coalesce'),
    'REPLACE': (3, 3, 'VARCHAR2', 'replace'),
    'ROUND': (1, 2, 'NUMBER', 'round'),
    'RTRIM': (1, 2, 'VARCHAR2', 'rtrim'),
    'SUBSTR': (2, 3, 'VARCHAR2', 'substr'),
    'SYS_CONTEXT': (2, 2, 'VARCHAR2', 'ora_context'),
    'TO_CHAR': (1, 2, 'VARCHAR2', 'ora_to_char'),
    'TO_CLOB': (1, 1, 'CLOB', 'ora_text'),
    'TO_DATE': (2, 3, 'DATE', 'ora_to_time'),
    'TO_NUMBER': (1, 1, 'NUMBER', 'ora_to_number'),
    'TO_TIMESTAMP': (2, 3, 'TIMESTAMP', 'ora_to_time'),
    'TRIM': (1, 1, 'VARCHAR2', 'trim'),
    'UPPER': (1, 1, 'VARCHAR2', 'upper'),
}
_AGGREGATES = {'COUNT': 'NUMBER', 'SUM': 'NUMBER', 'AVG': 'NUMBER', 'MIN': None, 'MAX': None}


class Statement:
    """What the session runs: SQL of SQLite, the bind names in order, the columns of a query, and the table that DML changes.

    lasting: it names nothing that a DDL could change, so the session may keep it.
    """

    def __init__(self, sql, binds=(), columns=None, table=None, sequences=(), lasting=False):
        self.lasting = lasting
        self.sql = sql
        self.binds = list(binds)
        self.columns = columns
        self.table = table
        self.sequences = list(sequences)


class Value:
    """An expression: its SQL, its type, the name of its column if it is one."""

    def __init__(self, sql, kind=None, name=None):
        self.sql = sql
        self.kind = kind
        self.name = name


class Source:
    """A table of FROM: its alias and its columns with their types, in order."""

    def __init__(self, alias, columns):
        self.alias = alias
        self.columns = columns


def translate(session, sql):
    return Translator(session, sql).statement()


def literal(text):
    """A text as SQLite writes it; the empty one is NULL."""
    return "'%s'" % text.replace("'", "''") if text else 'NULL'


def identifier(name):
    return '"%s"' % name.replace('"', '""')


class Translator(Reader):
    def __init__(self, session, sql):
        Reader.__init__(self, sql)
        self.session = session
        self.scopes = []
        self.binds = []
        self.sequences = []
        self.limit = None
        self.lasting = True

    def statement(self):
        if self.sees('SELECT') or self.sees('WITH') or self.sees('('):
            text, columns = self.query()
            self.end()
            return Statement(text, self.binds, columns, sequences=self.sequences, lasting=self.lasting and not self.sequences)
        if self.take('INSERT'):
            return self.insert()
        if self.take('UPDATE'):
            return self.update()
        if self.take('DELETE'):
            return self.delete()
        return self.fail(900)

    # ---- queries

    def query(self):
        """A query with UNION and ORDER BY: its SQL and its columns [(name, type)]."""
        text, columns, order_scope = self.query_block()
        while True:
            how = self.take_any(('UNION', 'MINUS', 'INTERSECT'))
            if not how:
                break
            how = 'UNION ALL' if how == 'UNION' and self.take('ALL') else {'MINUS': 'EXCEPT'}.get(how, how)
            other, other_columns, _scope = self.query_block()
            if len(other_columns) != len(columns):
                self.fail(1789)
            text, order_scope = '%s %s %s' % (text, how, other), None
        if self.take('ORDER', 'BY'):
            text = '%s order by %s' % (text, self.order(columns, order_scope))
        return text + self.row_limit(), columns

    def order(self, columns, scope):
        parts = []
        while True:
            if self.token.kind == 'number':
                number = self.integer()
                if not 1 <= number <= len(columns):
                    self.fail(1785)
                part = str(number)
            else:
                part = self.order_value(columns, scope)
            part += ' desc' if self.take('DESC') else ' asc' if self.take('ASC') else ''
            # Oracle puts NULL last when ascending, SQLite first.
            if self.take('NULLS', 'FIRST'):
                part += ' nulls first'
            else:
                part += ' nulls last' if self.take('NULLS', 'LAST') or ' desc' not in part else ' nulls first'
            parts.append(part)
            if not self.take(','):
                return ', '.join(parts)

    def order_value(self, columns, scope):
        for number, (name, kind) in enumerate(columns, 1):
            if self.token.kind in ('word', 'quoted') and self.token.value == name and self.ahead().text not in ('.', '(', '||', '+', '-', '*', '/'):
                self.next()
                self.refuse_lob(kind)
                return str(number)
        if scope is None:
            self.fail(904, '"%s"' % self.token.text)
        self.scopes.append(scope)
        value = self.expression()
        self.scopes.pop()
        self.refuse_lob(value.kind)
        return value.sql

    def row_limit(self):
        text = ''
        if self.sees('OFFSET') or self.sees('FETCH'):
            if not self.session.at_least(12, 1):
                self.fail(933)
            offset = 0
            if self.take('OFFSET'):
                offset = self.integer()
                self.need('ROWS', code=933)
            count = -1
            if self.take('FETCH'):
                if not (self.take('FIRST') or self.take('NEXT')):
                    self.fail(905)
                count = self.integer()
                if not ((self.take('ROWS') or self.take('ROW')) and self.take('ONLY')):
                    self.fail(905)
            text = ' limit %d offset %d' % (count, offset)
        return text

    def query_block(self):
        self.need('SELECT', code=928)
        distinct = 'distinct ' if self.take('DISTINCT') or self.take('UNIQUE') else ''
        self.take('ALL')
        start = self.at
        self.skip_to_from()
        sources, from_text = self.from_clause()
        after_from, self.at = self.at, start
        self.scopes.append(sources)
        outer_limit, self.limit = self.limit, None
        items = self.items(sources)
        if not self.sees('FROM'):
            self.fail(923)
        self.at = after_from
        for item in items if distinct else ():
            self.refuse_lob(item[1].kind)
        text = 'select %s%s from %s' % (distinct, ', '.join('%s as %s' % (value.sql, identifier(name)) for name, value in items), from_text)
        if self.take('WHERE'):
            condition = self.condition(top=True)
            text += ' where ' + condition if condition else ''
        if self.take('GROUP', 'BY'):
            groups = [self.expression()]
            while self.take(','):
                groups.append(self.expression())
            for group in groups:
                self.refuse_lob(group.kind)
            text += ' group by ' + ', '.join(group.sql for group in groups)
            if self.take('HAVING'):
                text += ' having ' + self.condition()
        if self.limit is not None:
            if self.sees('ORDER'):
                self.fail(900, 'ROWNUM and ORDER BY in one query block cut before they sort; write a subquery')
            text = 'select * from (%s limit %s)' % (text, self.limit)
        self.limit = outer_limit
        self.scopes.pop()
        return text, [(name, value.kind) for name, value in items], sources

    def skip_to_from(self):
        """To the FROM of this block: its tables must be known before the items can be read."""
        depth = 0
        while not (depth == 0 and self.sees('FROM')):
            if self.token.kind == 'end' or depth < 0:
                self.fail(923)
            depth += {'(': 1, ')': -1}.get(self.token.text, 0)
            self.next()

    def items(self, sources):
        if self.take('*'):
            return [(name, _column(source, name)) for source in sources for name in source.columns]
        found = []
        while True:
            found += self.item(sources)
            if not self.take(','):
                return found

    def item(self, sources):
        if self.token.kind == 'word' and self.ahead().text == '.' and self.ahead(2).text == '*':
            alias = self.name()
            self.at += 2
            chosen = [source for source in sources if source.alias == alias]
            if not chosen:
                self.fail(904, '"%s"' % alias)
            return [(name, _column(chosen[0], name)) for name in chosen[0].columns]
        start = self.token.start
        value = self.expression(bare=True)
        text = self.sql[start:self.tokens[self.at - 1].end]
        if self.take('AS') or (self.token.kind in ('word', 'quoted') and not self.sees('FROM')):
            return [(self.name(), value)]
        return [(value.name or ''.join(text.split()).upper()[:30], value)]

    def from_clause(self):
        self.need('FROM', code=923)
        source, text = self.table_reference()
        sources = [source]
        while True:
            if self.take(','):
                source, other = self.table_reference()
                sources.append(source)
                text += ' cross join ' + other
                continue
            how = self.join_word()
            if not how:
                return sources, text
            source, other = self.table_reference()
            sources.append(source)
            if not self.take('ON'):
                self.fail(905)
            self.scopes.append(sources)
            text += ' %s %s on %s' % (how, other, self.condition())
            self.scopes.pop()

    def join_word(self):
        if self.take('JOIN') or self.take('INNER', 'JOIN'):
            return 'join'
        if self.take('LEFT'):
            self.take('OUTER')
            self.need('JOIN', code=905)
            return 'left join'
        return None

    def table_reference(self):
        if self.take('('):
            text, columns = self.query()
            self.need(')', code=907)
            alias = self.alias() or 'inline %d' % self.at
            return Source(alias, OrderedDict(columns)), '(%s) as %s' % (text, identifier(alias))
        start = self.at
        owner, name = self.object_name()
        columns, text, is_table = _catalog.source_of(self.session, owner, name)
        self.lasting = self.lasting and not is_table
        if columns is None:
            self.at = start
            self.fail(942)
        alias = self.alias() or name
        return Source(alias, columns), '%s as %s' % (text, identifier(alias))

    def object_name(self):
        name = self.name()
        if self.take('.'):
            return name, self.name()
        return None, name

    def alias(self):
        stops = ('WHERE', 'JOIN', 'INNER', 'LEFT', 'ON', 'GROUP', 'ORDER', 'UNION', 'MINUS', 'INTERSECT', 'SET', 'FETCH', 'OFFSET', 'CONNECT', 'START',
                 'HAVING', 'FOR', 'FULL', 'RIGHT', 'CROSS', 'NATURAL', 'LIMIT', 'AS')
        if self.token.kind == 'quoted' or (self.token.kind == 'word' and self.token.value not in stops):
            return self.name()
        return None

    # ---- conditions

    def condition(self, top=False):
        """OR of ANDs. At the top of WHERE a bound on ROWNUM becomes a limit."""
        parts = [self.conjunction(top)]
        while self.take('OR'):
            if self.limit is not None:
                self.fail(900, 'ROWNUM together with OR')
            parts.append(self.conjunction(False))
        return parts[0] if len(parts) == 1 else '(%s)' % ' or '.join(parts)

    def conjunction(self, top):
        parts = []
        while True:
            if self.sees('ROWNUM'):
                if not top:
                    self.fail(900, 'ROWNUM anywhere but as a bound at the top of WHERE')
                self.rownum_bound()
            else:
                parts.append(self.negation())
            if not self.take('AND'):
                return ' and '.join(parts)

    def rownum_bound(self):
        self.need('ROWNUM')
        comparison = self.take_any(('<=', '<'))
        if not comparison:
            self.fail(900, 'ROWNUM compared by anything but <= or <')
        bound = self.expression().sql
        self.limit = bound if comparison == '<=' else '(%s - 1)' % bound

    def negation(self):
        if self.take('NOT'):
            return 'not (%s)' % self.negation()
        if self.sees('EXISTS'):
            self.next()
            self.need('(')
            text, _columns = self.query()
            self.need(')', code=907)
            return 'exists (%s)' % text
        if self.sees('(') and self.is_condition():
            self.need('(')
            text = self.condition()
            self.need(')', code=907)
            return '(%s)' % text
        return self.comparison()

    def is_condition(self):
        """Whether the parenthesis that comes next holds a condition, not a value or a query."""
        if self.ahead().value == 'SELECT':
            return False
        start, depth = self.at, 0
        while True:
            depth += {'(': 1, ')': -1}.get(self.token.text, 0)
            if self.token.kind == 'end':
                self.at = start
                self.fail(907)
            self.next()
            if not depth:
                break
        follows = self.token
        self.at = start
        return follows.text not in _COMPARISONS + ('+', '-', '*', '/', '||') and follows.value not in ('IS', 'IN', 'LIKE', 'BETWEEN', 'NOT')

    def comparison(self):
        left = self.expression()
        if self.take('IS'):
            negated = 'not ' if self.take('NOT') else ''
            self.need('NULL', code=908)
            return '%s is %snull' % (left.sql, negated)
        operator = self.take_any(_COMPARISONS)
        if operator:
            right = self.expression()
            self.check_comparable(left, right)
            return '%s %s %s' % (left.sql, {'!=': '<>', '^=': '<>'}.get(operator, operator), right.sql)
        negated = 'not ' if self.take('NOT') else ''
        if self.take('IN'):
            return self.membership(left, negated)
        if self.take('BETWEEN'):
            low = self.expression()
            self.need('AND', code=905)
            high = self.expression()
            self.check_comparable(left, low)
            self.check_comparable(left, high)
            return '%s %sbetween %s and %s' % (left.sql, negated, low.sql, high.sql)
        if self.take('LIKE'):
            pattern = self.expression()
            escape = ' escape ' + self.expression().sql if self.take('ESCAPE') else ''
            return "%s %slike %s%s" % (left.sql, negated, pattern.sql, escape)
        return self.fail(920)

    def membership(self, left, negated):
        self.need('(')
        if self.sees('SELECT'):
            text, columns = self.query()
            if len(columns) != 1:
                self.fail(913)
        else:
            values = [self.expression()]
            while self.take(','):
                values.append(self.expression())
            for value in values:
                self.check_comparable(left, value)
            text = ', '.join(value.sql for value in values)
        self.need(')', code=907)
        return '%s %sin (%s)' % (left.sql, negated, text)

    def check_comparable(self, left, right):
        for value in (left, right):
            self.refuse_lob(value.kind)
        kinds = set(kind if kind not in TIMES else 'TIME' for kind in (left.kind, right.kind) if kind)
        if len(kinds) == 2 and 'TIME' in kinds:
            self.fail(932)

    def refuse_lob(self, kind):
        if kind in LOBS:
            self.fail(932)
        if kind == 'LONG':
            self.fail(997)

    # ---- values

    def expression(self, bare=False):
        """bare: an item of SELECT, the only place for a LONG."""
        value = self.product()
        while True:
            operator = self.take_any(('+', '-', '||'))
            if not operator:
                break
            value = self.combined(value, operator, self.product())
        if value.kind == 'LONG' and not bare:
            self.fail(997)
        return value

    def combined(self, left, operator, right):
        if 'LONG' in (left.kind, right.kind):
            self.fail(997)
        if operator == '||':
            return Value('ora_concat(%s, %s)' % (left.sql, right.sql), 'CLOB' if 'CLOB' in (left.kind, right.kind) else 'VARCHAR2')
        if left.kind in TIMES and right.kind in TIMES:
            return Value('ora_days_between(%s, %s)' % (left.sql, right.sql), 'NUMBER')
        if left.kind in TIMES:
            kind = 'INTERVAL' if right.kind == 'INTERVAL' else 'NUMBER'
            return Value("ora_add_time(%s, '%s', %s, '%s')" % (left.sql, operator, right.sql, kind), left.kind)
        return Value('(%s %s %s)' % (left.sql, operator, right.sql), 'NUMBER')

    def product(self):
        value = self.term()
        while True:
            operator = self.take_any(('*', '/'))
            if not operator:
                return value
            right = self.term()
            left = value.sql if operator == '*' else '(%s * 1.0)' % value.sql
            value = Value('(%s %s %s)' % (left, operator, right.sql), 'NUMBER')

    def term(self):
        if self.take('-'):
            return Value('(- %s)' % self.term().sql, 'NUMBER')
        token = self.token
        if token.kind == 'string':
            self.next()
            return Value(literal(token.value), 'VARCHAR2')
        if token.kind == 'number':
            return Value(self.next().text, 'NUMBER')
        if token.kind == 'bind':
            self.next()
            if token.value not in self.binds:
                self.binds.append(token.value)
            return Value(':B_' + token.value)
        if self.take('('):
            return self.parenthesis()
        if self.take('CASE'):
            return self.case()
        if token.kind == 'word' and self.ahead().kind == 'string' and token.value in ('DATE', 'TIMESTAMP'):
            self.at += 2
            return Value('ora_moment(%s)' % literal(self.tokens[self.at - 1].value.strip()), token.value)
        return self.named()

    def parenthesis(self):
        if self.sees('SELECT'):
            text, columns = self.query()
            if len(columns) != 1:
                self.fail(913)
            value = Value('(%s)' % text, columns[0][1])
        else:
            inner = self.expression()
            value = Value('(%s)' % inner.sql, inner.kind)
        self.need(')', code=907)
        return value

    def case(self):
        subject = '' if self.sees('WHEN') else self.expression().sql + ' '
        text, kind = 'case ' + subject, None
        while self.take('WHEN'):
            test = self.expression().sql if subject else self.condition()
            self.need('THEN', code=905)
            result = self.expression()
            kind = kind or result.kind
            text += 'when %s then %s ' % (test, result.sql)
        if self.take('ELSE'):
            text += 'else %s ' % self.expression().sql
        self.need('END', code=905)
        return Value(text + 'end', kind)

    def named(self):
        token = self.token
        if token.kind not in ('word', 'quoted'):
            self.fail(936)
        if token.kind == 'word':
            fixed = {'NULL': ('NULL', None), 'SYSDATE': ('ora_now(0)', 'DATE'), 'SYSTIMESTAMP': ('ora_now(6)', 'TIMESTAMP'),
                     'CURRENT_TIMESTAMP': ('ora_now(6)', 'TIMESTAMP'), 'USER': (literal(self.session.user), 'VARCHAR2')}.get(token.value)
            if fixed and self.ahead().text not in ('(', '.'):
                self.next()
                return Value(fixed[0], fixed[1], token.value)
            if token.value in ('ROWNUM', 'LEVEL', 'PRIOR'):
                self.fail(900, '%s here' % token.value)
            if self.ahead().text == '(':
                return self.call(self.name())
            if self.ahead().text == '.' and self.ahead(2).value in ('NEXTVAL', 'CURRVAL'):
                return self.sequence()
            if token.value == 'DBMS_LOB' and self.ahead().text == '.':
                return self.dbms_lob()
        return self.column()

    def dbms_lob(self):
        self.at += 2
        function = self.name()
        if function not in ('GETLENGTH', 'COMPARE'):
            self.fail(904, '"DBMS_LOB"."%s"' % function)
        arguments = self.arguments()
        if function == 'GETLENGTH' and len(arguments) == 1:
            return Value('length(%s)' % arguments[0].sql, 'NUMBER')
        if function == 'COMPARE' and len(arguments) == 2:
            return Value('ora_compare(%s, %s)' % (arguments[0].sql, arguments[1].sql), 'NUMBER')
        return self.fail(6553)

    def call(self, name):
        if name == 'CAST':
            return self.cast()
        if name in _AGGREGATES:
            return self.aggregate(name)
        if name == 'DECODE':
            return self.decode()
        if name not in _FUNCTIONS:
            self.fail(904, '"%s"' % name)
        least, most, kind, function = _FUNCTIONS[name]
        arguments = self.arguments()
        if not least <= len(arguments) <= most:
            self.fail(938 if len(arguments) < least else 939)
        kind = kind or ([argument.kind for argument in arguments if argument.kind] or [None])[0]
        text = '%s(%s)' % (function, ', '.join(argument.sql for argument in arguments))
        # The empty text is NULL.
        return Value("nullif(%s, '')" % text if kind == 'VARCHAR2' else text, kind)

    def arguments(self):
        self.need('(')
        if self.take(')'):
            return []
        found = [self.expression()]
        while self.take(','):
            found.append(self.expression())
        self.need(')', code=907)
        return found

    def aggregate(self, name):
        self.need('(')
        if name == 'COUNT' and self.take('*'):
            self.need(')', code=907)
            return Value('count(*)', 'NUMBER')
        distinct = 'distinct ' if self.take('DISTINCT') else ''
        value = self.expression()
        if distinct or name in ('MIN', 'MAX'):
            self.refuse_lob(value.kind)
        self.need(')', code=907)
        return Value('%s(%s%s)' % (name.lower(), distinct, value.sql), _AGGREGATES[name] or value.kind)

    def decode(self):
        arguments = self.arguments()
        if len(arguments) < 3:
            self.fail(938)
        subject, rest = arguments[0].sql, arguments[1:]
        pairs = [rest[number:number + 2] for number in range(0, len(rest) - 1, 2)]
        text = 'case ' + ' '.join('when %s is %s then %s' % (subject, test.sql, result.sql) for test, result in pairs)
        return Value('%s%s end' % (text, ' else %s' % rest[-1].sql if len(rest) % 2 else ''), pairs[0][1].kind)

    def cast(self):
        self.need('(')
        value = self.expression()
        self.need('AS', code=905)
        kind = self.name()
        if self.sees('('):
            self.balanced()
        self.need(')', code=907)
        functions = {'VARCHAR2': ('VARCHAR2', 'ora_to_char'), 'NUMBER': ('NUMBER', 'ora_to_number'), 'DATE': ('DATE', 'ora_moment'),
                     'TIMESTAMP': ('TIMESTAMP', 'ora_moment')}
        if kind not in functions:
            self.fail(902)
        return Value('%s(%s)' % (functions[kind][1], value.sql), functions[kind][0])

    def sequence(self):
        name = self.name()
        self.need('.')
        if self.name() == 'CURRVAL':
            self.fail(900, 'CURRVAL')
        if not _catalog.has_sequence(self.session, name):
            self.fail(2289)
        self.sequences.append(name)
        return Value(':S_%d' % len(self.sequences), 'NUMBER', 'NEXTVAL')

    def column(self):
        start = self.token
        name = self.name()
        if self.take('.'):
            return self.qualified_column(start, name, self.name())
        for sources in reversed(self.scopes):
            found = [source for source in sources if name in source.columns]
            if len(found) > 1:
                raise ora(918, offset=start.start)
            if found:
                return _column(found[0], name)
            if name == 'ROWID' and len(sources) == 1:
                return Value('%s.rowid' % identifier(sources[0].alias), 'ROWID', 'ROWID')
        raise ora(904, '"%s"' % name, start.start)

    def qualified_column(self, start, alias, name):
        for sources in reversed(self.scopes):
            for source in sources:
                if source.alias == alias:
                    if name in source.columns:
                        return _column(source, name)
                    if name == 'ROWID':
                        return Value('%s.rowid' % identifier(alias), 'ROWID', 'ROWID')
        raise ora(904, '"%s"."%s"' % (alias, name), start.start)

    # ---- changes

    def target(self, privilege):
        """The table that a statement changes: (owner, name)."""
        start = self.at
        owner, name = self.object_name()
        found = _catalog.table_of(self.session, owner, name, privilege)
        if found is None:
            self.at = start
            self.fail(942)
        return found

    def insert(self):
        self.need('INTO', code=925)
        table = self.target('INSERT')
        columns = _catalog.columns_of(self.session, *table)
        names = self.names() if self.sees('(') else list(columns)
        for name in names:
            if name not in columns:
                self.fail(904, '"%s"' % name)
        if len(set(names)) < len(names):
            self.fail(957)
        if self.take('VALUES'):
            text = 'values (%s)' % self.insert_values(table, names)
        else:
            text, found = self.query()
            self.check_count(names, found)
        self.end()
        given = ', '.join(identifier(name) for name in names)
        return Statement('insert into %s (%s) %s' % (_catalog.stored(*table), given, text), self.binds, table=table, sequences=self.sequences)

    def insert_values(self, table, names):
        self.need('(', code=906)
        values = [self.insert_value()]
        while self.take(','):
            values.append(self.insert_value())
        self.need(')', code=907)
        self.check_count(names, values)
        for column, sequence in _catalog.sequence_triggers(self.session, *table):
            # What the trigger of the table does before each row.
            self.sequences.append(sequence)
            if column in names:
                values[names.index(column)] = ':S_%d' % len(self.sequences)
            else:
                names.append(column)
                values.append(':S_%d' % len(self.sequences))
        return ', '.join(values)

    def insert_value(self):
        if self.take('DEFAULT'):
            self.fail(900, 'DEFAULT as a value')
        return self.expression().sql

    def check_count(self, names, values):
        if len(values) != len(names):
            self.fail(947 if len(values) < len(names) else 913)

    def update(self):
        table = self.target('UPDATE')
        source = Source(self.alias() or table[1], _catalog.columns_of(self.session, *table))
        self.scopes.append([source])
        self.need('SET', code=971)
        parts = []
        while True:
            name = self.name()
            if self.take('.'):
                name = self.name()
            if name not in source.columns:
                self.fail(904, '"%s"' % name)
            self.need('=', code=927)
            parts.append('%s = %s' % (identifier(name), self.expression().sql))
            if not self.take(','):
                break
        return self.changed('update %s as %s set %s' % (_catalog.stored(*table), identifier(source.alias), ', '.join(parts)), table, source)

    def delete(self):
        self.take('FROM')
        table = self.target('DELETE')
        source = Source(self.alias() or table[1], _catalog.columns_of(self.session, *table))
        self.scopes.append([source])
        return self.changed('delete from %s as %s' % (_catalog.stored(*table), identifier(source.alias)), table, source)

    def changed(self, text, table, source):
        if self.take('WHERE'):
            condition = self.condition(top=True)
            where = ' where ' + condition if condition else ''
            if self.limit is not None:
                inner = 'select rowid from %s as %s%s limit %s' % (_catalog.stored(*table), identifier(source.alias), where, self.limit)
                where = ' where %s.rowid in (%s)' % (identifier(source.alias), inner)
            text += where
        self.end()
        return Statement(text, self.binds, table=table, sequences=self.sequences)


def _column(source, name):
    prefix = '' if source.alias is None else identifier(source.alias) + '.'
    return Value(prefix + identifier(name), source.columns[name], name)

