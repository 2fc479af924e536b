# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parameters that name a deployment, shared by deploy_stage and deployment_info."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.cmsweb.crab.plugins.module_utils._deploy import Deployment

DEPLOYMENT_ARGUMENTS = {
    'root': {'type': 'path', 'default': '/data/srv'},
    'version': {'type': 'str', 'required': True},
    'services': {'type': 'list', 'elements': 'str', 'default': ['admin/devtools', 'frontend', 'crabserver', 'crabcache']},
    'architecture': {'type': 'str', 'default': 'slc7_amd64_gcc630'},
    'repository': {'type': 'str', 'default': 'comp'},
    'user': {'type': 'str', 'required': True},
    'single_account': {'type': 'bool', 'default': False},
}


def deployment_of(params):
    """The Deployment that a module's parameters name."""
    return Deployment(*[params[name] for name in ('root', 'version', 'services', 'architecture', 'repository', 'user', 'single_account')])
