# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import getpass
import os
import subprocess
import time

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _clock, _service
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError

DOWN = _service.DOWN
RUNNING = {'running': True, 'pid': 7, 'stale': [], 'switched': False}
STALE = {'running': True, 'pid': 7, 'stale': ['/data/srv/current/config/crabserver/config.py'], 'switched': False}
SWITCHED = dict(STALE, switched=True)


@pytest.mark.parametrize('state, wanted, action', [
    (DOWN, 'started', 'start'), (RUNNING, 'started', None), (STALE, 'started', 'refresh'),
    (DOWN, 'restarted', 'start'), (RUNNING, 'restarted', 'restart'), (STALE, 'restarted', 'restart'),
    (SWITCHED, 'started', 'restart'), (SWITCHED, 'stopped', 'stop'),
    (DOWN, 'stopped', None), (dict(DOWN, retried=True), 'stopped', 'stop'), (dict(DOWN, retried=True), 'started', 'start'),
    (RUNNING, 'stopped', 'stop'), (STALE, 'stopped', 'stop'),
])
def test_one_action_follows_from_state_and_wish(state, wanted, action):
    assert _service.plan(state, wanted) == action


def test_a_service_without_a_pid_file_is_down(tmp_path):
    assert _service.look(_service.service_of(str(tmp_path), 'crabserver')) == DOWN


def test_services_that_are_not_deployed_are_refused_with_all_that_is_missing(tmp_path):
    services = [_service.service_of(str(tmp_path), name) for name in ('frontend', 'crabserver', 'crabcache')]
    os.makedirs(os.path.dirname(services[0].manage))
    open(services[0].manage, 'w').close()

    with pytest.raises(CrabError) as caught:
        _service.refuse_missing(services)

    assert str(caught.value).startswith('crabserver, crabcache are not deployed: there is no %s, no %s. Run site.yml' % (
        services[1].manage, services[2].manage))
    _service.refuse_missing(services[:1])


@pytest.mark.parametrize('code, missing', [(0, None), (1, 'crabserver.service')])
def test_a_unit_that_systemd_does_not_know_is_missing(monkeypatch, code, missing):
    scripted(monkeypatch, {'cat': (code, '')})

    assert _service.service_of('/nonexistent', 'crabserver', 'systemd').missing() == missing


def test_a_pid_file_without_a_process_is_down(tmp_path):
    (tmp_path / 'state' / 'crabserver').mkdir(parents=True)
    (tmp_path / 'state' / 'crabserver' / 'crabserver.pid').write_bytes(b'999999999\n')

    assert _service.look(_service.service_of(str(tmp_path), 'crabserver')) == DOWN


def until(condition):
    """Wait for a state. The end is for a state that never comes: a machine with much to do takes its time."""
    end = _clock.monotonic() + 120
    while not condition():
        assert _clock.monotonic() < end
        time.sleep(0.01)


def changed(path):
    """When a file was changed, which is now."""
    path.write_bytes(b'')
    return path.stat().st_ctime


@pytest.fixture
def clock_of_files(tmp_path_factory, monkeypatch):
    """The present by the clock of the kernel, which dates files and processes, and which no library moves."""
    path = tmp_path_factory.mktemp('clock') / 'now'
    monkeypatch.setattr(_clock, 'now', lambda: changed(path))


def test_a_running_group_is_found_and_all_younger_files_make_it_stale(tmp_path, clock_of_files):
    (tmp_path / 'state' / 'crabserver').mkdir(parents=True)
    (tmp_path / 'state' / 'crabserver' / 'crabserver.pid').write_bytes(str(os.getpgrp()).encode())
    (tmp_path / 'current' / 'config' / 'crabserver').mkdir(parents=True)
    (tmp_path / 'current' / 'auth' / 'wmcore-auth').mkdir(parents=True)
    config, key = tmp_path / 'current' / 'config' / 'crabserver' / 'config.py', tmp_path / 'current' / 'auth' / 'wmcore-auth' / 'header-auth-key'
    config.write_bytes(b'')
    until(lambda: changed(key) > config.stat().st_ctime)

    state = _service.look(_service.service_of(str(tmp_path), 'crabserver'))

    assert state['running'] is True
    assert state['stale'] == [str(key), str(config)]


def test_a_link_to_another_version_since_the_start_is_a_switch_and_a_new_file_in_the_version_is_none(tmp_path):
    (tmp_path / 'HG1803f').mkdir()
    os.symlink('HG1803f', str(tmp_path / 'current'))
    linked = os.lstat(str(tmp_path / 'current')).st_ctime
    (tmp_path / 'HG1803f' / 'record').write_bytes(b'')

    assert _service._switched(str(tmp_path / 'current'), linked - 0.01) is True
    assert _service._switched(str(tmp_path / 'current'), linked) is False
    assert _service._switched(str(tmp_path / 'missing'), 0) is False


