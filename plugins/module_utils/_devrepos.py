# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A developer's own CRABServer and WMCore: the clones, the versions that belong together, and the init.sh that leads to them.

What is in a clone is the developer's: it is made once, and later only a checkout of a tag without changes moves to another tag.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import glob
import os
import pwd
import re
import shutil

from ansible_collections.cmsweb.crab.plugins.module_utils import _files, _process
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._external import masked_url
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes, to_native

# In front of a line of the package that is out of service, and at the end of the one in its place.
MARK = b'#cmsweb.crab# '
OURS = b'   # cmsweb.crab: own repositories'

_SETS_PATH = re.compile(br'[^#]*\bPYTHONPATH=')
# Where a release of CRABServer names its WMCore, newest first: "URL TAG", and "wmcver==TAG" before.
_NAMED = (('cicd/crabserver_pypi/wmcore_requirements.txt', re.compile(br'(?m)^\s*https?://\S+\s+(\S+)\s*$')),
          ('requirements.txt', re.compile(br'(?m)^\s*wmcver==(\S+)\s*$')))
_PACKAGED = re.compile(br'(?m)^__version__\s*=\s*[\'"]([^\'"]+)')


def switched(content, name, sources=()):
    """init.sh of the crabserver package with these folders on PYTHONPATH, in place of the package's own; without folders as it was.

    :param content: bytes.
    :returns: bytes
    :raises CrabError: for a line that cannot be commented out alone.
    """
    lines = _original(content)
    if not sources:
        return b''.join(lines)
    result = []
    for line in lines:
        if _SETS_PATH.match(line):
            if line.rstrip(b'\r\n').endswith(b'\\'):
                raise CrabError('%s: the line that sets PYTHONPATH goes on in the next one.' % name, 'Write it as one line; nothing was changed.')
            line = MARK + line
        result.append(line)
    ours = b'export PYTHONPATH=' + b':'.join(_quoted(folder) for folder in sources) + b'${PYTHONPATH:+:$PYTHONPATH}' + OURS
    complete = not result or result[-1].endswith(b'\n')
    return b''.join(result) + (ours + b'\n' if complete else b'\n' + ours)


def _original(content):
    """The lines as the package, or somebody by hand, wrote them."""
    lines = content.splitlines(True)
    if lines and lines[-1].endswith(OURS):      # the file had no line end before ours
        lines = lines[:-1]
        lines[-1:] = [line[:-1] for line in lines[-1:]]
    return [line[len(MARK):] if line.startswith(MARK) else line for line in lines if not line.rstrip(b'\r\n').endswith(OURS)]


def _quoted(folder):
    if not re.match(r'/[\w./+@-]*\Z', to_native(folder)):
        raise CrabError('path: %s cannot stand in PYTHONPATH.' % folder, 'Expected letters, digits and ._+@/- only.')
    return to_bytes(folder)


def wmcore_version(checkout, init_script):
    """The WMCore that a CRABServer checkout names, else the one in the package (releases before 2020 name none); None if neither is there."""
    package = os.path.realpath(init_script).rsplit(os.sep, 3)[0]
    packaged = glob.glob(os.path.join(package, 'lib', 'python*', 'site-packages', 'WMCore', '__init__.py'))
    places = [(os.path.join(checkout, path), pattern) for path, pattern in _NAMED] + [(path, _PACKAGED) for path in packaged]
    for path, pattern in places:
        found = pattern.search(_files.read(path) or b'')
        if found:
            return to_native(found.group(1).decode('utf-8', 'replace'))
    return None


def refuse_secret(name, url):
    """A password or token in a URL would be on git's command line, which everybody on the host sees, and in .git/config."""
    if re.match(r'(?i)https?://[^/]*@', url):
        raise CrabError('%s has an account or a token in front of the host name.' % name,
                        "Leave it out: git's command line would show it. Use ssh with a key, or a credential helper of git.")


