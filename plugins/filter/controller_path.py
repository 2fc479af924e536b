# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a path on the controller begins."""

from __future__ import annotations

DOCUMENTATION = r'''
name: controller_path
short_description: A path on the controller, from the folder in which ansible-playbook was started
version_added: 1.1.0
author: cmsweb.crab maintainers (@cmsweb)
description:
  - Makes a path absolute. A C(~) is the home of the account that runs Ansible.
  - Without it, Ansible takes a relative path from the folder of the playbook, which for a playbook of a collection is a folder of the collection.
  - All roles of this collection read and write files on the controller through it.
options:
  _input:
    description: The path. An empty one stays empty.
    type: str
    required: true
'''

EXAMPLES = r'''
- name: Keep a file where the user is
  ansible.builtin.copy:
    content: "{{ seen | ansible.builtin.to_nice_json }}"
    dest: "{{ 'seen.json' | cmsweb.crab.controller_path }}"
    mode: "0644"
  delegate_to: localhost
'''

RETURN = r'''
_value:
  description: The absolute path.
  type: str
'''

import os.path


def controller_path(path: str) -> str:
    """The filter."""
    return os.path.abspath(os.path.expanduser(path)) if path else path


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict:
        return {'controller_path': controller_path}
