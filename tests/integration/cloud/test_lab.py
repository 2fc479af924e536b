"""The cloud itself: whatever ends its start leaves no process and no host."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import pytest

from ..conftest import ROOT
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
