"""Both stores keep one contract: the same tests over SQLite in a file and over a real Redis."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import redis

from interpreting.ids import PersonId, RoomId
from server.store import GAP, REVOKED, Document, Log, Store, StoreError, VersionConflict
from server.store.base import MAX_UNREAD, parse_document
from server.store.redis_store import RedisStore
from server.store.sqlite import SqliteStore
from tests.server.real_redis import RedisServer

Opener = Callable[[], AbstractAsyncContextManager[Store]]

HALL = RoomId("hall")
OKSANA = PersonId("oksana")
HEINZ = PersonId("heinz")


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(params=["sqlite", "redis"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """A way to open a store, each time the same one; empty before the first."""
    if request.param == "sqlite":
        return lambda: SqliteStore.open(tmp_path / "new folder" / "store.sqlite3")
    server: RedisServer = request.getfixturevalue("redis_server")
    with redis.Redis.from_url(server.url) as client:
        client.flushall()
    return lambda: RedisStore.open(server.url)


@pytest.fixture
async def store(opener: Opener) -> AsyncIterator[Store]:
    async with opener() as store:
        yield store


def events(*names: str) -> list[Document]:
    return [{"type": name} for name in names]


async def next_of(messages: AsyncIterator[Document]) -> Document:
    async with asyncio.timeout(30):
        return await anext(messages)


async def test_a_room_never_written_to_is_empty(store: Store) -> None:
    assert await store.load(HALL) == Log(0, None, ())


async def test_events_come_back_in_order_and_are_counted(store: Store) -> None:
    assert await store.append(HALL, 0, events("one", "two")) == 2
    assert await store.append(HALL, 2, events("three")) == 3
    assert await store.append(HALL, 3, []) == 3
    assert await store.load(HALL) == Log(3, None, tuple(events("one", "two", "three")))


async def test_the_version_alone_is_the_version(store: Store) -> None:
    assert await store.version(HALL) == 0
    await store.append(HALL, 0, events("a", "b"))
    assert await store.version(HALL) == 2
    await store.save_snapshot(HALL, 7, {"floor": "de"})
    assert await store.version(HALL) == 7


async def test_events_keep_every_kind_of_value(store: Store) -> None:
    event = {"name": "Оксана «Ö»\n\x00", "n": -3, "x": 0.25, "none": None, "list": [True, {"in": []}]}
    await store.append(HALL, 0, [event])
    assert (await store.load(HALL)).events == (event,)


async def test_what_is_no_json_is_refused_and_nothing_written(store: Store) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        await store.append(HALL, 0, [{"x": 1.0}, {"x": float("nan")}])
    assert (await store.load(HALL)).version == 0


@pytest.mark.parametrize("expected", [0, 1, 3])
async def test_a_wrong_version_writes_nothing(store: Store, expected: int) -> None:
    await store.append(HALL, 0, events("one", "two"))
    with pytest.raises(VersionConflict) as refusal:
        await store.append(HALL, expected, events("three"))
    assert (refusal.value.expected, refusal.value.actual) == (expected, 2)
    assert await store.load(HALL) == Log(2, None, tuple(events("one", "two")))


async def test_of_many_writers_at_one_version_one_wins(opener: Opener) -> None:
    async with opener() as one, opener() as other:
        tries = [store.append(HALL, 0, events(f"{n}", f"{n}")) for n in range(8) for store in (one, other)]
        answers = await asyncio.gather(*tries, return_exceptions=True)
        log = await one.load(HALL)
    assert sorted(map(str, answers)).count("2") == 1
    assert sum(isinstance(answer, VersionConflict) for answer in answers) == 15
    assert log.version == 2
    assert log.events[0] == log.events[1]


async def test_rooms_are_apart(store: Store) -> None:
    await store.append(HALL, 0, events("one"))
    await store.append(RoomId("workshop-1"), 0, events("other"))
    assert (await store.load(HALL)).events == tuple(events("one"))


async def test_a_snapshot_swallows_the_events_up_to_it(store: Store) -> None:
    await store.append(HALL, 0, events("one", "two", "three"))
    await store.save_snapshot(HALL, 2, {"state": "two"})
    assert await store.load(HALL) == Log(3, {"state": "two"}, tuple(events("three")))
    assert await store.append(HALL, 3, events("four")) == 4
    assert await store.load(HALL) == Log(4, {"state": "two"}, tuple(events("three", "four")))


async def test_an_older_snapshot_changes_nothing(store: Store) -> None:
    await store.append(HALL, 0, events("one", "two", "three"))
    await store.save_snapshot(HALL, 3, {"state": "three"})
    await store.save_snapshot(HALL, 2, {"state": "two"})
    assert await store.load(HALL) == Log(3, {"state": "three"}, ())


async def test_a_snapshot_puts_back_a_room_the_store_has_lost(store: Store) -> None:
    await store.append(HALL, 0, events("of an emptied store"))
    await store.save_snapshot(HALL, 57, {"state": "known"})
    assert await store.load(HALL) == Log(57, {"state": "known"}, ())
    assert await store.append(HALL, 57, events("next")) == 58


async def test_everything_outlives_the_store_that_wrote_it(opener: Opener) -> None:
    later = time.time() + 60
    async with opener() as store:
        await store.append(HALL, 0, events("one", "two"))
        await store.save_snapshot(HALL, 1, {"state": "one"})
        await store.revoke("link", later)
        await store.remember(OKSANA, "c1", {"type": "done"}, 60)
    async with opener() as store:
        assert await store.load(HALL) == Log(2, {"state": "one"}, tuple(events("two")))
        assert await store.revoked() == {"link"}
        assert await store.recall(OKSANA, "c1") == {"type": "done"}


async def test_a_revocation_lasts_until_its_time(store: Store) -> None:
    await store.revoke("over", time.time() - 1)
    await store.revoke("stands", time.time() + 60)
    assert await store.revoked() == {"stands"}
    assert await store.is_revoked("stands")
    assert not await store.is_revoked("over")
    assert not await store.is_revoked("never")


async def test_a_revocation_is_told_to_subscribers(store: Store) -> None:
    until = time.time() + 60
    async with store.subscribe(REVOKED) as messages:
        await store.revoke("link", until)
        assert await next_of(messages) == {"id": "link", "until": until}


async def test_a_revocation_by_another_process_is_told_once(opener: Opener) -> None:
    async with opener() as server, opener() as command_line:
        await server.revoke("before", time.time() + 60)
        async with server.subscribe(REVOKED) as messages:
            await command_line.revoke("one", time.time() + 60)
            assert (await next_of(messages))["id"] == "one"
            await command_line.revoke("two", time.time() + 60)
            assert (await next_of(messages))["id"] == "two"


async def test_the_first_answer_to_a_command_stands(store: Store) -> None:
    assert await store.recall(OKSANA, "c1") is None
    assert await store.remember(OKSANA, "c1", {"type": "done", "version": 3}, 60) == {"type": "done", "version": 3}
    assert await store.remember(OKSANA, "c1", {"type": "refused"}, 60) == {"type": "done", "version": 3}
    assert await store.recall(OKSANA, "c1") == {"type": "done", "version": 3}


async def test_answers_are_apart_by_person_and_command(store: Store) -> None:
    await store.remember(OKSANA, "c1", {"who": "oksana"}, 60)
    assert await store.recall(HEINZ, "c1") is None
    assert await store.recall(OKSANA, "c2") is None
    await store.remember(PersonId("a:b"), "c", {"who": "a:b"}, 60)
    assert await store.recall(PersonId("a"), "b:c") is None


async def test_an_answer_is_forgotten_after_its_time(store: Store) -> None:
    await store.remember(OKSANA, "c1", {"type": "done"}, 0.02)
    async with asyncio.timeout(30):
        while await store.recall(OKSANA, "c1") is not None:  # noqa: ASYNC110 - nothing tells of forgetting
            await asyncio.sleep(0.01)
    assert await store.remember(OKSANA, "c1", {"type": "again"}, 60) == {"type": "again"}


async def test_a_document_is_kept_until_another_takes_its_place(opener: Opener) -> None:
    async with opener() as store:
        assert await store.kept("pushes:hall") is None
        await store.keep("pushes:hall", {"names": ["a", "ї"]})
        await store.keep("pushes:annex", {"names": []})
        await store.keep("pushes:hall", {"names": ["b"]})
    async with opener() as store:
        assert await store.kept("pushes:hall") == {"names": ["b"]}
        assert await store.kept("pushes:annex") == {"names": []}


async def test_subscribers_hear_their_topic_in_order(store: Store) -> None:
    async with store.subscribe("hall") as one, store.subscribe("hall") as other, store.subscribe("else") as third:
        for number in range(5):
            await store.publish("hall", {"number": number})
        await store.publish("else", {"number": "else"})
        for messages in (one, other):
            assert [(await next_of(messages))["number"] for _ in range(5)] == [0, 1, 2, 3, 4]
        assert await next_of(third) == {"number": "else"}


async def test_a_subscription_begins_and_ends_with_its_context(store: Store) -> None:
    await store.publish("hall", {"number": "before"})
    async with store.subscribe("hall") as messages:
        await store.publish("hall", {"number": "while"})
        assert await next_of(messages) == {"number": "while"}
    with pytest.raises(StopAsyncIteration):
        await next_of(messages)


async def test_a_slow_reader_is_told_of_its_loss(store: Store) -> None:
    async with store.subscribe("hall") as slow, store.subscribe("hall") as quick:
        for number in range(MAX_UNREAD + 1):
            await store.publish("hall", {"number": number})
            assert await next_of(quick) == {"number": number}
        assert await next_of(slow) == GAP
        assert await next_of(slow) == {"number": MAX_UNREAD}


@pytest.mark.parametrize("text", ["", "{", "[1]", "null"])
def test_what_is_no_document_is_said_so(text: str) -> None:
    with pytest.raises(StoreError):
        parse_document(text)
