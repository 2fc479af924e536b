"""Each fault is made for real, beside others, and all of them are found and nothing else; a healthy host has no finding."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import NETWORK, ROOT, Site
from .faults import GRACEFUL, START_FRONTEND, STOP_FRONTEND, Broken, Fault, back, keep, listens, manage, restart, stop

sys.path.insert(0, str(ROOT / "tests/lab"))

from crablab.podman import podman  # noqa: E402
from crablab.shell import as_root  # noqa: E402

ALICE = "/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=alice/CN=123456/CN=Alice Example"
CONFIG = "/data/srv/current/config/crabserver/config.py"
AUTH = "/data/srv/current/auth/crabserver"
ACCOUNTS, SERVICE_CERTIFICATE, SERVICE_KEY = f"{AUTH}/CRABServerAuth.py", f"{AUTH}/dmwm-service-cert.pem", f"{AUTH}/dmwm-service-key.pem"
ETC, HTDOCS = "/data/srv/state/frontend/etc", "/data/srv/state/frontend/htdocs"
AUTHMAP, GRIDMAP, FRONTENDS_KEY = f"{ETC}/authmap.json", f"{ETC}/voms-gridmap.txt", f"{ETC}/keys/authz-headers"
EXTERNAL = f"{HTDOCS}/crab-rest-config-HG1803f.json"
HOSTCERT, HOSTKEY = "/etc/grid-security/hostcert.pem", "/etc/grid-security/hostkey.pem"
INIT = "/data/srv/current/apps/crabserver/etc/profile.d/init.sh"
BACKENDS = "/data/srv/current/config/frontend/backends-dev.txt"
ADMIN = "(cd / && python3 -m cx_Oracle.admin"
DUMMY = ROOT / "tests/lab/software/deployment/all/crabserver/CRABServerAuth.dummy"    # what Deploy writes
LOG = "/data/srv/logs/crabserver/crabserver-$(date +%Y%m%d).log"
GROUP = "$(cat /data/srv/state/crabserver/crabserver.pid)"
# Of a server that is started in vain.
ENDS = "cat /data/srv/logs/crabserver/crabserver-*.log | grep -c terminating.due.to"
START_IN_VAIN = f"n=$({ENDS} || true); {manage('crabserver', 'start')}; eventually '[ $({ENDS}) -gt '$n' ] && ! pgrep -u _crabserver -f wmc-httpd'"
RESTART = restart()


def dying_proxy(site: Site) -> str:
    """One of four days whose VOMS attributes last for one hour."""
    pki, proxy = site.lab / "pki", site.lab / "dying.pem"
    proxy.unlink(missing_ok=True)
    subprocess.run(
        ["voms-proxy-fake", "-rfc", "-newformat", "-voms", "cms", "-uri", "voms.example.org:15002", "-fqan", "/cms/Role=NULL/Capability=NULL",
         "-cert", pki / "alicecert.pem", "-key", pki / "alicekey.pem", "-certdir", pki / "certificates", "-hostcert", pki / "vomscert.pem",
         "-hostkey", pki / "vomskey.pem", "-hours", "96", "-vomslife", "1", "-bits", "2048", "-out", proxy],
        stdin=subprocess.DEVNULL, capture_output=True, check=True)
    return proxy.read_text()


def dying_attributes(site: Site) -> None:
    site.on(f"{SERVICE_KEPT}; tee {SERVICE_CERTIFICATE} {SERVICE_KEY} > /dev/null <<'EOF'\n{dying_proxy(site)}EOF")


def in_its_mounts(site: Site, *command: str) -> None:
    """A command of this machine's root in the mount namespace of the host, which may not mount anything itself."""
    name = (site.lab / "name").read_text().strip()
    pid = podman("inspect", "--format", "{{.State.Pid}}", f"{name}-crab-vm").strip()
    subprocess.run(as_root(["nsenter", "-t", pid, "-m", "-p", *command]), stdin=subprocess.DEVNULL, check=True)


def small_disk(site: Site) -> None:
    in_its_mounts(site, "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/data/srv/logs/frontend")


def no_small_disk(site: Site) -> None:
    in_its_mounts(site, "umount", "-l", "/data/srv/logs/frontend")


