# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that name a release in a virtual environment."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment(object):
    """Shared by venv_release and venv_release_info."""

    DOCUMENTATION = r'''
options:
  root:
    description: Root of the installation.
    type: path
    default: /data/srv
  version:
    description: The tag of CRABServer, such as V(v3.260819). It is also the name of the folder below O(root).
    type: str
    required: true
  user:
    description: Account that owns the tree, as the deploying account does in one that dmwm/deployment made.
    type: str
    required: true
  repository:
    description: Git repository of CRABServer, as the host reaches it.
    type: str
    default: https://github.com/dmwm/CRABServer.git
  requirements:
    description: All packages of the virtual environment with their versions, since they are installed without looking for what they need.
    type: list
    elements: str
    required: true
  python:
    description: The interpreter, 3.9 or later, with its venv module.
    type: path
    default: /usr/bin/python3
  python_path:
    description: More folders for the server's C(PYTHONPATH), such as that of a database driver that is installed elsewhere.
    type: list
    elements: path
    default: []
  environment:
    description: More environment variables for the server, such as C(TNS_ADMIN). Not for secrets, since everybody on the host can read them.
    type: dict
    default: {}
  address:
    description: Address that the server listens on (C(srv.socket_host) in config.py).
    type: str
    default: 127.0.0.1
  header_key:
    description:
      - The header key of a frontend on another host, in base64. Whoever has it is believed, so keep it in a vault.
      - By default the key of a frontend on this host (C(state/frontend/etc/keys/authz-headers)), else that of the release in force, else a new one.
    type: str
  log_days:
    description: For how many days logs are kept.
    type: int
    default: 30
'''
