# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that name a deployment."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment(object):
    """Shared by deploy_stage and deployment_info."""

    DOCUMENTATION = r'''
options:
  root:
    description: Root of the installation.
    type: path
    default: /data/srv
  version:
    description: The HG tag, such as V(HG1803f).
    type: str
    required: true
  services:
    description: Services to deploy, each with an optional C(/variant) and C(@version).
    type: list
    elements: str
    default: [admin/devtools, frontend, crabserver, crabcache]
  architecture:
    description: Platform of the packages.
    type: str
    default: slc7_amd64_gcc630
  repository:
    description: Package repository, such as V(comp) or V(comp.pre). V(comp.pre) gives the folders C(sw.pre) and C(apps.sw.pre).
    type: str
    default: comp
  user:
    description: Account that deploys. It owns the tree, gets the cron lines, and needs sudo without a password, unless O(single_account) is set.
    type: str
    required: true
  single_account:
    description:
      - Deploy's mode without C(-a). Everything belongs to O(user) and runs as it, on ports that need no root (8080 and 8443 for the frontend).
        The module must be run by that account.
      - A tree that was deployed in the other mode is refused.
    type: bool
    default: false
    version_added: 1.0.0
'''
