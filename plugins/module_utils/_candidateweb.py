# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The frontend of an installed version, started beside the one in force and asked.

Deploy makes a frontend's configuration only when it puts the version in force. So the version's own `mkserver` makes it here, called as the recipes of
HG1803f to HG2604a call it, for the folders of the candidate's tree; then only the ports are changed. Certificates and keys are the host's own. What is
asked with is a certificate of the host, which copies of the two maps know.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import glob
import os
import re
import shutil
import socket
import subprocess
import time

try:
    from urllib.parse import urlsplit
except ImportError:     # Python 2.7
    from urlparse import urlsplit

from ansible_collections.cmsweb.crab.plugins.module_utils import (
    _accounts, _authmap, _clock, _files, _http, _listeners, _probe, _process, _procfs, _proxy, _service, _versions, _x509)
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_native

CONFIGURATION = os.path.join('config', 'frontend', 'frontend.conf')
SERVICE_PAIR = ('auth/crabserver/dmwm-service-cert.pem', 'auth/crabserver/dmwm-service-key.pem')
TRUST = '/etc/grid-security/certificates'
HEADER_KEY, FRONTENDS_NAME = 'auth/wmcore-auth/header-auth-key', 'authz-headers'
TABLES = {'prod': 'backends-prod.txt', 'preprod': 'backends-preprod.txt'}
# What the recipe changes afterwards where it deploys for one account, which is not root.
OWN_PORTS = {'80': '8080', '443': '8443'}
REFUSED = (401, 403)
LISTEN = re.compile(r'^([ \t]*Listen[ \t]+)(?:(\S+):)?(\d+)\b', re.MULTILINE)

# The configuration may name any variable of the environment between two @.
MAKE = """
. "$TREE/current/apps/frontend/etc/profile.d/init.sh" || exit
export CONFIG_DIR=$TREE/current/config/frontend STATEDIR=$TREE/state/frontend
export AUTH_JSON_MAP=$STATEDIR/etc/authmap.json HOST_MAP_FILE=$CONFIG_DIR/$MAP
set -- -r "$STATEDIR" -l "$TREE/logs/frontend" -a "${APACHE24_ROOT:-$APACHE2_ROOT}" -u "$ACCOUNT" -o "$OPTIONS" -p "$CONFIG_DIR/mpm.conf" \\
  -c "$CONFIG_DIR/frontend.conf" -d "$CONFIG_DIR/htdocs"
for folder in $APACHE24_SETUP_ROOT $FRONTEND_ROOT; do
  ! ls "$folder"/etc/env.d/*.sh > /dev/null 2>&1 || set -- "$@" -e "$folder/etc/env.d/*.sh"
done
[ -z "$MOD_PERL24_ROOT" ] || set -- "$@" -m "perl_module:$MOD_PERL24_ROOT/modules/mod_perl.so"
[ -z "$MOD_WSGI24_ROOT" ] || set -- "$@" -m "wsgi_module:$MOD_WSGI24_ROOT/modules/mod_wsgi.so"
exec mkserver "$@"
"""
# Not by `manage start`: what that ends first may be the server in force.
START = """
export LD_LIBRARY_PATH=${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$ROOT/state/frontend/libs:/usr/lib64
. "$TREE/current/apps/frontend/etc/profile.d/init.sh" || exit
exec "$TREE/state/frontend/etc/httpd" start
"""


class Untried(Exception):
    """Why the frontend cannot be tried on this host, as the end of a sentence."""


def present(root, version):
    """Whether the version has a frontend at all."""
    return os.path.exists(os.path.join(root, version, CONFIGURATION))


def try_out(root, version, tree, ports, request, timeout):
    """Start the frontend of a version in the candidate's tree, and ask it; it is ended together with the tree. Raises CrabError if it does not serve as
    it should, and Untried where that cannot be found out.

    :param ports: that of crabserver in the version's configuration, and that of its candidate, which runs; None if the version has no crabserver
    :param request: dict(url, path, login, timeout, retries): where the frontend is asked when it is in force, and what
    """
    in_force, pair = _in_force(root), _client(root, version)
    try:
        _make(root, version, tree, ports, in_force, request['path'])
        _make_maps(root, tree, pair[0], request['login'])
        port = _move(root, tree, urlsplit(request['url']).port or 443)
        _start(root, tree, port, timeout)
        _ask(pair, port, request)
    except CrabError as error:
        raise CrabError('its frontend: %s%s' % (error.args[0], _log(tree)), result=error.result)


