# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module of the same name in the background of the host, and shows every few seconds what Deploy is at."""

from __future__ import annotations

from ansible_collections.cmsweb.crab.plugins.plugin_utils._background import Background


class ActionModule(Background):
    what = 'Stage {stage}'
