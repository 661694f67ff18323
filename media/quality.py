"""How good a source sounds: bandwidth, clipping, loss, level, loudness and hum, as facts with one reason.

Once a second of decoded sound an FFT is made, of speech only: pauses say nothing of a microphone. What is kept is the
loudest each band was within the last ten seconds that had speech in them, because fullband speech shows itself in its
sibilants and not on the average. Loudness is that of the last minute of speech, gated as R128 does; hum is
`media.hum`'s. Of music that is held and of applause (`media.held`) no bandwidth and no loudness is taken. About 1 ms a
source and second; only sources that somebody hears are judged.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from media.held import HeldEar
from media.hum import Hum, HumEar
from media.loudness import k_weights, lufs
from media.opus import FRAME_SAMPLES, SAMPLE_RATE_HZ, Pcm
from media.sound import FLOOR_DBFS, decibels

NARROW_HZ: Final = 7000
"""Telephones (3.4 kHz) and Bluetooth headsets (7 kHz at best) end below; interpreters need 15 kHz (ISO 20109)."""
CLIPPING_SHARE: Final = 0.001
CLIPPED_FROM: Final = 0.97
LOSSY_PERCENT: Final = 2.0
QUIET_DBFS: Final = -42.0

_TICKS_A_SECOND: Final = SAMPLE_RATE_HZ // FRAME_SAMPLES
_WINDOW: Final = 2048
_WINDOWS: Final = SAMPLE_RATE_HZ // _WINDOW
_HANN: Final = np.hanning(_WINDOW).astype(np.float32)
_K_WEIGHTS: Final = (k_weights(_WINDOW) / np.mean(np.square(_HANN))).astype(np.float32)
_BAND_HZ: Final = 500
_BAND_EDGES: Final = np.round(np.arange(0, 24000, _BAND_HZ) * _WINDOW / SAMPLE_RATE_HZ).astype(np.intp)
_VOICE_BANDS: Final = slice(0, 8)
# A voice fills what even a telephone lets through; tones and bells stand alone, and say nothing of the line.
_VOICE_HOLDS: Final = 5
# Sibilants lie 20 to 35 dB under the vowels' strongest band; what a filter stops, and a codec's noise there, 60 dB.
_EDGE_DB: Final = -52.0
_EDGE_DBFS: Final = -100.0
_NTH_LOUDEST: Final = 3

_SPEECH_OVER_NOISE: Final = 10 ** (12 / 20)
_SPEECH_FROM: Final = 10 ** (-62 / 20)
_SPEECH_SURELY: Final = 10 ** (-40 / 20)
_SPEAKING_TICKS: Final = 10
_MEMORY_S: Final = 10
_ENOUGH_S: Final = 4
_LOSS_S: Final = 5
_FORGOTTEN_S: Final = 60
_LOUDNESS_S: Final = 60
_GATE: Final = 10 ** (-10 / 10)
# R128 weighs blocks of 400 ms that overlap; a pause within a sentence counts, one between two does not.
_LOUDNESS_WINDOWS: Final = 9
_LOUDNESS_STEP: Final = 3


class Reason(StrEnum):
    """What is to be said of a source first: the worst comes before the mild."""

    OK = "ok"
    LOSSY = "lossy"
    CLIPPING = "clipping"
    NARROW = "narrow"
    QUIET = "quiet"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Quality:
    """A source's sound over the last seconds.

    `bandwidth_hz` is the upper edge of its speech in steps of 500 Hz, None while too little was spoken. `level_dbfs`
    is the root mean square of speech, −120 before any. `is_speaking`: at least 0.2 s of the last second.
    `loudness_lufs` is that of the last minute of speech, None while less than 4 s were spoken. `loudest_dbfs` is the
    loudest 20 ms of the last second, and `seconds` counts those that were judged, so that a reader knows a new one.
    `is_unbroken`: the last four seconds had no stop as speech has it and did not move as speech does, as music that is
    held and applause.
    """

    reason: Reason
    bandwidth_hz: int | None
    level_dbfs: float
    is_speaking: bool
    lost_percent: float
    clipped_percent: float
    loudness_lufs: float | None = None
    hum: Hum | None = None
    loudest_dbfs: float = FLOOR_DBFS
    seconds: int = 0
    is_unbroken: bool = False


UNKNOWN: Final = Quality(Reason.UNKNOWN, None, FLOOR_DBFS, False, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class _Spoken:
    """One second that had speech in it: power by band, share of clipped samples, mean square of the speech."""

    bands: npt.NDArray[np.float32]
    clipped: float
    power: float


class SoundJudge:
    """Hears one source, tick by tick. Belongs to the mixer's thread; `quality` may be read by any.

    Args:
        phase: ticks by which its seconds are shifted, so that not all sources are judged in the same tick.
    """

    def __init__(self, phase: int = 0) -> None:
        self.quality = UNKNOWN
        self._second: Pcm = np.zeros(SAMPLE_RATE_HZ, np.float32)
        self._at = phase % _TICKS_A_SECOND
        self._quietest: deque[float] = deque(maxlen=_MEMORY_S)
        self._spoken: deque[_Spoken] = deque(maxlen=_MEMORY_S)
        self._lost: deque[float] = deque(maxlen=_LOSS_S)
        self._lost_before: int | None = None
        self._silent_s = 0
        self._loud: deque[npt.NDArray[np.float32]] = deque(maxlen=_LOUDNESS_S)
        self._held = HeldEar()
        self._hum = HumEar()
        self._clipped = 0
        self._seconds = 0

    def hear(self, frame: Pcm, lost_packets: int = 0, raw: Pcm | None = None) -> None:
        """Take 20 ms as they are heard, and how many packets the source has lost so far. `raw` is what came, before
        anything was mended: what clips there is not mended by a gain.
        """
        start = self._at * FRAME_SAMPLES
        self._second[start : start + FRAME_SAMPLES] = frame
        self._clipped += int(np.count_nonzero(np.abs(frame if raw is None else raw) >= CLIPPED_FROM))
        self._at += 1
        if self._at == _TICKS_A_SECOND:
            self._at = 0
            self._note_loss(lost_packets)
            self._judge()

    def forget_levels(self) -> None:
        """Another trim: what was heard of loudness and hum says nothing any more."""
        self._loud.clear()
        self._hum.forget()

    def _note_loss(self, lost_packets: int) -> None:
        before = lost_packets if self._lost_before is None else self._lost_before
        self._lost_before = lost_packets
        self._lost.append(min(1.0, max(0, lost_packets - before) / _TICKS_A_SECOND))

    def _judge(self) -> None:
        ticks = np.sqrt(np.square(self._second.reshape(_TICKS_A_SECOND, FRAME_SAMPLES)).mean(axis=1))
        self._quietest.append(float(np.partition(ticks, 2)[2]))
        threshold = min(max(min(self._quietest) * _SPEECH_OVER_NOISE, _SPEECH_FROM), _SPEECH_SURELY)
        self._seconds += 1
        clipped, self._clipped = self._clipped / SAMPLE_RATE_HZ, 0
        is_speaking = int(np.count_nonzero(ticks > threshold)) >= _SPEAKING_TICKS
        self._silent_s = 0 if is_speaking else self._silent_s + 1
        is_unbroken = is_speaking and self._listen(ticks, threshold, clipped)
        if not is_speaking:
            self._pause()
        self._hum.hear(self._second)
        self.quality = replace(
            self._conclude(is_speaking),
            loudness_lufs=_gated(self._loud) if len(self._loud) >= _ENOUGH_S else None,
            hum=self._hum.hum,
            loudest_dbfs=decibels(float(ticks.max())),
            seconds=self._seconds,
            is_unbroken=is_unbroken,
        )

    def _listen(self, ticks: npt.NDArray[np.float32], threshold: float, clipped: float) -> bool:
        """Take a second with something loud in it, and tell whether the last ones were held."""
        windows = self._second[: _WINDOWS * _WINDOW].reshape(_WINDOWS, _WINDOW)
        spectra = np.square(np.abs(np.fft.rfft(windows * _HANN, axis=1)))
        is_unbroken = self._held.hear(self._second, ticks, spectra, SAMPLE_RATE_HZ / _WINDOW)
        loud = spectra[np.square(windows).mean(axis=1) > threshold * threshold]
        bands = np.zeros(len(_BAND_EDGES), np.float32) if is_unbroken else _bands(loud)
        power = float(np.square(ticks[ticks > threshold]).mean())
        self._spoken.append(_Spoken(bands, clipped, power))
        if not is_unbroken:
            self._loud.append(_weighted(spectra))
        return is_unbroken

    def _pause(self) -> None:
        self._held.forget()
        if self._silent_s >= _FORGOTTEN_S:
            self._spoken.clear()
            self._loud.clear()

    def _conclude(self, is_speaking: bool) -> Quality:
        lost = 100 * sum(self._lost) / len(self._lost)
        if not self._spoken:
            reason = Reason.LOSSY if lost > LOSSY_PERCENT else Reason.UNKNOWN
            return Quality(reason, None, FLOOR_DBFS, is_speaking, lost, 0.0)
        clipped = sum(second.clipped for second in self._spoken) / len(self._spoken)
        level = decibels(float(np.sqrt(np.mean([second.power for second in self._spoken]))))
        voiced = [second.bands for second in self._spoken if second.bands.any()]
        bandwidth = _bandwidth(np.max(voiced, axis=0)) if len(voiced) >= _ENOUGH_S else None
        reason = _reason(lost, clipped, bandwidth, level)
        return Quality(reason, bandwidth, level, is_speaking, lost, 100 * clipped)


def _bands(loud: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """How loud each band is in the loudest of the windows' spectra."""
    if len(loud) < _NTH_LOUDEST:
        return np.zeros(len(_BAND_EDGES), np.float32)
    # One click is no speech: the third loudest window speaks for a band.
    by_band = np.add.reduceat(loud, _BAND_EDGES, axis=1)
    bands: npt.NDArray[np.float32] = np.partition(by_band, -_NTH_LOUDEST, axis=0)[-_NTH_LOUDEST].astype(np.float32)
    return bands


