"""The rules that need no container: names of images, addresses, what a host is given, how it is reached, interrupts."""

from __future__ import annotations

import contextlib
import functools
import http.server
import io
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from crablab import access, image, provision, shell
from crablab.laboratory import Laboratory, free_prefix
from crablab.podman import LAB, Container


def container(host: str, address: str, identity: str = "cc7") -> Container:
    return Container("id", f"net-{host}", host, "net", address, identity, "/lab", "image", "running", "Up")


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copy = tmp_path / "image"
    shutil.copytree(LAB / "image", copy)
    monkeypatch.setattr(image, "SOURCES", copy)
    monkeypatch.setattr(image, "image_exists", lambda *_: True)  # every image exists: only its name is asked for
    monkeypatch.delenv("CRAB_LAB_IMAGE", raising=False)
    return copy


def names() -> dict[str, str]:
    return {identity: image.ensure_image(identity) for identity in image.IDENTITIES}


def test_an_identity_s_script_names_only_its_own_image(sources: Path) -> None:
    before = names()
    with (sources / "el9.sh").open("a") as script:
        script.write("true\n")

    after = names()

    assert {identity for identity in before if before[identity] != after[identity]} == {"el9"}


@pytest.mark.parametrize("name", ["base.sh", "packages.txt", "build.sh", "files/usr/sbin/service"])
def test_whatever_the_base_is_made_of_names_every_image(sources: Path, name: str) -> None:
    before = names()
    with (sources / name).open("a") as file:
        file.write("\n")

    after = names()

    assert [identity for identity in before if before[identity] == after[identity]] == []


def test_a_mode_is_part_of_the_name(sources: Path) -> None:
    before = names()
    (sources / "files/usr/sbin/service").chmod(0o644)

    assert names() != before


def test_an_image_of_the_user_s_own_replaces_ours(sources: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRAB_LAB_IMAGE", "registry.example.org/cc7:latest")

    assert set(names().values()) == {"registry.example.org/cc7:latest"}


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("sources.list.d/debian.sources", "Types: deb\nURIs: http://mirror.example.org/debian\nSuites: bookworm\n", "http://mirror.example.org/debian"),
        (
            "sources.list",
            "# deb http://no.example.org/debian x\ndeb [signed-by=/k.gpg trusted=yes] http://a.example.org/debian/ bookworm main\n",
            "http://a.example.org/debian/",
        ),
        (
            "sources.list.d/x.list",
            "deb http://security.example.org/debian-security s main\ndeb http://b.example.org/debian s main\n",
            "http://b.example.org/debian",
        ),
        (
            "sources.list.d/two.sources",
            "Types: deb\nURIs: http://old.example.org/debian\nEnabled: no\n\nTypes: deb\nURIs: http://c.example.org/debian-security http://c.example.org/debian\n",
            "http://c.example.org/debian",
        ),
    ],
)
def test_the_mirror_is_the_debian_archive_of_apt_in_either_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, expected: str) -> None:
    monkeypatch.delenv("CRAB_LAB_MIRROR", raising=False)
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / name).write_text(text)

    assert image.mirror(tmp_path) == expected


@pytest.mark.parametrize(("name", "line"), [("sources.list.d/debian.sources", "URIs: {}"), ("sources.list", "deb {} bookworm main")])
def test_a_list_of_mirrors_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, line: str) -> None:
    monkeypatch.delenv("CRAB_LAB_MIRROR", raising=False)
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "mirrors.list").write_text("# near\nhttp://near.example.org/debian-security\thopefully\nhttp://near.example.org/debian\tpriority:1\n")
    (tmp_path / name).write_text(line.format(f"mirror+file:{tmp_path}/mirrors.list") + "\n")

    assert image.mirror(tmp_path) == "http://near.example.org/debian"


