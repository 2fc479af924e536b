"""The documentation keeps up with the tree: links lead somewhere, every name exists, every command could be typed."""

from __future__ import annotations

import ast
import itertools
import json
import re
import subprocess
import xml.etree.ElementTree as ET
from functools import cache
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from . import commands
from .pages import ALL, GUIDES, ROOT, Block, Page, parse

KINDS = ("sh", "sh lab", "sh host", "yaml", "python", "text")
TOP = ("awx", "changelogs", "collections", "docs", "examples", "inventories", "meta", "molecule", "playbooks", "plugins", "requirements", "roles", "tests")
# What the archive for Galaxy has not (tests/release looks) is linked by this name.
REPOSITORY = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["repository"] + "/blob/main/"
# What running text has as a command: a program that is known and something behind it.
TYPED = re.compile(rf"^(?:(?:{'|'.join(commands.CHECKS)}|tests/\S+) \S|(?:playbooks/[a-z_]+|site)\.yml -)")
PLACEHOLDER = re.compile(r"[A-Z]{3,}|\.\.\.|\*")
TEMPLATE = re.compile(r"{{|{%")
BLOCKS = [block for page in GUIDES.values() for block in page.blocks]


def of(*kinds: str) -> list[Block]:
    return [block for block in BLOCKS if block.kind in kinds]


# Pages -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("page", ALL.values(), ids=ALL)
def test_every_link_into_the_tree_and_its_anchor_lead_somewhere(page: Page) -> None:
    wrong = []
    for link in page.links:
        ours = link.startswith(REPOSITORY)
        if re.match(r"^[a-z]+:", link) and not ours:
            continue
        place, _, anchor = link.removeprefix(REPOSITORY).partition("#")
        target = (ROOT if ours else (ROOT / page.name).parent) / place if place else ROOT / page.name
        name = str(target.resolve().relative_to(ROOT)) if target.exists() else None
        if name is None or (anchor and (name not in ALL or anchor not in ALL[name].anchors)):
            wrong.append(link)
    assert wrong == []


@pytest.mark.parametrize("page", [page for name, page in GUIDES.items() if name.startswith("docs/")], ids=lambda page: page.name)
def test_a_page_says_first_what_it_is_for(page: Page) -> None:
    assert page.prose[0] == f"# {page.headings[0]}" and page.prose[1] == ""
    assert re.match(r"^[A-Z].{20,}", page.prose[2]), page.prose[2]


def test_the_index_names_every_page() -> None:
    linked = {link.partition("#")[0] for link in ALL["docs/README.md"].links}

    assert {name.removeprefix("docs/") for name in ALL if name.startswith("docs/")} - linked == {"README.md"}


def test_the_glossary_has_the_words_that_the_guide_sets_in_italics() -> None:
    known = " ".join(re.findall(r"^\| ([^|]+) \|", ALL["docs/glossary.md"].text, re.MULTILINE)).lower()
    guide = re.sub(r"\*\*[^*]+\*\*", "", ALL["docs/private-instance.md"].text)

    words = {word.lower().removesuffix("s") for word in re.findall(r"\*([^*\n]+)\*", guide)}

    assert len(words) > 15
    assert {word for word in words if word not in known} == set()


# Names -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("page", GUIDES.values(), ids=GUIDES)
def test_every_name_in_backquotes_exists(page: Page) -> None:
    assert [problem for span in page.spans for problem in unknown(span)] == []


def unknown(span: str) -> list[str]:
    """Words of a span that look like a name of ours and are none."""
    if TYPED.match(span) and not PLACEHOLDER.search(span):
        return [f"{span}: {problem}" for problem in commands.problems(command(span))]
    wrong = [f"there is no {path}" for path in paths(span) if not PLACEHOLDER.search(path) and not [*ROOT.glob(path), *ROOT.glob(f"roles/*/{path}")]]
    for word in re.findall(r"(?<![\w./$-])(?:--[a-z][a-z-]+|[a-z]+(?:_[a-z0-9]+)+)(?![\w/-])", span):
        if word not in commands.vocabulary() | causes():
            wrong.append(f"nothing in the tree is called {word}")
    if re.match(r"^--tags \S+$", span):
        wrong += [f"no stage {tag}" for tag in span.split()[1].split(",") if tag not in commands.tags("site.yml")]
    if re.match(r"^-e \w+=", span):
        wrong += commands.problems(["ansible-playbook", "site.yml", *span.split(" ", 1)])
    return wrong