def edited(path: str, edit: str, said: str, mend: str = "", **more: Any) -> Fault:
    """Of a file, which the server that runs has read as it was."""
    return Fault(f"{back(path)}; {mend or 'true'}", after=f"{keep(path)}; {edit}", said=said, **more)


def locked(action: str, said: str) -> Fault:
    return Fault(f"{ADMIN} unlock --dsn devdb11 --user crab_demo)", before=f"{ADMIN} {action} --dsn devdb11 --user crab_demo)", said=said)


def accounts(edit: str, said: str, **more: Any) -> Fault:
    return Fault(back(ACCOUNTS), before=f"{keep(ACCOUNTS)}; {edit}", said=said, **more)


SERVICE_KEPT, SERVICE_BACK = f"{keep(SERVICE_CERTIFICATE)}; {keep(SERVICE_KEY)}", f"{back(SERVICE_CERTIFICATE)}; {back(SERVICE_KEY)}"
PINNED = f"{HTDOCS}/{'a' * 40}"

FAULTS = {
    "not_running": Fault(after=stop(), said="crabserver does not run"),
    "not_running frontend": Fault(START_FRONTEND, after=STOP_FRONTEND, causes=frozenset({"not_running", "external_unreachable"}),
                                  said="frontend does not run"),
    "port_taken": Fault("systemctl stop taker", after=f"{stop()}; systemd-run -q --unit taker python3 -m http.server 8270; {listens(8270)}",
                        said="port 8270 is held by python3"),
    "cannot_start": edited(CONFIG, f"sed -i '/^data.mode/d' {CONFIG}; {START_IN_VAIN}", "has no attribute 'mode'",
                           causes=frozenset({"cannot_start", "external_mode"})),
    "stale": Fault(after=f"touch {CONFIG}", said=CONFIG),
    "instance": Fault(options={"instance": "nosuch"}, said="404"),
    # As the two are one file, the backends have an older one when they are one again.
    "header_key": Fault(f"ln -f /data/srv/current/auth/wmcore-auth/header-auth-key {FRONTENDS_KEY}; {GRACEFUL}; {restart('crabcache')}",
                        after=f"head -c 20 /dev/urandom > /root/k; chown _sw:_config /root/k; chmod 440 /root/k; mv /root/k {FRONTENDS_KEY}; {GRACEFUL}",
                        said="differ"),
    "database_down": Fault(f"{ADMIN} up --dsn devdb11)", before=f"{ADMIN} down --dsn devdb11)", said="ORA-12541"),
    "account_locked": locked("lock", "ORA-28000"),
    "password_expired": locked("expire", "ORA-28001"),
    "database_password": Fault(f"grep -oP \"'password': '\\K[^']+\" {ACCOUNTS} | head -n 1 | {ADMIN} create --dsn devdb11 --user crab_demo)",
                               before=f"echo another | {ADMIN} create --dsn devdb11 --user crab_demo)", said="ORA-01017"),
    "database_dsn": accounts(f"sed -i 's/devdb11/devdb99/' {ACCOUNTS}", "ORA-12154"),
    "placeholders": accounts(f"cat > {ACCOUNTS} <<'EOF'\n{DUMMY.read_text()}EOF", "FIXME in the instance preprod", options={"instance": "preprod"}),
    "config_broken": edited(CONFIG, f"echo 'x = (' >> {CONFIG}", "config.py"),
    "external_unreachable": edited(EXTERNAL, f"rm {EXTERNAL}", "404"),
    "external_broken": edited(EXTERNAL, f"echo '{{' > {EXTERNAL}", "line 2"),
    "external_era": edited(EXTERNAL, f"echo '{{\"modes\": []}}' > {EXTERNAL}", 'shape "modes"'),
    "external_mode": edited(EXTERNAL, f"sed -i s/cmsweb-dev/cmsweb-x/ {EXTERNAL}", "data.mode is cmsweb-dev"),
    "external_keys": edited(EXTERNAL, f"sed -i 's/3\\\\\\\\.3/3(/' {EXTERNAL}", "not a regular expression"),
    "external_pinned": Fault(f"{back(CONFIG)}; rm -r {PINNED}", before=f"{keep(CONFIG)}; mkdir {PINNED}; cp {EXTERNAL} {PINNED}/x.json; "
                             f"echo \"data.extconfigurl = 'https://crab-vm.example.org/{'a' * 40}/x.json'\" >> {CONFIG}", said="names the revision"),
    "python_path": edited(INIT, f"echo 'export PYTHONPATH=/data/user/nosuch/src/python:$PYTHONPATH' >> {INIT}", "/data/user/nosuch"),
    "authmap_broken": edited(AUTHMAP, f"echo '[{{' > {AUTHMAP}", "authmap.json"),
    "authmap_missing": edited(AUTHMAP, f"rm {AUTHMAP}", "authmap.json"),
    "gridmap_missing": edited(GRIDMAP, f"rm {GRIDMAP}", "voms-gridmap.txt", GRACEFUL),
    "dn_not_in_gridmap": edited(GRIDMAP, f": > {GRIDMAP}; {GRACEFUL}", ALICE, GRACEFUL),
    "dn_not_in_authmap": edited(AUTHMAP, f"echo '[]' > {AUTHMAP}", ALICE),
    # On 31 February: at a minute that comes, it would overwrite the map under the tests.
    "cron": Fault("crontab -u crabdev /root/kept-cron",
                  after="crontab -l -u crabdev > /root/kept-cron; sed 's/^#cmsweb.crab# [^ ]* [^ ]* [^ ]* [^ ]* [^ ]* \\(.*mkauthmap\\)/0 0 31 2 * \\1/' "
                  "/root/kept-cron | crontab -u crabdev -", said="mkauthmap"),
    "backends": edited(BACKENDS, f"rm {BACKENDS}", "backends-dev.txt", GRACEFUL),
    "service_certificate_missing": edited(SERVICE_KEY, f"rm {SERVICE_KEY}", "dmwm-service-key.pem"),
    "service_certificate_mode": Fault(f"chmod 440 {SERVICE_KEY}", after=f"chmod 444 {SERVICE_KEY}", said="0444 _sw:_config"),
    "service_certificate_pair": edited(SERVICE_KEY, f"cat {HOSTKEY} > {SERVICE_KEY}", "does not belong"),
    "service_certificate_expired": Fault(
        SERVICE_BACK, after=f"{SERVICE_KEPT}; cd /root; openssl req -new -newkey rsa:2048 -nodes -subj /CN=x -keyout x.key -out x.csr 2> /dev/null; "
        f"openssl x509 -req -days 0 -in x.csr -signkey x.key -out x.pem 2> /dev/null; cat x.pem > {SERVICE_CERTIFICATE}; cat x.key > {SERVICE_KEY}",
        said="dmwm-service-cert.pem ended at"),
    "service_ac_expired": Fault(SERVICE_BACK, after=dying_attributes, said="VOMS attributes"),
    "host_certificate": edited(HOSTCERT, "openssl req -x509 -newkey rsa:2048 -nodes -days 5 -subj /CN=crab-vm.example.org -keyout /root/x.key "
                               f"-out /root/x.pem 2> /dev/null; cat /root/x.pem > {HOSTCERT}", "its key is not the one", GRACEFUL),
    "proxy_retrieval": Fault(after=f"echo \"[$(date +%d/%b/%Y:%H:%M:%S)]  SERVER REST ERROR WMCore.REST.Error.InvalidParameter {'a' * 32} "
                             f"(Impossible to retrieve proxy from myproxy.example.org for {ALICE})\" >> {LOG}", said="delegate"),
    "clock": Fault(options={"controller_time": 3600.0}, said="s off"),
    "disk_full": Fault(no_small_disk, after=small_disk, said="/data/srv/logs/frontend has"),
    "not_answering": Fault(f"kill -CONT -- -{GROUP}", after=f"kill -STOP -- -{GROUP}", said="no answer"),
}

