"""H.264 into RTP payloads (RFC 6184, packetization mode 1): whole NAL units, or FU-A fragments of larger ones."""

from collections.abc import Iterator
from typing import Final

PAYLOAD_BYTES: Final = 1100
_FU_A: Final = 28


def split_annex_b(access_unit: bytes) -> Iterator[bytes]:
    """The NAL units of an Annex B byte stream, without start codes and trailing zeros."""
    start = access_unit.find(b"\x00\x00\x01")
    while start >= 0:
        following = access_unit.find(b"\x00\x00\x01", start + 3)
        unit = access_unit[start + 3 : following if following >= 0 else len(access_unit)].rstrip(b"\x00")
        if unit:
            yield unit
        start = following


def payloads(access_unit: bytes) -> list[bytes]:
    """RTP payloads of one picture, in order; the last one's packet carries the marker bit."""
    return [payload for unit in split_annex_b(access_unit) for payload in _fragments(unit)]


def _fragments(unit: bytes) -> Iterator[bytes]:
    if len(unit) <= PAYLOAD_BYTES:
        yield unit
        return
    indicator = (unit[0] & 0xE0) | _FU_A
    kind = unit[0] & 0x1F
    body = unit[1:]
    for at in range(0, len(body), PAYLOAD_BYTES - 2):
        is_first, is_last = at == 0, at + PAYLOAD_BYTES - 2 >= len(body)
        header = kind | (0x80 if is_first else 0) | (0x40 if is_last else 0)
        yield bytes([indicator, header]) + body[at : at + PAYLOAD_BYTES - 2]
