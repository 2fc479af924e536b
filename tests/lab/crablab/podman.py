"""The few calls of podman that the laboratory makes, and the labels by which it finds its own things again."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .shell import as_root, run

LAB = Path(__file__).resolve().parent.parent
LABEL = "crab-lab"  # = the network's name, on containers and networks
SERVICES = "services"


@dataclass(frozen=True)
class Container:
    """One container of a laboratory, as its labels and podman tell it."""

    id: str
    name: str
    host: str
    network: str
    address: str
    identity: str
    folder: str
    image: str
    state: str
    status: str

    @property
    def running(self) -> bool:
        return self.state == "running"


def command(*arguments: str) -> list[str]:
    settings = os.environ.get("CONTAINERS_CONF", str(LAB / "containers.conf"))
    return as_root(["podman", *arguments], {"CONTAINERS_CONF": settings})


def podman(*arguments: str, stdin: bytes = b"") -> str:
    # Half of `podman run` is a network interface that nobody removes any more; what runs inside a host may be cut short.
    return run(command(*arguments), stdin=stdin, whole=arguments[0] != "exec")


def image_exists(name: str) -> bool:
    return bool(podman("image", "ls", "--quiet", "--filter", f"reference={name}").strip())


def containers(network: str | None = None) -> list[Container]:
    """Those of one network, or of all laboratories on this machine."""
    label = f"label={LABEL}" + (f"={network}" if network else "")
    rows = json.loads(podman("ps", "--all", "--filter", label, "--format", "json") or "[]") or []
    found = [
        Container(
            id=row["Id"],
            name=row["Names"][0],
            host=row["Labels"].get(f"{LABEL}-host", ""),
            network=row["Labels"][LABEL],
            address=row["Labels"].get(f"{LABEL}-address", ""),
            identity=row["Labels"].get(f"{LABEL}-identity", ""),
            folder=row["Labels"].get(f"{LABEL}-folder", ""),
            image=row["Image"],
            state=row["State"],
            status=row.get("Status", ""),
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: (one.network, [int(part) for part in one.address.split(".") if part]))


def networks(network: str | None = None) -> list[str]:
    label = f"label={LABEL}" + (f"={network}" if network else "")
    return podman("network", "ls", "--quiet", "--filter", label).split()


def subnets(names: Sequence[str] = ()) -> list[str]:
    """IPv4 networks of these, or of all that podman has."""
    found = json.loads(podman("network", "inspect", *(names or podman("network", "ls", "--quiet").split())))
    return [subnet["subnet"] for network in found for subnet in network.get("subnets") or [] if ":" not in subnet["subnet"]]


def remove(doomed: Sequence[Container]) -> None:
    if doomed:
        # -v: nothing of theirs stays; -t 0: a host that is thrown away need not shut down
        podman("rm", "--force", "--volumes", "--time", "0", *(one.id for one in doomed))
