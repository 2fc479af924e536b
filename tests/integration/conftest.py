"""A lab host of its own for the tests of the whole site, and ansible-playbook as a user calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
NETWORK, HOST = os.environ.get("CRAB_SITE", "crab-site"), "crab-vm"
# Waits for a state, as long as it takes: a slow machine is not a failure.
EVENTUALLY = """eventually() {
  for ((i = 0; i < 1000; i++)); do eval "$1" > /dev/null && return; sleep 0.1; done
  echo "waited in vain for: $1" >&2; exit 1
}
"""
WRITTEN = "/etc/grid-security /etc/vomses /data /etc/systemd/system/cmsweb-crab.service /etc/tmpfiles.d /etc/sudoers /var/spool/cron /var/lib/oracle-standin"


@dataclass(frozen=True)
class Run:
    """One ansible-playbook run."""

    code: int
    output: str

    @property
    def failure(self) -> str:
        """What stands behind the first fatal, unfolded to one line."""
        return " ".join(self.output.split("fatal:", 1)[-1].split("PLAY RECAP", 1)[0].split())

    @property
    def changed(self) -> int:
        return self.recap("changed")

    def recap(self, word: str) -> int:
        line = next(line for line in reversed(self.output.splitlines()) if line.startswith("crab-vm.example.org") and "ok=" in line)
        return int(line.split(word + "=")[1].split()[0])


@dataclass(frozen=True)
class Site:
    """The host that the demo inventory describes, in a lab of its own: a folder of the name of its network."""

    lab: Path
    identity: str = "cc7"

    @property
    def address(self) -> str:
        return (self.lab / "prefix").read_text().strip() + ".10"

    @property
    def connection(self) -> dict[str, str]:
        """Variables of the host for an inventory that is not the demo's."""
        return {"ansible_host": self.address, "ansible_user": "crabdev", "ansible_python_interpreter": "/usr/bin/python2.7",
                "ansible_ssh_private_key_file": str(self.lab / "id_ed25519"), "ansible_control_path_dir": f"~/.ansible/cp/{self.lab.name}",
                "ansible_ssh_common_args": "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"}

    def play(self, playbook: str, variables: dict[str, object] | None = None, *options: str, check: bool = False) -> Run:
        extra = {"demo_network": self.lab.name, **(variables or {})}
        command = ["ansible-playbook", "-i", "inventories/demo", playbook, "-e", json.dumps(extra), *options]
        environment = {**os.environ, "ANSIBLE_FORCE_COLOR": "0", "ANSIBLE_NOCOLOR": "1"}
        done = subprocess.run(command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, text=True, timeout=600,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if check:
            assert done.returncode == 0, done.stdout + self.evidence()
        return Run(done.returncode, done.stdout)

    def play_into(self, task: str, seconds: float, variables: dict[str, object] | None = None, *options: str) -> subprocess.Popen[str]:
        """site.yml, running, so many seconds after it began with this task. Its process group is its own, to be killed as a whole."""
        extra = json.dumps({"demo_network": self.lab.name, **(variables or {})})
        play = subprocess.Popen(["ansible-playbook", "-i", "inventories/demo", "site.yml", "-e", extra, *options], cwd=ROOT, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
                                env={**os.environ, "PYTHONUNBUFFERED": "1"})
        assert play.stdout is not None
        seen = ""
        while task not in seen and (line := play.stdout.readline()):
            seen += line
        time.sleep(seconds)
        assert play.poll() is None, f"it ended too early\n{seen}"
        return play

    def module(self, name: str, arguments: dict[str, object]) -> str:
        """What a module returns, run as root on the host, in YAML as ansible.cfg has it."""
        words = ["ansible", "-i", "inventories/demo", "crab", "-b", "-m", name, "-a", json.dumps(arguments), "-e", json.dumps({"demo_network": self.lab.name})]
        words += ["-e", "ansible_python_interpreter=/usr/bin/python3"] if self.identity == "el9" else []
        done = subprocess.run(words, cwd=ROOT, env={**os.environ, "ANSIBLE_STDOUT_CALLBACK": "oneline", "ANSIBLE_NOCOLOR": "1"}, stdin=subprocess.DEVNULL,
                              text=True, capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.split("=> ", 1)[1]

    def on(self, command: str) -> str:
        """The output of a shell command that root runs on the host; it must succeed. `eventually CONDITION` in it waits until the condition, which is a
        shell command, holds."""
        done = subprocess.run([str(ROOT / "tests/lab/lab"), "ssh", "--network", self.lab.name, HOST, "sudo bash -c " + _quoted(EVENTUALLY + command)],
                              stdin=subprocess.DEVNULL, text=True, capture_output=True, timeout=300, check=False)
        out_of_reach = done.returncode == 255
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}{self.evidence() if out_of_reach else ''}"
        return done.stdout

    def evidence(self) -> str:
        """What the host says of itself: its journal and the ends of its logs, without ssh, which may be what is broken."""
        done = subprocess.run([sys.executable, str(ROOT / "tests/lab/lab"), "logs", "--network", self.lab.name, HOST, "--lines", "60"],
                              stdin=subprocess.DEVNULL, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
        return done.stdout

    def fresh(self) -> None:
        """The host anew, as the image makes it."""
        lab("up", "--fresh", "--network", self.lab.name, "--identity", self.identity, HOST)

    def reboot(self) -> None:
        lab("reboot", "--network", self.lab.name, HOST)

    def fingerprint(self) -> str:
        """A checksum over names, modes, owners and contents of all that any stage writes."""
        return self.on(f"find {WRITTEN} -path '/data/srv/logs/*' -prune -o -name '*-shm' -prune -o -name '*-wal' -prune -o -printf '%p %m %u %g %l\\n' "
                       f"-type f -exec sha256sum {{}} + 2>/dev/null | sort | sha256sum")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def lab(*words: str) -> None:
    subprocess.run([sys.executable, str(ROOT / "tests/lab/lab"), *words], cwd=ROOT, check=True, stdin=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def site() -> Iterator[Site]:
    """A fresh host; away with it at the end, unless CRAB_LAB_KEEP is set."""
    yield from lab_site(NETWORK)


@pytest.fixture(scope="session")
def pki(site: Site) -> Path:
    """The laboratory's certificates, with one of the host."""
    lab("pki", "--network", site.lab.name, "--host", "crab-vm.example.org")
    return site.lab / "pki"


def lab_site(network: str, identity: str = "cc7") -> Iterator[Site]:
    host = Site(ROOT / ".lab" / network, identity)
    host.fresh()
    yield host
    if not os.environ.get("CRAB_LAB_KEEP"):
        lab("down", "--network", network)


def preflight(inventory: str, folder: Path, variables: dict[str, object]) -> subprocess.CompletedProcess[str]:
    """What preflight says of the stages config and auth, without a host."""
    roles = {"config": ["crabserver_config"], "auth": ["frontend_auth"]}
    check = {"cmsweb.crab.preflight": {"stages": roles, "connect": False}}
    book = folder / "preflight.yml"
    book.write_text(yaml.safe_dump([{"hosts": "crab", "gather_facts": False, "tasks": [check]}]))
    command = ["ansible-playbook", str(book), "-i", f"inventories/{inventory}", "-e", json.dumps(variables)]
    return subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
