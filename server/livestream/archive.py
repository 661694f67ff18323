"""A livestream's folder: segments in files, and a journal of their parts from which a new start reads what there is.

    {room}/{track}/{msn}.m4s      parts appended as they come, so that a killed server loses none that was written
    {room}/{track}/init-{n}.mp4   initialisations
    {room}/{track}/inits.json     what each of them says: codec, bits a second, size, pictures a second
    {room}/reached.txt            the newest number whose segment could not be kept: it is not given away again
    {room}/journal-{n}.txt        a line a part, a file for each `BLOCK` numbers, deleted with the last of its segments

All of it runs in the disk's thread, `load` apart.
"""

from __future__ import annotations

import json
import logging
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from errno import EIO, ENOSPC
from pathlib import Path
from typing import Final

from media.playlists import Part, Segment
from server.livestream.listing import Shelved
from server.livestream.rendition import NewPart

_log = logging.getLogger(__name__)

BLOCK: Final = 256
_MIN_FREE_BYTES: Final = 256 * 1024 * 1024
"""What is left to the rest of the server: its store and its recordings come first."""
_REACHED: Final = "reached.txt"
_JOURNAL: Final = re.compile(r"journal-(\d{1,12})\.txt")
_SEGMENT: Final = re.compile(r"(\d{1,12})\.m4s")
_TRACK: Final = re.compile(r"[a-z0-9-]{1,40}")


@dataclass(frozen=True, slots=True)
class Format:
    """What an initialisation says of what follows it; sizes and rate are 0 for sound."""

    codec: str
    bandwidth: int
    width: int = 0
    height: int = 0
    frame_rate: float = 0.0


