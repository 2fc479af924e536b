"""The job templates that speak to a cloud, with AWX's credential for it, as AWX runs them."""

from __future__ import annotations

from pathlib import Path

import yaml

from ..awx import Awx, Job, Result, project
from .conftest import COMMAND, NETWORK, Cloud


def run(cloud: Cloud, playbook: str, answers: dict[str, object], folder: Path, check: bool = False) -> Result:
    entry = yaml.safe_load(cloud.clouds.read_text())["clouds"]["cern"]
    credential = {**entry["auth"], "region": entry["region_name"], "public_key": (cloud.home / "id_ed25519.pub").read_text()}
    login = {"username": "crabdev", "ssh_key_data": (cloud.home / "id_ed25519").read_text()}
    inventory = folder / "inventory"
    inventory.mkdir()
    host = {"ansible_user": "crabdev", "ansible_python_interpreter": "/usr/bin/python2.7", "vm_known_hosts": str(folder / "known_hosts")}
    (inventory / "hosts.yml").write_text(yaml.safe_dump({"all": {"children": {"crab": {"hosts": {"crab-job.example.org": host}}}}}))
    awx = Awx({"crab_awx_secrets": {"machine": login, "openstack": credential}})
    job = Job(awx, playbook, folder, answers, check, tags="vm" if check else "", within=(str(COMMAND), "run", "--network", NETWORK, "--"))
    result = job.run(inventory, project(folder))
    assert list(result.leaks([credential["application_credential_secret"], login["ssh_key_data"].splitlines()[2]])) == []
    return result


def test_provision_finds_the_cloud_of_its_credential_and_as_a_check_makes_nothing(empty: Cloud, tmp_path: Path) -> None:
    result = run(empty, "playbooks/provision.yml", {"vm_image": "ALMA9", "vm_flavor": "m1.large"}, tmp_path, check=True)

    assert result.code == 0, result.output
    assert "Have the server" in result.output and empty.servers("crab-job") == []


def test_decommission_says_what_it_would_delete_until_the_host_is_named(empty: Cloud, tmp_path: Path) -> None:
    identifier = empty.make("crab-job")

    try:
        result = run(empty, "playbooks/decommission.yml", {"vm_delete": "no"}, tmp_path)

        assert result.code == 2 and f"this deletes server {identifier}" in result.flat, result.output
        assert [one.id for one in empty.servers("crab-job")] == [identifier]
    finally:
        empty.away()
