"""A laboratory of its own with two hosts: one for Deploy as it is called by hand, one that site.yml makes."""

from __future__ import annotations

import functools
import http.client
import json
import os
import shlex
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[4]
SOFTWARE = Path(__file__).resolve().parents[1]
NETWORK = "crab-software"
FOLDER = CHECKOUT / ".lab" / NETWORK
PKI = FOLDER / "pki"


def prefix() -> str:
    """The first three numbers of the addresses, once the laboratory is up."""
    return (FOLDER / "prefix").read_text().strip()


@dataclass(frozen=True)
class Host:
    """A host of the laboratory, by ssh; the connection stays open."""

    name: str
    address: str

    def run(self, line: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """A line for the shell, as the account with sudo."""
        words = [*self._ssh(), self.name, "exec 2>&1; " + line]
        return subprocess.run(words, input=stdin, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)

    def log_out(self) -> None:
        """The next line runs in a new login, which has the groups of that time."""
        subprocess.run([*self._ssh(), "-O", "exit", self.name], check=False, stderr=subprocess.DEVNULL)

    def _ssh(self) -> list[str]:
        control = ["-o", "ControlMaster=auto", "-o", f"ControlPath=/tmp/{NETWORK}-{os.getpid()}-%C", "-o", "ControlPersist=20"]
        return ["ssh", "-F", str(FOLDER / "ssh_config"), *control]

    def on(self, line: str, stdin: str = "") -> str:
        """The output of a line for root's shell, which must succeed."""
        done = self.run("sudo bash -c " + shlex.quote(line), stdin)
        assert done.returncode == 0, f"{line}\n{done.stdout}"
        return done.stdout

    def layout(self, version: str, *options: str) -> str:
        """What check_layout finds wrong."""
        words = ["sudo", "python3", "-", *options, "/data/srv", version, "crabdev"]
        return self.run(shlex.join(words), (SOFTWARE / "check_layout").read_text()).stdout


@dataclass(frozen=True)
class Answer:
    """Of the frontend; code 0 if the handshake failed."""

    code: int
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""

    def __contains__(self, text: str) -> bool:
        return text in self.body or any(text in f"{name}: {value}" for name, value in self.headers.items())


def ask(host: Host, path: str, certificate: Path | None, key: Path | None = None, headers: dict[str, str] | None = None) -> Answer:
    """One request on a connection of its own, by certificate."""
    context = _context(certificate, key)
    connection = http.client.HTTPSConnection(f"{host.name}.example.org", timeout=20)
    try:
        plain = socket.create_connection((host.address, 443), timeout=20)
        connection.sock = context.wrap_socket(plain, server_hostname=f"{host.name}.example.org")
        connection.request("GET", path, headers={"Accept": "application/json"} if headers is None else headers)
        response = connection.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read().decode())
    except (ssl.SSLError, ConnectionError, http.client.BadStatusLine):
        return Answer(0)
    finally:
        connection.close()


@functools.cache
def _context(certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=PKI / "ca-chain.pem")
    if certificate:
        context.load_cert_chain(certificate, key)
    return context


def until(act, good, seconds: float = 60.0):
    """What act returns, as soon as it is good, or the last one: a machine with much to do takes its time."""
    deadline = time.monotonic() + seconds
    while not good(result := act()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return result


def start_play(*options: str, **variables: object) -> subprocess.Popen[str]:
    """site.yml on crab-vm, as the demo runs it."""
    extra = json.dumps({"demo_network": NETWORK, **variables})
    program = Path(sys.executable).with_name("ansible-playbook")  # of the same environment
    words = [str(program), "-i", "inventories/demo", "site.yml", "-e", extra, *options]
    environment = {**os.environ, "ANSIBLE_FORCE_COLOR": "0", "ANSIBLE_NOCOLOR": "1"}
    return subprocess.Popen(words, cwd=CHECKOUT, env=environment, stdin=subprocess.DEVNULL, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def end_play(process: subprocess.Popen[str]) -> None:
    """It must succeed."""
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 0, output


@pytest.fixture(scope="session")
def laboratory(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str] | None]:
    """Both hosts. The play for the one runs while the tests of the other do."""
    lab = [sys.executable, str(CHECKOUT / "tests/lab/lab")]
    subprocess.run([*lab, "up", "--fresh", "--network", NETWORK, "crab-vm", "deploy-vm"], check=True, stdin=subprocess.DEVNULL)
    wanted = any("site" in getattr(item, "fixturenames", ()) for item in request.session.items)
    process = start_play() if wanted else None
    yield process
    if process and process.poll() is None:
        process.terminate()
        process.communicate()
    if not os.environ.get("CRAB_LAB_KEEP"):
        subprocess.run([*lab, "down", "--network", NETWORK], check=True, stdin=subprocess.DEVNULL)


@pytest.fixture(scope="session")
def bare(laboratory: subprocess.Popen[str] | None) -> Host:
    """As the laboratory makes it, with the recipes of HG1803f in /home/crabdev/cfg."""
    host = Host("deploy-vm", f"{prefix()}.11")
    done = host.run("git clone -q http://cmsrep.example.org/git/deployment.git cfg && git -C cfg checkout -q HG1803f")
    assert done.returncode == 0, done.stdout
    return host


@pytest.fixture(scope="session")
def site(laboratory: subprocess.Popen[str]) -> Host:
    """What site.yml makes of the demo inventory."""
    end_play(laboratory)
    return Host("crab-vm", f"{prefix()}.10")
