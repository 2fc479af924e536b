"""Running commands: as root where needed, with one clear error, and a word on stderr about whatever takes long."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

QUIET_FOR = 1.5  # seconds before a step says that it is at work
REPEAT_EVERY = 20.0
NOT_FOUND = 127  # env's and sudo's exit status for a command that is not there; podman has it too, for other reasons
PATIENCE = 20.0  # with a command that ends after an interrupt

_interruptible: set[subprocess.Popen[bytes]] = set()


class LabError(Exception):
    """What went wrong, and on the next line what to do about it."""


def say(text: str) -> None:
    print(f"lab: {text}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def step(text: str) -> Iterator[None]:
    """Quiet for a step that is quick; else its name, a sign of life now and then, and how long it took."""
    started, done = time.monotonic(), threading.Event()

    def watch() -> None:
        wait = QUIET_FOR
        while not done.wait(wait):
            say(f"{text} ... ({time.monotonic() - started:.0f} s)")
            wait = REPEAT_EVERY

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()
    took = time.monotonic() - started
    if took > QUIET_FOR:
        say(f"{text}: {took:.1f} s")


def run(command: Sequence[str], *, stdin: bytes = b"", env: dict[str, str] | None = None, whole: bool = False, inherit: bool = True) -> str:
    """The command's stdout; its stderr becomes the error when it fails. Without stdin of ours it gets none: nothing may ask a question.

    An interrupt reaches the command only through interrupt(), and not at all if it must be done as a whole. Without inherit, env is all its environment.
    """
    try:
        child = subprocess.Popen(
            list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**(os.environ if inherit else {}), **(env or {})}, start_new_session=True,
        )
    except FileNotFoundError:
        raise _absent(command) from None
    if not whole:
        _interruptible.add(child)
    try:
        out, err = child.communicate(stdin)
    except BaseException:
        _await_end(child)
        raise
    finally:
        _interruptible.discard(child)
    if child.returncode == NOT_FOUND and not _on_path(_shown(command)[0]):
        raise _absent(command)
    if child.returncode:
        raise LabError(f"{' '.join(_shown(command)[:2])} ... failed ({child.returncode})\n{_tail(out + err)}")
    return out.decode(errors="replace")


def interrupt(*_: object) -> NoReturn:
    """The handler of SIGINT and SIGTERM: the commands that run in whatever thread are told too, and may tidy up."""
    for child in list(_interruptible):
        _signal(child, signal.SIGINT)
    raise KeyboardInterrupt


def as_root(command: Sequence[str], env: dict[str, str] | None = None) -> list[str]:
    """The command as root: as it is for root itself, else through sudo, which must not ask for a password."""
    settings = [f"{key}={value}" for key, value in (env or {}).items()]
    prefix = ["env", *settings] if settings else []
    return [*([] if os.geteuid() == 0 else ["sudo", "-n"]), *prefix, *command]


@contextlib.contextmanager
def lock(path: Path) -> Iterator[None]:
    """One at a time: a second `lab` on the same thing waits for the first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        with step(f"waiting for another lab command ({path})"):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write_private(path: Path, text: str) -> None:
    """Whole or not at all, and never readable by others."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    new.replace(path)


def _shown(command: Sequence[str]) -> list[str]:
    """Without what as_root() put before it."""
    words = list(command)
    while words[0] in ("sudo", "-n", "env", "-i") or re.match(r"[A-Z_]+=", words[0]):
        words.pop(0)
    return words


def _on_path(name: str) -> bool:
    """As root finds it: sudo adds the folders of system programs."""
    return bool(shutil.which(name, path=os.pathsep.join([*os.get_exec_path(), "/usr/sbin", "/sbin"])))


def _absent(command: Sequence[str]) -> LabError:
    return LabError(f"{_shown(command)[0]} is not on this machine\nrun `lab packages` first")


def _await_end(child: subprocess.Popen[bytes]) -> None:
    try:
        child.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        _signal(child, signal.SIGKILL)
        child.communicate()


def _signal(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """To its whole session. Through sudo too: our own signal would reach sudo alone, which passes it on to one process."""
    if os.geteuid() == 0:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)
    else:
        subprocess.run(as_root(["kill", f"-{number.name[3:]}", "--", f"-{child.pid}"]), stdin=subprocess.DEVNULL, capture_output=True, check=False)


def _tail(data: bytes, lines: int = 15) -> str:
    return "\n".join(data.decode(errors="replace").strip().splitlines()[-lines:])
