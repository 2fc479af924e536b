"""How to get at the hosts: the inventory for Ansible and the configuration for ssh, written from what runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .image import python_of
from .podman import SERVICES, Container
from .provision import USER
from .shell import write_private

# Hosts come and go under the same address, so their keys are not remembered. For the lab only.
SSH_OPTIONS = {"StrictHostKeyChecking": "no", "UserKnownHostsFile": "/dev/null", "LogLevel": "ERROR"}


def write(folder: Path, found: Sequence[Container]) -> Path:
    hosts = [one for one in found if one.host != SERVICES]
    write_private(folder / "ssh_config", _ssh_config(folder, hosts))
    inventory = folder / "inventory.yml"
    write_private(inventory, _inventory(folder, hosts))
    return inventory


def _inventory(folder: Path, hosts: Sequence[Container]) -> str:
    options = " ".join(f"-o {key}={value}" for key, value in SSH_OPTIONS.items())
    lines = [
        "# Written by `lab up`.",
        "all:",
        "  vars:",
        f"    ansible_user: {USER}",
        f'    ansible_ssh_private_key_file: "{folder / "id_ed25519"}"',
        f'    ansible_ssh_common_args: "{options}"',
        f'    crab_lab_dir: "{folder}"',
        "  hosts:",
    ]
    for one in hosts:
        lines += [f"    {one.host}:", f"      ansible_host: {one.address}", f"      ansible_python_interpreter: {python_of(one.identity)}"]
    return "\n".join(lines) + "\n"


def _ssh_config(folder: Path, hosts: Sequence[Container]) -> str:
    lines = ["# Written by `lab up`: ssh -F this HOST", *(f"{key} {value}" for key, value in SSH_OPTIONS.items())]
    for one in hosts:
        lines += [f"Host {one.host} {one.host}.example.org", f"  HostName {one.address}", f"  User {USER}"]
        lines += [f'  IdentityFile "{folder / "id_ed25519"}"', "  IdentitiesOnly yes"]
    return "\n".join(lines) + "\n"
