"""The cloud itself: whatever ends its start leaves no process and no host."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest

from ..conftest import ROOT
from ..traces import foreign, programs, trace
from .conftest import COMMAND

NETWORK = "crab-cloud-cut"


def processes() -> list[str]:
    """Working directories below the cloud's folder."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            where = str(link.readlink())
        except OSError:
            continue
        if where.startswith(str(ROOT / ".lab" / NETWORK)):
            found.append(where)
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_start_that_is_cut_short_leaves_nothing(number: signal.Signals) -> None:
    up = subprocess.Popen([COMMAND, "up", "--network", NETWORK], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + 200
    while not processes() and up.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
    assert processes()
    # As if the end came before its id was written.
    (ROOT / ".lab" / NETWORK / "cloud/run/keystone.pid").unlink(missing_ok=True)

    up.send_signal(number)

    assert up.wait(timeout=60) == 130
    assert processes() == []
    status = subprocess.run([ROOT / "tests/lab/lab", "status", "--network", NETWORK], check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert status.stdout.count("\n") == 1  # the headings


@pytest.mark.parametrize(("script", "named"), [
    ("cat /etc/passwd; ls /usr/share; echo > own; mv own other", ""),
    ("cat /etc/nova/policy.yaml", "sh: openat /etc/nova/policy.yaml"),
    ("ls /usr/local/etc", "sh: openat /usr/local/etc"),
    ("echo > /usr/share/nowhere/policy.yaml", "sh: openat /usr/share/nowhere/policy.yaml"),
    ("echo > own; mv own /nowhere/policy.yaml", "sh: renameat2 /nowhere/policy.yaml"),
], ids=["own", "absent", "local", "written", "moved"])
def test_a_file_that_is_not_the_programs_own_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, named: str) -> None:
    monkeypatch.setenv(trace.WANTED, "1")
    command = trace.traced(tmp_path / "trace", "sh", ["sh", "-c", f"cd {tmp_path}; {script}"])

    subprocess.run(command, env={"PATH": "/usr/bin:/bin"}, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # until strace has ended, too

    assert programs(tmp_path / "trace") == {"sh"}
    found = foreign(tmp_path / "trace", [tmp_path])
    assert named in found if named else not found
