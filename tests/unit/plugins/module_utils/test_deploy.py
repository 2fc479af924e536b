# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import getpass
import json
import os
import subprocess

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _accounts, _deploy, _versions
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError

SERVICES = ['admin/devtools', 'frontend', 'crabserver@3.3.1803.patch3']


@pytest.fixture
def deployment(tmp_path):
    return _deploy.Deployment(str(tmp_path), 'HG1803f', SERVICES, 'slc7_amd64_gcc630', 'comp.pre', 'alice')


def finish(deployment):
    os.mkdir(deployment.tree)
    os.symlink('HG1803f', os.path.join(deployment.root, 'current'))
    with open(os.path.join(deployment.tree, _versions.RECORD), 'w') as record:
        json.dump(dict(deployment.record(), done='post'), record)


def test_a_virgin_host_has_nothing_and_says_what_is_missing(deployment):
    state = _deploy.inspect(deployment)

    assert state['deployed'] is False
    assert state['current'] is None
    assert state['packages'] == {}
    assert state['enabled'] == []
    assert 'account _crabserver' in state['machine_gaps']
    assert 'account _admin' not in state['machine_gaps']


def test_deployed_means_recorded_for_the_same_services_and_current(deployment):
    finish(deployment)

    assert deployment.is_complete()


@pytest.mark.parametrize('field, value', [('services', ['frontend']), ('architecture', 'slc6_amd64_gcc493'), ('repository', 'comp')])
def test_another_wish_is_not_deployed(deployment, field, value):
    finish(deployment)

    setattr(deployment, field, value)

    assert not deployment.is_complete()


def test_without_the_current_link_it_is_not_deployed(deployment):
    finish(deployment)
    os.remove(os.path.join(deployment.root, 'current'))

    assert not deployment.is_complete()


def test_a_broken_record_is_not_deployed(deployment):
    finish(deployment)
    with open(os.path.join(deployment.tree, _versions.RECORD), 'w') as record:
        record.write('{"version": ')

    assert not deployment.is_complete()


def test_package_versions_are_read_off_the_links(deployment):
    finish(deployment)
    apps = os.path.join(deployment.tree, 'apps')
    os.mkdir(apps)
    os.symlink('../sw/slc7_amd64_gcc630/cms/crabserver/3.3.1803.patch3', os.path.join(apps, 'crabserver'))

    assert _deploy.inspect(deployment)['packages'] == {'crabserver': '3.3.1803.patch3'}


def test_prep_runs_as_the_deploying_account_with_user_exported(deployment):
    command = _deploy._stage_command(deployment, 'prep', '/data/cfg/Deploy', 'cmsrep.example.org')

    assert command[:6] == ['runuser', '-s', '/bin/bash', '-l', 'alice', '-c']
    assert command[6] == ('export USER=alice; cd /data && exec /data/cfg/Deploy -A slc7_amd64_gcc630 -R comp@HG1803f -r comp=comp.pre -t HG1803f '
                          '-w cmsrep.example.org -a -s prep %s admin/devtools frontend crabserver@3.3.1803.patch3' % deployment.root)


def test_sw_runs_as_the_software_account_in_its_own_login_shell(deployment):
    command = _deploy._stage_command(deployment, 'sw', '/data/cfg/Deploy', 'cmsrep.example.org')

    assert command[:6] == ['runuser', '-s', '/bin/bashs', '-l', '_sw', '-c']


@pytest.fixture
def alone(deployment):
    """For a host without service accounts, by the account that runs the tests."""
    deployment.user, deployment.single_account = getpass.getuser(), True
    return deployment


@pytest.mark.parametrize('stage', ['prep', 'sw', 'post'])
def test_one_account_runs_every_stage_itself_without_a_and_without_sudo(alone, stage):
    command = _deploy._stage_command(alone, stage, '/data/cfg/Deploy', 'cmsrep.example.org')

    assert command[:2] == ['/bin/bash', '-lc']
    assert command[2].startswith('export USER=%s; sudo() { "$@"; }; export -f sudo; cd /data && exec /data/cfg/Deploy ' % alone.user)
    assert ' -w cmsrep.example.org -s %s %s ' % (stage, alone.root) in command[2]


def test_sudo_of_a_recipe_is_the_command_itself_in_every_shell_below():
    assert subprocess.check_output(['/bin/bash', '-c', _deploy.NO_SUDO + 'exec /bin/bash -c "bash -c \'sudo echo linked\'"']) == b'linked\n'


