# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The services of a deployed tree, through their `manage` scripts, or those of a host by systemd or by init scripts.

Whether a restart is needed is read off the host: a service that started before a file that it reads only at
its start was last changed runs with an old configuration. So an interrupted play needs no memory of what it changed.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import glob
import os
import pwd
import re
import time

from ansible_collections.cmsweb.crab.plugins.module_utils import _accounts, _clock, _crontab, _deploy, _files, _process, _procfs, _versions
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes, to_native

PHRASE = 'I did read documentation'
READY = 'ENGINE Bus STARTED'
UNITS = '/etc/systemd/system'
UNIT = UNITS + '/cmsweb-crab.service'
TMPFILES = '/etc/tmpfiles.d/cmsweb-crab.conf'
PID_FILES = ('*.pid', '*/*.pid')      # below state/NAME
HTTPD_PID_FILE = 'var/httpd.pid'      # below state/frontend; httpd writes it anew whenever it has read its configuration
CLOCKS = 0.1        # seconds that the start of a process and the time of a file may differ by
PATIENCE = 5        # seconds until a graceful restart that was lost is asked for again; as long as httpd keeps an idle connection open
INIT = '/etc/init.d'
SYSV_LINKS = '/etc/rc.d/rc[2345].d/S*httpd'      # Deploy has the frontend started by these as well, which know no order

# The last lines of a server that ends at its start, by what they contain: WMCore's and CRABInterface's own texts.
START_CAUSES = (
    ('Request requires a host certificate and key', 'auth/%(name)s/dmwm-service-{cert,key}.pem are missing: run the stages voms and config.'),
    ("has no attribute 's3_bucket'", 'config.py lacks data.s3_bucket, which this release needs: see crabserver_config_settings.'),
    ("has no attribute 'mode'", 'config.py lacks data.mode: see crabserver_config_mode.'),
    ('Internal issue when retrieving', 'The URL of the external configuration answers no 2xx: see crabserver_config_external_url.'),
    ('DecodeError', 'What the URL of the external configuration answers is not JSON: see crabserver_config_external_url.'),
    ('pycurl.error', 'The URL of the external configuration cannot be reached from this host: see crabserver_config_external_url.'),
    ("has no attribute 'status'", 'The external configuration must have an http or https URL: see crabserver_config_external_url.'),
    ("'NoneType' object does not support item assignment", 'The external configuration has no such mode: see crabserver_config_mode.'),
    ('KeyError', 'The external configuration lacks this key or mode: see crabserver_config_external and crabserver_config_mode.'),
    ('Address already in use', 'Another process listens on the port of %(name)s.'),
    (' not free on ', 'Another process listens on the port of %(name)s, or srv.socket_host is no address of this host.'),
    ('No module named', 'The server cannot import this module: see the PYTHONPATH in %(environment)s.'),
)


