"""The EXAMPLES of the modules that configure a deployed host, as they are written, on a host with Python 2.7.

What is not here needs another world: a database account of its own (schema*, table_purge, sql_script), GitHub (devrepos), minutes (deploy_stage).
That the modules take their examples is a unit test for all of them.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from .conftest import ROOT, Site

HTDOCS = "/data/srv/state/frontend/htdocs/crabconfig"
FRESH = {"name": "A folder without files", "ansible.builtin.shell": f"rm -rf {HTDOCS} && mkdir {HTDOCS}", "changed_when": False}
MANAGE = "/data/srv/current/config/crabserver/manage $1 'I did read documentation'"
INIT = f"""#!/bin/sh
### BEGIN INIT INFO
# Provides: crabserver
# Default-Start: 3 5
# Default-Stop: 0 6
### END INIT INFO
exec runuser -s /bin/bash -l _crabserver -c "{MANAGE}"
"""
INIT_SCRIPT = {"name": "What a server that was installed long ago has", "ansible.builtin.shell": {
    "cmd": "cat > /etc/init.d/crabserver; chmod 755 /etc/init.d/crabserver; systemctl daemon-reload", "stdin": INIT}}
# In an order in which each finds what it reads; with the tasks that come before.
MODULES: dict[str, list[dict]] = {
    "static_config": [], "static_config_info": [], "dbconfig": [], "dbconfig_info": [], "service_certificate": [],
    "authmap": [], "authmap_info": [], "cron_lines": [], "external_config": [FRESH], "external_config_info": [FRESH, {"example": "external_config"}],
    "crab_service": [INIT_SCRIPT],
}
SECRETS = {f"crab_{name}": f"Example-{name}" for name in (
    "database_password", "reader_password", "writer_password", "s3_access_key", "s3_secret_key", "new_database_password")}


def examples(name: str) -> list[dict]:
    tree = ast.parse((ROOT / f"plugins/modules/{name}.py").read_text())
    return next(yaml.safe_load(ast.literal_eval(node.value)) for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "EXAMPLES")


@pytest.fixture(scope="module")
def deployed(site: Site) -> Iterator[Site]:
    """A deployed host, which is as before at the end."""
    site.play("site.yml", check=True)
    yield site
    site.on(f"systemctl -q disable crabserver 2> /dev/null; rm -rf {HTDOCS} /etc/init.d/crabserver; systemctl daemon-reload")
    site.play("site.yml", {"frontend_auth_exact": True, "service_state": "restarted"}, "--tags", "config,auth,service,verify", check=True)


def test_every_example_runs_on_the_host_as_it_is_written(deployed: Site, tmp_path: Path) -> None:
    blocks = []
    for name, before in MODULES.items():
        ready = [examples(task["example"])[0] if "example" in task else task for task in before]
        blocks.append({"name": f"Examples of {name}", "block": ready + examples(name)})
    book = tmp_path / "examples.yml"
    book.write_text(yaml.safe_dump([{"hosts": "crab", "gather_facts": False, "become": True, "tasks": blocks}], sort_keys=False))

    run = deployed.play(str(book), SECRETS, "-e", json.dumps({"ansible_user": "crabdev"}))

    assert run.code == 0, run.output
    assert run.recap("ok") >= sum(len(examples(name)) for name in MODULES)
