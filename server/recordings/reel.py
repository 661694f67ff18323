"""A recording made ready for players: its playlists as text, and where each of their addresses lies on disk. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Final

from media.playlists import Picture, Segment, Sound, format_ended, format_master
from server.i18n import DEFAULT_LANGUAGE
from server.recordings.index import FileBegun, Kind, Recording, Track
from server.recordings.names import track_title
from server.recordings.tags import SEVERAL

_BITS: Final = 8
_MIN_TARGET_S: Final = 5


@dataclass(frozen=True, slots=True)
class Slice:
    """Bytes of a file of the recording's folder; `is_sound` tells their media type."""

    file: str
    offset: int
    length: int
    is_sound: bool


class Reel:
    """What players ask of one recording. Raises KeyError for a track, segment or header that there is none of.

    A take counts only where the picture and every channel have something of it, so that all playlists have the same
    discontinuities (RFC 8216 section 6.2.4). Stems are not played.
    """

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self._played = {track.name: track for track in (*self._pictures, *recording.channels)}

    @property
    def _pictures(self) -> tuple[Track, ...]:
        return (self.recording.video,) if self.recording.video else ()

    @cached_property
    def _takes(self) -> frozenset[int]:
        numbers = (take.take for take in self.recording.takes)
        return frozenset(take for take in numbers if all(track.in_take(take) for track in self._played.values()))

    @cached_property
    def _slices(self) -> dict[tuple[str, int], Slice]:
        return {
            (track.name, run.msn): Slice(run.file, run.offset, run.length, track.kind is not Kind.VIDEO)
            for track in self._played.values()
            for run in track.runs
        }

    @cached_property
    def _target_s(self) -> int:
        longest = max((run.duration_s for track in self._played.values() for run in track.runs), default=0.0)
        return max(_MIN_TARGET_S, ceil(longest - 0.5))

    def master(self, *, with_picture: bool) -> str:
        """Return the playlist of playlists, with the picture and all sounds or with the sounds alone."""
        pictures = [self._picture(track) for track in self._pictures] if with_picture else []
        return format_master(pictures, [self._sound(track) for track in self.recording.channels])

    def playlist(self, track: str) -> str:
        """Return one track's playlist."""
        return format_ended(track, tuple(self._segments(self._played[track])), self._target_s)

    def segment(self, track: str, msn: int) -> Slice:
        """Return where a segment lies."""
        return self._slices[track, msn]

    def header(self, track: str, init: int) -> Slice:
        """Return where a header lies: that of the track's file number `init`."""
        found = self._played[track]
        if not 0 <= init < len(found.files):
            raise KeyError(init)
        return Slice(found.files[init].file, 0, found.files[init].header_length, found.kind is not Kind.VIDEO)

    def _segments(self, track: Track) -> Iterator[Segment]:
        numbers = {file.file: number for number, file in enumerate(track.files)}
        last_take: int | None = None
        for run in track.runs:
            number = numbers[run.file]
            take = track.files[number].take
            if take not in self._takes:
                continue
            yield Segment(
                run.msn,
                run.starts_at,
                run.duration_s,
                number,
                new_timelines=int(last_take is not None and take != last_take),
            )
            last_take = take

    def _sound(self, track: Track) -> Sound:
        file = track.files[0]
        language = SEVERAL if track.name == "floor" else track.name
        title = track_title(track.name, DEFAULT_LANGUAGE)
        return Sound(track.name, title, language, file.codec, _peak(track, file), _average(track))

    def _picture(self, track: Track) -> Picture:
        file = track.files[-1]
        rates = _peak(track, file), _average(track)
        return Picture(track.name, file.codec, *rates, file.width, file.height, file.frame_rate)


def _peak(track: Track, file: FileBegun) -> int:
    """Return the most bits a second that a segment takes; fractions of one tell nothing."""
    whole = [run.length * _BITS / run.duration_s for run in track.runs if run.duration_s >= 1.0]
    return int(max(whole, default=file.bandwidth))


def _average(track: Track) -> int:
    return int(track.bytes * _BITS / max(track.duration_s, 0.001))
