"""What a video stream tells of itself without being decoded: pictures, keyframes, size. About 1 µs a packet."""

from typing import Final

from media import avc
from media.errors import WireError
from media.rtp import RtpPacket

_STAP_A, _FU_A = 24, 28
_VP8_START: Final = b"\x9d\x01\x2a"


class PictureFacts:
    """One stream's. `pictures` counts since the start; moments are monotonic seconds, None before the first."""

    def __init__(self) -> None:
        self.pictures = 0
        self.last_at: float | None = None
        self.keyframe_at: float | None = None
        self.size: tuple[int, int] | None = None
        self._timestamp: int | None = None

    def note(self, packet: RtpPacket, codec: str, now: float) -> None:
        """A packet came at `now`."""
        self.last_at = now
        if packet.timestamp == self._timestamp:
            return
        self._timestamp = packet.timestamp
        self.pictures += 1
        if begins_keyframe(codec, packet.payload):
            self.keyframe_at = now
            self.size = _size(codec, packet.payload) or self.size


def begins_keyframe(codec: str, payload: bytes) -> bool:
    """Whether a keyframe's first packet carries this: its parameter sets come first in H.264."""
    if codec == "h264":
        kind = avc.kind_of(payload)
        if kind == _STAP_A:
            kind = avc.kind_of(payload[3:])
        elif kind == _FU_A and len(payload) > 1 and payload[1] & 0x80:
            kind = payload[1] & 0x1F
        return kind in (avc.SPS, avc.IDR)
    return _vp8_header(payload) is not None


def _size(codec: str, payload: bytes) -> tuple[int, int] | None:
    if codec != "h264":
        header = _vp8_header(payload)
        if header is None:
            return None
        return int.from_bytes(header[6:8], "little") & 0x3FFF, int.from_bytes(header[8:10], "little") & 0x3FFF
    if avc.kind_of(payload) == _STAP_A:
        payload = payload[3 : 3 + int.from_bytes(payload[1:3], "big")]
    if avc.kind_of(payload) != avc.SPS:
        return None
    try:
        found = avc.parse_sps(payload)
    except WireError:
        return None
    return found.width, found.height


def _vp8_header(payload: bytes) -> bytes | None:
    """The beginning of a keyframe's first partition (RFC 6386 section 9.1)."""
    if not payload or not payload[0] & 0x10 or payload[0] & 0x07:
        return None
    # Its start code lies 3 bytes behind the descriptor, which has 1 to 6 bytes.
    at = payload.find(_VP8_START, 4, 12)
    return payload[at - 3 : at + 7] if at >= 0 and not payload[at - 3] & 1 and len(payload) >= at + 7 else None
