#!/usr/bin/python
# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: external_config
version_added: 1.0.0
author: cmsweb.crab maintainers (@cmsweb)
short_description: Write the external configuration (JSON) of the CRAB REST server
description:
  - Writes the JSON file that the CRAB REST server fetches from C(data.extconfigurl) at its start and every half hour after it.
  - Every key is checked before anything is written, and all faults are told at once, each with its place, such as
    C(cmsweb-dev.backend-urls.htcondorSchedds["crab3@schedd.example.org"].proxiedurl).
  - The file is written sorted and indented. A file that means the same already stays as it is, in whatever layout.
  - The server fetches by http and https only; a C(file://) URL stops it. This module only writes the file.
extends_documentation_fragment:
  - cmsweb.crab.writes
  - cmsweb.crab.writes.attributes
options:
  path:
    description: The file. Its name is free, as the server knows only a URL; production calls it C(cmsweb-rest-config.json).
    type: path
    required: true
  content:
    description:
      - The configuration, in the shape of the era.
      - For the era V(keyed) a dict with one key for each mode, such as V(cmsweb-dev); C(data.mode) in config.py picks one of them.
      - C(delegate-dn) is a list of the DNs that may take a user's proxy from MyProxy, that is of the TaskWorker's host and the like;
        alternatives may be joined with C(|) in one text.
      - C(backend-urls) holds C(cacheSSL) and C(baseURL), the URL of the crabcache; C(htcondorSchedds), a dict of schedd names to C(proxiedurl)
        and C(weightfactor); C(htcondorPool), collectors separated by commas; C(asoConfig), a list of C(couchURL) and C(couchDBName), where
        V(filetransfers) means the Oracle database (or the old C(ASOURL)).
      - C(compatible-version) is a list of regular expressions for client versions, C(banned-out-destinations) and C(ign-locality-blacklist)
        are lists of sites or patterns such as V(T1_*).
    type: dict
    required: true
  release:
    description: Version of CRABServer, such as V(3.3.1803.patch3). It decides the era; a release from V(v3.251213) on, which reads no such file, is refused.
    type: str
  era:
    description:
      - The shape of the file. The default is that of O(release), and without a release the one that O(content) has. Naming another than the
        release reads is an error.
      - V(keyed), one object for each mode, up to 3.3.2004.
      - V(both), keyed or modes, from 3.3.2005.rc1 to the end of 2021.
      - V(modes), flat with a list C(modes) and C(htcondorScheddsLink), from py3.211222 to v3.250908.
      - V(rest), C(htcondorPool) and C(htcondorScheddsLink) only, from v3.250925 to v3.251119.
    type: str
    choices: [keyed, both, modes, rest]
  schedds:
    description:
      - What the file behind C(htcondorScheddsLink) shall hold, for the eras V(modes) and V(rest). A dict of schedd names to C(proxiedurl) and
        C(weightfactor). A schedd that a mode names and that is not in it is refused, as the server would not start.
      - By default somebody else keeps that file.
    type: dict
  schedds_path:
    description: Where O(schedds) are written, so that C(htcondorScheddsLink) leads to them. The file gets the same owner, group and mode.
    type: path
  unknown_keys:
    description: What to do with a key in O(content) that no release of the era reads. It is mostly a typing error.
    type: str
    choices: [refuse, warn]
    default: refuse
  purge:
    description:
      - Own the whole file. By default the modes that are in the file and not in O(content) stay as they are, and so do the schedds that are in
        O(schedds_path) and not in O(schedds).
      - With V(false) a file that is no JSON, has a key twice or is of another era is refused with line and column. With V(true) it is replaced.
    type: bool
    default: false
seealso:
  - module: cmsweb.crab.external_config_info
  - module: cmsweb.crab.static_config
'''

EXAMPLES = r'''
- name: Write the configuration of a private REST interface
  cmsweb.crab.external_config:
    path: /data/srv/state/frontend/htdocs/crabconfig/cmsweb-rest-config.json
    mode: '0644'
    content:
      cmsweb-dev:
        delegate-dn:
          - /DC=ch/DC=cern/OU=computers/CN=taskworker.example.org|/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=alice/CN=123456/CN=Alice Example
        backend-urls:
          cacheSSL: https://crab-vm.example.org/crabcache
          baseURL: https://crab-vm.example.org/crabcache
          htcondorSchedds:
            crab3@schedd.example.org:
              proxiedurl: https://crab-vm.example.org/scheddmon/01
              weightfactor: 1
          htcondorPool: collector.example.org:9620,collector2.example.org:9620
          asoConfig:
            - couchURL: https://crab-vm.example.org/couchdb
              couchDBName: filetransfers
        compatible-version: ['3\.3\.[0-9a-zA-Z.]+']
        banned-out-destinations: ['T1_*']

- name: Edit one mode of a file that others keep as well, for a release that still reads both shapes
  cmsweb.crab.external_config:
    path: /data/srv/state/frontend/htdocs/crabconfig/cmsweb-rest-config.json
    release: 3.3.2105.rc1
    unknown_keys: warn
    content:
      cmsweb-preprod:
        delegate-dn: [/DC=ch/DC=cern/OU=computers/CN=taskworker.example.org]
        backend-urls:
          cacheSSL: https://crab-vm.example.org/crabcache
          baseURL: https://crab-vm.example.org/crabcache
          htcondorSchedds: {}
          htcondorPool: collector.example.org
          asoConfig: [{couchURL: 'https://crab-vm.example.org/couchdb', couchDBName: filetransfers}]
        compatible-version: ['3\.3\..*']

- name: Own the two files that a release of autumn 2025 fetches
  cmsweb.crab.external_config:
    path: /data/srv/state/frontend/htdocs/crabconfig/cmsweb-rest-config.json
    mode: '0644'
    release: v3.251015
    purge: true
    content:
      htcondorPool: collector.example.org:9620
      htcondorScheddsLink: https://crab-vm.example.org/crabconfig/schedds.json
    schedds_path: /data/srv/state/frontend/htdocs/crabconfig/schedds.json
    schedds:
      crab3@schedd.example.org:
        proxiedurl: https://crab-vm.example.org/scheddmon/01
        weightfactor: 1
'''

RETURN = r'''
path:
  description: The file.
  returned: success
  type: str
  sample: /data/srv/state/frontend/htdocs/crabconfig/cmsweb-rest-config.json
era:
  description: The era that the file was checked for.
  returned: success
  type: str
  sample: keyed
modes:
  description: The modes that the file holds; none for the eras without modes.
  returned: success
  type: list
  elements: str
  sample: [cmsweb-dev, cmsweb-preprod]
schedds_backup_file:
  description: The copy of the old O(schedds_path).
  returned: when O(backup=true) and its content changed
  type: str
  sample: /data/srv/state/frontend/htdocs/crabconfig/schedds.json.2026-11-23@10:12:13~
backup_file:
  description: The copy of the old file.
  returned: when O(backup=true) and the content changed
  type: str
  sample: /data/srv/state/frontend/htdocs/crabconfig/cmsweb-rest-config.json.2026-11-23@10:12:13~
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _external, _files, _strictjson
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._module import WRITE_ARGUMENTS, run, write_file


def act(params, check):
    content, schedds = params['content'], params['schedds']
    era = _external.era_for(params['release'], params['era'], content)
    if schedds is not None and 'htcondorScheddsLink' not in content:
        raise CrabError('schedds: the content has no htcondorScheddsLink, so the server would never fetch them.', 'Leave schedds out, or name the link.')
    parts = [('content', params['path'], content, era)] + ([('schedds', params['schedds_path'], schedds, 'schedds')] if schedds is not None else [])
    done = [_prepared(name, path, value, part, params) for name, path, value, part in parts]
    if schedds is not None:
        _raise('content', era, _external.unknown_schedds(done[0]['after'], done[1]['after']))
    # The schedds first: the configuration leads to them.
    written = [write_file(params, check, item['path'], item['old'], item['new']) for item in reversed(done)]
    diffs = [item['diff'] for item in written]
    result = {'changed': any(item['changed'] for item in written), 'diff': diffs if len(diffs) > 1 else diffs[0], 'path': params['path'], 'era': era,
              'modes': _external.mode_names(done[0]['after']), 'warnings': [text for item in done for text in item['warnings']]}
    for name, item in zip(('backup_file', 'schedds_backup_file'), reversed(written)):
        if 'backup_file' in item:
            result[name] = item['backup_file']
    return result


def _prepared(name, path, content, era, params):
    """What one of the two files shall hold; nothing is written yet."""
    warnings = _checked(name, content, era, params['unknown_keys'])
    old = _files.read(path)
    before = _external.load(old, path, era) if old is not None and not params['purge'] else {}
    after = _external.merged(before, content)
    warnings += _faults_of_others(after, content, era)
    return {'path': path, 'old': old, 'new': _bytes(old, path, era, after), 'after': after, 'warnings': warnings}


def _checked(name, content, era, unknown_keys):
    errors, unknown, warnings = _external.examine(content, era)
    _raise(name, era, errors + (unknown if unknown_keys == 'refuse' else []))
    return warnings + (unknown if unknown_keys == 'warn' else [])


def _raise(name, era, faults):
    if faults:
        raise CrabError('%s, era %s: %s' % (name, era, faults[0] if len(faults) == 1 else '%d faults:\n  %s' % (len(faults), '\n  '.join(faults))))


def _faults_of_others(after, content, era):
    """What is wrong with the part of the file that is not ours: told, not touched."""
    ours = set(_external.validate(content, era))
    return ['Already in the file: %s' % fault for fault in _external.validate(after, era) if fault not in ours]


def _bytes(old, path, era, after):
    """The old bytes if they mean the same."""
    if old is not None:
        try:
            if _external.same(_external.load(old, path, era), after):
                return old
        except CrabError:
            pass
    return _strictjson.dump(after)


def main():
    run(act, dict(WRITE_ARGUMENTS, path={'type': 'path', 'required': True}, content={'type': 'dict', 'required': True}, release={'type': 'str'},
                  era={'type': 'str', 'choices': [era for era in _external.ERAS if era != 'schedds']}, schedds={'type': 'dict'}, schedds_path={'type': 'path'},
                  unknown_keys={'type': 'str', 'choices': ['refuse', 'warn'], 'default': 'refuse'}, purge={'type': 'bool', 'default': False}),
        required_together=[('schedds', 'schedds_path')])


if __name__ == '__main__':
    main()
