"""The Grid's servers beside the hosts of a laboratory: a real VOMS, MyProxy and ACME server, and one that publishes the CRLs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from . import trace
from .podman import LAB, podman
from .shell import as_root, run, step

PARTS = ("db", "voms", "myproxy", "crl", "acme")
# All at the address of the services container; hosts have them in /etc/hosts.
NAMES = ("voms-cms", "myproxy", "crl", "acme")
WITH_CERTIFICATE = ("myproxy", "acme")
SERVE = LAB / "grid" / "serve"


def up(folder: Path, container: str, parts: Sequence[str]) -> None:
    """In the network namespace of the services container; the hosts' certificates must be there."""
    with step("VOMS, MyProxy, CRLs, ACME"):
        _serve("up", folder, _pid(container), parts)


def down(folder: Path, parts: Sequence[str] = ()) -> None:
    """Ends what was started here, by its number. Without parts, all of it, and its data."""
    if (folder / "grid").exists():
        _serve("down", folder, "none", parts)
        if not parts:
            run(as_root(["rm", "-rf", str(folder / "grid")]))


def _serve(action: str, folder: Path, pid: str, parts: Sequence[str]) -> None:
    """In an environment and with a home of the servers' own: nothing of the caller's may help or disturb them."""
    state = folder / "grid"
    words = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": str(state / "home"), "TMPDIR": str(state / "tmp")}
    if trace.wanted():
        words["STRACE"] = " ".join(trace.STRACE)
    clean = ["env", "-i", *(f"{key}={value}" for key, value in words.items())]
    run(as_root([*clean, str(SERVE), action, str(folder / "pki"), str(state), pid, *parts]))


def _pid(container: str) -> str:
    return podman("inspect", "--format", "{{.State.Pid}}", container).strip()
