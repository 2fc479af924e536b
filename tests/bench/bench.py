#!/usr/bin/env python3
"""bench.py: one table of every budget of the project; exit status 1 if one is missed. Variables of the environment choose what else is measured:

RUNS=5      runs of each play on one host, of which the medians are shown; on many hosts 3
HOSTS=20    how many hosts "many" are; 0: leave them out
MITOGEN=1   also the second run of site.yml under mitogen, from PyPI, in a folder of the bench alone
DEMO=1      also `make demo`, from no host on and again; on a bare machine the first of all is measured as the first

Seconds are wall time, and ratios are between plays that were run in turn. Beside them stand the processor seconds of the controller and of the hosts, which
say more on a machine that does something else as well: its load is shown.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/lab"), str(ROOT / "tests/bench")]

import authmap  # noqa: E402
import schema  # noqa: E402
from crablab import podman  # noqa: E402
from crablab.laboratory import Laboratory  # noqa: E402

NETWORK = "crab-bench"
FOLDER = ROOT / ".cache/bench"
MITOGEN = "0.3.54"
COLUMNS = ("what", "ours", "floor", "peer", "ratio", "budget", "")


@dataclass(frozen=True)
class Cost:
    """Of one run, or medians of several: seconds of wall time, and of the processors."""

    wall: float
    controller: float
    hosts: float

    def __str__(self) -> str:
        return f"{self.wall:.2f} s ({self.controller:.1f} + {self.hosts:.1f})"


@dataclass(frozen=True)
class Row:
    what: str
    ours: str
    floor: str = ""
    peer: str = ""
    ratio: float | None = None
    budget: str = ""
    kept: bool | None = None

    def cells(self) -> tuple[str, ...]:
        verdict = "" if self.kept is None else "kept" if self.kept else "MISSED"
        return self.what, self.ours, self.floor, self.peer, "" if self.ratio is None else f"{self.ratio:.2f}", self.budget, verdict


@dataclass(frozen=True)
class Fleet:
    """Hosts of the bench's laboratory, and the inventory that describes them."""

    inventory: str
    names: tuple[str, ...]

    def play(self, playbook: str, variables: dict[str, object] | None = None, settings: dict[str, str] | None = None) -> Cost:
        """A run, which must succeed."""
        extra = json.dumps({"demo_network": NETWORK, **(variables or {})})
        limit = ",".join(f"{name}.example.org" for name in self.names)
        command = ["ansible-playbook", "-i", f"inventories/{self.inventory}", playbook, "-e", extra, "--limit", limit]
        environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", **(settings or {})}
        wall, controller, hosts = time.monotonic(), processor(), self._processor()
        done = subprocess.run(command, cwd=ROOT, env=environment, text=True, check=False, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        cost = Cost(time.monotonic() - wall, processor() - controller, self._processor() - hosts)
        if done.returncode:
            sys.exit(f"bench: {playbook} failed\n{done.stdout[-4000:]}")
        return cost

    def up(self) -> None:
        """Alone in the laboratory: the inventories know the addresses by that."""
        lab("down")
        lab("up", *self.names)

    def _processor(self) -> float:
        """Seconds that the hosts have used since they were started."""
        name = Laboratory(NETWORK, ROOT / ".lab" / NETWORK).name
        ids = [one.id for one in podman.containers(name) if one.host in self.names]
        return sum(int(line) for line in podman.podman("stats", "--no-stream", "--format", "{{.CPUNano}}", *ids).split()) / 1e9


ONE = Fleet("demo", ("crab-vm",))


def main() -> int:
    runs, hosts = int(os.environ.get("RUNS") or 5), int(os.environ.get("HOSTS") or 20)
    FOLDER.mkdir(parents=True, exist_ok=True)
    load = os.getloadavg()[0]
    try:
        rows = [*of_engines(), *of_one_host(runs)]
        if hosts:
            rows += of_many_hosts(hosts, min(runs, 3))
    finally:
        shutil.rmtree(FOLDER / "fetched", ignore_errors=True)   # it has secrets of the laboratory's host
        if not os.environ.get("CRAB_LAB_KEEP"):
            lab("down")
    if os.environ.get("DEMO"):
        rows += of_demo()
    print(f"\nWall time, and in parentheses the processor seconds of controller + hosts. {os.cpu_count()} processors; load before: {load:.1f}\n")
    table = [COLUMNS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(COLUMNS))]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
    return 1 if any(row.kept is False for row in rows) else 0


def of_engines() -> Iterator[Row]:
    say("engines")
    small: float | None = None
    for title, ours, alembic, budget in schema.measure():
        yield Row(f"schema, {title}", f"{ours * 1000:.0f} ms", peer=f"Alembic {alembic * 1000:.0f} ms", ratio=alembic / ours, budget=f">= {budget}",
                  kept=alembic / ours >= budget)
        if title.startswith("1000"):
            growth = ours / (small or ours)
            yield Row("schema, growth from 250 to 1000 tables", f"{growth:.1f} x", ratio=growth / 4, budget="linear: <= 1.3", kept=growth / 4 <= 1.3)
        small = ours
    ours, alone = authmap.measure(5)
    ratio = ours / alone
    yield Row("one change among 100,000 DNs of authmap.json", f"{ours:.2f} s", floor=f"json {alone:.2f} s", ratio=ratio, budget="<= 2", kept=ratio <= 2)


