"""Once a second: how the sources of each room sound, and whether channels carry their language, to those at work.

What goes out is the message `quality` of server/PROTOCOL.md, and only when it says something new to that page. Levels
are told in steps, so that a steady voice is no news.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Final, Protocol
from weakref import WeakKeyDictionary

from interpreting.ids import RoomId
from interpreting.roles import Role
from server.engine import Quality
from server.hub import Client
from server.language_guards import LanguageGuards
from server.messages import format_message
from server.switchboard import local_name

_log = logging.getLogger(__name__)

EVERY_S: Final = 1.0
AT_WORK: Final = frozenset({Role.INTERPRETER, Role.MODERATOR, Role.TECHNICIAN})
_LEVEL_STEP_DB: Final = 3


class Ears(Protocol):
    """What is asked of the engine."""

    def quality(self) -> Mapping[str, Quality]:
        """How each source sounds that somebody hears."""
        ...


class SoundWatch:
    """Tells pages how it sounds. `open` and `aclose`."""

    def __init__(self, ears: Ears, clients: Iterable[Client], guards: LanguageGuards) -> None:
        self._ears = ears
        self._clients = clients
        self._guards = guards
        self._told: WeakKeyDictionary[Client, str] = WeakKeyDictionary()
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run())

    async def aclose(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                self.look()
            except Exception:
                _log.exception("a look at the sound's quality failed")

    def look(self) -> None:
        """Tell every page at work what is new to it."""
        rooms: dict[RoomId, dict[str, Quality]] = {}
        for name, quality in self._ears.quality().items():
            room, source = local_name(name)
            rooms.setdefault(room, {})[source] = quality
        written: dict[RoomId, str] = {}
        for client in self._clients:
            if client.role not in AT_WORK:
                continue
            if client.room not in written:
                written[client.room] = self._write(client.room, rooms.get(client.room, {}))
            if self._told.get(client) != written[client.room] and client.is_welcomed:
                self._told[client] = written[client.room]
                client.send_text(written[client.room])

    def _write(self, room: RoomId, sources: Mapping[str, Quality]) -> str:
        return format_message(
            {
                "type": "quality",
                "sources": {source: _plain(sources[source]) for source in sorted(sources)},
                "languages": {language: verdict.value for language, verdict in self._guards.verdicts(room).items()},
            }
        )


def _plain(quality: Quality) -> dict[str, object]:
    return {
        "reason": quality.reason.value,
        "bandwidth_hz": quality.bandwidth_hz,
        "level_dbfs": _LEVEL_STEP_DB * round(quality.level_dbfs / _LEVEL_STEP_DB),
        "is_speaking": quality.is_speaking,
        "lost_percent": round(quality.lost_percent, 1),
    }
