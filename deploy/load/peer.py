"""One lean WebRTC peer without I/O: controlling ICE agent and DTLS client over a single address pair.

Feed datagrams, ask what is due, send what comes back. Media itself is not handled here: after `phase` is CONNECTED
its SRTP session is in `srtp`, and whoever owns the socket counts packets.
"""

import secrets
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from deploy.load.sdp import Credentials, Remote
from media import stun
from media.dtls import DtlsEndpoint, DtlsIdentity
from media.errors import WireError
from media.srtp import SrtpSession

CONSENT_S: Final = 5.0
GIVE_UP_S: Final = 10.0
# RFC 8489 section 6.2.1 begins with 0.5 s; the wire here is local, and browsers begin DTLS with 50 ms.
_FIRST_RETRY_S: Final = 0.05
_STUN_TYPES: Final = range(4)
_DTLS_TYPES: Final = range(20, 64)


class Phase(StrEnum):
    """How far a peer has come."""

    CHECKING = "checking"
    SECURING = "securing"
    CONNECTED = "connected"
    FAILED = "failed"


class LeanPeer:
    """Guarantee: `srtp` is set exactly when `phase` is CONNECTED, and only with the party its description announced.

    All times are seconds of one monotonic clock given by the caller.
    """

    __slots__ = (
        "_dtls",
        "_hello",
        "_ours",
        "_remote",
        "_retry_at",
        "_retry_s",
        "_started_at",
        "_transactions",
        "consents",
        "phase",
        "reason",
    )

    def __init__(self, identity: DtlsIdentity, ours: Credentials, remote: Remote, now: float) -> None:
        self._ours = ours
        self._remote = remote
        self._dtls = DtlsEndpoint(identity, (remote.fingerprint,), is_server=False)
        # Our first flight, until the server's first word. OpenSSL repeats it after a second; browsers after 50 ms,
        # and Janus drops what arrives while its ICE is still settling.
        self._hello: list[bytes] = []
        self._transactions: set[bytes] = set()
        self._started_at = now
        self._retry_at = now
        self._retry_s = _FIRST_RETRY_S
        self.phase = Phase.CHECKING
        self.reason = ""
        self.consents = 0

    @property
    def srtp(self) -> SrtpSession | None:
        """The keys, once connected."""
        return self._dtls.srtp

    def format_check(self) -> bytes:
        """A connectivity check that nominates; once connected the same message is the consent check (RFC 7675)."""
        transaction = secrets.token_bytes(12)
        if len(self._transactions) >= 8:
            self._transactions.clear()
        self._transactions.add(transaction)
        theirs = self._remote.credentials
        return stun.format_request(
            transaction, f"{theirs.ufrag}:{self._ours.ufrag}", theirs.password.encode(), tie_breaker=1 << 63
        )

    def renew(self, ours: Credentials, remote: Remote) -> None:
        """Go on with the credentials of a restarted ICE session; DTLS and SRTP stay as they are."""
        self._ours, self._remote = ours, remote
        self._transactions.clear()

    def due(self, now: float) -> list[bytes]:
        """What should be sent now while connecting; gives up after `GIVE_UP_S`."""
        if self.phase not in (Phase.CHECKING, Phase.SECURING):
            return []
        if now - self._started_at > GIVE_UP_S:
            self._fail(f"{self.phase}_timeout")
            return []
        if self.phase is Phase.SECURING and not self._hello:
            left = self._dtls.timeout_s()
            return self._dtls.on_timeout() if left is not None and left <= 0 else []
        if now < self._retry_at:
            return []
        self._retry_at = now + self._retry_s
        self._retry_s *= 2
        return self._hello or [self.format_check()]

    def receive(self, datagram: bytes) -> list[bytes]:
        """Take a STUN or DTLS datagram, return those to send; anything else is ignored."""
        step: Callable[[bytes], list[bytes]]
        if datagram[0] in _STUN_TYPES:
            step = self._on_stun
        elif datagram[0] in _DTLS_TYPES and self.phase is not Phase.CHECKING:
            step = self._on_dtls
        else:
            return []
        try:
            return step(datagram)
        except WireError as error:
            self._fail(str(error))
            return []

    def close(self) -> list[bytes]:
        """A close_notify, when there is somebody to send it to."""
        return self._dtls.close() if self.phase is Phase.CONNECTED else []

    def _on_stun(self, datagram: bytes) -> list[bytes]:
        message = stun.parse(datagram)
        if message.kind == stun.BINDING_REQUEST:
            return self._on_request(message)
        if message.transaction not in self._transactions:
            return []
        self._transactions.discard(message.transaction)
        if message.kind == stun.BINDING_ERROR:
            self._fail("stun_refused")
        if message.kind != stun.BINDING_SUCCESS or not stun.is_authentic(
            message, self._remote.credentials.password.encode()
        ):
            return []
        self.consents += 1
        if self.phase is not Phase.CHECKING:
            return []
        self.phase = Phase.SECURING
        self._hello = self._dtls.start()
        self._retry_s = _FIRST_RETRY_S
        self._retry_at += _FIRST_RETRY_S
        return self._hello

    def _on_request(self, message: stun.StunMessage) -> list[bytes]:
        # A full agent (Janus without ice_lite) checks us too.
        if not stun.is_authentic(message, self._ours.password.encode()):
            return []
        host, port = self._remote.address
        return [stun.format_success(message.transaction, host, port, self._ours.password.encode())]

    def _on_dtls(self, datagram: bytes) -> list[bytes]:
        self._hello = []
        outgoing = self._dtls.receive(datagram)
        if self._dtls.is_failed or self._dtls.is_closed:
            self._fail("dtls_failed" if self._dtls.is_failed else "dtls_closed")
        elif self._dtls.srtp is not None:
            self.phase = Phase.CONNECTED
        return outgoing

    def _fail(self, reason: str) -> None:
        self.phase = Phase.FAILED
        self.reason = reason
