"""The thread that puts recordings on disk: parts appended in their order, each followed by its line in the index.

Parts come through one bounded queue, so that a slow disk costs the recording and never the stream. Each part is handed
to the system at once, which is all a killed server needs; `fdatasync` runs every `SYNC_S` for what was written since,
because once a part (some 30 a second in a room of nine tracks) stalls a spinning disk, and a power cut may then cost
those seconds and no more. Data is synced before the lines that name it.
"""

from __future__ import annotations

import logging
import os
import queue
import shutil
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeAlias, assert_never

from server.recordings.folders import INDEX, mend
from server.recordings.index import Entry, FileBegun, Run, Withdrawn, format_entry

_log = logging.getLogger(__name__)

QUEUE_ITEMS: Final = 1024
"""About 40 s of a room with nine tracks, a dozen MiB."""
SYNC_S: Final = 5.0
FREE_LOOK_S: Final = 2.0
_WAKE_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Note:
    """Append a line to a recording's index, making its folder when there is none."""

    folder: Path
    entry: Entry


@dataclass(frozen=True, slots=True)
class Header:
    """Begin a file."""

    folder: Path
    entry: FileBegun
    payload: bytes


@dataclass(frozen=True, slots=True)
class Append:
    """Append a part to a file that was begun; the writer knows its offset. Dropped when the take has failed."""

    folder: Path
    run: Run
    payload: bytes


@dataclass(frozen=True, slots=True)
class Erase:
    """Delete a track's files, and say so."""

    folder: Path
    track: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finish:
    """Write the last line, shorten the index, and close everything of the recording."""

    folder: Path
    entry: Entry


Work: TypeAlias = Note | Header | Append | Erase | Finish


@dataclass(slots=True)
class _Open:
    """A recording's open files: descriptor and size by name, and what was written since the last sync."""

    index: int
    files: dict[str, tuple[int, int]] = field(default_factory=dict)
    unsynced: set[int] = field(default_factory=set)
    has_failed: bool = False


def free_bytes(folder: Path) -> int:
    """Return what an ordinary user may still write beside `folder`, in bytes. Raises OSError."""
    return shutil.disk_usage(folder).free


