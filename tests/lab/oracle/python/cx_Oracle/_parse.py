# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""DDL to commands. Written apart from the collection's own parser, so that the two check each other. Unknown syntax is refused."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from cx_Oracle._errors import ora
from cx_Oracle._tokens import Reader

_RESERVED = frozenset(('ACCESS ADD ALL ALTER AND ANY AS ASC AUDIT BETWEEN BY CHAR CHECK CLUSTER COLUMN COMMENT COMPRESS CONNECT CREATE CURRENT DATE '
                       'DECIMAL DEFAULT DELETE DESC DISTINCT DROP ELSE EXCLUSIVE EXISTS FILE FLOAT FOR FROM GRANT GROUP HAVING IDENTIFIED IMMEDIATE IN '
                       'INCREMENT INDEX INITIAL INSERT INTEGER INTERSECT INTO IS LEVEL LIKE LOCK LONG MAXEXTENTS MINUS MODE MODIFY NOAUDIT NOCOMPRESS '
                       'NOT NOWAIT NULL NUMBER OF OFFLINE ON ONLINE OPTION OR ORDER PCTFREE PRIOR PUBLIC RAW RENAME RESOURCE REVOKE ROW ROWID ROWNUM '
                       'ROWS SELECT SESSION SET SHARE SIZE SMALLINT START SUCCESSFUL SYNONYM SYSDATE TABLE THEN TO TRIGGER UID UNION UNIQUE UPDATE '
                       'USER VALIDATE VALUES VARCHAR VARCHAR2 VIEW WHENEVER WHERE WITH').split())
_PRIVILEGES = ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'ALTER', 'INDEX', 'REFERENCES')


class Command:
    """verb and whatever it needs."""

    def __init__(self, verb, **values):
        self.verb = verb
        self.__dict__.update(values)


class Column:
    """A column of CREATE or ALTER TABLE; None for what the text does not say. default is as typed, with the space behind it."""

    def __init__(self, name):
        self.name = name
        self.type = self.length = self.char_used = self.precision = self.scale = self.default = self.nullable = None
        self.constraints = []


class Constraint:
    """kind as in USER_CONSTRAINTS; condition as typed."""

    def __init__(self, kind, name=None, columns=()):
        self.kind = kind
        self.name = name
        self.columns = list(columns)
        self.condition = self.parent = self.parent_columns = None
        self.rule = 'NO ACTION'
        self.enabled = self.validated = True


def parse(sql, limit=128):
    """The command of one DDL statement.

    :param limit: bytes that a name may have.
    """
    return _Parser(sql, limit).command()


