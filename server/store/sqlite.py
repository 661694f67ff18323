"""The store without anything to install: one SQLite file, and topics inside the process.

The file is used from one thread of its own, so the event loop never waits for a disk. Write-ahead logging lets
`tolmach invite` and `tolmach revoke` work on the same file beside a running server; what they revoke is noticed
within `WATCH_S` and told to the topic REVOKED as if it had happened here.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any, TypeVar

from interpreting.ids import PersonId, RoomId
from server.store.base import (
    REVOKED,
    Document,
    Log,
    StoreUnavailable,
    VersionConflict,
    format_document,
    parse_document,
)
from server.store.topics import Topics

WATCH_S = 1.0
# How long a write waits for another process's write.
BUSY_S = 2.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS rooms (
    room TEXT PRIMARY KEY, version INTEGER NOT NULL, snapshot_version INTEGER, snapshot TEXT
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
    room TEXT, version INTEGER, event TEXT NOT NULL, PRIMARY KEY (room, version)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS revoked (invitation TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answers (
    person TEXT, command TEXT, answer TEXT NOT NULL, until REAL NOT NULL, PRIMARY KEY (person, command)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS answers_until ON answers (until);
CREATE TABLE IF NOT EXISTS kept (key TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID;
"""

_Result = TypeVar("_Result")