class Service(object):
    """A backend: WMCore's REST server under an account of its own, or under the one of a tree that has one only."""

    restart_word = 'restarted'
    environment = 'apps/%s/etc/profile.d/init.sh'

    def __init__(self, root, name):
        self.root, self.name, self.account = root, name, _accounts.of(root, name)
        self.manage = os.path.join(root, 'current', 'config', name, 'manage')
        self.current = os.path.join(root, 'current')

    def missing(self):
        """What would drive the service, if it is not there."""
        return None if os.path.exists(self.manage) else self.manage

    def read_at_start(self):
        """Files that a running server does not look at again."""
        # Not the service certificate: WMCore and CRABInterface keep its path, and libcurl opens it for each connection. So a renewed one is in use at once.
        return ([os.path.join(self.current, 'config', self.name, 'config.py'), os.path.join(self.current, 'auth', 'wmcore-auth', 'header-auth-key')]
                + sorted(glob.glob(os.path.join(self.current, 'auth', self.name, '*.py'))))

    def pids(self):
        """The process group that the pid file names, without the logger that is started beside it."""
        content = _files.read(os.path.join(self.root, 'state', self.name, self.name + '.pid'))
        match = re.match(r'\s*(\d+)', to_native(content or b''))
        if not match:
            return []
        return [process for process in _processes() if process['group'] == int(match.group(1)) and process['name'] != 'rotatelogs']

    def find(self):
        """(pid, when it started in seconds since the epoch) of the running service; None if it does not run."""
        processes = self.pids()
        if not processes:
            return None
        first = min(processes, key=lambda process: process['started'])
        return first['pid'], first['started']

    def retried(self):
        """Whether somebody will start the service again that does not run now."""
        return False

    def call(self, action):
        return self._run(_accounts.login(self.account, "%s %s '%s'" % (self.manage, action, PHRASE)))

    def status(self):
        """(code, text) of what the service says of itself: 0 running, 1 not, 2 a stale pid file."""
        code, output = self.call('status')
        return code, re.sub(r'\x1b\[[0-9;]*m', '', output).strip()

    def version(self):
        """What `manage version` prints; empty where it knows none."""
        code, output = self.call('version') if os.path.exists(self.manage) else (1, '')
        return output.strip().splitlines()[-1] if code == 0 and output.strip() else ''

    def refresh(self, timeout):
        """Put changed files in force."""
        self.start(timeout)

    def restart(self, timeout):
        self.start(timeout)

    def start(self, timeout):
        """`manage start` stops a running server first. Returns when the server is ready for its first request."""
        logs = self._sizes()
        code, output = self.call('start')
        if code != 0:
            raise CrabError('%s: manage start ended with %d: %s' % (self.name, code, output.strip()[-500:]))
        deadline, gone = _clock.monotonic() + timeout, 0
        while _clock.monotonic() < deadline and gone < 2:
            if READY in self._said(logs):
                return
            gone = 0 if self.alive() else gone + 1
            time.sleep(0.1)
        said, why = self._said(logs), ': it ended' if gone else ' within %d s' % timeout
        raise CrabError('%s did not start%s. The end of its log:\n%s\n' % (self.name, why, '\n'.join(said.splitlines()[-8:])), self._cause(said))

    def stop(self, timeout):
        code, output = self.call('stop')
        deadline = _clock.monotonic() + timeout
        while self.pids():
            if _clock.monotonic() > deadline:
                raise CrabError('%s still runs %d s after manage stop (%d): %s' % (self.name, timeout, code, output.strip()[-500:]))
            time.sleep(0.1)

    def alive(self):
        """Whether there is a process of it, also one that has written no pid file yet."""
        return bool(_procfs.naming(os.path.join(self.root, 'state', self.name)))

    def _logs(self):
        return sorted(glob.glob(os.path.join(self.root, 'logs', self.name, self.name + '-*.log')))

    def _sizes(self):
        return dict((path, os.path.getsize(path)) for path in self._logs())

    def _said(self, sizes):
        """What the logs have more than those sizes, the newest last; two versions may give theirs different names."""
        return ''.join(self._since(path, sizes.get(path, 0)) for path in sorted(self._logs(), key=os.path.getmtime))

    @staticmethod
    def _since(path, size):
        with open(path, 'rb') as log:
            log.seek(size)
            return to_native(log.read().decode('utf-8', 'replace'))

    def _cause(self, said):
        for text, cause in START_CAUSES:
            if text in said:
                return cause % {'name': self.name, 'environment': self.environment % self.name}
        return self.where()

    def where(self):
        """Where to look for the reason of a failure."""
        return 'See %s.' % os.path.join(self.root, 'logs', self.name)

    @staticmethod
    def _run(command):
        try:
            return _process.run(command, cwd='/')
        except OSError as error:
            return 127, '%s: %s' % (command[0], os.strerror(error.errno))   # as a shell has it