@dataclass(slots=True)
class Kept:
    """What was found of a track."""

    segments: list[Shelved] = field(default_factory=list)
    inits: dict[int, tuple[bytes, Format]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Line:
    """One part in the journal."""

    track: str
    msn: int
    part: int
    init: int
    run: int
    size: int
    duration_s: float
    starts_at: float
    is_independent: bool

    def __str__(self) -> str:
        numbers = f"{self.msn} {self.part} {self.init} {self.run} {self.size}"
        return f"{self.track} {numbers} {self.duration_s:.7f} {self.starts_at:.6f} {int(self.is_independent)}\n"

    @classmethod
    def parse(cls, line: str) -> _Line:
        """Raises ValueError for a line that was not written whole."""
        track, msn, part, init, run, size, duration_s, starts_at, is_independent = line.split(" ")
        if not _TRACK.fullmatch(track) or is_independent not in ("0\n", "1\n"):
            raise ValueError(line)
        numbers = (int(msn), int(part), int(init), int(run), int(size))
        return cls(track, *numbers, float(duration_s), float(starts_at), is_independent == "1\n")


class Archive:
    """One room's folder. `free` tells the bytes left on its disk."""

    def __init__(self, folder: Path, free: Callable[[Path], int] | None = None) -> None:
        self.folder = folder
        self._free = free or (lambda path: shutil.disk_usage(path).free)
        self._torn: dict[str, int] = {}
        self._oldest_block: int | None = None

    def segment_file(self, track: str, msn: int) -> Path:
        """Return where a segment is or would be."""
        return self.folder / track / f"{msn}.m4s"

    def write_init(self, track: str, number: int, payload: bytes, format: Format) -> None:
        """Keep an initialisation. Raises OSError."""
        folder = self.folder / track
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"init-{number}.mp4").write_bytes(payload)
        told = _read_formats(folder) | {number: format}
        fresh = folder / "inits.json.new"
        fresh.write_text(json.dumps({str(one): asdict(said) for one, said in told.items()}))
        fresh.replace(folder / "inits.json")

    def write_part(self, track: str, index: int, part: NewPart) -> None:
        """Append a part to its segment. Raises OSError; the rest of that segment is then left out."""
        try:
            if index > 0 and self._torn.get(track) == part.msn:
                raise OSError(EIO, "its beginning is missing")
            self._append(track, index, part)
        except OSError:
            self._torn[track] = part.msn
            with suppress(OSError):
                self.segment_file(track, part.msn).unlink(missing_ok=True)
                (self.folder / _REACHED).write_text(str(part.msn))
            raise

    def _append(self, track: str, index: int, part: NewPart) -> None:
        (self.folder / track).mkdir(parents=True, exist_ok=True)
        if self._free(self.folder) < _MIN_FREE_BYTES:
            raise OSError(ENOSPC, "too little room is left")
        with self.segment_file(track, part.msn).open("ab" if index else "wb") as file:
            file.write(part.payload)
        line = _Line(
            track, part.msn, index, part.init, part.run, len(part.payload), part.duration_s, part.starts_at,
            part.is_independent,
        )  # fmt: skip
        with self._journal(part.msn // BLOCK).open("a") as journal:
            journal.write(str(line))

    def delete(self, track: str, msn: int) -> None:
        """Delete a segment, and the journals that no segment can be in any more. Raises OSError."""
        self.segment_file(track, msn).unlink(missing_ok=True)
        # The tracks' windows end within a block of each other.
        block = msn // BLOCK - 2
        if self._oldest_block is None:
            self._oldest_block = min(self._blocks(), default=block + 1)
        while self._oldest_block <= block:
            self._journal(self._oldest_block).unlink(missing_ok=True)
            self._oldest_block += 1

    def reached(self) -> int:
        """Return the last number that was given away without its segment being kept; -1 when there is none."""
        try:
            return int((self.folder / _REACHED).read_text())
        except (OSError, ValueError):
            return -1

    def load(self) -> dict[str, Kept]:
        """Return what there is by track, a segment only when all its parts are there, and delete what is useless.

        Of a segment that was being written, those parts remain that were written whole. Raises OSError.
        """
        found: dict[str, dict[int, list[_Line]]] = {}
        for line in self._lines():
            segments = found.setdefault(line.track, {})
            if line.part == 0:
                segments[line.msn] = [line]
            elif line.msn in segments and len(segments[line.msn]) == line.part:
                segments[line.msn].append(line)
        kept = {track: self._track(track, segments) for track, segments in found.items()}
        return {track: one for track, one in kept.items() if one.segments}

    def _lines(self) -> Iterator[_Line]:
        for block in sorted(self._blocks()):
            with self._journal(block).open() as journal:
                for text in journal:
                    try:
                        yield _Line.parse(text)
                    except ValueError:
                        continue  # the last line of a killed server

    def _track(self, track: str, found: dict[int, list[_Line]]) -> Kept:
        folder = self.folder / track
        formats = _read_formats(folder)
        kept = Kept()
        for number, format in formats.items():
            file = folder / f"init-{number}.mp4"
            if file.exists():
                kept.inits[number] = file.read_bytes(), format
        for msn in sorted(found):
            shelved = self._segment(track, found[msn])
            if shelved is not None and shelved.segment.init in kept.inits:
                kept.segments.append(shelved)
        listed = {one.segment.msn for one in kept.segments}
        for file in folder.iterdir():
            name = _SEGMENT.fullmatch(file.name)
            if name and int(name[1]) not in listed:
                file.unlink()
        return kept

    def _segment(self, track: str, lines: list[_Line]) -> Shelved | None:
        file = self.segment_file(track, lines[0].msn)
        size = sum(line.size for line in lines)
        try:
            there = file.stat().st_size
        except OSError:
            return None
        if there < size:
            return None
        if there > size:
            with file.open("r+b") as segment:
                segment.truncate(size)
        first = lines[0]
        parts = tuple(Part(line.duration_s, line.is_independent) for line in lines)
        length_s = sum(line.duration_s for line in lines)
        return Shelved(Segment(first.msn, first.starts_at, length_s, first.init, parts), first.run, size)

    def _blocks(self) -> list[int]:
        if not self.folder.exists():
            return []
        return [int(name[1]) for file in self.folder.iterdir() if (name := _JOURNAL.fullmatch(file.name))]

    def _journal(self, block: int) -> Path:
        return self.folder / f"journal-{block}.txt"


def _read_formats(folder: Path) -> dict[int, Format]:
    """Return what is told of a track's initialisations; nothing when it cannot be read."""
    try:
        told = json.loads((folder / "inits.json").read_text())
        return {int(number): Format(**said) for number, said in told.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
