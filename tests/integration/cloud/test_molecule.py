"""Molecule's scenario of the role vm. The others have a host of the laboratory from the start: ../test_molecule.py."""

from __future__ import annotations

import os
import re
import subprocess

from ..conftest import ROOT
from .conftest import COMMAND, NETWORK, Cloud


def test_converge_idempotence_and_verify_succeed(empty: Cloud) -> None:
    settings = {"CRAB_MOLECULE_NETWORK": NETWORK, "MOLECULE_GLOB": "molecule/*/molecule.yml", "NO_COLOR": "1",
                "ANSIBLE_COLLECTIONS_PATH": str(ROOT / "collections")}
    command = [str(COMMAND), "run", "--network", NETWORK, "--", "molecule", "-c", "molecule/base.yml", "test", "-s", "vm"]

    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **settings}, stdin=subprocess.DEVNULL, text=True, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)

    for step in ("converge", "idempotence", "verify"):
        assert re.search(rf"^vm > {step}: Executed: Successful$", done.stdout, re.MULTILINE), f"{step}\n{done.stdout[-8000:]}"
    assert empty.servers("crab-vm") == []
