# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CRABServerAuth.py: the database accounts of the REST server, edited without running the file and shown without secrets."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ast
import re
import socket
import tokenize
import warnings

from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._pysource import NO_MEANING, Source, Symbol, is_identifier, literal, same, with_declaration
from ansible_collections.cmsweb.crab.plugins.module_utils._text import text_type, to_native, to_text

MASK = u'********'
METHODS = ('*', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE')
# The server indexes each of these directly: a missing one is an error at the first connect.
REQUIRED = ('type', 'dsn', 'user', 'password', 'schema', 'clientid', 'liveness', 'timeout', 'trace')
_SECRET = re.compile(r'passw|secret|auth-role|access_?key|token', re.IGNORECASE)
_DSN_WITH_PASSWORD = re.compile(r'([^/\s]+/)[^@\s].*@')
# In a comment also the short words.
_SECRET_IN_WORDS = re.compile(r'(?i)passw|secret|auth-role|access_?key|token|\bpw\b|pwd')
_INTEGERS = tuple({int, type(2 ** 80)})


def configure(content, name, instances, s3=None, driver='cx_Oracle as DB', drop_placeholders=False, purge=False, absent=()):
    """The file with these instances.

    :param content: bytes of CRABServerAuth.py, or None if there is none.
    :param instances: dict of instance name to dict(title, order, accounts=dict of HTTP method or '*' to dict).
    :param s3: dict of keys for ``s3 = {...}``, or None to leave it as it is.
    :param driver: what is imported, such as 'cx_Oracle as DB'.
    :param drop_placeholders: remove the instances that Deploy leaves with FIXME values.
    :param purge: remove every instance that is not named.
    :param absent: names of instances to remove.
    :returns: dict(content=bytes, changed_keys=list, instances=list of all names, warnings=list); no secret but in content.
    """
    if not instances and (not content or purge or not (absent or s3 or drop_placeholders)):
        raise CrabError('instances names no instance.', 'Name those that the file shall have.')
    module, symbol = _driver(driver)
    start = Source(content if content and content.strip() else _template(instances, module, symbol), name)
    source = _with_dbconfig(start)
    _dict_of(source, 'dbconfig')
    source = _with_driver(source, module, symbol)
    changed = ['driver'] if source.text != start.text else []
    wanted = _wanted(instances, symbol, 'fqdn' in source.names)
    node, display = _dict_of(source, 'dbconfig')
    gone = _gone(source, display, wanted, drop_placeholders, purge, absent)
    edits, keys = _merge(source, display, wanted, gone, ())
    source = _again(source, edits)
    changed += keys
    if s3 is not None:
        source, keys = _with_s3(source, s3)
        changed += keys
    result = _declared(source) if changed else source
    problems = _check(result, wanted, s3)
    return {'content': result.encode(result.text), 'changed_keys': changed,
            'instances': sorted(_names(result)), 'warnings': problems}


def with_passwords(content, name, passwords):
    """The file with new passwords in every account of these users, whatever the instance; all else stays.

    :param passwords: dict of user to password.
    :returns: as configure().
    """
    faults = ['passwords.%s: expected the password, a text (in quotes if it has digits only).' % to_native(user)
              for user in sorted(passwords) if not _is_text(passwords[user])]
    source = Source(content, name)
    edits, changed, found = [], [], set()
    for path, account, entries in _accounts(source):
        user = account.get('user')
        if not _is_text(user) or user not in passwords or faults:
            continue
        found.add(user)
        if 'password' not in entries:
            faults.append('%s: the account %s has no password.' % (name, _dotted(path)))
        elif not same(account['password'], passwords[user]):
            start, end = entries['password'].value_span
            edits.append((start, end, literal(passwords[user], 'passwords.%s' % to_native(user))))
            changed.append(_dotted(path + ('password',)))
    faults += ['passwords.%s: no account of %s logs in as this user.' % (to_native(user), name) for user in sorted(passwords) if to_text(user) not in found]
    if faults:
        raise CrabError(' '.join(faults), 'dbconfig_info tells which users the file has.')
    result = _declared(_again(source, edits)) if edits else source
    _compiled(result)
    for path, account, _entries in _accounts(result):
        if account.get('user') in found and not same(account['password'], passwords[account['user']]):
            raise CrabError('%s: the edited file would not hold the password of %s; nothing was changed.' % (name, _dotted(path)), 'Edit it by hand.')
    return {'content': result.encode(result.text), 'changed_keys': changed, 'instances': sorted(_names(result)), 'warnings': _faults_of_others(result, {})}


def describe(content, name):
    """What the file says, without a secret: dict(instances=..., driver=..., s3_keys=list, problems=list)."""
    source = Source(content, name)
    node, display = _dict_of(source, 'dbconfig')
    s3 = source.last('s3')
    s3_value = source.value(s3.node) if s3 is not None and s3.node is not None else {}
    return {'instances': dict((to_native(key), value) for key, value in _shown(source, display).items()),
            's3_keys': sorted(to_native(key) for key in s3_value) if isinstance(s3_value, dict) else [],
            'placeholders': sorted(to_native(key) for key, value in source.value(node).items() if _is_placeholder(value)),
            'problems': _faults_of_others(source, {})}


def masked(content):
    """The file for a diff: every secret, in whatever instance or comment, is ********."""
    source = Source(content, 'CRABServerAuth.py')
    tokens = [item for item in source.tokens if item.kind not in NO_MEANING]
    hidden, values, names = [], set([u'']), set()
    _hide_values(tokens, _SECRET.search, hidden, values, names)
    # A secret may have been given a name first, and that name another one.
    for name in iter(lambda: names.pop() if names else None, None):
        _hide_values(tokens, lambda text, name=name: text == name, hidden, values, names)
    for item in source.tokens:
        if any(start <= item.start < end for start, end, dummy in hidden):
            continue
        if item.kind == tokenize.COMMENT and (_SECRET_IN_WORDS.search(item.text) or _DSN_WITH_PASSWORD.search(item.text) or _holds(item.text, values)):
            hidden.append((item.start, item.end, u'# ' + MASK))
        elif item.kind == tokenize.STRING and _is_secret_text(item.text, values):
            hidden.append((item.start, item.end, u"'%s'" % MASK))
    return source.encode(source.replaced(hidden))


def secrets(instances, s3=None):
    """Every secret text in the parameters."""
    found = list((s3 or {}).values())
    for instance in (instances or {}).values():
        accounts = instance.get('accounts') if isinstance(instance, dict) else None
        for account in accounts.values() if isinstance(accounts, dict) else []:
            if isinstance(account, dict):
                role = account.get('auth-role')
                found += [account.get('password')] + (list(role[1:]) if isinstance(role, (list, tuple)) else [role])
    return [value if isinstance(value, (bytes, text_type)) else str(value) for value in found if value not in (None, '')]


# What the parameters ask for

def _wanted(instances, symbol, fqdn_in_file):
    """Instance name to the value that the file shall hold; all faults are told at once."""
    faults, result = [], {}
    for name in sorted(instances):
        place = 'instances.%s' % name
        if not re.match(r'[a-z]+\Z', to_native(name)):
            faults.append('%s: the server routes only instance names of lower case letters, such as dev.' % place)
        if not isinstance(instances[name], dict):
            faults.append('%s: expected a dict with accounts.' % place)
            continue
        result[to_text(name)] = _instance(to_native(name), instances[name], place, symbol, fqdn_in_file, faults)
    if faults:
        raise CrabError(faults[0] if len(faults) == 1 else '%d faults:\n  %s' % (len(faults), '\n  '.join(faults)))
    return result


def _instance(name, given, place, symbol, fqdn_in_file, faults):
    faults += ['%s.%s: not known; expected title, order and accounts.' % (place, key) for key in sorted(given) if key not in ('title', 'order', 'accounts')]
    title, order = given.get('title'), given.get('order')
    if not isinstance(title, (bytes, text_type, type(None))):
        faults.append('%s.title: expected text.' % place)
    if isinstance(order, bool) or not isinstance(order, (bytes, text_type, type(None)) + _INTEGERS):
        faults.append('%s.order: expected a number.' % place)
    result = {'.title': name.capitalize() if title is None else title, '.order': 0 if order is None else order}
    accounts = given.get('accounts')
    if not isinstance(accounts, dict) or not accounts:
        faults.append("%s.accounts: expected a dict of HTTP method or '*' to an account." % place)
        return result
    for method in sorted(accounts):
        inner = '%s.accounts.%s' % (place, method)
        if method not in METHODS:
            faults.append('%s: no HTTP method; expected one of %s.' % (inner, ', '.join(METHODS)))
        elif not isinstance(accounts[method], dict):
            faults.append('%s: expected a dict with user, password and dsn.' % inner)
        else:
            result[method] = _account(name, accounts[method], inner, symbol, fqdn_in_file, faults)
    return result


def _account(instance, given, place, symbol, fqdn_in_file, faults):
    client = u'cmsweb-%s@' % instance
    account = {'type': symbol, 'schema': given.get('user'), 'liveness': 'select sysdate from dual', 'timeout': 300, 'trace': True,
               'clientid': Symbol(u"'%s%%s' %% fqdn" % client) if fqdn_in_file else client + socket.getfqdn().lower()}
    account.update((to_native(key), value) for key, value in given.items() if value is not None)
    for key in sorted(set(account) | set(('user', 'password', 'dsn'))):
        rule = _RULES.get(key)
        if rule is None:
            faults.append('%s.%s: not known; expected %s.' % (place, key, ', '.join(sorted(_RULES))))
        elif not rule[0](account.get(key)):
            faults.append('%s.%s: %s%s.' % (place, key, 'missing or empty; ' if not account.get(key) and key in ('user', 'password', 'dsn') else '', rule[1]))
    try:
        for key in account:
            literal(account[key], '%s.%s' % (place, key))
    except CrabError as error:
        faults.append(error.args[0])
    if _RULES['type'][0](account['type']):
        account['type'] = Symbol(to_text(account['type']))
    if isinstance(account.get('auth-role'), list):
        account['auth-role'] = tuple(account['auth-role'])       # the server puts it into "%s ... %s", which takes no list
    return account


def _is_text(value):
    return isinstance(value, (bytes, text_type)) and bool(value)


def _is_clientid(value):
    return isinstance(value, Symbol) or _is_text(value)


def _is_number(value):
    return isinstance(value, _INTEGERS) and not isinstance(value, bool) and value >= 0


def _is_texts(value):
    return isinstance(value, (list, tuple)) and all(_is_text(item) for item in value)


_RULES = {
    'user': (_is_text, 'expected the account, a text'), 'password': (_is_text, 'expected the password, a text (in quotes if it has digits only)'),
    'dsn': (_is_text, 'expected the database, such as devdb11 or host:1521/service'), 'schema': (_is_text, 'expected the owner of the tables, a text'),
    'clientid': (_is_clientid, 'expected a text'), 'liveness': (_is_text, 'expected a SQL statement'),
    'timeout': (_is_number, 'expected a number of seconds'), 'trace': (lambda value: isinstance(value, bool), 'expected true or false'),
    'type': (lambda value: _is_text(value) and is_identifier(to_native(value)), 'expected the name of a driver that the file imports, such as DB'),
    'stmtcache': (_is_number, 'expected a number of statements'), 'session-sql': (_is_texts, 'expected a list of SQL statements'),
    'auth-role': (lambda value: _is_texts(value) and len(value) == 2, 'expected a list of a role and its password'),
}


def _driver(driver):
    match = re.match(r'([A-Za-z_][\w.]*)(?:\s+as\s+([A-Za-z_]\w*))?\Z', to_native(driver).strip())
    if not match:
        raise CrabError('driver: %r cannot be imported.' % driver, "Expected one such as 'cx_Oracle as DB'.")
    return match.group(1), match.group(2) or match.group(1).split('.')[0]


# How the file is changed

def _template(instances, module, symbol):
    """A file without instances, for a host that has none."""
    names_host = any('clientid' not in account for instance in instances.values() if isinstance(instance, dict)
                     for account in (instance.get('accounts') or {}).values() if isinstance(account, dict))
    lines = ['import socket', '', _import(module, symbol), '', 'fqdn = socket.getfqdn().lower()'] if names_host else [_import(module, symbol), '']
    return ('\n'.join(lines + ['dbconfig = {', '}']) + '\n').encode('ascii')


def _import(module, symbol):
    return 'import %s' % module if module == symbol else 'import %s as %s' % (module, symbol)


def _with_dbconfig(source):
    if source.last('dbconfig') is None:
        return Source(source.encode(source.appended([u'dbconfig = {' + source.newline + u'}'])), source.name)
    return source


def _with_driver(source, module, symbol):
    """The import of the driver made right; one that is not a plain import (try ... except) is the user's own and stays."""
    wanted = to_text(_import(module, symbol))
    binding = source.last(symbol)
    if binding is not None and not (isinstance(binding.node, ast.Import) and binding.node in source.tree.body):
        return source
    if binding is not None:
        aliases = binding.node.names
        if any((alias.asname or alias.name.split('.')[0]) == symbol and alias.name == module for alias in aliases):
            return source
        statement = source.statement_of(binding.node)
        if len(aliases) == 1 and statement:
            return _again(source, [(statement.start, statement.end, wanted)])
    at = source.text.rfind(u'\n', 0, source.last('dbconfig').span[0]) + 1
    return _again(source, [(at, at, wanted + source.newline)])


def _dict_of(source, name):
    """The ast node and the DictDisplay of a name; refused unless one plain statement sets it and nothing else touches it."""
    binding = source.last(name)
    display = source.display(binding.span, binding.node) if binding is not None and binding.span else None
    others = [line for line in source.uses(name) if binding is None or line != binding.line]
    if display is None:
        raise CrabError('%s%s: %s is not set by a statement of the form %s = {...}.' % (source.name, ', line %d' % binding.line if binding else '', name, name),
                        'Write it so; nothing was changed.')
    if others:
        raise CrabError('%s, line %d: %s is used outside of its one assignment, so its value cannot be told without running the file.'
                        % (source.name, others[0], name), 'Write it as one %s = {...}; nothing was changed.' % name)
    return binding.node, display


def _gone(source, display, wanted, drop_placeholders, purge, absent):
    """Instances that shall disappear."""
    both = sorted(to_native(name) for name in absent if to_text(name) in wanted)
    if both:
        raise CrabError('absent: %s is in instances as well.' % both[0], 'Name it in one of them only.')
    return set(entry.key for entry in display.entries if entry.key is not None and entry.key not in wanted
               and (purge or entry.key in [to_text(name) for name in absent] or (drop_placeholders and _is_placeholder(source.value(entry.node)))))


def _is_placeholder(instance):
    accounts = [account for account in instance.values() if isinstance(account, dict)] if isinstance(instance, dict) else []
    return any(to_text(account[key]).endswith(u'FIXME') for account in accounts for key in ('dsn', 'user', 'password')
               if isinstance(account.get(key), (bytes, text_type)))


def _merge(source, display, wanted, gone, path):
    """Edits that give a dict display the wanted entries, and the paths of the keys that they change."""
    edits, changed, here = [], [], {}
    for entry in display.entries:
        if entry.key in here:
            edits += [_removal(source, here[entry.key])] if entry.key in wanted else []
        here[entry.key] = entry
    for key in sorted(wanted):
        if key in here:
            more, keys = _merge_entry(source, here[key], wanted[key], path + (key,))
            edits, changed = edits + more, changed + keys
        else:
            changed.append(_dotted(path + (key,)))
    for key in sorted(key for key in here if key in gone):
        edits += [_removal(source, entry) for entry in display.entries if entry.key == key]
        changed.append(_dotted(path + (key,)))
    new = [key for key in sorted(wanted) if key not in here]
    return edits + _insertion(source, display, [(key, wanted[key]) for key in new], gone, path), changed


def _merge_entry(source, entry, value, path):
    """An entry that is there: what is below it is ours whole."""
    if same(source.value(entry.node), value):
        return [], []
    display = source.display(entry.value_span, entry.node)
    if isinstance(value, dict) and display is not None and all(inner.key is not None for inner in display.entries):
        return _merge(source, display, dict((to_text(key), value[key]) for key in value), set(inner.key for inner in display.entries
                                                                                              if inner.key not in value), path)
    text = literal(value, _dotted(path), _indent(source, entry.key_start))
    return [(entry.value_span[0], entry.value_span[1], text.replace(u'\n', source.newline))], [_dotted(path)]


def _insertion(source, display, items, gone, path):
    """Edits that add entries before the closing brace."""
    if not items:
        return []
    entries, newline = display.entries, source.newline
    last = entries[-1] if entries else None
    edits = [(last.value_span[1], last.value_span[1], u',')] if last and last.comma_end is None and last.key not in gone else []
    column = source.column(entries[0].key_start) if entries else _indent(source, display.open_end) + 4
    lines = [u'%s%s: %s' % (u' ' * column, literal(key, 'key'), literal(value, _dotted(path + (key,)), column).replace(u'\n', newline))
             for key, value in items]
    gap = source.text[(last.comma_end or last.value_span[1]) if last else display.open_end:display.close_start]
    if u'\n' in gap:
        at = source.text.rfind(u'\n', 0, display.close_start) + 1
        return edits + [(at, at, u''.join(line + u',' + newline for line in lines))]
    return edits + [(display.close_start, display.close_start, newline + (u',' + newline).join(lines))]


def _removal(source, entry):
    """The edit that takes an entry away, with its line if it has one to itself."""
    text, start, end = source.text, entry.key_start, entry.comma_end or entry.value_span[1]
    line_start = text.rfind(u'\n', 0, start) + 1
    rest = re.compile(r'[ \t]*(\r?\n)?').match(text, end)
    if not text[line_start:start].strip() and rest.group(1) and entry.comma_end:
        return line_start, rest.end(), u''
    return (start, re.compile(r'\s*').match(text, end).end(), u'') if entry.comma_end else (start, end, u'')


def _indent(source, offset):
    """The column where the line of an offset begins."""
    line = source.text[source.text.rfind(u'\n', 0, offset) + 1:offset]
    return len(line) - len(line.lstrip())


def _with_s3(source, s3):
    faults = ['s3.%s: expected a text that is not empty.' % key for key in sorted(s3) if not _is_text(s3[key])]
    faults += ['s3.%s is missing.' % key for key in ('access_key', 'secret_key') if key not in s3]
    if faults:
        raise CrabError(' '.join(faults), 'The server takes both from the S3 account.')
    if source.last('s3') is None:
        source = Source(source.encode(source.appended([u's3 = {' + source.newline + u'}'])), source.name)
    wanted = dict((to_text(key), s3[key]) for key in s3)
    dummy, display = _dict_of(source, 's3')
    edits, keys = _merge(source, display, wanted, set(entry.key for entry in display.entries) - set(wanted), ('s3',))
    return _again(source, edits), keys


def _again(source, edits):
    return Source(_encoded(source, source.replaced(edits)), source.name) if edits else source


def _encoded(source, text):
    try:
        return source.encode(text)
    except UnicodeEncodeError:
        raise CrabError('%s declares the encoding %s, which has not all characters of the new values.' % (source.name, source.encoding),
                        'Save the file as UTF-8.')


def _declared(source):
    """Python 2 reads text outside ASCII only if the file declares its encoding."""
    if source.declared or source.bom or all(character < u'\x80' for character in source.text):
        return source
    return Source(source.encode(with_declaration(source.text, source.newline)), source.name)


# Whether the result is right

def _check(source, wanted, s3):
    """Refuse a file that would not do what is wanted; the faults of what is not ours are returned as warnings."""
    _compiled(source)
    there = source.value(_dict_of(source, 'dbconfig')[0])
    for name in wanted:
        if not isinstance(there, dict) or not same(there.get(name), wanted[name]):
            raise CrabError('%s: the edited file would not hold instances.%s as given; nothing was changed.' % (source.name, to_native(name)),
                            'Remove the file to have it written anew.')
        for account in wanted[name].values():
            if isinstance(account, dict) and account['type'].text not in source.names:
                raise CrabError('instances.%s: %s imports no %s.' % (to_native(name), source.name, to_native(account['type'].text)),
                                'Name it in driver, or leave type out.')
    if s3 is not None and not same(source.value(_dict_of(source, 's3')[0]), dict(s3)):
        raise CrabError('%s: the edited file would not hold s3 as given; nothing was changed.' % source.name,
                        'Remove s3 from the file to have it written anew.')
    return _faults_of_others(source, wanted)


def _compiled(source):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            compile(source.encode(source.text), '<file>', 'exec', 0, True)
    except (SyntaxError, ValueError, TypeError):
        raise CrabError('%s: the edited file would not compile; nothing was changed.' % source.name, 'Mend the file, or remove it to have it written anew.')


def _accounts(source):
    """(path, value, entries by key) of every account that is written out in the file."""
    found = []
    for instance in _dict_of(source, 'dbconfig')[1].entries:
        inner = source.display(instance.value_span, instance.node)
        for entry in inner.entries if inner else []:
            account = source.display(entry.value_span, entry.node)
            if account:
                entries = dict((item.key, item) for item in account.entries)
                found.append(((instance.key, entry.key), dict((key, source.value(entries[key].node)) for key in entries), entries))
    return found


def _faults_of_others(source, ours):
    faults = []
    instances = source.value(_dict_of(source, 'dbconfig')[0])
    if not isinstance(instances, dict):
        return ['%s: dbconfig has keys that only running the file would tell.' % source.name]
    for name in sorted(instances, key=lambda key: '%s' % (key,)):
        if name in ours:
            methods = [key for key in ours[name] if not key.startswith('.')]
            if '*' not in methods:
                faults.append("instances.%s.accounts has no '*': requests by other methods than %s fail." % (to_native(name), ', '.join(sorted(methods))))
        else:
            faults += ['In %s: %s' % (source.name, fault) for fault in _faults(name, instances[name])]
    return faults


def _faults(name, value):
    shown = to_native(name) if isinstance(name, (bytes, text_type)) else str(name)
    if not isinstance(value, dict):
        return [] if isinstance(value, Symbol) else ['the instance %s is no dict.' % shown]
    faults = [] if re.match(r'[a-z]+\Z', shown) else ['the server never routes to the instance %s: its name is not of lower case letters.' % shown]
    faults += ['the instance %s has no %s.' % (shown, key) for key in ('.title', '.order') if key not in value]
    for method in sorted(key for key in value if isinstance(value[key], dict)):
        missing = [key for key in REQUIRED if key not in value[method]]
        if missing:
            faults.append('the account %s of the instance %s has no %s.' % (to_native(method), shown, ', '.join(missing)))
    return faults + (['the instance %s has placeholders with FIXME.' % shown] if _is_placeholder(value) else [])


def _names(source):
    value = source.value(_dict_of(source, 'dbconfig')[0])
    return [to_native(key) for key in value] if isinstance(value, dict) else []


def _shown(source, display):
    """A dict without its secrets; what is no literal as dict(expression=source text)."""
    result = {}
    for entry in display.entries:
        if entry.key is None:
            continue
        key = to_native(to_text(entry.key)) if isinstance(entry.key, text_type) else entry.key
        value, inner = source.value(entry.node), source.display(entry.value_span, entry.node)
        if isinstance(key, str) and _SECRET.search(key):
            result['%s_is_set' % key] = bool(value)
        elif inner is not None:
            result[key] = _shown(source, inner)
        else:
            result[key] = {'expression': to_native(source.text[entry.value_span[0]:entry.value_span[1]])} if _has_symbol(value) else _without_password(value)
    return result


def _without_password(value):
    """A connect string that has one in it."""
    return _DSN_WITH_PASSWORD.sub(lambda found: found.group(1) + MASK + u'@', value) if isinstance(value, text_type) else value


def _has_symbol(value):
    return isinstance(value, Symbol) or (isinstance(value, (list, tuple)) and any(_has_symbol(item) for item in value))


def _value_after(tokens, index):
    """Start and end of the value that follows tokens[index], a colon or an equals sign."""
    depth, end = 0, tokens[index].end
    for item in tokens[index + 1:]:
        step = item.depth_step()
        if item.kind == tokenize.NEWLINE or (depth == 0 and (item.text in (',', ';') or step < 0)):
            break
        depth, end = depth + step, item.end
    start = tokens[index + 1].start if index + 1 < len(tokens) else end
    return min(start, end), end


def _hide_values(tokens, is_secret, hidden, values, names):
    """Note what stands behind each secret name or key: where, the texts in it, and the names."""
    for index, item in enumerate(tokens[:-1]):
        if item.kind not in (tokenize.STRING, tokenize.NAME) or not is_secret(item.text):
            continue
        index += 1
        if tokens[index].text == ']' and index + 1 < len(tokens):
            index += 1
        if tokens[index].text in (':', '='):
            start, end = _value_after(tokens, index)
            if (start, end, u"'%s'" % MASK) not in hidden:
                hidden.append((start, end, u"'%s'" % MASK))
                values.update(_inner(inner.text) for inner in tokens if start <= inner.start < end and inner.kind == tokenize.STRING)
                names.update(inner.text for inner in tokens if start <= inner.start < end and inner.kind == tokenize.NAME)


def _holds(text, values):
    """Whether a text holds a secret; a very short one may stand in any word."""
    return any(len(value) > 3 and value in text for value in values)


def _is_secret_text(text, values):
    inner = _inner(text)
    if inner in values - set([u'']) or _holds(inner, values):
        return True
    return bool(_DSN_WITH_PASSWORD.match(inner)) or bool(re.search(r'(?i)(passw|secret)\w*\W{0,3}[:=]', inner))


def _inner(text):
    """What stands between the quotes of a string token."""
    return re.sub(u'^[A-Za-z]*["\']+|["\']+$', u'', text)


def _dotted(path):
    return '.'.join(to_native(to_text(part)) if isinstance(part, (bytes, text_type)) else str(part) for part in path)
