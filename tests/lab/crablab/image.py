"""The image of a host: a base made once, an identity on top of it, both named by the hash of what they are made of."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import urllib.error
import urllib.request
from pathlib import Path

from .podman import LAB, image_exists, podman
from .shell import LabError, as_root, lock, run, say, step

IDENTITIES = ("cc7", "slc7", "el9")
SOURCES = LAB / "image"
KEPT_BASES = 2  # archives that stay in the cache: this one and the one before


def cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cmsweb-crab"


def ensure_image(identity: str) -> str:
    """The image's name, after building it if it is missing."""
    own = os.environ.get("CRAB_LAB_IMAGE")
    if own:
        return own
    script = SOURCES / f"{identity}.sh"
    name = f"localhost/crab-{identity}:{tree_hash([*_base_files(), script])}"
    if not image_exists(name):
        with lock(cache() / "image.lock"):
            if not image_exists(name):
                _dress(_ensure_base(), script, name)
    return name


def start_command() -> list[str]:
    return shlex.split(os.environ.get("CRAB_LAB_COMMAND", "/sbin/init"))


def python_of(identity: str) -> str:
    return os.environ.get("CRAB_LAB_PYTHON") or ("/usr/bin/python3" if identity == "el9" else "/usr/bin/python2.7")


def tree_hash(files: list[Path]) -> str:
    """Of build files: names, contents, and whether a file is executable; the same in every checkout."""
    total = hashlib.sha256()
    for path in sorted(files):
        total.update(f"{path.relative_to(SOURCES)}\0{os.access(path, os.X_OK)}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:12]


def mirror(apt: Path = Path("/etc/apt")) -> str:
    """The Debian archive of this machine's own apt, or CRAB_LAB_MIRROR."""
    own = os.environ.get("CRAB_LAB_MIRROR")
    if own:
        return own
    stanzas = [stanza for path in sorted((apt / "sources.list.d").glob("*.sources")) for stanza in re.split(r"\n\s*\n", path.read_text())]
    found = [uri for stanza in stanzas if not re.search(r"(?mi)^Enabled:\s*no", stanza) for uri in " ".join(re.findall(r"(?m)^URIs:(.*)", stanza)).split()]
    for path in [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*.list"))]:
        if path.exists():
            found += re.findall(r"^\s*deb\s+(?:\[[^]]*\]\s+)?(\S+)", path.read_text(), re.MULTILINE)
    # Others (security, a vendor's, another distribution's) do not hold Debian itself.
    debian = [uri for uri in _without_lists(found) if re.search(r"/debian/?$", uri)]
    if not debian:
        raise LabError(f"apt's sources on this machine name no Debian archive, only {', '.join(found) or 'nothing'}\n"
                       "the hosts are made of Debian: set CRAB_LAB_MIRROR to the URL of an archive that has bullseye")
    return debian[0]


def _without_lists(uris: list[str]) -> list[str]:
    """What apt's method `mirror` reads from a file, in its place."""
    found = []
    for uri in uris:
        path = Path(uri.removeprefix("mirror+file:").replace("//", "/", 1))
        if not uri.startswith("mirror+file:"):
            found.append(uri)
        elif path.is_file():
            found += [line.split()[0] for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]
    return found


def archive_of(suite: str, source: str) -> str:
    """This archive, or the one of old releases on the same server, whichever has the suite: Debian moves a suite there when its support ends."""
    old = re.sub(r"/debian/?$", "/debian-archive/debian", source)
    for uri in dict.fromkeys((source, old)):
        if not uri.startswith("http") or _answers(f"{uri.rstrip('/')}/dists/{suite}/Release"):
            return uri
    raise LabError(f"{source} does not have {suite}, which the hosts are made of\nset CRAB_LAB_MIRROR to the URL of an archive of Debian's old releases")


def _answers(url: str) -> bool:
    """Only a clear "not found" is one; mmdebstrap says best what else is wrong."""
    try:
        urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=30).close()
    except urllib.error.HTTPError as error:
        return error.code not in (404, 410)
    except OSError:
        pass
    return True


def _base_files() -> list[Path]:
    identities = {SOURCES / f"{identity}.sh" for identity in IDENTITIES}
    return [path for path in SOURCES.rglob("*") if path.is_file() and path not in identities]


def _ensure_base() -> str:
    digest = tree_hash(_base_files())
    name = f"localhost/crab-base:{digest}"
    if image_exists(name):
        return name
    archive = cache() / f"base-{digest}.tar"
    if not archive.exists():
        _build(archive)
    with step("importing the base image"):
        podman("import", "--quiet", str(archive), name)
    return name


def _build(archive: Path) -> None:
    new = archive.with_suffix(".new.tar")
    source = archive_of("bullseye", mirror())
    say(f"building the base image from {source} (about 40 s)")
    work = new.with_name(new.name + ".files")
    try:
        with step("base image"):
            run(as_root([str(SOURCES / "build.sh"), str(new), source]))
    except BaseException:
        run(as_root(["rm", "-f", str(new)]))
        raise
    finally:
        run(as_root(["rm", "-f", str(work)]))
    if os.geteuid():
        run(as_root(["chown", str(os.getuid()), str(new)]))
    new.replace(archive)
    older = sorted(archive.parent.glob("base-*.tar"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in older[KEPT_BASES:]:
        path.unlink()


def _dress(base: str, script: Path, name: str) -> None:
    """The identity's script, run in a container of the base; what it leaves is the image."""
    work = f"crab-dress-{script.stem}-{os.getpid()}"
    with step(f"image {name}"):
        try:
            podman("run", "--interactive", "--name", work, "--network", "none", base, "/bin/sh", "-s", stdin=script.read_bytes())
            podman("commit", "--quiet", "--change", 'CMD ["/sbin/init"]', work, name)
        finally:
            podman("rm", "--force", "--ignore", "--time", "0", work)
