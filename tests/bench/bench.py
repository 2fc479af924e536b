#!/usr/bin/env python3
"""bench.py [RUNS]: what a second run of site.yml costs on one host of the laboratory, against a play of as many pings.

The number of module runs on the host is exact and must keep its budget. The wall ratio is a median of RUNS (default 5) of each
play in turn, over the same warm connection and with the same become; it says little on a busy machine, so the load is shown.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NETWORK = "crab-bench"
FOLDER = ROOT / ".cache/bench"
RUNS_BUDGET, RATIO_BUDGET = 20, 1.25


def main() -> int:
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        say("a fresh host, and site.yml on it")
        lab("up", "--fresh", "crab-vm")
        first = play("site.yml")
        modules = count()
        pings = FOLDER / "pings.yml"
        pings.write_text(json.dumps([{"hosts": "crab", "gather_facts": False, "become": True, "tasks": [{"ansible.builtin.ping": None}] * len(modules)}]))
        say(f"{times} runs of site.yml and of {len(modules)} pings, in turn; load {os.getloadavg()[0]:.1f}")
        site_seconds, ping_seconds = [], []
        for _ in range(times):
            site_seconds.append(play("site.yml"))
            ping_seconds.append(play(str(pings)))
        report(first, modules, site_seconds, ping_seconds)
    finally:
        if not os.environ.get("CRAB_LAB_KEEP"):
            lab("down")
    return 1 if len(modules) > RUNS_BUDGET else 0


def play(playbook: str, settings: dict[str, str] | None = None) -> float:
    """The seconds of a run, which must succeed."""
    variables = json.dumps({"demo_network": NETWORK})
    command = ["ansible-playbook", "-i", "inventories/demo", playbook, "-e", variables]
    environment = {**os.environ, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", **(settings or {})}
    started = time.monotonic()
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = subprocess.run(command, cwd=ROOT, env=environment, text=True, check=False, **pipes)
    seconds = time.monotonic() - started
    if done.returncode:
        sys.exit(f"bench: {playbook} failed\n{done.stdout[-4000:]}")
    return seconds


def count() -> list[str]:
    """The modules of a second run, in order: see callback/module_runs.py."""
    path = FOLDER / "module_runs"
    path.unlink(missing_ok=True)
    callback = {"ANSIBLE_CALLBACK_PLUGINS": str(ROOT / "tests/bench/callback"), "ANSIBLE_CALLBACKS_ENABLED": "module_runs", "CRAB_MODULE_RUNS": str(path)}
    play("site.yml", callback)
    return [line.split()[1] for line in path.read_text().splitlines()]


def report(first: float, modules: list[str], site: list[float], pings: list[float]) -> None:
    ratio = statistics.median(site) / statistics.median(pings)
    kinds = ", ".join(f"{name.rsplit('.', 1)[-1]}{f' x {number}' if number > 1 else ''}" for name, number in Counter(modules).items())
    print(f"""
first run of site.yml        {first:6.2f} s
second run of site.yml       {spread(site)}
as many pings                {spread(pings)}
module runs on the host      {len(modules):6}     budget {RUNS_BUDGET}: {'kept' if len(modules) <= RUNS_BUDGET else 'EXCEEDED'}
ratio of the medians         {ratio:6.2f}     budget {RATIO_BUDGET}: {'kept' if ratio <= RATIO_BUDGET else 'EXCEEDED'}
the modules: {kinds}""")


def spread(seconds: list[float]) -> str:
    return f"{statistics.median(seconds):6.2f} s   ({min(seconds):.2f} to {max(seconds):.2f}, {len(seconds)} runs)"


def lab(command: str, *words: str) -> None:
    subprocess.run(["tests/lab/lab", command, "--network", NETWORK, *words], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)


def say(text: str) -> None:
    print(f"=== {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
