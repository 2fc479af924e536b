# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HG versions side by side below one root: what is carried from one to the next, and the way back.

A version has a folder of its own for packages, configuration and secrets. It shares with the others the link `current`, what Deploy
makes in state/frontend, and the cron lines. So before another version is put in force, what is shared is kept in the folder of the one
that leaves, and going back needs neither Deploy nor a network.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import glob
import grp
import io
import json
import os
import pwd
import re
import shutil
import stat
import tarfile

from ansible_collections.cmsweb.crab.plugins.module_utils import _crontab, _files
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes, to_native

RECORD = '.cmsweb-crab.json'
SHARED = '.cmsweb-crab-shared.tar'
CRONTAB = 'crontab'
SCRATCH = '/var/tmp/cmsweb-crab-'
CANDIDATE = '.candidate'

# Of every version alike: users and keys. They are never taken back to an older state.
COMMON = ('etc/keys', 'etc/authmap.json', 'etc/voms-gridmap.txt', 'htdocs', 'var', 'logs')
MAPS = {'mkauthmap': 'authmap.json', 'mkvomsmap': 'voms-gridmap.txt'}


# Looking ----------------------------------------------------------------------------------------------

def link(path):
    """Where a symbolic link points, or None."""
    try:
        return os.readlink(path)
    except OSError:
        return None


def names(folder):
    """The names in a folder; none if there is no such folder."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def current(root):
    """The version in force, or None."""
    return link(os.path.join(root, 'current'))


def installed(root):
    """The names of the version folders below a root, whole or not."""
    return [name for name in names(root) if name != 'current' and not os.path.islink(os.path.join(root, name))
            and os.path.isdir(os.path.join(root, name, 'config')) and glob.glob(os.path.join(root, name, 'apps.sw*'))]


def read_record(root, version):
    """What was noted of a version: what was asked of Deploy, the last stage that is `done`, the version that it `replaces`, and whether it
    is on `trial`, which is until it has been verified. An empty dict if nothing was noted, or what was noted cannot be read."""
    content = _files.read(os.path.join(root, version, RECORD)) if version else None
    try:
        record = json.loads(to_native(content)) if content else {}
    except ValueError:
        record = {}
    return record if isinstance(record, dict) else {}


def write_record(root, version, user, changes):
    """Add to what is noted of a version."""
    record = dict(read_record(root, version), **changes)
    content = to_bytes(json.dumps(record, sort_keys=True, indent=1) + '\n')
    owner = pwd.getpwnam(user)
    _files.replace(os.path.join(root, version, RECORD), content, owner=user, group=grp.getgrgid(owner.pw_gid).gr_name, mode=0o644)


def packages(tree):
    """Versions of a version's packages by name, from the links apps.sw/NAME -> ../sw/ARCH/GROUP/NAME/VERSION."""
    for apps in [os.path.join(tree, 'apps')] + sorted(glob.glob(os.path.join(tree, 'apps.sw*'))):
        if names(apps):
            return dict((name, os.path.basename(link(os.path.join(apps, name)) or '')) for name in names(apps))
    return {}


def describe(root):
    """One dict for each installed version: see the RETURN of deployment_info."""
    return [{'version': name, 'current': name == current(root), 'complete': _was_complete(root, name), 'packages': packages(os.path.join(root, name)),
             'replaces': read_record(root, name).get('replaces')} for name in installed(root)]


def leftovers(root):
    """What nothing uses any more, each with the reason."""
    now, there, found = current(root), installed(root), []
    for name in there:
        if name != now and not _was_complete(root, name):
            found.append('%s: installed, but not in force' % os.path.join(root, name))
    for path in _external(root, '*'):
        version = re.sub(r'^crab-rest-[a-z]+-(.*)\.json(?:\.[^/]*~)?$', r'\1', os.path.basename(path))
        if version not in there + ['current']:
            found.append('%s: version %s is not installed' % (path, version))
    for name in names(os.path.join(root, 'enabled')):
        if now and not os.path.exists(os.path.join(root, 'current', 'config', name, 'manage')):
            found.append('%s: %s has no such service' % (os.path.join(root, 'enabled', name), now))
    found += ['%s: an interrupted preparation of the machine' % path for path in sorted(glob.glob(SCRATCH + '*'))]
    found += ['%s: an interrupted trial of a version' % path for path in glob.glob(os.path.join(root, CANDIDATE))]
    return found


def _was_complete(root, version):
    """In force at some time, so that its shared files are there or were kept."""
    return read_record(root, version).get('done') == 'post'


