"""What the desk is told once a second beside a room's state: pushes, the hall's connections, the livestream, the disk.

Nothing of it is state: it is not kept, and a page that missed one has the next. It is gathered only while somebody
sits at a desk.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from interpreting.ids import RoomId
from server.conductor import Conductor
from server.coverage import DESK_ROLES
from server.hub import Hub
from server.livestream.broadcasts import Broadcasts
from server.pushes.pushes import Pushes
from server.switchboard import local_name

_log = logging.getLogger(__name__)

EVERY_S: Final = 1.0


class Facts:
    """Gathers and tells. Open it and close it."""

    def __init__(self, hub: Hub, conductor: Conductor, pushes: Pushes, broadcasts: Broadcasts, data: Path) -> None:
        self._hub = hub
        self._conductor = conductor
        self._pushes = pushes
        self._broadcasts = broadcasts
        self._data = data
        self._before: dict[str, Mapping[str, float]] = {}
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
        rooms = {client.room for client in self._hub if client.role in DESK_ROLES}
        if not rooms:
            self._before = {}
            return
        sources = self._sources((await self._conductor.stats()).publishers)
        disk = await asyncio.to_thread(shutil.disk_usage, self._data)
        for room in rooms:
            message: dict[str, object] = {
                "type": "facts",
                "room": room,
                "pushes": [view.as_page() for view in self._pushes.views(room)],
                "sources": sources.get(room, {}),
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

    def _sources(self, publishers: Mapping[str, Mapping[str, float]]) -> dict[RoomId, dict[str, object]]:
        """Return by room and source what came since the last look, a second ago."""
        found: dict[RoomId, dict[str, object]] = {}
        for name, figures in publishers.items():
            room, source = local_name(name)
            before = self._before.get(name)
            found.setdefault(room, {})[source] = {
                kind: _since(kind, before, figures) for kind in ("audio", "video") if f"{kind}_packets" in figures
            }
        self._before = {name: dict(figures) for name, figures in publishers.items()}
        return found

    def _livestream(self, room: RoomId) -> dict[str, object] | None:
        found = self._broadcasts.find(room)
        if found is None:
            return None
        return {"is_running": found.is_running, "late_ms": round(found.late_s * 1000), "restarts": found.restarts}


def _since(kind: str, before: Mapping[str, float] | None, now: Mapping[str, float]) -> dict[str, float]:
    """Return packets a second, the share that was lost in percent, and the jitter of one kind."""
    earlier = before or now
    packets = max(0.0, now[f"{kind}_packets"] - earlier.get(f"{kind}_packets", 0.0))
    lost = max(0.0, now[f"{kind}_lost"] - earlier.get(f"{kind}_lost", 0.0))
    return {
        "packets_per_s": packets,
        "lost_percent": round(100 * lost / (packets + lost), 1) if packets + lost else 0.0,
        "jitter_ms": now[f"{kind}_jitter_ms"],
    }
