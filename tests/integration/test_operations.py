"""The playbooks beside site.yml that change the configuration of a deployed host."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from .conftest import ROOT, Site, preflight

AUTH = "/data/srv/current/auth/crabserver/CRABServerAuth.py"
ROTATE = "playbooks/rotate_db_password.yml"
NEW, OTHER = "Ne\"w'{{ 1 }}\\%s", "0therPassword"


def password(site: Site) -> str:
    """That of the instance dev, as Python reads it."""
    return site.on(f"cd {AUTH.rsplit('/', 1)[0]} && python3 -B -c 'import CRABServerAuth as a; print(a.dbconfig[\"dev\"][\"*\"][\"password\"])'").rstrip("\n")


def at_database(site: Site, text: str) -> None:
    quoted = text.replace("'", "'\\''")
    site.on(f"cd / && printf %s '{quoted}' | python3 -m cx_Oracle.admin create --dsn devdb11 --user crab_demo")


def files(site: Site) -> str:
    return site.on(f"stat -c '%n %a %U:%G' {AUTH}*").strip()


@pytest.fixture(scope="module")
def old(site: Site) -> Iterator[str]:
    """The password of the deployed host, which has it again at the end."""
    site.play("site.yml", check=True)
    site.on(f"rm -f {AUTH}.*~")     # of the file that Deploy made
    text = (site.lab / "oracle_password").read_text().strip()
    yield text
    at_database(site, text)
    site.play("site.yml", {"frontend_auth_exact": True}, "--tags", "config,auth,service,verify", check=True)


def test_1_a_password_that_the_database_refuses_is_never_written(site: Site, old: str) -> None:
    before = site.fingerprint()

    run = site.play(ROTATE, {"crab_new_database_password": OTHER})

    assert run.code != 0 and "ORA-01017" in run.failure and OTHER not in run.output, run.output
    assert (site.fingerprint(), password(site)) == (before, old)


def test_2_a_new_password_is_tried_written_and_in_use(site: Site, old: str) -> None:
    at_database(site, NEW)

    run = site.play(ROTATE, {"crab_new_database_password": {"__ansible_unsafe": NEW}}, "--diff")

    assert run.code == 0, run.output
    assert (password(site), files(site)) == (NEW, f"{AUTH} 440 _sw:_config")
    assert "Put the new password into the vault" in run.output
    assert NEW not in run.output and old not in run.output


def test_3_again_nothing_is_changed(site: Site, old: str) -> None:
    run = site.play(ROTATE, {"crab_new_database_password": {"__ansible_unsafe": NEW}})

    assert (run.code, run.changed) == (0, 0), run.output


def test_3b_a_file_that_had_the_password_already_is_not_said_to_have_come_back(site: Site, old: str) -> None:
    before = files(site)

    run = site.play(ROTATE, {"crab_new_database_password": {"__ansible_unsafe": NEW}, "crab_instance": "nosuch"})

    said = " ".join(run.output.split())
    assert run.code != 0 and "Cause: instance." in said and "CRABServerAuth.py was not changed by this run." in said, run.output
    assert "runs with it" not in said
    assert (password(site), files(site)) == (NEW, before)


def test_4_the_old_file_comes_back_when_the_rest_does_not(site: Site, old: str) -> None:
    at_database(site, OTHER)

    run = site.play(ROTATE, {"crab_new_database_password": OTHER, "crab_instance": "nosuch"})

    assert run.code != 0 and "Cause: instance." in run.output, run.output
    assert "CRABServerAuth.py is the one from before this run, and crabserver runs with it." in " ".join(run.output.split()), run.output
    assert (password(site), files(site)) == (NEW, f"{AUTH} 440 _sw:_config")


def test_5_the_vault_serves_as_well_as_the_prompt(site: Site, old: str) -> None:
    at_database(site, old)

    run = site.play(ROTATE)

    assert run.code == 0 and "into the vault" not in run.output, run.output
    assert password(site) == old


def test_6_config_writes_both_stages_and_restarts_nothing(site: Site, old: str) -> None:
    pids = site.on("pgrep -u _crabserver,_frontend | sort")
    site.on(f"sed -i 's/^data.mode.*/data.mode = \"other\"/' {AUTH.replace('auth/crabserver/CRABServerAuth.py', 'config/crabserver/config.py')}; "
            "rm /data/srv/state/frontend/etc/authmap.json")

    run, again = site.play("playbooks/config.yml", check=True), site.play("playbooks/config.yml", check=True)

    assert (run.changed, again.changed) == (2, 0), run.output
    assert site.on("pgrep -u _crabserver,_frontend | sort") == pids


VAULT = {f"vault_crab_{name}_password": f"Example-{name}" for name in ("database", "reader", "writer")}
EXAMPLES = {"private": ["crab3_alice"], "preprod": ["cms_analysis_reqmgr"], "prod": ["cms_analysis_reqmgr", "cms_analysis_reqmgr_r", "cms_analysis_reqmgr_w"]}


@pytest.mark.parametrize("name", EXAMPLES)
def test_7_an_example_inventory_has_nothing_that_preflight_minds(name: str, tmp_path: Path) -> None:
    good = preflight(name, tmp_path, VAULT)
    wrong = preflight(name, tmp_path, {**VAULT, "crab_mode": "nosuch"})

    assert good.returncode == 0 and "WARNING" not in good.stdout, good.stdout
    assert wrong.returncode != 0 and "crabserver_config_mode: nosuch is no mode" in " ".join(wrong.stdout.split()), wrong.stdout


@pytest.mark.parametrize("name", EXAMPLES)
def test_8_crabserver_answers_with_the_configuration_of_an_example(site: Site, old: str, name: str) -> None:
    example = yaml.safe_load((ROOT / f"inventories/{name}/group_vars/crab/main.yml").read_text())
    ours = {key: value for key, value in example.items() if key.startswith(("crab_", "crabserver_config_"))} | VAULT
    # Deploy's owners, and for one of the examples those of the old container image.
    owner, group = ("_crabserver", "_crabserver") if name == "preprod" else ("_sw", "_config")
    ours |= {"crabserver_config_owner": owner, "crabserver_config_group": group, "crabserver_config_backup": False}
    for user in EXAMPLES[name]:
        word = {"cms_analysis_reqmgr_r": "reader", "cms_analysis_reqmgr_w": "writer"}.get(user, "database")
        site.on(f"cd / && printf Example-{word} | python3 -m cx_Oracle.admin create --dsn {example['crab_database_dsn']} --user {user}")

    site.play("playbooks/config.yml", ours, check=True)
    site.play("site.yml", ours, "--tags", "service,verify", check=True)

    assert files(site) == f"{AUTH} 440 {owner}:{group}"
    version = example["crabserver_config_external"][example["crab_mode"]]["compatible-version"][-1]
    assert f"- {version}\n" in probe(site, f"/crabserver/{example['crab_instance']}/info?subresource=version")


def probe(site: Site, path: str) -> str:
    """What crabserver itself answers."""
    request = {"url": "http://127.0.0.1:8270", "path": path, "login": "alice", "header_key": "/data/srv/current/auth/wmcore-auth/header-auth-key"}
    command = ["ansible", "crab", "-i", "inventories/demo", "-b", "-e", f"demo_network={site.lab.name}", "-m", "cmsweb.crab.rest_probe"]
    return subprocess.run([*command, "-a", json.dumps(request)], cwd=ROOT, stdin=subprocess.DEVNULL, text=True, capture_output=True, check=True).stdout


def test_9_the_frontend_is_restarted_only_when_the_gridmap_changed(site: Site, old: str) -> None:
    alice = {"dn": "/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=alice/CN=123456/CN=Alice Example", "login": "alice", "roles": {"operator": ["group:crab3"]}}
    bob = {"dn": "/DC=ch/CN=bob", "login": "bob", "name": "Bob Bj\u00f6rn"}
    workers, tags = "pgrep -u _frontend | sort", ("--tags", "auth,service")
    # Whatever the tests before have left, or did not come to.
    site.play("site.yml", {"frontend_auth_exact": True}, "--tags", "config,auth,service", check=True)
    before = site.on(workers)

    role = site.play("site.yml", {"frontend_auth_users": [{**alice, "roles": {"admin": ["group:crab3"]}}]}, *tags, check=True)
    after_role = site.on(workers)
    user = site.play("site.yml", {"frontend_auth_users": [alice, bob]}, *tags, check=True)

    assert (role.changed, after_role) == (1, before), role.output
    assert user.changed == 2 and not set(site.on(workers).split()) & set(before.split()), user.output
    assert "is written as Bob Bjorn: the REST refuses the signature of a name outside ASCII." in " ".join(user.output.split())
