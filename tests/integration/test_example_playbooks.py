"""The playbooks of examples/ on a host that has their service's name: what they say they do, and nothing the second time."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from .conftest import ROOT, Run, Site, lab
from .test_schema_playbooks import PYTHON

ALICE = "/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=alice/CN=123456/CN=Alice Example"


class Example:
    """A copy of an example whose first host is the laboratory's."""

    def __init__(self, site: Site, name: str, folder: Path) -> None:
        self.folder = folder / name
        shutil.copytree(ROOT / "examples" / name, self.folder)
        inventory = yaml.safe_load((self.folder / "hosts.yml").read_text())
        self.group = next(iter(inventory["all"]["children"].values()))
        self.group["hosts"] = {"crab-vm.example.org": {**(next(iter(self.group["hosts"].values())) or {}), **site.connection}}
        (self.folder / "hosts.yml").write_text(yaml.safe_dump(inventory))

    def play(self, **variables: object) -> Run:
        environment = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections")}
        command = ["ansible-playbook", "-i", "hosts.yml", "playbook.yml", "-e", json.dumps(variables)]
        done = subprocess.run(command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL, text=True, timeout=300,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return Run(done.returncode, done.stdout)

    def twice(self, **variables: object) -> Run:
        """The first run; the second changed nothing."""
        first, second = self.play(**variables), self.play(**variables)
        assert (first.code, second.code) == (0, 0), first.output + second.output
        assert second.changed == 0, second.output
        return first


def test_certificate_and_proxy(site: Site, tmp_path: Path) -> None:
    example = Example(site, "certificate_and_proxy", tmp_path)
    lab("pki", "--network", site.lab.name, "--host", "crab-vm.example.org")
    (example.folder / "files").mkdir()
    for kind, name in (("cert", "pem"), ("key", "key")):
        shutil.copy(site.lab / f"pki/host-crab-vm.example.org{kind}.pem", example.folder / f"files/crab-vm.example.org.{name}")

    example.twice(voms_install=False, voms_proxy_file=str(site.lab / "pki/service-proxy.pem"), gridcert_trust="/etc/grid-security/certificates")

    assert site.on("cd /etc/grid-security/dbs; stat -c '%n %a %U:%G' *; cat hostcert.pem") == (
        "hostcert.pem 644 root:root\nhostkey.pem 400 root:root\nproxy.pem 400 root:root\n" + (example.folder / "files/crab-vm.example.org.pem").read_text())
    site.on("rm -r /etc/grid-security/dbs")


def test_other_schema(site: Site, tmp_path: Path) -> None:
    example, word = Example(site, "other_schema", tmp_path), "Zecret-files-9"
    site.on(f"cd /opt/oracle-standin && echo {word} | python3 -m cx_Oracle.admin create --dsn devdb11 --user file_catalogue")

    example.twice(vault_oracle_schema_password=word, oracle_schema_artifacts=str(tmp_path / "artifacts"))
    sql = (example.folder / "tables.sql").read_text()
    (example.folder / "tables.sql").write_text(sql.replace("bytes NUMBER(20) DEFAULT 0,", "bytes NUMBER(20) DEFAULT 0,\n  adler32 VARCHAR2(8),"))
    later = example.twice(vault_oracle_schema_password=word, oracle_schema_artifacts=str(tmp_path / "artifacts"))

    query = "SELECT column_name FROM user_tab_columns WHERE table_name = 'FILES' ORDER BY column_name"
    program = PYTHON.format(user="file_catalogue", password=word, dsn="devdb11") + f'k.execute(\\"{query}\\"); print([row[0] for row in k])'
    assert site.on(f'cd /opt/oracle-standin && python3 -c "{program}"').strip() == "['ADLER32', 'BYTES', 'DATASET_ID', 'LFN']"
    assert later.changed == 2 and word not in later.output  # the tables, and their history on the controller


def test_frontend_users(site: Site, tmp_path: Path) -> None:
    example = Example(site, "frontend_users", tmp_path)
    site.on("mkdir -p /srv/proxy/state/frontend/etc")

    run = example.twice(frontend_auth_root="/srv/proxy")

    assert run.changed == 1, run.output
    assert [(user["DN"], user["LOGIN"], user["ROLES"]) for user in json.loads(site.on("cat /srv/proxy/state/frontend/etc/authmap.json"))] == [
        (ALICE, "alice", {"operator": ["group:dbs"]}),
        ("/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=bob/CN=654321/CN=Bob Example", "bob", {})]
    site.on("rm -r /srv/proxy")


@pytest.fixture(scope="module")
def deployed(site: Site) -> Site:
    site.play("site.yml", check=True)
    return site


@pytest.mark.parametrize("well", [True, False])
def test_foreign_server(deployed: Site, tmp_path: Path, well: bool) -> None:
    site, example, pki = deployed, Example(deployed, "foreign_server", tmp_path), deployed.lab / "pki"
    site.on("true" if well else "mv /data/srv/state/frontend/etc/authmap.json /root/")
    before = site.fingerprint()

    run = example.play(verify_certificate=str(pki / "alicecert.pem"), verify_key=str(pki / "alicekey.pem"), verify_ca=str(pki / "ca-chain.pem"))

    assert site.fingerprint() == before
    site.on("true" if well else "mv /root/authmap.json /data/srv/state/frontend/etc/")
    assert (run.code == 0) is well, run.output
    assert ("There is no /data/srv/state/frontend/etc/authmap.json" in " ".join(run.output.split())) is not well, run.output
    assert (example.folder / "diagnosis/crab-vm.example.org.json").is_file()
