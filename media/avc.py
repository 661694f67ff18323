"""H.264 parameter sets: what a sequence parameter set says of the picture, and the configuration record of an MP4
file (ITU-T H.264 section 7.3.2.1, ISO/IEC 14496-15 section 5.3.3). Bytes in, plain data out.
"""

import struct
from collections.abc import Iterable
from dataclasses import dataclass

from media.errors import WireError

SLICE, IDR, SEI, SPS, PPS = 1, 5, 6, 7, 8
# Access unit delimiters, ends of sequences and streams, filler: of no use in a file.
_LEFT_OUT = {9, 10, 11, 12}
_HIGH_PROFILES = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}
_MOST_PIXELS_A_SIDE = 16384


@dataclass(frozen=True, slots=True)
class PictureFormat:
    """What is shown, in pixels, and the codec's name as in RFC 6381."""

    width: int
    height: int
    codec: str


def kind_of(unit: bytes) -> int:
    """A NAL unit's type, from 0 to 31."""
    return unit[0] & 0x1F if unit else 0


def format_lengths(units: Iterable[bytes]) -> bytes:
    """The NAL units of one picture with four bytes of length before each, without those a file has no use for."""
    return b"".join(struct.pack(">I", len(unit)) + unit for unit in units if kind_of(unit) not in _LEFT_OUT)


def split_lengths(sample: bytes) -> list[bytes]:
    """The NAL units of what `format_lengths` made.

    Raises:
        WireError: lengths that do not add up.
    """
    units, at = [], 0
    while at < len(sample):
        size = int.from_bytes(sample[at : at + 4], "big")
        units.append(sample[at + 4 : at + 4 + size])
        at += 4 + size
    if at != len(sample):
        raise WireError("avc_lengths")
    return units


def format_record(sps: bytes, pps: bytes) -> bytes:
    """An AVCDecoderConfigurationRecord with one parameter set of each kind."""
    head = bytes((1, sps[1], sps[2], sps[3], 0xFF, 0xE1)) + struct.pack(">H", len(sps))
    record = head + sps + b"\x01" + struct.pack(">H", len(pps)) + pps
    if sps[1] in _HIGH_PROFILES and sps[1] != 44:
        # Chroma format 4:2:0 and 8 bits, as every venue sends; no extensions of the set.
        record += bytes((0xFC | 1, 0xF8, 0xF8, 0))
    return record


def parse_sps(sps: bytes) -> PictureFormat:
    """Read a sequence parameter set.

    Raises:
        WireError: not one, or cut off.
    """
    if len(sps) < 4 or kind_of(sps) != SPS:
        raise WireError("sps")
    bits = _Bits(_without_emulation(sps[4:]))
    bits.golomb()
    chroma = _read_high(bits) if sps[1] in _HIGH_PROFILES else 1
    bits.golomb()
    _skip_picture_order(bits)
    bits.golomb()
    bits.take(1)
    across, down = bits.golomb() + 1, bits.golomb() + 1
    is_progressive = bits.take(1)
    if not is_progressive:
        bits.take(1)
    bits.take(1)
    width, height = across * 16, down * 16 * (2 - is_progressive)
    if bits.take(1):
        left, right, top, bottom = (bits.golomb() for _ in range(4))
        unit_x = 2 if chroma in (1, 2) else 1
        unit_y = (2 if chroma == 1 else 1) * (2 - is_progressive)
        width -= unit_x * (left + right)
        height -= unit_y * (top + bottom)
    if not (0 < width <= _MOST_PIXELS_A_SIDE and 0 < height <= _MOST_PIXELS_A_SIDE):
        raise WireError("sps_size")
    return PictureFormat(width, height, f"avc1.{sps[1]:02X}{sps[2]:02X}{sps[3]:02X}")


def _read_high(bits: "_Bits") -> int:
    chroma = bits.golomb()
    if chroma == 3:
        bits.take(1)
    bits.golomb()
    bits.golomb()
    bits.take(1)
    if bits.take(1):
        for table in range(8 if chroma != 3 else 12):
            if bits.take(1):
                _skip_scaling(bits, 16 if table < 6 else 64)
    return chroma


def _skip_scaling(bits: "_Bits", size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed_golomb()) % 256
        last = following or last


def _skip_picture_order(bits: "_Bits") -> None:
    match bits.golomb():
        case 0:
            bits.golomb()
        case 1:
            bits.take(1)
            bits.golomb()
            bits.golomb()
            for _ in range(min(bits.golomb(), 255)):
                bits.golomb()
        case _:
            pass


def _without_emulation(body: bytes) -> bytes:
    return body.replace(b"\x00\x00\x03", b"\x00\x00")


class _Bits:
    """Bits from the front of some bytes, with Exp-Golomb codes (section 9.1)."""

    def __init__(self, source: bytes) -> None:
        self._value = int.from_bytes(source, "big")
        self._left = len(source) * 8

    def take(self, count: int) -> int:
        if count > self._left:
            raise WireError("sps_short")
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def golomb(self) -> int:
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 31:
                raise WireError("sps_golomb")
        return (1 << zeros) - 1 + self.take(zeros)

    def signed_golomb(self) -> int:
        code = self.golomb()
        return (code + 1) // 2 if code % 2 else -(code // 2)
