"""Whether a command of the documentation could be typed: the program, its options, and every name in it exist.

There is one function for a program. A program that has none is a problem: so no command goes unlooked at.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from ansible.cli.adhoc import AdHocCLI
from ansible.cli.doc import DocCLI
from ansible.cli.galaxy import GalaxyCLI
from ansible.cli.playbook import PlaybookCLI
from ansible.cli.vault import VaultCLI

from .pages import ROOT, tracked

sys.path.insert(0, str(ROOT / "tests/lab"))
from crablab import cli as lab_cli  # noqa: E402

OWN = "inventories/mine"  # what the reader makes by cp -r inventories/private inventories/mine
INSTALLED = "~/.ansible/collections/ansible_collections/cmsweb/crab/"  # where ansible-galaxy puts this tree
SHARED = ("crab_", "init_", "vault_", "ansible_")


def problems(words: list[str]) -> list[str]:
    """What is wrong with a command, as its words."""
    words = list(words)
    while words and re.match(r"^[A-Z_]+=", words[0]):
        words.pop(0)
    if not words:
        return []
    program = words[0].rsplit("/", 1)[-1] if words[0].startswith("~/") else words[0]  # of an environment that the reader made
    check = CHECKS.get(program) or (_our_script if words[0].startswith("tests/") else None)
    return list(check(words)) if check else [f"{words[0]}: not classified; give it a function in tests/docs/commands.py"]


# What there is -----------------------------------------------------------------------------------------

@cache
def options() -> dict[str, dict[str, Any]]:
    """The options of all roles by name."""
    found: dict[str, dict[str, Any]] = {}
    for specs in ROOT.glob("roles/*/meta/argument_specs.yml"):
        for entry in yaml.safe_load(specs.read_text(encoding="utf-8"))["argument_specs"].values():
            found |= entry.get("options") or {}
    return found


@cache
def vocabulary() -> frozenset[str]:
    """Every word of the tree outside its documentation, and every option of its commands."""
    skipped = (".md", ".svg", ".png", ".lock", ".sql")
    text = "\n".join((ROOT / name).read_text(encoding="utf-8", errors="ignore") for name in tracked()
                     if not name.endswith(skipped) and not name.startswith("tests/docs/") and (ROOT / name).is_file())
    return frozenset(re.findall(r"--[a-z][a-z-]+|[A-Za-z_]\w*", text)) | {name for names in _ansible_options().values() for name in names}


@cache
def tags(playbook: str) -> frozenset[str]:
    text = (ROOT / playbook).read_text(encoding="utf-8")
    imported = re.findall(r"import_playbook: (\S+)", text)
    own = {word for found in re.findall(r"^ +tags: (.*)$", text, re.MULTILINE) for word in re.findall(r"\w+", found)}
    return frozenset(own.union(*(tags(str(Path(playbook).parent / name)) for name in imported)) - {"always", "never"})


def known_variable(name: str) -> bool:
    """An option of a role, or a shared variable that the tree knows; any name for a vault's."""
    return name in options() or name.startswith("vault_") or (name.startswith(SHARED) and name in vocabulary())


# Ansible's commands ------------------------------------------------------------------------------------

CLIS: dict[str, type] = {"ansible": AdHocCLI, "ansible-playbook": PlaybookCLI, "ansible-vault": VaultCLI, "ansible-doc": DocCLI, "ansible-galaxy": GalaxyCLI}


def _parser(program: str) -> Any:
    one = CLIS[program]([program, "x", "y"])
    one.init_parser()
    return one.parser


@cache
def _ansible_options() -> dict[str, frozenset[str]]:
    return {program: frozenset(name for action in _parser(program)._actions for name in action.option_strings) for program in CLIS}


def _parsed(words: list[str]) -> tuple[Any, str]:
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        try:
            return _parser(words[0]).parse_args(words[1:]), ""
        except SystemExit:
            return None, said.getvalue().strip().splitlines()[-1]


def _playbook(words: list[str]) -> Iterator[str]:
    arguments, wrong = _parsed(words)
    if wrong:
        yield wrong
        return
    for name in arguments.args:
        if name.startswith("cmsweb.crab."):
            name = f"playbooks/{name.rsplit('.', 1)[1]}.yml"
        if not (ROOT / name).is_file():
            yield f"there is no playbook {name}"
            continue
        yield from (f"{name} has no tag {tag}" for given in arguments.tags + arguments.skip_tags for tag in given.split(",") if tag not in tags(name) | {"all"})
    yield from _inventory(arguments)
    yield from _variables(arguments.extra_vars)


def _inventory(arguments: Any) -> Iterator[str]:
    for name in arguments.inventory or []:
        if name != OWN and not (ROOT / name).exists():
            yield f"there is no inventory {name}"


def _variables(given: list[str]) -> Iterator[str]:
    for text in given:
        if text.startswith("@"):
            continue
        names = json.loads(text) if text.startswith("{") else [word.split("=", 1)[0] for word in text.split()]
        yield from (f"no variable {name}" for name in names if not known_variable(name))