# What the host has ------------------------------------------------------------------------------------

def _in_force(root):
    """What the recipe gives every version on this host alike, out of the frontend in force: dict of account and options."""
    path = os.path.join(root, 'state', 'frontend', 'server.conf')
    text = _read(path)
    account = [re.search(r'^%s[ \t]+(\S+)' % word, text, re.MULTILINE) for word in ('User', 'Group')]
    if None in account:
        raise Untried('%s, that of the one in force, tells no account' % path)
    return {'account': to_native(u':'.join(match.group(1) for match in account)),
            'options': _told(os.path.join(root, 'state', 'frontend', 'etc', 'options.txt')).strip()}


def _client(root, version):
    """Certificate and key that any frontend of this host must take from a client."""
    reasons = []
    for pair in _service.host_certificate(root), tuple(os.path.join(root, version, path) for path in SERVICE_PAIR):
        if all(os.path.exists(path) for path in pair):
            code, output, errors = _x509.openssl(['verify', '-purpose', 'sslclient', '-allow_proxy_certs', '-crl_check_all', '-CApath', TRUST,
                                                  '-untrusted', pair[0], pair[0]])
            if code == 0 and 'error' not in output:
                return pair
            found = re.search(r'error \d+ at \d+ depth lookup:\s*(.*)', output + errors)
            reasons.append('%s is no certificate of a client: %s' % (pair[0], found.group(1).strip() if found else 'openssl verify fails'))
    raise Untried('; '.join(reasons) or 'there is no certificate to ask it with')


def _is_here(name):
    """Whether a name or address is this host's."""
    try:
        addresses = set(entry[4][0] for entry in socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM))
        for address in addresses:
            with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
                probe.bind((address, 0))
    except (socket.error, UnicodeError):
        return False
    return True


# Its configuration ------------------------------------------------------------------------------------

def _make(root, version, tree, ports, in_force, path):
    """As Deploy would make it, but for crabserver's port where this host is the backend."""
    old, state, config = os.path.join(root, 'state', 'frontend'), os.path.join(tree, 'state', 'frontend'), os.path.join(tree, 'current', 'config', 'frontend')
    for folder in [os.path.join(tree, 'logs', 'frontend'), state] + [os.path.join(state, part) for part in ('etc', 'etc/keys', 'var', 'logs')]:
        os.mkdir(folder, 0o755)
        os.chmod(folder, 0o755)
    writer = os.stat(os.path.join(old, 'var'))
    os.chown(os.path.join(state, 'var'), writer.st_uid, writer.st_gid)
    os.chmod(os.path.join(state, 'var'), 0o775)
    for name in _versions.names(os.path.join(old, 'etc', 'keys')):
        os.symlink(os.path.join(root, version, HEADER_KEY) if name == FRONTENDS_NAME else os.path.join(old, 'etc', 'keys', name),
                   os.path.join(state, 'etc', 'keys', name))
    shutil.copytree(os.path.join(root, version, 'config', 'frontend'), config, symlinks=True)
    backends = _backends(root, version)
    if ports and _point_here(os.path.join(config, backends), path):
        for name in _texts(config):
            _write(name, re.sub(r'\b%d\b' % ports[0], '%d' % ports[1], _read(name)))
    code, output = _shell(MAKE, root, tree, MAP=backends, ACCOUNT=in_force['account'], OPTIONS=in_force['options'])
    if code != 0 or not os.path.exists(os.path.join(state, 'server.conf')):
        raise CrabError('mkserver ended with %d: %s.' % (code, output.strip()[-500:]), 'Deploy would fail like this: see config/frontend of the version.')


