# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An installed version that is started beside the one in force and asked, so that one that does not come up costs its users nothing.

It runs in a tree of its own, where `current` holds a copy of the version's configuration and of what starts it, with links to its packages
and secrets. Both `manage` and the launcher of role venv_install find everything relative to their own place, so they are tried as they are; only
the port and the address in the copy of config.py are others. State, logs and pid files are in that tree as well. The frontend is the business of
_candidateweb.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import fcntl
import os
import pwd
import re
import signal
import subprocess

try:
    from urllib.parse import urlsplit
except ImportError:     # Python 2.7
    from urlparse import urlsplit

from ansible_collections.cmsweb.crab.plugins.module_utils import (
    _accounts, _candidateweb, _clock, _files, _listeners, _probe, _process, _service, _staticconfig, _versions)
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes

FOLDER = _versions.CANDIDATE
LOCK = os.path.join(_accounts.kept_in('/var/lock'), 'cmsweb-crab-candidate.lock')
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

# By a process of its own, which hears the end of the one that tries the version, however it comes. Killed at once, a web server would leave semaphores.
END = """
cat > /dev/null
pkill -TERM -f "$TREE/state/"
for i in $(seq 150); do pgrep -f "$TREE/state/" > /dev/null || break; sleep 0.1; done
pkill -KILL -f "$TREE/state/"
rm -rf "$TREE"
"""


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

    def alive(self):
        return bool(self.pids())

    def call(self, action):
        if action == 'start':
            with open(os.devnull, 'r+b') as nowhere:
                self.group = _process.start(['runuser', '-u', self.account, '--', os.path.join(self.current, 'bin', self.name)], cwd='/',
                                            preexec_fn=os.setsid, stdin=nowhere, stdout=nowhere, stderr=nowhere, close_fds=True,
                                            env={'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'DONT_DAEMONIZE_REST': 'True', 'PYTHONUNBUFFERED': '1'}).pid
        else:
            for process in self.pids():
                os.kill(process['pid'], signal.SIGTERM)
        return 0, ''


def try_out(root, version, names, request, timeout, frontend=None, say=lambda what: None):
    """Start these services of a version and ask crabserver, and its frontend. Raises CrabError if one does not come up or does not answer as it should.

    :param names: backends; those that the version has not are left out
    :param request: dict(url, path, login, timeout, retries): where crabserver is asked when it is in force, and what
    :param timeout: seconds for each service to come up
    :param frontend: the same for the frontend, or None; a version that has none is not asked
    :param say: function that is told what is being done
    :returns: dict(seconds by service, untried: reason by service, for one that cannot be tried on this host)
    """
    if version not in _versions.installed(root):
        raise CrabError('%s is not installed in %s.' % (version, root), 'Run the stages deploy and config first.')
    names = [name for name in names if os.path.exists(os.path.join(root, version, 'config', name, 'config.py'))]
    tried = _Tried(root, version, timeout, say)
    frontend = frontend if _candidateweb.present(root, version) else None
    try:
        with _ended(tried.tree):
            tried.make_tree()
            for name in names:
                tried.backend(name, *((request, frontend) if name == ASKED else (None, None)))
            if frontend and ASKED not in names:
                tried.frontend(frontend, None)
    except CrabError as error:
        raise CrabError('%s was tried beside the version in force, and will not do: %s' % (version, error), result=error.result)
    return {'seconds': tried.seconds, 'untried': tried.untried}


@contextlib.contextmanager
def _ended(tree):
    """Nothing is left of the candidate at the end, nor of one that was interrupted together with what watched over it."""
    settings = dict(os.environ, TREE=tree)
    with open(LOCK, 'a') as lock:
        # Held by the one that watches alone: a killed one's may still be at work.
        fcntl.flock(lock, fcntl.LOCK_EX)
        fcntl.fcntl(lock, fcntl.F_SETFD, fcntl.FD_CLOEXEC)

        def begin():
            os.setsid()
            fcntl.fcntl(lock, fcntl.F_SETFD, 0)
        with open(os.devnull) as nothing:
            _process.start(['/bin/sh', '-c', END], env=settings, stdin=nothing, cwd='/').communicate()
        watch = _process.start(['/bin/sh', '-c', END], env=settings, stdin=subprocess.PIPE, cwd='/', preexec_fn=begin, close_fds=False)
        # Or the candidate would have the other end of the pipe.
        fcntl.fcntl(watch.stdin, fcntl.F_SETFD, fcntl.fcntl(watch.stdin, fcntl.F_GETFD) | fcntl.FD_CLOEXEC)
        try:
            yield
        finally:
            watch.communicate()


class _Tried(object):
    """The tree of the candidate, how long each service took, and what could not be tried."""

    def __init__(self, root, version, timeout, say):
        self.root, self.version, self.timeout, self.say = root, version, timeout, say
        self.tree, self.seconds, self.untried = os.path.join(root, FOLDER), {}, {}

    def backend(self, name, request, frontend):
        """Start one, and ask it and the frontend before it if there are requests."""
        started, port = _clock.monotonic(), _listeners.free_ports(1)[0]
        self.say(name)
        if request:
            _refuse_other_place(os.path.join(self.root, self.version, 'config', name, 'config.py'), request['url'])
        account = _accounts.of(self.root, name)
        _make_backend(self.root, self.version, name, self.tree, port, pwd.getpwnam(account))
        launcher = os.path.exists(os.path.join(self.tree, 'current', 'bin', name))
        service = (Launched if launcher else Managed)(self.tree, name)
        service.account = account
        try:
            service.start(self.timeout)
            if request:
                key = os.path.join(self.root, self.version, 'auth', 'wmcore-auth', 'header-auth-key')
                _probe.insist(dict(_probe.DEFAULTS, header_key=key, **dict(request, url='http://127.0.0.1:%d' % port)))
            self.seconds[name] = round(_clock.monotonic() - started, 1)
            if frontend:
                self.frontend(frontend, (urlsplit(request['url']).port, port))
        finally:
            service.stop(self.timeout)

    def frontend(self, request, ports):
        started = _clock.monotonic()
        self.say('frontend')
        try:
            _candidateweb.try_out(self.root, self.version, self.tree, ports, request, self.timeout)
            self.seconds['frontend'] = round(_clock.monotonic() - started, 1)
        except _candidateweb.Untried as reason:
            self.untried['frontend'] = str(reason)

    def make_tree(self):
        source, current = os.path.join(self.root, self.version), os.path.join(self.tree, 'current')
        for folder in [self.tree, current] + [os.path.join(current, part) for part in ('config', 'bin')] + [
                os.path.join(self.tree, part) for part in ('state', 'logs')]:
            os.mkdir(folder, 0o755)
            os.chmod(folder, 0o755)
        for link, target in (('auth', 'auth'), ('apps', _apps(source))):
            os.symlink(os.path.join(source, target), os.path.join(current, link))


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


def _make_backend(root, version, name, tree, port, account):
    source, current = os.path.join(root, version), os.path.join(tree, 'current')
    state = os.path.join(root, 'state', name)
    parts = [part for part in _versions.names(state) if os.path.isdir(os.path.join(state, part))]
    for folder in [os.path.join(tree, 'logs', name), os.path.join(tree, 'state', name)] + [os.path.join(tree, 'state', name, part) for part in parts]:
        os.mkdir(folder, 0o700)
        os.chown(folder, account.pw_uid, account.pw_gid)
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
