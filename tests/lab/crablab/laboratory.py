"""One laboratory: a network, its hosts, the container that serves the stand-ins, and the folder with its keys."""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import json
import os
import re
import secrets
import socket
import subprocess
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import access, grid
from .image import ensure_image, start_command
from .podman import LAB, LABEL, SERVICES, Container, containers, networks, podman, remove, subnets
from .provision import Kit
from .shell import LabError, lock, run, say, step, write_private

DOMAIN = "example.org"
SERVICES_NAME = f"cmsrep.{DOMAIN}"
FIRST_HOST = 10
PREFIXES = [f"10.89.{number}" for number in range(77, 251)]
# Two checkouts that look for a free prefix at once would find the same one.
MACHINE_LOCK = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cmsweb-crab/lab.lock"
SOFTWARE = LAB / "software" / "build"
SETTLE = Path(__file__).with_name("settle.sh")
# A machine has a new one after each start; a container shows that of the machine it runs on.
BOOT_ID = "cat /proc/sys/kernel/random/uuid > /run/boot_id && mount --bind /run/boot_id /proc/sys/kernel/random/boot_id"
# A real CC7 image has no Python 3.
WEB_SERVER = "cd /srv/www && if command -v python3 > /dev/null; then exec python3 -u -m http.server 80; else exec python2.7 -u -m SimpleHTTPServer 80; fi"


@dataclass(frozen=True)
class Recipe:
    """What the hosts of one `up` are made from."""

    image: str
    identity: str
    kit: Kit