class Frontend(Service):
    """Apache: started as root, serving in children of _frontend; in a tree of one account, all of it is that one's. A graceful restart is enough for its
    files."""

    restart_word = 'graceful'
    signals = ('start', 'restart', 'stop', 'graceful')      # what manage does to the process of the pid file; the rest only looks

    def read_at_start(self):
        etc = os.path.join(self.root, 'state', self.name, 'etc')
        return [os.path.join(etc, 'voms-gridmap.txt'), os.path.join(etc, 'keys', 'authz-headers'),
                os.path.join(self.root, 'state', self.name, 'server.conf')] + list(host_certificate(self.root)) + [
                    os.path.join(self.current, 'config', self.name, 'backends-dev.txt')]

    def pids(self):
        """The children, which serve."""
        try:
            uid = pwd.getpwnam(self.account).pw_uid
        except KeyError:
            return []
        found = [process for process in _processes(uid) if process['name'] != 'rotatelogs']
        if _accounts.single(self.root):
            found = [process for process in found if os.path.join(self.root, 'state', self.name) + '/' in _procfs.command_line(process['pid'])]
            return [process for process in found if process['parent'] in [other['pid'] for other in found]]
        return found

    def _numbers(self):
        return set(process['pid'] for process in self.pids())

    def call(self, action):
        if action in self.signals:
            self._forget_others()
        return self._run(_accounts.login(_accounts.single(self.root) or 'root', "%s %s '%s'" % (self.manage, action, PHRASE)))

    def _forget_others(self):
        """Remove a pid file that was left by a crash or power cut and whose number is somebody else's by now: `manage`, as root, would end that process,
        sshd for example, and wait for it. A process that began after the file was written is not the one that it names."""
        state = os.path.join(self.root, 'state', self.name)
        for path in sum((glob.glob(os.path.join(state, pattern)) for pattern in PID_FILES), []):
            match = re.match(r'\s*(\d+)', to_native(_files.read(path) or b''))
            named = [process for process in _processes() if match and process['pid'] == int(match.group(1))]
            parents = [process['parent'] for process in self.pids()]
            if named and named[0]['pid'] not in parents and named[0]['started'] > os.stat(path).st_mtime + 1:
                os.remove(path)

    def find(self):
        """Of the children that have read the present files. Older ones finish the request that they are at, and take no other."""
        children = self.pids()
        read_at = self._read_at()
        serving = [child for child in children if child['started'] >= read_at - CLOCKS] or children
        if not serving:
            return None
        first = min(serving, key=lambda child: child['started'])
        return first['pid'], first['started']

    def refresh(self, timeout):
        """`graceful` returns at once, and httpd loses the signal while it starts. So it is sent again until httpd has read its files, and its new children
        serve. An old child that has a long request may stay."""
        self._refuse_wrong_configuration()
        old, read_at, calls = self._numbers(), self._read_at(), 0
        deadline = _clock.monotonic() + timeout
        while calls == 0 or not self._renewed(old, read_at):
            if _clock.monotonic() > deadline:
                raise CrabError('frontend: %d s after manage graceful, which was called %s, none of its processes has read the new files.' % (
                    timeout, 'once' if calls == 1 else '%d times' % calls), self.where())
            code, output = self.call('graceful')
            if code != 0:
                raise CrabError('frontend: manage graceful ended with %d: %s' % (code, output.strip()[-500:]), self.where())
            calls += 1
            patience = _clock.monotonic() + min(PATIENCE, timeout)
            while _clock.monotonic() < patience and not self._renewed(old, read_at, old_may_stay=False):
                time.sleep(0.1)

    def _renewed(self, old, read_at, old_may_stay=True):
        """Whether children serve that have read the files later than those of these numbers, or than at this time."""
        now = self._numbers()
        return bool(now - old) and (not now & old or (old_may_stay and self._read_at() != read_at))

    def _read_at(self):
        """When httpd last read its configuration; 0 if that cannot be known."""
        try:
            return os.stat(os.path.join(self.root, 'state', self.name, HTTPD_PID_FILE)).st_mtime
        except OSError:
            return 0

    def start(self, timeout):
        self._launch('start', timeout, self.pids)

    def restart(self, timeout):
        self._refuse_wrong_configuration()
        old = self._numbers()
        self._launch('restart', timeout, lambda: self._numbers() - old)

    def _launch(self, action, timeout, serves):
        """Returns when there are new processes that serve. `manage` may end with 0 also where none is left."""
        logs = self._sizes()
        code, output = self.call(action)
        deadline, gone = _clock.monotonic() + timeout, 0
        while code == 0 and gone < 2 and _clock.monotonic() < deadline:
            if serves():
                return
            gone = 0 if self.alive() else gone + 1
            time.sleep(0.1)
        what = 'ended with %d' % code if code else 'has left no server' if gone else 'has left none that serves within %d s' % timeout
        said = (output.strip()[-500:] + '\n' + '\n'.join(self._said(logs).splitlines()[-4:])).strip()
        raise CrabError('frontend: manage %s %s: %s\n' % (action, what, said), self.where())

    def stop(self, timeout):
        self.call('stop')
        self._wait(lambda: not self.pids(), timeout, 'it still runs %d s after manage stop')

    def _refuse_wrong_configuration(self):
        """Before the one that serves is stopped."""
        code, output = self.call('configtest')
        if code != 0:
            raise CrabError('frontend: manage configtest ended with %d, and the frontend goes on as it was: %s' % (code, output.strip()[-500:]),
                            'Mend the file that it names.')

    def _logs(self):
        return sorted(glob.glob(os.path.join(self.root, 'logs', self.name, 'error_log*')))

    def where(self):
        return 'See the error_log in %s.' % os.path.join(self.root, 'logs', self.name)

    def _wait(self, condition, timeout, complaint):
        deadline = _clock.monotonic() + timeout
        while not condition():
            if _clock.monotonic() > deadline:
                raise CrabError('frontend: ' + complaint % timeout + '.', self.where())
            time.sleep(0.1)


