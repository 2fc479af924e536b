#!/usr/bin/env python3
"""The laboratory's certificates, in the IGTF trust-anchor layout: root CA -> grid CA -> users and hosts.

    pki.py DIR               everything below, if DIR holds none or an old one; prints nothing
    pki.py DIR --host FQDN   a host certificate on top; prints the paths of certificate and key
    pki.py DIR --revoke NAME puts the certificate NAMEcert.pem on the CRL

DIR/certificates/        trust anchors: <hash>.0 .r0 .signing_policy .namespaces .crl_url, under the new and the old subject hash
DIR/<name>cert.pem       0644; alice expired revoked nomember outside mismatch voms host-<fqdn>
DIR/<name>key.pem        0400, "BEGIN RSA PRIVATE KEY" (not PKCS#8); mismatchkey.pem is not the key of mismatchcert.pem
DIR/grid-ca.pem          the issuing CA, DIR/grid-ca-key.pem (0400) its key, DIR/root-ca.pem the root
DIR/ca-chain.pem         both CAs
DIR/service-proxy.pem    0400; a proxy of alice's with an attribute certificate of VO cms, 192 h (needs voms-proxy-fake)
DIR/vomses DIR/vomsdir/  what a client needs to accept that attribute certificate
DIR/pki.json             name -> subject, certificate, key
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
except ImportError:
    sys.exit(f"{sys.executable} has no module cryptography\nrun the lab with the Python of the project's environment, or install python3-cryptography")

OIDS = {
    "C": NameOID.COUNTRY_NAME,
    "CN": NameOID.COMMON_NAME,
    "DC": NameOID.DOMAIN_COMPONENT,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
}
ROOT_DN = "/C=ch/O=CERN/CN=CERN Root Certification Authority 2 TEST"
GRID_DN = "/DC=ch/DC=cern/CN=CERN Grid Certification Authority TEST"
HOSTS = "/DC=ch/DC=cern/OU=computers/CN="
USERS = "/DC=ch/DC=cern/OU=Organic Units/OU=Users/CN="
OUTSIDE = "/DC=org/DC=elsewhere/CN=Outside Policy"
CRL_SERVER = "http://crl.example.org:8080"
VOMS_HOST, VOMS_PORT, VO = "voms-cms.example.org", 15002, "cms"
BITS = 2048
LEAF_DAYS = 395
RENEW_PKI_BEFORE = dt.timedelta(days=60)  # hosts issued from this CA must outlive a month of work
PROXY_HOURS = 192
RENEW_PROXY_AFTER = dt.timedelta(hours=96)
FORMAT = 3  # of the folder; a folder of another format is made again


def now() -> dt.datetime:
    return dt.datetime.now(dt.timezone.utc).replace(microsecond=0)


@dataclass(frozen=True)
class Authority:
    """A CA: what it takes to sign."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate


@dataclass(frozen=True)
class Leaf:
    """An end certificate and its key."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate


def ensure(folder: Path) -> None:
    """Everything the docstring lists; what is there and good for long enough stays as it is."""
    if not _good(folder):
        _make(folder)
    proxy = folder / "service-proxy.pem"
    if shutil.which("voms-proxy-fake") and not _young(proxy):
        _make_proxy(folder, proxy)


def issue_host(folder: Path, fqdn: str) -> tuple[Path, Path]:
    """A host certificate of the lab's CA, as CERN's CA issues them: name in CN and SAN."""
    label = f"host-{fqdn}"
    paths = folder / f"{label}cert.pem", folder / f"{label}key.pem"
    if not all(path.exists() for path in paths):
        _put(folder, label, HOSTS + fqdn, _leaf(HOSTS + fqdn, _authority(folder), names=[fqdn]))
    return paths


def sign(folder: Path, request: bytes, dn: str, names: Sequence[str], days: int = LEAF_DAYS) -> bytes:
    """The CA's answer to a request, under a subject of its own choice, as CERN's does. Days may be negative: ended already."""
    key = x509.load_pem_x509_csr(request).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("the request is for no RSA key")
    start = now() - dt.timedelta(days=max(1, 1 - days))
    return _pem(_certificate(dn, _authority(folder), key, names, start, now() + dt.timedelta(days=days)))


def revoke(folder: Path, label: str) -> None:
    """The CRL of the issuing CA, with one certificate more."""
    path = folder / "certificates/TEST-GridCA.crl"
    leaf = x509.load_pem_x509_certificate((folder / f"{label}cert.pem").read_bytes())
    old = x509.load_pem_x509_crl(path.read_bytes())
    _write(path, _pem(_crl(_authority(folder), {leaf.serial_number, *(entry.serial_number for entry in old)})))


def _good(folder: Path) -> bool:
    try:
        listing = json.loads((folder / "pki.json").read_text())
        return listing["format"] == FORMAT and dt.datetime.fromisoformat(listing["not_after"]) - now() > RENEW_PKI_BEFORE
    except (OSError, ValueError, KeyError):
        return False


def _young(proxy: Path) -> bool:
    return proxy.exists() and now().timestamp() - proxy.stat().st_mtime < RENEW_PROXY_AFTER.total_seconds()


def _make(folder: Path) -> None:
    """Made beside the old one and moved into place whole: a half-made folder is never taken for a good one."""
    new = folder.with_name(folder.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    (new / "certificates").mkdir(parents=True)
    root = _make_ca(ROOT_DN)
    grid = _make_ca(GRID_DN, root)
    _write(new / "root-ca.pem", _pem(root.certificate))
    _write(new / "grid-ca.pem", _pem(grid.certificate))
    _write(new / "ca-chain.pem", _pem(grid.certificate) + _pem(root.certificate))
    _write(new / "grid-ca-key.pem", _key_pem(grid.key), 0o400)

    end = now() + dt.timedelta(days=LEAF_DAYS)
    _write(new / "pki.json", json.dumps({"format": FORMAT, "not_after": end.isoformat(), "certificates": {}}).encode())
    people = {
        "alice": "alice/CN=123456/CN=Alice Example",
        "expired": "bob/CN=234567/CN=Bob Example",
        "revoked": "carol/CN=345678/CN=Carol Example",
        "nomember": "dave/CN=456789/CN=Dave Example",
    }
    leaves = {}
    for label, tail in people.items():
        past = label == "expired"
        start = now() - (dt.timedelta(days=300) if past else dt.timedelta(hours=1))
        leaves[label] = _leaf(USERS + tail, grid, start=start, end=now() - dt.timedelta(days=1) if past else end)
        _put(new, label, USERS + tail, leaves[label])
    # Of the same CA, and not among the names that its signing policy lets it sign: only grid software minds.
    _put(new, "outside", OUTSIDE, _leaf(OUTSIDE, grid))
    _put(new, "voms", HOSTS + VOMS_HOST, _leaf(HOSTS + VOMS_HOST, grid, names=[VOMS_HOST, "localhost"]))
    # A host certificate with somebody else's key: what `provided` must refuse.
    mismatch = HOSTS + "crab-vm.example.org"
    _put(new, "mismatch", mismatch, Leaf(leaves["nomember"].key, _leaf(mismatch, grid, names=["crab-vm.example.org"]).certificate))

    _trust(new / "certificates", "TEST-Root", ROOT_DN, root, [ROOT_DN, "/DC=ch/DC=cern/*"], [])
    _trust(new / "certificates", "TEST-GridCA", GRID_DN, grid, ["/DC=ch/DC=cern/*"], [leaves["revoked"].certificate])
    (new / "vomsdir" / VO).mkdir(parents=True)
    _write(new / "vomses", f'"{VO}" "{VOMS_HOST}" "{VOMS_PORT}" "{HOSTS}{VOMS_HOST}" "{VO}"\n'.encode())
    _write(new / "vomsdir" / VO / f"{VOMS_HOST}.lsc", f"{HOSTS}{VOMS_HOST}\n{GRID_DN}\n".encode())
    shutil.rmtree(folder, ignore_errors=True)
    new.rename(folder)


def _make_proxy(folder: Path, proxy: Path) -> None:
    """As a VOMS server would give it; voms-proxy-info finds no difference. The client must trust the lab's CA alone."""
    new = proxy.with_name(proxy.name + ".new")
    new.unlink(missing_ok=True)
    words = ["voms-proxy-fake", "-rfc", "-newformat", "-voms", VO, "-uri", f"{VOMS_HOST}:{VOMS_PORT}", "-fqan", f"/{VO}/Role=NULL/Capability=NULL"]
    words += ["-cert", str(folder / "alicecert.pem"), "-key", str(folder / "alicekey.pem"), "-certdir", str(folder / "certificates")]
    words += ["-hostcert", str(folder / "vomscert.pem"), "-hostkey", str(folder / "vomskey.pem")]
    words += ["-hours", str(PROXY_HOURS), "-vomslife", str(PROXY_HOURS), "-bits", str(BITS), "-out", str(new)]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode or not new.exists():
        raise RuntimeError(f"voms-proxy-fake failed ({done.returncode})\n{done.stdout.strip()}")
    new.chmod(0o400)
    new.replace(proxy)


