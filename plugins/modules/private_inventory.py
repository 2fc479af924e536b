#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: private_inventory
short_description: Ask what a private installation needs, and write its inventory
version_added: 1.0.0
description:
  - Asks on the terminal of the controller for what has no sensible value, with a default where there is one, and checks each answer at once by what
    M(cmsweb.crab.preflight) knows. A wrong one is asked for again, with the reason.
  - Writes a folder with an inventory like C(inventories/private), or C(inventories/el9) for a release that a virtual environment is made for, and with the
    secrets in an encrypted C(group_vars/crab/vault.yml). Its password is that of this run (C(--vault-password-file), C(--ask-vault-pass)), or asked for.
  - Without a terminal, defaults are taken for what is not in O(answers), and one message lists everything that is wrong or missing.
  - Until the last answer is good nothing is written. All files have mode 0600.
options:
  folder:
    description: The folder to write.
    type: path
    required: true
  overwrite:
    description: Write the folder anew if it exists. The old one is renamed, with the date behind its name.
    type: bool
    default: false
  answers:
    description:
      - Answers that are known already, by name.
      - These are C(host), C(user), C(version), C(release), C(instance), C(mode), C(proxy), C(dn), C(login), C(checkout), C(dsn), C(database_user),
        C(database_password), C(issuer), C(certificate), C(key), C(taskworker_dn), C(schedd) and C(collector).
      - A release on EL9 has C(s3_bucket), C(s3_access_key) and C(s3_secret_key) in place of C(release), C(mode), C(schedd) and C(collector).
    type: dict
    default: {}
attributes:
  check_mode:
    support: full
    description: Asks, and writes nothing.
  diff_mode:
    support: full
    description: Shows the files without the vault.
  idempotent:
    support: none
    description: It refuses to write a folder that is there.
  action:
    support: full
    description: Has an action plugin that runs on the controller.
author:
  - cmsweb.crab maintainers (@cmsweb)
'''

EXAMPLES = r'''
- name: Make the inventory of a private installation
  cmsweb.crab.private_inventory:
    folder: inventories/mine
    answers:
      host: crab-vm.example.org
      version: HG1803f
'''

RETURN = r'''
folder:
  description: The folder that was written.
  returned: success
  type: str
  sample: /home/alice/inventories/mine
backup:
  description: Where the folder is that had this name before.
  returned: when O(overwrite) and there was one
  type: str
  sample: /home/alice/inventories/mine.2026-11-25@10:15:00~
next:
  description: The command that comes next.
  returned: success
  type: str
  sample: ansible-playbook cmsweb.crab.site -i inventories/mine --ask-vault-pass --check --diff
'''
