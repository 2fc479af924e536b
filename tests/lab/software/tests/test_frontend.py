"""The packages of the stand-in on a deployed host: who gets in, and what the REST answers.

The rows are those that were measured with the real frontend and the real REST; certificate, maps, header key, backends, database.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from .conftest import PKI, Answer, Host, ask, until

ETC = "/data/srv/state/frontend/etc"
KEY = f"{ETC}/keys/authz-headers"
FRONTEND = "/data/srv/current/config/frontend/manage"
BACKENDS = "/data/srv/current/config/frontend/backends-dev.txt"
VERSION = "/crabserver/dev/info?subresource=version"
NO_LOGIN = "You are not allowed to access this resource. Please check: https://twiki.cern.ch/twiki/bin/viewauth/CMS/SiteDBForCRAB"
LIMITED = bytes.fromhex("300f300d060b2b060104019b5001010109")  # Globus' policy of a limited proxy


@dataclass(frozen=True)
class Door:
    """The frontend of a host, and what it lets in by."""

    host: Host
    dn: str

    @property
    def alice(self) -> dict[str, object]:
        roles = {"operator": ["group:crab3"], "site-admin": ["site:t2-xx-foo"]}
        return {"DN": self.dn, "ID": 1, "LOGIN": "alice", "NAME": "Alice Example", "ROLES": roles}

    def get(self, path: str = VERSION, who: str = "alice", headers: dict[str, str] | None = None) -> Answer:
        return ask(self.host, path, PKI / f"{who}cert.pem" if who else None, PKI / f"{who}key.pem" if who else None, headers)

    def eventually(self, code: int, who: str = "alice") -> Answer:
        """After "graceful", which returns before the old process has ended."""
        return until(lambda: self.get(who=who), lambda answer: answer.code == code)

    def authmap(self, users: object) -> None:
        text = users if isinstance(users, str) else json.dumps(users)
        self.host.on(f"cat > {ETC}/authmap.json.new && chmod 644 {ETC}/authmap.json.new && mv {ETC}/authmap.json.new {ETC}/authmap.json", text)

    def gridmap(self, *members: str) -> None:
        self.host.on(f"cat > {ETC}/voms-gridmap.txt", "".join(f'"{dn}" cms\n' for dn in members))

    def graceful(self) -> None:
        self.host.on(f"{FRONTEND} graceful")

    def manage(self, words: str) -> tuple[int, str]:
        done = self.host.run(f'sudo -H -u _crabserver bashs -lc "/data/srv/current/config/crabserver/manage {words}"')
        return done.returncode, done.stdout

    def restart_rest(self) -> None:
        """And wait: a request before "Bus STARTED" hangs for 8 s and ends with 503, database or not."""
        count = "cat /data/srv/logs/crabserver/crabserver-*.log | grep -c 'Bus STARTED' || true"
        before = self.host.on(count)
        self.manage("start 'I did read documentation'")
        assert until(lambda: self.host.on(count), lambda now: now != before) != before


@pytest.fixture(scope="module")
def door(site: Host) -> Iterator[Door]:
    one = Door(site, json.loads((PKI / "pki.json").read_text())["certificates"]["alice"]["subject"])
    site.on(f"cp -p {ETC}/authmap.json /root/; cp -p {ETC}/voms-gridmap.txt /root/")
    one.gridmap(one.dn)
    one.authmap([one.alice])
    one.graceful()
    yield one
    site.on(f"cp -p /root/authmap.json /root/voms-gridmap.txt {ETC}/; {FRONTEND} graceful")


@pytest.fixture
def member(door: Door) -> Iterator[Door]:
    """Whatever a test does to the maps is undone, and the frontend knows them again."""
    yield door
    door.gridmap(door.dn)
    door.authmap([door.alice])
    door.graceful()
    assert door.eventually(200).code == 200


@pytest.mark.parametrize(
    "path, code, text",
    [
        (VERSION, 200, '"3.3.1803.patch3"'),
        ("/crabserver/dev/info", 200, '"crabserver": "Welcome"'),
        ("/crabserver/dev/info?subresource=delegatedn", 200, '"services"'),
        ("/crabserver/dev/info?subresource=backendurls", 200, '"htcondorSchedds"'),
        ("/crabserver/dev/info?subresource=bannedoutdest", 200, '"T1_*"'),
        ("/crabserver/dev/info?subresource=ignlocalityblacklist", 500, "X-Error-Detail: Execution error"),
        ("/crabserver/dev/info?subresource=nonsense", 400, "X-Rest-Status: 302"),
        ("/crabserver/nosuch/info", 404, "X-Rest-Status: 206"),
        ("/crabserver/", 404, "X-Rest-Status: 206"),
        ("/crabserver/ui", 200, "CRAB REST interface"),
        ("/crabcache/info", 200, '"crabcache": "Welcome"'),
        ("/auth/trouble", 200, "Mapped to username alice"),
        ("/nosuchapp/x", 404, ""),
    ],
)
def test_what_a_user_gets(door: Door, path: str, code: int, text: str) -> None:
    headers = {"Accept": "*/*"} if path.endswith("/ui") else None

    answer = door.get(path, headers=headers)

    assert answer.code == code, answer
    assert text in answer


def test_a_request_without_accept_is_refused(door: Door) -> None:
    answer = door.get(headers={})

    assert answer.code == 406 and "X-Rest-Status: 201" in answer


@pytest.mark.parametrize(
    "who, code, text", [("", 403, "Authorisation required"), ("revoked", 0, ""), ("expired", 0, ""), ("nomember", 403, "Authorisation required")]
)
def test_certificates_that_are_not_let_in(door: Door, who: str, code: int, text: str) -> None:
    answer = door.get(who=who)

    assert answer.code == code and text in answer


def test_proxies_of_a_member_are_let_in_even_limited_ones(door: Door, tmp_path: Path) -> None:
    limited = tmp_path / "limited.pem"
    limited.write_bytes(_limited_proxy())

    answers = [ask(door.host, VERSION, path).code for path in (PKI / "service-proxy.pem", limited)]

    assert answers == [200, 200]  # the DN of a limited RFC proxy does not show that it is one


def test_what_needs_no_certificate(door: Door) -> None:
    assert ask(door.host, "/crab-rest-config-HG1803f.json", None).code == 200
    head = door.host.on("curl -s -o /dev/null -w '%{http_code} %{redirect_url}' http://127.0.0.1/crabserver/dev/info")
    assert head == "301 https://crab-vm.example.org/crabserver/dev/info"


@pytest.mark.parametrize("headers", [{"cms-authn-login": "root"}, {"CMS-AuthZ-Operator": "group:crab3"}, {"cms-authn-hmac": "00"}, {"cms_authn_login": "root"}])
def test_headers_of_the_frontend_cannot_be_added(door: Door, headers: dict[str, str]) -> None:
    answer = door.get(headers={"Accept": "application/json", **headers})

    assert answer.code == 200


def test_headers_of_the_frontend_cannot_be_sent_by_who_has_no_login(member: Door) -> None:
    member.authmap([])

    answers = [
        member.get(headers={"Accept": "*/*", name: value})
        for name, value in (("cms-authn-login", "alice"), ("cms_authn_login", "alice"), ("cms-auth-status", "NONE"))
    ]

    assert [answer.code for answer in answers] == [403, 403, 403]
    assert all(NO_LOGIN in answer for answer in answers)


def test_authmap_is_in_force_at_once(member: Door) -> None:
    alice = member.alice
    without_login = {key: value for key, value in alice.items() if key != "LOGIN"}
    rows = [
        ([], 403),
        ([without_login], 403),
        ([alice], 200),
        ("[{", 500),
        (alice, 500),
        ([{**alice, "ROLES": {"operator": "group:crab3"}}], 500),
        ([{**alice, "ROLES": {"operator": ["nocolon"]}}], 500),
        ([{**alice, "NAME": "J\u00fcrgen"}], 403),  # the frontend signs bytes, WMCore counts characters
        ([{**alice, "ROLES": {}}, {**alice, "LOGIN": ""}], 200),  # the first entry of a DN wins
    ]

    codes = []
    for users, _ in rows:
        member.authmap(users)
        codes.append(member.get().code)

    assert codes == [code for _, code in rows]


def test_a_change_of_authmap_is_seen_by_its_size_and_second_only(member: Door) -> None:
    other = json.dumps([{**member.alice, "DN": member.dn.replace("Alice", "Alicf")}])
    codes = []

    for users, second in ((json.dumps([member.alice]), "@1700000000.1"), (other, "@1700000000.9"), (other, "@1700000001.0")):
        member.host.on(f"cat > {ETC}/authmap.json; touch -d {second} {ETC}/authmap.json", users)
        codes.append(member.get().code)

    assert codes == [200, 200, 403]


def test_a_broken_authmap_is_500_for_everybody(member: Door) -> None:
    member.authmap("[{")

    assert member.get(who="nomember").code == 500


@pytest.mark.parametrize("damage, repair", [("rm", "true"), ("chmod 000", f"chmod 644 {ETC}/authmap.json")])
def test_an_authmap_that_is_gone_stays_in_force_until_graceful(member: Door, damage: str, repair: str) -> None:
    member.host.on(f"{damage} {ETC}/authmap.json")
    warm = member.get()
    member.graceful()
    cold = member.eventually(403)
    member.host.on(repair)

    assert (warm.code, cold.code) == (200, 403)
    assert NO_LOGIN in cold


def test_the_gridmap_is_read_once_until_graceful(member: Door) -> None:
    member.gridmap()
    before = member.get()
    member.graceful()
    after = member.eventually(403)
    log = member.host.on("tail -n 20 /data/srv/logs/frontend/error_log_*")
    member.gridmap(member.dn)
    filled = member.get()

    assert (before.code, after.code, filled.code) == (200, 403, 403)
    assert "Authorisation required" in after
    assert f"rejecting non-vo certificate {member.dn}" in log


def test_a_gridmap_that_is_missing_at_the_start_is_500_until_graceful(member: Door) -> None:
    member.host.on(f"rm {ETC}/voms-gridmap.txt; {FRONTEND} restart")
    missing = member.get()
    member.gridmap(member.dn)
    back = member.get()

    assert (missing.code, back.code) == (500, 500)


def test_a_key_that_differs_is_403_from_the_next_graceful_on(member: Door) -> None:
    member.host.on(f"head -c 20 /dev/urandom > {KEY}.new; chown _sw:_config {KEY}.new; chmod 440 {KEY}.new; mv {KEY}.new {KEY}")
    before = member.get()
    member.graceful()
    after = member.eventually(403)
    member.host.on(f"ln -f /data/srv/current/auth/wmcore-auth/header-auth-key {KEY}")

    assert (before.code, after.code) == (200, 403)
    assert "You are not allowed to access this resource." in after


def test_without_backends_nothing_is_found(member: Door) -> None:
    member.host.on(f"mv {BACKENDS} {BACKENDS}.kept; {FRONTEND} graceful")
    missing = member.eventually(503)
    member.host.on(f"mv {BACKENDS}.kept {BACKENDS}")

    assert missing.code == 503


def test_what_manage_says_of_a_running_and_of_a_stopped_server(member: Door) -> None:
    running = member.manage("status")
    stopping = member.manage("stop 'I did read documentation'")
    stopped = member.manage("status")
    answer = member.get()
    version = member.manage("version")
    member.restart_rest()

    assert running[0] == 0 and "RUNNING" in running[1] and "\x1b[" in running[1]
    assert "Killing crabserver pgid " in stopping[1]
    assert stopped[0] == 1 and "NOT RUNNING" in stopped[1]
    assert answer.code == 503
    assert version == (0, "3.3.1803.patch3\n")


def test_a_stale_pid_file(member: Door) -> None:
    member.host.on("kill -9 -- -$(cat /data/srv/state/crabserver/crabserver.pid)")

    status = until(lambda: member.manage("status"), lambda result: result[0] == 2)
    member.restart_rest()

    assert status[0] == 2


def test_a_database_that_is_down(member: Door) -> None:
    member.host.on("cd / && python3 -m cx_Oracle.admin down --dsn devdb11")
    member.restart_rest()
    answers = [member.get(path) for path in (VERSION, "/crabserver/dev/info", "/crabserver/nosuch/info")]
    member.host.on("cd / && python3 -m cx_Oracle.admin up --dsn devdb11")
    member.restart_rest()

    assert [answer.code for answer in answers] == [503, 503, 404]
    assert all("X-Rest-Status: 401" in answer and "X-Error-Detail: Database unavailable" in answer for answer in answers[:2])


def test_no_request_is_lost_by_graceful(door: Door) -> None:
    with ThreadPoolExecutor(10) as pool:
        asked = [pool.submit(door.get) for _ in range(120)]
        for _ in range(3):
            door.graceful()
        codes = {one.result().code for one in asked}

    assert codes == {200}


def _limited_proxy() -> bytes:
    issuer = x509.load_pem_x509_certificate((PKI / "alicecert.pem").read_bytes())
    issuer_key = serialization.load_pem_private_key((PKI / "alicekey.pem").read_bytes(), None)
    assert isinstance(issuer_key, rsa.RSAPrivateKey)
    key, serial, now = rsa.generate_private_key(65537, 2048), 12345, dt.datetime.now(dt.timezone.utc)
    name = x509.Name([*issuer.subject, x509.NameAttribute(NameOID.COMMON_NAME, str(serial))])
    usage = x509.KeyUsage(True, False, True, False, False, False, False, False, False)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer.subject).public_key(key.public_key()).serial_number(serial)
    builder = builder.not_valid_before(now - dt.timedelta(minutes=5)).not_valid_after(now + dt.timedelta(hours=12)).add_extension(usage, True)
    builder = builder.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.5.5.7.1.14"), LIMITED), True)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(pem) + private + issuer.public_bytes(pem)
