#!/usr/bin/env python3
"""dist.py [--build] [FOLDER]: the collection as FOLDER/cmsweb-crab-VERSION.tar.gz (default: dist), and what Galaxy's importer says of it.
--build: without the importer.

The same commit is the same archive, to the byte: of the files that git knows, in one order, with one owner, two modes, and the date of the commit
(or of SOURCE_DATE_EPOCH).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import tree

ROOT = tree.ROOT
# ansible-test has its own place (make sanity), as has ansible-lint (make lint).
IMPORTER = """\
[galaxy-importer]
RUN_ANSIBLE_TEST = False
RUN_ANSIBLE_LINT = False
CHECK_REQUIRED_TAGS = True
REQUIRE_V1_OR_GREATER = True
"""
# It ends with 0 whatever it finds.
COMPLAINT = re.compile(r"^(WARNING|ERROR|CRITICAL)\b", re.MULTILINE)


def main() -> int:
    words = sys.argv[1:]
    only_build = "--build" in words
    folder = Path(*[word for word in words if word != "--build"][:1] or [ROOT / "dist"]).resolve()
    with tempfile.TemporaryDirectory() as work:
        copy = tree.copy(Path(work), others=False)
        command = ["ansible-galaxy", "collection", "build", "--output-path", f"{work}/built", str(copy)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        built = next(Path(work, "built").glob("*.tar.gz"))
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.tar.gz"):
            old.unlink()
        archive = folder / built.name
        archive.write_bytes(normal(built, date()))
        said = "" if only_build else look(archive, Path(work))
    print(archive, hashlib.sha256(archive.read_bytes()).hexdigest(), sep="\n", flush=True)
    if COMPLAINT.search(said):
        print(said, "dist: Galaxy would not take it, or not without a word: see WARNING and ERROR above", sep="\n", file=sys.stderr)
        return 1
    return 0


def date() -> int:
    given = os.environ.get("SOURCE_DATE_EPOCH")
    return int(given or subprocess.run(["git", "log", "-1", "--format=%ct"], cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def normal(built: Path, seconds: int) -> bytes:
    """The archive with nothing in it that depends on when, where and by whom it was made."""
    with tarfile.open(built) as source:
        content = {member.name: source.extractfile(member) for member in source}
        files = {name: stream.read() if stream else None for name, stream in content.items()}
        runs = {member.name for member in source if member.isfile() and member.mode & 0o100}
    listed = json.loads(files["FILES.json"] or b"")
    listed["files"].sort(key=lambda entry: entry["name"])
    files["FILES.json"] = dumped(listed)
    manifest = json.loads(files["MANIFEST.json"] or b"")
    manifest["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(files["FILES.json"]).hexdigest()
    files["MANIFEST.json"] = dumped(manifest)
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.GNU_FORMAT) as target:
        for name in sorted(files, key=lambda name: (name not in ("MANIFEST.json", "FILES.json"), name)):
            member, data = tarfile.TarInfo(name), files[name]
            member.mtime = seconds
            member.type = tarfile.DIRTYPE if data is None else tarfile.REGTYPE
            member.mode = 0o755 if data is None or name in runs else 0o644
            member.size = len(data or b"")
            target.addfile(member, io.BytesIO(data or b""))
    return gzip.compress(plain.getvalue(), mtime=seconds)


def dumped(value: object) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True).encode() + b"\n"


def look(archive: Path, work: Path) -> str:
    """What the importer says."""
    settings = work / "galaxy-importer.cfg"
    settings.write_text(IMPORTER)
    run = subprocess.run([sys.executable, "-m", "galaxy_importer.main", str(archive)], cwd=work, env={**os.environ, "GALAXY_IMPORTER_CONFIG": str(settings)},
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return run.stdout + (f"ERROR: it ended with {run.returncode}\n" if run.returncode else "")


if __name__ == "__main__":
    sys.exit(main())