def test_what_one_account_lacks_is_named_by_command_and_not_by_account(alone, monkeypatch, tmp_path):
    for name in _deploy.TOOLS[1:]:
        (tmp_path / name).write_bytes(b'')
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv('PATH', str(tmp_path))
    monkeypatch.setattr(_deploy, 'MORE_FOLDERS', [])

    assert _deploy.inspect(alone)['machine_gaps'] == ['command git']


@pytest.mark.parametrize('single, said', [(True, 'was deployed with service accounts'), (False, 'was deployed in single-account mode')])
def test_a_tree_of_the_other_mode_is_refused_before_deploy_runs(deployment, monkeypatch, single, said):
    for folder in ('.deploy', 'enabled'):
        os.mkdir(os.path.join(deployment.root, folder))
    deployment.single_account = single
    monkeypatch.setattr(_accounts, 'single', lambda root: None if single else 'bob')

    with pytest.raises(CrabError, match=said):
        _deploy.run_stage(deployment, 'prep', deployment.root, 'host', 1, 'alice@desk')


def test_one_account_has_no_stage_machine_and_is_nobody_elses(alone):
    with pytest.raises(CrabError, match='crab_single_account is for a host without them'):
        _deploy.run_stage(alone, 'machine', alone.root, 'host', 1, 'alice@desk')
    alone.user = '_nosuch'
    with pytest.raises(CrabError, match='everything is to belong to _nosuch'):
        _deploy.run_stage(alone, 'prep', alone.root, 'host', 1, 'alice@desk')


def test_a_port_that_deploy_names_twice_is_listened_on_once(tmp_path):
    conf = tmp_path / 'state' / 'frontend' / 'server.conf'
    conf.parent.mkdir(parents=True)
    conf.write_bytes(b'Listen 8080\nListen 8443\n# a\nListen 8443\n# a\n<VirtualHost *:8443 *:8443>\n')

    _deploy._listen_once(str(tmp_path))

    assert conf.read_bytes() == b'Listen 8080\nListen 8443\n# a\n# a\n<VirtualHost *:8443 *:8443>\n'


def test_hostile_words_reach_the_shell_quoted(deployment):
    deployment.services = ['frontend; rm -rf /']

    command = _deploy._stage_command(deployment, 'sw', '/data/cfg/Deploy', 'host')

    assert command[6].endswith("'frontend; rm -rf /'")


def test_a_missing_checkout_names_the_variable(deployment):
    with pytest.raises(CrabError, match='hgdeploy_checkout must hold a clone'):
        _deploy.run_stage(deployment, 'prep', deployment.root, 'host', 1, 'alice@desk')


def fake_deploy(monkeypatch, deployment, code, output='', log=''):
    monkeypatch.setattr(_deploy, 'LOCK', os.path.join(deployment.root, 'lock'))
    with open(os.path.join(deployment.root, 'Deploy'), 'w'):
        pass

    def run(command, answers=b''):
        folder = os.path.join(deployment.root, '.deploy')
        os.mkdir(folder)
        with open(os.path.join(folder, '20260101-000000-1-sw.log'), 'w') as target:
            target.write(log)
        return code, output
    monkeypatch.setattr(_deploy, '_run', run)


def test_a_failed_stage_shows_the_log_and_the_remedy_but_no_password(deployment, monkeypatch):
    fake_deploy(monkeypatch, deployment, 6, 'ERROR: installation failed with exit code 6.\n',
                "INFO: generating fake login with user alice password HuNtEr2 dn ''\n"
                "++ perl -e 'print crypt' pass=HuNtEr2\n"
                '+ curl -sO http://cmsrep.example.org/cmssw/bootstrap.sh\n')

    with pytest.raises(CrabError) as caught:
        _deploy.run_stage(deployment, 'sw', deployment.root, 'cmsrep.example.org', 1, 'alice@desk')

    assert 'Deploy ended stage sw with exit code 6.' in str(caught.value)
    assert 'curl -sO http://cmsrep.example.org/cmssw/bootstrap.sh' in str(caught.value)
    assert 'check hgdeploy_rpm_host' in str(caught.value)
    assert 'HuNtEr2' not in str(caught.value)