@pytest.mark.parametrize(("served", "expected"), [("debian", "debian"), ("debian-archive/debian", "debian-archive/debian")])
def test_a_suite_that_has_moved_is_found_on_the_same_server(tmp_path: Path, served: str, expected: str) -> None:
    (tmp_path / served / "dists/bullseye").mkdir(parents=True)
    (tmp_path / served / "dists/bullseye/Release").touch()
    with web(tmp_path) as url:
        assert image.archive_of("bullseye", f"{url}/debian") == f"{url}/{expected}"


def test_a_suite_that_is_nowhere_gives_an_error_that_names_the_variable(tmp_path: Path) -> None:
    with web(tmp_path) as url, pytest.raises(shell.LabError, match=r"does not have bullseye.*\n.*CRAB_LAB_MIRROR"):
        image.archive_of("bullseye", f"{url}/debian")


def test_a_server_that_does_not_answer_is_left_to_mmdebstrap() -> None:
    assert image.archive_of("bullseye", "http://127.0.0.1:1/debian") == "http://127.0.0.1:1/debian"


@contextlib.contextmanager
def web(folder: Path) -> Iterator[str]:
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_without_a_debian_archive_the_error_names_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRAB_LAB_MIRROR", raising=False)
    (tmp_path / "sources.list").write_text("deb http://ubuntu.example.org/ubuntu noble main\n")

    with pytest.raises(shell.LabError, match=r"name no Debian archive, only http://ubuntu.example.org/ubuntu\n.*CRAB_LAB_MIRROR"):
        image.mirror(tmp_path)


def test_hosts_keep_their_addresses_and_new_ones_get_the_lowest_free(tmp_path: Path) -> None:
    lab = tmp_path / "lab"
    lab.mkdir()
    (lab / "prefix").write_text("10.0.0\n")
    there = {"b": container("b", "10.0.0.11"), "services": container("services", "10.0.0.2")}

    given = Laboratory("net", lab)._addresses(["c", "b", "a"], there)

    assert given == {"b": "10.0.0.11", "c": "10.0.0.10", "a": "10.0.0.12"}


@pytest.mark.parametrize(
    ("name", "prefix"), [("Upper", "10.0.0"), ("services", "10.0.0"), ("-x", "10.0.0"), ("a.b", "10.0.0"), ("ok", "10.0"), ("ok", "10.0.0.0/24")]
)
def test_a_bad_name_or_prefix_is_refused_before_anything_is_made(tmp_path: Path, name: str, prefix: str) -> None:
    with pytest.raises(shell.LabError, match=r"is no (name|prefix)"):
        Laboratory("net", tmp_path / "lab", prefix).up([name], "cc7")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("taken", "free"),
    [([], "10.89.77"), (["10.89.77.0/24", "10.89.78.10", "10.0.0.0/8"], "10.89.79"), (["10.89.0.0/17"], "10.89.128"), (["172.17.0.0/16"], "10.89.77")],
)
def test_a_laboratory_gets_the_first_network_that_nothing_narrow_touches(taken: list[str], free: str) -> None:
    assert free_prefix(taken) == free


def test_without_a_free_network_the_error_says_what_to_do() -> None:
    with pytest.raises(shell.LabError, match="--prefix with another one"):
        free_prefix(["10.89.0.0/16"])


@pytest.fixture
def kit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> provision.Kit:
    for name in (
        "key.pub",
        "password",
        "pki/root-ca.pem",
        "pki/grid-ca.pem",
        "pki/certificates/A.pem",
        "oracle/python/x.py",
        "oracle/python/__pycache__/x.pyc",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "pki/certificates/0.0").symlink_to("A.pem")
    monkeypatch.setattr(provision, "ORACLE", tmp_path / "oracle")
    return provision.Kit.collect(tmp_path / "key.pub", tmp_path / "pki", tmp_path / "password")


