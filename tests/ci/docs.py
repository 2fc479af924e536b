#!/usr/bin/env python3
"""docs.py [--check]: write what is documented from the sources, or only compare.

- roles/*/README.md from meta/argument_specs.yml, defaults and TROUBLESHOOTING.md
- the table of stages, roles, modules and engines in docs/architecture.md from the playbooks and the imports
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"L\(([^,()]+),\s*([^()]+)\)")
MODULE = re.compile(r"M\(cmsweb\.crab\.([a-z_]+)\)")
SOFTWARE = ["hgdeploy", "venv_install"]  # see playbooks/vars/software.yml
TABLE = re.compile(r"(<!-- stages: .*? -->\n).*?(?=\n## )", re.DOTALL)
TASK = re.compile(r"^ +(?:- )?([a-z_]+\.[a-z_]+)\.([a-z0-9_]+):", re.MULTILINE)
# Nearly every module has these, and they know nothing of CRAB.
HELPERS = {"_clock", "_deploy_arguments", "_errors", "_files", "_module", "_schema_module", "_text", "_venv_arguments"}
CODE = re.compile(r"\b(?:V|O|C|E|RV|M|I|P)\(((?:[^()\\]|\\.|\([^()]*\))*)\)")


def main() -> int:
    check = "--check" in sys.argv[1:]
    old = []
    for page, text in pages():
        if page.exists() and page.read_text(encoding="utf-8") == text:
            continue
        old.append(str(page.relative_to(ROOT)))
        if not check:
            page.write_text(text, encoding="utf-8")
    for name in old:
        print(f"{name} {'is not what `make docs` writes' if check else 'written'}")
    return 1 if check and old else 0


def pages() -> Iterator[tuple[Path, str]]:
    for specs in sorted(ROOT.glob("roles/*/meta/argument_specs.yml")):
        yield specs.parents[1] / "README.md", render(specs.parents[1])
    architecture = ROOT / "docs/architecture.md"
    table = "\n".join(stages())
    yield architecture, TABLE.sub(lambda found: f"{found.group(1)}\n{table}\n", architecture.read_text(encoding="utf-8"), count=1)


def stages() -> Iterator[str]:
    """Rows of the table: the roles of site.yml in the order of their first stage, then those of other playbooks."""
    yield from ("| stage | role | modules | engines |", "| --- | --- | --- | --- |")
    where: dict[str, list[str]] = {}
    for stage, role in roles_of(ROOT / "playbooks/site.yml"):
        where.setdefault(role, []).append(f"`{stage}`")
    of_site = set(where)
    for book in sorted(ROOT.glob("playbooks/*.yml")):
        for _stage, role in roles_of(book):
            if role not in of_site:
                where.setdefault(role, []).append(f"`playbooks/{book.name}`")
    for role, places in where.items():
        ours, foreign = modules_of(ROOT / "roles" / role)
        engines = sorted({engine for module in ours for engine in engines_of(module)})
        shown = [f"[{module}](../plugins/modules/{module}.py)" for module in ours] + [f"`{name}`" for name in foreign]
        yield (f"| {', '.join(dict.fromkeys(places))} | [{role}](../roles/{role}/README.md) | {', '.join(shown)} | "
               f"{', '.join(f'`{name}`' for name in engines)} |")


def roles_of(book: Path) -> Iterator[tuple[str, str]]:
    """(stage, role) of each role that a playbook of ours runs, in its order; what it does after a failure left out."""
    def flat(tasks: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for task in tasks:
            yield from flat(task["block"]) if "block" in task else [task]

    for play in read(book):
        named = [{"ansible.builtin.import_role": {"name": one["role"]}} for one in play.get("roles", [])]
        for task in [*named, *flat(play.get("tasks", []))]:
            role = task.get("ansible.builtin.import_role") or task.get("ansible.builtin.include_role")
            if role:
                name = role["name"].rsplit(".", 1)[1]
                for one in SOFTWARE if name == "{{ software }}" else [name]:
                    yield (task.get("tags") or [""])[0], one


def modules_of(role: Path) -> tuple[list[str], list[str]]:
    """Our modules in the tasks of a role, and those of other collections by their full names."""
    found = {match for tasks in role.glob("tasks/*.yml") for match in TASK.findall(tasks.read_text(encoding="utf-8"))} - {"ansible.builtin"}
    ours = {name for collection, name in found if collection == "cmsweb.crab"}
    foreign = {f"{collection}.{name}" for collection, name in found if collection not in ("cmsweb.crab", "ansible.builtin")}
    return sorted(ours), sorted(foreign)


def engines_of(module: str) -> set[str]:
    """What of plugins/module_utils, and of plugins/plugin_utils for its action plugin, a module imports."""
    found = set()
    for kind in ("modules", "action"):
        source = ROOT / f"plugins/{kind}/{module}.py"
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))) if source.exists() else []:
            below = re.fullmatch(r"ansible_collections\.cmsweb\.crab\.plugins\.\w+_utils(?:\.(\w+))?.*", getattr(node, "module", None) or "")
            if below:
                found |= {below.group(1)} if below.group(1) else {alias.name for alias in node.names}
    return found - HELPERS


def render(role: Path) -> str:
    specs = read(role / "meta/argument_specs.yml")["argument_specs"]
    defaults = read(role / "defaults/main.yml") or {}
    main_entry = specs["main"]
    lines = [f"# cmsweb.crab.{role.name}", "", sentence(markup(main_entry["short_description"])), ""]
    for text in paragraphs(main_entry.get("description")):
        lines += [markup(text), ""]
    for entry, spec in specs.items():
        lines += ["## Variables" if entry == "main" else f"## Variables of tasks_from: {entry}", ""]
        lines += table(spec.get("options") or {}, defaults)
    required = [name for entry in specs.values() for name, option in (entry.get("options") or {}).items() if option.get("required")]
    lines += ["## Example", "", "```yaml", *example(role.name, required), "```", ""]
    trouble = role / "TROUBLESHOOTING.md"
    if trouble.exists():
        lines += ["## Troubleshooting", "", trouble.read_text(encoding="utf-8").strip(), ""]
    lines += ["<!-- Written by `make docs` from meta/argument_specs.yml, defaults/main.yml and TROUBLESHOOTING.md. -->", ""]
    return "\n".join(lines)


def table(options: dict[str, dict[str, Any]], defaults: dict[str, Any]) -> list[str]:
    if not options:
        return ["None.", ""]
    lines = ["| variable | type | default | meaning |", "|---|---|---|---|"]
    for name, option in options.items():
        kind = option.get("type", "str")
        if kind == "list" and "elements" in option:
            kind = f"list of {option['elements']}"
        meaning = " ".join(sentence(markup(text)) for text in paragraphs(option.get("description")))
        if option.get("choices"):
            meaning += " One of " + ", ".join(f"`{choice}`" for choice in option["choices"]) + "."
        default = "**required**" if option.get("required") else shown(defaults[name] if name in defaults else option.get("default"))
        lines.append(f"| `{name}` | {kind} | {cell(default)} | {cell(meaning)} |")
        if option.get("options"):
            lines += [f"| &nbsp;&nbsp;`{key}` | {sub.get('type', 'str')} | {cell(sub_default(sub))} | "
                      f"{cell(' '.join(sentence(markup(text)) for text in paragraphs(sub.get('description'))))} |" for key, sub in option["options"].items()]
    return [*lines, ""]


def sub_default(option: dict[str, Any]) -> str:
    if option.get("required"):
        return "**required**"
    return shown(option["default"]) if "default" in option else ""


def shown(value: object) -> str:
    if value is None or value == "":
        return "empty"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return f"`{text}`"


def example(role: str, required: list[str]) -> list[str]:
    lines = ["- hosts: crab", "  become: true", "  roles:", f"    - role: cmsweb.crab.{role}"]
    return lines + [f"      {name}: ..." for name in required]


def markup(text: str) -> str:
    """Ansible's marks as Markdown's."""
    text = MODULE.sub(r"[\1](../../plugins/modules/\1.py)", LINK.sub(r"[\1](\2)", text))
    return CODE.sub(lambda found: "`" + re.sub(r"\\(.)", r"\1", found.group(1)) + "`", text)


def sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?", ":")) else text + "."


def paragraphs(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
