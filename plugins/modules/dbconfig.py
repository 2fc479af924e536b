#!/usr/bin/python
# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: dbconfig
version_added: 1.0.0
author: cmsweb.crab maintainers (@cmsweb)
short_description: Write CRABServerAuth.py, the database accounts of the CRAB REST server
description:
  - Sets instances in the C(dbconfig) of C(CRABServerAuth.py), normally C(/data/srv/current/auth/crabserver/CRABServerAuth.py).
  - The file is read and edited without running it. Other instances, comments, and values such as C('cmsweb-prod@%s' % fqdn) stay as they are.
  - An instance that is named here is owned as a whole. Its title, order, accounts and keys become those given.
  - The edited file is compiled and its structure checked before it replaces the old one, and owner and mode are set before content is visible.
  - No password is returned or shown in a diff, neither one of the instances given here nor one of another instance in the file.
extends_documentation_fragment:
  - cmsweb.crab.writes
  - cmsweb.crab.writes.attributes
options:
  path:
    description: The file. If there is none, it is made.
    type: path
    required: true
  instances:
    description:
      - Instance names, such as V(dev), with their accounts. The name is part of the server's URLs and must have lower case letters only, or
        the server never routes to it.
      - C(title) and C(order) are for display only; the defaults are the name with a capital letter and V(0).
      - C(accounts) is a dict of V('*') or an HTTP method to an account. Production has a reader at V(GET) and a writer at V('*').
      - An account has C(user), C(password) and C(dsn) (required), C(schema) (default is the user), C(clientid) (default is
        C(cmsweb-INSTANCE@) with the host name, as far as possible told by the file itself when it is loaded), C(liveness) (default
        C(select sysdate from dual)), C(timeout) (default V(300)), C(trace) (default V(true)), C(type) (the name that O(driver) imports), and
        optionally C(stmtcache), C(auth-role) and C(session-sql).
    type: dict
    default: {}
  passwords:
    description:
      - User names with their new passwords, and nothing else. Each is put into every account of the file that logs in as this user, in
        whatever instance and for whatever method; all else stays to the byte. A user that no account has is an error.
      - For the password that the database wants changed every year. It needs a file that is there, and no O(instances).
    type: dict
  absent:
    description: Instances to remove. One that is not there is no error.
    type: list
    elements: str
    default: []
  s3:
    description:
      - C(access_key) and C(secret_key) of the S3 account, which releases from v3.250925 need. Written as C(s3 = {...}).
      - By default the C(s3) of the file stays as it is.
    type: dict
  driver:
    description: What the file imports to reach the database, as in a Python import statement. Any DB-API module that the server can import will do.
    type: str
    default: cx_Oracle as DB
  drop_placeholders:
    description: Remove the instances C(preprod) and C(prod) that Deploy writes with C(FIXME) for user, password and database.
    type: bool
    default: false
  purge:
    description: Remove every instance that is not in O(instances).
    type: bool
    default: false
seealso:
  - module: cmsweb.crab.dbconfig_info
  - module: cmsweb.crab.static_config
'''

EXAMPLES = r'''
- name: Give the instance dev its database account
  cmsweb.crab.dbconfig:
    path: /data/srv/current/auth/crabserver/CRABServerAuth.py
    owner: _sw
    group: _config
    mode: '0440'
    drop_placeholders: true
    instances:
      dev:
        title: Private
        order: 1
        accounts:
          '*':
            user: crab_alice
            password: "{{ crab_database_password }}"
            dsn: devdb11

- name: Separate accounts for reading and writing
  cmsweb.crab.dbconfig:
    path: /data/srv/current/auth/crabserver/CRABServerAuth.py
    owner: _sw
    group: _config
    mode: '0440'
    instances:
      prod:
        title: Production
        accounts:
          GET:
            user: crab_r
            password: "{{ crab_reader_password }}"
            dsn: cmsr
            schema: crab
          '*':
            user: crab_w
            password: "{{ crab_writer_password }}"
            dsn: cmsr
            schema: crab
    s3:
      access_key: "{{ crab_s3_access_key }}"
      secret_key: "{{ crab_s3_secret_key }}"

- name: Put a new password in, wherever this user logs in
  cmsweb.crab.dbconfig:
    path: /data/srv/current/auth/crabserver/CRABServerAuth.py
    passwords:
      crab_alice: "{{ crab_new_database_password }}"

- name: Drop an instance that is no longer used
  cmsweb.crab.dbconfig:
    path: /data/srv/current/auth/crabserver/CRABServerAuth.py
    absent: [oldtest]
'''

RETURN = r'''
changed_keys:
  description: What was set to another value, added or removed, or would be; C(driver) is the import statement. Never a value.
  returned: success
  type: list
  elements: str
  sample: [dev.*.password, preprod, prod]
instances:
  description: All instances that the file holds then.
  returned: success
  type: list
  elements: str
  sample: [dev]
backup_file:
  description: The copy of the old file. It holds the old password, with the old owner and mode.
  returned: when O(backup=true) and the content changed
  type: str
  sample: /data/srv/current/auth/crabserver/CRABServerAuth.py.2026-11-23@10:12:13~
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _dbconfig, _files
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._module import WRITE_ARGUMENTS, run, write_file


def act(params, check):
    path = params['path']
    old = _files.read(path)
    if params['passwords'] and (old is None or params['instances']):
        raise CrabError('There is no %s.' % path if old is None else 'passwords and instances exclude each other.', 'Run the stages deploy and config first.'
                        if old is None else 'An instance has its passwords in its accounts.')
    if params['passwords']:
        done = _dbconfig.with_passwords(old, path, params['passwords'])
    else:
        done = _dbconfig.configure(old, path, params['instances'], params['s3'], params['driver'], params['drop_placeholders'], params['purge'],
                                   params['absent'])
    result = write_file(params, check, path, old, done['content'], _dbconfig.masked)
    result.update(changed_keys=done['changed_keys'], instances=done['instances'], warnings=done['warnings'])
    return result


def secrets(params):
    return _dbconfig.secrets(params['instances'], params['s3']) + list((params['passwords'] or {}).values())


def main():
    run(act, dict(WRITE_ARGUMENTS, path={'type': 'path', 'required': True}, instances={'type': 'dict', 'default': {}, 'no_log': True},
                  passwords={'type': 'dict', 'no_log': True}, absent={'type': 'list', 'elements': 'str', 'default': []},
                  s3={'type': 'dict', 'no_log': True}, driver={'type': 'str', 'default': 'cx_Oracle as DB'},
                  drop_placeholders={'type': 'bool', 'default': False}, purge={'type': 'bool', 'default': False}), secrets=secrets,
        mutually_exclusive=[('passwords', other) for other in ('absent', 's3')])


if __name__ == '__main__':
    main()
