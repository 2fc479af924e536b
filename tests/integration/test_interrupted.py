"""A deployment that was interrupted, or failed half way, ends like a clean one when the play is run again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time

import pytest

from .conftest import NETWORK, ROOT, Site

# What has a date or a process number in its name, or comes and goes with a running server.
PASSING = r"/\.deploy/|(\.log|~|\.pid|/[0-9]{8}|cmspkg\.calls) f |/ssl_scache|__pycache__"


def listing(site: Site) -> list[str]:
    """Names, modes, owners, links and hard-link counts below all that the stages write."""
    found = site.on(r"find /data /etc/grid-security /etc/vomses /etc/systemd/system/cmsweb-crab.service -not -path '*/cfg/.git/*' "
                    r"-printf '%p %y %m %u:%g %l\n' | grep -vE '" + PASSING + "' | sort; getent passwd; getent group; crontab -l -u crabdev")
    return found.splitlines()


def interrupt(seconds_into_sw: float) -> None:
    """Start site.yml, and kill it, with its workers, while the packages are being installed."""
    extra = json.dumps({"demo_network": NETWORK})
    play = subprocess.Popen(["ansible-playbook", "-i", "inventories/demo", "site.yml", "-e", extra], cwd=ROOT, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
                            env={**os.environ, "PYTHONUNBUFFERED": "1"})
    assert play.stdout is not None
    for line in play.stdout:
        if "Packages and templates of the configuration" in line:
            break
    time.sleep(seconds_into_sw)
    assert play.poll() is None, "the play ended before it could be killed"
    os.killpg(play.pid, signal.SIGKILL)
    play.wait()


@pytest.fixture(scope="module")
def clean(site: Site) -> list[str]:
    """What one uninterrupted run leaves."""
    site.fresh()
    site.play("site.yml", check=True)
    return listing(site)


def test_a_play_killed_while_packages_are_installed_ends_like_a_clean_one(site: Site, clean: list[str]) -> None:
    site.fresh()

    interrupt(0.7)
    assert "HG1803f" not in site.on("readlink /data/srv/current || true")
    site.play("site.yml", check=True)

    assert listing(site) == clean
    assert site.play("site.yml", check=True).changed == 0


def test_a_deploy_killed_on_the_host_itself_ends_like_a_clean_one(site: Site, clean: list[str]) -> None:
    site.fresh()

    interrupt(0.7)
    site.on("pkill -KILL -f [s]rv/HG1803f/sw/; pkill -KILL -f [c]fg/Deploy; true")
    site.play("site.yml", check=True)

    assert listing(site) == clean


def test_a_package_repository_that_is_down_is_named_with_the_lines_of_the_log_and_the_play_goes_on_later(site: Site) -> None:
    site.fresh()

    failed = site.play("site.yml", {"hgdeploy_rpm_host": "127.0.0.1:9"})

    assert failed.code != 0
    assert "Deploy ended stage sw with exit code 7." in failed.failure
    assert "curl -sO http://127.0.0.1:9/cmssw/repos/bootstrap.sh" in failed.failure
    assert "check hgdeploy_rpm_host" in failed.failure
    site.play("site.yml", check=True)
