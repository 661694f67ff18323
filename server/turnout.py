"""How many watch, and when their pages have to be told that anew.

A page that knows how many others watch knows over how long to spread its coming back when everybody has lost the
server at once, and that it need not wait when it is nearly alone.
"""

from __future__ import annotations

from typing import Final

FEWEST_TOLD: Final = 64
"""So few come back in one blow and nobody notices."""
_MORE: Final = 1.25
_FEWER: Final = 0.5


class Turnout:
    """Counts the pages that watch. `told` is the number that all of them were told last; who came since knows more."""

    def __init__(self) -> None:
        self.pages = 0
        self.told = 0

    def come(self) -> bool:
        """One more; whether all have to be told."""
        self.pages += 1
        return self._has_changed()

    def go(self) -> bool:
        """One fewer; whether all have to be told."""
        self.pages -= 1
        return self._has_changed()

    def _has_changed(self) -> bool:
        has_grown = self.pages >= max(FEWEST_TOLD, _MORE * self.told)
        has_shrunk = self.told > 0 and self.pages < _FEWER * self.told
        if has_grown or has_shrunk:
            self.told = self.pages
        return has_grown or has_shrunk
