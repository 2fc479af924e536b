# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.cmsweb.crab.plugins.plugin_utils import _wheels


def test_wheels_are_found_by_name_and_version_however_spelt_and_the_missing_are_named(tmp_path):
    for name in ("CherryPy-18.10.0-py2.py3-none-any.whl", "cherrypy-18.8.0-py2.py3-none-any.whl", "deep/zc.lockfile-4.0-py3-none-any.whl",
                 "cx_Oracle-8.3.0-cp39-cp39-manylinux1_x86_64.whl", "cx_Oracle-8.3.0-cp311-cp311-manylinux1_x86_64.whl", "wmcore-2.4.5.2.tar.gz"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    found, missing = _wheels.find(str(tmp_path), ["cherrypy==18.10.0", "zc-lockfile==4.0", "cx-oracle==8.3.0", "wmcore==2.4.5.2"])

    assert sorted(path[len(str(tmp_path)) + 1:] for path in found) == [
        "CherryPy-18.10.0-py2.py3-none-any.whl", "cx_Oracle-8.3.0-cp311-cp311-manylinux1_x86_64.whl", "cx_Oracle-8.3.0-cp39-cp39-manylinux1_x86_64.whl",
        "deep/zc.lockfile-4.0-py3-none-any.whl"]
    assert missing == ["wmcore==2.4.5.2"]
