# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What needs no host; what a play says: tests/integration/test_bad_input.py and test_single.py."""

from __future__ import annotations

import json

import pytest

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.cmsweb.crab.plugins.plugin_utils import _preflight


@pytest.mark.parametrize('single, login, owner, group, said', [
    (True, 'alice', None, None, None),
    (True, 'alice', 'alice', 'zh', None),
    (True, 'alice', 'alice', '_sw', '/data/srv was deployed with service accounts, and crab_single_account is true.'),
    (True, 'root', None, None, 'ansible_user: with crab_single_account everything would run as root.'),
    (True, 'bob', None, None, 'crab_user: it is alice, and the host is reached as bob.'),
    (False, 'root', None, None, None),
    (False, 'root', 'alice', '_sw', None),
    (False, 'root', 'alice', 'zh', '/data/srv was deployed in single-account mode, by alice, and crab_single_account is not true.'),
])
def test_the_host_must_fit_the_mode(single, login, owner, group, said):
    problems = _preflight.account_problems(single, 'root' if login == 'root' and single else 'alice', '/data/srv', login, owner, group)

    assert [problem.split('. ')[0] + '.' for problem in problems] == ([said] if said else [])


@pytest.mark.parametrize('value, single', [(True, True), ('true', True), (False, False), ('false', False), ('no', False)])
def test_the_mode_may_come_from_the_command_line(value, single):
    assert _preflight.is_single({'crab_single_account': value}, lambda text: text) is single


@pytest.mark.parametrize('url, port', [
    ('https://crab-vm.example.org', 443), ('http://crab-vm.example.org', 80), ('https://crab-vm.example.org:8443/', 8443), ('https://x:y', 1024)])
def test_the_port_of_a_url(url, port):
    assert _preflight._port(url) == port


@pytest.mark.parametrize('value, said, unset', [
    ('plain', [], {}),
    ('{{ vault_password }}', [], {}),
    ('{{ vault_pasword }}', [], {'vault_pasword': ['crab_database_password']}),
    ('p{{w0rd', ['crab_database_password cannot be made up: its value is secret. One with {{, {% or {# in it is written !unsafe "...".'], {}),
    ('p{{w0rd}}x', ['crab_database_password cannot be made up: its value is secret. One with {{, {% or {# in it is written !unsafe "...".'], {}),
])
def test_a_secret_that_is_taken_for_a_template_is_named_and_not_shown(tmp_path, value, said, unset):
    path, found = tmp_path / 'vault.yml', {}
    path.write_text(json.dumps({'crab_database_password': value, 'vault_password': 'plain'}), encoding='utf-8')
    variables = DataLoader().load_from_file(str(path), **_preflight.TRUSTED)

    problems = _preflight.secret_problems(variables, Templar(DataLoader(), variables).template, found)

    assert (problems, found) == (said, unset)


def test_the_variables_of_a_role_hold_in_its_lookups_and_only_while_they_are_checked(tmp_path):
    """In ansible-core 2.16, lookups of a copied templar have the variables of the first."""
    templar = Templar(DataLoader(), {'name': 'before'})
    path = tmp_path / 'main.yml'
    path.write_text("""text: '{{ lookup("vars", "name") }}'""", encoding='utf-8')
    values = DataLoader().load_from_file(str(path), **_preflight.TRUSTED)

    with pytest.raises(ZeroDivisionError), _preflight._with_variables(templar, {'name': 'meanwhile'}) as template:
        assert template(values['text']) == 'meanwhile'
        raise ZeroDivisionError

    assert templar.template(values['text']) == 'before'
