# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import getpass
import grp
import os

import pytest

from ansible_collections.cmsweb.crab.plugins.module_utils import _accounts

ME = getpass.getuser()


@pytest.fixture
def tree(tmp_path):
    """A root as Deploy leaves it without -a, by the account that runs the tests."""
    (tmp_path / '.deploy').mkdir()
    (tmp_path / 'enabled').mkdir()
    return tmp_path


def test_a_tree_whose_folders_are_not_the_shared_groups_belongs_to_one_account(tree):
    assert _accounts.single(str(tree)) == ME
    assert _accounts.of(str(tree), 'crabserver') == ME


def test_a_tree_of_the_shared_group_has_service_accounts(tree, monkeypatch):
    monkeypatch.setattr(_accounts, 'SHARED', grp.getgrgid(os.stat(str(tree)).st_gid).gr_name)

    assert _accounts.single(str(tree)) is None
    assert _accounts.of(str(tree), 'crabserver') == '_crabserver'


@pytest.mark.parametrize('folder', ['.deploy', 'enabled'])
def test_before_deploy_has_made_its_folders_nothing_is_known(tree, folder):
    (tree / folder).rmdir()

    assert _accounts.single(str(tree)) is None


def test_an_account_needs_nobody_to_log_in_as_itself():
    assert _accounts.login(ME, 'id', '/bin/bashs') == ['/bin/bashs', '-lc', 'id']
    assert _accounts.login('_nosuch', 'id') == ['runuser', '-s', '/bin/bash', '-l', '_nosuch', '-c', 'id']


def test_who_is_not_root_keeps_what_concerns_the_machine_at_home(monkeypatch):
    monkeypatch.setattr(os, 'geteuid', lambda: 1000)
    monkeypatch.setenv('HOME', '/home/alice')

    assert _accounts.kept_in('/var/lock') == '/home/alice/.cmsweb-crab'

    monkeypatch.setattr(os, 'geteuid', lambda: 0)
    assert _accounts.kept_in('/var/lock') == '/var/lock'


@pytest.mark.parametrize('account, user, wanted, said', [
    (None, 'alice', True, '/data/srv was deployed with service accounts, and crab_single_account is true.'),
    ('alice', 'alice', False, '/data/srv was deployed in single-account mode, by alice, and crab_single_account is not true.'),
    ('alice', 'bob', True, '/data/srv belongs to alice, and crab_user is bob.'),
])
def test_a_tree_of_the_other_mode_or_of_somebody_else_is_refused(account, user, wanted, said):
    assert _accounts.fault('/data/srv', account, user, wanted)[0] == said


@pytest.mark.parametrize('account, wanted', [(None, False), ('alice', True)])
def test_a_tree_of_the_wanted_mode_is_none(account, wanted):
    assert _accounts.fault('/data/srv', account, 'alice', wanted) is None
