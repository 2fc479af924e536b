"""Nothing here depends on the day, on the time zone, or on how busy the machine is: who may read a clock, measure a time, or wait for one."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
# Engines that read the date themselves, and what for. All others are given it.
READ_THE_DATE = {
    "_candidateweb.py _ask": "for the certificate that it is shown at that moment",
    "_deploy.py locked": "for people",
    "_files.py _copy_aside": "for the name of a copy",
    "_renewal.py main": "a program of its own",
    "_schema/execute.py apply": "for the record of a step",
    "_service.py _booted": "for the start of processes, which the kernel counts in seconds since its own",
}
# Tests that measure a time. How fast something is shows `make bench`.
MEASURE = {
    "tests/integration/client.py _asking": "asks every 400 ms",
    "tests/property/test_authmap.py seconds": "processor time, compared with that of json",
    "tests/unit/plugins/plugin_utils/test_report.py test_of_a_hundred_thousand_users_the_page_has_the_numbers_and_some_and_the_data_all":
        "processor time, many times what it takes: what is quadratic takes hours",
}
# Tests that wait for a time, as there is no state to wait for.
WAIT = {
    "tests/integration/client.py _asking": "four that take turns",
    "tests/integration/conftest.py play_into": "interrupts at some moment",
    "tests/integration/terminal.py wait_for": "throws away what is typed before it asks, and shows nothing when it does not any more",
    "tests/lab/tests/test_hosts.py test_an_interrupted_up_can_be_taken_down_whole": "interrupts at some moment",
}
PRESENT = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns"}
DURATION = {"time.time", "time.monotonic", "time.perf_counter", "time.process_time"}
# Of the present where they have no more arguments than these.
OF_THE_PRESENT = {"time.strftime": 1, "time.localtime": 0, "time.gmtime": 0, "time.ctime": 0, "time.asctime": 0}
Wanted = Callable[[ast.AST, bool], bool]


def called(node: ast.AST) -> str:
    """The last two words of what is called, such as time.sleep."""
    return ".".join(ast.unparse(node.func).split(".")[-2:]) if isinstance(node, ast.Call) else ""


def reads_a_clock(node: ast.AST, in_loop: bool) -> bool:
    return called(node) in PRESENT | DURATION or (isinstance(node, ast.Call) and len(node.args) <= OF_THE_PRESENT.get(called(node), -1))


def reads_the_date(node: ast.AST, in_loop: bool) -> bool:
    return called(node) == "_clock.now"


def measures(node: ast.AST, in_loop: bool) -> bool:
    """A clock less an earlier time; a deadline in a loop is none."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and DURATION & {called(node.left), called(node.right)} != set()


def waits(node: ast.AST, in_loop: bool) -> bool:
    return called(node) == "time.sleep" and not in_loop


def functions(text: str, wanted: Wanted) -> Iterator[str]:
    """The names of the functions with a node that is wanted, which is asked with whether the node is in a loop."""
    def walk(node: ast.AST, function: str, in_loop: bool) -> Iterator[str]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            function, in_loop = node.name, False
        in_loop = in_loop or isinstance(node, ast.While | ast.For)
        if wanted(node, in_loop):
            yield function
        for child in ast.iter_child_nodes(node):
            yield from walk(child, function, in_loop)
    return walk(ast.parse(text), "", False)


def places(folder: str, wanted: Wanted, names: str = "", relative: str = "") -> set[str]:
    """"file function" of all that is wanted in the files whose paths match."""
    return {f"{path.relative_to(ROOT / relative)} {function}" for path in sorted((ROOT / folder).rglob("*.py")) if re.search(names, str(path))
            for function in functions(path.read_text(encoding="utf-8"), wanted)}


