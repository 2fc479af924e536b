"""The REST of each era: it starts with the right configuration, and ends with the real releases' words with a wrong one."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from .conftest import PKI, Host, ask, end_play, start_play

EXTERNAL = "https://crab-vm.example.org/era"
HTDOCS = "/data/srv/state/frontend/htdocs/era"
CONFIG = "/data/srv/current/config/crabserver/config.py"
ENVIRONMENT = "/data/srv/current/apps/crabserver/etc/profile.d/init.sh"
CERTIFICATE = "/data/srv/current/auth/crabserver/dmwm-service-cert.pem"
MANAGE = "/data/srv/current/config/crabserver/manage"
PID = "/data/srv/state/crabserver/crabserver.pid"
LOG = "/data/srv/logs/crabserver/crabserver-*"
MODE = "cmsweb-dev"

URLS = {"cacheSSL": "https://s3.example.org/crabcache_dev", "baseURL": ""}
FLAT = {"delegate-dn": ["/CN=tw"], "compatible-version": ["v3.*"], "banned-out-destinations": ["T1_*"], "ign-locality-blacklist": ["T2_XX"]}
KEYED_MODE = {**FLAT, "backend-urls": {**URLS, "htcondorSchedds": {"crab3@a": {}}, "htcondorPool": "a:9620"}}
POOL = {"htcondorPool": "a:9620", "htcondorScheddsLink": f"{EXTERNAL}/schedds.json"}
FILES = {
    "keyed": json.dumps({MODE: {key: value for key, value in KEYED_MODE.items() if key != "ign-locality-blacklist"}}),
    "escape": json.dumps({MODE: KEYED_MODE}).replace("v3.*", "v3\\.*"),
    "modes": json.dumps({**FLAT, **POOL, "modes": [{"mode": MODE, "backend-urls": {**URLS, "htcondorSchedds": []}}]}),
    "rest": json.dumps(POOL),
    "schedds": json.dumps({"crab3@a": {"proxiedurl": "https://x/059", "weightfactor": 1}}),
}
KEYED, BOTH, MODES, REST, NONE = "3.3.1803.patch3", "3.3.2012", "v3.240101", "v3.251015", "v3.260819"
OWN = "data.delegateDN = '/CN=tw'\ndata.compatibleClientVersions = ['v3.*']\n"
BUCKET = "data.s3 = 'CRABServerAuth.s3'\ndata.s3_bucket = 'b'\n"


def url(name: str, mode: str | None = MODE) -> str:
    lines = f"data.extconfigurl = '{name if '://' in name or name.startswith('file:') else f'{EXTERNAL}/{name}.json'}'\n"
    return lines + (f"data.mode = '{mode}'\n" if mode else "del data.mode\n")


class Rest:
    """crabserver, as another release would be with these lines in config.py."""

    def __init__(self, host: Host) -> None:
        self.host = host

    def start(self, release: str, lines: str) -> str:
        """The log from here to the state where it runs, or has given up."""
        prepare = f"cp -p /root/kept.py {CONFIG}; cat >> {CONFIG}; sed -i 's/^export CRABINTERFACE_VERSION=.*/export CRABINTERFACE_VERSION={release}/'"
        # A start that was refused leaves nothing to be stopped, which takes as long as a start.
        stop = f"[ ! -e {PID} ] || {MANAGE} stop 'I did read documentation'"
        start = f'sudo -H -u _crabserver bashs -lc "{stop}; {MANAGE} sysboot" > /dev/null'
        ended = f"grep -qsE 'Bus STARTED|terminating due to error' {LOG} && break"
        return self.host.on(f"{prepare} {ENVIRONMENT}; rm -f {LOG}; {start}; for i in $(seq 1000); do {ended}; sleep .1; done; cat {LOG}", lines)

    def manage_version(self) -> str:
        return self.host.on(f"runuser -s /bin/bash -l _crabserver -c '{MANAGE} version'").strip()

    def info(self, subresource: str) -> tuple[int, str]:
        answer = ask(self.host, f"/crabserver/dev/info?subresource={subresource}", PKI / "alicecert.pem", PKI / "alicekey.pem")
        return answer.code, answer.body


@pytest.fixture(scope="module")
def rest(site: Host) -> Iterator[Rest]:
    site.on(f"cp -p {CONFIG} /root/kept.py; cp -p {ENVIRONMENT} /root/kept.sh; mkdir -p {HTDOCS}")
    for name, text in FILES.items():
        site.on(f"cat > {HTDOCS}/{name}.json; chmod 644 {HTDOCS}/*", text)
    one = Rest(site)
    yield one
    site.on(f"rm -r {HTDOCS}; ln -sfn HG1803f /data/srv/current; cp -p /root/kept.py {CONFIG}; cp -p /root/kept.sh {ENVIRONMENT}")


@pytest.mark.parametrize(
    "release, lines, answers",
    [
        (KEYED, url("keyed"), {"version": KEYED, "delegatedn": "/CN=tw", "backendurls": "cacheSSL", "bannedoutdest": "T1_*", "ignlocalityblacklist": 500}),
        (BOTH, url("keyed"), {"version": BOTH, "backendurls": "crab3@a"}),
        (BOTH, url("modes"), {"backendurls": "proxiedurl"}),
        (MODES, url("modes"), {"version": MODES, "backendurls": "proxiedurl", "bannedoutdest": "T1_*", "ignlocalityblacklist": "T2_XX"}),
        (REST, url("rest", None) + OWN, {"version": "v3.*", "delegatedn": "/CN=tw"}),
        (NONE, BUCKET + OWN, {"version": "v3.*", "delegatedn": "/CN=tw", "backendurls": 400}),
    ],
    ids="keyed both-keyed both-modes modes rest none".split(),
)
def test_the_configuration_of_the_era(rest: Rest, release: str, lines: str, answers: dict[str, str | int]) -> None:
    log = rest.start(release, lines)

    assert "Bus STARTED" in log
    for subresource, wanted in answers.items():
        code, body = rest.info(subresource)
        assert (code == wanted) if isinstance(wanted, int) else (code == 200 and wanted in body), (subresource, code, body)


@pytest.mark.parametrize(
    "release, lines, text",
    [
        (KEYED, url("keyed", "nomode"), "KeyError: 'nomode'"),
        (KEYED, url("escape"), "JSONDecodeError: Invalid \\escape"),
        (MODES, url("nosuch"), f"Internal issue when retrieving configuration from {EXTERNAL}/nosuch.json"),
        (MODES, url("http://127.0.0.1:9/x.json"), "pycurl.error: (7,"),
        (MODES, url("file:///etc/hostname"), "'ResponseHeader' object has no attribute 'status'"),
        (MODES, url("modes", None), "'ConfigSection' object has no attribute 'mode'"),
        (MODES, url("modes", "nomode"), "'NoneType' object does not support item assignment"),
        (MODES, url("keyed"), "KeyError: 'htcondorScheddsLink'"),
        (REST, url("keyed"), "KeyError: 'htcondor"),
        (NONE, OWN, "'ConfigSection' object has no attribute 's3_bucket'"),
    ],
    ids="unknown-mode escape not-found no-server file-url no-mode unknown-mode-in-modes keyed-file no-link no-bucket".split(),
)
def test_a_start_that_ends_with_the_words_of_the_real_one(rest: Rest, release: str, lines: str, text: str) -> None:
    log = rest.start(release, lines)

    assert "Bus STARTED" not in log
    assert text in log, log[-2000:]


def test_a_start_without_service_certificate(rest: Rest) -> None:
    rest.host.on(f"mv {CERTIFICATE} {CERTIFICATE}.kept")
    log = rest.start(NONE, BUCKET + OWN)
    rest.host.on(f"mv {CERTIFICATE}.kept {CERTIFICATE}")

    assert "Request requires a host certificate and key" in log


LATER = {
    "HG2206b": {
        "crab_release": "v3.220608",
        "crabserver_config_external": {
            **FLAT,
            "delegate-dn": ["/DC=ch/CN=tw"],
            "htcondorPool": "collector-1.example.org:9620",
            "htcondorScheddsLink": "https://crab-vm.example.org/crab-rest-schedds-HG2206b.json",
            "modes": [{"mode": MODE, "backend-urls": {**URLS, "htcondorSchedds": []}}],
        },
        "crabserver_config_external_schedds": {"crab3@schedd-1.example.org": {"proxiedurl": "https://crab-vm.example.org/scheddmon/1", "weightfactor": 1}},
    },
    "HG2604a": {
        "crab_release": "v3.260407",
        "crabserver_config_external": {},
        "crabserver_config_settings": {"data.s3_bucket": "b", "data.delegateDN": "/DC=ch/CN=tw", "data.compatibleClientVersions": ["v3.*"]},
        "crabserver_config_s3": {"access_key": "Key", "secret_key": "Secret"},
    },
}


@pytest.mark.parametrize("tag", LATER)
def test_another_version_by_the_playbook(rest: Rest, tag: str) -> None:
    variables = {**LATER[tag], "crab_hg_version": tag, "frontend_auth_backends": "^ localhost"}

    end_play(start_play("--tags", "deploy,config,auth,switch,service,verify", **variables))

    code, body = rest.info("delegatedn")
    assert code == 200 and "/CN=tw" in body
    if tag == "HG2206b":
        assert "crab3@schedd-1.example.org" in rest.info("backendurls")[1]
    assert rest.manage_version() == LATER[tag]["crab_release"]
    assert rest.host.layout(tag, "--by-role", "--again") == ""
