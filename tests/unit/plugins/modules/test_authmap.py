# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import stat

from ansible_collections.cmsweb.crab.plugins.modules import authmap, authmap_info

ALICE = '/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=alice/CN=123456/CN=Alice Example'
BOB = '/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=bob/CN=234567/CN=Bob Example'
USERS = [{'dn': ALICE, 'login': 'alice', 'roles': {'operator': ['group:crab3']}}]


def arguments(tmp_path, **more):
    return dict({'path': str(tmp_path / 'authmap.json'), 'gridmap': str(tmp_path / 'voms-gridmap.txt'), 'users': USERS}, **more)


def test_both_files_are_made_readable(tmp_path, run_module):
    result = run_module(authmap, arguments(tmp_path))
    assert (result['changed'], result['gridmap_changed'], result['users_added']) == (True, True, [ALICE])
    assert (tmp_path / 'voms-gridmap.txt').read_bytes() == b'"' + ALICE.encode('ascii') + b'" cms\n'
    assert [stat.S_IMODE(os.stat(str(tmp_path / name)).st_mode) for name in ('authmap.json', 'voms-gridmap.txt')] == [0o644, 0o644]


def test_second_run_changes_nothing(tmp_path, run_module):
    run_module(authmap, arguments(tmp_path))
    result = run_module(authmap, arguments(tmp_path))
    assert (result['changed'], result['gridmap_changed']) == (False, False)


def test_a_new_map_of_the_same_size_has_a_later_second(tmp_path, run_module):
    """The frontend looks at the size and the second."""
    seen = []
    for login in ('alice', 'alicf', 'alicg', 'alich'):
        run_module(authmap, arguments(tmp_path, users=[{'dn': ALICE, 'login': login}]))
        now = os.stat(str(tmp_path / 'authmap.json'))
        seen.append((int(now.st_mtime), now.st_size))
    assert len(set(seen)) == 4 and len(set(size for _second, size in seen)) == 1


def test_changed_login_leaves_the_gridmap(tmp_path, run_module):
    run_module(authmap, arguments(tmp_path))
    result = run_module(authmap, arguments(tmp_path, users=[{'dn': ALICE, 'login': 'alice2'}]))
    assert (result['changed'], result['gridmap_changed'], result['users_changed']) == (True, False, [ALICE])


def test_exact_removes_everybody_else_from_both(tmp_path, run_module):
    run_module(authmap, arguments(tmp_path))
    result = run_module(authmap, arguments(tmp_path, users=[{'dn': BOB, 'login': 'bob'}], exact=True))
    assert (result['users_added'], result['users_removed']) == ([BOB], [ALICE])
    assert (tmp_path / 'voms-gridmap.txt').read_bytes() == b'"' + BOB.encode('ascii') + b'" cms\n'


def test_check_mode_on_a_virgin_host(tmp_path, run_module):
    result = run_module(authmap, arguments(tmp_path / 'no', owner='nosuch', group='nosuch'), check=True)
    assert result['changed'] and not (tmp_path / 'no').exists()
    assert [len(part['after'].splitlines()) for part in result['diff']] == [3, 1]


def test_broken_map_leaves_both_files(tmp_path, run_module):
    (tmp_path / 'authmap.json').write_bytes(b'{}')
    result = run_module(authmap, arguments(tmp_path))
    assert result['failed'] and 'the frontend answers 500 to everybody' in result['msg']
    assert (tmp_path / 'authmap.json').read_bytes() == b'{}' and not (tmp_path / 'voms-gridmap.txt').exists()


def test_backups_of_both(tmp_path, run_module):
    run_module(authmap, arguments(tmp_path))
    result = run_module(authmap, arguments(tmp_path, users=[{'dn': BOB, 'login': 'bob'}], backup=True))
    assert os.path.exists(result['backup_file']) and os.path.exists(result['gridmap_backup_file'])


def test_info_tells_who_is_in_only_one_file(tmp_path, run_module):
    run_module(authmap, arguments(tmp_path))
    (tmp_path / 'voms-gridmap.txt').write_bytes(b'"' + BOB.encode('ascii') + b'" cms\n')
    result = run_module(authmap_info, {'path': str(tmp_path / 'authmap.json'), 'gridmap': str(tmp_path / 'voms-gridmap.txt')})
    assert result['users'] == [{'dn': ALICE, 'login': 'alice', 'name': 'alice', 'roles': {'operator': ['group:crab3']}}]
    assert (result['not_in_gridmap'], result['not_in_authmap'], result['problems']) == ([ALICE], [BOB], [])


def test_info_on_one_dn(tmp_path, run_module):
    run_module(authmap, arguments(tmp_path))
    result = run_module(authmap_info, {'path': str(tmp_path / 'authmap.json'), 'gridmap': str(tmp_path / 'voms-gridmap.txt'), 'dn': BOB})
    assert (result['users'], result['not_in_gridmap'], result['not_in_authmap']) == ([], [], [])
