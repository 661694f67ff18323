"""The composition root: makes the parts, hands them to each other, and takes them down in reverse.

`create_app` is what tests use, with an engine and a store of theirs; `run` is the whole server until a signal.
Nobody imports this module but `__main__` and tests.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Final

from aiohttp import web

from media.engine import Engine, EngineConfig
from server import (
    chain,
    edges,
    health,
    mending,
    meters_web,
    metrics_web,
    pages,
    papers,
    qr,
    static_files,
    whep,
    whip,
    workshop_pages,
    ws,
)
from server.access import RATES, register
from server.chain_tests import ChainTests
from server.conductor import Clocks, Conductor
from server.config import Config
from server.daybook import web as daybook
from server.descriptors import Doorway, free_for_connections, raise_limit
from server.desk import attach_desk, open_desk
from server.doorkeeper import Doorkeeper
from server.doorman import Doorman
from server.edge_processes import EdgeProcesses
from server.engine import MediaEngine, OriginEngine
from server.fleet import Fleet
from server.floor_keeper import FloorKeeper
from server.front import Front
from server.hub import Hub
from server.i18n import Translator
from server.ice_servers import relay_addresses
from server.ingest_process import IngestProcess
from server.json_log import set_up_log
from server.keys import (
    BOOT,
    BROADCASTS,
    CHAIN_TESTS,
    CLOCKS,
    CONDUCTOR,
    CONFIG,
    DOORMAN,
    FLEET,
    HUB,
    LATENESS,
    LIMITS,
    METRICS,
    NEIGHBOURS,
    PUSHES,
    RECORDINGS,
    REVOCATIONS,
    TELLING,
    TEMPLATES,
    TRANSLATOR,
)
from server.language_detector import ProcessDetector
from server.language_guards import LanguageGuards
from server.lateness import Lateness
from server.limits import JSON_MAX_BYTES, SDP_MAX_BYTES, RateLimits
from server.links import demo_conference, demo_links
from server.livestream import hls
from server.livestream.broadcasts import Broadcasts
from server.metrics_store import TimedStore
from server.neighbours import Neighbours
from server.observing import follow_rooms, open_observing
from server.priority import come_first
from server.pushes import web as pushes
from server.pushes.pushes import Pushes
from server.recordings import web as recordings
from server.recordings.rooms import Recordings, Surroundings
from server.reels import web as reels
from server.reels.opening import open_reels
from server.revocations import Revocations
from server.security import add_headers, answer_errors
from server.sound_watch import SoundWatch
from server.spare_sender import SpareSender
from server.store import open_store
from server.store.base import Store
from server.telling import Telling
from server.templating import Templates
from server.tidying import Tidying, nobody_speaks
from server.watchman import Watchman

_log = logging.getLogger(__name__)

# aiohttp closes a connection after this long without a whole request, from its very beginning.
IDLE_TIMEOUT_S: Final = 15.0
STOP_TIMEOUT_S: Final = 5.0
SYSTEM_CLOCKS: Final = Clocks(now=time.time, monotonic=time.monotonic)


def create_app(
    config: Config,
    *,
    engine: OriginEngine | None = None,
    store: Store | None = None,
    clocks: Clocks = SYSTEM_CLOCKS,
) -> web.Application:
    """Return the application; an engine or a store that is handed in is left open at the end."""
    app = web.Application(middlewares=[answer_errors], client_max_size=max(SDP_MAX_BYTES, JSON_MAX_BYTES))
    translator = Translator.load(config.web_root / "locales")
    app[CONFIG] = config
    app[CLOCKS] = clocks
    app[BOOT] = secrets.token_hex(8)
    app[HUB] = Hub()
    app[LIMITS] = RateLimits(RATES, clocks.monotonic)
    app[TRANSLATOR] = translator
    app[static_files.SHELF] = static_files.Shelf()
    app[TEMPLATES] = Templates(config.web_root / "templates", translator)
    register(
        app,
        {
            **pages.HANDLERS,
            **static_files.HANDLERS,
            **workshop_pages.HANDLERS,
            **papers.HANDLERS,
            **qr.HANDLERS,
            **chain.HANDLERS,
            **ws.HANDLERS,
            **whip.HANDLERS,
            **whep.HANDLERS,
            **health.HANDLERS,
            **metrics_web.HANDLERS,
            **daybook.HANDLERS,
            **edges.HANDLERS,
            **meters_web.HANDLERS,
            **mending.HANDLERS,
            **pushes.HANDLERS,
            **recordings.HANDLERS,
            **reels.HANDLERS,
            **hls.HANDLERS,
        },
    )
    app.on_response_prepare.append(add_headers)
    app.on_shutdown.extend([_warn_pages, _let_edges_go, _let_viewers_go])
    app.cleanup_ctx.append(_parts(engine, store))
    return app


def _parts(
    given_engine: OriginEngine | None, given_store: Store | None
) -> Callable[[web.Application], AsyncIterator[None]]:
    """Return the cleanup context of everything that runs: store, engine, conductor, revocations."""

    async def context(app: web.Application) -> AsyncIterator[None]:
        config, clocks = app[CONFIG], app[CLOCKS]
        async with AsyncExitStack() as stack:
            open_observing(app, stack)
            store = given_store
            if store is None:
                store = await stack.enter_async_context(open_store(config))
            store = TimedStore(store, app[METRICS])
            engine = given_engine
            if engine is None:
                engine = await _open_engine(config, stack)
            fleet = app[FLEET] = await _open_fleet(app, engine, store, stack)
            conductor = app[CONDUCTOR] = _conductor(app, fleet, store)
            stack.push_async_callback(app[TELLING].aclose)
            conductor.attach(SpareSender(fleet))
            conductor.attach(Doorkeeper(app[HUB]))
            keeper = FloorKeeper(fleet, conductor.room, conductor.switchboard.is_fed, conductor.execute)
            conductor.attach(keeper)
            stack.push_async_callback(keeper.aclose)
            broadcasts = app[BROADCASTS] = await _open_broadcasts(app, fleet, stack)
            conductor.attach(broadcasts)
            await _open_guards(app, engine, stack)
            watchman = Watchman(app[HUB], conductor, clocks.now)

            async def look(revoked: frozenset[str]) -> None:
                fleet.expel(revoked, clocks.now())
                await watchman.look(revoked)

            revocations = Revocations(store, look)
            app[REVOCATIONS] = revocations
            is_secure = config.public_url.startswith("https://")
            app[DOORMAN] = Doorman(config.secret, revocations, clocks.now, is_secure=is_secure)
            conductor.attach(await _open_recordings(app, engine, stack))
            conductor.attach(await _open_pushes(app, fleet, store, stack))
            await open_reels(app, engine, stack)
            follow_rooms(app, stack)
            attach_desk(app, engine)
            await conductor.open()
            stack.push_async_callback(conductor.aclose)
            await revocations.open()
            stack.push_async_callback(revocations.aclose)
            lateness = app[LATENESS] = Lateness(on_look=app[METRICS].loop_lag.observe)
            lateness.open()
            stack.push_async_callback(lateness.aclose)
            open_desk(app, stack)
            yield

    return context


def _conductor(app: web.Application, engine: MediaEngine, store: Store) -> Conductor:
    """Return the conductor of all rooms, whose changes are told."""
    config = app[CONFIG]
    telling = app[TELLING] = Telling(app[HUB], lambda: conductor)
    demo = demo_conference(config)
    conductor = Conductor(
        config.rooms,
        engine,
        store,
        app[CLOCKS],
        on_change=telling.changed,
        demo_rooms=frozenset(room.id for room in demo.rooms) if demo else frozenset(),
    )
    return conductor


async def _open_pushes(app: web.Application, engine: MediaEngine, store: Store, stack: AsyncExitStack) -> Pushes:
    """Take up the pushes that ran, to be ended with the stack."""
    found = app[PUSHES] = Pushes(app[CONFIG].rooms, engine, store, app[CLOCKS].now)
    await found.open()
    stack.push_async_callback(found.aclose)
    return found


async def _open_recordings(app: web.Application, engine: MediaEngine, stack: AsyncExitStack) -> Recordings:
    """Learn which recordings there are, and be ready to go on with those that ran; to be closed with the stack."""
    config, conductor, clocks = app[CONFIG], app[CONDUCTOR], app[CLOCKS]
    around = Surroundings(
        streams=engine,
        now=clocks.now,
        monotonic=clocks.monotonic,
        secret=config.secret,
        titles={id: room.title for id, room in config.rooms.items()},
        is_loaded=lambda: conductor.is_ready,
        on_trouble=lambda room, why: conductor.note_trouble(room, "recording_paused", is_there=why is not None),
    )
    found = app[RECORDINGS] = Recordings(config.recordings, config.data / "recordings", around)
    await found.open()
    stack.push_async_callback(found.aclose)
    return found


async def _open_guards(app: web.Application, engine: MediaEngine, stack: AsyncExitStack) -> None:
    """Watch how the rooms sound and which language is spoken where, and be ready to test; closed with the stack."""
    hub, command = app[HUB], app[CONFIG].languages.detector
    guards = LanguageGuards(engine, partial(ProcessDetector.open, command) if command else None)
    stack.push_async_callback(guards.aclose)
    app[CONDUCTOR].attach(guards)
    tests = app[CHAIN_TESTS] = ChainTests(engine, app[CONFIG].data / "chain", app[CLOCKS].now)
    app[CONDUCTOR].attach(tests)
    watch = SoundWatch(engine, hub, guards)
    watch.open()
    stack.push_async_callback(watch.aclose)


async def _open_fleet(app: web.Application, engine: MediaEngine, store: Store, stack: AsyncExitStack) -> Fleet:
    """Open the engine and its edges as one, and look for other servers, to be closed with the stack."""
    hub = app[HUB]
    fleet = Fleet(
        engine,
        app[BOOT],
        app[CLOCKS].monotonic,
        on_lost=lambda edge: hub.tell_all({"type": "edge_lost", "edge": edge}),
        max_listeners=app[CONFIG].edges.max_listeners,
    )
    fleet.open()
    stack.push_async_callback(fleet.aclose)
    config, clock = app[CONFIG], app[CLOCKS].monotonic
    neighbours = app[NEIGHBOURS] = Neighbours(fleet, store, app[BOOT], config.public_url, config.rooms, clock)
    neighbours.open()
    stack.push_async_callback(neighbours.aclose)
    return fleet


async def _open_broadcasts(app: web.Application, engine: MediaEngine, stack: AsyncExitStack) -> Broadcasts:
    """Open the livestreams, to be closed with the stack."""
    config, clocks = app[CONFIG], app[CLOCKS]
    broadcasts = Broadcasts(
        config.rooms,
        engine,
        config.data / "hls",
        config.livestream,
        now=clocks.now,
        monotonic=clocks.monotonic,
        on_trouble=lambda room, is_there: app[CONDUCTOR].note_trouble(room, "rewind_paused", is_there=is_there),
    )
    await broadcasts.open()
    stack.push_async_callback(broadcasts.aclose)
    return broadcasts


async def _open_engine(config: Config, stack: AsyncExitStack) -> OriginEngine:
    """Open the engine, to be closed with the stack."""
    engine = await Engine.open(
        EngineConfig(
            udp_host=config.udp_host,
            udp_port=config.udp_port,
            public_ips=config.public_ips,
            max_listeners=config.edges.max_listeners,
            relay_ips=await relay_addresses(config.ice),
        )
    )
    stack.push_async_callback(engine.aclose)
    return engine


async def _warn_pages(app: web.Application) -> None:
    """Tell every open page that we stop, before connections are closed."""
    await app[HUB].aclose("stopping")


async def _let_edges_go(app: web.Application) -> None:
    """End the edges' connections; they come again when there is a server again."""
    await app[FLEET].aclose()


