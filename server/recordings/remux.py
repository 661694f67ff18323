"""Downloads of a recording: its tracks put into one file as they are, with languages, titles and the date.

Run as a program of its own, so that hours of video disturb nobody's sound: `python -m server.recordings.remux FOLDER
NAME`. Nothing is decoded or encoded; the stretches of a recording (its takes) follow each other without a gap.
"""

from __future__ import annotations

import heapq
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

from server.i18n import DEFAULT_LANGUAGE
from server.recordings.folders import DOWNLOADS, read_folder
from server.recordings.index import Kind, Recording, Track
from server.recordings.names import track_title
from server.recordings.tags import SEVERAL, iso_639_2

ALL: Final = "all.mp4"
"""The download with the picture and every language."""
_NICENESS: Final = 10


@dataclass(frozen=True, slots=True)
class _Piece:
    """One file of a track: where its take begins on its clock, and where it is put in the download, in seconds."""

    file: Path
    origin_s: Fraction
    offset_s: Fraction


def download_names(recording: Recording) -> tuple[str, ...]:
    """Return the names of all downloads of a recording: everything, one a channel, one a stem."""
    sounds = tuple(f"{track.name}.m4a" for track in (*recording.channels, *recording.stems))
    return (ALL, *sounds) if recording.video else sounds


def make_download(folder: Path, name: str) -> Path:
    """Make a download and return its file; one that is there is kept.

    Raises KeyError for a name that is none of `download_names`, OSError, and av.FFmpegError.
    """
    recording = read_folder(folder)
    if recording is None or name not in download_names(recording):
        raise KeyError(name)
    target = folder / DOWNLOADS / name
    if target.exists():
        return target
    target.parent.mkdir(exist_ok=True)
    fresh = target.with_name(f".{name}.{os.getpid()}")
    try:
        _remux(recording, folder, _tracks_of(recording, name), fresh)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return target


def _tracks_of(recording: Recording, name: str) -> tuple[Track, ...]:
    if name == ALL and recording.video:
        return (recording.video, *recording.channels)
    return (recording.tracks[name.removesuffix(".m4a")],)


def _remux(recording: Recording, folder: Path, tracks: Sequence[Track], target: Path) -> None:
    pieces = _pieces(recording, folder)
    with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as output:
        _describe(output, recording)
        streams = [_stream_for(output, track, folder, is_first=number < 2) for number, track in enumerate(tracks)]
        readers = [_packets(pieces[track.name], number) for number, track in enumerate(tracks)]
        for _, number, packet in heapq.merge(*readers, key=lambda one: one[0]):
            packet.stream = streams[number]
            output.mux(packet)


def _describe(output: OutputContainer, recording: Recording) -> None:
    title, at = recording.begun.title, datetime.fromtimestamp(recording.begun.at, UTC)
    output.metadata["title"] = title.get(DEFAULT_LANGUAGE) or recording.begun.room
    output.metadata["date"] = at.date().isoformat()
    output.metadata["creation_time"] = at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _stream_for(output: OutputContainer, track: Track, folder: Path, *, is_first: bool) -> Stream:
    with av.open(str(folder / track.files[0].file)) as source:
        stream = output.add_stream_from_template(source.streams[0])
        stream.time_base = source.streams[0].time_base
    if track.kind is Kind.CHANNEL:
        stream.metadata["language"] = SEVERAL if track.name == "floor" else iso_639_2(track.name)
    if track.kind is not Kind.VIDEO:
        stream.metadata["title"] = stream.metadata["handler_name"] = track_title(track.name, DEFAULT_LANGUAGE)
        stream.disposition = av.stream.Disposition.default if is_first else av.stream.Disposition(0)
    return stream


def _pieces(recording: Recording, folder: Path) -> dict[str, list[_Piece]]:
    """Return every track's files with the shift that puts takes one after another and tracks side by side."""
    pieces: dict[str, list[_Piece]] = {track: [] for track in recording.tracks}
    for take, stretch in recording.timeline().items():
        files = [
            (track.name, folder / file.file)
            for track in recording.tracks.values()
            for file in track.files
            if file.take == take and any(run.file == file.file for run in track.runs)
        ]
        # All tracks of a take run on one clock; what comes first on it is where the take begins.
        origin = min((_first(file) for _, file in files), default=Fraction(0))
        for track, file in files:
            pieces[track].append(_Piece(file, origin, Fraction(stretch.before_s)))
    return pieces


def _first(file: Path) -> Fraction:
    """Return when a file's track begins on its take's clock, in seconds."""
    with av.open(str(file)) as source:
        for packet in source.demux(source.streams[0]):
            if packet.pts is not None and packet.time_base is not None:
                return packet.pts * packet.time_base
    return Fraction(0)


def _packets(pieces: Sequence[_Piece], number: int) -> Iterator[tuple[Fraction, int, Packet[Stream]]]:
    """Yield a track's packets in decoding order, shifted, each with its time for merging."""
    last = Fraction(-1)
    for piece in pieces:
        with av.open(str(piece.file)) as source:
            for packet in source.demux(source.streams[0]):
                if packet.dts is None or packet.pts is None or packet.time_base is None:
                    continue
                shift = round((piece.offset_s - piece.origin_s) / packet.time_base)
                packet.dts, packet.pts = packet.dts + shift, packet.pts + shift
                at = packet.dts * packet.time_base
                # Where two files meet, rounding or a picture too many must not turn the clock back.
                if at <= last:
                    continue
                last = at
                yield at, number, packet


def main(arguments: Sequence[str]) -> int:
    """Make one download, at the lowest importance. Returns the process's exit code."""
    folder, name = arguments
    os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)
    make_download(Path(folder), name)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
