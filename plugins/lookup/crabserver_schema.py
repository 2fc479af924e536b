# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the schema of a CRABServer release in a checkout on the controller."""

from __future__ import annotations

DOCUMENTATION = r'''
name: crabserver_schema
short_description: The Create.py files of a CRABServer checkout
version_added: 1.0.0
author: cmsweb.crab maintainers (@cmsweb)
description:
  - Reads C(src/python/Databases/*/Oracle/Create.py) of a checkout on the controller and returns their texts by module name.
  - With O(tag) it reads them out of that tag of the checkout, whatever is checked out.
  - A path that ends with C(.sql) is a script of C(CREATE) statements; its text is returned by the name of the file.
  - They are what O(cmsweb.crab.schema#module:source) wants.
  - The files are read and never run.
options:
  _terms:
    description: Root of one CRABServer checkout, or one C(.sql) file.
    type: list
    elements: path
    required: true
  tag:
    description: Tag (or any other name of a commit) of the release; empty for the files as they are checked out.
    type: str
    default: ''
seealso:
  - module: cmsweb.crab.schema
'''

EXAMPLES = r'''
- name: Name the databases of a release, whatever is checked out
  ansible.builtin.debug:
    msg: "{{ lookup('cmsweb.crab.crabserver_schema', '/home/alice/CRABServer', tag='v3.250324') | list }}"

- name: Name the databases of what is checked out
  ansible.builtin.debug:
    msg: "{{ lookup('cmsweb.crab.crabserver_schema', '/home/alice/CRABServer') | list }}"
'''

RETURN = r'''
_raw:
  description: One dictionary, module name such as V(TaskDB) to the text of its C(Create.py).
  type: list
  elements: dict
'''

import fnmatch
import glob
import os
import subprocess

from ansible.errors import AnsibleOptionsError
from ansible.plugins.lookup import LookupBase

PATTERN = 'src/python/Databases/*/Oracle/Create.py'


class LookupModule(LookupBase):
    """The lookup."""

    def run(self, terms, variables=None, **kwargs):
        if len(terms) != 1 or not isinstance(terms[0], str) or not terms[0]:
            raise AnsibleOptionsError(f'crabserver_schema: expected one path, found {terms!r}. '
                                      'Set oracle_schema_checkout to the root of a CRABServer checkout.')
        tag = kwargs.pop('tag', '')
        if kwargs:
            raise AnsibleOptionsError(f'crabserver_schema: expected no option but tag, found {", ".join(kwargs)}.')
        return [read(os.path.expanduser(terms[0]), str(tag or ''))]


def read(checkout: str, tag: str = '') -> dict[str, str]:
    """Module name to the text of its Create.py. Ansible passes an options error on as it is; any other it wraps in noise."""
    if checkout.endswith('.sql'):
        return {os.path.basename(checkout): _text(checkout)}
    if tag:
        return _read_tag(checkout, tag)
    paths = sorted(glob.glob(os.path.join(glob.escape(checkout), PATTERN)))
    if not paths:
        found = f'holds no {PATTERN}' if os.path.isdir(checkout) else f'is no folder on the controller; expected one with {PATTERN}'
        raise AnsibleOptionsError(f'crabserver_schema: {checkout} {found}. '
                                  'Set oracle_schema_checkout to the root of a CRABServer checkout at the tag of the release.')
    return {path.split(os.sep)[-3]: _text(path) for path in paths}


def _read_tag(checkout: str, tag: str) -> dict[str, str]:
    listed = _git(checkout, tag, 'ls-tree', '-r', '--name-only', '--end-of-options', tag)
    paths = sorted(path for path in listed.splitlines() if fnmatch.fnmatchcase(path, PATTERN))
    if not paths:
        raise AnsibleOptionsError(f'crabserver_schema: the tag {tag} of {checkout} holds no {PATTERN}. Releases before 3.3.1 have none.')
    return {path.split('/')[-3]: _git(checkout, tag, 'cat-file', 'blob', f'{tag}:{path}') for path in paths}


def _git(checkout: str, tag: str, *words: str) -> str:
    try:
        done = subprocess.run(['git', '-C', checkout, *words], capture_output=True, stdin=subprocess.DEVNULL, timeout=60, check=True)
        return done.stdout.decode('utf-8')
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode('utf-8', 'replace').strip().splitlines()
        raise AnsibleOptionsError(f'crabserver_schema: git finds no {tag} in {checkout}: {said[-1] if said else "no answer"}. '
                                  'Fetch its tags, or set oracle_schema_tag to one that it has.') from error
    except (OSError, UnicodeDecodeError, subprocess.TimeoutExpired) as error:
        raise AnsibleOptionsError(f'crabserver_schema: cannot read {tag} of {checkout}: {error}.') from error


def _text(path: str) -> str:
    try:
        with open(path, 'rb') as source:
            return source.read().decode('utf-8')
    except (OSError, UnicodeDecodeError) as error:
        raise AnsibleOptionsError(f'crabserver_schema: cannot read {path}: {error}.') from error