def test_a_new_service_certificate_is_read_without_a_restart_and_a_new_database_account_is_not(tmp_path):
    auth = tmp_path / 'current' / 'auth' / 'crabserver'
    auth.mkdir(parents=True)
    for name in ('CRABServerAuth.py', 'dmwm-service-cert.pem', 'dmwm-service-key.pem'):
        (auth / name).write_bytes(b'')

    read = [path for path in _service.Service(str(tmp_path), 'crabserver').read_at_start() if path.startswith(str(auth))]

    assert read == [str(auth / 'CRABServerAuth.py')]


@pytest.mark.parametrize('action', ['refresh', 'restart'])
def test_a_frontend_with_a_wrong_configuration_goes_on_with_the_old_one(tmp_path, monkeypatch, action):
    called = []
    frontend = _service.Frontend(str(tmp_path), 'frontend')
    monkeypatch.setattr(frontend, 'call', lambda word: called.append(word) or (1, "Invalid command 'NoSuch'"))

    with pytest.raises(CrabError, match='configtest ended with 1, and the frontend goes on as it was: Invalid command'):
        getattr(frontend, action)(1)

    assert called == ['configtest']


class Httpd(object):
    """A frontend whose children start when it is told to, `loses` gracefuls late; `manage` takes no time, and waiting is done by moving the clock."""

    def __init__(self, root, monkeypatch, loses=0, stays=()):
        self.now, self.loses, self.stays, self.calls = 1000.0, loses, list(stays), []
        self.children = [{'pid': 1, 'started': 900.0}] + self.stays
        self.frontend = _service.Frontend(str(root), 'frontend')
        self.pid_file = root / 'state' / 'frontend' / 'var' / 'httpd.pid'
        self.pid_file.parent.mkdir(parents=True)
        self.read_files(900.0)
        monkeypatch.setattr(_clock, 'monotonic', lambda: self.now)
        monkeypatch.setattr(_service.time, 'sleep', self.sleep)
        monkeypatch.setattr(self.frontend, 'pids', lambda: self.children)
        monkeypatch.setattr(self.frontend, 'call', self.call)

    def sleep(self, seconds):
        self.now += seconds

    def read_files(self, moment):
        self.pid_file.write_bytes(b'7\n')
        os.utime(str(self.pid_file), (moment, moment))

    def call(self, word):
        self.calls.append(word)
        if word == 'graceful':
            self.loses -= 1
            if self.loses < 0:
                self.read_files(self.now)
                self.children = self.stays + [{'pid': 2, 'started': self.now}]
        return 0, ''


def test_a_graceful_restart_is_asked_for_once_and_ends_when_the_new_processes_serve(tmp_path, monkeypatch):
    httpd = Httpd(tmp_path, monkeypatch)

    httpd.frontend.refresh(60)

    assert httpd.calls == ['configtest', 'graceful']
    assert httpd.now == 1000.0


def test_a_graceful_restart_that_was_lost_is_asked_for_again(tmp_path, monkeypatch):
    httpd = Httpd(tmp_path, monkeypatch, loses=2)

    httpd.frontend.refresh(60)

    assert httpd.calls == ['configtest', 'graceful', 'graceful', 'graceful']
    assert httpd.now < 1000 + 3 * _service.PATIENCE


def test_a_frontend_that_never_restarts_gracefully_is_an_error_with_an_end(tmp_path, monkeypatch):
    httpd = Httpd(tmp_path, monkeypatch, loses=1000)

    with pytest.raises(CrabError, match='frontend: 60 s after manage graceful, which was called 1[23] times, none of its processes has read the new files. '
                                        'See the error_log in .*/logs/frontend'):
        httpd.frontend.refresh(60)

    assert 1060 < httpd.now < 1061 + _service.PATIENCE


def test_an_old_process_that_has_a_long_request_keeps_nobody_waiting_and_makes_nothing_old(tmp_path, monkeypatch):
    httpd = Httpd(tmp_path, monkeypatch, stays=[{'pid': 3, 'started': 800.0}])

    httpd.frontend.refresh(60)

    assert httpd.calls == ['configtest', 'graceful']
    assert httpd.now <= 1000.2 + _service.PATIENCE
    assert httpd.frontend.find() == (2, 1000.0)


def test_a_process_that_was_started_without_the_files_being_read_again_is_not_a_restart(tmp_path, monkeypatch):
    httpd = Httpd(tmp_path, monkeypatch, loses=1000)
    httpd.children.append({'pid': 4, 'started': 1000.0})        # a spare one

    with pytest.raises(CrabError, match='none of its processes has read the new files'):
        httpd.frontend.refresh(20)


