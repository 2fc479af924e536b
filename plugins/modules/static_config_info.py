#!/usr/bin/python
# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r'''
module: static_config_info
version_added: 1.0.0
author: cmsweb.crab maintainers (@cmsweb)
short_description: Read the config.py of the CRAB REST server
description:
  - Tells which keys the static configuration of C(crabserver) sets, with the values that count and their lines.
  - The file is never run. A value that only running it would tell is given as its source text.
extends_documentation_fragment:
  - cmsweb.crab.writes.info
options:
  path:
    description: The config.py, normally C(/data/srv/current/config/crabserver/config.py).
    type: path
    required: true
seealso:
  - module: cmsweb.crab.static_config
'''

EXAMPLES = r'''
- name: Read the static configuration
  cmsweb.crab.static_config_info:
    path: /data/srv/current/config/crabserver/config.py
  register: static

- name: Show the mode that the server runs in
  ansible.builtin.debug:
    msg: "{{ static.settings['data.mode'] }}, set in line {{ static.lines['data.mode'] }}"
'''

RETURN = r'''
exists:
  description: Whether there is such a file.
  returned: success
  type: bool
  sample: true
settings:
  description: Each key with the value that counts (the last assignment); what is no literal as a dict with the one key C(expression).
  returned: success
  type: dict
  sample:
    data.mode: cmsweb-dev
    data.serverhostcert: {expression: "'%s/auth/crabserver/dmwm-service-cert.pem' % __file__.rsplit('/', 3)[0]"}
lines:
  description: Each key with the number of the line that decides it.
  returned: success
  type: dict
  sample: {data.mode: 44}
'''

from ansible_collections.cmsweb.crab.plugins.module_utils import _files, _staticconfig
from ansible_collections.cmsweb.crab.plugins.module_utils._module import run


def act(params, check):
    content = _files.read(params['path'])
    keys = _staticconfig.effective(content, params['path']) if content is not None else {}
    return {'changed': False, 'exists': content is not None,
            'settings': dict((key, keys[key]['value']) for key in keys), 'lines': dict((key, keys[key]['line']) for key in keys)}


def main():
    run(act, {'path': {'type': 'path', 'required': True}})


if __name__ == '__main__':
    main()
