"""Meters: peak, root mean square and momentary loudness of the sources and buses that somebody looks at.

Each has a row of 80 ms; a fourth of the rows is full at every tick and measured as one, so that no tick pays for all.
Measured: 12 µs a meter and 80 ms. Belongs to the mixer's thread; `levels` may be read by any.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from media.loudness import lufs, weighted_power
from media.opus import FRAME_SAMPLES, Pcm
from media.sound import Level

BLOCK_TICKS: Final = 4
BLOCK_S: Final = BLOCK_TICKS * 0.02
_MOMENTARY_BLOCKS: Final = 5
# What four rows need stays in a core's own cache, and below what the allocator would ask the system for each time.
_AT_ONCE: Final = 4
_FULL_SCALE: Final = 0.97
_CLIPPED_SAMPLES: Final = 3


class Meters:
    """A bank of them. Nothing is measured while nothing is watched."""

    def __init__(self) -> None:
        self.names: frozenset[str] = frozenset()
        self.levels: dict[str, Level] = {}
        self._watch(self.names)

    def watch(self, names: frozenset[str]) -> None:
        """Measure these sources and buses from now on, and no others."""
        if names != self.names:
            self._watch(names)

    def _watch(self, names: frozenset[str]) -> None:
        self.names = names
        self.levels = {name: level for name, level in self.levels.items() if name in names}
        self._order = sorted(names)
        self._rows = {name: row for row, name in enumerate(self._order)}
        self._blocks = np.zeros((len(names), BLOCK_TICKS * FRAME_SAMPLES), np.float32)
        self._powers = np.zeros((len(names), _MOMENTARY_BLOCKS), np.float32)
        self._heard = np.zeros(len(names), np.int32)

    def hear(self, tick: int, name: str, frame: Pcm) -> None:
        """Take 20 ms of a source or bus, if it is watched."""
        row = self._rows.get(name)
        if row is not None:
            start = (tick + row) % BLOCK_TICKS * FRAME_SAMPLES
            self._blocks[row, start : start + FRAME_SAMPLES] = frame
            self._heard[row] += 1

    def measure(self, tick: int) -> None:
        """Measure the rows that this tick has filled."""
        first = (BLOCK_TICKS - 1 - tick) % BLOCK_TICKS
        for start in range(first, len(self._order), BLOCK_TICKS * _AT_ONCE):
            self._measure(slice(start, start + BLOCK_TICKS * _AT_ONCE, BLOCK_TICKS))

    def _measure(self, rows: slice) -> None:
        blocks, powers, heard = self._blocks[rows], self._powers[rows], self._heard[rows]
        if not heard.any():
            for name in self._order[rows]:
                self.levels.pop(name, None)
            return
        absolute = np.abs(blocks)
        peaks = _decibels(absolute.max(axis=1))
        clipped = np.count_nonzero(absolute >= _FULL_SCALE, axis=1) >= _CLIPPED_SAMPLES
        squares = np.einsum("ij,ij->i", blocks, blocks) / blocks.shape[1]
        powers[:, :-1] = powers[:, 1:]
        powers[:, -1] = weighted_power(blocks)
        figures = zip(
            self._order[rows],
            heard.tolist(),
            peaks.tolist(),
            _decibels(np.sqrt(squares)).tolist(),
            powers.mean(axis=1).tolist(),
            clipped.tolist(),
            strict=True,
        )
        for name, is_heard, peak, rms, momentary, is_clipping in figures:
            if is_heard:
                self.levels[name] = Level(peak, rms, lufs(momentary), is_clipping)
            else:
                self.levels.pop(name, None)
        blocks[:] = 0.0
        heard[:] = 0


def _decibels(ratios: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    levels: npt.NDArray[np.float32] = 20 * np.log10(np.maximum(ratios, 1e-6))
    return levels
