# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""authmap.json and voms-gridmap.txt: who may come in, and as whom. Both are needed: a DN in only one of them gets 403."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import re
import unicodedata

from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import text_type, to_bytes, to_native, to_text

_DN = re.compile(r'/[A-Za-z][A-Za-z0-9.]*=[^"\x00-\x1f\x7f]+\Z')
_LOGIN = re.compile(r'[A-Za-z0-9._-]+\Z')
_ROLE = re.compile(r'[a-z0-9-]+\Z')
_SCOPE = re.compile(r'(?:group|site):[a-z0-9-]+\Z')
_VO = re.compile(r'[A-Za-z0-9._-]+\Z')
_MAPPING = re.compile(br'\s*"([^"]*)"\s+(\S+)\s*\Z')
# What NFKD does not take apart.
_LETTERS = {u'\xdf': u'ss', u'\xe6': u'ae', u'\xc6': u'AE', u'\xf8': u'o', u'\xd8': u'O', u'\u0142': u'l', u'\u0141': u'L', u'\u0111': u'd',
            u'\u0110': u'D', u'\xf0': u'd', u'\xd0': u'D', u'\xfe': u'th', u'\xde': u'Th', u'\u0153': u'oe', u'\u0152': u'OE', u'\u0131': u'i',
            u'\u2018': u"'", u'\u2019': u"'", u'\u2013': u'-', u'\u2014': u'-'}


def update(content, name, users, exact=False, overwrite_broken=False):
    """authmap.json with these users.

    :param content: bytes of the file, or None.
    :param users: list of dict(dn, login, name, roles); name and roles of a user that is there already stay if they are not given.
    :param exact: remove everybody else.
    :param overwrite_broken: treat a file that is no list of users as empty instead of refusing it.
    :returns: dict(content=bytes, added=list of DN, changed=list, removed=list, before=entries, after=entries, warnings=list); before and
        after hold only what differs.
    """
    wanted, warnings = checked(users)
    entries = _entries(content, name, overwrite_broken) if content is not None else []
    first = {}
    for entry in entries:
        first.setdefault(entry.get(u'DN'), entry)
    _take_nameless(entries, first, wanted)
    result, done = _merge(entries, first, wanted, exact)
    differs = bool(done['added'] or done['changed'] or done['removed']) or content is None
    if not differs and overwrite_broken:
        differs = not _is_list_of_objects(content)
    done.update(content=dump(result) if differs else content, warnings=warnings + _logins_taken(result, wanted))
    return done


def gridmap(content, dns, vo='cms', exact=False):
    """voms-gridmap.txt with a line for each DN.

    :param content: bytes of the file, or None.
    :param exact: have these lines only; else all other lines stay.
    :returns: bytes
    """
    wanted = [to_bytes(u'"%s" %s' % (to_text(dn), to_text(vo))) for dn in dns]
    if exact:
        return b''.join(line + b'\n' for line in wanted)
    names = dict((to_bytes(dn), line) for dn, line in zip(dns, wanted))
    lines = []
    for line in (content or b'').splitlines(True):
        match = _MAPPING.match(line)
        if not match or match.group(1) not in names:
            lines.append(line)
        elif names[match.group(1)] is not None:
            # The first line of a DN is the one that counts; a second one would be dead.
            lines.append(line if match.group(2) == to_bytes(vo) else names[match.group(1)] + b'\n')
            names[match.group(1)] = None
    missing = [to_bytes(dn) for dn in dns if names.pop(to_bytes(dn), None) is not None]
    if missing and lines and not lines[-1].endswith(b'\n'):
        lines[-1] += b'\n'
    return b''.join(lines) + b''.join(b'"' + dn + b'" ' + to_bytes(vo) + b'\n' for dn in missing)


def gridmap_entries(content):
    """DN to VO of a voms-gridmap.txt."""
    found = {}
    for line in (content or b'').splitlines():
        match = _MAPPING.match(line)
        if match:
            found.setdefault(to_native(match.group(1).decode('utf-8', 'replace')), to_native(match.group(2).decode('utf-8', 'replace')))
    return found


def dump(entries):
    """One object a line, keys sorted, ASCII: as mkauthmap writes it.

    The list is encoded in one go, as an object at a time takes three times as long on Python 2. The text at which lines are
    broken cannot occur within a JSON string, whose quotes are escaped.
    """
    lines = json.dumps(entries, sort_keys=True)[1:-1].replace('}, {"DN": ', '},\n {"DN": ')
    return ('[\n%s]\n' % (' %s\n' % lines if lines else '')).encode('ascii')


def load(content, name):
    """The list of users of an authmap.json.

    :raises CrabError: if it is anything else.
    """
    return _entries(content, name, overwrite_broken=False)


