# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks on this machine, by the Python and the account that run Ansible, whatever is set for the hosts."""

from __future__ import annotations

DOCUMENTATION = r'''
name: controller
short_description: Run tasks on this machine with the Python that runs Ansible
version_added: 1.0.0
author: cmsweb.crab maintainers (@cmsweb)
description:
  - Like the connection C(local), but modules are always run by the Python that runs Ansible, which has what they import, and by the account that runs
    Ansible.
  - "C(-e ansible_python_interpreter=...) holds for each task of each host, also for those that are delegated to this machine, and no variable of a task
    is stronger. With this connection it does not matter to them. Nor does C(-e ansible_become=true)."
options:
  pipelining:
    description: Give a module to Python without writing it to a file before.
    type: bool
    default: true
    vars:
      - name: ansible_pipelining
'''

EXAMPLES = r'''
- name: Sign on this machine, which has cryptography
  community.crypto.x509_certificate_pipe:
    provider: selfsigned
    privatekey_path: key.pem
  delegate_to: localhost
  vars:
    ansible_connection: cmsweb.crab.controller
'''

from ansible.plugins.connection.local import Connection as Local


class Connection(Local):
    """For ansible-core, a connection that is itself on this machine has modules run by its own Python."""

    transport = 'cmsweb.crab.controller'
    _remote_is_local = True

    def set_become_plugin(self, plugin):
        """Nobody else's account."""
