"""The Pythons of this machine that really run: a version manager's shims are on PATH as well, and exit with 127."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path


def find(version: str) -> Path | None:
    """The interpreter of this version, by the path that it gives itself."""
    name = f"python{version}"
    places = [Path(folder) / name for folder in os.get_exec_path()]
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)  # HOME is a new one
    places += sorted(home.glob(f".pyenv/versions/{version}.*/bin/{name}"), reverse=True)
    for place in places:
        real = _ask(place)
        if real:
            return real
    return None


def _ask(place: Path) -> Path | None:
    if not os.access(place, os.X_OK):
        return None
    try:
        script = "import os, sys; print(os.path.realpath(sys.executable))"
        asked = subprocess.run([place, "-c", script], capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return Path(asked.stdout.strip()) if asked.returncode == 0 and asked.stdout.strip() else None
