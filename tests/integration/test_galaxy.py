"""The collection as a user of Ansible Galaxy has it: installed from its archive in a folder that was empty, read-only. There docs/galaxy.md is typed.

Galaxy itself may be out of reach, so the collections that it depends on are archives of those that the Python package ansible brings.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from docs.pages import ALL

from .conftest import ROOT, Site
from .test_init import given, repository

TYPED = [words for block in ALL["docs/galaxy.md"].blocks for words in block.commands() if words[0] == "ansible-playbook"]
WORD = "a vault's"
# The rest of a command, in a mount namespace of its own in which nobody can write to the folder, root included.
READ_ONLY = ["unshare", "--mount", *(["--map-root-user"] if os.geteuid() else []), "sh", "-ec", 'mount --bind --options ro "$0" "$0"; exec "$@"']


@dataclass(frozen=True)
class User:
    """Somebody with a folder, and the output of what was typed there by the name of the playbook."""

    folder: Path
    secrets: Path
    output: dict[str, str] = field(default_factory=dict)

    @property
    def collections(self) -> Path:
        return self.folder / "collections"

    def run(self, *words: str | Path) -> subprocess.CompletedProcess[str]:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        environment = {**ours, "ANSIBLE_COLLECTIONS_PATH": str(self.collections), "ANSIBLE_HOME": str(self.secrets / "ansible"), "ANSIBLE_NOCOLOR": "1"}
        return subprocess.run(words, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=600, check=False)

    def read_only(self, *words: str) -> subprocess.CompletedProcess[str]:
        return self.run(*READ_ONLY, self.collections, *words)

    def type(self, words: list[str], *options: str) -> None:
        files = [part for word in words for part in (["--vault-password-file", f"{self.secrets}/word"] if word == "--ask-vault-pass" else [word])]
        done = self.read_only(*files, *options)
        assert done.returncode == 0, done.stdout
        self.output[words[1]] = " ".join(done.stdout.split())

    @property
    def files(self) -> dict[str, int]:
        """What is in the folder, with its mode, but for the collections."""
        found = [path for path in self.folder.rglob("*") if path.is_file() and self.collections not in path.parents]
        return {str(path.relative_to(self.folder)): stat.S_IMODE(path.stat().st_mode) for path in found}


@pytest.fixture(scope="module")
def user(tmp_path_factory: pytest.TempPathFactory) -> User:
    place = tmp_path_factory.mktemp("galaxy")
    found = User(place / "here", place)
    found.folder.mkdir()
    dependencies = yaml.safe_load((ROOT / "galaxy.yml").read_text())["dependencies"]
    for script, *words in (("dist.py", "--build", place / "dist"), ("bundled.py", place / "needed", *dependencies)):
        subprocess.run([sys.executable, ROOT / "tests/ci" / script, *words], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    done = found.run("ansible-galaxy", "collection", "install", "--offline", *place.glob("dist/*"), *place.glob("needed/*"), "-p", "collections")
    assert done.returncode == 0 and "WARNING" not in done.stdout, done.stdout
    shutil.copy(found.collections / "ansible_collections/cmsweb/crab/examples/ansible.cfg", found.folder)
    (place / "word").write_text(WORD)
    return found


@pytest.fixture(scope="module")
def finished(user: User, site: Site, pki: Path) -> Iterator[User]:
    """All commands of the page were typed, with the answers to init in a file. The host is as before afterwards."""
    (user.secrets / "answers.yml").write_text(yaml.safe_dump(given(site, pki)))
    init, *others = TYPED
    try:
        user.type(init, "-e", f"@{user.secrets}/answers.yml", "--vault-password-file", f"{user.secrets}/word", *repository(site))
        shutil.copytree(pki, user.folder / "pki")
        (user.folder / "inventories/mine/host_vars").mkdir()
        (user.folder / "inventories/mine/host_vars/crab-vm.example.org.yml").write_text(yaml.safe_dump(laboratory(site)))
        for words in others:
            user.type(words)
        yield user
    finally:
        site.play("site.yml", {"frontend_auth_exact": True, "service_state": "restarted"}, check=True)


def laboratory(site: Site) -> dict[str, object]:
    """What a laboratory's host takes; all that is on the controller by relative paths, as a user may write them."""
    return {**site.connection, "gridcert_trust": "/etc/grid-security/certificates", "voms_install": False, "hgdeploy_rpm_host": "cmsrep.example.org",
            "hgdeploy_deployment_repository": repository(site)[1].split("=")[1],
            "gridcert_provided_certificate": "pki/host-crab-vm.example.orgcert.pem", "gridcert_provided_key": "pki/host-crab-vm.example.orgkey.pem",
            "voms_proxy_file": "pki/service-proxy.pem", "verify_ca": "pki/ca-chain.pem", "oracle_schema_artifacts": "history"}


