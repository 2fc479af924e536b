# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Python configuration files, read and edited without running them: every byte that is not replaced stays.

The meaning comes from ast, the positions from tokenize, as ast knows no ends before Python 3.8. String literals are
read as Python 3 reads them, on every Python, so that the interpreter of the host never changes the result.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import __future__
import ast
import codecs
import io
import re
import tokenize
import warnings

from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import text_type, to_native, to_text

_CODING = re.compile(r'^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)')
_IDENTIFIER = re.compile(r'[A-Za-z_][A-Za-z0-9_]*\Z')
_INTEGERS = tuple({int, type(2 ** 80)})
_LONE_SURROGATE = re.compile(u'(?<![\ud800-\udbff])[\udc00-\udfff]|[\ud800-\udbff](?![\udc00-\udfff])')
# Tokens that are layout only.
NO_MEANING = (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
_ESCAPES = {u'\\': u'\\\\', u'\n': u'\\n', u'\r': u'\\r', u'\t': u'\\t'}
# Calls of a WMCore configuration that mean the attribute that they name.
_SECTIONS = ('section_', 'component_', 'webapp_')


class Symbol(object):
    """A value that only running the file would tell, such as ``DB`` or ``'crab@%s' % fqdn``: kept as its source text."""

    def __init__(self, text, node=None):
        node = node if node is not None else _parse(text, 'eval', 'expression').body
        self.text = text
        self.dump = ast.dump(node)
        self.names = set(item.id for item in ast.walk(node) if isinstance(item, ast.Name))

    def __eq__(self, other):
        return isinstance(other, Symbol) and self.dump == other.dump

    def __ne__(self, other):
        return not self == other

    def __hash__(self):
        return hash(self.dump)

    def __repr__(self):
        return 'Symbol(%s)' % to_native(self.text)


class Statement(object):
    """A simple statement at the places where its tokens are."""

    def __init__(self, tokens):
        self.tokens = tokens
        self.start = tokens[0].start
        self.end = tokens[-1].end

    def value_span(self):
        """Start and end of what stands right of the first ``=``, or None."""
        depth = 0
        for index, item in enumerate(self.tokens):
            depth += item.depth_step()
            if depth == 0 and item.text == '=' and index + 1 < len(self.tokens):
                return self.tokens[index + 1].start, self.end
        return None


class Token(object):
    """A token with offsets into the text instead of rows and columns."""

    def __init__(self, kind, text, start, end):
        self.kind, self.text, self.start, self.end = kind, text, start, end

    def depth_step(self):
        """How the depth of brackets changes here: 1, 0 or -1."""
        if self.kind != tokenize.OP:
            return 0
        return (self.text in ('(', '[', '{')) - (self.text in (')', ']', '}'))


class Binding(object):
    """One place that gives a name or an attribute a value, or takes it away.

    :ivar path: tuple of names with aliases resolved: ``srv.port`` after ``srv = main.section_('server')`` is (.., 'main', 'server', 'port').
    :ivar node: the value's ast node; None where there is no single one.
    :ivar span: start and end of the value in the text; None unless it is a plain statement ``target = value`` of the module's body.
    :ivar item: True for ``path[...] = value``.
    """

    def __init__(self, path, written, line, node=None, span=None, item=False):
        self.path, self.written, self.line, self.node, self.span, self.item = path, written, line, node, span, item


class Entry(object):
    """``key: value`` of a dict display. The comma, if there is one, ends at comma_end. A key that is no literal is None."""

    def __init__(self, key, key_start, value_span, comma_end, node):
        self.key, self.key_start, self.value_span, self.comma_end, self.node = key, key_start, value_span, comma_end, node


class DictDisplay(object):
    """A dict written out in the source: its entries and its closing brace."""

    def __init__(self, entries, open_end, close_start):
        self.entries, self.open_end, self.close_start = entries, open_end, close_start


class Source(object):
    """A Python file as text, tree and tokens.

    :param content: the bytes of the file.
    :param name: its path, for messages.
    :raises CrabError: with line and column, if it is no Python (or has line ends that only old Macs knew).
    """

    def __init__(self, content, name):
        self.name = name
        self.bom = content.startswith(codecs.BOM_UTF8)
        body = content[len(codecs.BOM_UTF8):] if self.bom else content
        self.declared = _declared_encoding(body)
        self.encoding = self.declared or 'utf-8'
        self.text = self._decode(body)
        self._refuse_odd_characters()
        self.tree = _parse(self.text, 'exec', name)
        self._line_starts = _line_starts(self.text)
        self.tokens = self._tokenize()
        self.statements = {}
        self._split_statements()
        self.bindings = []
        self.names = set()
        self._aliases = {}
        self._called = []
        self._collect(self.tree.body, plain=True)

    # What the file says

    def canonical(self, dotted):
        """The path of a dotted key such as ``data.mode``, with the aliases as they are at the end of the file."""
        return self._resolve(tuple(dotted.split('.')))

    def last(self, dotted):
        """The binding that decides the value of a dotted key, or None. An item assignment does not count."""
        path = self.canonical(dotted)
        return next((binding for binding in reversed(self.bindings) if binding.path == path and not binding.item), None)

    def value(self, node):
        """A node as a Python value; Symbol for what is not a literal, at whatever depth."""
        known, value = _constant(node)
        if known:
            return value
        if isinstance(node, (ast.List, ast.Tuple)):
            kind = list if isinstance(node, ast.List) else tuple
            return kind(self.value(item) for item in node.elts)
        if isinstance(node, ast.Dict):
            keys = [_constant(key) if key is not None else (False, None) for key in node.keys]
            if all(known for known, dummy in keys):
                return dict((key, self.value(value)) for (dummy, key), value in zip(keys, node.values))
        return Symbol('', node)

    def uses(self, name):
        """Lines where a name occurs, assignments included."""
        return sorted(node.lineno for node in ast.walk(self.tree) if isinstance(node, ast.Name) and node.id == name)

    def display(self, span, node):
        """The DictDisplay of a dict that stands at span and has this ast node; None if it is not written as ``{...}``."""
        inside = [item for item in self.tokens if span[0] <= item.start and item.end <= span[1] and item.kind not in NO_MEANING]
        if not isinstance(node, ast.Dict) or inside[0].text != '{':
            return None
        return _split_display(inside, node)

    def sections(self):
        """The paths that the file uses as sections: a value can be set below them."""
        used = list(self._aliases.values()) + [binding.path[:-1] for binding in self.bindings] + self._called
        return set(path[:length] for path in used for length in range(1, len(path) + 1)) | set((name,) for name in self.names)

    # How it is changed

    def encode(self, text):
        """The bytes of the file with another text."""
        return (codecs.BOM_UTF8 if self.bom else b'') + text.encode(self.encoding)

    def replaced(self, edits):
        """The text with edits: list of (start, end, text); those at one place in the order given. Only removals may overlap."""
        parts, at = [], 0
        for start, end, new in sorted(edits, key=lambda edit: edit[:2]):
            parts += [self.text[at:start], new]
            at = max(at, end)
        return u''.join(parts) + self.text[at:]

    def appended(self, lines):
        """The text with lines after its last one, whether that has a line end or not."""
        glue = u'' if not self.text or self.text.endswith(u'\n') else self.newline
        return self.text + glue + u''.join(line + self.newline for line in lines)

    @property
    def newline(self):
        """The line end of this file."""
        return u'\r\n' if u'\r\n' in self.text else u'\n'

    def column(self, offset):
        """How far from the start of its line an offset is."""
        return offset - (self.text.rfind(u'\n', 0, offset) + 1)

    # How it is read

    def _decode(self, body):
        try:
            text = body.decode(self.encoding)
            if not isinstance(text, text_type) or text.encode(self.encoding) != body:
                raise LookupError()
            return text
        except LookupError:
            raise CrabError('%s: the encoding %s in its first lines cannot be edited.' % (self.name, self.encoding), 'Save the file as UTF-8.')
        except UnicodeDecodeError as error:
            line = body.count(b'\n', 0, error.start) + 1
            column = error.start - (body.rfind(b'\n', 0, error.start) + 1) + 1
            raise CrabError('%s, line %d, column %d: the byte is not %s.' % (self.name, line, column, self.encoding), 'Save the file as UTF-8.')

    def _refuse_odd_characters(self):
        for character, what in ((u'\0', 'a null character'), (u'\r', 'a line end without a line feed')):
            found = re.search(re.escape(character) + (u'(?!\n)' if character == u'\r' else u''), self.text)
            if found:
                before = self.text[:found.start()]
                raise CrabError('%s, line %d, column %d: %s.' % (self.name, before.count(u'\n') + 1, self.column(found.start()) + 1, what),
                                'Mend the file first; nothing was changed.')

    def _tokenize(self):
        try:
            return [Token(item[0], item[1], self._offset(*item[2]), self._offset(*item[3]))
                    for item in tokenize.generate_tokens(io.StringIO(self.text).readline) if item[0] != tokenize.ENDMARKER]
        except (tokenize.TokenError, IndentationError):
            raise CrabError('%s: Python can parse it, but not split it into tokens.' % self.name, 'Mend its layout first; nothing was changed.')

    def _offset(self, row, column):
        return self._line_starts[min(row, len(self._line_starts)) - 1] + column

    def _split_statements(self):
        current, depth = [], 0
        for item in self.tokens:
            if item.kind in NO_MEANING:
                continue
            if item.kind == tokenize.NEWLINE or (depth == 0 and item.text == ';'):
                self._add_statement(current)
                current = []
                continue
            depth += item.depth_step()
            current.append(item)
        self._add_statement(current)

    def _add_statement(self, tokens):
        if tokens:
            self.statements[tokens[0].start] = Statement(tokens)

    def statement_of(self, node):
        """The Statement that starts where the ast node starts, or None."""
        start = self._line_starts[node.lineno - 1]
        line = self.text[start:self._line_starts[node.lineno]]
        return self.statements.get(start + len(line.encode('utf-8')[:node.col_offset].decode('utf-8')))

    def _collect(self, body, plain):
        for node in body:
            if isinstance(node, ast.Assign):
                self._collect_assignment(node, plain)
            elif isinstance(node, (ast.Import, ast.ImportFrom)):
                for alias in node.names:
                    self._bind_name((alias.asname or alias.name).split('.')[0], node)
            elif type(node).__name__ in ('FunctionDef', 'AsyncFunctionDef', 'ClassDef'):
                self._bind_name(node.name, node)
            else:
                self._collect_other(node)

    def _collect_assignment(self, node, plain):
        statement = self.statement_of(node) if plain and len(node.targets) == 1 else None
        for target in node.targets:
            for part in target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]:
                whole = part is target
                self._bind(part, node, node.value if whole else None, statement.value_span() if statement and whole else None)

    def _collect_other(self, node):
        """Whatever else binds: augmented assignment, del, loops, with, branches. None of it can be edited in place."""
        called = _path(node.value) if isinstance(node, ast.Expr) else None
        if called:
            self._called.append(self._resolve(called))
        for field in ('target', 'targets', 'items'):
            targets = getattr(node, field, None) or []
            for target in targets if isinstance(targets, list) else [targets]:
                self._bind(getattr(target, 'optional_vars', target), node)
        for field in ('body', 'orelse', 'finalbody', 'handlers', 'cases'):
            inner = getattr(node, field, None)
            if isinstance(inner, list):
                self._collect(inner, plain=False)

    def _bind(self, target, node, value=None, span=None):
        item = isinstance(target, ast.Subscript)
        while isinstance(target, ast.Subscript):
            target = target.value
        written = _path(target)
        if written is None:
            return
        self.bindings.append(Binding(self._resolve(written), written, node.lineno, value, span, item))
        if len(written) == 1 and not item:
            self._bind_alias(written[0], value)

    def _bind_alias(self, name, value):
        self.names.add(name)
        meant = _path(value) if value is not None else None
        resolved = self._resolve(meant) if meant else None
        self._aliases.pop(name, None)
        if resolved and resolved[0] != name:
            self._aliases[name] = resolved

    def _bind_name(self, name, node):
        self.names.add(name)
        self._aliases.pop(name, None)
        self.bindings.append(Binding((name,), (name,), node.lineno, node))

    def _resolve(self, path):
        return self._aliases.get(path[0], path[:1]) + path[1:]


