"""What the engine's packager tells, made in a moment: sines as AAC, plain pictures as H.264, in parts on one clock."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np

from media.aac import BITS_PER_S, CODEC, AacEncoder
from media.avc import PPS, SPS, format_lengths, format_record, kind_of
from media.cmaf import Timed, format_part, format_picture_init, format_sound_init
from media.stream import (
    AAC_FRAME_SAMPLES,
    PART_FRAMES,
    PART_S,
    PARTS_A_SEGMENT,
    PICTURE_HZ,
    SEGMENT_S,
    SOUND_HZ,
    VIDEO,
    InitMade,
    PartMade,
)

EPOCH = 1_800_000_000.0
SIZE = (160, 96)
PICTURES_A_PART = 10


def frames_of(hertz: float, count: int) -> list[bytes]:
    """AAC frames of a sine."""
    encoder = AacEncoder()
    frames: list[bytes] = []
    for block in range(count + 3):
        at = np.arange(AAC_FRAME_SAMPLES) + block * AAC_FRAME_SAMPLES
        frames += encoder.encode((0.3 * np.sin(2 * math.pi * hertz * at / SOUND_HZ)).astype(np.float32))
    return frames[:count]


def sound_init(stream: str, track: str) -> InitMade:
    """The initialization of a sound track."""
    header = format_sound_init(SOUND_HZ, AacEncoder().parameters, BITS_PER_S)
    return InitMade(stream, track, 0, header, CODEC, BITS_PER_S)


def sound_parts(stream: str, track: str, hertz: float, parts: int, first_msn: int = 0) -> Iterator[PartMade]:
    """Parts of a sine from the beginning of segment `first_msn`."""
    frames = frames_of(hertz, parts * PART_FRAMES)
    for number in range(parts):
        at = first_msn * PARTS_A_SEGMENT + number
        samples = [Timed(one, AAC_FRAME_SAMPLES) for one in frames[number * PART_FRAMES : (number + 1) * PART_FRAMES]]
        yield PartMade(
            stream=stream,
            track=track,
            msn=at // PARTS_A_SEGMENT,
            part=at % PARTS_A_SEGMENT,
            init=0,
            payload=format_part(at, at * PART_FRAMES * AAC_FRAME_SAMPLES, samples),
            duration_s=PART_S,
            is_independent=True,
            is_last=at % PARTS_A_SEGMENT == PARTS_A_SEGMENT - 1,
            starts_at=EPOCH + at * PART_S,
        )


def video(stream: str, parts: int, first_msn: int = 0) -> Iterator[InitMade | PartMade]:
    """The picture: one initialization and its parts, each segment with a keyframe at its beginning."""
    pictures = _pictures(parts * PICTURES_A_PART)
    sets = {kind_of(unit): unit for unit in pictures[0][0]}
    record = format_record(sets[SPS], sets[PPS])
    init = format_picture_init(PICTURE_HZ, record, *SIZE)
    yield InitMade(stream, VIDEO, 0, init, "avc1.42c00b", 200_000, *SIZE, PICTURES_A_PART / PART_S)
    ticks = round(PART_S * PICTURE_HZ / PICTURES_A_PART)
    for number in range(parts):
        at = first_msn * PARTS_A_SEGMENT + number
        chosen = pictures[number * PICTURES_A_PART : (number + 1) * PICTURES_A_PART]
        samples = [Timed(format_lengths(units), ticks, is_key) for units, is_key in chosen]
        yield PartMade(
            stream=stream,
            track=VIDEO,
            msn=at // PARTS_A_SEGMENT,
            part=at % PARTS_A_SEGMENT,
            init=0,
            payload=format_part(at, at * PICTURES_A_PART * ticks, samples),
            duration_s=PART_S,
            is_independent=any(is_key for _, is_key in chosen),
            is_last=at % PARTS_A_SEGMENT == PARTS_A_SEGMENT - 1,
            starts_at=EPOCH + at * PART_S,
        )


def _pictures(count: int) -> list[tuple[list[bytes], bool]]:
    """Coded pictures as NAL units, a keyframe a segment."""
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height = SIZE
    encoder.pix_fmt = "yuv420p"
    encoder.time_base = Fraction(1, 25)
    every = PICTURES_A_PART * PARTS_A_SEGMENT
    encoder.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "x264-params": f"keyint={every}:min-keyint={every}:scenecut=0:slices=1",
    }
    made = []
    for number in range(count):
        frame = av.VideoFrame(*SIZE, "yuv420p")
        for plane in frame.planes:
            plane.update(bytes([(number * 3) % 200]) * plane.buffer_size)
        frame.pts = number
        made += [(bytes(packet), packet.is_keyframe) for packet in encoder.encode(frame)]
    made += [(bytes(packet), packet.is_keyframe) for packet in encoder.encode(None)]
    return [(_units(payload), is_key) for payload, is_key in made]


def _units(annex_b: bytes) -> list[bytes]:
    units = annex_b.replace(b"\x00\x00\x00\x01", b"\x00\x00\x01").split(b"\x00\x00\x01")
    return [unit.rstrip(b"\x00") for unit in units if unit]


def segment_start(msn: int) -> float:
    """When a segment begins, in epoch seconds."""
    return EPOCH + msn * SEGMENT_S
