# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tells VOMS clients where the servers of a VO are: vomses lines and LSC files."""
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re

from ansible_collections.cmsweb.crab.plugins.module_utils import _files
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes, to_native

FIELDS = ('alias', 'host', 'port', 'dn', 'issuer_dn')


def checked(vo, endpoints):
    """Raise unless every endpoint is complete; the message names the place."""
    if not re.match(r'^[A-Za-z0-9._-]+$', vo):
        raise CrabError('vo: %r is no name of a VO.' % vo)
    for index, endpoint in enumerate(endpoints):
        place = 'endpoints[%d]' % index
        for field in FIELDS:
            if not endpoint.get(field):
                hint = 'An endpoint has %s, and lsc_host if the server names itself otherwise.' % ', '.join(FIELDS)
                raise CrabError('%s.%s is missing.' % (place, field), hint)
        for field in ('dn', 'issuer_dn'):
            if not re.match(r'^/[^"\n]+$', endpoint[field]):
                raise CrabError('%s.%s: %s is no DN.' % (place, field, endpoint[field]), 'It starts with a slash, as in /DC=ch/DC=cern/CN=...')
        for field in ('host', 'alias', 'lsc_host'):
            if endpoint.get(field) and not re.match(r'^[A-Za-z0-9._-]+$', endpoint[field]):
                raise CrabError('%s.%s: %s has other than letters, digits, dots and dashes.' % (place, field, endpoint[field]))


def vomses_line(vo, endpoint):
    """Five fields in quotes: with four the C++ client refuses the file."""
    return ' '.join('"%s"' % value for value in (endpoint['alias'], endpoint['host'], endpoint['port'], endpoint['dn'], vo)) + '\n'


def lsc(endpoint):
    """The DN of the server, then that of its issuer."""
    return '%s\n%s\n' % (endpoint['dn'], endpoint['issuer_dn'])


def wanted(vo, endpoints, vomses_dir, vomsdir):
    """Content by path. The LSC file has the name that the server gives itself in its attribute certificates."""
    files = {}
    for endpoint in endpoints:
        name = endpoint.get('lsc_host') or endpoint['host']
        files[os.path.join(vomses_dir, '%s-%s' % (vo, endpoint['host']))] = vomses_line(vo, endpoint)
        files[os.path.join(vomsdir, vo, name + '.lsc')] = lsc(endpoint)
    return files


def endpoints_of(vo, vomses_dir, vomsdir):
    """The endpoints that the files of a host tell of, in the form of the option endpoints; the other way round than wanted().

    An LSC file belongs to the vomses line of the same host, or of the same DN where the server names itself otherwise.
    """
    trusted = {}
    for name in _names(os.path.join(vomsdir, vo)):
        lines = [line.strip() for line in to_native(_files.read(os.path.join(vomsdir, vo, name)) or b'').splitlines() if line.strip()]
        if name.endswith('.lsc') and len(lines) > 1:
            trusted[name[:-len('.lsc')]] = lines[:2]
    found = []
    for path in [vomses_dir] if os.path.isfile(vomses_dir) else [os.path.join(vomses_dir, name) for name in _names(vomses_dir)]:
        for line in to_native(_files.read(path)).splitlines() if os.path.isfile(path) else []:
            if not _is_of(vo, line):
                continue
            alias, host, port, dn = re.findall(r'"([^"]*)"', line)[:4]
            lsc_host = host if host in trusted else ([name for name in sorted(trusted) if trusted[name][0] == dn] + [None])[0]
            if lsc_host:
                endpoint = dict(zip(('dn', 'issuer_dn'), trusted[lsc_host]), alias=alias, host=host, port=int(port), lsc_host=lsc_host)
                found += [endpoint] if endpoint not in found else []
    return found


def stale(vo, keep, vomses_dir, vomsdir):
    """(files to remove, content by path of files that lose the lines of this VO)."""
    remove, rewrite = [], {}
    folder = os.path.join(vomsdir, vo)
    remove += [os.path.join(folder, name) for name in _names(folder) if name.endswith('.lsc') and os.path.join(folder, name) not in keep]
    for name in _names(vomses_dir):
        path = os.path.join(vomses_dir, name)
        if path in keep or not os.path.isfile(path):
            continue
        lines = to_native(_files.read(path)).splitlines(True)
        others = [line for line in lines if not _is_of(vo, line)]
        if len(others) == len(lines):
            continue
        if any(line.strip() and not line.lstrip().startswith('#') for line in others):
            rewrite[path] = ''.join(others)
        else:
            remove.append(path)
    return sorted(remove), rewrite


def apply(vo, endpoints, vomses_dir, vomsdir, purge, check):
    """Bring the files to what is wanted. Returns (changed, before, after): the contents of the files that change, by path."""
    checked(vo, endpoints)
    if os.path.isfile(vomses_dir):
        raise CrabError('%s is a file, and a folder was expected.' % vomses_dir, 'Move it away, or name another vomses_dir.')
    files = wanted(vo, endpoints, vomses_dir, vomsdir)
    remove, rewrite = stale(vo, files, vomses_dir, vomsdir) if purge else ([], {})
    files.update(rewrite)
    before, after, changed = {}, {}, False
    for path, content in sorted(files.items()):
        old = _files.read(path)
        if not check:
            _make_folder(os.path.dirname(path))
        if _files.replace(path, to_bytes(content), mode=0o644, check=check)['changed']:
            changed = True
            before[path], after[path] = '' if old is None else to_native(old), content
    for path in remove:
        changed = True
        before[path] = to_native(_files.read(path))
        if not check:
            os.unlink(path)
    return changed, before, after


def _make_folder(folder):
    if not os.path.isdir(folder):
        _make_folder(os.path.dirname(folder))
        os.mkdir(folder, 0o755)


def _is_of(vo, line):
    fields = re.findall(r'"([^"]*)"', line)
    return bool(fields) and not line.lstrip().startswith('#') and (fields[-1] == vo if len(fields) == 5 else fields[0] == vo)


def _names(folder):
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []
