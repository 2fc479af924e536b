# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""dmwm/deployment: what its Deploy script has done on a host, and one stage of it at a time.

The contract is that of `cfg/Deploy` from HG1803f to HG2604a. Its `InstallDev` is not used: it asks for
pass phrases in the middle of an installation, and ends with 0 whatever happens.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import errno
import fcntl
import glob
import grp
import json
import os
import pwd
import re
import shutil
import stat
import tempfile
import time

try:
    from shlex import quote
except ImportError:     # Python 2.7
    from pipes import quote

from ansible_collections.cmsweb.crab.plugins.module_utils import _accounts, _clock, _files, _process, _versions
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_native

STAGES = ('machine', 'prep', 'sw', 'post')
LOCK = os.path.join(_accounts.kept_in('/var/lock'), 'cmsweb-crab-deploy.lock')
SCRATCH = _versions.SCRATCH
RESIZE = "INFO: can resize '/'"
SUCCESS = 'INFO: installation completed sucessfully'    # sic

# The frontend's recipe calls sudo also without -a, for a hard link between two files of the account itself. Deploy's shells inherit the function.
NO_SUDO = 'sudo() { "$@"; }; export -f sudo; '

# curl's own codes come through, because Deploy runs it under "set -e".
REMEDIES = {
    3: 'The software area could not be bootstrapped: check hgdeploy_rpm_host, and the lines of bootstrap.log above.',
    4: 'Deploy does not know a service or a version: check hgdeploy_services against the HG tag.',
    5: 'A service has no such variant: check what follows the slash in hgdeploy_services.',
    6: 'The RPM host has no address: check hgdeploy_rpm_host and the name service of this host.',
    7: 'The RPM host refuses connections: check hgdeploy_rpm_host, or wait until it is back and run again.',
    28: 'The RPM host does not answer in time: check hgdeploy_rpm_host, or wait until it is back and run again.',
    56: 'The RPM host broke off the answer: run again.',
    77: 'The stage was stopped by a signal: run again.',
}


class Deployment(object):
    """One HG version below one root, for one deploying account.

    :param root: such as /data/srv
    :param version: the HG tag
    :param services: list such as ['admin/devtools', 'frontend', 'crabserver', 'crabcache']
    :param architecture: such as slc7_amd64_gcc630
    :param repository: comp, comp.pre, ...
    :param user: the account that deploys; it owns the tree
    :param single_account: whether everything belongs to it and runs as it (no -a for Deploy); else services have accounts of their own
    """

    def __init__(self, root, version, services, architecture, repository, user, single_account=False):
        self.root, self.version, self.services = root, version, services
        self.architecture, self.repository, self.user, self.single_account = architecture, repository, user, single_account
        self.tree = os.path.join(root, version)

    def record(self):
        """What is noted of the version when a stage has succeeded, and compared on the next run."""
        return {'version': self.version, 'services': self.services, 'architecture': self.architecture, 'repository': self.repository}

    def is_installed(self):
        """Packages and templates are there, for these services."""
        noted = _versions.read_record(self.root, self.version)
        return noted.get('done') in ('sw', 'post') and all(noted.get(key) == value for key, value in self.record().items())

    def is_complete(self):
        """All stages done for these services, and current points here."""
        noted = _versions.read_record(self.root, self.version)
        return _versions.current(self.root) == self.version and self.is_installed() and noted['done'] == 'post'


def inspect(deployment):
    """The state of a host as a dict: see the RETURN of deployment_info."""
    root, gaps = deployment.root, (_tool_gaps if deployment.single_account else _machine_gaps)(deployment)
    now = _versions.current(root)
    noted = _versions.read_record(root, now)
    return {
        'deployed': deployment.is_complete(),
        'installed': deployment.is_installed(),
        'machine_ready': not gaps,
        'machine_gaps': gaps,
        'git': any(os.access(os.path.join(folder, 'git'), os.X_OK) for folder in ('/usr/bin', '/usr/local/bin', '/bin')),
        'current': now,
        'replaces': noted.get('replaces'),
        'trial': bool(noted.get('trial')),
        'packages': _versions.packages(os.path.join(root, 'current')) if now else {},
        'enabled': _versions.names(os.path.join(root, 'enabled')),
        'versions': _versions.describe(root),
        'leftovers': _versions.leftovers(root),
        'running': running(),
    }


