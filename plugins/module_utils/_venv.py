# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A CRABServer release in a virtual environment: the tree that Deploy would make, without Deploy and its packages.

A version has a folder of its own, as with Deploy. What is shared by all of them is the unit and the log rotation: both go through the
link `current`, so a switch changes neither. Each part of the installation knows how to tell that it is missing and how to make it, so an
interrupted run is simply run again, and a part that somebody broke is mended.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import binascii
import grp
import hashlib
import os
import pwd
import re
import shutil
import stat
import tarfile
import tempfile

try:
    from shlex import quote
except ImportError:     # Python 2.7
    from pipes import quote

from ansible_collections.cmsweb.crab.plugins.module_utils import _files, _process, _release, _staticconfig, _venvtexts, _versions
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes

UNIT = '/etc/systemd/system/crabserver.service'
ROTATION = '/etc/logrotate.d/crabserver'
DONE = '.cmsweb-crab-complete'
OLDEST_PYTHON = (3, 9)
SHORTEST_KEY = 16

# The numbers of CMSWEB's own accounts, where they are free: so the owners of a tree that is moved to another host stay the same.
GROUPS = (('_config', 100000), ('_sw', 100002), ('_crabserver', 100039))
ACCOUNTS = (('_sw', 100002), ('_crabserver', 100039))


class Release(object):
    """One release below one root.

    :param root: such as /data/srv
    :param version: the tag of dmwm/CRABServer, and the name of the folder
    :param user: the account that owns the tree
    :param repository: git URL of CRABServer
    :param requirements: list of NAME==VERSION, complete
    :param python: the interpreter that the environment is made with
    :param python_path: more folders for the server's PYTHONPATH
    :param environment: dict of more variables for the server
    :param address: where the server listens
    :param log_days: how long logs are kept
    :param header_key: the key of a frontend elsewhere, in base64; None or empty for one of our own
    """

    def __init__(self, root, version, user, repository, requirements, python, python_path, environment, address, log_days, header_key=None):
        self.root, self.version, self.user, self.repository = root, version, user, repository
        self.requirements = sorted(requirements)
        self.python, self.python_path, self.environment, self.address, self.log_days = python, python_path, environment, address, log_days
        self.tree = os.path.join(root, version)
        self.header_key = _decoded(header_key) if header_key else None
        self._check()

    def _check(self):
        if not re.match(r'[A-Za-z0-9][A-Za-z0-9._-]*\Z', self.version) or self.version == 'current':
            raise CrabError('version: %s cannot be the name of a folder.' % self.version, 'Name a tag of CRABServer, such as v3.260819.')
        _release.release_date(self.version)
        loose = [text for text in self.requirements if not re.match(r'[A-Za-z0-9._-]+==[A-Za-z0-9._+!]+\Z', text)]
        if loose:
            raise CrabError('requirements: %s names no exact version.' % loose[0], 'Expected NAME==VERSION, such as wmcore==2.4.5.2.')
        if not self._wmcore():
            raise CrabError('requirements: wmcore is missing.', 'Add it, such as wmcore==2.4.5.2.')
        odd = [name for name in self.environment if not re.match(r'[A-Za-z_][A-Za-z0-9_]*\Z', name)]
        if odd:
            raise CrabError('environment: %s is no name of a variable.' % odd[0], 'Expected names such as TNS_ADMIN.')

    def _wmcore(self):
        return next((text.split('==')[1] for text in self.requirements if text.lower().startswith('wmcore==')), None)

    @property
    def software(self):
        return os.path.join(self.tree, 'sw', 'crabserver', self.version)

    @property
    def init_script(self):
        return os.path.join(self.software, 'etc', 'profile.d', 'init.sh')

    @property
    def virtualenv(self):
        """Other requirements are another folder, so that a server that runs keeps what it has."""
        digest = hashlib.sha256(to_bytes('\n'.join(self.requirements + [self.python]))).hexdigest()
        return os.path.join(self.tree, 'sw', 'wmcore', '%s-%s' % (self._wmcore(), digest[:8]))

    def folders(self):
        """(path, mode, owner, group) as Deploy leaves them."""
        root, tree, user = self.root, self.tree, self.user
        group = _group_of(user)
        return ([(os.path.dirname(root), None, None, None)]
                + [(os.path.join(root, name), 0o755, user, group) for name in ('', 'state', 'logs')]
                + [(os.path.join(tree, name), 0o775, user, '_sw') for name in ('', 'apps.sw', 'bin', 'config', 'auth', 'config/crabserver')]
                + [(os.path.join(tree, name), 0o775, '_sw', '_sw') for name in ('sw', 'sw/crabserver', 'sw/wmcore')]
                + [(os.path.join(tree, 'auth', name), 0o750, '_sw', '_config') for name in ('crabserver', 'wmcore-auth')]
                + [(os.path.join(root, name, 'crabserver'), 0o775, user, '_crabserver') for name in ('logs', 'state')]
                + [(os.path.join(root, 'state', 'crabserver', 'proxy'), 0o770, user, '_crabserver')])

    def links(self):
        """(path, target)"""
        apps = os.path.join(self.tree, 'apps.sw')
        return [(os.path.join(apps, 'crabserver'), os.path.relpath(self.software, apps)),
                (os.path.join(apps, 'wmcore'), os.path.relpath(self.virtualenv, apps)),
                (os.path.join(self.tree, 'apps'), 'apps.sw')]

    def texts(self):
        """(path, content, owner, group, mode) of what is written whole."""
        return [(os.path.join(self.tree, 'bin', 'crabserver'), to_bytes(_venvtexts.launcher(self.python_path, self.environment)), '_sw', '_sw', 0o755),
                (UNIT, to_bytes(_venvtexts.unit(self.root)), 'root', 'root', 0o644),
                (ROTATION, to_bytes(_venvtexts.rotation(self.root, self.log_days)), 'root', 'root', 0o644)]

    def record(self):
        return {'version': self.version, 'repository': self.repository, 'requirements': self.requirements}