def test_the_oldest_process_tells_the_age_where_nothing_tells_when_the_files_were_read(tmp_path, monkeypatch):
    httpd = Httpd(tmp_path, monkeypatch, stays=[{'pid': 3, 'started': 800.0}])
    httpd.pid_file.unlink()

    assert httpd.frontend.find() == (3, 800.0)


def test_an_older_file_is_not_newer(tmp_path):
    when = changed(tmp_path / 'f')

    assert _service._newer([str(tmp_path / 'f'), str(tmp_path / 'missing')], when) == []


def test_the_start_of_a_process_is_known_to_a_tenth_of_a_second():
    earliest = time.time()
    child = subprocess.Popen(['sleep', '60'])
    latest = time.time()
    try:
        started = [process['started'] for process in _service._processes(os.getuid()) if process['pid'] == child.pid]
    finally:
        child.kill()
        child.wait()

    assert earliest - 0.1 < started[0] < latest + 0.1


def test_the_boot_unit_starts_the_frontend_first_and_backends_as_their_accounts():
    unit = _service.boot_unit('/data/srv', ['crabserver', 'frontend', 'crabcache'])

    assert [line for line in unit.splitlines() if line.startswith('ExecStart')] == [
        'ExecStart=-/bin/bash -lc "/data/srv/current/config/frontend/manage start \'I did read documentation\'"',
        'ExecStart=-/usr/sbin/runuser -s /bin/bash -l _crabserver -c "/data/srv/current/config/crabserver/manage sysboot"',
        'ExecStart=-/usr/sbin/runuser -s /bin/bash -l _crabcache -c "/data/srv/current/config/crabcache/manage sysboot"']


@pytest.mark.parametrize('text, cause', [
    ("KeyError: 'cmsweb-dev'", 'crabserver_config_mode'),
    ('WMException: Request requires a host certificate and key', 'auth/crabserver/dmwm-service'),
    ("pycurl.error: (7, 'Failed to connect')", 'cannot be reached from this host'),
    ("Timeout('Port 8270 not free on 127.0.0.1.')", 'Another process listens on the port of crabserver'),
    ('something else', 'See /data/srv/logs/crabserver.'),
])
def test_a_server_that_ends_at_its_start_gets_a_cause(text, cause):
    assert cause in _service.service_of('/data/srv', 'crabserver')._cause(text)


def test_start_waits_for_the_bus_and_shows_the_log_when_it_never_comes(tmp_path, monkeypatch):
    logs = tmp_path / 'logs' / 'crabserver'
    logs.mkdir(parents=True)
    (logs / 'crabserver-20260101.log').write_bytes(b'ENGINE Bus STARTED\n')      # of the last start
    service = _service.service_of(str(tmp_path), 'crabserver')

    def manage(action):
        (logs / 'crabserver-20260102.log').write_bytes(b"KeyError: 'cmsweb-dev'\n")
        return 0, ''
    monkeypatch.setattr(service, 'call', manage)

    with pytest.raises(CrabError, match="crabserver did not start: it ended. The end of its log:\nKeyError: 'cmsweb-dev'"):
        service.start(60)


def test_start_returns_once_the_log_says_that_the_bus_started(tmp_path, monkeypatch):
    logs = tmp_path / 'logs' / 'crabserver'
    logs.mkdir(parents=True)
    service = _service.service_of(str(tmp_path), 'crabserver')

    def manage(action):
        (logs / 'crabserver-20260102.log').write_bytes(b'ENGINE Bus STARTED\n')
        return 0, ''
    monkeypatch.setattr(service, 'call', manage)

    assert service.start(5) is None


@pytest.fixture
def boot(tmp_path, monkeypatch):
    """The places of the units and links below a temporary folder, and the commands that are run."""
    monkeypatch.setattr(_service, 'UNIT', str(tmp_path / 'cmsweb-crab.service'))
    monkeypatch.setattr(_service, 'TMPFILES', str(tmp_path / 'cmsweb-crab.conf'))
    monkeypatch.setattr(_service, 'SYSV_LINKS', str(tmp_path / 'rc[2345].d' / 'S*httpd'))
    commands = []
    monkeypatch.setattr(_service.Service, '_run', staticmethod(lambda command: (commands.append(command), (0, ''))[1]))
    return tmp_path, commands