class Unit(Service):
    """A service of systemd with the name of the service."""

    def missing(self):
        return None if self.call('cat')[0] == 0 else self.name + '.service'

    def find(self):
        if self.call('is-active')[0] != 0:
            return None
        dummy, output = self._run(['systemctl', 'show', '--property=MainPID', self.name + '.service'])
        pid = int(re.sub(r'\D', '', output) or 0)
        return pid, next((process['started'] for process in _processes() if process['pid'] == pid), None)

    def retried(self):
        """systemd does so, with one that ends at its start."""
        return self.call('is-active')[1].strip() == 'activating'

    def call(self, action):
        return self._run(['systemctl', '--no-pager', action, self.name + '.service'])

    def status(self):
        """In one line; `systemctl status` is a page."""
        dummy, output = self._run(['systemctl', 'show'] + ['--property=' + name for name in ('ActiveState', 'SubState', 'MainPID')] + [self.name + '.service'])
        told = dict(re.findall(r'(?m)^(\w+)=(.*)$', output))
        pid = ', PID ' + told['MainPID'] if told.get('MainPID', '0') != '0' else ''
        return int(told.get('ActiveState') not in ('active', 'reloading')), '%s is %s (%s)%s' % (
            self.name, told.get('ActiveState'), told.get('SubState'), pid)

    def version(self):
        return ''

    def start(self, timeout):
        self._order('start', timeout, True)

    def restart(self, timeout):
        self._order('restart', timeout, True)

    def refresh(self, timeout):
        self.restart(timeout)

    def stop(self, timeout):
        self._order('stop', timeout, False)

    def _order(self, action, timeout, wanted):
        """What ends with 0 may still end a moment later, so its state is asked for twice."""
        code, output = self.call(action)
        if code != 0:
            raise CrabError('%s: %s ended with %d: %s.' % (self.name, action, code, output.strip()[-500:].rstrip('.')), self.where())
        deadline, seen = _clock.monotonic() + timeout, 0
        while seen < 2:
            seen = seen + 1 if bool(self.find()) == wanted else 0
            if _clock.monotonic() > deadline:
                raise CrabError('%s does %s %d s after %s.' % (self.name, 'not run' if wanted else 'still run', timeout, action), self.where())
            time.sleep(0.3)

    def where(self):
        return 'See journalctl -u %s.' % self.name

    def boots(self):
        return self.call('is-enabled')[0] == 0

    def enable(self):
        return self.call('enable')


