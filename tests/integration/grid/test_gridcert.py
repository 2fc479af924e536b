"""Host certificates on a Python 2.7 host without any crypto library: each issuer, each refusal, and what is on the host then."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from ..conftest import ROOT
from .conftest import Grid

sys.path.insert(0, str(ROOT / "tests/lab"))
import pki  # noqa: E402

FQDN = "crab-vm.example.org"
CERN_DN = f"/DC=ch/DC=cern/OU=computers/CN={FQDN}"
CERT, KEY = "/etc/grid-security/hostcert.pem", "/etc/grid-security/hostkey.pem"
TRUST = {"gridcert_trust": "/etc/grid-security/certificates"}
REQUEST = re.compile(r"-----BEGIN CERTIFICATE REQUEST-----.*?-----END CERTIFICATE REQUEST-----", re.DOTALL)


def requested(grid: Grid, output: str) -> bytes:
    """The request as the user sees it, and copies it: it must be the one on the host."""
    match = REQUEST.search(output)
    assert match, output
    shown = "\n".join(line.strip() for line in match.group(0).splitlines()) + "\n"
    assert shown == grid.on(f"cat {CERT}.csr")
    return shown.encode()


def pair(grid: Grid, folder: Path, dn: str = CERN_DN, names: tuple[str, ...] = (FQDN,), bits: int = 2048, days: int = 395) -> dict[str, object]:
    """A certificate and its key on the controller, as variables of issuer provided."""
    words = ["openssl", "req", "-new", "-newkey", f"rsa:{bits}", "-nodes", "-subj", "/CN=any", "-keyout", folder / "key.pem", "-out", folder / "request.pem"]
    subprocess.run(words, check=True, capture_output=True)
    (folder / "cert.pem").write_bytes(pki.sign(grid.pki, (folder / "request.pem").read_bytes(), dn, names, days))
    return {"gridcert_issuer": "provided", "gridcert_provided_certificate": str(folder / "cert.pem"), "gridcert_provided_key": str(folder / "key.pem"), **TRUST}


def on_host(grid: Grid) -> str:
    """Names, modes, owners and contents of all that the role writes."""
    return grid.on(r"find /etc/grid-security /data/certs -maxdepth 1 -name '*host*' -printf '%p %m %u:%g\n' -exec sha256sum {} \; | sort")


def openssl(grid: Grid, words: str) -> str:
    return grid.on(f"openssl {words}")


def test_1_csr_manual_stops_with_the_request_and_the_next_run_takes_up_the_answer(grid: Grid, tmp_path: Path) -> None:
    grid.on("mkdir -p /data/certs")
    answer = tmp_path / "answer.pem"
    variables = {"gridcert_issuer": "csr_manual", "gridcert_provided_certificate": str(answer), **TRUST}
    assert grid.role("gridcert", variables, "--check", "--diff", check=True).changed == 1
    assert on_host(grid) == ""

    first = grid.role("gridcert", variables, "-vvv", "--diff")
    second = grid.role("gridcert", variables)

    assert first.code != 0 and f"Save the certificate (PEM, \"Base 64 encoded\") on the controller as {answer}" in first.failure
    request = grid.on(f"cat {CERT}.csr").encode()
    assert requested(grid, second.output) == request
    assert "PRIVATE KEY" not in first.output
    (tmp_path / "request.pem").write_bytes(request)
    said = subprocess.run(["openssl", "req", "-noout", "-text", "-verify", "-in", tmp_path / "request.pem"], check=True, capture_output=True, text=True).stdout
    for part in (f"Subject: CN={FQDN}", f"DNS:{FQDN}", "Public-Key: (2048 bit)", "sha512WithRSAEncryption"):
        assert part in said.replace(" = ", "=")  # OpenSSL 3.5 writes no blanks
    answer.write_bytes(pki.sign(grid.pki, request, CERN_DN, [FQDN]))  # CERN issues under a subject of its own
    assert grid.role("gridcert", variables, check=True).changed == 1
    assert openssl(grid, f"x509 -noout -subject -nameopt compat -in {CERT}") == f"subject={CERN_DN}\n"
    assert grid.on(f"cd /etc/grid-security; ls host*; stat -c '%a %U:%G' {CERT} {KEY}") == "hostcert.pem\nhostkey.pem\n644 root:root\n400 root:root\n"
    assert grid.on(f"cmp {CERT} /data/certs/hostcert.pem; cmp {KEY} /data/certs/hostkey.pem; stat -c '%a %U:%G' /data/certs/host*") == (
        "644 crabdev:_config\n400 crabdev:_config\n")
    assert grid.role("gridcert", variables, check=True).changed == 0


def refused_pairs() -> dict[str, tuple[dict[str, object], str]]:
    return {
        "expired": ({"days": -2}, "cannot be used: it expired at "),
        "of another host": ({"names": ("other.example.org",)}, f"it does not cover {FQDN} but other.example.org"),
        "with a weak key": ({"bits": 1024}, "its key has 1024 bits, and 2048 are the least"),
    }


@pytest.mark.parametrize("case", refused_pairs())
def test_2_a_wrong_certificate_is_refused_and_the_old_files_stay(grid: Grid, tmp_path: Path, case: str) -> None:
    how, message = refused_pairs()[case]
    before = on_host(grid)

    run = grid.role("gridcert", pair(grid, tmp_path, **how))  # type: ignore[arg-type]

    assert run.code != 0 and message in run.failure, run.output
    assert on_host(grid) == before


def test_2_a_certificate_of_another_key_is_refused_and_the_old_files_stay(grid: Grid, tmp_path: Path) -> None:
    before, variables = on_host(grid), pair(grid, tmp_path)

    run = grid.role("gridcert", {**variables, "gridcert_provided_key": str(grid.pki / "alicekey.pem")})

    assert run.code != 0 and "the certificate does not match the key" in run.failure
    assert on_host(grid) == before


def test_2_a_revoked_certificate_is_refused_once_the_host_has_the_crl(grid: Grid, tmp_path: Path) -> None:
    variables = pair(grid, tmp_path)
    label = "host-withdrawn"
    (grid.pki / f"{label}cert.pem").write_bytes((tmp_path / "cert.pem").read_bytes())
    pki.revoke(grid.pki, label)
    before = on_host(grid)
    grid.on("fetch-crl")  # from the server of the lab, as its timer does it

    run = grid.role("gridcert", variables)

    assert run.code != 0 and "cannot be used: it is revoked, by a CRL in /etc/grid-security/certificates" in run.failure, run.output
    assert on_host(grid) == before


def test_2_a_certificate_of_an_unknown_ca_is_refused(grid: Grid, tmp_path: Path) -> None:
    before = on_host(grid)
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={FQDN}", "-addext", f"subjectAltName=DNS:{FQDN}", "-days", "300"]
    subprocess.run([*words, "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"], check=True, capture_output=True)
    provided = {"gridcert_provided_certificate": str(tmp_path / "cert.pem"), "gridcert_provided_key": str(tmp_path / "key.pem")}

    run = grid.role("gridcert", {"gridcert_issuer": "provided", **provided, **TRUST})

    assert run.code != 0 and "it does not verify against /etc/grid-security/certificates: self signed certificate" in run.failure, run.output
    assert on_host(grid) == before


def test_3_one_about_to_end_is_renewed_with_the_same_key_and_with_a_new_one(grid: Grid, tmp_path: Path) -> None:
    run = grid.role("gridcert", pair(grid, tmp_path, days=20), check=True)
    assert "has only 19 days left, fewer than the wanted 30" in " ".join(run.output.split())
    key = grid.on(f"sha256sum {KEY}")

    grid.role("gridcert", {"gridcert_new_key": False}, check=True)  # ownca, as the demo's inventory says

    assert grid.on(f"sha256sum {KEY}") == key
    assert openssl(grid, f"x509 -noout -checkend {390 * 86400} -in {CERT}") == "Certificate will not expire\n"
    assert grid.on(f"cmp {CERT} /data/certs/hostcert.pem") == ""
    grid.role("gridcert", {"gridcert_days": 396}, check=True)
    assert grid.on(f"sha256sum {KEY}") != key
    assert openssl(grid, f"pkey -pubout -in {KEY}") == openssl(grid, f"x509 -noout -pubkey -in {CERT}")
    assert grid.on("ls /etc/grid-security/host*") == f"{CERT}\n{KEY}\n"


def test_4_pkcs12_on_request(grid: Grid) -> None:
    archive = {"gridcert_pkcs12": "/etc/grid-security/myCertificate.p12", "gridcert_pkcs12_password": "open-Sesame_2"}

    run = grid.role("gridcert", archive, "-vvv", check=True)

    assert "open-Sesame_2" not in run.output
    opened = "echo open-Sesame_2 | openssl pkcs12 -in /etc/grid-security/myCertificate.p12 -nodes -passin stdin 2> /dev/null"
    held = grid.on(f"{opened} | openssl x509 -noout -serial")
    assert held == openssl(grid, f"x509 -noout -serial -in {CERT}")
    assert grid.on("stat -c '%a %U:%G' /etc/grid-security/myCertificate.p12") == "400 root:root\n"
    assert grid.role("gridcert", archive, check=True).changed == 0


def test_5_acme_with_a_server_that_fetches_the_challenge(grid: Grid, tmp_path: Path) -> None:
    prefix = (grid.lab / "prefix").read_text().strip()
    grid.on("rm /etc/grid-security/host*; mkdir -p /var/www/html; iptables -I INPUT 1 -p tcp --dport 80 -j ACCEPT")
    grid.on("systemd-run --quiet --unit web --working-directory /var/www/html python3 -m http.server 80")
    variables = {"gridcert_issuer": "acme", "gridcert_acme_directory": f"https://{prefix}.2:14000/dir", "gridcert_acme_validate_certs": False,
                 "gridcert_acme_account_key": str(tmp_path / "account.pem"), "gridcert_trust": ""}

    grid.role("gridcert", variables, check=True)

    assert "issuer=CN=Pebble Intermediate CA" in openssl(grid, f"x509 -noout -issuer -in {CERT}").replace(" = ", "=")
    assert f"DNS:{FQDN}" in openssl(grid, f"x509 -noout -text -in {CERT}")
    assert grid.on(f"stat -c '%a %U:%G' {CERT} {KEY}; ls /var/www/html/.well-known/acme-challenge") == "644 root:root\n400 root:root\n"
    assert "GET /.well-known/acme-challenge/" in grid.on("journalctl -u web --no-pager -o cat")
    assert grid.role("gridcert", variables, check=True).changed == 0


def test_5_acme_that_cannot_reach_the_host_leaves_all_as_it_was(grid: Grid, tmp_path: Path) -> None:
    prefix = (grid.lab / "prefix").read_text().strip()
    grid.on("systemctl stop web")
    before = on_host(grid)
    variables = {"gridcert_issuer": "acme", "gridcert_acme_directory": f"https://{prefix}.2:14000/dir", "gridcert_acme_validate_certs": False,
                 "gridcert_acme_account_key": str(tmp_path / "account.pem"), "gridcert_trust": "", "gridcert_days": 9000}

    run = grid.role("gridcert", variables)

    assert run.code != 0 and "connection refused" in run.failure, run.output
    grid.on(f"rm -f {CERT}.csr {KEY}.pending")
    assert on_host(grid) == before
    assert grid.on("ls /var/www/html/.well-known/acme-challenge") == ""


def test_6_cern_autoenroll_waits_for_the_ca_and_keeps_the_key_on_the_host(grid: Grid, tmp_path: Path) -> None:
    script = (ROOT / "tests/lab/grid/cern-get-certificate").read_text()
    grid.write("/usr/sbin/cern-get-certificate", script, "755")
    grid.on("rm -rf /etc/grid-security/host*; mkdir -p /var/lib/cern-ca; echo keytab > /etc/krb5.keytab")
    enrolled = {"gridcert_issuer": "cern_autoenroll", "gridcert_cern_retries": 0, **TRUST}

    not_enabled = grid.role("gridcert", enrolled)

    assert not_enabled.code != 0 and f"{FQDN} is not enabled for autoenrollment" in not_enabled.failure
    assert on_host(grid).count("/etc/grid-security/") == 0
    pair(grid, tmp_path)
    for name, target in (("cert.pem", "1.pem"), ("key.pem", "1.key")):
        grid.write(f"/var/lib/cern-ca/{target}", (tmp_path / name).read_text(), "600")
    run = grid.role("gridcert", enrolled, "-vvv", "--diff", check=True)
    assert "PRIVATE KEY" not in run.output
    assert grid.on(f"cat {CERT}") == (tmp_path / "cert.pem").read_text()
    assert grid.on(f"cmp {KEY} /etc/pki/tls/private/{FQDN}.grid.key; stat -c '%a %U:%G' {KEY}") == "400 root:root\n"
    assert grid.role("gridcert", enrolled, check=True).changed == 0
    assert grid.on("cat /var/lib/cern-ca/calls").splitlines()[-1] == "--autoenroll --grid"


def test_6_cern_autoenroll_renews_before_the_end(grid: Grid, tmp_path: Path) -> None:
    pair(grid, tmp_path)
    for name, target in (("cert.pem", "2.pem"), ("key.pem", "2.key")):
        grid.write(f"/var/lib/cern-ca/{target}", (tmp_path / name).read_text(), "600")

    grid.role("gridcert", {"gridcert_issuer": "cern_autoenroll", "gridcert_days": 395, "gridcert_cern_retries": 0, **TRUST}, check=True)

    assert grid.on(f"cat {CERT}") == (tmp_path / "cert.pem").read_text()
    assert grid.on("cat /var/lib/cern-ca/calls").splitlines()[-1] == "--renew --grid"
