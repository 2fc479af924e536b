"""Each fault is made for real and is found, alone and in pairs, with nothing else; a healthy host has no finding."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from .conftest import NETWORK, ROOT, Site

sys.path.insert(0, str(ROOT / "tests/lab"))

from crablab.podman import podman  # noqa: E402
from crablab.shell import as_root  # noqa: E402

ALICE = "/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=alice/CN=123456/CN=Alice Example"
CONFIG = "/data/srv/current/config/crabserver/config.py"
AUTH = "/data/srv/current/auth/crabserver"
ETC = "/data/srv/state/frontend/etc"
EXTERNAL = "/data/srv/state/frontend/htdocs/crab-rest-config-HG1803f.json"
HOSTCERT = "/etc/grid-security/hostcert.pem"
INIT = "/data/srv/current/apps/crabserver/etc/profile.d/init.sh"
BACKENDS = "/data/srv/current/config/frontend/backends-dev.txt"
ADMIN = "(cd / && python3 -m cx_Oracle.admin"
DUMMY = ROOT / "tests/lab/software/deployment/all/crabserver/CRABServerAuth.dummy"    # what Deploy writes
LOG = "/data/srv/logs/crabserver/crabserver-$(date +%Y%m%d).log"
MANAGE = "runuser -s /bin/bash -l _crabserver -c \"/data/srv/current/config/crabserver/manage %s 'I did read documentation'\" > /dev/null 2>&1"
STOP = MANAGE % "stop"
RESTART = (f"n=$(grep -c 'Bus STARTED' {LOG}); {MANAGE % 'start'}; "
           f"for i in $(seq 80); do [ $(grep -c 'Bus STARTED' {LOG}) -gt $n ] && break; sleep 0.1; done")
CACHE = f"{MANAGE % 'start'}; sleep 2".replace("crabserver", "crabcache")
START_IN_VAIN = f"{MANAGE % 'start'}; for i in $(seq 80); do tail -n 60 {LOG} | grep -q 'terminating due to' && break; sleep 0.1; done; sleep 0.3"
FRONTEND = "/data/srv/current/config/frontend/manage"
GRACEFUL = f"{FRONTEND} graceful; sleep 1.5"


def keep(path: str) -> str:
    return f"cp -p {path} /root/kept-{path.rsplit('/', 1)[-1]}"


def back(path: str) -> str:
    return f"cp -p /root/kept-{path.rsplit('/', 1)[-1]} {path}"


@dataclass(frozen=True)
class Fault:
    """A fault: how to make it, how to mend it, and what else is true then."""

    make: str | Callable[[Site], str]
    mend: str | Callable[[Site], str]
    causes: frozenset[str] = frozenset()
    options: dict[str, object] = field(default_factory=dict)
    said: str = ""


def external(edit: str) -> tuple[str, str]:
    """Of the published file; the running server has read the good one."""
    return f"{keep(EXTERNAL)}; {edit}", f"{back(EXTERNAL)}; {RESTART}"


SERVICE_KEPT = "; ".join(keep(f"{AUTH}/dmwm-service-{kind}.pem") for kind in ("cert", "key"))
SERVICE_BACK = "; ".join(back(f"{AUTH}/dmwm-service-{kind}.pem") for kind in ("cert", "key")) + f"; {RESTART}"


def dying_attributes(site: Site) -> str:
    """A proxy of four days whose VOMS attributes last for one hour, as certificate and key of the service."""
    pki, proxy = site.lab / "pki", site.lab / "dying.pem"
    proxy.unlink(missing_ok=True)
    subprocess.run(
        ["voms-proxy-fake", "-rfc", "-newformat", "-voms", "cms", "-uri", "voms.example.org:15002", "-fqan", "/cms/Role=NULL/Capability=NULL",
         "-cert", pki / "alicecert.pem", "-key", pki / "alicekey.pem", "-certdir", pki / "certificates", "-hostcert", pki / "vomscert.pem",
         "-hostkey", pki / "vomskey.pem", "-hours", "96", "-vomslife", "1", "-bits", "2048", "-out", proxy],
        stdin=subprocess.DEVNULL, capture_output=True, check=True)
    files = " ".join(f"{AUTH}/dmwm-service-{kind}.pem" for kind in ("cert", "key"))
    return f"{SERVICE_KEPT}; tee {files} > /dev/null <<'EOF'\n{proxy.read_text()}EOF\n{RESTART}"


def in_its_mounts(site: Site, *command: str) -> None:
    """A command of this machine's root in the mount namespace of the host, which may not mount anything itself."""
    name = (site.lab / "name").read_text().strip()
    pid = podman("inspect", "--format", "{{.State.Pid}}", f"{name}-crab-vm").strip()
    subprocess.run(as_root(["nsenter", "-t", pid, "-m", "-p", *command]), stdin=subprocess.DEVNULL, check=True)


