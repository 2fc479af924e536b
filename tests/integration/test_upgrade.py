"""Another HG version beside the one in force, the switch, the way back by itself and on request, and what users see meanwhile."""

from __future__ import annotations

import getpass
import json
import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator

import pytest

from .client import NEW, OLD, UPGRADE, Client
from .conftest import ROOT, Site

SRV = "/data/srv"
# What is the user's or the old version's own. Deploy's post stage makes all of state/frontend/etc the deploying account's, so owners are not
# compared there; what comes and goes with a running server is left out.
OWN = (f"find {SRV}/{OLD}/config {SRV}/{OLD}/auth -name __pycache__ -prune -o -type f -printf '%p %m %u %g ' -exec sha256sum {{}} ';' | sort; "
       f"find {SRV}/state/frontend/etc {SRV}/state/frontend/server.conf -type f -printf '%p %m ' -exec sha256sum {{}} ';' | sort; crontab -l -u crabdev")

SERVED_BY = f"cat {SRV}/state/crabserver/*.pid {SRV}/state/frontend/*/*.pid"


@pytest.fixture(scope="module")
def deployed(site: Site) -> Iterator[Site]:
    site.play("site.yml", check=True)
    site.play("playbooks/prune.yml", {"hgdeploy_prune": [NEW]}, check=True)     # of another test
    yield site


@pytest.fixture(scope="module")
def restart(deployed: Site) -> float:
    """How long users are without an answer when all services are restarted."""
    with Client(deployed) as client:
        deployed.play("site.yml", {"service_state": "restarted"}, "--tags", "service", check=True)
    return client.outage


def current(site: Site) -> str:
    return site.on(f"readlink {SRV}/current").strip()


def changed_setting(name: str, value: object) -> dict[str, object]:
    return {"crabserver_config_settings": {**UPGRADE["crabserver_config_settings"], name: value}}  # type: ignore[dict-item]


FRONTEND, BACKEND = f"{SRV}/{NEW}/config/frontend", f"{SRV}/{NEW}/config/crabserver/config.py"
# What is so only when the version is in force, so that a trial cannot tell.
LATER = "<IfFile !/data/srv/.candidate>\\nInclude /root/listen.conf\\n</IfFile>\\n"
LATER_IN_PYTHON = '__import__("os").listdir("/data/srv/.candidate")'
# In the order of the stages: the first two while the new version is not installed yet. Variables, what is broken on the host, what is said.
FAILURES: dict[str, tuple[dict[str, object], str, str]] = {
    "prep": ({"hgdeploy_services": ["frontend", "nosuch"]}, "", "check hgdeploy_services"),
    "sw": ({"hgdeploy_rpm_host": "127.0.0.1:9"}, "", "check hgdeploy_rpm_host"),
    "config": ({"crabserver_config_service_key": "/nonexistent"}, "", "There is no file /nonexistent"),
    "schema": ({"oracle_schema_password": "HuNtEr2wrong"}, "", "ORA-01017"),
    "auth": ({"frontend_auth_tree": "/proc/nonexistent"}, "", "/proc/nonexistent"),
    "start": (changed_setting("data.object", "CRABInterface.NoSuch.Class"), "", "will not do: crabserver did not start"),
    "answer": (changed_setting("main.authz_defaults", {"role": ["nobody"], "group": None, "site": None}), "", "/crabserver/dev/info answers 403"),
    "frontend": ({}, f"cp -p {FRONTEND}/apps.conf /root; sed -i 's/^crabserver 8270/crabserver 8299/' {FRONTEND}/apps.conf",
                 "will not do: its frontend: https://crab-vm.example.org:"),
    "switch": ({}, f"mv {FRONTEND}/update-keys /root", "update-keys"),
    "service, frontend": ({}, f"cp -p {FRONTEND}/mpm.conf /root; echo Listen 8270 > /root/listen.conf; printf '{LATER}' >> {FRONTEND}/mpm.conf",
                          "frontend: manage restart ended with 1: (98)Address already in use"),
    "service, backend": ({}, f"echo '{LATER_IN_PYTHON}' >> {BACKEND}", "crabserver: manage start ended with 1: "),
}
SWITCHED = ("switch", "service, frontend", "service, backend")


