"""Looks at a room for its rehearsal: gathers what the checklist is made from, and what was kept of it today."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from interpreting.ids import BACKUP, HALL, RoomId, SourceId, mic_source
from interpreting.room import Room
from server.daybook import days
from server.daybook.heard import Spoken
from server.daybook.rehearsal import ChainRun, Scene
from server.engine import EngineStats
from server.keys import (
    ALARMS,
    BROADCASTS,
    CHAIN_TESTS,
    CLOCKS,
    CONDUCTOR,
    CONFIG,
    HEARD,
    LOGBOOK,
    RECORDINGS,
)
from server.logbook import Entry
from server.switchboard import global_name

NOTE: Final = "rehearsal"
"""The kind of the log book's notes: `stage`, `check`, `state`, and whether somebody ticked it by hand."""

Kept = Mapping[str, object]


async def look(app: web.Application, id: RoomId) -> Scene:
    """Return how a room stands now."""
    room = app[CONDUCTOR].room(id)
    stats = await app[CONDUCTOR].stats()
    disk = await asyncio.to_thread(shutil.disk_usage, app[CONFIG].data)
    broadcast = app[BROADCASTS].find(id)
    trouble = app[RECORDINGS].troubles.get(id)
    today = await _today(app, id)
    return Scene(
        room=room,
        pictures=_pictures(id, stats),
        spoken=_spoken(app, room),
        chain=await _chain(app, id),
        lip_sync_ms=_lip_sync(id, stats),
        free_bytes=disk.free,
        recording_trouble=trouble.value if trouble is not None else None,
        backup_flowed=any(entry.kind == "source_connected" and entry.facts.get("source") == BACKUP for entry in today),
        has_livestream=broadcast is not None,
        livestream_late_s=broadcast.late_s if broadcast is not None and broadcast.is_running else None,
        alarms=[alarm.kind.value for alarm in app[ALARMS].standing() if alarm.room in (id, None)],
    )


async def kept_today(app: web.Application, room: RoomId) -> Mapping[tuple[str, str], Kept]:
    """Return what was kept of each check today, by stage and check: its state, who, and when in epoch ms."""
    found: dict[tuple[str, str], Kept] = {}
    for entry in await _today(app, room):
        if entry.kind == NOTE:
            place = str(entry.facts.get("stage")), str(entry.facts.get("check"))
            found[place] = {"state": entry.facts.get("state"), "by": entry.by, "at": round(entry.at * 1000)}
    return found


async def _today(app: web.Application, room: RoomId) -> list[Entry]:
    now = app[CLOCKS].now()
    since, _ = days.bounds(days.day_of(now))
    return await asyncio.to_thread(app[LOGBOOK].read, room, since, now + 1)


def _pictures(room: RoomId, stats: EngineStats) -> frozenset[SourceId]:
    of_hall = {source: stats.publishers.get(global_name(room, source), {}) for source in HALL}
    return frozenset(source for source, figures in of_hall.items() if figures.get("video_packets", 0) > 0)


def _spoken(app: web.Application, room: Room) -> Mapping[SourceId, Spoken]:
    people = [seat.person for booth in room.booths.values() for seat in booth.seats.values()]
    sources = [*HALL, *(mic_source(person) for person in people)]
    found = {source: app[HEARD].of(global_name(room.id, source)) for source in sources}
    return {source: spoken for source, spoken in found.items() if spoken is not None}


async def _chain(app: web.Application, room: RoomId) -> ChainRun | None:
    runs = await app[CHAIN_TESTS].runs(room)
    if not runs:
        return None
    newest = runs[0]
    at, hops = newest.get("at"), newest.get("hops")
    if not isinstance(at, int) or not isinstance(hops, list):
        return None
    bad = tuple(str(hop.get("bus")) for hop in hops if isinstance(hop, dict) and not hop.get("is_good"))
    return ChainRun((app[CLOCKS].now() - at / 1000) / 3600, bad)


def _lip_sync(room: RoomId, stats: EngineStats) -> float | None:
    """Return how late the livestream's picture is; None without a picture that its sender placed."""
    figures = stats.streams.get(global_name(room, "live"), {})
    told = [figures.get(name, 0.0) for name in ("lip_sync_ms", "worst_early_ms", "worst_late_picture_ms")]
    return told[0] if figures.get("pictures", 0) > 0 and any(told) else None