def users(entries):
    """The entries as the users that the authmap module takes; those without a DN left out."""
    return [{'dn': to_native(entry[u'DN']), 'login': entry.get(u'LOGIN'), 'name': entry.get(u'NAME'), 'roles': entry.get(u'ROLES') or {}}
            for entry in entries if isinstance(entry.get(u'DN'), text_type)]


def shown(entries):
    """Entries as text for a diff, without the password hashes of the SiteDB era."""
    return dump([dict(entry, PASSWD=u'********') if u'PASSWD' in entry else entry for entry in entries]) if entries else b''


def check_vo(vo):
    """Refuse what would break the line of a grid map."""
    if not _VO.match(to_native(vo)):
        raise CrabError('vo: %s is no name of a virtual organisation.' % _short(vo), 'Expected one such as cms.')


def problems(entries):
    """What the frontend or the REST would stumble over, a sentence each."""
    found, dns, logins = [], set(), set()
    for index, entry in enumerate(entries):
        dn, login, name, roles = (entry.get(key) for key in (u'DN', u'LOGIN', u'NAME', u'ROLES'))
        who = 'entry %d (%s)' % (index + 1, to_native(dn) if isinstance(dn, text_type) else 'no DN')
        if dn and dn in dns:
            found.append('%s: the DN occurs before; the first entry counts.' % who)
        if login and login in logins:
            found.append('%s: the login %s occurs before.' % (who, to_native(login)))
        if not login:
            found.append('%s: no LOGIN: the REST answers 403.' % who)
        if isinstance(name, text_type) and not _is_ascii(name):
            found.append('%s: the NAME is not ASCII: the REST refuses the signature of such headers with 403.' % who)
        if roles is not None and not (isinstance(roles, dict) and all(isinstance(scopes, list) for scopes in roles.values())):
            found.append('%s: the values of ROLES are not lists: the frontend answers 500.' % who)
        elif roles:
            wrong = sorted(to_native(scope) for scopes in roles.values() for scope in scopes
                           if not isinstance(scope, text_type) or len(scope.split(u':')) != 2)
            found += ['%s: the scope %s is not group:NAME or site:NAME: the REST answers 500.' % (who, scope) for scope in wrong]
        dns.add(dn)
        logins.add(login)
    return found


def checked(users):
    """(users with ASCII names and sorted scopes, warnings); all faults are told at once.

    :raises CrabError: naming the user and the key.
    """
    faults, warnings, wanted, seen = [], [], [], {}
    for index, user in enumerate(users):
        place = 'users[%d]' % index
        good = _checked_user(user, place, faults, warnings)
        for key in ('dn', 'login'):
            if good and good[key] in seen.setdefault(key, {}):
                faults.append('%s.%s: %s is the %s of %s already.' % (place, key, to_native(good[key]), key, seen[key][good[key]]))
            elif good:
                seen[key][good[key]] = place
        wanted.append(good)
    if faults:
        raise CrabError(faults[0] if len(faults) == 1 else '%d faults:\n  %s' % (len(faults), '\n  '.join(faults)))
    return wanted, warnings


def transliterated(text):
    """The text in ASCII; letters without a likeness are left out."""
    plain = unicodedata.normalize('NFKD', u''.join(_LETTERS.get(character, character) for character in text))
    return u' '.join(u''.join(character for character in plain if u' ' <= character < u'\x7f').split())


def _checked_user(user, place, faults, warnings):
    dn, login, name, roles = (user.get(key) for key in ('dn', 'login', 'name', 'roles'))
    before = len(faults)
    if not _is_text(dn) or not _DN.match(dn) or not _is_ascii(to_text(dn)):
        faults.append('%s.dn: expected a DN that starts with a slash, in ASCII and without quotes, such as /DC=ch/DC=cern/OU=Organic Units/OU=Users'
                      '/CN=alice/CN=123456/CN=Alice Example, found %s.' % (place, _short(dn)))
    if not _is_text(login) or not _LOGIN.match(login):
        faults.append('%s.login: expected letters, digits and ._- only, found %s.' % (place, _short(login)))
    if name is not None and not isinstance(name, (bytes, text_type)):
        faults.append('%s.name: expected text.' % place)
    elif name is not None:
        name = _ascii_name(to_text(name), place, faults, warnings)
    roles = _checked_roles(roles, '%s.roles' % place, faults) if roles is not None else None
    return None if len(faults) > before else {'dn': to_text(dn), 'login': to_text(login), 'name': name, 'roles': roles}


def _ascii_name(name, place, faults, warnings):
    if re.search(u'[\x00-\x1f\x7f]', name):
        faults.append('%s.name: the text has control characters.' % place)
        return name
    if _is_ascii(name):
        return name
    plain = transliterated(name)
    if not plain:
        faults.append('%s.name: no letter of it has a likeness in ASCII, and the REST refuses the signature of a name outside ASCII.' % place)
    else:
        warnings.append('%s.name is written as %s: the REST refuses the signature of a name outside ASCII.' % (place, to_native(plain)))
    return plain


