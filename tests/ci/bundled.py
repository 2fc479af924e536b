#!/usr/bin/env python3
"""bundled.py FOLDER NAME...: archives of collections as Galaxy has them, made of what the Python package ansible brings; for where Galaxy is out of reach."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import ansible
import yaml


def archives(folder: Path, names: list[str]) -> list[Path]:
    """One for each name, such as community.general."""
    with tempfile.TemporaryDirectory() as work:
        for name in names:
            copy = Path(work, name)
            shutil.copytree(Path(ansible.__file__).parents[1] / "ansible_collections" / name.replace(".", "/"), copy)
            information = json.loads((copy / "MANIFEST.json").read_text())["collection_info"]
            for file in ("MANIFEST.json", "FILES.json"):    # they list files that the package leaves out
                (copy / file).unlink()
            (copy / "galaxy.yml").write_text(yaml.safe_dump({key: value for key, value in information.items() if value and key != "license_file"}))
            subprocess.run(["ansible-galaxy", "collection", "build", "--output-path", folder, copy], check=True, stdin=subprocess.DEVNULL,
                           stdout=subprocess.DEVNULL)
    return sorted(folder.iterdir())


if __name__ == "__main__":
    print(*archives(Path(sys.argv[1]), sys.argv[2:]), sep="\n")
