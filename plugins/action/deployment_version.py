# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module of the same name, and tells it whose the run is."""

from __future__ import annotations

from ansible_collections.cmsweb.crab.plugins.plugin_utils._background import Named


class ActionModule(Named):
    pass
