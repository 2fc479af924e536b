"""The ansible-core that is first on PATH, with no deprecation allowed: what is deprecated today fails with a later core.

    tests/ci/newest python -m pytest tests/integration/test_newest.py
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible.release import __version__

from .conftest import NETWORK, ROOT, Run, Site, lab
from .test_venv import MODES, el9_site

CORE = tuple(int(number) for number in __version__.split(".")[:2])
PLACES = ("site.yml", "playbooks/*.yml", "awx/load.yml", "examples/*/playbook.yml")
PLAYBOOKS = sorted(str(path.relative_to(ROOT)) for place in PLACES for path in ROOT.glob(place))
DOCUMENTED = {"module": "plugins/modules/*.py", "lookup": "plugins/lookup/*.py", "filter": "plugins/filter/*.py", "callback": "plugins/callback/*.py",
              "role": "roles/*"}
DEPRECATED = """\
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        Display().deprecated('A made-up one.', version='99.0')
        return {'changed': False}
"""


@pytest.fixture(scope="module", autouse=True)
def deprecations_shown() -> Iterator[None]:
    """ansible.cfg has them off."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANSIBLE_DEPRECATION_WARNINGS", "1")
        yield


def deprecations(output: str) -> list[str]:
    return [line for line in output.splitlines() if "DEPRECAT" in line]


def ansible(*words: str) -> str:
    """What a command prints; it must succeed, and use nothing deprecated."""
    done = subprocess.run(words, cwd=ROOT, env={**os.environ, "ANSIBLE_NOCOLOR": "1"}, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert deprecations(done.stderr) == []
    return done.stdout


def test_deprecations_are_shown(tmp_path: Path) -> None:
    """Or the tests below could not fail."""
    (tmp_path / "action_plugins").mkdir()
    (tmp_path / "action_plugins/deprecated.py").write_text(DEPRECATED)
    (tmp_path / "play.yml").write_text("- hosts: localhost\n  gather_facts: false\n  tasks:\n    - deprecated:\n")

    done = subprocess.run(["ansible-playbook", "-i", "localhost,", tmp_path / "play.yml"], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)

    assert done.returncode == 0 and deprecations(done.stdout), done.stdout


def test_syntax_of_all_playbooks() -> None:
    said = ansible("ansible-playbook", "--syntax-check", "-i", "inventories/demo", *PLAYBOOKS)

    assert re.findall(r"^playbook: (\S+)$", said, re.MULTILINE) == PLAYBOOKS


@pytest.mark.parametrize("kind", DOCUMENTED)
def test_documentation_of_all_plugins_and_roles(kind: str) -> None:
    names = {f"cmsweb.crab.{path.stem}" for path in ROOT.glob(DOCUMENTED[kind]) if path.stem != "__init__"}

    documented = json.loads(ansible("ansible-doc", "--json", "-t", kind, *sorted(names)))

    assert documented.keys() == names
    for name, one in documented.items():
        parts = one["entry_points"].values() if kind == "role" else [one["doc"]]
        assert all(part["short_description"] for part in parts), name


@pytest.fixture(scope="module")
def el9() -> Iterator[Site]:
    yield from el9_site(NETWORK)


@pytest.fixture(scope="module")
def deployed(el9: Site) -> Run:
    return el9.play("site.yml", MODES, check=True)


def test_site_on_el9(deployed: Run) -> None:
    assert "200 from the backend" in deployed.output
    assert deployed.changed > 0
    assert deprecations(deployed.output) == []


def test_second_run_changes_nothing(el9: Site, deployed: Run) -> None:
    run = el9.play("site.yml", MODES, check=True)

    assert run.changed == 0, run.output
    assert deprecations(run.output) == []


@pytest.mark.parametrize("name", ["status", "restart", "diagnose", "report"])
def test_operations(el9: Site, deployed: Run, tmp_path: Path, name: str) -> None:
    run = el9.play(f"playbooks/{name}.yml", {**MODES, "report_file": str(tmp_path / "report.html"), "diagnose_artifact": ""}, check=True)

    assert deprecations(run.output) == []


@pytest.mark.skipif(CORE < (2, 17), reason="ansible-core 2.16 manages Python 2.7")
def test_host_with_python_2(el9: Site, tmp_path: Path) -> None:
    lab("up", "--network", el9.lab.name, "crab-fe")
    host = {**el9.connection, "ansible_host": el9.address.rsplit(".", 1)[0] + ".11"}
    (tmp_path / "hosts.yml").write_text(json.dumps({"crab": {"hosts": {"crab-fe.example.org": host}}}))

    for name in ("status", "diagnose"):
        run = el9.play(f"playbooks/{name}.yml", {"diagnose_artifact": ""}, "-i", str(tmp_path / "hosts.yml"), "--limit", "crab-fe.example.org")

        assert run.code != 0
        assert (f"crab-fe.example.org has Python 2.7 at /usr/bin/python2.7; ansible-core {CORE[0]}.{CORE[1]} manages" in run.failure
                and "use ansible-core 2.16, e.g. pip install 'ansible-core>=2.16,<2.17'" in run.failure), run.output
        assert "SyntaxError" not in run.output
