# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys of config.py that a CRABServer release reads."""

from __future__ import annotations

DOCUMENTATION = r'''
name: read_by
short_description: Keys of the config.py of the CRAB REST server that a release reads
version_added: 1.0.0
author: cmsweb.crab maintainers (@cmsweb)
description:
  - Leaves out the keys of C(data) that a release does not read, such as C(data.mode) from v3.250909 on.
options:
  _input:
    description: Settings as for M(cmsweb.crab.static_config).
    type: dict
    required: true
  _release:
    description: Version of CRABServer; empty leaves all keys.
    type: str
    required: true
positional: _release
seealso:
  - module: cmsweb.crab.static_config
'''

EXAMPLES = r'''
- name: Set the mode where there is one
  cmsweb.crab.static_config:
    path: /data/srv/current/config/crabserver/config.py
    settings: "{{ {'data.mode': 'cmsweb-dev', 'data.db': 'CRABServerAuth.dbconfig'} | cmsweb.crab.read_by('v3.260407') }}"
'''

RETURN = r'''
_value:
  description: The settings that are left.
  type: dict
'''

from ansible.errors import AnsibleFilterError

from ansible_collections.cmsweb.crab.plugins.module_utils import _release
from ansible_collections.cmsweb.crab.plugins.module_utils._errors import CrabError


def read_by(settings: dict, release: str) -> dict:
    """The filter."""
    try:
        return {key: value for key, value in settings.items()
                if not release or not key.startswith('data.') or _release.reads(release, key.split('.', 1)[1])}
    except CrabError as error:
        raise AnsibleFilterError(f'read_by: {error}') from error


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict:
        return {'read_by': read_by}
