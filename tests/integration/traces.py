"""What strace wrote down (tests/lab/crablab/trace.py), and which of it is not a service's own."""

from __future__ import annotations

import mimetypes
import os.path
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from .conftest import ROOT

sys.path.insert(0, str(ROOT / "tests/lab"))
from crablab import trace  # noqa: E402
from crablab.image import cache  # noqa: E402

__all__ = ["INSTALLED", "MIME_TYPES", "foreign", "programs", "trace"]

# Of a virtual environment: the cache, and the Python that it was made from. Debian's own is among PACKAGES.
INSTALLED = [cache(), *(Path(one) for one in {sys.base_prefix} - {"/usr"})]
MIME_TYPES = tuple(mimetypes.knownfiles)  # where Python looks for a web server's table
CALL = re.compile(r'^(\w+)\((?:AT_FDCWD, )?"((?:[^"\\]|\\.)*)"(.*)$')
CREATES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT")
PAIRS = ("rename", "link", "symlink")  # two paths
WRITES = {"creat", "mkdir", "mkdirat", "mknod", "rename", "renameat", "renameat2", "rmdir", "unlink", "unlinkat", "link", "linkat", "symlink", "symlinkat",
          "truncate", "chmod", "fchmodat", "chown", "lchown", "fchownat"}
# What every program of a Debian system looks at; local additions (/usr/local) are not among it.
PACKAGES = ("/bin", "/sbin", "/lib", "/lib64", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib64", "/usr/share", "/usr/libexec")
KERNEL = ("/proc", "/sys", "/dev")
BASE = {
    "/etc/ld.so.cache", "/etc/ld.so.preload",  # the loader
    "/etc/nsswitch.conf", "/etc/hosts", "/etc/host.conf", "/etc/resolv.conf", "/etc/gai.conf", "/etc/protocols", "/etc/services",  # names of hosts and ports
    "/etc/passwd", "/etc/group",  # names of accounts
    "/etc/localtime", "/etc/ssl/openssl.cnf", "/etc/gnutls/config",  # of the libraries
    "/etc/selinux/config", "/selinux",
}
PYTHON = re.compile(r"/(lib/python\d+\.zip|pyvenv\.cfg)$")  # looked for in all folders above


def foreign(folder: Path, own: Iterable[Path], also: Iterable[str] = ()) -> list[str]:
    """PROGRAM: CALL PATH of all that is neither own, nor of an installed package and only read, nor named in `also`."""
    homes = {str(path) for one in own for path in (one, one.resolve())}
    listed = BASE | set(also)
    found = {f"{program}: {call} {path}" for program, call, path, writes in _calls(folder) if not _allowed(call, path, writes, homes, listed)}
    return sorted(found)


def programs(folder: Path) -> set[str]:
    return {file.name.rpartition(".")[0] for file in folder.iterdir()}


def _calls(folder: Path) -> Iterator[tuple[str, str, str, bool]]:
    for file in folder.iterdir():
        for line in file.read_text(errors="replace").splitlines():
            match = CALL.match(line)
            if not match:
                continue
            call, path, rest = match.groups()
            for one in [path, *(re.findall(r'"(/[^"]*)"', rest) if call.startswith(PAIRS) else [])]:
                # Other paths begin at a folder that was opened by its own.
                if one.startswith("/"):
                    yield file.name.rpartition(".")[0], call, os.path.normpath(one), call in WRITES or bool(CREATES.search(rest))


def _allowed(call: str, path: str, writes: bool, own: set[str], listed: set[str]) -> bool:
    if _below(path, own | set(KERNEL)):
        return True
    if writes:
        return False
    on_the_way = "access" in call and any(_below(home, [path]) for home in (*own, *PACKAGES))
    return on_the_way or path in listed or bool(PYTHON.search(path)) or _below(path, PACKAGES)


def _below(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder.rstrip("/") or path.startswith(folder.rstrip("/") + "/") for folder in folders)
