"""The way without Deploy: a release in a virtual environment on EL9, with the real WMCore, its upgrade and the way back."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from .conftest import ROOT, Site, lab, lab_site
from .faults import Broken, Fault, Step, back, keep, listens, started
from .test_diagnose import ACCOUNTS, ALICE, CONFIG, INIT, accounts, edited

OLD, NEW = "v3.250820", "v3.260819"
SCHEDDS = {"crab3@schedd-1.example.org": {"proxiedurl": "https://crab-vm.example.org/scheddmon/1", "weightfactor": 1}}
EXTERNAL = {
    "htcondorPool": "collector-1.example.org:9620", "compatible-version": [r"v3\..*"], "htcondorScheddsLink": "http://cmsrep.example.org/schedds.json",
    "modes": [{"mode": "cmsweb-dev", "backend-urls": {"htcondorSchedds": [], "cacheSSL": "https://s3.example.org/crabcache_dev", "baseURL": ""}}],
    "banned-out-destinations": ["T1_*"], "ign-locality-blacklist": [], "delegate-dn": ["/CN=tw"],
}
COMMON: dict[str, object] = {
    # Of the host only: what is done on this machine must not need it.
    "ansible_python_interpreter": "/usr/bin/python3.9", "crab_install": "venv",
    "venv_install_repository": "http://cmsrep.example.org/git/CRABServer.git", "venv_install_wheelhouse": "{{ demo_lab }}/served/www/simple",
    "venv_install_driver": "", "venv_install_python_path": ["/opt/oracle-standin/python"],
    "crabserver_config_external": {}, "crabserver_config_s3": {"access_key": "lab", "secret_key": "lab-secret-key"}, "verify_certificate": "",
}
MODES = {**COMMON, "crab_release": OLD, "crabserver_config_external_url": "http://cmsrep.example.org/rest-config.json",
         "crabserver_config_settings": {"data.delegateDN": "/CN=tw"}}
SETTINGS = {"data.s3_bucket": "crabcache_dev", "data.delegateDN": "/CN=tw", "data.compatibleClientVersions": ["v3.*"],
            # Also what a failed upgrade below leaves in the file otherwise.
            "data.object": "CRABInterface.RESTBaseAPI.RESTBaseAPI"}
NONE = {**COMMON, "crab_release": NEW, "crabserver_config_settings": SETTINGS}


LOOP = ("while [ ! -e /tmp/enough ]; do echo $(date +%s.%N) $(curl -s -m 60 -o /dev/null -w %{http_code} "
        "http://127.0.0.1:8270/crabserver/nosuch/info); sleep 0.1; done")


class Client:
    """Asks every 100 ms, on the host, since nothing else reaches the server: a loop of curl, its statuses with their times."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.answers: list[tuple[float, str]] = []

    def __enter__(self) -> Client:
        self._site.on(f"rm -f /tmp/enough; nohup bash -c '{LOOP}' > /tmp/asked 2> /dev/null < /dev/null & echo $! > /tmp/asking")
        return self

    def __exit__(self, *exc: object) -> None:
        # Its last answer is a good one that was asked for from now on.
        told = self._site.on("now=$(date +%s.%N); eventually 'awk -v now='$now' \"\\$1 > now && \\$2 == 404\" /tmp/asked | grep 404'; "
                             "touch /tmp/enough; eventually '! kill -0 $(cat /tmp/asking) 2> /dev/null'; cat /tmp/asked")
        self.answers = [(float(moment), status) for moment, status in (line.split() for line in told.splitlines())]

    @property
    def longest_gap(self) -> float:
        good = [moment for moment, status in self.answers if status == "404"]
        return max(later - earlier for earlier, later in zip(good, good[1:], strict=False))


@pytest.fixture(scope="module")
def el9() -> Iterator[Site]:
    yield from el9_site("crab-el9")


