#!/usr/bin/python
# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: external_config_info
version_added: 0.1.0
author: cmsweb.crab maintainers (@cmsweb)
short_description: Read and check the external configuration (JSON) of the CRAB REST server
description:
  - Tells which era an external configuration is of, which modes it holds, and every fault in it.
  - A file that is no JSON is not an error of this module. It is reported in RV(problems) with line and column.
extends_documentation_fragment:
  - cmsweb.crab.writes.info
options:
  path:
    description: The file.
    type: path
    required: true
  release:
    description: Version of CRABServer, such as V(3.3.1803.patch3). The file is checked for the era that this release reads.
    type: str
seealso:
  - module: cmsweb.crab.external_config
'''

EXAMPLES = r'''
- name: Would this release start with the file
  cmsweb.crab.external_config_info:
    path: /data/srv/state/frontend/htdocs/crabconfig/cmsweb-rest-config.json
    release: 3.3.1803.patch3
  register: external

- name: Stop if not
  ansible.builtin.assert:
    that: external.problems == []
    fail_msg: "{{ external.problems | join('\n') }}"
'''

RETURN = r'''
exists:
  description: Whether there is such a file.
  returned: success
  type: bool
  sample: true
era:
  description: The era that the file has the shape of (V(keyed), V(modes), V(rest) or V(schedds)); null if none.
  returned: success
  type: str
  sample: keyed
era_of_release:
  description: The era that O(release) reads, V(none) if it reads no external JSON; null without O(release).
  returned: success
  type: str
  sample: keyed
modes:
  description: The modes that the file holds.
  returned: success
  type: list
  elements: str
  sample: [cmsweb-dev]
content:
  description: The value of the file; null if it is no JSON.
  returned: success
  type: dict
  sample: {cmsweb-dev: {compatible-version: ['3.3.*']}}
problems:
  description: Every fault, with its place; empty if the file is good.
  returned: success
  type: list
  elements: str
  sample: ['cmsweb-dev.compatible-version is missing.']
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _external, _files, _release, _strictjson
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run


def act(params, check):
    wanted = _release.era_of(params['release']) if params['release'] else None
    old = _files.read(params['path'])
    result = {'changed': False, 'exists': old is not None, 'era': None, 'era_of_release': wanted, 'modes': [], 'content': None, 'problems': []}
    if old is not None:
        try:
            value, dummy = _strictjson.load(old, params['path'])
            result.update(content=value, era=_external.detect(value), problems=_problems(old, params['path'], value, wanted))
            result['modes'] = _external.mode_names(value)
        except CrabError as error:
            result['problems'] = [error.message]
    return result


def _problems(old, path, value, wanted):
    if wanted in (None, 'none'):
        return _external.validate(value, _external.detect(value) or 'keyed')
    try:
        _external.load(old, path, wanted)
    except CrabError as error:
        return [error.message]
    return _external.validate(value, wanted)


def main():
    run(act, {'path': {'type': 'path', 'required': True}, 'release': {'type': 'str'}})


if __name__ == '__main__':
    main()
