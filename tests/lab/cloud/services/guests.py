"""guests.py SETTINGS: the guests' side of the cloud. A host of the laboratory for each ACTIVE server, and none for those that are gone.

It comes up at the address that Neutron gave the server, by the image's family, and gets Nova's keypair for root and for
crabdev as cloud-init would. A server's metadata can hold it back: `lab-boot-delay` for so many seconds after its launch,
`lab-boot-file` until there is a file of that path. The names are those of a DNS: `cloud run` shows them to what it runs.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import openstack

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from crablab.laboratory import DOMAIN, Laboratory
from crablab.podman import podman
from crablab.provision import USER
from crablab.shell import LabError, say

POLL = 1.0
AUTHORIZE = 'for home in /root ~{user}; do install -d -m 700 -o $(stat -c %U $home) "$home/.ssh"; echo "$1" >> "$home/.ssh/authorized_keys"; done'
FAMILIES = {"CC7": "cc7", "SLC": "slc7", "ALMA": "el9"}


@dataclass(frozen=True)
class Guest:
    """One ACTIVE server, as far as its host needs it."""

    id: str
    name: str
    address: str
    age: float
    image: str
    key: str
    metadata: dict

    @property
    def due(self) -> bool:
        file = self.metadata.get("lab-boot-file")
        return self.age >= float(self.metadata.get("lab-boot-delay", 0)) and (not file or Path(file).exists())


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    settings = json.loads(Path(sys.argv[1]).read_text())
    # A clouds.yaml or secure.yaml of the user's is not read.
    cloud = openstack.connect(load_yaml_config=False, load_envvars=False, **json.loads(Path(settings["clouds"]).read_text())["clouds"]["admin"])
    laboratory = Laboratory(settings["network"], Path(settings["folder"]))
    hosts, running = Path(settings["hosts"]), {}
    while True:
        guests = {guest.name: guest for guest in active(cloud)}
        for name in [name for name, identifier in running.items() if name not in guests or guests[name].id != identifier]:
            laboratory.remove(name)
            del running[name]
        for name, guest in guests.items():
            if name not in running and guest.due:
                try:
                    boot(laboratory, guest)
                except LabError as error:  # one more try in the next round
                    say(f"{name}: {error}")
                    continue
                running[name] = guest.id
        lines = [f"{guests[name].address} {name}.{DOMAIN} {name}\n" for name in running]
        if hosts.read_text() != "".join(lines):
            new = hosts.with_suffix(".new")
            new.write_text("".join(lines))
            new.replace(hosts)
        time.sleep(POLL)


def active(cloud: openstack.connection.Connection) -> list[Guest]:
    """Of two servers with one name the older: on a real network both would be there."""
    images = {image.id: image.name for image in cloud.image.images()}
    found = []
    for server in sorted(cloud.compute.servers(all_projects=True), key=lambda one: (one.created_at, one.id), reverse=True):
        addresses = [one["addr"] for net in (server.addresses or {}).values() for one in net if one["version"] == 4]
        if server.status != "ACTIVE" or not addresses or not server.launched_at:
            continue
        launched = datetime.datetime.fromisoformat(server.launched_at[:19] + "+00:00")
        age = (datetime.datetime.now(datetime.timezone.utc) - launched).total_seconds()
        key = ""
        with contextlib.suppress(openstack.exceptions.SDKException, AttributeError):
            key = cloud.compute.get_keypair(server.key_name, user_id=server.user_id).public_key.strip()
        found.append(Guest(server.id, server.name, addresses[0], age, images.get(server.image.id, ""), key, server.metadata))
    return found


def boot(laboratory: Laboratory, guest: Guest) -> None:
    identity = next((identity for family, identity in FAMILIES.items() if guest.image.startswith(family)), "cc7")
    laboratory.up([guest.name], identity, fresh=True, wanted={guest.name: guest.address})
    podman("exec", laboratory.host(guest.name).id, "/bin/bash", "-c", AUTHORIZE.replace("{user}", USER), "bash", guest.key)


if __name__ == "__main__":
    main()
