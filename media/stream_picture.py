"""A stream's picture: H.264 goes through as it came, other codecs are made into it, and a still fills what is missing.

Keyframes are asked for so that they come when a segment begins. Parameter sets stand in the init segment that a segment
goes with and before every keyframe, so a change within a segment is understood too.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

from media import avc
from media.access_units import AccessUnit, AccessUnitCounts, AccessUnits, Payload
from media.errors import WireError
from media.still import STILL_TICKS, Still
from media.stream import PICTURE_HZ, Slide
from media.stream_clock import LipSync, PictureClock
from media.stream_filler import Filler
from media.stream_parts import Part, PictureParts
from media.transcoder import Transcoder, Wanted

STALLED_S: Final = 0.5
_PREPARE_S: Final = 0.25
_ASK_AGAIN_S: Final = 0.7
_USUAL_LEAD: Final = PICTURE_HZ * 15 // 100
_MOST_LEAD: Final = PICTURE_HZ * 45 // 100


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture of the track as it was shown, for its small copy; `begins` says that it begins a segment."""

    starts: int
    payload: bytes
    is_key: bool
    begins: bool


@dataclass(frozen=True, slots=True)
class PicturePart:
    """A part, and the decoder configuration and format that its segment began with."""

    part: Part
    record: bytes
    format: avc.PictureFormat


@dataclass(slots=True)
class PictureCounts:
    """Pictures that went through, those that filled a stall, and whole ones dropped: nobody could have decoded them, or
    the slide is held.
    """

    shown: int = 0
    filled: int = 0
    dropped: int = 0
    stalls: int = 0


