"""The log book: what happened in each room, kept so that one can read it the next day.

Whoever knows of something notes it in one line: a kind, who did it, and a few facts. Notes are JSON lines in
`{folder}/{room}/{day}.{part}.jsonl`, the day in UTC; what concerns no room is in `server.all`. A thread of its
own writes, so that a note never waits: what was noted is in the file within half a second, also when the process is
killed after that. The book is bounded: a part has `PART_BYTES`, the oldest parts go when all rooms together have more
than `max_bytes`, and days older than `keep_days` go too.

No line of chat, no address and no token belongs in here.
"""

from __future__ import annotations

import json
import logging
import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Final

from interpreting.ids import RoomId

_log = logging.getLogger(__name__)

Fact = str | int | float | bool | None
MAX_WAITING: Final = 20_000
"""Notes that may wait for the disk; more are dropped and counted."""
PART_BYTES: Final = 8 * 1024 * 1024
MAX_BYTES: Final = 512 * 1024 * 1024
KEEP_DAYS: Final = 90
MAX_FACT_CHARS: Final = 200
GATHER_S: Final = 0.25
"""How long the writer waits for company, so that a busy second costs four writes a room and not a hundred."""
_SETTLE_S: Final = 2.0
# A room cannot be called so: its id has no point in it.
_SERVER: Final = "server.all"


@dataclass(frozen=True, slots=True)
class Entry:
    """One note: `at` in epoch seconds, `room` None for what concerns the whole server, `by` the person's id or name."""

    at: float
    room: RoomId | None
    kind: str
    by: str | None = None
    facts: Mapping[str, Fact] = field(default_factory=dict)

    def as_line(self) -> str:
        """Return the note as it is kept, without the line's end."""
        said = {"at": round(self.at, 3), "kind": self.kind, "by": self.by, "facts": dict(self.facts)}
        return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


@dataclass(slots=True)
class Figures:
    """What became of the notes since the start."""

    noted: int = 0
    written: int = 0
    dropped: int = 0