def _adhoc(words: list[str]) -> Iterator[str]:
    arguments, wrong = _parsed(words)
    if wrong:
        yield wrong
        return
    yield from _inventory(arguments)
    yield from _module(arguments.module_name, [word.split("=", 1)[0] for word in (arguments.module_args or "").split()])


def _module(name: str, parameters: list[str]) -> Iterator[str]:
    source = ROOT / f"plugins/modules/{name.removeprefix('cmsweb.crab.')}.py"
    if not name.startswith("cmsweb.crab.") or not source.is_file():
        yield f"there is no module {name}"
        return
    text = source.read_text(encoding="utf-8")
    yield from (f"{name} has no option {one}" for one in parameters if not re.search(rf"^  {one}:$", text, re.MULTILINE))


def _doc(words: list[str]) -> Iterator[str]:
    arguments, wrong = _parsed(words)
    yield from [wrong] if wrong else [problem for name in arguments.args for problem in _module(name, [])]


def _other_ansible(words: list[str]) -> Iterator[str]:
    _arguments, wrong = _parsed(words)
    if wrong:
        yield wrong


# Others ------------------------------------------------------------------------------------------------

def _make(words: list[str]) -> Iterator[str]:
    done = subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False, env={**os.environ, "MAKEFLAGS": ""})
    if done.returncode or len(words) < 2:
        yield done.stderr.strip() or "make needs a target"


def _our_script(words: list[str]) -> Iterator[str]:
    script = ROOT / words[0]
    if not os.access(script, os.X_OK) or script.is_dir():
        yield f"there is no command {words[0]}"
    elif words[0] == "tests/lab/lab":
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            try:
                lab_cli._parser().parse_args(words[1:])
            except SystemExit:
                yield said.getvalue().strip().splitlines()[-1]


def _installed(name: str) -> Path:
    return ROOT / name.removeprefix(INSTALLED)


def _copy(words: list[str]) -> Iterator[str]:
    if words[2:] == ["."]:
        if not _installed(words[1]).is_file():
            yield f"there is no file {words[1]}"
    elif words[1] != "-r" or len(words) != 4 or not (ROOT / words[2]).is_dir() or not (ROOT / words[3]).parent.is_dir():
        yield f"cp: {' '.join(words[2:])} cannot be copied like that"


def _git(words: list[str]) -> Iterator[str]:
    shape = ["clone", "-b", None, None] if "-b" in words else ["clone", None]
    given = words[1:]
    if len(given) not in (len(shape), len(shape) + 1) or any(want not in (None, word) for want, word in zip(shape, given)):
        yield "git: only clone [-b TAG] URL [FOLDER] is known here"
    elif not re.match(r"^https://\S+\.git$", given[len(shape) - 1]):
        yield f"git: {given[len(shape) - 1]} is no https URL of a repository"


def _export(words: list[str]) -> Iterator[str]:
    script = re.search(r"\$\((\S+)", words[1])
    if not re.match(r"^[A-Z_]+=", words[1]) or (script and not os.access(ROOT / script.group(1), os.X_OK)):
        yield f"export: {words[1]}"


def _source(words: list[str]) -> Iterator[str]:
    if len(words) != 2 or not (words[1].endswith("/bin/activate") or (ROOT / words[1]).is_file()):
        yield f"source: there is no file {' '.join(words[1:])}"


def _python(words: list[str]) -> Iterator[str]:
    if words[1:3] != ["-m", "venv"] or len(words) != 4:
        yield "python3: only -m venv FOLDER is known here"


def _pip(words: list[str]) -> Iterator[str]:
    if words[1:2] != ["install"] or len(words) < 3:
        yield "pip: only install is known here"
    elif words[2] == "-r":
        yield from (f"there is no file {name}" for name in words[3:] if not _installed(name).is_file())
    else:
        pinned = "\n".join(path.read_text(encoding="utf-8") for path in ROOT.glob("requirements/*.txt"))
        yield from (f"requirements/ has no {name}" for name in words[2:] if not re.search(rf"^{re.split('[=<>]', name)[0]}==", pinned, re.MULTILINE))


def _openssl(words: list[str]) -> Iterator[str]:
    done = subprocess.run(["openssl", words[1], "-help"], capture_output=True, text=True, check=False)
    known = re.findall(r"^ (-\w+)", done.stderr + done.stdout, re.MULTILINE)
    yield from (f"openssl {words[1]} has no option {word}" for word in words[2:] if word.startswith("-") and word not in known)


def _anything(_words: list[str]) -> Iterator[str]:
    return iter(())


CHECKS: dict[str, Callable[[list[str]], Iterator[str]]] = {
    "ansible": _adhoc, "ansible-doc": _doc, "ansible-galaxy": _other_ansible, "ansible-playbook": _playbook, "ansible-vault": _other_ansible,
    "cp": _copy, "export": _export, "git": _git, "make": _make, "openssl": _openssl, "pip": _pip,
    "python3": _python, "source": _source,
    "cd": _anything,
    # Its options are compared with its help on a host, in tests/integration/test_docs.py.
    "voms-proxy-init": _anything,
}
