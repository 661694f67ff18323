"""One recording while it runs: what its room's second stream makes goes to the writer, as consent allows.

The stream has the picture, the floor and each channel, and a stem a consenting source. What the channels carry is the
plan's affair; here it is seen to that a stem without consent is neither written nor left on disk, and that no person's
name or id is. Lives on the event loop and never waits.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol

from interpreting.ids import HALL, HALL_MICS, VENUE, SourceId, SourceKind, kind_of
from interpreting.plan import RoutingPlan
from interpreting.room import Room
from media.stream import VIDEO, InitMade, PartMade, StreamEvent, StreamFailed, StreamSpec, Track
from server.recordings.index import Begun, Ended, Entry, FileBegun, Kind, Recording, Run, TakeBegun, TrackNamed
from server.recordings.writer import Append, Erase, Finish, Header, Note, Writer

_log = logging.getLogger(__name__)

CHANNEL_BUS: Final = "rec:"
STEM_BUS: Final = "stem:"
# Parts of a stream that was stopped may still come: the next one's numbers begin past them.
_SPARE_SEGMENTS: Final = 2


class Streams(Protocol):
    """What a recording asks of the media engine."""

    def start_stream(self, stream: str, spec: StreamSpec) -> None:
        """Begin to package; ignored while the stream runs."""
        ...

    def add_track(self, stream: str, track: Track) -> None:
        """Have a running stream carry one track more from its next segment on."""
        ...

    def stop_stream(self, stream: str) -> None:
        """End a stream."""
        ...


class Pause(StrEnum):
    """Why nothing is written just now."""

    DISK = "disk"
    SLOW = "slow"
    STREAM = "stream"


@dataclass(frozen=True, slots=True)
class Tools:
    """What all recordings share. `now` is epoch seconds; `secret` keeps the digests of sources from being guessed."""

    streams: Streams
    writer: Writer
    now: Callable[[], float]
    secret: str


@dataclass(slots=True)
class _Lane:
    """A track: its files so far, the one that is open, and the header the next one begins with."""

    track: str
    kind: Kind
    owner: str = ""
    files: list[str] = field(default_factory=list)
    made: int = 0
    open: str | None = None
    header: InitMade | None = None
    is_allowed: bool = True


def stream_of(room: str) -> str:
    """Return the name of a room's second stream."""
    return f"{room}/rec"


