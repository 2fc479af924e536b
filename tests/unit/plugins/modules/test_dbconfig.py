# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import stat

from ansible_collections.cmsweb.crab.plugins.modules import dbconfig, dbconfig_info

ACCOUNT = {'user': 'crab_alice', 'dsn': 'devdb11'}
SECRET = u'ge"h\\e\'im\n{{ x }} \xe9%s'


def arguments(path, password=SECRET, **more):
    return dict({'path': str(path), 'mode': '0440', 'instances': {'dev': {'order': 1, 'accounts': {'*': dict(ACCOUNT, password=password)}}}}, **more)


def test_file_is_made_with_its_mode(tmp_path, run_module):
    path = tmp_path / 'CRABServerAuth.py'
    result = run_module(dbconfig, arguments(path))
    assert (result['changed'], result['changed_keys'], result['instances']) == (True, ['dev'], ['dev'])
    assert stat.S_IMODE(os.stat(str(path)).st_mode) == 0o440


def test_second_run_changes_nothing(tmp_path, run_module):
    path = tmp_path / 'CRABServerAuth.py'
    run_module(dbconfig, arguments(path))
    before = path.read_bytes()
    result = run_module(dbconfig, arguments(path))
    assert (result['changed'], result['changed_keys'], path.read_bytes()) == (False, [], before)


def test_check_mode_on_a_virgin_host_shows_the_file_and_makes_nothing(tmp_path, run_module):
    path = tmp_path / 'nowhere' / 'CRABServerAuth.py'
    result = run_module(dbconfig, arguments(path, owner='nosuchaccount', group='nosuchgroup'), check=True)
    assert result['changed'] and "'user': 'crab_alice'" in result['diff']['after'] and not path.parent.exists()


def test_no_secret_is_printed(tmp_path, run_module):
    path = tmp_path / 'CRABServerAuth.py'
    path.write_bytes(b"import cx_Oracle as DB\ndbconfig = {'prod': {'*': {'password': 'hunter-of-prod'}}}\n")
    result = run_module(dbconfig, arguments(path, s3={'access_key': 'hunter-access', 'secret_key': 'hunter-secret'}))
    assert result['changed'] and 'hunter' not in result['stdout'] and 'ge\\"h' not in result['stdout']
    assert result['diff']['after'].count("'password': '********'") == 2
    assert result['invocation']['module_args']['instances']['dev']['accounts']['*']['password'] == 'VALUE_SPECIFIED_IN_NO_LOG_PARAMETER'
    assert result['invocation']['module_args']['instances']['dev']['accounts']['*']['user'] == 'crab_alice'


def test_refusal_names_the_key_and_leaves_the_file(tmp_path, run_module):
    path = tmp_path / 'CRABServerAuth.py'
    path.write_bytes(b'dbconfig = {}\n')
    result = run_module(dbconfig, arguments(path, password=''))
    assert result['failed'] and result['msg'].startswith('instances.dev.accounts.*.password: missing or empty')
    assert path.read_bytes() == b'dbconfig = {}\n'


def test_broken_file_is_refused_without_quoting_it(tmp_path, run_module):
    path = tmp_path / 'CRABServerAuth.py'
    path.write_bytes(b"dbconfig = {'password': 'hunter'\n")
    result = run_module(dbconfig, arguments(path))
    assert result['failed'] and 'line' in result['msg'] and 'hunter' not in result['stdout']


def test_backup_keeps_the_old_file(tmp_path, run_module):
    path = tmp_path / 'CRABServerAuth.py'
    path.write_bytes(b'dbconfig = {}\n')
    result = run_module(dbconfig, arguments(path, backup=True))
    with open(result['backup_file'], 'rb') as copy:
        assert copy.read() == b'dbconfig = {}\n'


def test_info_tells_everything_but_the_password(tmp_path, run_module):
    path = tmp_path / 'CRABServerAuth.py'
    run_module(dbconfig, arguments(path))
    result = run_module(dbconfig_info, {'path': str(path)})
    assert result['instances']['dev']['*']['password_is_set'] is True and result['instances']['dev']['*']['user'] == 'crab_alice'
    assert (result['problems'], result['placeholders'], result['exists']) == ([], [], True)
    assert 'ge\\"h' not in result['stdout']


def test_info_of_no_file(tmp_path, run_module):
    result = run_module(dbconfig_info, {'path': str(tmp_path / 'x')})
    assert (result['exists'], result['instances']) == (False, {})


def test_new_password_of_a_user_is_nowhere_shown(tmp_path, run_module):
    path = tmp_path / 'CRABServerAuth.py'
    run_module(dbconfig, arguments(path, password='OldPassword'))
    wanted = {'path': str(path), 'passwords': {'crab_alice': 'NewPassword'}, 'backup': True}
    first, second = run_module(dbconfig, wanted), run_module(dbconfig, wanted)
    assert (first['changed_keys'], second['changed'], stat.S_IMODE(os.stat(str(path)).st_mode)) == (['dev.*.password'], False, 0o440)
    assert b"'NewPassword'" in path.read_bytes() and 'Password\'' not in first['stdout'] and 'NewPassword' not in first['stdout']
    assert stat.S_IMODE(os.stat(first['backup_file']).st_mode) == 0o440


def test_new_password_needs_a_file(tmp_path, run_module):
    path = str(tmp_path / 'CRABServerAuth.py')
    result = run_module(dbconfig, {'path': path, 'passwords': {'crab_alice': 'x'}}, check=True)
    assert result['msg'] == 'There is no %s. Run the stages deploy and config first.' % path


def test_new_password_and_instances_exclude_each_other(tmp_path, run_module):
    path = tmp_path / 'CRABServerAuth.py'
    run_module(dbconfig, arguments(path))
    before = path.read_bytes()
    result = run_module(dbconfig, arguments(path, passwords={'crab_alice': 'OtherPassword'}))
    assert result['msg'].startswith('passwords and instances exclude each other.') and path.read_bytes() == before
