"""RTP payloads into pictures: H.264 (RFC 6184: single NAL units, STAP-A, FU-A) and VP8 (RFC 7741).

Packets may come in another order than they were sent, and lost ones again when they were asked for. What stays lost
costs every picture until the next keyframe, because each is made from the one before. Without I/O and without a clock.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from media import avc
from media.rtp import RtpPacket, sequence_after

# What is asked for again comes within a round or two; a picture later than this helps no part.
_PATIENCE_S: Final = 0.2
_MOST_WAITING: Final = 1024
_JUMP_PACKETS: Final = 100
_MOST_UNIT_BYTES: Final = 4_000_000
_STAP_A, _FU_A = 24, 28
_VP8_KEYFRAME: Final = b"\x9d\x01\x2a"


@dataclass(frozen=True, slots=True)
class Payload:
    """One packet of a picture: as it came, when, and when its picture is due (monotonic seconds; None: unknown)."""

    packet: RtpPacket
    arrived: float
    due: float | None


@dataclass(frozen=True, slots=True)
class AccessUnit:
    """One picture. `units` are H.264's NAL units, or VP8's one frame. `arrived` is when its last packet came."""

    timestamp: int
    units: tuple[bytes, ...]
    is_key: bool
    arrived: float
    due: float | None


@dataclass(slots=True)
class AccessUnitCounts:
    """Packets that never came, and pictures that were dropped, for that or for want of a keyframe before them."""

    lost: int = 0
    dropped: int = 0


@dataclass(slots=True)
class _Picture:
    first: Payload
    is_whole: bool
    pieces: list[bytes] = field(default_factory=list)


class AccessUnits:
    """One RTP stream's pictures.

    Args:
        codec: "h264" or "vp8".
    """

    def __init__(self, codec: str) -> None:
        self.counts = AccessUnitCounts()
        self.needs_key = True
        """Whether nothing will come out before the next keyframe."""
        self._put_together, self._may_begin, self._is_key = _CODECS[codec]
        self._waiting: dict[int, Payload] = {}
        self._next: int | None = None
        self._behind = 0
        self._picture: _Picture | None = None
        self._is_after_marker = False

    def push(self, payload: Payload) -> list[AccessUnit]:
        """Take a packet; returns the pictures that are whole now."""
        sequence = payload.packet.sequence
        if self._next is None:
            self._next = sequence
        if sequence_after(sequence, self._next) < 0:
            self._behind += 1
            if self._behind < _JUMP_PACKETS:
                return []
            # The sender numbers anew.
            self._waiting.clear()
            self._break()
            self._next = sequence
        self._behind = 0
        self._waiting[sequence] = payload
        return list(self._drain(payload.arrived))

    def _drain(self, now: float) -> Iterator[AccessUnit]:
        assert self._next is not None
        while self._waiting:
            payload = self._waiting.pop(self._next, None)
            if payload is None:
                oldest = min(self._waiting, key=lambda s: sequence_after(s, self._next or 0))
                if len(self._waiting) < _MOST_WAITING and now - self._waiting[oldest].arrived < _PATIENCE_S:
                    return
                self.counts.lost += sequence_after(oldest, self._next)
                self._break()
                self._next = oldest
                continue
            self._next = (self._next + 1) & 0xFFFF
            yield from self._take(payload)

    def _break(self) -> None:
        self._picture = None
        self._is_after_marker = False
        self.needs_key = True

    def _take(self, payload: Payload) -> Iterator[AccessUnit]:
        packet = payload.packet
        if self._picture is not None and self._picture.first.packet.timestamp != packet.timestamp:
            # Its marker bit was not set: some senders never do.
            yield from self._finish(payload.arrived)
            self._is_after_marker = True
        if self._picture is None:
            is_whole = self._is_after_marker or self._may_begin(packet.payload)
            self._picture = _Picture(payload, is_whole)
        self._picture.pieces.append(packet.payload)
        self._is_after_marker = packet.marker
        if packet.marker:
            yield from self._finish(payload.arrived)

    def _finish(self, arrived: float) -> Iterator[AccessUnit]:
        assert self._picture is not None
        picture, self._picture = self._picture, None
        units = self._put_together(picture.pieces) if picture.is_whole else None
        if units is None or sum(map(len, units)) > _MOST_UNIT_BYTES:
            self.needs_key = True
            self.counts.dropped += 1
            return
        is_key = self._is_key(units)
        if self.needs_key and not is_key:
            self.counts.dropped += 1
            return
        self.needs_key = False
        yield AccessUnit(picture.first.packet.timestamp, tuple(units), is_key, arrived, picture.first.due)


def _compose_h264(pieces: list[bytes]) -> list[bytes] | None:
    """The NAL units in the payloads of one picture; None when they make no sense."""
    units: list[bytes] = []
    fragments: list[bytes] = []
    for piece in pieces:
        kind = avc.kind_of(piece)
        if kind == _FU_A and len(piece) > 2:
            if piece[1] & 0x80:
                fragments = [bytes((piece[0] & 0xE0 | piece[1] & 0x1F,))]
            if not fragments:
                return None
            fragments.append(piece[2:])
            if piece[1] & 0x40:
                units.append(b"".join(fragments))
                fragments = []
        elif fragments:
            return None
        elif kind == _STAP_A:
            units += _split_aggregate(piece)
        elif 0 < kind < _STAP_A:
            units.append(piece)
    return units if units and not fragments else None


def _split_aggregate(piece: bytes) -> Iterator[bytes]:
    at = 1
    while at + 2 < len(piece):
        size = int.from_bytes(piece[at : at + 2], "big")
        unit = piece[at + 2 : at + 2 + size]
        if unit:
            yield unit
        at += 2 + size


def _begins_h264(piece: bytes) -> bool:
    kind = avc.kind_of(piece)
    return avc.kind_of(piece[3:]) in (avc.SPS, 9) if kind == _STAP_A else kind in (avc.SPS, 9)


def _compose_vp8(pieces: list[bytes]) -> list[bytes] | None:
    bodies = [_strip_vp8(piece) for piece in pieces]
    frame = b"".join(bodies)
    return [frame] if frame and all(bodies) and _begins_vp8(pieces[0]) else None


def _strip_vp8(piece: bytes) -> bytes:
    """The payload without its descriptor (RFC 7741 section 4.2)."""
    at = 1
    if piece and piece[0] & 0x80 and len(piece) > 1:
        extended = piece[1]
        at = 2
        if extended & 0x80:
            at += 2 if len(piece) > 2 and piece[2] & 0x80 else 1
        at += bool(extended & 0x40) + bool(extended & 0x30)
    return piece[at:]


def _begins_vp8(piece: bytes) -> bool:
    # Start of partition 0.
    return bool(piece) and bool(piece[0] & 0x10) and not piece[0] & 0x07


def _is_key_vp8(units: list[bytes]) -> bool:
    # Its first bit is clear, and a start code follows after three bytes (RFC 6386 section 9.1).
    return not units[0][0] & 1 and units[0][3:6] == _VP8_KEYFRAME


def _is_key_h264(units: list[bytes]) -> bool:
    return any(avc.kind_of(unit) == avc.IDR for unit in units)


_Compose = Callable[[list[bytes]], list[bytes] | None]
_CODECS: Final[dict[str, tuple[_Compose, Callable[[bytes], bool], Callable[[list[bytes]], bool]]]] = {
    "h264": (_compose_h264, _begins_h264, _is_key_h264),
    "vp8": (_compose_vp8, _begins_vp8, _is_key_vp8),
}
