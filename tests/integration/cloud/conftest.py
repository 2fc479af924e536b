"""A real OpenStack of the tests' own, looked at through its administrator, and ansible-playbook as a user of it calls it."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import openstack
import pytest

from ..conftest import ROOT, Run
from ..traces import trace

NETWORK = "crab-cloud"
COMMAND = ROOT / "tests/lab/cloud/cloud"
METADATA = {"landb-description": "CRAB REST", "landb-mainuser": "alice", "landb-ipv6ready": True, "landb-alias": "crab-a,crab-b", "cern-waitdns": False}


@dataclass(frozen=True)
class Cloud:
    """The cloud, and a folder with the user's key and known_hosts."""

    clouds: Path
    home: Path
    admin: openstack.connection.Connection

    @property
    def known_hosts(self) -> list[str]:
        path = self.home / "known_hosts"
        return path.read_text().splitlines() if path.exists() else []

    def play(self, hosts: dict[str, dict[str, object]] | list[str], variables: dict[str, object] | None = None, *options: str,
             playbook: str = "playbooks/provision.yml", environment: dict[str, str] | None = None, check: bool = False,
             when: tuple[str, Path] | None = None) -> Run:
        """Stage vm for these hosts (short names), and their variables; provision.yml has it as site.yml has.

        when: a text of its output, and a file to make as soon as that comes.
        """
        key = self.home / "id_ed25519"
        common = {
            "ansible_user": "crabdev", "ansible_python_interpreter": "/usr/bin/python2.7", "ansible_ssh_private_key_file": str(key),
            "ansible_ssh_common_args": f"-o UserKnownHostsFile={self.home}/known_hosts", "ansible_control_path_dir": str(self.home / "cp"),
            "vm_cloud": "cern", "vm_public_key": f"{key}.pub", "vm_known_hosts": f"{self.home}/known_hosts", "vm_timeout": 300, "vm_metadata": METADATA,
        }
        named = {f"{name}.example.org": (hosts[name] if isinstance(hosts, dict) else {}) for name in hosts}
        inventory = self.home / "hosts.json"
        inventory.write_text(json.dumps({"all": {"children": {"crab": {"hosts": named, "vars": {**common, **(variables or {})}}}}}))
        command = [str(COMMAND), "run", "--network", NETWORK, "--", "env", *(f"{name}={value}" for name, value in (environment or {}).items())]
        command += ["ansible-playbook", "-i", str(inventory), playbook, *options, *(["--tags", "vm"] if playbook == "playbooks/provision.yml" else [])]
        run = followed(command, when)
        if check:
            assert run.code == 0, run.output
        return run

    def servers(self, name: str) -> list[openstack.compute.v2.server.Server]:
        return list(self.admin.compute.servers(all_projects=True, name=f"^{name}$"))

    def server(self, name: str) -> openstack.compute.v2.server.Server:
        (found,) = self.servers(name)
        return found

    def everything(self) -> list[tuple[str, ...]]:
        """Servers, ports, security groups and keypairs with all that could be changed about them."""
        owner = openstack.connect(cloud="owner")
        rows = [("server", one.id, one.name, one.status, one.updated_at, json.dumps([one.metadata, one.security_groups, one.addresses], sort_keys=True))
                for one in self.admin.compute.servers(all_projects=True)]
        rows += [("port", one.id, one.device_id, json.dumps([one.revision_number, one.fixed_ips, one.security_group_ids]))
                 for one in self.admin.network.ports()]
        rows += [("group", one.id, one.name, json.dumps([one.revision_number, one.security_group_rules]))
                 for one in self.admin.network.security_groups(project_id=owner.current_project_id)]
        rows += [("keypair", one.name, one.fingerprint, one.public_key) for one in owner.compute.keypairs()]
        return sorted(rows)

    def make(self, name: str, flavor: str = "m1.large", status: str = "ACTIVE") -> str:
        """A server of the user's that the role has not made; its id."""
        owner = openstack.connect(cloud="owner")
        image = next(image for image in owner.image.images() if image.name == "ALMA9 - x86_64")
        server = owner.compute.create_server(name=name, image_id=image.id, flavor_id=owner.compute.find_flavor(flavor).id, networks="auto",
                                             metadata={"lab-boot-delay": "600"})
        return owner.compute.wait_for_server(server, status=status, failures=["DELETED"], interval=0.3).id

    def away(self) -> None:
        """All servers, and the user's keypairs."""
        for server in list(self.admin.compute.servers(all_projects=True)):
            self.admin.compute.delete_server(server)
            self.admin.compute.wait_for_delete(server, interval=0.3)
        owner = openstack.connect(cloud="owner")
        for key in owner.compute.keypairs():
            owner.compute.delete_keypair(key)


def followed(command: list[str], when: tuple[str, Path] | None) -> Run:
    child = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "ANSIBLE_NOCOLOR": "1"}, stdin=subprocess.DEVNULL, text=True,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert child.stdout is not None
    watchdog, output = threading.Timer(600, child.kill), ""
    watchdog.start()
    for line in child.stdout:
        output += line
        if when and when[0] in line:
            when[1].touch()
    code = child.wait()
    watchdog.cancel()
    return Run(code, output)


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A cloud without a server; away with it at the end, unless CRAB_LAB_KEEP is set."""
    home = tmp_path_factory.mktemp("home")
    os.environ[trace.WANTED] = "1"
    try:
        up = subprocess.run([COMMAND, "up", "--network", NETWORK], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        clouds = Path(up.stdout.strip())
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", home / "id_ed25519"], check=True)
        os.environ.update(OS_CLIENT_CONFIG_FILE=str(clouds), OS_CLIENT_SECURE_FILE=str(clouds.with_name("etc") / "secure.yaml"))
        cloud = Cloud(clouds, home, openstack.connect(cloud="admin"))
        cloud.away()
        yield cloud
    finally:
        if not os.environ.get("CRAB_LAB_KEEP"):
            subprocess.run([COMMAND, "down", "--network", NETWORK], check=True, stdin=subprocess.DEVNULL)
