"""The store on Redis (or Valkey), for several servers or a state kept apart from them.

What must happen in one step is a script inside Redis. Every call ends within `TIMEOUT_S`, by its answer or by
StoreUnavailable: a Redis that hangs delays nobody further. Topics come over one connection that is made anew, with
a gap told, as often as it breaks. Redis should run with `maxmemory-policy noeviction`: an evicted half of a room
would be taken for the whole.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from interpreting.ids import PersonId, RoomId
from server.store.base import (
    REVOKED,
    Document,
    Log,
    StoreError,
    StoreUnavailable,
    VersionConflict,
    format_document,
    parse_document,
)
from server.store.topics import Topics

TIMEOUT_S = 2.0
# The topics' connection is asked for a sign of life after this silence.
QUIET_S = 5.0
RECONNECT_S = 1.0
CANCEL_AGAIN_S = 0.5

_PREFIX = "tolmach:"
_TOPIC = _PREFIX + "topic:"
_REVOKED_KEY = _PREFIX + "revoked"
_KEPT = _PREFIX + "kept:"

# Keys of a room's scripts: its version, its log, its snapshot.
_APPEND = """
local version = tonumber(redis.call('GET', KEYS[1]) or '0')
if version ~= tonumber(ARGV[1]) then return {0, version} end
for i = 2, #ARGV do redis.call('RPUSH', KEYS[2], ARGV[i]) end
version = version + #ARGV - 1
redis.call('SET', KEYS[1], version)
return {1, version}
"""
_LOAD = """
return {
    redis.call('GET', KEYS[1]) or '0',
    redis.call('HGET', KEYS[3], 'state'),
    redis.call('LRANGE', KEYS[2], 0, -1),
}
"""
_SAVE_SNAPSHOT = """
local version = tonumber(ARGV[1])
local kept = redis.call('HGET', KEYS[3], 'version')
if kept and tonumber(kept) >= version then return end
local last = tonumber(redis.call('GET', KEYS[1]) or '0')
if version >= last then
    redis.call('DEL', KEYS[2])
    redis.call('SET', KEYS[1], version)
else
    redis.call('LTRIM', KEYS[2], version - last, -1)
