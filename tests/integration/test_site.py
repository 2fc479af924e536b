"""The main job: check mode on a virgin host, converge, answer; a second run changes nothing and is cheap; no secret anywhere."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import ROOT, Site

HEADERS = "-----BEGIN"


@pytest.fixture(scope="module")
def virgin(site: Site) -> Iterator[Site]:
    site.fresh()
    yield site


class Watcher:
    """What `ps` shows on the controller and on the host while a play runs."""

    def __init__(self, site: Site) -> None:
        self.seen: list[str] = []
        self._site, self._stop = site, threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Watcher:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        # The lab's hosts are containers, so the controller sees their processes as well.
        while not self._stop.is_set():
            self.seen.append(subprocess.run(["ps", "-eo", "args"], text=True, capture_output=True, check=True).stdout)
            self._stop.wait(0.05)


def secrets(site: Site) -> list[str]:
    """The database password, and a line from the middle of every private key."""
    found = [(site.lab / "oracle_password").read_text().strip()]
    for name in ("service-proxy.pem", "grid-ca-key.pem", "alicekey.pem"):
        key = re.search(r"-----BEGIN (?:RSA )?PRIVATE KEY-----\n(.*?)-----END", (site.lab / "pki" / name).read_text(), re.DOTALL)
        assert key, name
        found.append(key.group(1).splitlines()[3])
    return found


def test_1_check_mode_on_a_virgin_host_shows_everything_and_changes_nothing(virgin: Site) -> None:
    before = virgin.fingerprint()

    run = virgin.play("site.yml", None, "--check", "--diff", check=True)

    assert virgin.fingerprint() == before
    for part in ("'password': '********'", '"cmsweb-dev": {', "data.mode = 'cmsweb-dev'", "CREATE TABLE TASKS", "crabserver: start", "stage sw of HG1803f"):
        assert part in run.output, part
    for secret in secrets(virgin):
        assert secret not in run.output


def test_2_converge_answers_and_shows_no_secret_at_the_highest_verbosity(virgin: Site) -> None:
    with Watcher(virgin) as watcher:
        run = virgin.play("site.yml", None, "-vvv", "--diff", check=True)

    assert "200 through the frontend, 200 from the backend" in run.output
    assert "complete, 8 statements applied now" in run.output
    for secret in secrets(virgin):
        assert secret not in run.output
        assert not any(secret in seen for seen in watcher.seen)


def test_3_curl_gets_json_as_a_user_would(virgin: Site) -> None:
    pki = virgin.lab / "pki"

    answer = subprocess.run(
        ["curl", "-sS", "--cacert", pki / "ca-chain.pem", "--cert", pki / "alicecert.pem", "--key", pki / "alicekey.pem",
         "--resolve", f"crab-vm.example.org:443:{virgin.address}", "-w", "\n%{http_code} %{content_type}",
         "https://crab-vm.example.org/crabserver/dev/info?subresource=version"], text=True, capture_output=True, check=True).stdout

    body, last = answer.rsplit("\n", 1)
    assert last == "200 application/json"
    assert "3.3.1803.patch3" in body


def test_4_a_second_run_changes_nothing_and_keeps_the_budget_of_module_runs(virgin: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = virgin.fingerprint()
    monkeypatch.setenv("ANSIBLE_CALLBACK_PLUGINS", str(ROOT / "tests/bench/callback"))
    monkeypatch.setenv("ANSIBLE_CALLBACKS_ENABLED", "module_runs")
    monkeypatch.setenv("CRAB_MODULE_RUNS", str(tmp_path / "runs"))

    run = virgin.play("site.yml", check=True)

    assert run.changed == 0
    assert virgin.fingerprint() == before
    runs = (tmp_path / "runs").read_text().splitlines()
    assert 8 <= len(runs) <= 20, runs


def test_5_check_mode_on_the_finished_host_has_nothing_to_do(virgin: Site) -> None:
    run = virgin.play("site.yml", None, "--check", check=True)

    assert run.changed == 0


def test_6_no_file_that_others_can_read_holds_a_secret(virgin: Site) -> None:
    login = virgin.on(r"grep -ohE 'generating fake login with user \S+ password \S+' /data/srv/.deploy/*.log | awk '{print $NF}'").split()
    assert len(login) >= 1
    for secret in [*secrets(virgin), *login]:
        script = f"find / -xdev -type f -perm -o=r -not -path '/proc/*' -not -path '/sys/*' -print0 | xargs -0 grep -lF -e '{secret}' || true"
        # A file in a folder that others cannot enter is not readable by them.
        readable = [path for path in virgin.on(script).split() if "no" not in virgin.on(f"runuser -u nobody -- cat '{path}' > /dev/null 2>&1 || echo no")]
        assert readable == [], readable


@pytest.mark.parametrize("path, mode, owner", [
    ("/etc/grid-security/hostcert.pem", "644", "root:root"),
    ("/etc/grid-security/hostkey.pem", "400", "root:root"),
    ("/etc/grid-security/crab-service-proxy.pem", "400", "root:root"),
    ("/data/srv/current/auth/crabserver/CRABServerAuth.py", "440", "_sw:_config"),
    ("/data/srv/current/auth/crabserver/dmwm-service-cert.pem", "440", "_sw:_config"),
    ("/data/srv/current/auth/crabserver/dmwm-service-key.pem", "440", "_sw:_config"),
    ("/data/srv/current/config/crabserver/config.py", "644", "_sw:_config"),
    ("/data/srv/state/frontend/htdocs/crab-rest-config-HG1803f.json", "644", "root:root"),
    ("/data/srv/state/frontend/etc/authmap.json", "644", "crabdev:crabdev"),
    ("/data/srv/state/frontend/etc/voms-gridmap.txt", "644", "root:root"),
])
def test_7_files_have_their_mode_and_owner(virgin: Site, path: str, mode: str, owner: str) -> None:
    assert virgin.on(f"stat -c '%a %U:%G' {path}") == f"{mode} {owner}\n"


def test_8_the_last_assignment_of_each_key_is_ours(virgin: Site) -> None:
    config = virgin.on("cat /data/srv/current/config/crabserver/config.py")

    assert config.count("data.mode") == 1 and 'data.mode = "cmsweb-dev"' in config
    assert config.count("data.extconfigurl") == 1 and "https://crab-vm.example.org/crab-rest-config-HG1803f.json" in config


def test_9_the_host_certificate_is_renewed_on_demand_and_the_frontend_shows_it(virgin: Site) -> None:
    before = virgin.fingerprint()
    earlier = {"gridcert_days": 395}

    checked = virgin.play("playbooks/renew_hostcert.yml", earlier, "--check", "--diff", check=True)
    assert "a certificate for crab-vm.example.org" in checked.output and virgin.fingerprint() == before

    virgin.play("playbooks/renew_hostcert.yml", earlier, check=True)

    shown = virgin.on("openssl s_client -connect localhost:443 -servername crab-vm.example.org < /dev/null 2> /dev/null | openssl x509 -noout -serial")
    assert shown == virgin.on("openssl x509 -noout -serial -in /etc/grid-security/hostcert.pem; cmp /etc/grid-security/hostcert.pem /data/certs/hostcert.pem")
    assert virgin.fingerprint() != before
    # It has as many days as that CA gives, so with the usual threshold there is nothing to do.
    assert virgin.play("playbooks/renew_hostcert.yml", check=True).changed == 0
