# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import getpass
import os
import stat

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _crontab, _versions
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError

ME = getpass.getuser()
JOB = b'*/4 * * * * %s/current/config/frontend/mkauthmap -c x\n'


class Host(object):
    """A root with two versions below it, and a crontab in memory."""

    def __init__(self, folder):
        self.root, self.crontab = str(folder), b''
        for version in ('HG1803f', 'HG2604a'):
            for part in ('config/frontend', 'apps.sw', 'auth/wmcore-auth'):
                os.makedirs(os.path.join(self.root, version, part))
        os.makedirs(os.path.join(self.root, 'state/frontend/etc/keys'))
        os.makedirs(os.path.join(self.root, 'state/frontend/etc/env.d'))
        self.switch('HG1803f')

    def switch(self, version):
        if os.path.islink(self.path('current')):
            os.unlink(self.path('current'))
        os.symlink(version, self.path('current'))

    def path(self, name):
        return os.path.join(self.root, name)

    def write(self, name, content, mode=0o644):
        with open(self.path(name), 'wb') as target:
            target.write(content)
        os.chmod(self.path(name), mode)

    def read(self, name):
        with open(self.path(name), 'rb') as source:
            return source.read()

    def job(self):
        return JOB % self.root.encode()


@pytest.fixture
def host(tmp_path, monkeypatch):
    one = Host(tmp_path)
    monkeypatch.setattr(_crontab, 'read', lambda user: one.crontab)
    monkeypatch.setattr(_crontab, 'write', lambda user, content: setattr(one, 'crontab', content))
    return one


def upgraded(host):
    """As it is after an upgrade from HG1803f to HG2604a."""
    host.write('HG1803f/auth/wmcore-auth/header-auth-key', b'key', 0o440)
    host.write('state/frontend/server.conf', b'old')
    host.write('state/frontend/etc/authmap.json', b'[old]')
    host.crontab = b'MAILTO=me\n' + host.job()
    _versions.write_record(host.root, 'HG1803f', ME, {'done': 'post'})
    _versions.keep_shared(host.root, 'HG1803f', ME)
    _versions.carry_auth(host.root, 'HG1803f', 'HG2604a')
    _versions.write_record(host.root, 'HG2604a', ME, {'done': 'post', 'replaces': 'HG1803f', 'trial': True})
    host.switch('HG2604a')
    host.write('state/frontend/server.conf', b'new', 0o600)
    host.write('state/frontend/etc/authmap.json', b'[new]')
    host.write('state/frontend/etc/env.d/new.sh', b'')
    host.crontab = b'MAILTO=me\n5 5 * * * mine\n@reboot sudo %s/current/config/frontend/manage restart\n' % host.root.encode()


def test_the_version_before_comes_back_with_what_it_shared_and_without_losing_users(host):
    upgraded(host)

    assert _versions.bring_back(host.root, 'HG1803f', ME, False) is True

    assert _versions.current(host.root) == 'HG1803f'
    assert host.read('state/frontend/server.conf') == b'old'
    assert stat.S_IMODE(os.stat(host.path('state/frontend/server.conf')).st_mode) == 0o644
    assert host.read('state/frontend/etc/authmap.json') == b'[new]'
    assert os.listdir(host.path('state/frontend/etc/env.d')) == []
    assert host.crontab == b'MAILTO=me\n5 5 * * * mine\n' + host.job()
    assert os.path.samefile(host.path('HG1803f/auth/wmcore-auth/header-auth-key'), host.path('state/frontend/etc/keys/authz-headers'))
    assert _versions.read_record(host.root, 'HG2604a')['done'] == 'sw'
    assert _versions.bring_back(host.root, 'HG1803f', ME, False) is False


@pytest.mark.parametrize('function', ['_restore', '_link_header_key', '_own_header_keys'])
def test_a_way_back_that_was_interrupted_can_be_gone_again_and_forward_is_not_taken_for_done(host, monkeypatch, function):
    upgraded(host)

    def killed(*arguments):
        raise KeyboardInterrupt()
    with monkeypatch.context() as context:
        context.setattr(_versions, function, killed)
        with pytest.raises(KeyboardInterrupt):
            _versions.bring_back(host.root, 'HG1803f', ME, False)

    assert _versions.current(host.root) == 'HG2604a'
    assert _versions.read_record(host.root, 'HG2604a')['done'] == 'sw'
    assert _versions.bring_back(host.root, 'HG1803f', ME, False) is True
    assert host.read('state/frontend/server.conf') == b'old'


def test_check_mode_brings_nothing_back(host):
    upgraded(host)

    assert _versions.bring_back(host.root, 'HG1803f', ME, True) is True

    assert _versions.current(host.root) == 'HG2604a'
    assert host.read('state/frontend/server.conf') == b'new'


def test_there_is_no_way_back_to_a_version_that_was_never_in_force(host):
    with pytest.raises(CrabError, match='There is no way back to HG2604a: .* can be brought back: none'):
        _versions.bring_back(host.root, 'HG2604a', ME, False)


def test_what_is_kept_is_for_root_alone(host):
    _versions.keep_shared(host.root, 'HG1803f', ME)

    assert stat.S_IMODE(os.stat(host.path('HG1803f/' + _versions.SHARED)).st_mode) == 0o600