def test_the_boot_unit_is_written_and_enabled_once(boot):
    folder, commands = boot

    assert _service.ensure_boot('/data/srv', ['frontend'], False) is True

    assert commands == [['systemctl', 'daemon-reload'], ['systemctl', 'enable', 'cmsweb-crab.service']]
    (folder / 'multi-user.target.wants').mkdir()
    os.symlink(str(folder / 'cmsweb-crab.service'), str(folder / 'multi-user.target.wants' / 'cmsweb-crab.service'))
    assert _service.ensure_boot('/data/srv', ['frontend'], False) is False


def test_pid_files_of_before_are_removed_at_boot_only(boot):
    folder, commands = boot

    _service.ensure_boot('/data/srv', ['frontend'], False)

    assert (folder / 'cmsweb-crab.conf').read_text().splitlines()[1:] == ['r! /data/srv/state/*/*.pid', 'r! /data/srv/state/*/*/*.pid']


@pytest.fixture
def alone(tmp_path, monkeypatch):
    """A tree of one account, the one that runs the tests, and its crontab."""
    for folder in ('.deploy', 'enabled', 'state/frontend'):
        (tmp_path / folder).mkdir(parents=True)
    crontab = {'now': b'# mine\n'}
    monkeypatch.setattr(_service._crontab, 'read', lambda user: crontab['now'])
    monkeypatch.setattr(_service._crontab, 'write', lambda user, content: crontab.update(now=content, user=user))
    return tmp_path, crontab


def test_in_a_tree_of_one_account_its_crontab_starts_all_at_boot(alone):
    root, crontab = alone
    line = '@reboot rm -f {0}/state/*/*.pid {0}/state/*/*/*.pid; {0}/crab-rest start > /dev/null 2>&1\n'.format(root)

    assert _service.ensure_boot(str(root), ['frontend'], False, helper=str(root / 'crab-rest')) is True

    assert crontab == {'now': b'# mine\n' + line.encode(), 'user': getpass.getuser()}
    assert _service.ensure_boot(str(root), ['frontend'], False, helper=str(root / 'crab-rest')) is False


def test_another_command_takes_the_place_of_the_one_in_the_crontab(alone):
    root, crontab = alone
    _service.ensure_boot(str(root), ['frontend'], False, helper='/old/crab-rest')

    assert _service.ensure_boot(str(root), ['frontend'], False, helper='/new/crab-rest') is True

    assert crontab['now'].count(b'@reboot') == 1
    assert b'; /new/crab-rest start ' in crontab['now']


def test_without_a_command_nothing_can_start_them(alone):
    with pytest.raises(CrabError, match='Name a path in service_helper'):
        _service.ensure_boot(str(alone[0]), ['frontend'], False)


def test_check_mode_leaves_the_crontab_of_one_account(alone):
    assert _service.ensure_boot(str(alone[0]), ['frontend'], True, helper='/new/crab-rest') is True

    assert alone[1] == {'now': b'# mine\n'}


def test_the_command_of_one_account_calls_manage_without_sudo(alone):
    root = alone[0]
    script = root / 'crab-rest'
    script.write_bytes(_service.helper_script(str(root), ['frontend'], 'manage').encode())

    assert os.system('bash -n %s' % script) == 0
    assert b'sudo' not in script.read_bytes()
    assert b'  "$root/current/config/$2/manage" "$1" \'I did read documentation\'\n' in script.read_bytes()


def names(leader):
    """What runs in the group of a process."""
    return sorted(process['name'] for process in _service._processes() if process['group'] == leader.pid)


def test_the_frontend_of_one_account_is_the_children_of_its_own_httpd(alone):
    root = alone[0]
    words = ['bash', '-c', 'sleep 60 & exec -a "httpd -f %s/state/frontend/server.conf" bash -c "sleep 61 & wait; true"' % root]
    others = subprocess.Popen(words, preexec_fn=os.setsid)
    child = ['bash', '-c', 'bash -c "sleep 62; : {0}/state/frontend/server.conf"; : {0}/state/frontend/server.conf'.format(root)]
    server = subprocess.Popen(child, preexec_fn=os.setsid)
    try:
        # A shell between fork and exec looks like its parent.
        until(lambda: (names(others), names(server)) == (['bash', 'sleep', 'sleep'], ['bash', 'bash', 'sleep']))

        assert [process['parent'] for process in _service.service_of(str(root), 'frontend').pids()] == [server.pid]
    finally:
        for process in (others, server):
            os.killpg(process.pid, 9)
            process.wait()


