#!/usr/bin/env python3
"""sanity.py [OPTION...]: ansible-test sanity on every target Python of this ansible-core that the machine has; options go to ansible-test.

ansible-test wants three things that are not given: a folder that is really called ansible_collections/cmsweb/crab, Pythons on
PATH that run, and a bootstrap script for pip that it fetches from the web. What that script does, ensurepip does as well.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pythons
import tree
from ansible.release import __version__
from ansible_test._util.target.common import constants

ROOT = tree.ROOT
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cmsweb-crab"
HOME = CACHE / "ansible-test"  # it keeps environments and downloads in its home
# Not in what galaxy.yml builds, and programs of this machine or the lab's rather than Ansible content. Lint looks at them.
OUTSIDE = (".ci/", "molecule/", "tests/bench/", "tests/ci/", "tests/docs/", "tests/integration/", "tests/lab/", "tests/property/", "tests/release/")
BOOTSTRAPS = ("20_3_4", "21_3_1", "23_1_2", "24_2", "25_2")  # the versions of pip that ansible-core 2.16 to 2.21 ask for
BOOTSTRAP = """\
import subprocess
import sys

subprocess.check_call([sys.executable, '-m', 'ensurepip', '--upgrade', '--default-pip'])
wanted = [word for word in sys.argv[1:] if word not in ('--no-setuptools', '--no-wheel')]
sys.exit(subprocess.call([sys.executable, '-m', 'pip', 'install'] + wanted) if wanted else 0)
"""
VIRTUALENV = "virtualenv==16.7.12"  # the last that ansible-test takes for Python 2.7, which has no venv
# What pip says while ansible-test makes its environments, once per machine.
NOISE = re.compile(
    r"WARNING: Location .* is ignored|DEPRECATION: Python 2.7|You are using pip|You should consider|Looking in |Processing /|Collecting |  Downloading "
    r"|  Using cached |     .*[kM]B|Installing collected|Successfully installed|  Attempting"
    r"|    Found existing|    Uninstalling|      Successfully uninst|Requirement already"
)


def main() -> int:
    if f"{sys.version_info.major}.{sys.version_info.minor}" not in constants.CONTROLLER_PYTHON_VERSIONS:
        wanted = ", ".join(constants.CONTROLLER_PYTHON_VERSIONS)
        print(f"NOT RUN: ansible-test sanity of ansible-core {__version__}: it runs on Python {wanted} only, and this machine has none of them")
        return 0
    copy = tree.copy(ROOT / f".cache/sanity-{__version__}", without=OUTSIDE)
    # It asks git for the list of files, and the outer repository ignores this folder.
    subprocess.run(["git", "init", "--quiet", "."], cwd=copy, check=True)
    subprocess.run(["git", "add", "--all", "."], cwd=copy, check=True)
    bootstrap()
    folder, absent = interpreters()
    environment = {**os.environ, "PATH": os.pathsep.join([str(folder), *honest(absent)]), "PYTHONWARNINGS": "ignore", "HOME": str(HOME)}
    environment.pop("ANSIBLE_COLLECTIONS_PATH", None)  # the copy, not the checkout
    command = ["ansible-test", "sanity", "--venv", "--color", "no", *sys.argv[1:]]
    child = subprocess.Popen(command, cwd=copy, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert child.stdout is not None
    skipped: dict[str, None] = {}
    for line in child.stdout:
        if NOISE.match(line):
            continue
        print(line, end="", flush=True)
        found = re.search(r"Skipping .*", line)
        if found and " on Python " not in line:
            skipped[found.group(0)] = None
    code = child.wait()
    for text in skipped:
        print(f"NOT RUN: {text}")
    if absent:
        print(f"NOT RUN: compile and import on Python {', '.join(absent)}: not on this machine")
    return code


def bootstrap() -> None:
    cache = HOME / ".ansible/test/cache"
    cache.mkdir(parents=True, exist_ok=True)
    for version in BOOTSTRAPS:
        script = cache / f"get_pip_{version}.py"
        if not script.exists():
            script.write_text(BOOTSTRAP)


def interpreters() -> tuple[Path, list[str]]:
    """A folder with the Pythons that run, for the front of PATH, and the versions that are not there."""
    folder, absent = ROOT / f".cache/pythons-{__version__}", []
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for version in constants.REMOTE_ONLY_PYTHON_VERSIONS + constants.CONTROLLER_PYTHON_VERSIONS:
        found = pythons.find(version)
        if found is None:
            absent.append(version)
        elif version == "2.7":
            with_virtualenv(folder / "python2.7", found)
        else:
            (folder / f"python{version}").symlink_to(found)
    return folder, absent


def honest(absent: list[str]) -> list[str]:
    """PATH without the folders that have a Python which does not run: ansible-test takes what it sees."""
    return [place for place in os.get_exec_path() if not any((Path(place) / f"python{version}").exists() for version in absent)]


def with_virtualenv(link: Path, python: Path) -> None:
    libraries = CACHE / VIRTUALENV.replace("==", "-")
    if not libraries.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--no-deps", "--target"]
        new = libraries.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        done = subprocess.run([*pip, str(new), VIRTUALENV], capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"sanity: {VIRTUALENV} cannot be installed\n{done.stderr}")
        new.rename(libraries)
    link.write_text(f'#!/bin/sh\ncase "$*" in *virtualenv*) export PYTHONPATH="{libraries}" ;; esac\nexec "{python}" "$@"\n')
    link.chmod(0o755)


if __name__ == "__main__":
    sys.exit(main())