def expression(text):
    """Source text of a single-line expression as (value, ast node): a Symbol, or the value of a literal. (None, None) if it is none."""
    text = to_text(text).strip()
    try:
        node = _parse(text, 'eval', 'expression').body
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (CrabError, tokenize.TokenError):
        return None, None
    if any(item[0] in (tokenize.COMMENT, tokenize.NL) for item in tokens if item[1]) or u'\n' in text or u'\r' in text:
        return None, None
    known, value = _constant(node)
    return (value if known else Symbol(text, node)), node


def with_declaration(text, newline):
    """The text with the encoding declared in its first line, or in the second after #!."""
    line = u'# -*- coding: utf-8 -*-' + newline
    if text.startswith(u'#!'):
        first, dummy, rest = text.partition(u'\n')
        return first + u'\n' + line + rest
    return line + text


def check_name(dotted):
    """True for a dotted key such as ``data.mode``."""
    parts = dotted.split('.')
    return len(parts) > 1 and all(_IDENTIFIER.match(part) for part in parts)


def is_identifier(name):
    """True for a plain name, the same on Python 2 and 3."""
    return bool(_IDENTIFIER.match(name))


def same(one, other):
    """True if two values mean the same in Python; True and 1 do not, nor 1 and 1.0."""
    one, other = (to_text(value) if isinstance(value, bytes) else value for value in (one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        mine, yours = (dict((to_text(key), value) for key, value in item.items()) for item in (one, other))
        return set(mine) == set(yours) and all(same(mine[key], yours[key]) for key in mine)
    if isinstance(one, (list, tuple)) and type(one) is type(other):
        return len(one) == len(other) and all(same(left, right) for left, right in zip(one, other))
    if isinstance(one, _INTEGERS) and isinstance(other, _INTEGERS):
        return isinstance(one, bool) == isinstance(other, bool) and one == other
    return type(one) is type(other) and one == other


def literal(value, name, column=None):
    """A value as Python source that means the same on Python 2 and 3, without u'' and with keys sorted.

    :param name: where the value comes from, for messages; never shown with the value.
    :param column: if given, dicts take a line an entry, and this is the column of the line that the value stands in.
    """
    if isinstance(value, Symbol):
        return value.text
    if isinstance(value, (bytes, text_type)):
        return _quoted(value, name)
    if value is None or isinstance(value, bool):
        return text_type(value)
    if isinstance(value, _INTEGERS):
        return u'%d' % value
    if isinstance(value, float) and float('-inf') < value < float('inf'):
        return text_type(repr(value))
    if isinstance(value, dict):
        return _literal_dict(value, name, column)
    if isinstance(value, (list, tuple)):
        items = [literal(item, '%s[%d]' % (name, index)) for index, item in enumerate(value)]
        if isinstance(value, list):
            return u'[%s]' % u', '.join(items)
        return u'(%s)' % (u', '.join(items) + (u',' if len(items) == 1 else u''))
    raise CrabError('%s: a value of type %s cannot be written as Python.' % (name, type(value).__name__),
                    'Expected text, a number, true, false, null, a list or a dict.')


def _literal_dict(value, name, column):
    inner = None if column is None else column + 4
    items = [u'%s: %s' % (literal(key, name), literal(value[key], '%s.%s' % (name, _shown_key(key)), inner)) for key in sorted(value, key=_shown_key)]
    if column is None or not items:
        return u'{%s}' % u', '.join(items)
    return u'{\n%s%s}' % (u''.join(u'%s%s,\n' % (u' ' * inner, item) for item in items), u' ' * column)


def _shown_key(key):
    return to_native(to_text(key)) if isinstance(key, (bytes, text_type)) else str(key)


def _quoted(value, name):
    try:
        text = to_text(value)
        text.encode('utf-8')
    except UnicodeError:
        text = None
    if text is None or _LONE_SURROGATE.search(text):
        raise CrabError('%s: the text is no valid Unicode.' % name, 'Remove the half of a surrogate pair, or the byte that is not UTF-8.')
    quote = u'"' if u"'" in text and u'"' not in text else u"'"
    return quote + u''.join(_escaped(character, quote) for character in text) + quote


def _escaped(character, quote):
    if character == quote:
        return u'\\' + quote
    if character in _ESCAPES:
        return _ESCAPES[character]
    return u'\\x%02x' % ord(character) if character < u' ' or character == u'\x7f' else character


def _declared_encoding(body):
    """What the first two lines declare (PEP 263), or None."""
    for line in body.split(b'\n', 2)[:2]:
        found = _CODING.match(line.decode('latin-1'))
        if found:
            return to_native(found.group(1))
        if line.strip() and not line.lstrip().startswith(b'#'):
            return None
    return None


def _parse(text, mode, name):
    """The tree. The future flags of this file stay out, and string literals are text on Python 2 as well."""
    flags = ast.PyCF_ONLY_AST | __future__.CO_FUTURE_UNICODE_LITERALS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            return compile(_without_declaration(text), '<file>', mode, flags, True)
    except SyntaxError as error:
        raise CrabError('%s, line %s, column %s: Python syntax error (%s).' % (name, error.lineno or 1, error.offset or 1, _reason(error)),
                        'Mend the file first; nothing was changed.')
    except (ValueError, MemoryError, RuntimeError):
        raise CrabError('%s: too deeply nested, or with characters that Python refuses.' % name, 'Mend the file first; nothing was changed.')


def _reason(error):
    """The message without what it quotes of the file, which may be a password."""
    return re.sub(r"'[^']*'|\"[^\"]*\"", '...', error.msg or 'invalid syntax')


def _without_declaration(text):
    """Python 2 refuses text that declares an encoding: spell the word otherwise, at the same length."""
    lines = text.split(u'\n', 2)
    return u'\n'.join([line.replace(u'coding', u'c_ding') if _CODING.match(line) else line for line in lines[:2]] + lines[2:])


def _line_starts(text):
    starts = [0]
    while True:
        at = text.find(u'\n', starts[-1])
        if at < 0:
            return starts + [len(text)]
        starts.append(at + 1)


def _constant(node):
    """(True, value) for text, number, True, False and None on any Python, else (False, None)."""
    kind = type(node).__name__
    if kind in ('Constant', 'NameConstant'):
        value = node.value
    elif kind == 'Name' and node.id in ('True', 'False', 'None'):
        value = {'True': True, 'False': False, 'None': None}[node.id]
    elif kind in ('Str', 'Num'):
        value = getattr(node, 's', None) if kind == 'Str' else node.n
    elif kind == 'UnaryOp' and isinstance(node.op, ast.USub):
        known, value = _constant(node.operand)
        if not known or isinstance(value, bool) or not isinstance(value, _INTEGERS + (float,)):
            return False, None
        value = -value
    else:
        return False, None
    return (True, value) if value is None or isinstance(value, (text_type, float) + _INTEGERS) else (False, None)


def _path(node):
    """Names of ``a.b.c`` and of ``a.section_('b').c``, or None for anything else."""
    if isinstance(node, ast.Name):
        return (node.id,)
    if isinstance(node, ast.Attribute):
        inner = _path(node.value)
        return inner + (node.attr,) if inner else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _SECTIONS and len(node.args) == 1:
        inner, (known, name) = _path(node.func.value), _constant(node.args[0])
        return inner + (to_native(name),) if inner and known and isinstance(name, text_type) else None
    return None


def _split_display(tokens, node):
    """The entries between the outer braces: tokens[0] and tokens[-1]."""
    entries, depth, start, colon = [], 0, None, None
    for index, item in enumerate(tokens[1:], 1):
        if depth == 0 and start is not None and (item.text == ',' or index == len(tokens) - 1) and item.kind == tokenize.OP:
            entries.append(_entry(node, len(entries), start, colon, tokens[index - 1].end, item.end if item.text == ',' else None, tokens))
            start = colon = None
            continue
        if start is None:
            start = item.start
        if depth == 0 and item.text == ':' and item.kind == tokenize.OP and colon is None:
            colon = item.end
        depth += item.depth_step()
    return DictDisplay(entries, tokens[0].end, tokens[-1].start)


def _entry(node, index, start, colon, end, comma_end, tokens):
    key_node = node.keys[index]
    known, key = _constant(key_node) if key_node is not None else (False, None)
    value_start = next(item.start for item in tokens if item.start >= (colon or start))
    return Entry(key if known else None, start, (value_start, end), comma_end, node.values[index])