class Recorder:
    """One recording from its beginning, or from where a former run of the server left it, to its end.

    `first_msn` is past every segment that the room's second stream may still make for an earlier recording.
    """

    def __init__(
        self, tools: Tools, folder: Path, begun: Begun, previous: Recording | None, first_msn: int = 0
    ) -> None:
        self.id = begun.recording
        self.folder = folder
        self.paused: Pause | None = None
        self.is_stopped = False
        self._tools = tools
        self.room = begun.room
        self._stream = stream_of(begun.room)
        self._take = previous.takes[-1].take if previous and previous.takes else 0
        self._next_msn = first_msn
        self._first_msn = 0
        self._lanes: dict[str, _Lane] = {}
        self._stems: dict[str, _Lane] = {}
        self._named: set[str] = set()
        if previous is None:
            self._note(begun)
        else:
            self._take_over(previous)

    def begin(self, room: Room, plan: RoutingPlan) -> None:
        """Start a take: at the beginning, and again when what stopped the last one is over."""
        self.paused = None
        self._take += 1
        self._first_msn = self._next_msn
        self._note(TakeBegun(self._take, self._first_msn, self._tools.now()))
        self._lanes = {}
        tracks = [Track(VIDEO, self._stream)]
        self._open_lane(VIDEO, _Lane(VIDEO, Kind.VIDEO))
        for bus in plan.mixes:
            if bus.startswith(CHANNEL_BUS):
                channel = bus.removeprefix(CHANNEL_BUS)
                tracks.append(Track(channel, f"{self.room}/{bus}"))
                self._open_lane(channel, _Lane(channel, Kind.CHANNEL))
        tracks += self._new_stems(room, plan)
        self._tools.streams.start_stream(self._stream, StreamSpec(tuple(tracks), self._first_msn))

    def follow(self, room: Room, plan: RoutingPlan) -> None:
        """Take in what the room is now: who consents, and who has come."""
        if self.is_stopped:
            return
        self._obey(room)
        if self.paused is None:
            for track in self._new_stems(room, plan):
                self._tools.streams.add_track(self._stream, track)

    def take_in(self, event: StreamEvent) -> None:
        """Keep what the stream has made."""
        if self.paused is not None:
            return
        match event:
            case InitMade():
                if lane := self._lanes.get(event.track):
                    lane.header, lane.open = event, None
            case PartMade():
                lane = self._lanes.get(event.track)
                if lane is not None and lane.is_allowed and event.msn >= self._first_msn:
                    self._next_msn = max(self._next_msn, event.msn + _SPARE_SEGMENTS)
                    self._keep(lane, event)
            case StreamFailed():
                _log.error("the stream of recording %s has failed: %s", self.id, event.error)
                self.pause(Pause.STREAM)

    def pause(self, why: Pause) -> None:
        """Write nothing more until `begin`; the room's livestream is another one and goes on."""
        if self.paused is None and not self.is_stopped:
            self.paused = why
            self._tools.streams.stop_stream(self._stream)

    def stop(self) -> None:
        """End the stream. What it has made up to now may still come, until `finish`."""
        if not self.is_stopped:
            self.is_stopped = True
            self._tools.streams.stop_stream(self._stream)

    def finish(self) -> None:
        """Close the recording."""
        self.paused = Pause.STREAM
        self._tools.writer.put(Finish(self.folder, Ended(self._tools.now())))

    @property
    def next_msn(self) -> int:
        """Past every segment that the room's second stream has made or may still make."""
        return self._next_msn

    def _note(self, entry: Entry) -> None:
        self._tools.writer.put(Note(self.folder, entry))

    def _take_over(self, previous: Recording) -> None:
        for track in previous.tracks.values():
            self._named.add(track.name)
            if track.kind is Kind.STEM:
                files = [file.file for file in track.files]
                self._stems[track.owner] = _Lane(track.name, Kind.STEM, track.owner, files)
            self._next_msn = max([self._next_msn, *(run.msn + _SPARE_SEGMENTS for run in track.runs)])

    def _open_lane(self, name: str, lane: _Lane) -> None:
        self._lanes[name] = lane
        if lane.track not in self._named:
            self._named.add(lane.track)
            self._note(TrackNamed(lane.track, lane.kind, lane.owner))

    def _new_stems(self, room: Room, plan: RoutingPlan) -> list[Track]:
        """Open a lane for each source that has come since, and return its track."""
        tracks = []
        for bus in plan.mixes:
            if not bus.startswith(STEM_BUS) or bus in self._lanes:
                continue
            source = SourceId(bus.removeprefix(STEM_BUS))
            owner = self._owner(source)
            lane = self._stems.get(owner)
            if lane is None:
                lane = self._stems[owner] = _Lane(self._stem_name(room, source), Kind.STEM, owner)
            lane.made, lane.open, lane.header, lane.is_allowed = 0, None, None, room.consents_to(source)
            self._open_lane(bus, lane)
            tracks.append(Track(bus, f"{self.room}/{bus}"))
        return tracks

    def _obey(self, room: Room) -> None:
        """Delete the stem of every source that does not consent any more, and go on with those that do again."""
        for source in {*room.consents, *HALL, *HALL_MICS}:
            consents = room.consents_to(source)
            lane = self._stems.get(self._owner(source))
            if lane is None or lane.is_allowed is consents:
                continue
            lane.is_allowed = consents
            if not consents:
                lane.open = None
                self._tools.writer.put(Erase(self.folder, lane.track, tuple(lane.files)))
                lane.files.clear()

    def _keep(self, lane: _Lane, part: PartMade) -> None:
        writer = self._tools.writer
        is_taken = True
        if lane.open is None:
            header = lane.header
            # A picture can only be entered at a keyframe.
            if header is None or (lane.kind is Kind.VIDEO and not part.is_independent):
                return
            lane.open = f"{lane.track}.{self._take}-{lane.made}.mp4"
            lane.made += 1
            lane.files.append(lane.open)
            is_taken = writer.put(Header(self.folder, self._file_begun(lane, header, lane.open), header.payload))
        run = Run(lane.open, part.msn, 0, len(part.payload), part.duration_s, part.starts_at)
        if not (is_taken and writer.put(Append(self.folder, run, part.payload))):
            _log.error("recording %s pauses: the disk is too slow for it", self.id)
            self.pause(Pause.SLOW)

    def _file_begun(self, lane: _Lane, header: InitMade, name: str) -> FileBegun:
        return FileBegun(
            file=name,
            track=lane.track,
            take=self._take,
            header_length=len(header.payload),
            codec=header.codec,
            bandwidth=header.bandwidth,
            width=header.width,
            height=header.height,
            frame_rate=header.frame_rate,
        )

    def _owner(self, source: SourceId) -> str:
        key = hashlib.sha256(self._tools.secret.encode()).digest()
        return hashlib.blake2s(f"{self.id}/{source}".encode(), key=key).hexdigest()[:24]

    def _stem_name(self, room: Room, source: SourceId) -> str:
        """Return a name that tells the place and no person: `stem-de-uk-2` is the booth's second microphone."""
        kind = kind_of(source)
        if kind is SourceKind.HALL_MIC:
            return f"stem-{VENUE}-{source.partition(':')[2]}"
        if kind not in (SourceKind.MIC, SourceKind.SPEAKER):
            return f"stem-{kind.value}"
        person = source.partition(":")[2]
        booth = next((one.id for one in room.booths.values() if person in one.seats), None)
        base = f"stem-{booth or kind.value}-"
        return f"{base}{1 + sum(lane.track.startswith(base) for lane in self._stems.values())}"
