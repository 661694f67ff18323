"""Audio sent twice (RED, RFC 2198): taken apart on the way in, put together on the way out. A codec without I/O."""

from typing import Final

from media.errors import WireError
from media.rtp import RtpPacket

_MOST_BLOCKS: Final = 4


def take_apart(packet: RtpPacket, opus_type: int) -> list[RtpPacket]:
    """The Opus packets inside, oldest first; each gets the sequence number it was first sent under.

    Chromium wraps one earlier packet of 20 ms, so a block's distance in packets is taken from its distance in time.

    Raises:
        WireError: lengths that do not add up, another codec inside, or more blocks than anybody sends.
    """
    payload, at = packet.payload, 0
    headers: list[tuple[int, int]] = []
    while True:
        if at >= len(payload) or len(headers) >= _MOST_BLOCKS:
            raise WireError("red_header")
        if payload[at] & 0x7F != opus_type:
            raise WireError("red_codec")
        if payload[at] < 0x80:
            at += 1
            break
        if at + 4 > len(payload):
            raise WireError("red_header")
        fields = int.from_bytes(payload[at + 1 : at + 4], "big")
        headers.append((fields >> 10, fields & 0x3FF))
        at += 4
    packets = []
    for index, (offset, size) in enumerate(headers):
        if at + size > len(payload):
            raise WireError("red_length")
        if size:
            back = len(headers) - index
            packets.append(_earlier(packet, offset, back, payload[at : at + size], opus_type))
        at += size
    return [*packets, RtpPacket(opus_type, packet.marker, packet.sequence, packet.timestamp, packet.ssrc, payload[at:])]


def _earlier(packet: RtpPacket, offset: int, back: int, payload: bytes, opus_type: int) -> RtpPacket:
    sequence = (packet.sequence - back) & 0xFFFF
    return RtpPacket(opus_type, False, sequence, (packet.timestamp - offset) & 0xFFFFFFFF, packet.ssrc, payload)


def put_together(opus_type: int, payload: bytes, earlier: bytes, offset_samples: int) -> bytes:
    """A RED payload of this packet's sound and that of one earlier packet, `offset_samples` before it."""
    if not earlier or len(earlier) > 0x3FF or not 0 < offset_samples < 1 << 14:
        return bytes([opus_type]) + payload
    fields = (offset_samples << 10 | len(earlier)).to_bytes(3, "big")
    return bytes([0x80 | opus_type]) + fields + bytes([opus_type]) + earlier + payload
