"""The index of a recording: one JSON line for each thing that happened, and what they make together.

Lines are appended while it runs, so that a killed server loses nothing that is written. Pure: reading and writing
files is left to `writer` and `archive`.

A recording is one or more *takes*: stretches in which all tracks run on one clock, parted by what stopped them (a
killed server, a full disk). A *file* is one track's header with its fragments behind it, a playable file of its own.
A *run* is a stretch of bytes in it that belongs to one segment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, TypeAlias, get_args

_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?-[0-9]{1,12}")
DAY_S: Final = 86_400.0


class Kind(StrEnum):
    """What a track is: the picture, what listeners of a channel heard, or one source alone."""

    VIDEO = "video"
    CHANNEL = "channel"
    STEM = "stem"


@dataclass(frozen=True, slots=True)
class Begun:
    """The first line. `title` is the room's by page language; `keep_days` count from the end."""

    recording: str
    room: str
    at: float
    keep_days: int
    title: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TrackNamed:
    """A track may come from now on. `owner` is a keyed digest of a stem's source, so that no name stands here."""

    track: str
    kind: Kind
    owner: str = ""


@dataclass(frozen=True, slots=True)
class TakeBegun:
    """All tracks run from here on one clock, the first segment being `first_msn`."""

    take: int
    first_msn: int
    at: float


@dataclass(frozen=True, slots=True)
class FileBegun:
    """A file with the `header_length` bytes of its header; sizes are pixels, `bandwidth` is bits a second."""

    file: str
    track: str
    take: int
    header_length: int
    codec: str
    bandwidth: int
    width: int
    height: int
    frame_rate: float


@dataclass(frozen=True, slots=True)
class Run:
    """Bytes of a segment; `starts_at` is in epoch seconds."""

    file: str
    msn: int
    offset: int
    length: int
    duration_s: float
    starts_at: float


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What the track had so far is deleted, because its source does not consent any more."""

    track: str


@dataclass(frozen=True, slots=True)
class Ended:
    """Nothing more comes; a take that begins after it opens the recording again."""

    at: float


@dataclass(frozen=True, slots=True)
class Published:
    """Whether everybody may see it from now on."""

    is_public: bool
    at: float


Entry: TypeAlias = Begun | TrackNamed | TakeBegun | FileBegun | Run | Withdrawn | Ended | Published
_KINDS: Final[Mapping[str, type[Entry]]] = {
    re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): kind for kind in get_args(Entry)
}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}


class BrokenLine(ValueError):
    """A line that is none of ours, as the last one may be after a power cut."""


def is_recording_id(text: str) -> bool:
    """Whether `text` can be a recording's id, `{room}-{epoch seconds}`; such a text is also safe in a path."""
    return _ID.fullmatch(text) is not None


def format_entry(entry: Entry) -> str:
    """Return the entry as a line with its end."""
    fields = {"is": _NAMES[type(entry)], **asdict(entry)}
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")) + "\n"


def parse_entry(line: str) -> Entry:
    """Return what a line says. Raises BrokenLine."""
    try:
        fields: dict[str, Any] = json.loads(line)
        kind = _KINDS[fields.pop("is")]
        if kind is TrackNamed:
            fields["kind"] = Kind(fields["kind"])
        return kind(**fields)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenLine from error


@dataclass(frozen=True, slots=True)
class Track:
    """One track with its files and runs in their order, runs of one segment already joined."""

    name: str
    kind: Kind
    owner: str
    files: tuple[FileBegun, ...] = ()
    runs: tuple[Run, ...] = ()

    @property
    def duration_s(self) -> float:
        """How much of it there is."""
        return sum(run.duration_s for run in self.runs)

    @property
    def bytes(self) -> int:
        """How large its files are."""
        return sum(file.header_length for file in self.files) + sum(run.length for run in self.runs)

    def in_take(self, take: int) -> tuple[Run, ...]:
        """Return its runs of one take."""
        names = {file.file for file in self.files if file.take == take}
        return tuple(run for run in self.runs if run.file in names)


@dataclass(frozen=True, slots=True)
class Stretch:
    """When a take begins (epoch seconds), how long it plays, and how much of the recording plays before it."""

    starts_at: float
    length_s: float
    before_s: float


