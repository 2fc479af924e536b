"""Real hosts: what `lab up` promises holds on them, and nothing is left after `lab down`. About 20 s, with the image built."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from crablab.laboratory import Laboratory
from crablab.podman import LAB, Container, containers, networks

NETWORK = "crab-labtest"

if not shutil.which("podman"):
    pytest.skip("podman is not on this machine: tests/lab/lab packages", allow_module_level=True)


# When a host was started, and the wait for a server there.
BOOTED = "systemctl show --property=UserspaceTimestampMonotonic"
UNTIL_LISTENING = "for i in $(seq 600); do ss -ltn 'sport = :%d' | grep -q LISTEN && break; sleep 0.1; done"


class Lab:
    """The command, called as a user calls it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = Laboratory(NETWORK, folder).name

    @property
    def prefix(self) -> str:
        return (self.folder / "prefix").read_text().strip()

    def there(self) -> dict[str, Container]:
        return {one.host: one for one in containers(self.name)}

    def start(self, command: str, *words: str) -> subprocess.Popen[str]:
        argv = [sys.executable, str(LAB / "lab"), command, "--network", NETWORK, "--dir", str(self.folder), *words]
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __call__(self, command: str, *words: str) -> str:
        child = self.start(command, *words)
        out, err = child.communicate(timeout=300)
        assert child.returncode == 0, err
        return out

    def up(self, *words: str) -> str:
        return self("up", *words)

    def ssh(self, host: str, line: str) -> str:
        return self("ssh", host, line)

    def fails(self, host: str, line: str) -> tuple[int, str]:
        child = self.start("ssh", host, line)
        out, err = child.communicate(timeout=60)
        return child.returncode, out + err


def answers(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), timeout=2).close()
    except OSError:
        return False
    return True


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    one = Lab(tmp_path_factory.mktemp("lab") / NETWORK)
    one("down")
    one.up("a", "b")
    one.up("--identity", "el9", "nine")
    one.up("--identity", "slc7", "slc")
    try:
        yield one
    finally:
        one("down")


def test_a_second_up_leaves_the_hosts_as_they_are(lab: Lab) -> None:
    before = lab.there()
    boots = [lab.ssh(host, BOOTED) for host in "ab"]

    printed = lab.up("a", "b")

    assert {name: one.id for name, one in lab.there().items()} == {name: one.id for name, one in before.items()}
    assert [lab.ssh(host, BOOTED) for host in "ab"] == boots
    assert printed == f"{lab.folder}/inventory.yml\n"


def test_the_account_may_sudo_without_password_or_terminal_and_root_needs_a_terminal(lab: Lab) -> None:
    assert lab.ssh("a", "id -un; sudo -n id -un").split() == ["crabdev", "root"]
    assert "you must have a tty" in lab.fails("a", "sudo -n sudo -n -u crabdev true")[1]


@pytest.mark.parametrize(
    ("host", "release", "python"),
    [
        ("a", "CentOS Linux release 7.9.2009 (Core)", "2.7"),
        ("slc", "Scientific Linux CERN SLC release 7.9 (Nitrogen)", "2.7"),
        ("nine", "AlmaLinux release 9.4 (Seafoam Ocelot)", ""),
    ],
)
def test_each_identity_has_its_release_and_its_pythons(lab: Lab, host: str, release: str, python: str) -> None:
    told = lab.ssh(
        host, "cat /etc/redhat-release; for p in python python2.7; do $p -c 'import sys; print(\"%d.%d\" % sys.version_info[:2])' 2>/dev/null; done; true"
    )

    assert told.splitlines() == [release, *([python] * 2 if python else [])]


def test_hosts_know_each_other_themselves_and_the_software_server_by_name(lab: Lab) -> None:
    assert lab.ssh(
        "a", "hostname -f; getent hosts b.example.org | cut -d' ' -f1; curl -s -o /dev/null -w '%{http_code}' http://cmsrep.example.org/"
    ).split() == [
        "a.example.org",
        f"{lab.prefix}.11",
        "200",
    ]


