# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An installed version that is started beside the one in force and asked, so that one that does not come up costs its users nothing.

It runs in a tree of its own, where `current` holds a copy of the version's configuration and of what starts it, with links to its packages
and secrets. Both `manage` and the launcher of role venv_install find everything relative to their own place, so they are tried as they are; only
the port and the address in the copy of config.py are others. State, logs and pid files are in that tree as well.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import fcntl
import os
import pwd
import re
import signal
import socket
import subprocess
import time

try:
    from urllib.parse import urlsplit
except ImportError:     # Python 2.7
    from urlparse import urlsplit

from ansible_collections.cmsweb.crab.plugins.module_utils import _accounts, _files, _probe, _service, _staticconfig, _versions
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes

FOLDER = _versions.CANDIDATE
ASKED = 'crabserver'
EVERYWHERE = ('0.0.0.0', '::')

# The names of the sections' variables are the file's own business. Only a Configuration of WMCore lists components.
OTHER_PLACE = """
# This copy is tried beside the version in force.
for _each in list(globals().values()):
    if hasattr(type(_each), 'listComponents_'):
        _each.section_('main').port = %d
        _each.section_('main').section_('server').socket_host = '127.0.0.1'
"""

# By a process of its own, which hears the end of the one that tries the version, however it comes.
END = 'cat > /dev/null; pkill -KILL -f "$TREE/state/"; rm -rf "$TREE"'


class Managed(_service.Service):
    """A backend in the tree of the candidate, driven by the version's own `manage`."""

    def where(self):
        return ''


