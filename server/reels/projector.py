"""Plays what the rooms say: the engine begins and ends a reel as the play-out of a room does.

A follower of the conductor. When its sound ends the engine says so, and the room is told by the conductor.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

from interpreting.commands import Command
from interpreting.errors import Refused
from interpreting.ids import PLAYOUT, PersonId, RoomId
from interpreting.plan import RoutingPlan
from interpreting.playout_state import Playout, Reel
from interpreting.room import Room
from interpreting.workshop_commands import StopPlayout
from media.reel import ReelFile
from media.stream import StreamEvent
from server.problems import Problem
from server.reels.reels import Reels
from server.store.base import StoreUnavailable
from server.switchboard import global_name

_log = logging.getLogger(__name__)

_SERVER: Final = PersonId("")
_AGAIN_S: Final = 1.0
_PATIENCE: Final = 60


class Player(Protocol):
    """What is asked of the engine."""

    def play(self, source: str, reel: ReelFile, at_s: float, start: float) -> None:
        """Play a reel as this source; `at_s` of it is heard at `start`, in monotonic seconds."""
        ...

    def stop_play(self, source: str) -> None:
        """Play no more; the sound goes on for the ramp."""
        ...


@dataclass(frozen=True, slots=True)
class Projection:
    """The clocks, and how a room is told something."""

    now: Callable[[], float]
    monotonic: Callable[[], float]
    execute: Callable[[RoomId, Command], Awaitable[int]]


class Projector:
    """Follows all rooms. What played when the server was ended does not go on: its play-out is stopped."""

    def __init__(self, player: Player, reels: Reels, around: Projection) -> None:
        self._player, self._reels, self._around = player, reels, around
        self._opened_at = around.now()
        self._playing: dict[RoomId, Playout] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def follow(self, room: Room, plan: RoutingPlan) -> None:
        """See `Follower.follow`."""
        wanted = room.playout if room.playout and room.playout.reel is Reel.PLAYING else None
        if wanted == self._playing.get(room.id):
            return
        if wanted is not None:
            self._playing[room.id] = wanted
            self._play(room.id, wanted)
        elif self._playing.pop(room.id, None) is not None:
            self._player.stop_play(global_name(room.id, PLAYOUT))

    def take_in(self, event: StreamEvent) -> None:
        """See `Follower.take_in`; streams are others' business."""

    async def aclose(self) -> None:
        """Tell nobody anything any more."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _play(self, room: RoomId, playout: Playout) -> None:
        since = playout.since or 0.0
        try:
            _, reel = self._reels.ready(room, playout.asset)
        except Problem:
            reel = None
        if reel is None or since < self._opened_at:
            task = asyncio.create_task(self._stop(room))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        start = self._around.monotonic() + since - self._around.now()
        self._player.play(global_name(room, PLAYOUT), reel, playout.played_s, start)

    async def _stop(self, room: RoomId) -> None:
        for _ in range(_PATIENCE):
            try:
                await self._around.execute(room, StopPlayout(_SERVER))
                return
            except Refused:
                return
            except StoreUnavailable:
                await asyncio.sleep(_AGAIN_S)
        _log.warning("the play-out of room %s could not be stopped", room)
