"""MyProxy: who is registered, told by a real server as the service's account; the mail; delegation by a user and retrieval by the service."""

from __future__ import annotations

import email
import email.policy
import hashlib
import json
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import ALICE, Grid

DN = "/DC=ch/DC=cern/OU=computers/CN=crab-vm.example.org"
AUTH = "/data/srv/current/auth/crabserver"
SERVER: dict[str, object] = {"myproxy_server": "myproxy.example.org", "myproxy_signature": "Alice Example"}
ALL = "trusted_retrievers, authorized_retrievers, authorized_renewers"


@pytest.fixture(scope="module")
def service(grid: Grid) -> Grid:
    """The host certificate as crabserver's, owned by its account."""
    grid.host_certificate()
    grid.on("useradd -r -m _crabserver")
    grid.on(f"install -o _crabserver -m 444 /root/pki/host-crab-vm.example.orgcert.pem {AUTH}/dmwm-service-cert.pem;"
            f"install -o _crabserver -m 400 /root/pki/host-crab-vm.example.orgkey.pem {AUTH}/dmwm-service-key.pem; cp /root/pki/alice* /home/_crabserver")
    return grid


def test_a_registered_host(service: Grid) -> None:
    run = service.play("playbooks/myproxy.yml", SERVER, check=True)

    assert f"myproxy.example.org:7512 knows {DN}." in " ".join(run.output.split()) and run.changed == 0
    assert "Could you please add" not in run.output


@pytest.mark.parametrize(("port", "missing"), [(7513, ALL), (7517, "authorized_retrievers, authorized_renewers")])
def test_a_host_that_is_not_registered_gets_the_text_of_the_mail(service: Grid, port: int, missing: str) -> None:
    run = service.play("playbooks/myproxy.yml", {**SERVER, "myproxy_port": port}, check=True)

    assert f"myproxy.example.org:{port} does not name {DN} in {missing}." in " ".join(run.output.split())
    lines = [line.strip().removeprefix("- ").strip("'\"") for line in run.output.splitlines()]
    assert "Subject: myproxy registration request for crab-vm.example.org" in " ".join(lines)
    assert DN in lines and "Alice Example" in lines


@pytest.mark.parametrize("port", [7514, 7515, 7516, 7518, 7519])
def test_a_host_that_is_registered_in_part_reads_as_registered(service: Grid, port: int) -> None:
    """As far as the server tells; the message says so."""
    said = probe(service, port=port)

    assert said["state"] == "registered" and "shows only when a delegated proxy is fetched" in said["message"]


def test_diagnose_names_a_service_that_is_not_registered(service: Grid) -> None:
    asked = {"diagnose_myproxy": "myproxy.example.org", "diagnose_myproxy_port": 7513}

    run = service.role("diagnose", {**asked, "diagnose_artifact": "", "diagnose_certificate": ""})

    assert run.code == 2 and "myproxy_not_registered" in run.failure, run.output
    assert f"myproxy.example.org:7513 does not name {DN} in {ALL}." in " ".join(run.output.split())


def probe(grid: Grid, user: str = "_crabserver", **options: object) -> dict[str, str]:
    """The module alone, as that account."""
    run = grid.play("tests/integration/grid/probe.yml", {"options": {"server": "myproxy.example.org", **options}, "user": user}, check=True)
    return json.loads(" ".join(run.output[run.output.index("{"):run.output.rindex("}") + 1].split()))  # folded to the width of a page


def test_a_server_that_is_down(service: Grid) -> None:
    run = service.play("playbooks/myproxy.yml", {**SERVER, "myproxy_port": 7599})

    assert run.code != 0 and "myproxy.example.org:7599 does not answer." in run.failure


@pytest.mark.parametrize(("change", "message"), [
    (f"chmod 440 {AUTH}/dmwm-service-key.pem", f"{AUTH}/dmwm-service-key.pem has mode 0440, and 0400 or 0600 is wanted."),
    (f"chown _sw {AUTH}/dmwm-service-cert.pem", f"{AUTH}/dmwm-service-cert.pem is owned by _sw, and the probe runs as _crabserver."),
])
def test_files_that_the_client_does_not_use_are_named(service: Grid, change: str, message: str) -> None:
    service.on(change)
    try:
        run = service.play("playbooks/myproxy.yml", SERVER)
    finally:
        service.on(f"chown _crabserver {AUTH}/dmwm-service-*; chmod 400 {AUTH}/dmwm-service-key.pem")

    assert run.code != 0 and message in run.failure and "This says nothing about the registration." in run.failure, run.output


def test_a_revoked_certificate_is_our_own_fault_and_not_the_registration(service: Grid) -> None:
    said = probe(service, "root", certificate="/root/pki/revokedcert.pem", key="/root/pki/revokedkey.pem")

    assert said["state"] == "credential" and "it is revoked, by a CRL in /etc/grid-security/certificates." in said["message"]