def _name(dn: str) -> x509.Name:
    """x509.Name of the /A=b/C=d form; a '/' inside a value is kept."""
    parts: list[str] = []
    for part in dn.strip("/").split("/"):
        if part.split("=")[0] in OIDS and "=" in part:
            parts.append(part)
        else:
            parts[-1] += "/" + part
    return x509.Name([x509.NameAttribute(OIDS[key], value) for key, value in (part.split("=", 1) for part in parts)])


def _write(path: Path, data: bytes, mode: int = 0o644) -> None:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
    path.chmod(mode)


def _pem(thing: x509.Certificate | x509.CertificateRevocationList) -> bytes:
    return thing.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())


def _usage(*on: str) -> x509.KeyUsage:
    flags = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{flag: flag in on for flag in flags})


def _builder(dn: str, issuer: x509.Name, key: rsa.RSAPublicKey, signer: rsa.RSAPublicKey, start: dt.datetime, end: dt.datetime) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(_name(dn)).issuer_name(issuer).public_key(key).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(start).not_valid_after(end)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key), False)
    return builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer), False)


def _make_ca(dn: str, issuer: Authority | None = None) -> Authority:
    key = rsa.generate_private_key(65537, BITS)
    signer = issuer.key if issuer else key
    by = issuer.certificate.subject if issuer else _name(dn)
    builder = _builder(dn, by, key.public_key(), signer.public_key(), now() - dt.timedelta(days=400), now() + dt.timedelta(days=3650))
    builder = builder.add_extension(x509.BasicConstraints(True, None), True).add_extension(_usage("key_cert_sign", "crl_sign"), True)
    return Authority(key, builder.sign(signer, hashes.SHA256()))


def _authority(folder: Path) -> Authority:
    key = serialization.load_pem_private_key((folder / "grid-ca-key.pem").read_bytes(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("grid-ca-key.pem is no RSA key")
    return Authority(key, x509.load_pem_x509_certificate((folder / "grid-ca.pem").read_bytes()))


def _leaf(dn: str, by: Authority, *, names: Sequence[str] = (), start: dt.datetime | None = None, end: dt.datetime | None = None) -> Leaf:
    """A user's certificate, or a host's when it has names."""
    key = rsa.generate_private_key(65537, BITS)
    start, end = start or now() - dt.timedelta(hours=1), end or now() + dt.timedelta(days=LEAF_DAYS)
    return Leaf(key, _certificate(dn, by, key.public_key(), names, start, end))


def _certificate(dn: str, by: Authority, key: rsa.RSAPublicKey, names: Sequence[str], start: dt.datetime, end: dt.datetime) -> x509.Certificate:
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH, *([ExtendedKeyUsageOID.SERVER_AUTH] if names else [])]
    builder = _builder(dn, by.certificate.subject, key, by.key.public_key(), start, end)
    builder = builder.add_extension(x509.BasicConstraints(False, None), True)
    builder = builder.add_extension(_usage("digital_signature", "key_encipherment"), True).add_extension(x509.ExtendedKeyUsage(usages), False)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(each) for each in names]), False)
    return builder.sign(by.key, hashes.SHA256())