def _checked_roles(roles, place, faults):
    if not isinstance(roles, dict):
        faults.append('%s: expected a dict of role to a list of scopes.' % place)
        return None
    result = {}
    for role in sorted(roles, key=lambda key: '%s' % (key,)):
        scopes = roles[role]
        if not _is_text(role) or not _ROLE.match(role):
            faults.append('%s: %s is no role; expected lower case letters, digits and - only, such as operator.' % (place, _short(role)))
        elif not isinstance(scopes, list):
            faults.append('%s.%s: expected a list of scopes such as group:crab3; anything else stops the frontend.' % (place, to_native(role)))
        else:
            wrong = [scope for scope in scopes if not _is_text(scope) or not _SCOPE.match(scope)]
            faults += ['%s.%s: %s is no scope; expected group:NAME or site:NAME with lower case letters, digits and -.'
                       % (place, to_native(role), _short(scope)) for scope in wrong]
            result[to_text(role)] = sorted(to_text(scope) for scope in scopes if scope not in wrong)
    return result


def _entries(content, name, overwrite_broken):
    try:
        entries = json.loads(content.decode('utf-8'))
        if not _is_list_of_objects(entries):
            raise ValueError('expected a list of objects')
        return entries
    except ValueError as error:
        if overwrite_broken:
            return []
        raise CrabError('%s is no list of users (%s): the frontend answers 500 to everybody.' % (name, _where(error)),
                        'Mend it, or have it written anew with overwrite_broken; nothing was changed.')


def _where(error):
    return re.sub(r"'[^']*'", '...', str(error)) if not isinstance(error, UnicodeError) else 'not UTF-8'


def _is_list_of_objects(entries):
    if isinstance(entries, bytes):
        try:
            entries = json.loads(entries.decode('utf-8'))
        except ValueError:
            return False
    return isinstance(entries, list) and all(isinstance(entry, dict) for entry in entries)


def _take_nameless(entries, first, wanted):
    """Deploy makes an entry without a DN for whoever installs. Where that is one of the users, it is theirs: of two with one login only the first counts."""
    for user in wanted:
        nameless = [entry for entry in entries if not entry.get(u'DN') and entry.get(u'LOGIN') == user['login']]
        if nameless and user['dn'] not in first:
            first[user['dn']] = nameless[0]


def _merge(entries, first, wanted, exact):
    done = {'added': [], 'changed': [], 'removed': [], 'before': [], 'after': []}
    new = {}
    for user in wanted:
        old = first.get(user['dn'])
        entry = _entry(user, old or {})
        kind = 'added' if old is None else 'changed' if entry != old else None
        new[user['dn']] = entry
        if kind:
            done[kind].append(to_native(user['dn']))
            done['before'] += [old] if old else []
            done['after'].append(entry)
    result, ours = [], dict((id(first[dn]), new[dn]) for dn in new if dn in first)
    for entry in entries:
        dn = entry.get(u'DN')
        if id(entry) in ours:
            result.append(ours[id(entry)])
        elif exact:
            done['removed'].append(to_native(dn) if isinstance(dn, text_type) else '')
            done['before'].append(entry)
        else:
            result.append(entry)
    return result + [new[user['dn']] for user in wanted if user['dn'] not in first], done


def _entry(user, old):
    """What the file shall hold: keys that are not ours, such as ID and PASSWD, stay."""
    entry = dict(old)
    entry[u'DN'], entry[u'LOGIN'] = user['dn'], user['login']
    entry[u'NAME'] = user['name'] if user['name'] is not None else old.get(u'NAME', user['login'])
    entry[u'ROLES'] = _same_order(user['roles'], old.get(u'ROLES')) if user['roles'] is not None else old.get(u'ROLES', {})
    return entry


def _same_order(roles, old):
    """The old roles if only the order of scopes differs: it has no meaning."""
    if isinstance(old, dict) and set(old) == set(roles) and all(isinstance(old[role], list) and sorted(old[role]) == roles[role] for role in roles):
        return old
    return roles


def _logins_taken(result, wanted):
    ours = dict((user['login'], user['dn']) for user in wanted)
    return ['The login %s belongs to %s as well, which is in authmap.json already; the first entry of a login counts.'
            % (to_native(entry[u'LOGIN']), to_native(entry[u'DN'])) for entry in result
            if entry.get(u'LOGIN') in ours and isinstance(entry.get(u'DN'), text_type) and entry[u'DN'] != ours[entry[u'LOGIN']]]


def _is_text(value):
    return isinstance(value, (bytes, text_type)) and bool(value)


def _is_ascii(text):
    return all(character < u'\x80' for character in text)


def _short(value):
    if value is None or value == '':
        return 'nothing'
    text = to_native(value) if isinstance(value, (bytes, text_type)) else str(value)
    return '"%s"' % (text if len(text) <= 60 else text[:57] + '...')