class Part(object):
    """One part of an installation. gap() is what it lacks, as a text for people, or None; make() brings it about."""

    def __init__(self, release):
        self.release = release


class Accounts(Part):
    def gap(self):
        missing = ['group ' + name for name, number in GROUPS if _known(grp.getgrnam, name) is None]
        missing += ['account ' + name for name, number in ACCOUNTS if _known(pwd.getpwnam, name) is None]
        return ', '.join(missing) or None

    def make(self):
        for name, number in GROUPS:
            if _known(grp.getgrnam, name) is None:
                _ordered(['groupadd'] + (['-g', str(number)] if _known(grp.getgrgid, number) is None else []) + [name])
        for name, number in ACCOUNTS:
            if _known(pwd.getpwnam, name) is None:
                _ordered(['useradd'] + (['-u', str(number)] if _known(pwd.getpwuid, number) is None else [])
                         + ['-g', name, '-G', '_config', '-M', '-d', '/', '-s', '/sbin/nologin', '-c', 'CMSWEB ' + name.strip('_'), name])


class Folders(Part):
    def gap(self):
        wrong = [path for path, mode, owner, group in self.release.folders() if _folder_differs(path, mode, owner, group)]
        return 'folders %s' % ', '.join(wrong) if wrong else None

    def make(self):
        for path, mode, owner, group in self.release.folders():
            if not os.path.isdir(path):
                os.makedirs(path, 0o755 if mode is None else 0o700)
            if mode is not None:
                os.chown(path, pwd.getpwnam(owner).pw_uid, grp.getgrnam(group).gr_gid)
                os.chmod(path, mode)


