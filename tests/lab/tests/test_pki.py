"""The certificates are what their names say, by the judgement of openssl."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pki
import pytest


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("lab") / "pki"
    pki.ensure(made)
    return made


def openssl(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, check=False)


def verify(folder: Path, name: str, *options: str) -> subprocess.CompletedProcess[str]:
    return openssl("verify", "-crl_check_all", "-CApath", folder / "certificates", *options, folder / f"{name}cert.pem")


def public_key(words: list[str | Path]) -> str:
    return openssl(*words).stdout


@pytest.mark.parametrize("name", ["alice", "nomember", "voms", "mismatch"])
def test_good_certificates_verify_against_the_anchors_and_their_crls(folder: Path, name: str) -> None:
    assert verify(folder, name).returncode == 0


@pytest.mark.parametrize(("name", "reason"), [("expired", "certificate has expired"), ("revoked", "certificate revoked")])
def test_bad_certificates_fail_for_the_reason_in_their_name(folder: Path, name: str, reason: str) -> None:
    done = verify(folder, name)

    assert done.returncode != 0
    assert reason in done.stdout + done.stderr


@pytest.mark.parametrize(("name", "same"), [("alice", True), ("voms", True), ("mismatch", False)])
def test_only_the_mismatch_has_a_key_that_is_not_its_own(folder: Path, name: str, same: bool) -> None:
    of_certificate = public_key(["x509", "-noout", "-pubkey", "-in", folder / f"{name}cert.pem"])
    of_key = public_key(["pkey", "-pubout", "-in", folder / f"{name}key.pem"])

    assert of_certificate.startswith("-----BEGIN PUBLIC KEY-----")
    assert (of_certificate == of_key) is same


def test_keys_are_for_their_owner_alone_and_in_the_old_form(folder: Path) -> None:
    keys = list(folder.glob("*key.pem"))

    assert {path.name for path in keys} >= {"alicekey.pem", "grid-ca-key.pem", "mismatchkey.pem"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys} == {0o400}
    assert {path.read_text().splitlines()[0] for path in keys} == {"-----BEGIN RSA PRIVATE KEY-----"}


def test_the_subject_is_the_made_up_person_of_the_documentation(folder: Path) -> None:
    done = openssl("x509", "-noout", "-subject", "-nameopt", "compat", "-in", folder / "alicecert.pem")

    assert done.stdout.strip() == "subject=/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=alice/CN=123456/CN=Alice Example"


def test_a_host_certificate_serves_its_name_and_is_listed(folder: Path) -> None:
    certificate, key = pki.issue_host(folder, "h.example.org")

    assert verify(folder, "host-h.example.org", "-purpose", "sslserver", "-verify_hostname", "h.example.org").returncode == 0
    assert verify(folder, "host-h.example.org", "-verify_hostname", "other.example.org").returncode != 0
    assert json.loads((folder / "pki.json").read_text())["certificates"]["host-h.example.org"]["subject"] == "/DC=ch/DC=cern/OU=computers/CN=h.example.org"
    assert stat.S_IMODE(key.stat().st_mode) == 0o400
    assert certificate.exists()


def test_no_host_has_a_certificate_unasked(tmp_path: Path) -> None:
    pki.ensure(tmp_path / "pki")

    assert list((tmp_path / "pki").glob("host*")) == []


def test_a_good_folder_stays_as_it_is(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.glob("*.pem")}

    pki.ensure(folder)

    assert {path: path.read_bytes() for path in folder.glob("*.pem")} == before


@pytest.mark.parametrize(
    "spoil", ["not json", '{"format": 1, "not_after": "2020-01-01T00:00:00+00:00"}', '{"format": 0, "not_after": "2999-01-01T00:00:00+00:00"}']
)
def test_a_broken_or_old_folder_is_made_again_whole(tmp_path: Path, spoil: str) -> None:
    made = tmp_path / "pki"
    pki.ensure(made)
    old = (made / "alicecert.pem").read_bytes()
    (made / "pki.json").write_text(spoil)

    pki.ensure(made)

    assert (made / "alicecert.pem").read_bytes() != old
    assert verify(made, "alice").returncode == 0
    assert not made.with_name("pki.new").exists()


def test_the_service_proxy_is_alice_s_with_an_attribute_certificate_of_the_vo(folder: Path) -> None:
    if not shutil.which("voms-proxy-info"):
        pytest.skip("voms-clients is not on this machine")
    proxy = folder / "service-proxy.pem"
    trust = {"X509_CERT_DIR": str(folder / "certificates"), "X509_VOMS_DIR": str(folder / "vomsdir")}
    done = subprocess.run(["voms-proxy-info", "-all", "-file", str(proxy)], capture_output=True, text=True, check=False, env={**os.environ, **trust})

    told = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in done.stdout.splitlines())}
    assert told["identity"] == "/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=alice/CN=123456/CN=Alice Example"
    assert (told["VO"], told["attribute"]) == ("cms", "/cms/Role=NULL/Capability=NULL")
    assert told["issuer"].startswith(f"{pki.HOSTS}{pki.VOMS_HOST}")
    assert stat.S_IMODE(proxy.stat().st_mode) == 0o400


def test_a_service_proxy_past_half_its_life_is_made_again(tmp_path: Path) -> None:
    if not shutil.which("voms-proxy-fake"):
        pytest.skip("voms-clients is not on this machine")
    pki.ensure(tmp_path / "pki")
    proxy = tmp_path / "pki" / "service-proxy.pem"
    first, then = proxy.read_bytes(), pki.now().timestamp() - 97 * 3600
    os.utime(proxy, (then, then))

    pki.ensure(tmp_path / "pki")

    assert proxy.read_bytes() != first