def test_a_certificate_of_the_lab_is_trusted_by_the_system_and_by_the_grid_s_folder(lab: Lab) -> None:
    certificate, key = lab("pki", "--host", "a.example.org").split()
    for path, name in ((certificate, "c"), (key, "k")):
        lab.ssh("a", f"umask 077; cat > /tmp/{name} <<'EOF'\n{Path(path).read_text()}EOF")
    serve = "openssl s_server -quiet -www -accept 4433 -cert /tmp/c -key /tmp/k -cert_chain /etc/grid-security/certificates/TEST-GridCA.pem"

    told = lab.ssh(
        "a",
        f"{serve} & {UNTIL_LISTENING % 4433}; for o in '' '--capath /etc/grid-security/certificates'; do "
        "curl -s -o /dev/null -w '%{http_code}\\n' $o https://a.example.org:4433/; done; kill %1",
    )

    assert told.split() == ["200", "200"]


def test_the_firewall_lets_ssh_in_and_what_is_opened_and_saved_survives_a_reboot(lab: Lab) -> None:
    unit = "systemd-run -q --unit web python3 -m http.server 443"
    lab.ssh("b", f"sudo {unit}; {UNTIL_LISTENING % 443}")
    closed = answers(f"{lab.prefix}.11", 443)

    lab.ssh("b", "sudo iptables -I INPUT 5 -p tcp -m tcp --dport 443 -j ACCEPT && sudo service iptables save")
    opened = answers(f"{lab.prefix}.11", 443)
    lab("reboot", "b")
    lab.ssh("b", f"sudo {unit}; {UNTIL_LISTENING % 443}")

    assert (closed, opened, answers(f"{lab.prefix}.11", 443)) == (False, True, True)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("chkconfig nosuch on", 1),
        ("chkconfig crond", 0),
        ("chkconfig crond maybe", 1),
        ("service nosuch start", 5),
        ("service crond status", 0),
        ("service crond save", 2),
        ("service", 2),
    ],
)
def test_the_service_commands_refuse_what_they_do_not_know(lab: Lab, line: str, status: int) -> None:
    assert lab.fails("a", f"sudo {line}")[0] == status


def test_a_fresh_host_is_another_at_the_same_address_and_answers_at_once(lab: Lab) -> None:
    before = lab.there()["b"]
    lab.ssh("b", "touch trace")

    lab.up("--fresh", "b")

    after = lab.there()["b"]
    assert (after.address, after.id == before.id) == (before.address, False)
    assert lab.ssh("b", "ls") == ""


@pytest.mark.parametrize(("words", "said"), [(["--identity", "el9", "a"], "is cc7, not el9"), (["--prefix", "10.99.1", "a"], ", not 10.99.1")])
def test_another_identity_or_network_is_refused(lab: Lab, words: list[str], said: str) -> None:
    child = lab.start("up", *words)

    told = child.communicate()[1]

    assert (child.returncode, said in told) == (1, True), told


def test_another_folder_has_a_laboratory_of_its_own_under_the_same_name(lab: Lab, tmp_path: Path) -> None:
    other, before = Lab(tmp_path / NETWORK), lab.there()
    try:
        other.up("a")
        prefixes = {lab.prefix, other.prefix}
    finally:
        other("down")

    assert len(prefixes) == 2
    assert {name: one.id for name, one in lab.there().items()} == {name: one.id for name, one in before.items()}


def test_logs_and_status_show_the_host(lab: Lab) -> None:
    lab.ssh("a", "sudo install -d /data/srv/logs/crabserver; echo 'ENGINE Bus STARTED' | sudo tee /data/srv/logs/crabserver/x.log; logger of-this-test")

    logs = lab("logs", "a")
    status = lab("status")

    assert "of-this-test" in logs
    assert logs.endswith("== /data/srv/logs/crabserver/x.log\nENGINE Bus STARTED\n")
    assert f"{lab.name}  a         {lab.prefix}.10" in status


@pytest.mark.parametrize("after", [0.4, 0.7, 1.0])
def test_an_interrupted_up_can_be_taken_down_whole(lab: Lab, after: float) -> None:
    lab("down")
    child = lab.start("up", "a", "b")
    time.sleep(after)
    child.send_signal(signal.SIGINT)

    child.communicate(timeout=60)
    prefix = lab.prefix
    lab("down")

    assert child.returncode in (0, 130)
    assert (lab.there(), networks(lab.name)) == ({}, [])
    assert f" {prefix}.1/" not in subprocess.run(["ip", "-oneline", "address"], capture_output=True, text=True, check=True).stdout