@pytest.mark.parametrize('text, paths', [
    ('  SSLCertificateFile /home/alice/srv/certs/hostcert.pem\nSSLCertificateKeyFile "/home/alice/srv/certs/hostkey.pem"\n',
     ('/home/alice/srv/certs/hostcert.pem', '/home/alice/srv/certs/hostkey.pem')),
    ('# SSLCertificateFile /no\n', ('/etc/grid-security/hostcert.pem', '/etc/grid-security/hostkey.pem')),
    (None, ('/etc/grid-security/hostcert.pem', '/etc/grid-security/hostkey.pem')),
])
def test_the_host_certificate_is_the_one_that_httpd_is_configured_with(alone, text, paths):
    if text is not None:
        (alone[0] / 'state' / 'frontend' / 'server.conf').write_bytes(text.encode())

    assert _service.host_certificate(str(alone[0])) == paths


@pytest.fixture
def pid_file(tmp_path, monkeypatch, clock_of_files):
    """The frontend's pid file, with the number of this process; `manage` does nothing."""
    monkeypatch.setattr(_service.Service, '_run', staticmethod(lambda command: (0, '')))
    (tmp_path / 'state' / 'frontend' / 'var').mkdir(parents=True)
    path = tmp_path / 'state' / 'frontend' / 'var' / 'httpd.pid'
    path.write_bytes(('%d\n' % os.getpid()).encode())
    return path


def test_manage_is_not_shown_a_pid_file_whose_process_began_after_it_was_written(tmp_path, pid_file):
    os.utime(str(pid_file), (1500000000, 1500000000))

    _service.service_of(str(tmp_path), 'frontend').call('stop')

    assert not pid_file.exists()


@pytest.mark.parametrize('action', ['status', 'version', 'configtest'])
def test_who_only_looks_removes_nothing(tmp_path, pid_file, action):
    os.utime(str(pid_file), (1500000000, 1500000000))

    _service.service_of(str(tmp_path), 'frontend').call(action)

    assert pid_file.exists()


@pytest.mark.parametrize('content', [None, b'999999999\n', b''])
def test_a_pid_file_of_a_process_that_was_there_before_it_or_of_none_is_left_to_it(tmp_path, pid_file, content):
    if content is not None:
        pid_file.write_bytes(content)

    _service.service_of(str(tmp_path), 'frontend').call('stop')

    assert pid_file.exists()


def test_the_parent_of_the_accounts_processes_is_the_frontend_whatever_the_clock_says(tmp_path, pid_file, monkeypatch):
    os.utime(str(pid_file), (1500000000, 1500000000))
    monkeypatch.setattr(_service.Frontend, 'pids', lambda self: [{'pid': 1, 'parent': os.getpid()}])

    _service.service_of(str(tmp_path), 'frontend').call('stop')

    assert pid_file.exists()


def test_check_mode_writes_no_boot_unit(boot):
    folder, commands = boot

    assert _service.ensure_boot('/data/srv', ['frontend'], True) is True

    assert commands == [] and list(folder.iterdir()) == []


def test_the_old_boot_links_of_the_frontend_are_switched_off(boot):
    folder, commands = boot
    (folder / 'multi-user.target.wants').mkdir()
    os.symlink(str(folder / 'cmsweb-crab.service'), str(folder / 'multi-user.target.wants' / 'cmsweb-crab.service'))
    _service.ensure_boot('/data/srv', ['frontend'], False)
    del commands[:]
    (folder / 'rc3.d').mkdir()
    (folder / 'rc3.d' / 'S85httpd').write_bytes(b'')

    assert _service.ensure_boot('/data/srv', ['frontend'], False) is True

    assert commands == [['chkconfig', '--levels', '2345', 'httpd', 'off']]


def scripted(monkeypatch, answers):
    """What systemctl or an init script answers, by action; the commands that were run."""
    commands = []

    def run(command):
        commands.append(command)
        return answers.get([word for word in command[1:] if not word.startswith('-')][0], (0, ''))
    monkeypatch.setattr(_service.Service, '_run', staticmethod(run))
    monkeypatch.setattr(_service.time, 'sleep', lambda seconds: None)
    return commands


def test_a_unit_of_systemd_is_asked_for_by_name_and_its_first_process_tells_its_age(monkeypatch):
    commands = scripted(monkeypatch, {'show': (0, 'MainPID=%d\n' % os.getpid())})

    state = _service.look(_service.service_of('/nonexistent', 'crabserver', 'systemd'))

    assert state == dict(DOWN, running=True, pid=os.getpid(), started=state['started'])
    assert state['started'] <= time.time()
    assert commands[0] == ['systemctl', '--no-pager', 'is-active', 'crabserver.service']


@pytest.mark.parametrize('told, code, said', [
    ('MainPID=47\nActiveState=active\nSubState=running\n', 0, 'crabserver is active (running), PID 47'),
    ('MainPID=0\nActiveState=inactive\nSubState=dead\n', 1, 'crabserver is inactive (dead)'),
    ('MainPID=0\nActiveState=activating\nSubState=auto-restart\n', 1, 'crabserver is activating (auto-restart)'),
])
def test_a_unit_tells_its_state_in_one_line(monkeypatch, told, code, said):
    scripted(monkeypatch, {'show': (0, told)})

    assert _service.service_of('/nonexistent', 'crabserver', 'systemd').status() == (code, said)


