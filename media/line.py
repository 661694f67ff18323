"""How many pictures a viewer's line bears: sound always, pictures when they fit. Pure; the caller says when."""

from typing import Final

_BAD_AUDIO: Final = 0.05
_BAD_VIDEO: Final = 0.15
_REPORTS: Final = 2
_FIRST_PAUSE_S: Final = 5.0
_LONGEST_PAUSE_S: Final = 60.0
_PROVED_S: Final = 30.0


class Line:
    """One viewer's line, judged by the loss they report.

    Two bad reports of a stream in a row take half of the pictures away for five seconds, from the last one on; the
    first one is the last to go. Then twice as many come back, one at least; each time that was too early, after twice
    as long, up to a minute. Half a minute without trouble forgets all that.

    Args:
        pictures: how many there are.
    """

    def __init__(self, pictures: int = 1) -> None:
        self.shown = pictures
        self._pictures = pictures
        self._bad: dict[int | None, int] = {}
        self._pause_s = _FIRST_PAUSE_S
        self._since = 0.0

    def note(self, lost_fraction: float, now: float, picture: int | None) -> None:
        """A receiver report of the sound (None) or of a picture, counted from 0: the fraction lost since the one
        before, 0 to 1.
        """
        if not self.shown or (picture is not None and picture >= self.shown):
            return
        if lost_fraction <= (_BAD_AUDIO if picture is None else _BAD_VIDEO):
            self._bad.pop(picture, None)
            if self.shown == self._pictures and now - self._since > _PROVED_S:
                self._pause_s = _FIRST_PAUSE_S
            return
        self._bad[picture] = self._bad.get(picture, 0) + 1
        if self._bad[picture] >= _REPORTS:
            self._bad.clear()
            self.shown //= 2
            self._since = now

    def on_timer(self, now: float) -> None:
        """Give pictures back when their pause is over."""
        if self.shown < self._pictures and now - self._since >= self._pause_s:
            self.shown = min(self._pictures, max(1, 2 * self.shown))
            self._since = now
            self._pause_s = min(_LONGEST_PAUSE_S, 2 * self._pause_s)
