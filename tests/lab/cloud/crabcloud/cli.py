"""The commands of `cloud`."""

from __future__ import annotations

import argparse
import os
import signal
import sys

from crablab.laboratory import Laboratory
from crablab.podman import LAB
from crablab.shell import LabError, interrupt

from .stack import Cloud


def main() -> int:
    # A terminal sends SIGINT, a CI runner SIGTERM: both end in the same tidy way.
    signal.signal(signal.SIGINT, interrupt)
    signal.signal(signal.SIGTERM, interrupt)
    arguments = _parser().parse_args()
    cloud = Cloud(Laboratory(arguments.network, LAB.parent.parent / ".lab" / arguments.network))
    try:
        if arguments.command == "up":
            print(cloud.up())
        elif arguments.command == "down":
            cloud.down()
        elif arguments.command == "status":
            return cloud.status()
        else:
            words = arguments.words[1:] if arguments.words[:1] == ["--"] else arguments.words
            os.execvpe(words[0], words, {**os.environ, **cloud.environment()})
        return 0
    except LabError as error:
        first, *rest = str(error).splitlines()
        print(f"cloud: {first}", *(f"       {line}" for line in rest), sep="\n", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("cloud: interrupted", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cloud", description="A real OpenStack on this machine, whose servers are hosts of the laboratory.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    place = argparse.ArgumentParser(add_help=False)
    place.add_argument("--network", default="crab-cloud", help="name of its laboratory in this checkout (default: %(default)s)")
    for name, text in (
        ("up", "bring it up, or find it up; print the path of its clouds.yaml"),
        ("down", "end every process of it, and remove its servers' hosts and their network; the logs stay"),
        ("status", "list its processes; exit status 1 if one is missing"),
        ("run", "run a command that finds the cloud `cern` and the names of its servers"),
    ):
        one = commands.add_parser(name, help=text, description=text, parents=[place])
        if name == "run":
            one.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    return parser
