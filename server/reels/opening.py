"""Puts video messages together with the rest of the server, and takes them down with it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Final

from aiohttp import web

from interpreting.ids import RoomId
from interpreting.roles import Role
from server.engine import OriginEngine
from server.keys import CLOCKS, CONDUCTOR, CONFIG, HUB, REELS
from server.reels.projector import Projection, Projector
from server.reels.reels import Reels

_MIB: Final = 1024 * 1024
READERS: Final = frozenset({Role.INTERPRETER, Role.MODERATOR, Role.TECHNICIAN, Role.ORGANISER})
"""Who is told that there are other messages; the access table lets the same in."""


async def open_reels(app: web.Application, engine: OriginEngine, stack: AsyncExitStack) -> None:
    """Learn what messages there are and follow the conductor, until the stack is closed; before the conductor opens."""
    config, clocks, conductor, hub = app[CONFIG], app[CLOCKS], app[CONDUCTOR], app[HUB]

    def tell(room: RoomId) -> None:
        hub.tell_roles(room, READERS, {"type": "reels", "room": room})

    reels = app[REELS] = Reels(
        config.data / "reels", config.reels.max_mb * _MIB, config.recordings.min_free_mb * _MIB, clocks.now, tell
    )
    await reels.open()
    stack.push_async_callback(reels.aclose)
    projector = Projector(engine, reels, Projection(clocks.now, clocks.monotonic, conductor.execute))
    conductor.attach(projector)
    stack.push_async_callback(projector.aclose)