def small_disk(site: Site) -> str:
    in_its_mounts(site, "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/data/srv/logs/frontend")
    return "true"


def no_small_disk(site: Site) -> str:
    in_its_mounts(site, "umount", "-l", "/data/srv/logs/frontend")
    return "true"


FAULTS = {
    "not_running": Fault(STOP, RESTART, said="crabserver does not run"),
    "not_running frontend": Fault(f"{FRONTEND} stop; sleep 1", f"{FRONTEND} start; sleep 1", frozenset({"not_running", "external_unreachable"}),
                                  said="frontend does not run"),
    "port_taken": Fault(f"{STOP}; systemd-run -q --unit taker python3 -m http.server 8270; sleep 0.7", f"systemctl stop taker; {RESTART}",
                        said="port 8270 is held by python3"),
    "cannot_start": Fault(f"{keep(CONFIG)}; sed -i '/^data.mode/d' {CONFIG}; {START_IN_VAIN}", f"{back(CONFIG)}; {RESTART}",
                          frozenset({"cannot_start", "external_mode"}), said="has no attribute 'mode'"),
    "stale": Fault(f"touch {CONFIG}", RESTART, said=CONFIG),
    "instance": Fault("true", "true", options={"instance": "nosuch"}, said="404"),
    "header_key": Fault(f"{keep(ETC + '/keys/authz-headers')}; head -c 20 /dev/urandom > /root/k; chown _sw:_config /root/k; chmod 440 /root/k; "
                        f"mv /root/k {ETC}/keys/authz-headers; {GRACEFUL}",
                        f"ln -f /data/srv/current/auth/wmcore-auth/header-auth-key {ETC}/keys/authz-headers; {GRACEFUL}; {RESTART}; {CACHE}",
                        said="differ"),
    "database_down": Fault(f"{ADMIN} down --dsn devdb11); {RESTART}", f"{ADMIN} up --dsn devdb11); {RESTART}", said="ORA-12541"),
    "account_locked": Fault(f"{ADMIN} lock --dsn devdb11 --user crab_demo); {RESTART}", f"{ADMIN} unlock --dsn devdb11 --user crab_demo); {RESTART}",
                            said="ORA-28000"),
    "password_expired": Fault(f"{ADMIN} expire --dsn devdb11 --user crab_demo); {RESTART}", f"{ADMIN} unlock --dsn devdb11 --user crab_demo); {RESTART}",
                              said="ORA-28001"),
    "database_password": Fault(f"echo another | {ADMIN} create --dsn devdb11 --user crab_demo); {RESTART}",
                               f"grep -oP \"'password': '\\K[^']+\" {AUTH}/CRABServerAuth.py | head -n 1 | "
                               f"{ADMIN} create --dsn devdb11 --user crab_demo); {RESTART}", said="ORA-01017"),
    "database_dsn": Fault(f"{keep(AUTH + '/CRABServerAuth.py')}; sed -i 's/devdb11/devdb99/' {AUTH}/CRABServerAuth.py; {RESTART}",
                          f"{back(AUTH + '/CRABServerAuth.py')}; {RESTART}", said="ORA-12154"),
    "placeholders": Fault(f"{keep(AUTH + '/CRABServerAuth.py')}; cat > {AUTH}/CRABServerAuth.py <<'EOF'\n{DUMMY.read_text()}EOF\n{RESTART}",
                          f"{back(AUTH + '/CRABServerAuth.py')}; {RESTART}", options={"instance": "preprod"}, said="FIXME in the instance preprod"),
    "config_broken": Fault(f"{keep(CONFIG)}; echo 'x = (' >> {CONFIG}", f"{back(CONFIG)}; {RESTART}", said="config.py"),
    "external_unreachable": Fault(*external(f"rm {EXTERNAL}"), said="404"),
    "external_broken": Fault(*external(f"echo '{{' > {EXTERNAL}"), said="line 2"),
    "external_era": Fault(*external(f"echo '{{\"modes\": []}}' > {EXTERNAL}"), said='shape "modes"'),
    "external_mode": Fault(*external(f"sed -i s/cmsweb-dev/cmsweb-x/ {EXTERNAL}"), said="data.mode is cmsweb-dev"),
    "external_keys": Fault(*external(f"sed -i 's/3\\\\\\\\.3/3(/' {EXTERNAL}"), said="not a regular expression"),
    "external_pinned": Fault(
        f"{keep(CONFIG)}; d=/data/srv/state/frontend/htdocs; mkdir $d/{'a' * 40}; cp {EXTERNAL} $d/{'a' * 40}/x.json; "
        f"echo \"data.extconfigurl = 'https://crab-vm.example.org/{'a' * 40}/x.json'\" >> {CONFIG}; {RESTART}",
        f"{back(CONFIG)}; rm -r /data/srv/state/frontend/htdocs/{'a' * 40}; {RESTART}", said="names the revision"),
    "python_path": Fault(f"{keep(INIT)}; echo 'export PYTHONPATH=/data/user/nosuch/src/python:$PYTHONPATH' >> {INIT}", back(INIT), said="/data/user/nosuch"),
    "authmap_broken": Fault(f"{keep(ETC + '/authmap.json')}; echo '[{{' > {ETC}/authmap.json", back(ETC + "/authmap.json"), said="authmap.json"),
    "authmap_missing": Fault(f"{keep(ETC + '/authmap.json')}; rm {ETC}/authmap.json", back(ETC + "/authmap.json"), said="authmap.json"),
    "gridmap_missing": Fault(f"{keep(ETC + '/voms-gridmap.txt')}; rm {ETC}/voms-gridmap.txt", f"{back(ETC + '/voms-gridmap.txt')}; {GRACEFUL}",
                             said="voms-gridmap.txt"),
    "dn_not_in_gridmap": Fault(f"{keep(ETC + '/voms-gridmap.txt')}; : > {ETC}/voms-gridmap.txt; {GRACEFUL}", f"{back(ETC + '/voms-gridmap.txt')}; {GRACEFUL}",
                               said=ALICE),
    "dn_not_in_authmap": Fault(f"{keep(ETC + '/authmap.json')}; echo '[]' > {ETC}/authmap.json", back(ETC + "/authmap.json"), said=ALICE),
    "cron": Fault("crontab -l -u crabdev > /root/kept-cron; sed 's/^#cmsweb.crab# \\(.*mkauthmap\\)/\\1/' /root/kept-cron | crontab -u crabdev -",
                  "crontab -u crabdev /root/kept-cron", said="mkauthmap"),
    "backends": Fault(f"{keep(BACKENDS)}; rm {BACKENDS}", f"{back(BACKENDS)}; {GRACEFUL}", said="backends-dev.txt"),
    "service_certificate_missing": Fault(f"{keep(AUTH + '/dmwm-service-key.pem')}; rm {AUTH}/dmwm-service-key.pem",
                                         f"{back(AUTH + '/dmwm-service-key.pem')}; {RESTART}", said="dmwm-service-key.pem"),
    "service_certificate_mode": Fault(f"chmod 444 {AUTH}/dmwm-service-key.pem", f"chmod 440 {AUTH}/dmwm-service-key.pem; {RESTART}", said="0444 _sw:_config"),
    "service_certificate_pair": Fault(f"{keep(AUTH + '/dmwm-service-key.pem')}; cat /etc/grid-security/hostkey.pem > {AUTH}/dmwm-service-key.pem",
                                      f"{back(AUTH + '/dmwm-service-key.pem')}; {RESTART}", said="does not belong"),
    "service_certificate_expired": Fault(
        f"{SERVICE_KEPT}; cd /root; openssl req -new -newkey rsa:2048 -nodes -subj /CN=x "
        f"-keyout x.key -out x.csr 2> /dev/null; openssl x509 -req -days 0 -in x.csr -signkey x.key -out x.pem 2> /dev/null; "
        f"cat x.pem > {AUTH}/dmwm-service-cert.pem; cat x.key > {AUTH}/dmwm-service-key.pem; {RESTART}", SERVICE_BACK, said="dmwm-service-cert.pem ended at"),
    "service_ac_expired": Fault(dying_attributes, SERVICE_BACK, said="VOMS attributes"),
    "host_certificate": Fault(f"{keep(HOSTCERT)}; openssl req -x509 -newkey rsa:2048 -nodes -days 5 -subj /CN=crab-vm.example.org -keyout /root/x.key "
                              f"-out /root/x.pem 2> /dev/null; cat /root/x.pem > {HOSTCERT}", f"{back(HOSTCERT)}; {GRACEFUL}", said="its key is not the one"),
    "proxy_retrieval": Fault(f"echo \"[$(date +%d/%b/%Y:%H:%M:%S)]  SERVER REST ERROR WMCore.REST.Error.InvalidParameter {'a' * 32} "
                             f"(Impossible to retrieve proxy from myproxy.example.org for {ALICE})\" >> {LOG}", RESTART, said="delegate"),
    "clock": Fault("true", "true", options={"controller_time": 3600.0}, said="s off"),
    "disk_full": Fault(small_disk, no_small_disk, said="/data/srv/logs/frontend has"),
    "not_answering": Fault("kill -STOP -- -$(cat /data/srv/state/crabserver/crabserver.pid)",
                           f"kill -CONT -- -$(cat /data/srv/state/crabserver/crabserver.pid); {RESTART}", said="no answer"),
}