@pytest.mark.parametrize("stage", FAILURES)
def test_1_an_upgrade_that_fails_leaves_the_version_before_in_force(deployed: Site, restart: float, stage: str) -> None:
    variables, arrange, said = FAILURES[stage]
    before, served_by = deployed.on(OWN), deployed.on(SERVED_BY)
    deployed.on(arrange or "true")

    with Client(deployed) as client:
        run = deployed.play("site.yml", {**UPGRADE, "service_timeout": 20, "verify_retries": 1, **variables})
    deployed.on(f"cd /root && for file in mpm.conf apps.conf update-keys; do [ ! -e $file ] || mv $file {FRONTEND}/$file; done")
    deployed.on(f"[ ! -e {BACKEND} ] || sed -i /.candidate/d {BACKEND}")

    assert run.code != 0
    assert said in run.failure, run.output
    if stage in SWITCHED:
        assert f"{NEW} was taken out of force" in run.failure and f"{OLD} is in force again, and answers" in run.failure, run.output
    else:
        assert f"{NEW} was not put in force" in run.failure and f"{OLD} is in force as before" in run.failure, run.output
    assert current(deployed) == OLD
    assert deployed.on(OWN).splitlines() == before.splitlines()
    assert client.ask() == (200, client.answers[0][2])
    assert deployed.on(f"ls -d {SRV}/.candidate 2>/dev/null; pgrep -u _crabserver,_crabcache -f .candidate/ || true") == ""
    print(f"{stage}: {client.outage:.2f} s without an answer, a restart takes {restart:.2f} s")
    assert stage in SWITCHED or deployed.on(SERVED_BY) == served_by
    # The machine may be busier than when a restart was measured.
    assert client.outage < restart + 2


def test_2_an_upgrade_is_answered_by_the_new_version_after_no_longer_than_a_restart(deployed: Site, restart: float) -> None:
    keys = f"cd {SRV}/%s/auth && sha256sum wmcore-auth/header-auth-key crabserver/dmwm-service-*.pem && stat -c '%%n %%a %%U:%%G' */*key*"
    secrets = deployed.on(keys % OLD)

    with Client(deployed) as client:
        run = deployed.play("site.yml", UPGRADE, check=True)

    assert f"Software     {NEW}, crabserver v3.260407" in run.output
    assert re.search(rf"^crab-vm.example.org: a trial of {NEW}, \d+ s: ", run.output, re.MULTILINE), run.output
    assert current(deployed) == NEW
    assert client.ask() == (200, "v3.*")
    assert len(client.versions) == 2
    print(f"upgrade: {client.outage:.2f} s without an answer, a restart takes {restart:.2f} s")
    assert client.outage < 2 * restart + 1
    assert deployed.on(keys % NEW) == secrets
    folders = deployed.on(f"cd {SRV}/{NEW} && readlink apps && ls -d sw* apps.sw* && grep -ho ' repository=comp.*' sw.pre/bootstrap-*.log")
    assert folders.split() == ["apps.sw.pre", "apps.sw.pre", "sw.pre", "repository=comp.pre"]
    assert deployed.on(f"[ {SRV}/{NEW}/auth/wmcore-auth/header-auth-key -ef {SRV}/state/frontend/etc/keys/authz-headers ] && echo one file") == "one file\n"
    assert "mkauthmap" not in re.sub(r"^#.*$", "", deployed.on("crontab -l -u crabdev"), flags=re.MULTILINE)


def test_3_a_second_run_changes_nothing_also_after_the_timer_renewed_the_service_proxy(deployed: Site) -> None:
    # The server opens these files for each connection that it makes; it is not restarted for new ones.
    deployed.on(f"cd {SRV}/current/auth/crabserver && for file in dmwm-service-*.pem; do cp -p $file .new && mv .new $file; done")
    before = deployed.fingerprint()

    run = deployed.play("site.yml", UPGRADE, check=True)

    assert run.changed == 0
    assert deployed.fingerprint() == before


def test_4_rollback_brings_files_links_and_answers_back(deployed: Site, restart: float) -> None:
    with Client(deployed) as client:
        run = deployed.play("playbooks/rollback.yml", UPGRADE, check=True)

    assert f"{OLD} is in force. Set crab_hg_version to it" in " ".join(run.output.split())
    assert current(deployed) == OLD
    assert client.ask()[1].startswith("3\\.3\\.")
    assert client.outage < 2 * restart + 1
    assert deployed.play("site.yml", check=True).changed == 0


def test_5_there_is_no_way_back_from_the_first_version(deployed: Site) -> None:
    run = deployed.play("playbooks/rollback.yml")

    assert run.code != 0
    assert f"{OLD} has replaced no other version on this host" in run.failure and NEW in run.failure
    assert current(deployed) == OLD


def test_6_forward_again_needs_no_packages(deployed: Site) -> None:
    run = deployed.play("site.yml", {**UPGRADE, "hgdeploy_rpm_host": "127.0.0.1:9"}, check=True)

    assert "Packages and templates of the configuration" not in run.output
    assert current(deployed) == NEW