class Software(Part):
    """The checkout, laid out as in the production image: CRABInterface looks for its pages relative to its own place."""

    def gap(self):
        release = self.release
        return None if os.path.isfile(release.init_script) else 'CRABServer %s from %s' % (release.version, _without_password(release.repository))

    def make(self):
        release = self.release
        new = os.path.join(os.path.dirname(release.software), '.new')
        shutil.rmtree(new, ignore_errors=True)
        self._clone(new)
        package = os.path.join(new, 'src', 'python', 'CRABInterface', '__init__.py')
        if not os.path.isfile(package):
            raise CrabError('%s has no src/python/CRABInterface at %s.' % (_without_password(release.repository), release.version),
                            'Name a clone of dmwm/CRABServer.')
        # Releases say "development" of themselves; the number is added where they are built.
        with open(package, 'a') as target:
            target.write("\n__version__ = '%s'\n" % release.version)
        for old, place in (('python', 'lib/python/site-packages'), ('css', 'data/css'), ('html', 'data/html'), ('script', 'data/script')):
            source, target = os.path.join(new, 'src', old), os.path.join(new + '.tree', place)
            if os.path.isdir(source):
                _as_software(['mkdir', '-p', os.path.dirname(target)])
                os.rename(source, target)
        shutil.rmtree(new)
        script = os.path.join(new + '.tree', os.path.relpath(release.init_script, release.software))
        _as_software(['mkdir', '-p', os.path.dirname(script)])
        _files.replace(script, to_bytes(_venvtexts.init_script(os.path.join(release.software, 'lib', 'python', 'site-packages'))), '_sw', '_sw', 0o644)
        # Some files of a release are for other Pythons: what does not compile is none of the server's.
        _run(_by('_sw') + [release.python, '-m', 'compileall', '-q', new + '.tree'])
        shutil.rmtree(release.software, ignore_errors=True)
        os.rename(new + '.tree', release.software)

    def _clone(self, new):
        release = self.release
        shutil.rmtree(new + '.tree', ignore_errors=True)
        words = ['git', 'clone', '--quiet', '--branch', release.version, '-c', 'advice.detachedHead=false', release.repository, new]
        code, output = _run(_by('_sw') + words[:2] + ['--depth', '1'] + words[2:])
        if code != 0 and 'shallow' in output:       # a repository behind a plain web server
            code, output = _run(_by('_sw') + words)
        if code != 0:
            raise CrabError('git clone of %s at %s ended with %d: %s.' % (_without_password(release.repository), release.version, code, _last(output)),
                            'Check venv_install_repository, and that the tag exists in it.')


class Virtualenv(Part):
    def __init__(self, release, wheels=None, index=None):
        Part.__init__(self, release)
        self.wheels, self.index = wheels, index

    def gap(self):
        wanted = to_bytes('\n'.join(self.release.requirements) + '\n')
        return None if _files.read(os.path.join(self.release.virtualenv, DONE)) == wanted else 'virtual environment %s' % self.release.virtualenv

    def make(self):
        release = self.release
        if os.path.isdir(release.virtualenv):
            shutil.rmtree(release.virtualenv)
        _as_software([release.python, '-m', 'venv', release.virtualenv],
                     'Install the package that has the venv module of %s, or name another interpreter in venv_install_python.' % release.python)
        scratch = tempfile.mkdtemp(prefix='.pip-', dir=os.path.join(release.tree, 'sw'))
        try:
            self._install(scratch)
        finally:
            shutil.rmtree(scratch)
        _files.replace(os.path.join(release.virtualenv, DONE), to_bytes('\n'.join(release.requirements) + '\n'), '_sw', '_sw', 0o644)

    def _install(self, scratch):
        """pip, by an account that owns nothing else. A URL with a password comes by the environment, where others cannot read it."""
        release, environment = self.release, {}
        words = [os.path.join(release.virtualenv, 'bin', 'python3'), '-m', 'pip', 'install', '--quiet', '--no-deps', '--no-input', '--no-cache-dir',
                 '--disable-pip-version-check', '--requirement', os.path.join(scratch, 'requirements.txt')]
        with open(os.path.join(scratch, 'requirements.txt'), 'w') as target:
            target.write('\n'.join(release.requirements) + '\n')
        if self.wheels:
            with tarfile.open(self.wheels) as archive:
                for member in archive.getmembers():
                    if member.isfile():
                        with open(os.path.join(scratch, os.path.basename(member.name)), 'wb') as target:
                            shutil.copyfileobj(archive.extractfile(member), target)
            words += ['--no-index', '--find-links', scratch]
        elif self.index:
            environment['PIP_INDEX_URL'] = self.index
        _own(scratch, '_sw')
        code, output = _run(_by('_sw') + words, environment)
        if code != 0:
            source = 'venv_install_wheelhouse' if self.wheels else 'venv_install_index, or PyPI: is it reachable from this host?'
            raise CrabError('pip ended with %d: %s.' % (code, _without_password(_last(output, 6))), 'Wheels are taken from %s.' % source)


class Links(Part):
    def gap(self):
        wrong = [path for path, target in self.release.links() if _versions.link(path) != target]
        return 'links %s' % ', '.join(wrong) if wrong else None

    def make(self):
        for path, target in self.release.links():
            if _versions.link(path) != target:
                point(path, target, '_sw' if path.startswith(os.path.join(self.release.tree, 'apps.sw')) else self.release.user)


