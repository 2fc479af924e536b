#!/usr/bin/env python3
"""docs.py [--check]: write roles/*/README.md from meta/argument_specs.yml, defaults and TROUBLESHOOTING.md, or only compare."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"L\(([^,()]+),\s*([^()]+)\)")
MODULE = re.compile(r"M\(cmsweb\.crab\.([a-z_]+)\)")
CODE = re.compile(r"\b(?:V|O|C|E|RV|M|I|P)\(((?:[^()\\]|\\.|\([^()]*\))*)\)")


def main() -> int:
    check = "--check" in sys.argv[1:]
    old = []
    for specs in sorted(ROOT.glob("roles/*/meta/argument_specs.yml")):
        readme, text = specs.parents[1] / "README.md", render(specs.parents[1])
        if readme.exists() and readme.read_text(encoding="utf-8") == text:
            continue
        old.append(str(readme.relative_to(ROOT)))
        if not check:
            readme.write_text(text, encoding="utf-8")
    for name in old:
        print(f"{name} {'is not what `make docs` writes' if check else 'written'}")
    return 1 if check and old else 0


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