def el9_site(network: str) -> Iterator[Site]:
    """A host like EL9, and what a crabserver there fetches over HTTP."""
    for site in lab_site(network, "el9"):
        (site.lab / "served/www/rest-config.json").write_text(json.dumps(EXTERNAL))
        (site.lab / "served/www/schedds.json").write_text(json.dumps(SCHEDDS))
        yield site


def info(site: Site, subresource: str = "") -> list[object]:
    """What a signed request to the backend is answered, by the module that verify uses."""
    path = "/crabserver/dev/info" + (f"?subresource={subresource}" if subresource else "")
    arguments = {"url": "http://127.0.0.1:8270", "path": path, "login": "alice", "header_key": "/data/srv/current/auth/wmcore-auth/header-auth-key"}
    return yaml.safe_load(site.module("cmsweb.crab.rest_probe", arguments))["json"]["result"]


def test_1_check_mode_on_a_virgin_host_shows_everything_and_changes_nothing(el9: Site) -> None:
    before = el9.fingerprint()

    run = el9.play("site.yml", MODES, "--check", "--diff", check=True)

    assert el9.fingerprint() == before
    for part in ("+group _config, group _sw, group _crabserver, account _sw, account _crabserver", f"+CRABServer {OLD} from http://cmsrep",
                 f"+virtual environment /data/srv/{OLD}/sw/wmcore/2.3.7.1-", f"+current -> {OLD}", "crabserver: start"):
        assert part in run.output, part


