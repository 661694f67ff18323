"""Tells what is held, as music and applause are, from speech that noise or a hall's echo leaves without stops.

Three things have to come together in four seconds. There is no stop: voices stop for consonants, breath and sense, but
noise fills the stops, and so does a hall that echoes. Then either nothing swells and falls as syllables do, two to
eight times a second: noise does not hide that, for in some part of the spectrum the voice is louder than it, and of an
echo it leaves enough; of many hands nothing of it is left. Or it swells, and its lines stand: a fifth of a second later
a note is where it was, while a voice's lines have moved, also in an echo.

What is in doubt is speech, because an interpreter who is silent must not be missed; so music with drums alone, or
struck seldom, may be taken for it. About 0.2 ms a source and second.
"""

from collections import deque
from typing import Final

import numpy as np
import numpy.typing as npt

from media.opus import Pcm

_MEMORY_S: Final = 4
_STOP: Final = 10 ** (-12 / 20)
_STOPS_SHARE: Final = 0.03
_LOUD_SHARE: Final = 0.9

_BANDS_HZ: Final = (200, 400, 700, 1100, 1600, 2300, 3200, 4500, 6400)
_SYLLABLES_HZ: Final = (2.0, 8.0)
# The second deepest band: one alone may be chance. Hands are at 0.2 to 0.4, speech 3 dB over noise at 0.6 and more, and
# in a hall that echoes for 1.2 s at 0.45 and more.
_NTH_DEEPEST: Final = 2
_SWELLS: Final = 0.35

_RATE_HZ: Final = 3000
_SAMPLES: Final = _RATE_HZ // 5
_HOP: Final = _RATE_HZ // 10
_LATER: Final = 2
_HANN: Final = np.hanning(_SAMPLES).astype(np.float32)
_LINES: Final = slice(120 * _SAMPLES // _RATE_HZ, 1350 * _SAMPLES // _RATE_HZ)
_AROUND: Final = 15
# Voices are at 0.35 to 0.65, the latter in an echo or over a buzz; notes at 0.75 to 1.
_STANDS: Final = 0.72
_NOTHING: Final = np.float32(1e-4)

Powers = npt.NDArray[np.float32]


class HeldEar:
    """Hears one source. Every second that has a voice or something as loud, or `forget`."""

    def __init__(self) -> None:
        self._ticks: deque[Powers] = deque(maxlen=_MEMORY_S)
        self._swelling: deque[Powers] = deque(maxlen=_MEMORY_S)
        self._standing: deque[float] = deque(maxlen=_MEMORY_S)

    def forget(self) -> None:
        """Begin anew."""
        self._ticks.clear()
        self._swelling.clear()
        self._standing.clear()

    def hear(self, second: Pcm, ticks: Powers, spectra: Powers, windows_hz: float) -> bool:
        """Take the next second and tell whether the last four were held.

        Args:
            second: at 48 kHz.
            ticks: the root mean squares of its ticks.
            spectra: the power of its windows, each as long as they follow each other, up to 24 kHz.
            windows_hz: how many there are in a second.
        """
        edges = np.round(np.array(_BANDS_HZ) / windows_hz).astype(np.intp)
        self._ticks.append(ticks)
        self._swelling.append(np.sqrt(np.add.reduceat(spectra, edges, axis=1)[:, :-1]))
        self._standing.append(_standing(second))
        if len(self._ticks) < _MEMORY_S or not _has_no_stops(np.concatenate(self._ticks)):
            return False
        return not _swells(np.concatenate(self._swelling), windows_hz) or float(np.mean(self._standing)) > _STANDS


def _has_no_stops(ticks: Powers) -> bool:
    soft, loud = np.quantile(ticks, (_STOPS_SHARE, _LOUD_SHARE))
    return bool(soft > loud * _STOP)


def _swells(loudness: Powers, windows_hz: float) -> bool:
    """Tell whether the loudness of the bands, by window and band, goes up and down as that of syllables."""
    waves = np.square(np.abs(np.fft.rfft(loudness * np.hanning(len(loudness))[:, np.newaxis], axis=0)))
    hertz = np.fft.rfftfreq(len(loudness), 1 / windows_hz)
    slow, fast = _SYLLABLES_HZ
    syllables = waves[(hertz >= slow) & (hertz <= fast)].sum(axis=0)
    depths = np.sqrt(2 * syllables / np.maximum(waves[0], 1e-20))
    return bool(np.partition(depths, -_NTH_DEEPEST)[-_NTH_DEEPEST] > _SWELLS)


def _standing(second: Pcm) -> float:
    """How alike the lines are to those a fifth of a second before: 0 not at all, 1 the same."""
    low = second.reshape(_RATE_HZ, -1).mean(axis=1)
    looks = np.lib.stride_tricks.sliding_window_view(low, _SAMPLES)[::_HOP]
    levels = np.log(np.abs(np.fft.rfft(looks * _HANN, axis=1)[:, _LINES]) + _NOTHING)
    padded = np.pad(levels, ((0, 0), (_AROUND // 2 + 1, _AROUND // 2)), mode="edge").cumsum(axis=1)
    lines = np.maximum(levels - (padded[:, _AROUND:] - padded[:, :-_AROUND]) / _AROUND, 0)
    loudness = np.sqrt(np.square(lines).sum(axis=1))
    alike = (lines[_LATER:] * lines[:-_LATER]).sum(axis=1)
    return float(np.median(alike / np.maximum(loudness[_LATER:] * loudness[:-_LATER], 1e-9)))
