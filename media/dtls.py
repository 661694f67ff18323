"""DTLS without I/O: feed datagrams, collect datagrams, and at the end SRTP keys (RFC 6347, RFC 5764).

Built on pyOpenSSL's public interface alone. One `DtlsIdentity` (certificate, key and context) serves all peers, so a
handshake costs no certificate and no context of its own. Time-outs are the caller's: ask `timeout_s`, call
`on_timeout`.
"""

import datetime
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

from media.errors import WireError
from media.srtp import PROFILES, SrtpSession

# Fits every path that carries WebRTC at all (IPv6's least MTU is 1280).
_MTU_BYTES: Final = 1200
_DIGESTS: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    "sha-256": hashes.SHA256,
    "sha-384": hashes.SHA384,
    "sha-512": hashes.SHA512,
}
_CIPHERS: Final = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:"
    b"ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES128-GCM-SHA256"
)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """`a=fingerprint`: the algorithm in lower case and the digest as `AB:CD:…` (RFC 8122)."""

    algorithm: str
    digest: str


class DtlsIdentity:
    """A self-signed P-256 certificate and the OpenSSL context made of it; made once a process."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = _self_signed(key)
        self.fingerprint = Fingerprint("sha-256", _digest(self._certificate, "sha-256"))
        self.context = SSL.Context(SSL.DTLS_METHOD)
        self.context.set_options(SSL.OP_NO_TICKET)
        # 17 KiB a peer that nobody needs again after the handshake.
        self.context.set_mode(SSL.MODE_RELEASE_BUFFERS)
        # A self-signed peer is proved by the fingerprint in its signalling, not by a chain.
        self.context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
        self.context.use_certificate(self._certificate)
        self.context.use_privatekey(key)
        self.context.set_cipher_list(_CIPHERS)
        self.context.set_tlsext_use_srtp(b":".join(profile.name for profile in PROFILES))


class DtlsEndpoint:
    """One side of one handshake. After `receive` returned and `srtp` is set, media may flow.

    `only_ssrc` is handed on to the session (see `SrtpSession`).

    Guarantee: `srtp` is set only when the peer's certificate matches every fingerprint it announced with an
    algorithm known here, and at least one. A failed endpoint ignores everything that follows.
    """

    __slots__ = ("_is_server", "_only_ssrc", "_ssl", "_theirs", "is_closed", "is_failed", "srtp")

    def __init__(
        self,
        identity: DtlsIdentity,
        theirs: tuple[Fingerprint, ...],
        *,
        is_server: bool,
        only_ssrc: int | None = None,
    ) -> None:
        self._ssl = SSL.Connection(identity.context)
        self._ssl.set_ciphertext_mtu(_MTU_BYTES)
        self._theirs = theirs
        self._is_server = is_server
        self._only_ssrc = only_ssrc
        self.srtp: SrtpSession | None = None
        self.is_failed = False
        self.is_closed = False
        if is_server:
            self._ssl.set_accept_state()
        else:
            self._ssl.set_connect_state()

    def start(self) -> list[bytes]:
        """The first flight of a client; nothing for a server."""
        return [] if self._is_server else self._advance()

    def receive(self, datagram: bytes) -> list[bytes]:
        """Take one DTLS datagram, return those to send. Sets `srtp`, `is_failed` or `is_closed` when it comes to that.

        Raises:
            WireError: the peer is not who its fingerprint says, or no SRTP profile was agreed upon.
        """
        if self.is_failed or self.is_closed:
            return []
        self._ssl.bio_write(datagram)
        if self.srtp is None:
            return self._advance()
        try:
            self._ssl.recv(2048)
        except SSL.ZeroReturnError:
            self.is_closed = True
        except SSL.Error:
            # Retransmitted flights end here; OpenSSL has already written the answer.
            pass
        return self._outgoing()

    def timeout_s(self) -> float | None:
        """Seconds until the last flight should be sent again, or None when nothing waits."""
        if self.is_failed or self.srtp is not None:
            return None
        return self._ssl.DTLSv1_get_timeout()

    def on_timeout(self) -> list[bytes]:
        """The last flight again."""
        try:
            self._ssl.DTLSv1_handle_timeout()
        except SSL.Error:
            self.is_failed = True
        return self._outgoing()

    def close(self) -> list[bytes]:
        """A close_notify for the peer; the endpoint is closed."""
        if self.is_closed or self.is_failed:
            return []
        self.is_closed = True
        try:
            self._ssl.shutdown()
        except SSL.Error:
            # Not far enough in the handshake to say goodbye.
            return []
        return self._outgoing()

    def _advance(self) -> list[bytes]:
        try:
            self._ssl.do_handshake()
        except SSL.WantReadError:
            return self._outgoing()
        except SSL.Error:
            self.is_failed = True
            return self._outgoing()
        try:
            self._check_identity()
            self.srtp = self._keys()
        except WireError:
            self.is_failed = True
            raise
        return self._outgoing()

    def _check_identity(self) -> None:
        try:
            certificate = self._ssl.get_peer_certificate(as_cryptography=True)
        except ValueError as error:
            # OpenSSL takes encodings that no certificate should have.
            raise WireError("dtls_fingerprint") from error
        known = [f for f in self._theirs if f.algorithm in _DIGESTS]
        if certificate is None or not known or any(_digest(certificate, f.algorithm) != f.digest for f in known):
            raise WireError("dtls_fingerprint")

    def _keys(self) -> SrtpSession:
        name = self._ssl.get_selected_srtp_profile()
        for profile in PROFILES:
            if profile.name == name:
                material = self._ssl.export_keying_material(
                    b"EXTRACTOR-dtls_srtp", 2 * (profile.key_bytes + profile.salt_bytes)
                )
                return SrtpSession(profile, material, is_server=self._is_server, only_ssrc=self._only_ssrc)
        raise WireError("dtls_no_srtp")

    def _outgoing(self) -> list[bytes]:
        """Cut what OpenSSL wrote at record borders: its memory BIO joins datagrams."""
        written = b""
        while True:
            try:
                written += self._ssl.bio_read(65535)
            except SSL.Error:
                return _datagrams(written)


def _datagrams(written: bytes) -> list[bytes]:
    """Records packed into as few datagrams as fit the MTU (RFC 6347 section 4.1.1)."""
    datagrams: list[bytes] = []
    at = 0
    while at + 13 <= len(written):
        end = at + 13 + int.from_bytes(written[at + 11 : at + 13], "big")
        if datagrams and len(datagrams[-1]) + end - at <= _MTU_BYTES:
            datagrams[-1] += written[at:end]
        else:
            datagrams.append(written[at:end])
        at = end
    return datagrams


def _digest(certificate: x509.Certificate, algorithm: str) -> str:
    return certificate.fingerprint(_DIGESTS[algorithm]()).hex(":").upper()


def _self_signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tolmach")])
    now = datetime.datetime.now(tz=datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
