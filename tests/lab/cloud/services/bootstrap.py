"""bootstrap.py catalog|resources SETTINGS: fills the empty cloud through its own API.

catalog    where each service is; Nova dies at its start if Placement is not in it
resources  flavors, network, images, a plain user with an application credential, and clouds.yaml with the clouds `cern`
           (that user, as at CERN), `owner` (that user with the password, who can make further credentials) and `admin`
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import openstack

PATIENCE = 300  # seconds until the hypervisor is there
# One family in the wrong order of upload, two of one name, and names that only look like it: "the newest image that fits a
# pattern" has to come out right.
IMAGES = (
    "CC7 - x86_64 [2021-03-01]",
    "CC7 - x86_64 [2023-07-01]",
    "CC7 - x86_64 [2022-11-02]",
    "CC7 Extra - x86_64 [2024-01-01]",
    "CC7 TEST - x86_64 [2024-02-01]",
    "Old CC7 - x86_64 [2024-02-01]",
    "CC7 - x86_64 [2024-03-01] broken",
    "SLC6 CERN Server - x86_64 [2020-12-01]",
    "SLC7 CERN Server - x86_64 [2017-04-06]",
    "ALMA9 - x86_64",
)


def main() -> None:
    settings = json.loads(Path(sys.argv[2]).read_text())
    admin = {
        "auth_url": settings["urls"]["keystone"] + "/v3",
        "username": "admin",
        "password": settings["password"],
        "project_name": "admin",
        "user_domain_id": "default",
        "project_domain_id": "default",
    }
    cloud = connect(settings, admin)
    if sys.argv[1] == "catalog":
        catalog(cloud, settings)
    else:
        owner = {**admin, "username": "crab", "project_name": "Personal crab"}
        clouds = {name: {"auth": auth, "region_name": settings["region"]} for name, auth in (("owner", owner), ("admin", admin))}
        clouds["cern"] = member(cloud, settings, owner)
        resources(cloud, settings)
        write_private(Path(settings["clouds"]), json.dumps({"clouds": clouds}, indent=1))


def connect(settings: dict, auth: dict) -> openstack.connection.Connection:
    """By this alone: a clouds.yaml of the user's is not read."""
    return openstack.connect(load_yaml_config=False, load_envvars=False, region_name=settings["region"], **auth)


def catalog(cloud: openstack.connection.Connection, settings: dict) -> None:
    for name, kind, path in (("glance", "image", ""), ("placement", "placement", ""), ("nova", "compute", "/v2.1"), ("neutron", "network", "")):
        service = cloud.identity.create_service(name=name, type=kind)
        for interface in ("public", "internal"):
            cloud.identity.create_endpoint(service_id=service.id, interface=interface, url=settings["urls"][name] + path, region_id=settings["region"])


def member(cloud: openstack.connection.Connection, settings: dict, owner: dict) -> dict:
    """A plain user with a project and an application credential; what clouds.yaml says of it."""
    project = cloud.identity.create_project(name=owner["project_name"], domain_id="default")
    user = cloud.identity.create_user(name=owner["username"], password=owner["password"], domain_id="default")
    cloud.identity.assign_project_role_to_user(project, user, cloud.identity.find_role("member"))
    mine = connect(settings, owner)
    credential = mine.identity.create_application_credential(user=mine.current_user_id, name="ansible")
    return {
        "auth_type": "v3applicationcredential",
        "auth": {"auth_url": owner["auth_url"], "application_credential_id": credential.id, "application_credential_secret": credential.secret},
        "region_name": settings["region"],
        "identity_api_version": 3,
        "interface": "public",
    }


def resources(cloud: openstack.connection.Connection, settings: dict) -> None:
    cloud.compute.create_flavor(name="m1.large", ram=8192, vcpus=4, disk=80)
    cloud.compute.create_flavor(name="m1.impossible", ram=8192, vcpus=4, disk=100000000)  # no host has room for it
    net = cloud.network.create_network(name="CERN_NETWORK", is_shared=True, provider_network_type="flat", provider_physical_network="physnet1")
    # The laboratory's network: at the address that Neutron gives a server a host comes up (guests.py). No DHCP, so no DHCP agent.
    prefix = settings["prefix"]
    cloud.network.create_subnet(
        name="lab",
        network_id=net.id,
        ip_version=4,
        cidr=f"{prefix}.0/24",
        enable_dhcp=False,
        gateway_ip=None,
        allocation_pools=[{"start": f"{prefix}.100", "end": f"{prefix}.199"}],
    )
    for name in IMAGES:
        upload(cloud, name)
    upload(cloud, "CC7 - x86_64 [2023-08-01]", visibility="private")  # of another project: nobody else sees it
    time.sleep(1.1)  # created_at has a resolution of one second
    upload(cloud, "CC7 - x86_64 [2023-07-01]")
    deadline = time.monotonic() + PATIENCE
    while not (any(one.state == "up" for one in cloud.compute.services(binary="nova-compute")) and list(cloud.compute.hypervisors())):
        if time.monotonic() > deadline:
            sys.exit("no hypervisor came up")
        time.sleep(0.5)


def upload(cloud: openstack.connection.Connection, name: str, visibility: str = "public") -> None:
    cloud.image.create_image(
        name=name, disk_format="raw", container_format="bare", visibility=visibility, data=b"x", allow_duplicates=True, validate_checksum=False
    )


def write_private(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


if __name__ == "__main__":
    main()
