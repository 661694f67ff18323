"""What each store does when what is under it fails: an answer in time, and back by itself."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from interpreting.ids import RoomId
from server.store import GAP, StoreUnavailable
from server.store import redis_store as redis_module
from server.store import sqlite as sqlite_module
from server.store.redis_store import RedisStore
from server.store.sqlite import SqliteStore
from tests.server.real_redis import RedisServer
from tests.tries import retried

HALL = RoomId("hall")


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path) as server:
        yield server


@retried
async def test_a_hanging_redis_is_given_up_in_time(redis_server: RedisServer) -> None:
    async with RedisStore.open(redis_server.url) as store:
        await store.append(HALL, 0, [{"n": 1}])
        with redis_server.paused():
            began = time.monotonic()
            calls = [store.append(HALL, 1, [{"n": 2}]), store.load(HALL), store.publish("t", {}), store.revoked()]
            answers = await asyncio.gather(*calls, return_exceptions=True)
            took_s = time.monotonic() - began
        assert all(isinstance(answer, StoreUnavailable) for answer in answers)
        assert took_s < redis_module.TIMEOUT_S + 3
        # The append may have been done or not; the log is whole in either case.
        log = await store.load(HALL)
        assert log.version == len(log.events) in (1, 2)


async def test_topics_come_back_after_an_outage_with_a_gap_told(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_module, "RECONNECT_S", 0.05)
    async with RedisStore.open(redis_server.url) as store, store.subscribe("hall") as messages, asyncio.timeout(30):
        await store.publish("hall", {"n": 1})
        assert await anext(messages) == {"n": 1}
        redis_server.stop()
        with pytest.raises(StoreUnavailable):
            await store.publish("hall", {"n": 2})
        redis_server.start()
        assert await anext(messages) == GAP
        await store.publish("hall", {"n": 3})
        assert await anext(messages) == {"n": 3}


async def test_a_silent_topic_connection_is_asked_for_a_sign_of_life(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("QUIET_S", "RECONNECT_S", "TIMEOUT_S"):
        monkeypatch.setattr(redis_module, name, 0.1)
    async with RedisStore.open(redis_server.url) as store, store.subscribe("hall") as messages, asyncio.timeout(30):
        with redis_server.paused():
            # Each round without an answer ends the connection; the gap comes once Redis answers again.
            while store._listening.is_set():  # noqa: ASYNC110 - an event tells of setting alone
                await asyncio.sleep(0.02)
        assert await anext(messages) == GAP


async def test_a_redis_that_is_not_there_stops_nobody_from_starting(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_module, "RECONNECT_S", 0.05)
    monkeypatch.setattr(redis_module, "TIMEOUT_S", 0.5)
    redis_server.stop()
    async with RedisStore.open(redis_server.url) as store, store.subscribe("hall") as messages, asyncio.timeout(30):
        with pytest.raises(StoreUnavailable, match="cannot be used"):
            await store.load(HALL)
        redis_server.start()
        assert await anext(messages) == GAP
        assert (await store.load(HALL)).version == 0


async def test_a_path_that_is_no_file_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="unable to open"):
        async with SqliteStore.open(tmp_path):
            pass


async def test_a_file_that_is_no_database_is_said_so(tmp_path: Path) -> None:
    file = tmp_path / "store"
    file.write_bytes(b"something else entirely" * 100)
    with pytest.raises(StoreUnavailable, match="not a database"):
        async with SqliteStore.open(file):
            pass


async def test_a_locked_file_delays_its_caller_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_module, "BUSY_S", 0.5)
    file = tmp_path / "store"
    async with SqliteStore.open(file) as store:
        with closing(sqlite3.connect(file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            append = asyncio.create_task(store.append(HALL, 0, [{"n": 1}]))
            turns = 0
            while not append.done():
                await asyncio.sleep(0.01)
                turns += 1
            assert turns > 1
            with pytest.raises(StoreUnavailable, match="locked"):
                await append
        assert await store.append(HALL, 0, [{"n": 1}]) == 1


async def test_a_full_disk_refuses_the_write_and_keeps_the_rest(tmp_path: Path) -> None:
    async with SqliteStore.open(tmp_path / "store") as store:
        await store.append(HALL, 0, [{"n": 1}])
        await store._run(lambda: store._connection.execute("PRAGMA max_page_count = 1").fetchall())
        with pytest.raises(StoreUnavailable, match="full"):
            await store.append(HALL, 1, [{"much": "x" * 10_000_000}])
        log = await store.load(HALL)
        assert (log.version, log.events) == (1, ({"n": 1},))
        await store._run(lambda: store._connection.execute("PRAGMA max_page_count = 100000").fetchall())
        assert await store.append(HALL, 1, [{"n": 2}]) == 2
