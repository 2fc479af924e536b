"""Each stage of a deployed host, with something to do, ended in its middle by the end of the play, of crabserver, or of the host: nothing of the user's is
lost, and the next run mends it all. (Stages deploy and switch: test_interrupted.py.)"""

from __future__ import annotations

import os
import signal

import pytest

from .conftest import Site

CONFIG, AUTHMAP = "/data/srv/current/config/crabserver/config.py", "/data/srv/state/frontend/etc/authmap.json"
AUTH, GRIDMAP = "/data/srv/current/auth/crabserver/CRABServerAuth.py", "/data/srv/state/frontend/etc/voms-gridmap.txt"
# What a user has put in by hand, and what shows that it is still there, in files that can still be read.
OWN = (f"echo '# of my own' >> {CONFIG}; echo '\"/CN=mine\" cms' >> {GRIDMAP}; python2.7 -c 'import json; p = \"{AUTHMAP}\"; users = json.load(open(p)); "
       f"users.append({{\"DN\": \"/CN=mine\", \"LOGIN\": \"mine\", \"NAME\": \"M\", \"ID\": 7, \"ROLES\": {{}}}}); json.dump(users, open(p, \"w\"))'")
SEEN = (f"grep -c '# of my own' {CONFIG}; grep -c /CN=mine {GRIDMAP}; "
        f"python2.7 -B -c 'import json; print([u[\"LOGIN\"] for u in json.load(open(\"{AUTHMAP}\")) if u[\"DN\"] == \"/CN=mine\"]); "
        f"compile(open(\"{CONFIG}\").read(), \"c\", \"exec\"); compile(open(\"{AUTH}\").read(), \"a\", \"exec\")'; sha256sum {AUTH}")
PLAY, SERVICE, REBOOT = "the play", "crabserver", "the host"
# What the stage has to do, and the first of the tasks in which it happens.
STAGES = {
    "cert": ("rm -f /etc/grid-security/hostcert.pem", "gridcert : "),
    "voms": ("rm -rf /etc/vomses", "voms : "),
    "config": (f"sed -i '/^data.mode/d' {CONFIG}", "crabserver_config : "),
    "schema": ("true", "oracle_schema : "),
    "auth": (f"sed -i '/CN=alice/d' {GRIDMAP}", "frontend_auth : "),
    "service": ("pkill -KILL -u _crabserver || true", "service : "),
    "verify": ("true", "verify : "),
}


@pytest.fixture(scope="module")
def own(site: Site) -> str:
    """A deployed host whose files have something of the user's own: what SEEN prints of it."""
    site.play("site.yml", check=True)
    site.on(OWN)
    seen = site.on(SEEN)
    assert seen.startswith("1\n1\n[u'mine']\n")
    return seen


@pytest.mark.parametrize("what", [PLAY, SERVICE, REBOOT])
@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_is_ended_in_its_middle_loses_nothing_of_the_users(site: Site, own: str, stage: str, what: str) -> None:
    to_do, task = STAGES[stage]
    site.on(to_do)
    play = site.play_into(task, 0.3, None, "--tags", stage)

    if what == SERVICE:
        site.on("pkill -KILL -u _crabserver || true")
    elif what == REBOOT:
        site.reboot()
    if what in (PLAY, REBOOT):
        os.killpg(play.pid, signal.SIGKILL)
    play.communicate()

    assert site.on(SEEN) == own


def test_the_next_run_mends_all_that_was_left_and_the_one_behind_it_has_nothing_to_do(site: Site, own: str) -> None:
    site.play("site.yml", check=True)

    assert site.on(SEEN) == own
    site.on(f"grep CN=alice {GRIDMAP} && grep '^data.mode' {CONFIG} && ls /etc/grid-security/hostcert.pem /etc/vomses/*")
    assert site.play("site.yml", check=True).changed == 0
