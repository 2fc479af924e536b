#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: rest_probe
short_description: Ask a CRAB REST interface and name the cause when it does not answer
version_added: 1.0.0
author:
  - cmsweb.crab maintainers (@cmsweb)
description:
  - Sends one request, either straight to the backend with the signed headers that a frontend would add, or through the frontend with a
    client certificate.
  - When the status is not the expected one, fails with the cause (RV(cause)) and the remedy.
  - Tries again what is normal while a server comes up, that is a refused connection, an answer of the frontend that no backend is there, and 503
    C(Database unavailable), which WMCore gives in its first second although the database is fine.
  - In check mode, a probe that finds no server passes, as there may be none yet.
options:
  url:
    description: Scheme, host and port of the backend or of the frontend.
    type: str
    required: true
  path:
    description:
      - Path and query. C(/crabserver/INSTANCE/info) makes a round trip to the database.
    type: str
    default: /crabserver/dev/info?subresource=version
  header_key:
    description: File with the key that frontend and backend share; with it the request is signed.
    type: path
  login:
    description: Login in the signed headers. Without one the REST answers 403.
    type: str
    default: ''
  dn:
    description: DN in the signed headers.
    type: str
    default: ''
  name:
    description: Name in the signed headers, in ASCII.
    type: str
    default: ''
  roles:
    description: Scopes by role in the signed headers.
    type: dict
    default: {}
  certificate:
    description: Client certificate or proxy.
    type: path
  key:
    description: Its key; the certificate's file if not given.
    type: path
  ca_file:
    description: CA certificates to check the server against, instead of those that the system trusts.
    type: path
  ca_path:
    description: The same as a folder with hashed names.
    type: path
  address:
    description: Address to connect to, instead of the one that the host in O(url) has. The host's name is still what the certificate must cover.
    type: str
  report_only:
    description: Tell the cause in the result, and do not fail.
    type: bool
    default: false
  expect_status:
    description: The status that counts as success.
    type: int
    default: 200
  timeout:
    description: Seconds that one try may take.
    type: int
    default: 30
  retries:
    description: How often to try again.
    type: int
    default: 3
  delay:
    description: Seconds between tries.
    type: float
    default: 1
attributes:
  check_mode:
    support: full
    description: Changes nothing in either mode.
  diff_mode:
    support: none
    description: Changes nothing.
  idempotent:
    support: full
    description: Changes nothing.
'''

EXAMPLES = r'''
- name: The backend and its database
  cmsweb.crab.rest_probe:
    url: http://127.0.0.1:8270
    path: /crabserver/dev/info
    header_key: /data/srv/current/auth/wmcore-auth/header-auth-key
    login: alice

- name: The way of a user
  cmsweb.crab.rest_probe:
    url: https://crab-vm.example.org
    certificate: ~/.globus/usercert.pem
    key: ~/.globus/userkey-open.pem
  delegate_to: localhost
'''

RETURN = r'''
status:
  description: HTTP status, or null without an answer.
  returned: always
  type: int
  sample: 200
rest_status:
  description: Header X-Rest-Status, the REST's own error number, or null.
  returned: always
  type: str
  sample: '206'
json:
  description: The decoded answer, or null.
  returned: always
  type: raw
  sample: {"result": [["v3.*"]]}
cause:
  description:
    - V(ok), or why not, one of V(database), V(instance), V(header_key), V(gridmap), V(authmap), V(authmap_broken), V(not_running), V(backend),
      V(certificate), V(server_certificate), V(tls), V(address), V(request), V(unknown).
  returned: always
  type: str
  sample: ok
remedy:
  description: The next step; empty when all is well.
  returned: always
  type: str
said:
  description: The answer in words.
  returned: always
  type: str
  sample: 200 OK
attempts:
  description: How many requests were sent.
  returned: always
  type: int
  sample: 1
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _probe
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run


def act(params, check):
    return (_probe.probe if params['report_only'] else _probe.insist)(params, check)


def main():
    run(act, {
        'url': {'type': 'str', 'required': True},
        'path': {'type': 'str', 'default': '/crabserver/dev/info?subresource=version'},
        'header_key': {'type': 'path', 'no_log': False},
        'login': {'type': 'str', 'default': ''},
        'dn': {'type': 'str', 'default': ''},
        'name': {'type': 'str', 'default': ''},
        'roles': {'type': 'dict', 'default': {}},
        'certificate': {'type': 'path'},
        'key': {'type': 'path', 'no_log': False},
        'ca_file': {'type': 'path'},
        'ca_path': {'type': 'path'},
        'address': {'type': 'str'},
        'report_only': {'type': 'bool', 'default': False},
        'expect_status': {'type': 'int', 'default': 200},
        'timeout': {'type': 'int', 'default': 30},
        'retries': {'type': 'int', 'default': 3},
        'delay': {'type': 'float', 'default': 1.0},
    })


if __name__ == '__main__':
    main()
