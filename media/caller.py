"""The calling side of one session without I/O: controlling ICE agent and DTLS client (RFC 8445, RFC 5764).

Feed datagrams, ask what is due, send what comes back. Candidates are checked all at once and the first that answers
is nominated, since an ICE-lite server checks nothing itself. All times are seconds of one monotonic clock.
"""

import secrets
from enum import StrEnum
from typing import Final

from media import stun
from media.calling import OurSide, TheirSide
from media.dtls import DtlsEndpoint, DtlsIdentity
from media.errors import WireError
from media.srtp import SrtpSession
from media.udp import Address

CONSENT_EVERY_S: Final = 2.5
_CONSENT_LOST_S: Final = 10.0
_GIVE_UP_S: Final = 5.0
# RFC 8489 section 6.2.1 begins with 0.5 s; a session that a language switch waits for is worth more packets.
_FIRST_RETRY_S: Final = 0.05
_MOST_TRANSACTIONS: Final = 64

Outgoing = list[tuple[bytes, Address]]


class Phase(StrEnum):
    """How far a call has come."""

    CHECKING = "checking"
    NOMINATING = "nominating"
    SECURING = "securing"
    CONNECTED = "connected"
    FAILED = "failed"


class Caller:
    """Guarantee: `srtp` is set exactly when `phase` is CONNECTED, and only with the party the answer announced.

    Args:
        addresses: where the other side may be reached, in the form the socket names addresses.
    """

    def __init__(
        self, identity: DtlsIdentity, ours: OurSide, theirs: TheirSide, addresses: list[Address], now: float
    ) -> None:
        self.phase = Phase.CHECKING
        self.reason = ""
        self.address: Address | None = None
        self._ours = ours
        self._theirs = theirs
        self._addresses = addresses
        self._dtls = DtlsEndpoint(identity, (theirs.fingerprint,), is_server=False)
        self._transactions: dict[bytes, bool] = {}
        self._started = self._heard = now
        self._retry_at = now
        self._retry_s = _FIRST_RETRY_S

    @property
    def srtp(self) -> SrtpSession | None:
        """The keys, once connected."""
        return self._dtls.srtp if self.phase is Phase.CONNECTED else None

    def due(self, now: float) -> Outgoing:
        """What should be sent now: checks, flights again, and consent (RFC 7675). Sets FAILED when it is over."""
        match self.phase:
            case Phase.FAILED:
                return []
            case Phase.CONNECTED:
                return self._consent(now)
        if now - self._started > _GIVE_UP_S:
            self._fail(f"{self.phase}_timeout")
            return []
        if self.phase is Phase.SECURING:
            left = self._dtls.timeout_s()
            return self._out(self._dtls.on_timeout()) if left is not None and left <= 0 else []
        if now < self._retry_at:
            return []
        self._retry_at = now + self._retry_s
        self._retry_s = min(2 * self._retry_s, 0.5)
        if self.address is not None:
            return [(self._check(nominate=True), self.address)]
        return [(self._check(nominate=False), address) for address in self._addresses]

    def receive(self, datagram: bytes, address: Address, now: float) -> Outgoing:
        """Take a STUN or DTLS datagram and return those to send; anything else is ignored."""
        try:
            if datagram[:1] < b"\x04":
                return self._on_stun(datagram, address, now)
            if b"\x14" <= datagram[:1] < b"\x40" and self.phase in (Phase.SECURING, Phase.CONNECTED):
                return self._on_dtls(datagram, now)
        except WireError as error:
            # A stranger's STUN does no harm; the DTLS side has proved to be another.
            if self._dtls.is_failed:
                self._fail(str(error))
        return []

    def close(self) -> Outgoing:
        """A close_notify, when there is somebody to send it to."""
        return self._out(self._dtls.close()) if self.phase is Phase.CONNECTED else []

    def _check(self, *, nominate: bool) -> bytes:
        transaction = secrets.token_bytes(12)
        if len(self._transactions) >= _MOST_TRANSACTIONS:
            self._transactions.clear()
        self._transactions[transaction] = nominate
        username = f"{self._theirs.ufrag}:{self._ours.ufrag}"
        key = self._theirs.password.encode()
        return stun.format_request(transaction, username, key, tie_breaker=secrets.randbits(64), nominate=nominate)

    def _consent(self, now: float) -> Outgoing:
        if now - self._heard > _CONSENT_LOST_S:
            self._fail("consent_timeout")
            return []
        if now < self._retry_at or self.address is None:
            return []
        self._retry_at = now + CONSENT_EVERY_S
        return [(self._check(nominate=True), self.address)]

    def _on_stun(self, datagram: bytes, address: Address, now: float) -> Outgoing:
        message = stun.parse(datagram)
        nominated = self._transactions.get(message.transaction)
        if nominated is None or message.kind != stun.BINDING_SUCCESS:
            return []
        if not stun.is_authentic(message, self._theirs.password.encode()):
            return []
        del self._transactions[message.transaction]
        self._heard = now
        if self.phase is Phase.CHECKING:
            self.phase, self.address = Phase.NOMINATING, address
            self._retry_at, self._retry_s = now, _FIRST_RETRY_S
            return self.due(now)
        if self.phase is Phase.NOMINATING and nominated:
            self.phase = Phase.SECURING
            return self._out(self._dtls.start())
        return []

    def _on_dtls(self, datagram: bytes, now: float) -> Outgoing:
        outgoing = self._out(self._dtls.receive(datagram))
        if self._dtls.is_failed or self._dtls.is_closed:
            self._fail("dtls_failed" if self._dtls.is_failed else "bye")
        elif self._dtls.srtp is not None and self.phase is Phase.SECURING:
            self.phase = Phase.CONNECTED
            self._heard, self._retry_at = now, now + CONSENT_EVERY_S
        return outgoing

    def _out(self, datagrams: list[bytes]) -> Outgoing:
        return [(datagram, self.address) for datagram in datagrams] if self.address is not None else []

    def _fail(self, reason: str) -> None:
        self.phase = Phase.FAILED
        self.reason = reason
