"""The services' virtual environment and their empty databases, kept in the cache under the hash of all that they are made from."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from crablab.image import cache
from crablab.shell import LabError, lock, run, say, step

from . import configuration

HERE = Path(__file__).resolve().parent
CLOUD = HERE.parent
SERVICES = CLOUD / "services"
PINS = CLOUD / "requirements.txt"
NEWEST = (3, 13)  # eventlet 0.39, greenlet, lxml and numpy of the pins have no wheels for later ones
KEPT = 3  # those used last: other checkouts and other Pythons have others


def ensure() -> Path:
    """The folder with venv/ and schema/*.db."""
    if sys.version_info[:2] > NEWEST:
        raise LabError("OpenStack's services need Python 3.10 to {}.{}, and this is {}.{}\n".format(*NEWEST, *sys.version_info)
                       + "put the folder of an older Python first on PATH, and start again")
    python = Path(sys.executable).resolve()
    parts = [PINS, SERVICES / "neutron_schema.py", HERE / "environment.py"]
    digest = hashlib.sha256(b"\0".join([part.read_bytes() for part in parts] + [f"{python} {sys.version}".encode()])).hexdigest()[:12]
    folder = cache() / f"cloud-{digest}"
    if (folder / "complete").exists():
        (folder / "complete").touch()
        return folder
    with lock(cache() / "cloud.lock"):
        if not (folder / "complete").exists():
            say("installing the services of OpenStack (one to two minutes)")
            shutil.rmtree(folder, ignore_errors=True)
            with step("virtual environment of the services"):
                run([str(python), "-m", "venv", str(folder / "venv")])
                pip = [str(folder / "venv/bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-compile"]
                run([*pip, "--no-deps", "--requirement", str(PINS)])
            with step("databases of the services"):
                _schemas(folder)
            (folder / "complete").touch()
            older = sorted(cache().glob("cloud-*/complete"), key=lambda path: path.stat().st_mtime, reverse=True)
            for path in older[KEPT:]:
                shutil.rmtree(path.parent)
    return folder


def manage(venv: Path, service: str, settings: Path) -> list[str]:
    """The beginning of a call of SERVICE-manage."""
    return [str(venv / "bin/python"), str(SERVICES / "manage.py"), service, "--config-file", str(settings)]


def _schemas(folder: Path) -> None:
    """What the services' own `db sync` makes of an empty database; place() gives a cloud its copies."""
    work = folder / "work"
    configuration.write(work, folder / "venv", configuration.Settings.for_schemas(work))
    keystone, nova, glance, placement = (
        manage(folder / "venv", service, work / "etc" / name)
        for service, name in (("keystone", "keystone.conf"), ("nova", "nova.conf"), ("glance", "glance-api.conf"), ("placement", "placement.conf"))
    )
    groups = (
        [[*keystone, "db_sync"]],
        [
            [*nova, "api_db", "sync"],
            [*nova, "cell_v2", "map_cell0", "--database_connection", configuration.database(work, "nova_cell0")],
            [*nova, "cell_v2", "create_cell", "--name", "cell1", "--database_connection", configuration.database(work, "nova"), "--transport-url", "fake://"],
            [*nova, "db", "sync"],
        ],
        [
            [*glance, "db_sync"],
            [*placement, "db", "sync"],
            [str(folder / "venv/bin/python"), str(SERVICES / "neutron_schema.py"), str(work / "db/neutron.db")],
        ],
    )
    with ThreadPoolExecutor() as pool:
        for _ in pool.map(lambda commands: [run(command, env=configuration.environ(work), inherit=False) for command in commands], groups):
            pass
    for file in (work / "db").glob("*.db"):
        with sqlite3.connect(file) as connection:
            connection.execute("pragma journal_mode=wal")
    (work / "db").rename(folder / "schema")
    shutil.rmtree(work)


def place(folder: Path, state: Path) -> None:
    """Copies of the empty databases for a cloud; Nova's cells are told where theirs are now."""
    shutil.copytree(folder / "schema", state / "db")
    with sqlite3.connect(state / "db/nova_api.db") as connection:
        names = {"cell0": "nova_cell0", "cell1": "nova"}
        for cell, name in names.items():
            changed = connection.execute("update cell_mappings set database_connection = ? where name = ?", (configuration.database(state, name), cell))
            if changed.rowcount != 1:
                raise LabError(f"the kept database has no cell {cell}\nremove {folder}, and try again")