# Each fault once, with others of which none hides it.
TOGETHER = [
    ("not_running", "cron", "service_certificate_pair"), ("not_running frontend", "python_path", "clock"), ("port_taken", "dn_not_in_authmap", "external_keys"),
    ("cannot_start", "gridmap_missing", "disk_full"), ("stale", "external_era", "service_certificate_missing"),
    ("instance", "service_certificate_mode", "external_unreachable"), ("header_key", "service_certificate_expired"),
    ("database_down", "host_certificate", "proxy_retrieval"), ("account_locked", "external_mode"), ("password_expired", "authmap_broken"),
    ("database_password", "backends"), ("database_dsn", "external_pinned"), ("placeholders", "dn_not_in_gridmap"),
    ("config_broken", "authmap_missing", "service_ac_expired"), ("not_answering", "external_broken"),
]


def diagnose(site: Site, **options: object) -> list[dict[str, str]]:
    """What the module finds on the host, as the role calls it."""
    ahead = float(str(options.pop("controller_time", 0)))
    arguments = {"user": "crabdev", "fqdn": "crab-vm.example.org", "dns": [ALICE], "controller_time": time.time() + ahead, **options}
    with tempfile.TemporaryDirectory() as results:
        command = ["ansible", "-i", "inventories/demo", "crab", "-b", "-m", "cmsweb.crab.diagnose", "-a", json.dumps(arguments),
                   "-e", f"demo_network={NETWORK}", "--tree", results]
        done = subprocess.run(command, cwd=ROOT, text=True, capture_output=True, timeout=300, check=False, stdin=subprocess.DEVNULL)
        assert done.returncode == 0, done.stdout + done.stderr
        result = json.loads((Path(results) / "crab-vm.example.org").read_text())
    assert result["healthy"] == (result["findings"] == [])
    return result["findings"]


