"""Tells the engine how each room's sources are trimmed: a follower of the conductor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from interpreting.ids import RoomId, SourceId
from interpreting.plan import RoutingPlan
from interpreting.room import Room
from interpreting.trims import Trim as RoomTrim
from media.stream import StreamEvent
from server.engine import Trim
from server.switchboard import global_name


class Trimming(Protocol):
    """What is asked of the engine."""

    def set_trim(self, source: str, trim: Trim) -> None:
        """Trim a source from now on."""
        ...


class Trims:
    """Remembers what the engine was told, and tells what differs."""

    def __init__(self, engine: Trimming) -> None:
        self._engine = engine
        self._told: dict[RoomId, Mapping[SourceId, RoomTrim]] = {}

    def follow(self, room: Room, plan: RoutingPlan) -> None:
        """Tell what is trimmed otherwise than before; a source without a trim sounds as it comes."""
        told, self._told[room.id] = self._told.get(room.id, {}), room.trims
        if told is room.trims:
            return
        for source in dict.fromkeys((*told, *room.trims)):
            wanted = room.trims.get(source, RoomTrim(source))
            if wanted != told.get(source, RoomTrim(source)):
                self._engine.set_trim(
                    global_name(room.id, source),
                    Trim(wanted.gain_db, wanted.delay_ms, wanted.high_pass, wanted.gate, wanted.muted),
                )

    def take_in(self, event: StreamEvent) -> None:
        """Streams are looked after by others."""
