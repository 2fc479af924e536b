"""Start, stop, restart and look: all services or one, by manage, by systemd, by an init script; on several hosts one after the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from .client import Client
from .conftest import Site

MANAGE = "runuser -s /bin/bash -l _crabserver -c '/data/srv/current/config/crabserver/manage status'"
# A service of nobody's: it sleeps, and its script has the three actions that the wiki names.
INIT = """#!/bin/bash
### BEGIN INIT INFO
# Provides: oldserver
# Required-Start:
# Required-Stop:
# Default-Start: 2 3 4 5
# Default-Stop: 0 1 6
### END INIT INFO
pid=/run/oldserver.pid
alive() { [ -e $pid ] && kill -0 $(cat $pid) 2> /dev/null; }
case $1 in
  start) alive || { setsid sleep 1000 > /dev/null 2>&1 & echo $! > $pid; } ;;
  stop) ! alive || { kill $(cat $pid); while alive; do sleep .05; done; } ;;
  restart) $0 stop; $0 start ;;
  status) alive ;;
  *) exit 2 ;;
esac
"""
UNIT = "[Service]\nExecStart=/bin/sleep 1000\n[Install]\nWantedBy=multi-user.target\n"


@pytest.fixture(scope="module")
def deployed(site: Site) -> Iterator[Site]:
    site.play("site.yml", check=True)
    yield site


def pid(site: Site, name: str) -> str:
    return site.on(f"cat /data/srv/state/{name}/{name}.pid").strip()


def test_stop_stops_all_and_status_says_so_and_start_brings_them_back(deployed: Site) -> None:
    stopped = deployed.play("playbooks/stop.yml", check=True)
    code = deployed.on(f"{MANAGE} > /dev/null; echo $?")
    unit = deployed.on("systemctl is-enabled cmsweb-crab.service")
    status = deployed.play("playbooks/status.yml")
    started = deployed.play("playbooks/start.yml", check=True)

    assert stopped.changed == 1 and code == "1\n"
    assert unit == "enabled\n"
    assert status.code != 0 and "not running on crab-vm.example.org" in status.failure
    assert all(f"{name} is NOT RUNNING" in status.output for name in ("httpd", "crabserver", "crabcache"))
    assert started.changed == 1
    assert Client(deployed).ask()[0] == 200
    assert deployed.play("playbooks/start.yml", check=True).changed == 0


def test_status_of_a_healthy_host_names_each_service_and_its_version_and_changes_nothing(deployed: Site) -> None:
    before = deployed.fingerprint()

    run = deployed.play("playbooks/status.yml", check=True)

    assert run.changed == 0
    assert "crabserver is RUNNING" in run.output and "(version 3.3.1803.patch3)" in run.output and "httpd is RUNNING" in run.output
    assert deployed.fingerprint() == before


def test_a_pid_file_that_a_power_cut_left_ends_nobody_elses_process(deployed: Site) -> None:
    deployed.play("playbooks/stop.yml", check=True)
    deployed.on("cd /data/srv/state/frontend/var; systemctl show -p MainPID sshd | cut -d= -f2 > httpd.pid; touch -d 2020-01-01 httpd.pid")

    deployed.play("playbooks/start.yml", check=True)

    assert deployed.on("systemctl is-active sshd") == "active\n"
    assert Client(deployed).ask()[0] == 200


def test_after_a_reboot_the_pid_files_of_before_are_gone_before_anything_reads_them(deployed: Site) -> None:
    deployed.play("playbooks/stop.yml", check=True)
    deployed.on("systemctl disable cmsweb-crab.service; echo 1 > /data/srv/state/frontend/var/httpd.pid; echo 1 > /data/srv/state/crabserver/crabserver.pid")

    deployed.reboot()

    assert deployed.on("find /data/srv/state -name '*.pid'") == ""
    deployed.play("playbooks/start.yml", check=True)


def test_one_service_alone_is_restarted_and_all_stay_in_the_boot_unit(deployed: Site) -> None:
    server, cache, unit = pid(deployed, "crabserver"), pid(deployed, "crabcache"), deployed.on("cat /etc/systemd/system/cmsweb-crab.service")

    run = deployed.play("playbooks/restart.yml", {"service_only": "crabserver"}, check=True)

    assert run.changed == 1
    assert pid(deployed, "crabserver") != server and pid(deployed, "crabcache") == cache
    assert deployed.on("cat /etc/systemd/system/cmsweb-crab.service") == unit and "crabcache" in unit


def test_a_service_that_the_host_has_not_is_refused(deployed: Site) -> None:
    run = deployed.play("playbooks/restart.yml", {"service_only": "crabsever"})

    assert run.code != 0
    assert "crabsever is none of the services frontend, crabserver, crabcache" in run.failure and "service_only" in run.failure


def test_under_the_play_of_another_nothing_is_stopped_and_who_looks_is_told_of_it(deployed: Site) -> None:
    record, server = "/var/lib/cmsweb-crab/play.json", pid(deployed, "crabserver")
    other = {"id": "desk boot pid:[1] 4711 5", "by": "bob@desk", "playbook": "site.yml", "since": "2026-11-25 20:41:03 CET", "pid": 4711}
    deployed.on(f"echo '{json.dumps(other)}' > {record}")

    refused = deployed.play("playbooks/stop.yml", {"service_only": "crabserver"})
    status = deployed.play("playbooks/status.yml", None, "--tags", "service", check=True)
    kept = deployed.on(f"cat {record}")
    taken = deployed.play("playbooks/start.yml", {"crab_take_over": True}, "--tags", "service", check=True)

    assert refused.code != 0 and "bob@desk plays site.yml on this host, since 2026-11-25 20:41:03 CET (process 4711). Nothing was changed." in refused.failure
    assert "take the host over: -e crab_take_over=true" in refused.failure
    assert pid(deployed, "crabserver") == server
    assert "bob@desk plays site.yml on this host, since 2026-11-25 20:41:03 CET (process 4711)." in " ".join(status.output.split())
    assert json.loads(kept) == other and taken.changed == 0
    assert deployed.on("ls /var/lib/cmsweb-crab") == ""


def test_on_a_host_where_nothing_is_deployed_a_start_and_a_status_say_so(deployed: Site) -> None:
    nothing = {"crab_root": "/data/nothing", "service_only": ["crabserver", "crabcache"]}

    started, status, stopped = (deployed.play(f"playbooks/{name}.yml", nothing) for name in ("start", "status", "stop"))

    assert "crabserver, crabcache are not deployed: there is no /data/nothing/current/config/crabserver/manage" in started.failure
    assert "crabserver: not deployed: there is no /data/nothing" in " ".join(status.output.split()) and "Run site.yml, which deploys" in status.failure
    assert (stopped.code, stopped.changed) == (0, 0)
    assert "crabcache" in deployed.on("cat /etc/systemd/system/cmsweb-crab.service") and "/data/nothing" not in deployed.on("cat /usr/local/bin/crab-rest")


def test_a_service_that_was_killed_is_found_and_started_again(deployed: Site) -> None:
    deployed.on(f"kill -9 -- -{pid(deployed, 'crabserver')}")

    status = deployed.play("playbooks/status.yml")
    deployed.play("playbooks/start.yml", check=True)

    assert status.code != 0 and "crabserver not running" in status.failure
    assert deployed.play("playbooks/status.yml").code == 0


def test_people_who_log_in_have_a_command_whose_exit_code_tells_the_truth(deployed: Site) -> None:
    def crab_rest(words: str) -> tuple[str, str]:
        *said, code = deployed.on(f"runuser -l crabdev -c 'crab-rest {words}' 2>&1; echo $?").splitlines()
        return code, "\n".join(said)

    usage, running = crab_rest("begin"), crab_rest("status")
    stopped, half, started = crab_rest("stop crabserver"), crab_rest("status"), crab_rest("start crabserver")

    assert usage[0] == "2" and "crab-rest start|stop|restart|status" in usage[1]
    assert running[0] == "0" and running[1].count("RUNNING") == 3
    assert stopped[0] == "0" and half[0] == "1" and "NOT RUNNING" in half[1]
    assert started[0] == "0"
    assert deployed.on("stat -c '%a %U:%G' /usr/local/bin/crab-rest") == "755 root:root\n"


@pytest.mark.parametrize("by", ["systemd", "init"])
def test_services_of_others_are_driven_by_systemd_or_their_init_script(deployed: Site, by: str, tmp_path: Path) -> None:
    name = f"old{by}"
    if by == "init":
        deployed.on(f"cat > /etc/init.d/{name} <<'E'\n{INIT.replace('oldserver', name)}E\nchmod 755 /etc/init.d/{name}; systemctl daemon-reload")
        running = f"/etc/init.d/{name} status; echo $?"
    else:
        deployed.on(f"printf '{UNIT}' > /etc/systemd/system/{name}.service; systemctl daemon-reload")
        running = f"systemctl -q is-active {name}; echo $?"
    variables = {"service_by": by, "service_names": [name], "service_helper": "", "service_boot": True}

    started = deployed.play("playbooks/start.yml", variables, "--tags", "service", check=True)
    after_start, boots = deployed.on(running), deployed.on(f"systemctl is-enabled {name} 2> /dev/null || true")
    again = deployed.play("playbooks/start.yml", variables, "--tags", "service", check=True)
    status = deployed.play("playbooks/status.yml", variables, "--tags", "service")
    stopped = deployed.play("playbooks/stop.yml", variables, check=True)

    assert (started.changed, again.changed, stopped.changed) == (1, 0, 1)
    assert after_start == "0\n" and "enabled" in boots
    assert status.code == 0
    assert deployed.on(running).strip() != "0"


def test_a_rolling_restart_ends_before_the_next_host_when_one_does_not_answer(deployed: Site, tmp_path: Path) -> None:
    # The same machine under two names: the second one is asked at a port where nobody listens.
    hosts = {"crab-vm.example.org": {}, "crab-vm2.example.org": {}, "crab-vm3.example.org": {}}
    variables = (Path(__file__).parents[2] / "inventories/demo/hosts.yml").read_text()
    inventory = tmp_path / "hosts.yml"
    common = variables.split("crab-vm.example.org:\n", 1)[1]
    lines = "".join(f"        {host}:\n{common}          crab_fqdn: crab-vm.example.org\n" for host in hosts)
    inventory.write_text("all:\n  children:\n    crab:\n      hosts:\n" + lines.replace(
        "        crab-vm2.example.org:\n", "        crab-vm2.example.org:\n          verify_backend: http://127.0.0.1:9\n          verify_retries: 0\n"))
    (tmp_path / "group_vars").symlink_to(Path(__file__).parents[2] / "inventories/demo/group_vars")

    run = deployed.play("playbooks/restart.yml", {"demo_lab": str(deployed.lab), "service_only": ["crabcache"]}, "-i", str(inventory),
                        "--limit", ",".join(hosts), "-e", json.dumps({"oracle_schema_checkout": "/nonexistent"}))

    assert run.code != 0
    assert "Cause: not_running." in run.failure
    assert [line.split()[0] for line in run.output.splitlines() if "ok=" in line] == ["crab-vm.example.org", "crab-vm2.example.org"]