def _external(root, version):
    """What the role crabserver_config publishes for a version, and its dated copies."""
    published = os.path.join(root, 'state', 'frontend', 'htdocs', 'crab-rest-*-%s.json' % version)
    return sorted(glob.glob(published) + glob.glob(published + '.*~'))


# Forward ----------------------------------------------------------------------------------------------

def carry_auth(root, old, new):
    """Copy the secrets of one version to another where that has none of its own, with owner and mode: accounts, certificates, header key.

    With the same header key in both versions, frontend and backends need not be restarted at one moment. A file that names the old
    version's folder is left to Deploy, which makes the new one's.
    """
    source, target = os.path.join(root, old, 'auth'), os.path.join(root, new, 'auth')
    for service in names(source):
        for name in names(os.path.join(source, service)):
            path, copy = os.path.join(source, service, name), os.path.join(target, service, name)
            if name.endswith('~') or name.startswith('.') or not os.path.isfile(path) or os.path.exists(copy):
                continue
            content = _files.read(path)
            if to_bytes(os.path.join(root, old) + '/') in content:
                continue
            _make_like(os.path.dirname(path), os.path.dirname(copy))
            status = os.stat(path)
            _files.replace(copy, content, owner=_account(status.st_uid), group=_group(status.st_gid), mode=stat.S_IMODE(status.st_mode))


def _make_like(model, folder):
    if not os.path.isdir(folder):
        status = os.stat(model)
        os.mkdir(folder, 0o700)
        os.chown(folder, status.st_uid, status.st_gid)
        os.chmod(folder, stat.S_IMODE(status.st_mode))


def _account(uid):
    return pwd.getpwuid(uid).pw_name


def _group(gid):
    return grp.getgrgid(gid).gr_name


def keep_shared(root, version, user):
    """Keep what a version shares with the others in a file of its own folder, which nobody else can read."""
    state = os.path.join(root, 'state', 'frontend')
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode='w') as archive:
        for path in _shared_files(state):
            archive.add(path, arcname=os.path.relpath(path, state))
        lines = b''.join(line for line in _crontab.read(user).splitlines(True) if _of_deploy(root, line))
        member = tarfile.TarInfo(CRONTAB)
        member.size = len(lines)
        archive.addfile(member, io.BytesIO(lines))
    _files.replace(os.path.join(root, version, SHARED), packed.getvalue(), mode=0o600)


def _shared_files(state):
    found = []
    for folder, folders, files in os.walk(state):
        relative = os.path.relpath(folder, state)
        folders[:] = [name for name in sorted(folders) if os.path.normpath(os.path.join(relative, name)) not in COMMON]
        found += [os.path.join(folder, name) for name in sorted(files) if os.path.normpath(os.path.join(relative, name)) not in COMMON
                  and os.path.isfile(os.path.join(folder, name))]
    return found


def _of_deploy(root, line):
    return to_bytes(os.path.join(root, 'current', 'config') + '/') in line


class Quiet(object):
    """Jobs that somebody took out of the crontab stay out of it, and the maps stay as they are, whatever Deploy's post stage does.

    That stage adds its lines again, drops the commented ones, and runs each job once; SiteDB's mkauthmap then leaves nobody but the installer in
    authmap.json.
    """

    def __init__(self, root, user):
        self.root, self.user = root, user
        content = _crontab.read(user)
        self.jobs = [match.group(1) for match in re.finditer(r'/current/(config/\S+/\S+(?: sysboot| restart)?)', '\n'.join(_crontab.out_of_service(content)))]
        etc = os.path.join(root, 'state', 'frontend', 'etc')
        self.maps = dict((path, _files.read(path)) for path in
                         [os.path.join(etc, name) for job, name in sorted(MAPS.items()) if any(one.endswith('/' + job) for one in self.jobs)])

    def settle(self):
        """The jobs first: until then, cron may start one."""
        if self.jobs:
            old = _crontab.read(self.user)
            new = _crontab.switched(old, self.jobs)[0]
            if new != old:
                _crontab.write(self.user, new)
            _crontab.wait_for_runs(self.jobs)
        for path, content in self.maps.items():
            if content is not None:
                _files.replace(path, content, later=True)
        _own_header_keys(self.root)


def _own_header_keys(root):
    """Deploy's post stage makes all of state/frontend/etc the deploying account's, and there a header key is a hard link of a version's own."""
    for key in glob.glob(os.path.join(root, '*', 'auth', 'wmcore-auth', 'header-auth-key')):
        folder, now = os.stat(os.path.dirname(key)), os.stat(key)
        if (folder.st_uid, folder.st_gid) != (now.st_uid, now.st_gid):
            os.chown(key, folder.st_uid, folder.st_gid)


