#!/usr/bin/python

# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: myproxy_probe
short_description: Tell whether a host is registered with a MyProxy server
version_added: 0.2.0
author:
  - cmsweb.crab maintainers (@cmsweb)
description:
  - Asks the server, by C(myproxy-logon), for the credential of a name that nobody uses. The refusal tells whether the server knows the
    certificate. Nothing is fetched and nothing is delegated.
  - Run it as the account of the service, with the service's own files. MyProxy's client goes on as nobody if certificate and key are not owned by
    the account, or if the key has another mode than 0400 or 0600. The answer tells that apart from a host that is not registered.
  - Does not fail for what the server says. Look at RV(state).
options:
  server:
    description: Host name of the server.
    type: str
    default: myproxy.cern.ch
  port:
    description: Its port.
    type: int
    default: 7512
  certificate:
    description: The certificate of the service, or its proxy.
    type: path
    required: true
  key:
    description: Its key; the same file for a proxy.
    type: path
    required: true
  ca_path:
    description: Folder with hashed trust anchors.
    type: path
    default: /etc/grid-security/certificates
  timeout:
    description: Seconds that it may take.
    type: int
    default: 30
extends_documentation_fragment:
  - cmsweb.crab.writes.info
'''

EXAMPLES = r'''
- name: May crabserver fetch the proxies of users
  cmsweb.crab.myproxy_probe:
    certificate: /data/srv/current/auth/crabserver/dmwm-service-cert.pem
    key: /data/srv/current/auth/crabserver/dmwm-service-key.pem
  become: true
  become_user: _crabserver
  register: myproxy
  failed_when: myproxy.state != 'registered'
'''

RETURN = r'''
state:
  description:
    - V(registered), at least in part; V(not_registered); V(credential), our own files cannot be used; V(refused), revoked or outside the signing
      policy; V(unreachable); V(unknown).
  returned: success
  type: str
  sample: not_registered
missing:
  description: The policies of the server that do not name the certificate, as far as it says so.
  returned: success
  type: list
  elements: str
  sample: [trusted_retrievers, authorized_retrievers, authorized_renewers]
dn:
  description: DN that the server is asked about, in the form that the registration mail wants.
  returned: success
  type: str
  sample: /DC=ch/DC=cern/OU=computers/CN=crab-vm.example.org
message:
  description: The same in a sentence.
  returned: success
  type: str
  sample: myproxy.cern.ch:7512 does not name /DC=ch/DC=cern/OU=computers/CN=crab-vm.example.org in trusted_retrievers.
hint:
  description: The next step, empty if there is none.
  returned: success
  type: str
  sample: Send the registration mail to the operators of the server.
said:
  description: The words of the client.
  returned: success
  type: str
  sample: Failed to receive credentials.
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _clock, _myproxy
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run


def act(params, check):
    return dict(_myproxy.probe(now=_clock.now(), **params), changed=False)


def main():
    run(act, {
        'server': {'type': 'str', 'default': 'myproxy.cern.ch'},
        'port': {'type': 'int', 'default': 7512},
        'certificate': {'type': 'path', 'required': True},
        'key': {'type': 'path', 'required': True, 'no_log': False},
        'ca_path': {'type': 'path', 'default': '/etc/grid-security/certificates'},
        'timeout': {'type': 'int', 'default': 30},
    })


if __name__ == '__main__':
    main()
