"""A job as AWX makes it: awx/vars rendered, credentials injected, survey answers as extra variables; run by ansible-runner in its three parts."""

from __future__ import annotations

import configparser
import json
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .conftest import ROOT

# What a project of AWX has of the repository.
PROJECT = ("site.yml", "ansible.cfg", "galaxy.yml", "awx", "collections", "meta", "playbooks", "plugins", "roles")


class Unsafe(yaml.SafeDumper):
    """What people type in is text, whatever braces are in it: AWX marks it so."""

    def represent_data(self, value: Any) -> yaml.Node:
        return self.represent_scalar("!unsafe", value) if isinstance(value, str) else super().represent_data(value)


class Awx:
    """What awx/load.yml would have made."""

    def __init__(self, settings: dict[str, Any]) -> None:
        loader, names = DataLoader(), {}
        for path in sorted((ROOT / "awx/vars").iterdir()):
            names |= loader.load_from_file(str(path), cache="none")
        templar = Templar(loader=loader, variables=names | settings)
        made = {name: json.loads(json.dumps(templar.template(names[name]))) for name in
                ("controller_templates", "controller_credentials", "controller_credential_types", "controller_workflows")}
        self.templates = {item["playbook"]: item for item in made["controller_templates"]}
        self.credentials = {item["name"]: item for item in made["controller_credentials"]}
        self.types = {item["name"]: item for item in made["controller_credential_types"]}
        (self.workflow,) = made["controller_workflows"]


@dataclass
class Job:
    """One run of a template, with the folders of the three parts."""

    awx: Awx
    playbook: str
    folder: Path
    answers: dict[str, Any] = field(default_factory=dict)
    check: bool = False
    tags: str = ""
    within: tuple[str, ...] = ()    # a command that runs the one behind it
    handed_on: dict[str, Any] = field(default_factory=dict)     # artifacts of the jobs before it in a workflow, which AWX makes variables

    def run(self, inventory: Path, project: Path) -> Result:
        template = self.awx.templates[self.playbook]
        self._questions(template["survey_spec"]["spec"])
        private, worker, processed = (self.folder / name for name in ("private", "worker", "processed"))
        for path in (private / "env", worker, processed):
            path.mkdir(parents=True, mode=0o700)
        subprocess.run(["cp", "-al", str(project), str(private / "project")], check=True)
        shutil.copytree(inventory, private / "inventory")
        # AWX puts what it installs for the project before the path of its ansible.cfg, which is seen from the project.
        settings = configparser.ConfigParser()
        settings.read(project / "ansible.cfg")
        environment = {"ANSIBLE_COLLECTIONS_PATH": f"{worker}/requirements_collections:{settings['defaults']['collections_path']}",
                       "ANSIBLE_HOST_KEY_CHECKING": "False"}
        arguments, passwords = [], {}
        for name in template["credentials"]:
            self._inject(self.awx.credentials[name], private, worker, arguments, environment, passwords)
        arguments += ["--check"] if self.check else []
        arguments += ["--tags", self.tags] if self.tags else []
        trusted = yaml.safe_dump(template.get("extra_vars", {}))
        typed = yaml.dump({"awx_job_id": 1, **self.handed_on, **self.answers}, Dumper=Unsafe)
        kept = "".join(f"{line}\n" for line in trusted.splitlines() if line.split(":")[0] not in self.answers and line != "{}")
        texts = {"cmdline": " ".join(arguments), "extravars": kept + typed, "envvars": json.dumps(environment), "passwords": json.dumps(passwords)}
        for name, text in texts.items():
            _write(private / "env" / name, text)
        command = (f"ansible-runner transmit {private} -p {self.playbook} --ident job | ansible-runner worker --private-data-dir {worker}"
                   f" | ansible-runner process {processed} --ident job")
        environ = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        done = subprocess.run([*self.within, "bash", "-c", command], cwd=self.folder, env=environ, stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, timeout=300, check=False)
        return Result(processed / "artifacts/job", (private, worker, processed), done.stdout + done.stderr)

    def _questions(self, spec: list[dict[str, Any]]) -> None:
        """AWX takes an answer only to a question of the survey, and wants one where it is required."""
        assert set(self.answers) <= {question["variable"] for question in spec}
        for question in spec:
            if "default" in question:
                self.answers.setdefault(question["variable"], question["default"])
            assert question["variable"] in self.answers or not question["required"], question["variable"]

    def _inject(self, credential: dict[str, Any], private: Path, worker: Path, arguments: list[str], environment: dict[str, str],
                passwords: dict[str, str]) -> None:
        inputs = credential["inputs"]
        if credential["credential_type"] == "Machine":
            arguments += ["-u", inputs["username"]]
            _write(private / "env/ssh_key", inputs["ssh_key_data"])
            return
        if credential["credential_type"] == "Vault":
            arguments.append("--ask-vault-pass")
            passwords[r"Vault password:\s*?$"] = inputs["vault_password"]
            return
        kind = self.awx.types[credential["credential_type"]]
        assert set(inputs) <= {one["id"] for one in kind["inputs"]["fields"]} and set(kind["inputs"].get("required", [])) <= set(inputs)
        sandbox, tower = ImmutableSandboxedEnvironment(), SimpleNamespace(filename=SimpleNamespace())
        names, prefix = {**inputs, "tower": tower}, kind["name"].replace(" ", "_")
        for label, text in kind["injectors"].get("file", {}).items():
            file = f"{prefix}_{label.split('.')[1]}"
            _write(private / "env" / file, sandbox.from_string(text).render(names))
            setattr(tower.filename, label.split(".")[1], str(worker / "env" / file))
        environment |= {name: sandbox.from_string(text).render(names) for name, text in kind["injectors"].get("env", {}).items()}
        extra = {name: sandbox.from_string(text).render(names) for name, text in kind["injectors"].get("extra_vars", {}).items()}
        _write(private / "env" / prefix, yaml.dump(extra, Dumper=Unsafe))
        arguments += ["-e", f"@{worker}/env/{prefix}"]


