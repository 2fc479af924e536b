#!/usr/bin/env python3
"""units.py controller|newest|lab|VERSION|live|+DAYSd|DATE: the unit tests on one Python.

controller  this Python: every unit test and the property tests
newest      this Python, and the ansible-core that comes with it: the unit tests of what knows of Ansible
lab         Python 2.7 in the image of the lab hosts, as a bare machine has none
VERSION     2.7 or 3.6 of this machine, if it has it
live        this Python, and those of the schema engine alone, on the database that CRAB_TEST_DSN names
+400d       this Python, with the clock moved by so many days, and in another time zone
2028-02-29  the same with noon of that day

What runs on hosts (modules, module_utils) and the Oracle stand-in are tested on all; what runs on the controller only there.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import ansible
import pythons
import tree

ROOT = tree.ROOT
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cmsweb-crab"
INNER = "ansible_collections/cmsweb/crab"
ON_HOSTS = ["tests/unit/plugins/modules", "tests/unit/plugins/module_utils", "tests/unit/lab"]
WITH_ANSIBLE = [f"tests/unit/{name}" for name in (
    "test_clock.py", *(f"plugins/{name}" for name in ("callback", "connection", "filter", "lookup", "modules", "plugin_utils", "test_examples.py")))]
LIVE = [f"tests/unit/plugins/module_utils/test_schema_{name}.py" for name in ("dictionary", "alter", "history")]
PYTEST = ["-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider"]
# Not with the clock moved: tests (as pytest names them) or folders, and why.
UNMOVED = dict.fromkeys(("tests/property", "tests/unit/plugins/dialect", "tests/unit/plugins/module_utils/test_schema_history.py"),
                        "no date is in them, and they take two thirds of the time")
ZONES = ("<+0930>-9:30", "<-1130>11:30")


def main() -> int:
    what = sys.argv[1] if len(sys.argv) == 2 else ""
    if what == "controller":
        return on_controller(*(name for name in ("tests/unit", "tests/property") if (ROOT / name).is_dir()))
    if what == "newest":
        return on_controller(*WITH_ANSIBLE)
    if what == "lab":
        return in_lab()
    if what == "live":
        return on_live()
    if what in ("2.7", "3.6"):
        return on_old(what)
    if re.fullmatch(r"\+\d+d|\d{4}-\d\d-\d\d", what):
        return moved(what)
    sys.exit(__doc__)


def on_controller(*tests: str) -> int:
    return subprocess.run(_pytest_here(*tests), cwd=ROOT / "collections" / INNER, env=_environment(), check=False).returncode


def _pytest_here(*tests: str) -> list[str]:
    # By file, not by package: test modules of the same name in different folders must not meet.
    return [sys.executable, *PYTEST, "--import-mode=importlib", *tests]


def _environment(*paths: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (*paths, ROOT / "collections", *_wmcore())))}


def moved(to: str) -> int:
    if not shutil.which("faketime"):
        sys.exit("units.py: faketime is not on this machine: tests/lab/lab packages")
    for name, why in UNMOVED.items():
        print(f"NOT RUN: unit tests with the clock at {to}: {name}: {why}", flush=True)
        if not (ROOT / name.split("::")[0]).exists():
            sys.exit(f"units.py: there is no {name} any more")
    ahead = _ahead(to)
    # Dates of files are those of the kernel, which nothing moves, and what waits goes by the monotonic clock.
    faketime = ["faketime", "-m", "--exclude-monotonic", "-f", f"{ahead:+d}"]
    environment = _environment(ROOT / "tests/ci/moved") | {"NO_FAKE_STAT": "1", "FAKE_UTIME": "n", "TZ": ZONES["-" in to]}
    there = subprocess.run([*faketime, sys.executable, "-c", "import time; print(time.time())"], env=environment, check=True, capture_output=True).stdout
    if abs(float(there) - time.time() - ahead) > 3600:
        sys.exit(f"units.py: faketime has not moved the clock: {there!r}")
    words = [*faketime, *_pytest_here("tests/unit", *(f"--deselect={name}" for name in UNMOVED))]
    # Alone in its group: faketime does not hand on a signal that ends it.
    child = subprocess.Popen(words, cwd=ROOT / "collections" / INNER, env=environment, start_new_session=True)
    try:
        return child.wait()
    except KeyboardInterrupt:
        os.killpg(child.pid, signal.SIGINT)
        raise
    finally:
        for path in Path("/dev/shm").glob(f"*faketime_s??_{child.pid}"):
            path.unlink(missing_ok=True)


def _ahead(to: str) -> int:
    """Seconds from now to there; to noon of a date."""
    return int(datetime.fromisoformat(to + "T12:00+00:00").timestamp() - time.time()) if "-" in to else int(to[1:-1]) * 86400


def on_live() -> int:
    missing = [name for name in ("CRAB_TEST_DSN", "CRAB_TEST_USER", "CRAB_TEST_PASSWORD") if not os.environ.get(name)]
    if missing:
        sys.exit(f"units.py: {', '.join(missing)} not set. Name a database and an account of its own without any table; CRAB_TEST_DRIVER (oracledb, "
                 "cx_Oracle) and CRAB_TEST_CLIENT_DIR if need be.")
    path = os.pathsep.join(filter(None, (str(ROOT / "collections"), os.environ.get("PYTHONPATH"))))
    return subprocess.run([sys.executable, *PYTEST, "--import-mode=importlib", *LIVE], cwd=ROOT / "collections" / INNER,
                          env={**os.environ, "PYTHONPATH": path}, check=False).returncode


def on_old(version: str) -> int:
    python = pythons.find(version)
    if python is None:
        also = " (the units ran on 2.7 in the lab image)" if version == "2.7" else ""
        print(f"NOT RUN: unit tests on Python {version} of this machine: there is none{also}")
        return 0
    work, libraries, ansible_part = _tree(version), _pytest(version), _ansible()
    path = os.pathsep.join(map(str, (libraries, ansible_part, work)))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([python, *PYTEST, *ON_HOSTS], cwd=work / INNER, env=environment, check=False).returncode


def in_lab() -> int:
    sys.path.insert(0, str(ROOT / "tests/lab"))
    from crablab.image import ensure_image
    from crablab.podman import command

    mounts = {"/libraries": _pytest("2.7"), "/ansible": _ansible(), "/tree": _tree("lab")}
    volumes = [word for place, folder in mounts.items() for word in ("--volume", f"{folder}:{place}:ro")]
    settings = ["--env", f"PYTHONPATH={':'.join(mounts)}", "--env", "PYTHONDONTWRITEBYTECODE=1", "--workdir", f"/tree/{INNER}"]
    words = command("run", "--rm", "--network", "none", *volumes, *settings, ensure_image("cc7"), "python2.7", *PYTEST, *ON_HOSTS)
    return subprocess.run(words, stdin=subprocess.DEVNULL, check=False).returncode


def _tree(name: str) -> Path:
    """A folder with a copy in which every folder is a package: Python 2.7 has no other kind. Each way has its own, as they may run at once."""
    work = ROOT / f".cache/units-{name}"
    copy = tree.copy(work)
    above = [work / "ansible_collections", work / "ansible_collections/cmsweb", copy, copy / "tests"]
    for top in (copy / "plugins", copy / "tests/unit"):
        above += [top, *(path for path in top.rglob("*") if path.is_dir() and path.name != "__pycache__")]
    for folder in above:
        (folder / "__init__.py").touch()
    return work


def _wmcore() -> list[Path]:
    """The real reader of config.py, out of what the laboratory's crabserver is made of."""
    built = subprocess.run([ROOT / "tests/lab/software/packages/build_rest.sh", "crabserver", CACHE], stdout=subprocess.DEVNULL, check=False)
    archives = sorted(CACHE.glob("wmcore-*.tar"), key=lambda path: path.stat().st_mtime)
    if built.returncode or not archives:
        return []

    def fill(new: Path) -> None:
        with tarfile.open(archives[-1]) as source:
            wanted = ("./WMCore/__init__.py", "./WMCore/Configuration.py", "./Utils/", "./future/")
            source.extractall(new, [member for member in source if member.name.startswith(wanted)])

    return [_kept(CACHE / f"{archives[-1].stem}-config", fill)]