def _backends(root, version):
    """The name of the table of backends, by the variant of the recipe."""
    services = _versions.read_record(root, version).get('services') or []
    return TABLES.get((re.findall(r'(?:^|,)frontend/(\w+)', ','.join(services)) or [''])[0], 'backends-dev.txt')


def _point_here(table, path):
    """Have the backends that are this host, by whatever name, in the table as the loopback, where the candidate is. Returns whether crabserver's is one."""
    lines, found = _read(table).splitlines(True), {}
    for uri in (path, '/auth/complete' + path):     # the real frontend looks up both, one after the other
        for number, line in enumerate(lines):
            match = re.match(r'(\s*(?!#)(\S+)\s+)(\S+)(.*)', line, re.DOTALL)
            if match and _matches(match.group(2), uri):
                if any(_is_here(host) for host in match.group(3).split('|')):
                    found[number] = match.group(1) + 'localhost' + match.group(4)
                break
    if found:
        _write(table, u''.join(found.get(number, line) for number, line in enumerate(lines)))
    return bool(found)


def _matches(pattern, uri):
    try:
        return bool(re.search(pattern, uri))
    except re.error:        # what only Perl understands
        return False


def _make_maps(root, tree, certificate, login):
    """Those of the host, and in them whose certificate it is asked with."""
    old, new = os.path.join(root, 'state', 'frontend', 'etc'), os.path.join(tree, 'state', 'frontend', 'etc')
    dn = _proxy.identity_of(_x509.read_certificate(certificate).subject)
    authmap = _authmap.update(_files.read(os.path.join(old, 'authmap.json')), 'authmap.json', [{'dn': dn, 'login': login}], overwrite_broken=True)['content']
    gridmap = _authmap.gridmap(_files.read(os.path.join(old, 'voms-gridmap.txt')), [dn])
    for name, content in (('authmap.json', authmap), ('voms-gridmap.txt', gridmap)):
        _files.replace(os.path.join(new, name), content, mode=0o644)


def _move(root, tree, wanted):
    """Other ports, on the loopback alone. Returns that of the place where it will be asked."""
    path = os.path.join(tree, 'state', 'frontend', 'server.conf')
    text = _read(path)
    if _accounts.single(root):
        text = re.sub(r'(Listen |\*:)(80|443)\b', lambda match: match.group(1) + OWN_PORTS[match.group(2)], text)
        for word, value in zip(('SSLCertificateFile', 'SSLCertificateKeyFile'), _service.host_certificate(root)):
            text = re.sub(r'\b%s[ \t].*' % word, '%s %s' % (word, value), text)
    places = [(match.group(2), int(match.group(3))) for match in LISTEN.finditer(text)]
    _refuse_other_places(root, places, wanted)
    free = dict(zip(sorted(set(port for address, port in places)), _listeners.free_ports(len(places))))
    text = LISTEN.sub(lambda match: '%s127.0.0.1:%d' % (match.group(1), free[int(match.group(3))]), text)
    # httpd refuses a port that is named twice, which those of one account may be.
    text = re.sub(r'(?m)^(Listen .*\n)(?=(?:.*\n)*\1)', '', text)
    text = re.sub(r'<VirtualHost[ \t][^>]*>',
                  lambda match: re.sub(r'[^\s:]+:(\d+)\b', lambda place: '*:%d' % free.get(int(place.group(1)), int(place.group(1))), match.group(0)), text)
    # Where somebody has written a path in full.
    for part in ('state/frontend', 'logs/frontend', 'current'):
        text = text.replace(os.path.join(root, part) + '/', os.path.join(tree, part) + '/')
    _write(path, text)
    return free[wanted]