@dataclass(frozen=True)
class Result:
    """What AWX keeps of a job, and the folders that it passed through."""

    kept: Path
    folders: tuple[Path, ...]
    said: str

    @property
    def code(self) -> int:
        return int((self.kept / "rc").read_text())

    @property
    def output(self) -> str:
        return (self.kept / "stdout").read_text()

    @property
    def flat(self) -> str:
        """In one line, without colors."""
        return " ".join(re.sub(r"\x1b\[[0-9;]*m", "", self.output).split())

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(path.read_text()) for path in sorted((self.kept / "job_events").glob("*.json"), key=lambda path: int(path.name.split("-")[0]))]

    @property
    def artifacts(self) -> dict[str, Any]:
        (last,) = [event for event in self.events if event["event"] == "playbook_on_stats"]
        return last["event_data"].get("artifact_data", {})

    def changed(self, host: str) -> int:
        (last,) = [event for event in self.events if event["event"] == "playbook_on_stats"]
        return last["event_data"]["changed"].get(host, 0)

    def leaks(self, secrets: list[str]) -> Iterator[str]:
        """Where a secret is: anywhere in what is kept, or in a file of the job that others than its owner can read."""
        for path in (path for folder in self.folders for path in folder.rglob("*") if path.is_file() and not path.is_symlink() and "project" not in path.parts):
            text = path.read_text(errors="replace")
            if any(secret in text for secret in secrets) and (path.is_relative_to(self.kept) or stat.S_IMODE(path.stat().st_mode) & 0o077):
                yield f"{path} {stat.S_IMODE(path.stat().st_mode):o}"


def project(folder: Path) -> Path:
    """The project, as a checkout of AWX has it."""
    made = folder / "project"
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *PROJECT]
    for name in subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=True).stdout.splitlines():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, made / name, follow_symlinks=False)
    return made


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
