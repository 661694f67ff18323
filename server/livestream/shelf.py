"""A room's livestream as it can be had: its tracks side by side on one numbering, in memory and on disk.

What the packager makes comes in by `take_init` and `take_part`; players read `rendition`s. Each start of the packager
begins a run: numbers go on over it, everything older is closed at the same number in every track, and there all
playlists say that the timeline is another one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from media.playlists import Pace, Picture, Report, Segment, Sound
from media.stream import PartMade
from server.livestream.archive import Archive, Format, Kept
from server.livestream.disk import Disk
from server.livestream.listing import Shelved
from server.livestream.rendition import NewPart, Rendition

# A dropped segment can be had for its own length and a little more (6.2.2).
_LINGERING: Final = 3


class Shelf:
    """All tracks of one livestream. `window_s` seconds can be rewound."""

    def __init__(self, archive: Archive, disk: Disk, pace: Pace, window_s: float) -> None:
        self.renditions: dict[str, Rendition] = {}
        self.formats: dict[str, Format] = {}
        self.parts = 0
        """Parts taken in since the start."""
        self.current = asyncio.Event()
        """Every track that is expected has a whole segment of the packager's newest start."""
        self._expected: tuple[str, ...] = ()
        self._archive = archive
        self._disk = disk
        self._pace = pace
        self._window_s = window_s
        self._reached = -1
        self._run = 0
        self._run_msn = -1
        self._kept: dict[int, Shelved] = {}
        self._inits: dict[str, dict[int, tuple[bytes, Format]]] = {}
        self._numbers: dict[tuple[str, int], int] = {}

    def restore(self, kept: Mapping[str, Kept], reached: int) -> None:
        """Put on the shelf what an earlier run of the server left on disk; numbers go on after `reached` at least."""
        self._reached = reached
        self._kept = {one.segment.msn: one for found in kept.values() for one in found.segments}
        for track, found in kept.items():
            rendition = self._rendition(track)
            self._inits[track] = dict(found.inits)
            for number, (payload, _) in found.inits.items():
                rendition.put_init(number, payload)
            for shelved in found.segments:
                segment = shelved.segment
                rendition.listing.fill(segment.msn, shelved.run, segment.starts_at)
                rendition.listing.append(shelved)
            self.formats[track] = found.inits[found.segments[-1].segment.init][1]
            self._run = max(self._run, found.segments[-1].run)
        self._kept.clear()

    def expect(self, tracks: tuple[str, ...]) -> None:
        """Say which tracks there will be."""
        self._expected = tracks

    def begin_run(self, at: float) -> int:
        """Return the number of the segment that comes next in every track, `at` epoch seconds."""
        msn = self.end_run(at)
        if 0 < msn != self._run_msn:
            self._run += 1
        self._run_msn = msn
        self._numbers.clear()
        self.current.clear()
        return msn

    def end_run(self, at: float) -> int:
        """Let the segment that is being made be a whole one, and return the number after it."""
        filled = [one for one in self.renditions.values() if one.report is not None]
        msn = max((one.next_msn + bool(one.hint[1]) for one in filled), default=0)
        msn = max(msn, self._reached + 1)
        for rendition in filled:
            rendition.close()
        for rendition in filled:
            rendition.fill_up_to(msn, self._run, at)
        return msn

    def take_init(self, track: str, init: int, payload: bytes, format: Format) -> None:
        """Take in an initialisation, which the packager numbers from 0 in each run and we for ever."""
        rendition = self._rendition(track)
        known = self._inits.setdefault(track, {})
        self.formats[track] = format
        same = [number for number, (other, _) in known.items() if other == payload]
        number = same[0] if same else max(known, default=-1) + 1
        self._numbers[track, init] = number
        if not same:
            known[number] = payload, format
            rendition.put_init(number, payload)
            write = partial(self._archive.write_init, track, number, payload, format)
            self._disk.write(write, lambda: None)

    def take_part(self, made: PartMade) -> None:
        """Take in the next part of a track, whose initialisation is here already.

        What an earlier start of the packager still sends, and what follows a part that got lost, is left out.
        """
        rendition = self._rendition(made.track)
        msn, index = rendition.hint
        is_next = made.part == index if made.msn == msn else made.part == 0
        if made.msn < max(msn, self._run_msn) or not is_next:
            return
        number = self._numbers[made.track, made.init]
        part = NewPart(
            made.msn, number, self._run, made.payload, made.duration_s, made.is_independent, made.is_last,
            made.starts_at,
        )  # fmt: skip
        rendition.take(part)
        self.parts += 1
        write = partial(self._archive.write_part, made.track, made.part, part)
        self._disk.write(write, partial(rendition.listing.mark_unsaved, made.msn))
        if made.is_last and not self.current.is_set() and self._is_current():
            self.current.set()

    def let_go(self) -> None:
        """Wake everybody who waits, though there is nothing for them."""
        self.current.set()
        for rendition in self.renditions.values():
            rendition.let_go()

    def has_track(self, track: str) -> bool:
        """Tell whether this track is there or expected."""
        return track in self.renditions or track in self._expected

    @property
    def is_playable(self) -> bool:
        """Every track that is expected has something, if only of an earlier start."""
        found = [self.renditions.get(track) for track in self._expected]
        return all(one is not None and one.is_playable for one in found)

    @property
    def listed_s(self) -> float:
        """How far back viewers can go now, in seconds: the shortest track's listing."""
        return min((one.listing.listed_s for one in self.renditions.values()), default=0.0)

    @property
    def disk_bytes(self) -> int:
        """What the listed segments take on disk."""
        return sum(one.listing.size for one in self.renditions.values())

    def file(self, track: str, msn: int) -> Path | None:
        """Return where a segment that is listed, or was a moment ago, lies on disk."""
        rendition = self.renditions.get(track)
        if rendition is None or not rendition.listing.segments:
            return None
        oldest = rendition.listing.segments[0].segment.msn - _LINGERING
        return self._archive.segment_file(track, msn) if oldest <= msn < rendition.next_msn else None

    def picture(self, track: str) -> Picture:
        """Return a picture track as the master playlist names it."""
        format = self.formats[track]
        return Picture(track, format.codec, *self._rates(track), format.width, format.height, format.frame_rate)

    def sound(self, track: str, name: str, language: str) -> Sound:
        """Return a sound track as the master playlist names it."""
        return Sound(track, name, language, self.formats[track].codec, *self._rates(track))

    def _rates(self, track: str) -> tuple[int, int]:
        most, average = self.renditions[track].listing.rates()
        declared = self.formats[track].bandwidth
        return max(most, declared), average or declared

    def _is_current(self) -> bool:
        found = [self.renditions.get(track) for track in self._expected]
        return all(one is not None and one.listing.last is not None and one.listing.last.msn >= self._run_msn
                   for one in found)  # fmt: skip

    def _rendition(self, track: str) -> Rendition:
        rendition = self.renditions.get(track)
        if rendition is None:
            rendition = Rendition(track, self._pace, self._window_s, partial(self._forget, track))
            rendition.reports = partial(self._reports, track)
            rendition.listing.neighbour = self._neighbour
            self.renditions[track] = rendition
        return rendition

    def _reports(self, of: str) -> Iterator[Report]:
        for track, rendition in self.renditions.items():
            if track != of and (report := rendition.report) is not None:
                yield report

    def _neighbour(self, msn: int) -> Shelved | None:
        listed = (rendition.listing.find(msn) for rendition in self.renditions.values())
        return self._kept.get(msn) or next((one for one in listed if one is not None), None)

    def _forget(self, track: str, segment: Segment) -> None:
        delete = partial(self._archive.delete, track, segment.msn - _LINGERING)
        self._disk.tidy(delete)