class Secrets(Part):
    """What the version in force has and a new one does not make for itself, and the key that the REST shares with a frontend."""

    def _key(self):
        return os.path.join(self.release.tree, 'auth', 'wmcore-auth', 'header-auth-key')

    def _key_of_frontend(self):
        return os.path.join(self.release.root, 'state', 'frontend', 'etc', 'keys', 'authz-headers')

    def gap(self):
        key = self._key()
        if not os.path.exists(key) or (self._shares() and not os.path.samefile(key, self._key_of_frontend())) or self._wanted() != _files.read(key):
            return 'header key %s' % key
        return None if _owned(key, '_sw', '_config', 0o440) else 'owner and mode of %s' % key

    def _shares(self):
        """Whether a frontend of this host has a key, and no other is wanted."""
        return self.release.header_key is None and os.path.exists(self._key_of_frontend())

    def _wanted(self):
        return self.release.header_key or _files.read(self._key()) or os.urandom(20)

    def make(self):
        release, key = self.release, self._key()
        now = _versions.current(release.root)
        if now not in (None, release.version):
            _versions.carry_auth(release.root, now, release.version)
        if self._shares():
            if os.path.lexists(key + '.new'):
                os.unlink(key + '.new')
            os.link(self._key_of_frontend(), key + '.new')
            os.rename(key + '.new', key)
        _files.replace(key, self._wanted(), '_sw', '_config', 0o440)


class Configuration(Part):
    """config.py as Deploy would put it there, once; after that only the address is ours, and all else that of role crabserver_config."""

    def _path(self):
        return os.path.join(self.release.tree, 'config', 'crabserver', 'config.py')

    def _wanted(self):
        old = _files.read(self._path())
        template = to_bytes(_venvtexts.config(self.release.version))
        return _staticconfig.set_keys(template if old is None else old, {'srv.socket_host': self.release.address}, self._path())['content']

    def gap(self):
        old = _files.read(self._path())
        if old is None:
            return 'config.py, listening on %s' % self.release.address
        return None if self._wanted() == old else 'address %s in config.py' % self.release.address

    def make(self):
        _files.replace(self._path(), self._wanted(), '_sw', '_config', 0o644)


class Texts(Part):
    def gap(self):
        wrong = [text[0] for text in self.release.texts() if self._differs(*text)]
        return ', '.join(wrong) if wrong else None

    @staticmethod
    def _differs(path, content, owner, group, mode):
        return _files.read(path) != content or not _owned(path, owner, group, mode)

    def make(self):
        for path, content, owner, group, mode in self.release.texts():
            done = _files.replace(path, content, owner, group, mode)
            if path == UNIT and done['content_changed']:
                _ordered(['systemctl', 'daemon-reload'])


class InForce(Part):
    """The first version is put in force at once; a later one is switched to when it is configured."""

    def gap(self):
        return 'current -> %s' % self.release.version if _versions.current(self.release.root) is None else None

    def make(self):
        switch(self.release)


def parts(release, wheels=None, index=None):
    return [Accounts(release), Folders(release), Software(release), Virtualenv(release, wheels, index), Links(release), Secrets(release),
            Configuration(release), Texts(release), InForce(release)]


def install(release, check, wheels=None, index=None):
    """Make what is missing. Returns the gaps that were there."""
    gaps = []
    if Virtualenv(release).gap():
        _refuse_old_python(release.python)
    for part in parts(release, wheels, index):
        gap = part.gap()
        if gap:
            gaps.append(gap)
            if not check:
                part.make()
                if part.gap():
                    raise CrabError('Still missing after it was made: %s.' % part.gap(), 'Something else on this host undoes it.')
    noted = _versions.read_record(release.root, release.version)
    if not check and any(noted.get(key) != value for key, value in release.record().items()):
        _versions.write_record(release.root, release.version, release.user, dict(release.record(), done=noted.get('done', 'sw')))
    return gaps


def inspect(release):
    """The state of a host as a dict: see the RETURN of venv_release_info."""
    gaps = [part.gap() for part in parts(release)]
    now = _versions.current(release.root)
    noted = _versions.read_record(release.root, now)
    return {'gaps': [gap for gap in gaps if gap], 'installed': not any(gaps), 'current': now, 'wheels_needed': gaps[3] is not None, 'git': _has_git(),
            'replaces': noted.get('replaces'), 'trial': bool(noted.get('trial')),
            'packages': _versions.packages(os.path.join(release.root, 'current')) if now else {}, 'versions': _versions.describe(release.root)}


