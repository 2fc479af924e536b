#!/usr/bin/python
# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: dbconfig_info
version_added: 1.0.0
author: cmsweb.crab maintainers (@cmsweb)
short_description: Read CRABServerAuth.py, the database accounts of the CRAB REST server, without its passwords
description:
  - Tells which instances and accounts C(CRABServerAuth.py) holds, and what is wrong with them.
  - The file is never run, and no password is returned. C(password_is_set) tells whether there is one.
extends_documentation_fragment:
  - cmsweb.crab.writes.info
options:
  path:
    description: The file, normally C(/data/srv/current/auth/crabserver/CRABServerAuth.py).
    type: path
    required: true
seealso:
  - module: cmsweb.crab.dbconfig
'''

EXAMPLES = r'''
- name: Read the database accounts
  cmsweb.crab.dbconfig_info:
    path: /data/srv/current/auth/crabserver/CRABServerAuth.py
  register: accounts

- name: Is the instance dev there
  ansible.builtin.assert:
    that: "'dev' in accounts.instances"
'''

RETURN = r'''
exists:
  description: Whether there is such a file.
  returned: success
  type: bool
  sample: true
instances:
  description:
    - Instance names with what the file says of them, without secrets.
    - A value that only running the file would tell is given as a dict with the one key C(expression).
  returned: success
  type: dict
  sample:
    dev:
      .title: Private
      .order: 1
      '*': {user: crab_alice, dsn: devdb11, password_is_set: true, type: {expression: DB}}
placeholders:
  description: Instances that Deploy left with C(FIXME) values.
  returned: success
  type: list
  elements: str
  sample: [preprod, prod]
s3_keys:
  description: The keys of C(s3), without their values.
  returned: success
  type: list
  elements: str
  sample: [access_key, secret_key]
problems:
  description: What the server would stumble over.
  returned: success
  type: list
  elements: str
  sample: ['In CRABServerAuth.py: the instance prod has placeholders with FIXME.']
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _dbconfig, _files
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run


def act(params, check):
    content = _files.read(params['path'])
    found = {'instances': {}, 'placeholders': [], 's3_keys': [], 'problems': []}
    if content is not None:
        found = _dbconfig.describe(content, params['path'])
    return dict(found, changed=False, exists=content is not None)


def main():
    run(act, {'path': {'type': 'path', 'required': True}})


if __name__ == '__main__':
    main()
