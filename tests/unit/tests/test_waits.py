"""A test that runs on hosts waits for a state, never for a time: on a slower machine the time is too short."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
FILES = [path for folder in ('tests/integration', 'tests/lab/tests', 'tests/lab/software/tests') for path in sorted((ROOT / folder).rglob('*.py'))]
# Where a time is what the test is about: the moment of an interruption, or how often somebody asks.
MOMENTS = {'play_into', '_asking', 'wait_for', 'test_an_interrupted_up_can_be_taken_down_whole', 'test_an_interrupt_lets_a_command_tidy_up_or_come_to_its_end'}
SHELL = re.compile(r'(?<![\w.])sleep (\.?\d[\d.]*)(?!.{0,4}; ?done)')
PROCESS = 5.0   # seconds from which on "sleep" is a process to be found, not a pause


def pauses(path: Path) -> Iterator[str]:
    """Each pause of a file that is not in a loop."""
    def visit(node: ast.AST, function: str, loop: bool) -> Iterator[str]:
        if isinstance(node, ast.FunctionDef):
            function, loop = node.name, False
        loop = loop or isinstance(node, ast.While | ast.For)
        if function in MOMENTS:
            return
        if isinstance(node, ast.Call) and ast.unparse(node.func) == 'time.sleep' and not loop:
            yield f'{path.name}:{node.lineno}: {ast.unparse(node)}'
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for match in SHELL.finditer(node.value):
                if float(match.group(1)) < PROCESS:
                    yield f'{path.name}:{node.lineno}: {match.group(0)}'
        for child in ast.iter_child_nodes(node):
            yield from visit(child, function, loop)
    yield from visit(ast.parse(path.read_text(encoding='utf-8')), '', False)


@pytest.mark.parametrize('path', FILES, ids=lambda path: path.stem)
def test_a_wait_is_for_a_state(path: Path) -> None:
    assert list(pauses(path)) == []


def test_a_pause_is_found(tmp_path: Path) -> None:
    (tmp_path / 'x.py').write_text("import time\nA = 'graceful; sleep 1.5'\nB = 'while x; do sleep 0.1; done; sleep 300'\n"
                                   "def f():\n    while True:\n        time.sleep(1)\n    time.sleep(2)\n")

    assert list(pauses(tmp_path / 'x.py')) == ['x.py:2: sleep 1.5', 'x.py:7: time.sleep(2)']