class Writer:
    """One thread for all recordings. `on_failed(folder)` is called in that thread when a take cannot go on, and
    `on_finished(folder)` when a recording is closed.

    `free` tells the bytes left; below `min_free_bytes` a take fails before the disk is full, so that the rest of the
    server can still write.
    """

    def __init__(
        self,
        min_free_bytes: int,
        on_failed: Callable[[Path], None],
        on_finished: Callable[[Path], None],
        free: Callable[[Path], int] = free_bytes,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._min_free_bytes = min_free_bytes
        self._on_failed = on_failed
        self._on_finished = on_finished
        self._free = free
        self._clock = clock
        self._queue: queue.Queue[Work | None] = queue.Queue()
        self._open: dict[Path, _Open] = {}
        self._synced_at = clock()
        self._looked_at = float("-inf")
        self._thread = threading.Thread(target=self._run, name="recordings")

    def open(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Do what is queued, sync, and end the thread; waits for it."""
        self._queue.put(None)
        self._thread.join()

    def put(self, work: Work) -> bool:
        """Queue work; False, with nothing queued, for a part when the disk is too slow for what waits already.

        Lines and deletions come from people's commands, which are few, and must not be lost: they are always taken.
        """
        if isinstance(work, Header | Append) and self._queue.qsize() >= QUEUE_ITEMS:
            return False
        self._queue.put_nowait(work)
        return True

    @property
    def waiting(self) -> int:
        """How much is queued."""
        return self._queue.qsize()

    def settle(self) -> None:
        """Wait until everything queued so far is done."""
        self._queue.join()

    def _run(self) -> None:
        while True:
            try:
                work = self._queue.get(timeout=_WAKE_S)
            except queue.Empty:
                self._sync_if_due()
                continue
            if work is not None:
                self._do(work)
            self._queue.task_done()
            if work is None:
                self._close_all()
                return
            self._sync_if_due()

    def _do(self, work: Work) -> None:
        try:
            match work:
                case Note():
                    self._note(work)
                case Header():
                    self._begin_file(work)
                case Append():
                    self._append(work)
                case Erase():
                    self._erase(work)
                case Finish():
                    self._finish(work)
                case _:
                    assert_never(work)
        except OSError as error:
            self._fail(work.folder, type(error).__name__, error.errno)

    def _fail(self, folder: Path, error: str, number: int | None) -> None:
        found = self._open.get(folder)
        if found is None or not found.has_failed:
            _log.error("recording %s cannot be written: %s %s", folder.name, error, number)
            self._on_failed(folder)
        if found is not None:
            found.has_failed = True

    def _of(self, folder: Path) -> _Open:
        if folder not in self._open:
            folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            index = os.open(folder / INDEX, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
            self._open[folder] = _Open(index)
        return self._open[folder]

    def _note(self, work: Note) -> None:
        found = self._of(work.folder)
        _write_line(found, work.entry)
        found.has_failed = False

    def _begin_file(self, work: Header) -> None:
        found = self._of(work.folder)
        if found.has_failed:
            return
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        number = os.open(work.folder / work.entry.file, flags, 0o640)
        found.files[work.entry.file] = number, 0
        _write_all(found, work.entry.file, work.payload)
        _write_line(found, work.entry)

    def _append(self, work: Append) -> None:
        found = self._of(work.folder)
        if found.has_failed or work.run.file not in found.files:
            return
        if self._is_short_of_room(work.folder):
            self._fail(work.folder, "too little room", None)
            return
        offset = found.files[work.run.file][1]
        _write_all(found, work.run.file, work.payload)
        _write_line(found, replace(work.run, offset=offset, length=len(work.payload)))

    def _is_short_of_room(self, folder: Path) -> bool:
        now = self._clock()
        if now - self._looked_at < FREE_LOOK_S:
            return False
        is_short = self._free(folder) < self._min_free_bytes
        # Looked at again with the next part while it is short, for the recording of another room.
        self._looked_at = float("-inf") if is_short else now
        return is_short

    def _erase(self, work: Erase) -> None:
        found = self._of(work.folder)
        try:
            # The line first: after a power cut in between, the files are strangers that nobody offers.
            _write_line(found, Withdrawn(work.track))
        finally:
            for name in work.files:
                if name in found.files:
                    number, _ = found.files.pop(name)
                    found.unsynced.discard(number)
                    os.close(number)
                (work.folder / name).unlink(missing_ok=True)

    def _finish(self, work: Finish) -> None:
        found = self._of(work.folder)
        _write_line(found, work.entry)
        _sync(found)
        self._open.pop(work.folder)
        _close(found)
        mend(work.folder)
        self._on_finished(work.folder)

    def _sync_if_due(self) -> None:
        if self._clock() - self._synced_at < SYNC_S:
            return
        self._synced_at = self._clock()
        for folder, found in self._open.items():
            try:
                _sync(found)
            except OSError as error:
                self._fail(folder, type(error).__name__, error.errno)

    def _close_all(self) -> None:
        for found in self._open.values():
            with suppress(OSError):
                _sync(found)
            _close(found)
        self._open.clear()


def _write_all(found: _Open, file: str, payload: bytes) -> None:
    """Write the whole of it or nothing: half a part is cut off again."""
    number, size = found.files[file]
    try:
        written = os.write(number, payload)
        while written < len(payload):
            written += os.write(number, payload[written:])
    except OSError:
        os.ftruncate(number, size)
        raise
    found.files[file] = number, size + len(payload)
    found.unsynced.add(number)


def _write_line(found: _Open, entry: Entry) -> None:
    line = format_entry(entry).encode()
    size = os.fstat(found.index).st_size
    try:
        if os.write(found.index, line) < len(line):
            raise OSError("half a line")
    except OSError:
        os.ftruncate(found.index, size)
        raise


def _sync(found: _Open) -> None:
    if found.unsynced:
        for number in found.unsynced:
            os.fdatasync(number)
        found.unsynced.clear()
        os.fdatasync(found.index)


def _close(found: _Open) -> None:
    for number, _ in found.files.values():
        os.close(number)
    os.close(found.index)
