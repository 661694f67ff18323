"""A play-out with a real engine: as loud as it must be, and back to the hall without a jump, in sound and picture."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from interpreting.commands import Command
from interpreting.ids import PLAYOUT, VENUE, PersonId, RoomId
from interpreting.roles import Role
from interpreting.workshop_commands import CuePlayout, PausePlayout, StartPlayout, StopPlayout
from media.engine import Engine, EngineConfig, SourceFlowing
from media.opus import FRAME_SAMPLES, Pcm
from media.reel import LOUDNESS_LUFS
from media.reel_loudness import measure
from media.stream import InitMade, PartMade, StreamSpec, Track
from server.app import create_app
from server.config import load_config
from server.keys import CONDUCTOR, REELS
from server.reels.shelf import Standing
from server.tokens import Invitation, issue
from tests.media.clips import Clip, power_at
from tests.server.conftest import SECRET

ROOMS = (RoomId("plenary"), RoomId("workshop-1"), RoomId("workshop-2"))
SOFIA = PersonId("sofia")
WAIT_S = 120.0
# A hall as it comes from a console that is set well.
HALL_HZ, HALL_LEVEL = 330.0, 0.1


class Hum:
    """The hall: a tone that never ends."""

    def __init__(self) -> None:
        self._at = 0

    def pull(self) -> Pcm:
        at = np.arange(self._at, self._at + FRAME_SAMPLES)
        self._at = (self._at + FRAME_SAMPLES) % 48000
        return (HALL_LEVEL * np.sin(2 * np.pi * HALL_HZ * at / 48000)).astype(np.float32)

    def skip(self) -> None:
        """It goes on when somebody listens again."""


class House:
    """A server with an engine of its own, and the hall in all three rooms."""

    def __init__(self, engine: Engine, client: TestClient[web.Request, web.Application]) -> None:
        self.engine, self.client = engine, client
        self.conductor, self.reels = client.app[CONDUCTOR], client.app[REELS]

    async def send(self, room: RoomId, file: Path) -> str:
        """Upload a file; returns its id when it is ready."""
        token = issue(SECRET, Invitation.new(room, Role.MODERATOR, name="Sofia"))
        headers = {"Authorization": f"Bearer {token}"}
        answer = await self.client.post(f"/reels/{room}?name={file.name}", data=file.open("rb"), headers=headers)
        assert answer.status == 201, await answer.text()
        asset = str((await answer.json())["asset"])
        await self.until(lambda: self.reels.asset(room, asset).standing is not Standing.PREPARING)
        return asset

    async def start(self, room: RoomId, asset: str) -> None:
        """Cue it and begin the countdown."""
        ready, _ = self.reels.ready(room, asset)
        await self.conductor.execute(room, CuePlayout(SOFIA, None, ready.id, ready.seconds))
        await self.conductor.execute(room, StartPlayout(SOFIA))

    async def until(self, holds: Any) -> None:
        async with asyncio.timeout(WAIT_S):
            while True:
                if holds():
                    return
                await asyncio.sleep(0.02)

    async def hear(self, room: RoomId, seconds: float) -> Pcm:
        """What the floor carries for so long."""
        with self.ear(room) as listen:
            return await listen(seconds)

    async def hear_change(self, room: RoomId, command: Command, is_over: Callable[[Pcm], bool]) -> Pcm:
        """What the floor carries from a while before a command until its last half second is as it should be."""
        with self.ear(room) as listen:
            heard = [await listen(0.7)]
            await self.conductor.execute(room, command)
            async with asyncio.timeout(WAIT_S):
                while len(heard) < 3 or not is_over(heard[-1]):
                    heard.append(await listen(0.5))
            return np.concatenate(heard)

    @contextmanager
    def ear(self, room: RoomId) -> Iterator[Callable[[float], Awaitable[Pcm]]]:
        """Gives the floor's next seconds, each sample once."""
        tap = self.engine.tap_sound(f"{room}/floor")
        kept: list[Pcm] = []

        async def listen(seconds: float) -> Pcm:
            count = math.ceil(seconds / 0.02)
            while len(kept) < count:
                await asyncio.sleep(0.1)
                kept.extend(pcm for _, pcm in tap.take())
            now, kept[:] = kept[:count], kept[count:]
            return np.concatenate(now)

        yield listen
        self.engine.untap_sound(f"{room}/floor", tap)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    engine = await Engine.open(EngineConfig(udp_host="127.0.0.1", udp_port=0))
    environment = {"TOLMACH_DATA": str(tmp_path), "TOLMACH_SECRET": SECRET, "TOLMACH_PORT": "8080"}
    client = TestClient(
        TestServer(create_app(load_config(None, environment), engine=engine)),
        timeout=aiohttp.ClientTimeout(total=WAIT_S),
    )
    await client.start_server()
    made = House(engine, client)
    for room in ROOMS:
        engine._studio_now.mixer.add_source(f"{room}/{VENUE}", Hum())
        engine._tell(SourceFlowing(f"{room}/{VENUE}"))
    await made.until(lambda: all(made.conductor.room(room).is_live(VENUE) for room in ROOMS))
    yield made
    await client.close()
    await engine.aclose()


