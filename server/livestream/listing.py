"""What a track's playlist lists: whole segments with their settled lines, and the window they stay in.

Pure: no waiting, no bytes of sound or picture. The lines of a segment are written once when it is whole; those of the
last ones, which have their parts too, with each playlist.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from media.playlists import (
    HOLD_BACK_TARGETS,
    SKIP_TARGETS,
    Opening,
    Pace,
    Report,
    Segment,
    format_head,
    format_map,
    format_segment,
    format_skip,
    format_tail,
)
from media.stream import SEGMENT_S

MAX_GAPS: Final = 4
"""More missing segments than this in a row are no gap: what was before is dropped."""
_MEASURED_SEGMENTS: Final = 60


@dataclass(slots=True)
class Shelved:
    """A whole segment and its size in bytes; `run` counts the packager's new starts before it (its discontinuity
    number), and `is_saved` says that it can be had from disk.
    """

    segment: Segment
    run: int
    size: int
    is_saved: bool = True
    text: str = ""


class Listing:
    """The segments of `track`, `window_s` seconds of them; `on_drop` is told of each that is listed no longer."""

    def __init__(self, track: str, pace: Pace, window_s: float, on_drop: Callable[[Segment], None]) -> None:
        self.segments: deque[Shelved] = deque()
        self._track = track
        self._pace = pace
        # A playlist is never shorter than three target durations (6.2.2).
        self._least_s = float(HOLD_BACK_TARGETS * pace.target_duration_s)
        self._window_s = max(window_s, self._least_s)
        self._on_drop = on_drop
        self.neighbour: Callable[[int], Shelved | None] = lambda msn: None
        """Tells what has that number in another track."""
        self.listed_s = 0.0
        """Seconds of all listed segments."""
        self.size = 0
        """Bytes of all listed segments."""

    @property
    def last(self) -> Segment | None:
        """The newest whole segment."""
        return self.segments[-1].segment if self.segments else None

    def find(self, msn: int) -> Shelved | None:
        """Return what is listed by that number; quick for the newest."""
        for one in reversed(self.segments):
            if one.segment.msn <= msn:
                return one if one.segment.msn == msn else None
        return None

    def append(self, shelved: Shelved) -> None:
        """List a segment, the next by its number, and drop what is too old."""
        before = self.segments[-1] if self.segments else None
        if before is not None:
            shelved.segment = replace(shelved.segment, new_timelines=shelved.run - before.run)
        with_map = before is not None and before.segment.init != shelved.segment.init
        shelved.text = format_segment(self._track, shelved.segment, with_map=with_map, with_parts=False)
        self.segments.append(shelved)
        self.listed_s += shelved.segment.duration_s
        self.size += shelved.size
        while self._is_too_old(self.segments[0].segment, shelved.segment):
            self._drop()

    def fill(self, msn: int, run: int, starts_at: float) -> None:
        """List gaps for what is missing before `msn`, which begins then; with too much missing, begin anew.

        A gap has the place in time that its number has in another track: players lay tracks side by side by adding up.
        """
        last = self.last
        if last is None:
            return
        missing = msn - last.msn - 1
        if not 0 <= missing <= MAX_GAPS:
            self.drop_up_to(last.msn)
            return
        for number in range(msn - missing, msn):
            begins = starts_at - (msn - number) * SEGMENT_S
            other = self.neighbour(number) or Shelved(Segment(number, begins, SEGMENT_S, last.init), run, 0)
            gap = Segment(number, other.segment.starts_at, other.segment.duration_s, last.init, is_gap=True)
            self.append(Shelved(gap, other.run, 0))

    def mark_unsaved(self, msn: int) -> None:
        """This segment did not come to disk whole."""
        if found := self.find(msn):
            found.is_saved = False

    def drop_unsaved(self, before_msn: int) -> None:
        """List no longer what cannot be had any more: an unsaved segment that left memory, and all before it."""
        gone = [one.segment.msn for one in self.segments if not one.is_saved and one.segment.msn < before_msn]
        if gone:
            self.drop_up_to(gone[-1])

    def drop_up_to(self, msn: int) -> None:
        """List no segment up to this one."""
        while self.segments and self.segments[0].segment.msn <= msn:
            self._drop()

    def rates(self) -> tuple[int, int]:
        """Return the most and the average bits a second of the last segments; zeros while there are none."""
        recent = [one for one in islice(reversed(self.segments), _MEASURED_SEGMENTS) if one.size]
        if not recent:
            return 0, 0
        most = max(one.size * 8 / one.segment.duration_s for one in recent)
        average = sum(one.size for one in recent) * 8 / sum(one.segment.duration_s for one in recent)
        return round(most), round(average)

    def text(
        self, opening: Opening | None, run: int, hint: tuple[int, int], reports: Iterable[Report], *, is_delta: bool
    ) -> str:
        """Return the playlist: whole segments, then the one that is being made in the packager's start `run`."""
        first = self.segments[0] if self.segments else None
        before = (first.run - first.segment.new_timelines) if first else run
        text = [format_head(self._pace, first.segment.msn if first else hint[0], before)]
        open_s = sum(part.duration_s for part in opening.parts) if opening else 0.0
        skipped = max(0, len(self.segments) - self._count_within(SKIP_TARGETS, open_s) - 1) if is_delta else 0
        if skipped:
            text.append(format_skip(skipped))
        elif first is not None:
            text.append(format_map(self._track, first.segment.init))
        settled = len(self.segments) - self._count_within(HOLD_BACK_TARGETS, open_s)
        text += [one.text for one in islice(self.segments, skipped, settled)]
        text += self._latest(settled, opening, run)
        text.append(format_tail(self._track, hint, reports))
        return "".join(text)

    def _latest(self, settled: int, opening: Opening | None, run: int) -> Iterable[str]:
        """Write what is listed with its parts: the whole segments from index `settled` on, and the open one."""
        before = self.segments[max(0, settled - 1)] if self.segments else None
        init = before.segment.init if before else None
        for one in islice(self.segments, settled, None):
            yield format_segment(self._track, one.segment, with_map=one.segment.init != init, with_parts=True)
            init = one.segment.init
        if opening is not None:
            if self.segments:
                opening = replace(opening, new_timelines=run - self.segments[-1].run)
            yield format_segment(self._track, opening, with_map=opening.init != init, with_parts=True)

    def _count_within(self, targets: int, open_s: float) -> int:
        """Return how many whole segments lie in the last so many target durations, `open_s` of which are open."""
        left = targets * self._pace.target_duration_s - open_s
        count = 0
        for one in reversed(self.segments):
            left -= one.segment.duration_s
            if left < 0:
                break
            count += 1
        return count

    def _is_too_old(self, first: Segment, newest: Segment) -> bool:
        """Tell whether the first segment is out of the window: by what is listed after it, or by the clock."""
        left_s = self.listed_s - first.duration_s
        apart_s = newest.starts_at + newest.duration_s - first.starts_at - first.duration_s
        return left_s >= self._least_s and max(left_s, apart_s) >= self._window_s

    def _drop(self) -> None:
        gone = self.segments.popleft()
        self.listed_s -= gone.segment.duration_s
        self.size -= gone.size
        self._on_drop(gone.segment)