def test_7_versions_are_removed_by_name_and_never_the_one_in_force(deployed: Site) -> None:
    shown = deployed.play("playbooks/prune.yml", check=True)
    refused = deployed.play("playbooks/prune.yml", {"hgdeploy_prune": [NEW]})
    dry = deployed.play("playbooks/prune.yml", {"hgdeploy_prune": [OLD]}, "--check", check=True)
    there = deployed.on(f"ls {SRV}")
    pruned = deployed.play("playbooks/prune.yml", {"hgdeploy_prune": [OLD]}, check=True)

    assert shown.changed == 0 and f"- {OLD}" in shown.output
    assert refused.code != 0 and f"{NEW} is the version in force, and is not removed" in refused.failure
    assert dry.changed == 1 and OLD in there.split()
    assert pruned.changed == 1 and OLD not in deployed.on(f"ls {SRV} {SRV}/state/frontend/htdocs")
    assert deployed.play("site.yml", UPGRADE, "--tags", "verify").code == 0


def test_8_a_second_run_at_the_same_time_is_told_whose_the_first_is(deployed: Site) -> None:
    lock = "/var/lock/cmsweb-crab-deploy.lock"
    deployed.on(f"nohup flock {lock} sh -c 'echo \"{{\\\"by\\\": \\\"bob@desk\\\", \\\"what\\\": \\\"stage sw of HG2206b\\\", \\\"pid\\\": 4711}}\" > {lock}; "
                f"sleep 300' > /dev/null 2>&1 & echo $! > /run/holder; eventually 'grep bob@desk {lock}'")
    try:
        run = deployed.play("site.yml", {**UPGRADE, "hgdeploy_services": ["admin/devtools", "frontend", "crabserver"], "hgdeploy_wait": 8}, "--tags", "deploy")
    finally:
        deployed.on("pkill -P $(cat /run/holder); kill $(cat /run/holder); true")

    assert run.code != 0
    assert "bob@desk runs stage sw of HG2206b on this host" in run.failure and "hgdeploy_wait" in run.failure
    assert "waiting: bob@desk runs stage sw of HG2206b" in run.output


HOLDERS = "/var/lib/cmsweb-crab"


def test_9_a_play_that_works_keeps_others_away_and_one_that_was_killed_does_not(deployed: Site) -> None:
    extra = json.dumps({"demo_network": deployed.lab.name, **UPGRADE})
    play = subprocess.Popen(["ansible-playbook", "-i", "inventories/demo", "site.yml", "-e", extra, "--tags", "verify"], cwd=ROOT, text=True,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    assert play.stdout is not None
    assert any("Signed request to the backend" in line for line in play.stdout)
    os.killpg(play.pid, signal.SIGSTOP)
    try:
        refused = deployed.play("playbooks/rollback.yml", UPGRADE)
        there = deployed.on(f"ls {HOLDERS}")
    finally:
        os.killpg(play.pid, signal.SIGKILL)
        play.wait()
    after = deployed.play("playbooks/prune.yml")

    assert refused.code != 0 and f"{getpass.getuser()}@{socket.gethostname()} plays site.yml on this host, since 20" in refused.failure, refused.output
    assert f"(process {play.pid}). Nothing was changed. Run again when it has ended." in refused.failure and "Look at the host" not in refused.output
    assert there == "play.json\n"
    assert after.code == 0, after.output
    assert deployed.on(f"ls {HOLDERS}") == ""


def test_10_a_play_of_another_controller_is_followed_only_when_that_is_said(deployed: Site) -> None:
    other = {"id": "desk boot pid:[1] 4711 5", "by": "bob@desk", "playbook": "site.yml", "since": "2026-11-25 20:41:03 CET", "pid": 4711}
    deployed.on(f"echo '{json.dumps(other)}' > {HOLDERS}/play.json")

    refused = deployed.play("playbooks/prune.yml", {"hgdeploy_prune": [OLD]})
    looked = deployed.play("playbooks/prune.yml", None, "--check")
    kept = deployed.on(f"cat {HOLDERS}/play.json")
    taken = deployed.play("playbooks/prune.yml", {"crab_take_over": True})

    assert refused.code != 0 and "bob@desk plays site.yml on this host, since 2026-11-25 20:41:03 CET (process 4711)" in refused.failure
    assert "take the host over: -e crab_take_over=true" in refused.failure
    assert looked.code == 0 and json.loads(kept) == other
    assert taken.code == 0 and deployed.on(f"ls {HOLDERS}") == ""