def jumps_db(pcm: Pcm) -> float:
    """The largest step between neighbouring 50 ms, in dB."""
    parts = pcm[: len(pcm) // 2400 * 2400].reshape(-1, 2400).astype(np.float64)
    levels = 10 * np.log10(np.mean(parts**2, axis=1) + 1e-12)
    return float(np.abs(np.diff(levels)).max())


def is_hall(pcm: Pcm) -> bool:
    return power_at(pcm, HALL_HZ) > 0.09 and power_at(pcm, 997) <= 0.05


def is_message(pcm: Pcm) -> bool:
    return power_at(pcm, HALL_HZ) <= 0.09 and power_at(pcm, 997) > 0.05


async def test_quiet_usual_and_loud_messages_are_equally_loud_on_the_floor(house: House, tmp_path: Path) -> None:
    levels = dict(zip(ROOMS, (0.003, 0.1, 0.99), strict=True))
    assets = {
        room: await house.send(room, Clip(seconds=5.0, hertz=997.0, level=level).write(tmp_path / f"{room}.mkv"))
        for room, level in levels.items()
    }
    for room, asset in assets.items():
        await house.start(room, asset)
    heard = dict(zip(ROOMS, await asyncio.gather(*(house.hear(room, 12.5) for room in ROOMS)), strict=True))
    for room, pcm in heard.items():
        begins = next(at for at in range(0, len(pcm), 4800) if power_at(pcm[at : at + 4800], 997) > 0.05)
        found = measure([pcm[begins + 24000 : begins + 24000 + 4 * 48000]]).integrated_lufs
        print(f"playout_lufs_{levels[room]}: {found:.2f}")
        assert found == pytest.approx(LOUDNESS_LUFS, abs=1.0)
        assert power_at(pcm[begins + 48000 : begins + 96000], HALL_HZ) < 1e-3, "the hall makes way"
        end = pcm[begins + 4 * 48000 :]
        print(f"playout_end_jump_db_{levels[room]}: {jumps_db(end):.1f}")
        assert jumps_db(end) < 6
        assert power_at(pcm[-24000:], HALL_HZ) == pytest.approx(HALL_LEVEL, rel=0.1)
        assert house.conductor.room(room).playout is None


async def test_paused_and_stopped_the_hall_is_back_by_a_ramp(house: House, tmp_path: Path) -> None:
    room = ROOMS[0]
    asset = await house.send(room, Clip(seconds=20.0, hertz=997.0, size=(320, 240)).write(tmp_path / "long.mkv"))
    events: list[Any] = []
    house.conductor.overhear(events.append)
    house.engine.start_stream("test", StreamSpec((Track("video", room), Track("floor", f"{room}/floor"))))
    await house.start(room, asset)
    await house.until(lambda: house.conductor.room(room).is_playing_out)
    await asyncio.sleep(2.5)
    for act in (PausePlayout, StartPlayout, StopPlayout):
        pcm = await house.hear_change(room, act(SOFIA), is_message if act is StartPlayout else is_hall)
        print(f"playout_{act.__name__}_jump_db: {jumps_db(pcm):.1f}")
        assert jumps_db(pcm) < 6
    assert not house.conductor.room(room).is_live(PLAYOUT)
    inits = [event for event in events if isinstance(event, InitMade) and event.stream == "test"]
    assert (320, 240) in {(one.width, one.height) for one in inits}, "the stream shows the message"
    assert any(isinstance(event, PartMade) and event.track == "video" for event in events)
