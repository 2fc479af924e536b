"""The way without Deploy: a release in a virtual environment on EL9, with the real WMCore, its upgrade and the way back."""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from .conftest import ROOT, Site, lab_site

OLD, NEW = "v3.250820", "v3.260819"
SCHEDDS = {"crab3@schedd-1.example.org": {"proxiedurl": "https://crab-vm.example.org/scheddmon/1", "weightfactor": 1}}
EXTERNAL = {
    "htcondorPool": "collector-1.example.org:9620", "compatible-version": [r"v3\..*"], "htcondorScheddsLink": "http://cmsrep.example.org/schedds.json",
    "modes": [{"mode": "cmsweb-dev", "backend-urls": {"htcondorSchedds": [], "cacheSSL": "https://s3.example.org/crabcache_dev", "baseURL": ""}}],
    "banned-out-destinations": ["T1_*"], "ign-locality-blacklist": [], "delegate-dn": ["/CN=tw"],
}
COMMON: dict[str, object] = {
    "ansible_python_interpreter": "/usr/bin/python3", "crab_install": "venv",
    "venv_install_repository": "http://cmsrep.example.org/git/CRABServer.git", "venv_install_wheelhouse": "{{ demo_lab }}/served/www/simple",
    "venv_install_driver": "", "venv_install_python_path": ["/opt/oracle-standin/python"],
    "crabserver_config_external": {}, "crabserver_config_s3": {"access_key": "lab", "secret_key": "lab-secret-key"}, "verify_certificate": "",
}
MODES = {**COMMON, "crab_release": OLD, "crabserver_config_external_url": "http://cmsrep.example.org/rest-config.json",
         "crabserver_config_settings": {"data.delegateDN": "/CN=tw"}}
NONE = {**COMMON, "crab_release": NEW, "crabserver_config_settings": {
    "data.s3_bucket": "crabcache_dev", "data.delegateDN": "/CN=tw", "data.compatibleClientVersions": ["v3.*"],
    "data.object": "CRABInterface.RESTBaseAPI.RESTBaseAPI"}}


