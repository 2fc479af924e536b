"""No bound on how long an example takes, which depends on what else the machine does; and Python 2.7, for the rules that say that it reads what was written."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "ci"))

import pythons  # noqa: E402

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def python2() -> str:
    found = pythons.find("2.7")
    if found is None:
        pytest.skip("this machine has no Python 2.7")
    return str(found)
