"""Debian's coturn under the configuration this repository ships, for trying it in a namespace; and its certificate."""

import datetime
import ipaddress
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.load.netns import find_tool
from deploy.load.processes import REPOSITORY, BenchError, Children

PORT: Final = 3478
TLS_PORT: Final = 443
_CONFIGURATION: Final = REPOSITORY / "deploy" / "coturn" / "turnserver.conf"


@dataclass(frozen=True, slots=True)
class Relay:
    """A coturn that is called `host`, listens at all addresses of its namespace and relays to `peers` alone."""

    host: str
    peers: tuple[str, ...]
    secret: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)

    @property
    def urls(self) -> dict[str, str]:
        """Its three doors: "udp", "tcp" and "tls"."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        plain, tls = f"turn:{host}:{PORT}", f"turns:{host}:{TLS_PORT}"
        return {"udp": f"{plain}?transport=udp", "tcp": f"{plain}?transport=tcp", "tls": f"{tls}?transport=tcp"}

    def start(self, namespace: str, folder: Path, children: Children) -> None:
        """Start it with a fresh self-signed certificate.

        Raises:
            BenchError: coturn is not installed.
        """
        tool = find_tool("turnserver")
        if tool is None:
            raise BenchError("the relay needs coturn: apt install coturn")
        certificate, key = write_certificate(folder, self.host)
        settings = {
            "--static-auth-secret": self.secret,
            "--cert": str(certificate),
            "--pkey": str(key),
            "--userdb": str(folder / "turndb"),
            "--pidfile": str(folder / "turnserver.pid"),
            "--proc-user": "root",
            "--proc-group": "root",
        }
        arguments = [part for pair in settings.items() for part in pair]
        allowed = [f"--allowed-peer-ip={peer}" for peer in self.peers]
        # Off by itself in the coturn that the configuration is for, not in Debian's.
        command = [tool, "-c", str(_CONFIGURATION), *arguments, *allowed, "--no-cli"]
        children.start("relay", command, namespace=namespace)


def write_certificate(folder: Path, host: str) -> tuple[Path, Path]:
    """A self-signed certificate for an address, valid for a day, and its key; both readable by us alone."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    texts = certificate.public_bytes(encoding), key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)
    paths = folder / "relay-certificate.pem", folder / "relay-key.pem"
    for path, text in zip(paths, texts, strict=True):
        path.touch(0o600)
        path.write_bytes(text)
    return paths
