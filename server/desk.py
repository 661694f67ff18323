"""The desk's own parts, made and opened together: trims, alarms, meters, pages' reports, facts."""

from __future__ import annotations

from contextlib import AsyncExitStack

from aiohttp import web

from server.alarms.watch import Alarms, Surroundings
from server.engine import OriginEngine
from server.facts import Facts, Sources
from server.keys import (
    ALARMS,
    BROADCASTS,
    CLOCKS,
    CONDUCTOR,
    CONFIG,
    FLEET,
    HUB,
    LATENESS,
    LOGBOOK,
    METERS,
    PAGE_WORDS,
    PUSHES,
    REVOCATIONS,
)
from server.meters import Meters
from server.page_words import PageWords
from server.trims import Trims


def attach_desk(app: web.Application, engine: OriginEngine) -> None:
    """Make the parts and have them follow the rooms; before the conductor opens."""
    conductor = app[CONDUCTOR]
    conductor.attach(Trims(engine))
    around = Surroundings(
        now=app[CLOCKS].now,
        web_late=lambda: app[LATENESS].times_late,
        is_store_there=lambda: app[REVOCATIONS].is_store_reachable,
    )
    alarms = app[ALARMS] = Alarms(app[CONFIG], engine, app[HUB], app[LOGBOOK], around)
    conductor.attach(alarms)
    app[METERS] = Meters(engine, conductor.room)
    app[PAGE_WORDS] = PageWords()


def open_desk(app: web.Application, stack: AsyncExitStack) -> None:
    """Begin to look, to be closed with the stack; when all it looks at is there."""
    sources = Sources(
        app[CONDUCTOR],
        app[PUSHES],
        app[BROADCASTS],
        app[FLEET],
        app[PAGE_WORDS],
        app[CONFIG].data,
        app[CLOCKS].monotonic,
    )
    facts = Facts(app[HUB], sources)
    facts.open()
    stack.push_async_callback(facts.aclose)
    app[ALARMS].open()
    stack.push_async_callback(app[ALARMS].aclose)
    stack.push_async_callback(app[METERS].aclose)
