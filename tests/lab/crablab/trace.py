"""With CRAB_LAB_TRACE, strace writes down which files a server opens, tries or changes, whether they are there or not. A test reads it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

WANTED = "CRAB_LAB_TRACE"
# Those with a path, a question mark where not every architecture has it. Without the stat family: SQLite asks for each folder above its
# file at each connection, which makes Keystone's calls seven times as many.
CALLS = (
    "?open,openat,?openat2,?creat,?access,faccessat,?faccessat2,execve,statfs,truncate,?mkdir,mkdirat,?mknod,mknodat,?rmdir,?unlink,unlinkat,"
    "?rename,?renameat,?renameat2,?link,linkat,?symlink,symlinkat,?chmod,fchmodat,?chown,?lchown,fchownat"
)


# Goes before a command, with -o FILE: a FILE.PID for each of its processes. By -D the command is our child, and strace is not in between.
STRACE = ["strace", "-D", "-ff", "-qq", "--seccomp-bpf", "-e", f"trace={CALLS}", "-e", "signal=none"]


def wanted() -> bool:
    return bool(os.environ.get(WANTED))


def traced(folder: Path, name: str, command: Sequence[str]) -> list[str]:
    """The command, traced if that is wanted."""
    if not wanted():
        return list(command)
    folder.mkdir(exist_ok=True)
    return [*STRACE, "-o", str(folder / name), *command]
