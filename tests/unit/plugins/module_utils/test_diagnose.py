# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What needs no host; each cause made for real: tests/integration/test_diagnose.py."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import time

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _diagnose

NOW = 1795600000.0      # 25 November 2026
OPTIONS = {'root': None, 'user': 'nobody', 'instance': 'dev', 'release': None, 'services': ['crabserver'], 'fqdn': 'crab-vm.example.org', 'dns': [],
           'own_maps': True, 'controller_time': None, 'skew': 60, 'days': 30, 'hours': 24, 'free_megabytes': 1, 'since': '1h',
           'backend': 'http://127.0.0.1:9'}


@pytest.fixture
def site(tmp_path):
    """A deployed tree whose crabserver came up an hour ago."""
    for name in ('current/config/crabserver', 'current/auth/crabserver', 'logs/crabserver'):
        os.makedirs(str(tmp_path / name))
    (tmp_path / 'current/config/crabserver/manage').write_text(u'')
    one = _diagnose.Site(dict(OPTIONS, root=str(tmp_path)), NOW)
    one.states['crabserver'] = {'running': True, 'pid': 1, 'started': NOW - 3600, 'stale': []}
    return one


def test_a_server_that_is_started_again_and_again_cannot_start_although_it_runs_for_a_moment(site):
    os.makedirs(os.path.join(site.root, 'current/auth/wmcore-auth'))
    with open(os.path.join(site.root, 'current/auth/wmcore-auth/header-auth-key'), 'wb') as key:
        key.write(b'x' * 20)
    logged(site, 'ERROR: terminating due to error: Traceback (most recent call last):')
    with open(os.path.join(site.root, 'logs/crabserver/crabserver-1.log'), 'a') as log:
        log.write("  File \"x.py\", line 1, in y\nAttributeError: 'ConfigSection' object has no attribute 'mode'\n")

    found = list(_diagnose.check_backend(site))

    assert causes(found) == ['cannot_start']
    assert "no attribute 'mode'" in found[0]['found']


def test_a_release_in_a_virtual_environment_counts_as_deployed_and_is_asked_of_systemd(tmp_path):
    os.makedirs(str(tmp_path / 'current/bin'))
    (tmp_path / 'current/bin/crabserver').write_text(u'export PYTHONPATH=$auth:$PYTHONPATH:/nosuch/folder\n')

    one = _diagnose.Site(dict(OPTIONS, root=str(tmp_path), services=['frontend', 'crabserver', 'crabcache']), NOW)

    assert list(one.states) == ['crabserver']
    assert one.service('crabserver').where() == 'See %s.' % (tmp_path / 'logs/crabserver')
    found = list(_diagnose.check_python_path(one))
    assert causes(found) == ['python_path']
    assert '/nosuch/folder' in found[0]['found']


@pytest.mark.parametrize('folders, port', [((), 443), (('.deploy', 'enabled'), 8443)])
def test_the_port_of_a_frontend_follows_from_whose_the_tree_is(site, monkeypatch, folders, port):
    for folder in folders:
        os.mkdir(os.path.join(site.root, folder))
    monkeypatch.setattr(_diagnose._listeners, 'holder', lambda number: {'name': 'nginx', 'pid': 7} if number == port else None)

    found = _diagnose._why_not_running(site, 'frontend')

    assert (found['cause'], found['found']) == ('port_taken', 'frontend does not run, and its port %d is held by nginx (pid 7).' % port)


def logged(site, *said):
    path, now = os.path.join(site.root, 'logs/crabserver/crabserver-1.log'), time.strftime('%d/%b/%Y:%H:%M:%S', time.localtime(NOW))
    with open(path, 'w') as log:
        for text in said:
            log.write('[%s]  %s\n' % (now, text))
    os.utime(path, (NOW, NOW))


def causes(findings):
    return [one['cause'] for one in findings]


@pytest.mark.parametrize('code', ['ORA-00942', 'ORA-00904'])
def test_missing_tables_and_columns_are_told_with_the_code(site, code):
    logged(site, 'SERVER DATABASE ERROR 500/403 Execution error cx_Oracle.DatabaseError %s [instance: dev] (%s: "TM_X")' % ('a' * 32, code))

    found = list(_diagnose.check_schema(site))

    assert causes(found) == ['schema']
    assert code in found[0]['found']


@pytest.mark.parametrize('code, cause', sorted(_diagnose.DATABASE_CODES.items()))
def test_each_code_of_the_database_has_its_cause(site, code, cause):
    logged(site, 'DATABASE THREAD CONNECT ERROR crab@devdb11 x cx_Oracle.DatabaseError %s (%s: text)' % ('a' * 32, code))

    assert _diagnose._database_finding(site)['cause'] == cause


def test_the_reason_behind_a_failed_connection_counts_more_than_that_it_failed(site):
    logged(site, 'DATABASE THREAD CONNECT ERROR crab@devdb11 x oracledb.OperationalError %s (DPY-6005: cannot connect to database. DPY-6001: Service "x" is '
                 'not registered)' % ('a' * 32))

    assert _diagnose._database_finding(site)['cause'] == 'database_dsn'


def test_a_code_that_is_not_known_is_still_told(site):
    logged(site, 'DATABASE THREAD CONNECT ERROR crab@devdb11 x cx_Oracle.DatabaseError %s (ORA-00600: internal)' % ('a' * 32))

    assert _diagnose._database_finding(site)['cause'] == 'database'


