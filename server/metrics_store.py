"""A store whose answers are timed: keeps `server.store.base.Store` and adds nothing but figures."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager

from interpreting.ids import PersonId, RoomId
from server.metrics import Metrics
from server.store.base import Document, Log, Store


class TimedStore:
    """Passes everything on to the store it was given. Errors go through unchanged."""

    def __init__(self, store: Store, metrics: Metrics) -> None:
        self._store = store
        self._metrics = metrics

    async def append(self, room: RoomId, expected: int, events: Sequence[Document]) -> int:
        """See `Store.append`."""
        with self._metrics.timed_store("append"):
            return await self._store.append(room, expected, events)

    async def load(self, room: RoomId) -> Log:
        """See `Store.load`."""
        with self._metrics.timed_store("load"):
            return await self._store.load(room)

    async def version(self, room: RoomId) -> int:
        """See `Store.version`."""
        with self._metrics.timed_store("version"):
            return await self._store.version(room)

    async def save_snapshot(self, room: RoomId, version: int, snapshot: Document) -> None:
        """See `Store.save_snapshot`."""
        with self._metrics.timed_store("save_snapshot"):
            await self._store.save_snapshot(room, version, snapshot)

    async def revoke(self, invitation: str, until: float) -> None:
        """See `Store.revoke`."""
        with self._metrics.timed_store("revoke"):
            await self._store.revoke(invitation, until)

    async def is_revoked(self, invitation: str) -> bool:
        """See `Store.is_revoked`."""
        with self._metrics.timed_store("is_revoked"):
            return await self._store.is_revoked(invitation)

    async def revoked(self) -> frozenset[str]:
        """See `Store.revoked`."""
        with self._metrics.timed_store("revoked"):
            return await self._store.revoked()

    async def remember(self, person: PersonId, command: str, answer: Document, ttl_s: float) -> Document:
        """See `Store.remember`."""
        with self._metrics.timed_store("remember"):
            return await self._store.remember(person, command, answer, ttl_s)

    async def recall(self, person: PersonId, command: str) -> Document | None:
        """See `Store.recall`."""
        with self._metrics.timed_store("recall"):
            return await self._store.recall(person, command)

    async def keep(self, key: str, document: Document) -> None:
        """See `Store.keep`."""
        with self._metrics.timed_store("keep"):
            await self._store.keep(key, document)

    async def kept(self, key: str) -> Document | None:
        """See `Store.kept`."""
        with self._metrics.timed_store("kept"):
            return await self._store.kept(key)

    async def publish(self, topic: str, message: Document) -> None:
        """See `Store.publish`."""
        with self._metrics.timed_store("publish"):
            await self._store.publish(topic, message)

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[Document]]:
        """See `Store.subscribe`."""
        return self._store.subscribe(topic)
