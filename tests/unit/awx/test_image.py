# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ansible-builder makes of the collection and of awx/execution-environment.yml. tests/ci/ee builds the image itself."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
BUILDER = Path(sys.executable).with_name('ansible-builder')


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith('#')]


def test_an_image_with_the_collection_gets_what_the_collection_needs() -> None:
    shown = subprocess.run([BUILDER, 'introspect', ROOT / 'collections'], text=True, capture_output=True, check=True).stdout

    found = yaml.safe_load(shown)
    mine = {kind: [line.split('  # from')[0] for line in found[kind] if 'cmsweb.crab' in line] for kind in ('python', 'system')}
    assert mine == {'python': lines((ROOT / 'meta/ee-requirements.txt').read_text()), 'system': lines((ROOT / 'meta/ee-bindep.txt').read_text())}


def test_the_image_of_awx_has_the_same_beside_collections_and_a_clone_of_crabserver(tmp_path: Path) -> None:
    subprocess.run([BUILDER, 'create', '-f', ROOT / 'awx/execution-environment.yml', '-c', tmp_path, '--output-filename', 'Containerfile'],
                   capture_output=True, check=True)

    build, steps = tmp_path / '_build', (tmp_path / 'Containerfile').read_text()
    assert lines((build / 'requirements.txt').read_text()) == lines((ROOT / 'meta/ee-requirements.txt').read_text())
    assert lines((build / 'bindep.txt').read_text()) == lines((ROOT / 'meta/ee-bindep.txt').read_text())
    assert yaml.safe_load((build / 'requirements.yml').read_text()) == yaml.safe_load((ROOT / 'collections/requirements.yml').read_text())
    settings = (ROOT / 'awx/vars/settings.yml').read_text()
    checkout = re.search(r'^crab_awx_checkout: (\S+)$', settings, re.MULTILINE)[1]
    assert f'RUN git clone --bare $CRABSERVER {checkout}\n' in steps and f'RUN git config --system --add safe.directory {checkout}\n' in steps
    assert 'ARG ANSIBLE_INSTALL_REFS="ansible-core>=2.16.19,<2.17 ansible-runner>=2.4,<3"\n' in steps
