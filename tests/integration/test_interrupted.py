"""A deployment that was interrupted, or failed half way, ends like a clean one when the play is run again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from .client import NEW, UPGRADE
from .conftest import HOST, ROOT, Site

# What has a date or a process number in its name, or comes and goes with a running server.
PASSING = r"/\.deploy/|(\.log|~|\.pid|/[0-9]{8}|cmspkg\.calls) f |/ssl_scache|__pycache__"


def listing(site: Site) -> list[str]:
    """Names, modes, owners, links and hard-link counts below all that the stages write."""
    found = site.on(r"find /data /etc/grid-security /etc/vomses /etc/systemd/system/cmsweb-crab.service /etc/tmpfiles.d -not -path '*/cfg/.git/*' "
                    r"-printf '%p %y %m %u:%g %l\n' | grep -vE '" + PASSING + "' | sort; getent passwd; getent group; crontab -l -u crabdev")
    return found.splitlines()


def interrupt(site: Site, seconds_into_sw: float) -> None:
    """Start site.yml, and kill it, with its workers, while the packages are being installed."""
    play = site.play_into("Packages and templates of the configuration", seconds_into_sw)
    os.killpg(play.pid, signal.SIGKILL)
    play.communicate()


@pytest.fixture(scope="module")
def clean(site: Site) -> list[str]:
    """What one uninterrupted run leaves."""
    site.fresh()
    site.play("site.yml", check=True)
    return listing(site)


def test_a_play_killed_while_packages_are_installed_ends_like_a_clean_one(site: Site, clean: list[str]) -> None:
    site.fresh()

    interrupt(site, 0.7)
    assert "HG1803f" not in site.on("readlink /data/srv/current || true")
    site.play("site.yml", check=True)

    assert listing(site) == clean
    assert site.play("site.yml", check=True).changed == 0


def test_a_deploy_killed_on_the_host_itself_ends_like_a_clean_one(site: Site, clean: list[str]) -> None:
    site.fresh()

    interrupt(site, 0.7)
    site.on("pkill -KILL -f [s]rv/HG1803f/sw/; pkill -KILL -f [c]fg/Deploy; true")
    site.play("site.yml", check=True)

    assert listing(site) == clean


def test_a_new_machine_is_rebooted_on_request_and_a_package_repository_that_is_down_is_named_with_the_lines_of_the_log(site: Site) -> None:
    site.fresh()
    boot = "cat /proc/sys/kernel/random/boot_id"
    before = site.on(boot)

    # A container that its system switches off stays so; who starts the machine again is the test.
    with ThreadPoolExecutor() as pool:
        power = pool.submit(power_cycle, site)
        failed = site.play("site.yml", {"hgdeploy_rpm_host": "127.0.0.1:9", "hgdeploy_reboot": True})
        power.result()

    assert site.on(boot) != before and "hgdeploy : Reboot, where that is wanted" in failed.output
    assert failed.code != 0
    assert "Deploy ended stage sw with exit code 7." in failed.failure
    assert "curl -sO http://127.0.0.1:9/cmssw/repos/bootstrap.sh" in failed.failure
    assert "check hgdeploy_rpm_host" in failed.failure
    site.play("site.yml", check=True)


def power_cycle(site: Site) -> None:
    """Wait until the host has switched itself off, and start it again."""
    deadline = time.monotonic() + 400
    while " Up " in host_line(site):
        assert time.monotonic() < deadline, "the host did not go down"
        time.sleep(0.3)
    site.reboot()


def host_line(site: Site) -> str:
    command = [sys.executable, "tests/lab/lab", "status", "--network", site.lab.name]
    listed = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, check=True).stdout
    return next(line for line in listed.splitlines() if HOST in line)


# An upgrade, interrupted in each stage ------------------------------------------------------------------

KEPT = ("cd /data/srv && find HG1803f/config HG1803f/auth -name __pycache__ -prune -o -type f -exec sha256sum {} + | sort -k2; "
        "sha256sum state/frontend/etc/authmap.json state/frontend/etc/voms-gridmap.txt")
PLAY, DEPLOY, REBOOT = "the play", "Deploy", "the host"
# The task in which it happens, seconds into it, and what is killed or rebooted. Each goes on from what the one before has left.
# The stages of a host without an upgrade, crabserver killed among it: test_interrupted_stages.py.
# Deploy's last stage makes these the group _config's, when it is run again.
NEW_GROUPS = "/state/frontend/htdocs/"
POST = "hgdeploy : Links, web server and cron lines"
INTERRUPTIONS = [
    ("hgdeploy : Folders of the version", 0.6, PLAY),
    ("hgdeploy : Packages and templates of the configuration", 0.8, DEPLOY),
    ("hgdeploy : Packages and templates of the configuration", 0.8, REBOOT),
    ("oracle_schema : Tables", 0.1, PLAY),
    ("frontend_auth : Let the users in", 0.1, REBOOT),
    ("verify : Requests to another version", 1.5, REBOOT),
    (POST, 3, DEPLOY),
    (POST, 3, REBOOT),
    (POST, 3, PLAY),
    ("service : Services", 0.4, REBOOT),
]
# Deploy's last stage is over in half a second here; with this it can be met. Not the trial before it, which calls the same.
SLOW = "sed -i '1a [[ $* = */.candidate/* ]] || sleep 6' /data/srv/HG2604a/sw.pre/*/cms/frontend/*/bin/mkserver"
QUICK = "sed -i '/ sleep 6$/d' /data/srv/HG2604a/sw.pre/*/cms/frontend/*/bin/mkserver"


@pytest.fixture(scope="module")
def upgraded(site: Site) -> list[str]:
    """What one uninterrupted upgrade leaves; the host is back at the version before."""
    site.play("site.yml", check=True)
    site.play("site.yml", UPGRADE, check=True)
    clean = listing(site)
    site.play("playbooks/rollback.yml", UPGRADE, check=True)
    site.play("playbooks/prune.yml", {"hgdeploy_prune": [NEW]}, check=True)
    return clean


def run_into(site: Site, task: str, seconds: float, what: str) -> None:
    """Start the upgrade, and end what is named while the task runs. The play comes to its end, whatever that is, unless it is what is killed."""
    play = site.play_into(task, seconds, UPGRADE)
    if what == DEPLOY:
        site.on("pkill -KILL -f [c]fg/Deploy; true")
    elif what == REBOOT:
        site.reboot()
    if what in (PLAY, REBOOT):
        os.killpg(play.pid, signal.SIGKILL)
    play.communicate()


@pytest.mark.parametrize("task, seconds, what", INTERRUPTIONS, ids=lambda value: str(value).rsplit(" : ", maxsplit=1)[-1])
def test_an_upgrade_that_is_interrupted_loses_nothing_of_the_users(site: Site, upgraded: list[str], task: str, seconds: float, what: str) -> None:
    before = site.on(KEPT)
    if (task, what) == (POST, DEPLOY):
        site.on(SLOW)

    run_into(site, task, seconds, what)

    assert site.on(KEPT) == before


def test_an_upgrade_that_was_interrupted_in_each_stage_ends_like_a_clean_one(site: Site, upgraded: list[str]) -> None:
    site.on(QUICK)

    site.play("site.yml", UPGRADE, check=True)

    assert [line for line in listing(site) if NEW_GROUPS not in line] == [line for line in upgraded if NEW_GROUPS not in line]
    assert site.play("site.yml", UPGRADE, check=True).changed == 0


def test_a_way_back_that_is_interrupted_is_gone_to_its_end_by_the_next_run(site: Site, upgraded: list[str]) -> None:
    site.on("ln -sfn HG1803f /data/srv/.current.new; echo broken > /data/srv/state/frontend/server.conf")

    site.play("playbooks/rollback.yml", UPGRADE, check=True)

    assert site.on("readlink /data/srv/current") == "HG1803f\n"
    assert site.play("site.yml", check=True).changed == 0