def run_stage(deployment, stage, checkout, rpm_host, wait, started_by):
    """Run one stage to its end. Raises CrabError with the lines of Deploy's log that matter.

    :param checkout: the folder with the clone of dmwm/deployment
    :param wait: seconds to wait for another run on this host, for instance of a play that was interrupted
    :param started_by: who runs it, for others who wait
    :returns: the notes (INFO and WARNING lines) of the stage
    """
    script = os.path.join(checkout, 'Deploy')
    _refuse_other_accounts(deployment, stage)
    if not os.path.isfile(script):
        raise CrabError('There is no %s.' % script, 'hgdeploy_checkout must hold a clone of dmwm/deployment.')
    log_root = SCRATCH + '*' if stage == 'machine' else deployment.root
    with locked(wait, started_by, 'stage %s of %s' % (stage, deployment.version), log_root):
        before = set(_logs(deployment.root))
        if stage == 'machine':
            code, output = _prepare_machine(deployment, script)
        else:
            quiet = _before(deployment, stage)
            try:
                code, output = _run(_stage_command(deployment, stage, script, rpm_host))
            finally:
                if quiet:
                    quiet.settle()
            _hide_logs(deployment.root)
            if stage == 'post' and deployment.single_account:
                _listen_once(deployment.root)
        if code != 0:
            new = sorted(set(_logs(deployment.root)) - before)
            raise CrabError('Deploy ended stage %s with exit code %d.%s' % (stage, code, _relevant(output, new, deployment)),
                            _remedy(stage, code))
        if stage in ('sw', 'post'):
            _versions.write_record(deployment.root, deployment.version, deployment.user, dict(deployment.record(), done=stage))
        return _notes(output)


def _refuse_other_accounts(deployment, stage):
    """Deploy would leave a tree half of each, in which nothing runs."""
    if os.path.isdir(os.path.join(deployment.root, 'enabled')):
        fault = _accounts.fault(deployment.root, _accounts.single(deployment.root), deployment.user, deployment.single_account)
        if fault:
            raise CrabError(*fault)
    if deployment.single_account and stage == 'machine':
        raise CrabError('system/devvm makes accounts, and crab_single_account is for a host without them.', 'Leave the stage machine out.')
    if deployment.single_account and _uid_of(deployment.user) != os.geteuid():
        raise CrabError('Deploy is run by %s, and everything is to belong to %s.' % (pwd.getpwuid(os.geteuid()).pw_name, deployment.user),
                        'With crab_single_account log in as that account, and become nobody else.')


def _uid_of(account):
    entry = _account(account)
    return entry and entry.pw_uid


def _before(deployment, stage):
    """What another version that is in force is owed before this one gets the stage."""
    root, version, user = deployment.root, deployment.version, deployment.user
    now = _versions.current(root)
    other = now if now != version and os.path.isdir(os.path.join(root, now or '.', 'config')) else None
    if stage == 'sw' and other:
        _versions.carry_auth(root, other, version)
    if stage != 'post':
        return None
    if other:
        _versions.keep_shared(root, other, user)
        _versions.write_record(root, version, user, {'done': 'sw', 'replaces': other, 'trial': True})
    else:
        _versions.write_record(root, version, user, {'done': 'sw'})
    return _versions.Quiet(root, user)


# The lock ---------------------------------------------------------------------------------------------

LOCK_ARGUMENTS = {
    'wait': {'type': 'int', 'default': 1800},
    'started_by': {'type': 'str', 'default': 'somebody'},
}


@contextlib.contextmanager
def locked(wait, started_by, what, log_root):
    """One at a time on a host. The lock is held by this process and by the Deploy that it starts, also when the play is long gone.

    :param log_root: where Deploy writes the log that tells what it is at; '' where no Deploy is started. Then what is started does not hold the lock, and
        the function that this gives tells others what is being done.
    """
    if not os.path.isdir(os.path.dirname(LOCK)):
        os.mkdir(os.path.dirname(LOCK), 0o700)
    handle = open(LOCK, 'a+')
    try:
        deadline = _clock.monotonic() + wait
        while not _try_lock(handle):
            if _clock.monotonic() > deadline:
                raise CrabError('%s Waited for %d s.' % (told(running()), wait), 'Run again when that has ended, or raise hgdeploy_wait.')
            time.sleep(1)
        holder = {'by': started_by, 'what': what, 'pid': os.getpid(), 'since': int(_clock.now()), 'began': _clock.monotonic(), 'log_root': log_root}

        def say(step):
            handle.truncate(0)
            handle.write(json.dumps(dict(holder, step=step)))
            handle.flush()
        say('')
        fcntl.fcntl(handle, fcntl.F_SETFD, 0 if log_root else fcntl.FD_CLOEXEC)
        yield say
    finally:
        handle.close()


