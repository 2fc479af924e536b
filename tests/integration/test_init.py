"""init.yml as somebody at a terminal uses it, and as a script does."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path

import yaml

from .conftest import ROOT, Site
from .terminal import Terminal

INIT = ["ansible-playbook", "cmsweb.crab.init"]
PASSWORD = "Pa{{ss}}: #w'\"rd"
ALICE = "/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=alice/CN=123456/CN=Alice Example"
ENVIRONMENT = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_LOCALHOST_WARNING": "0"}
# What is wrong first, with a part of the reason; then what is right. An empty answer takes the default.
DIALOGUE: list[tuple[str, list[tuple[str, str]], str]] = [
    ("hostname -f", [("crab-vm", "crab-vm is no full name of a host")], "crab-vm.example.org"),
    ("Account there", [("Crab Dev", "is no account")], "crabdev"),
    ("HG tag of dmwm/deployment", [("1803", "1803 is no HG tag"), ("HG1899z", "has no tag HG1899z"), ("v3.250909", "another shape (rest)")], ""),
    ("CRABServer release", [("1803", "There is no date in"), ("v3.260819", "another shape (none)")], ""),
    ("Database instance", [("Dev", "only instance names of lower case letters")], ""),
    ("Mode", [("cmsweb dev", "letters, digits and -_. only")], ""),
    ("VOMS proxy", [("/nosuch", "there is no file /nosuch")], "{pki}/service-proxy.pem"),
    ("Your DN", [("CN=alice", "starts with a slash"), ("/CN={{ alice }}", "templates to Ansible")], ""),
    ("Your login", [("al ice", "letters, digits and ._- only")], ""),
    ("checkout of dmwm/CRABServer", [("/", "holds no src/python/Databases")], f"{ROOT}/tests/lab/crabserver"),
    ("Database: host", [("crab/secret@devdb11", "stands before an @")], ""),
    ("Account of the database", [], "crab_demo"),
    ("Password of that account", [("", "An answer is needed"), ("changeme", "empty or a placeholder")], PASSWORD),
    ("Host certificate", [("letsencrypt", "Write one of provided, csr_manual, cern_autoenroll")], ""),
    ("File with the host certificate", [("{pki}/alicecert.pem", "does not cover crab-vm.example.org")], "{pki}/host-crab-vm.example.orgcert.pem"),
    ("File with its key", [("{pki}/alicekey.pem", "does not match the key")], ""),
    ("DN of the TaskWorker", [("taskworker", "each DN starts with a slash")], ""),
    ("Schedd", [("schedd-1", "expected the name of a schedd")], "crab3@schedd-1.example.org"),
    ("Collectors", [("a b", "crabserver_config_external")], "collector-1.example.org"),
    ("A new password for the vault", [], "typed"),
    ("The same again", [], "typed"),
]


def repository(site: Site) -> list[str]:
    return ["-e", f"hgdeploy_deployment_repository=http://{(site.lab / 'prefix').read_text().strip()}.2/git/deployment.git"]


def given(site: Site, pki: Path) -> dict[str, str]:
    """Answers that are right for this host, as a file for -e has them."""
    answers = {"host": "crab-vm.example.org", "user": "crabdev", "proxy": f"{pki}/service-proxy.pem", "checkout": f"{ROOT}/tests/lab/crabserver",
               "database_user": "crab_demo", "database_password": (site.lab / "oracle_password").read_text().strip(),
               "certificate": f"{pki}/host-crab-vm.example.orgcert.pem", "schedd": "crab3@schedd-1.example.org", "collector": "collector-1.example.org"}
    return {f"init_{name}": value for name, value in answers.items()}


def without_terminal(*options: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*INIT, "-e", f"init_folder={folder}", *options], cwd=ROOT, env=ENVIRONMENT, stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)


def vault(folder: Path, password: str) -> str:
    word = folder.parent / "password"
    word.write_text(password)
    command = ["ansible-vault", "view", "--vault-password-file", word, folder / "group_vars/crab/vault.yml"]
    return subprocess.run(command, text=True, capture_output=True, check=True).stdout


def modes(folder: Path) -> set[tuple[str, int]]:
    return {(str(path.relative_to(folder)), stat.S_IMODE(path.stat().st_mode)) for path in folder.rglob("*") if path.is_file()}


def test_a_wrong_answer_is_asked_for_again_with_the_reason_and_secrets_go_into_the_vault_unseen(site: Site, pki: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    terminal = Terminal([*INIT, "-e", f"init_folder={folder}", *repository(site)], ROOT, ENVIRONMENT)

    for question, wrong, right in DIALOGUE:
        terminal.wait_for(question)
        for answer, reason in wrong:
            before = len(terminal.output)
            terminal.type(answer.replace("{pki}", str(pki)) + "\n")
            terminal.wait_for(question)
            assert reason in terminal.output[before:], terminal.output
        terminal.type(right.replace("{pki}", str(pki)) + "\n")

    assert terminal.end() == 0, terminal.output
    assert f"ansible-playbook cmsweb.crab.site -i {folder} --ask-vault-pass --check --diff" in " ".join(terminal.output.split())
    assert PASSWORD not in terminal.output and "typed" not in terminal.output
    assert modes(folder) == {("hosts.yml", 0o600), ("group_vars/crab/main.yml", 0o600), ("group_vars/crab/vault.yml", 0o600)}
    main = (folder / "group_vars/crab/main.yml").read_text()
    assert PASSWORD not in main and yaml.safe_load(main)["crab_database_password"] == "{{ vault_crab_database_password }}"
    assert yaml.safe_load(main)["frontend_auth_users"] == [
        {"dn": ALICE, "login": "alice", "name": "Alice Example", "roles": {"operator": ["group:crab3"]}}]
    assert vault(folder, "typed") == '---\nvault_crab_database_password: !unsafe "Pa{{ss}}: #w\'\\"rd"\n'
    assert sorted(os.listdir(tmp_path)) == ["mine", "password"]


def test_ctrl_c_leaves_nothing_behind(tmp_path: Path) -> None:
    terminal = Terminal([*INIT, "-e", f"init_folder={tmp_path}/inventories/mine"], ROOT, ENVIRONMENT)
    terminal.wait_for("hostname -f")
    terminal.type("crab-vm.example.org\n")
    terminal.wait_for("Account there")
    terminal.type("\x03")

    assert terminal.end() != 0
    assert "Interrupted: nothing was written." in terminal.output
    assert not os.listdir(tmp_path)


def test_without_a_terminal_everything_is_said_at_once(tmp_path: Path) -> None:
    wrong = "init_host=crab-vm init_database_password=x init_hots=y init_instance=Dev init_issuer=csr_manual"

    run = without_terminal("-e", wrong, folder=tmp_path / "mine")

    said = " ".join(run.stdout.split())
    for part in ("init_database_password stands on the command line", "init_hots: there is no such question",
                 "init_host: gridcert_fqdn: crab-vm is no full name", "init_instance: crabserver_config_instances: instances.Dev",
                 "init_schedd: It is not given, and there is no terminal",
                 "The vault has no password", "nothing was written"):
        assert part in said, run.stdout
    assert "init_issuer: " not in said  # that its certificate is still to be asked for
    assert run.returncode != 0 and not os.listdir(tmp_path)


def test_answers_in_a_file_make_the_inventory_once(site: Site, pki: Path, tmp_path: Path) -> None:
    """That it deploys the host is seen in test_galaxy."""
    folder, answers, word = tmp_path / "mine", tmp_path / "answers.yml", tmp_path / "word"
    answers.write_text(yaml.safe_dump(given(site, pki)))
    word.write_text("a vault's")
    options = ["--vault-password-file", str(word), *repository(site)]

    made = without_terminal("-e", f"@{answers}", *options, folder=folder)
    again = without_terminal("-e", f"@{answers}", *options, folder=folder)
    anew = without_terminal("-e", f"@{answers}", "-e", "init_overwrite=true", *options, folder=folder)

    assert made.returncode == 0 and anew.returncode == 0, made.stdout + anew.stdout
    assert again.returncode != 0 and "is there already, and nothing was asked" in " ".join(again.stdout.split()), again.stdout
    kept = next(path for path in tmp_path.iterdir() if path.name.startswith("mine.20"))
    assert (kept / "hosts.yml").read_text() == (folder / "hosts.yml").read_text()
    password = (site.lab / "oracle_password").read_text().strip()
    assert password in vault(folder, "a vault's") and password not in made.stdout
