# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the schema of a CRABServer release in a checkout on the controller."""

from __future__ import annotations

DOCUMENTATION = r'''
name: crabserver_schema
short_description: The Create.py files of a CRABServer checkout
version_added: 0.1.0
author: cmsweb.crab maintainers (@cmsweb)
description:
  - Reads C(src/python/Databases/*/Oracle/Create.py) of a checkout on the controller and returns their texts by module name.
  - They are what O(cmsweb.crab.schema#module:source) wants.
  - The files are read and never run.
options:
  _terms:
    description: Root of one CRABServer checkout, at the tag of the release.
    type: list
    elements: path
    required: true
seealso:
  - module: cmsweb.crab.schema
'''

EXAMPLES = r'''
- name: Name the databases of a release
  ansible.builtin.debug:
    msg: "{{ lookup('cmsweb.crab.crabserver_schema', '/home/alice/CRABServer') | list }}"
'''

RETURN = r'''
_raw:
  description: One dictionary, module name such as V(TaskDB) to the text of its C(Create.py).
  type: list
  elements: dict
'''

import glob
import os

from ansible.errors import AnsibleOptionsError
from ansible.plugins.lookup import LookupBase

PATTERN = 'src/python/Databases/*/Oracle/Create.py'


class LookupModule(LookupBase):
    """The lookup."""

    def run(self, terms, variables=None, **kwargs):
        if len(terms) != 1 or not isinstance(terms[0], str) or not terms[0]:
            raise AnsibleOptionsError(f'crabserver_schema: expected one path, found {terms!r}. '
                                      'Set oracle_schema_checkout to the root of a CRABServer checkout.')
        return [read(os.path.expanduser(terms[0]))]


def read(checkout: str) -> dict[str, str]:
    """Module name to the text of its Create.py. Ansible passes an options error on as it is; any other it wraps in noise."""
    paths = sorted(glob.glob(os.path.join(glob.escape(checkout), PATTERN)))
    if not paths:
        found = f'holds no {PATTERN}' if os.path.isdir(checkout) else f'is no folder on the controller; expected one with {PATTERN}'
        raise AnsibleOptionsError(f'crabserver_schema: {checkout} {found}. '
                                  'Set oracle_schema_checkout to the root of a CRABServer checkout at the tag of the release.')
    return {path.split(os.sep)[-3]: _text(path) for path in paths}


def _text(path: str) -> str:
    try:
        with open(path, 'rb') as source:
            return source.read().decode('utf-8')
    except (OSError, UnicodeDecodeError) as error:
        raise AnsibleOptionsError(f'crabserver_schema: cannot read {path}: {error}.') from error