def test_a_unit_that_systemd_is_about_to_start_again_does_not_run_and_is_not_left_alone_by_a_stop(monkeypatch):
    scripted(monkeypatch, {'is-active': (3, 'activating\n')})

    state = _service.look(_service.service_of('/nonexistent', 'crabserver', 'systemd'))

    assert (state['running'], state['retried']) == (False, True)


def test_a_unit_that_ends_right_after_its_start_has_not_started(monkeypatch):
    scripted(monkeypatch, {'is-active': (3, 'failed')})

    with pytest.raises(CrabError, match='crabserver does not run 0 s after start. See journalctl -u crabserver.'):
        _service.service_of('/nonexistent', 'crabserver', 'systemd').start(0)


def test_an_init_script_that_is_not_there_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(_service, 'INIT', str(tmp_path))

    with pytest.raises(CrabError, match='crabserver is not deployed: there is no .*/crabserver. Run site.yml, or set service_by'):
        _service.look(_service.service_of('/nonexistent', 'crabserver', 'init'))


def test_an_init_script_tells_whether_its_service_runs_but_not_since_when(monkeypatch, tmp_path):
    monkeypatch.setattr(_service, 'INIT', str(tmp_path))
    (tmp_path / 'crabserver').write_bytes(b'')
    commands = scripted(monkeypatch, {})

    state = _service.look(_service.service_of('/nonexistent', 'crabserver', 'init'), ['/etc/hostname'])

    assert state == dict(DOWN, running=True)
    assert commands == [[str(tmp_path / 'crabserver'), 'status']]


@pytest.mark.parametrize('by, enable', [('systemd', ['systemctl', '--no-pager', 'enable', 'crabserver.service']), ('init', ['chkconfig', 'crabserver', 'on'])])
def test_a_service_of_others_is_enabled_where_it_is_not(monkeypatch, by, enable):
    commands = scripted(monkeypatch, {'is-enabled': (1, 'disabled')})
    if by == 'init':
        monkeypatch.setattr(_service.Service, '_run', staticmethod(lambda command: (commands.append(command), (0 if command[-1] == 'on' else 1, ''))[1]))

    assert _service.ensure_boot('/data/srv', ['crabserver'], True, by) is True
    assert enable not in commands
    assert _service.ensure_boot('/data/srv', ['crabserver'], False, by) is True
    assert commands[-1] == enable


@pytest.mark.parametrize('action, code', [('start', 1), ('stop', 0)])
def test_what_a_service_says_of_itself_after_an_action_is_believed(monkeypatch, action, code):
    service = _service.service_of('/data/srv', 'crabserver')
    monkeypatch.setattr(service, action, lambda timeout: None)
    monkeypatch.setattr(service, 'status', lambda: (code, 'crabserver is SO AND SO'))

    with pytest.raises(CrabError, match='its status is %d after %s: crabserver is SO AND SO' % (code, action)):
        _service.act(service, action, 1)


def test_the_status_is_told_without_its_colours(monkeypatch):
    service = _service.service_of('/data/srv', 'crabserver')
    monkeypatch.setattr(service, 'call', lambda action: (0, 'crabserver is \x1b[1;32mRUNNING\x1b[0m, PID 47\n'))

    assert service.status() == (0, 'crabserver is RUNNING, PID 47')


@pytest.mark.parametrize('by', ['manage', 'systemd', 'init'])
def test_the_command_for_people_is_a_script_that_bash_takes(tmp_path, by):
    script = tmp_path / 'crab-rest'
    script.write_bytes(_service.helper_script('/data/srv', ['crabserver', 'frontend'], by).encode())

    assert os.system('bash -n %s' % script) == 0
    assert b'set -- frontend crabserver\n' in script.read_bytes()


# systemd with a server that writes, when it is started, what it is told to, and then has another process number or not.
SYSTEMCTL = """#!/bin/sh
case "$*" in
  *restart*) cat {0}/writes >> {0}/srv/logs/crabserver/crabserver-vm.log ;;
  *MainPID*) echo pid >> {0}/asked; [ $(wc -l < {0}/asked) -lt {1} ] && echo MainPID=7 || echo MainPID=8 ;;
esac
"""


