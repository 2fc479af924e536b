# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must be so in every playbook."""

from __future__ import annotations

from pathlib import Path

import yaml

PLAYBOOKS = sorted((Path(__file__).resolve().parents[3] / 'playbooks').glob('*.yml'))


def test_what_is_asked_for_is_never_a_template() -> None:
    """A password with {{ or {% in it would be evaluated, and stand in the error of that."""
    prompts = [(path.name, prompt) for path in PLAYBOOKS for play in yaml.safe_load(path.read_text()) for prompt in play.get('vars_prompt', [])]

    assert [name for name, _prompt in prompts] == ['rotate_db_password.yml']
    assert all(prompt['unsafe'] is True and prompt['private'] is True for _name, prompt in prompts)