# Back -------------------------------------------------------------------------------------------------

def bring_back(root, version, user, check):
    """Put an installed version in force again, as it was when it was last in force. Returns whether that changed anything.

    The link is the last step: interrupted before it, everything is done again; and the version that leaves is marked first as one
    that Deploy has to finish.
    """
    leaving = current(root)
    if leaving == version:
        return False
    packed = _files.read(os.path.join(root, version, SHARED)) if version in installed(root) else None
    if packed is None:
        there = [name for name in installed(root) if name != leaving and os.path.exists(os.path.join(root, name, SHARED))]
        raise CrabError('There is no way back to %s: it was never replaced by another version here.' % version,
                        'Versions that can be brought back: %s.' % (', '.join(there) or 'none'))
    if check:
        return True
    write_record(root, leaving, user, {'done': 'sw'})
    _restore(root, packed, user)
    _link_header_key(root, version)
    _own_header_keys(root)
    new = os.path.join(root, '.current.new')
    if os.path.lexists(new):
        os.unlink(new)
    os.symlink(version, new)
    owner = pwd.getpwnam(user)
    os.lchown(new, owner.pw_uid, owner.pw_gid)
    os.rename(new, os.path.join(root, 'current'))
    write_record(root, version, user, {'trial': False})
    return True


def _restore(root, packed, user):
    state = os.path.join(root, 'state', 'frontend')
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        members = [(member, archive.extractfile(member).read()) for member in archive.getmembers() if member.isfile()]
    kept = set(os.path.join(state, member.name) for member, content in members)
    # What a later version sets in the environment of the web server must not reach an earlier one.
    for path in glob.glob(os.path.join(state, 'etc', 'env.d', '*')):
        if path not in kept:
            os.unlink(path)
    for member, content in members:
        if member.name == CRONTAB:
            _restore_jobs(root, content, user)
        else:
            _files.replace(os.path.join(state, member.name), content, owner=member.uname, group=member.gname, mode=member.mode)


def _restore_jobs(root, lines, user):
    old = _crontab.read(user)
    new = b''.join(line for line in old.splitlines(True) if not _of_deploy(root, line)) + lines
    if new != old:
        _crontab.write(user, new)


def _link_header_key(root, version):
    """The frontend's name of the header key is a hard link of the version's own file, as Deploy makes it."""
    key = os.path.join(root, version, 'auth', 'wmcore-auth', 'header-auth-key')
    name = os.path.join(root, 'state', 'frontend', 'etc', 'keys', 'authz-headers')
    if not os.path.exists(key) or not os.path.isdir(os.path.dirname(name)) or (os.path.exists(name) and os.path.samefile(key, name)):
        return
    if os.path.lexists(name + '.new'):
        os.unlink(name + '.new')
    os.link(key, name + '.new')
    os.rename(name + '.new', name)


def confirm(root, version, user, check):
    """The version in force has been verified. Returns whether it was on trial."""
    if current(root) != version:
        raise CrabError('%s is not in force: %s is.' % (version, current(root) or 'nothing'), 'Run the stages deploy to verify.')
    if not read_record(root, version).get('trial'):
        return False
    if not check:
        write_record(root, version, user, {'trial': False})
    return True


# Away -------------------------------------------------------------------------------------------------

def remove(root, version, check):
    """Delete the folder of a version and its external configuration. Returns the paths."""
    if version == current(root):
        raise CrabError('%s is the version in force, and is not removed.' % version, 'Take it out of hgdeploy_prune.')
    record = read_record(root, current(root))
    if record.get('trial') and record.get('replaces') == version:
        raise CrabError('%s is the way back from %s, which has not been verified yet.' % (version, current(root)), 'Run site.yml to its end first.')
    if os.path.basename(version) != version or version.startswith('.'):
        raise CrabError('%s is no name of a version.' % version, 'Write HG tags into hgdeploy_prune, such as HG1803f.')
    paths = [os.path.join(root, version)] if version in installed(root) else []
    paths += _external(root, version)
    for path in paths if not check else []:
        if not os.path.isdir(path):
            os.unlink(path)
            continue
        # In this order, so that what an interruption leaves still counts as a version.
        for name in sorted(names(path), key=lambda name: name == 'config' or name.startswith('apps.sw')):
            part = os.path.join(path, name)
            (os.unlink if os.path.islink(part) or not os.path.isdir(part) else shutil.rmtree)(part)
        os.rmdir(path)
    return paths
