"""Frees the floor of those whose sound is gone: a network that died, a page that was closed and did not come back.

Three seconds after the last packet the floor is free, a page that was reloaded included. Who was given the floor and
never sent anything has longer: devices have to be opened.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Protocol

from interpreting.commands import Command
from interpreting.errors import Refused
from interpreting.ids import PersonId, RoomId, speaker_source
from interpreting.plan import RoutingPlan
from interpreting.room import Room
from interpreting.workshop_commands import LoseFloor
from media.publishing import SILENT_AFTER_S
from media.stream import StreamEvent
from server.store.base import StoreUnavailable
from server.switchboard import global_name

SILENT_ON_FLOOR_S: Final = 1.0
"""Without any packet for so long a holder is silent; looked after twice a second, told within 1.5 s."""

DEAD_S: Final = 1.0
"""After that, while the connection still stands: the network is dead."""

CLOSED_S: Final = 2.7
"""After that, when the connection was closed: a page that is reloaded is back by then."""

OPENING_S: Final = 25.0
"""Long enough for a page whose first way to us fails after 10 s and whose second is slow."""

AGAIN_S: Final = 1.0


class Patience(Protocol):
    """What is asked of the engine."""

    def set_patience(self, source: str, silent_after_s: float) -> None:
        """Say how long a source may send nothing until it is silent."""
        ...


class FloorKeeper:
    """Follows all rooms, on the event loop.

    Args:
        room: returns a room as it is now.
        is_fed: tells whether a source's connection stands.
        execute: carries out a command; raises Refused and StoreUnavailable.
    """

    def __init__(
        self,
        engine: Patience,
        room: Callable[[RoomId], Room],
        is_fed: Callable[[RoomId, str], bool],
        execute: Callable[[RoomId, Command], Awaitable[int]],
    ) -> None:
        self._engine = engine
        self._room = room
        self._is_fed = is_fed
        self._execute = execute
        self._holders: dict[RoomId, frozenset[PersonId]] = {}
        self._waits: dict[tuple[RoomId, PersonId], asyncio.Task[None]] = {}
        self._flowed: set[tuple[RoomId, PersonId]] = set()

    async def aclose(self) -> None:
        """Wait for nobody any more."""
        for task in self._waits.values():
            task.cancel()
        await asyncio.gather(*self._waits.values(), return_exceptions=True)

    def follow(self, room: Room, plan: RoutingPlan) -> None:
        """See `Follower.follow`."""
        before, now = self._holders.get(room.id, frozenset()), frozenset(one.person for one in room.holders)
        self._holders[room.id] = now
        for person in now - before:
            self._engine.set_patience(global_name(room.id, speaker_source(person)), SILENT_ON_FLOOR_S)
        for person in before - now:
            self._engine.set_patience(global_name(room.id, speaker_source(person)), SILENT_AFTER_S)
            self._flowed.discard((room.id, person))
            self._stop_waiting(room.id, person)
        for person in now:
            if room.is_live(speaker_source(person)):
                self._flowed.add((room.id, person))
                self._stop_waiting(room.id, person)
            elif (room.id, person) not in self._waits:
                wait = asyncio.get_running_loop().create_task(self._wait(room.id, person))
                self._waits[room.id, person] = wait

    def take_in(self, event: StreamEvent) -> None:
        """See `Follower.take_in`; streams are others' business."""

    def _stop_waiting(self, room: RoomId, person: PersonId) -> None:
        task = self._waits.pop((room, person), None)
        # A wait that has just said its word is no longer to be stopped: the word is what called us.
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    async def _wait(self, room: RoomId, person: PersonId) -> None:
        source = speaker_source(person)
        if (room, person) not in self._flowed:
            await asyncio.sleep(OPENING_S)
        else:
            await asyncio.sleep(DEAD_S)
            if not self._is_fed(room, source):
                await asyncio.sleep(CLOSED_S - DEAD_S)
        while True:
            now = self._room(room)
            if now.holder(person) is None or now.is_live(source):
                return
            with suppress(Refused):
                try:
                    await self._execute(room, LoseFloor(person))
                except StoreUnavailable:
                    await asyncio.sleep(AGAIN_S)
                    continue
            return
