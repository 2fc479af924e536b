"""Role vm against the real API: what it makes, what it leaves alone, and what it says when the cloud refuses."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import openstack
import pytest

from .. import traces
from ..conftest import ROOT, Run
from .conftest import COMMAND, METADATA, NETWORK, Cloud

# Web servers' tables for mimetypes; of libmagic; of the OpenSSL in the wheel of cryptography.
INSTALLED_WITH = (*traces.MIME_TYPES, "/etc/magic", "/etc/magic.mgc", "/opt/pyca/cryptography/openssl/openssl.cnf")
RELEASED = ROOT / ".lab" / NETWORK / "cloud/released"  # crab-one boots when this is there
STRINGS = {"landb-description": "CRAB REST", "landb-mainuser": "alice", "landb-ipv6ready": "true", "landb-alias": "crab-a,crab-b", "cern-waitdns": "false"}
TWO: dict[str, dict[str, object]] = {"crab-one": {"vm_metadata": {**METADATA, "lab-boot-file": str(RELEASED)}}, "crab-two": {}}


@pytest.fixture(scope="module")
def checked(empty: Cloud) -> Run:
    empty.away()
    return empty.play(TWO, None, "--check", check=True)


@pytest.fixture(scope="module")
def made(empty: Cloud, checked: Run) -> Run:
    RELEASED.unlink(missing_ok=True)
    return empty.play(TWO, check=True, when=("FAILED - RETRYING: [crab-one.example.org", RELEASED))


@pytest.fixture
def cloud(empty: Cloud, made: Run) -> Iterator[Cloud]:
    """With the two servers; what a test adds is taken away."""
    yield empty
    for server in list(empty.admin.compute.servers(all_projects=True)):
        if server.name not in TWO:
            empty.admin.compute.delete_server(server)
            empty.admin.compute.wait_for_delete(server, interval=0.3)


def refused(cloud: Cloud, name: str, variables: dict[str, object] | None = None, environment: dict[str, str] | None = None) -> str:
    """The last message of a run for this host that fails and leaves the cloud as it is."""
    before = cloud.everything()
    run = cloud.play([name], variables, environment=environment)
    assert run.code == 2, run.output
    assert "Traceback" not in run.output.split("fatal:")[-1]
    assert cloud.everything() == before
    return " ".join(run.output.rsplit("fatal:", 1)[-1].split("PLAY RECAP", 1)[0].split())


def test_1_check_mode_makes_nothing_and_ends_there(empty: Cloud, checked: Run) -> None:
    assert checked.output.count("changed: [crab-one.example.org -> localhost]") == 1  # the keypair is that of both
    assert [row for row in empty.everything() if row[0] != "group"] == []  # Neutron makes a project's own one when it is looked at
    assert empty.known_hosts == []


def test_2_two_hosts_are_made_at_once_and_the_late_one_is_waited_for(empty: Cloud, made: Run) -> None:
    newest = max((image for image in empty.admin.image.images() if image.name == "CC7 - x86_64 [2023-07-01]"), key=lambda image: image.created_at)
    for name in TWO:
        server = empty.server(name)
        assert server.status == "ACTIVE"
        assert server.image.id == newest.id
        assert server.flavor.name == "m1.large"
        assert server.key_name == "cmsweb-crab"
        assert [group["name"] for group in server.security_groups] == ["default"]
        assert {key: value for key, value in server.metadata.items() if not key.startswith("lab-")} == STRINGS
    assert re.search(r"FAILED - RETRYING: \[crab-one.example.org -> localhost\]: Wait for ", made.output)
    assert made.output.count("ok: [crab-two.example.org]") > 1


def test_3_the_host_keys_are_pinned_by_name_and_address(empty: Cloud, made: Run) -> None:
    pinned = {line.split()[0]: line.split(maxsplit=1)[1] for line in empty.known_hosts}
    assert len(pinned) == 2
    for name in TWO:
        address = empty.server(name).addresses["CERN_NETWORK"][0]["addr"]
        shown = subprocess.run(["ssh-keyscan", "-t", "ed25519", address], check=True, capture_output=True, text=True).stdout.split(maxsplit=1)[1].strip()
        assert pinned[f"{name}.example.org,{address}"] == shown


def test_4_a_second_run_changes_nothing_in_the_cloud(cloud: Cloud) -> None:
    before, pinned = cloud.everything(), cloud.known_hosts

    run = cloud.play(TWO, check=True)

    assert "changed: [" not in run.output
    assert cloud.everything() == before
    assert cloud.known_hosts == pinned


def test_5_a_changed_value_arrives_and_no_other_key_is_lost(cloud: Cloud) -> None:
    cloud.admin.compute.set_server_metadata(cloud.server("crab-two"), **{"landb-os": "LINUX"})
    changed = {**METADATA, "landb-alias": "crab-c", "cern-waitdns": True}

    run = cloud.play(["crab-two"], {"vm_metadata": changed}, check=True)

    assert run.output.count("changed: [") == 1
    # cern-* counts at creation only
    assert cloud.server("crab-two").metadata == {**STRINGS, "landb-alias": "crab-c", "landb-os": "LINUX"}


def test_6_an_image_that_was_withdrawn_does_not_matter_to_an_existing_server(cloud: Cloud) -> None:
    images = [image for image in cloud.admin.image.images() if image.name.startswith("CC7 - ")]
    for image in images:
        cloud.admin.image.deactivate_image(image)
    try:
        message = refused(cloud, "crab-three")
        cloud.play(["crab-one"], {"vm_metadata": {}}, check=True)
    finally:
        for image in images:
            cloud.admin.image.reactivate_image(image)

    assert r"crab-three: no active image fits CC7 - x86_64 \[\d{4}-\d\d-\d\d\]$. There are" in message
    assert "ALMA9 - x86_64" in message


def test_7_several_servers_of_one_name_are_refused(cloud: Cloud) -> None:
    first, second = cloud.make("crab-twin"), cloud.make("crab-twin")

    message = refused(cloud, "crab-twin")

    assert "crab-twin: there are 2 servers of this name" in message
    assert first in message and second in message


def test_8_a_server_that_was_in_error_before_is_left_for_its_owner(cloud: Cloud) -> None:
    identifier = cloud.make("crab-broken", "m1.impossible", status="ERROR")

    message = refused(cloud, "crab-broken")

    assert f"crab-broken: server {identifier} is in state ERROR: No valid host was found" in message
    assert "playbooks/decommission.yml" in message


def test_9_no_room_for_a_server_leaves_none(cloud: Cloud) -> None:
    message = refused(cloud, "crab-three", {"vm_flavor": "m1.impossible"})

    assert "No valid host was found" in message
    assert "choose a smaller vm_flavor" in message
    assert "The server that this run had made was deleted again." in message


def test_10_a_quota_that_is_used_up(cloud: Cloud) -> None:
    project = cloud.admin.identity.find_project("Personal crab")
    cloud.admin.compute.update_quota_set(project, instances=2)
    try:
        message = refused(cloud, "crab-three")
    finally:
        cloud.admin.compute.update_quota_set(project, instances=10)

    assert "crab-three: Quota exceeded for instances: Requested 1, but already used 2 of 2 instances" in message
    assert "The quota of the project is used up." in message


@pytest.mark.parametrize(("variables", "expected"), [
    ({"vm_flavor": "m9.none"}, "crab-three: No Flavor found for m9.none. Set vm_flavor"),
    ({"vm_availability_zone": "moon"}, "crab-three: The requested availability zone is not available. Leave vm_availability_zone empty"),
    ({"vm_image": "CC9"}, "crab-three: no active image has the name or id CC9. There are"),
    ({"vm_public_key": str(ROOT / "tests/integration/cloud/other.pub")}, "A keypair of this name with another key is in the cloud. Choose another vm_keypair"),
    ({"vm_cloud": "nope"}, "There is no cloud of that name. Check vm_cloud"),
], ids=["flavor", "zone", "image", "keypair", "cloud"])
def test_11_what_the_cloud_does_not_have_is_named(cloud: Cloud, variables: dict[str, object], expected: str) -> None:
    assert expected in refused(cloud, "crab-three", variables)


@pytest.mark.parametrize(("key", "expected"), [
    ("application_credential_id", "The application credential of clouds.yaml is unknown, has expired or was revoked."),
    ("application_credential_secret", "The cloud does not accept the credential of clouds.yaml."),
], ids=["id", "secret"])
def test_12_a_wrong_credential(cloud: Cloud, tmp_path: Path, key: str, expected: str) -> None:
    clouds = json.loads(cloud.clouds.read_text())
    clouds["clouds"]["cern"]["auth"][key] = "0123456789abcdef0123456789abcdef"
    (tmp_path / "clouds.yaml").write_text(json.dumps(clouds))

    message = refused(cloud, "crab-three", environment={"OS_CLIENT_CONFIG_FILE": str(tmp_path / "clouds.yaml")})

    assert "crab-three: " in message and expected in message


def test_13_a_credential_that_is_revoked_half_way_and_the_next_run_takes_the_server_up(cloud: Cloud, tmp_path: Path) -> None:
    owner = openstack.connect(cloud="owner")
    credential = owner.identity.create_application_credential(user=owner.current_user_id, name="short")
    clouds = json.loads(cloud.clouds.read_text())
    clouds["clouds"]["cern"]["auth"].update(application_credential_id=credential.id, application_credential_secret=credential.secret)
    (tmp_path / "clouds.yaml").write_text(json.dumps(clouds))
    environment = {"OS_CLIENT_CONFIG_FILE": str(tmp_path / "clouds.yaml"), "CRAB_REVOKE": credential.id,
                   "ANSIBLE_CALLBACK_PLUGINS": str(ROOT / "tests/integration/cloud/callback"), "ANSIBLE_CALLBACKS_ENABLED": "revoke"}

    run = cloud.play(["crab-four"], environment=environment)
    identifier = cloud.server("crab-four").id
    again = cloud.play(["crab-four"])

    assert run.code == 2
    assert "crab-four: " in run.failure and "credential" in run.output.rsplit("fatal:", 1)[-1] and "run this again" in " ".join(run.output.split())
    assert again.code == 0, again.output
    assert cloud.server("crab-four").id == identifier


@pytest.mark.parametrize(("dns", "expected"), [
    (True, "crab-late: after 5 s the name crab-late.example.org is unknown, not of "),
    (False, "crab-late: no sshd answered on "),
], ids=["name", "sshd"])
def test_14_what_does_not_come_in_time_is_named_and_left_for_another_run(cloud: Cloud, dns: bool, expected: str) -> None:
    cloud.make("crab-late")  # which boots in ten minutes

    run = cloud.play(["crab-late"], {"vm_timeout": 5, "vm_dns": dns, "vm_metadata": {}})

    assert run.code == 2
    assert expected in run.failure
    assert cloud.server("crab-late").status == "ACTIVE"


def test_15_bad_variables_are_named_before_anything_is_asked(cloud: Cloud) -> None:
    message = refused(cloud, "Crab_Three", {"vm_metadata": {"landb-description": "x" * 256, "landb-alias": ["a", "b"]}, "vm_public_key": "/nowhere.pub"})

    assert "4 problems, and nothing was touched" in message
    for part in ("vm_name: Crab_Three is no name for a server", "vm_metadata.landb-description has 256 characters, and OpenStack takes 255",
                 "vm_metadata.landb-alias is no string", "there is no file /nowhere.pub"):
        assert part in message, part


def test_16_the_servers_are_an_inventory(cloud: Cloud) -> None:
    command = [str(COMMAND), "run", "--network", NETWORK, "--", "ansible-inventory", "-i", "inventories/examples/openstack.yml", "--list"]

    inventory = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout)

    assert set(TWO) <= set(inventory["crab"]["hosts"])
    assert inventory["_meta"]["hostvars"]["crab-one"]["ansible_host"] == cloud.server("crab-one").addresses["CERN_NETWORK"][0]["addr"]


def test_17_no_server_is_deleted_without_its_name_typed(cloud: Cloud) -> None:
    before, pinned, server = cloud.everything(), cloud.known_hosts, cloud.server("crab-two")

    run = cloud.play(["crab-two"], {"vm_delete": "crab-one.example.org"}, playbook="playbooks/decommission.yml")
    dry = cloud.play(["crab-two"], {"vm_delete": "crab-two.example.org"}, "--check", playbook="playbooks/decommission.yml", check=True)

    message = " ".join(run.output.rsplit("fatal:", 1)[-1].split())
    assert run.code == 2
    assert f"crab-two: this deletes server {server.id} ({server.addresses['CERN_NETWORK'][0]['addr']}, made {server.created_at})" in message
    assert "-e vm_delete=crab-two.example.org" in message
    assert "changed: [crab-two.example.org -> localhost]" in dry.output
    assert cloud.everything() == before
    assert cloud.known_hosts == pinned


def test_18_with_it_the_server_and_its_host_key_go_and_nothing_else(cloud: Cloud) -> None:
    before, identifier = cloud.everything(), cloud.server("crab-two").id
    pinned = [line for line in cloud.known_hosts if not line.startswith("crab-two")]

    cloud.play(["crab-two"], {"vm_delete": "crab-two.example.org"}, playbook="playbooks/decommission.yml", check=True)
    again = cloud.play(["crab-two"], {"vm_delete": "crab-two.example.org"}, playbook="playbooks/decommission.yml", check=True)

    assert cloud.everything() == [row for row in before if identifier not in row]
    assert cloud.known_hosts == pinned
    assert "changed: [" not in again.output


def test_19_no_service_looks_at_a_file_that_is_not_its_own(cloud: Cloud) -> None:
    """Of all that the tests had them do. A folder in /etc or in a home is there on one machine, and not on the next."""
    state = cloud.clouds.parent

    assert traces.programs(state / "trace") == {"keystone", "placement", "glance", "neutron", "nova", "keystone-manage", "catalog", "resources"}
    found = traces.foreign(state / "trace", [state, ROOT / "tests/lab", *traces.INSTALLED], INSTALLED_WITH)
    assert not found, "\n".join(found)
