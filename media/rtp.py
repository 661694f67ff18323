"""RTP headers and sequence arithmetic (RFC 3550 section 5.1). A codec without I/O."""

import struct
from dataclasses import dataclass
from typing import Final

from media.errors import WireError

HEADER: Final = struct.Struct("!BBHII")


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """A parsed packet. `timestamp` counts in the codec's clock (Opus 48 kHz, video 90 kHz); padding is cut off."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def parse(wire: bytes) -> RtpPacket:
    """Read one unprotected RTP packet; CSRCs and header extensions are skipped.

    Raises:
        WireError: not version 2, or lengths that do not add up.
    """
    if len(wire) < 12 or wire[0] >> 6 != 2:
        raise WireError("rtp_header")
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(wire)
    start = 12 + 4 * (first & 0x0F)
    if first & 0x10:
        if len(wire) < start + 4:
            raise WireError("rtp_extension")
        start += 4 + 4 * int.from_bytes(wire[start + 2 : start + 4], "big")
    end = len(wire)
    if first & 0x20:
        padding = wire[-1]
        if padding == 0:
            raise WireError("rtp_padding")
        end -= padding
    if start > end:
        raise WireError("rtp_length")
    return RtpPacket(second & 0x7F, second > 127, sequence, timestamp, ssrc, wire[start:end])


def format_packet(packet: RtpPacket) -> bytes:
    """The bytes of a packet without CSRCs, extensions or padding."""
    header = HEADER.pack(
        0x80,
        packet.payload_type | (0x80 if packet.marker else 0),
        packet.sequence,
        packet.timestamp,
        packet.ssrc,
    )
    return header + packet.payload


def is_rtcp(datagram: bytes) -> bool:
    """Whether a datagram whose first byte says RTP or RTCP is RTCP (RFC 5761 section 4)."""
    return len(datagram) > 1 and 192 <= datagram[1] <= 223


def sequence_after(a: int, b: int) -> int:
    """How far `a` is after `b`, modulo 2^16, from -32768 to 32767 (RFC 1982)."""
    return ((a - b + 0x8000) & 0xFFFF) - 0x8000


def timestamp_after(a: int, b: int) -> int:
    """How far `a` is after `b`, modulo 2^32, signed."""
    return ((a - b + 0x80000000) & 0xFFFFFFFF) - 0x80000000
