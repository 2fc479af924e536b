"""The commands of `lab`."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from . import grid, packages
from .image import IDENTITIES, ensure_image
from .laboratory import Laboratory, down_all
from .podman import LAB, SERVICES, command, containers
from .shell import LabError, interrupt

CHECKOUT = LAB.parent.parent
LOG_LINES = 40
# Run on the host: what the services wrote, the newest lines of each file.
LAST_LINES = 'for file in /data/srv/logs/*/*; do [ -f "$file" ] && { echo "== $file"; tail -n "$1" "$file"; }; done; true'


def main() -> int:
    # A terminal sends SIGINT, a CI runner SIGTERM: both end in the same tidy way.
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    arguments = _parser().parse_args()
    try:
        return arguments.act(arguments) or 0
    except LabError as error:
        first, *rest = str(error).splitlines()
        print(f"lab: {first}", *(f"     {line}" for line in rest), sep="\n", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted; `lab down` removes what was begun", file=sys.stderr)
        return 130


def _image(arguments: argparse.Namespace) -> None:
    print(ensure_image(arguments.identity))


def _up(arguments: argparse.Namespace) -> None:
    print(_laboratory(arguments).up(arguments.host, arguments.identity, arguments.fresh))


def _down(arguments: argparse.Namespace) -> None:
    if arguments.all:
        down_all()
    else:
        _laboratory(arguments).down()


def _ssh(arguments: argparse.Namespace) -> None:
    one = _laboratory(arguments).host(arguments.host)
    rest = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    # ssh joins its words with blanks; quoting keeps each a word on the host. One word is a line for the shell.
    line = rest if len(rest) <= 1 else [shlex.join(rest)]
    os.execvp("ssh", ["ssh", "-F", f"{one.folder}/ssh_config", arguments.host, *line])


def _reboot(arguments: argparse.Namespace) -> None:
    _laboratory(arguments).reboot(arguments.host)


def _status(arguments: argparse.Namespace) -> None:
    rows = [("NETWORK", "HOST", "ADDRESS", "IDENTITY", "STATE", "FOLDER")]
    name = _laboratory(arguments).name if arguments.network else None
    rows += [(one.network, one.host, one.address, one.identity or "-", one.status or one.state, one.folder) for one in containers(name)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def _logs(arguments: argparse.Namespace) -> None:
    one = _laboratory(arguments).host(arguments.host)
    lines = str(arguments.lines)
    if one.host == SERVICES:
        os.execvp("sh", ["sh", "-c", '"$@" 2>&1', "sh", *command("logs", "--tail", lines, one.id)])
    script = f'journalctl --no-pager --quiet --lines "$1"; {LAST_LINES}'
    words = command("exec", one.id, "/bin/sh", "-c", script, "sh", lines)
    os.execvp(words[0], words)


def _pki(arguments: argparse.Namespace) -> None:
    laboratory = _laboratory(arguments)
    if arguments.host:
        print(*laboratory.host_certificate(arguments.host), sep="\n")
    else:
        print(laboratory.certificates())


def _grid(arguments: argparse.Namespace) -> None:
    laboratory = _laboratory(arguments)
    (laboratory.grid_up if arguments.action == "up" else laboratory.grid_down)(arguments.part)


def _packages(arguments: argparse.Namespace) -> int:
    if not arguments.check:
        packages.install(arguments.list)
        return 0
    lacking = packages.missing(arguments.list)
    print(*lacking, sep="\n", end="\n" if lacking else "")
    return 1 if lacking else 0


def _laboratory(arguments: argparse.Namespace) -> Laboratory:
    folder = Path(arguments.dir) if arguments.dir else CHECKOUT / ".lab" / arguments.network
    return Laboratory(arguments.network, folder.resolve(), getattr(arguments, "prefix", ""))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab", description="Hosts that look like CERN's CC7 machines, on this machine.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    place = argparse.ArgumentParser(add_help=False)
    place.add_argument("--network", default="crab-demo", help="name of the laboratory in this checkout (default: %(default)s)")
    place.add_argument("--dir", help="folder of its keys and inventory (default: .lab/NETWORK of this checkout)")

    def add(name: str, act: Callable[[argparse.Namespace], int | None], text: str, in_place: bool = True) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=text, description=text, parents=[place] if in_place else [])
        one.set_defaults(act=act)
        return one

    one = add("image", _image, "build the image of the hosts if it is missing; print its name", in_place=False)
    one.add_argument("--identity", choices=IDENTITIES, default="cc7")

    one = add("up", _up, "bring hosts up, or find them up; print the path of the inventory")
    one.add_argument("--prefix", default="", help="first three numbers of the network (default: the first free one from 10.89.77)")
    one.add_argument("--identity", choices=IDENTITIES, default="cc7")
    one.add_argument("--fresh", action="store_true", help="make the named hosts again")
    one.add_argument("host", nargs="+", help="name of a host; it becomes NAME.example.org")

    one = add("down", _down, "remove the hosts and the network; keys, certificates and images stay")
    one.add_argument("--all", action="store_true", help="those of every laboratory on this machine")

    one = add("ssh", _ssh, "log in to a host, or run a command there")
    one.add_argument("host")
    one.add_argument("command", nargs=argparse.REMAINDER)

    one = add("reboot", _reboot, "restart a host the hard way, and wait until it answers")
    one.add_argument("host")

    one = add("status", _status, "list what runs, of all laboratories of this machine or of one", in_place=False)
    one.add_argument("--network")
    one.add_argument("--dir")

    one = add("logs", _logs, f"the end of a host's journal and of its services' logs; {SERVICES!r} for what was downloaded")
    one.add_argument("--lines", type=int, default=LOG_LINES)
    one.add_argument("host")

    one = add("pki", _pki, "make the certificates if they are missing; print their folder, or the files of a host certificate")
    one.add_argument("--host", metavar="FQDN", help="issue a host certificate")

    one = add("grid", _grid, "bring up (or take down) a real VOMS, MyProxy and ACME server and one for CRLs, beside the hosts of a laboratory")
    one.add_argument("action", choices=("up", "down"))
    one.add_argument("part", nargs="*", metavar="PART", help=f"only these of {', '.join(grid.PARTS)}")

    one = add("packages", _packages, "install the Debian packages that the laboratory needs (packages.txt)", in_place=False)
    one.add_argument("--check", action="store_true", help="only list what is missing; exit status 1 if anything is")
    one.add_argument("list", nargs="?", type=Path, default=packages.OURS, help="a list other than packages.txt")
    return parser
