"""Molecule's scenarios on one host for each identity: every role on cc7, those that look at the system on slc7 as well, and the way of EL9."""

from __future__ import annotations

import os
import re
import subprocess
from functools import lru_cache

import pytest

from .conftest import ROOT

IDENTITIES = {
    "cc7": ("crab-molecule", ["gridcert", "voms", "myproxy", "hgdeploy", "crabserver_config", "oracle_schema", "frontend_auth", "service", "verify", "diagnose",
                              "report", "devrepos"]),
    "slc7": ("crab-molecule-slc7", ["gridcert", "hgdeploy", "service"]),
    "el9": ("crab-molecule-el9", ["venv_install"]),
}


@lru_cache
def scenarios(identity: str) -> str:
    """The output of one molecule run over all scenarios of an identity; molecule itself stops at the first failure."""
    network, roles = IDENTITIES[identity]
    environment = {
        **os.environ, "CRAB_MOLECULE_NETWORK": network, "CRAB_MOLECULE_IDENTITY": identity,
        "MOLECULE_GLOB": "molecule/*/molecule.yml", "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections"), "NO_COLOR": "1",
    }
    selected = [word for role in roles for word in ("-s", role)]
    done = subprocess.run(["molecule", "-c", "molecule/base.yml", "test", *selected], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=900, check=False)
    return done.stdout


@pytest.mark.parametrize(("identity", "role"), [(identity, role) for identity, (_, roles) in IDENTITIES.items() for role in roles])
def test_converge_idempotence_and_verify_succeed(identity: str, role: str) -> None:
    output = scenarios(identity)

    steps = ["converge", "verify"] if role == "verify" else ["converge", "idempotence", "verify"]
    for step in steps:
        assert re.search(rf"^{role} > {step}: Executed: Successful$", output, re.MULTILINE), f"{step}\n{output[-8000:]}"