def test_a_proxy_in_both_files_is_asked_for_by_the_dn_of_its_owner(service: Grid) -> None:
    """As a private installation has it: the files of the service are two copies of the operator's proxy."""
    service.send("service-proxy.pem")
    service.on("cd /root/pki && install -m 400 service-proxy.pem both-cert.pem && install -m 400 service-proxy.pem both-key.pem")

    said = probe(service, "root", certificate="/root/pki/both-cert.pem", key="/root/pki/both-key.pem")

    assert (said["state"], said["dn"]) == ("not_registered", ALICE)


def test_the_text_as_a_file(service: Grid, tmp_path: Path) -> None:
    variables = {**SERVER, "myproxy_port": 7513, "myproxy_registration": "file", "myproxy_file": str(tmp_path / "mail.txt")}

    service.play("playbooks/myproxy.yml", variables, check=True)

    assert (tmp_path / "mail.txt").read_text() == (
        "Subject: myproxy registration request for crab-vm.example.org\n\n"
        "Could you please add the following host certificate to trusted retrievers, authorized retrievers, authorized renewers policy?\n"
        f"This is a development server for CMS web services and requires use of grid proxy certificates.\n\n{DN}\n\nAlice Example\n")
    assert service.play("playbooks/myproxy.yml", variables, check=True).changed == 0


class Smtp(socketserver.StreamRequestHandler):
    """As much of a mail server as takes one mail."""

    def handle(self) -> None:
        self.wfile.write(b"220 ready\r\n")
        in_data = False
        for line in self.rfile:
            self.server.lines.append(line.decode("latin-1").rstrip("\r\n"))  # type: ignore[attr-defined]
            if in_data and line != b".\r\n":
                continue
            in_data = not in_data and line.upper().startswith(b"DATA")
            self.wfile.write(b"354 go on\r\n" if in_data else b"250 ok\r\n")
            if line.upper().startswith(b"QUIT"):
                return


@pytest.fixture
def smtp() -> Iterator[socketserver.TCPServer]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Smtp) as server:
        server.lines = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_the_text_as_a_mail_and_none_in_check_mode(service: Grid, smtp: socketserver.TCPServer) -> None:
    mail = {"myproxy_registration": "mail", "myproxy_mail_to": ["px-support@example.org"], "myproxy_mail_cc": ["webtools@example.org"],
            "myproxy_mail_from": "alice@example.org", "myproxy_mail_host": "127.0.0.1", "myproxy_mail_port": smtp.server_address[1]}
    lines: list[str] = smtp.lines  # type: ignore[attr-defined]
    service.play("playbooks/myproxy.yml", {**SERVER, "myproxy_port": 7513, **mail}, "--check", check=True)
    assert lines == []

    service.play("playbooks/myproxy.yml", {**SERVER, "myproxy_port": 7513, **mail}, check=True)

    assert {line.lower() for line in lines} >= {"rcpt to:<px-support@example.org>", "rcpt to:<webtools@example.org>"}
    mailed = email.message_from_string("\n".join(lines[lines.index("data") + 1:lines.index(".")]), policy=email.policy.default)
    assert mailed["Subject"] == "myproxy registration request for crab-vm.example.org" and mailed["From"] == "alice@example.org"
    assert f"\n\n{DN}\n\nAlice Example" in next(part for part in mailed.walk() if part.get_content_type() == "text/plain").get_content()


@pytest.mark.parametrize(("port", "fetched"), [(7512, True), (7513, False), (7515, False), (7517, False), (7518, False)])
def test_a_user_delegates_and_the_service_fetches_and_renews(service: Grid, port: int, fetched: bool) -> None:
    """The commands of WMCore's Proxy.py. Delegation works on any server; retrieval wants trusted_retrievers and authorized_retrievers."""
    label = hashlib.sha1((ALICE + str(port)).encode()).hexdigest()
    user = f"cd; umask 077; export GT_PROXY_MODE=rfc X509_USER_CERT=alicecert.pem X509_USER_KEY=alicekey.pem; S='-s myproxy.example.org -p {port}';"
    host = user.replace("alicecert", f"{AUTH}/dmwm-service-cert").replace("alicekey", f"{AUTH}/dmwm-service-key")
    service.on("chown _crabserver ~_crabserver/alice*")

    as_service(service, f"{user} myproxy-init -d -n $S -x -R '{DN}' -x -Z '{DN}' -l {label} -t 168:00 -c 720")
    said = as_service(service, f"{host} myproxy-logon -n $S -l {label} -o got -t 168:00; echo exit $?; [ ! -e got ] || voms-proxy-info -file got -identity")

    assert ("exit 0" in said and ALICE in said) is fetched, said
    if fetched:
        renewed = as_service(service, f"{host} myproxy-get-delegation -q -t 36 $S -l {label} -a got -o new && voms-proxy-info -file new -timeleft")
        assert 129000 < int(renewed.split()[-1]) <= 129600
    service.on("rm -f ~_crabserver/got ~_crabserver/new")


def as_service(grid: Grid, command: str) -> str:
    return grid.on(f'runuser -l -s /bin/bash _crabserver -c "{command}" 2>&1'.replace("$", "\\$"))