@pytest.mark.parametrize(("text", "wanted", "found"), [
    ("now = datetime.datetime.now(tz)", reads_a_clock, True), ("now = time.time()", reads_a_clock, True), ("time.strftime('%Y')", reads_a_clock, True),
    ("time.strftime('%Y', time.gmtime(0))", reads_a_clock, False), ("took = time.monotonic() - began", measures, True),
    ("while time.monotonic() < deadline: pass", measures, False), ("time.sleep(1)", waits, True), ("while not there(): time.sleep(1)", waits, False),
])
def test_the_rules_see_what_they_are_about(text: str, wanted: Wanted, found: bool) -> None:
    assert bool(list(functions(text, wanted))) is found


def test_one_file_reads_the_clocks() -> None:
    assert places("plugins", reads_a_clock) == {"plugins/module_utils/_clock.py now"}


def test_engines_are_given_the_date() -> None:
    assert places("plugins/module_utils", reads_the_date, relative="plugins/module_utils") == set(READ_THE_DATE)


@pytest.mark.parametrize(("wanted", "allowed"), [(measures, MEASURE), (waits, WAIT)])
def test_tests_wait_for_states_and_measure_no_times(wanted: Wanted, allowed: dict[str, str]) -> None:
    assert places("tests", wanted, r"/(test_\w+|conftest)\.py$|tests/integration/") == set(allowed)


# A pause in a shell command, which is not in a loop; from five seconds on it is a process to be found, not a pause.
PAUSE = re.compile(r"(?<![\w.])sleep (0?\.\d+|[0-4](?:\.\d+)?)(?![\d.])(?!; done)")
PAUSES = {"tests/lab/tests/test_parts.py": "a command that is interrupted"}


@pytest.mark.parametrize(("text", "found"), [
    ("graceful; sleep 1.5", True), ("start; sleep 1", True), ("'trap x INT; sleep .5; y'", True), ("while x; do sleep 0.1; done; sleep 300", False)])
def test_the_rule_for_the_shell_sees_a_pause(text: str, found: bool) -> None:
    assert bool(PAUSE.search(text)) is found


def test_shell_commands_of_tests_on_hosts_wait_for_states() -> None:
    files = [path for folder in ("integration", "lab/tests", "lab/software/tests") for path in sorted((ROOT / "tests" / folder).rglob("*.py"))]

    assert {str(path.relative_to(ROOT)) for path in files if PAUSE.search(path.read_text(encoding="utf-8"))} == set(PAUSES)


def test_examples_of_properties_have_no_deadline() -> None:
    set_in = [path.name for path in (ROOT / "tests/property").glob("*.py") if "deadline=" in path.read_text(encoding="utf-8")]

    assert set_in == ["conftest.py"]


def test_jinja_takes_the_time_in_utc_and_never_as_a_timestamp() -> None:
    texts = [path for folder in ("roles", "playbooks", "molecule", "inventories", "examples", "awx", "tests") for path in (ROOT / folder).rglob("*")
             if path.suffix in (".yml", ".j2") and path.is_file()]
    used = [call for path in [*texts, ROOT / "site.yml"] for call in re.findall(r"\bnow\(.*", path.read_text(encoding="utf-8"))]

    assert len(used) > 3
    assert [call for call in used if not call.startswith("now(utc=true") or ".timestamp" in call] == []


@pytest.mark.parametrize("role", ["diagnose", "vm"])
def test_the_time_of_the_controller_is_the_same_in_every_zone(role: str, tmp_path: Path) -> None:
    variables = yaml.safe_load((ROOT / f"roles/{role}/vars/main.yml").read_text(encoding="utf-8"))
    play = [{"hosts": "localhost", "gather_facts": False, "tasks": [{"ansible.builtin.debug": {"msg": "at " + variables[f"{role}_now"]}}]}]
    (tmp_path / "play.yml").write_text(yaml.safe_dump(play), encoding="utf-8")

    earliest = time.time()
    done = subprocess.run([Path(sys.executable).with_name("ansible-playbook"), tmp_path / "play.yml"], env={**os.environ, "TZ": "<+0930>-9:30"},
                          check=True, capture_output=True, text=True)

    found = re.search(r"at ([\d.]+)", done.stdout)
    assert found and earliest <= float(found.group(1)) <= time.time()
