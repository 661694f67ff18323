"""How much faster a sender's clock runs than ours, in parts per million, from when its packets come.

The quickest packet of each five seconds waited nowhere; how these move against the sender's timestamps over two
minutes is the clocks' difference. The median of all slopes (Theil and Sen) bears a change of the route.
"""

from collections import deque
from typing import Final

import numpy as np

WINDOW_S: Final = 5.0
_WINDOWS: Final = 24
_ENOUGH: Final = 12


class Drift:
    """One stream's clock."""

    def __init__(self) -> None:
        self._points: deque[tuple[float, float]] = deque(maxlen=_WINDOWS)
        self.restart()

    def restart(self) -> None:
        """Begin anew: the sender numbers anew, or was silent."""
        self.ppm: float | None = None
        """None in the first minute."""
        self._media_s = 0.0
        self._ends_at = 0.0
        self._quickest = float("inf")
        self._points.clear()

    def note(self, step_s: float, now: float) -> None:
        """A packet came at `now`, `step_s` of the sender's time after the one before it."""
        self._media_s += step_s
        self._quickest = min(self._quickest, now - self._media_s)
        if now < self._ends_at:
            return
        if self._ends_at:
            self._points.append((now, self._quickest))
            self._conclude()
        self._ends_at, self._quickest = now + WINDOW_S, float("inf")

    def _conclude(self) -> None:
        if len(self._points) < _ENOUGH:
            return
        at, transit = np.array(self._points).T
        first, second = np.triu_indices(len(at), 1)
        slope = float(np.median((transit[second] - transit[first]) / (at[second] - at[first])))
        # A sender whose clock is fast is ever earlier.
        self.ppm = round(-slope * 1e6, 1)
