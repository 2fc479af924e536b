#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: devrepos
short_description: Let crabserver run the code of your own CRABServer and WMCore repositories
version_added: 1.0.0
author:
  - cmsweb.crab maintainers (@cmsweb)
description:
  - Clones your forks of CRABServer and WMCore below O(path), adds the remote C(upstream), and checks out the version of WMCore that the
    CRABServer checkout names (C(cicd/crabserver_pypi/wmcore_requirements.txt), or C(wmcver) in C(requirements.txt)). Releases before 2020 name
    none; then it is the version that is in the deployed package.
  - Comments out the lines of the package's C(init.sh) that set C(PYTHONPATH), and adds one with the two checkouts. It is in force after a restart.
  - The content of a clone is yours. One in which you are on a branch, or have changes, stays as it is, with a warning where the version differs.
  - A fork that has not all tags is no obstacle, as they are fetched from C(upstream).
  - With O(state=absent) C(init.sh) becomes what it was, to the byte. The clones stay.
  - Each deployment of a version brings an C(init.sh) of its own, so run this after it.
options:
  path:
    description: Folder of the clones, which get the names C(CRABServer) and C(WMCore). The account of crabserver must be able to read it.
    type: path
    default: /data/user
  user:
    description: The developer's account. It owns the clones, and git runs as it, without a question.
    type: str
    required: true
  crabserver:
    description: Your fork of CRABServer. Needed for O(state=present).
    type: dict
    suboptions:
      url:
        description: The remote C(origin).
        type: str
        required: true
      upstream:
        description: The remote C(upstream).
        type: str
        required: true
      version:
        description: Tag or commit to check out. By default the first branch of the fork.
        type: str
  wmcore:
    description: Your fork of WMCore. Needed for O(state=present).
    type: dict
    suboptions:
      url:
        description: The remote C(origin).
        type: str
        required: true
      upstream:
        description: The remote C(upstream).
        type: str
        required: true
      version:
        description: Tag or commit to check out. By default the version that the CRABServer checkout names.
        type: str
  init_script:
    description: The C(init.sh) of the crabserver package.
    type: path
    default: /data/srv/current/apps/crabserver/etc/profile.d/init.sh
  state:
    description: V(present) for your own code, V(absent) for that of the package.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - cmsweb.crab.writes.attributes
'''

EXAMPLES = r'''
- name: Run your own code
  cmsweb.crab.devrepos:
    user: alice
    crabserver:
      url: https://github.com/alice/CRABServer.git
      upstream: https://github.com/dmwm/CRABServer.git
      version: 3.3.1803.patch3
    wmcore:
      url: https://github.com/alice/WMCore.git
      upstream: https://github.com/dmwm/WMCore.git

- name: Run the code of the package again
  cmsweb.crab.devrepos:
    user: alice
    state: absent
'''

RETURN = r'''
done:
  description: What was done to the clones, or would be.
  returned: success
  type: list
  elements: str
  sample: ['CRABServer: cloned', 'WMCore: cloned']
wmcore_version:
  description: The version of WMCore that belongs to the checkout; null if nothing tells it yet.
  returned: success
  type: str
  sample: 1.1.11
heads:
  description: The commits that are checked out, by repository.
  returned: success
  type: dict
  sample: {CRABServer: 0123456789abcdef0123456789abcdef01234567, WMCore: 89abcdef0123456789abcdef0123456789abcdef}
'''

import os

from ansible_collections.cmsweb.crab.plugins.module_utils import _devrepos, _files
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run, text_diff


def act(params, check):
    names = ('CRABServer', 'WMCore')
    clones = dict((name, _devrepos.Clone(os.path.join(params['path'], name), params['user'])) for name in names)
    version = None
    if params['state'] == 'present':
        for name, wanted in (('crabserver', params['crabserver']), ('wmcore', params['wmcore'])):
            _devrepos.refuse_secret(name + '.url', wanted['url'])
            _devrepos.refuse_secret(name + '.upstream', wanted['upstream'])
        if not check:
            _devrepos.folder_for(params['path'], params['user'])
        _ensure(clones['CRABServer'], params['crabserver'], params['crabserver']['version'], check)
        version = params['wmcore']['version'] or _devrepos.wmcore_version(clones['CRABServer'].path, params['init_script'])
        if version is None and not check:
            raise CrabError('Neither %s nor the package names a version of WMCore.' % clones['CRABServer'].path, 'Name it in wmcore.version.')
        _ensure(clones['WMCore'], params['wmcore'], version, check)
    result = _init_script(params, [os.path.join(clones[name].path, 'src', 'python') for name in names] if params['state'] == 'present' else [], check)
    done = ['%s: %s' % (name, what) for name in names for what in clones[name].done]
    return dict(result, changed=result['changed'] or bool(done), done=done, wmcore_version=version,
                heads=dict((name, clones[name].head()) for name in names if clones[name].exists),
                warnings=[text for name in names for text in clones[name].warnings])


def _ensure(clone, wanted, version, check):
    if clone.exists:
        clone.keep(wanted['url'], wanted['upstream'], version, check)
    elif check:
        clone.done.append('cloned')
    else:
        clone.make(wanted['url'], wanted['upstream'], version)


def _init_script(params, sources, check):
    path = params['init_script']
    old = _files.read(path)
    if old is None and not check:
        raise CrabError('There is no %s.' % path, 'Run the stage deploy first.')
    new = _devrepos.switched(old or b'', path, sources)
    return {'changed': _files.replace(os.path.realpath(path), new, check=check)['changed'], 'diff': text_diff(path, old, new)}


def main():
    repository = {'type': 'dict', 'options': {'url': {'type': 'str', 'required': True}, 'upstream': {'type': 'str', 'required': True},
                                              'version': {'type': 'str'}}}
    run(act, {'path': {'type': 'path', 'default': '/data/user'}, 'user': {'type': 'str', 'required': True}, 'crabserver': repository, 'wmcore': repository,
              'init_script': {'type': 'path', 'default': '/data/srv/current/apps/crabserver/etc/profile.d/init.sh'},
              'state': {'type': 'str', 'choices': ['present', 'absent'], 'default': 'present'}},
        required_if=[('state', 'present', ('crabserver', 'wmcore'))])


if __name__ == '__main__':
    main()