def command(span: str) -> list[str]:
    words = Block("", 0, "sh", span).commands()[0]
    return ["ansible-playbook", *words] if words[0].endswith(".yml") else words


def paths(span: str) -> list[str]:
    """Names of files of this repository, with braces expanded."""
    found = []
    for path in re.findall(rf"(?<![\w./~-])(?:{'|'.join(TOP)})/[\w./{{}},*-]*", span):
        if path.startswith(commands.OWN):
            path = path.replace(commands.OWN, "inventories/private").replace("/vault.yml", "")
        parts = [part[1:-1].split(",") if part.startswith("{") else [part] for part in re.split(r"({[^}]*})", path)]
        found += ["".join(choice) for choice in itertools.product(*parts)]
    return found


@pytest.mark.parametrize("page", GUIDES.values(), ids=GUIDES)
def test_every_stage_that_is_named_is_one(page: Page) -> None:
    named = [name for found in re.findall(r"[Ss]tages? ((?:`[a-z]+`(?:, | and )?)+)", page.text) for name in re.findall(r"`([a-z]+)`", found)]

    assert set(named) <= commands.tags("site.yml")


# Blocks ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("page", GUIDES.values(), ids=GUIDES)
def test_every_block_is_of_a_kind_that_is_checked(page: Page) -> None:
    assert [f"{block}: {block.kind}" for block in page.blocks if block.kind not in KINDS] == []
    assert [f"{page.name}:{line}: indented" for line in page.indented] == []


@pytest.mark.parametrize("block", of("sh", "sh lab"), ids=str)
def test_every_command_could_be_typed(block: Block) -> None:
    assert [f"{' '.join(words)}: {problem}" for words in block.commands() for problem in commands.problems(words)] == []


def test_every_playbook_that_is_named_can_be_read_by_ansible(tmp_path: Path) -> None:
    """Ours, and the plays that pages show."""
    plays = []
    for number, block in enumerate(of("yaml")):
        if isinstance(yaml.safe_load(block.text), list):
            plays.append(tmp_path / f"{Path(block.page).stem}-{block.line}-{number}.yml")
            plays[-1].write_text(block.text, encoding="utf-8")
    assert len(plays) >= 4

    done = subprocess.run(["ansible-playbook", "--syntax-check", "-i", "inventories/private", "site.yml", *sorted(ROOT.glob("playbooks/*.yml")), *plays],
                          cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("block", of("yaml"), ids=str)
def test_every_variable_is_one_and_has_a_value_that_its_role_takes(block: Block) -> None:
    assert list(wrong_variables(yaml.safe_load(block.text))) == []


def wrong_variables(content: object) -> list[str]:
    if isinstance(content, list):   # plays; roles get variables beside their names
        return [problem for play in content for role in play.get("roles", []) for problem in wrong_variables(
            {name: value for name, value in role.items() if name != "role"} if isinstance(role, dict) else {})]
    if not isinstance(content, dict) or set(content) == {"collections"}:
        return [] if content else ["no YAML that is known here"]
    wrong = []
    for name, value in content.items():
        option = commands.options().get(name)
        if option and not TEMPLATE.search(json.dumps(value)):
            wrong += ArgumentSpecValidator({name: option}).validate({name: value}).error_messages
        elif not option and not commands.known_variable(name):
            wrong.append(f"no variable {name}")
    return wrong


@pytest.mark.parametrize("block", of("python"), ids=str)
def test_every_line_of_python_is_an_assignment(block: Block) -> None:
    assert {type(node) for node in ast.parse(block.text).body} == {ast.Assign}


def test_every_output_that_is_shown_is_compared_with_the_real_one() -> None:
    """Here or in tests/integration/test_docs.py; another one needs such a test as well."""
    assert [(block.page, block.text.split()[0]) for block in of("text")] == [("README.md", '{"result":'), ("docs/private-instance.md", "CRAB")]


def test_the_summary_has_the_words_of_its_template() -> None:
    template = (ROOT / "playbooks/templates/summary.j2").read_text(encoding="utf-8")

    labels = [line.split()[0] for block in of("text") if block.page == "docs/private-instance.md" for line in block.text.splitlines()]

    assert len(labels) == 7
    assert [label for label in labels if not re.search(rf"^{label} ", template, re.MULTILINE)] == []


# What has to be complete -------------------------------------------------------------------------------

def section(page: str, heading: str) -> str:
    return ALL[page].text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]