def _pytest(version: str) -> Path:
    """pytest and what it needs for an old Python, fetched by this one and kept by the content of the requirements."""
    requirements = ROOT / f"requirements/units-{version}.txt"

    def fill(new: Path) -> None:
        foreign = ["--only-binary=:all:", "--python-version", version, "--implementation", "py", "--abi", "none", "--platform", "any"]
        _pip("install", "--no-compile", *foreign, "--target", str(new), "--requirement", str(requirements))
        if version == "2.7":
            _add_scandir(new.parent, new)

    return _kept(CACHE / f"units-{version}-{_hash(requirements.read_bytes())}", fill)


def _add_scandir(work: Path, target: Path) -> None:
    """pathlib2 wants it, and it has no wheel; its one Python file works alone."""
    _pip("download", "--no-binary=:all:", "--dest", str(work), "scandir==1.10.0")
    with tarfile.open(work / "scandir-1.10.0.tar.gz") as source:
        content = source.extractfile("scandir-1.10.0/scandir.py")
        assert content is not None
        (target / "scandir.py").write_bytes(content.read())


def _pip(command: str, *options: str) -> None:
    done = subprocess.run([sys.executable, "-m", "pip", command, "--quiet", "--no-input", "--no-deps", *options], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"units: pip {command} failed\n{done.stderr}")


def _ansible() -> Path:
    """The part of Ansible that modules import, apart from the environment of the controller."""
    source = Path(ansible.__file__).parent

    def fill(new: Path) -> None:
        for name in ("_vendor", "module_utils"):
            shutil.copytree(source / name, new / "ansible" / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("__init__.py", "release.py"):
            shutil.copy2(source / name, new / "ansible" / name)

    return _kept(CACHE / f"module_utils-{_hash(str(source).encode())}", fill)


def _kept(folder: Path, fill: Callable[[Path], None]) -> Path:
    """A folder of the cache, which is whole as soon as it is there. Another run that makes the same may be the first."""
    if not folder.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as work:
            new = Path(work) / "new"
            fill(new)
            try:
                new.rename(folder)
            except OSError:
                if not folder.exists():
                    raise
    return folder


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


if __name__ == "__main__":
    sys.exit(main())
