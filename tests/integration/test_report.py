"""The report of a fleet that is not well, and its page in a real browser; what needs neither is in tests/unit/plugins/plugin_utils/test_report.py.

The browser's pictures are kept in .artifacts/report.
"""

from __future__ import annotations

import datetime
import html
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from playwright.sync_api import Browser, Page, sync_playwright

from .conftest import EVENTUALLY, ROOT, Run, Site, lab
from .faults import restart
from .test_site import secrets

ARTIFACTS = ROOT / ".artifacts/report"
HEALTHY, BROKEN, DOWN = "crab-vm.example.org", "crab-two.example.org", "crab-down.example.org"
AUTH = "/data/srv/current/auth/crabserver"
ALICE = "/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN=alice/CN=123456/CN=Alice Example"
# In a DN and in a line of the log, where everybody may write what he likes.
HOSTILE = '<script>document.title="taken"</script><img src=x onerror="document.title=1">{{ 7*7 }}'
BROWSER = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
           "--disable-sync"]
# Variables of the demo that are made from the folder of the inventory, which is another one for two of the hosts.
ELSEWHERE: dict[str, object] = {"oracle_schema_checkout": str(ROOT / "tests/lab/crabserver")}
VIEWS = [(scheme, width) for scheme in ("light", "dark") for width in (1280, 360)]
ON_BROKEN = """
cd / && python3 - <<'EOF'
import cx_Oracle, json, re, time
password = re.search("'password': '([^']+)'", open('{auth}/CRABServerAuth.py').read()).group(1)
cx_Oracle.connect('crab_demo', password, 'devdb11').cursor().execute('ALTER TABLE TASKS DROP COLUMN TM_JOB_ARCH')
hostile = {hostile!r}
users = json.load(open('/data/srv/state/frontend/etc/authmap.json'))
users.append({{'DN': '/CN=' + hostile, 'LOGIN': 'mallory', 'NAME': hostile, 'ROLES': {{}}}})
json.dump(users, open('/data/srv/state/frontend/etc/authmap.json', 'w'))
with open(time.strftime('/data/srv/logs/crabserver/crabserver-%Y%m%d.log'), 'a') as log:
    log.write(time.strftime('[%d/%b/%Y:%H:%M:%S]') + '  SERVER REST ERROR WMCore.REST.Error.InvalidParameter ' + 'a' * 32 + ' (' + hostile + ')\\n')
EOF
cat > {auth}/dmwm-service-cert.pem <<'EOF'
{proxy}EOF
cat {auth}/dmwm-service-cert.pem > {auth}/dmwm-service-key.pem
cat {auth}/dmwm-service-cert.pem > /etc/grid-security/crab-service-proxy.pem
{restart}
"""


@dataclass(frozen=True)
class Report:
    """A run of the playbook, and what it wrote."""

    run: Run
    page: Path
    data: dict[str, Any]
    before: str
    after: str

    @property
    def said(self) -> str:
        """The run's output without the folding of its lines."""
        return unfolded(self.run)

    def host(self, name: str) -> dict[str, Any]:
        return next(one for one in self.data["hosts"] if one["name"] == name)


@dataclass
class Tab:
    """A page in the browser, with what it asked for and what it complained of."""

    page: Page
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)


def unfolded(run: Run) -> str:
    return " ".join(run.output.split())


def expired_proxy(site: Site) -> str:
    """Alice's proxy again, with its attributes, as if it had been made nine days ago for eight."""
    content = (site.lab / "pki/service-proxy.pem").read_bytes()
    old, above = x509.load_pem_x509_certificates(content)[:2]
    signer = serialization.load_pem_private_key((site.lab / "pki/alicekey.pem").read_bytes(), None)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (x509.CertificateBuilder().subject_name(old.subject).issuer_name(old.issuer).serial_number(old.serial_number).public_key(key.public_key())
               .not_valid_before(now - datetime.timedelta(days=9)).not_valid_after(now - datetime.timedelta(days=1, hours=1)))
    for extension in old.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    new = builder.sign(signer, hashes.SHA256())
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    return b"".join([new.public_bytes(serialization.Encoding.PEM), text, above.public_bytes(serialization.Encoding.PEM)]).decode()


def inventory(site: Site, folder: Path) -> Path:
    """Two hosts beside that of the demo: one deployed, one that nobody has."""
    like = yaml.safe_load((ROOT / "inventories/demo/hosts.yml").read_text())["all"]["children"]["crab"]["hosts"][HEALTHY]
    prefix = (site.lab / "prefix").read_text().strip()
    hosts = {BROKEN: {**like, "ansible_host": f"{prefix}.11"}, DOWN: {**like, "ansible_host": f"{prefix}.250"}}
    path = folder / "fleet.yml"
    path.write_text(yaml.safe_dump({"all": {"children": {"crab": {"hosts": hosts}}}}, sort_keys=False))
    return path


