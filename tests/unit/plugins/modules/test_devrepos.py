# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import getpass
import os
import subprocess

import pytest

from ansible_collections.cmsweb.crab.plugins.modules import devrepos

INIT = b'export PYTHONPATH=/packaged\n'


def git(folder, *words):
    environment = dict(os.environ, GIT_CONFIG_GLOBAL='/dev/null', HOME='/nonexistent')
    for role in ('AUTHOR', 'COMMITTER'):
        environment.update({'GIT_%s_NAME' % role: 'x', 'GIT_%s_EMAIL' % role: 'x@example.org'})
    return subprocess.check_output(['git'] + list(words), cwd=str(folder), env=environment).decode('ascii').strip()


def commit(folder, tag, **files):
    for name in files:
        (folder / name.replace('_', '.')).write_bytes(files[name].encode('ascii'))
    git(folder, 'add', '.')
    git(folder, 'commit', '-qm', tag, '--allow-empty')
    git(folder, 'tag', tag)


@pytest.fixture
def world(tmp_path):
    """Upstreams with two versions each, forks that have only the first, an init.sh, and the arguments of the module."""
    if not any(os.access(os.path.join(folder, 'git'), os.X_OK) for folder in os.environ['PATH'].split(os.pathsep)):
        pytest.skip('no git here')
    for name, versions in (('CRABServer', ('v3.220608', 'v3.220701')), ('WMCore', ('1.5.3', '1.5.4'))):
        upstream = tmp_path / ('%s-upstream' % name)
        upstream.mkdir()
        git(upstream, 'init', '-q')
        commit(upstream, versions[0], requirements_txt='wmcver==1.5.3\n')
        git(tmp_path, 'clone', '-q', str(upstream), '%s-fork' % name)
        commit(upstream, versions[1], requirements_txt='wmcver==1.5.4\n')
    (tmp_path / 'init.sh').write_bytes(INIT)
    repository = {name: {'url': str(tmp_path / ('%s-fork' % name)), 'upstream': str(tmp_path / ('%s-upstream' % name))} for name in ('CRABServer', 'WMCore')}
    return {'path': str(tmp_path / 'user'), 'user': getpass.getuser(), 'init_script': str(tmp_path / 'init.sh'),
            'crabserver': dict(repository['CRABServer'], version='v3.220701'), 'wmcore': repository['WMCore']}


def at(world, name, *words):
    return git(os.path.join(world['path'], name), *words)


def test_clones_have_their_upstream_and_the_versions_that_belong_together(world, run_module):
    first, second = run_module(devrepos, world), run_module(devrepos, world)
    assert (first['changed'], second['changed'], first['done']) == (True, False, ['CRABServer: cloned', 'WMCore: cloned'])
    assert [at(world, name, 'describe', '--tags') for name in ('CRABServer', 'WMCore')] == ['v3.220701', '1.5.4'] and first['wmcore_version'] == '1.5.4'
    assert at(world, 'WMCore', 'remote', 'get-url', 'upstream') == world['wmcore']['upstream']
    assert first['heads'] == {name: at(world, name, 'rev-parse', 'HEAD') for name in ('CRABServer', 'WMCore')}
    assert os.listdir(world['path']) and not [name for name in os.listdir(world['path']) if name.startswith('.')]


def test_absent_gives_init_sh_back_and_leaves_the_clones(world, run_module):
    run_module(devrepos, world)
    with open(world['init_script'], 'rb') as source:
        assert source.read().startswith(b'#cmsweb.crab# ' + INIT)
    back = run_module(devrepos, dict(world, state='absent'))
    with open(world['init_script'], 'rb') as source:
        assert (source.read(), back['changed'], sorted(back['heads'])) == (INIT, True, ['CRABServer', 'WMCore'])


def test_check_mode_on_a_virgin_host(world, run_module):
    result = run_module(devrepos, dict(world, init_script=world['init_script'] + '.no'), check=True)
    assert (result['changed'], result['done'], os.path.exists(world['path'])) == (True, ['CRABServer: cloned', 'WMCore: cloned'], False)


def test_another_version_is_checked_out_where_nothing_of_yours_is(world, run_module):
    run_module(devrepos, world)
    checked = run_module(devrepos, dict(world, crabserver=dict(world['crabserver'], version='v3.220608')), check=True)
    done = run_module(devrepos, dict(world, crabserver=dict(world['crabserver'], version='v3.220608')))
    assert checked['done'] == ['CRABServer: checked out v3.220608']
    assert done['done'] == ['CRABServer: checked out v3.220608', 'WMCore: checked out 1.5.3'] and at(world, 'WMCore', 'describe', '--tags') == '1.5.3'


def test_your_branch_and_your_changes_stay_with_a_warning(world, run_module):
    run_module(devrepos, world)
    at(world, 'CRABServer', 'checkout', '-qb', 'mine')
    git(os.path.join(world['path'], 'CRABServer'), 'commit', '-qm', 'x', '--allow-empty')
    with open(os.path.join(world['path'], 'WMCore', 'requirements.txt'), 'a') as target:
        target.write('# mine')
    result = run_module(devrepos, dict(world, wmcore=dict(world['wmcore'], version='1.5.3')))
    assert (result['changed'], result['warnings']) == (False, [
        '%s/CRABServer is not at v3.220701 and stays as it is: you are on the branch mine.' % world['path'],
        '%s/WMCore is not at 1.5.3 and stays as it is: it has changes.' % world['path']])


def test_remotes_are_put_right(world, run_module):
    run_module(devrepos, world)
    at(world, 'WMCore', 'remote', 'remove', 'upstream')
    assert run_module(devrepos, world)['done'] == ['WMCore: remote upstream']
    assert at(world, 'WMCore', 'remote', 'get-url', 'upstream') == world['wmcore']['upstream']


def test_clone_that_was_interrupted_is_made_anew(world, run_module):
    os.makedirs(os.path.join(world['path'], '.CRABServer.cmsweb-crab', 'rest'))
    assert run_module(devrepos, world)['done'] == ['CRABServer: cloned', 'WMCore: cloned']


@pytest.mark.parametrize('keys, message', [
    ({'url': '/nosuch'}, 'git clone -q /nosuch '), ({'version': 'v9'}, 'neither the fork nor its upstream has the version v9.')])
def test_what_git_cannot_do_is_told_and_nothing_is_left(world, run_module, keys, message):
    result = run_module(devrepos, dict(world, crabserver=dict(world['crabserver'], **keys)))
    with open(world['init_script'], 'rb') as source:
        assert message in result['msg'] and source.read() == INIT and not os.path.exists(os.path.join(world['path'], 'CRABServer'))


def test_folder_that_is_no_clone_is_refused(world, run_module):
    os.makedirs(os.path.join(world['path'], 'CRABServer'))
    assert run_module(devrepos, world)['msg'].startswith('%s/CRABServer is there and is no clone.' % world['path'])


@pytest.mark.parametrize('key', ['url', 'upstream'])
@pytest.mark.parametrize('secret', ['https://alice:tok3n@git.example.org/alice/WMCore.git', 'https://tok3n@git.example.org/alice/WMCore.git'])
def test_a_token_in_a_url_is_refused_before_git_is_called(world, run_module, key, secret):
    result = run_module(devrepos, dict(world, wmcore=dict(world['wmcore'], **{key: secret})))

    assert result['failed'] is True and 'wmcore.%s has an account or a token' % key in result['msg'] and 'tok3n' not in result['msg']
    assert not os.path.exists(world['path'])