class Launched(Managed):
    """A backend that the launcher of role venv_install starts; its unit is that of the version in force."""

    environment = 'bin/%s'
    group = None

    def pids(self):
        """Those of its process group. It has no pid file: WMCore would take one for a server that runs already."""
        return [process for process in _service._processes() if process['group'] == self.group]

    def call(self, action):
        if action == 'start':
            with open(os.devnull, 'r+b') as nowhere:
                self.group = subprocess.Popen(['runuser', '-u', self.account, '--', os.path.join(self.current, 'bin', self.name)], cwd='/',
                                              preexec_fn=os.setsid, stdin=nowhere, stdout=nowhere, stderr=nowhere, close_fds=True,
                                              env={'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'DONT_DAEMONIZE_REST': 'True', 'PYTHONUNBUFFERED': '1'}).pid
        else:
            for process in self.pids():
                os.kill(process['pid'], signal.SIGTERM)
        return 0, ''


def try_out(root, version, names, request, timeout):
    """Start these services of a version, and ask crabserver. Raises CrabError if one does not come up or does not answer.

    :param names: services; those that the version has not are left out
    :param request: dict(url, path, login, timeout, retries): where crabserver is asked when it is in force, and what
    :param timeout: seconds for each service to come up
    :returns: dict of seconds by service
    """
    if version not in _versions.installed(root):
        raise CrabError('%s is not installed in %s.' % (version, root), 'Run the stages deploy and config first.')
    tree, took = os.path.join(root, FOLDER), {}
    with _ended(tree):
        for name in names:
            if os.path.exists(os.path.join(root, version, 'config', name, 'config.py')):
                started = time.time()
                try:
                    _try_service(root, version, name, tree, request if name == ASKED else None, timeout)
                except CrabError as error:
                    raise CrabError('%s was tried beside the version in force, and will not do: %s' % (version, error), result=error.result)
                took[name] = round(time.time() - started, 1)
    return took


@contextlib.contextmanager
def _ended(tree):
    """Nothing is left of the candidate at the end, nor of one that was interrupted together with what watched over it."""
    settings = dict(os.environ, TREE=tree)
    with open(os.devnull) as nothing:
        subprocess.Popen(['/bin/sh', '-c', END], env=settings, stdin=nothing, cwd='/').communicate()
    watch = subprocess.Popen(['/bin/sh', '-c', END], env=settings, stdin=subprocess.PIPE, cwd='/', preexec_fn=os.setsid, close_fds=True)
    # Or the candidate would have the other end of the pipe.
    fcntl.fcntl(watch.stdin, fcntl.F_SETFD, fcntl.fcntl(watch.stdin, fcntl.F_GETFD) | fcntl.FD_CLOEXEC)
    try:
        yield
    finally:
        watch.communicate()


def _try_service(root, version, name, tree, request, timeout):
    port = _free_port()
    if request:
        _refuse_other_place(os.path.join(root, version, 'config', name, 'config.py'), request['url'])
    account = _accounts.of(root, name)
    _make(root, version, name, tree, port, pwd.getpwnam(account))
    launcher = os.path.exists(os.path.join(tree, 'current', 'bin', name))
    service = (Launched if launcher else Managed)(tree, name)
    service.account = account
    try:
        service.start(timeout)
        if request:
            key = os.path.join(root, version, 'auth', 'wmcore-auth', 'header-auth-key')
            _probe.insist(dict(_probe.DEFAULTS, header_key=key, **dict(request, url='http://127.0.0.1:%d' % port)))
    finally:
        service.stop(timeout)


def _refuse_other_place(path, url):
    """A version that listens where nobody asks would be found out only when it is in force."""
    settings = dict((key, entry['value']) for key, entry in _staticconfig.effective(_files.read(path), path).items())
    wanted = urlsplit(url)
    port, host = settings.get('main.port'), settings.get('srv.socket_host')
    if isinstance(port, int) and wanted.port and port != wanted.port:
        raise CrabError('main.port in %s is %d, and crabserver is asked on port %d.' % (path, port, wanted.port),
                        'Correct crabserver_config_settings, or verify_backend.')
    if host and not isinstance(host, dict) and re.match(r'[0-9.]+$', wanted.hostname or '') and host not in EVERYWHERE + (wanted.hostname,):
        raise CrabError('srv.socket_host in %s is %s, and crabserver is asked at %s.' % (path, host, wanted.hostname),
                        'Correct crabserver_config_settings, or verify_backend.')


def _make(root, version, name, tree, port, account):
    source, current = os.path.join(root, version), os.path.join(tree, 'current')
    for folder in [tree, current] + [os.path.join(current, part) for part in ('config', 'bin')] + [os.path.join(tree, part) for part in ('state', 'logs')]:
        if not os.path.isdir(folder):
            os.mkdir(folder, 0o755)
            os.chmod(folder, 0o755)
    state = os.path.join(root, 'state', name)
    parts = [part for part in _versions.names(state) if os.path.isdir(os.path.join(state, part))]
    for folder in [os.path.join(tree, 'logs', name), os.path.join(tree, 'state', name)] + [os.path.join(tree, 'state', name, part) for part in parts]:
        os.mkdir(folder, 0o700)
        os.chown(folder, account.pw_uid, account.pw_gid)
    for link, target in (('auth', 'auth'), ('apps', _apps(source))):
        if not os.path.lexists(os.path.join(current, link)):
            os.symlink(os.path.join(source, target), os.path.join(current, link))
    _copy(os.path.join(source, 'config', name), os.path.join(current, 'config', name))
    if os.path.exists(os.path.join(source, 'bin', name)):
        _copy(os.path.join(source, 'bin', name), os.path.join(current, 'bin', name))
    config = os.path.join(current, 'config', name, 'config.py')
    _files.replace(config, _files.read(config) + to_bytes(OTHER_PLACE % port))


def _apps(source):
    """The link `apps` of a version is made or renewed only when it is put in force; what it will point to is known from the repository."""
    repository = _versions.read_record(*os.path.split(source)).get('repository') or ''
    return 'apps.sw' + repository[len('comp'):] if repository.startswith('comp') else 'apps'


def _copy(source, target):
    code, output = _service.Service._run(['cp', '-a', source, target])
    if code != 0:
        raise CrabError('%s cannot be copied: %s' % (source, output.strip()))


def _free_port():
    with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]