async def _let_viewers_go(app: web.Application) -> None:
    """End the waiting of players, which come again when there is a server again."""
    app[BROADCASTS].hush()


def run(config: Config) -> None:
    """Serve until SIGINT or SIGTERM, then say goodbye to the pages and stop. Raises OSError for a port in use."""
    set_up_log(config.observing)
    asyncio.run(_run(config))


async def _run(config: Config) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    come_first()
    app = create_app(config)
    # Before the mixer ticks: what is loaded until here is collected once, and not looked at again.
    async with Tidying(lambda: nobody_speaks(app[CONDUCTOR])):
        await _serve(app, config, stop)


async def _serve(app: web.Application, config: Config, stop: asyncio.Event) -> None:
    runner = Front(app, IDLE_TIMEOUT_S, STOP_TIMEOUT_S)
    try:
        await runner.setup()
        most = free_for_connections(raise_limit())
        await Doorway(runner, config.host or None, config.port, most).start()
        port = runner.addresses[0][1]
        async with EdgeProcesses(config, port, app[FLEET].bury_named), IngestProcess(config, port):
            print("\n".join(_greeting(config, port)), flush=True)
            await stop.wait()
            _log.info("stopping")
            await app[FLEET].aclose()
    finally:
        await runner.cleanup()


def _greeting(config: Config, port: int) -> list[str]:
    """Return what is printed at start: the address, and the demo's personal links."""
    base = config.public_url
    if config.port == 0 and base.endswith(":0"):
        base = f"{base.removesuffix(':0')}:{port}"
    lines = [f"Tolmach is at {base}/"]
    for link in demo_links(config, time.time()):
        backup = "backup" if link.is_backup else ""
        place = " ".join(part for part in (link.role.value, link.booth, link.name, backup) if part)
        lines.append(f"  {link.room:<12} {place:<26} {base}{link.path}")
    if len(lines) > 1:
        lines.append(f"Open {base}/ in a browser on this machine: it shows all these links. Ctrl+C stops the server.")
    else:
        lines.append("Personal links are printed by: tolmach invite --config FILE --room R --role ROLE")
    return lines
