"""Python's garbage collector, kept from stopping the sound.

A full collection holds the interpreter for 70 ms with nobody there and for a quarter of a second with a thousand
listeners, and the mixer waits with everything else. So full collections are made only while nobody speaks in any room,
or when so much has piled up that memory is the greater harm. Young objects are collected as ever: that takes a
millisecond, and nearly all garbage dies young. What a program has loaded before it serves is never looked at again.
"""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol, Self

from interpreting.ids import DEMO, RoomId
from interpreting.room import Room

_log = logging.getLogger(__name__)

LOOK_S: Final = 60.0
# The collector's counter of its second generation is compared with it: never reached.
_NEVER: Final = 1_000_000_000
WORTH_IT: Final = 3
"""So many collections of the second generation since the last full one, before another is worth making."""
TOO_MUCH: Final = 500
"""The same, before it is made in any case: some three million objects, half a gigabyte at most."""


class House(Protocol):
    """What is asked of the conductor."""

    @property
    def rooms(self) -> tuple[RoomId, ...]:
        """All rooms."""
        ...

    def room(self, id: RoomId) -> Room:
        """Return a room as it is now."""
        ...


def nobody_speaks(house: House) -> bool:
    """Tell whether no room has a source but the demo's bells."""
    return all(house.room(id).sources.keys() <= {DEMO} for id in house.rooms)


class Tidying:
    """While it lasts, full collections are ours to make: an async context manager, for one at a time.

    Args:
        is_quiet: tells whether a pause of the whole program would be noticed by nobody.
    """

    def __init__(self, is_quiet: Callable[[], bool]) -> None:
        self._is_quiet = is_quiet
        self._thresholds = gc.get_threshold()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        first, second, _ = self._thresholds
        gc.collect()
        gc.freeze()
        gc.set_threshold(first, second, _NEVER)
        self._task = asyncio.create_task(self._keep_looking())
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        gc.set_threshold(*self._thresholds)
        gc.unfreeze()

    def look(self) -> bool:
        """Make a full collection if it is time for one; tell whether it was."""
        piled_up = gc.get_count()[2]
        if piled_up >= TOO_MUCH:
            _log.warning("a full garbage collection could wait no longer; the sound may have stuttered")
        elif piled_up < WORTH_IT or not self._is_quiet():
            return False
        gc.collect()
        return True

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            self.look()