@dataclass(frozen=True, slots=True)
class Recording:
    """What the lines of an index make."""

    begun: Begun
    tracks: Mapping[str, Track] = field(default_factory=lambda: MappingProxyType({}))
    takes: tuple[TakeBegun, ...] = ()
    ended_at: float | None = None
    is_public: bool = False

    @property
    def id(self) -> str:
        """The recording's id."""
        return self.begun.recording

    @property
    def keep_until(self) -> float | None:
        """From when on it is deleted, in epoch seconds; None while it runs."""
        return None if self.ended_at is None else self.ended_at + self.begun.keep_days * DAY_S

    @property
    def video(self) -> Track | None:
        """The picture, when there is any of it."""
        return next((track for track in self.tracks.values() if track.kind is Kind.VIDEO and track.runs), None)

    @property
    def channels(self) -> tuple[Track, ...]:
        """What can be heard, floor first, in the room's order."""
        return tuple(track for track in self.tracks.values() if track.kind is Kind.CHANNEL and track.runs)

    @property
    def stems(self) -> tuple[Track, ...]:
        """The sources that consented to the end."""
        return tuple(track for track in self.tracks.values() if track.kind is Kind.STEM and track.runs)

    @property
    def bytes(self) -> int:
        """How large all its tracks are."""
        return sum(track.bytes for track in self.tracks.values())

    def timeline(self) -> dict[int, Stretch]:
        """Return the takes that have anything in them, one after another, each as long as its longest track."""
        line: dict[int, Stretch] = {}
        before = 0.0
        for take in self.takes:
            runs = [found for track in self.tracks.values() if (found := track.in_take(take.take))]
            if runs:
                start = min(found[0].starts_at for found in runs)
                length = max(found[-1].starts_at + found[-1].duration_s for found in runs) - start
                line[take.take] = Stretch(start, length, before)
                before += length
        return line

    def entries(self) -> Iterator[Entry]:
        """Yield the fewest lines that make the same recording: a run a segment, nothing of what was withdrawn."""
        yield self.begun
        for track in self.tracks.values():
            yield TrackNamed(track.name, track.kind, track.owner)
        yield from self.takes
        for track in self.tracks.values():
            yield from track.files
            yield from track.runs
        if self.ended_at is not None:
            yield Ended(self.ended_at)
            yield Published(self.is_public, self.ended_at)


def offset_of(track: Track, timeline: Mapping[int, Stretch]) -> float:
    """Return how many seconds into the recording a track begins."""
    takes = {file.file: file.take for file in track.files}
    for run in track.runs:
        stretch = timeline[takes[run.file]]
        return stretch.before_s + run.starts_at - stretch.starts_at
    return 0.0


def read_index(entries: Iterable[Entry]) -> Recording | None:
    """Return what the entries make together; None when the first is not a beginning."""
    reader: _Reader | None = None
    for entry in entries:
        if isinstance(entry, Begun):
            reader = reader or _Reader(entry)
        elif reader is None:
            return None
        else:
            reader.take_in(entry)
    return None if reader is None else reader.recording()


class _Reader:
    """Folds entries; runs of one segment that lie side by side in a file become one. What fits nothing is let go."""

    def __init__(self, begun: Begun) -> None:
        self._made = Recording(begun)
        self._tracks: dict[str, Track] = {}
        self._runs: dict[str, list[Run]] = {}
        self._track_of: dict[str, str] = {}

    def take_in(self, entry: Entry) -> None:
        match entry:
            case TrackNamed():
                self._tracks.setdefault(entry.track, Track(entry.track, entry.kind, entry.owner))
            case TakeBegun():
                self._made = replace(self._made, takes=(*self._made.takes, entry), ended_at=None)
            case FileBegun() if track := self._tracks.get(entry.track):
                self._tracks[entry.track] = replace(track, files=(*track.files, entry))
                self._track_of[entry.file] = entry.track
            case Run() if entry.file in self._track_of:
                self._add_run(entry)
            case Withdrawn() if track := self._tracks.get(entry.track):
                self._tracks[entry.track] = replace(track, files=())
                self._runs.pop(entry.track, None)
            case Ended():
                self._made = replace(self._made, ended_at=entry.at)
            case Published():
                self._made = replace(self._made, is_public=entry.is_public)

    def _add_run(self, run: Run) -> None:
        runs = self._runs.setdefault(self._track_of[run.file], [])
        last = runs[-1] if runs else None
        if last and (last.file, last.msn, last.offset + last.length) == (run.file, run.msn, run.offset):
            joined = replace(last, length=last.length + run.length, duration_s=last.duration_s + run.duration_s)
            runs[-1] = joined
        else:
            runs.append(run)

    def recording(self) -> Recording:
        tracks = {name: replace(track, runs=tuple(self._runs.get(name, ()))) for name, track in self._tracks.items()}
        return replace(self._made, tracks=MappingProxyType(tracks))
