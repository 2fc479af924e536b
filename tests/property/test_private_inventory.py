# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The vault that init.yml writes: what was typed is what Ansible reads, templates and all."""

from __future__ import annotations

from ansible.parsing.dataloader import DataLoader
from ansible_collections.cmsweb.crab.plugins.plugin_utils import _private_inventory
from hypothesis import given
from hypothesis import strategies as st

ANSWERS = {'host': 'crab-vm.example.org', 'user': 'alice', 'version': 'HG1803f', 'release': '3.3.1803.patch3'}


@given(password=st.text(st.characters(exclude_categories=('Cc', 'Cs')), min_size=1))
def test_ansible_reads_any_password_as_it_was_typed(password: str) -> None:
    _texts, vault = _private_inventory.files({**ANSWERS, 'database_password': password})

    read = DataLoader().load(vault)['vault_crab_database_password']

    assert str(read) == password
