"""How deep a jitter buffer should be: as shallow as the line lets it, deep enough for what is sent again. Pure.

Depth is in samples at 48 kHz, time in ticks of 20 ms. The buffer tells what happens to it, and asks.
"""

from collections import deque
from typing import Final

START_SAMPLES: Final = 1920
STEP_SAMPLES: Final = 480
_LEAST_SAMPLES: Final = 960
_MOST_SAMPLES: Final = 5760
_CALM_TICKS: Final = 500
_LONGEST_CALM_TICKS: Final = 6000
# One packet that was sent again in vain may be chance, two within ten seconds are how this line is.
_LATE_TOGETHER: Final = 2
_NARROW_SAMPLES: Final = 1440


class DepthTarget:
    """20 to 120 ms, 40 ms at first.

    It grows by a step when sound ran out before the next packet came, and at once to what would have been enough when
    packets that were asked for again came too late twice. It shrinks by a step after ten calm seconds; each time that
    was too early it waits longer, up to two minutes. What no depth in these bounds could mend changes nothing.
    """

    def __init__(self) -> None:
        self.samples = START_SAMPLES
        self._calm_since = 0
        self._calm_needed = _CALM_TICKS
        self._late: deque[tuple[int, int]] = deque(maxlen=8)

    def on_tick(self, tick: int) -> None:
        """Time passes."""
        if tick - self._calm_since > self._calm_needed:
            self._calm_since = tick
            self.samples = max(_LEAST_SAMPLES, self.samples - STEP_SAMPLES)

    def note_dry(self, tick: int, waited: int) -> None:
        """Sound ran out, and the packet it waited for came after `waited` samples."""
        self._calm_since = tick
        if self.samples + waited <= _MOST_SAMPLES:
            self._grow(self.samples + STEP_SAMPLES)

    def note_late(self, tick: int, enough: int) -> None:
        """A packet came after its place had been filled by something made up; `enough` depth would have waited."""
        if enough > _MOST_SAMPLES:
            return
        self._late.append((tick, enough))
        recent = sorted((depth for at, depth in self._late if tick - at <= _CALM_TICKS), reverse=True)
        if len(recent) >= _LATE_TOGETHER:
            self._calm_since = tick
            self._grow(recent[_LATE_TOGETHER - 1])

    def note_out_of_order(self, tick: int, margin: int) -> None:
        """A packet came after later ones, `margin` samples before its place would have been filled."""
        if margin < _NARROW_SAMPLES:
            self._calm_since = tick

    def _grow(self, samples: int) -> None:
        if samples > self.samples:
            self.samples = min(_MOST_SAMPLES, samples)
            self._calm_needed = min(_LONGEST_CALM_TICKS, 2 * self._calm_needed)