def running():
    """Who holds the lock, as a dict of by, what, pid, since, seconds and step; None if nobody does."""
    try:
        handle = open(LOCK)
    except (IOError, OSError):
        return None
    with handle:
        if _try_lock(handle, fcntl.LOCK_SH):
            return None
        try:
            holder = json.loads(handle.read())
        except ValueError:
            holder = {}
    holder.setdefault('by', 'somebody')
    holder.setdefault('what', 'another run of Deploy')
    holder['seconds'] = int(_clock.monotonic() - holder.pop('began', _clock.monotonic()))
    log_root = holder.pop('log_root', '')
    holder['step'] = holder.get('step') or (_step(log_root) if log_root else '')
    return holder


def told(holder):
    """A holder of the lock as a sentence."""
    if not holder:
        return 'Another run has just ended on this host.'
    return '%s runs %s on this host, for %d s by now (process %s).' % (holder['by'], holder['what'], holder['seconds'], holder.get('pid', 'unknown'))


def _try_lock(handle, kind=fcntl.LOCK_EX):
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
        return True
    except (IOError, OSError) as error:
        if error.errno not in (errno.EAGAIN, errno.EACCES):
            raise
        return False


def _step(root):
    """What Deploy is at, from the end of its newest log."""
    logs = _logs(root)
    if not logs:
        return ''
    with open(logs[-1], 'rb') as log:
        log.seek(max(0, os.path.getsize(logs[-1]) - 65536))
        lines = log.read().decode('utf-8', 'replace').splitlines()
    for line in reversed(lines):
        match = re.match(r'INFO: (?!generating fake login)(.*)|\++ \S*cmspkg .*?(-y install \S+\+\S+)', line)
        if match:
            return to_native(match.group(1) or 'cmspkg ' + match.group(2))
    return ''


# Looking ----------------------------------------------------------------------------------------------

def _machine_gaps(deployment):
    """What system/devvm would still have to make."""
    wanted = ['_sw', '_config'] + ['_' + service.split('/')[0].split('@')[0] for service in deployment.services if service.split('/')[0] != 'admin']
    gaps = ['group ' + name for name in wanted if not _group(name)]
    gaps += ['account ' + name for name in wanted if name != '_config' and not _account(name)]
    if not os.path.exists('/bin/bashs'):
        gaps.append('/bin/bashs')
    config = _group('_config')
    if config and deployment.user not in config.gr_mem:
        gaps.append('%s in group _config' % deployment.user)
    return gaps


# What Deploy and the recipes call, and a machine without system/devvm may lack. git is in the list for the clone of the recipes.
TOOLS = ('git', 'perl', 'curl', 'tar', 'sqlite3', 'crontab')
MORE_FOLDERS = ['/usr/bin', '/usr/sbin', '/sbin']


def _tool_gaps(deployment):
    """What root has to install before one account can deploy by itself."""
    folders = os.environ.get('PATH', '').split(':') + MORE_FOLDERS
    return ['command ' + name for name in TOOLS if not any(os.access(os.path.join(folder, name), os.X_OK) for folder in folders)]


def _group(name):
    try:
        return grp.getgrnam(name)
    except KeyError:
        return None


def _account(name):
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


# Running ----------------------------------------------------------------------------------------------