def test_a_host_gets_secrets_for_root_alone_and_the_rest_for_all(kit: provision.Kit) -> None:
    with tarfile.open(fileobj=io.BytesIO(kit._archive())) as archive:
        members = {one.name: one for one in archive}

    modes = {name: oct(one.mode) for name, one in members.items()}
    assert modes["var/lib/crab-lab"] == "0o700"
    assert modes["var/lib/crab-lab/oracle_password"] == "0o600"
    assert modes["etc/grid-security/certificates"] == "0o755"
    assert modes["etc/grid-security/certificates/A.pem"] == "0o644"
    assert members["etc/grid-security/certificates/0.0"].linkname == "A.pem"
    assert {one.uid for one in members.values()} == {0}
    assert [name for name in members if name.startswith("opt/")] == ["opt/oracle-standin", "opt/oracle-standin/python", "opt/oracle-standin/python/x.py"]


def test_a_changed_stand_in_gives_the_kit_another_digest(kit: provision.Kit) -> None:
    before = kit.digest()
    kit.files["opt/oracle-standin/python/x.py"] = b"changed", 0o644

    assert kit.digest() != before


def test_the_inventory_has_the_hosts_each_with_its_python_and_not_the_services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CRAB_LAB_PYTHON", raising=False)
    path = access.write(tmp_path, [container("services", "10.0.0.2", ""), container("a", "10.0.0.10"), container("b", "10.0.0.11", "el9")])

    told = yaml.safe_load(path.read_text())["all"]
    assert told["hosts"] == {
        "a": {"ansible_host": "10.0.0.10", "ansible_python_interpreter": "/usr/bin/python2.7"},
        "b": {"ansible_host": "10.0.0.11", "ansible_python_interpreter": "/usr/bin/python3"},
    }
    assert (told["vars"]["ansible_user"], told["vars"]["ansible_ssh_private_key_file"]) == ("crabdev", f"{tmp_path}/id_ed25519")


# A program of ours that runs one command, as `lab` does; it is interrupted from outside.
PROGRAM = """
import signal, sys
sys.path.insert(0, sys.argv[1])
from crablab import shell
signal.signal(signal.SIGINT, shell.interrupt)
try:
    shell.run(["sh", "-c", sys.argv[2]], whole=sys.argv[3] == "whole")
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize(("kind", "left"), [("whole", "end"), ("interruptible", "tidied")])
def test_an_interrupt_lets_a_command_tidy_up_or_come_to_its_end(tmp_path: Path, kind: str, left: str) -> None:
    script = f"trap 'echo tidied > {tmp_path}/left; exit 1' INT; touch {tmp_path}/ready; sleep 0.5; sleep 0.5; echo end > {tmp_path}/left"
    program = subprocess.Popen([sys.executable, "-c", PROGRAM, str(LAB), script, kind])
    while not (tmp_path / "ready").exists():
        time.sleep(0.02)

    program.send_signal(signal.SIGINT)

    assert program.wait(60) == 130
    assert (tmp_path / "left").read_text() == f"{left}\n"


def test_a_failed_command_s_last_words_are_in_the_error() -> None:
    with pytest.raises(shell.LabError, match=r"failed \(3\)\nwhy it failed"):
        shell.run(["sh", "-c", "echo why it failed >&2; exit 3"])


def test_a_command_that_is_there_and_ends_with_127_shows_what_it_said() -> None:
    with pytest.raises(shell.LabError, match=r"failed \(127\)\nnetavark: nft: not found"):
        shell.run(["sh", "-c", "echo netavark: nft: not found >&2; exit 127"])


def test_a_command_that_waits_for_an_answer_gets_none() -> None:
    assert shell.run(["sh", "-c", "read answer || echo nothing"]) == "nothing\n"


@pytest.mark.parametrize("command", [["no-such-command"], ["env", "A=b", "no-such-command", "x"]])
def test_a_command_that_is_not_there_is_named_with_the_remedy(command: list[str]) -> None:
    with pytest.raises(shell.LabError, match=r"^no-such-command is not on this machine\nrun `lab packages` first$"):
        shell.run(command)