class SqliteStore:
    """A `Store` in one file. Open it with `open`; use it from the event loop that opened it."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sqlite")
        self._topics = Topics()
        # Used in the thread alone, from `_connect` to `_disconnect`.
        self._connection: sqlite3.Connection
        self._told: dict[str, float] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, file: Path) -> AsyncIterator[SqliteStore]:
        """Open the file, making it when it is not there. Raises StoreUnavailable when that cannot be."""
        store = cls(file)
        try:
            await store._run(store._connect)
            watch = asyncio.create_task(store._watch(), name="sqlite watch")
            try:
                yield store
            finally:
                watch.cancel()
                await asyncio.wait([watch])
                store._topics.close()
                await store._run(store._disconnect)
        finally:
            store._thread.shutdown()

    async def append(self, room: RoomId, expected: int, events: Sequence[Document]) -> int:
        """See `Store.append`."""
        lines = [format_document(event) for event in events]
        return await self._write(lambda: self._append(room, expected, lines))

    async def load(self, room: RoomId) -> Log:
        """See `Store.load`."""
        return await self._run(lambda: self._load(room))

    async def version(self, room: RoomId) -> int:
        """See `Store.version`."""
        return await self._run(lambda: self._version(room))

    async def save_snapshot(self, room: RoomId, version: int, snapshot: Document) -> None:
        """See `Store.save_snapshot`."""
        line = format_document(snapshot)
        await self._write(lambda: self._save_snapshot(room, version, line))

    async def revoke(self, invitation: str, until: float) -> None:
        """See `Store.revoke`."""
        await self._write(lambda: self._revoke(invitation, until))
        self._tell(invitation, until)

    async def is_revoked(self, invitation: str) -> bool:
        """See `Store.is_revoked`."""
        return invitation in await self.revoked()

    async def revoked(self) -> frozenset[str]:
        """See `Store.revoked`."""
        return frozenset(await self._run(self._revoked))

    async def remember(self, person: PersonId, command: str, answer: Document, ttl_s: float) -> Document:
        """See `Store.remember`."""
        line = format_document(answer)
        return parse_document(await self._write(lambda: self._remember(person, command, line, ttl_s)))

    async def recall(self, person: PersonId, command: str) -> Document | None:
        """See `Store.recall`."""
        line = await self._run(lambda: self._recall(person, command))
        return None if line is None else parse_document(line)

    async def keep(self, key: str, document: Document) -> None:
        """See `Store.keep`."""
        line = format_document(document)
        await self._write(lambda: self._connection.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (key, line)))

    async def kept(self, key: str) -> Document | None:
        """See `Store.kept`."""
        row = await self._run(lambda: self._one("SELECT document FROM kept WHERE key = ?", key))
        return None if row is None else parse_document(str(row[0]))

    async def publish(self, topic: str, message: Document) -> None:
        """See `Store.publish`. Reaches this process alone."""
        # The same path through JSON as over Redis: a subscriber never shares an object with the publisher.
        self._topics.publish(topic, parse_document(format_document(message)))

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[Document]]:
        """See `Store.subscribe`."""
        return self._subscribe(topic)

    @asynccontextmanager
    async def _subscribe(self, topic: str) -> AsyncIterator[AsyncIterator[Document]]:
        with self._topics.subscribe(topic) as subscription:
            yield subscription

    # What follows up to `_run` runs in the thread.

    def _connect(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._file, timeout=BUSY_S, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            # A killed server loses nothing; a power cut may take the last commits, but never half of one.
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(_SCHEMA)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        self._told = self._revoked()

    def _disconnect(self) -> None:
        self._connection.close()

    def _transaction(self, work: Callable[[], _Result]) -> _Result:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            result = work()
            self._connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # a full disk has rolled back by itself
                self._connection.execute("ROLLBACK")
            raise
        return result

    def _one(self, sql: str, *values: object) -> tuple[Any, ...] | None:
        with closing(self._connection.execute(sql, values)) as cursor:
            row: tuple[Any, ...] | None = cursor.fetchone()
            return row

    def _version(self, room: RoomId) -> int:
        row = self._one("SELECT version FROM rooms WHERE room = ?", room)
        return 0 if row is None else int(row[0])

    def _append(self, room: RoomId, expected: int, lines: Sequence[str]) -> int:
        actual = self._version(room)
        if actual != expected:
            raise VersionConflict(room, expected, actual)
        version = expected + len(lines)
        self._connection.executemany(
            "INSERT INTO events VALUES (?, ?, ?)",
            [(room, number, line) for number, line in enumerate(lines, expected + 1)],
        )
        self._connection.execute(
            "INSERT INTO rooms (room, version) VALUES (?, ?)"
            " ON CONFLICT (room) DO UPDATE SET version = excluded.version",
            (room, version),
        )
        return version

    def _load(self, room: RoomId) -> Log:
        row = self._one("SELECT version, snapshot FROM rooms WHERE room = ?", room)
        if row is None:
            return Log(0, None, ())
        version, snapshot = row
        lines = self._connection.execute("SELECT event FROM events WHERE room = ? ORDER BY version", (room,))
        return Log(
            version=version,
            snapshot=None if snapshot is None else parse_document(snapshot),
            events=tuple(parse_document(line) for (line,) in lines),
        )

    def _save_snapshot(self, room: RoomId, version: int, line: str) -> None:
        row = self._one("SELECT snapshot_version FROM rooms WHERE room = ?", room)
        if row is not None and row[0] is not None and row[0] >= version:
            return
        self._connection.execute(
            "INSERT INTO rooms VALUES (?1, ?2, ?2, ?3) ON CONFLICT (room) DO UPDATE"
            " SET version = max(version, ?2), snapshot_version = ?2, snapshot = ?3",
            (room, version, line),
        )
        self._connection.execute("DELETE FROM events WHERE room = ? AND version <= ?", (room, version))

    def _revoke(self, invitation: str, until: float) -> None:
        self._connection.execute("DELETE FROM revoked WHERE until <= ?", (time.time(),))
        self._connection.execute("INSERT OR REPLACE INTO revoked VALUES (?, ?)", (invitation, until))

    def _revoked(self) -> dict[str, float]:
        rows = self._connection.execute("SELECT invitation, until FROM revoked WHERE until > ?", (time.time(),))
        return dict(rows.fetchall())

    def _remember(self, person: PersonId, command: str, line: str, ttl_s: float) -> str:
        now = time.time()
        self._connection.execute("DELETE FROM answers WHERE until <= ?", (now,))
        self._connection.execute(
            "INSERT OR IGNORE INTO answers VALUES (?, ?, ?, ?)", (person, command, line, now + ttl_s)
        )
        standing = self._recall(person, command)
        return line if standing is None else standing

    def _recall(self, person: PersonId, command: str) -> str | None:
        row = self._one(
            "SELECT answer FROM answers WHERE person = ? AND command = ? AND until > ?",
            person,
            command,
            time.time(),
        )
        return None if row is None else str(row[0])

    def _data_version(self) -> object:
        return self._one("PRAGMA data_version")

    async def _run(self, work: Callable[[], _Result]) -> _Result:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except (sqlite3.Error, OSError) as error:
            raise StoreUnavailable(f"the SQLite file cannot be used: {error}") from error

    async def _write(self, work: Callable[[], _Result]) -> _Result:
        return await self._run(lambda: self._transaction(work))

    async def _watch(self) -> None:
        """Look once a second whether another process wrote, and tell what it revoked."""
        seen: object = None
        while True:
            await asyncio.sleep(WATCH_S)
            with suppress(StoreUnavailable):
                now = await self._run(self._data_version)
                if now != seen:
                    revoked = await self._run(self._revoked)
                    for invitation, until in revoked.items():
                        self._tell(invitation, until)
                    self._told = revoked
                    seen = now

    def _tell(self, invitation: str, until: float) -> None:
        if self._told.get(invitation) != until:
            self._told[invitation] = until
            self._topics.publish(REVOKED, {"id": invitation, "until": until})
