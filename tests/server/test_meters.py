"""Meters reach desks as one binary message for all their rooms, and are measured only while somebody looks."""

from __future__ import annotations

import asyncio
import json
import struct
import time
from dataclasses import dataclass, field

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from interpreting.ids import RoomId
from interpreting.roles import Role
from media.quality import Quality, Reason
from server.engine import Level
from server.keys import CONDUCTOR
from server.meters import CLIPPING, EVERY_S, MUTED, NOT_FLOWING, SPEECH, Meters, _frame
from tests.server.conftest import Site
from tests.tries import retried

LEVEL = Level(-6.2, -20.0, -23.4, is_clipping=True)
SPEAKING = Quality(Reason.OK, None, -20.0, is_speaking=True, lost_percent=0.0, clipped_percent=0.0)


async def look(site: Site, role: Role = Role.TECHNICIAN, room: str = "plenary") -> ClientWebSocketResponse:
    invitation = site.invite(role, "ann", room=room)
    return await site.client.ws_connect(f"/meters?as={invitation.id}", headers=site.cookie(invitation))


@dataclass
class Seen:
    """What a page knows."""

    version: int = -1
    meters: list[tuple[str, str]] = field(default_factory=list)
    levels: dict[tuple[str, str], tuple[int, int, int, int]] = field(default_factory=dict)
    messages: int = 0

    async def read(self, socket: ClientWebSocketResponse) -> None:
        frame = await asyncio.wait_for(socket.receive(), 30)
        if frame.type is WSMsgType.TEXT:
            layout = json.loads(frame.data)
            assert layout["type"] == "layout"
            self.version = layout["version"]
            self.meters = [(meter["room"], meter["name"]) for meter in layout["meters"]]
            return
        assert frame.type is WSMsgType.BINARY
        self.messages += 1
        (version,) = struct.unpack_from("<H", frame.data)
        assert version == self.version
        assert len(frame.data) == 2 + 4 * len(self.meters)
        found = struct.iter_unpack("4B", frame.data[2:])
        self.levels = dict(zip(self.meters, found, strict=True))

    async def until(self, socket: ClientWebSocketResponse, name: str) -> tuple[int, int, int, int]:
        """Read on until a message has the meter."""
        async with asyncio.timeout(30):
            while ("plenary", name) not in self.levels:
                await self.read(socket)
        return self.levels["plenary", name]


async def test_levels_and_flags_are_told_as_agreed(site: Site) -> None:
    await site.engine.flow("plenary/venue")
    site.engine.level_of = {"plenary/venue": LEVEL}
    site.engine.qualities["plenary/venue"] = SPEAKING
    seen, socket = Seen(), await look(site)
    assert await seen.until(socket, "venue") == (12, 40, 47, CLIPPING | SPEECH)
    assert seen.levels["plenary", "uk"] == (255, 255, 255, NOT_FLOWING)
    assert {room for room, _ in seen.meters} == {"plenary", "workshop-1", "workshop-2"}
    assert ("plenary", "floor") in seen.meters
    desk = await site.page(site.invite(Role.TECHNICIAN, "ann"))
    answer = await desk.say("set_trim", source="venue", gain_db=0, delay_ms=0, high_pass=False, gate=False, muted=True)
    assert answer["type"] == "done"
    await desk.leave()
    async with asyncio.timeout(30):
        while not seen.levels["plenary", "venue"][3] & MUTED:
            await seen.read(socket)
    await socket.close()


async def test_another_source_is_another_layout(site: Site) -> None:
    seen, socket = Seen(), await look(site)
    await seen.until(socket, "floor")
    before = seen.version
    await site.engine.flow("plenary/mic:olena")
    await seen.until(socket, "mic:olena")
    assert seen.version == before + 1
    await socket.close()


@retried
async def test_twelve_messages_a_second_come_and_nothing_is_measured_when_nobody_looks(site: Site) -> None:
    seen, socket = Seen(), await look(site)
    await seen.until(socket, "floor")
    assert "plenary/floor" in site.engine.metered
    began, seen.messages = time.monotonic(), 0
    while time.monotonic() - began < 1.0:
        await seen.read(socket)
    # 12.5 when nothing else holds the machine; `deploy/load/meters.py` measures it.
    assert seen.messages >= 8
    await socket.close()
    await asyncio.sleep(4 * EVERY_S)
    assert not site.engine.metered


async def test_a_moderator_sees_their_own_room_alone(site: Site) -> None:
    seen, socket = Seen(), await look(site, Role.MODERATOR)
    await seen.until(socket, "floor")
    assert {room for room, _ in seen.meters} == {"plenary"}
    await socket.close()


@pytest.mark.parametrize("role", [Role.VIEWER, Role.INTERPRETER, Role.VENUE, Role.SPEAKER, Role.PARTICIPANT])
async def test_others_are_refused(site: Site, role: Role) -> None:
    with pytest.raises(WSServerHandshakeError, match="403"):
        await look(site, role)
    with pytest.raises(WSServerHandshakeError, match="401"):
        await site.client.ws_connect("/meters")


async def test_a_page_of_another_site_is_refused(site: Site) -> None:
    invitation = site.invite(Role.TECHNICIAN, "ann")
    headers = {**site.cookie(invitation), "Origin": "https://elsewhere.example"}
    with pytest.raises(WSServerHandshakeError, match="403"):
        await site.client.ws_connect(f"/meters?as={invitation.id}", headers=headers)


async def test_who_talks_back_is_let_go(site: Site) -> None:
    socket = await look(site)
    await socket.send_str("hello")
    async with asyncio.timeout(30):
        while (await socket.receive()).type in (WSMsgType.TEXT, WSMsgType.BINARY):
            pass


async def test_a_link_that_is_over_ends_what_is_open(site: Site) -> None:
    seen, socket = Seen(), await look(site)
    await seen.until(socket, "floor")
    site.now.at += 2 * 3600
    async with asyncio.timeout(30):
        while (await socket.receive()).type in (WSMsgType.TEXT, WSMsgType.BINARY):
            pass


class Slow:
    """A transport whose reader may not read."""

    def __init__(self, waiting: int = 0) -> None:
        self.waiting = waiting
        self.taken: list[bytes] = []
        self.is_cut_off = False

    def write(self, data: bytes) -> None:
        self.taken.append(data)

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def abort(self) -> None:
        self.is_cut_off = True


async def test_who_is_slow_misses_messages_and_is_cut_off_in_the_end(site: Site) -> None:
    bank = Meters(site.engine, site.client.app[CONDUCTOR].room)
    slow, quick = Slow(waiting=10), Slow()
    rooms = (RoomId("plenary"),)
    with bank.looked_at(slow, rooms), bank.looked_at(quick, rooms):
        for second in range(5):
            bank.tick(1000.0 + second)
        assert len(quick.taken) == 6, "a layout and five messages"
        assert not slow.taken
        slow.waiting = 0
        bank.tick(1005.0)
        assert len(slow.taken) == 2
        slow.waiting = 10
        for second in range(6, 12):
            bank.tick(1000.0 + second)
        assert not slow.is_cut_off
        bank.tick(1012.0)
        assert slow.is_cut_off
    await bank.aclose()


async def test_a_layout_of_many_meters_is_a_long_frame() -> None:
    for size, head in ((125, 2), (126, 4), (65535, 4), (65536, 10)):
        framed = _frame(2, bytes(size))
        assert len(framed) == size + head
        assert framed[0] == 0x82
