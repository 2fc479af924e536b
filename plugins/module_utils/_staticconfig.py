# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""config.py of the REST server: read and set ``data.*``, ``main.*``, ``srv.*`` without running it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ast
import keyword

from ansible_collections.cmsweb.crab.plugins.module_utils import _release
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._pysource import Source, Symbol, check_name, expression, literal, same, with_declaration
from ansible_collections.cmsweb.crab.plugins.module_utils._text import text_type, to_native, to_text

_FORMS = "__file__.rsplit('/', 3)[0] + '/auth/x', '%s/auth/x' % __file__.rsplit('/', 3)[0], or names that the file sets"


def wanted(settings):
    """The settings as values for the file: expressions become Symbols.

    :param settings: dict of dotted key to a value, or to dict(expression=source text).
    :raises CrabError: naming the key, for a key or value that the file cannot hold.
    """
    return dict((_checked_key(key), _value(to_native(key), settings[key])) for key in settings)


def set_keys(content, settings, name, release=None):
    """The file with these settings.

    :param content: bytes of config.py.
    :param settings: as for wanted().
    :param release: CRABServer version whose keys are checked, or None.
    :returns: dict(content=bytes, changed_keys=list, settings=dict of the effective values, warnings=list)
    """
    values = wanted(settings)
    check_release_keys(values, release)
    changed = []
    source = Source(content, name)
    for key in sorted(values):
        text = _with_key(source, key, values[key])
        if text is not None:
            changed.append(key)
            source = Source(_encoded(source, text, key), name)
    _confirm(source, values)
    warnings = _check_whole(source, release) + _without_effect(values, release) if release else []
    return {'content': source.encode(source.text), 'changed_keys': changed, 'warnings': warnings,
            'settings': dict((key, shown(source, key)) for key in values)}


def effective(content, name):
    """All dotted keys of a config.py with the values that count, and where: dict of key to dict(value, line).

    A value that only running the file would tell is given as dict(expression=source text).
    """
    source = Source(content, name)
    keys = set('.'.join(binding.written) for binding in source.bindings if len(binding.written) > 1 and not binding.item)
    return dict((key, {'value': shown(source, key), 'line': source.last(key).line}) for key in sorted(keys) if source.last(key))


def shown(source, key):
    """The value of a key as a result may show it."""
    binding = source.last(key)
    if binding is None:
        return None
    if binding.node is not None and not _has_symbol(source.value(binding.node)):
        return source.value(binding.node)
    return {'expression': to_native(source.text[binding.span[0]:binding.span[1]]) if binding.span else 'line %d' % binding.line}


def lines_for(settings):
    """The lines that would be appended to a config.py that has none of these keys: a picture for check mode."""
    values = wanted(settings)
    return [_line(key, values[key]) for key in sorted(values)]


def check_release_keys(keys, release):
    """Refuse keys of data that no release reads."""
    if release is None:
        return
    _release.release_date(release)
    for key in sorted(keys):
        section, name = key.rsplit('.', 1)
        if section.split('.')[-1] == 'data' and name not in _release.DATA_KEYS:
            likely = _release.likely_key(name)
            raise CrabError('settings: no CRABServer release reads %s.' % key, 'Did you mean %s.%s?' % (section, likely) if likely else 'Check its spelling.')


def _checked_key(key):
    key = to_native(key)
    if not check_name(key) or any(keyword.iskeyword(part) for part in key.split('.')):
        raise CrabError('settings: %r is no key of config.py.' % key, 'Expected dotted names such as data.mode or srv.socket_host.')
    return key


def _value(key, value):
    if isinstance(value, dict) and [to_native(name) for name in value] == ['expression']:
        return _expression(key, next(iter(value.values())))
    literal(value, 'settings.%s' % key)
    return value


def _expression(key, text):
    value, tree = expression(text) if isinstance(text, (bytes, text_type)) else (None, None)
    if tree is None or not _is_known_form(tree):
        raise CrabError('settings.%s.expression is not one of the forms that config.py files use.' % key, 'Expected %s.' % _FORMS)
    return value


