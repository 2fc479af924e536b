"""One cloud: its processes, found again by their ids, and its state folder."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from crablab import trace
from crablab.laboratory import Laboratory
from crablab.shell import LabError, run, say, step

from . import configuration, environment

# WSGI application and threads. Neutron has one: with more, parallel creates meet "database is locked" on SQLite.
APPLICATIONS = {
    "keystone": ("keystone.wsgi.api", 4),
    "placement": ("placement.wsgi.api", 2),
    "glance": ("glance.wsgi.api", 2),
    "neutron": ("neutron.wsgi.api", 1),
}
PROCESSES = (*APPLICATIONS, "nova", "guests")


@dataclass(frozen=True)
class Cloud:
    """Its servers are hosts of one laboratory, and its state is a folder of that."""

    laboratory: Laboratory

    @property
    def state(self) -> Path:
        return self.laboratory.folder / "cloud"

    @property
    def clouds(self) -> Path:
        return self.state / "clouds.yaml"

    def up(self) -> Path:
        """A cloud from zero, unless this one runs; the path of its clouds.yaml."""
        if all(self._pid(name) for name in PROCESSES) and self.clouds.exists():
            return self.clouds
        self.down()
        base = environment.ensure()
        self.laboratory.up([], "cc7")
        try:
            with step("OpenStack"):
                self._start(base)
        except BaseException:
            self.down()
            raise
        return self.clouds

    def down(self) -> None:
        """Every process is ended by its id, the hosts and their network are removed; the state stays for a look at the logs."""
        with step("ending OpenStack"):
            self._end(lambda: [self._pid("guests")] if self._pid("guests") else [])  # first: it would bring hosts up again
            self._end(self._all)
        self.laboratory.down()

    def status(self) -> int:
        pids = {name: self._pid(name) for name in PROCESSES}
        for name, pid in pids.items():
            print(f"{name:10} {pid or '-'}")
        return 0 if all(pids.values()) else 1

    def environment(self) -> dict[str, str]:
        """Where the cloud is, and the names of its servers as if they were in the DNS."""
        if not self.clouds.exists():
            raise LabError(f"no cloud in {self.state}\n`cloud up --network {self.laboratory.network}` makes it")
        settings = json.loads((self.state / "settings.json").read_text())
        return {
            "OS_CLIENT_CONFIG_FILE": settings["clouds"],
            "OS_CLIENT_SECURE_FILE": str(self.state / "etc/secure.yaml"),  # empty; else the user's own is read, which may know a cloud `cern` too
            "LD_PRELOAD": "libnss_wrapper.so",
            "NSS_WRAPPER_HOSTS": settings["hosts"],
        }

    def _start(self, base: Path) -> None:
        number = int(hashlib.sha256(str(self.state).encode()).hexdigest(), 16)
        address = f"127.{64 + number % 128}.{number >> 8 & 255}.1"  # of this checkout's cloud alone
        settings = configuration.Settings(
            network=self.laboratory.network,
            folder=str(self.laboratory.folder),
            prefix=self.laboratory.prefix,
            address=address,
            ports=configuration.free_ports(address),
            password=secrets.token_urlsafe(18),
            clouds=str(self.clouds),
            hosts=str(self.state / "hosts"),
        )
        configuration.write(self.state, base / "venv", settings)
        (self.state / "hosts").touch()
        (self.state / "db").rmdir()
        environment.place(base, self.state)
        self._bootstrap(base, settings)
        python, services = str(base / "venv/bin/python"), environment.SERVICES
        with ThreadPoolExecutor() as pool:
            for name, (module, threads) in APPLICATIONS.items():
                self._spawn(name, [python, str(services / "serve.py"), module, address, str(settings.ports[name]), str(threads)])
            for _ in pool.map(self._answers, APPLICATIONS, [settings.urls[name] for name in APPLICATIONS]):
                pass
        bootstrap = [python, str(services / "bootstrap.py")]
        self._run("catalog", [*bootstrap, "catalog", str(self.state / "settings.json")])
        self._spawn("nova", [python, str(services / "nova_allinone.py"), "--config-file", str(self.state / "etc/nova.conf")])
        self._answers("nova", settings.urls["nova"])
        self._run("resources", [*bootstrap, "resources", str(self.state / "settings.json")])
        self._spawn("guests", [python, str(services / "guests.py"), str(self.state / "settings.json")])

    def _bootstrap(self, base: Path, settings: configuration.Settings) -> None:
        """The administrator, and Keystone's own place in the catalog. The password goes by the environment, not by argv."""
        url = settings.urls["keystone"] + "/v3"
        command = environment.manage(base / "venv", "keystone", self.state / "etc/keystone.conf")
        urls = [word for kind in ("admin", "internal", "public") for word in (f"--bootstrap-{kind}-url", url)]
        self._run("keystone-manage", [*command, "bootstrap", "--bootstrap-region-id", settings.region, *urls], OS_BOOTSTRAP_PASSWORD=settings.password)

    def _run(self, name: str, command: list[str], **more: str) -> None:
        run(trace.traced(self.state / "trace", name, command), env={**configuration.environ(self.state), **more}, inherit=False)

    def _spawn(self, name: str, command: list[str]) -> None:
        if name == "guests":  # calls podman, as whoever called us
            env = {key: value for key, value in os.environ.items() if not key.startswith(("OS_", "LD_PRELOAD", "NSS_WRAPPER"))}
        else:
            env = configuration.environ(self.state)
            command = trace.traced(self.state / "trace", name, command)
        with (self.state / f"log/{name}-output.log").open("w") as log:
            child = subprocess.Popen(
                command, env=env, cwd=self.state / "run",
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )
        (self.state / f"run/{name}.pid").write_text(str(child.pid))

    def _answers(self, name: str, url: str, timeout: float = 300.0) -> None:
        """Until something that is no server error comes back."""
        deadline, opener = time.monotonic() + timeout, urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while time.monotonic() < deadline and self._pid(name):
            try:
                opener.open(url, timeout=10).close()
                return
            except urllib.error.HTTPError as error:
                if error.code < 500:
                    return
            except OSError:
                pass
            time.sleep(0.2)
        log = (self.state / f"log/{name}-output.log").read_text()[-1500:]
        raise LabError(f"{name} does not answer on {url}\n{log}\nmore in {self.state}/log")

    def _pid(self, name: str) -> int:
        """Of the process of that name, if it runs and is one of ours: its working directory says so (Neutron overwrites its environment)."""
        with contextlib.suppress(OSError, ValueError):
            pid = int((self.state / f"run/{name}.pid").read_text())
            ours = Path(f"/proc/{pid}/cwd").readlink() == self.state / "run"
            dead = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
            return pid if ours and not dead else 0
        return 0

    def _all(self) -> list[int]:
        """The ids of all that run, also of one whose id could not be written any more: start and end may come at the same moment."""
        found = []
        for link in Path("/proc").glob("[0-9]*/cwd"):
            with contextlib.suppress(OSError):
                if link.readlink() == self.state / "run":
                    found.append(int(link.parent.name))
        return found

    def _end(self, running: Callable[[], list[int]]) -> None:
        for number, patience in ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0)):
            for pid in running():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            deadline = time.monotonic() + patience
            while time.monotonic() < deadline and running():
                time.sleep(0.05)
        if left := running():
            say(f"still running in {self.state}/run: {', '.join(map(str, left))}")
