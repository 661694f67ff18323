"""The streams that run: what a busy machine does to their beginning."""

from __future__ import annotations

import asyncio
import time
from typing import cast

import numpy as np

from media.mixer import Mixer
from media.opus import FRAME_SAMPLES
from media.pictures import PictureBus
from media.stream import PartMade, StreamEvent, StreamSpec, Track
from media.stream_taps import SoundTap
from media.streams import Streams

LANGUAGES = ("floor", "de", "uk")


class BusyMixer:
    """A mixer whose next tick was due half a second before anybody taps it."""

    def __init__(self) -> None:
        self.taps: list[SoundTap] = []
        self._zero_at = time.monotonic() - 0.5

    def next_tick(self, now: float) -> int:
        return 0

    def due(self, tick: int) -> float:
        return self._zero_at + tick * 0.02

    def add_tap(self, bus: str, tap: SoundTap) -> None:
        self.taps.append(tap)

    def remove_tap(self, bus: str, tap: SoundTap) -> None:
        self.taps.remove(tap)


def no_picture(name: str) -> PictureBus:
    raise AssertionError(name)


async def test_a_stream_that_begins_on_a_busy_machine_has_the_first_segment_of_every_language() -> None:
    made: list[StreamEvent] = []
    mixer = BusyMixer()
    streams = Streams(cast("Mixer", mixer), no_picture, made.append)
    streams.start("plenary/live", StreamSpec(tuple(Track(name, name) for name in LANGUAGES), first_msn=7))
    taps = list(mixer.taps)
    for tick in range(25, 75):
        for tap in taps:
            tap.put(tick, np.zeros(FRAME_SAMPLES, np.float32))
    deadline = time.monotonic() + 20
    parts: list[PartMade] = []
    while {part.track for part in parts} != set(LANGUAGES) and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
        parts = [event for event in made if isinstance(event, PartMade)]
    streams.stop("plenary/live")
    for name in LANGUAGES:
        first = next(part for part in parts if part.track == name)
        assert (first.msn, first.part) == (7, 0)
    assert len({part.starts_at for part in parts if part.part == 0}) == 1