@pytest.fixture(scope="module")
def deployed(site: Site) -> Iterator[Site]:
    site.play("site.yml", check=True)
    yield site


@pytest.fixture(scope="module")
def broken(deployed: Site) -> Broken:
    return Broken(deployed, FAULTS, RESTART, diagnose)


@pytest.fixture
def healthy(deployed: Site, broken: Broken) -> Site:
    """The host with no fault."""
    broken.mend()
    return deployed


def test_a_healthy_host_has_no_finding(healthy: Site) -> None:
    assert diagnose(healthy) == []


@pytest.mark.parametrize("names", TOGETHER, ids=" and ".join)
def test_faults_are_found_and_nothing_else(broken: Broken, names: tuple[str, ...]) -> None:
    broken.check(*names)


def test_what_is_corrected_is_not_found_any_more(healthy: Site) -> None:
    assert diagnose(healthy) == []


def test_every_fault_is_made_once() -> None:
    assert sorted(name for names in TOGETHER for name in names) == sorted(FAULTS)


def test_the_playbook_tells_the_faults_on_one_page_with_their_remedies_and_writes_them_as_json(deployed: Site, broken: Broken, tmp_path: Path) -> None:
    artifact = tmp_path / "sub" / "diagnosis.json"
    broken.make("cron")

    run = deployed.play("playbooks/diagnose.yml", {"diagnose_artifact": str(artifact)})

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


def test_a_column_that_the_release_needs_and_the_tables_lack_is_named_and_healed(healthy: Site) -> None:
    healthy.on(DROP_COLUMN)

    run = healthy.play("playbooks/diagnose.yml", {"diagnose_artifact": ""})
    healthy.play("playbooks/schema_update.yml", check=True)
    after = healthy.play("playbooks/diagnose.yml", {"diagnose_artifact": ""}, check=True)

    assert "1. schema" in run.output and "TM_JOB_ARCH" in run.output, run.output
    assert "nothing is wrong" in after.output


def test_what_only_the_request_shows_is_a_finding_too(healthy: Site) -> None:
    pki = healthy.lab / "pki"

    run = healthy.play("playbooks/diagnose.yml", {"diagnose_artifact": "", "verify_certificate": str(pki / "revokedcert.pem"),
                                                  "verify_key": str(pki / "revokedkey.pem")})

    assert run.code == 2
    assert "1. certificate" in run.output, run.output


def test_a_virgin_host_is_told_what_to_do(site: Site) -> None:
    site.fresh()

    assert [one["cause"] for one in diagnose(site)] == ["not_deployed"]
