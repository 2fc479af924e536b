# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose a deployed tree is: service accounts' (`Deploy -a`), or one account's, that everything belongs to and runs as.

Which of the two is read off the tree, so that nothing has to be told twice, and a tree is never treated as what it is not.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import grp
import os
import pwd

SHARED = '_sw'      # the group of what the deploying account and the one of the packages both write
OWN = '~/.cmsweb-crab'


def single(root):
    """The one account of the tree below the root; None where services have accounts of their own, or nothing is deployed."""
    # Deploy makes .deploy first, and gives it to the group before it makes `enabled`.
    if not os.path.isdir(os.path.join(root, 'enabled')):
        return None
    try:
        status = os.stat(os.path.join(root, '.deploy'))
    except OSError:
        return None     # not by Deploy
    return None if _name(grp.getgrgid, status.st_gid) == SHARED else _name(pwd.getpwuid, status.st_uid)


def fault(root, account, user, wanted_single):
    """(what, remedy) where a deployed tree is not what is wanted; else None. There is no way from service accounts to one account, nor back.

    :param account: the one account that the tree belongs to, or None
    """
    if wanted_single and account is None:
        return ('%s was deployed with service accounts, and crab_single_account is true.' % root,
                'Set crab_single_account to false, or name another folder in crab_root.')
    if account and not wanted_single:
        return ('%s was deployed in single-account mode, by %s, and crab_single_account is not true.' % (root, account),
                'Set crab_single_account to true, or name another folder in crab_root.')
    if account and account != user:
        return ('%s belongs to %s, and crab_user is %s.' % (root, account, user), 'Log in as %s, or name another folder in crab_root.' % account)
    return None


def of(root, service):
    """The account that a backend runs as."""
    return single(root) or '_' + service


def login(account, line, shell='/bin/bash'):
    """The command that runs a line in a login shell of an account, which may have no login shell. Not sudo: on a new host it wants a terminal."""
    if _uid(account) == os.geteuid():
        return [shell, '-lc', line]
    return ['runuser', '-s', shell, '-l', account, '-c', line]


def kept_in(folder):
    """Where what concerns a whole machine is kept: in this folder by root, and by another account, which has only itself to think of, in its own."""
    return folder if os.geteuid() == 0 else os.path.expanduser(OWN)


def _uid(account):
    try:
        return pwd.getpwnam(account).pw_uid
    except KeyError:
        return None


def _name(look_up, number):
    try:
        return look_up(number)[0]
    except KeyError:
        return str(number)
