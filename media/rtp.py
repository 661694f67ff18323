"""RTP headers and sequence arithmetic (RFC 3550 section 5.1). A codec without I/O."""

import struct
from dataclasses import dataclass
from typing import Final

from media.errors import WireError

# What anybody sends is under 100; padding without end is not walked through.
_MOST_EXTENSION_BYTES: Final = 256
HEADER: Final = struct.Struct("!BBHII")


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """A parsed packet. `timestamp` counts in the codec's clock (Opus 48 kHz, video 90 kHz); padding is cut off;
    `extensions` is the one-byte-header extension block (RFC 8285 section 4.2) as it came, or empty.
    """

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    extensions: bytes = b""


def parse(wire: bytes) -> RtpPacket:
    """Read one unprotected RTP packet; CSRCs are skipped, and extensions of other forms than one-byte headers.

    Raises:
        WireError: not version 2, or lengths that do not add up.
    """
    if len(wire) < 12 or wire[0] >> 6 != 2:
        raise WireError("rtp_header")
    first, second, sequence, timestamp, ssrc = HEADER.unpack_from(wire)
    start = 12 + 4 * (first & 0x0F)
    extensions = b""
    if first & 0x10:
        if len(wire) < start + 4:
            raise WireError("rtp_extension")
        after = start + 4 + 4 * int.from_bytes(wire[start + 2 : start + 4], "big")
        if wire[start : start + 2] == b"\xbe\xde":
            extensions = wire[start + 4 : after]
        start = after
    end = len(wire)
    if first & 0x20:
        padding = wire[-1]
        if padding == 0:
            raise WireError("rtp_padding")
        end -= padding
    if start > end:
        raise WireError("rtp_length")
    return RtpPacket(second & 0x7F, second > 127, sequence, timestamp, ssrc, wire[start:end], extensions)


def format_packet(packet: RtpPacket) -> bytes:
    """The bytes of a packet, without CSRCs and padding. `extensions` must be whole words of four bytes."""
    header = HEADER.pack(
        0x90 if packet.extensions else 0x80,
        packet.payload_type | (0x80 if packet.marker else 0),
        packet.sequence,
        packet.timestamp,
        packet.ssrc,
    )
    if packet.extensions:
        header += b"\xbe\xde" + (len(packet.extensions) // 4).to_bytes(2, "big") + packet.extensions
    return header + packet.payload


def find_extension(extensions: bytes, ident: int) -> bytes | None:
    """The value of the header extension numbered `ident`, or None (RFC 8285 section 4.2)."""
    at, end = 0, min(len(extensions), _MOST_EXTENSION_BYTES)
    while at < end:
        number, size = extensions[at] >> 4, (extensions[at] & 0x0F) + 1
        if number == 15:
            return None
        if number == 0:
            at += 1
            continue
        if number == ident and at + 1 + size <= len(extensions):
            return extensions[at + 1 : at + 1 + size]
        at += 1 + size
    return None


def is_rtcp(datagram: bytes) -> bool:
    """Whether a datagram whose first byte says RTP or RTCP is RTCP (RFC 5761 section 4)."""
    return len(datagram) > 1 and 192 <= datagram[1] <= 223


def sequence_after(a: int, b: int) -> int:
    """How far `a` is after `b`, modulo 2^16, from -32768 to 32767 (RFC 1982)."""
    return ((a - b + 0x8000) & 0xFFFF) - 0x8000


def timestamp_after(a: int, b: int) -> int:
    """How far `a` is after `b`, modulo 2^32, signed."""
    return ((a - b + 0x80000000) & 0xFFFFFFFF) - 0x80000000