def test_secrets_are_carried_over_with_their_mode_unless_the_new_version_has_its_own(host):
    os.makedirs(host.path('HG1803f/auth/crabserver'), 0o750)
    os.makedirs(host.path('HG1803f/auth/frontend'))
    host.write('HG1803f/auth/crabserver/CRABServerAuth.py', b'dbconfig = {}', 0o440)
    host.write('HG1803f/auth/crabserver/CRABServerAuth.py.2026-01-01@00:00:00~', b'older', 0o440)
    host.write('HG1803f/auth/wmcore-auth/header-auth-key', b'\x00\xff', 0o440)
    host.write('HG1803f/auth/frontend/sitedbread.py', b"'%s/HG1803f/auth/frontend/users.db'" % host.root.encode())
    os.mkdir(host.path('HG2604a/auth/crabserver'))
    host.write('HG2604a/auth/wmcore-auth/header-auth-key', b'own')

    _versions.carry_auth(host.root, 'HG1803f', 'HG2604a')

    assert os.listdir(host.path('HG2604a/auth/crabserver')) == ['CRABServerAuth.py']
    assert host.read('HG2604a/auth/crabserver/CRABServerAuth.py') == b'dbconfig = {}'
    assert stat.S_IMODE(os.stat(host.path('HG2604a/auth/crabserver/CRABServerAuth.py')).st_mode) == 0o440
    assert host.read('HG2604a/auth/wmcore-auth/header-auth-key') == b'own'
    assert not os.path.exists(host.path('HG2604a/auth/frontend'))


@pytest.mark.parametrize('comment', [b'#', b'#cmsweb.crab# '])
def test_a_job_that_was_taken_out_stays_out_and_its_map_as_it_is(host, comment):
    host.crontab = comment + host.job()
    host.write('state/frontend/etc/authmap.json', b'[users]')
    quiet = _versions.Quiet(host.root, ME)
    host.crontab = b'23 */6 * * * x\n' + host.job().replace(b'-c x', b'-c y')
    host.write('state/frontend/etc/authmap.json', b'[installer]')

    quiet.settle()

    assert host.crontab == b'23 */6 * * * x\n#cmsweb.crab# ' + host.job().replace(b'-c x', b'-c y')
    assert host.read('state/frontend/etc/authmap.json') == b'[users]'


def test_a_job_that_cron_has_just_started_does_not_have_the_last_word(host, monkeypatch):
    host.crontab = b'#' + host.job()
    host.write('state/frontend/etc/authmap.json', b'[users]')
    quiet = _versions.Quiet(host.root, ME)
    host.crontab = host.job()
    monkeypatch.setattr(_crontab, 'wait_for_runs', lambda jobs: host.write('state/frontend/etc/authmap.json', b'[installer]'))
    monkeypatch.setattr(_crontab, 'write', lambda user, content: (setattr(host, 'crontab', content), host.write('state/frontend/etc/authmap.json', b'[]')))

    quiet.settle()

    assert host.crontab == b'#cmsweb.crab# ' + host.job()
    assert host.read('state/frontend/etc/authmap.json') == b'[users]'


def test_a_job_that_is_in_service_writes_its_map(host):
    host.crontab = host.job()
    host.write('state/frontend/etc/authmap.json', b'[old]')
    quiet = _versions.Quiet(host.root, ME)
    host.write('state/frontend/etc/authmap.json', b'[cric]')

    quiet.settle()

    assert host.crontab == host.job()
    assert host.read('state/frontend/etc/authmap.json') == b'[cric]'


def test_leftovers_are_named_with_their_reason(host):
    os.makedirs(host.path('state/frontend/htdocs'))
    os.makedirs(host.path('enabled'))
    _versions.write_record(host.root, 'HG1803f', ME, {'done': 'post'})
    host.write('state/frontend/htdocs/crab-rest-config-HG1701a.json', b'{}')
    host.write('state/frontend/htdocs/crab-rest-config-v3.250820.json.2026-11-25@18:10:31~', b'{}')
    host.write('state/frontend/htdocs/crab-rest-config-HG1803f.json.2026-11-25@18:10:31~', b'{}')
    host.write('enabled/crabcache', b'')

    found = _versions.leftovers(host.root)

    assert [line.replace(host.root, 'ROOT') for line in found if host.root in line] == [
        'ROOT/HG2604a: installed, but not in force',
        'ROOT/state/frontend/htdocs/crab-rest-config-HG1701a.json: version HG1701a is not installed',
        'ROOT/state/frontend/htdocs/crab-rest-config-v3.250820.json.2026-11-25@18:10:31~: version v3.250820 is not installed',
        'ROOT/enabled/crabcache: HG1803f has no such service']


def test_a_removed_version_takes_its_external_configuration_along(host):
    os.makedirs(host.path('state/frontend/htdocs'))
    host.write('state/frontend/htdocs/crab-rest-config-HG2604a.json', b'{}')
    host.write('state/frontend/htdocs/crab-rest-config-HG2604a.json.2026-11-25@18:10:31~', b'{}')

    removed = _versions.remove(host.root, 'HG2604a', False)

    published = host.path('state/frontend/htdocs/crab-rest-config-HG2604a.json')
    assert removed == [host.path('HG2604a'), published, published + '.2026-11-25@18:10:31~']
    assert not any(os.path.exists(path) for path in removed)
    assert _versions.remove(host.root, 'HG2604a', False) == []


@pytest.mark.parametrize('version, said', [
    ('HG2604a', 'is the version in force'), ('HG1803f', 'is the way back from HG2604a'), ('../x', 'is no name of a version')])
def test_what_must_stay_is_not_removed(host, version, said):
    upgraded(host)

    with pytest.raises(CrabError, match=said):
        _versions.remove(host.root, version, False)

    assert os.path.isdir(host.path('HG1803f')) and os.path.isdir(host.path('HG2604a'))


def test_a_state_or_log_folder_is_no_version(host):
    assert _versions.installed(host.root) == ['HG1803f', 'HG2604a']
    assert _versions.remove(host.root, 'state', False) == []