def _put(folder: Path, label: str, dn: str, leaf: Leaf) -> None:
    _write(folder / f"{label}cert.pem", _pem(leaf.certificate))
    _write(folder / f"{label}key.pem", _key_pem(leaf.key), 0o400)
    listing = json.loads((folder / "pki.json").read_text())
    listing["certificates"][label] = {"subject": dn, "certificate": f"{label}cert.pem", "key": f"{label}key.pem"}
    _write(folder / "pki.json", (json.dumps(listing, indent=1, sort_keys=True) + "\n").encode())


def _crl(ca: Authority, serials: Collection[int]) -> x509.CertificateRevocationList:
    """It lives as long as the CA: nobody publishes a newer one of his own accord."""
    crl = x509.CertificateRevocationListBuilder().issuer_name(ca.certificate.subject)
    crl = crl.last_update(now() - dt.timedelta(hours=1)).next_update(now() + dt.timedelta(days=3650))
    for serial in sorted(serials):
        crl = crl.add_revoked_certificate(x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now() - dt.timedelta(minutes=30)).build())
    return crl.sign(ca.key, hashes.SHA256())


def _trust(folder: Path, alias: str, dn: str, ca: Authority, subjects: Sequence[str], revoked: Sequence[x509.Certificate]) -> None:
    """One trust anchor: certificate, CRL, signing policy, namespaces, and the links by hash."""
    allowed = " ".join(f'"{subject}"' for subject in subjects)
    policy = f"access_id_CA  X509    '{dn}'\npos_rights    globus  CA:sign\ncond_subjects globus  '{allowed}'\n"
    namespaces = "".join(f'TO Issuer "{dn}" \\\n  PERMIT Subject "{subject.replace("*", ".*")}"\n' for subject in subjects)
    _write(folder / f"{alias}.pem", _pem(ca.certificate))
    _write(folder / f"{alias}.crl", _pem(_crl(ca, {bad.serial_number for bad in revoked})))
    _write(folder / f"{alias}.crl_url", f"{CRL_SERVER}/{alias}.crl\n".encode())
    _write(folder / f"{alias}.signing_policy", policy.encode())
    _write(folder / f"{alias}.namespaces", namespaces.encode())
    for flag in ("-subject_hash", "-subject_hash_old"):
        digest = subprocess.check_output(["openssl", "x509", "-noout", flag, "-in", str(folder / f"{alias}.pem")], text=True).strip()
        for extension, source in (("0", "pem"), ("r0", "crl"), ("signing_policy", "signing_policy"), ("namespaces", "namespaces"), ("crl_url", "crl_url")):
            link = folder / f"{digest}.{extension}"
            link.unlink(missing_ok=True)
            link.symlink_to(f"{alias}.{source}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dir", type=Path)
    parser.add_argument("--host", metavar="FQDN")
    parser.add_argument("--revoke", metavar="NAME")
    arguments = parser.parse_args()
    folder = arguments.dir.resolve()
    ensure(folder)
    if arguments.host:
        print(*issue_host(folder, arguments.host), sep="\n")
    if arguments.revoke:
        revoke(folder, arguments.revoke)


if __name__ == "__main__":
    main()
