"""Telling rooms' people what has changed: the first change at once, those that follow closely all together.

A full room is told in steps, between which the event loop does what else there is to do; and however fast a room
changes, telling it takes no more than half of the loop's time. What is told is always how the room is by then.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, Protocol

from interpreting.audience import Audience
from interpreting.ids import RoomId
from server.hub import Client, Hub, Letter
from server.showing import Showing

_log = logging.getLogger(__name__)

STEPS_AT_ONCE: Final = 64
"""Each is a state found or queued, and the queued ones are written meanwhile: some 3 ms in all."""


class House(Protocol):
    """What is asked of the conductor."""

    def version(self, room: RoomId) -> int:
        """Return how many events made the room."""
        ...

    def showing(self, room: RoomId) -> Showing:
        """Return the room as people see it now."""
        ...


class _Letters:
    """What a room's audiences are told now, a letter each; `renew` where the room may have changed."""

    def __init__(self, house: House, room: RoomId) -> None:
        self._house = house
        self._room = room
        self._now = house.version(room), house.showing(room)
        self._written: dict[Audience, Letter] = {}

    def renew(self) -> None:
        now = self._house.version(self._room), self._house.showing(self._room)
        if now != self._now:
            self._now = now
            self._written.clear()

    def to(self, audience: Audience) -> Letter:
        letter = self._written.get(audience)
        if letter is None:
            version, showing = self._now
            letter = self._written[audience] = Letter(version, showing.state(audience))
        return letter


class Telling:
    """Tells the clients of a hub; `house` gives whose rooms they are."""

    def __init__(self, hub: Hub, house: Callable[[], House]) -> None:
        self._hub = hub
        self._house = house
        self._due: set[RoomId] = set()
        self._tasks: dict[RoomId, asyncio.Task[None]] = {}

    def changed(self, room: RoomId) -> None:
        """Have everybody in a room told how it is now."""
        self._due.add(room)
        if room not in self._tasks:
            self._tasks[room] = asyncio.get_running_loop().create_task(self._tell(room))

    def catch_up(self, client: Client) -> None:
        """Tell one client before all others, so that they see what they did before they hear that it is done."""
        client.send_state(_Letters(self._house(), client.room).to(client.audience))

    async def aclose(self) -> None:
        """Tell nothing more."""
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _tell(self, room: RoomId) -> None:
        loop = asyncio.get_running_loop()
        try:
            while room in self._due:
                self._due.discard(room)
                began = loop.time()
                await self._tell_once(room)
                await asyncio.sleep(loop.time() - began)
        except Exception:
            _log.exception("room %s was not told of a change", room)
        finally:
            del self._tasks[room]

    async def _tell_once(self, room: RoomId) -> None:
        letters = _Letters(self._house(), room)
        for number, _ in enumerate(self._hub.tell_room(room, letters.to), 1):
            if number % STEPS_AT_ONCE == 0:
                await asyncio.sleep(0)
                letters.renew()
        await asyncio.sleep(0)  # the last ones' writing counts as well
