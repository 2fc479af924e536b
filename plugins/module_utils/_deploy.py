# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""dmwm/deployment: what its Deploy script has done on a host, and one stage of it at a time.

The contract is that of `cfg/Deploy` from HG1803f to HG2604a. Its `InstallDev` is not used: it asks for
pass phrases in the middle of an installation, and ends with 0 whatever happens.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

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
import subprocess
import tempfile
import time

try:
    from shlex import quote
except ImportError:     # Python 2.7
    from pipes import quote

from ansible_collections.cmsweb.crab.plugins.module_utils import _files
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes, to_native

STAGES = ('machine', 'prep', 'sw', 'post')
RECORD = '.cmsweb-crab.json'
LOCK = '/var/lock/cmsweb-crab-deploy.lock'
SUCCESS = 'INFO: installation completed sucessfully'    # sic

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
    """

    def __init__(self, root, version, services, architecture, repository, user):
        self.root, self.version, self.services = root, version, services
        self.architecture, self.repository, self.user = architecture, repository, user
        self.tree = os.path.join(root, version)

    def record(self):
        """What is written when the last stage has succeeded, and compared on the next run."""
        return {'version': self.version, 'services': self.services, 'architecture': self.architecture, 'repository': self.repository}

    def is_complete(self):
        """All stages done for these services, and current points here."""
        if _link(os.path.join(self.root, 'current')) != self.version:
            return False
        content = _files.read(os.path.join(self.tree, RECORD))
        try:
            return content is not None and json.loads(to_native(content)) == self.record()
        except ValueError:
            return False


def inspect(deployment):
    """The state of a host as a dict: see the RETURN of deployment_info."""
    return {
        'deployed': deployment.is_complete(),
        'machine_ready': not _machine_gaps(deployment),
        'machine_gaps': _machine_gaps(deployment),
        'git': any(os.access(os.path.join(folder, 'git'), os.X_OK) for folder in ('/usr/bin', '/usr/local/bin', '/bin')),
        'current': _link(os.path.join(deployment.root, 'current')),
        'packages': _packages(os.path.join(deployment.root, 'current')),
        'enabled': sorted(_names(os.path.join(deployment.root, 'enabled'))),
    }


def run_stage(deployment, stage, checkout, rpm_host, wait):
    """Run one stage to its end. Raises CrabError with the lines of Deploy's log that matter.

    :param checkout: the folder with the clone of dmwm/deployment
    :param wait: seconds to wait for another Deploy on this host, for instance of a play that was interrupted
    :returns: the notes (INFO and WARNING lines) of the stage
    """
    script = os.path.join(checkout, 'Deploy')
    if not os.path.isfile(script):
        raise CrabError('There is no %s.' % script, 'hgdeploy_checkout must hold a clone of dmwm/deployment.')
    lock = _locked(wait)
    try:
        before = set(_logs(deployment.root))
        if stage == 'machine':
            code, output = _prepare_machine(deployment, script)
        else:
            code, output = _run(_stage_command(deployment, stage, script, rpm_host))
            _hide_logs(deployment.root)
        if code != 0:
            new = sorted(set(_logs(deployment.root)) - before)
            raise CrabError('Deploy ended stage %s with exit code %d.%s' % (stage, code, _relevant(output, new, deployment)),
                            _remedy(stage, code))
        if stage == 'post':
            _write_record(deployment)
        return _notes(output)
    finally:
        lock.close()


# Looking ----------------------------------------------------------------------------------------------

def _link(path):
    try:
        return os.readlink(path)
    except OSError:
        return None


def _names(folder):
    try:
        return os.listdir(folder)
    except OSError:
        return []


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


def _packages(current):
    """Versions of the installed packages by name, from the links apps/NAME -> ../sw/ARCH/GROUP/NAME/VERSION."""
    apps = os.path.join(current, 'apps')
    return dict((name, os.path.basename(_link(os.path.join(apps, name)) or '')) for name in _names(apps))


# Running ----------------------------------------------------------------------------------------------

def _locked(wait):
    """An open file that holds the lock; it ends with this process, also when the play is long gone."""
    handle = open(LOCK, 'a')
    deadline = time.time() + wait
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except (IOError, OSError) as error:
            if error.errno not in (errno.EAGAIN, errno.EACCES):
                raise
        if time.time() > deadline:
            raise CrabError('Another Deploy has been running on this host for %d s.' % wait,
                            'See who holds %s (fuser %s), or raise hgdeploy_wait.' % (LOCK, LOCK))
        time.sleep(1)


def _stage_command(deployment, stage, script, rpm_host):
    words = [script, '-A', deployment.architecture, '-R', 'comp@' + deployment.version, '-r', 'comp=' + deployment.repository,
             '-t', deployment.version, '-w', rpm_host, '-a', '-s', stage, deployment.root] + deployment.services
    # USER must be set: Deploy uses it for groups and owners.
    line = 'cd %s && exec %s' % (quote(os.path.dirname(os.path.dirname(script)) or '/'), ' '.join(quote(word) for word in words))
    if stage == 'sw':
        return _as_account('_sw', '/bin/bashs', line)
    return _as_account(deployment.user, '/bin/bash', 'export USER=%s; %s' % (quote(deployment.user), line))


def _as_account(account, shell, line):
    """A login of an account that may have no login shell. Not sudo: on a new host it wants a terminal."""
    return ['runuser', '-s', shell, '-l', account, '-c', line]


def _prepare_machine(deployment, script):
    """system/devvm: accounts, groups, folders. It needs a root of its own, which is thrown away as the wiki does."""
    account = pwd.getpwnam(deployment.user)
    scratch = tempfile.mkdtemp(prefix='cmsweb-crab-', dir='/var/tmp')
    os.chown(scratch, account.pw_uid, account.pw_gid)
    os.chmod(scratch, 0o755)
    try:
        line = 'export USER=%s; cd %s && exec %s -A %s -t dummy -s post %s system/devvm' % tuple(
            quote(word) for word in (deployment.user, scratch, script, deployment.architecture, scratch))
        code, output = _run(_as_account(deployment.user, '/bin/bash', line))
        if code != 0:
            output += _tail(_logs(scratch))
        return code, output
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _run(command):
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               cwd='/', preexec_fn=lambda: os.umask(0o022))
    output = process.communicate()[0]
    return process.returncode, to_native(output.decode('utf-8', 'replace'))


def _logs(root):
    return sorted(glob.glob(os.path.join(root, '.deploy', '*.log')))


def _hide_logs(root):
    """The sw stage writes the generated frontend password to its log, in a folder that everybody may read."""
    folder = os.path.join(root, '.deploy')
    for path in [folder] + _logs(root):
        try:
            os.chmod(path, stat.S_IMODE(os.stat(path).st_mode) & ~0o007)
        except OSError:
            pass    # it may belong to a stage that failed before it made the folder


def _write_record(deployment):
    content = to_bytes(json.dumps(deployment.record(), sort_keys=True, indent=1) + '\n')
    _files.replace(os.path.join(deployment.tree, RECORD), content, owner=deployment.user, group='_sw', mode=0o644)


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