class PictureTrack:
    """The track called "video".

    Args:
        msn: the first segment.
        to_ticks: from monotonic seconds to media time in 90 kHz.
        now: monotonic seconds.
        pool: where stills are drawn and encoded.
        on_shown: told of every picture.
    """

    def __init__(
        self,
        msn: int,
        to_ticks: Callable[[float], int],
        now: float,
        pool: Executor,
        on_shown: Callable[[Shown], None] | None = None,
    ) -> None:
        self.counts = PictureCounts()
        self.lip_sync = LipSync()
        self.frame_rate = 0.0
        """Pictures a second as they come; 0 before the first."""
        self._to_ticks = to_ticks
        self._on_shown = on_shown
        self._parts = PictureParts(msn)
        self._filler = Filler(pool)
        self._units: AccessUnits | None = None
        self._earlier = AccessUnitCounts()
        self._run = 0
        self._clock = PictureClock()
        self._transcoder: Transcoder | None = None
        self._sps = self._pps = b""
        self._record = b""
        self._format = avc.PictureFormat(0, 0, "")
        self._segments: dict[int, tuple[bytes, avc.PictureFormat]] = {}
        self._came_at = self._stalled_at = now
        self._is_filling = self._is_held = False
        self._still: Still | None = None
        self._at_still = 0
        self._asked_at: float | None = None
        self._asked_for = -1
        self._asked_after = 0
        self._lead = _USUAL_LEAD

    @property
    def lost_packets(self) -> int:
        """Packets of the picture that never came."""
        return self._earlier.lost + (self._units.counts.lost if self._units is not None else 0)

    @property
    def dropped(self) -> int:
        """Pictures that came and were not shown."""
        in_parts = self._units.counts.dropped if self._units is not None else 0
        in_time = self._transcoder.dropped if self._transcoder is not None else 0
        return self.counts.dropped + self._earlier.dropped + in_parts + in_time

    def close(self) -> None:
        """Let the thread go."""
        self._end_transcoder()

    def say(self, words: Slide) -> None:
        """What the slide says."""
        self._filler.say(words)

    def hold(self, held: bool, now: float) -> None:
        """Show the slide whatever comes, or what comes again."""
        if held and not self._is_filling:
            self._begin_filling(now)
        self._is_held = held

    def take(self, run: int, codec: str, payload: Payload) -> Iterator[PicturePart]:
        """Take one packet of the picture bus."""
        if run != self._run or self._units is None:
            self._run = run
            if self._units is not None:
                self._earlier.lost += self._units.counts.lost
                self._earlier.dropped += self._units.counts.dropped
            self._units = AccessUnits(codec)
            self._clock = PictureClock()
            self._clock.lip_sync = self.lip_sync
            self._end_transcoder()
            self._transcoder = None if codec == "h264" else Transcoder(codec)
        for unit in self._units.push(payload):
            if self._transcoder is None:
                yield from self._take_unit(unit)
            else:
                self._transcode(self._transcoder, unit)

    def on_timer(self, now: float) -> Iterator[PicturePart]:
        """What time brings: pictures out of the transcoder, stills when none came."""
        yield from self._take_copies()
        usual_s = 3 / self.frame_rate if self.frame_rate else 0.0
        if not self._is_filling and now - self._came_at > max(_PREPARE_S, usual_s):
            self._filler.prepare()
        if not self._is_filling and now - self._came_at > STALLED_S:
            self._begin_filling(self._came_at)
        if self._is_filling:
            yield from self._fill(now)

    def finish(self) -> Iterator[PicturePart]:
        """What is left, that in the transcoder too."""
        if self._transcoder is not None:
            self._transcoder.close()
        yield from self._take_copies()
        part = self._parts.finish()
        if part is not None:
            yield from self._label([part])

    def wants_key(self, now: float) -> bool:
        """Whether to ask the source for a keyframe now; true once for each wish."""
        if self._is_held or (self._asked_at is not None and now - self._asked_at < _ASK_AGAIN_S):
            return False
        is_broken = self._units is not None and self._units.needs_key
        # What is transcoded has its keyframes from here.
        is_time = self._transcoder is None and (self._parts.last >= self._parts.boundary - self._lead)
        if not (self._is_filling or is_broken or (is_time and self._asked_for != self._parts.msn)):
            return False
        self._asked_at, self._asked_after = now, self._parts.last
        if is_time and not self._is_filling:
            self._asked_for = self._parts.msn
        return True

    def _end_transcoder(self) -> None:
        if self._transcoder is not None:
            self._transcoder.close()
            self._transcoder = None

    def _transcode(self, transcoder: Transcoder, unit: AccessUnit) -> None:
        # Its own encoder makes the keyframe exactly when the segment begins.
        is_time = self._to_ticks(self._clock_of(unit)) >= self._parts.boundary
        must = self._is_filling or (is_time and self._asked_for != self._parts.msn)
        if must and is_time:
            self._asked_for = self._parts.msn
        transcoder.put(Wanted(unit.units[0], unit, unit.is_key, must))

    def _take_copies(self) -> Iterator[PicturePart]:
        for copy in self._transcoder.take() if self._transcoder is not None else ():
            unit: AccessUnit = copy.label
            units = tuple(avc.split_lengths(copy.payload))
            yield from self._take_unit(AccessUnit(unit.timestamp, units, copy.is_key, unit.arrived, unit.due))

    def _clock_of(self, unit: AccessUnit) -> float:
        return self._clock.expect(unit.timestamp, unit.arrived, unit.due)

    def _take_unit(self, unit: AccessUnit) -> Iterator[PicturePart]:
        self._came_at = unit.arrived
        shown_at = self._clock.place(unit.timestamp, unit.arrived, unit.due)
        if self._is_held or (self._is_filling and not unit.is_key):
            self.counts.dropped += 1
            return
        units = self._with_parameters(unit) if unit.is_key else unit.units
        if not self._record or not units:
            self.counts.dropped += 1
            return
        payload = avc.format_lengths(units)
        starts = self._to_ticks(shown_at)
        if unit.is_key:
            self._note_key(starts)
        if not self._is_filling:
            self._note_rate(starts - self._parts.last)
        self._is_filling, self._still = False, None
        self.counts.shown += 1
        self._filler.note(payload, (self._format.width, self._format.height), is_key=unit.is_key)
        yield from self._add(starts, payload, is_key=unit.is_key)

    def _with_parameters(self, unit: AccessUnit) -> tuple[bytes, ...]:
        """The units of a keyframe with parameter sets before them; none when there are no valid ones."""
        units = tuple(u for u in unit.units if avc.kind_of(u) not in (avc.SPS, avc.PPS))
        sets = {avc.kind_of(u): u for u in unit.units}
        sps, pps = sets.get(avc.SPS, self._sps), sets.get(avc.PPS, self._pps)
        try:
            self._set_parameters(sps, pps)
        except WireError:
            return ()
        self._sps, self._pps = sps, pps
        return (sps, pps, *units)

    def _set_parameters(self, sps: bytes, pps: bytes) -> None:
        if not sps or not pps:
            raise WireError("parameter_sets")
        record = avc.format_record(sps, pps)
        if record != self._record:
            self._format = avc.parse_sps(sps)
            self._record = record

    def _note_key(self, starts: int) -> None:
        took = starts - self._asked_after
        if self._asked_at is not None and 0 < took < _MOST_LEAD:
            # From the newest picture when it was asked for.
            self._lead += (took - self._lead) // 4
        self._asked_at = None

    def _note_rate(self, spacing: int) -> None:
        if 0 < spacing < PICTURE_HZ:
            rate = min(60.0, PICTURE_HZ / spacing)
            self.frame_rate += (rate - self.frame_rate) / (8 if self.frame_rate else 1)

    def _begin_filling(self, since: float) -> None:
        self.counts.stalls += 1
        self._is_filling, self._stalled_at = True, since
        self._still = None
        self._filler.prepare()

    def _fill(self, now: float) -> Iterator[PicturePart]:
        until = self._to_ticks(now)
        starts = (self._parts.last // STILL_TICKS + 1) * STILL_TICKS
        while starts <= until:
            still = self._filler.show(now - self._stalled_at, is_held=self._is_held)
            if still is None:
                return
            is_new = still is not self._still or starts >= self._parts.boundary
            if is_new or self._at_still >= len(still.pictures):
                self._still, self._at_still = still, 0
            payload = still.pictures[self._at_still]
            if self._at_still == 0:
                sets = {avc.kind_of(u): u for u in avc.split_lengths(payload)}
                self._set_parameters(sets[avc.SPS], sets[avc.PPS])
            self.counts.filled += 1
            yield from self._add(starts, payload, is_key=self._at_still == 0)
            self._at_still += 1
            starts += STILL_TICKS

    def _add(self, starts: int, payload: bytes, *, is_key: bool) -> Iterator[PicturePart]:
        before = self._parts.msn
        parts = self._parts.add(starts, payload, is_key=is_key)
        begins = self._parts.msn != before or not self._segments
        if begins:
            self._segments[self._parts.msn] = (self._record, self._format)
        if self._on_shown is not None:
            self._on_shown(Shown(self._parts.last, payload, is_key, begins))
        yield from self._label(parts)

    def _label(self, parts: list[Part]) -> Iterator[PicturePart]:
        for part in parts:
            yield PicturePart(part, *self._segments[part.msn])
            if part.is_last:
                del self._segments[part.msn]
