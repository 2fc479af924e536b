"""What a fresh container is given to become a host: one archive, unpacked by one call, and a script run on it."""

from __future__ import annotations

import hashlib
import io
import tarfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from .podman import LAB, podman

USER = "crabdev"
ORACLE = LAB / "oracle"
KIT = "var/lib/crab-lab"  # of the script; it removes the folder when done
SCRIPT = Path(__file__).with_name("provision.sh")


@dataclass
class Kit:
    """Files for a host: path without the leading slash -> content, mode; links: path -> target."""

    files: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)

    @classmethod
    def collect(cls, public_key: Path, pki: Path, oracle_password: Path) -> Kit:
        kit = cls()
        kit.files[f"{KIT}/authorized_keys"] = public_key.read_bytes(), 0o600
        kit.files[f"{KIT}/provision.sh"] = SCRIPT.read_bytes(), 0o600
        for name in ("root-ca.pem", "grid-ca.pem"):
            kit.files[f"{KIT}/{name}"] = (pki / name).read_bytes(), 0o644
        kit._tree(pki / "certificates", "etc/grid-security/certificates")
        if ORACLE.exists():
            kit._tree(ORACLE, "opt/oracle-standin")
            kit.files[f"{KIT}/oracle_password"] = oracle_password.read_bytes(), 0o600
        return kit

    def digest(self) -> str:
        return hashlib.sha256(repr((sorted(self.files.items()), sorted(self.links.items()))).encode()).hexdigest()[:16]

    def install(self, container: str, hosts: str) -> None:
        """Into that container; hosts is its /etc/hosts."""
        script = (
            f"rm -rf /opt/oracle-standin /{KIT} && tar -x -p --no-overwrite-dir -C / -f - && sh /{KIT}/provision.sh {USER} {'yes' if ORACLE.exists() else 'no'}"
        )
        own = Kit({**self.files, "etc/hosts": (hosts.encode(), 0o644)}, self.links)
        podman("exec", "--interactive", container, "/bin/sh", "-c", script, stdin=own._archive())

    def _tree(self, source: Path, target: str) -> None:
        for path in sorted(source.rglob("*")):
            name = f"{target}/{path.relative_to(source)}"
            if "__pycache__" in path.parts:
                continue
            if path.is_symlink():
                self.links[name] = str(path.readlink())
            elif path.is_file():
                self.files[name] = path.read_bytes(), 0o755 if path.stat().st_mode & 0o100 else 0o644

    def _archive(self) -> bytes:
        """All root's; folders come into being with mode 0755, but for the script's own."""
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            folders = {str(parent) for name in (*self.files, *self.links) for parent in Path(name).parents} - {"."}
            for name in sorted(folders):
                archive.addfile(_entry(name, tarfile.DIRTYPE, 0o700 if name == KIT else 0o755))
            for name, (content, mode) in sorted(self.files.items()):
                info = _entry(name, tarfile.REGTYPE, mode)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
            for name, target in sorted(self.links.items()):
                info = _entry(name, tarfile.SYMTYPE, 0o777)
                info.linkname = target
                archive.addfile(info)
        return buffer.getvalue()


def _entry(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.mtime = kind, mode, int(time.time())
    return info