class Logbook:
    """Open it with `open`, close it with `close`; both may wait for the disk for a moment."""

    def __init__(
        self,
        folder: Path,
        now: Callable[[], float] = time.time,
        *,
        keep_days: int = KEEP_DAYS,
        max_bytes: int = MAX_BYTES,
        part_bytes: int = PART_BYTES,
    ) -> None:
        self.figures = Figures()
        self._folder = folder
        self._now = now
        self._keep_days = keep_days
        self._max_bytes = max_bytes
        self._part_bytes = part_bytes
        self._queue: SimpleQueue[Entry | threading.Event | None] = SimpleQueue()
        self._hurry = threading.Event()
        self._writer = threading.Thread(target=self._write_all, name="logbook", daemon=True)
        self._is_failing = False

    def open(self) -> None:
        """Begin to write. What was noted before is written too."""
        self._writer.start()

    def close(self) -> None:
        """Write what waits and end."""
        if self._writer.is_alive():
            self._queue.put(None)
            self._hurry.set()
            self._writer.join(_SETTLE_S)

    def note(self, room: RoomId | None, kind: str, /, *, by: str | None = None, **facts: Fact) -> None:
        """Note that this happened now; from any thread. Never raises, never waits; a full queue drops and counts."""
        self.figures.noted += 1
        if self._queue.qsize() >= MAX_WAITING:
            self.figures.dropped += 1
            return
        plain = {name: _plain(value) for name, value in facts.items()}
        self._queue.put(Entry(self._now(), room, kind, None if by is None else str(by)[:MAX_FACT_CHARS], plain))

    def read(self, room: RoomId | None, since: float, until: float) -> list[Entry]:
        """Return a room's notes with `since` <= at < `until` (epoch seconds), oldest first; reads the disk, so call it
        in a thread. What was noted before the call is in it. A disk that cannot be read gives what can be had.
        """
        self._settle()
        found: list[Entry] = []
        for part in self._parts(room):
            day = _day_of(part)
            if day is not None and since - 86_400 < day.timestamp() < until:
                found += [entry for entry in _entries(part, room) if since <= entry.at < until]
        return sorted(found, key=lambda entry: entry.at)

    def days(self, room: RoomId | None) -> list[str]:
        """Return the days (UTC, `2026-01-31`) of which there are notes, oldest first; reads the disk."""
        self._settle()
        return sorted({part.name.partition(".")[0] for part in self._parts(room)})

    def _settle(self) -> None:
        """Wait until what was noted is written, or for two seconds."""
        if self._writer.is_alive() and threading.current_thread() is not self._writer:
            written = threading.Event()
            self._queue.put(written)
            self._hurry.set()
            written.wait(_SETTLE_S)

    def _write_all(self) -> None:
        while True:
            batch = [self._queue.get()]
            if isinstance(batch[0], Entry):
                self._hurry.wait(GATHER_S)
            self._hurry.clear()
            batch += self._waiting()
            self._write([one for one in batch if isinstance(one, Entry)])
            for one in batch:
                if isinstance(one, threading.Event):
                    one.set()
            if None in batch:
                return

    def _waiting(self) -> Iterator[Entry | threading.Event | None]:
        try:
            while True:
                yield self._queue.get_nowait()
        except Empty:
            return

    def _write(self, entries: list[Entry]) -> None:
        """Append each room's notes to its day's last part. A disk that will not take them loses them, and is told of
        once.
        """
        places: dict[tuple[RoomId | None, str], list[Entry]] = {}
        for entry in entries:
            places.setdefault((entry.room, _day(entry.at)), []).append(entry)
        for (room, day), notes in places.items():
            try:
                self._append(room, day, "".join(f"{note.as_line()}\n" for note in notes).encode())
            except (OSError, ValueError):
                self.figures.dropped += len(notes)
                if not self._is_failing:
                    _log.exception("the log book cannot be written")
                self._is_failing = True
            else:
                self.figures.written += len(notes)
                self._is_failing = False

    def _append(self, room: RoomId | None, day: str, lines: bytes) -> None:
        parts = [part for part in self._parts(room) if part.name.startswith(f"{day}.")]
        number = _number_of(parts[-1]) if parts else 0
        if not parts or parts[-1].stat().st_size >= self._part_bytes:
            number += 1
            self._make_room()
        file = self._place(room) / f"{day}.{number:04}.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("ab") as kept:
            if kept.tell() and not _ends_a_line(file):
                # The last writer was killed in the middle of a line; ours begins a new one.
                kept.write(b"\n")
            kept.write(lines)

    def _make_room(self) -> None:
        """Remove parts of days that are over `keep_days` ago, and the oldest while all have more than `max_bytes`."""
        parts = sorted(self._folder.glob("*/*.jsonl"), key=lambda part: (part.name, part.parent.name))
        oldest = _day(self._now() - timedelta(days=self._keep_days).total_seconds())
        size = sum(part.stat().st_size for part in parts)
        for part in parts:
            if part.name >= oldest and size + self._part_bytes <= self._max_bytes:
                return
            size -= part.stat().st_size
            part.unlink(missing_ok=True)

    def _parts(self, room: RoomId | None) -> list[Path]:
        return sorted(self._place(room).glob("*.jsonl"))

    def _place(self, room: RoomId | None) -> Path:
        return self._folder / (_SERVER if room is None else room)


def _plain(value: object) -> Fact:
    """Return a fact as JSON can hold it; whatever else it is becomes its text."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float):
        return round(value, 3) if math.isfinite(value) else None
    if isinstance(value, int):
        return int(value)
    return str(value)[:MAX_FACT_CHARS]


def _entries(part: Path, room: RoomId | None) -> Iterator[Entry]:
    """Yield the notes in one file; a line that is damaged is passed over."""
    try:
        lines = part.read_text("utf-8", "replace").splitlines()
    except OSError:
        return
    for line in lines:
        try:
            said = json.loads(line)
            yield Entry(float(said["at"]), room, str(said["kind"]), said.get("by"), dict(said.get("facts") or {}))
        except (ValueError, KeyError, TypeError):
            continue


def _ends_a_line(file: Path) -> bool:
    with file.open("rb") as kept:
        kept.seek(-1, 2)
        return kept.read(1) == b"\n"


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d")


def _day_of(part: Path) -> datetime | None:
    try:
        return datetime.strptime(part.name.partition(".")[0], "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        return None


def _number_of(part: Path) -> int:
    number = part.name.split(".")[1]
    return int(number) if number.isdigit() else 0