def test_an_error_whose_time_cannot_be_read_is_not_taken_for_a_recent_one(site):
    logged(site, 'ENGINE Bus STARTED')
    with open(os.path.join(site.root, 'logs/crabserver/crabserver-1.log'), 'a') as log:
        log.write('[odd]  DATABASE THREAD CONNECT ERROR crab@devdb11 x cx_Oracle.DatabaseError %s (ORA-12541: text)\n' % ('a' * 32))

    assert _diagnose._database_finding(site) is None


def test_what_only_running_the_file_would_tell_of_the_external_configuration_is_not_judged(site, monkeypatch):
    asked = []
    monkeypatch.setattr(_diagnose._externalfetch, 'fetch', lambda url, *options: asked.append(url) or b'{"cmsweb-dev": {}}')
    with open(os.path.join(site.current, 'config/crabserver/config.py'), 'w') as config:
        config.write("data = main.section_('d')\nfqdn = host()\ndata.extconfigurl = 'http://%s/x' % fqdn\ndata.mode = fqdn\n")

    found = list(_diagnose.check_external(site))
    with open(os.path.join(site.current, 'config/crabserver/config.py'), 'a') as config:
        config.write("data.extconfigurl = 'http://crab.example.org/x'\n")

    assert (found, asked) == ([], [])
    assert 'external_mode' not in causes(_diagnose.check_external(site))
    assert asked == ['http://crab.example.org/x']


def test_a_password_that_was_just_refused_is_not_tried_again(site, monkeypatch):
    logged(site, 'DATABASE THREAD CONNECT ERROR crab@devdb11 x cx_Oracle.DatabaseError %s (ORA-01017: invalid username/password)' % ('a' * 32))
    monkeypatch.setattr(_diagnose._http, 'get', lambda *arguments, **options: pytest.fail('a request was sent'))

    assert causes(_diagnose.check_backend(site)) == ['database_password']


def test_errors_of_a_server_that_does_not_run_are_old_news(site):
    logged(site, 'SERVER DATABASE ERROR 500/403 Execution error cx_Oracle.DatabaseError %s [instance: dev] (ORA-00942: x)' % ('a' * 32))
    site.states['crabserver']['running'] = False

    assert list(_diagnose.check_schema(site)) == []


def test_a_file_at_fault_is_not_recommended_to_be_put_in_force():
    stale = _diagnose.finding('stale', 'crabserver started before the last change of /x/key, /x/config.py.', files=['/x/key', '/x/config.py'])
    broken = _diagnose.finding('config_broken', '/x/config.py, line 3: invalid syntax')

    assert _diagnose._explained(stale, [stale, broken])
    assert not _diagnose._explained(stale, [stale])
    assert not _diagnose._explained(broken, [stale, broken])


def test_an_unreadable_part_does_not_hide_the_others(tmp_path, monkeypatch):
    def fails(site):
        raise IOError(13, 'Permission denied', '/x')

    monkeypatch.setattr(_diagnose, 'CHECKS', (('first', fails), ('second', lambda site: [_diagnose.finding('cron', 'x')])))
    os.makedirs(str(tmp_path / 'current/config/crabserver'))
    (tmp_path / 'current/config/crabserver/manage').write_text(u'')

    found, checks = _diagnose.findings(dict(OPTIONS, root=str(tmp_path)), NOW)

    assert [(one['check'], one['cause']) for one in found] == [('first', 'unreadable'), ('second', 'cron')]
    assert checks == ['first', 'second']


@pytest.mark.parametrize('line, missing', [
    ('export PYTHONPATH=/nosuch/a:$PYTHONPATH', ['/nosuch/a']), ('PYTHONPATH="/nosuch/a:/tmp"', ['/nosuch/a']), ('export PATH=/nosuch', []),
    ('export PYTHONPATH=$X/lib', []), ('export PYTHONPATH=/tmp', []),
])
def test_folders_of_the_python_path_that_are_not_there(site, line, missing):
    os.makedirs(os.path.join(site.current, 'apps/crabserver/etc/profile.d'))
    with open(os.path.join(site.current, 'apps/crabserver/etc/profile.d/init.sh'), 'w') as target:
        target.write(line + '\n')

    found = list(_diagnose.check_python_path(site))

    assert len(found) == len(missing)
    assert all(folder in one['found'] for folder, one in zip(missing, found))


@pytest.mark.parametrize('instance, expected', [('prod', ['placeholders']), ('dev', [])])
def test_only_the_instance_that_is_asked_for_counts_as_one_with_placeholders(site, instance, expected):
    with open(os.path.join(site.current, 'config/crabserver/config.py'), 'w') as config:
        config.write('x = 1\n')
    with open(site.auth('crabserver', 'CRABServerAuth.py'), 'w') as accounts:
        accounts.write("dbconfig = {'prod': {'*': {'dsn': 'prod_FIXME', 'user': 'x', 'password': 'y'}},\n"
                       "            'dev': {'*': {'dsn': 'devdb11', 'user': 'x', 'password': 'y'}}}\n")
    site.options['instance'] = instance

    assert causes(_diagnose.check_configuration(site)) == expected


@pytest.mark.parametrize('own_maps, expected', [(True, ['gridmap_missing', 'authmap_broken']), (False, ['gridmap_missing'])])
def test_an_odd_user_is_a_fault_of_an_own_map_only(site, own_maps, expected):
    os.makedirs(site.frontend())
    with open(site.frontend('authmap.json'), 'w') as users:
        users.write('[{"DN": "/CN=alice", "LOGIN": null, "NAME": "Alice", "ROLES": {}}]')
    site.options['own_maps'] = own_maps

    assert causes(_diagnose._maps(site)) == expected


def test_every_cause_has_a_remedy_that_is_a_sentence():
    assert all(remedy[0].isupper() and remedy.endswith('.') for remedy in _diagnose.CAUSES.values())
