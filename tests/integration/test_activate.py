"""`source activate`, as README.md has it, in the shells that people use."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import ROOT

SHELLS = {"bash": ["bash", "--norc", "-c"], "zsh": ["zsh", "-f", "-c"]}


def shell(name: str, script: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    path = [folder for folder in os.get_exec_path() if folder != str(Path(sys.executable).parent)]  # not that of the tests
    environment = {"PATH": os.pathsep.join(path), "HOME": str(Path.home()), "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", "")}
    return subprocess.run([*SHELLS[name], script], cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", SHELLS)
def test_ansible_is_on_path_until_deactivate(name: str) -> None:
    done = shell(name, "source ./activate && command -v ansible-playbook && deactivate && ! command -v ansible-playbook && set | grep -c ^crab_")

    path, left = done.stdout.splitlines()
    assert (Path(path).name, ".cache/cmsweb-crab/venv-" in path, left) == ("ansible-playbook", True, "0"), done


@pytest.mark.parametrize("name", SHELLS)
def test_it_works_from_another_folder(name: str, tmp_path: Path) -> None:
    done = shell(name, f"source {ROOT}/activate && command -v ansible-playbook", tmp_path)

    assert (done.returncode, done.stderr) == (0, "")


def test_a_call_in_place_of_source_says_what_to_type() -> None:
    done = subprocess.run(["bash", str(ROOT / "activate")], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (2, "activate changes the shell that you type in, so type: source activate\n")


@pytest.mark.parametrize("name", SHELLS)
def test_without_a_python_it_fails_and_changes_nothing(name: str, tmp_path: Path) -> None:
    for tool in ("env", "dirname", "python3"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    done = shell(name, f"PATH={tmp_path}; source ./activate || echo failed; echo $PATH")

    assert done.stdout.splitlines() == ["failed", str(tmp_path)]
    assert "venv: no Python of 3.10, 3.11, 3.12, 3.13, 3.14 with the module venv runs here" in done.stderr