class Script(Unit):
    """A service of a server that somebody has installed, by its init script. When it started is not known."""

    def __init__(self, root, name):
        Unit.__init__(self, root, name)
        self.script = os.path.join(INIT, name)

    def missing(self):
        return None if os.path.exists(self.script) else self.script

    def find(self):
        return (None, None) if self.call('status')[0] == 0 else None

    def call(self, action):
        refuse_missing([self])
        return self._run([self.script, action])

    def retried(self):
        return False

    def status(self):
        return Service.status(self)

    def where(self):
        return 'See what %s writes.' % self.script

    def boots(self):
        return self._run(['chkconfig', self.name])[0] == 0

    def enable(self):
        return self._run(['chkconfig', self.name, 'on'])


class Launched(Unit):
    """A backend as role venv_install sets it up: a unit of systemd, a launcher in the version, and a log that tells when it is ready."""

    environment = 'bin/%s'

    def __init__(self, root, name):
        Unit.__init__(self, root, name)
        self.launcher = os.path.join(self.current, 'bin', name)

    def read_at_start(self):
        environment = os.path.join(self.current, 'apps', self.name, 'etc', 'profile.d', 'init.sh')
        return Service.read_at_start(self) + [os.path.join(UNITS, self.name + '.service'), self.launcher, environment]

    def pids(self):
        found = self.find()
        return [found[0]] if found else []

    def alive(self):
        return bool(self.pids())

    def version(self):
        return os.path.basename(os.path.realpath(os.path.join(self.current, 'apps', self.name)))

    def call(self, action):
        if action == 'start':
            # One that failed too often is not started again without this.
            self._run(['systemctl', 'reset-failed', self.name + '.service'])
        return Unit.call(self, {'start': 'restart'}.get(action, action))

    def start(self, timeout):
        Service.start(self, timeout)

    def restart(self, timeout):
        Service.start(self, timeout)

    def where(self):
        return Service.where(self)


def host_certificate(root):
    """The paths of the certificate and the key that the frontend is configured with; those of the machine where there is none."""
    found = []
    for directive, default in (('SSLCertificateFile', 'hostcert.pem'), ('SSLCertificateKeyFile', 'hostkey.pem')):
        named = re.search(r'(?m)^\s*%s\s+"?([^"\s]+)' % directive, to_native(_files.read(os.path.join(root, 'state', 'frontend', 'server.conf')) or b''))
        found.append(named.group(1) if named else os.path.join('/etc/grid-security', default))
    return tuple(found)


def service_of(root, name, by='manage'):
    """The service of this name, driven by its `manage` script, by systemd, or by its init script."""
    if by == 'manage':
        return (Frontend if name == 'frontend' else Service)(root, name)
    if by == 'systemd' and launched(root, name):
        return Launched(root, name)
    return {'systemd': Unit, 'init': Script}[by](root, name)


def launched(root, name):
    """Whether role venv_install set this service up."""
    return os.path.exists(Launched(root, name).launcher)


def in_order(names):
    """The frontend first: it may publish what the others read."""
    return sorted(names, key=lambda name: name != 'frontend')


DOWN = {'running': False, 'retried': False, 'pid': None, 'started': None, 'stale': [], 'switched': False}


