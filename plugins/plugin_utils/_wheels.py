# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A folder of wheels on the controller: which of them a list of pins wants."""

from __future__ import annotations

import os
import re


def find(folder, requirements):
    """(paths of the wanted wheels, requirements without one). There may be several for one pin, for different Pythons."""
    there = {}
    for place, _folders, files in os.walk(os.path.expanduser(folder)):
        for name in sorted(files):
            if name.endswith('.whl') and name.count('-') >= 4:
                there.setdefault(_key(*name.split('-')[:2]), []).append(os.path.join(place, name))
    wanted = {text: there.get(_key(*text.split('==')), []) for text in requirements}
    return [path for paths in wanted.values() for path in paths], [text for text, paths in wanted.items() if not paths]


def _key(name, version):
    return re.sub(r'[-_.]+', '-', name).lower(), version.lower()
