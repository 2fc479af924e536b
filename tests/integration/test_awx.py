"""Every job template of awx/ is run as AWX runs it, with the credentials of an environment, on a host that is deployed.

What destroys is run as a check, or in the form in which it refuses: the table says which.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from .awx import Awx, Job, Result, project
from .conftest import ROOT, Site

HOST = "crab-vm.example.org"
VAULT, TYPED, CLOUD = "Zecret-vault-7", "Zecret-typed-7{{ 1 }}'\"\\%s", "Zecret-cloud-7"
# What the credentials bring is not in the inventory.
BROUGHT = ("crab_database_dsn", "crab_database_user", "crab_database_password", "voms_proxy_file", "verify_certificate", "verify_key", "oracle_schema_checkout")


@dataclass(frozen=True)
class Case:
    """Answers to the survey, and what becomes of the job."""

    answers: dict[str, Any] = field(default_factory=dict)
    check: bool = False
    code: int = 0
    changed: int = 0
    says: str = ""
    artifacts: tuple[str, ...] = ()


CERTIFICATES = ("rest_host_certificate", "rest_proxy")
CASES = {
    "site.yml": Case(says="200 through the frontend, 200 from the backend",
                     artifacts=("rest_url", "rest_version", *CERTIFICATES, "rest_service_certificate", "rest_schema")),
    "playbooks/provision.yml": Case(artifacts=CERTIFICATES),
    "playbooks/config.yml": Case(artifacts=("rest_service_certificate",)),
    "playbooks/renew_hostcert.yml": Case({"gridcert_days": 31}, artifacts=("rest_host_certificate", "rest_service_certificate")),
    "playbooks/renew_proxy.yml": Case(artifacts=("rest_proxy", "rest_service_certificate")),
    "playbooks/status.yml": Case({"service_only": ["crabserver"]}, says="crabserver is RUNNING", artifacts=("rest_url",)),
    "playbooks/stop.yml": Case({"service_only": ["crabcache"]}, changed=1),
    "playbooks/start.yml": Case({"service_only": ["crabcache"]}, changed=1, artifacts=("rest_url",)),
    "playbooks/restart.yml": Case({"service_only": ["crabcache"], "crab_serial": "100%", "crab_max_fail_percentage": 0}, changed=1, artifacts=("rest_url",)),
    "playbooks/schema_plan.yml": Case({"oracle_schema_drop": '["TASKS.TM_NONE"]'}, says="Nothing to do.", artifacts=("rest_schema",)),
    "playbooks/schema_update.yml": Case(says="Nothing to do.", artifacts=("rest_schema",)),
    "playbooks/database_report.yml": Case(says="CRAB_DEMO at devdb11, OPEN", artifacts=("rest_account",)),
    "playbooks/diagnose.yml": Case({"diagnose_since": "1m"}),
    "playbooks/report.yml": Case({"report_file": "report.html"}, says=f"{HOST}: healthy"),
    "playbooks/prune.yml": Case(says="current: HG1803f"),
    "playbooks/devrepos.yml": Case({"devrepos_crabserver_repository": "https://git.example.org/CRABServer.git",
                                    "devrepos_wmcore_repository": "https://git.example.org/WMCore.git", "devrepos_state": "absent"}),
    # Checked only.
    "playbooks/schema_script.yml": Case({"oracle_schema_script": "script.sql"}, check=True, changed=1, says="outcome: not run"),
    "playbooks/purge_filemetadata.yml": Case({"oracle_schema_purge_months": 1}, check=True, says="statements: []"),
    # Refused.
    "playbooks/schema_scratch.yml": Case({"oracle_schema_scratch_account": "other"}, code=2, says="-e oracle_schema_scratch_account=crab_demo"),
    "playbooks/rollback.yml": Case(code=2, says="HG1803f has replaced no other version on this host."),
    "playbooks/rotate_db_password.yml": Case({"crab_new_database_password": TYPED}, code=2, says="ORA-01017"),
    # Without the mail addresses, which the inventory does not have; the probe itself wants a MyProxy server.
    "playbooks/myproxy.yml": Case({"myproxy_registration": "mail"}, code=2, says="myproxy_mail_to is not set"),
    # No cloud answers at the URL of the credential. The real ones are in cloud/.
    "playbooks/decommission.yml": Case({"vm_delete": "no"}, code=2, says="127.0.0.1"),
}



@dataclass(frozen=True)
class Environment:
    """What an AWX has for this host."""

    credentials: dict[str, dict[str, str]]
    inventory: Path
    project: Path
    checkout: Path
    folder: Path

    def awx(self, cloud: bool) -> Awx:
        """With the credential for a cloud, stage vm would look there for the host."""
        secrets = {name: inputs for name, inputs in self.credentials.items() if cloud or name != "openstack"}
        return Awx({"crab_awx_secrets": secrets, "crab_awx_checkout": str(self.checkout)})

    def run(self, playbook: str, case: Case) -> Result:
        awx = self.awx(cloud=playbook == "playbooks/decommission.yml")
        return Job(awx, playbook, self.folder / Path(playbook).stem, dict(case.answers), case.check).run(self.inventory, self.project)

    @property
    def secrets(self) -> list[str]:
        """Passwords, and a line of each private key."""
        passwords = [VAULT, TYPED.split("{")[0], CLOUD, self.credentials["oracle"]["password"]]
        proxy_key = self.credentials["grid"]["proxy"].split("PRIVATE KEY-----")[1]
        pems = [self.credentials["machine"]["ssh_key_data"], proxy_key, self.credentials["host_certificate"]["key"]]
        return passwords + [pem.splitlines()[2] for pem in pems]


@pytest.fixture(scope="module")
def environment(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    folder = tmp_path_factory.mktemp("awx")
    site.play("site.yml", check=True)
    credentials = {
        "machine": {"username": "crabdev", "ssh_key_data": (site.lab / "id_ed25519").read_text()},
        "vault": {"vault_password": VAULT},
        "oracle": {"dsn": "devdb11", "username": "crab_demo", "password": (site.lab / "oracle_password").read_text().strip()},
        "grid": {"proxy": (site.lab / "pki/service-proxy.pem").read_text()},
        "host_certificate": {"certificate": site.on("cat /etc/grid-security/hostcert.pem"), "key": site.on("cat /etc/grid-security/hostkey.pem")},
        "openstack": {"auth_url": "http://127.0.0.1:9/v3", "region": "cern", "application_credential_id": "1", "application_credential_secret": CLOUD,
                      "public_key": (site.lab / "id_ed25519.pub").read_text()},
    }
    checkout = folder / "CRABServer"
    shutil.copytree(ROOT / "tests/lab/crabserver/src", checkout / "src")
    who = ["-c", "user.name=alice", "-c", "user.email=alice@example.org"]
    for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-q", "-m", "release"], ["tag", "3.3.1803.patch3"]):
        subprocess.run(["git", *words], cwd=checkout, check=True)
    shutil.rmtree(checkout / "src")     # only the tag is read
    made = project(folder)
    (made / "script.sql").write_text("ALTER TABLE tasks ADD tm_extra NUMBER;\n")
    return Environment(credentials, inventory(site, folder), made, checkout, folder)


def inventory(site: Site, folder: Path) -> Path:
    """That of the demo, as AWX gets it from git: what is secret in it is a !vault value."""
    made = folder / "inventory"
    shutil.copytree(ROOT / "inventories/demo", made)
    hosts, variables = (yaml.safe_load((made / name).read_text()) for name in ("hosts.yml", "group_vars/crab/main.yml"))
    del hosts["all"]["children"]["crab"]["hosts"][HOST]["ansible_ssh_private_key_file"]
    kept = {name: value for name, value in variables.items() if name not in (*BROUGHT, "crab_instance")}
    kept |= {"demo_network": site.lab.name, "demo_lab": str(site.lab)}
    (folder / "vault").write_text(VAULT)
    secret = subprocess.run(["ansible-vault", "encrypt_string", "--vault-password-file", folder / "vault", "--name", "crab_instance", "dev"],
                            text=True, capture_output=True, check=True).stdout
    (folder / "vault").unlink()
    (made / "hosts.yml").write_text(yaml.safe_dump(hosts))
    (made / "group_vars/crab/main.yml").write_text(yaml.safe_dump(kept) + secret)
    return made


def test_every_template_is_run() -> None:
    assert set(CASES) == set(Awx({}).templates)


@pytest.mark.parametrize("playbook", CASES)
def test_a_template_does_its_job_and_keeps_no_secret(environment: Environment, playbook: str) -> None:
    case = CASES[playbook]

    result = environment.run(playbook, case)

    assert (result.code, result.changed(HOST)) == (case.code, case.changed), result.output
    assert case.says in result.flat, result.output
    # Files of tasks that it includes are those of its own project.
    assert set(re.findall(r"included: (.*?)/project/collections/", result.flat)) <= {str(result.folders[1])}
    assert "included: " not in re.sub(r"included: \S+/project/collections/ansible_collections/cmsweb/crab/", "", result.flat)
    assert set(result.artifacts) == set(case.artifacts), result.artifacts
    assert list(result.leaks(environment.secrets)) == []


def test_the_jobs_of_the_workflow_each_do_their_stages_and_hand_on_what_they_found(environment: Environment) -> None:
    awx, handed_on = environment.awx(cloud=False), {}
    playbooks = {item["name"]: playbook for playbook, item in awx.templates.items()}
    for node in (node for node in awx.workflow["workflow_nodes"] if "job_tags" in node):   # the others have no tags and were run above
        job = Job(awx, playbooks[node["unified_job_template"]["name"]], environment.folder / f"node-{node['identifier']}", tags=node["job_tags"],
                  handed_on=dict(handed_on))

        result = job.run(environment.inventory, environment.project)

        assert (result.code, result.changed(HOST)) == (0, 0), result.output
        handed_on |= result.artifacts

    assert set(handed_on) == set(CASES["site.yml"].artifacts) - {"rest_schema"}