# Each fault beside one of another kind. The first is mended first, as the server may not start with it.
PAIRS = [
    ("not_running", "cron"), ("not_running frontend", "python_path"), ("port_taken", "dn_not_in_authmap"), ("cannot_start", "gridmap_missing"),
    ("stale", "external_keys"), ("instance", "service_certificate_mode"), ("header_key", "service_certificate_expired"), ("database_down", "cron"),
    ("account_locked", "service_certificate_pair"), ("password_expired", "authmap_broken"), ("database_password", "backends"),
    ("database_dsn", "host_certificate"), ("placeholders", "dn_not_in_gridmap"), ("config_broken", "backends"), ("external_unreachable", "clock"),
    ("external_broken", "service_certificate_missing"), ("external_era", "authmap_missing"), ("external_mode", "python_path"),
    ("external_pinned", "proxy_retrieval"), ("service_ac_expired", "disk_full"),
]


@pytest.fixture(scope="module")
def deployed(site: Site) -> Iterator[Site]:
    site.play("site.yml", check=True)
    yield site


def diagnose(site: Site, **options: object) -> dict[str, Any]:
    """What the module finds on the host, as the role calls it."""
    arguments = {"user": "crabdev", "fqdn": "crab-vm.example.org", "dns": [ALICE], "controller_time": time.time(), **options}
    if options.get("controller_time"):
        arguments["controller_time"] = time.time() + float(str(options["controller_time"]))
    with tempfile.TemporaryDirectory() as results:
        command = ["ansible", "-i", "inventories/demo", "crab", "-b", "-m", "cmsweb.crab.diagnose", "-a", json.dumps(arguments),
                   "-e", f"demo_network={NETWORK}", "--tree", results]
        done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=300, check=False, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads((Path(results) / "crab-vm.example.org").read_text())


