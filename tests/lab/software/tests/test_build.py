"""What `build` makes, without a host."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from .conftest import SOFTWARE


def build(folder: Path) -> Path:
    subprocess.run([str(SOFTWARE / "build"), str(folder)], check=True, stdin=subprocess.DEVNULL)
    return folder


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("out"))


def tags(folder: Path) -> str:
    words = ["git", "-C", str(folder / "git/deployment.git"), "for-each-ref", "--format=%(refname) %(objectname) %(creatordate:iso)"]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def test_two_builds_are_the_same_to_the_byte(built: Path, tmp_path: Path) -> None:
    again = build(tmp_path)

    assert tags(again) == tags(built)
    assert (again / "cmssw/packages.conf").read_text() == (built / "cmssw/packages.conf").read_text()


def test_tags_have_the_dates_of_the_real_ones(built: Path) -> None:
    dates = {line.split()[0]: line.split()[2] for line in tags(built).splitlines()}

    assert {name: dates[f"refs/tags/{name}"] for name in ("HG1803f", "HG2206b", "HG2604a")} == {
        "HG1803f": "2018-03-05",
        "HG2206b": "2022-06-08",
        "HG2604a": "2026-04-16",
    }


def test_a_second_build_of_the_same_writes_nothing(built: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in built.rglob("*")}

    build(built)

    assert {path: path.stat().st_mtime_ns for path in built.rglob("*")} == before


def test_bootstrap_is_at_the_place_of_each_era(built: Path) -> None:
    assert (built / "cmssw/bootstrap.sh").read_bytes() == (built / "cmssw/repos/bootstrap.sh").read_bytes()
    for tag, place in (("HG1803f", "/cmssw/repos/bootstrap.sh"), ("HG2604a", "/cmssw/bootstrap.sh")):
        words = ["git", "-C", str(built / "git/deployment.git"), "show", f"{tag}:Deploy"]
        deploy = subprocess.run(words, check=True, capture_output=True, text=True).stdout
        assert f"http://$rpmhost{place}" in deploy