def _is_known_form(node):
    """Text, __file__.rsplit('/', N)[0], names, time.strftime('...'), and + and % of those."""
    kind = type(node).__name__
    if kind == 'BinOp':
        return isinstance(node.op, (ast.Add, ast.Mod)) and _is_known_form(node.left) and _is_known_form(node.right)
    if kind == 'Tuple':
        return all(_is_known_form(item) for item in node.elts)
    if kind == 'Subscript':
        return any(ast.dump(node) == expression(u"__file__.rsplit('/', %d)[0]" % parts)[0].dump for parts in range(1, 10))
    if kind == 'Call':
        return _is_strftime(node)
    return kind in ('Name', 'Str') or (kind == 'Constant' and isinstance(node.value, text_type))


def _is_strftime(node):
    return (isinstance(node.func, ast.Attribute) and node.func.attr == 'strftime' and getattr(node.func.value, 'id', None) == 'time'
            and len(node.args) == 1 and not node.keywords and _is_known_form(node.args[0]))


def _with_key(source, key, value):
    """The text with the key set, or None if it is so already."""
    binding = source.last(key)
    if binding is not None and binding.node is not None and same(source.value(binding.node), value):
        return None
    _check_names(source, key, value)
    if binding is not None and binding.span:
        return source.replaced([(binding.span[0], binding.span[1], literal(value, 'settings.%s' % key))])
    return source.appended([_line(key, value)])


def _line(key, value):
    return u'%s = %s' % (to_text(key), literal(value, 'settings.%s' % key))


def _check_names(source, key, value):
    """Names that the file does not set would stop the server with a NameError."""
    first = key.split('.')[0]
    if first not in source.names:
        raise CrabError('settings.%s: %s sets no %s.' % (key, source.name, first), 'Use the names of that file, for example data.mode or main.port.')
    if source.canonical(key)[:-1] not in source.sections():
        raise CrabError('settings.%s: %s has no section %s.' % (key, source.name, key.rsplit('.', 1)[0]), 'Use the sections of that file.')
    if isinstance(value, Symbol):
        for name in sorted(value.names - source.names - set(['__file__'])):
            raise CrabError('settings.%s.expression: %s sets no %s.' % (key, source.name, name), 'Expected %s.' % _FORMS)


def _encoded(source, text, key):
    """The bytes; text outside ASCII needs a declaration on Python 2, so a file that had none gets one."""
    try:
        if not source.declared and not source.bom and _is_ascii(source.text) and not _is_ascii(text):
            text = with_declaration(text, source.newline)
        return source.encode(text)
    except UnicodeEncodeError:
        raise CrabError('settings.%s: the file declares the encoding %s, which has no such character.' % (key, source.encoding), 'Save the file as UTF-8.')


def _is_ascii(text):
    return all(character < u'\x80' for character in text)


def _has_symbol(value):
    if isinstance(value, dict):
        return any(_has_symbol(item) for item in value.values())
    if isinstance(value, (list, tuple)):
        return any(_has_symbol(item) for item in value)
    return isinstance(value, Symbol)


def _confirm(source, values):
    """What was written, read again."""
    for key in values:
        binding = source.last(key)
        if binding is None or binding.node is None or not same(source.value(binding.node), values[key]):
            raise CrabError('settings.%s: the edited %s would not give this value; nothing was changed.' % (key, source.name), 'Set the key by hand.')


def _check_whole(source, release):
    """Refuse a file that this release cannot start with; warn of what it ignores or misses at calls."""
    section = source.canonical('data.x')[:-1]
    keys = set(binding.path[-1] for binding in source.bindings if binding.path[:-1] == section and not binding.item)
    missing = [key for key in _release.needed_at_start(release) if key not in keys]
    if missing:
        raise CrabError('%s: CRABServer %s does not start without %s.' % (source.name, release, ' and '.join('data.%s' % key for key in missing)),
                        'Add %s to settings.' % ('it' if len(missing) == 1 else 'them'))
    warnings = ['data.%s is missing in %s: calls of CRABServer %s that need it fail.' % (key, source.name, release)
                for key in _release.needed_by_calls(release) if key not in keys]
    for key in sorted(keys - set(_release.DATA_KEYS)):
        warnings.append('data.%s in %s is read by no CRABServer release%s.' % (key, source.name, _hint(key)))
    return warnings


def _without_effect(keys, release):
    """Settings that another release reads, and this one does not."""
    names = sorted(key.rsplit('.', 1)[1] for key in keys if key.rsplit('.', 1)[0].split('.')[-1] == 'data')
    return ['settings: CRABServer %s does not read data.%s.' % (release, name) for name in names if not _release.reads(release, name)]


def _hint(key):
    likely = _release.likely_key(key)
    return '; data.%s is' % likely if likely else ''