@pytest.fixture(scope="module")
def fleet(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Path]]:
    """A site of which one host is well, one has a proxy that has ended and a table without a column, and one is down."""
    lab("up", "--fresh", "--network", site.lab.name, "crab-two")
    path = inventory(site, tmp_path_factory.mktemp("fleet"))
    site.play("site.yml", ELSEWHERE | {"demo_lab": str(site.lab)}, "-i", str(path), "--limit", f"{HEALTHY},{BROKEN}", check=True)
    script = ON_BROKEN.format(auth=AUTH, hostile=HOSTILE, proxy=expired_proxy(site), restart=restart())
    subprocess.run([ROOT / "tests/lab/lab", "ssh", "--network", site.lab.name, "crab-two", "sudo bash"], input=EVENTUALLY + script, text=True, check=True)
    yield site, path


def reported(fleet: tuple[Site, Path], page: Path, *options: str, **variables: object) -> Run:
    site, path = fleet
    return site.play("playbooks/report.yml", ELSEWHERE | {"demo_lab": str(site.lab), "report_file": str(page), **variables}, "-i", str(path), *options)


@pytest.fixture(scope="module")
def report(fleet: tuple[Site, Path], tmp_path_factory: pytest.TempPathFactory) -> Report:
    page = tmp_path_factory.mktemp("report") / "fleet.html"
    before = fleet[0].fingerprint()
    run = reported(fleet, page)
    assert run.code == 0, run.output
    return Report(run, page, json.loads(page.with_suffix(".json").read_text()), before, fleet[0].fingerprint())


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert shutil.which("chromium"), "there is no chromium here: make browser"
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as tools:
        one = tools.chromium.launch(executable_path="/usr/bin/chromium", args=BROWSER)
        yield one
        one.close()


def opened(browser: Browser, report: Report, scheme: str = "light", width: int = 1280) -> Tab:
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
    tab = Tab(context.new_page())
    tab.page.on("request", lambda request: tab.asked.append(request.url))
    tab.page.on("console", lambda message: tab.said.append(message.text))
    tab.page.on("pageerror", lambda error: tab.said.append(str(error)))
    tab.page.goto(report.page.as_uri())
    return tab


def test_the_report_of_a_broken_fleet_is_right(report: Report) -> None:
    assert [(one["name"], one["state"]) for one in report.data["hosts"]] == [(HEALTHY, "healthy"), (BROKEN, "faulty"), (DOWN, "down")]
    assert report.data["counts"] == {"healthy": 1, "attention": 0, "faulty": 1, "down": 1}
    assert {one["cause"] for one in report.host(BROKEN)["findings"]} == {"service_certificate_expired", "schema"}
    assert [report.host(name)["unread"] for name in (HEALTHY, BROKEN)] == [[], []]
    assert "port 22" in report.host(DOWN)["reason"]
    assert report.host(BROKEN)["schema"]["plan"][0]["sql"] == "ALTER TABLE TASKS ADD (TM_JOB_ARCH VARCHAR2(255))"
    assert report.host(HEALTHY)["schema"]["differs"] == []


def test_what_ends_when_begins_with_the_proxy_that_has_ended(report: Report) -> None:
    first = report.data["expiries"][0]
    of_broken = {one["what"]: one["state"] for one in report.data["expiries"] if one["host"] == BROKEN}
    of_healthy = {one["what"]: one["state"] for one in report.data["expiries"] if one["host"] == HEALTHY}

    assert (first["host"], first["what"], first["left"], first["whose"]) == (BROKEN, "Proxy of crabserver", "ended 25 hours ago", ALICE)
    assert of_broken == {"Proxy of crabserver": "ended", "VOMS attributes of the proxy of crabserver": "good", "Host certificate": "good",
                         "Database password": "good"}
    assert set(of_healthy.values()) == {"good"} and of_healthy.keys() == of_broken.keys()


def test_the_run_ends_well_and_changes_nothing_on_a_host(report: Report) -> None:
    assert report.after == report.before
    assert report.run.recap("failed") == 0
    assert f"{BROKEN}: faulty: service_certificate_expired, schema" in report.said
    assert f"{DOWN}: not reached: " in report.said


def test_page_and_data_are_for_their_owner_only_and_without_a_secret(fleet: tuple[Site, Path], report: Report) -> None:
    files = [report.page, report.page.with_suffix(".json")]

    assert [path.stat().st_mode & 0o777 for path in files] == [0o600, 0o600]
    assert sorted(path.name for path in report.page.parent.iterdir()) == ["fleet.html", "fleet.json"]
    key = fleet[0].on("base64 -w 0 /data/srv/current/auth/wmcore-auth/header-auth-key")
    for secret in [*secrets(fleet[0]), key, "PRIVATE KEY"]:
        assert not any(secret in text for text in (report.run.output, *(path.read_text() for path in files)))


def test_a_source_that_fails_is_told_and_check_mode_writes_nothing(fleet: tuple[Site, Path], tmp_path: Path) -> None:
    page = tmp_path / "checked.html"

    run = reported(fleet, page, "--check", "--limit", HEALTHY, report_proxy="/etc/passwd", diagnose_hours="nonsense")

    assert run.code == 0, run.output
    assert f"{HEALTHY}: needs attention; not read: diagnosis, service proxy" in unfolded(run)
    assert "(check mode: not written)" in unfolded(run) and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("scheme", "width"), VIEWS)
