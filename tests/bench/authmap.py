"""How long a change of one user among 100,000 takes in authmap.json, beside json.load and json.dump of the same file."""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "collections"))

from ansible_collections.cmsweb.crab.plugins.module_utils import _authmap  # noqa: E402
from processor import median  # noqa: E402

USERS = 100_000


def measure(times: int) -> tuple[float, float]:
    """Medians of processor seconds: (ours, json's)."""
    one = {"dn": "/DC=ch/DC=example/CN=user-77777", "login": "user77777", "name": "User 77777", "roles": {"operator": ["group:crab3"]}}
    everybody = [{**one, "dn": f"/DC=ch/DC=example/CN=user-{number}", "login": f"user{number}", "name": f"User {number}", "roles": {}}
                 for number in range(USERS)]
    content = _authmap.update(None, "authmap.json", everybody)["content"]

    def ours() -> None:
        done = _authmap.update(content, "authmap.json", [one])
        assert done["changed"] == [one["dn"]], done["changed"]

    def json_alone() -> None:
        json.dumps(json.loads(content))

    return median(ours, times), median(json_alone, times)
