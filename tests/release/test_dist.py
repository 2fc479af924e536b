"""The archive for Galaxy: the same from every clone, with what a user needs and nothing else, and of use where there is no checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tarfile
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml
from docs.pages import parse
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[2]
TOP = {"CHANGELOG.md", "CONTRIBUTING.md", "FILES.json", "LICENSE", "MANIFEST.json", "README.md", "changelogs", "inventories", "meta", "playbooks", "plugins",
       "requirements", "roles", "site.yml", "awx", "docs", "examples"}
LEAST = {"meta/runtime.yml", "meta/execution-environment.yml", "changelogs/changelog.yaml", "inventories/private/hosts.yml", "requirements/controller.txt",
         "requirements/oracle.txt", "examples/ansible.cfg", "docs/galaxy.md",
         "plugins/modules/preflight.py", "roles/verify/tasks/main.yml", "roles/verify/README.md", "playbooks/site.yml", "docs/README.md", "site.yml"}


def built(clone: Path, folder: Path, umask: int, *options: str) -> Path:
    """The archive that dist.py makes in a clone of what is committed here. Without an option Galaxy's importer had nothing to say against it."""
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True, umask=umask)
    run = subprocess.run([sys.executable, "tests/ci/dist.py", *options, folder], cwd=clone, umask=umask, text=True, capture_output=True, check=False)
    assert run.returncode == 0, run.stderr
    return next(folder.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("first")
    return built(place / "clone", place / "dist", 0o022)


@pytest.fixture(scope="module")
def elsewhere(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of somebody who has the archive alone, and what it needs."""
    place = tmp_path_factory.mktemp("collections")
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(place), "ANSIBLE_NOCOLOR": "1"}
    command = ["ansible-galaxy", "collection", "install", "--offline", "--no-deps", "-p", place, archive]
    subprocess.run(command, cwd=place, env=environment, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return environment


def test_two_clones_make_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    other = built(tmp_path / "another", tmp_path / "dist", 0o077, "--build")

    assert (other.name, other.read_bytes()) == (archive.name, archive.read_bytes())


def test_every_relative_link_of_its_pages_leads_to_something_in_it(archive: Path, tmp_path: Path) -> None:
    with tarfile.open(archive) as content:
        content.extractall(tmp_path, filter="data")
    pages = [path for path in tmp_path.rglob("*.md") if path.name != "CHANGELOG.md"]
    links = [(path, link) for path in pages for link in parse(path.name, path.read_text(encoding="utf-8")).links if not re.match(r"[a-z]+:|#", link)]

    assert len(links) > 100
    assert [f"{path.relative_to(tmp_path)}: {link}" for path, link in links if not (path.parent / link.partition("#")[0]).exists()] == []


def test_it_has_what_a_user_needs_and_no_tool_of_ours(archive: Path) -> None:
    with tarfile.open(archive) as content:
        members = content.getmembers()
    names = {member.name for member in members if member.isfile()}

    assert {name.split("/")[0] for name in names} <= TOP
    assert names >= LEAST
    assert not [name for name in names if re.search(r"(^|/)(\.|tests/|demo)|\.pyc$|~$", name) or name.startswith("changelogs/fragments")]
    assert {(member.uid, member.gid, member.uname, member.gname) for member in members} == {(0, 0, "", "")}
    assert {member.mode for member in members} <= {0o644, 0o755}


def test_installed_in_an_empty_folder_site_yml_can_be_read(elsewhere: dict[str, str], tmp_path: Path) -> None:
    run = subprocess.run(["ansible-playbook", "cmsweb.crab.site", "-i", "crab-vm.example.org,", "--syntax-check"], cwd=tmp_path, env=elsewhere,
                         text=True, stdin=subprocess.DEVNULL, capture_output=True, check=False)

    assert run.returncode == 0 and f"playbook: {elsewhere['ANSIBLE_COLLECTIONS_PATH']}/" in run.stdout, run.stdout + run.stderr


def test_installed_in_an_empty_folder_preflight_knows_what_is_wrong(elsewhere: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").write_text(
        "crab:\n  hosts:\n    crab-vm.example.org:\n      ansible_connection: local\n      ansible_become: false\n      ansible_user: crab\n"
        "      crab_hg_version: '1803'\n      crab_mode: nosuch\n      crabserver_config_external: {cmsweb-dev: {}}\n")

    run = subprocess.run(["ansible-playbook", "cmsweb.crab.site", "-i", "hosts.yml", "--tags", "deploy,config,auth"], cwd=tmp_path, env=elsewhere,
                         text=True, stdin=subprocess.DEVNULL, capture_output=True, check=False)

    said = " ".join(run.stdout.split())
    for part in ("nothing was touched", "hgdeploy_version: 1803 is no HG tag", "crab_database_password is not set"):
        assert part in said, run.stdout + run.stderr


def test_a_checkout_is_told_to_install_what_galaxy_installs() -> None:
    """And the changelog ends with the version that would be published."""
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text())
    wanted = yaml.safe_load((ROOT / "collections/requirements.yml").read_text())["collections"]
    changelog = yaml.safe_load((ROOT / "changelogs/changelog.yaml").read_text())

    assert {entry["name"]: entry["version"] for entry in wanted} == galaxy["dependencies"]
    assert [name for name, version in galaxy["dependencies"].items() if "<" not in version] == []
    assert list(changelog["releases"])[-1] == galaxy["version"]


def test_the_pins_of_a_user_are_in_the_ranges_that_are_named() -> None:
    """Of the execution environment, of preflight, and of the pages."""
    pins = [(one.name, str(one.specifier).removeprefix("==")) for one in requirements("requirements/controller.txt")]
    ranges = {one.name: one.specifier for one in requirements("meta/ee-requirements.txt")}
    texts = {path: path.read_text() for folder in ("plugins", "roles", "docs", "awx", "inventories") for path in (ROOT / folder).rglob("*.*") if path.is_file()}
    named = {(str(path.relative_to(ROOT)), found) for path, text in texts.items() for found in re.findall(r"\bopenstacksdk([<>=][\w.,<>=]+)", text)}

    assert [(name, version) for name, version in pins if name in ranges and version not in ranges[name]] == []
    assert set(ranges) - {name for name, _version in pins} == {"oracledb"}
    assert {path for path, _found in named} >= {"plugins/plugin_utils/_preflight.py", "roles/vm/README.md"}
    assert [entry for entry in named if SpecifierSet(entry[1]) != ranges["openstacksdk"]] == []
    installed = next(map(Requirement, re.findall(r'pip install "(.*)"', (ROOT / "docs/galaxy.md").read_text())))
    assert dict(pins)["ansible-core"] in installed.specifier


def requirements(name: str) -> list[Requirement]:
    return [Requirement(line) for line in (ROOT / name).read_text().splitlines() if not line.startswith("#")]


def test_the_settings_that_a_user_copies_are_those_of_a_checkout() -> None:
    ours, theirs = ConfigParser(), ConfigParser()
    ours.read(ROOT / "ansible.cfg")
    theirs.read(ROOT / "examples/ansible.cfg")

    settings = {(section, name): value for section in theirs.sections() for name, value in theirs[section].items()}

    assert len(settings) >= 5
    assert {key: value for key, value in settings.items() if ours[key[0]][key[1]] != value} == {}


def test_what_the_playbooks_and_roles_use_is_among_the_dependencies() -> None:
    used = set()
    for path in (*ROOT.glob("playbooks/**/*.yml"), *ROOT.glob("roles/*/tasks/*.yml")):
        used |= set(re.findall(r"^ *(?:- )?([a-z]+\.[a-z]+)\.[a-z_0-9]+:", path.read_text(), re.MULTILINE))

    assert used - {"ansible.builtin", "cmsweb.crab"} == set(yaml.safe_load((ROOT / "galaxy.yml").read_text())["dependencies"])
