#!/usr/bin/env python3
"""argspecs.py: what a role documents is what it does.

- defaults/main.yml has a value for each option of meta/argument_specs.yml, and no other; required options have none.
- The default in the specs is that value. A dict, list or boolean that is a template has none in the specs: documentation tools
  would evaluate it. Nor has one that is another variable and nothing else: Ansible would want that one also where the role's own is set.
- Every variable of a role begins with the role's name.
- A file or folder on the controller is named by way of the filter controller_path, so that a relative path begins where the user is, and not in the
  collection. That goes for each option that is described as one, and for each that a lookup of a file or a task on the controller has as its path.
- The action group in meta/runtime.yml names every module, and no other.
- A variable with a new name (plugins/plugin_utils/_renamed.py) is one of a role, whose default takes the old name where it is set.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
ABSENT = object()
ON_CONTROLLER = re.compile(r"(?:File|Folder|A [\w. ]+) on the controller\b")
EXPRESSION = re.compile(r"{{.*?}}|{%.*?%}", re.DOTALL)
TEXT = re.compile(r"'[^']*'")
PATHS = ("path", "dest", "src")


def main() -> int:
    problems = [*action_group(), *renamed(), *controller_paths()]
    roles = sorted(path.parent.parent for path in ROOT.glob("roles/*/tasks/main.yml"))
    for role in roles:
        problems += [f"roles/{role.name}: {problem}" for problem in compare(role)]
    print(*problems, f"{len(roles)} roles, {len(problems)} problems", sep="\n")
    return 1 if problems else 0


def compare(role: Path) -> Iterator[str]:
    specs = read(role / "meta/argument_specs.yml")
    defaults = read(role / "defaults/main.yml") or {}
    if not specs:
        yield "no meta/argument_specs.yml"
        return
    options: dict[str, dict[str, Any]] = {}
    for entry in specs["argument_specs"].values():
        options |= entry.get("options") or {}
    for name in sorted(options.keys() | defaults.keys()):
        value, option = defaults.get(name, ABSENT), options.get(name)
        if not name.startswith(f"{role.name}_"):
            yield f"{name} does not begin with {role.name}_"
        if option is None:
            yield f"{name} is in defaults/main.yml and not in argument_specs"
        elif option.get("required"):
            if value is not ABSENT:
                yield f"{name} is required and has a default"
        elif value is ABSENT:
            yield f"{name} is optional and has no value in defaults/main.yml"
        elif is_template(value) and (option.get("type") in ("dict", "list", "bool") or re.fullmatch(r"{{ crab_\w+ }}", value)):
            if "default" in option:
                yield f"{name} is a template: leave its default out of argument_specs"
        elif (type(value), value) != (type(option.get("default")), option.get("default")):
            yield f"{name} is {value!r} in defaults/main.yml and {option.get('default')!r} in argument_specs"


def controller_paths() -> Iterator[str]:
    options = {name: option for path in ROOT.glob("roles/*/meta/argument_specs.yml") for entry in read(path)["argument_specs"].values()
               for name, option in (entry.get("options") or {}).items()}
    documented = [name for name, option in options.items() if ON_CONTROLLER.match("".join(option["description"]))]
    plain = r"\b(%s)\b(?!\s*\|\s*cmsweb\.crab\.controller_path\b)"
    used = re.compile(plain % "|".join(documented))
    looked_up, written = (re.compile(begin + plain % "|".join(options)) for begin in (r"'ansible\.builtin\.file', ", r"^{{ "))
    for path in sorted([*ROOT.glob("roles/*/[tv]*/*"), *ROOT.glob("playbooks/**/*.*")]):
        text = path.read_text(encoding="utf-8")
        found = [name for one in EXPRESSION.findall(text) for name in used.finditer(TEXT.sub("", one)) if uses(name)] + [*looked_up.finditer(text)]
        if path.suffix == ".yml":
            found += [name for value in paths_on_controller(read(path)) if (name := written.match(value))]
        for name in sorted({one.group(1) for one in found}):
            yield f"{path.relative_to(ROOT)}: {name} is on the controller: write {name} | cmsweb.crab.controller_path"


def uses(name: re.Match[str]) -> bool:
    """Whether the path itself is used there, and not only whether there is one, or the name of the file."""
    before, behind = name.string[:name.start()], name.string[name.end():]
    return not re.search(r"\b(?:if|and|not) $", before) and not re.match(r"\s+is\b|\s*\|\s*(?:basename|ternary)\b", behind)


def paths_on_controller(tasks: object, here: bool = False) -> Iterator[str]:
    """Paths in tasks that run on the controller."""
    for task in [one for one in tasks if isinstance(one, dict)] if isinstance(tasks, list) else []:
        local = here or "localhost" in (task.get("delegate_to"), task.get("hosts"))
        for value in task.values():
            yield from paths_on_controller(value, local)
            if local and isinstance(value, dict):
                yield from (value[name] for name in PATHS if isinstance(value.get(name), str))


def action_group() -> Iterator[str]:
    named = set(read(ROOT / "meta/runtime.yml")["action_groups"]["crab"])
    there = {path.stem for path in ROOT.glob("plugins/modules/*.py") if path.stem != "__init__"}
    for name in sorted(named ^ there):
        yield f"meta/runtime.yml: {name} is {'no module' if name in named else 'not in the action group crab'}"


def renamed() -> Iterator[str]:
    spec = importlib.util.spec_from_file_location("renamed", ROOT / "plugins/plugin_utils/_renamed.py")
    assert spec and spec.loader
    sys.modules["renamed"] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    defaults: dict[str, Any] = {}
    for path in ROOT.glob("roles/*/defaults/main.yml"):
        defaults |= read(path)
    for entry in module.RENAMED:
        if f"{entry.old} | default(" not in str(defaults.get(entry.new)):
            yield f"_renamed.py: the default of {entry.new} does not begin with {entry.old} | default("


def is_template(value: object) -> bool:
    return isinstance(value, str) and "{{" in value


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
