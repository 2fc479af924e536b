#!/usr/bin/env python3
"""dependencies.py [--check]: write docs/dependencies.md, or only compare: all that the collection depends on, with licences and what each is for.

Names and versions come from galaxy.yml and requirements/, licences from what is installed here, and what a package is for from WHY, or from the packages
that pull it in. A package that nobody wants, or a reason without a package, is a fault.
"""

from __future__ import annotations

import re
import sys
from importlib import metadata
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/dependencies.md"
# What is asked for by name, and what for; the others are here because these need them.
WHY = {
    "ansible-core": "runs everything", "ansible": "brings the three collections in a checkout, where Galaxy may be out of reach",
    "community.crypto": "role `gridcert`: issuers `acme` and `ownca`", "community.general": "role `myproxy`: the registration by mail",
    "openstack.cloud": "role `vm`",
    "cryptography": "role `gridcert`: issuer `ownca`; the laboratory's certificates",
    "oracledb": "role `oracle_schema` with `oracle_schema_run_on: controller`",
    "openstacksdk": "role `vm`, for openstack.cloud", "cx_Oracle": "the database modules on a host with Python 2.7",
    "psutil": "the laboratory: what runs on it",
    "alembic": "`make bench`: the peer of the schema engine", "ansible-builder": "the execution environment", "ansible-lint": "`make lint`",
    "ansible-runner": "tests of the job templates, in the form that AWX uses", "antsibull-changelog": "`make release`",
    "antsibull-docs": "`make lint`, `make docs-site`", "axe-playwright-python": "tests of the report's page: accessibility, by axe-core",
    "galaxy_importer": "`make dist`: what Galaxy would say", "hypothesis": "property tests", "molecule": "scenarios of the roles",
    "playwright": "tests of the report's page in a browser",
    "pymarkdownlnt": "`make lint`: the pages", "pytest": "all tests", "ruff": "`make lint`", "SQLAlchemy": "`make bench`, with Alembic",
    "sqlfluff": "tests: a second opinion on Oracle's SQL", "yamllint": "`make lint`",
}
# Of an execution environment, by what its metadata does not say in a way that is found: the project's own page.
LICENCES = {"community.crypto": "GPL-3.0-or-later", "community.general": "GPL-3.0-or-later", "openstack.cloud": "GPL-3.0-or-later",
            "oracledb": "Apache-2.0 OR UPL-1.0", "cx_Oracle": "BSD-3-Clause", "ansible": "GPL-3.0-or-later",
            "axe-playwright-python": "MIT AND MPL-2.0", "async-timeout": "Apache-2.0", "exceptiongroup": "MIT AND PSF-2.0"}
SPELT = {"Apache Software License": "Apache-2.0", "BSD License": "BSD", "MIT License": "MIT", "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
         "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later", "ISC License (ISCL)": "ISC", "Python Software Foundation License": "PSF-2.0"}
HEAD = """\
# Dependencies

All that the collection depends on: version, licence, and what each is for. Written by `make docs` from `galaxy.yml`, `requirements/` and
`meta/ee-requirements.txt`; a check fails when a package has no reason, or a reason no package.

"""


def main() -> int:
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text())["dependencies"]
    optional = {name: pin for file in ("meta/ee-requirements.txt", "requirements/oracle.txt") for name, pin in read(ROOT / file).items()}
    run_time = {"ansible-core": ">=2.16", **galaxy}
    development = {name: pin for file in ("controller", "lab", "dev") for name, pin in pins(f"{file}.txt").items()}
    everything = {**development, **optional, **run_time}
    faults = [f"{name}: there is a reason for it, and no pin" for name in WHY if normal(name) not in map(normal, everything)]
    because = reasons(development, faults)
    text = HEAD
    for title, lead, chosen in (
        ("On a host", "The Python that it has (2.7, 3.6 or later), with nothing but its standard library; the `openssl` command; sudo. What the roles install\n"
         "is in their own READMEs.", {}),
        ("On the controller", "", run_time),
        ("On the controller or a host, for some roles", "", optional),
        ("For development", "Pinned exactly, in `requirements/`. The archive for Galaxy has what [a user](galaxy.md) needs: `controller.txt`.", development),
    ):
        text += f"## {title}\n\n" + (f"{lead}\n\n" if lead else "")
        if chosen:
            text += "| package | version | licence | what for |\n| --- | --- | --- | --- |\n"
            text += "".join(f"| {name} | {pin} | {licence(name, faults)} | {WHY.get(spelt(name)) or because[normal(name)]} |\n"
                            for name, pin in sorted(chosen.items(), key=lambda item: item[0].lower())) + "\n"
    text = text.rstrip() + "\n"
    print(*(f"dependencies: {fault}" for fault in faults), sep="\n", end="\n" if faults else "")
    if "--check" in sys.argv[1:]:
        old = PAGE.exists() and PAGE.read_text() == text
        print(*[] if old else [f"{PAGE.relative_to(ROOT)} is not what `make docs` writes"], sep="\n", end="" if old else "\n")
        return 1 if faults or not old else 0
    PAGE.write_text(text)
    return 1 if faults else 0


def pins(name: str) -> dict[str, str]:
    return read(ROOT / "requirements" / name)


def read(path: Path) -> dict[str, str]:
    """Package to version: what stands there, without the markers; several versions for several Pythons are told together."""
    found: dict[str, str] = {}
    for line in path.read_text().splitlines():
        matched = re.match(r"([A-Za-z0-9][\w.-]*)\s*([<>=][^;#]*)", line)
        if matched:
            version = matched[2].strip().replace("==", "")
            found[matched[1]] = f"{found[matched[1]]}, {version}" if matched[1] in found else version
    return found


def reasons(development: dict[str, str], faults: list[str]) -> dict[str, str]:
    """For a package without a reason of its own: those that pull it in."""
    wanted: dict[str, set[str]] = {}
    for name in development:
        for text in required(name):
            wanted.setdefault(normal(re.split(r"[\s;<>=!~\[(]", text)[0]), set()).add(name)
    faults += [f"{name}: nothing needs it, and it has no reason" for name in development if spelt(name) not in WHY and normal(name) not in wanted]
    return {normal(name): "for " + ", ".join(sorted(wanted.get(normal(name), {"?"}), key=str.lower)) for name in development}


def required(name: str) -> list[str]:
    try:
        return [text for text in metadata.distribution(name).requires or [] if "extra ==" not in text]
    except metadata.PackageNotFoundError:
        return []  # pinned for another Python only


def licence(name: str, faults: list[str]) -> str:
    if spelt(name) in LICENCES:
        return LICENCES[spelt(name)]
    about = metadata.metadata(name)
    classified = [SPELT.get(text.split(" :: ")[-1], text.split(" :: ")[-1]) for text in about.get_all("Classifier") or [] if text.startswith("License :: OSI")]
    free = about.get("License") or ""
    found = about.get("License-Expression") or ", ".join(classified) or ("" if len(free) > 40 else free)
    if not found:
        faults.append(f"{name}: its licence is not found; add it to LICENCES")
    return found


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def spelt(name: str) -> str:
    return next((known for known in WHY if normal(known) == normal(name)), name)


if __name__ == "__main__":
    sys.exit(main())
