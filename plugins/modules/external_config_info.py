#!/usr/bin/python
# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: external_config_info
version_added: 1.0.0
author: cmsweb.crab maintainers (@cmsweb)
short_description: Read and check the external configuration (JSON) of the CRAB REST server
description:
  - Tells which era an external configuration is of, which modes it holds, and every fault in it.
  - Reads a file, or fetches a URL as the server does at its start, with the redirects and with the file behind C(htcondorScheddsLink).
  - Converts a configuration to the era that another release reads.
  - A file that is no JSON or a server that does not answer is not an error of this module. It is reported in RV(problems), JSON with line and column.
extends_documentation_fragment:
  - cmsweb.crab.writes.info
options:
  path:
    description: The file.
    type: path
  url:
    description:
      - The link (C(data.extconfigurl)), fetched from the host where the module runs, by http or https only, as the server can do no other.
      - A raw link of gist, GitHub or GitLab that names a revision gives a warning, as the server would never see a change of the file.
    type: str
  release:
    description: Version of CRABServer, such as V(3.3.1803.patch3). The file is checked for the era that this release reads.
    type: str
  mode:
    description: The mode that the server shall use (C(data.mode)). It must be in the file. With O(convert), see there.
    type: str
  convert:
    description:
      - Return what the configuration is in the era that O(release) reads (RV(converted)). Nothing is written; give it to M(cmsweb.crab.external_config).
      - Where the new era has a value once and the modes differ in it, O(mode) says whose value counts.
    type: bool
    default: false
  schedds_path:
    description: The file behind the C(htcondorScheddsLink) of O(path), which a conversion to the era V(keyed) needs. With O(url) the link itself is fetched.
    type: path
  schedds_link:
    description: The C(htcondorScheddsLink) of the converted configuration.
    type: str
seealso:
  - module: cmsweb.crab.external_config
'''

EXAMPLES = r'''
- name: Would this release start with the file
  cmsweb.crab.external_config_info:
    path: /data/srv/state/frontend/htdocs/crabconfig/cmsweb-rest-config.json
    release: 3.3.1803.patch3
    mode: cmsweb-dev
  register: external

- name: Stop if not
  ansible.builtin.assert:
    that: external.problems == []
    fail_msg: "{{ external.problems | join('\n') }}"

- name: Fetch a gist as the server would
  cmsweb.crab.external_config_info:
    url: https://gist.example.org/alice/0123456789abcdef0123456789abcdef/raw/cmsweb-rest-config.json
    release: 3.3.1803.patch3

- name: Convert it for a release of 2022
  cmsweb.crab.external_config_info:
    path: /data/srv/state/frontend/htdocs/crabconfig/cmsweb-rest-config.json
    release: v3.220608
    convert: true
    schedds_link: https://crab-vm.example.org/crabconfig/schedds.json
  register: old
  failed_when: old.converted is none

- name: Write the result
  cmsweb.crab.external_config:
    path: /data/srv/state/frontend/htdocs/crabconfig/cmsweb-rest-config-2022.json
    mode: '0644'
    release: v3.220608
    content: "{{ old.converted.content }}"
    schedds_path: /data/srv/state/frontend/htdocs/crabconfig/schedds.json
    schedds: "{{ old.converted.schedds }}"
'''

RETURN = r'''
exists:
  description: Whether there is such a file, or whether the URL gives one.
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
converted:
  description: The configuration in the era of O(release); null if it cannot be made, which RV(problems) explains.
  returned: with O(convert=true)
  type: dict
  contains:
    era:
      description: The era; V(none) if everything is in config.py.
      type: str
      sample: modes
    content:
      description: The configuration; null for the era V(none).
      type: dict
      sample: {htcondorPool: collector.example.org, htcondorScheddsLink: 'https://crab-vm.example.org/schedds.json', modes: []}
    schedds:
      description: What the file behind C(htcondorScheddsLink) shall hold; null if the era has none.
      type: dict
      sample: {crab3@schedd.example.org: {weightfactor: 1}}
    settings:
      description: Keys for M(cmsweb.crab.static_config), as the release reads them in config.py.
      type: dict
      sample: {data.delegateDN: /DC=ch/DC=cern/OU=computers/CN=taskworker.example.org}
    lost:
      description: What has no place in the new era.
      type: list
      elements: str
      sample: [asoConfig has no place in the era rest.]
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _external, _externalconvert, _externalfetch, _files, _release, _strictjson
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run


def act(params, check):
    wanted = _release.era_of(params['release']) if params['release'] else None
    result = {'changed': False, 'exists': False, 'era': None, 'era_of_release': wanted, 'modes': [], 'content': None, 'problems': [], 'warnings': []}
    value, schedds = (_of_url if params['url'] else _of_file)(params, wanted, result)
    if value is not None:
        result.update(exists=True, content=value, era=_external.detect(value), modes=_external.mode_names(value))
    if params['convert']:
        result['converted'] = _converted(value, schedds, params, result['problems'])
    return result


def _of_url(params, wanted, result):
    """(value, schedds); the era none fetches nothing."""
    pinned = _external.pinned_revision(params['url'])
    result['warnings'] += [pinned] if pinned and wanted != 'none' else []
    if wanted == 'none' and not params['convert']:
        return None, None
    found = _externalfetch.check(params['url'], wanted if not params['convert'] else None, params['mode'])
    result['problems'] += found['problems']
    return found['content'], found['schedds']


def _of_file(params, wanted, result):
    old = _files.read(params['path'])
    result['exists'] = old is not None
    value = None
    try:
        if old is not None:
            value = _strictjson.load(old, params['path'])[0]
            result['problems'] += _faults(old, value, wanted, params)
        return value, _schedds(params)
    except CrabError as error:
        result['problems'].append(error.message)
        return value, None


def _faults(old, value, wanted, params):
    """What is wrong for the release; for a conversion, and without a release, what is wrong for the era that the file is of."""
    if wanted in (None, 'none') or params['convert']:
        return _external.faults(value, None, params['mode'])
    _external.load(old, params['path'], wanted)
    return _external.faults(value, wanted, params['mode'])


def _schedds(params):
    content = _files.read(params['schedds_path']) if params['schedds_path'] else None
    return _external.load(content, params['schedds_path'], 'schedds') if content is not None else None


def _converted(value, schedds, params, problems):
    if value is None or problems:
        return None
    try:
        return _externalconvert.convert(value, params['release'], params['mode'], schedds, params['schedds_link'])
    except CrabError as error:
        problems.append(error.args[0])
        return None


def main():
    run(act, {'path': {'type': 'path'}, 'url': {'type': 'str'}, 'release': {'type': 'str'}, 'mode': {'type': 'str'},
              'convert': {'type': 'bool', 'default': False}, 'schedds_path': {'type': 'path'}, 'schedds_link': {'type': 'str'}},
        required_one_of=[('path', 'url')], mutually_exclusive=[('path', 'url')], required_if=[('convert', True, ('release',))])


if __name__ == '__main__':
    main()
