"""What happens when a full hall comes back at once: a thousand pages with their sound, after the server was killed."""

import asyncio
import contextlib
import random
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import aiohttp
import numpy as np

from deploy.load.actors import HALL_HZ, Person
from deploy.load.company import Page, pause_s
from deploy.load.house import House, opened
from deploy.load.processes import BenchError
from deploy.load.sdp import SdpError
from deploy.load.swarm import SignallingError, Swarm
from deploy.load.whep import HttpSignalling
from interpreting.roles import Role

Figure = tuple[str, float]
PEOPLE: Final = 1000
_AT_ONCE: Final = 64
_SUPERVISOR_S: Final = 1.0
_BACK_S: Final = 60.0


class Hall:
    """A thousand pages and their sound; `heard_at` is when each heard its first packet since the last `begin`."""

    def __init__(self, house: House) -> None:
        self._house = house
        self.pages = [Page(house, "hall", on_boot=self._on_boot, keeps_states=False) for _ in range(PEOPLE)]
        self.heard_at: list[float] = []
        self.retries = 0
        self._signalling: HttpSignalling | None = None
        self._swarm: Swarm | None = None

    def begin(self) -> None:
        """Forget all connections, and be ready for new ones."""
        self.heard_at.clear()
        self._signalling = HttpSignalling(f"{self._house.url}/whep/hall/floor")
        self._swarm = Swarm(self._signalling, "127.0.0.1")
        self._swarm.open()

    async def come(self) -> None:
        """Everybody opens the page and listens, some at a time."""
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(page: Page) -> None:
            async with gate:
                await page.open()
                await self._on_boot()

        await asyncio.gather(*(one(page) for page in self.pages))

    async def _on_boot(self) -> None:
        for attempt in range(100):
            with contextlib.suppress(SignallingError, SdpError, OSError, TimeoutError, aiohttp.ClientError):
                assert self._swarm is not None
                async with asyncio.timeout(15):
                    await self._swarm.join_one()
                self.heard_at.append(time.monotonic())
                return
            self.retries += 1
            await asyncio.sleep(pause_s(attempt, random.random()))

    async def leave(self) -> None:
        """Close the sound's connections."""
        if self._swarm is not None and self._signalling is not None:
            self.retries += self._signalling.retries
            await self._signalling.aclose(says_goodbye=False)
            await self._swarm.aclose()
            self._swarm = None

    async def aclose(self) -> None:
        """Everybody goes."""
        await self.leave()
        await asyncio.gather(*(page.aclose() for page in self.pages))


async def rush(folder: Path) -> AsyncIterator[Figure]:
    """A thousand listeners; the server is killed and started again a second later."""
    async with opened(House(folder)) as house:
        speaker = Person(house, Role.VENUE, "hall", HALL_HZ)
        hall = Hall(house)
        try:
            await speaker.open()
            hall.begin()
            await hall.come()
            yield "rush_people", len(hall.heard_at)
            before = await house.metrics()
            yield "rush_coming_loop_worst_late_ms", 1000 * before["tolmach_web_loop_worst_late_seconds"]
            killed = time.monotonic()
            await house.stop(signal.SIGKILL)
            await hall.leave()
            hall.begin()
            hall.retries = 0
            await asyncio.sleep(_SUPERVISOR_S)
            started = time.monotonic() + await house.start()
            while len(hall.heard_at) < PEOPLE and time.monotonic() - killed < _BACK_S:
                await asyncio.sleep(0.1)
            for figure in _figures(hall, killed, started):
                yield figure
            after = await house.metrics()
            yield "rush_loop_worst_late_ms", 1000 * after["tolmach_web_loop_worst_late_seconds"]
            yield "rush_loop_times_late_by_200_ms", after["tolmach_web_loop_late_total"]
            yield "rush_mixer_late_ticks", after["tolmach_mixer_late_ticks_total"]
            yield "rush_mixer_worst_late_ms", 1000 * after["tolmach_mixer_worst_late_seconds"]
        finally:
            await hall.aclose()
            await speaker.aclose()


def _figures(hall: Hall, killed: float, started: float) -> list[Figure]:
    if not hall.heard_at:
        raise BenchError("nobody came back")
    heard, pages = np.array(hall.heard_at), np.array([page.opened_at[-1] for page in hall.pages])
    return [
        ("rush_back", len(heard)),
        ("rush_server_there_after_s", started - killed),
        ("rush_pages_spread_s", float(pages.max() - pages.min())),
        ("rush_heard_after_s_median", float(np.median(heard)) - killed),
        ("rush_heard_after_s_p95", float(np.percentile(heard, 95)) - killed),
        ("rush_heard_after_s_worst", float(heard.max()) - killed),
        ("rush_heard_spread_s", float(heard.max() - heard.min())),
        ("rush_told_to_come_later", hall.retries + sum(len(page.statuses) for page in hall.pages)),
    ]
