"""Frozen, black and lively pictures are told apart from decoded keyframes; what a stream tells of itself is counted."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import av
import numpy as np
import pytest

from media import h264
from media.picture_facts import PictureFacts
from media.picture_watch import PictureLook, PictureWatch, PictureWatches, decode_small
from media.pictures import PictureBus, VideoSource
from media.rtp import RtpPacket
from media.still import open_encoder
from tests.tries import best

WIDTH, HEIGHT = 640, 360
Scene = Callable[[int], Any]
_NOISE = np.random.default_rng(7)


def hall(number: int, noise: float = 3.0) -> Any:
    """A camera's picture at so many seconds: a lit stage, somebody who moves, a sensor's noise."""
    luma = np.tile(np.linspace(60, 160, WIDTH), (HEIGHT, 1))
    left = 200 + 9 * (number % 20)
    luma[120:300, left : left + 60] = 210
    return luma + _NOISE.normal(0, noise, luma.shape)


def frozen(number: int) -> Any:
    return np.tile(np.linspace(60, 160, WIDTH), (HEIGHT, 1))


def black(number: int) -> Any:
    return np.full((HEIGHT, WIDTH), 16.0) + np.abs(_NOISE.normal(0, 2, (HEIGHT, WIDTH)))


def night(number: int) -> Any:
    """A dark hall with one lamp, and somebody who goes about."""
    luma = np.full((HEIGHT, WIDTH), 18.0)
    luma[20:80, 300:380] = 150
    luma[200:320, 100 + 17 * (number % 25) : 130 + 17 * (number % 25)] = 60
    return luma


def encoded(scene: Scene, seconds: int, codec: str) -> Iterator[list[bytes]]:
    """RTP payloads of a keyframe a second."""
    encoder: Any = None
    if codec == "h264":
        encoder = open_encoder(WIDTH, HEIGHT, Fraction(1), {"qp": "28"})
    else:
        encoder = av.CodecContext.create("libvpx", "w")
        encoder.width, encoder.height, encoder.pix_fmt, encoder.time_base = WIDTH, HEIGHT, "yuv420p", Fraction(1)
        encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    for number in range(seconds):
        planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
        planes[:HEIGHT] = np.clip(scene(number), 16, 235)
        frame: Any = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base, frame.pict_type = number, Fraction(1), av.video.frame.PictureType.I
        for packet in encoder.encode(frame):
            picture = bytes(packet)
            if codec == "h264":
                yield h264.payloads(picture)
            else:
                pieces = [picture[at : at + 1100] for at in range(0, len(picture), 1100)]
                yield [bytes([0x10 if not at else 0]) + piece for at, piece in enumerate(pieces)]


def packets(scene: Scene, seconds: int, codec: str, ssrc: int = 5) -> Iterator[tuple[float, RtpPacket]]:
    sequence = 0
    for second, pieces in enumerate(encoded(scene, seconds, codec)):
        for place, piece in enumerate(pieces, 1):
            yield float(second), RtpPacket(96, place == len(pieces), sequence, second * 90000, ssrc, piece)
            sequence += 1


def watched(scene: Scene, seconds: int, codec: str = "h264") -> PictureLook:
    """What is said of a scene at the end."""

    def decode(watch: PictureWatch, codec: str, units: tuple[bytes, ...], at: float) -> None:
        luma = decode_small(codec, units)
        assert luma is not None
        watch.see(luma, at)

    watch, source = PictureWatch(decode), VideoSource(lambda: None, lambda _: None)
    for now, packet in packets(scene, seconds, codec):
        watch.put(source, packet, codec, now)
    return watch.look(float(seconds))


@pytest.mark.parametrize("codec", ["h264", "vp8"])
@pytest.mark.parametrize(
    ("scene", "is_frozen", "is_black"),
    [(hall, False, False), (frozen, True, False), (black, True, True), (night, False, False)],
)
def test_a_scene_is_seen_for_what_it_is(scene: Scene, is_frozen: bool, is_black: bool, codec: str) -> None:
    look = watched(scene, 45, codec)
    assert (look.frozen_s >= 30) is is_frozen
    assert (look.black_s >= 30) is is_black
    assert look.silent_s == pytest.approx(1.0)
    if not is_frozen:
        assert look.frozen_s <= 8


def test_a_picture_that_moves_again_is_not_frozen() -> None:
    look = watched(lambda number: frozen(number) if number < 40 else hall(number), 60)
    assert look.frozen_s <= 8
    assert look.black_s == 0


def test_only_a_keyframe_in_four_seconds_is_decoded() -> None:
    decoded: list[float] = []
    watch = PictureWatch(lambda watch, codec, units, at: decoded.append(at))
    source = VideoSource(lambda: None, lambda _: None)
    for now, packet in packets(hall, 21, "h264"):
        watch.put(source, packet, "h264", now)
    assert decoded == [0.0, 4.0, 8.0, 12.0, 16.0, 20.0]
    assert not watch.wants_keyframe(20.5)
    assert watch.look(20.5) == PictureLook(0.5, 0.0, 0.0)


def test_a_keyframe_is_asked_for_when_none_comes() -> None:
    watch = PictureWatch(lambda *_: None)
    source = VideoSource(lambda: None, lambda _: None)
    plain = RtpPacket(96, True, 1, 0, 5, bytes([0x41, 1, 2, 3]))
    for tenth in range(80):
        watch.put(source, plain, "h264", tenth / 10)
    assert watch.wants_keyframe(8.0)
    assert not watch.wants_keyframe(20.0), "nothing comes any more: nobody to ask"


def test_what_cannot_be_decoded_is_no_look() -> None:
    assert decode_small("h264", (b"\x67\x42", b"\x65garbage")) is None
    assert decode_small("vp8", (b"\x00\x00\x00\x9d\x01\x2a",)) is None


async def test_watches_tap_their_buses_and_let_them_go() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        bus, asked = PictureBus(sock), []
        source = VideoSource(lambda: asked.append(1), lambda _: None)
        bus.set_source(source)
        watches = PictureWatches(lambda name: bus)
        watches.watch(frozenset({"plenary"}))
        assert bus.is_watched
        assert asked == [1]
        for _, packet in packets(frozen, 1, "h264"):
            source.take(packet, "h264", time.monotonic())
        async with asyncio.timeout(30):
            while watches.looks["plenary"].silent_s is None:  # noqa: ASYNC110 - it looks by itself, now and then
                await asyncio.sleep(0.02)
        watches.watch(frozenset())
        assert not bus.is_watched
        assert watches.looks == {}
        watches.close()


@pytest.mark.parametrize("codec", ["h264", "vp8"])
def test_a_stream_tells_its_pictures_keyframes_and_size(codec: str) -> None:
    facts = PictureFacts()
    for now, packet in packets(hall, 5, codec):
        facts.note(packet, codec, now)
    assert (facts.pictures, facts.keyframe_at, facts.size) == (5, 4.0, (WIDTH, HEIGHT))


def test_the_watch_is_cheap() -> None:
    """A thousand packets without a look, and one look at 640 × 360."""
    watch = PictureWatch(lambda *_: None)
    source = VideoSource(lambda: None, lambda _: None)
    some = [packet for _, packet in packets(hall, 2, "h264")]
    watch.put(source, some[0], "h264", 0.0)

    def seconds_a_packet() -> float:
        began = time.process_time()
        for number in range(1000):
            watch.put(source, some[number % len(some)], "h264", 1.0)
        return (time.process_time() - began) / 1000

    assert best(seconds_a_packet, 20e-6, times=10) < 20e-6
