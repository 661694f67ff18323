"""CMAF boxes (ISO/IEC 14496-12, 14496-14, 14496-15, 23000-19): init segments, and parts of one moof and one mdat.

Written here and not by FFmpeg's muxer, because decode times and durations are then exactly what they are told to be,
a part costs a few microseconds, and nothing is kept from one part to the next. One track a file, numbered 1.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_TRACK: Final = 1
_MATRIX: Final = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_LANGUAGE_UND: Final = 0x55C4
_SYNC_SAMPLE: Final = 0x02000000
_OTHER_SAMPLE: Final = 0x01010000
_RUN: Final = 0x000001 | 0x000100 | 0x000200 | 0x000400
"""Data offset, and of each sample duration, size and flags."""


@dataclass(frozen=True, slots=True)
class Timed:
    """One sample: its bytes, its duration in the track's timescale, and whether decoding may begin with it."""

    payload: bytes
    duration: int
    is_sync: bool = True


def box(kind: bytes, *contents: bytes) -> bytes:
    """A box of that four-letter kind."""
    body = b"".join(contents)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _full(kind: bytes, version: int, flags: int, *contents: bytes) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *contents)


def format_sound_init(timescale: int, parameters: bytes, bits_per_s: int) -> bytes:
    """The init segment of mono AAC; `parameters` is the AudioSpecificConfig."""
    entry = box(
        b"mp4a",
        struct.pack(">6xH8xHHHHI", 1, 1, 16, 0, 0, timescale << 16),
        _full(b"esds", 0, 0, _descriptors(parameters, bits_per_s)),
    )
    return _format_init(timescale, b"soun", _full(b"smhd", 0, 0, bytes(4)), entry, (0, 0))


def format_picture_init(timescale: int, parameters: bytes, width: int, height: int) -> bytes:
    """The init segment of H.264; `parameters` is the AVCDecoderConfigurationRecord."""
    entry = box(
        b"avc1",
        struct.pack(">6xH16xHHIIIH32sHh", 1, width, height, 0x480000, 0x480000, 0, 1, b"", 24, -1),
        box(b"avcC", parameters),
    )
    return _format_init(timescale, b"vide", _full(b"vmhd", 0, 1, bytes(8)), entry, (width, height))


def format_part(sequence: int, base_time: int, samples: Sequence[Timed]) -> bytes:
    """A moof and an mdat; `base_time` is the first sample's decode time in the track's timescale."""
    run = b"".join(
        struct.pack(">III", s.duration, len(s.payload), _SYNC_SAMPLE if s.is_sync else _OTHER_SAMPLE) for s in samples
    )
    # moof: header, mfhd, and the traf's header, tfhd, tfdt; then the run's own header.
    size = 8 + 16 + 8 + 16 + 20 + 20 + len(run)
    moof = box(
        b"moof",
        _full(b"mfhd", 0, 0, struct.pack(">I", sequence & 0xFFFFFFFF)),
        box(
            b"traf",
            _full(b"tfhd", 0, 0x020000, struct.pack(">I", _TRACK)),
            _full(b"tfdt", 1, 0, struct.pack(">Q", base_time)),
            _full(b"trun", 0, _RUN, struct.pack(">Ii", len(samples), size + 8), run),
        ),
    )
    return moof + box(b"mdat", *(s.payload for s in samples))


def _format_init(timescale: int, handler: bytes, header: bytes, entry: bytes, size: tuple[int, int]) -> bytes:
    # No samples here: they stand in the parts.
    empty_tables = b"".join(
        _full(kind, 0, 0, bytes(size)) for kind, size in ((b"stts", 4), (b"stsc", 4), (b"stsz", 8), (b"stco", 4))
    )
    table = box(b"stbl", _full(b"stsd", 0, 0, struct.pack(">I", 1), entry), empty_tables)
    data = box(b"dinf", _full(b"dref", 0, 0, struct.pack(">I", 1), _full(b"url ", 0, 1)))
    media = box(
        b"mdia",
        _full(b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, timescale, 0, _LANGUAGE_UND, 0)),
        _full(b"hdlr", 0, 0, struct.pack(">I4s12x", 0, handler), b"\x00"),
        box(b"minf", header, data, table),
    )
    volume = 0x0100 if handler == b"soun" else 0
    width, height = size
    place = struct.pack(">IIIII8xHHHH", 0, 0, _TRACK, 0, 0, 0, 0, volume, 0)
    track = box(b"trak", _full(b"tkhd", 0, 7, place, _MATRIX, struct.pack(">II", width << 16, height << 16)), media)
    movie = struct.pack(">IIIIIH10x", 0, 0, timescale, 0, 0x10000, 0x0100)
    extends = box(b"mvex", _full(b"trex", 0, 0, struct.pack(">IIIII", _TRACK, 1, 0, 0, 0)))
    brands = box(b"ftyp", b"iso6", struct.pack(">I", 0), b"iso6", b"cmfc", b"mp41")
    return brands + box(b"moov", _full(b"mvhd", 0, 0, movie, _MATRIX, bytes(24), b"\xff\xff\xff\xff"), track, extends)


def _descriptors(parameters: bytes, bits_per_s: int) -> bytes:
    """The elementary stream descriptor (ISO/IEC 14496-1 section 7.2.6): MPEG-4 audio, AAC."""
    specific = _descriptor(5, parameters)
    decoder = _descriptor(4, struct.pack(">BB3xII", 0x40, 0x15, bits_per_s, bits_per_s) + specific)
    return _descriptor(3, struct.pack(">HB", _TRACK, 0) + decoder + _descriptor(6, b"\x02"))


def _descriptor(tag: int, body: bytes) -> bytes:
    return bytes((tag, len(body))) + body