def switch(release):
    """Put a version in force that is installed. Returns the one that it replaces, or None."""
    root, now = release.root, _versions.current(release.root)
    if now == release.version:
        return None
    if now is not None:
        _versions.keep_shared(root, now, release.user)
        _versions.write_record(root, release.version, release.user, {'replaces': now, 'trial': True})
    point(os.path.join(root, 'current'), release.version, release.user)
    _versions.write_record(root, release.version, release.user, {'done': 'post'})
    return now


def point(path, target, owner):
    """Make a symbolic link lead somewhere, at one moment."""
    new = os.path.join(os.path.dirname(path), '.%s.new' % os.path.basename(path))
    if os.path.lexists(new):
        os.unlink(new)
    os.symlink(target, new)
    account = pwd.getpwnam(owner)
    os.lchown(new, account.pw_uid, account.pw_gid)
    os.rename(new, path)


def _decoded(header_key):
    try:
        key = base64.b64decode(to_bytes(header_key))
    except (TypeError, binascii.Error):
        key = b''
    if len(key) < SHORTEST_KEY:
        raise CrabError('header_key: it is not the base64 of %d bytes or more.' % SHORTEST_KEY,
                        'On the host of the frontend: base64 -w0 /data/srv/current/auth/wmcore-auth/header-auth-key')
    return key


# Looking ----------------------------------------------------------------------------------------------

def _known(by, key):
    try:
        return by(key)
    except KeyError:
        return None


def _group_of(user):
    account = _known(pwd.getpwnam, user)
    if account is None:
        raise CrabError('There is no account %s on this host.' % user, 'Name one that exists in venv_install_user (crab_user).')
    return grp.getgrgid(account.pw_gid).gr_name


def _folder_differs(path, mode, owner, group):
    return not os.path.isdir(path) or (mode is not None and not _owned(path, owner, group, mode))


def _owned(path, owner, group, mode):
    account, members = _known(pwd.getpwnam, owner), _known(grp.getgrnam, group)
    try:
        now = os.stat(path)
    except OSError:
        return False
    return (account is not None and members is not None
            and (now.st_uid, now.st_gid, stat.S_IMODE(now.st_mode)) == (account.pw_uid, members.gr_gid, mode))


def _has_git():
    return any(os.access(os.path.join(folder, 'git'), os.X_OK) for folder in ('/usr/bin', '/usr/local/bin', '/bin'))


def _refuse_old_python(python):
    code, output = _run([python, '-c', 'import sys; print("%d %d" % sys.version_info[:2])'])
    if code != 0 or tuple(int(number) for number in output.split()) < OLDEST_PYTHON:
        raise CrabError('%s is no Python 3.9 or later: %s.' % (python, output.strip().replace(' ', '.') if code == 0 else 'it does not run'),
                        'Name one in venv_install_python.')


# Running ----------------------------------------------------------------------------------------------

def _by(account):
    return ['runuser', '-u', account, '--']


def _run(words, environment=None):
    settings = dict(os.environ, HOME='/nonexistent', GIT_TERMINAL_PROMPT='0', **(environment or {}))
    try:
        return _process.run(words, cwd='/', env=settings, preexec_fn=lambda: os.umask(0o022))
    except OSError as error:
        return 127, '%s: %s' % (words[0], os.strerror(error.errno))


def _ordered(words, hint=''):
    code, output = _run(words)
    if code != 0:
        raise CrabError('%s ended with %d: %s.' % (' '.join(quote(word) for word in words), code, _last(output)), hint)


def _as_software(words, hint=''):
    _ordered(_by('_sw') + words, hint)


def _own(folder, account):
    owner = pwd.getpwnam(account)
    for place, _folders, files in os.walk(folder):
        for path in [place] + [os.path.join(place, name) for name in files]:
            os.chown(path, owner.pw_uid, owner.pw_gid)


def _last(output, count=3):
    return ' '.join(' '.join(output.strip().splitlines()[-count:]).split()).rstrip('.')


def _without_password(text):
    return re.sub(r'(\w+://)[^/@\s]+@', r'\1********@', text)
