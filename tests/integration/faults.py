"""Faults that are made on a host, several at a time, and corrected again; and shell commands for a host that end when what they are for has happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .conftest import Site

Step = str | Callable[[Site], None]

FRONTEND = "/data/srv/current/config/frontend/manage"
STARTS = "cat /data/srv/logs/%s/%s-*.log | grep -c Bus.STARTED"


def manage(service: str, action: str) -> str:
    return f"runuser -s /bin/bash -l _{service} -c \"/data/srv/current/config/{service}/manage {action} 'I did read documentation'\" > /dev/null 2>&1"


def keep(path: str) -> str:
    """Once: what is there later may be broken."""
    kept = f"/root/kept-{path.rsplit('/', 1)[-1]}"
    return f"[ -e {kept} ] || cp -p {path} {kept}"


def back(path: str) -> str:
    return f"cp -p /root/kept-{path.rsplit('/', 1)[-1]} {path}"


def listens(port: int) -> str:
    return f"eventually '(: < /dev/tcp/127.0.0.1/{port}) 2> /dev/null'"


def started(service: str, command: str) -> str:
    """A command that starts a backend, until it serves."""
    count = STARTS % (service, service)
    return f"n=$({count} || true); {command}; eventually '[ $({count}) -gt '$n' ]'"


def restart(service: str = "crabserver") -> str:
    return started(service, manage(service, "start"))


def stop(service: str = "crabserver") -> str:
    return f"{manage(service, 'stop')}; eventually '! pgrep -u _{service} -f wmc-httpd'"


# `manage graceful` returns before the processes of before have ended.
GRACEFUL = f"old=$(pgrep -u _frontend); {FRONTEND} graceful; eventually 'now=$(pgrep -u _frontend) && ! grep -qxF \"'\"$old\"'\" <<< \"$now\"'"
STOP_FRONTEND = f"{FRONTEND} stop; eventually '! pgrep -u _frontend'"
START_FRONTEND = f"{FRONTEND} start; {listens(443)}"


@dataclass(frozen=True)
class Fault:
    """How it is corrected, how it is made before or after the restart of crabserver that comes between, what is found then, and in which words."""

    mend: Step = ""
    before: Step = ""
    after: Step = ""
    causes: frozenset[str] = frozenset()
    options: Mapping[str, object] = field(default_factory=dict)
    said: str = ""


class Broken:
    """A host on which faults are made. One restart of the server serves those of before, which are corrected, and the new ones."""

    def __init__(self, site: Site, faults: Mapping[str, Fault], restart: str, diagnose: Callable[..., list[dict[str, str]]]) -> None:
        self._site, self._faults, self._restart, self._diagnose = site, faults, restart, diagnose
        self._made: tuple[str, ...] = ()

    def make(self, *names: str) -> None:
        new, old = [self._faults[name] for name in names], [self._faults[name] for name in self._made]
        self._made = names
        self._do([*(one.mend for one in old), *(one.before for one in new), self._restart])
        self._do([one.after for one in new])

    def mend(self) -> None:
        if self._made:
            self.make()

    def check(self, *names: str) -> None:
        """Each is found, in its words, and nothing else."""
        self.make(*names)
        options: dict[str, Any] = {key: value for name in names for key, value in self._faults[name].options.items()}
        found = self._diagnose(self._site, **options)
        wanted = set().union(*(self._faults[name].causes or {name} for name in names))
        assert {one["cause"] for one in found} == wanted, found
        for name in names:
            assert any(self._faults[name].said in one["found"] + one["remedy"] for one in found), (name, found)

    def _do(self, steps: list[Step]) -> None:
        for step in steps:
            if callable(step):
                step(self._site)
        commands = [step for step in steps if isinstance(step, str) and step]
        if commands:
            self._site.on("\n".join(commands))
