"""The services' configuration. Why each unusual line is there: README.md."""

from __future__ import annotations

import base64
import json
import os
import secrets
import shutil
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

REGION = "cern"
FOLDERS = (
    "etc", "db", "log", "lock", "run", "home", "tmp", "glance/images", "glance/tasks", "glance/staging",
    "nova/instances", "nova/provider", "keystone/fernet", "keystone/credential",
)
SERVICES = ("keystone", "placement", "glance", "neutron", "nova")


@dataclass(frozen=True)
class Settings:
    """What the parts of one cloud have to know of each other."""

    network: str
    folder: str
    prefix: str
    address: str
    ports: dict[str, int]
    password: str
    clouds: str
    hosts: str
    region: str = REGION

    @property
    def urls(self) -> dict[str, str]:
        return {name: f"http://{self.address}:{port}" for name, port in self.ports.items()}

    @classmethod
    def for_schemas(cls, work: Path) -> Settings:
        """Only the databases matter."""
        return cls("", str(work), "", "127.0.0.1", dict.fromkeys(SERVICES, 1), "", "", "")

    def text(self) -> str:
        return json.dumps({**asdict(self), "urls": self.urls}, indent=1)


def free_ports(address: str) -> dict[str, int]:
    """One for each service, which nobody has at this address."""
    held = [socket.create_server((address, 0)) for _ in SERVICES]
    try:
        return {name: one.getsockname()[1] for name, one in zip(SERVICES, held)}
    finally:
        for one in held:
            one.close()


def environ(state: Path) -> dict[str, str]:
    """All that a service finds in its environment: nothing of the user's, no other home, no other cloud, no proxy."""
    etc = str(state / "etc")
    return {
        "HOME": str(state / "home"),
        "TMPDIR": str(state / "tmp"),
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "OS_KEYSTONE_CONFIG_DIR": etc,
        "OS_KEYSTONE_CONFIG_FILES": f"{etc}/keystone.conf",
        "OS_PLACEMENT_CONFIG_DIR": etc,
        "OS_GLANCE_CONFIG_DIR": etc,
        "OS_GLANCE_CONFIG_FILES": "glance-api.conf",
        "OS_NEUTRON_CONFIG_DIR": etc,
        "OS_NEUTRON_CONFIG_FILES": "neutron.conf",
    }


def database(state: Path, name: str) -> str:
    return f"sqlite:///{state}/db/{name}.db?timeout=60"


def write(state: Path, venv: Path, settings: Settings) -> None:
    """The whole state folder, empty but for configuration, keys and settings.json. Nothing in it is for others: it holds a password."""
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(mode=0o700, parents=True)
    for folder in FOLDERS:
        (state / folder).mkdir(parents=True)
    for folder in ("fernet", "credential"):
        (state / "keystone" / folder).chmod(0o700)  # or Keystone logs a warning with each request
        for number in ("0", "1"):
            key = os.open(state / "keystone" / folder / number, os.O_WRONLY | os.O_CREAT, 0o600)
            with os.fdopen(key, "wb") as file:
                file.write(base64.urlsafe_b64encode(secrets.token_bytes(32)))
    for name, sections in _files(state, venv, settings).items():
        lines = [line for section, values in sections.items() for line in (f"[{section}]", *(f"{key} = {value}" for key, value in values.items()), "")]
        (state / "etc" / name).write_text("\n".join(lines))
    (state / "etc/secure.yaml").write_text("{}\n")
    (state / "settings.json").write_text(settings.text())


