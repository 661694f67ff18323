"""Sums on sound: gain ramps, a look-ahead limiter, levels, shortening and lengthening without a click.

48 kHz mono float32.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from media.opus import FRAME_SAMPLES, Pcm

FLOOR_DBFS: Final = -120.0
_BLOCK_SAMPLES: Final = 240
_CEILING: Final = 0.891
"""−1 dBFS, so that Opus's own overshoot stays below full scale."""
_RELEASE_PER_BLOCK: Final = 1.02
_RAMP: Final = np.arange(1, FRAME_SAMPLES + 1, dtype=np.float32)
_FADE_IN: Final = np.linspace(0, 1, _BLOCK_SAMPLES, dtype=np.float32)
SILENCE: Final = np.zeros(FRAME_SAMPLES, np.float32)
SILENCE.setflags(write=False)
_NOTHING_HELD: Final = SILENCE[:_BLOCK_SAMPLES]


@dataclass(frozen=True, slots=True)
class Level:
    """Peak and root mean square of the last 80 ms in dBFS, momentary loudness in LUFS; none below −120. `is_clipping`:
    several samples of them stand at full scale.
    """

    peak_dbfs: float
    rms_dbfs: float
    loudness_lufs: float
    is_clipping: bool


def decibels(ratio: float) -> float:
    """20 log10, not below −120."""
    return 20 * math.log10(ratio) if ratio > 1e-6 else FLOOR_DBFS


class Fader:
    """One source's gain in one bus: jumps never, ramps linearly over the time it was told."""

    __slots__ = ("gain", "step", "target")

    def __init__(self, gain: float = 0.0) -> None:
        self.gain = gain
        self.target = gain
        self.step = 0.0

    def go(self, target: float, ramp_ms: int) -> None:
        """Reach `target` within `ramp_ms`, from wherever it is now."""
        self.target = target
        self.step = (target - self.gain) / max(1, ramp_ms * 48)

    def jump(self) -> None:
        """Be there already: nobody listens."""
        self.gain = self.target

    @property
    def is_silent(self) -> bool:
        """Whether it lets nothing through, now and later."""
        return self.gain == 0.0 and self.target == 0.0

    @property
    def is_open(self) -> bool:
        """Whether it lets everything through as it is, now and later."""
        return self.gain == 1.0 and self.target == 1.0

    @property
    def place(self) -> tuple[float, float, float]:
        """Gain, the gain it goes to, and by how much a sample: faders in one place do the same from here on."""
        return self.gain, self.target, self.step if self.gain != self.target else 0.0

    def add(self, mix: Pcm, pcm: Pcm) -> None:
        """Add one frame to the mix, at the gain of every sample."""
        if self.gain == self.target:
            if self.gain == 1.0:
                mix += pcm
            elif self.gain:
                mix += pcm * np.float32(self.gain)
            return
        low, high = sorted((self.gain, self.target))
        curve = np.clip(self.gain + self.step * _RAMP, low, high).astype(np.float32)
        mix += pcm * curve
        self.gain = float(curve[-1])
        # A ramp's last step may stop a rounding error short of its target.
        if abs(self.gain - self.target) < abs(self.step):
            self.gain = self.target


class Limiter:
    """Never lets a sample past −1 dBFS; looks 5 ms ahead, so it turns down before the peak and not at it.

    The gain is a straight line between the borders of 5 ms blocks, and at each border not above what either block
    beside it can bear. Delay: 5 ms, always.
    """

    def __init__(self) -> None:
        self._held: Pcm = _NOTHING_HELD
        self._gain = 1.0
        self.is_limiting = False

    @property
    def is_at_rest(self) -> bool:
        """Whether the last frame went through as it was, and nothing held back is too loud."""
        return not self.is_limiting and self._gain == 1.0

    def copy(self) -> "Limiter":
        """Another one that would do the same from here on."""
        other = Limiter()
        other._held, other._gain, other.is_limiting = self._held, self._gain, self.is_limiting
        return other

    def limit(self, frame: Pcm) -> Pcm:
        """The frame before this one's last 5 ms and this one's first 15 ms, limited. `SILENCE` itself, once it is all
        there is.
        """
        if frame is SILENCE and self._held is _NOTHING_HELD and self._gain == 1.0:
            self.is_limiting = False
            return SILENCE
        joined = np.concatenate((self._held, frame))
        self._held = _NOTHING_HELD if frame is SILENCE else joined[FRAME_SAMPLES:].copy()
        peak = max(float(joined.max()), -float(joined.min()))
        self.is_limiting = peak > _CEILING or self._gain < 1.0
        if not self.is_limiting:
            return joined[:FRAME_SAMPLES]
        bears = np.minimum(1.0, _CEILING / np.maximum(np.abs(joined).reshape(5, -1).max(axis=1), 1e-9))
        gains = [self._gain]
        for block in range(4):
            gains.append(float(min(bears[block], bears[block + 1], gains[-1] * _RELEASE_PER_BLOCK, 1.0)))
        self._gain = gains[-1]
        curve = np.concatenate(
            [np.linspace(gains[b], gains[b + 1], _BLOCK_SAMPLES, dtype=np.float32) for b in range(4)]
        )
        limited: Pcm = joined[:FRAME_SAMPLES] * curve
        return limited


def shorten(pcm: Pcm, most: int) -> Pcm:
    """The sound without 5 to `most`/48 ms of it, cut where it is most like itself (WSOLA with one splice).

    `pcm` must hold at least `most` + 240 samples. Returns it shorter by 240 to `most` samples.
    """
    head = pcm[:_BLOCK_SAMPLES]
    searched = pcm[_BLOCK_SAMPLES : most + _BLOCK_SAMPLES]
    likeness = np.correlate(searched, head, "valid") if len(searched) > _BLOCK_SAMPLES else np.zeros(1)
    cut = _BLOCK_SAMPLES + int(np.argmax(likeness))
    splice = head + (pcm[cut : cut + _BLOCK_SAMPLES] - head) * _FADE_IN
    return np.concatenate((splice, pcm[cut + _BLOCK_SAMPLES :]))


def lengthen(pcm: Pcm) -> Pcm:
    """The sound with 5 ms or more of it twice, where it is most like its beginning (WSOLA with one splice).

    `pcm` must hold at least 480 samples. Returns it longer by 240 to `len(pcm)` - 240 samples.
    """
    head = pcm[:_BLOCK_SAMPLES]
    at = _BLOCK_SAMPLES + int(np.argmax(np.correlate(pcm[_BLOCK_SAMPLES:], head, "valid")))
    tail = pcm[at : at + _BLOCK_SAMPLES]
    splice = tail + (head - tail) * _FADE_IN
    return np.concatenate((pcm[:at], splice, pcm[_BLOCK_SAMPLES:]))
