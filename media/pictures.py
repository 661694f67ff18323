"""Forwarded video: one picture bus a room carries one source's RTP to all viewers, without decoding.

The bus has one SSRC, and its sequence numbers and timestamps go on when the source changes, so viewers see a cut and
no break. Belongs to the media thread.
"""

import math
import random
import socket
import time
from collections.abc import Callable
from typing import Final, Protocol

from media.fanout import FanOut, History, Subscriber
from media.picture_facts import PictureFacts
from media.rtp import HEADER, RtpPacket, timestamp_after

KEYFRAME_EVERY_S: Final = 1.0
_KEYFRAMES_AT_ONCE: Final = 3
"""A newcomer need not wait because another, or the livestream, asked just before; a crowd gets one a second."""
_KEYFRAME_GAP_S: Final = 0.3
"""Browsers' encoders pass over what is asked sooner after a keyframe."""
_SLOT_BYTES: Final = 1664
_HISTORY_PACKETS: Final = 1024
CLOCK_HZ: Final = 90000
CODECS: Final = ("h264", "vp8")


class VideoSource:
    """A live stream of one codec. `ask_keyframe` reaches its encoder; `capture_time` tells when a picture with an RTP
    timestamp is due, in monotonic seconds on the clock that the sound leaves by, or None while that is unknown.
    """

    def __init__(self, ask_keyframe: Callable[[], None], capture_time: Callable[[int], float | None]) -> None:
        self.ask_keyframe = ask_keyframe
        self.capture_time = capture_time
        self.facts = PictureFacts()
        self.buses: set[PictureBus] = set()
        self.on_watched: Callable[[bool], None] | None = None

    def take(self, packet: RtpPacket, codec: str, now: float) -> None:
        """Hand a packet to every bus that forwards this source."""
        self.facts.note(packet, codec, now)
        for bus in self.buses:
            bus.forward(self, packet, codec, now)


class PacketTap(Protocol):
    """Takes a picture bus's packets away as they came, and never waits."""

    def put(self, source: VideoSource, packet: RtpPacket, codec: str, now: float) -> None:
        """One packet, not renumbered."""
        ...