def test_2_a_fresh_host_answers_and_the_second_run_changes_nothing_within_the_budget(el9: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = el9.play("site.yml", MODES, check=True)

    assert "200 from the backend" in run.output
    assert info(el9) == [{"crabserver": "Welcome", "version": OLD}]
    assert info(el9, "version") == [[r"v3\..*", OLD]]
    before = el9.fingerprint()
    monkeypatch.setenv("ANSIBLE_CALLBACK_PLUGINS", str(ROOT / "tests/bench/callback"))
    monkeypatch.setenv("ANSIBLE_CALLBACKS_ENABLED", "module_runs")
    monkeypatch.setenv("CRAB_MODULE_RUNS", str(tmp_path / "runs"))
    assert el9.play("site.yml", MODES, check=True).changed == 0
    assert el9.fingerprint() == before
    runs = (tmp_path / "runs").read_text().splitlines()
    assert 8 <= len(runs) <= 20, runs


MODES_AND_OWNERS = {
    "/data/srv": "755 crabdev:crabdev", "/data/srv/state": "755 crabdev:crabdev", "/data/srv/logs/crabserver": "775 crabdev:_crabserver",
    "/data/srv/state/crabserver/proxy": "770 crabdev:_crabserver", f"/data/srv/{OLD}": "775 crabdev:_sw", f"/data/srv/{OLD}/sw": "775 _sw:_sw",
    f"/data/srv/{OLD}/bin/crabserver": "755 _sw:_sw", f"/data/srv/{OLD}/auth/crabserver": "750 _sw:_config",
    f"/data/srv/{OLD}/auth/wmcore-auth/header-auth-key": "440 _sw:_config", f"/data/srv/{OLD}/auth/crabserver/CRABServerAuth.py": "440 _sw:_config",
    f"/data/srv/{OLD}/config/crabserver/config.py": "644 _sw:_config", "/data/srv/logs/crabserver/crabserver-crab-vm.log": "640 _crabserver:_crabserver",
    f"/data/srv/{OLD}/apps/crabserver/etc/profile.d/init.sh": "644 _sw:_sw",
    "/etc/systemd/system/crabserver.service": "644 root:root", "/etc/logrotate.d/crabserver": "644 root:root",
}


def test_3_files_have_their_mode_and_owner(el9: Site) -> None:
    found = el9.on(f"stat -c '%n %a %U:%G' {' '.join(MODES_AND_OWNERS)}")

    assert dict(line.split(" ", 1) for line in found.splitlines()) == MODES_AND_OWNERS


def test_4_the_server_is_not_root_has_no_capability_and_only_this_host_reaches_it(el9: Site) -> None:
    process = el9.on("cat /proc/$(systemctl show -p MainPID --value crabserver)/status")
    listening = el9.on("ss -ltnH 'sport = :8270' | awk '{print $4}'")

    account = el9.on("id -u _crabserver; getent group _config | cut -d: -f3").split()
    assert re.search(rf"^Uid:\s+{account[0]}\s+{account[0]}\s+{account[0]}\s+{account[0]}$", process, re.MULTILINE)
    assert account[1] in re.search(r"^Groups:(.*)$", process, re.MULTILINE).group(1).split()  # type: ignore[union-attr]
    for name, value in (("CapEff", "0" * 16), ("CapBnd", "0" * 16), ("NoNewPrivs", "1"), ("Seccomp", "2")):
        assert re.search(rf"^{name}:\s+{value}$", process, re.MULTILINE), name
    assert listening == "127.0.0.1:8270\n"
    with pytest.raises(OSError):
        http.client.HTTPConnection(el9.address, 8270, timeout=3).request("GET", "/")
    assert el9.on("runuser -u _crabserver -- touch /data/srv/current/bin/x 2>&1 || true").endswith("Permission denied\n")
    # What a container cannot enforce is at least what systemd understood: 0 is safest, 10 is a service without any of it.
    assert el9.on("systemd-analyze verify /etc/systemd/system/crabserver.service 2>&1") == ""
    assert float(el9.on("systemd-analyze security --no-pager crabserver.service | grep -oP 'exposure level.*: \\K[0-9.]+'")) <= 1.5


def test_5_a_rotated_log_is_kept_and_the_server_writes_on(el9: Site) -> None:
    el9.on("logrotate --force /etc/logrotate.d/crabserver")

    info(el9)

    sizes = dict(line.split() for line in el9.on("cd /data/srv/logs/crabserver; stat -c '%n %U' crabserver-*").splitlines())
    assert len(sizes) == 2 and set(sizes.values()) == {"_crabserver"}
    assert el9.on("head -c 20 /data/srv/logs/crabserver/crabserver-crab-vm.log | tr -d '\\0' | wc -c") == "20\n"
    assert "GET /crabserver/dev/info" in el9.on("cat /data/srv/logs/crabserver/crabserver-crab-vm.log")


def test_6_what_somebody_broke_is_mended_and_the_server_survives_kill_9_and_a_reboot(el9: Site) -> None:
    el9.on(f"rm /data/srv/{OLD}/apps.sw/wmcore; chmod 644 /data/srv/{OLD}/auth/wmcore-auth/header-auth-key; systemctl kill -s KILL crabserver")

    run = el9.play("site.yml", MODES, "--diff", check=True)

    assert f"+links /data/srv/{OLD}/apps.sw/wmcore" in run.output and "+owner and mode of" in run.output
    el9.reboot()
    assert info(el9) == [{"crabserver": "Welcome", "version": OLD}]


def unit(site: Site) -> tuple[str, str, str]:
    """Its state, whether it starts at boot, and its process."""
    return tuple(site.on("systemctl show -p ActiveState --value crabserver; systemctl is-enabled crabserver; "
                         "systemctl show -p MainPID --value crabserver").split())  # type: ignore[return-value]


def asked(site: Site) -> str:
    return site.on("curl -s -m 10 -o /dev/null -w '%{http_code}' http://127.0.0.1:8270/crabserver/nosuch/info || true")


def test_6b_stop_start_restart_and_status_do_and_say_what_systemd_and_a_request_confirm(el9: Site) -> None:
    """And a server that ends at each start is named with its cause, and a stop ends that."""
    before, files = unit(el9), el9.fingerprint()

    stopped = el9.play("playbooks/stop.yml", MODES, check=True)
    down = unit(el9), asked(el9)
    status_down = el9.play("playbooks/status.yml", MODES)
    el9.on(f"{keep(CONFIG)}; sed -i '/^data.mode/d' {CONFIG}")
    in_vain, by_hand = el9.play("playbooks/start.yml", MODES), el9.on("runuser -l crabdev -c 'crab-rest start' > /dev/null 2>&1; echo $?")
    el9.on(RETRIES)
    ended, state = el9.play("playbooks/stop.yml", MODES, check=True), unit(el9)[0]
    el9.on(back(CONFIG))
    up_by_hand = el9.on("runuser -l crabdev -c 'crab-rest start' 2>&1")
    up = unit(el9), asked(el9)
    restarted = el9.play("playbooks/restart.yml", MODES, check=True)
    anew = unit(el9), asked(el9)
    status = el9.play("playbooks/status.yml", MODES, check=True)

    assert (stopped.changed, ended.changed, restarted.changed, status.changed) == (1, 1, 1, 0)
    assert down == (("inactive", "enabled", "0"), "000")
    assert "crabserver is inactive (dead)" in status_down.output and "crabserver not running on crab-vm.example.org" in status_down.failure
    assert "config.py lacks data.mode" in in_vain.failure and "within" not in in_vain.failure and by_hand == "1\n"
    assert state == "inactive"
    assert "active" in up_by_hand
    assert (up[0][:2], up[1]) == (anew[0][:2], anew[1]) == (("active", "enabled"), "404")
    assert len({before[2], up[0][2], anew[0][2]}) == 3
    assert f"crabserver is active (running), PID {anew[0][2]} (version {OLD})" in status.output
    assert el9.fingerprint() == files


def test_6c_config_writes_the_configuration_of_crabserver_and_asks_for_no_frontend(el9: Site) -> None:
    assert el9.play("playbooks/config.yml", MODES, check=True).changed == 0
    el9.on(f"sed -i '/^data.mode/d' {CONFIG}")

    run = el9.play("playbooks/config.yml", MODES, "--diff", check=True)

    assert run.changed == 1 and "+data.mode" in run.output
    el9.on(RESTART)


def test_6d_the_report_on_such_a_host_has_what_it_has_and_misses_nothing(el9: Site, tmp_path: Path) -> None:
    run = el9.play("playbooks/report.yml", {**MODES, "report_file": str(tmp_path / "report.html")}, check=True)

    (host,) = json.loads((tmp_path / "report.json").read_text())["hosts"]
    assert run.changed == 0 and "crab-vm.example.org: healthy" in run.output
    assert (host["state"], host["findings"], host["unread"], host["software"]["current"]) == ("healthy", [], [], OLD)
    assert [(one["name"], one["running"], one["version"], one["note"]) for one in host["services"]] == [("crabserver", True, OLD, "")]
    assert {account["dsn"] for account in host["configuration"]["accounts"]} == {"devdb11"}
    assert OLD in (tmp_path / "report.html").read_text()


KEY = "/data/srv/current/auth/wmcore-auth/header-auth-key"
LOG = "/data/srv/logs/crabserver/crabserver-crab-vm.log"
RESTART = started("crabserver", "systemctl reset-failed crabserver; systemctl restart crabserver")
# The process that serves.
SINCE = "systemctl show --property=MainPID,ExecMainStartTimestampMonotonic crabserver"
# Between two attempts of systemd.
RETRIES = "eventually 'systemctl is-active crabserver | grep activating'"


def published(content: str | None) -> Step:
    """What the server of the external configuration answers, while crabserver has read the good one."""
    def publish(site: Site) -> None:
        path = site.lab / "served/www/rest-config.json"
        path.write_text(content) if content is not None else path.unlink()
    return publish


def external(content: str | None, said: str) -> Fault:
    return Fault(published(json.dumps(EXTERNAL)), after=published(content), said=said)


# What differs here: systemd, the log's name and format, the places of files, the shape of the external configuration. The rest: test_diagnose.py.
FAULTS = {
    "not_running": Fault(after="systemctl stop crabserver", said="crabserver does not run"),
    "port_taken": Fault("systemctl stop taker", after="systemctl stop crabserver; systemd-run -q --unit taker python3 -m http.server -b 127.0.0.1 8270; "
                        + listens(8270), said="port 8270 is held by python3"),
    "cannot_start": edited(CONFIG, f"sed -i '/^data.mode/d' {CONFIG}; systemctl restart crabserver; {RETRIES}", "has no attribute 'mode'",
                           causes=frozenset({"cannot_start", "external_mode"})),
    "stale": Fault(after=f"touch {CONFIG}", said=CONFIG),
    "header_key": edited(KEY, f"rm {KEY}", f"There is no {KEY}"),
    "stale header key": edited(KEY, f"chmod u+w {KEY}; head -c 20 /dev/urandom > {KEY}", KEY, causes=frozenset({"stale"})),
    "database_dsn": accounts(f"sed -i 's/devdb11/devdb99/' {ACCOUNTS}", "ORA-12154"),
    "external_unreachable": external(None, "404"),
    "external_era": external('{"htcondorPool": "x"}', "has the shape"),
    "external_mode": external(json.dumps(EXTERNAL).replace("cmsweb-dev", "cmsweb-x"), "data.mode is cmsweb-dev"),
    "external_keys": external(json.dumps(EXTERNAL).replace("v3", "v3("), "not a regular expression"),
    "python_path": Fault(back(INIT), before=f"{keep(INIT)}; echo 'export PYTHONPATH=/data/user/nosuch/src/python:$PYTHONPATH' >> {INIT}",
                         said="/data/user/nosuch"),
    "proxy_retrieval": Fault(after=f"echo \"[$(date +%d/%b/%Y:%H:%M:%S)]  SERVER REST ERROR WMCore.REST.Error.InvalidParameter {'a' * 32} "
                             f"(Impossible to retrieve proxy from myproxy.example.org for {ALICE})\" >> {LOG}", said="delegate"),
}
TOGETHER = [
    ("not_running", "external_keys"), ("port_taken", "external_unreachable"), ("cannot_start",), ("stale", "external_era"), ("python_path", "database_dsn"),
    ("header_key", "external_mode"), ("stale header key", "proxy_retrieval"),
]


def diagnose(site: Site, **options: object) -> list[dict[str, str]]:
    arguments = {"user": "crabdev", "fqdn": "crab-vm.example.org", "release": OLD, "controller_time": time.time(), **options}
    return yaml.safe_load(site.module("cmsweb.crab.diagnose", arguments))["findings"]


@pytest.fixture(scope="module")
def broken(el9: Site) -> Broken:
    return Broken(el9, FAULTS, RESTART, diagnose)


@pytest.mark.parametrize("names", TOGETHER, ids=" and ".join)
def test_7_faults_are_found_with_their_causes_and_nothing_else(broken: Broken, names: tuple[str, ...]) -> None:
    broken.check(*names)


def test_8_every_fault_is_made_and_a_healthy_host_has_none(el9: Site, broken: Broken) -> None:
    broken.mend()

    run = el9.play("playbooks/diagnose.yml", {**MODES, "diagnose_artifact": ""}, check=True)

    assert "crab-vm.example.org: nothing is wrong" in run.output and "database" in run.output
    assert sorted(name for names in TOGETHER for name in names) == sorted(FAULTS)


# A developer's forks, out of what is installed.
FORKS = """set -e; export HOME=/tmp GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x@example.org GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x@example.org
git config --global --add safe.directory '*'
for name in CRABServer WMCore; do mkdir -p /data/forks/$name/src/python; done
cp -r /data/srv/current/apps/crabserver/lib/python/site-packages/* /data/forks/CRABServer/src/python/
cp -r /data/srv/current/apps/wmcore/lib/python3.9/site-packages/{WMCore,Utils} /data/forks/WMCore/src/python/
sed -i "s/'Welcome'/'Welcome to my fork'/" /data/forks/CRABServer/src/python/CRABInterface/RESTServerInfo.py
for name in CRABServer WMCore; do (cd /data/forks/$name; git init -q; git add .; git commit -qm fork; git tag TAG); done
chown -R crabdev: /data/forks"""


def test_9_a_developers_own_code_runs_and_goes_again_and_site_leaves_it_alone(el9: Site) -> None:
    before = el9.on(f"sha256sum {INIT}")
    el9.on(FORKS.replace("TAG", OLD))
    forks = {f"devrepos_{name.lower()}_{what}": f"/data/forks/{name}" for name in ("CRABServer", "WMCore") for what in ("repository", "upstream")}
    variables = {**MODES, **forks, "devrepos_wmcore_version": OLD}

    el9.play("playbooks/devrepos.yml", variables, check=True)
    forked = info(el9)
    el9.on("curl -s -o /dev/null http://127.0.0.1:8270/crabserver/nosuch/info")     # a traceback in the log
    traced = el9.on(f"tail -n 40 {LOG} | grep -c '\"/data/user/WMCore/src/python/WMCore/REST/'")
    again = el9.play("site.yml", MODES, check=True)
    still = info(el9)
    healthy = diagnose(el9)
    el9.play("playbooks/devrepos.yml", {**variables, "devrepos_state": "absent"}, check=True)

    assert forked == still == [{"crabserver": "Welcome to my fork", "version": OLD}]
    assert int(traced) > 0
    assert (again.changed, healthy) == (0, [])
    assert el9.on(f"sha256sum {INIT}") == before
    assert info(el9) == [{"crabserver": "Welcome", "version": OLD}]


def test_10_a_new_password_of_the_database_is_taken_over(el9: Site) -> None:
    new, old = "Ne\"w'{{ 1 }}\\%s", (el9.lab / "oracle_password").read_text().strip()
    create = "cd / && printf %s '{}' | python3 -m cx_Oracle.admin create --dsn devdb11 --user crab_demo"
    el9.on(create.format(new.replace("'", "'\\''")))

    run = el9.play("playbooks/rotate_db_password.yml", {**MODES, "crab_new_database_password": {"__ansible_unsafe": new}}, check=True)
    answered = info(el9)
    el9.on(create.format(old))
    el9.play("playbooks/rotate_db_password.yml", MODES, check=True)

    assert "Put the new password into the vault" in run.output and new not in run.output
    assert answered == info(el9) == [{"crabserver": "Welcome", "version": OLD}]


# Of what an upgrade does otherwise here than with Deploy (test_upgrade.py): variables, what is said. The first two are not installed yet.
BROKEN: dict[str, tuple[dict[str, object], str]] = {
    "checkout": ({"venv_install_repository": "http://cmsrep.example.org/git/nosuch.git"}, "Check venv_install_repository"),
    "packages": ({"venv_install_wheelhouse": "", "venv_install_index": "http://127.0.0.1:9/simple"},
                 "venv_install_index, or PyPI"),
    "start": ({"crabserver_config_settings": {**SETTINGS, "data.object": "CRABInterface.Nowhere.API"}}, "will not do: crabserver did not start"),
}


@pytest.mark.parametrize("stage", BROKEN)
def test_11_an_upgrade_that_fails_leaves_the_release_before_in_force(el9: Site, stage: str) -> None:
    variables, said = BROKEN[stage]
    own = f"find /data/srv/{OLD}/config /data/srv/{OLD}/auth -name __pycache__ -prune -o -type f -printf '%p %m %u %g ' -exec sha256sum {{}} ';' | sort"
    before, runs = el9.on(own), el9.on(SINCE)

    with Client(el9) as client:
        run = el9.play("site.yml", {**NONE, "service_timeout": 20, "verify_retries": 1, **variables})

    assert run.code != 0 and said in run.failure, run.output
    assert f"{NEW} was not put in force" in run.failure and f"{OLD} is in force as before" in run.failure, run.output
    assert el9.on(SINCE) == runs
    assert {status for _, status in client.answers} == {"404"}
    assert el9.on("readlink /data/srv/current") == f"{OLD}\n"
    assert el9.on(own) == before
    assert info(el9) == [{"crabserver": "Welcome", "version": OLD}]


# Longer than a restart an upgrade should never take; as the machine may be busier then, it may be that.
AT_MOST = 4


@pytest.fixture(scope="module")
def restart(el9: Site) -> float:
    """How long users are without an answer when systemd restarts crabserver."""
    with Client(el9) as client:
        el9.on("systemctl restart crabserver")
    return client.longest_gap


def test_11b_an_upgrade_that_fails_after_the_switch_goes_back_by_itself(el9: Site, restart: float) -> None:
    # What the unit minds and a trial of the release cannot see.
    unit = "/etc/systemd/system/crabserver.service.d"
    only = f"[Service]\nExecStartPre=/bin/sh -c \"readlink /data/srv/current | grep {OLD}\"\n".replace("\n", "\\n")
    el9.on(f"mkdir {unit}; printf '{only}' > {unit}/only.conf; systemctl daemon-reload")

    with Client(el9) as client:
        run = el9.play("site.yml", NONE)
    el9.on(f"rm -r {unit}; systemctl daemon-reload")

    assert run.code != 0
    assert f"{NEW} was taken out of force" in run.output and f"{OLD} is in force again, and answers." in run.output
    print(f"{client.longest_gap:.1f} s without an answer, a restart takes {restart:.1f} s")
    assert client.longest_gap <= AT_MOST * restart, (client.longest_gap, restart)
    assert el9.on("readlink /data/srv/current") == f"{OLD}\n"
    assert info(el9) == [{"crabserver": "Welcome", "version": OLD}]


def test_12_an_upgrade_keeps_the_old_release_and_the_header_key_and_is_down_no_longer_than_a_restart(el9: Site, restart: float) -> None:
    key = el9.on(f"sha256sum < /data/srv/{OLD}/auth/wmcore-auth/header-auth-key")

    with Client(el9) as client:
        el9.play("site.yml", NONE, check=True)

    assert info(el9) == [{"crabserver": "Welcome", "version": NEW}]
    assert info(el9, "version") == [["v3.*"]]
    assert el9.on(f"sha256sum < /data/srv/{NEW}/auth/wmcore-auth/header-auth-key") == key
    assert json.loads(el9.on(f"cat /data/srv/{NEW}/.cmsweb-crab.json"))["trial"] is False
    assert client.longest_gap <= AT_MOST * restart, (client.longest_gap, restart)
    assert el9.play("site.yml", NONE, check=True).changed == 0


def test_13_rollback_brings_the_release_before_back_and_the_other_can_be_removed(el9: Site) -> None:
    run = el9.play("playbooks/rollback.yml", NONE, check=True)

    assert f"{OLD} is in force. Set crab_release to it" in " ".join(run.output.split())
    assert el9.on("readlink /data/srv/current") == f"{OLD}\n"
    assert info(el9) == [{"crabserver": "Welcome", "version": OLD}]
    el9.play("playbooks/prune.yml", {**MODES, "venv_install_prune": [NEW]}, check=True)
    assert el9.on("ls /data/srv").split() == ["current", "logs", "state", OLD]
    assert info(el9) == [{"crabserver": "Welcome", "version": OLD}]


@pytest.fixture(scope="module")
def frontend(el9: Site, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a frontend of dmwm/deployment, on a host like CC7 of its own, for the crabserver on EL9."""
    lab("up", "--network", el9.lab.name, "crab-fe")
    folder = tmp_path_factory.mktemp("frontend")
    hosts = (ROOT / "inventories/demo/hosts.yml").read_text().replace("crab-vm.example.org:", "crab-fe.example.org:").replace("}}.10", "}}.11")
    (folder / "hosts.yml").write_text(hosts)
    (folder / "group_vars").symlink_to(ROOT / "inventories/demo/group_vars")
    variables = {"demo_lab": str(el9.lab), "hgdeploy_services": ["admin/devtools", "frontend"], "service_names": ["frontend"],
                 "frontend_auth_backends": "^ crab-vm.example.org", "oracle_schema_checkout": "/nonexistent"}
    run = el9.play("site.yml", variables, "-i", str(folder / "hosts.yml"), "--limit", "crab-fe.example.org", "--tags", "cert,deploy,auth,service", check=True)
    assert "[WARNING]" not in run.output, run.output
    return el9.address.rsplit(".", 1)[0] + ".11"


def test_14_a_frontend_on_another_host_is_answered_with_its_key_and_verify_proves_the_whole_way(el9: Site, frontend: str) -> None:
    key = subprocess.run([ROOT / "tests/lab/lab", "ssh", "--network", el9.lab.name, "crab-fe", "sudo cat /data/srv/current/auth/wmcore-auth/header-auth-key"],
                         stdin=subprocess.DEVNULL, capture_output=True, check=True).stdout
    shared = {**MODES, "crab_address": el9.address, "venv_install_header_key": base64.b64encode(key).decode(),
              "verify_certificate": "{{ demo_lab }}/pki/alicecert.pem", "verify_url": "https://crab-fe.example.org", "verify_address": frontend}

    run = el9.play("site.yml", shared, "--diff", check=True)

    assert "Verified     200 through the frontend, 200 from the backend" in run.output
    assert shared["venv_install_header_key"] not in run.output
    assert el9.on("ss -ltnH 'sport = :8270' | awk '{print $4}'") == f"{el9.address}:8270\n"
    assert [ask(el9.address, one) for one in (key, b"x" * 20, None)] == [200, 403, 403]
    assert el9.play("site.yml", shared, check=True).changed == 0
    healthy = el9.play("playbooks/diagnose.yml", {**shared, "diagnose_artifact": ""}, check=True)
    assert "nothing is wrong" in healthy.output and "request" in healthy.output


def ask(address: str, key: bytes | None) -> int:
    """The status of a request from this machine, signed as WMCore wants it, or not signed."""
    user = {"cms-authn-login": "alice", "cms-authn-method": "X509Cert"}
    text = "".join(f"h{len(name):x}v{len(value):x}" for name, value in user.items()) + "#" + "".join(name + value for name, value in user.items())
    signature = {"cms-auth-status": "OK", "cms-authn-hmac": hmac.new(key, text.encode(), hashlib.sha1).hexdigest()} if key else {}
    connection = http.client.HTTPConnection(address, 8270, timeout=20)
    connection.request("GET", "/crabserver/dev/info", headers={"Accept": "application/json", **user, **signature})
    return connection.getresponse().status


def test_the_example_inventory_has_nothing_that_preflight_minds(tmp_path: Path) -> None:
    roles = {"deploy": ["venv_install"], "config": ["crabserver_config"]}
    check = {"cmsweb.crab.preflight": {"stages": roles, "connect": False}}
    (tmp_path / "preflight.yml").write_text(yaml.safe_dump([{"hosts": "crab", "gather_facts": False, "tasks": [check]}]))
    vault = {"vault_crab_database_password": "Example-1", "vault_crab_s3_secret_key": "Example-2", "venv_install_repository": str(tmp_path)}

    done = subprocess.run(["ansible-playbook", tmp_path / "preflight.yml", "-i", "inventories/el9", "-e", json.dumps(vault)], cwd=ROOT,
                          stdin=subprocess.DEVNULL, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)

    assert done.returncode == 0, done.stdout
    assert done.stdout.count("WARNING") == 1 and "Whether the tag v3.260819 exists was not checked" in done.stdout, done.stdout