def test_the_notes_of_a_good_stage_hide_the_password(deployment, monkeypatch):
    fake_deploy(monkeypatch, deployment, 0, "INFO: generating fake login with user alice password HuNtEr2 dn ''\nnoise\n%s\n" % _deploy.SUCCESS)

    notes = _deploy.run_stage(deployment, 'prep', deployment.root, 'cmsrep.example.org', 1, 'alice@desk')

    assert notes == ['INFO: generating fake login with user alice password ********', _deploy.SUCCESS]


def test_logs_are_closed_to_others_because_one_has_the_password(deployment, monkeypatch):
    fake_deploy(monkeypatch, deployment, 0, log='secret')

    _deploy.run_stage(deployment, 'prep', deployment.root, 'cmsrep.example.org', 1, 'alice@desk')

    for path in [os.path.join(deployment.root, '.deploy')] + _deploy._logs(deployment.root):
        assert os.stat(path).st_mode & 0o007 == 0, path


def test_another_run_is_waited_for_and_then_named(deployment, monkeypatch):
    fake_deploy(monkeypatch, deployment, 0)

    with _deploy.locked(0, 'bob@desk', 'stage sw of HG2206b', deployment.root):
        with pytest.raises(CrabError, match='bob@desk runs stage sw of HG2206b on this host'):
            _deploy.run_stage(deployment, 'prep', deployment.root, 'host', 0, 'alice@desk')
        assert _deploy.running()['by'] == 'bob@desk'
    assert _deploy.running() is None


@pytest.mark.parametrize('line, step', [
    ('INFO: deploying frontend - variant: default, version: default', 'deploying frontend - variant: default, version: default'),
    ('++ /data/srv/HG1803f/sw/common/cmspkg -a slc7_amd64_gcc630 -y install cms+crabserver+3.3', 'cmspkg -y install cms+crabserver+3.3'),
    ("INFO: generating fake login with user alice password HuNtEr2 dn ''", 'earlier'),
])
def test_what_deploy_is_at_is_read_off_the_end_of_its_log(tmp_path, line, step):
    (tmp_path / '.deploy').mkdir()
    (tmp_path / '.deploy' / '20260101-000000-1-sw.log').write_text(u'INFO: earlier\n+ noise\n%s\n+ noise\n' % line)

    assert _deploy._step(str(tmp_path)) == step


def test_the_offer_to_enlarge_the_root_partition_is_declined_and_told(deployment, monkeypatch, tmp_path):
    deployment.user = getpass.getuser()
    monkeypatch.setattr(_deploy, 'LOCK', str(tmp_path / 'lock'))
    monkeypatch.setattr(_deploy, 'SCRATCH', str(tmp_path / 'scratch-'))
    offer = "#!/bin/sh\nprintf \"INFO: can resize '/' to increase in 75162 MB. Proceed? (y/n)\"; read answer; echo \"INFO: answer $answer\"\n"
    (tmp_path / 'Deploy').write_bytes(offer.encode())
    monkeypatch.setattr(_accounts, 'login', lambda account, line: ['sh', str(tmp_path / 'Deploy')])

    notes = _deploy.run_stage(deployment, 'machine', str(tmp_path), 'host', 0, 'alice@desk')

    assert notes == ["INFO: can resize '/' to increase in 75162 MB. Proceed? (y/n)INFO: answer n",
                     'WARNING: the root partition was left as it is, though it could be larger']


def test_others_are_told_what_is_being_done_where_no_deploy_writes_a_log(tmp_path, monkeypatch):
    monkeypatch.setattr(_deploy, 'LOCK', str(tmp_path / 'lock'))

    with _deploy.locked(0, 'alice@desk', 'a trial of HG2604a', '') as say:
        say('crabserver')
        child = os.fork()       # one that looks
        if child == 0:
            holder = _deploy.running()
            os._exit(0 if (holder['by'], holder['what'], holder['step']) == ('alice@desk', 'a trial of HG2604a', 'crabserver') else 1)
        assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize('log_root, held', [('', False), ('/data/srv', True)])
def test_only_a_deploy_that_is_started_holds_the_lock_as_well(tmp_path, monkeypatch, log_root, held):
    monkeypatch.setattr(_deploy, 'LOCK', str(tmp_path / 'lock'))

    with _deploy.locked(0, 'alice@desk', 'stage sw', log_root):
        left = subprocess.Popen(['sleep', '60'], close_fds=False)
    try:
        assert (_deploy.running() is not None) is held
    finally:
        left.kill()
        left.wait()
