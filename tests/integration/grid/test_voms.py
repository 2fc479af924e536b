"""The service proxy against a real VOMS server: made on the host, renewed by its timer, and kept when a renewal fails."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from .. import traces
from ..test_site import Watcher
from .conftest import ALICE, PASSPHRASE, VARIABLES, VOMS, Grid

PROXY = "/etc/grid-security/crab-service-proxy.pem"
COPY = "/data/srv/current/auth/crabserver/dmwm-service-cert.pem"
PROGRAM = "/usr/sbin/cmsweb-crab-renew-proxy"
LEFT_BY_US = f"/etc/cmsweb-crab {PROGRAM} /etc/systemd/system/cmsweb-crab-proxy.* /etc/cron.d /etc/vomses /etc/grid-security"
LSC = "/etc/grid-security/vomsdir/cms/voms-cms.example.org.lsc"


def info(grid: Grid, path: str = PROXY) -> str:
    """What the VOMS client itself says of it."""
    return grid.on(f"voms-proxy-info -all -file {path}")


def hours_left(grid: Grid) -> list[int]:
    """Of the proxy and of its attributes, rounded: a new one has 192 of each."""
    found = re.findall(r"timeleft  : (\d+):(\d\d):", info(grid))
    return [round(int(hours) + int(minutes) / 60) for hours, minutes in found]


def secret_lines(grid: Grid, credential: dict[str, object]) -> list[str]:
    """The pass phrase, and lines of the keys that must be seen nowhere."""
    key = Path(str(credential["voms_credential_key"])).read_text().splitlines()
    return [PASSPHRASE, key[len(key) // 2], (grid.pki / "alicekey.pem").read_text().splitlines()[5]]


def test_1_check_mode_on_a_virgin_host_says_what_would_be_and_changes_nothing(grid: Grid, credential: dict[str, object]) -> None:
    before = grid.on(f"ls -laR {LEFT_BY_US} 2>/dev/null || true")

    run = grid.role("voms", credential, "--check", "--diff", check=True)

    assert f"a new proxy, because there is no proxy {PROXY}" in run.output
    assert grid.on(f"ls -laR {LEFT_BY_US} 2>/dev/null || true") == before


def test_2_the_proxy_is_made_by_the_server_and_no_secret_is_seen(grid: Grid, credential: dict[str, object]) -> None:
    with Watcher(grid) as watcher:
        run = grid.role("voms", credential, "-vvv", "--diff", check=True)

    said = info(grid)
    assert f"identity  : {ALICE}\n" in said and "attribute : /cms/Role=NULL/Capability=NULL\n" in said
    assert hours_left(grid) == [192, 192]
    assert any("voms-proxy-init --voms cms --valid 192:00" in seen for seen in watcher.seen)
    for secret in secret_lines(grid, credential):
        assert secret not in run.output
        assert not any(secret in seen for seen in watcher.seen)


def test_3_a_second_run_changes_nothing(grid: Grid, credential: dict[str, object]) -> None:
    assert grid.role("voms", credential, check=True).changed == 0
    assert grid.role("voms", credential, "--check", check=True).changed == 0


@pytest.mark.parametrize(("path", "mode"), [
    (PROXY, "400 root:root"), ("/etc/cmsweb-crab/proxy", "700 root:root"), ("/etc/cmsweb-crab/proxy/passphrase", "400 root:root"),
    ("/etc/cmsweb-crab/proxy/userkey.pem", "400 root:root"), ("/etc/cmsweb-crab/proxy/settings.json", "400 root:root"), (PROGRAM, "755 root:root"),
    ("/etc/vomses/cms-voms-cms.example.org", "644 root:root"), (LSC, "644 root:root"),
])
def test_4_files_have_their_mode_and_owner(grid: Grid, path: str, mode: str) -> None:
    assert grid.on(f"stat -c '%a %U:%G' {path}") == mode + "\n"


def test_5_no_file_that_others_can_read_holds_a_secret(grid: Grid, credential: dict[str, object]) -> None:
    for secret in secret_lines(grid, credential):
        found = grid.on(f"find / -xdev -type f -perm -o=r -not -path '/proc/*' -print0 | xargs -0 grep -lF -e '{secret}' || true").split()
        # A file in a folder that others cannot enter is not readable by them.
        assert [path for path in found if "no" not in grid.on(f"runuser -u nobody -- cat '{path}' > /dev/null 2>&1 || echo no")] == []


def test_6_an_operator_sees_when_it_is_renewed_next(grid: Grid) -> None:
    assert re.search(r"cmsweb-crab-proxy\.timer +cmsweb-crab-proxy\.service", grid.on("systemctl list-timers --no-pager"))
    said = grid.on(f"{PROGRAM} --status")
    assert re.fullmatch(rf"{PROXY} of {ALICE} lasts until .* \(1\d\d\.\d hours\), a new one is made with fewer than 24 hours left\.\n", said)


def old_proxy(grid: Grid, hours: int) -> None:
    """A proxy of Alice's that is about to end, in its place and in crabserver's folder."""
    fake = f"voms-proxy-fake -rfc -newformat -voms cms -uri voms-cms.example.org:15002 -fqan /cms/Role=NULL/Capability=NULL -hours {hours} -vomslife {hours}"
    where = grid.pki
    subprocess.run([*fake.split(), "-cert", where / "alicecert.pem", "-key", where / "alicekey.pem", "-certdir", where / "certificates", "-hostcert",
                    where / "vomscert.pem", "-hostkey", where / "vomskey.pem", "-out", where / "old"], check=True, capture_output=True)
    grid.send("old")
    grid.on(f"install -o _sw -g _sw -m 440 /root/pki/old {COPY}; install -m 400 /root/pki/old {PROXY}")


def test_a_proxy_about_to_end_is_renewed_by_the_unit_and_its_copy_with_it(grid: Grid) -> None:
    old_proxy(grid, hours=20)

    grid.on("systemctl start cmsweb-crab-proxy.service")

    assert hours_left(grid) == [192, 192]
    assert grid.on(f"cmp {PROXY} {COPY} && stat -c '%a %U:%G' {PROXY} {COPY}") == "400 root:root\n440 _sw:_sw\n"
    journal = grid.on("journalctl -u cmsweb-crab-proxy.service --no-pager -o cat -n 20")
    assert f"Renewed, as {PROXY}: the proxy ends at " in journal and f"Also in {COPY}." in journal


def test_a_proxy_that_lasts_is_left_alone_and_a_copy_of_another_identity_too(grid: Grid) -> None:
    grid.on(f"cat /root/pki/nomembercert.pem > {COPY}; sha256sum {PROXY} {COPY} > /root/sums")

    grid.on("systemctl start cmsweb-crab-proxy.service && sha256sum -c --quiet /root/sums")


def test_a_renewal_that_fails_leaves_the_old_proxy_and_says_why_in_the_journal(grid: Grid) -> None:
    old_proxy(grid, hours=20)
    before = grid.on(f"sha256sum {PROXY}")
    grid.servers("down", "voms")
    try:
        assert grid.on("systemctl start cmsweb-crab-proxy.service 2> /dev/null || systemctl is-failed cmsweb-crab-proxy.service") == "failed\n"
    finally:
        grid.servers("up", "voms")

    assert grid.on(f"sha256sum {PROXY}") == before
    last = grid.on("journalctl -u cmsweb-crab-proxy.service --no-pager -o cat -n 6")
    assert "FAILED: voms-proxy-init failed (exit code 1): no VOMS server of the VO answered." in last
    assert f"{PROXY} of {ALICE} lasts until " in last
    grid.on("systemctl start cmsweb-crab-proxy.service")
    assert hours_left(grid) == [192, 192]


def test_check_mode_of_renew_proxy_asks_for_nothing_and_the_play_renews(grid: Grid, credential: dict[str, object]) -> None:
    before = grid.on(f"sha256sum {PROXY}")
    only = {**VARIABLES, **credential}

    checked = grid.play("playbooks/renew_proxy.yml", only, "--check", check=True)
    assert checked.changed >= 1 and grid.on(f"sha256sum {PROXY}") == before

    grid.play("playbooks/renew_proxy.yml", only, check=True)
    assert grid.on(f"sha256sum {PROXY}") != before
    assert grid.on(f"cmp {PROXY} {COPY} && stat -c '%a %U:%G' {COPY}") == "440 _sw:_config\n"


# --- what can go wrong: the program that the timer runs, with other settings --------------------------------------------------------------------------

def vomses(line: str) -> str:
    return f"mkdir -p /root/case/vomses; echo '{line}' > /root/case/vomses/x"


def user(name: str) -> dict[str, object]:
    return {"certificate": f"/root/pki/{name}cert.pem", "key": f"/root/pki/{name}key.pem"}


GOOD = f'"cms" "voms-cms.example.org" "15002" "{VOMS["dn"]}" "cms"'
OWN_VOMSES: dict[str, object] = {"vomses_dir": "/root/case/vomses"}
WRONG_LSC = "mkdir -p /root/case/lsc/cms; printf '/CN=a\\n/CN=b\\n' > /root/case/lsc/cms/voms-cms.example.org.lsc"
FAILURES: dict[str, tuple[dict[str, object], str, str]] = {
    # name: (settings, commands before, message)
    "a role that the VO does not grant": ({"role": "/cms/Role=nosuch"}, "", "the VO does not grant /cms:nosuch. Check voms_proxy_role"),
    "a wrong LSC": ({"vomsdir": "/root/case/lsc"}, WRONG_LSC, "no LSC file of the host matches the VOMS server. Put the present DNs"),
    "no LSC at all": ({"vomsdir": "/root/case/none"}, "mkdir -p /root/case/none", "no LSC file of the host matches the VOMS server."),
    "no vomses line for the VO": (OWN_VOMSES, vomses(GOOD.replace("cms", "atlas")), "the host has no vomses line for the VO. Put the server into "),
    "a vomses line of four fields": (OWN_VOMSES, vomses('"cms" "a.example.org" "1" "/CN=x"'), "a vomses line has not five fields."),
    "a server that is down": (OWN_VOMSES, vomses(GOOD.replace("15002", "15999")), "no VOMS server of the VO answered. Is its address in voms_endpoints right"),
    "an expired certificate": (user("expired"), "", "The certificate /root/pki/expiredcert.pem of /DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=bob/CN=234567/"
                               "CN=Bob Example expired at "),
    # The client says so: the server gives its attributes all the same.
    "a revoked certificate": (user("revoked"), "", "the certificate is revoked. Get another one from the CA."),
    # Neither side minds the policy: the server looks the DN up, and does not find it.
    "a certificate outside the signing policy": (user("outside"), "", "the VOMS server does not know the user, or its database is down."),
    "somebody who is no member": (user("nomember"), "", "the VOMS server does not know the user, or its database is down. Is the certificate registered"),
    "a key that is not there": ({"key": "/root/pki/nosuch.pem"}, "", "There is no file /root/pki/nosuch.pem. Give the certificate and key of the user"),
    "a key of another certificate": ({"key": "/root/pki/nomemberkey.pem"}, "", "does not match the key /root/pki/nomemberkey.pem."),
    "a key that others can read": ({**user("alice"), "key": "/root/case/open.pem"}, "install -m 644 /root/pki/alicekey.pem /root/case/open.pem",
                                   "the client cannot use the certificate and key. The key must be owned by root, with mode 0400."),
    "an encrypted key without a pass phrase": ({"passphrase_file": None}, "", "is encrypted, and there is no pass phrase. Set voms_credential_passphrase"),
    "a wrong pass phrase": ({"passphrase_file": "/root/case/wrong"}, "echo wrong > /root/case/wrong", "The pass phrase does not open the key"),
    "no trust anchors": ({"ca_path": "/root/case/anchors"}, "mkdir -p /root/case/anchors", "the trust anchors of the host lack the CA"),
    "fewer hours than are wanted": ({"valid_hours": 10}, "", "The new proxy: the proxy ends at "),
}


@pytest.mark.parametrize("case", FAILURES)
def test_what_goes_wrong_is_named_and_the_old_proxy_stays(grid: Grid, case: str) -> None:
    changes, before, message = FAILURES[case]
    settings = {**json.loads(grid.on("cat /etc/cmsweb-crab/proxy/settings.json")), **changes}
    grid.on(f"rm -rf /root/case; mkdir /root/case; {before}")
    grid.write("/root/case/settings.json", json.dumps(settings))

    try_it = f"{PROGRAM} --force --settings /root/case/settings.json; echo exit $?"
    said = grid.on(f"sha256sum {PROXY} > /root/case/sum; {try_it}; sha256sum -c --quiet /root/case/sum")

    assert said.startswith("FAILED: ") and message in said and said.endswith("exit 1\n"), said
    assert grid.on("ls -d /tmp/crab-proxy-* 2>/dev/null || true") == ""


def test_the_database_of_the_server_that_is_down_reads_as_an_unknown_user(grid: Grid) -> None:
    grid.servers("down", "db")
    try:
        said = grid.on(f"{PROGRAM} --force; echo exit $?")
    finally:
        grid.servers("up", "db")

    assert "the VOMS server does not know the user, or its database is down." in said and "exit 1\n" in said


def test_a_wrong_dn_in_vomses_is_no_obstacle_to_the_client(grid: Grid) -> None:
    """It does not look at it; the LSC file is what counts."""
    grid.on(f"rm -rf /root/case; mkdir /root/case; {vomses(GOOD.replace(str(VOMS['dn']), '/CN=another'))}")
    settings = {**json.loads(grid.on("cat /etc/cmsweb-crab/proxy/settings.json")), **OWN_VOMSES}
    grid.write("/root/case/settings.json", json.dumps(settings))

    said = grid.on(f"{PROGRAM} --force --settings /root/case/settings.json; echo exit $?")

    assert said.endswith("exit 0\n"), said
    assert hours_left(grid) == [192, 192]


def test_a_longer_proxy_than_the_vo_grants_is_made_with_a_warning(grid: Grid, credential: dict[str, object]) -> None:
    run = grid.role("voms", {**credential, "voms_proxy_valid_hours": 400, "voms_proxy_renew_now": True}, check=True)

    assert "VO cms gave 192 hours, and 400 were asked for." in " ".join(run.output.split())


def test_a_role_that_is_granted_comes_first_in_the_attributes(grid: Grid, credential: dict[str, object]) -> None:
    grid.role("voms", {**credential, "voms_proxy_role": "/cms/Role=production", "voms_proxy_renew_now": True}, check=True)

    assert re.findall(r"attribute : (\S+)", info(grid))[0] == "/cms/Role=production/Capability=NULL"


def test_cron_on_request_instead_of_the_timer(grid: Grid, credential: dict[str, object]) -> None:
    grid.role("voms", {**credential, "voms_proxy_renewal": "cron"}, check=True)

    line = grid.on("tail -n 1 /etc/cron.d/cmsweb-crab-proxy")
    assert re.match(r"^\d+ \* \* \* \* root /\S+python2\.7 /usr/sbin/cmsweb-crab-renew-proxy --settings \S+ 2>&1 \| logger -t cmsweb-crab-proxy$", line)
    assert "cmsweb-crab-proxy" not in grid.on("systemctl list-timers --all --no-pager; ls /etc/systemd/system")
    command = line.split(" root ", 1)[1].split(" 2>&1")[0]
    assert "Nothing to renew." in grid.on(command)


def test_without_renewal_nothing_of_the_user_stays_on_the_host(grid: Grid, credential: dict[str, object]) -> None:
    grid.on(f"rm {PROXY}")

    grid.role("voms", {**credential, "voms_proxy_renewal": "none"}, check=True)

    assert ALICE in info(grid)
    assert grid.on(f"ls -d /etc/cmsweb-crab/proxy {PROGRAM} /etc/cron.d/cmsweb-crab-proxy /tmp/crab-credential-* 2>/dev/null || true") == ""
    assert grid.role("voms", {**credential, "voms_proxy_renewal": "none"}, check=True).changed == 0


def test_the_servers_can_be_copied_from_another_host(grid: Grid) -> None:
    lsc = f"/etc/grid-security/vomsdir/cms; printf '%s\\n' '{VOMS['dn']}' '{VOMS['issuer_dn']}' > /etc/grid-security/vomsdir/cms/real.example.org.lsc"
    subprocess.run(["tests/lab/lab", "ssh", "--network", grid.lab.name, "lxplus", f'sudo sh -c "cat > /etc/vomses; mkdir -p {lsc}"'],
                   input=f"{GOOD}\n".encode(), check=True)

    grid.role("voms", {"voms_endpoints_from": "lxplus"}, "-i", str(grid.lab / "inventory.yml"), check=True)

    assert grid.on("cat /etc/vomses/*") == f"{GOOD}\n"
    assert grid.on("cd /etc/grid-security/vomsdir/cms; ls; cat real.example.org.lsc") == f"real.example.org.lsc\n{VOMS['dn']}\n{VOMS['issuer_dn']}\n"


def test_no_server_looks_at_a_file_that_is_not_its_own(grid: Grid) -> None:
    """Of all that the tests had them do. A folder in /etc or in a home is there on one machine, and not on the next."""
    trace = grid.lab / "grid/trace"
    of_packages = (*traces.MIME_TYPES, "/etc/grid-security/gsi.conf", "/usr/usr/bin/my_print_defaults")

    assert traces.programs(trace) == {"db-install", "db", "voms", "myproxy", "crl", "acme"}
    found = traces.foreign(trace, [grid.lab / "grid", grid.pki], of_packages)
    assert not found, "\n".join(found)
