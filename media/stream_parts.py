"""Where parts and segments begin and end: samples in their order in, whole parts out. Pure.

The rules (draft-pantos-hls-rfc8216bis section 4.4.4.9): no part longer than the target, none shorter than 85 % of it
but a segment's last. Sound has it easy, its frames fit. A picture lasts until the next one, so a part ends at the last
picture within the target; where pictures are so far from each other that none stands in the last 15 %, the nearest one
is moved there.
"""

from dataclasses import dataclass
from typing import Final

from media.cmaf import Timed
from media.stream import (
    AAC_FRAME_SAMPLES,
    PART_FRAMES,
    PART_TICKS,
    PARTS_A_SEGMENT,
    PICTURE_HZ,
    SEGMENT_TICKS,
)

SHORTEST_TICKS: Final = -(-PART_TICKS * 85 // 100)
KEYFRAME_WINDOW_TICKS: Final = PICTURE_HZ // 2
"""How far from its time a segment may begin for the sake of a keyframe. Whoever wants a keyframe gets one
within a second, so one is always within half a second.
"""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: `starts` in the track's timescale; `is_last` ends its segment."""

    msn: int
    part: int
    starts: int
    samples: tuple[Timed, ...]
    is_last: bool

    @property
    def duration(self) -> int:
        """In the track's timescale."""
        return sum(sample.duration for sample in self.samples)

    @property
    def is_independent(self) -> bool:
        """Whether decoding may begin in it."""
        return any(sample.is_sync for sample in self.samples)


class SoundParts:
    """AAC frames into parts.

    Args:
        msn: the segment whose first frame is the first to come.
    """

    def __init__(self, msn: int) -> None:
        self._frame = msn * PARTS_A_SEGMENT * PART_FRAMES
        self._held: list[Timed] = []

    @property
    def starts(self) -> int:
        """The next frame's time in samples."""
        return self._frame * AAC_FRAME_SAMPLES

    def add(self, frame: bytes) -> Part | None:
        """Take a frame; returns the part that it completes."""
        self._held.append(Timed(frame, AAC_FRAME_SAMPLES))
        self._frame += 1
        return self._close() if self._frame % PART_FRAMES == 0 else None

    def finish(self) -> Part | None:
        """What is left, as its segment's last part."""
        return self._close(is_end=True) if self._held else None

    def _close(self, *, is_end: bool = False) -> Part:
        samples, self._held = tuple(self._held), []
        first = self._frame - len(samples)
        part = first // PART_FRAMES
        is_last = is_end or (part + 1) % PARTS_A_SEGMENT == 0
        return Part(part // PARTS_A_SEGMENT, part % PARTS_A_SEGMENT, first * AAC_FRAME_SAMPLES, samples, is_last)


@dataclass(slots=True)
class _Held:
    starts: int
    payload: bytes
    is_key: bool


class PictureParts:
    """Pictures into parts and segments, in 90 kHz.

    Args:
        msn: the first segment; its first picture is shown from the segment's very beginning.
    """

    def __init__(self, msn: int) -> None:
        self.msn = msn
        self._part = 0
        self._held: list[_Held] = []

    @property
    def boundary(self) -> int:
        """When the next segment is to begin."""
        return (self.msn + 1) * SEGMENT_TICKS

    @property
    def last(self) -> int:
        """The newest picture's time; the beginning, before the first."""
        return self._held[-1].starts if self._held else self.msn * SEGMENT_TICKS - 1

    def begins_segment(self, starts: int, *, is_key: bool) -> bool:
        """Whether a picture of that time would begin the next segment."""
        early = self.boundary - KEYFRAME_WINDOW_TICKS
        return bool(self._held) and starts >= (early if is_key else self.boundary + KEYFRAME_WINDOW_TICKS)

    def add(self, starts: int, payload: bytes, *, is_key: bool) -> list[Part]:
        """Take the next picture; returns the parts that are whole now. Times go up by a millisecond at least."""
        if not self._held:
            self._held.append(_Held(self.msn * SEGMENT_TICKS, payload, is_key))
            return []
        starts = max(starts, self.last + PICTURE_HZ // 1000)
        parts, starts = self._cut_overrun(starts)
        spacing = starts - self.last
        new = _Held(starts, payload, is_key)
        if self.begins_segment(starts, is_key=is_key):
            parts.append(self._close(len(self._held), starts, is_last=True))
        elif starts - self._held[0].starts >= SHORTEST_TICKS and starts + spacing - self._held[0].starts > PART_TICKS:
            # The next picture would be too late for this part: no need to wait for it.
            parts.append(self._close(len(self._held), starts))
        self._held.append(new)
        return parts

    def finish(self) -> Part | None:
        """What is left, as its segment's last part."""
        if not self._held:
            return None
        spacing = self._held[-1].starts - self._held[-2].starts if len(self._held) > 1 else PICTURE_HZ // 25
        end = min(self._held[-1].starts + spacing, self._held[0].starts + PART_TICKS)
        return self._close(len(self._held), max(end, self._held[-1].starts + 1), is_last=True)

    def _cut_overrun(self, starts: int) -> tuple[list[Part], int]:
        """Close the part that a picture at `starts` would make too long; returns when that picture is shown."""
        first, newest = self._held[0], self._held[-1]
        if starts <= first.starts + PART_TICKS:
            return [], starts
        later = first.starts + SHORTEST_TICKS - newest.starts
        earlier = starts - first.starts - PART_TICKS
        if newest is first or (later > 0 and earlier <= later):
            return [], first.starts + PART_TICKS
        if later > 0:
            newest.starts += later
        parts = [self._close(len(self._held) - 1, newest.starts)]
        # What is left is one picture, and the next may be far from it too.
        return parts, min(starts, newest.starts + PART_TICKS)

    def _close(self, count: int, end: int, *, is_last: bool = False) -> Part:
        closed, self._held = self._held[:count], self._held[count:]
        ends = [held.starts for held in closed[1:]] + [end]
        samples = tuple(
            Timed(held.payload, after - held.starts, held.is_key) for held, after in zip(closed, ends, strict=True)
        )
        made = Part(self.msn, self._part, closed[0].starts, samples, is_last)
        self._part += 1
        if is_last:
            self.msn, self._part = self.msn + 1, 0
        return made
