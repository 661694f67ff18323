"""When a picture is shown: its RTP timestamps give the spacing, its capture time the slowly corrected offset.

What a publisher's reports say of capture jumps a little with every report and with the depth of its sound's jitter
buffer; a picture that followed every step would stutter. Pure: the caller says when.
"""

from dataclasses import dataclass
from typing import Final, TypeGuard

from media.pictures import seconds_after

USUAL_DELAY_S: Final = 0.06
"""From a picture's arrival to when its sound leaves the mixer, while nothing better is known."""
_SETTLES_S: Final = 1.0
_GENTLE: Final = 0.02
_BRISK: Final = 0.1
_WIDE_S: Final = 0.03
_HOPELESS_S: Final = 0.5
# A report that says otherwise is wrong, and a picture placed by it would push all later ones before it.
_PLAUSIBLE_S: Final = 2.0


@dataclass(slots=True)
class LipSync:
    """Where pictures were placed against where reports say that they belong, in ms; later is positive."""

    last_ms: float = 0.0
    worst_early_ms: float = 0.0
    worst_late_ms: float = 0.0

    def note(self, error_s: float) -> None:
        """Take one picture's placement."""
        self.last_ms = error_s * 1000
        self.worst_early_ms = min(self.worst_early_ms, self.last_ms)
        self.worst_late_ms = max(self.worst_late_ms, self.last_ms)


class PictureClock:
    """One RTP stream's pictures in monotonic seconds."""

    def __init__(self) -> None:
        self.lip_sync = LipSync()
        self._timestamp: int | None = None
        self._at = 0.0

    def place(self, timestamp: int, arrived: float, due: float | None) -> float:
        """When the picture with that RTP timestamp is shown; `due` is when its sound leaves the mixer, if known."""
        placed = self.expect(timestamp, arrived, due)
        self._timestamp, self._at = timestamp, placed
        if _is_plausible(due, arrived):
            self.lip_sync.note(placed - due)
        return placed

    def expect(self, timestamp: int, arrived: float, due: float | None) -> float:
        """What `place` would say."""
        wanted = due if _is_plausible(due, arrived) else arrived + USUAL_DELAY_S
        if self._timestamp is None:
            return wanted
        step = seconds_after(timestamp, self._timestamp)
        expected = self._at + step
        error = wanted - expected
        if abs(error) > _HOPELESS_S:
            expected = wanted
        elif step > 0:
            most = step * (_GENTLE if abs(error) < _WIDE_S else _BRISK)
            expected += min(max(error * min(1.0, step / _SETTLES_S), -most), most)
        return expected


def _is_plausible(due: float | None, arrived: float) -> TypeGuard[float]:
    return due is not None and abs(due - arrived) < _PLAUSIBLE_S
