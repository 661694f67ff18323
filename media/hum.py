"""Mains hum: lines at 50 or 60 Hz and their harmonics that stand over the rest in the pauses of speech.

A fifth of a second a second, the quietest, is looked at; what stands there in most of the last eight is no voice and
no door, for those move. About 60 µs a source and second.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from media.opus import FRAME_SAMPLES, SAMPLE_RATE_HZ, Pcm
from media.sound import decibels

STRETCH_TICKS: Final = 10
MAINS_HZ: Final = (50, 60)
_SAMPLES: Final = STRETCH_TICKS * FRAME_SAMPLES
_BIN_HZ: Final = SAMPLE_RATE_HZ // _SAMPLES
_HANN: Final = np.hanning(_SAMPLES).astype(np.float32)
_MEMORY: Final = 8
_ENOUGH: Final = 5
_HARMONICS: Final = 8
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
_BINS: Final = 60 * (_HARMONICS + 1) // _BIN_HZ
# From a Hann window's bins to the mean square of the line they hold.
_TO_POWER: Final = 2 / float(np.sum(np.square(_HANN))) / _SAMPLES


@dataclass(frozen=True, slots=True)
class Hum:
    """Which mains hums, 50 or 60 Hz, and how loud all its lines are together."""

    hz: int
    level_dbfs: float


class HumEar:
    """Hears one source's pauses."""

    def __init__(self) -> None:
        self._spectra: deque[npt.NDArray[np.float32]] = deque(maxlen=_MEMORY)

    def forget(self) -> None:
        """Begin anew."""
        self._spectra.clear()

    def hear(self, pause: Pcm) -> None:
        """Take 0.2 s in which nobody speaks."""
        spectrum = np.fft.rfft(pause * _HANN)[:_BINS]
        self._spectra.append((np.square(spectrum.real) + np.square(spectrum.imag)).astype(np.float32))

    @property
    def hum(self) -> Hum | None:
        """What hums; None while nothing does or too few pauses were heard."""
        if len(self._spectra) < _ENOUGH:
            return None
        usual = np.median(np.stack(self._spectra), axis=0)
        found = [hum for mains in MAINS_HZ if (hum := _find(usual, mains)) is not None]
        return max(found, key=lambda hum: hum.level_dbfs, default=None)


def _find(power: npt.NDArray[np.float32], mains: int) -> Hum | None:
    lines = power[_LINES[mains]]
    # Halfway between two lines; white noise has as much there as on a line.
    rest = power[_REST[mains]].mean(axis=1)
    stands = lines.mean(axis=1) > _STANDS_OUT * rest
    level = decibels(float(np.sqrt(_TO_POWER * lines[stands].sum())))
    return Hum(mains, level) if stands[:3].any() and level > _HEARD_DBFS else None
