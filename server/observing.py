"""Opens what observes the server: log book, metrics, traces; and has the rooms noted."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from functools import partial

from aiohttp import web

from server.daybook.heard import Heard
from server.joins import Joins
from server.keys import BOOT, BROADCASTS, CHRONICLE, CLOCKS, CONDUCTOR, CONFIG, FLEET, HEARD, JOINS, LOGBOOK, METRICS
from server.logbook import Logbook
from server.logbook_rooms import Chronicle
from server.metrics import Metrics
from server.metrics_rooms import count_audience
from server.tracing import open_tracer


def open_observing(app: web.Application, stack: AsyncExitStack) -> None:
    """Begin to note and to count what happens, until all else is closed.

    Raises ConfigError for traces that cannot be made.
    """
    observing, clocks = app[CONFIG].observing, app[CLOCKS]
    logbook = app[LOGBOOK] = Logbook(app[CONFIG].data / "logbook", clocks.now, keep_days=observing.logbook_keep_days)
    logbook.open()
    stack.callback(logbook.close)
    logbook.note(None, "server_started", boot=app[BOOT])
    stack.callback(logbook.note, None, "server_stopped", boot=app[BOOT])
    metrics = app[METRICS] = Metrics()
    tracer = open_tracer(observing.tracing_endpoint)
    stack.push_async_callback(asyncio.to_thread, tracer.close)
    app[JOINS] = Joins(metrics, logbook, tracer, clocks.monotonic)


def follow_rooms(app: web.Application, stack: AsyncExitStack) -> None:
    """Have the rooms and the engine's news noted; before the conductor opens."""
    conductor = app[CONDUCTOR]
    chronicle = app[CHRONICLE] = Chronicle(
        app[LOGBOOK], partial(count_audience, conductor, app[BROADCASTS]), app[CLOCKS].monotonic
    )
    conductor.attach(chronicle)
    conductor.witness(chronicle.witness)
    conductor.overhear(app[JOINS].overhear)
    chronicle.open()
    stack.push_async_callback(chronicle.aclose)
    heard = app[HEARD] = Heard(app[FLEET], app[CLOCKS].now)
    heard.open()
    stack.push_async_callback(heard.aclose)
