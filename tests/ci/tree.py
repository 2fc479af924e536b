#!/usr/bin/env python3
"""tree.py FOLDER: a real copy of the working tree at FOLDER/ansible_collections/cmsweb/crab; prints its path.

For tools that refuse the link in collections/, and for tests that need more than what is there. Uncommitted files are copied too.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LINK = "collections/ansible_collections"


def copy(folder: Path, without: Sequence[str] = (), others: bool = True) -> Path:
    """Make FOLDER hold what the working tree holds but for these folders, and nothing that it does not hold any more.

    :param others: files that git does not know yet as well.
    """
    target = folder / "ansible_collections/cmsweb/crab"
    wanted = {name for name in _files(others) if not name.startswith((LINK, *without))}
    for path in [path for path in target.rglob("*") if path.is_file() or path.is_symlink()]:
        name = str(path.relative_to(target))
        # ansible-test keeps its results and a Python there, and a repository of its own in .git: see sanity.py.
        # A link is made anew: shutil.copy2 does not replace one.
        if not name.startswith(("tests/output/", ".git/")) and (path.is_symlink() or name not in wanted):
            path.unlink()
    for name in wanted:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name, follow_symlinks=False)
    for path in sorted(target.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink() and not any(path.iterdir()) and ".git" not in path.parts:
            path.rmdir()
    return target


def _files(others: bool) -> list[str]:
    command = ["git", "ls-files", "-z", "--cached", *(["--others", "--exclude-standard"] if others else [])]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return [name for name in listed if name and ((ROOT / name).is_file() or (ROOT / name).is_symlink())]


if __name__ == "__main__":
    print(copy(Path(sys.argv[1]).resolve()))