class Clone(object):
    """One repository of the developer.

    :param path: where it is, or shall be.
    :param user: account that owns it.
    """

    def __init__(self, path, user):
        self.path, self.user = path, user
        self.done, self.warnings = [], []

    @property
    def exists(self):
        return os.path.isdir(os.path.join(self.path, '.git'))

    def head(self):
        """The commit that is checked out."""
        return self._git('rev-parse', 'HEAD').strip()

    def make(self, url, upstream, version):
        """Clone it, with its upstream and its version; whole or not at all."""
        if os.path.lexists(self.path):
            raise CrabError('%s is there and is no clone.' % self.path, 'Move it away, or name another folder in path.')
        new = os.path.join(os.path.dirname(self.path), '.%s.cmsweb-crab' % os.path.basename(self.path))
        shutil.rmtree(new, ignore_errors=True)      # of a run that was interrupted
        path, self.path = self.path, new
        self._run(['clone', '-q', url, new], os.path.dirname(path))
        self._git('remote', 'add', 'upstream', upstream)
        self._git('fetch', '-q', '--tags', 'upstream')
        if version:
            self._git('checkout', '-q', self._commit(version))
        os.rename(new, path)
        self.path = path
        self.done.append('cloned')

    def keep(self, url, upstream, version, check):
        """Remotes and version of a clone that is there."""
        for name, wanted in (('origin', url), ('upstream', upstream)):
            now = self._ask('config', '--get', 'remote.%s.url' % name)
            if now != wanted:
                self.done.append('remote %s' % name)
                if not check:
                    self._git(*(['remote', 'set-url', name, wanted] if now else ['remote', 'add', name, wanted]))
        if version:
            self._move(version, check)

    def _move(self, version, check):
        commit = self._ask('rev-parse', '-q', '--verify', '%s^{commit}' % version)
        if commit is not None and commit == self.head():
            return
        branch = self._ask('symbolic-ref', '-q', '--short', 'HEAD')
        reason = 'you are on the branch %s' % branch if branch else 'it has changes' if self._git('status', '--porcelain', '-uno') else None
        if reason:
            self.warnings.append('%s is not at %s and stays as it is: %s.' % (self.path, version, reason))
            return
        self.done.append('checked out %s' % version)
        if not check:
            if commit is None:
                self._git('fetch', '-q', '--tags', 'upstream')
            self._git('checkout', '-q', self._commit(version))

    def _commit(self, version):
        commit = self._ask('rev-parse', '-q', '--verify', '%s^{commit}' % version)
        if commit is None:
            raise CrabError('%s: neither the fork nor its upstream has the version %s.' % (self.path, version), 'Name one that git tag lists there.')
        return commit

    def _git(self, *words):
        return self._run(words, self.path)

    def _ask(self, *words):
        """The answer, or None if git has none."""
        code, output, dummy = self._popen(words, self.path)
        return output.strip() if code == 0 and output.strip() else None

    def _run(self, words, folder):
        code, output, error = self._popen(words, folder)
        if code != 0:
            said = masked_url(' '.join(error.split())) or 'no reason given'
            raise CrabError('git %s in %s failed: %s' % (masked_url(' '.join(words)), folder, said),
                            'It asks nothing, so the account %s must reach the repository without a password.' % self.user)
        return output

    def _popen(self, words, folder):
        account = _account(self.user)
        environment = dict(os.environ, HOME=account.pw_dir, USER=self.user, LOGNAME=self.user, LC_ALL='C', GIT_TERMINAL_PROMPT='0',
                           GIT_ASKPASS='/bin/true', GIT_SSH_COMMAND='ssh -o BatchMode=yes')
        try:
            code, output, error = _process.capture(['git'] + list(words), cwd=folder, env=environment, preexec_fn=_become(account))
        except OSError as error:
            raise CrabError('git cannot be run in %s: %s.' % (folder, os.strerror(error.errno)), 'Install git, or run the stage deploy first.')
        return code, _process.decoded(output), _process.decoded(error)


def _account(user):
    try:
        return pwd.getpwnam(user)
    except KeyError:
        raise CrabError('user: there is no account %s on this host.' % user, 'Name the account of the developer.')


def _become(account):
    """What root does in the child before git starts; nothing for anybody else."""
    if os.geteuid() != 0 or account.pw_uid == 0:
        return None

    def act():
        os.initgroups(account.pw_name, account.pw_gid)
        os.setgid(account.pw_gid)
        os.setuid(account.pw_uid)
        os.umask(0o022)     # the service's account must read it

    return act


def folder_for(path, user):
    """Make the folder of the clones if it is missing, for the developer."""
    account = _account(user)
    if not os.path.isdir(path):
        os.makedirs(path, 0o755)
        os.chown(path, account.pw_uid, account.pw_gid)