def look(service, also_reads=()):
    """dict(running, retried, pid, started, stale, switched): retried is whether one that does not run will be started again by itself, stale are the
    files that a running service has not seen, the newest first, switched is whether it was started by another version than the one in force now."""
    found = service.find()
    if not found:
        return dict(DOWN, retried=service.retried())
    pid, started = found
    if started is None:
        return dict(DOWN, running=True, pid=pid)
    return dict(DOWN, running=True, pid=pid, started=started, switched=_switched(service.current, started),
                stale=_newer(list(service.read_at_start()) + list(also_reads), started))


def plan(state, wanted):
    """The one thing to do: None, 'start', 'refresh', 'restart' or 'stop'."""
    if wanted == 'stopped':
        return 'stop' if state['running'] or state['retried'] else None
    if not state['running']:
        return 'start'
    if wanted == 'restarted' or state['switched']:
        return 'restart'
    return 'refresh' if state['stale'] else None


def refuse_missing(services):
    """Before any of them is touched."""
    missing = [service for service in services if service.missing()]
    if missing:
        raise CrabError('%s not deployed: there is no %s.' % (
            ', '.join(service.name for service in missing) + (' is' if len(missing) == 1 else ' are'), ', no '.join(service.missing() for service in missing)),
            'Run site.yml, or set service_by and service_names to what this host has.')


def act(service, action, timeout):
    """Carry out what plan() said, and ask the service itself whether that is so."""
    {'stop': service.stop, 'refresh': service.refresh, 'restart': service.restart, 'start': service.start}[action](timeout)
    code, output = service.status()
    if (code == 0) != (action != 'stop'):
        raise CrabError('%s: its status is %d after %s: %s' % (service.name, code, action, output[-500:]), service.where())


def go_back(root, names, by, timeout, error):
    """What a service that does not come up is owed where its version is on trial: the version that it replaced, in force and started at once.

    :param error: of the service
    :returns: the error to raise; its result has `went_back` if another version is in force now
    """
    leaving = _versions.current(root)
    record = _versions.read_record(root, leaving)
    if not record.get('trial') or not record.get('replaces'):
        return error
    version, user = record['replaces'], pwd.getpwuid(os.stat(os.path.join(root, leaving, _versions.RECORD)).st_uid).pw_name
    try:
        with _deploy.locked(5, 'crab_service', 'the way back from %s' % leaving, ''):
            _versions.bring_back(root, version, user, False)
    except CrabError as other:
        return CrabError('%s\nThe way back to %s: %s' % (error, version, other), result=error.result)
    result, left = dict(error.result, went_back={'leaving': leaving, 'current': version}), []
    # What is down comes first; the others still serve.
    for service in sorted((service_of(root, name, by) for name in names), key=lambda service: bool(service.find())):
        action = plan(look(service), 'started')
        try:
            if action:
                act(service, action, timeout)
        except CrabError as other:
            left.append(str(other))
    return CrabError('%s\n%s was taken out of force, and %s is in force again%s' % (error, leaving, version, ', but: ' + '\n'.join(left) if left else '.'),
                     result=result)


def boot_unit(root, names):
    """The text of the unit that starts the services at boot: the frontend first, as it may publish what the others read."""
    services = [service_of(root, name) for name in in_order(names)]
    lines = ['# Written by cmsweb.crab (role service).', '[Unit]', 'Description=CRAB REST interface: frontend and backends below %s' % root,
             'Wants=network-online.target', 'After=network-online.target', '', '[Service]', 'Type=oneshot', 'RemainAfterExit=yes']
    for service in services:
        if service.name == 'frontend':
            lines.append("ExecStart=-/bin/bash -lc \"%s start '%s'\"" % (service.manage, PHRASE))
        else:
            lines.append("ExecStart=-/usr/sbin/runuser -s /bin/bash -l %s -c \"%s sysboot\"" % (service.account, service.manage))
    lines += ['', '[Install]', 'WantedBy=multi-user.target', '']
    return '\n'.join(lines)


