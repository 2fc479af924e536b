"""The clients by package: names of the release, a repository of their own, the service that fetches revocation lists. The packages are empty ones."""

from __future__ import annotations

import os
import subprocess

import pytest

from .conftest import VOMS, Grid

NAMES = ["voms-clients-cpp", "myproxy", "ca-policy-egi-core", "ca-policy-lcg", "fetch-crl"]
UNIT = "[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"
SPEC = """Name: stand-ins
Version: 1
Release: 1
Summary: Empty packages
License: none
BuildArch: noarch
%description
Empty.
%install
mkdir -p %{buildroot}/usr/lib/systemd/system
echo "$UNIT" > %{buildroot}/usr/lib/systemd/system/fetch-crl-cron.service
""" + "\n".join(f"%package -n {name}\nSummary: Empty\n%description -n {name}\nEmpty.\n%files -n {name}" for name in NAMES)


@pytest.fixture(scope="module")
def repository(grid: Grid, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """A yum repository with the names of CentOS 7, on the host."""
    folder = tmp_path_factory.mktemp("repo")
    # The last of them, fetch-crl, has a service.
    (folder / "all.spec").write_text(SPEC + "\n/usr/lib/systemd/system/fetch-crl-cron.service\n")
    build(["rpmbuild", "-bb", "--target", "noarch", "--define", f"_topdir {folder}/build", "--define", f"_rpmdir {folder}/repo", str(folder / "all.spec")])
    build(["createrepo_c", "--quiet", str(folder / "repo")])
    archive = subprocess.run(["tar", "-C", folder, "-c", "repo"], check=True, capture_output=True).stdout
    subprocess.run(["tests/lab/lab", "ssh", "--network", grid.lab.name, "crab-vm", "sudo tar -x -C /opt --no-same-owner"], input=archive, check=True)
    return {"voms_install": True, "voms_repositories": [{"name": "lab", "baseurl": "file:///opt/repo"}], "voms_endpoints": [VOMS]}


def build(words: list[str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "UNIT": UNIT}, check=False)
    assert done.returncode == 0, done.stderr


def test_packages_of_the_release_are_installed_once_and_crls_are_fetched(grid: Grid, repository: dict[str, object]) -> None:
    grid.role("voms", repository, "--check", check=True)
    assert "is not installed" in grid.on(f"rpm -q {NAMES[0]} || true")

    grid.role("voms", repository, check=True)

    assert grid.on(f"rpm -q --qf '%{{name}}\\n' {' '.join(NAMES)}").split() == NAMES
    assert grid.on("systemctl is-enabled fetch-crl-cron; systemctl is-active fetch-crl-cron") == "enabled\nactive\n"
    assert "baseurl = file:///opt/repo\n" in grid.on("cat /etc/yum.repos.d/lab.repo")
    assert grid.role("voms", repository, check=True).changed == 0


def test_a_package_that_no_repository_has_is_named(grid: Grid, repository: dict[str, object]) -> None:
    releases = {"7": {"packages": [*NAMES, "voms-clients-java"], "fetch_crl": "fetch-crl-cron"}}

    run = grid.role("voms", {**repository, "voms_releases": releases})

    assert run.code != 0 and "voms-clients-java" in run.failure, run.output


def test_a_crl_server_that_is_down_leaves_the_old_crls(grid: Grid) -> None:
    listing = "sha256sum /etc/grid-security/certificates/*.r0"
    before = grid.on(listing)
    grid.servers("down", "crl")
    try:
        said = grid.on("fetch-crl --statedir $(mktemp -d) 2>&1; true")
    finally:
        grid.servers("up", "crl")

    assert "error" in said.lower() and grid.on(listing) == before