class Client(threading.Thread):
    """Asks every 100 ms, on the host, since nothing else reaches the server: a loop of curl, its statuses with their times."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self._site = site
        self.answers: list[tuple[float, str]] = []

    def run(self) -> None:
        self._site.on("rm -f /tmp/asked; (while [ ! -e /tmp/enough ]; do echo $(date +%s.%N) $(curl -s -m 10 -o /dev/null -w '%{http_code}' "
                      "http://127.0.0.1:8270/crabserver/nosuch/info); sleep 0.1; done) > /tmp/asked")

    def __enter__(self) -> Client:
        self._site.on("rm -f /tmp/enough")
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._site.on("touch /tmp/enough")
        self.join()
        self.answers = [(float(moment), status) for moment, status in (line.split() for line in self._site.on("cat /tmp/asked").splitlines())]

    @property
    def longest_gap(self) -> float:
        good = [moment for moment, status in self.answers if status == "404"]
        return max(later - earlier for earlier, later in zip(good, good[1:], strict=False))


@pytest.fixture(scope="module")
def el9() -> Iterator[Site]:
    for site in lab_site("crab-el9", "el9"):
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


@pytest.mark.parametrize("path, expected", [
    ("/data/srv", "755 crabdev:crabdev"), ("/data/srv/state", "755 crabdev:crabdev"), ("/data/srv/logs/crabserver", "775 crabdev:_crabserver"),
    ("/data/srv/state/crabserver/proxy", "770 crabdev:_crabserver"), (f"/data/srv/{OLD}", "775 crabdev:_sw"), (f"/data/srv/{OLD}/sw", "775 _sw:_sw"),
    (f"/data/srv/{OLD}/bin/crabserver", "755 _sw:_sw"), (f"/data/srv/{OLD}/auth/crabserver", "750 _sw:_config"),
    (f"/data/srv/{OLD}/auth/wmcore-auth/header-auth-key", "440 _sw:_config"), (f"/data/srv/{OLD}/auth/crabserver/CRABServerAuth.py", "440 _sw:_config"),
    (f"/data/srv/{OLD}/config/crabserver/config.py", "644 _sw:_config"), ("/data/srv/logs/crabserver/crabserver-crab-vm.log", "640 _crabserver:_crabserver"),
    ("/etc/systemd/system/crabserver.service", "644 root:root"), ("/etc/logrotate.d/crabserver", "644 root:root"),
])
def test_3_files_have_their_mode_and_owner(el9: Site, path: str, expected: str) -> None:
    assert el9.on(f"stat -c '%a %U:%G' {path}") == expected + "\n"


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


def test_7_an_upgrade_that_fails_after_the_switch_goes_back_by_itself(el9: Site) -> None:
    broken = {**NONE, "crabserver_config_settings": {**NONE["crabserver_config_settings"], "data.object": "CRABInterface.Nowhere.API"}}  # type: ignore[dict-item]

    run = el9.play("site.yml", broken)

    assert run.code != 0
    assert f"{NEW} was taken out of force" in run.output and f"{OLD} is in force again, and answers." in run.output
    assert el9.on("readlink /data/srv/current") == f"{OLD}\n"
    assert info(el9) == [{"crabserver": "Welcome", "version": OLD}]


def test_8_an_upgrade_keeps_the_old_release_and_the_header_key_and_is_down_no_longer_than_a_restart(el9: Site) -> None:
    key = el9.on(f"sha256sum < /data/srv/{OLD}/auth/wmcore-auth/header-auth-key")
    with Client(el9) as restarted:
        el9.on("systemctl restart crabserver")
        time.sleep(4)

    with Client(el9) as client:
        el9.play("site.yml", NONE, check=True)
        time.sleep(1)

    assert info(el9) == [{"crabserver": "Welcome", "version": NEW}]
    assert info(el9, "version") == [["v3.*"]]
    assert el9.on(f"sha256sum < /data/srv/{NEW}/auth/wmcore-auth/header-auth-key") == key
    assert json.loads(el9.on(f"cat /data/srv/{NEW}/.cmsweb-crab.json"))["trial"] is False
    assert client.longest_gap <= restarted.longest_gap + 2, (client.longest_gap, restarted.longest_gap)
    assert el9.play("site.yml", NONE, check=True).changed == 0


def test_9_rollback_brings_the_release_before_back_and_the_other_can_be_removed(el9: Site) -> None:
    run = el9.play("playbooks/rollback.yml", NONE, check=True)

    assert f"{OLD} is in force. Set crab_release to it" in " ".join(run.output.split())
    assert el9.on("readlink /data/srv/current") == f"{OLD}\n"
    assert info(el9) == [{"crabserver": "Welcome", "version": OLD}]
    el9.play("playbooks/prune.yml", {**MODES, "venv_install_prune": [NEW]}, check=True)
    assert el9.on("ls /data/srv").split() == ["current", "logs", "state", OLD]
    assert info(el9) == [{"crabserver": "Welcome", "version": OLD}]


def test_the_example_inventory_has_nothing_that_preflight_minds(tmp_path: Path) -> None:
    roles = {"deploy": ["venv_install"], "config": ["crabserver_config"]}
    check = {"cmsweb.crab.preflight": {"stages": roles, "connect": False}}
    (tmp_path / "preflight.yml").write_text(yaml.safe_dump([{"hosts": "crab", "gather_facts": False, "tasks": [check]}]))
    vault = {"vault_crab_database_password": "Example-1", "vault_crab_s3_secret_key": "Example-2", "venv_install_repository": str(tmp_path)}

    done = subprocess.run(["ansible-playbook", tmp_path / "preflight.yml", "-i", "inventories/el9", "-e", json.dumps(vault)], cwd=ROOT,
                          stdin=subprocess.DEVNULL, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)

    assert done.returncode == 0, done.stdout
    assert done.stdout.count("WARNING") == 1 and "Whether the tag v3.260819 exists was not checked" in done.stdout, done.stdout
