"""A lab host beside a real VOMS, MyProxy and ACME server, and the certificates of the laboratory on it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..conftest import HOST, ROOT, Run, Site, lab
from ..traces import trace

NETWORK = "crab-grid"
VOMS = {
    "alias": "cms", "host": "voms-cms.example.org", "port": 15002, "dn": "/DC=ch/DC=cern/OU=computers/CN=voms-cms.example.org",
    "issuer_dn": "/DC=ch/DC=cern/CN=CERN Grid Certification Authority TEST",
}
ALICE = "/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=alice/CN=123456/CN=Alice Example"
PASSPHRASE = "open-Sesame_1"
# The demo's host has the clients in its image, and what the lab has no server for is not looked at.
VARIABLES: dict[str, object] = {"voms_endpoints": [VOMS], "voms_proxy_file": ""}


@dataclass(frozen=True)
class Grid(Site):
    """The host, its servers, and the certificates."""

    @property
    def pki(self) -> Path:
        return self.lab / "pki"

    def role(self, name: str, variables: dict[str, object] | None = None, *options: str, check: bool = False) -> Run:
        """One role on the host."""
        return self.play("tests/integration/grid/role.yml", {**VARIABLES, "role": name, **(variables or {})}, *options, check=check)

    def servers(self, action: str, *parts: str) -> None:
        lab("grid", "--network", self.lab.name, action, *parts)

    def send(self, *names: str, to: str = "/root/pki") -> None:
        """Files of the certificates' folder onto the host, with their modes."""
        archive = subprocess.run(["tar", "-C", self.pki, "-c", *names], check=True, capture_output=True).stdout
        subprocess.run([ROOT / "tests/lab/lab", "ssh", "--network", self.lab.name, HOST, f"sudo sh -c 'mkdir -p {to} && tar -x -C {to} --no-same-owner -p'"],
                       input=archive, check=True)

    def host_certificate(self) -> None:
        """A certificate of the host into /root/pki, as "provided" would get it."""
        lab("pki", "--network", self.lab.name, "--host", "crab-vm.example.org")
        self.send("host-crab-vm.example.orgcert.pem", "host-crab-vm.example.orgkey.pem")

    def write(self, path: str, content: str, mode: str = "644") -> None:
        """A file of root's on the host."""
        words = f"sudo sh -c 'umask 077; mkdir -p $(dirname {path}); cat > {path}; chmod {mode} {path}'"
        subprocess.run([ROOT / "tests/lab/lab", "ssh", "--network", self.lab.name, HOST, words], input=content.encode(), check=True)


@pytest.fixture(scope="session")
def grid() -> Iterator[Grid]:
    """A fresh host and its servers; away with them at the end, unless CRAB_LAB_KEEP is set."""
    one = Grid(ROOT / ".lab" / NETWORK)
    os.environ[trace.WANTED] = "1"
    lab("up", "--fresh", "--network", NETWORK, HOST, "lxplus")
    one.servers("up")
    one.send(*(f"{name}{kind}.pem" for name in ("alice", "expired", "revoked", "nomember", "outside", "mismatch") for kind in ("cert", "key")))
    # As Deploy leaves it.
    one.on("mkdir -p /data/srv/HG1803f/auth/crabserver && ln -s HG1803f /data/srv/current && useradd -r _sw && groupadd -r _config")
    yield one
    if not os.environ.get("CRAB_LAB_KEEP"):
        lab("down", "--network", NETWORK)


@pytest.fixture(scope="session")
def credential(grid: Grid, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Alice's certificate and her key, encrypted as a user has it."""
    key = tmp_path_factory.mktemp("globus") / "userkey.pem"
    words = ["openssl", "rsa", "-aes256", "-passout", "stdin", "-in", grid.pki / "alicekey.pem", "-out", key]
    subprocess.run(words, input=f"{PASSPHRASE}\n".encode(), capture_output=True, check=True)
    key.chmod(0o400)
    return {"voms_credential_certificate": str(grid.pki / "alicecert.pem"), "voms_credential_key": str(key), "voms_credential_passphrase": PASSPHRASE}
