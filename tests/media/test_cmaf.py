"""Boxes, read back by FFmpeg's demuxer: every time and duration to the tick, every byte, and the whole size."""

import io
from typing import Any

import av
import numpy as np
import pytest

from media import avc, h264
from media.aac import AacEncoder
from media.cmaf import Timed, format_part, format_picture_init, format_sound_init
from media.opus import Pcm
from tests.media.film import film

FAR = 90000 * 3600 * 24 * 30


def packed(count: int = 6) -> list[bytes]:
    return [avc.format_lengths(h264.split_annex_b(picture)) for picture in film(count)]


def picture_init() -> bytes:
    sets = {avc.kind_of(unit): unit for unit in h264.split_annex_b(film(6)[0])}
    shape = avc.parse_sps(sets[avc.SPS])
    return format_picture_init(90000, avc.format_record(sets[avc.SPS], sets[avc.PPS]), shape.width, shape.height)


def demux(payload: bytes) -> tuple[Any, list[Any]]:
    container: Any = av.open(io.BytesIO(payload))
    return container.streams[0], [packet for packet in container.demux() if packet.size]


@pytest.mark.parametrize("base", [0, 12345, FAR])
def test_pictures_come_back_with_their_times(base: int) -> None:
    durations = [3000, 2999, 3001, 4500, 1, 90000]
    samples = [Timed(payload, d, n == 0) for n, (payload, d) in enumerate(zip(packed(), durations, strict=True))]
    payload = picture_init() + format_part(1, base, samples[:4]) + format_part(2, base + 13500, samples[4:])
    stream, packets = demux(payload)
    assert [packet.dts for packet in packets] == [base + sum(durations[:n]) for n in range(6)]
    assert [packet.duration for packet in packets] == durations
    assert [bytes(packet) for packet in packets] == [sample.payload for sample in samples]
    assert [packet.is_keyframe for packet in packets] == [True] + [False] * 5
    assert (stream.width, stream.height, stream.time_base.denominator) == (64, 48, 90000)


def test_sound_comes_back_with_its_times() -> None:
    encoder = AacEncoder()
    silence: Pcm = np.zeros(1024, np.float32)
    frames = [frame for _ in range(10) for frame in encoder.encode(silence)]
    payload = format_sound_init(48000, encoder.parameters, 96000)
    payload += format_part(9, 48000 * 100, [Timed(frame, 1024) for frame in frames])
    stream, packets = demux(payload)
    assert [packet.pts for packet in packets] == [4800000 + 1024 * n for n in range(len(frames))]
    assert [bytes(packet) for packet in packets] == frames
    assert (stream.codec_context.name, stream.sample_rate, stream.channels) == ("aac", 48000, 1)


def test_boxes_fill_a_part_to_the_byte() -> None:
    part = format_part(7, 5, [Timed(payload, 3000) for payload in packed()])
    sizes, at = {}, 0
    while at < len(part):
        size = int.from_bytes(part[at : at + 4], "big")
        sizes[part[at + 4 : at + 8]] = size
        at += size
    assert at == len(part)
    assert list(sizes) == [b"moof", b"mdat"]
    assert sizes[b"mdat"] == 8 + sum(map(len, packed()))
