"""Single-account mode: a person without sudo has a REST of their own on a machine that has no service accounts, by the same playbooks."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from .client import NEW, OLD, UPGRADE
from .conftest import HOST, ROOT, Run, Site

ACCOUNT = "alice"
SRV = f"/home/{ACCOUNT}/srv"
VARIABLES: dict[str, object] = {"ansible_user": ACCOUNT, "crab_single_account": True, "crab_root": SRV, "voms_proxy_path": f"{SRV}/certs/proxy.pem"}
# What root has to do for it, once.
MACHINE = f"useradd -m -s /bin/bash {ACCOUNT} && cp -r ~crabdev/.ssh ~{ACCOUNT}/ && chown -R {ACCOUNT}: ~{ACCOUNT}/.ssh"
FIREWALL = "iptables -I INPUT 5 -p tcp --dport 8443 -j ACCEPT"


@pytest.fixture(scope="module")
def deployed(site: Site) -> Iterator[Site]:
    site.on(f"{MACHINE} && {FIREWALL}")
    play(site, "site.yml", check=True)
    yield site


def play(site: Site, playbook: str, variables: dict[str, object] | None = None, check: bool = False) -> Run:
    return site.play(playbook, {**VARIABLES, **(variables or {})}, check=check)


def layout(site: Site, version: str, *options: str) -> str:
    """What differs from the measured tree of Deploy without -a."""
    check = ["sudo", "python3", "-", "--by-role", "--single", *options, SRV, version, ACCOUNT]
    words = [str(ROOT / "tests/lab/lab"), "ssh", "--network", site.lab.name, HOST, *check]
    return subprocess.run(words, stdin=(ROOT / "tests/lab/software/check_layout").open(), text=True, capture_output=True, timeout=60, check=False).stdout


def processes(site: Site) -> set[str]:
    """The accounts of all processes below the tree."""
    return set(site.on(f"ps -eo user:20,args | grep -F {SRV}/ | grep -v 'bash -c' | grep -v grep | cut -d' ' -f1").split())


def test_1_a_second_run_changes_nothing(deployed: Site) -> None:
    run = play(deployed, "site.yml", check=True)

    assert run.changed == 0
    assert "REST         https://crab-vm.example.org:8443/crabserver/dev/info" in run.output
    assert "Verified     200 through the frontend, 200 from the backend" in run.output


def test_2_everything_is_the_accounts_as_deploy_leaves_it_and_nothing_needs_root(deployed: Site) -> None:
    assert layout(deployed, OLD) == ""
    assert deployed.on(f"find {SRV} ! -user {ACCOUNT} -o ! -group {ACCOUNT}") == ""
    assert processes(deployed) == {ACCOUNT}
    uid = deployed.on(f"id -u {ACCOUNT}").strip()
    listening = deployed.on("python3 -c \"import sys; print(*sorted({int(f[1].split(':')[1], 16) for name in ('tcp', 'tcp6') "
                            f"for f in map(str.split, list(open('/proc/net/' + name))[1:]) if f[3] == '0A' and f[7] == '{uid}'}}))\"")
    assert listening.split() == ["8080", "8270", "8271", "8443"]
    secrets = deployed.on(f"cd {SRV} && stat -c '%n %a %U:%G' certs/* {OLD}/auth/crabserver/*.py {OLD}/auth/crabserver/*.pem")
    assert sorted(secrets.splitlines()) == [
        f"{OLD}/auth/crabserver/CRABServerAuth.py 440 alice:alice", f"{OLD}/auth/crabserver/dmwm-service-cert.pem 440 alice:alice",
        f"{OLD}/auth/crabserver/dmwm-service-key.pem 440 alice:alice", "certs/hostcert.pem 644 alice:alice", "certs/hostkey.pem 400 alice:alice",
        "certs/proxy.pem 400 alice:alice"]
    assert deployed.on("getent passwd _sw _crabserver _frontend || true; ls -d /etc/systemd/system/cmsweb-crab* /etc/tmpfiles.d/cmsweb* /var/lib/cmsweb-crab "
                       "/usr/local/bin/crab-rest /etc/grid-security/hostcert.pem 2> /dev/null || true") == ""
    assert deployed.on(f"ls -A ~{ACCOUNT}/.cmsweb-crab") == "cmsweb-crab-deploy.lock\n"
    jobs = [line for line in deployed.on(f"crontab -l -u {ACCOUNT}").splitlines() if not line.startswith("#")]
    assert not [job for job in jobs if "sudo" in job or "mkauthmap" in job or "sysboot" in job]
    assert f"@reboot rm -f {SRV}/state/*/*.pid {SRV}/state/*/*/*.pid; {SRV}/crab-rest start > /dev/null 2>&1" in jobs


def test_3_diagnose_finds_nothing_also_where_who_deploys_is_a_user(deployed: Site) -> None:
    run = play(deployed, "playbooks/diagnose.yml", {"diagnose_artifact": ""}, check=True)

    assert "nothing is wrong" in run.output
    assert "request." in run.output and run.changed == 0


def test_4_stopped_and_started_by_playbooks(deployed: Site) -> None:
    play(deployed, "playbooks/stop.yml", check=True)
    left = deployed.on(f"pgrep -u {ACCOUNT} -f {SRV}/state || true")
    stopped = play(deployed, "playbooks/status.yml")
    play(deployed, "playbooks/start.yml", check=True)

    assert left == ""
    assert stopped.code != 0 and "httpd is NOT RUNNING" in stopped.output and "crabserver is NOT RUNNING" in stopped.output
    assert processes(deployed) == {ACCOUNT}


def test_5_the_accounts_crontab_starts_all_of_it_at_boot(deployed: Site) -> None:
    deployed.reboot()
    said = deployed.on(f"{FIREWALL}; eventually 'runuser -u {ACCOUNT} {SRV}/crab-rest status > /tmp/said'; cat /tmp/said")

    assert said.count("RUNNING") == 3 and "NOT" not in said
    assert processes(deployed) == {ACCOUNT}


def test_6_an_upgrade_is_tried_and_put_in_force_by_the_account(deployed: Site) -> None:
    run = play(deployed, "site.yml", UPGRADE, check=True)

    assert f"a trial of {NEW}, " in run.output and "was not tried" not in run.output
    assert f"Software     {NEW}, crabserver v3.260407" in run.output
    assert "Verified     200 through the frontend, 200 from the backend" in run.output
    assert deployed.on(f"readlink {SRV}/current; ls -d {SRV}/.candidate 2> /dev/null || true") == f"{NEW}\n"
    assert processes(deployed) == {ACCOUNT}
    assert deployed.on(f"grep -c '^Listen 8443$' {SRV}/state/frontend/server.conf") == "1\n"
    assert deployed.on(f"crontab -l -u {ACCOUNT} | grep -v '^#' | grep -e sudo -e mkauthmap || true") == ""


def test_7_and_rolled_back(deployed: Site) -> None:
    run = play(deployed, "playbooks/rollback.yml", UPGRADE, check=True)

    assert f"{OLD} is in force" in " ".join(run.output.split())
    assert deployed.on(f"readlink {SRV}/current") == f"{OLD}\n"
    assert layout(deployed, OLD, "--again") == ""
    assert play(deployed, "site.yml", check=True).changed == 0


def test_8_a_tree_does_not_change_its_mode(deployed: Site) -> None:
    there = f"find {SRV} /srv/multi -printf '%p %m %U %G %T@\\n' | sort | sha256sum"
    deployed.on("groupadd _sw && mkdir -p /srv/multi/.deploy /srv/multi/enabled && chgrp _sw /srv/multi/.deploy && chmod 777 /srv/multi")
    before = deployed.on(there)

    as_root = deployed.play("site.yml", {"crab_root": SRV})
    of_services = play(deployed, "site.yml", {"crab_root": "/srv/multi"})
    by_another = deployed.play("site.yml", {**VARIABLES, "ansible_user": "crabdev"})

    assert f"{SRV} was deployed in single-account mode, by alice, and crab_single_account is not true. Set crab_single_account to true" in as_root.failure
    assert "/srv/multi was deployed with service accounts, and crab_single_account is true. Set crab_single_account to false" in of_services.failure
    assert f"{SRV} belongs to alice, and crab_user is crabdev. Log in as alice" in by_another.failure
    assert deployed.on(there) == before
