#!/usr/bin/python
# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: authmap_info
version_added: 1.0.0
author: cmsweb.crab maintainers (@cmsweb)
short_description: Read who may use a CMSWEB frontend, from authmap.json and voms-gridmap.txt
description:
  - Tells the users of C(authmap.json), what is wrong with it, and who is in only one of the two files and therefore gets 403.
  - A file that is no JSON is not an error of this module. It is reported in RV(problems).
extends_documentation_fragment:
  - cmsweb.crab.writes.info
options:
  path:
    description: The user map, normally C(/data/srv/state/frontend/etc/authmap.json).
    type: path
    required: true
  gridmap:
    description: The grid map, normally C(/data/srv/state/frontend/etc/voms-gridmap.txt).
    type: path
  dn:
    description: Look at this DN only. Worth it where the files have all users of CMS.
    type: str
seealso:
  - module: cmsweb.crab.authmap
'''

EXAMPLES = r'''
- name: May Alice come in
  cmsweb.crab.authmap_info:
    path: /data/srv/state/frontend/etc/authmap.json
    gridmap: /data/srv/state/frontend/etc/voms-gridmap.txt
    dn: /DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=alice/CN=123456/CN=Alice Example
  register: alice

- name: Stop if not
  ansible.builtin.assert:
    that: alice.users and not alice.not_in_gridmap
'''

RETURN = r'''
exists:
  description: Whether there is an O(path).
  returned: success
  type: bool
  sample: true
users:
  description: The users, with O(dn) only that one.
  returned: success
  type: list
  elements: dict
  sample:
    - dn: /DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=alice/CN=123456/CN=Alice Example
      login: alice
      name: Alice Example
      roles: {operator: ['group:crab3']}
not_in_gridmap:
  description: DNs that the frontend does not let in (403 C(Authorisation required)).
  returned: when O(gridmap) is given
  type: list
  elements: str
  sample: []
not_in_authmap:
  description: DNs that the frontend lets in without a login (403 from the REST).
  returned: when O(gridmap) is given
  type: list
  elements: str
  sample: []
problems:
  description: What the frontend or the REST would stumble over.
  returned: success
  type: list
  elements: str
  sample: []
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _authmap, _files
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run


def act(params, check):
    content = _files.read(params['path'])
    entries, problems = [], []
    if content is not None:
        try:
            entries = _authmap.load(content, params['path'])
            problems = _authmap.problems(entries)
        except CrabError as error:
            problems = [error.message]
    users = [user for user in _authmap.users(entries) if params['dn'] in (None, user['dn'])]
    result = {'changed': False, 'exists': content is not None, 'users': users, 'problems': problems}
    if params['gridmap'] is not None:
        result.update(_compared(users, _authmap.gridmap_entries(_files.read(params['gridmap'])), params['dn']))
    return result


def _compared(users, grid, dn):
    known = set(user['dn'] for user in users)
    return {'not_in_gridmap': sorted(known - set(grid)), 'not_in_authmap': sorted(name for name in set(grid) - known if dn in (None, name))}


def main():
    run(act, {'path': {'type': 'path', 'required': True}, 'gridmap': {'type': 'path'}, 'dn': {'type': 'str'}})


if __name__ == '__main__':
    main()
