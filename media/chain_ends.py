"""The two ends of a chain test: one that publishes the stimulus as a browser would, one that listens like any listener.

Both are WebRTC peers of the engine over real sockets, with ICE, DTLS, SRTP and Opus, so what lies between them is what
lies between people: jitter buffer, mixer, limiter, encoder, fan-out. Belong to one event loop; nothing here waits.
"""

import asyncio
import random
import socket
from dataclasses import dataclass
from typing import Final

import numpy as np

from media import calling, rtp, udp
from media.caller import Caller, Outgoing, Phase
from media.calling import OurSide
from media.dtls import DtlsIdentity
from media.errors import WireError
from media.opus import FRAME_SAMPLES, SAMPLE_RATE_HZ, Decoder, Pcm
from media.rtcp import SenderReport
from media.rtp import RtpPacket, timestamp_after
from media.udp import Address
from media.upstream import Upstream, as_sent

_MAX_DATAGRAM: Final = 2048


class ChainSender:
    """Publishes Opus packets. Feed it the answer, call `on_timer` every 20 ms, and `send` once it is connected."""

    def __init__(self, identity: DtlsIdentity) -> None:
        self.failure = ""
        self._identity = identity
        self._ours = OurSide()
        self.offer = calling.format_offer(self._ours, identity.fingerprint, "audio", "sendonly")
        self._caller: Caller | None = None
        self._payload_type = 0
        self._ssrc = random.getrandbits(31) | 1
        self._sequence = random.getrandbits(15)
        self._timestamp = random.getrandbits(31)
        self._loop = asyncio.get_running_loop()
        self._sock = udp.open_socket("", 0)
        self._loop.add_reader(self._sock.fileno(), self._on_readable)

    @property
    def is_connected(self) -> bool:
        """Whether packets may be sent."""
        return self._caller is not None and self._caller.phase is Phase.CONNECTED

    def answered(self, answer: str, now: float) -> None:
        """The server's answer; a bad one sets `failure`."""
        try:
            theirs = calling.parse_answer(answer)
        except WireError as error:
            self.failure = str(error)
            return
        self._payload_type = next(iter(theirs.codecs))
        addresses = [found for pair in theirs.addresses if (found := as_sent(*pair, self._sock.family)) is not None]
        self._caller = Caller(self._identity, self._ours, theirs, addresses, now)
        self._send(self._caller.due(now))

    def on_timer(self, now: float) -> None:
        """Checks, flights, consent. Sets `failure` when the session is over."""
        if self._caller is None:
            return
        self._send(self._caller.due(now))
        if self._caller.phase is Phase.FAILED:
            self.failure = self._caller.reason

    def send(self, payload: bytes) -> None:
        """The next 20 ms."""
        assert self._caller is not None
        assert self._caller.srtp is not None
        assert self._caller.address is not None
        packet = RtpPacket(self._payload_type, False, self._sequence, self._timestamp, self._ssrc, payload)
        self._sequence = (self._sequence + 1) & 0xFFFF
        self._timestamp = (self._timestamp + FRAME_SAMPLES) & 0xFFFFFFFF
        self._send([(self._caller.srtp.protect(rtp.format_packet(packet)), self._caller.address)])

    def close(self) -> None:
        """Say goodbye and let go of the socket."""
        if self._caller is not None:
            self._send(self._caller.close())
        self._loop.remove_reader(self._sock.fileno())
        self._sock.close()

    def _on_readable(self) -> None:
        try:
            datagram, address = self._sock.recvfrom(_MAX_DATAGRAM)
        except OSError:
            return
        # Reports and requests for packets (RTCP) are passed over: a test sends nothing twice.
        if datagram and self._caller is not None and not 128 <= datagram[0] < 192:
            self._send(self._caller.receive(datagram, (address[0], address[1]), self._loop.time()))

    def _send(self, outgoing: Outgoing) -> None:
        for datagram, address in outgoing:
            _try_to_send(self._sock, datagram, address)


@dataclass(frozen=True, slots=True)
class _Arrived:
    at: float
    timestamp: int
    payload: bytes


class ChainEar:
    """Listens, and keeps every packet with the time it came."""

    def __init__(self, identity: DtlsIdentity, now: float) -> None:
        self._arrived: list[_Arrived] = []
        self.line = Upstream(identity, "audio", self._take, self._pass_over, now)

    def heard_from(self, moment: float) -> Pcm:
        """What was heard from that moment on (seconds of the loop's clock), as one who plays each packet when it can
        be played without a hole: at the time of the quickest packet. What was lost is silence.
        """
        if not self._arrived:
            return np.zeros(0, np.float32)
        first = self._arrived[0].timestamp
        decoder = Decoder()
        placed = []
        for packet in sorted(self._arrived, key=lambda one: timestamp_after(one.timestamp, first)):
            placed.append((timestamp_after(packet.timestamp, first), decoder.decode(packet.payload)))
        begins = min(one.at - timestamp_after(one.timestamp, first) / SAMPLE_RATE_HZ for one in self._arrived)
        shift = round((begins - moment) * SAMPLE_RATE_HZ)
        end = max(at + len(pcm) for at, pcm in placed) + shift
        heard = np.zeros(max(0, end), np.float32)
        for at, pcm in placed:
            start = at + shift
            if start >= 0:
                heard[start : start + len(pcm)] = pcm
        return heard

    def _take(self, packet: RtpPacket, codec: str, now: float) -> None:
        self._arrived.append(_Arrived(now, packet.timestamp, packet.payload))

    def _pass_over(self, report: SenderReport) -> None:
        """Lip sync is nothing to a test."""


def _try_to_send(sock: socket.socket, datagram: bytes, address: Address) -> None:
    try:
        sock.sendto(datagram, address)
    except OSError:
        # A candidate without a route, or a full buffer: what matters is sent again.
        return
