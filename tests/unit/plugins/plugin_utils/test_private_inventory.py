# Copyright: (c) 2026, cmsweb.crab maintainers
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ansible_collections.cmsweb.crab.plugins.plugin_utils import _private_inventory

INVENTORIES = Path(__file__).resolve().parents[4] / 'inventories'
ALICE = '/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=alice/CN=123456/CN=Alice Example'
ANSWERS = {
    'host': 'crab-vm.example.org', 'user': 'alice', 'version': 'HG1803f', 'release': '3.3.1803.patch3', 'instance': 'dev', 'mode': 'cmsweb-dev',
    'proxy': '/tmp/x509up_u1000', 'dn': ALICE, 'login': 'alice', 'checkout': '/home/alice/CRABServer', 'dsn': 'devdb11', 'database_user': 'crab3_alice',
    'database_password': 'not-Secret-1', 'issuer': 'provided', 'certificate': '/home/alice/hostcert.pem', 'key': '/home/alice/hostkey.pem',
    'taskworker_dn': '/CN=taskworker.example.org', 'schedd': 'crab3@schedd-1.example.org', 'collector': 'collector-1.example.org',
}
EL9 = {**{name: value for name, value in ANSWERS.items() if name not in ('release', 'mode', 'dn', 'login', 'schedd', 'collector')}, 'version': 'v3.260819',
       's3_bucket': 'crabcache_alice', 's3_access_key': 'alice', 's3_secret_key': 'not-Secret-2'}


@pytest.mark.parametrize('answers, example', [(ANSWERS, 'private'), (EL9, 'el9')])
def test_the_inventory_has_the_variables_of_the_example_with_the_answers_in_place(answers: dict, example: str) -> None:
    texts, vault = _private_inventory.files(answers)

    written = yaml.safe_load(texts['group_vars/crab/main.yml'])
    before = yaml.safe_load((INVENTORIES / example / 'group_vars/crab/main.yml').read_text())
    assert list(written) == list(before)
    assert {name for name in before if '{{' in str(before[name])} - {name for name in written if '{{' in str(written[name])} == (
        {'oracle_schema_checkout', 'crabserver_config_external'} & before.keys())
    assert written['gridcert_provided_key'] == '/home/alice/hostkey.pem'
    assert written.get('frontend_auth_users') == {
        'private': [{'dn': ALICE, 'login': 'alice', 'name': 'Alice Example', 'roles': {'operator': ['group:crab3']}}], 'el9': None}[example]
    assert not [value for value in ('not-Secret-1', 'not-Secret-2') if value in texts['group_vars/crab/main.yml']]
    assert [line for line in texts['group_vars/crab/main.yml'].splitlines() if line.startswith('# ---')] == [
        line for line in (INVENTORIES / example / 'group_vars/crab/main.yml').read_text().splitlines() if line.startswith('# ---')]
    assert vault.count('!unsafe') == (2 if example == 'el9' else 1)


def test_an_hg_tag_is_python_2_and_an_external_configuration_and_a_release_is_neither() -> None:
    hosts = [yaml.safe_load(_private_inventory.files(answers)[0]['hosts.yml'])['all']['children']['crab']['hosts'] for answers in (ANSWERS, EL9)]
    external = _private_inventory.variables(ANSWERS)[0]['crabserver_config_external']['cmsweb-dev']

    assert hosts == [{'crab-vm.example.org': {'ansible_user': 'alice', 'ansible_python_interpreter': python}}
                     for python in ('/usr/bin/python2.7', '/usr/bin/python3')]
    assert external['delegate-dn'] == ['/CN=taskworker.example.org']
    assert external['backend-urls'] == {
        'cacheSSL': 'https://crab-vm.example.org/crabcache', 'baseURL': 'https://crab-vm.example.org/crabcache',
        'htcondorSchedds': {'crab3@schedd-1.example.org': {}}, 'htcondorPool': 'collector-1.example.org',
        'asoConfig': [{'couchURL': 'https://crab-vm.example.org/couchdb', 'couchDBName': 'filetransfers'}]}
    assert _private_inventory.variables(EL9)[0]['crabserver_config_settings'] == {
        'data.s3_bucket': 'crabcache_alice', 'data.delegateDN': '/CN=taskworker.example.org', 'data.compatibleClientVersions': ['v3.*']}


def test_a_request_for_the_ca_has_a_place_for_its_answer_and_no_key() -> None:
    found = _private_inventory.variables({**ANSWERS, 'issuer': 'csr_manual'})[0]

    assert (found['gridcert_issuer'], found['gridcert_provided_certificate'], found['gridcert_provided_key']) == ('csr_manual', '/home/alice/hostcert.pem', '')


@pytest.mark.parametrize('version, names', [
    ('HG1803f', ['release', 'mode', 'dn', 'login', 'schedd', 'collector']), ('v3.260819', ['s3_bucket', 's3_access_key', 's3_secret_key'])])
def test_there_are_ten_questions_and_the_software_tells_which_and_el9_has_no_users_of_a_frontend(version: str, names: list[str]) -> None:
    found = _private_inventory.questions({'version': version})

    assert {question.number for question in found} == set(range(1, 11)) - ({5} if version.startswith('v') else set())
    assert [question.name for question in found if question.name not in EL9.keys() & ANSWERS.keys()] == names
    assert [question.name for question in found if question.secret] == ['database_password'] + [name for name in names if name == 's3_secret_key']


def test_a_login_is_read_from_a_dn_of_cern_only() -> None:
    assert [_private_inventory.login(dn) for dn in (ALICE, '/DC=org/CN=Alice Example', None)] == ['alice', None, None]
