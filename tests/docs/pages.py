"""The documentation as data: pages with their headings, links, inline code and fenced blocks."""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^( *)(```+)(.*)$")
INDENTED = re.compile(r"^(?: {4}|\t)\S")
HEADING = re.compile(r"^#{1,6} +(.*?) *#*$")
SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+(?:\([^()]*\))?)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block: what stands behind the fence, its text, and where it begins."""

    page: str
    line: int
    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    def commands(self) -> list[list[str]]:
        """The words of each command of a shell block; comments left out, continued lines joined."""
        lines = re.sub(r"\\\n\s*", " ", self.text).splitlines()
        return [words for line in lines if (words := shlex.split(line, comments=True))]


@dataclass
class Page:
    """One Markdown file of the tree."""

    name: str
    prose: list[str] = field(default_factory=list)  # its lines; those of blocks are empty
    blocks: list[Block] = field(default_factory=list)
    indented: list[int] = field(default_factory=list)

    @cached_property
    def text(self) -> str:
        return re.sub(r"<!--.*?-->", "", "\n".join(self.prose), flags=re.DOTALL)

    @cached_property
    def headings(self) -> list[str]:
        return [found.group(1) for line in self.prose if (found := HEADING.match(line))]

    @cached_property
    def spans(self) -> list[str]:
        """What is in backquotes in the running text, with the bars of tables as they are read."""
        return [" ".join(found.group(2).replace("\\|", "|").split()) for found in SPAN.finditer(self.text)]

    @cached_property
    def links(self) -> list[str]:
        return LINK.findall(SPAN.sub("", self.text))

    @cached_property
    def anchors(self) -> set[str]:
        """Names that GitHub gives to the headings."""
        found: dict[str, int] = {}
        names = set()
        for heading in self.headings:
            plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
            name = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
            names.add(name if name not in found else f"{name}-{found[name]}")
            found[name] = found.get(name, 0) + 1
        return names


def parse(name: str, text: str) -> Page:
    page = Page(name)
    fence, start, kind, content = "", 0, "", []
    indent, in_list = "", False
    for number, line in enumerate(text.splitlines(), 1):
        found = FENCE.match(line)
        if not fence and found:
            indent, fence, kind, start, content = found.group(1), found.group(2), found.group(3).strip(), number, []
        elif fence and found and found.group(2) == fence and not found.group(3).strip():
            page.blocks.append(Block(name, start, kind, "\n".join(content) + "\n"))
            fence = ""
        elif fence:
            content.append(line.removeprefix(indent))
        else:
            in_list = bool(re.match(r"^ *(?:[-*]|\d+\.) ", line)) or (in_list and (not line or line.startswith(" ")))
            if INDENTED.match(line) and not in_list:
                page.indented.append(number)
            page.prose.append(line)
            continue
        page.prose.append("")
    assert not fence, f"{name}:{start}: a fence that is not closed"
    return page


def tracked(*patterns: str) -> list[str]:
    """Files that git knows or would take."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return sorted({name for name in names if name and (ROOT / name).exists()})


def read(name: str) -> Page:
    return parse(name, (ROOT / name).read_text(encoding="utf-8"))


# Every page, for its links. Those of which each block is checked: what people are given to follow.
ALL = {name: read(name) for name in tracked("*.md")}
GUIDES = {name: page for name, page in ALL.items() if name in ("README.md", "CONTRIBUTING.md", "tests/lab/README.md", "tests/lab/cloud/README.md")
          or name.startswith(("docs/", "awx/", "examples/"))}
