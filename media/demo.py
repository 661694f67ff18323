"""A floor made on the fly: a clock on a moving picture and a bell at every full second, so that a newcomer sees and
hears that sound and picture flow and keep together. Made only while somebody sees or hears it.
"""

import asyncio
import functools
import random
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt

from media import h264
from media.opus import FRAME_SAMPLES, SAMPLE_RATE_HZ, Pcm
from media.pictures import VideoSource, seconds_after
from media.rtp import RtpPacket
from media.subscribing import WALL_OFFSET_S

_WIDTH, _HEIGHT, _FPS = 640, 360, 15
_BITS_PER_S: Final = 600_000
_LOOP_S: Final = 8
_MELODY_HZ: Final = (392.0, 440.0, 523.25, 587.33, 659.25, 587.33, 523.25, 440.0)
_PEAK: Final = 0.25
_DRIFT_SAMPLES: Final = 2400
# Which of seven strokes make a digit: top, upper left, upper right, middle, lower left, lower right, bottom.
_DIGITS: Final = (
    "1110111", "0010010", "1011101", "1011011", "0111010", "1101011", "1101111", "1010010", "1111111", "1111011",
)  # fmt: skip

Plane = npt.NDArray[np.uint8]


class DemoSound:
    """Eight seconds of bells in a circle, in step with the machine's clock."""

    def __init__(self) -> None:
        self._loop = _bells()
        self._at: int | None = None

    def pull(self) -> Pcm:
        """The next 20 ms of the circle."""
        size = len(self._loop)
        now = int((time.monotonic() + WALL_OFFSET_S) * SAMPLE_RATE_HZ) % size
        if self._at is None or abs((now - self._at + size // 2) % size - size // 2) > _DRIFT_SAMPLES:
            self._at = now // FRAME_SAMPLES * FRAME_SAMPLES
        frame = self._loop[self._at : self._at + FRAME_SAMPLES]
        self._at = (self._at + FRAME_SAMPLES) % size
        return frame

    def skip(self) -> None:
        """Nobody listens: find the place by the clock next time."""
        self._at = None


@functools.cache
def _bells() -> Pcm:
    samples = np.arange(SAMPLE_RATE_HZ * 2) / SAMPLE_RATE_HZ
    circle = np.zeros(SAMPLE_RATE_HZ * _LOOP_S, np.float64)
    for second, pitch in enumerate(_MELODY_HZ):
        partials = ((1, 1.0, 2.5), (2, 0.4, 4.0), (3, 0.2, 6.0), (5.4, 0.08, 12.0))
        bell = np.zeros_like(samples)
        for n, amplitude, decay in partials:
            bell += amplitude * np.sin(2 * np.pi * pitch * n * samples) * np.exp(-decay * samples)
        bell[:96] *= np.linspace(0, 1, 96)
        at = (second * SAMPLE_RATE_HZ + np.arange(len(bell))) % len(circle)
        circle[at] += bell
    loop: Pcm = (circle * (_PEAK / np.abs(circle).max())).astype(np.float32)
    return loop


class DemoVideo:
    """The clock's picture as H.264, encoded in a thread of its own while it is watched.

    Args:
        loop: the media thread's; packets are handed over there.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.source = VideoSource(self._ask_keyframe, self._capture_time)
        self.source.on_watched = self._on_watched
        self._loop = loop
        self._ssrc = random.getrandbits(31) | 1
        self._sequence = 0
        self._clock = (0.0, 0)
        self._wants_keyframe = threading.Event()
        self._stop: threading.Event | None = None

    def aclose(self) -> None:
        """Encode no more."""
        self._on_watched(False)

    def _on_watched(self, is_watched: bool) -> None:
        if is_watched and self._stop is None:
            self._stop = threading.Event()
            threading.Thread(target=self._run, args=(self._stop,), name="demo", daemon=True).start()
        elif not is_watched and self._stop is not None:
            self._stop.set()
            self._stop = None

    def _ask_keyframe(self) -> None:
        self._wants_keyframe.set()

    def _capture_time(self, timestamp: int) -> float | None:
        at, known = self._clock
        return at + seconds_after(timestamp, known) if at else None

    def _run(self, stop: threading.Event) -> None:
        encoder = _open_encoder()
        first = time.monotonic()
        for frame in range(1 << 40):
            due = first + frame / _FPS
            if stop.wait(max(0.0, due - time.monotonic())):
                return
            picture = _draw(due + WALL_OFFSET_S)
            picture.pts = frame
            if self._wants_keyframe.is_set():
                self._wants_keyframe.clear()
                picture.pict_type = av.video.frame.PictureType.I
            self._clock = (due, int(due * 90000) & 0xFFFFFFFF)
            for packet in encoder.encode(picture):
                self._hand_over(bytes(packet), self._clock[1], stop)

    def _hand_over(self, access_unit: bytes, timestamp: int, stop: threading.Event) -> None:
        pieces = h264.payloads(access_unit)
        packets = [
            RtpPacket(0, piece is pieces[-1], (self._sequence + n) & 0xFFFF, timestamp, self._ssrc, piece)
            for n, piece in enumerate(pieces)
        ]
        self._sequence = (self._sequence + len(packets)) & 0xFFFF

        def take() -> None:
            if not stop.is_set():
                for packet in packets:
                    self.source.take(packet, "h264", time.monotonic())

        try:
            self._loop.call_soon_threadsafe(take)
        except RuntimeError:
            # The media loop has closed: nobody watches any more.
            stop.set()


def _open_encoder() -> Any:
    encoder: Any = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = _WIDTH, _HEIGHT, "yuv420p"
    encoder.framerate = Fraction(_FPS)
    encoder.time_base = Fraction(1, _FPS)
    encoder.bit_rate = _BITS_PER_S
    encoder.gop_size = _FPS * 10
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "threads": "1"}
    return encoder


def _draw(wall_s: float) -> Any:
    """The picture of a moment: a clock, a dot that goes round once in eight seconds, a mark at the full second."""
    luma: Plane = np.full((_HEIGHT, _WIDTH), 40, np.uint8)
    blue: Plane = np.full((_HEIGHT // 2, _WIDTH // 2), 148, np.uint8)
    red: Plane = np.full((_HEIGHT // 2, _WIDTH // 2), 116, np.uint8)
    for x, y, width, height in _clock_strokes(wall_s):
        luma[y : y + height, x : x + width] = 225
    angle = 2 * np.pi * (wall_s % _LOOP_S) / _LOOP_S
    x, y = int(320 + 290 * np.sin(angle)) - 10, int(180 - 155 * np.cos(angle)) - 10
    luma[y : y + 20, x : x + 20] = 190
    red[y // 2 : y // 2 + 10, x // 2 : x // 2 + 10] = 190
    if wall_s % 1 < 2 / _FPS:
        luma[260:290, 290:350] = 235
    frame = av.VideoFrame(_WIDTH, _HEIGHT, "yuv420p")
    for plane, values in zip(frame.planes, (luma, blue, red), strict=True):
        padded = np.zeros((plane.height, plane.line_size), np.uint8)
        padded[:, : plane.width] = values
        plane.update(padded.tobytes())
    return frame


def _clock_strokes(wall_s: float) -> Iterator[tuple[int, int, int, int]]:
    text = time.strftime("%H%M%S", time.localtime(wall_s))
    for place, character in enumerate(text):
        left = 74 + place * 82 + (place // 2) * 12
        yield from _digit_strokes(int(character), left, 120)
        if place in (1, 3):
            yield left + 73, 150, 8, 8
            yield left + 73, 190, 8, 8


def _digit_strokes(digit: int, x: int, y: int) -> Iterator[tuple[int, int, int, int]]:
    across, down, thick = 56, 48, 9
    places = (
        (x, y, across, thick),
        (x, y, thick, down),
        (x + across - thick, y, thick, down),
        (x, y + down, across, thick),
        (x, y + down, thick, down + thick),
        (x + across - thick, y + down, thick, down + thick),
        (x, y + 2 * down, across, thick),
    )
    return (place for place, stroke in zip(places, _DIGITS[digit], strict=True) if stroke == "1")