@dataclass(frozen=True)
class Laboratory:
    """Where it is; what runs is asked of podman each time.

    A network is of one folder, and with it of one checkout: another one has its own under the same name.
    """

    network: str
    folder: Path
    wanted_prefix: str = ""

    @property
    def name(self) -> str:
        """The network as podman knows it."""
        return f"{self.network}-{hashlib.sha256(str(self.folder).encode()).hexdigest()[:6]}"

    @property
    def prefix(self) -> str:
        """The first three numbers of its addresses."""
        return (self.folder / "prefix").read_text().strip()

    def up(self, names: Sequence[str], identity: str, fresh: bool = False, wanted: dict[str, str] | None = None) -> Path:
        """The hosts run, are reachable by ssh, and have what a CERN VM has; the path of the inventory. wanted: addresses that a cloud has given."""
        for name in names:
            if not re.fullmatch(r"[a-z][a-z0-9-]{0,40}", name) or name == SERVICES:
                raise LabError(f"{name!r} is no name for a host\nlower-case letters, digits and dashes; not {SERVICES!r}")
        if self.wanted_prefix and not re.fullmatch(r"\d{1,3}\.\d{1,3}\.\d{1,3}", self.wanted_prefix):
            raise LabError(f"{self.wanted_prefix!r} is no prefix\nthe first three numbers of a network, such as 10.89.77")
        with lock(self.folder / ".lock"):
            recipe = Recipe(ensure_image(identity), identity, self._prepare())
            self._ensure_network()
            there = {one.host: one for one in containers(self.name)}
            addresses = self._addresses(names, there)
            if fresh:
                self._remove([there.pop(name) for name in names if name in there])
            addresses.update(wanted or {})
            try:
                self._start(names, addresses, there, recipe)
            finally:  # of a host that failed, too: to look at it
                inventory = access.write(self.folder, containers(self.name))
            return inventory

    def reboot(self, name: str) -> None:
        """As after a power cut: what is not started at boot is down, /run and /tmp are empty, the address is the same."""
        one = self.host(name)
        podman("restart", "--time", "0", one.id)
        self._settle(one.id)
        self._wait(name, one.address)

    def down(self) -> None:
        """Nothing of it is left but the image, the keys and certificates in the folder, and the cache."""
        _close_connections(self.name)
        with lock(self.folder / ".lock"):
            grid.down(self.folder)
            self._remove(containers(self.name))
            for network in networks(self.name):
                podman("network", "rm", "--force", network)

    def grid_up(self, parts: Sequence[str]) -> None:
        """The Grid's servers run, with hosts or without."""
        services = next((one for one in containers(self.name) if one.host == SERVICES and one.running), None)
        if services is None:
            raise LabError(f"network {self.network} has no hosts, and the Grid's servers live in it\n`lab up --network {self.network} HOST` first")
        for name in grid.WITH_CERTIFICATE:
            self.host_certificate(f"{name}.{DOMAIN}")
        with lock(self.folder / ".lock"):
            grid.up(self.folder, services.id, parts)

    def grid_down(self, parts: Sequence[str]) -> None:
        with lock(self.folder / ".lock"):
            grid.down(self.folder, parts)

    def remove(self, name: str) -> None:
        """Away with one host, if it is there."""
        with lock(self.folder / ".lock"):
            self._remove([one for one in containers(self.name) if one.host == name])
            access.write(self.folder, containers(self.name))

    def host(self, name: str) -> Container:
        found = {one.host: one for one in containers(self.name)}
        if name not in found:
            names = ", ".join(sorted(found.keys() - {SERVICES})) or "none"
            raise LabError(
                f"no host {name!r} in network {self.network} (there: {names})\n`lab status` lists all; `lab up --network {self.network} {name}` makes it"
            )
        return found[name]

    def _ensure_pki(self) -> Path:
        import pki  # late: the only part that needs more than the standard library

        folder = self.folder / "pki"
        with step("certificates"):
            try:
                pki.ensure(folder)
            except RuntimeError as error:
                raise LabError(str(error)) from None
        return folder

    def certificates(self) -> Path:
        with lock(self.folder / ".lock"):
            return self._ensure_pki()

    def host_certificate(self, fqdn: str) -> tuple[Path, Path]:
        import pki

        with lock(self.folder / ".lock"):
            return pki.issue_host(self._ensure_pki(), fqdn)

    def _prepare(self) -> Kit:
        """Keys, certificates, passwords and the served tree, all made once."""
        key, password = self.folder / "id_ed25519", self.folder / "oracle_password"
        if not key.exists():
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", f"crab-lab {self.network}", "-f", str(key)])
        if not password.exists():
            write_private(password, secrets.token_urlsafe(18) + "\n")
        pki_folder = self._ensure_pki()
        # The parent is what gets mounted: the build may put a whole new folder in place of the old one.
        served = self.folder / "served"
        served.mkdir(exist_ok=True)
        if SOFTWARE.exists():
            with step("software for the stand-ins"):
                run([str(SOFTWARE), str(served / "www")])
        else:
            (served / "www").mkdir(exist_ok=True)
        return Kit.collect(key.with_suffix(".pub"), pki_folder, password)

    def _ensure_network(self) -> None:
        there = networks(self.name)
        if there:
            prefix = subnets([self.name])[0].rsplit(".", 1)[0]
            if self.wanted_prefix not in ("", prefix):
                raise LabError(f"network {self.network} has {prefix}, not {self.wanted_prefix}\n`lab down --network {self.network}` first, or no --prefix")
        else:
            with lock(MACHINE_LOCK):
                prefix = self.wanted_prefix or free_prefix(_taken())
                podman("network", "create", "--label", f"{LABEL}={self.name}", "--subnet", f"{prefix}.0/24", self.name)
        # inventories/demo reads both.
        (self.folder / "prefix").write_text(prefix + "\n")
        (self.folder / "name").write_text(self.name + "\n")

    def _addresses(self, names: Sequence[str], there: dict[str, Container]) -> dict[str, str]:
        """A host keeps its address as long as it exists; new ones get the lowest free, in the order asked for."""
        free = (f"{self.prefix}.{number}" for number in range(FIRST_HOST, 255))
        taken = {one.address for one in there.values()}
        addresses = {name: there[name].address for name in names if name in there}
        for name in names:
            if name not in addresses:
                addresses[name] = next(address for address in free if address not in taken)
        return addresses

    def _start(self, names: Sequence[str], addresses: dict[str, str], there: dict[str, Container], recipe: Recipe) -> None:
        with step("starting " + ", ".join(names)), ThreadPoolExecutor(max_workers=4) as pool:
            work = [pool.submit(self._ensure_services, there.get(SERVICES), recipe.image)]
            work += [pool.submit(self._ensure_host, name, addresses[name], there.get(name), recipe) for name in names]
            try:
                for future in work:
                    future.result()
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
        with step("waiting for ssh"):
            self._wait(SERVICES, f"{self.prefix}.2")
            for name in names:
                self._wait(name, addresses[name])

    def _ensure_services(self, existing: Container | None, image: str) -> None:
        address = f"{self.prefix}.2"
        if existing is None:
            options = ["--volume", f"{self.folder / 'served'}:/srv:ro", "--network-alias", SERVICES_NAME]
            self._run(SERVICES, address, [*options, image, "/bin/sh", "-c", WEB_SERVER])
        elif not existing.running:
            podman("start", existing.id)

    def _ensure_host(self, name: str, address: str, existing: Container | None, recipe: Recipe) -> None:
        try:
            if existing is None:
                container = self._create(name, address, recipe)
            else:
                container = existing.id
                self._compare(existing, recipe)
            if existing and not existing.running:
                podman("start", container)
                self._settle(container)
            stamp = self.folder / "provisioned" / container
            if not stamp.exists() or stamp.read_text() != recipe.kit.digest():
                self._settle(container)
                recipe.kit.install(container, self._hosts_file(name, address))
                stamp.parent.mkdir(exist_ok=True)
                stamp.write_text(recipe.kit.digest())
        except LabError as error:
            raise LabError(f"{self.network}-{name}: {error}") from None

    def _create(self, name: str, address: str, recipe: Recipe) -> str:
        options = ["--hostname", f"{name}.{DOMAIN}", "--network-alias", name, "--network-alias", f"{name}.{DOMAIN}"]
        # NET_ADMIN: iptables in its own network. --no-hosts: podman would mix this machine's names into /etc/hosts,
        # and mount it, so that a play could not replace it.
        options += ["--systemd=always", "--cap-add", "NET_ADMIN,NET_RAW", "--no-hosts"]
        options += ["--label", f"{LABEL}-identity={recipe.identity}"]
        return self._run(name, address, [*options, recipe.image, *start_command()])

    def _wait(self, name: str, address: str, timeout: float = 60.0) -> None:
        """Until sshd (or the web server) answers; for sshd a connection is not enough, it may be about to give up."""
        port, banner = (80, b"") if name == SERVICES else (22, b"SSH-2.0")
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=2) as connection:
                if not banner or connection.recv(len(banner)) == banner:
                    return
            time.sleep(0.1)
        raise LabError(
            f"{self.network}-{name} does not answer on {address}:{port} after {timeout:.0f} s\n`lab logs {name}` shows why; `lab up --fresh` makes it again"
        )

    def _hosts_file(self, name: str, address: str) -> str:
        services = " ".join([SERVICES_NAME, *(f"{each}.{DOMAIN}" for each in grid.NAMES)])
        return f"127.0.0.1 localhost localhost.localdomain\n{address} {name}.{DOMAIN} {name}\n{self.prefix}.2 {services}\n"

    def _settle(self, container: str) -> None:
        podman("exec", "--interactive", container, "/bin/sh", "-s", stdin=SETTLE.read_bytes())
        podman("exec", "--privileged", container, "/bin/sh", "-c", BOOT_ID)

    def _run(self, name: str, address: str, rest: Sequence[str]) -> str:
        # A fixed address, or `podman restart` may change it; a MAC made from it, or a host made again at the same
        # address is out of reach for up to 50 s (the stale entry in this machine's ARP table).
        mac = "02:00:" + ":".join(f"{int(part):02x}" for part in address.split("."))
        labels = ["--label", f"{LABEL}={self.name}", "--label", f"{LABEL}-host={name}", "--label", f"{LABEL}-address={address}"]
        labels += ["--label", f"{LABEL}-folder={self.folder}"]
        place = ["--name", f"{self.name}-{name}", "--network", self.name, "--ip", address, "--mac-address", mac]
        return podman("run", "--detach", *place, *labels, *rest).strip()

    def _compare(self, existing: Container, recipe: Recipe) -> None:
        if existing.identity != recipe.identity:
            raise LabError(f"it is {existing.identity}, not {recipe.identity}\n--fresh makes it again")
        if existing.image not in (recipe.image, f"{recipe.image}:latest"):
            say(f"{existing.name} runs the older image {existing.image}; --fresh makes it again with {recipe.image}")

    def _remove(self, doomed: Sequence[Container]) -> None:
        if doomed:
            with step("removing " + ", ".join(one.name for one in doomed)):
                remove(doomed)
        for one in doomed:
            (self.folder / "provisioned" / one.id).unlink(missing_ok=True)