def test_every_collection_is_the_one_that_was_installed(user: User) -> None:
    texts = [path.read_text() for path in ROOT.glob("roles/*/tasks/*.yml")]
    modules = {name for text in texts for name in re.findall(r"^ *(?:- )?((?!ansible\.)[a-z]+\.[a-z]+\.[a-z_0-9]+):", text, re.MULTILINE)}
    found = json.loads(user.run("ansible-doc", "--json", *sorted(modules)).stdout)

    assert {name.rsplit(".", 1)[0] for name in modules} == {"cmsweb.crab", *yaml.safe_load((ROOT / "galaxy.yml").read_text())["dependencies"]}
    assert [name for name in modules if not found[name]["doc"]["filename"].startswith(f"{user.collections}/")] == []


def test_the_collections_are_read_only(user: User) -> None:
    done = user.read_only("touch", "collections/ansible_collections/cmsweb/crab/playbooks/report.html")

    assert done.returncode != 0 and "Read-only file system" in done.stdout


def test_the_page_leads_to_an_answer_and_a_healthy_host(finished: User) -> None:
    assert list(finished.output) == [f"cmsweb.crab.{name}" for name in ("init", "site", "status", "report", "diagnose")]
    assert "200 through the frontend, 200 from the backend" in finished.output["cmsweb.crab.site"]
    assert "crabserver is RUNNING" in finished.output["cmsweb.crab.status"]
    assert "crab-vm.example.org: nothing is wrong" in finished.output["cmsweb.crab.diagnose"]
    hosts = json.loads((finished.folder / "crab-report.json").read_text())["hosts"]
    assert [(one["name"], one["state"]) for one in hosts] == [("crab-vm.example.org", "healthy")]


def test_what_is_written_is_in_the_folder_of_the_user(finished: User) -> None:
    brought = {"ansible.cfg", "inventories/mine/host_vars/crab-vm.example.org.yml"}

    written = {name: mode for name, mode in finished.files.items() if name not in brought and not name.startswith(("pki/", "history/"))}

    mine = {f"inventories/mine/{name}": 0o600 for name in ("hosts.yml", "group_vars/crab/main.yml", "group_vars/crab/vault.yml")}
    assert written == {**mine, "crab-report.html": 0o600, "crab-report.json": 0o600, "diagnosis/crab-vm.example.org.json": 0o644}


@pytest.mark.parametrize(("playbook", "said"), [
    ("init", "{}/inventories/mine is written."),
    ("report", "{0}/crab-report.html, and the same as {0}/crab-report.json"),
    ("diagnose", "The same as JSON: {}/diagnosis/crab-vm.example.org.json"),
])
def test_its_absolute_path_is_printed(finished: User, playbook: str, said: str) -> None:
    assert said.format(finished.folder) in finished.output[f"cmsweb.crab.{playbook}"]


def test_there_is_no_warning(finished: User) -> None:
    said = {name: re.sub(r"\[WARNING\]: (No inventory was parsed|provided hosts list is empty)", "", text) for name, text in finished.output.items()}

    assert [name for name, text in said.items() if "[WARNING]" in text or "[DEPRECATION" in text] == [], finished.output
