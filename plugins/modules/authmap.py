#!/usr/bin/python
# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: authmap
version_added: 1.0.0
author: cmsweb.crab maintainers (@cmsweb)
short_description: Say who may use a CMSWEB frontend, in authmap.json and voms-gridmap.txt
description:
  - Sets users in C(authmap.json), which maps a certificate's DN to a login and roles, and in step with it in C(voms-gridmap.txt), which lets the
    DN in at all. A DN that is only in the first gets 403 C(Authorisation required), one only in the second C(You are not allowed to access this resource).
  - The frontend reads a changed C(authmap.json) at once, but C(voms-gridmap.txt) only after a graceful restart, so restart it when RV(gridmap_changed).
    It knows a changed C(authmap.json) by its size and the second of its change. So a new one always has a later second than the one that it replaces.
  - Deploy's cron jobs C(mkauthmap) and C(mkvomsmap) overwrite both files. See M(cmsweb.crab.cron_lines).
  - Both files are replaced as a whole, so the frontend never reads half a file.
extends_documentation_fragment:
  - cmsweb.crab.writes
  - cmsweb.crab.writes.attributes
options:
  path:
    description: The user map, normally C(/data/srv/state/frontend/etc/authmap.json).
    type: path
    required: true
  gridmap:
    description:
      - The grid map, normally C(/data/srv/state/frontend/etc/voms-gridmap.txt). It gets the same owner, group and mode.
      - Without it only O(path) is written.
    type: path
  users:
    description: The users. A DN or login may occur once only.
    type: list
    elements: dict
    required: true
    suboptions:
      dn:
        description: The DN of the certificate with slashes, as C(openssl x509 -subject -nameopt compat) shows it.
        type: str
        required: true
      login:
        description: The CERN login.
        type: str
        required: true
      name:
        description:
          - The name for display. By default the one in the file, or the login for a new user.
          - A name outside ASCII is transliterated, with a warning, as the REST refuses the signature of the headers of such a user with 403.
        type: str
      roles:
        description:
          - Role names with lists of scopes C(group:NAME) or C(site:NAME), in lower case. CRAB operators have C(operator) with V(group:crab3).
          - By default those in the file, or none for a new user.
        type: dict
  exact:
    description: Remove everybody who is not in O(users) from both files. By default other entries stay as they are, also those made by C(mkauthmap).
    type: bool
    default: false
  vo:
    description: The virtual organisation in the lines of the grid map.
    type: str
    default: cms
  overwrite_broken:
    description:
      - Write O(path) anew if it is no JSON or no list. With such a file the frontend answers 500 to everybody.
      - By default such a file is refused and left alone, as what it held would be lost.
    type: bool
    default: false
  mode:
    description: Permission bits of both files, in quotes.
    type: raw
    default: '0644'
seealso:
  - module: cmsweb.crab.authmap_info
  - module: cmsweb.crab.cron_lines
'''

EXAMPLES = r'''
- name: Let two users in
  cmsweb.crab.authmap:
    path: /data/srv/state/frontend/etc/authmap.json
    gridmap: /data/srv/state/frontend/etc/voms-gridmap.txt
    users:
      - dn: /DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=alice/CN=123456/CN=Alice Example
        login: alice
        name: Alice Example
        roles:
          operator: ['group:crab3']
      - dn: /DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=bob/CN=234567/CN=Bob Example
        login: bob
  register: users

- name: Let the frontend read the grid map
  ansible.builtin.command:
    argv: [/data/srv/current/config/frontend/manage, graceful, I did read documentation]
  when: users.gridmap_changed
  changed_when: true
'''

RETURN = r'''
users_added:
  description: DNs that are new in O(path), or would be.
  returned: success
  type: list
  elements: str
  sample: [/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=alice/CN=123456/CN=Alice Example]
users_changed:
  description: DNs whose login, name or roles changed, or would.
  returned: success
  type: list
  elements: str
  sample: []
users_removed:
  description: DNs that are gone, or would be, with O(exact=true).
  returned: success
  type: list
  elements: str
  sample: []
gridmap_changed:
  description: Whether the lines of the grid map changed, or would. The frontend then needs a graceful restart.
  returned: success
  type: bool
  sample: true
backup_file:
  description: The copy of the old user map.
  returned: when O(backup=true) and its content changed
  type: str
  sample: /data/srv/state/frontend/etc/authmap.json.2026-11-23@10:12:13~
gridmap_backup_file:
  description: The copy of the old grid map.
  returned: when O(backup=true) and its content changed
  type: str
  sample: /data/srv/state/frontend/etc/voms-gridmap.txt.2026-11-23@10:12:13~
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _authmap, _files
from ansible_collections.cmsweb.crab.plugins.module_utils._module import WRITE_ARGUMENTS, run, text_diff, write_options


def act(params, check):
    path, users, exact = params['path'], params['users'], params['exact']
    _authmap.check_vo(params['vo'])
    done = _authmap.update(_files.read(path), path, users, exact, params['overwrite_broken'])
    options = write_options(params)
    grid = _gridmap(params, users, exact, options, check)
    written = _files.replace(path, done['content'], check=check, later=True, **options)
    result = {'changed': written['changed'] or grid['changed'], 'gridmap_changed': grid['content_changed'], 'warnings': done['warnings'],
              'users_added': done['added'], 'users_changed': done['changed'], 'users_removed': done['removed'],
              'diff': [text_diff('%s (entries that differ)' % path, _authmap.shown(done['before']), _authmap.shown(done['after']))] + grid['diff']}
    for key, name in ((written['backup_file'], 'backup_file'), (grid['backup_file'], 'gridmap_backup_file')):
        if key:
            result[name] = key
    return result


def _gridmap(params, users, exact, options, check):
    path = params['gridmap']
    if path is None:
        return {'changed': False, 'content_changed': False, 'backup_file': None, 'diff': []}
    old = _files.read(path)
    new = _authmap.gridmap(old, [user['dn'] for user in users], params['vo'], exact)
    return dict(_files.replace(path, new, check=check, **options), diff=[text_diff(path, old, new)])


def main():
    user = {'dn': {'type': 'str', 'required': True}, 'login': {'type': 'str', 'required': True}, 'name': {'type': 'str'}, 'roles': {'type': 'dict'}}
    run(act, dict(WRITE_ARGUMENTS, path={'type': 'path', 'required': True}, gridmap={'type': 'path'},
                  users={'type': 'list', 'elements': 'dict', 'required': True, 'options': user}, exact={'type': 'bool', 'default': False},
                  vo={'type': 'str', 'default': 'cms'}, overwrite_broken={'type': 'bool', 'default': False}, mode={'type': 'raw', 'default': '0644'}))


if __name__ == '__main__':
    main()
