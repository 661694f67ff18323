"""What happens when somebody who sends is suddenly not there any more."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

from deploy.load.actors import HALL_HZ
from deploy.load.house import House, opened
from deploy.load.processes import BenchError
from deploy.load.scene import OLENA_HZ, Cast, conference
from interpreting.plan import DUCKED_GAIN

Figure = tuple[str, float]
_DUCKED: float = 0.3 * DUCKED_GAIN


async def venue(folder: Path) -> AsyncIterator[Figure]:
    """The hall's line is gone for 5 s, and later for 35 s, in which the server gives the session up."""
    async with opened(House(folder)) as house, conference(house) as cast:
        for seconds in (5, 35):
            sessions, at = cast.hall.sessions, time.monotonic()
            cast.hall.cut_off()
            lost = await cast.desk.until(lambda state: state["venue"] == "lost", "the hall is missed")
            yield f"venue_gone_{seconds}_s_told_after_s", lost - at
            await asyncio.sleep(max(0.0, at + seconds - time.monotonic()))
            back = time.monotonic()
            cast.hall.cut_off(is_cut_off=False)
            heard = await cast.floor.meter.until_heard(HALL_HZ)
            yield f"venue_gone_{seconds}_s_back_after_s", heard - back
            yield f"venue_gone_{seconds}_s_sessions_more", cast.hall.sessions - sessions
            yield f"venue_gone_{seconds}_s_channel_went_on", int(_went_on(cast, at))
            await cast.desk.until(lambda state: state["venue"] == "live", "the hall is back")
            await asyncio.sleep(1)


def _went_on(cast: Cast, since: float) -> bool:
    """Whether the Ukrainian channel, which an interpreter carries, noticed nothing."""
    return cast.uk.meter.longest_gap_s(OLENA_HZ, since, time.monotonic()) < 0.2


async def booth(folder: Path) -> AsyncIterator[Figure]:
    """An interpreter's browser is killed while on the air; and another time only her network goes."""
    async with opened(House(folder)) as house, conference(house) as cast:
        at = time.monotonic()
        await cast.olena.vanish()
        async for name, value in _missed(cast, at):
            yield f"booth_killed_{name}", value
        back = time.monotonic()
        again = type(cast.olena)(house, cast.olena.role, "Olena", OLENA_HZ, booth="de-uk")
        try:
            await again.open()
            seat = cast.seat("Olena")
            if seat is None or seat["mic"] != "on_air":
                await again.go_on_air("uk")
            heard = await cast.uk.meter.until_heard(OLENA_HZ)
            yield "booth_killed_back_after_s", heard - back
            at = time.monotonic()
            again.cut_off()
            async for name, value in _missed(cast, at):
                yield f"booth_offline_{name}", value
            again.cut_off(is_cut_off=False)
            back = time.monotonic()
            yield "booth_offline_back_after_s", await cast.uk.meter.until_heard(OLENA_HZ) - back
        finally:
            await again.aclose()


async def _missed(cast: Cast, at: float) -> AsyncIterator[Figure]:
    noticed = await cast.desk.until(lambda _: not (cast.seat("Olena") or {}).get("live"), "the booth is missed")
    yield "noticed_after_s", noticed - at
    floor = await cast.uk.meter.until_heard(HALL_HZ, least=0.8 * _DUCKED)
    yield "floor_after_s", floor - at
    await asyncio.sleep(1)
    yield "floor_ramp_ms", cast.uk.meter.rise_ms(HALL_HZ, at, _DUCKED)
    yield "silence_s", floor - cast.uk.meter.last(OLENA_HZ, floor)
    yield "ghost_heard", int(cast.uk.meter.is_heard(OLENA_HZ, 0.03))
    channel = next(one for one in cast.desk.state["channels"] if one["channel"] == "uk")
    if channel["mode"] != "fallback":
        raise BenchError(f"the channel says it carries {channel['mode']}")