class _Parser(Reader):
    def __init__(self, sql, limit):
        if 'TRIGGER' in sql[:60].upper():
            # PL/SQL has signs that SQL lacks; its body is taken as it is.
            Reader.__init__(self, sql[:_body_start(sql)])
            self.body = sql[_body_start(sql):]
        else:
            Reader.__init__(self, sql)
            self.body = None
        self.limit = limit

    def new_name(self, code=904):
        """A name for a new object."""
        token = self.token
        if token.kind == 'word' and token.value in _RESERVED:
            self.fail(code, '"%s"' % token.value)
        name = self.name()
        if len(name.encode('utf-8')) > self.limit:
            raise ora(972, offset=token.start)
        return name

    def command(self):
        if self.take('CREATE'):
            command = self.create()
        elif self.take('DROP'):
            command = self.drop()
        elif self.take('TRUNCATE', 'TABLE'):
            command = Command('truncate', table=self.name())
        elif self.take('PURGE', 'RECYCLEBIN'):
            command = Command('purge')
        elif self.take('GRANT'):
            command = self.grant()
        elif self.take('REVOKE'):
            command = self.revoke()
        elif self.take('COMMENT', 'ON'):
            command = self.comment()
        elif self.take('ALTER'):
            command = self.alter()
        else:
            self.fail(900)
        self.end()
        return command

    # ---- CREATE

    def create(self):
        if self.take('TABLE'):
            return self.create_table()
        if self.take('UNIQUE', 'INDEX'):
            return self.create_index(True)
        if self.take('INDEX'):
            return self.create_index(False)
        if self.take('SEQUENCE'):
            return self.create_sequence()
        replace = self.take('OR', 'REPLACE')
        if self.take('TRIGGER'):
            return self.create_trigger(replace)
        if self.take('SYNONYM'):
            return self.create_synonym(replace)
        return self.fail(901)

    def create_table(self):
        command = Command('create table', name=self.new_name(903), columns=[], constraints=[], method=None, keys=[], interval=None, partitions=[],
                          row_movement=False)
        self.need('(', code=906)
        while True:
            if self.is_constraint():
                command.constraints.append(self.constraint())
            else:
                command.columns.append(self.column())
                command.constraints += command.columns[-1].constraints
            if self.take(')'):
                break
            self.need(',', code=907)
        while self.token.kind != 'end':
            if self.take('PARTITION', 'BY'):
                self.partitioning(command)
            elif self.take('ENABLE', 'ROW', 'MOVEMENT'):
                command.row_movement = True
            elif not self.take('DISABLE', 'ROW', 'MOVEMENT'):
                self.fail(922)
        return command

    def is_constraint(self):
        return self.token.value in ('CONSTRAINT', 'FOREIGN', 'PRIMARY', 'CHECK', 'UNIQUE') and self.token.kind == 'word'

    def partitioning(self, command):
        if not self.take('RANGE'):
            self.fail(900, 'partitioning by anything but RANGE')
        command.method, command.keys = 'RANGE', self.names()
        if self.take('INTERVAL'):
            command.interval = ''.join(self.balanced().split())
        self.need('(', code=906)
        while True:
            self.need('PARTITION', code=14004)
            name = None if self.sees('VALUES') else self.new_name(14006)
            self.need('VALUES', 'LESS', 'THAN', code=14007)
            command.partitions.append((name, self.balanced()))
            if self.take(')'):
                return
            self.need(',', code=907)

    def column(self):
        column = Column(self.new_name())
        self.column_type(column)
        self.column_options(column)
        return column

    def column_type(self, column):
        name = self.name()
        if name in ('VARCHAR2', 'VARCHAR', 'CHAR', 'NVARCHAR2'):
            column.type = 'VARCHAR2' if name == 'VARCHAR' else name
            self.need('(', code=906)
            column.length = self.integer()
            column.char_used = {'CHAR': 'C', 'BYTE': 'B', None: None}[self.take_any(('CHAR', 'BYTE'))]
            self.need(')', code=907)
            if not 1 <= column.length <= (2000 if name == 'CHAR' else 4000):
                self.fail(910)
        elif name == 'NUMBER':
            column.type = 'NUMBER'
            if self.take('('):
                column.precision = None if self.take('*') else self.integer()
                column.scale = self.integer() if self.take(',') else 0
                self.need(')', code=907)
                if column.precision is not None and not 1 <= column.precision <= 38:
                    self.fail(1727)
        elif name in ('INTEGER', 'INT', 'SMALLINT'):
            column.type, column.scale = 'NUMBER', 0
        elif name == 'TIMESTAMP':
            column.scale = 6
            if self.take('('):
                column.scale = self.integer()
                self.need(')', code=907)
            column.type = 'TIMESTAMP(%d)' % column.scale
        elif name in ('CLOB', 'DATE'):
            column.type = name
        else:
            self.at -= 1
            self.fail(902)

    def column_options(self, column):
        if self.take('DEFAULT'):
            column.default = self.default()
        while self.token.kind != 'end' and self.token.text not in (',', ')'):
            name = self.new_name() if self.take('CONSTRAINT') else None
            if self.take('NOT', 'NULL'):
                column.nullable = False
                column.not_null_name = name
            elif self.take('NULL'):
                column.nullable = True
            else:
                column.constraints.append(self.column_constraint(column, name))

    def default(self):
        """As typed, up to the word or sign that ends it: the dictionary keeps the space behind it too."""
        start, depth = self.token.start, 0
        first = True
        while True:
            token = self.token
            if token.kind == 'end' or (not depth and token.text in (',', ')')):
                break
            if not depth and not first and token.kind == 'word' and token.value in ('NOT', 'NULL', 'CONSTRAINT', 'PRIMARY', 'UNIQUE', 'CHECK', 'REFERENCES'):
                break
            depth += {'(': 1, ')': -1}.get(token.text, 0)
            self.next()
            first = False
        text = self.sql[start:self.token.start]
        if not text.strip():
            self.fail(936)
        return text

    def column_constraint(self, column, name):
        if self.take('PRIMARY', 'KEY'):
            constraint = Constraint('P', name, [column.name])
        elif self.take('UNIQUE'):
            constraint = Constraint('U', name, [column.name])
        elif self.take('CHECK'):
            constraint = Constraint('C', name)
            constraint.condition = self.balanced()
        elif self.take('REFERENCES'):
            constraint = self.reference(Constraint('R', name, [column.name]))
        else:
            self.fail(907)
        return self.constraint_state(constraint)

    def constraint(self):
        name = self.new_name() if self.take('CONSTRAINT') else None
        if self.take('PRIMARY', 'KEY'):
            constraint = Constraint('P', name, self.names())
        elif self.take('UNIQUE'):
            constraint = Constraint('U', name, self.names())
        elif self.take('FOREIGN', 'KEY'):
            constraint = Constraint('R', name, self.names())
            self.need('REFERENCES', code=905)
            self.reference(constraint)
        elif self.take('CHECK'):
            constraint = Constraint('C', name)
            constraint.condition = self.balanced()
        else:
            self.fail(904, '"%s"' % self.token.text)
        return self.constraint_state(constraint)

    def reference(self, constraint):
        constraint.parent = self.name()
        constraint.parent_columns = self.names() if self.sees('(') else None
        if self.take('ON', 'DELETE'):
            if self.take('CASCADE'):
                constraint.rule = 'CASCADE'
            elif self.take('SET', 'NULL'):
                constraint.rule = 'SET NULL'
            else:
                self.fail(905)
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

    def create_index(self, unique):
        command = Command('create index', name=self.new_name(953), unique=unique, columns=[], prefix=None, compress=False, local=False)
        self.need('ON', code=969)
        command.table = self.name()
        self.need('(', code=906)
        while True:
            command.columns.append(self.index_column())
            if self.take(')'):
                break
            self.need(',', code=907)
        while self.token.kind != 'end':
            if self.take('COMPRESS'):
                command.compress = True
                command.prefix = self.integer() if self.token.kind == 'number' else None
            elif self.take('LOCAL'):
                command.local = True
            elif not (self.take('ONLINE') or self.take('NOCOMPRESS')):
                self.fail(2158)
        return command

    def index_column(self):
        """(column or None, expression or None, descending)"""
        start = self.at
        name = self.name()
        expression = None
        if self.sees('('):
            self.balanced()
            name, expression = None, self.sql[self.tokens[start].start:self.tokens[self.at - 1].end]
        descending = self.take('DESC')
        self.take('ASC')
        return name, expression, descending

    def create_sequence(self):
        command = Command('create sequence', name=self.new_name(), start=1, increment=1, minimum=1, maximum=10 ** 28 - 1, cache=20, cycle=False,
                          order=False)
        while self.token.kind != 'end':
            if self.take('START', 'WITH'):
                command.start = self.integer()
            elif self.take('INCREMENT', 'BY'):
                command.increment = self.integer()
            elif self.take('MAXVALUE'):
                command.maximum = self.integer()
            elif self.take('MINVALUE'):
                command.minimum = self.integer()
            elif self.take('CACHE'):
                command.cache = self.integer()
            elif self.take('NOCACHE'):
                command.cache = 0
            elif self.take('CYCLE'):
                command.cycle = True
            elif self.take('ORDER'):
                command.order = True
            elif not self.take_any(('NOMAXVALUE', 'NOMINVALUE', 'NOCYCLE', 'NOORDER')):
                self.fail(933)
        if command.increment == 0:
            self.fail(4002)
        return command

    def create_trigger(self, replace):
        start = self.token.start
        command = Command('create trigger', name=self.new_name(), replace=replace, body=self.body)
        kind = self.take_any(('BEFORE', 'AFTER'))
        if not kind:
            self.fail(4079)
        if not self.take('INSERT', 'ON'):
            self.fail(900, 'triggers on anything but INSERT')
        command.table = self.name()
        if not self.take('FOR', 'EACH', 'ROW'):
            self.fail(900, 'triggers that are not FOR EACH ROW')
        command.kind = kind + ' EACH ROW'
        command.description = self.sql[start:]
        return command

    def create_synonym(self, replace):
        command = Command('create synonym', name=self.new_name(), replace=replace)
        self.need('FOR', code=905)
        first = self.name()
        command.owner, command.table = (first, self.name()) if self.take('.') else (None, first)
        return command

    # ---- DROP and the rest

    def drop(self):
        if self.take('TABLE'):
            command = Command('drop table', name=self.name(), cascade=self.take('CASCADE', 'CONSTRAINTS'))
            command.purge = self.take('PURGE')
            return command
        if self.take('INDEX'):
            command = Command('drop index', name=self.name())
            self.take('ONLINE')
            return command
        for kind in ('SEQUENCE', 'TRIGGER', 'SYNONYM'):
            if self.take(kind):
                return Command('drop ' + kind.lower(), name=self.name())
        return self.fail(950)

    def grant(self):
        privileges = self.privileges()
        self.need('ON', code=905)
        command = Command('grant', privileges=privileges, table=self.name())
        self.need('TO', code=905)
        command.grantee = self.name()
        command.grantable = self.take('WITH', 'GRANT', 'OPTION')
        return command

    def revoke(self):
        privileges = self.privileges()
        self.need('ON', code=905)
        command = Command('revoke', privileges=privileges, table=self.name())
        self.need('FROM', code=905)
        command.grantee = self.name()
        return command

    def privileges(self):
        found = []
        while True:
            privilege = self.take_any(_PRIVILEGES)
            if not privilege:
                self.fail(990)
            found.append(privilege)
            if not self.take(','):
                return found

    def comment(self):
        kind = self.take_any(('TABLE', 'COLUMN'))
        if not kind:
            self.fail(900, 'comments on anything but tables and columns')
        command = Command('comment', table=self.name(), column=None)
        if kind == 'COLUMN':
            self.need('.', code=1747)
            command.column = self.name()
        self.need('IS', code=905)
        if self.token.kind != 'string':
            self.fail(1780)
        command.text = self.next().value
        return command

    # ---- ALTER

    def alter(self):
        if self.take('TABLE'):
            table = self.name()
            command = self.alter_table()
            command.table = table
            return command
        if self.take('INDEX'):
            return self.alter_index()
        return self.fail(940)

    def alter_table(self):
        if self.take('ADD'):
            return self.add_items()
        if self.take('MODIFY'):
            return self.modify()
        if self.take('DROP'):
            return self.drop_item()
        if self.take('TRUNCATE', 'PARTITION'):
            return self.one_partition('truncate partition')
        if self.take('SET', 'UNUSED'):
            names = self.names() if self.sees('(') else self.one_column()
            return Command('set unused', columns=names, cascade=self.take('CASCADE', 'CONSTRAINTS'))
        if self.take('RENAME', 'COLUMN'):
            return self.renamed('rename column')
        if self.take('RENAME', 'CONSTRAINT'):
            return self.renamed('rename constraint')
        if self.take('SHRINK', 'SPACE'):
            self.take('COMPACT')
            self.take('CASCADE')
            return Command('shrink')
        for word in ('ENABLE', 'DISABLE'):
            if self.take(word, 'ROW', 'MOVEMENT'):
                return Command('row movement', enabled=word == 'ENABLE')
        if self.sees('ENABLE') or self.sees('DISABLE'):
            command = Command('constraint state')
            self.state(command)
            self.need('CONSTRAINT', code=905)
            command.name = self.name()
            return command
        return self.fail(1735)

    def one_column(self):
        self.need('COLUMN', code=905)
        return [self.name()]

    def renamed(self, verb):
        command = Command(verb, old=self.name())
        self.need('TO', code=905)
        command.new = self.new_name()
        return command

    def state(self, command):
        """ENABLE, DISABLE, VALIDATE, NOVALIDATE; None for what is not said."""
        command.enabled = command.validated = None
        word = self.take_any(('ENABLE', 'DISABLE'))
        if word:
            command.enabled = command.validated = word == 'ENABLE'
        word = self.take_any(('VALIDATE', 'NOVALIDATE'))
        if word:
            command.validated = word == 'VALIDATE'
        if command.enabled is None and command.validated is None:
            self.fail(905)

    def add_items(self):
        command = Command('add', columns=[], constraints=[])
        many = self.take('(')
        while True:
            if self.is_constraint():
                command.constraints.append(self.constraint())
            else:
                command.columns.append(self.column())
                command.constraints += command.columns[-1].constraints
            if not many:
                return command
            if self.take(')'):
                return command
            self.need(',', code=907)

    def modify(self):
        if self.take('PARTITION', 'BY'):
            command = Command('modify partition by', method=None, keys=[], interval=None, partitions=[])
            self.partitioning(command)
            command.online = self.take('ONLINE')
            return command
        if self.take('CONSTRAINT'):
            command = Command('constraint state', name=self.name())
            self.state(command)
            return command
        command = Command('modify', columns=[])
        many = self.take('(')
        while True:
            command.columns.append(self.modified_column())
            if not many:
                return command
            if self.take(')'):
                return command
            self.need(',', code=907)

    def modified_column(self):
        column = Column(self.name())
        if not (self.token.value in ('DEFAULT', 'NOT', 'NULL', 'CONSTRAINT') or self.token.text in (',', ')') or self.token.kind == 'end'):
            self.column_type(column)
        self.column_options(column)
        if column.constraints:
            self.fail(900, 'MODIFY with a constraint other than NOT NULL')
        return column

    def drop_item(self):
        if self.take('COLUMN'):
            return Command('drop columns', columns=[self.name()], cascade=self.take('CASCADE', 'CONSTRAINTS'))
        if self.sees('('):
            return Command('drop columns', columns=self.names(), cascade=self.take('CASCADE', 'CONSTRAINTS'))
        if self.take('UNUSED', 'COLUMNS'):
            return Command('drop unused', checkpoint=self.checkpoint())
        if self.take('COLUMNS', 'CONTINUE'):
            return Command('continue drop', checkpoint=self.checkpoint())
        if self.take('CONSTRAINT'):
            return Command('drop constraint', name=self.name(), cascade=self.take('CASCADE'))
        if self.take('PRIMARY', 'KEY'):
            return Command('drop constraint', name=None, cascade=self.take('CASCADE'))
        if self.take('PARTITION'):
            return self.one_partition('drop partition')
        return self.fail(905)

    def checkpoint(self):
        found = self.take('CHECKPOINT')
        if found:
            self.integer()
        return found

    def one_partition(self, verb):
        command = Command(verb, name=self.name())
        command.update_indexes = self.take('UPDATE', 'INDEXES') or self.take('UPDATE', 'GLOBAL', 'INDEXES')
        return command

    def alter_index(self):
        command = Command('alter index', name=self.name(), new=None, compress=None)
        if self.take('RENAME', 'TO'):
            command.new = self.new_name(953)
            return command
        self.need('REBUILD', code=14048)
        while self.token.kind != 'end':
            if self.take('COMPRESS'):
                command.compress = self.integer()
            elif self.take('NOCOMPRESS'):
                command.compress = 0
            elif not self.take('ONLINE'):
                self.fail(14048)
        return command


def _body_start(sql):
    """Where the PL/SQL block of CREATE TRIGGER begins."""
    reader_text = sql.upper()
    positions = [reader_text.find(word) for word in ('BEGIN', 'DECLARE', 'WHEN (')]
    positions = [position for position in positions if position >= 0]
    return min(positions) if positions else len(sql)
