"""Who is where, among servers that share a store: each says once a second which rooms it has and how full it is.

A server that is asked for a room it does not have sends whoever asks to the one that has it, of several to the emptiest
(`server.access`). One that is silent for three seconds is gone. With a store of its own a server hears only itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from interpreting.ids import RoomId
from server.fleet import Fleet
from server.store.base import GAP, Document, Store, StoreError, StoreUnavailable

_log = logging.getLogger(__name__)

TOPIC: Final = "servers"
"""A message is {"origin": boot, "public_url": where, "rooms": [ids], "fullness": 0 and more}; no rooms is a goodbye."""
EVERY_S: Final = 1.0
SILENT_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class _Neighbour:
    public_url: str
    rooms: frozenset[str]
    fullness: float
    heard: float


class Neighbours:
    """Tells and hears while it is open.

    Args:
        fleet: what takes our listeners.
        store: what the servers share.
        origin: the id of this start of the server.
        public_url: where people reach it.
        rooms: those it has.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        fleet: Fleet,
        store: Store,
        origin: str,
        public_url: str,
        rooms: Iterable[RoomId],
        clock: Callable[[], float],
    ) -> None:
        self._fleet = fleet
        self._store = store
        self._origin = origin
        self._public_url = public_url
        self._rooms = sorted(rooms)
        self._clock = clock
        self._found: dict[str, _Neighbour] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def open(self) -> None:
        """Begin to tell and to hear."""
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._keep_telling())]

    async def aclose(self) -> None:
        """Say goodbye, and neither tell nor hear any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._publish([], 0.0)

    def home_of(self, room: str) -> str | None:
        """Return the public address of the server that has a room, of several the emptiest; None when nobody has."""
        now = self._clock()
        alive = [one for one in self._found.values() if now - one.heard <= SILENT_S and room in one.rooms]
        emptiest = min(alive, key=lambda one: one.fullness, default=None)
        return None if emptiest is None else emptiest.public_url

    async def tell(self) -> None:
        """Say what is so now; a store out of reach is no matter, the next second brings it anew."""
        await self._publish(self._rooms, await self._fleet.fullness())

    def take(self, message: Document) -> None:
        """Take in what a server has said; what is none of these messages is passed over."""
        if message == GAP:
            # What was missed comes again within a second.
            return
        match message:
            case {"origin": str(origin), "public_url": str(url), "rooms": list(rooms), "fullness": int() | float()}:
                if origin != self._origin:
                    named = frozenset(room for room in rooms if isinstance(room, str))
                    self._found[origin] = _Neighbour(url, named, float(message["fullness"]), self._clock())
            case _:
                _log.warning("a message of servers is not understood")
        self._forget()

    def _forget(self) -> None:
        now = self._clock()
        self._found = {id: one for id, one in self._found.items() if one.rooms and now - one.heard <= SILENT_S}

    async def _publish(self, rooms: list[RoomId], fullness: float) -> None:
        message = {"origin": self._origin, "public_url": self._public_url, "rooms": rooms, "fullness": fullness}
        with suppress(StoreUnavailable):
            await self._store.publish(TOPIC, message)

    async def _keep_telling(self) -> None:
        while True:
            await self.tell()
            await asyncio.sleep(EVERY_S)

    async def _listen(self) -> None:
        try:
            async with self._store.subscribe(TOPIC) as messages:
                async for message in messages:
                    self.take(message)
        except StoreError:
            _log.warning("other servers are not heard")