@pytest.mark.parametrize('writes, looks_until_it_ends, code, looks', [('ENGINE Bus STARTED', 1000, 0, 2), ('starting', 3, 1, 3)])
def test_with_systemd_a_start_is_judged_by_what_the_server_writes(tmp_path, writes, looks_until_it_ends, code, looks):
    for folder in ('srv/logs/crabserver', 'srv/current/bin', 'bin'):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / 'writes').write_bytes(('%s\n' % writes).encode())
    (tmp_path / 'srv/logs/crabserver/crabserver-vm.log').write_bytes(b'ENGINE Bus STARTED\n')
    for name, text in (('bin/systemctl', SYSTEMCTL.format(tmp_path, looks_until_it_ends)), ('bin/sudo', '#!/bin/sh\n[ $1 != -n ] || shift\nexec "$@"\n'),
                       ('srv/current/bin/crabserver', ''), ('crab-rest', _service.helper_script(str(tmp_path / 'srv'), ['crabserver'], 'systemd'))):
        (tmp_path / name).write_bytes(text.encode())
        os.chmod(str(tmp_path / name), 0o755)

    process = subprocess.Popen([str(tmp_path / 'crab-rest'), 'restart'], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=dict(os.environ, PATH='%s:%s' % (tmp_path / 'bin', os.environ['PATH'])))
    said = process.communicate()[1]

    assert (process.returncode, said) == (code, b'crabserver did not come up\n' if code else b'')
    assert (tmp_path / 'asked').read_bytes().count(b'pid') == looks


@pytest.fixture
def launched(tmp_path, monkeypatch, clock_of_files):
    """A backend as role venv_install leaves it, this process for its server."""
    for folder in ('v3.260819/bin', 'v3.260819/apps', 'logs/crabserver', 'units'):
        (tmp_path / folder).mkdir(parents=True)
    os.symlink('v3.260819', str(tmp_path / 'current'))
    os.symlink('../sw/crabserver/v3.260819', str(tmp_path / 'current' / 'apps' / 'crabserver'))
    (tmp_path / 'current' / 'bin' / 'crabserver').write_bytes(b'')
    (tmp_path / 'units' / 'crabserver.service').write_bytes(b'')
    (tmp_path / 'logs' / 'crabserver' / 'crabserver-vm.log').write_bytes(b'ENGINE Bus STARTED\n')
    monkeypatch.setattr(_service, 'UNITS', str(tmp_path / 'units'))
    return _service.service_of(str(tmp_path), 'crabserver', 'systemd')


def test_a_launched_backend_is_stale_when_its_unit_is_newer_and_tells_its_release(launched, monkeypatch):
    scripted(monkeypatch, {'show': (0, 'MainPID=%d\n' % os.getpid())})

    state = _service.look(launched)

    assert (state['running'], state['pid'], state['switched']) == (True, os.getpid(), True)
    assert state['stale'] == [os.path.join(_service.UNITS, 'crabserver.service'), launched.launcher]
    assert launched.version() == 'v3.260819'


def test_a_launched_backend_has_started_when_its_log_says_so_and_not_by_what_it_said_before(launched, monkeypatch):
    commands = scripted(monkeypatch, {'show': (0, 'MainPID=%d\n' % os.getpid())})

    with pytest.raises(CrabError, match='crabserver did not start within 0 s'):
        launched.start(0)

    assert commands[:2] == [['systemctl', 'reset-failed', 'crabserver.service'], ['systemctl', '--no-pager', 'restart', 'crabserver.service']]


def test_a_launched_backend_that_lacks_a_module_names_the_file_with_its_environment(launched):
    assert 'PYTHONPATH in bin/crabserver.' in launched._cause("ModuleNotFoundError: No module named 'x'")


class Backend(object):
    """A service of which it is known whether it runs, and whether it can be started."""

    def __init__(self, name, running, startable, acted):
        self.name, self.running, self.startable, self.acted, self.current = name, running, startable, acted, '/nonexistent'

    def find(self):
        return (7, None) if self.running else None

    def retried(self):
        return False

    def start(self, timeout):
        self.acted.append(self.name)

    stop = refresh = restart = start

    def status(self):
        return (0 if self.startable else 1), '%s is SO AND SO' % self.name

    def where(self):
        return 'See its log.'


@pytest.fixture
def on_trial(tmp_path, monkeypatch):
    """HG2604a in force and on trial, in place of HG1803f; crabserver does not run. Gives the root, and what was done."""
    for name in ('HG1803f', 'HG2604a'):
        (tmp_path / name).mkdir()
    (tmp_path / 'HG2604a' / '.cmsweb-crab.json').write_bytes(b'{"trial": true, "replaces": "HG1803f"}')
    os.symlink('HG2604a', str(tmp_path / 'current'))
    done = []
    services = dict((name, Backend(name, name != 'crabserver', True, done)) for name in ('frontend', 'crabserver', 'crabcache'))
    monkeypatch.setattr(_service, 'service_of', lambda root, name, by: services[name])
    monkeypatch.setattr(_service, 'plan', lambda state, wanted: 'start')
    monkeypatch.setattr(_service._deploy, 'LOCK', str(tmp_path / 'lock'))
    monkeypatch.setattr(_service._versions, 'bring_back', lambda root, version, user, check: done.append(version))
    return tmp_path, done, services


