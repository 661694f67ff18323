"""How pages hear, by their own word (`getStats`), summed up by room: the median and the worst, and nobody by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from statistics import median
from typing import Final
from weakref import WeakKeyDictionary

from interpreting.ids import RoomId
from server.hub import Client
from server.messages import ReportMessage

EVERY_S: Final = 4.0
"""Oftener than this a page's word is not taken; it is asked for every 5 s."""
GOOD_FOR_S: Final = 15.0

_FIGURES: Final[dict[str, Callable[[ReportMessage], float | None]]] = {
    "lost_percent": lambda report: report.lost_percent,
    "jitter_buffer_ms": lambda report: report.jitter_buffer_ms,
    "concealed_percent": lambda report: report.concealed_percent,
    "round_trip_ms": lambda report: report.round_trip_ms,
}


class PageWords:
    """The last word of each page that is open."""

    def __init__(self) -> None:
        self._last: WeakKeyDictionary[Client, tuple[float, ReportMessage]] = WeakKeyDictionary()

    def take(self, client: Client, report: ReportMessage, now: float) -> bool:
        """Take a page's word at `now` (monotonic seconds); False when it was too soon after the one before."""
        before = self._last.get(client)
        if before is not None and now - before[0] < EVERY_S:
            return False
        self._last[client] = now, report
        return True

    def summary(self, room: RoomId, now: float) -> dict[str, object]:
        """Return how many pages of a room spoke within 15 s, and of each figure the median and the worst, or null."""
        fresh = [
            report
            for client, (at, report) in self._last.items()
            if client.room == room and now - at <= GOOD_FOR_S and client.closed_with is None
        ]
        return {"pages": len(fresh), **{name: _summed(map(of, fresh)) for name, of in _FIGURES.items()}}


def _summed(values: Iterable[float | None]) -> dict[str, float] | None:
    known = [value for value in values if value is not None]
    return {"median": round(median(known), 2), "worst": round(max(known), 2)} if known else None