def _files(state: Path, venv: Path, settings: Settings) -> dict[str, dict[str, dict[str, object]]]:
    auth = {
        "auth_type": "password",
        "auth_url": settings.urls["keystone"] + "/v3",
        "username": "admin",
        "password": settings.password,
        "project_name": "admin",
        "user_domain_id": "default",
        "project_domain_id": "default",
        "region_name": settings.region,
    }
    token = {**auth, "www_authenticate_uri": settings.urls["keystone"] + "/v3"}
    silent = {"driver": "noop"}
    locks = {"lock_path": state / "lock"}

    def general(name: str, **more: object) -> dict[str, object]:
        return {"log_file": state / f"log/{name}.log", "transport_url": "fake://", **more}

    return {
        "keystone.conf": {
            "DEFAULT": general("keystone"),
            "database": {"connection": database(state, "keystone")},
            "fernet_tokens": {"key_repository": state / "keystone/fernet"},
            "fernet_receipts": {"key_repository": state / "keystone/fernet"},
            "credential": {"key_repository": state / "keystone/credential"},
            "identity": {"domain_config_dir": state / "keystone/domains"},
            "federation": {"sso_callback_template": venv / "etc/keystone/sso_callback_template.html"},
            "oslo_messaging_notifications": silent,
            # A revoked credential must be seen at once.
            "cache": {"enabled": "false"},
        },
        "glance-api.conf": {
            "DEFAULT": general("glance", enabled_backends="file:file", node_staging_uri=f"file://{state}/glance/staging"),
            "glance_store": {"default_backend": "file"},
            "file": {"filesystem_store_datadir": state / "glance/images"},
            "os_glance_tasks_store": {"filesystem_store_datadir": state / "glance/tasks"},
            "os_glance_staging_store": {"filesystem_store_datadir": state / "glance/staging"},
            "database": {"connection": database(state, "glance")},
            "keystone_authtoken": token,
            "paste_deploy": {"flavor": "keystone", "config_file": venv / "etc/glance/glance-api-paste.ini"},
            "oslo_messaging_notifications": silent,
            "oslo_concurrency": locks,
        },
        "placement.conf": {
            "DEFAULT": {"log_file": state / "log/placement.log"},
            "placement_database": {"connection": database(state, "placement")},
            "api": {"auth_strategy": "keystone"},
            "keystone_authtoken": token,
        },
        "neutron.conf": {
            "DEFAULT": general(
                "neutron",
                state_path=state / "neutron",
                core_plugin="ml2",
                service_plugins="",
                api_paste_config=venv / "etc/neutron/api-paste.ini",
                notify_nova_on_port_status_changes="false",
                notify_nova_on_port_data_changes="false",
                dhcp_agent_notification="false",
            ),
            "database": {"connection": database(state, "neutron")},
            "keystone_authtoken": token,
            "nova": auth,
            "placement": auth,
            "oslo_messaging_notifications": silent,
            "oslo_concurrency": locks,
            "ml2": {"type_drivers": "flat", "tenant_network_types": "flat", "mechanism_drivers": "openvswitch", "extension_drivers": "port_security"},
            "ml2_type_flat": {"flat_networks": "physnet1"},
            "securitygroup": {"enable_security_group": "true"},
        },
        "nova.conf": {
            "DEFAULT": general(
                "nova",
                host="lab",  # = the agent's row of neutron_schema.py
                state_path=state / "nova",
                instances_path=state / "nova/instances",
                compute_driver="fake.FakeDriver",
                periodic_fuzzy_delay=0,
                osapi_compute_listen=settings.address,
                osapi_compute_listen_port=settings.ports["nova"],
                osapi_compute_workers=1,
                enabled_apis="osapi_compute",
                vif_plugging_is_fatal="false",
                vif_plugging_timeout=0,
            ),
            "workarounds": {"disable_rootwrap": "true"},
            "compute": {"provider_config_location": state / "nova/provider"},
            "api_database": {"connection": database(state, "nova_api")},
            "database": {"connection": database(state, "nova")},
            "api": {"auth_strategy": "keystone"},
            "wsgi": {"api_paste_config": venv / "etc/nova/api-paste.ini"},
            "keystone_authtoken": token,
            "placement": auth,
            "neutron": auth,
            "glance": auth,
            "scheduler": {"discover_hosts_in_cells_interval": 2, "workers": 1},
            "conductor": {"workers": 1},
            "oslo_messaging_notifications": silent,
            "oslo_concurrency": locks,
        },
    }
