"""Whether a viewer's line bears the picture: sound always, the picture when it fits. Pure; the caller says when."""

from typing import Final

_BAD_AUDIO: Final = 0.05
_BAD_VIDEO: Final = 0.15
_REPORTS: Final = 2
_FIRST_PAUSE_S: Final = 5.0
_LONGEST_PAUSE_S: Final = 60.0
_PROVED_S: Final = 30.0


class Line:
    """One viewer's line, judged by the loss they report.

    Two bad reports in a row take the picture away for five seconds; each time it comes back too early, for twice as
    long, up to a minute. Half a minute of picture without trouble forgets all that.
    """

    def __init__(self) -> None:
        self.has_picture = True
        self._bad = 0
        self._pause_s = _FIRST_PAUSE_S
        self._since = 0.0

    def note(self, lost_fraction: float, now: float, *, is_video: bool) -> None:
        """A receiver report of one of the two streams: the fraction lost since the one before, 0 to 1."""
        if not self.has_picture:
            return
        if lost_fraction <= (_BAD_VIDEO if is_video else _BAD_AUDIO):
            self._bad = 0
            if now - self._since > _PROVED_S:
                self._pause_s = _FIRST_PAUSE_S
            return
        self._bad += 1
        if self._bad >= _REPORTS:
            self._bad = 0
            self.has_picture = False
            self._since = now

    def on_timer(self, now: float) -> None:
        """Give the picture back when its pause is over."""
        if not self.has_picture and now - self._since >= self._pause_s:
            self.has_picture = True
            self._since = now
            self._pause_s = min(_LONGEST_PAUSE_S, 2 * self._pause_s)