def _refuse_other_places(root, places, wanted):
    """One that listens where nobody asks, or cannot listen, would be found out only when it is in force."""
    state = os.path.join(root, 'state', 'frontend')
    in_force = [int(match.group(3)) for match in LISTEN.finditer(_read(os.path.join(state, 'server.conf')))]
    if wanted not in in_force:
        raise Untried('the one in force does not listen on port %d, where verify_url asks it' % wanted)
    if wanted not in [port for address, port in places]:
        raise CrabError('it listens on port %s, and is asked on port %d.' % (', '.join(sorted(set(str(port) for address, port in places))) or 'none', wanted),
                        'Correct the Listen lines in config/frontend of the version, or verify_url.')
    given_up = in_force if _procfs.naming(state + '/') else []
    for address, port in places:
        if address and '[' not in address and not _is_here(address):
            raise CrabError('it would listen at %s, which is no address of this host.' % address, 'Correct the Listen lines in config/frontend of the version.')
        holder = _listeners.holder(port) if port not in given_up else None
        if holder:
            raise CrabError('it would listen on port %d, which %s (process %s) has.' % (port, holder['name'], holder['pid']),
                            'Stop that process, or correct the Listen lines in config/frontend of the version.')


# Running it -------------------------------------------------------------------------------------------

def _start(root, tree, port, timeout):
    deadline = _clock.monotonic() + timeout
    code, output = _shell(START, root, tree)
    while _clock.monotonic() < deadline and _procfs.naming(os.path.join(tree, 'state', 'frontend') + '/'):
        with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as client:
            if client.connect_ex(('127.0.0.1', port)) == 0:
                return
        time.sleep(0.1)
    raise CrabError('it does not start (%d): %s' % (code, output.strip()[-500:]))


def _ask(pair, port, request):
    """It must hand the request of somebody it knows to a REST, and refuse that of somebody it does not know, with a certificate that users can trust."""
    host = urlsplit(request['url']).hostname
    url = 'https://%s:%d' % (host, port)
    asked = {'path': request['path'], 'address': '127.0.0.1', 'timeout': request['timeout'], 'check_server': False}
    said = _probe.insist(dict(_probe.DEFAULTS, url=url, certificate=pair[0], key=pair[1], retries=request['retries'], **asked))
    if 'result' not in (said['json'] or {}):
        raise CrabError('%s answers %s, which is no answer of a REST.' % (url + request['path'], said['said']), 'See app_crabserver_ssl.conf of the version.')
    try:
        answer = _http.get(url, headers={}, **asked)
    except _http.NoAnswer as error:
        raise CrabError('without a certificate it does not answer at all (%s).' % error)
    if answer.status not in REFUSED:
        raise CrabError('it answers %d to a request without a certificate, not %d.' % (answer.status, REFUSED[-1]), 'See auth.conf and cmsauth of the version.')
    fault = _x509.fault(_x509.first_certificate(answer.certificate, 'the answer'), host, _clock.now())
    if fault:
        raise CrabError('its certificate cannot serve: %s.' % fault, 'See SSLCertificateFile in config/frontend of the version.')


def _log(tree):
    """The end of its log, which goes away with the tree."""
    lines = [line for path in sorted(glob.glob(os.path.join(tree, 'logs', 'frontend', 'error_log*'))) for line in _told(path).splitlines() if line.strip()]
    return '\nThe end of its log:\n%s\n' % '\n'.join(lines[-4:]) if lines else ''


def _shell(script, root, tree, **settings):
    """(code, output) of a script. What it leaves running may keep its output, so that is a file."""
    path = os.path.join(tree, 'logs', 'frontend', 'said.txt')
    with open(os.devnull) as nothing, open(path, 'wb') as target:
        code = _process.start(['bash', '-lc', 'umask 022\n' + script], env=dict(os.environ, ROOT=root, TREE=tree, **settings), stdin=nothing, stdout=target,
                              stderr=subprocess.STDOUT, cwd='/', close_fds=True).wait()
    return code, _told(path)


def _texts(folder):
    return [os.path.join(inner, name) for inner, folders, files in os.walk(folder) for name in files if name.endswith(('.conf', '.txt'))]


def _read(path):
    """Text of which every byte is a character, so that it is written back as it was, whatever its encoding."""
    return (_files.read(path) or b'').decode('latin-1')


def _write(path, text):
    _files.replace(path, text.encode('latin-1'), mode=0o644)


def _told(path):
    """Text for a message."""
    return to_native((_files.read(path) or b'').decode('utf-8', 'replace'))
