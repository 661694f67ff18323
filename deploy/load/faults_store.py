"""What happens when Redis is stopped, hangs, or is emptied."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final

from deploy.load.company import Refused
from deploy.load.house import House, opened
from deploy.load.processes import BenchError
from deploy.load.redis_process import RedisProcess
from deploy.load.scene import OLENA_HZ, Cast, conference

Figure = tuple[str, float]
OUTAGE_S: Final = 60.0
_HUNG_S: Final = 10.0
_VERSION: Final = "GET tolmach:room:{hall}:version"


async def redis(folder: Path) -> AsyncIterator[Figure]:
    """Redis is stopped for a minute and comes back empty; hangs for ten seconds; is emptied."""
    store = RedisProcess(folder)
    try:
        await store.start()
        async with opened(House(folder, {"TOLMACH_REDIS_URL": store.url})) as house, conference(house) as cast:
            async for figure in _outage(cast, "stopped", store, store.stop, store.start, OUTAGE_S):
                yield figure
            async for figure in _outage(cast, "hung", store, store.hang, _at_once(store.go_on), _HUNG_S):
                yield figure
            async for figure in _emptied(cast, store):
                yield figure
    finally:
        store.stop()


def _at_once(act: Callable[[], None]) -> Callable[[], Awaitable[None]]:
    async def acted() -> None:
        act()

    return acted


async def _outage(
    cast: Cast,
    name: str,
    store: RedisProcess,
    begin: Callable[[], None],
    end: Callable[[], Awaitable[None]],
    seconds: float,
) -> AsyncIterator[Figure]:
    before, at = cast.state(), time.monotonic()
    begin()
    slowest, refused = 0.0, 0
    while time.monotonic() - at < seconds:
        asked = time.monotonic()
        refused += not await _commands_work(cast)
        slowest = max(slowest, time.monotonic() - asked)
        await asyncio.sleep(1)
    yield f"redis_{name}_commands_refused", refused
    yield f"redis_{name}_slowest_refusal_s", slowest
    yield f"redis_{name}_ready", int(await cast.house.answers("/readyz"))
    yield f"redis_{name}_alive", int(await cast.house.answers("/healthz"))
    back = time.monotonic()
    await end()
    while not await cast.house.answers("/readyz"):
        await asyncio.sleep(0.05)
    yield f"redis_{name}_ready_again_s", time.monotonic() - back
    yield f"redis_{name}_state_stored_again_s", await _until_stored(cast, store) - back
    while not await _commands_work(cast):
        await asyncio.sleep(0.05)
    yield f"redis_{name}_commands_again_s", time.monotonic() - back
    yield f"redis_{name}_state_whole", int(cast.state() == before)
    yield f"redis_{name}_gap_ms", 1000 * cast.uk.meter.longest_gap_s(OLENA_HZ, at, time.monotonic())
    yield f"redis_{name}_pages_lost", sum(len(page.opened_at) > 1 for page in (cast.desk, cast.olena.page))


async def _emptied(cast: Cast, store: RedisProcess) -> AsyncIterator[Figure]:
    before, version, at = cast.state(), cast.desk.version, time.monotonic()
    await store.ask("FLUSHALL")
    yield "redis_emptied_state_stored_again_s", await _until_stored(cast, store) - at
    yield "redis_emptied_commands_work", int(await _commands_work(cast))
    yield "redis_emptied_state_whole", int(cast.state() == before)
    yield "redis_emptied_version_went_back", int(cast.desk.version < version)
    yield "redis_emptied_gap_ms", 1000 * cast.uk.meter.longest_gap_s(OLENA_HZ, at, time.monotonic())


async def _until_stored(cast: Cast, store: RedisProcess) -> float:
    deadline = time.monotonic() + 30
    while await store.ask(_VERSION) != str(cast.desk.version):
        if time.monotonic() > deadline:
            raise BenchError(f"Redis has the room at version {await store.ask(_VERSION)!r}, not {cast.desk.version}")
        await asyncio.sleep(0.05)
    return time.monotonic()


async def _commands_work(cast: Cast) -> bool:
    """Change something that no state holds any more afterwards."""
    try:
        for fallback in ("silence", "ducked"):
            await cast.desk.command("set_fallback", language="de", fallback=fallback)
    except Refused:
        return False
    return True
