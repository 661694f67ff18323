"""What outlives the process: room logs, revocations, remembered answers, and topics. See `base.Store`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from server.config import Config
from server.store.base import GAP, REVOKED, Document, Log, Store, StoreError, StoreUnavailable, VersionConflict

__all__ = [
    "GAP",
    "REVOKED",
    "Document",
    "Log",
    "Store",
    "StoreError",
    "StoreUnavailable",
    "VersionConflict",
    "open_store",
]


@asynccontextmanager
async def open_store(config: Config) -> AsyncIterator[Store]:
    """Open the store the configuration asks for and close it at the end: Redis with a `redis_url`, else SQLite.

    A Redis that cannot be reached is no error here: each use of it says so until it is back. Raises
    StoreUnavailable when the SQLite file cannot be opened.
    """
    # Each is imported only where it is used: a server on SQLite does not carry the Redis client in memory.
    if config.redis_url is not None:
        from server.store.redis_store import RedisStore

        async with RedisStore.open(config.redis_url) as redis_store:
            yield redis_store
    else:
        from server.store.sqlite import SqliteStore

        async with SqliteStore.open(config.data / "tolmach.sqlite3") as sqlite_store:
            yield sqlite_store
