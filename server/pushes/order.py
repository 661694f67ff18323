"""Two tracks brought into one order: RTMP wants messages by time, and a tap gives each track in bursts of its own."""

from __future__ import annotations

from collections import deque
from typing import Final

from media.stream import Sample

# A track that is missing holds the other up no longer than this.
LAG_S: Final = 1.5


class Order:
    """Takes samples as they come and gives them by time. `tracks` are those that are expected."""

    def __init__(self, tracks: frozenset[str]) -> None:
        self._waiting: dict[str, deque[Sample]] = {track: deque() for track in tracks}
        self._newest = float("-inf")

    def put(self, sample: Sample) -> list[Sample]:
        """Add a sample and return those whose turn has come."""
        self._waiting[sample.track].append(sample)
        self._newest = max(self._newest, sample.starts_s)
        due = []
        while (first := self._first()) is not None:
            due.append(self._waiting[first].popleft())
        return due

    def _first(self) -> str | None:
        """Return the track whose sample is next, None while an earlier one may come."""
        heads = {track: waiting[0].starts_s for track, waiting in self._waiting.items() if waiting}
        if not heads:
            return None
        first = min(heads, key=lambda track: heads[track])
        is_sure = len(heads) == len(self._waiting) or self._newest - heads[first] > LAG_S
        return first if is_sure else None
