"""`GET /metrics`: the figures of this server for Prometheus, read from their owners at that moment.

None names a person, an address or a session, and how many there are is bounded by rooms, languages and kinds. Keep it
inside by the proxy all the same: how many listen where is not everybody's business.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from server.access import Handler
from server.keys import (
    ALARMS,
    BROADCASTS,
    CHRONICLE,
    CONDUCTOR,
    CONFIG,
    FLEET,
    HUB,
    LATENESS,
    LOGBOOK,
    METERS,
    METRICS,
    PUSHES,
    RECORDINGS,
)
from server.metrics_engine import write_edges, write_levels, write_quality
from server.metrics_rooms import (
    write_alarms,
    write_listeners,
    write_livestreams,
    write_pushes,
    write_recordings,
    write_rooms,
)
from server.metrics_sheet import Sheet

_PROMETHEUS: Final = "text/plain; version=0.0.4; charset=utf-8"


async def metrics(request: web.Request) -> web.Response:
    """GET /metrics: Prometheus's text form."""
    app, sheet = request.app, Sheet()
    stats = await app[CONDUCTOR].stats()
    disk = await asyncio.to_thread(shutil.disk_usage, app[CONFIG].data)
    sheet.gauge("data_free_bytes", "Room left on the disk of the data folder.", disk.free)
    _write_server(sheet, app)
    app[METRICS].engine.write(sheet, stats)
    write_quality(sheet, app[FLEET].quality())
    write_levels(sheet, app[METERS].levels())
    write_edges(sheet, app[FLEET].figures)
    write_listeners(sheet, app[CONDUCTOR], app[BROADCASTS])
    write_rooms(sheet, app[CHRONICLE].rooms)
    write_livestreams(sheet, app[BROADCASTS])
    write_recordings(sheet, app[RECORDINGS])
    write_alarms(sheet, app[ALARMS].standing())
    write_pushes(sheet, app[PUSHES], app[CONDUCTOR].rooms)
    return web.Response(body=app[METRICS].page(sheet), headers={"Content-Type": _PROMETHEUS})


def _write_server(sheet: Sheet, app: web.Application) -> None:
    lateness, notes = app[LATENESS], app[LOGBOOK].figures
    sheet.gauge("rooms_loaded", "1 when every room's stored state is loaded.", int(app[CONDUCTOR].is_ready))
    sheet.gauge("websockets", "Pages that are connected.", len(app[HUB]))
    for role, count in sorted(Counter(client.role.value for client in app[HUB]).items()):
        sheet.gauge("pages", "Pages that are connected, by role.", count, role=role)
    sheet.gauge("web_loop_worst_late_seconds", "The latest the event loop was, since the start.", lateness.worst_s)
    sheet.counter("web_loop_late_total", "Times the event loop was more than 0.2 s late.", lateness.times_late)
    sheet.counter("logbook_notes_total", "Notes for the log book.", notes.noted)
    sheet.counter("logbook_dropped_total", "Notes that the log book lost.", notes.dropped)


HANDLERS: Final[Mapping[str, Handler]] = {"metrics": metrics}
