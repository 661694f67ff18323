"""A playing reel's sound as the mixer takes it: decoded ahead by the player's thread, found by the clock."""

import time
from collections import deque
from collections.abc import Callable
from typing import Final

import numpy as np

from media.opus import FRAME_SAMPLES, SAMPLE_RATE_HZ, Pcm
from media.sound import SILENCE

# By how much the mixer must be off, at its best, in a second of ticks, before the place is found anew. Ticks are at
# times late, never early: the least of them tells the truth.
_OFF_SAMPLES: Final = SAMPLE_RATE_HZ // 100
_HOPELESS_SAMPLES: Final = SAMPLE_RATE_HZ
_LOOKED_AT: Final = 50


class ReelSound:
    """Two ends: `put` for the player, `pull` and `skip` for the mixer. Before the beginning, after the end and where
    the disk was too slow there is silence.

    Args:
        at_s: where in the reel it begins.
        start: when, in monotonic seconds.
        now: monotonic seconds.
    """

    def __init__(self, at_s: float, start: float, now: Callable[[], float] = time.monotonic) -> None:
        self.missed = 0
        """Samples that were not there in time."""
        self._origin = start - at_s
        self._first = round(at_s * SAMPLE_RATE_HZ)
        self._now = now
        self._pieces: deque[tuple[int, Pcm]] = deque()
        self._at: int | None = None
        self._least: int | None = None
        self._looked = 0
        self._end = self._first
        self._is_whole = False

    @property
    def end(self) -> int:
        """The sample up to which it is there."""
        return self._end

    def put(self, begins: int, pcm: Pcm) -> None:
        """Add what follows; what lies before `end` already is left out."""
        pcm = pcm[max(0, self._end - begins) :]
        if len(pcm):
            begins = max(begins, self._end)
            self._pieces.append((begins, pcm))
            self._end = begins + len(pcm)

    def finish(self) -> None:
        """No more will come: silence from there on is as it should be."""
        self._is_whole = True

    def pull(self) -> Pcm:
        """The next 20 ms; never waits."""
        place = round((self._now() - self._origin) * SAMPLE_RATE_HZ)
        self._find(place)
        assert self._at is not None
        at = self._at
        self._at += FRAME_SAMPLES
        return self._cut(at)

    def skip(self) -> None:
        """Nobody listens: the place is found by the clock next time."""
        self._at = None

    def _find(self, place: int) -> None:
        off = 0 if self._at is None else place - self._at
        if self._at is None or abs(off) > _HOPELESS_SAMPLES:
            self._at, self._least, self._looked = place, None, 0
            return
        self._least = off if self._least is None else min(self._least, off)
        self._looked += 1
        if self._looked == _LOOKED_AT:
            if abs(self._least) > _OFF_SAMPLES:
                self._at += self._least
            self._least, self._looked = None, 0

    def _cut(self, at: int) -> Pcm:
        if at + FRAME_SAMPLES <= self._first:
            return SILENCE
        frame = np.zeros(FRAME_SAMPLES, np.float32)
        there = 0
        for begins, pcm in tuple(self._pieces):
            low, high = max(at, begins), min(at + FRAME_SAMPLES, begins + len(pcm))
            if low < high:
                frame[low - at : high - at] = pcm[low - begins : high - begins]
                there += high - low
        while self._pieces and self._pieces[0][0] + len(self._pieces[0][1]) <= at + FRAME_SAMPLES:
            self._pieces.popleft()
        if not self._is_whole:
            self.missed += FRAME_SAMPLES - there - max(0, self._first - at)
        return frame
