"""What the desk is told once a second beside a room's state: how each sender's line is, who listens by which way, how
pages hear, pushes, the livestream, the disk.

Nothing of it is state: it is not kept, and a page that missed one has the next. It is gathered only while somebody
sits at a desk.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from interpreting.ids import FLOOR, RoomId
from server.conductor import Conductor
from server.coverage import DESK_ROLES
from server.fleet import Fleet
from server.hub import Hub
from server.line_facts import line_facts
from server.livestream.broadcasts import Broadcasts
from server.page_words import PageWords
from server.pushes.pushes import Pushes
from server.switchboard import local_name

_log = logging.getLogger(__name__)

EVERY_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the facts come from; `data` is the folder whose disk is looked at, `monotonic` counts seconds."""

    conductor: Conductor
    pushes: Pushes
    broadcasts: Broadcasts
    fleet: Fleet
    words: PageWords
    data: Path
    monotonic: Callable[[], float]


class Facts:
    """Gathers and tells. Open it and close it."""

    def __init__(self, hub: Hub, sources: Sources) -> None:
        self._hub = hub
        self._of = sources
        self._before: dict[str, Mapping[str, float]] = {}
        self._before_at = 0.0
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._keep_telling())

    async def aclose(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def tell(self) -> None:
        """Tell every desk what there is to know of its room."""
        rooms = {client.room for client in self._hub.of_roles(DESK_ROLES)}
        if not rooms:
            self._before = {}
            return
        now = self._of.monotonic()
        lines = self._lines((await self._of.conductor.stats()).publishers, now)
        disk = await asyncio.to_thread(shutil.disk_usage, self._of.data)
        edges = self._edges()
        for room in rooms:
            message: dict[str, object] = {
                "type": "facts",
                "room": room,
                "pushes": [view.as_page() for view in self._of.pushes.views(room)],
                "sources": lines.get(room, {}),
                "listeners": self._listeners(room),
                "edges": edges,
                "reports": self._of.words.summary(room, now),
                "livestream": self._livestream(room),
                "disk": {"free_bytes": disk.free, "total_bytes": disk.total},
            }
            self._hub.tell_roles(room, DESK_ROLES, message)

    async def _keep_telling(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.tell()
            except Exception:
                _log.exception("the desks could not be told")

    def _lines(self, publishers: Mapping[str, Mapping[str, float]], now: float) -> dict[RoomId, dict[str, object]]:
        """Return by room and source what came since the last look, a second ago."""
        found: dict[RoomId, dict[str, object]] = {}
        passed_s = now - self._before_at
        for name, figures in publishers.items():
            room, source = local_name(name)
            found.setdefault(room, {})[source] = line_facts(self._before.get(name, figures), figures, passed_s)
        self._before = {name: dict(figures) for name, figures in publishers.items()}
        self._before_at = now
        return found

    def _listeners(self, room: RoomId) -> dict[str, dict[str, int]]:
        """Return the audience by channel and way; of the livestream also who sees the picture."""
        direct = self._of.conductor.switchboard.listeners(room)
        found = self._of.broadcasts.find(room)
        players = found.audience.listeners if found is not None else {}
        names = dict.fromkeys((FLOOR, *self._of.conductor.room(room).languages, *players))
        return {name: {"webrtc": direct[name], "hls": round(players.get(name, 0.0))} for name in names}

    def _edges(self) -> list[dict[str, object]]:
        return [
            {
                "edge": edge.name,
                "listeners": edge.listeners,
                "max_listeners": edge.max_listeners,
                "is_alive": edge.is_alive,
            }
            for edge in self._of.fleet.figures
        ]

    def _livestream(self, room: RoomId) -> dict[str, object] | None:
        found = self._of.broadcasts.find(room)
        if found is None:
            return None
        return {"is_running": found.is_running, "late_ms": round(found.late_s * 1000), "restarts": found.restarts}
