"""Whatever breaks, stage verify names the cause and the remedy, and the named stages heal it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

from .conftest import Site
from .faults import GRACEFUL, STOP_FRONTEND, stop

ETC = "/data/srv/state/frontend/etc"


@pytest.fixture(scope="module")
def deployed(site: Site) -> Iterator[Site]:
    site.play("site.yml", check=True)
    yield site


def verify(site: Site, variables: dict[str, object] | None = None) -> str:
    """What the failing stage says; a passing one is a failure of the test."""
    run = site.play("site.yml", variables, "--tags", "verify")
    assert run.code != 0, run.output
    return run.failure


def heal(site: Site, *tags: str) -> None:
    site.play("site.yml", None, "--tags", ",".join(tags), check=True)
    site.play("site.yml", None, "--tags", "verify", check=True)


def test_a_stopped_backend(deployed: Site) -> None:
    deployed.on(stop())

    said = verify(deployed, {"verify_retries": 0})

    assert "Cause: not_running." in said and "run the stage service" in said
    heal(deployed, "service")


def test_a_stopped_frontend(deployed: Site) -> None:
    deployed.on(STOP_FRONTEND)

    said = verify(deployed, {"verify_retries": 0})

    assert "https://crab-vm.example.org" in said and "Cause: not_running." in said
    heal(deployed, "service")


def test_a_database_that_is_down(deployed: Site) -> None:
    admin = "cd / && python3 -m cx_Oracle.admin"
    deployed.on(f"{admin} down --dsn devdb11")
    try:
        deployed.play("site.yml", {"service_state": "restarted"}, "--tags", "service", check=True)
        said = verify(deployed, {"verify_retries": 0})
    finally:
        deployed.on(f"{admin} up --dsn devdb11")

    assert "Cause: database." in said and "crab_database_password" in said
    deployed.play("site.yml", {"service_state": "restarted"}, "--tags", "service,verify", check=True)


def test_a_wrong_password_is_seen_by_the_schema_stage_with_its_ora_code(deployed: Site) -> None:
    run = deployed.play("site.yml", {"crab_database_password": "HuNtEr2wrong"}, "--tags", "schema")

    assert run.code != 0
    assert "ORA-01017" in run.failure and "oracle_schema_password" in run.failure, run.output
    assert "HuNtEr2wrong" not in run.output


def test_an_unknown_instance(deployed: Site) -> None:
    said = verify(deployed, {"crab_instance": "nosuch"})

    assert "404" in said and "Cause: instance." in said and "crabserver_config_instances" in said


def test_a_dn_that_is_not_in_the_gridmap(deployed: Site) -> None:
    deployed.on(f": > {ETC}/voms-gridmap.txt; {GRACEFUL}")

    said = verify(deployed)

    assert "403" in said and "Cause: gridmap." in said and "frontend_auth_users" in said
    heal(deployed, "auth", "service")


def asking(site: Site, who: str, path: str) -> subprocess.Popen[str]:
    """curl, which says the status at its end."""
    pki = site.lab / "pki"
    return subprocess.Popen(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", pki / "ca-chain.pem", "--cert", pki / f"{who}cert.pem",
                             "--key", pki / f"{who}key.pem", "--resolve", f"crab-vm.example.org:443:{site.address}", f"https://crab-vm.example.org/{path}"],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)


HTTPD, CACHE = "/data/srv/state/frontend/etc/httpd", "-u _crabcache -f wmc-httpd"
LOSE_ONE = f"cp -p {HTTPD} /root/kept-httpd; sed -i '1a [ $1 != graceful ] || [ -e /root/lost ] || {{ touch /root/lost; exit 0; }}' {HTTPD}"
HANDED_ON = "ss -Htn state established dst 127.0.0.1:8271 | grep 8271"


def test_a_new_user_is_let_in_though_a_graceful_restart_is_lost_and_an_old_process_stays_busy(deployed: Site) -> None:
    alice = {"dn": "/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=alice/CN=123456/CN=Alice Example", "login": "alice", "name": "Alice Example",
             "roles": {"operator": ["group:crab3"]}}
    dn = json.loads((deployed.lab / "pki/pki.json").read_text())["certificates"]["nomember"]["subject"]
    users = {"frontend_auth_users": [alice, {"dn": dn, "login": "newcomer"}]}
    deployed.on(f"{LOSE_ONE}; pkill -STOP {CACHE}")
    busy = asking(deployed, "alice", "crabcache/info")
    try:
        deployed.on(f"eventually '{HANDED_ON}'")
        first = deployed.play("site.yml", users, "--tags", "auth,service", check=True)
        newcomer = asking(deployed, "nomember", "crabserver/dev/info?subresource=version").communicate()[0]
        again = deployed.play("site.yml", users, "--tags", "auth,service", check=True)
        still_busy = busy.poll() is None
    finally:
        deployed.on(f"pkill -CONT {CACHE}; mv /root/kept-httpd {HTTPD}")
    answered = busy.communicate()[0]
    deployed.play("site.yml", {"frontend_auth_exact": True}, "--tags", "auth,service", check=True)

    assert deployed.on("ls /root/lost; rm /root/lost") == "/root/lost\n"
    assert (first.changed, newcomer, again.changed, still_busy, answered) == (2, "200", 0, True, "200")


def test_a_dn_without_a_login(deployed: Site) -> None:
    deployed.on(f"echo '[]' > {ETC}/authmap.json")

    said = verify(deployed)

    assert "403" in said and "Cause: authmap." in said
    heal(deployed, "auth")


def test_a_broken_authmap_is_named_and_never_overwritten_silently(deployed: Site) -> None:
    deployed.on(f"cp -p {ETC}/authmap.json {ETC}/kept; echo '[{{' > {ETC}/authmap.json")

    said = verify(deployed)
    refused = deployed.play("site.yml", None, "--tags", "auth")

    assert "500" in said and "Cause: authmap_broken." in said
    assert refused.code != 0 and "authmap.json" in refused.failure
    assert deployed.on(f"cat {ETC}/authmap.json") == "[{\n"
    deployed.on(f"mv {ETC}/kept {ETC}/authmap.json")
    heal(deployed, "auth")


def test_two_sides_with_different_header_keys(deployed: Site) -> None:
    key = f"{ETC}/keys/authz-headers"
    deployed.on(f"head -c 20 /dev/urandom > {key}.new; chown _sw:_config {key}.new; chmod 440 {key}.new; mv {key}.new {key}; {GRACEFUL}")

    said = verify(deployed)

    assert "Cause: header_key." in said and "header-auth-key" in said
    deployed.on(f"ln -f /data/srv/current/auth/wmcore-auth/header-auth-key {key}")
    heal(deployed, "service")


@pytest.mark.parametrize("who, cause", [("revoked", "certificate"), ("expired", "certificate"), ("nomember", "gridmap")])
def test_certificates_that_are_not_let_in(deployed: Site, who: str, cause: str) -> None:
    pki = deployed.lab / "pki"

    said = verify(deployed, {"verify_certificate": str(pki / f"{who}cert.pem"), "verify_key": str(pki / f"{who}key.pem")})

    assert f"Cause: {cause}." in said


def test_services_come_back_after_a_reboot_in_the_right_order(deployed: Site) -> None:
    deployed.reboot()

    deployed.play("site.yml", {"verify_retries": 20}, "--tags", "verify", check=True)


def test_a_service_that_cannot_start_shows_its_log_and_the_cause(deployed: Site) -> None:
    broken = deployed.play("site.yml", {"crabserver_config_external_url": "https://crab-vm.example.org/nosuch.json", "service_timeout": 15},
                           "--tags", "config,service")

    assert broken.code != 0
    assert "crabserver did not start" in broken.failure and "crabserver_config_external_url" in broken.failure, broken.output
    heal(deployed, "config", "service")
