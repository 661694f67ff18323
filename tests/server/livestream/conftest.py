"""A whole server whose rooms' streams a test makes part by part."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientResponse

from media.stream import StreamEvent
from server.config import Config
from server.keys import BROADCASTS
from server.livestream.broadcasts import Broadcast, Broadcasts
from server.store.sqlite import SqliteStore
from tests.fakes import FlakyStore
from tests.server.conftest import Site, running
from tests.server.livestream.reel import Reel

STREAM = "plenary/live"


@dataclass
class Stage:
    """The server, and what its plenary's packager makes."""

    site: Site

    @property
    def broadcasts(self) -> Broadcasts:
        return self.site.client.app[BROADCASTS]

    @property
    def plenary(self) -> Broadcast:
        found = self.broadcasts.find("plenary")
        assert found is not None
        return found

    async def tell(self, *events: StreamEvent) -> None:
        for event in events:
            await self.site.engine.tell(event)

    async def start(self, segments: int = 1, parts: int = 0) -> Reel:
        """Have somebody ask for the stream, and make so many segments and parts of the next."""
        self.broadcasts.ask(self.plenary)
        reel = Reel.of(STREAM, self.site.engine.streams[STREAM], self.site.now())
        await self.tell(*reel.inits())
        await self.add(reel, segments, parts)
        return reel

    async def add(self, reel: Reel, segments: int, parts: int = 0) -> None:
        """Make more of it."""
        first = (
            self.plenary.shelf.renditions["de"].next_msn if self.plenary.shelf.renditions["de"].report else reel.first
        )
        await self.tell(*reel.parts(first, first + segments - 1))
        await self.tell(*(reel.part(track, first + segments, part) for part in range(parts) for track in reel.tracks))

    async def get(self, path: str, **more: object) -> ClientResponse:
        return await self.site.client.get(f"/hls/plenary/{path}", **more)  # type: ignore[arg-type]

    async def text(self, path: str) -> str:
        async with await self.get(path) as answer:
            assert answer.status == 200, (path, answer.status)
            return await answer.text()

    async def code(self, path: str, **more: object) -> tuple[int, str]:
        """The status and the code of a refusal."""
        async with await self.get(path, **more) as answer:
            return answer.status, (await answer.json())["error"]["code"]


async def waiting(work: Awaitable[object]) -> asyncio.Task[object]:
    """A request that has come to where it waits: nothing of it is done while the server has nothing else to do."""
    task = asyncio.ensure_future(work)
    for _ in range(20):
        await asyncio.sleep(0.005)
        assert not task.done()
    return task


@pytest.fixture
async def stage(config: Config, tmp_path: Path) -> AsyncIterator[Stage]:
    async with SqliteStore.open(tmp_path / "test.sqlite3") as store, running(config, FlakyStore(store)) as site:
        yield Stage(site)