FAILED = CrabError('crabserver did not start: it ended.', result={'cause': 'x'})


def test_what_does_not_come_up_on_trial_is_left_at_once_and_what_is_down_is_started_first(on_trial):
    root, done, services = on_trial

    error = _service.go_back(str(root), ['frontend', 'crabserver', 'crabcache'], 'manage', 5, FAILED)

    assert done == ['HG1803f', 'crabserver', 'frontend', 'crabcache']
    assert str(error) == 'crabserver did not start: it ended.\nHG2604a was taken out of force, and HG1803f is in force again.'
    assert error.result == {'cause': 'x', 'went_back': {'leaving': 'HG2604a', 'current': 'HG1803f'}}


def test_a_version_that_was_verified_is_not_left(on_trial):
    root, done, services = on_trial
    (root / 'HG2604a' / '.cmsweb-crab.json').write_bytes(b'{"trial": false, "replaces": "HG1803f"}')

    assert _service.go_back(str(root), ['crabserver'], 'manage', 5, FAILED) is FAILED
    assert done == []


def test_a_service_that_does_not_come_up_in_the_version_before_either_keeps_no_other_from_it(on_trial):
    root, done, services = on_trial
    services['crabserver'].startable = False

    error = _service.go_back(str(root), ['crabserver', 'crabcache'], 'manage', 5, FAILED)

    assert done == ['HG1803f', 'crabserver', 'crabcache']
    assert 'HG1803f is in force again, but: crabserver: its status is 1 after start: crabserver is SO AND SO See its log.' in str(error)


def test_without_a_way_back_nothing_is_claimed(on_trial, monkeypatch):
    root, done, services = on_trial

    def refuse(*arguments):
        raise CrabError('There is no way back to HG1803f: it was never replaced.')
    monkeypatch.setattr(_service._versions, 'bring_back', refuse)

    error = _service.go_back(str(root), ['crabserver'], 'manage', 5, FAILED)

    assert 'it ended.\nThe way back to HG1803f: There is no way back to HG1803f' in str(error)
    assert error.result == {'cause': 'x'} and done == []


def test_a_frontend_is_restarted_when_it_has_a_new_process_whatever_the_clock_says(tmp_path, monkeypatch):
    looks = [[7, 8], [7, 8], [], [9]]
    frontend = _service.service_of(str(tmp_path), 'frontend')
    monkeypatch.setattr(frontend, 'call', lambda word: (0, ''))
    monkeypatch.setattr(frontend, 'alive', lambda: True)
    monkeypatch.setattr(frontend, 'pids', lambda: [{'pid': pid} for pid in looks.pop(0)])
    monkeypatch.setattr(_service.time, 'sleep', lambda seconds: None)
    monkeypatch.setattr(_clock, 'now', lambda: pytest.fail('the date was asked for'))

    frontend.restart(600)

    assert looks == []


@pytest.mark.parametrize('code, log, said', [
    (0, b'', r'manage restart has left no server: starting\n See the error_log'),
    (1, b'no certificate\n', r'manage restart ended with 1: starting\nno certificate\n See the error_log'),
])
def test_a_frontend_that_is_not_there_after_its_start_is_told_at_once_with_what_it_said(tmp_path, monkeypatch, code, log, said):
    (tmp_path / 'logs' / 'frontend').mkdir(parents=True)
    frontend = _service.service_of(str(tmp_path), 'frontend')

    def manage(action):
        if action == 'configtest':
            return 0, ''
        (tmp_path / 'logs' / 'frontend' / 'error_log_20261126.txt').write_bytes(log)
        return code, 'starting\n'
    monkeypatch.setattr(frontend, 'call', manage)

    with pytest.raises(CrabError, match=said):
        frontend.restart(600)


def test_a_host_without_systemctl_has_no_units(tmp_path, monkeypatch):
    monkeypatch.setenv('PATH', str(tmp_path))
    unit = _service.Unit(str(tmp_path), 'crabserver')

    assert (unit.missing(), unit.find(), unit.boots()) == ('crabserver.service', None, False)
    with pytest.raises(CrabError) as failure:
        unit.start(1)
    assert failure.value.args[0] == 'crabserver: start ended with 127: systemctl: No such file or directory. See journalctl -u crabserver.'
