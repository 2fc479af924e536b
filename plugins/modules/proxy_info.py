#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: proxy_info
short_description: Tell whose a proxy file is and how long it lasts
version_added: 1.0.0
author:
  - cmsweb.crab maintainers (@cmsweb)
description:
  - Reads a proxy file with the openssl command only.
options:
  path:
    description: The proxy.
    type: path
    required: true
extends_documentation_fragment:
  - cmsweb.crab.writes.info
'''

EXAMPLES = r'''
- name: How long does the service proxy last
  cmsweb.crab.proxy_info:
    path: /etc/grid-security/crab-service-proxy.pem
  register: service_proxy
'''

RETURN = r'''
exists:
  description: Whether there is such a file.
  returned: success
  type: bool
  sample: true
identity:
  description: DN of the person behind the proxy.
  returned: when there is a proxy
  type: str
  sample: /DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=alice/CN=123456/CN=Alice Example
not_after:
  description: When the shortest of its links ends, the attributes included, UTC.
  returned: when there is a proxy
  type: str
  sample: '2026-12-31T12:00:00Z'
timeleft_seconds:
  description: Seconds until the shortest link of the chain ends; negative when it has ended.
  returned: when there is a proxy
  type: int
  sample: 691000
ac_timeleft_seconds:
  description: Seconds until its VOMS attributes end, or null without any.
  returned: when there is a proxy
  type: int
  sample: 691000
fqans:
  description: Groups and roles in the attributes.
  returned: when there is a proxy
  type: list
  elements: str
  sample: [/cms/Role=NULL/Capability=NULL]
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _clock, _files, _proxy
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run


def act(params, check):
    content = _files.read(params['path'])
    if content is None:
        return {'changed': False, 'exists': False}
    return dict(_proxy.facts(_proxy.Proxy(content, params['path']), _clock.now()), changed=False, exists=True)


def main():
    run(act, {'path': {'type': 'path', 'required': True}})


if __name__ == '__main__':
    main()
