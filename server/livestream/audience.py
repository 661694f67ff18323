"""How many watch and listen, as far as the origin can tell: by who asks for what is newest.

A low-latency player asks for each part of its tracks, another one for each segment. Behind a cache that shares
answers, everybody counts as one.
"""

from __future__ import annotations

from collections import Counter


class Audience:
    """Counts requests, and estimates players by track from those for the newest media."""

    def __init__(self) -> None:
        self.playlists = 0
        self.media = 0
        self.bytes = 0
        """Of media, as it was asked for; what a range left out is in it."""
        self.listeners: dict[str, float] = {}
        """Players by track, averaged over the last segment."""
        self._newest_parts: Counter[str] = Counter()
        self._newest_segments: Counter[str] = Counter()

    def part_asked(self, track: str) -> None:
        """Somebody asked for the newest part of a track, or for the one that comes."""
        self._newest_parts[track] += 1

    def segment_asked(self, track: str) -> None:
        """Somebody asked for the newest whole segment of a track."""
        self._newest_segments[track] += 1

    def segment_made(self, track: str, parts: int) -> None:
        """A segment of so many parts is whole: count anew."""
        self.listeners[track] = self._newest_parts.pop(track, 0) / parts + self._newest_segments.pop(track, 0)

    def forget(self) -> None:
        """The stream has stopped: nobody listens."""
        self.listeners.clear()
        self._newest_parts.clear()
        self._newest_segments.clear()