def free_prefix(taken: Sequence[str]) -> str:
    """The first of ours that none of these networks touches. One as wide as a VPN's does not count: ours is the narrower."""
    narrow = [network for network in map(ipaddress.IPv4Network, taken) if network.prefixlen >= 16]
    for prefix in PREFIXES:
        if not any(network.overlaps(ipaddress.IPv4Network(f"{prefix}.0/24")) for network in narrow):
            return prefix
    raise LabError(f"no free network from {PREFIXES[0]}.0/24 to {PREFIXES[-1]}.0/24\n--prefix with another one, or `lab down --all`")


def _taken() -> list[str]:
    """Networks of this machine, those of podman that no container uses just now among them."""
    routes = json.loads(run(["ip", "-json", "-4", "route", "show", "table", "all"]) or "[]")
    return subnets() + [route["dst"] for route in routes if route["dst"] != "default"]


def _close_connections(network: str) -> None:
    """The ssh processes that Ansible keeps for a while: inventories/demo gives each network a folder of control sockets."""
    for control in (Path.home() / ".ansible/cp" / network).glob("*"):
        subprocess.run(["ssh", "-O", "exit", "-o", f"ControlPath={control}", "any"], stdin=subprocess.DEVNULL, capture_output=True, check=False)


def down_all() -> None:
    """Every laboratory on this machine, found by its labels alone."""
    for network in networks():
        _close_connections(network)
    for folder in {one.folder for one in containers() if one.folder}:
        grid.down(Path(folder))
    remove(containers())
    for network in networks():
        podman("network", "rm", "--force", network)
