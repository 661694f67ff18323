"""A recording's folder on disk: reading it, making it whole after a crash, shortening its index, deleting it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO, Final

from server.recordings.index import BrokenLine, Entry, FileBegun, Recording, Run, format_entry, parse_entry, read_index

INDEX: Final = "index.jsonl"
DOWNLOADS: Final = "downloads"
_DOOMED: Final = ".deleted-"
_BOXES: Final = frozenset({b"ftyp", b"styp", b"moof", b"prft", b"emsg", b"sidx"})


def read_folder(folder: Path) -> Recording | None:
    """Return what a folder holds; None when it has no index of ours. Raises OSError."""
    return read_index(_entries(folder))


def mend(folder: Path) -> Recording | None:
    """Make a folder whole, at its recording's end or after its server was killed: what is half written is cut off,
    strangers are deleted, and the index is rewritten, shorter, with what is truly there.

    Returns the recording, None when the folder has no index of ours. Raises OSError.
    """
    found = read_index(_existing(folder, _entries(folder)))
    if found is None:
        return None
    ends: dict[str, int] = {}
    for track in found.tracks.values():
        for file in track.files:
            ends[file.file] = file.header_length
        for run in track.runs:
            ends[run.file] = run.offset + run.length
    for name, end in ends.items():
        if (folder / name).stat().st_size > end:
            os.truncate(folder / name, end)
    for stray in folder.glob("*.mp4"):
        if stray.name not in ends:
            stray.unlink()
    write_index(folder, found)
    return found


def write_index(folder: Path, recording: Recording) -> None:
    """Put a new index in the old one's place, in one step and on the disk. Raises OSError."""
    fresh = folder / f"{INDEX}.new"
    with fresh.open("w", encoding="utf-8") as file:
        file.writelines(format_entry(entry) for entry in recording.entries())
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / INDEX)


def append_entry(folder: Path, entry: Entry) -> None:
    """Add a line to the index of a recording that is over. Raises OSError."""
    with (folder / INDEX).open("a", encoding="utf-8") as file:
        file.write(format_entry(entry))
        file.flush()
        os.fsync(file.fileno())


def delete(folder: Path) -> None:
    """Delete a recording: out of sight in one step, then file by file. Raises OSError."""
    doomed = folder.with_name(_DOOMED + folder.name)
    with suppress(FileNotFoundError):
        shutil.rmtree(doomed)
    folder.rename(doomed)
    shutil.rmtree(doomed)


def clear_doomed(root: Path) -> None:
    """Delete what a deletion left that did not come to its end. Raises OSError."""
    for doomed in root.glob(f"{_DOOMED}*"):
        shutil.rmtree(doomed)


def _entries(folder: Path) -> Iterator[Entry]:
    """Yield the index's entries up to the first line that is none, as a crash may have left the last."""
    with suppress(FileNotFoundError), (folder / INDEX).open(encoding="utf-8", errors="replace") as lines:
        for line in lines:
            try:
                yield parse_entry(line)
            except BrokenLine:
                return


def _existing(folder: Path, entries: Iterator[Entry]) -> Iterator[Entry]:
    """Yield the entries whose bytes are there; a power cut may leave zeros where a part was."""
    with ExitStack() as stack:
        files: dict[str, BinaryIO] = {}
        for entry in entries:
            if isinstance(entry, FileBegun):
                try:
                    file = stack.enter_context((folder / entry.file).open("rb"))
                except OSError:
                    continue
                if not _holds_box(file, 0, entry.header_length):
                    continue
                files[entry.file] = file
            elif isinstance(entry, Run):
                is_there = entry.file in files and _holds_box(files[entry.file], entry.offset, entry.length)
                if not is_there:
                    continue
            yield entry


def _holds_box(file: BinaryIO, offset: int, length: int) -> bool:
    """Tell whether a file has these bytes and they begin with a box such as our packager writes (ISO 14496-12)."""
    if os.fstat(file.fileno()).st_size < offset + length:
        return False
    file.seek(offset + 4)
    return file.read(4) in _BOXES
