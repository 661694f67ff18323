"""One subscription of an edge to its origin: a socket, ICE and DTLS as the caller, RTP in, reports and requests back.

Belongs to the media thread. It never waits and never comes back: a session that broke says so by `failure`, and
`media.feeds` opens another.
"""

import asyncio
import ipaddress
import random
import socket
from collections.abc import Callable
from typing import Final

from media import calling, rtcp, rtp, udp
from media.caller import Caller, Outgoing, Phase
from media.calling import Kind, OurSide
from media.dtls import DtlsIdentity
from media.errors import WireError
from media.reception import Reception
from media.rtp import RtpPacket
from media.udp import Address

REPORT_EVERY_S: Final = 1.0
SILENT_AFTER_S: Final = 1.5
"""An audio bus that is heard sends every 20 or 60 ms, so silence of this length means that the session is lost."""
_ANSWER_S: Final = 3.0
_CNAME: Final = b"tolmach-edge"
_DATAGRAMS_A_WAKE: Final = 64
_MAX_DATAGRAM: Final = 2048

Take = Callable[[RtpPacket, str, float], None]
"""Called with a packet, its codec ("opus", "h264", "vp8") and when it came."""


class Upstream:
    """A session with the origin, from its offer to its end.

    Args:
        kind: what is subscribed to.
        take: takes what arrives.
        report: takes the origin's sender reports.
        now: monotonic seconds.
    """

    def __init__(
        self,
        identity: DtlsIdentity,
        kind: Kind,
        take: Take,
        report: Callable[[rtcp.SenderReport], None],
        now: float,
    ) -> None:
        self.failure = ""
        self._identity = identity
        self._kind = kind
        self._take = take
        self._report = report
        self._ours = OurSide()
        self.offer = calling.format_offer(self._ours, identity.fingerprint, kind)
        self._ssrc = random.getrandbits(31) | 1
        self._caller: Caller | None = None
        self._codecs: dict[int, str] = {}
        self._reception: Reception | None = None
        self._begun = self._heard = now
        self._reported = 0.0
        self._wants_keyframe = False
        self._loop = asyncio.get_running_loop()
        self._sock = udp.open_socket("", 0)
        self._loop.add_reader(self._sock.fileno(), self._on_readable)

    @property
    def is_connected(self) -> bool:
        """Whether media may flow."""
        return self._caller is not None and self._caller.phase is Phase.CONNECTED

    @property
    def reception(self) -> Reception | None:
        """Statistics of what arrives; None before the first packet."""
        return self._reception

    def answered(self, answer: str, extra_host: str | None, now: float) -> None:
        """The origin's answer: check its candidates, and its port at `extra_host` too. A bad one sets `failure`."""
        try:
            theirs = calling.parse_answer(answer)
        except WireError as error:
            self.failure = str(error)
            return
        hosts = dict.fromkeys(theirs.addresses)
        if extra_host is not None:
            hosts.setdefault((extra_host, theirs.addresses[0][1]))
        addresses = [found for pair in hosts if (found := as_sent(*pair, self._sock.family)) is not None]
        self._codecs = theirs.codecs
        self._caller = Caller(self._identity, self._ours, theirs, addresses, now)
        self._send(self._caller.due(now))

    def close(self) -> None:
        """Say goodbye and let go of the socket."""
        if self._sock.fileno() < 0:
            return
        if self._caller is not None:
            self._send(self._caller.close())
        self._loop.remove_reader(self._sock.fileno())
        self._sock.close()

    def ask_keyframe(self) -> None:
        """Ask the origin for a keyframe, as soon as that is possible."""
        self._wants_keyframe = True
        self._ask_for_keyframe()

    def on_timer(self, now: float) -> None:
        """Checks, consent, reports, requests. Sets `failure` when the session is over."""
        caller = self._caller
        if caller is None:
            if now - self._begun > _ANSWER_S:
                self.failure = "no_answer"
            return
        self._send(caller.due(now))
        if caller.phase is Phase.FAILED:
            self.failure = caller.reason
        elif caller.phase is not Phase.CONNECTED:
            self._heard = now
        elif self._kind == "audio" and now - self._heard > SILENT_AFTER_S:
            self.failure = "silent"
        else:
            self._ask_again(now)
            self._report_reception(now)

    def _on_readable(self) -> None:
        now = self._loop.time()
        for _ in range(_DATAGRAMS_A_WAKE):
            try:
                datagram, address = self._sock.recvfrom(_MAX_DATAGRAM)
            except BlockingIOError:
                return
            except OSError:
                # An ICMP error of some earlier packet, or closed while a packet was taken.
                if self._sock.fileno() < 0:
                    return
                continue
            self._on_datagram(datagram, (address[0], address[1]), now)

    def _on_datagram(self, datagram: bytes, address: Address, now: float) -> None:
        if not datagram or self._caller is None:
            return
        if not 128 <= datagram[0] < 192:
            self._send(self._caller.receive(datagram, address, now))
            self._ask_for_keyframe()
            return
        srtp = self._caller.srtp
        if srtp is None:
            return
        try:
            if rtp.is_rtcp(datagram):
                self._on_rtcp(rtcp.parse(srtp.unprotect_rtcp(datagram)), now)
            else:
                self._on_rtp(rtp.parse(srtp.unprotect(datagram)), now)
        except WireError:
            # Forged, or twice: nobody's loss.
            return

    def _on_rtp(self, packet: RtpPacket, now: float) -> None:
        codec = self._codecs.get(packet.payload_type)
        if codec is None:
            return
        self._heard = now
        if self._reception is None or self._reception.ssrc != packet.ssrc:
            self._reception = Reception(packet.ssrc, 48000 if self._kind == "audio" else 90000)
        self._reception.note(packet.sequence, packet.timestamp, len(packet.payload), now)
        if packet.payload:
            self._take(packet, codec, now)
        self._ask_again(now)

    def _on_rtcp(self, items: list[rtcp.Item], now: float) -> None:
        for item in items:
            if isinstance(item, rtcp.SenderReport):
                if self._reception is not None and self._reception.ssrc == item.ssrc:
                    self._reception.note_report(item, now)
                self._report(item)

    def _ask_again(self, now: float) -> None:
        if self._reception is not None and (wanted := self._reception.to_ask_for(now)):
            self._send_rtcp(rtcp.format_nack(self._ssrc, self._reception.ssrc, wanted))

    def _report_reception(self, now: float) -> None:
        if now - self._reported < REPORT_EVERY_S:
            return
        self._reported = now
        blocks = [self._reception.block(now)] if self._reception is not None else []
        self._send_rtcp(rtcp.format_receiver_report(self._ssrc, blocks, _CNAME))

    def _ask_for_keyframe(self) -> None:
        if self._wants_keyframe and self.is_connected:
            self._wants_keyframe = False
            # The origin knows one picture a session, so it need not be named before its first packet.
            media_ssrc = self._reception.ssrc if self._reception is not None else 0
            self._send_rtcp(rtcp.format_pli(self._ssrc, media_ssrc))

    def _send_rtcp(self, packet: bytes) -> None:
        if self._caller is not None and self._caller.srtp is not None and self._caller.address is not None:
            self._send([(self._caller.srtp.protect_rtcp(packet), self._caller.address)])

    def _send(self, outgoing: Outgoing) -> None:
        for datagram, address in outgoing:
            try:
                self._sock.sendto(datagram, address)
            except OSError:
                # A candidate without a route, or a full buffer: what matters is sent again.
                continue


def as_sent(host: str, port: int, family: socket.AddressFamily) -> Address | None:
    """An address as a socket of this family sends to it and names it; None when it cannot reach it."""
    ip = ipaddress.ip_address(host)
    if family == socket.AF_INET:
        return (host, port) if ip.version == 4 else None
    return (f"::ffff:{host}" if ip.version == 4 else host, port)
