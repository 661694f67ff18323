"""Mains hum: lines at 50 or 60 Hz and their harmonics that never stop, under speech and in its pauses.

A voice has such lines too, but it breathes, and its pitch moves: in some fifth of a second of the last five its lines
are not there. So the weakest each line was is what counts. A faint hum is drowned now and then by what lies over it;
it is found in eight seconds, of which some fifths are left out. About 0.2 ms a source and second.

A bass note that is held stands as long, but is elsewhere: mains keep within 0.15 Hz of what they are called, and the
notes next to them are G at 49.0, A sharp at 58.3 and B at 61.7 Hz. A look begins every tenth of a second, in which
both mains and all their harmonics turn a whole number of times: what is of them has one phase in all looks, and a note
1 Hz beside them has turned five times in five seconds. (A sound card's clock is up to 100 ppm wrong: 0.005 Hz.) Where
instruments are tuned to 447 to 451 Hz, or an organ's pipes stand in 30 °C, a G held for seven seconds is at 49.8 to
50.2 Hz and is taken for hum; nothing in the sound tells them apart.
"""

from collections import deque
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from media.opus import Pcm
from media.sound import decibels

MAINS_HZ: Final = (50, 60)
_RATE_HZ: Final = 3000
_SAMPLES: Final = _RATE_HZ // 5
_HOP: Final = _SAMPLES // 2
_LOOKS_A_SECOND: Final = (_RATE_HZ - _SAMPLES) // _HOP + 1
_BIN_HZ: Final = _RATE_HZ // _SAMPLES
_HANN: Final = np.hanning(_SAMPLES).astype(np.float32)
_MEMORY_S: Final = 8
_ENOUGH_S: Final = 5
_DROWNED: Final = 4
# The weakest is too weak, and most are louder by what is said over them.
_USUAL: Final = 6
_HARMONICS: Final = 8
# A hum has one of its first lines at least; what stands higher alone is a note.
_TELLING: Final = 3
_STANDS_OUT: Final = 10 ** (12 / 10)
_HEARD_DBFS: Final = -66.0
# The third harmonic of a transformer is often the strongest; a voice's lines are not where the mains' are, or move.
_LINES: Final = {
    mains: np.array([[mains * n // _BIN_HZ + side for side in (-1, 0, 1)] for n in range(1, _HARMONICS + 1)])
    for mains in MAINS_HZ
}
_REST: Final = {
    mains: np.array([[round(mains * (n + half) / _BIN_HZ) for half in (-0.5, 0.5)] for n in range(1, _HARMONICS + 1)])
    for mains in MAINS_HZ
}
# Mains wander by 0.15 Hz at most; what five seconds tell of a frequency is not much sharper than a tenth.
_OFF_HZ: Final = np.linspace(-0.15, 0.15, 25)
# How much of a line must turn as mains do; of noise it is a third at most, of speech over a hum some of the looks.
_STEADY: Final = 0.5
_BINS: Final = 60 * (_HARMONICS + 1) // _BIN_HZ
# From a Hann window's bins to the mean square of the line they hold.
_TO_POWER: Final = 2 / float(np.sum(np.square(_HANN))) / _SAMPLES

Spectra = npt.NDArray[np.complex64]
Powers = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Hum:
    """Which mains hums, 50 or 60 Hz, and how loud all its lines are together."""

    hz: int
    level_dbfs: float


class HumEar:
    """Hears one source."""

    def __init__(self) -> None:
        self._seconds: deque[Spectra] = deque(maxlen=_MEMORY_S)

    def forget(self) -> None:
        """Begin anew."""
        self._seconds.clear()

    def hear(self, second: Pcm) -> None:
        """Take the next second of sound."""
        # Means of 16 samples let through some of what is around 3 kHz, where there is nothing that never stops.
        low = second.reshape(_RATE_HZ, -1).mean(axis=1)
        looks = np.lib.stride_tricks.sliding_window_view(low, _SAMPLES)[::_HOP]
        self._seconds.append(np.fft.rfft(looks * _HANN, axis=1)[:, :_BINS].astype(np.complex64))

    @property
    def hum(self) -> Hum | None:
        """What hums; None while nothing does, or less than five seconds were heard."""
        if len(self._seconds) < _ENOUGH_S:
            return None
        looks = np.concatenate(self._seconds)
        found = _loudest(looks[-_ENOUGH_S * _LOOKS_A_SECOND :], 0)
        if found is None and len(self._seconds) == _MEMORY_S:
            found = _loudest(looks, _DROWNED)
        return found


def _loudest(looks: Spectra, drowned: int) -> Hum | None:
    """What stands in all looks but `drowned`."""
    usual = len(looks) // _USUAL
    powers = np.square(looks.real) + np.square(looks.imag)
    order = np.partition(powers, (drowned, usual), axis=0)
    found = [hum for mains in MAINS_HZ if (hum := _find(order[drowned], order[usual], looks, mains)) is not None]
    return max(found, key=lambda hum: hum.level_dbfs, default=None)


def _find(weakest: Powers, usual: Powers, looks: Spectra, mains: int) -> Hum | None:
    # Halfway between two lines; white noise has as much there as on a line.
    rest = weakest[_REST[mains]].mean(axis=1)
    stands = weakest[_LINES[mains]].mean(axis=1) > _STANDS_OUT * rest
    # What is weakest of noise stands out by chance, but there is nothing of it.
    if not stands[:_TELLING].any() or _level_dbfs(weakest[_LINES[mains]][stands]) <= _HEARD_DBFS:
        return None
    below, at, above = usual[_LINES[mains]].T
    # A tone 10 Hz beside a line turns as the line does, but is louder beside it.
    stands &= at > np.maximum(below, above)
    if stands[:_TELLING].any():
        stands &= _is_steady(looks[:, _LINES[mains][:, 1]], stands)
    return Hum(mains, _level_dbfs(usual[_LINES[mains]][stands])) if stands[:_TELLING].any() else None


def _is_steady(lines: Spectra, stands: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which lines turn as the mains do, all of them as far from where they are called to be."""
    # Every look counts alike: what is loud is what was said over the hum.
    phases = lines / np.maximum(np.abs(lines), np.float32(1e-9))
    together = np.abs(_turned_back(len(lines)) @ phases.T[:, :, np.newaxis])[:, :, 0] / len(lines)
    off = np.argmax(stands[:_TELLING] @ together[:_TELLING])
    steady: npt.NDArray[np.bool_] = together[:, off] > _STEADY
    return steady


@cache
def _turned_back(looks: int) -> Spectra:
    """By how much each line's phase has to be turned back in each look, by line and by the mains' distance."""
    seconds, hops = np.divmod(np.arange(looks), _LOOKS_A_SECOND)
    turns = np.multiply.outer(_OFF_HZ, seconds + hops * _HOP / _RATE_HZ)
    harmonics = np.arange(1, _HARMONICS + 1)
    return np.exp(-2j * np.pi * np.multiply.outer(harmonics, turns)).astype(np.complex64)


def _level_dbfs(power: Powers) -> float:
    return decibels(float(np.sqrt(_TO_POWER * power.sum())))