def test_the_readme_says_what_each_playbook_is_for() -> None:
    named = re.findall(r"`((?:playbooks/)?[a-z_]+\.yml)`", "\n".join(re.findall(r"^\|([^|]*)\|", section("README.md", "The playbooks"), re.MULTILINE)))

    assert sorted(named) == sorted(["site.yml", *(f"playbooks/{path.name}" for path in ROOT.glob("playbooks/*.yml") if path.name != "site.yml")])


def test_the_readme_has_every_shared_variable_and_no_other() -> None:
    named = re.findall(r"`(crab_\w+)`", "\n".join(re.findall(r"^\|([^|]*)\|", section("README.md", "Shared variables"), re.MULTILINE)))
    text = "\n".join(path.read_text(encoding="utf-8") for top in ("playbooks", "roles") for path in (ROOT / top).rglob("*") if path.suffix in (".yml", ".j2"))
    modules = {path.stem for path in ROOT.glob("plugins/modules/crab_*.py")}

    used = {name for name in re.findall(r"(?<!\.)\bcrab_[a-z_]+\b", re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)) if name not in modules}

    assert sorted(named) == sorted(used)


def test_the_stages_of_the_readme_and_of_the_picture_are_those_of_the_playbook() -> None:
    stages = list(dict.fromkeys(re.findall(r"^ {6,}tags: \[(\w+)\]", (ROOT / "playbooks/site.yml").read_text(encoding="utf-8"), re.MULTILINE)))
    stages = ["preflight", *(stage for stage in stages if stage != "always")]
    table = re.findall(r"^\| (\w+) \|", section("README.md", "The stages"), re.MULTILINE)
    svg = "{http://www.w3.org/2000/svg}"
    picture = next(group for group in ET.parse(ROOT / "docs/architecture.svg").iter(f"{svg}g") if group.get("class") == "stages")

    assert table[1:] == stages
    assert [text.text for text in picture.iter(f"{svg}text") if text.get("class") == "head"] == stages


@cache
def causes() -> set[str]:
    """What `diagnose` and `verify` call the faults that they find."""
    source = "".join((ROOT / f"plugins/module_utils/{name}.py").read_text(encoding="utf-8") for name in ("_diagnose", "_cmsauth"))
    found = {key.value for node in ast.parse(source).body if isinstance(node, ast.Assign) and node.targets[0].id in ("CAUSES", "REMEDIES")
              for key in node.value.keys} - {"ok"}
    states = set(re.findall(r"return '(\w+)', ", (ROOT / "plugins/module_utils/_myproxy.py").read_text(encoding="utf-8"))) - {"registered"}
    of_role = re.findall(r"'cause': '(\w+)'", (ROOT / "roles/diagnose/vars/main.yml").read_text(encoding="utf-8"))
    return found | {cause for cause in of_role if cause != "myproxy_"} | {f"myproxy_{state}" for state in states}


