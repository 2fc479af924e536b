"""The Debian packages that this machine needs: those of the laboratory, or of another list."""

from __future__ import annotations

import shutil
from pathlib import Path

from .podman import LAB
from .shell import LabError, as_root, run, say, step

OURS = LAB / "packages.txt"


def wanted(listed: Path) -> list[str]:
    lines = listed.read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def missing(listed: Path = OURS) -> list[str]:
    if not shutil.which("dpkg-query"):
        raise LabError(f"this is not a Debian system; the laboratory needs Debian 12 or 13\non another one, install what {listed} lists by its own means")
    states = run(["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\n"])
    installed = {line.split()[0] for line in states.splitlines() if line.endswith(" installed")}
    return [package for package in wanted(listed) if package not in installed]


def install(listed: Path = OURS) -> None:
    lacking = missing(listed)
    if not lacking:
        return
    say(f"installing {' '.join(lacking)}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    with step("apt-get update"):
        run(as_root(["apt-get", "-qq", "update"], quiet))
    with step("apt-get install"):
        run(as_root(["apt-get", "-qq", "install", "--yes", "--no-install-recommends", *lacking], quiet))
