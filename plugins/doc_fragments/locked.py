# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a module that works on the installation of a host alone."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class ModuleDocFragment(object):
    """Shared by all that take the lock of module_utils/_deploy.py."""

    DOCUMENTATION = r'''
options:
  wait:
    description: How many seconds to wait for another run on the host.
    type: int
    default: 1800
  started_by:
    description:
      - Who runs it, for others who have to wait. M(cmsweb.crab.deploy_stage), M(cmsweb.crab.deployment_version), M(cmsweb.crab.rest_candidate)
        and M(cmsweb.crab.venv_release) set the account and the controller.
    type: str
    default: somebody
'''
