"""A packager with a clock of its own: no threads, no waiting, and the rules that every stream has to hold."""

import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from itertools import groupby, pairwise
from typing import Any

import numpy as np
import pytest

from media.opus import FRAME_SAMPLES, Pcm
from media.packager import Packager
from media.pictures import VideoSource
from media.stream import PART_S, InitMade, PartMade, StreamEvent
from media.stream_taps import PictureTap, SoundTap
from tests.media.film import Sender, film, parts_of

FPS = 30


class AtOnce(Executor):
    """Does what it is told when it is told."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


class Studio:
    """A packager with a clock of its own, one bus and one picture.

    `sound(tick)` and `picture(number)` are what is put in; None is nothing. Pictures are captured at `number / FPS`
    seconds after the beginning and come `travel_s` later; they are due when their sound is, `delay_s` after capture.
    """

    def __init__(self, *, has_small: bool = False, first_msn: int = 0, has_picture: bool = True) -> None:
        self.events: list[StreamEvent] = []
        self.asked: list[float] = []
        self.base = time.monotonic()
        self.sound: Callable[[int], Pcm | None] = lambda tick: np.zeros(FRAME_SAMPLES, np.float32)
        self.picture: Callable[[int], bytes | None] = lambda number: None
        self.travel_s, self.delay_s = 0.03, 0.06
        self.sender = Sender()
        self.sound_tap, self.picture_tap = SoundTap(), PictureTap()
        self.source = VideoSource(lambda: None, self._due)
        self.packager = Packager(
            "room", first_msn, 0, self._at, self.events.append, lambda: self.asked.append(self.now), AtOnce()
        )
        if has_picture:
            self.packager.add_picture(self.picture_tap, self.base, has_small=has_small)
        self.packager.add_sound("de", self.sound_tap)
        self._tick = self._number = 0

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        return self._tick * 0.02

    def _at(self, tick: int) -> float:
        return self.base + tick * 0.02

    def _due(self, timestamp: int) -> float:
        return self.base + ((timestamp - self.sender.first) & 0xFFFFFFFF) / 90000 + self.delay_s

    def run(self, seconds: float) -> None:
        """Let time pass."""
        for _ in range(round(seconds * 50)):
            pcm = self.sound(self._tick)
            if pcm is not None:
                self.sound_tap.put(self._tick, pcm)
            while self._number / FPS + self.travel_s <= self.now:
                self._send(self._number)
                self._number += 1
            self.packager.look(self._at(self._tick))
            self._tick += 1

    def _send(self, number: int) -> None:
        picture = self.picture(number)
        if picture is not None:
            for packet in self.sender.packets(picture, number / FPS):
                self.source.buses.clear()
                self.picture_tap.put(self.source, packet, "h264", self.base + number / FPS + self.travel_s)

    def camera(self, until: float = 1e9, keys_every: int = 0) -> Callable[[int], bytes | None]:
        """A venue that answers a wish for a keyframe with its next picture but one."""
        pictures = film(240, flashes=frozenset({0}), keys=frozenset({0}))
        state = {"at": 0, "asked": 0}

        def next_picture(number: int) -> bytes | None:
            state["at"] = (state["at"] + 1) % len(pictures)
            if len(self.asked) > state["asked"] or (keys_every and number % keys_every == 0):
                state["asked"], state["at"] = len(self.asked), 0
            return pictures[state["at"]] if number / FPS < until else None

        return next_picture


def hold_the_rules(studio: Studio, track: str) -> None:
    """Durations, numbers, inits told before they are used, and no gap."""
    known: set[int] = set()
    for event in studio.events:
        if isinstance(event, InitMade) and event.track == track:
            known.add(event.init)
        elif isinstance(event, PartMade) and event.track == track:
            assert event.init in known
    parts = parts_of(studio.events, track)
    for before, after in pairwise(parts):
        assert after.starts_at == pytest.approx(before.starts_at + before.duration_s, abs=1e-6)
        assert (after.msn, after.part) == ((before.msn + 1, 0) if before.is_last else (before.msn, before.part + 1))
    for part in parts:
        assert part.duration_s <= PART_S + 1e-9
        assert part.duration_s >= 0.85 * PART_S or part.is_last
    for _, segment in groupby(parts, lambda part: part.msn):
        assert len({part.init for part in segment}) == 1