def _weighted(spectra: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The K-weighted mean squares of a second's 400 ms."""
    blocks = np.lib.stride_tricks.sliding_window_view(spectra @ _K_WEIGHTS, _LOUDNESS_WINDOWS)[::_LOUDNESS_STEP]
    powers: npt.NDArray[np.float32] = blocks.mean(axis=1).astype(np.float32)
    return powers


def _gated(seconds: Iterable[npt.NDArray[np.float32]]) -> float | None:
    """The loudness of all windows that are not 10 LU below it (EBU R128's relative gate); None without any."""
    powers = np.concatenate(list(seconds))
    if not len(powers) or not (average := float(powers.mean())):
        return None
    return lufs(float(powers[powers >= average * _GATE].mean()))


def _bandwidth(bands: npt.NDArray[np.float32]) -> int | None:
    """The upper edge of the highest band that still holds something of the voice; None for what is no voice at all."""
    strongest = float(bands[_VOICE_BANDS].max())
    full_scale = (_HANN.sum() / 2) ** 2
    if strongest <= 0:
        return None
    held = bands > max(strongest * 10 ** (_EDGE_DB / 10), full_scale * 10 ** (_EDGE_DBFS / 10))
    if np.count_nonzero(held[_VOICE_BANDS]) < _VOICE_HOLDS:
        return None
    return int((np.flatnonzero(held).max(initial=0) + 1) * _BAND_HZ)


def _reason(lost_percent: float, clipped: float, bandwidth_hz: int | None, level_dbfs: float) -> Reason:
    if lost_percent > LOSSY_PERCENT:
        return Reason.LOSSY
    if bandwidth_hz is None:
        return Reason.UNKNOWN
    if clipped > CLIPPING_SHARE:
        return Reason.CLIPPING
    if bandwidth_hz < NARROW_HZ:
        return Reason.NARROW
    return Reason.QUIET if level_dbfs < QUIET_DBFS else Reason.OK