def _stage_command(deployment, stage, script, rpm_host):
    words = [script, '-A', deployment.architecture, '-R', 'comp@' + deployment.version, '-r', 'comp=' + deployment.repository, '-t', deployment.version,
             '-w', rpm_host] + ([] if deployment.single_account else ['-a']) + ['-s', stage, deployment.root] + deployment.services
    # USER must be set: Deploy uses it for groups and owners.
    line = 'cd %s && exec %s' % (quote(os.path.dirname(os.path.dirname(script)) or '/'), ' '.join(quote(word) for word in words))
    if stage == 'sw' and not deployment.single_account:
        return _accounts.login('_sw', line, '/bin/bashs')
    return _accounts.login(deployment.user, 'export USER=%s; %s%s' % (quote(deployment.user), NO_SUDO if deployment.single_account else '', line))


def _prepare_machine(deployment, script):
    """system/devvm: accounts, groups, folders. It needs a root of its own, which is thrown away as the wiki does."""
    account = pwd.getpwnam(deployment.user)
    scratch = tempfile.mkdtemp(prefix=os.path.basename(SCRATCH), dir=os.path.dirname(SCRATCH))
    os.chown(scratch, account.pw_uid, account.pw_gid)
    os.chmod(scratch, 0o755)
    try:
        line = 'export USER=%s; cd %s && exec %s -A %s -t dummy -s post %s system/devvm' % tuple(
            quote(word) for word in (deployment.user, scratch, script, deployment.architecture, scratch))
        # On old images it offers to enlarge the root partition, "not a very reliable procedure"; that is nothing for a play.
        code, output = _run(_accounts.login(deployment.user, line), b'n\n')
        if RESIZE in output:
            output += '\nWARNING: the root partition was left as it is, though it could be larger\n'
        if code != 0:
            output += _tail(_logs(scratch))
        return code, output
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _run(command, answers=b''):
    return _process.run(command, answers, cwd='/', close_fds=False, preexec_fn=lambda: os.umask(0o022))


def _logs(root):
    return sorted(glob.glob(os.path.join(root, '.deploy', '*.log')))


def _listen_once(root):
    """From HG1805a on, frontend.conf listens on 8443 besides 443. Without -a, Deploy makes 8443 of both, and httpd refuses a port that is named twice."""
    path = os.path.join(root, 'state', 'frontend', 'server.conf')
    kept = []
    for line in (_files.read(path) or b'').splitlines(True):
        if not (line.startswith(b'Listen ') and line in kept):
            kept.append(line)
    if kept:
        _files.replace(path, b''.join(kept))


def _hide_logs(root):
    """The sw stage writes the generated frontend password to its log, in a folder that everybody may read."""
    folder = os.path.join(root, '.deploy')
    for path in [folder] + _logs(root):
        try:
            os.chmod(path, stat.S_IMODE(os.stat(path).st_mode) & ~0o007)
        except OSError:
            pass    # it may belong to a stage that failed before it made the folder


# Telling ----------------------------------------------------------------------------------------------

def _without_secrets(line):
    return re.sub(r'(generating fake login with user \S+ password ).*', r'\1********', line)


def _is_secret(line):
    return 'pass=' in line or 'passcrypt' in line or 'user_passwd' in line


def _remedy(stage, code):
    """system/devvm ends with the code of whatever command failed; only the other stages give the codes a meaning."""
    if stage == 'machine':
        return 'The log above names the command that failed: it needs yum repositories and the web.'
    return REMEDIES.get(code, 'The log above names the command that failed.')


def _notes(output):
    return [_without_secrets(line) for line in output.splitlines() if re.match(r'(INFO|WARNING): ', line)]


def _relevant(output, logs, deployment):
    """The notes, the end of the newest log without the noise, and the end of bootstrap's own log."""
    lines = [line for line in output.splitlines() if line.strip()][-8:]
    text = '\n'.join(lines) + _tail(logs)
    if 'bootstrap failed' in text:
        text += _tail(glob.glob(os.path.join(deployment.tree, 'sw*', 'bootstrap-*.log')))
    return '\n' + '\n'.join(_without_secrets(line) for line in text.splitlines() if not _is_secret(line)) + '\n'


def _tail(logs, count=12):
    if not logs:
        return ''
    content = (_files.read(logs[-1]) or b'').decode('utf-8', 'replace')
    lines = [line for line in content.splitlines() if line.strip() and not re.match(r'\++ (note|echo|err=|exit|trap|set)\b', line)]
    return '\n--- end of %s\n%s' % (logs[-1], to_native('\n'.join(lines[-count:])))
