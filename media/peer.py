"""One peer's way to us: ICE-lite, DTLS, SRTP on an address that was proved to be theirs.

Without I/O: the transport hands in datagrams, a `Wire` takes what goes out. Nothing but STUN is looked at before a
check signed with this peer's password has come from that address (RFC 8445, RFC 7675, OWASP ASVS 17.2.6).
"""

from typing import Final, Protocol

from media import rtcp, rtp, stun
from media.counters import Drops
from media.dtls import DtlsEndpoint
from media.errors import WireError
from media.ice import IceSessions
from media.udp import Address

SETUP_S: Final = 15.0
"""An offer that no check follows is forgotten after this."""
_MOST_HANDSHAKE_BYTES: Final = 12_000
# A browser with many addresses checks some 50 times in its first second, and once in 2.5 s from then on.
_CHECKS: Final = 200.0
_CHECKS_PER_S: Final = 50.0
CONSENT_S: Final = 30.0
"""Silence of this length ends a peer (RFC 7675 section 5.1)."""


class Wire(Protocol):
    """Where datagrams go out."""

    def sendto(self, datagram: bytes, address: Address) -> None:
        """Send, or drop and count; never waits."""
        ...


class Media(Protocol):
    """What a peer's media is for: a publisher's or a subscriber's side of the engine."""

    def on_connected(self, peer: "Peer", now: float) -> None:
        """DTLS is done; `peer.srtp` is there."""
        ...

    def on_rtp(self, packet: rtp.RtpPacket, now: float) -> None:
        """An authentic RTP packet."""
        ...

    def on_rtcp(self, items: list[rtcp.Item], now: float) -> None:
        """An authentic RTCP compound packet's items."""
        ...

    def on_moved(self, address: Address) -> None:
        """The peer nominated another address of theirs."""
        ...

    def on_timer(self, now: float) -> None:
        """Called about twice a second once connected: reports, time-outs."""
        ...

    def on_closed(self) -> None:
        """The peer is gone; let go of everything."""
        ...


class Peer:
    """ICE-lite agent, DTLS endpoint and SRTP session of one session."""

    def __init__(self, ident: str, remote_ufrag: str, dtls: DtlsEndpoint, media: Media, wire: Wire, now: float) -> None:
        self.ident = ident
        self.ice = IceSessions(remote_ufrag)
        self.media = media
        self.address: Address | None = None
        self.close_reason: str | None = None
        self._dtls = dtls
        self._wire = wire
        self._created = now
        self.heard = now
        self._retry_at: float | None = None
        self._checks_left, self._checked_at = _CHECKS, now
        self._handshake_left = _MOST_HANDSHAKE_BYTES

    @property
    def is_connected(self) -> bool:
        """Whether media may flow."""
        return self._dtls.srtp is not None

    def take_check(self, message: stun.StunMessage, address: Address, now: float, drops: Drops) -> bool:
        """Answer a connectivity check. Returns whether `address` is the peer's from now on."""
        credentials = self.ice.named(message.username)
        if credentials is None:
            drops.stun_username += 1
            return False
        if not self._may_check(now):
            drops.checks_too_many += 1
            return False
        if not stun.is_authentic(message, credentials.key):
            drops.stun_integrity += 1
            return False
        self.heard = now
        self._wire.sendto(stun.format_success(message.transaction, address[0], address[1], credentials.key), address)
        if message.is_nominating:
            self.ice.nominated(credentials)
        if self.address is not None and (address == self.address or not message.is_nominating):
            return False
        is_first = self.address is None
        self.address = address
        if is_first:
            self._send_dtls(self._dtls.start(), now)
        elif self.is_connected:
            self.media.on_moved(address)
        return True

    def _may_check(self, now: float) -> bool:
        """Whether one more check is worth a signature and an answer."""
        self._checks_left = min(_CHECKS, self._checks_left + (now - self._checked_at) * _CHECKS_PER_S)
        self._checked_at = now
        if self._checks_left < 1:
            return False
        self._checks_left -= 1
        return True

    def take_dtls(self, datagram: bytes, now: float) -> bool:
        """One DTLS datagram from this peer's address. Returns whether it made the handshake complete."""
        was_connected = self.is_connected
        try:
            self._send_dtls(self._dtls.receive(datagram), now)
        except WireError as error:
            self.close_reason = str(error)
            return False
        if self._dtls.is_closed:
            self.close_reason = "bye"
        elif self._dtls.is_failed:
            self.close_reason = "dtls_failed"
        elif self.is_connected and not was_connected:
            self.heard = now
            self.media.on_connected(self, now)
            return True
        return False

    def take_media(self, datagram: bytes, now: float, drops: Drops) -> None:
        """One SRTP or SRTCP datagram from this peer's address."""
        srtp = self._dtls.srtp
        if srtp is None:
            drops.before_keys += 1
            return
        try:
            if rtp.is_rtcp(datagram):
                self.media.on_rtcp(rtcp.parse(srtp.unprotect_rtcp(datagram)), now)
            else:
                self.media.on_rtp(rtp.parse(srtp.unprotect(datagram)), now)
        except WireError:
            drops.media_malformed += 1
            return
        self.heard = now

    def send_rtcp(self, packet: bytes) -> None:
        """Send a compound packet, if the peer can take one yet."""
        if self._dtls.srtp is not None and self.address is not None:
            self._wire.sendto(self._dtls.srtp.protect_rtcp(packet), self.address)

    @property
    def session(self) -> DtlsEndpoint:
        """The DTLS side; its `srtp` is what the fan-out protects with."""
        return self._dtls

    def on_timer(self, now: float) -> None:
        """Retransmit a handshake flight, notice silence. Sets `close_reason` when it is over."""
        if not self.is_connected:
            if now - self._created > SETUP_S:
                self.close_reason = "setup_timeout"
            elif self._retry_at is not None and now >= self._retry_at:
                self._send_dtls(self._dtls.on_timeout(), now)
        elif now - self.heard > CONSENT_S:
            self.close_reason = "consent_timeout"
        else:
            self.media.on_timer(now)

    def say_goodbye(self) -> None:
        """Tell the peer by close_notify that the session is over."""
        if self.address is not None:
            for datagram in self._dtls.close():
                self._wire.sendto(datagram, self.address)

    def _send_dtls(self, datagrams: list[bytes], now: float) -> None:
        if self.address is not None:
            for datagram in datagrams:
                # Until the handshake is done a source may be forged: nobody is made to flood whoever is there.
                self._handshake_left -= 0 if self.is_connected else len(datagram)
                if self._handshake_left >= 0:
                    self._wire.sendto(datagram, self.address)
        timeout = self._dtls.timeout_s()
        self._retry_at = None if timeout is None else now + timeout