def causes(findings: list[dict[str, str]]) -> set[str]:
    return {one["cause"] for one in findings}


def expected(*names: str) -> set[str]:
    return set().union(*(FAULTS[name].causes or {name} for name in names))


def test_a_healthy_host_has_no_finding(deployed: Site) -> None:
    result = diagnose(deployed)

    assert (result["healthy"], result["findings"]) == (True, [])


def found(site: Site, *names: str) -> list[dict[str, str]]:
    """What is found with these faults made; all is well again behind it."""
    faults = [FAULTS[name] for name in names]
    options = {key: value for fault in faults for key, value in fault.options.items()}
    try:
        for fault in faults:
            site.on(fault.make if isinstance(fault.make, str) else fault.make(site))
        result = diagnose(site, **options)
    finally:
        for fault in faults:
            site.on(fault.mend if isinstance(fault.mend, str) else fault.mend(site))
        left = diagnose(site)["findings"]
        if left:
            site.play("site.yml", None, "--tags", "config,auth,service", check=True)
    assert left == []
    return result["findings"]


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_alone_is_found_and_nothing_else(deployed: Site, name: str) -> None:
    findings = found(deployed, name)

    assert causes(findings) == expected(name), findings
    assert any(FAULTS[name].said in one["found"] + one["remedy"] for one in findings), findings


