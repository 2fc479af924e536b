#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: proxy
short_description: Install a VOMS proxy for a service
version_added: 1.0.0
author:
  - cmsweb.crab maintainers (@cmsweb)
description:
  - Installs a proxy file only if it is really good. It has its certificates and one matching key, lasts long enough in every link of its
    chain, and carries attributes of the VO that last as long.
  - A proxy on the host that lasts longer than the offered one stays.
  - Needs no VOMS client.
options:
  path:
    description: Where the proxy is kept.
    type: path
    required: true
  content:
    description: The proxy in PEM.
    type: str
    required: true
  vo:
    description: VO that the attributes must be of.
    type: str
    default: cms
  require_ac:
    description: Refuse a proxy without VOMS attributes.
    type: bool
    default: true
  hours:
    description: Hours that the proxy and its attributes must have left.
    type: int
    default: 24
  ca_path:
    description: Folder with hashed trust anchors that the chain must verify against.
    type: path
  mode:
    description: Permission bits of the file. Grid clients want a proxy that nobody else can read.
    type: raw
    default: '0400'
extends_documentation_fragment:
  - cmsweb.crab.writes
  - cmsweb.crab.writes.attributes
'''

EXAMPLES = r'''
- name: The proxy that voms-proxy-init made on the controller
  cmsweb.crab.proxy:
    path: /etc/grid-security/crab-service-proxy.pem
    content: "{{ lookup('ansible.builtin.file', '/tmp/x509up_u1000', rstrip=false) }}"
    owner: root
    group: root
'''

RETURN = r'''
identity:
  description: DN of the person behind the proxy that is now in place.
  returned: success
  type: str
  sample: /DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=alice/CN=123456/CN=Alice Example
not_after:
  description: When the shortest of its links ends, the attributes included, UTC.
  returned: success
  type: str
  sample: '2026-12-31T12:00:00Z'
timeleft_seconds:
  description: Seconds until the shortest link of the chain ends.
  returned: success
  type: int
  sample: 691000
ac_timeleft_seconds:
  description: Seconds until its VOMS attributes end, or null without any.
  returned: success
  type: int
  sample: 691000
fqans:
  description: Groups and roles in the attributes.
  returned: success
  type: list
  elements: str
  sample: [/cms/Role=NULL/Capability=NULL]
kept:
  description: Whether a proxy on the host stayed because it lasts longer than the offered one.
  returned: success
  type: bool
  sample: false
'''

import os

from ansible_collections.cmsweb.crab.plugins.module_utils import _clock, _files, _x509
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError
from ansible_collections.cmsweb.crab.plugins.module_utils._module import WRITE_ARGUMENTS, run, write_options
from ansible_collections.cmsweb.crab.plugins.module_utils._proxy import Proxy, facts, refuse_faulty
from ansible_collections.cmsweb.crab.plugins.module_utils._text import to_bytes


def act(params, check):
    now = _clock.now()
    present = _present(params, now)
    content, kept = to_bytes(params['content']), False
    if content != _files.read(params['path']):
        try:
            offered = Proxy(content, 'content')
            refuse_faulty(offered, 'content', params['vo'], params['hours'], params['require_ac'], now)
            _refuse_unverified(content, params['ca_path'], check)
        except CrabError:
            if present is None:
                raise
            offered = None
        kept = present is not None and (offered is None or present.usable_until(params['require_ac']) >= offered.usable_until(params['require_ac']))
    elif present is None:
        refuse_faulty(Proxy(content, params['path']), params['path'], params['vo'], params['hours'], params['require_ac'], now)
    written = _files.replace(params['path'], None if kept else content, check=check, **write_options(params))
    now_there = present if kept or not written['content_changed'] else Proxy(content, 'content')
    before = _shown(present)
    return dict(facts(now_there, now), changed=written['changed'], kept=kept, diff={
        'before': before, 'after': _shown(now_there), 'before_header': params['path'], 'after_header': params['path']})


def _present(params, now):
    """The proxy on the host if it still serves, or None."""
    content = _files.read(params['path'])
    if content is None:
        return None
    try:
        proxy = Proxy(content, params['path'])
        refuse_faulty(proxy, params['path'], params['vo'], params['hours'], params['require_ac'], now)
    except CrabError:
        return None
    return proxy


def _refuse_unverified(content, ca_path, check):
    """In check mode the trust anchors may come with an earlier stage."""
    fault = _x509.content_chain_fault(content, ca_path, proxy=True) if ca_path and not (check and not os.path.isdir(ca_path)) else None
    if fault:
        raise CrabError('content: %s.' % fault, 'Install the trust anchors of its CA, or empty ca_path.')


def _shown(proxy):
    return 'identity: %s\nuntil: %s\n' % (proxy.identity, _x509.iso(proxy.usable_until(True))) if proxy else ''


def main():
    run(act, dict(
        WRITE_ARGUMENTS,
        path={'type': 'path', 'required': True},
        content={'type': 'str', 'required': True, 'no_log': True},
        vo={'type': 'str', 'default': 'cms'},
        require_ac={'type': 'bool', 'default': True},
        hours={'type': 'int', 'default': 24},
        ca_path={'type': 'path'},
        mode={'type': 'raw', 'default': '0400'},
    ))


if __name__ == '__main__':
    main()
