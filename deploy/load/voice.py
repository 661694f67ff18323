"""Lean peers that are heard: a publisher of real sound that answers NACKs, and a listener that keeps what comes.

They speak WHIP, WHEP, ICE, DTLS and SRTP as `peer.py` does, each on a socket of its own in the running event loop.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from deploy.load.peer import CONSENT_S, LeanPeer, Phase
from deploy.load.sdp import OPUS_PT, Credentials, Direction
from deploy.load.weather import Address, Relay
from deploy.load.whep import HttpSignalling
from media import rtcp, rtp
from media.dtls import DtlsIdentity
from media.errors import WireError
from media.opus import FRAME_SAMPLES
from media.rtp import RtpPacket

FRAME_S: Final = 0.02
REPORT_EVERY: Final = 50
_CONNECT_S: Final = 10.0
_HISTORY: Final = 256
_WALL_OFFSET_S: Final = time.time() - time.monotonic()
_CNAME: Final = b"lean"


class LeanEnd(asyncio.DatagramProtocol):
    """One lean peer's socket. `on_rtp` and `on_rtcp` get what is authentic, with its arrival in monotonic seconds.

    `heard_at` is when anything came last. While `is_cut_off` it neither sends nor hears: its network is gone. `is_gone`
    is set when the server said goodbye.
    """

    def __init__(
        self,
        peer: LeanPeer,
        on_rtp: Callable[[RtpPacket, float], None],
        on_rtcp: Callable[[list[rtcp.Item], float], None],
    ) -> None:
        self.is_cut_off = False
        self.is_gone = asyncio.Event()
        self.heard_at = time.monotonic()
        self._peer = peer
        self._on_rtp = on_rtp
        self._on_rtcp = on_rtcp
        self._transport: asyncio.DatagramTransport | None = None
        self._consent: asyncio.Task[None] | None = None

    async def open(self, host: str, server: Address) -> None:
        """Check, shake hands, and keep consent from then on.

        Raises:
            TimeoutError: not connected in time.
        """
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, 0), remote_addr=server)
        async with asyncio.timeout(_CONNECT_S):
            while self._peer.phase is not Phase.CONNECTED:
                if self._peer.phase is Phase.FAILED:
                    raise TimeoutError(self._peer.reason)
                self._send(self._peer.due(time.monotonic()))
                await asyncio.sleep(0.01)
        self._consent = loop.create_task(self._keep_consent())

    async def aclose(self, *, says_goodbye: bool = True) -> None:
        """End, with or without a word."""
        if self._consent is not None:
            self._consent.cancel()
            await asyncio.gather(self._consent, return_exceptions=True)
        if says_goodbye:
            self._send(self._peer.close())
        if self._transport is not None:
            self._transport.abort()

    def protect(self, packet: bytes) -> bytes:
        """An RTP packet as it goes over the wire; each number once."""
        assert self._peer.srtp is not None
        return self._peer.srtp.protect(packet)

    def send_protected(self, datagram: bytes) -> None:
        """Send what `protect` made, now or once more."""
        self._send([datagram])

    def send_rtcp(self, packet: bytes) -> None:
        """Send a compound packet."""
        assert self._peer.srtp is not None
        self._send([self._peer.srtp.protect_rtcp(packet)])

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Media to whom it may concern, the rest to the peer."""
        if self.is_cut_off or not data:
            return
        self.heard_at = time.monotonic()
        if not 128 <= data[0] < 192:
            self._send(self._peer.receive(data))
            if self._peer.phase is Phase.FAILED:
                self.is_gone.set()
        elif self._peer.srtp is not None:
            self._take_media(data, time.monotonic())

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there just now: it is UDP."""

    def _take_media(self, data: bytes, now: float) -> None:
        assert self._peer.srtp is not None
        try:
            if rtp.is_rtcp(data):
                self._on_rtcp(rtcp.parse(self._peer.srtp.unprotect_rtcp(data)), now)
            else:
                self._on_rtp(rtp.parse(self._peer.srtp.unprotect(data)), now)
        except WireError:
            return

    def _send(self, datagrams: list[bytes]) -> None:
        if self._transport is None or self._transport.is_closing() or self.is_cut_off:
            return
        for datagram in datagrams:
            self._transport.sendto(datagram)

    async def _keep_consent(self) -> None:
        while True:
            await asyncio.sleep(CONSENT_S)
            self._send([self._peer.format_check()])


@dataclass
class Voice:
    """A publisher of `packets` of 20 ms in a circle. `sent_at` is when each went out, in monotonic seconds.

    With `answers` it sends again what the server asks for. `pictures` are the SSRCs of pictures it will send too.
    `frame_s` is how long 20 ms take by its clock.
    """

    packets: Sequence[bytes]
    answers: bool = True
    keeps_times: bool = False
    pictures: Sequence[int] = ()
    frame_s: float = FRAME_S
    sent_at: list[float] = field(default_factory=list)
    asked: int = 0
    end: LeanEnd | None = None
    _signalling: HttpSignalling | None = None
    _history: dict[int, bytes] = field(default_factory=dict)
    _ssrc: int = field(default_factory=lambda: secrets.randbits(31) | 1)
    # The lower half, so that a loss before the receiver's first packet cannot hide a roll-over (RFC 3711 3.3.1).
    _sequence: int = field(default_factory=lambda: secrets.randbits(15))
    _stamp: int = field(default_factory=lambda: secrets.randbits(31))
    _count: int = 0

    async def open(self, whip: str, token: str, *, host: str = "127.0.0.1", through: Relay | None = None) -> None:
        """Agree with the server and connect, by way of a relay if there is one.

        Raises:
            SignallingError, SdpError, TimeoutError: it did not come about.
        """
        self._signalling = HttpSignalling(whip, Direction.SEND, token, self._ssrc, self.pictures)
        self.end = await _meet(self._signalling, host, through, lambda packet, now: None, self._take_reports)

    async def speak(self, seconds: float) -> None:
        """Send a packet every 20 ms of the monotonic clock, or `frame_s`; a late wake-up is caught up."""
        due = time.monotonic()
        for _ in range(round(seconds / FRAME_S)):
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self._say()
            due += self.frame_s

    def _say(self) -> None:
        assert self.end is not None
        number = (self._sequence + self._count) & 0xFFFF
        stamp = (self._stamp + self._count * FRAME_SAMPLES) & 0xFFFFFFFF
        payload = self.packets[self._count % len(self.packets)]
        datagram = self.end.protect(rtp.format_packet(RtpPacket(OPUS_PT, False, number, stamp, self._ssrc, payload)))
        now = time.monotonic()
        self.end.send_protected(datagram)
        if self.keeps_times:
            self.sent_at.append(now)
        self._history[number] = datagram
        self._history.pop((number - _HISTORY) & 0xFFFF, None)
        if self._count % REPORT_EVERY == 0:
            self.end.send_rtcp(
                rtcp.format_sender_report(self._ssrc, now + _WALL_OFFSET_S, stamp, self._count, 0, _CNAME)
            )
        self._count += 1

    def _take_reports(self, items: list[rtcp.Item], now: float) -> None:
        for item in items:
            if isinstance(item, rtcp.Nack):
                self.asked += len(item.sequences)
                again = [self._history[number] for number in item.sequences if number in self._history]
                for datagram in again if self.answers and self.end is not None else ():
                    assert self.end is not None
                    self.end.send_protected(datagram)

    async def aclose(self, *, says_goodbye: bool = True) -> None:
        """End, with or without a word."""
        if self.end is not None:
            await self.end.aclose(says_goodbye=says_goodbye)
        if self._signalling is not None:
            await self._signalling.aclose(says_goodbye=says_goodbye)


@dataclass
class Ear:
    """A listener, who asks for so many `pictures` too. `on_packet` gets every packet with its arrival; `on_report` the
    server's sender reports.
    """

    on_packet: Callable[[RtpPacket, float], None]
    on_report: Callable[[rtcp.SenderReport, float], None] = lambda report, now: None
    pictures: int = 0
    end: LeanEnd | None = None
    _signalling: HttpSignalling | None = None

    async def open(self, whep: str, token: str | None = None, *, host: str = "127.0.0.1") -> None:
        """Agree with the server and connect.

        Raises:
            SignallingError, SdpError, TimeoutError: it did not come about.
        """
        self._signalling = HttpSignalling(whep, Direction.RECEIVE, token, pictures=[0] * self.pictures)
        self.end = await _meet(self._signalling, host, None, self.on_packet, self._take_reports)

    async def switch(self, channel: str) -> None:
        """Hear another channel on the same connection.

        Raises:
            SignallingError: the server would not.
        """
        assert self._signalling is not None
        await self._signalling.switch(channel)

    def _take_reports(self, items: list[rtcp.Item], now: float) -> None:
        for item in items:
            if isinstance(item, rtcp.SenderReport):
                self.on_report(item, now)

    async def aclose(self, *, says_goodbye: bool = True) -> None:
        """End, with or without a word."""
        if self.end is not None:
            await self.end.aclose(says_goodbye=says_goodbye)
        if self._signalling is not None:
            await self._signalling.aclose(says_goodbye=says_goodbye)


async def _meet(
    signalling: HttpSignalling,
    host: str,
    through: Relay | None,
    on_rtp: Callable[[RtpPacket, float], None],
    on_rtcp: Callable[[list[rtcp.Item], float], None],
) -> LeanEnd:
    identity, ours = DtlsIdentity(), Credentials()
    remote = await signalling.join(ours, identity.fingerprint, (host, 0))
    server = remote.address if through is None else await through.open(remote.address)
    end = LeanEnd(LeanPeer(identity, ours, remote, time.monotonic()), on_rtp, on_rtcp)
    try:
        await end.open(host, server)
    except BaseException:
        await end.aclose(says_goodbye=False)
        raise
    return end
