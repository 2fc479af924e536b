"""What the documentation gives people to type, typed: the blocks "sh lab" here, the blocks "sh host" on the host; and its variables, all together.

That every other command could be typed is tested without a host, in tests/docs.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from docs.pages import ALL, GUIDES

from .conftest import HOST, ROOT, Site, preflight

BLOCKS = [block for page in GUIDES.values() for block in page.blocks]
HERE = [words for block in BLOCKS if block.kind == "sh lab" for words in block.commands()]
THERE = [line for block in BLOCKS if block.kind == "sh host" for line in block.text.splitlines()]
GUIDE = ALL["docs/private-instance.md"]


@pytest.fixture(scope="module")
def deployed(site: Site) -> Site:
    site.play("site.yml", check=True)
    return site


@pytest.mark.parametrize("words", HERE, ids=" ".join)
def test_a_command_for_the_lab_works_there(deployed: Site, words: list[str], tmp_path: Path) -> None:
    program, playbook, inventory, name, *options = words
    assert (program, inventory, name) == ("ansible-playbook", "-i", "inventories/demo")

    deployed.play(playbook, {"diagnose_artifact": str(tmp_path / "diagnosis.json")}, *options, check=True)


@pytest.mark.parametrize("line", THERE)
def test_a_command_for_the_host_works_there(deployed: Site, line: str) -> None:
    done = subprocess.run(["tests/lab/lab", "ssh", "--network", deployed.lab.name, HOST, line], cwd=ROOT, stdin=subprocess.DEVNULL, text=True,
                          capture_output=True, timeout=120, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_voms_proxy_init_has_the_options_that_pages_name(site: Site) -> None:
    named = {word for block in BLOCKS if block.kind == "sh" for words in block.commands() if words[0] == "voms-proxy-init" for word in words if word[0] == "-"}

    known = site.on("voms-proxy-init --help 2>&1 || true")

    assert named == {"--voms", "--valid"}
    assert [option for option in named if option.lstrip("-") not in known] == []


def test_the_answer_in_the_readme_is_that_of_the_host(deployed: Site) -> None:
    shown = next(block.text for block in ALL["README.md"].blocks if block.kind == "text")
    pki = deployed.lab / "pki"

    answer = subprocess.run(
        ["curl", "-sS", "--cacert", pki / "ca-chain.pem", "--cert", pki / "alicecert.pem", "--key", pki / "alicekey.pem", "--resolve",
         f"crab-vm.example.org:443:{deployed.address}", "https://crab-vm.example.org/crabserver/dev/info?subresource=version"],
        text=True, capture_output=True, check=True).stdout

    assert answer.strip() == shown.strip()


GIVEN = [yaml.safe_load(block.text) for block in GUIDE.blocks if block.kind == "yaml"]
# All of it together, but for the mode of one account, which has a chapter of its own and says what has to go.
TOGETHER = [content for content in GIVEN if "crab_single_account" not in content]
ALONE = [content for content in GIVEN if "crab_single_account" in content] + [{"crabserver_config_service_owner": "", "vault_crab_database_password": "secret"}]


@pytest.mark.parametrize("given", [TOGETHER, TOGETHER[::-1], ALONE], ids=["the last one counts", "the first one counts", "without root"])
def test_the_variables_of_the_guide_have_nothing_that_preflight_minds(given: list[dict[str, object]], tmp_path: Path) -> None:
    """Together with the inventory that the guide has copied; what it shows two ways is tried both ways."""
    variables = {name: value for content in given for name, value in content.items()}

    done = preflight("private", tmp_path, variables)

    assert len(TOGETHER) >= 10 and len(ALONE) == 2
    assert done.returncode == 0 and "WARNING" not in done.stdout, done.stdout