class PictureBus:
    """One room's picture."""

    def __init__(self, sock: socket.socket) -> None:
        self.ssrc = random.getrandbits(31) | 1
        self.repair_ssrc = self.ssrc ^ 1 << 30
        self.source: VideoSource | None = None
        self.cuts = 0
        self.history = History(_HISTORY_PACKETS)
        self.fans = {codec: FanOut(sock, _SLOT_BYTES) for codec in CODECS}
        self._viewers: dict[int, dict[str, Subscriber]] = {}
        self._taps: list[PacketTap] = []
        self._from: VideoSource | None = None
        self._from_ssrc = 0
        self._sequence_shift = 0
        self._timestamp_shift = 0
        self._next_sequence = random.getrandbits(15)
        self._last_timestamp = random.getrandbits(31)
        self._last_at = 0.0
        self._asked_at = -math.inf
        self._asks_spent_until = -math.inf
        self._wants_keyframe = False

    @property
    def is_watched(self) -> bool:
        """Whether anybody sees it, or takes it away."""
        return bool(self._viewers or self._taps)

    @property
    def viewers(self) -> int:
        """How many see it."""
        return len(self._viewers)

    def set_source(self, source: VideoSource | None) -> None:
        """Forward this source from its next packet on."""
        if source is self.source:
            return
        before, self.source = self.source, source
        if before is not None:
            before.buses.discard(self)
            self._tell_watched(before)
        if source is not None:
            source.buses.add(self)
            self._tell_watched(source)
            if self.is_watched:
                self.want_keyframe(time.monotonic())

    def add_viewer(self, ends: dict[str, Subscriber], now: float) -> None:
        """`ends` are the viewer's ends by codec; a keyframe is asked for."""
        self._viewers[id(ends)] = ends
        for codec, end in ends.items():
            self.fans[codec].add(end)
        if self.source is not None:
            self._tell_watched(self.source)
        self.want_keyframe(now)

    def remove_viewer(self, ends: dict[str, Subscriber]) -> None:
        """They see no more."""
        if self._viewers.pop(id(ends), None) is None:
            return
        for codec, end in ends.items():
            self.fans[codec].remove(end)
        if self.source is not None:
            self._tell_watched(self.source)

    def add_tap(self, tap: PacketTap, now: float) -> None:
        """Hand every packet to `tap` too; a keyframe is asked for."""
        self._taps.append(tap)
        if self.source is not None:
            self._tell_watched(self.source)
        self.want_keyframe(now)

    def remove_tap(self, tap: PacketTap) -> None:
        """No more."""
        self._taps = [one for one in self._taps if one is not tap]
        if self.source is not None:
            self._tell_watched(self.source)

    @staticmethod
    def _tell_watched(source: VideoSource) -> None:
        if source.on_watched is not None:
            source.on_watched(any(bus.is_watched for bus in source.buses))

    def want_keyframe(self, now: float) -> None:
        """Ask the source for a keyframe: once a second however many ask, but the first few within moments."""
        self._wants_keyframe = True
        self.on_timer(now)

    def on_timer(self, now: float) -> None:
        """Ask for the keyframe that had to wait."""
        if self._wants_keyframe and self.source is not None and self._may_ask(now):
            self._wants_keyframe = False
            self._asked_at = now
            self._asks_spent_until = max(now, self._asks_spent_until) + KEYFRAME_EVERY_S
            self.source.ask_keyframe()

    def _may_ask(self, now: float) -> bool:
        has_any_left = now >= self._asks_spent_until - (_KEYFRAMES_AT_ONCE - 1) * KEYFRAME_EVERY_S
        return has_any_left and now - self._asked_at >= _KEYFRAME_GAP_S

    def forward(self, source: VideoSource, packet: RtpPacket, codec: str, now: float) -> None:
        """Send a packet on, renumbered so that the bus has no break."""
        if source is not self._from or packet.ssrc != self._from_ssrc:
            self._splice(source, packet, now)
        sequence = (packet.sequence + self._sequence_shift) & 0xFFFF
        timestamp = (packet.timestamp + self._timestamp_shift) & 0xFFFFFFFF
        marker = 0x80 if packet.marker else 0
        wire = HEADER.pack(0x80, CODECS.index(codec) | marker, sequence, timestamp, self.ssrc) + packet.payload
        if (sequence - self._next_sequence) & 0xFFFF < 0x8000:
            self._next_sequence = (sequence + 1) & 0xFFFF
            self._last_timestamp, self._last_at = timestamp, now
        self.history.keep(sequence, wire)
        self.fans[codec].send(wire)
        for tap in self._taps:
            tap.put(source, packet, codec, now)
        if self._wants_keyframe:
            # Sooner than viewers' timers would, and also where a tap alone wants it.
            self.on_timer(now)

    def _splice(self, source: VideoSource, packet: RtpPacket, now: float) -> None:
        elapsed = int((now - self._last_at) * CLOCK_HZ) if self._last_at else 0
        self._sequence_shift = self._next_sequence - packet.sequence
        self._timestamp_shift = self._last_timestamp + max(3000, elapsed) - packet.timestamp
        self._from, self._from_ssrc = source, packet.ssrc
        self.cuts += 1
        # Whatever is lost now, the viewers' decoders need a fresh start.
        self.want_keyframe(now)

    def clock(self) -> tuple[float, int] | None:
        """A monotonic time and the bus's timestamp due then, for sender reports; None while unknown."""
        if self._from is None:
            return None
        due = self._from.capture_time((self._last_timestamp - self._timestamp_shift) & 0xFFFFFFFF)
        return None if due is None else (due, self._last_timestamp)


def codec_of(wire: bytes) -> str:
    """The codec of a packet kept in a picture bus's history."""
    return CODECS[wire[1] & 0x7F]


def seconds_after(later: int, earlier: int) -> float:
    """How far one 90 kHz timestamp is after another."""
    return timestamp_after(later, earlier) / CLOCK_HZ