def test_troubleshooting_has_every_cause_and_links_every_role() -> None:
    text = ALL["docs/troubleshooting.md"].text

    assert {"dn_not_in_gridmap", "authmap", "password_expires", "myproxy_refused"} < causes()
    assert causes() - set(re.findall(r"`([a-z_]+)`", text)) == set()
    assert [role.parent.name for role in ROOT.glob("roles/*/TROUBLESHOOTING.md") if f"../roles/{role.parent.name}/README.md#troubleshooting" not in text] == []


# The checks themselves ---------------------------------------------------------------------------------

@pytest.mark.parametrize("line, said", [
    ("ansible-playbook site.yml -i inventories/mine --ask-vault-phrase", "unrecognized arguments"),
    ("ansible-playbook playbooks/nosuch.yml", "there is no playbook"),
    ("ansible-playbook site.yml --tags config,nosuch", "has no tag nosuch"),
    ("ansible-playbook site.yml -i inventories/nosuch", "there is no inventory"),
    ("ansible-playbook site.yml -e gridcert_dayz=3", "no variable gridcert_dayz"),
    ("ansible-playbook site.yml -e '{\"crab_nosuch\": 3}'", "no variable crab_nosuch"),
    ("ansible crab -m cmsweb.crab.log_info -a sinze=1h", "has no option sinze"),
    ("ansible-doc cmsweb.crab.nosuch", "there is no module"),
    ("ansible-vault creat x", "invalid choice"),
    ("make nosuch", "No rule to make target"),
    ("tests/lab/nosuch up", "there is no command"),
    ("tests/lab/lab up", "required: host"),
    ("cp -r inventories/nosuch inventories/mine", "cannot be copied"),
    ("git clone git://github.com/dmwm/CRABServer", "is no https URL"),
    ("openssl x509 -nosuch", "has no option -nosuch"),
    ("pip install -r requirements/nosuch.txt", "there is no file"),
    ("pip install nosuchpackage", "requirements/ has no nosuchpackage"),
    ("cp ~/.ansible/collections/ansible_collections/cmsweb/crab/nosuch.cfg .", "there is no file"),
    ("python3 -m nosuch", "only -m venv FOLDER"),
    ("source nosuch", "there is no file nosuch"),
    ("rm -rf /", "not classified"),
])
def test_a_wrong_command_is_found(line: str, said: str) -> None:
    assert said in " ".join(commands.problems(Block("", 0, "sh", line).commands()[0]))


@pytest.mark.parametrize("span, said", [
    ("voms_proxy_fiel", "nothing in the tree"), ("playbooks/{start,nosuch}.yml", "playbooks/nosuch.yml"), ("--ask-vault-pas", "nothing in the tree"),
    ("--tags config,nosuch", "no stage nosuch"), ("-e gridcert_dayz=1", "no variable"), ("playbooks/stop.yml -e service_onli=x", "no variable"),
])
def test_a_wrong_name_is_found(span: str, said: str) -> None:
    assert said in " ".join(unknown(span))


def test_a_wrong_variable_is_found() -> None:
    assert wrong_variables({"voms_proxy_hours": "many"}) and wrong_variables({"nosuch": 1}) and wrong_variables(
        [{"hosts": "all", "roles": [{"role": "cmsweb.crab.voms", "voms_nosuch": 1}]}])


def test_blocks_spans_links_and_anchors_are_read_as_github_does() -> None:
    listed = "1. one\n\n   ```sh lab\n   ls \\\n     -l # c\n   ```\n"
    page = parse("x.md", f"# A `b` c\n\n{listed}\n[t](y.md#z) `a|[b](c)` ``d`e``\n\n    indented\n\n## A b-c, d!\n\n## A b-c, d!\n")

    assert (page.blocks, page.blocks[0].commands()) == ([Block("x.md", 5, "sh lab", "ls \\\n  -l # c\n")], [["ls", "-l"]])
    assert (page.links, page.spans, page.indented) == (["y.md#z"], ["b", "a|[b](c)", "d`e"], [12])
    assert page.anchors == {"a-b-c", "a-b-c-d", "a-b-c-d-1"}