def test_the_page_asks_for_nothing_fits_and_is_accessible(browser: Browser, report: Report, scheme: str, width: int) -> None:
    tab = opened(browser, report, scheme, width)

    tab.page.screenshot(path=ARTIFACTS / f"fleet-{scheme}-{width}.png", full_page=True)
    found = Axe().run(tab.page, options={"resultTypes": ["violations", "passes"]}).response

    assert (tab.asked, tab.said) == ([report.page.as_uri()], [])
    assert tab.page.evaluate("document.documentElement.scrollWidth") == width
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]] == []
    assert {"color-contrast", "heading-order", "landmark-one-main", "link-name", "skip-link", "svg-img-alt"} <= {one["id"] for one in found["passes"]}


def test_the_overview_says_the_state_of_each_host_in_words(browser: Browser, report: Report) -> None:
    page = opened(browser, report).page

    rows = [page.locator(f"#overview-host-{number}").inner_text() for number in (1, 2, 3)]

    assert all(re.search(pattern, text, re.DOTALL) for pattern, text in zip([
        f"^{HEALTHY}.*Healthy.*HG1803f.*3 of 3 run.*crabserver.*frontend.*as the release.*in [4-7] days",
        f"^{BROKEN}.*Faulty.*service certificate expired, schema.*1 difference.*Proxy of crabserver\\s+ended 25 hours ago",
        f"^{DOWN}.*Not reached.*port 22"], rows, strict=True)), rows
    assert page.locator("section.host").evaluate_all("all => all.map(one => one.dataset.state)") == ["healthy", "faulty", "down"]
    assert "ALTER TABLE TASKS ADD (TM_JOB_ARCH VARCHAR2(255));" in page.locator(f"[data-host='{BROKEN}'] pre").first.inner_text()
    assert page.locator(f"[data-host='{DOWN}'] h3").count() == 0


def test_the_bar_of_what_has_ended_is_before_now_and_the_others_behind_it(browser: Browser, report: Report) -> None:
    page = opened(browser, report).page

    bars = page.locator(".time .bar rect").evaluate_all("all => all.map(one => [one.getAttribute('class'), one.getBBox().x, one.getBBox().width])")
    names = page.locator(".time .bar").evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")

    assert bars[0][0] == "ended" and bars[0][1] < 10 and bars[0][1] + bars[0][2] == pytest.approx(10, abs=0.1)
    assert len(bars) == 6 and all(kind == "good" and start == 10 and length > 20 for kind, start, length in bars[1:]), bars
    assert names[0] == f"Proxy of crabserver on {BROKEN}: ended 25 hours ago" and len(names) == 8


def test_hostile_texts_of_a_host_are_shown_and_not_obeyed(browser: Browser, report: Report) -> None:
    page = opened(browser, report).page
    text = page.locator(f"[data-host='{BROKEN}']").inner_text()

    assert text.count(HOSTILE) >= 3, text
    assert page.locator("script, img").count() == 0
    assert page.title().startswith("CRAB REST interface: 3 hosts")
    assert html.escape(HOSTILE, quote=False).split('"')[0] in report.page.read_text()


def test_the_keyboard_goes_to_the_report_opens_what_is_folded_and_shows_where_it_is(browser: Browser, report: Report) -> None:
    page = opened(browser, report).page
    focus = "(() => { const one = document.activeElement, box = one.getBoundingClientRect(), style = getComputedStyle(one);" \
            " return [one.tagName, one.textContent.trim(), box.left >= 0 && style.outlineStyle !== 'none']; })()"

    page.keyboard.press("Tab")
    first = page.evaluate(focus)
    page.keyboard.press("Enter")
    main = page.evaluate("document.activeElement.id")
    way = []
    while not way or way[-1][0] != "SUMMARY":
        page.keyboard.press("Tab")
        way.append(page.evaluate(focus))
        assert len(way) < 60, way
    before = page.evaluate("document.activeElement.parentElement.open")
    page.keyboard.press("Enter")

    assert first == ["A", "To the report", True] and main == "main"
    assert way[0] == ["A", HEALTHY, True] and all(seen for _, _, seen in way), way
    assert page.evaluate("document.activeElement.parentElement.open") is not before


def test_paper_has_what_is_folded_on_the_screen_and_no_row_is_cut(browser: Browser, report: Report) -> None:
    page = opened(browser, report, "dark").page
    folded = page.locator("details:not([open]) td").count()

    page.pdf(path=ARTIFACTS / "fleet.pdf", prefer_css_page_size=True)
    page.emulate_media(media="print")

    content = (ARTIFACTS / "fleet.pdf").read_bytes()
    assert {tuple(round(float(number)) for number in box) for box in re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", content)} == {(595, 842)}
    assert folded > 20 and page.locator("details:not([open]) td").evaluate_all("all => all.filter(one => !one.checkVisibility()).length") == 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('tbody tr')).breakInside") == "avoid"
    assert not page.locator("nav").is_visible()