def of_one_host(runs: int) -> Iterator[Row]:
    say("a fresh host, and site.yml on it")
    ONE.up()
    yield Row("first run of site.yml, 1 host", str(ONE.play("site.yml")))
    modules = count(ONE)
    roles = Counter(role for _module, role in modules)
    yield Row("module runs of the second run", str(len(modules)), budget="<= 20", kept=len(modules) <= 20)
    yield Row("most of them in one role", f"{max(roles.values())} ({roles.most_common(1)[0][0]})", budget="<= 4", kept=max(roles.values()) <= 4)
    say("the same state conventionally")
    conventional = {"bench_fetched": str(FOLDER / "fetched"), **host_state()}
    long_way = str(ROOT / "tests/bench/conventional.yml")
    its_runs = len(count(ONE, long_way, conventional))
    plays: dict[str, Callable[[], Cost]] = {"site": lambda: ONE.play("site.yml"), "pings": lambda: ONE.play(pings(len(modules))),
                                            "answers": lambda: ONE.play(answers([module for module, _role in modules])),
                                            "conventional": lambda: ONE.play(long_way, conventional)}
    if os.environ.get("MITOGEN"):
        settings = mitogen()
        ONE.play("site.yml", settings=settings)
        plays["mitogen"] = lambda: ONE.play("site.yml", settings=settings)
    cost = in_turn(plays, runs)
    ratio = cost["site"].wall / cost["pings"].wall
    yield Row("second run of site.yml, 1 host", str(cost["site"]), floor=f"as many pings {cost['pings']}", ratio=ratio, budget="<= 1.25", kept=ratio <= 1.25)
    ratio = cost["site"].wall / cost["answers"].wall
    yield Row("to as many modules, as many of them different", str(cost["site"]), floor=f"that only answer {cost['answers']}", ratio=ratio)
    ratio = cost["conventional"].wall / cost["site"].wall
    yield Row("the same state conventionally", str(cost["site"]), peer=f"{its_runs} module runs {cost['conventional']}", ratio=ratio, budget=">= 5",
              kept=ratio >= 5)
    if "mitogen" in cost:
        ratio = cost["site"].wall / cost["mitogen"].wall
        yield Row(f"second run under mitogen {MITOGEN}", str(cost["mitogen"]), peer=f"without {cost['site']}", ratio=ratio)


def of_many_hosts(number: int, runs: int) -> Iterator[Row]:
    fleet = Fleet("demo-fleet", tuple(f"crab-{one:02}" for one in range(1, number + 1)))
    say(f"{number} fresh hosts, and site.yml on them")
    fleet.up()
    yield Row(f"first run of site.yml, {number} hosts", str(fleet.play("site.yml")))
    each = len(count(fleet)) // number
    cost = in_turn({"site": lambda: fleet.play("site.yml"), "pings": lambda: fleet.play(pings(each))}, runs)
    ratio = cost["site"].wall / cost["pings"].wall
    yield Row(f"second run of site.yml, {number} hosts", str(cost["site"]), floor=f"as many pings {cost['pings']}", ratio=ratio, budget="<= 1.3",
              kept=ratio <= 1.3)


