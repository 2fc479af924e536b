# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a release wants: the statements of its Create.py files, read without running them, or plain SQL."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ast
import re

from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._schema import ddl, lint, model, script
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes, to_native, to_text

# The dictionaries that WMCore's DBCreator runs, in this order; only the first is sorted by key.
_TABLES = ('create', 'indexes', 'constraints', 'inserts')
_PLSQL = re.compile(r'(?:\s+|--[^\n]*|/\*.*?\*/)*(?:CREATE\s+(?:OR\s+REPLACE\s+)?TRIGGER|BEGIN|DECLARE)\b', re.DOTALL | re.IGNORECASE)
_HINT = 'A Create.py of CRABServer holds one class Create that fills self.create with plain texts.'


class Statement(model.Record):
    """One statement and where it stands."""

    fields = ('sql',)


def schema_of(modules=None, statements=None, limits=None, repair=False):
    """The wanted schema, or CrabError with all that is wrong with its text.

    :param modules: dict of module name (such as TaskDB) to the text of its Create.py, or of file name (ending with .sql) to the text of a script.
    :param statements: list of SQL statements, instead of or after the modules.
    :param limits: lint.Limits of the server, None before its version is known.
    :param repair: leave out what a server would refuse, where the meaning is beyond doubt.
    :returns: (model.Schema, list of warnings)
    """
    found = read_modules(modules or {}) + read_statements(statements or [])
    if not found:
        raise CrabError('The source holds no statement.', _HINT)
    parsed, problems = [], []
    for statement in found:
        try:
            parsed.append(ddl.parse(statement.sql, statement.where, problems))
        except ddl.SyntaxProblem as problem:
            problems.append(lint.Problem(message=problem.message, repair=problem.repair))
    return lint.build(parsed, problems, limits, repair)


def read_modules(modules):
    """The statements of all Create.py files in the order of their execution.

    TaskDB comes first: the others' foreign keys point to its tables.
    """
    found = []
    for name in sorted(modules, key=lambda name: (name != 'TaskDB', name)):
        found += read_script(name, modules[name]) if name.endswith('.sql') else read_create(name, modules[name])
    return found


def read_script(name, text):
    """The statements of a .sql file, in its own order."""
    return [Statement(sql=item.sql, where='%s line %d' % (name, item.line)) for item in script.split(to_text(text), name)]


def read_create(name, text):
    """The statements of one Create.py in the order in which DBCreator would run them."""
    found = dict((table, []) for table in _TABLES)
    tree, known = _parsed(name, text), set()
    for node in sorted([node for node in ast.walk(tree) if isinstance(node, ast.Assign)], key=lambda node: node.lineno):
        for target in node.targets:
            _read_assignment(name, node, target, found)
            known.update([target, getattr(target, 'value', None)])
    for node in ast.walk(tree):
        # An update(), a += or a loop: what it does to the statements, only running it would tell.
        if _attribute(node) in found and node not in known:
            raise CrabError('%s: line %d: self.%s is used otherwise than in self.%s = {} and self.%s[...] = text.' % (
                (name, node.lineno) + (_attribute(node),) * 3), _HINT)
    if found['inserts']:
        raise CrabError("%s: self.inserts['%s']: rows that a release inserts are not known here." % (name, found['inserts'][0][0]))
    if not found['create']:
        raise CrabError('%s: no statement assigned to self.create was found.' % name, _HINT)
    ordered = sorted(found['create']) + [item for table in _TABLES[1:] for item in found[table]]
    return [Statement(sql=sql, where="%s %s" % (name, key)) for key, sql in ordered]


def _parsed(name, text):
    try:
        # Python 2 refuses an encoding line in a text, Python 3 takes bytes and text alike.
        return ast.parse(to_bytes(text), to_native(name))
    except SyntaxError as error:
        raise CrabError('%s: line %s is no Python: %s.' % (name, error.lineno, error.msg), _HINT)


def _read_assignment(name, node, target, found):
    """self.create[key] = text; a self.create of anything but {} or any other value is refused."""
    if isinstance(target, ast.Subscript) and _attribute(target.value) in found:
        table, key = _attribute(target.value), _constant(_index(target))
        value = _constant(node.value)
        if key is None or value is None:
            raise CrabError('%s: line %d: self.%s[...] = ...: expected a plain text as key and as value.' % (name, node.lineno, table), _HINT)
        found[table][:] = [item for item in found[table] if item[0] != key] + [(key, value)]
    elif _attribute(target) in found:
        if not isinstance(node.value, ast.Dict) or node.value.keys:
            raise CrabError('%s: line %d: self.%s = ...: expected {}.' % (name, node.lineno, _attribute(target)), _HINT)


def _attribute(node):
    """create for self.create, None for anything else."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == 'self':
        return node.attr
    return None


def _index(subscript):
    return getattr(subscript.slice, 'value', subscript.slice) if type(subscript.slice).__name__ == 'Index' else subscript.slice


def _constant(node):
    """The text of a literal, also of literals joined by +."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _constant(node.left), _constant(node.right)
        return None if left is None or right is None else left + right
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return to_text(value) if isinstance(value, (bytes, type(u''))) else None


def read_statements(statements):
    """Statements of plain SQL; a final semicolon or slash, as in a script, is taken off where SQL has none."""
    return [Statement(sql=_without_terminator(to_text(sql)), where='statement %d' % number) for number, sql in enumerate(statements, 1)]


def _is_plsql(sql):
    return _PLSQL.match(sql) is not None


def _without_terminator(sql):
    sql = sql.strip()
    if sql.endswith('/') and sql[:-1].rstrip().endswith(';'):
        sql = sql[:-1].rstrip()
    return sql if _is_plsql(sql) else sql.rstrip(';').rstrip()