def boot_cleanup(root):
    """The text for systemd-tmpfiles that removes at boot, and only then, the pid files of before: their numbers are other processes' by then."""
    patterns = [os.path.join(root, 'state', '*', pattern) for pattern in PID_FILES]
    return '# Written by cmsweb.crab (role service).\n' + ''.join('r! %s\n' % pattern.replace('%', '%%') for pattern in patterns)


def boot_line(root, helper):
    """The line of the crontab by which the one account of a tree starts its services at boot; before that, no pid file names a process of ours."""
    pid_files = ' '.join(os.path.join(root, 'state', '*', pattern) for pattern in PID_FILES)
    return '@reboot rm -f %s; %s start > /dev/null 2>&1\n' % (pid_files, helper)


def ensure_boot(root, names, check, by='manage', helper=None):
    """Have the services started at boot: by a unit of ours where nobody else does, or by a line in the crontab of a tree's one account, which needs no root.
    Returns whether something was to do."""
    account = _accounts.single(root) if by == 'manage' else None
    if account:
        return _ensure_boot_line(root, account, helper, check)
    if by != 'manage':
        services = [service for service in (service_of(root, name, by) for name in names) if not service.boots()]
        for service in services if not check else []:
            code, output = service.enable()
            if code != 0:
                raise CrabError('%s cannot be enabled: %s' % (service.name, output.strip()), 'Set service_boot to false, or mend what it names.')
        return bool(services)
    wanted = os.path.join(os.path.dirname(UNIT), 'multi-user.target.wants', os.path.basename(UNIT))
    changed = _files.replace(UNIT, to_bytes(boot_unit(root, names)), mode=0o644, check=check)['changed'] or not os.path.lexists(wanted)
    commands = [['systemctl', 'daemon-reload'], ['systemctl', 'enable', os.path.basename(UNIT)]] if changed else []
    cleanup = _files.replace(TMPFILES, to_bytes(boot_cleanup(root)), mode=0o644, check=check)['changed']
    if glob.glob(SYSV_LINKS):
        commands.append(['chkconfig', '--levels', '2345', 'httpd', 'off'])
    for command in commands if not check else []:
        code, output = Service._run(command)
        if code != 0:
            raise CrabError('%s ended with %d: %s' % (' '.join(command), code, output.strip()), 'Set service_boot to false on a host without systemd.')
    return cleanup or bool(commands)


def _ensure_boot_line(root, account, helper, check):
    if not helper:
        raise CrabError('Nothing starts the services at boot: with one account, its crontab calls the command of service_helper.',
                        'Name a path in service_helper, or set service_boot to false.')
    old, line = _crontab.read(account), to_bytes(boot_line(root, helper))
    others = [other for other in old.splitlines(True) if not other.startswith(line.split(b';')[0])]
    if line in old.splitlines(True):
        return False
    if not check:
        _crontab.write(account, b''.join(others) + line)
    return True


def helper_script(root, names, by):
    """The text of the command for people who log in."""
    settle = by == 'systemd'
    return HELPER % {'root': root, 'names': ' '.join(in_order(names)), 'settled': SETTLED % {'ready': READY} if settle else '',
                     'before': BEFORE if settle else '', 'settle': SETTLE if settle else '', 'call': {
        'manage': '"$root/current/config/$2/manage" "$1" \'%s\'' % PHRASE if _accounts.single(root) else """if [ "$2" = frontend ]; then
    sudo /bin/bash -lc "$root/current/config/$2/manage $1 '%s'"
  else
    sudo -H -u "_$2" /bin/bash -lc "$root/current/config/$2/manage $1 '%s'"
  fi""" % (PHRASE, PHRASE),
        'systemd': 'sudo systemctl --no-pager "$1" "$2.service"',
        'init': 'sudo %s/"$2" "$1"' % INIT}[by]}