def of_demo() -> Iterator[Row]:
    say("make demo")
    subprocess.run(["make", "demo-down"], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    for title, budget in (("first make demo", 360), ("second make demo", 90)):
        started = time.monotonic()
        subprocess.run(["make", "demo"], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        seconds = time.monotonic() - started
        yield Row(title, f"{seconds:.0f} s", budget=f"<= {budget} s", kept=seconds <= budget)
    subprocess.run(["make", "demo-down"], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)


def in_turn(plays: dict[str, Callable[[], Cost]], runs: int) -> dict[str, Cost]:
    """The medians of each."""
    say(f"{runs} runs each, in turn: {', '.join(plays)}; load {os.getloadavg()[0]:.1f}")
    costs: dict[str, list[Cost]] = {name: [] for name in plays}
    for _run in range(runs):
        for name, act in plays.items():
            costs[name].append(act())
    return {name: Cost(*(statistics.median(getattr(one, kind) for one in taken) for kind in ("wall", "controller", "hosts"))) for name, taken in costs.items()}


def count(fleet: Fleet, playbook: str = "site.yml", variables: dict[str, object] | None = None) -> list[tuple[str, str]]:
    """(module, role) of each module run on the hosts: see callback/module_runs.py."""
    path = FOLDER / "module_runs"
    path.unlink(missing_ok=True)
    callback = {"ANSIBLE_CALLBACK_PLUGINS": str(ROOT / "tests/bench/callback"), "ANSIBLE_CALLBACKS_ENABLED": "module_runs", "CRAB_MODULE_RUNS": str(path)}
    fleet.play(playbook, variables, callback)
    return [(line.split()[1], line.split()[2]) for line in path.read_text().splitlines()]


def pings(number: int) -> str:
    path = FOLDER / "pings.yml"
    path.write_text(json.dumps([{"hosts": "crab", "gather_facts": False, "become": True, "tasks": [{"ansible.builtin.ping": None}] * number}]))
    return str(path)


def answers(modules: list[str]) -> str:
    """A play of modules that only answer, with a name of its own for each module: Ansible builds what it sends once for each name, and a ping's once in all."""
    folder = FOLDER / "answers"
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "library").mkdir(parents=True)
    names = [f"answer_{sorted(set(modules)).index(module)}" for module in modules]
    for name in names:
        (folder / f"library/{name}.py").write_text("from ansible.module_utils.basic import AnsibleModule\nAnsibleModule({}).exit_json()\n")
    path = folder / "answers.yml"
    path.write_text(json.dumps([{"hosts": "crab", "gather_facts": False, "become": True, "tasks": [{name: None} for name in names]}]))
    return str(path)


# What site.yml looks after: the folders of the tree but for what the packages bring, and the files that are written by hand or by a role.
FOLDERS = r"""cd /; find etc/grid-security etc/vomses data/certs data/srv -xdev \( -name sw -o -name .deploy -o -path etc/grid-security/certificates \) -prune \
  -o -type d -not -path '*/apps*/*' -printf '/%p %u %g %m\n'"""
LINKS = r"cd /; find data/srv -xdev -name sw -prune -o -type l -not -path '*/apps*/*' -printf '/%p %l\n'"
FILES = r"""cd /; find etc/grid-security/*.pem etc/grid-security/vomsdir etc/vomses data/certs data/srv/*/auth data/srv/*/config/*/config.py \
  data/srv/*/config/frontend/backends-dev.txt data/srv/state/frontend/etc data/srv/state/frontend/htdocs/*.json etc/systemd/system/cmsweb-crab.service \
  etc/tmpfiles.d/cmsweb* usr/local/bin/crab-rest var/spool/cron/crontabs/crabdev -type f -not -path 'data/srv/current/*' -not -name '*~' \
  -printf '/%p %u %g %m\n' 2> /dev/null || true"""
ACCOUNTS = "getent {kind} | cut -d: -f1 | grep -E '^(_|crabdev|zh)'"


def host_state() -> dict[str, object]:
    """What the conventional playbook has in its loops; the contents of the files are fetched."""
    def table(script: str, *names: str) -> list[dict[str, str]]:
        return [dict(zip(names, line.split())) for line in on_host(script).decode().splitlines()]

    files = table(FILES, "path", "owner", "group", "mode")
    target = FOLDER / "fetched"
    target.mkdir(mode=0o700, exist_ok=True)
    archive = on_host("tar -c -C / " + " ".join(one["path"][1:] for one in files))
    subprocess.run(["tar", "-x", "-C", target, "--no-same-owner"], input=archive, check=True)
    # Modes are numbers to Ansible with a zero in front.
    for one in (folders := table(FOLDERS, "path", "owner", "group", "mode")) + files:
        one["mode"] = one["mode"].zfill(4)
    return {"bench_folders": folders, "bench_links": table(LINKS, "path", "target"), "bench_files": files,
            "bench_groups": on_host(ACCOUNTS.format(kind="group")).decode().split(), "bench_accounts": on_host(ACCOUNTS.format(kind="passwd")).decode().split()}


def on_host(script: str) -> bytes:
    """What a script prints that root runs on the host."""
    quoted = "'" + script.replace("'", "'\\''") + "'"
    words = ["tests/lab/lab", "ssh", "--network", NETWORK, "crab-vm", "sudo bash -c " + quoted]
    return subprocess.run(words, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True).stdout


def mitogen() -> dict[str, str]:
    """The settings of a run under it. It is put into a folder of its own: the project needs it nowhere else."""
    folder = FOLDER / f"mitogen-{MITOGEN}"
    if not folder.exists():
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, f"mitogen=={MITOGEN}"], stdin=subprocess.DEVNULL, check=True)
    # It does not read ansible_ssh_common_args for it, and hosts of the laboratory have new keys each time.
    return {"PYTHONPATH": str(folder), "ANSIBLE_STRATEGY_PLUGINS": str(folder / "ansible_mitogen/plugins/strategy"), "ANSIBLE_STRATEGY": "mitogen_linear",
            "ANSIBLE_HOST_KEY_CHECKING": "false"}


def processor() -> float:
    """Seconds that the processes have used that this one has started."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def lab(command: str, *words: str) -> None:
    subprocess.run(["tests/lab/lab", command, "--network", NETWORK, *words], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)


def say(text: str) -> None:
    print(f"=== {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
