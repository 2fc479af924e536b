"""Bad input: one clear message, and nothing changed on the host.

Each case is one variable of the demo inventory set wrong. What the host has is compared by a checksum over everything
that any stage writes.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Site

EXTERNAL = {
    "delegate-dn": ["/DC=ch/DC=cern/OU=computers/CN=taskworker.example.org"],
    "backend-urls": {
        "cacheSSL": "https://crab-vm.example.org/crabcache",
        "baseURL": "https://crab-vm.example.org/crabcache",
        "htcondorSchedds": {"crab3@schedd-1.example.org": {}},
        "htcondorPool": "collector-1.example.org",
        "asoConfig": [{"couchURL": "https://crab-vm.example.org/couchdb", "couchDBName": "filetransfers"}],
    },
    "compatible-version": ["3.3.*"],
    "banned-out-destinations": ["T1_*"],
}
USER = {"dn": "/DC=ch/CN=alice", "login": "alice", "name": "Alice Example"}


def external(**changes: object) -> dict[str, object]:
    return {"crabserver_config_external": {"cmsweb-dev": {**EXTERNAL, **changes}}}


CASES: dict[str, tuple[dict[str, object], tuple[str, ...]]] = {
    "no vault": ({"crab_database_password": "{{ vault_crab_database_password }}"}, ("vault_crab_database_password is not set", "oracle_schema_password")),
    "no password": ({"crab_database_password": ""}, ("crab_database_password", "empty or a placeholder")),
    "password in the connect string": ({"crab_database_dsn": "crab_demo/x@devdb11"}, ("oracle_schema_dsn", "stands before an @")),
    "backfill that is no value": ({"oracle_schema_backfill": {"TASKS.TM_X": "a b"}}, ("oracle_schema_backfill", "TASKS.TM_X", "column 3")),
    "unknown HG tag": ({"crab_hg_version": "HG1899z"}, ("hgdeploy_version", "has no tag HG1899z")),
    "no HG tag at all": ({"crab_hg_version": "1803"}, ("hgdeploy_version", "1803 is no HG tag")),
    "no such way to install": ({"crab_install": "rpm"}, ("crab_install: rpm is no way to install", "hg or venv")),
    "no virtual environment for so old a release": ({"crab_install": "venv"}, ("venv_install_version", "3.3.1803.patch3 is no release that")),
    "a folder without wheels": ({"crab_install": "venv", "crab_release": "v3.260819", "venv_install_wheelhouse": "/var/empty"},
                                ("venv_install_wheelhouse: /var/empty has no wheel of", "wmcore==2.4.5.2", "pip wheel --use-pep517 --no-deps")),
    "an address that no URL takes as it is": ({"crab_install": "venv", "crab_release": "v3.260819", "crab_address": "::1"},
                                              ("venv_install_address: ::1 is no IPv4 address", "crab_address")),
    "a header key that is none": ({"crab_install": "venv", "crab_release": "v3.260819", "venv_install_header_key": "c2hvcnQ="},
                                  ("_header_key", "not the base64 of 16 bytes or more", "base64 -w0 /data/srv/current/auth/wmcore-auth/header-auth-key")),
    "DN without a slash": ({"frontend_auth_users": [{**USER, "dn": "DC=ch/CN=alice"}]}, ("frontend_auth_users", "DC=ch/CN=alice", "/")),
    "unknown key": (external(delegateDN=[]), ("crabserver_config_external", "cmsweb-dev.delegateDN")),
    "bad regular expression": (external(**{"compatible-version": ["3.3.("]}),
                               ("crabserver_config_external", "cmsweb-dev.compatible-version[0]", "not a regular expression")),
    "unknown mode": ({"crab_mode": "cmsweb-prod"}, ("crabserver_config_mode", "cmsweb-prod")),
    "file URL": ({"crabserver_config_external_url": "file:///tmp/x.json"}, ("crabserver_config_external_url", "http")),
    "era of another release": ({"crab_release": "v3.220608"}, ("crabserver_config_external: ", "htcondorPool is missing", "modes is missing")),
    "file that the release does not read": ({"crab_release": "v3.260407"}, ("crabserver_config_release", "reads no external configuration", "data.s3_bucket")),
    "no bucket": ({"crab_release": "v3.260407", "crabserver_config_external": {}}, ("crabserver_config_settings", "does not start without data.s3_bucket")),
    "typing error in a setting": ({"crabserver_config_settings": {"data.ketpLogDays": 3}}, ("crabserver_config_settings", "Did you mean data.keptLogDays?")),
    "half an S3 account": ({"crabserver_config_s3": {"access_key": "x"}}, ("s3.secret_key is missing",)),
    "instance in capitals": ({"crab_instance": "Dev"}, ("crabserver_config_instances", "Dev")),
    "no place for the answer of the CA": ({"gridcert_issuer": "csr_manual"}, ("gridcert_provided_certificate is not set", "where you will save")),
    "no ACME server": ({"gridcert_issuer": "acme"}, ("gridcert_acme_directory", "is no URL")),
    "an archive without a password": ({"gridcert_pkcs12": "/root/host.p12"}, ("gridcert_pkcs12_password is empty",)),
    "two ways to a proxy": ({"voms_credential_certificate": "/etc/hostname"}, ("voms_proxy_file: voms_credential_certificate is set as well",)),
    "no key of the user": ({"voms_credential_certificate": "/etc/hostname", "voms_proxy_file": ""}, ("voms_credential_key is not set",)),
    "hours that no proxy has": ({"voms_credential_certificate": "/etc/hostname", "voms_proxy_file": "", "voms_proxy_hours": 200},
                                ("voms_proxy_hours: 200 is not less than voms_proxy_valid_hours",)),
    "root's things without root": ({"crab_single_account": True, "crab_user": "alice", "gridcert_issuer": "cern_autoenroll", "voms_install": True,
                                    "crabserver_config_service_owner": "_crabserver", "crabserver_config_settings": {"main.port": 80},
                                    "hgdeploy_packages": ["perl"], "hgdeploy_reboot": True, "service_by": "systemd", "verify_url": "https://crab-vm.example.org"},
                                   ("gridcert_issuer: crab_single_account is true", "voms_install: crab_single_account is true",
                                    "voms_proxy_path: crab_single_account is true, and nobody but root can write /etc/grid-security",
                                    "crabserver_config_service_owner: crab_single_account is true, and everything belongs to alice", "on main.port 80",
                                    "hgdeploy_packages: crab", "hgdeploy_reboot: crab", "service_by: crab", "verify_url: crab_single_account is true",
                                    "crab_user: it is alice, and the host is reached as crabdev")),
    "a virtual environment without root": ({"crab_single_account": True, "crab_install": "venv", "crab_release": "v3.260819"},
                                           ("crab_install: with venv, crabserver is a service of systemd",)),
    "wrong choice": ({"service_state": "running"}, ("service_state", "started, stopped, restarted")),
}


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_variable_is_named_in_one_message_and_nothing_changes(site: Site, case: str) -> None:
    variables, said = CASES[case]
    before = site.fingerprint()

    run = site.play("site.yml", variables)

    assert run.code != 0
    for part in said:
        assert part in run.failure, run.output
    assert site.fingerprint() == before


def test_several_wrong_variables_are_listed_together(site: Site) -> None:
    run = site.play("site.yml", {"crab_database_password": "", "crab_mode": "nosuch", "crab_hg_version": "1803"})

    for name in ("crab_database_password", "crabserver_config_mode", "hgdeploy_version"):
        assert name in run.failure, run.output
    assert "nothing was touched" in run.failure


def test_a_certificate_that_does_not_match_its_key_is_refused(site: Site) -> None:
    pki = site.lab / "pki"
    before = site.fingerprint()

    run = site.play("site.yml", {
        "gridcert_issuer": "provided",
        "gridcert_provided_certificate": str(pki / "mismatchcert.pem"),
        "gridcert_provided_key": str(pki / "alicekey.pem"),
    })

    assert run.code != 0
    assert "gridcert_provided_key" in run.failure and "match" in run.failure, run.output
    assert site.fingerprint() == before


@pytest.mark.parametrize("who, said", [("expired", "expired at"), ("alice", "does not cover crab-vm.example.org")])
def test_a_certificate_that_cannot_serve_this_host_is_refused(site: Site, who: str, said: str) -> None:
    pki = site.lab / "pki"
    before = site.fingerprint()

    run = site.play("site.yml", {
        "gridcert_issuer": "provided",
        "gridcert_provided_certificate": str(pki / f"{who}cert.pem"),
        "gridcert_provided_key": str(pki / f"{who}key.pem"),
    })

    assert run.code != 0
    assert "gridcert_provided_certificate" in run.failure and said in run.failure, run.output
    assert site.fingerprint() == before


def test_a_checkout_without_create_py_is_refused(site: Site, tmp_path: Path) -> None:
    before = site.fingerprint()

    run = site.play("site.yml", {"oracle_schema_checkout": str(tmp_path)})

    assert run.code != 0
    assert "oracle_schema_checkout" in run.failure and "Create.py" in run.failure, run.output
    assert site.fingerprint() == before


def test_a_host_out_of_reach_is_named_with_its_address(site: Site) -> None:
    run = site.play("site.yml", {"ansible_host": "127.0.0.9", "ansible_port": 9, "ansible_ssh_extra_args": "-o ConnectTimeout=3"})

    assert run.code != 0
    assert "crab-vm.example.org (ansible_host 127.0.0.9, ansible_user crabdev) cannot be reached" in run.failure, run.output


def test_secrets_stay_out_of_the_message(site: Site) -> None:
    run = site.play("site.yml", {"crab_mode": "nosuch", "crab_database_password": "HuNtEr2secret"})

    assert "HuNtEr2secret" not in run.output
    assert json.dumps("HuNtEr2secret") not in run.output


def test_nor_is_a_password_shown_that_is_taken_for_a_template(site: Site) -> None:
    run = site.play("playbooks/database_report.yml", {"crab_database_password": "HuNtEr{{2secret"})

    assert run.code != 0
    assert "crab_database_password cannot be made up: its value is secret." in run.failure
    assert "HuNtEr" not in run.output
