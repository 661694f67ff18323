"""Meters: peak, root mean square and momentary loudness of the sources and buses that somebody looks at.

Each has a row of the frames of 80 ms; a fourth of the rows is full at every tick, so that no tick pays for all. Buses
that carry the same are handed the same frames, and what is the same is measured once. Measured: 16 µs a meter of its
own and 80 ms, 3 µs for one that shows what another does. Belongs to the mixer's thread; `levels` may be read by any.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from media.loudness import lufs, weighted_power
from media.opus import Pcm
from media.sound import FLOOR_DBFS, SILENCE, Level

BLOCK_TICKS: Final = 4
BLOCK_S: Final = BLOCK_TICKS * 0.02
_MOMENTARY_BLOCKS: Final = 5
# What four blocks need stays in a core's own cache, and below what the allocator would ask the system for each time.
_AT_ONCE: Final = 4
_FULL_SCALE: Final = 0.97
_CLIPPED_SAMPLES: Final = 3

_Block = tuple[Pcm, ...]
_Figures = tuple[float, float, bool, float]
"""Peak and root mean square in dBFS, whether it clips, weighted power."""

_SILENT: Final = (SILENCE,) * BLOCK_TICKS
_SILENT_FIGURES: Final = (FLOOR_DBFS, FLOOR_DBFS, False, 0.0)


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
        self._frames: list[dict[int, Pcm]] = [{} for _ in names]
        self._powers = [[0.0] * _MOMENTARY_BLOCKS for _ in names]

    def hear(self, tick: int, name: str, frame: Pcm) -> None:
        """Take 20 ms of a source or bus, if it is watched. The frame is kept as it is, and not to be written to."""
        row = self._rows.get(name)
        if row is not None:
            self._frames[row][(tick + row) % BLOCK_TICKS] = frame

    def measure(self, tick: int) -> None:
        """Measure the rows that this tick has filled."""
        blocks: dict[int, _Block] = {}
        for row in range((BLOCK_TICKS - 1 - tick) % BLOCK_TICKS, len(self._order), BLOCK_TICKS):
            frames = self._frames[row]
            if frames:
                blocks[row] = tuple([frames.get(at, SILENCE) for at in range(BLOCK_TICKS)])
                self._frames[row] = {}
            else:
                self.levels.pop(self._order[row], None)
        figures = _measure({_identity(block): block for block in blocks.values()})
        for row, block in blocks.items():
            peak, rms, is_clipping, power = figures[_identity(block)]
            powers = self._powers[row] = [*self._powers[row][1:], power]
            self.levels[self._order[row]] = Level(peak, rms, lufs(sum(powers) / _MOMENTARY_BLOCKS), is_clipping)


def _identity(block: _Block) -> tuple[int, ...]:
    return tuple(map(id, block))


def _measure(blocks: dict[tuple[int, ...], _Block]) -> dict[tuple[int, ...], _Figures]:
    figures = dict.fromkeys(blocks, _SILENT_FIGURES)
    sounding = [identity for identity, block in blocks.items() if identity != _identity(_SILENT)]
    for start in range(0, len(sounding), _AT_ONCE):
        some = sounding[start : start + _AT_ONCE]
        figures.update(zip(some, _figures([blocks[identity] for identity in some]), strict=True))
    return figures


def _figures(blocks: Sequence[_Block]) -> list[_Figures]:
    sound = np.concatenate([frame for block in blocks for frame in block]).reshape(len(blocks), -1)
    absolute = np.abs(sound)
    peaks = absolute.max(axis=1)
    clipped = np.zeros(len(blocks), bool)
    if peaks.max() >= _FULL_SCALE:
        clipped = np.count_nonzero(absolute >= _FULL_SCALE, axis=1) >= _CLIPPED_SAMPLES
    means = np.sqrt(np.einsum("ij,ij->i", sound, sound) / sound.shape[1])
    powers = weighted_power(sound)
    return list(
        zip(_decibels(peaks), _decibels(means), clipped.tolist(), powers.tolist(), strict=True),
    )


def _decibels(ratios: npt.NDArray[np.float32]) -> list[float]:
    levels: list[float] = (20 * np.log10(np.maximum(ratios, 1e-6))).tolist()
    return levels
