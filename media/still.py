"""A picture that stands, as H.264: a keyframe and pictures that change nothing, encoded once and sent again and again.

What fills the time while no picture comes costs nothing then but its few bytes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

import av

from media import avc, h264
from media.errors import MediaError, WireError
from media.stream import PART_TICKS, PICTURE_HZ, SEGMENT_TICKS

STILL_TICKS: Final = PART_TICKS // 3
"""From one such picture to the next, in 90 kHz: 7 a second, and whole numbers of them in a part."""
_PICTURES: Final = SEGMENT_TICKS // STILL_TICKS
_START_CODE: Final = b"\x00\x00\x00\x01"


@dataclass(frozen=True, slots=True)
class Still:
    """`pictures` are samples with lengths before their NAL units; the first is a keyframe with its parameter sets.
    After the last the first may follow, and the first after any.
    """

    width: int
    height: int
    pictures: tuple[bytes, ...]


def encode_still(frame: Any) -> Still:
    """Encode a video frame of even size as a still.

    Raises:
        MediaError: libx264 is missing or would not have it.
    """
    encoder = open_encoder(frame.width, frame.height, Fraction(PICTURE_HZ, STILL_TICKS), {"qp": "22"})
    pictures = []
    for number in range(_PICTURES):
        frame.pts, frame.time_base = number, encoder.time_base
        pictures += [pack(bytes(packet)) for packet in encoder.encode(frame)]
    if len(pictures) != _PICTURES:
        raise MediaError("still_encoder")
    return Still(frame.width, frame.height, tuple(pictures))


def open_encoder(width: int, height: int, rate: Fraction, options: dict[str, str]) -> Any:
    """libx264 for pictures that go out at once: baseline, a keyframe only where one is forced.

    Raises:
        MediaError: this FFmpeg has no libx264.
    """
    try:
        encoder: Any = av.CodecContext.create("libx264", "w")
    except av.error.FFmpegError as error:
        raise MediaError("x264_missing") from error
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.framerate, encoder.time_base = rate, 1 / rate
    encoder.gop_size = 1 << 20
    quick = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "threads": "1", "forced-idr": "1"}
    encoder.options = quick | {"x264-params": "scenecut=0"} | options
    return encoder


def pack(access_unit: bytes) -> bytes:
    """An encoder's picture as a file holds it: lengths for start codes, and no SEI, which only names the encoder."""
    return avc.format_lengths(u for u in h264.split_annex_b(access_unit) if avc.kind_of(u) != avc.SEI)


def annex_b(sample: bytes) -> bytes:
    """A picture with start codes for lengths, as decoders take it."""
    return b"".join(_START_CODE + unit for unit in avc.split_lengths(sample))


def decode_last(pictures: Sequence[bytes]) -> Any:
    """The last picture of a row that begins with a keyframe, as a frame in yuv420p; None when nothing can be shown."""
    decoder: Any = av.CodecContext.create("h264", "r")
    decoder.flags |= av.codec.context.Flags.low_delay
    last = None
    for picture in pictures:
        for frame in _decode(decoder, picture):
            last = frame
    for frame in _decode(decoder, b""):
        last = frame
    return None if last is None else last.reformat(format="yuv420p")


def _decode(decoder: Any, picture: bytes) -> Iterable[Any]:
    try:
        return list(decoder.decode(av.Packet(annex_b(picture)) if picture else None))
    except (av.error.FFmpegError, WireError):
        return []