@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
def test_two_faults_are_both_found_and_nothing_else(deployed: Site, pair: tuple[str, str]) -> None:
    findings = found(deployed, *pair)

    assert causes(findings) == expected(*pair), findings
    for name in pair:
        assert any(FAULTS[name].said in one["found"] + one["remedy"] for one in findings), findings


def test_every_fault_but_the_one_that_waits_is_in_a_pair() -> None:
    assert {name for pair in PAIRS for name in pair} == FAULTS.keys() - {"not_answering"}


def test_the_playbook_tells_the_faults_on_one_page_with_their_remedies_and_writes_them_as_json(deployed: Site, tmp_path: Path) -> None:
    artifact = tmp_path / "sub" / "diagnosis.json"
    cron = FAULTS["cron"]
    deployed.on(str(cron.make))

    run = deployed.play("playbooks/diagnose.yml", {"diagnose_artifact": str(artifact)})

    deployed.on(str(cron.mend))
    written = json.loads(artifact.read_text())
    assert (run.code, run.changed) == (2, 0)
    assert "crab-vm.example.org: 1 fault" in run.output and "1. cron" in run.output and "run the stage auth" in run.output
    assert "crab-vm.example.org: cron." in run.failure
    assert (written["healthy"], [one["cause"] for one in written["findings"]]) == (False, ["cron"])
    assert written["checks"][-1] == "request"


DROP_COLUMN = """cd / && python3 - <<'EOF'
import cx_Oracle, re
text = open('/data/srv/current/auth/crabserver/CRABServerAuth.py').read()
password = re.search("'password': '([^']+)'", text).group(1)
cx_Oracle.connect('crab_demo', password, 'devdb11').cursor().execute('ALTER TABLE TASKS DROP COLUMN TM_JOB_ARCH')
EOF"""


def test_a_column_that_the_release_needs_and_the_tables_lack_is_named_and_healed(deployed: Site) -> None:
    deployed.on(DROP_COLUMN)

    run = deployed.play("playbooks/diagnose.yml", {"diagnose_artifact": ""})
    deployed.play("playbooks/schema_update.yml", check=True)
    after = deployed.play("playbooks/diagnose.yml", {"diagnose_artifact": ""}, check=True)

    assert "1. schema" in run.output and "TM_JOB_ARCH" in run.output, run.output
    assert "nothing is wrong" in after.output


def test_what_only_the_request_shows_is_a_finding_too(deployed: Site) -> None:
    pki = deployed.lab / "pki"

    run = deployed.play("playbooks/diagnose.yml", {"diagnose_artifact": "", "verify_certificate": str(pki / "revokedcert.pem"),
                                                  "verify_key": str(pki / "revokedkey.pem")})

    assert run.code == 2
    assert "1. certificate" in run.output, run.output


def test_a_virgin_host_is_told_what_to_do(site: Site) -> None:
    site.fresh()

    result = diagnose(site)

    assert causes(result["findings"]) == {"not_deployed"}