BEFORE = '  before=$(came_up "$name")\n'
SETTLE = """  if [[ $action = *start ]]; then
    settled "$name" "$before" || { echo "$name did not come up" >&2; wrong=1; }
  fi
"""
SETTLED = """
pid() { systemctl show -p MainPID "$1.service"; }
# How often it has come up, where its log tells.
came_up() { [ ! -x "$root/current/bin/$1" ] || { log=$(sudo -n cat "$root/logs/$1/$1-"*.log 2> /dev/null) && grep -c '%(ready)s' <<< "$log"; }; }
# For systemd a server runs that ends a few seconds after each start. Ours writes when it serves; any other has to run for 8 seconds.
settled() {
  started=$(pid "$1")
  for ((looks = 0; looks < 240; looks++)); do
    [ "$(pid "$1")" = "$started" ] || return 1
    if [ -z "$2" ]; then [ $looks -lt 16 ] || return 0; else [ "$(came_up "$1")" -le "$2" ] || return 0; fi
    sleep 0.5
  done
  return 1
}
"""
HELPER = """#!/bin/bash
# Written by cmsweb.crab (role service), for people who log in.
#   crab-rest start|stop|restart|status [SERVICE...]      without SERVICE: %(names)s
# Ends with 0 if all services are as wanted: running, or after stop not running.
root=%(root)s
action=${1:-}
case $action in
  start|stop|restart|status) shift ;;
  *) sed -n '3,4s/^# *//p' "$0" >&2; exit 2 ;;
esac
[ $# -gt 0 ] || set -- %(names)s
call() {
  %(call)s
}%(settled)s
as_wanted() { if [ "$action" = stop ]; then [ $code -ne 0 ]; else [ $code -eq 0 ]; fi; }
wrong=0
for name; do
%(before)s  [ "$action" = status ] || call "$action" "$name" > /dev/null
%(settle)s  said=$(call status "$name" 2>&1); code=$?
  # A server that was just told to start or to stop takes a moment.
  for ((tries = 0; tries < 20; tries++)); do
    ! as_wanted && [ "$action" != status ] || break
    sleep 0.5
    said=$(call status "$name" 2>&1); code=$?
  done
  echo "$said"
  as_wanted || wrong=1
done
exit $wrong
"""


def ensure_helper(path, root, names, by, check):
    """Write that command. Returns whether something was to do."""
    owner = None if _accounts.single(root) else 'root'
    return _files.replace(path, to_bytes(helper_script(root, names, by)), owner=owner, group=owner, mode=0o755, check=check)['changed']


# Processes --------------------------------------------------------------------------------------------

def _processes(uid=None):
    """All processes, or those of one account: dicts of pid, parent, group, name, started (seconds since the epoch)."""
    found = []
    booted = _booted()
    for entry in os.listdir('/proc'):
        if not entry.isdigit():
            continue
        try:
            if uid is not None and os.stat('/proc/' + entry).st_uid != uid:
                continue
            with open('/proc/%s/stat' % entry) as source:
                head, rest = source.read().rsplit(')', 1)
        except (IOError, OSError):
            continue    # it ended while we looked
        fields = rest.split()
        if fields[0] == 'Z':
            continue
        found.append({'pid': int(entry), 'name': head.split('(', 1)[1], 'parent': int(fields[1]), 'group': int(fields[2]),
                      'started': booted + float(fields[19]) / os.sysconf('SC_CLK_TCK')})
    return found


def _booted():
    """When the system came up, to a hundredth of a second: /proc/stat has whole seconds only."""
    with open('/proc/uptime') as source:
        return _clock.now() - float(source.read().split()[0])


def _switched(link, moment):
    """Whether the link was made to point elsewhere after the moment."""
    try:
        return os.lstat(link).st_ctime > moment
    except OSError:
        return False


def _newer(paths, moment):
    """The files that were changed after the moment, the newest first. (By ctime: a rename or chown counts.)"""
    changed = []
    for path in paths:
        try:
            changed.append((os.stat(path).st_ctime, path))
        except OSError:
            continue
    return [path for when, path in sorted(changed, reverse=True) if when > moment]
