"""Several hosts at once: one that is broken does not keep the others from ending well, and the last lines say which is broken, and why."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from .conftest import ROOT, lab

FIRST, DOWN, FAULTY = (f"crab-{number:02}.example.org" for number in (1, 2, 3))
STANDIN = ROOT / "tests/lab/oracle/python"
ROLLING = {"crab_serial": 1, "crab_max_fail_percentage": 0}


@dataclass(frozen=True)
class Run:
    code: int
    output: str

    def recap(self, host: str) -> dict[str, int]:
        """The counts of a host; none if the run ended before it."""
        line = next((line for line in self.output.splitlines() if re.match(rf"{host} +: ok=", line)), "")
        return {word: int(number) for word, number in re.findall(r"(\w+)=(\d+)", line)}

    @property
    def told(self) -> list[str]:
        """What stands below the recap, a line for each failure."""
        return self.output.split("HOSTS FAILED", 1)[-1].split("\n", 1)[-1].strip().splitlines() if "HOSTS FAILED" in self.output else []


@dataclass(frozen=True)
class Fleet:
    lab: Path

    def play(self, playbook: str, variables: dict[str, object] | None = None, **settings: str) -> Run:
        extra = json.dumps({"demo_network": self.lab.name, **(variables or {})})
        command = ["ansible-playbook", "-i", "inventories/demo-fleet", playbook, "-e", extra, "--limit", f"{FIRST},{DOWN},{FAULTY}"]
        done = subprocess.run(command, cwd=ROOT, env={**os.environ, "ANSIBLE_NOCOLOR": "1", **settings}, stdin=subprocess.DEVNULL, text=True, timeout=900,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        return Run(done.returncode, done.stdout)

    def on(self, host: str, command: str) -> str:
        words = ["tests/lab/lab", "ssh", "--network", self.lab.name, host.split(".")[0], command]
        return subprocess.run(words, cwd=ROOT, stdin=subprocess.DEVNULL, text=True, capture_output=True, timeout=120, check=True).stdout


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    """Three fresh hosts. Nobody can log in to the second, and the third does not find the software."""
    made = Fleet(ROOT / ".lab/crab-fleet")
    lab("up", "--fresh", "--network", made.lab.name, *(host.split(".")[0] for host in (FIRST, DOWN, FAULTY)))
    made.on(FAULTY, "sudo sh -c 'cp /etc/hosts /root/hosts; (grep -v cmsrep /root/hosts; echo 127.0.0.1 cmsrep.example.org) > /etc/hosts'")
    made.on(DOWN, "sudo systemctl stop sshd")
    yield made
    if not os.environ.get("CRAB_LAB_KEEP"):
        lab("down", "--network", made.lab.name)


def test_1_the_others_end_deployed_and_verified_and_the_broken_ones_are_named_with_the_reason(fleet: Fleet) -> None:
    run = fleet.play("site.yml")

    assert run.code == 2, run.output
    assert [run.recap(host)["failed"] for host in (FIRST, DOWN, FAULTY)] == [0, 1, 1]
    assert run.output.count("Verified     200 through the frontend, 200 from the backend") == 1
    assert [line.split(":")[0] for line in run.told] == [DOWN, FAULTY, FAULTY], run.told
    assert "2 OF 3 HOSTS FAILED" in run.output
    assert f"{DOWN} (ansible_host {fleet.lab.joinpath('prefix').read_text().strip()}.11, ansible_user crabdev) cannot be reached" in run.told[0]
    assert "Packages and templates of the configuration: Deploy ended stage sw with exit code 7" in run.told[1]
    assert run.told[2].endswith('The task "Packages and templates of the configuration" failed: see above.')


def test_2_one_after_the_other_the_first_failure_ends_the_run(fleet: Fleet) -> None:
    run = fleet.play("site.yml", ROLLING)

    assert run.code == 2, run.output
    assert (run.recap(FIRST)["failed"], run.recap(FIRST)["changed"], run.recap(DOWN)["failed"], run.recap(FAULTY)) == (0, 0, 1, {}), run.output
    assert [line.split(":")[0] for line in run.told] == [DOWN]


def test_3_hosts_that_share_an_account_of_the_database_make_its_tables_once(fleet: Fleet, tmp_path: Path) -> None:
    lab("reboot", "--network", fleet.lab.name, DOWN.split(".")[0])
    settings = {"ORACLE_STANDIN_DIR": str(tmp_path)}
    account = ["python", "-m", "cx_Oracle.admin", "create", "--dsn", "fleetdb", "--user", "crab_fleet"]
    subprocess.run(account, cwd=STANDIN, env={**os.environ, **settings}, input="Example-1\n", text=True, check=True)
    tables = tmp_path / "tables.sql"  # many, so that all hosts are at it at the same time
    tables.write_text("".join(f"CREATE TABLE t{number} (a NUMBER(38));\n" for number in range(200)))
    shared = {"oracle_schema_checkout": str(tables), "oracle_schema_run_on": "controller", "oracle_schema_python_path": [str(STANDIN)],
              "oracle_schema_artifacts": str(tmp_path / "artifacts"), "crab_database_dsn": "fleetdb", "crab_database_user": "crab_fleet",
              "crab_database_password": "Example-1"}

    run = fleet.play("playbooks/schema_update.yml", shared, **settings)

    assert run.code == 0, run.output
    assert len(list((tmp_path / "artifacts").iterdir())) == 1
