"""A program on a terminal, and somebody who types: only when it waits for a line, as a person would."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import termios
import time
from pathlib import Path

PATIENCE = 60.0


class Terminal:
    """The program runs until it ends; what it shows is in output."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str]) -> None:
        self._ours, theirs = pty.openpty()
        self._child = subprocess.Popen(command, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
                                       preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)))  # the first terminal that is opened is the session's
        os.close(theirs)
        self.output = ""

    def wait_for(self, text: str) -> None:
        """Until it has shown a text and reads single keys."""
        shown = len(self.output)
        deadline = time.monotonic() + PATIENCE
        while text not in self.output[shown:] or termios.tcgetattr(self._ours)[3] & termios.ICANON:
            assert time.monotonic() < deadline and self._read(), f"no {text!r} in {self.output}"
        time.sleep(0.1)  # it throws away what was typed before it asks

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def end(self) -> int:
        """Its exit code, once it has ended."""
        deadline = time.monotonic() + PATIENCE
        while self._child.poll() is None:
            self._read()
            assert time.monotonic() < deadline, self.output
        self._read()
        os.close(self._ours)
        return self._child.returncode

    def _read(self) -> bool:
        """Whether there may be more."""
        if select.select([self._ours], [], [], 0.1)[0]:
            try:
                data = os.read(self._ours, 65536)
            except OSError:  # nobody has the other end open any more
                return False
            self.output += data.decode(errors="replace").replace("\r", "")
        return True