end
redis.call('HSET', KEYS[3], 'version', version, 'state', ARGV[2])
"""
_REMEMBER = """
local standing = redis.call('GET', KEYS[1])
if standing then return standing end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
"""


class RedisStore:
    """A `Store` on one Redis. Open it with `open`; use it from the event loop that opened it."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._topics = Topics()
        self._listening = asyncio.Event()

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator[RedisStore]:
        """Begin to use the Redis at `url`; it need not be there yet."""
        client = Redis.from_url(
            url,
            socket_timeout=TIMEOUT_S,
            socket_connect_timeout=TIMEOUT_S,
            # Waiting and trying again is for those who know whether the write may happen twice.
            retry=Retry(NoBackoff(), 0),
        )
        store = cls(client)
        listen = asyncio.create_task(store._listen(), name="redis topics")
        try:
            yield store
        finally:
            # While the library connects or subscribes it may lose a cancellation: said until it is heard.
            while not listen.done():
                listen.cancel()
                await asyncio.wait([listen], timeout=CANCEL_AGAIN_S)
            store._topics.close()
            await client.aclose()

    async def append(self, room: RoomId, expected: int, events: Sequence[Document]) -> int:
        """See `Store.append`."""
        lines = [format_document(event) for event in events]
        done, version = await self._script(_APPEND, _room_keys(room), expected, *lines)
        if not done:
            raise VersionConflict(room, expected, version)
        return int(version)

    async def load(self, room: RoomId) -> Log:
        """See `Store.load`."""
        version, snapshot, lines = await self._script(_LOAD, _room_keys(room))
        return Log(
            version=int(version),
            snapshot=None if snapshot is None else parse_document(snapshot),
            events=tuple(parse_document(line) for line in lines),
        )

    async def version(self, room: RoomId) -> int:
        """See `Store.version`."""
        return int(await _answer(self._client.get(_room_keys(room)[0])) or 0)

    async def save_snapshot(self, room: RoomId, version: int, snapshot: Document) -> None:
        """See `Store.save_snapshot`."""
        await self._script(_SAVE_SNAPSHOT, _room_keys(room), version, format_document(snapshot))

    async def revoke(self, invitation: str, until: float) -> None:
        """See `Store.revoke`."""
        message = format_document({"id": invitation, "until": until})
        async with self._client.pipeline(transaction=True) as pipeline:
            pipeline.zremrangebyscore(_REVOKED_KEY, "-inf", time.time())
            pipeline.zadd(_REVOKED_KEY, {invitation: until})
            pipeline.publish(_TOPIC + REVOKED, message)
            await _answer(pipeline.execute())

    async def is_revoked(self, invitation: str) -> bool:
        """See `Store.is_revoked`."""
        until = await _answer(self._client.zscore(_REVOKED_KEY, invitation))
        return until is not None and float(until) > time.time()

    async def revoked(self) -> frozenset[str]:
        """See `Store.revoked`."""
        ids = await _answer(self._client.zrangebyscore(_REVOKED_KEY, f"({time.time()}", "+inf"))
        return frozenset(id.decode() for id in ids)

    async def remember(self, person: PersonId, command: str, answer: Document, ttl_s: float) -> Document:
        """See `Store.remember`."""
        ttl_ms = max(1, round(ttl_s * 1000))
        line = await self._script(_REMEMBER, [_answer_key(person, command)], format_document(answer), ttl_ms)
        return parse_document(line)

    async def recall(self, person: PersonId, command: str) -> Document | None:
        """See `Store.recall`."""
        line = await _answer(self._client.get(_answer_key(person, command)))
        return None if line is None else parse_document(line)

    async def keep(self, key: str, document: Document) -> None:
        """See `Store.keep`."""
        await _answer(self._client.set(_KEPT + key, format_document(document)))

    async def kept(self, key: str) -> Document | None:
        """See `Store.kept`."""
        line = await _answer(self._client.get(_KEPT + key))
        return None if line is None else parse_document(line)

    async def publish(self, topic: str, message: Document) -> None:
        """See `Store.publish`. Reaches every server on this Redis."""
        await _answer(self._client.publish(_TOPIC + topic, format_document(message)))

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[Document]]:
        """See `Store.subscribe`. While Redis is away it begins with nothing, and a gap when Redis is back."""
        return self._subscribe(topic)

    @asynccontextmanager
    async def _subscribe(self, topic: str) -> AsyncIterator[AsyncIterator[Document]]:
        await asyncio.wait([listening := asyncio.ensure_future(self._listening.wait())], timeout=TIMEOUT_S)
        listening.cancel()
        with self._topics.subscribe(topic) as subscription:
            yield subscription

    async def _script(self, script: str, keys: Sequence[str], *values: str | int) -> Any:
        return await _answer(self._client.eval(script, len(keys), *keys, *values))

    async def _listen(self) -> None:
        """Hand on what Redis publishes, for ever."""
        while True:
            try:
                async with self._client.pubsub() as pubsub:
                    await self._hand_on(pubsub)
            except (RedisError, OSError, StoreError):
                self._listening.clear()
            await asyncio.sleep(RECONNECT_S)

    async def _hand_on(self, pubsub: PubSub) -> None:
        async with asyncio.timeout(TIMEOUT_S):
            await pubsub.psubscribe(_TOPIC + "*")
            while await pubsub.get_message(timeout=TIMEOUT_S) is None:
                pass
        self._topics.tell_gap()
        self._listening.set()
        asked = False
        while True:
            message = await pubsub.get_message(ignore_subscribe_messages=True, timeout=QUIET_S)
            if message is not None:
                asked = False
                self._take(message)
            elif asked:
                return
            else:
                asked = True
                async with asyncio.timeout(TIMEOUT_S):
                    await pubsub.ping()

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "pmessage":
            topic = message["channel"].decode().removeprefix(_TOPIC)
            self._topics.publish(topic, parse_document(message["data"]))


def _room_keys(room: RoomId) -> list[str]:
    # One hash tag, so that a Redis cluster keeps a room's keys where its scripts can reach them all.
    return [f"{_PREFIX}room:{{{room}}}:{part}" for part in ("version", "log", "snapshot")]


def _answer_key(person: PersonId, command: str) -> str:
    # A command's id is the client's and may hold anything; the length keeps two people's keys apart.
    return f"{_PREFIX}answer:{len(person)}:{person}:{command}"


async def _answer(call: Awaitable[Any]) -> Any:
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return await call
    except TimeoutError as error:
        raise StoreUnavailable(f"Redis has not answered within {TIMEOUT_S:g} s") from error
    except (RedisError, OSError) as error:
        raise StoreUnavailable(f"Redis cannot be used: {type(error).__name__}") from error
