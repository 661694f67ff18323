"""Alarms of a whole server: they reach the desks and nobody else, are acknowledged, and are in the log book."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from interpreting.ids import PLAYOUT, AssetId, SourceKind
from interpreting.plan import plan
from interpreting.playout_state import Playout, Reel
from interpreting.roles import Role
from media import stun
from server.alarms import relays
from server.alarms.board import Board
from server.alarms.certificate import days_left
from server.alarms.lines import Lines
from server.alarms.machine import Machine
from server.config_alarms import AlarmsConfig
from server.config_ice import IceConfig, Place
from server.keys import ALARMS, LOGBOOK
from tests.server.alarms.scenes import DEAD, write_certificate
from tests.server.conftest import PLENARY, Page, Site


async def alarms_where(page: Page, count: int) -> list[dict[str, Any]]:
    """The first message with so many alarms."""
    while True:
        message = await page.next("alarms")
        if len(message["alarms"]) == count:
            found: list[dict[str, Any]] = message["alarms"]
            return found


async def ack(site: Site, id: str, role: Role = Role.TECHNICIAN) -> int:
    headers = site.bearer(site.invite(role, "tom"))
    async with site.client.post(f"/rooms/plenary/alarms/{id}/ack", headers=headers) as answer:
        return answer.status


async def test_a_lost_venue_is_told_acknowledged_cleared_and_noted(site: Site) -> None:
    desk = await site.page(site.invite(Role.TECHNICIAN, "ann"))
    assert await alarms_where(desk, 0) == []
    await site.engine.flow("plenary/venue")
    site.engine.silent_for["plenary/venue"] = 1.3
    (alarm,) = await alarms_where(desk, 1)
    assert {key: alarm[key] for key in ("kind", "room", "subject", "severity", "acknowledged")} == {
        "kind": "venue_lost",
        "room": "plenary",
        "subject": "venue",
        "severity": "red",
        "acknowledged": None,
    }
    assert await ack(site, alarm["id"]) == 204
    (seen,) = await alarms_where(desk, 1)
    assert seen["acknowledged"]["by"] == "Tom"
    assert await ack(site, alarm["id"]) == 204
    # Who comes now is told what stands.
    late = await site.page(site.invite(Role.MODERATOR, "mod"))
    assert [one["id"] for one in await alarms_where(late, 1)] == [alarm["id"]]
    site.engine.silent_for.clear()
    assert await alarms_where(desk, 0) == []
    assert await ack(site, alarm["id"]) == 404
    book = site.client.app[LOGBOOK]
    noted = await asyncio.to_thread(book.read, PLENARY, 0.0, 4e9)
    told = [(entry.kind, entry.by, entry.facts["alarm"]) for entry in noted if entry.kind.startswith("alarm_")]
    assert told == [
        ("alarm_raised", None, "venue_lost"),
        ("alarm_acknowledged", "Tom", "venue_lost"),
        ("alarm_cleared", None, "venue_lost"),
    ]
    await desk.leave()
    await late.leave()


async def test_who_does_not_sit_at_a_desk_is_told_nothing(site: Site) -> None:
    booth = await site.page(site.invite(Role.INTERPRETER, "olena"))
    await booth.next("welcome")
    await site.engine.flow("plenary/venue")
    site.engine.silent_for["plenary/venue"] = 5.0
    assert site.client.app[ALARMS].look(time.monotonic()).raised
    await site.engine.flow("plenary/mic:olena")
    seen = set()
    while "state" not in seen:
        seen.add((await booth.socket.receive_json())["type"])
    assert "alarms" not in seen
    for role in (Role.INTERPRETER, Role.VENUE, Role.VIEWER):
        assert await ack(site, "venue_lost-1", role) == 403
    await booth.leave()


async def test_the_engine_watches_what_flows_whether_anybody_looks_or_not(site: Site) -> None:
    await site.engine.flow("plenary/venue")
    await site.engine.flow("plenary/mic:olena")
    sources, pictures = site.engine.watched
    assert sources == {"plenary/venue", "plenary/mic:olena"}
    assert pictures == {"plenary"}
    await site.engine.fall_silent("plenary/venue")
    assert site.engine.watched == (frozenset({"plenary/mic:olena"}), frozenset())


async def test_a_video_messages_picture_is_not_looked_at(site: Site) -> None:
    await site.engine.flow("plenary/venue")
    room = site.conductor.room(PLENARY)
    playing = replace(
        room,
        playout=Playout(None, AssetId("greeting"), 20.0, Reel.PLAYING, 0.0),
        sources={**room.sources, PLAYOUT: SourceKind.PLAYOUT},
    )
    site.client.app[ALARMS].follow(playing, plan(playing))
    assert site.engine.watched[1] == set()
    site.client.app[ALARMS].follow(room, plan(room))
    assert site.engine.watched[1] == {"plenary"}


async def test_an_alarm_of_another_room_is_not_acknowledged_here(site: Site) -> None:
    await site.engine.flow("workshop-1/venue")
    site.engine.silent_for["workshop-1/venue"] = 5.0
    (alarm,) = site.client.app[ALARMS].look(time.monotonic()).raised
    assert await ack(site, alarm.id) == 404


async def test_a_store_away_concerns_every_room(site: Site) -> None:
    desks = [await site.page(site.invite(Role.TECHNICIAN, "ann"), room) for room in ("plenary", "workshop-1")]
    site.store.is_down = True
    for desk in desks:
        (alarm,) = await alarms_where(desk, 1)
        assert (alarm["kind"], alarm["room"]) == ("store_away", None)
    site.store.is_down = False
    for desk in desks:
        await alarms_where(desk, 0)
        await desk.leave()


def figures(packets: int, lost: int, **more: float) -> dict[str, dict[str, float]]:
    return {"plenary/venue": {"audio_packets": packets, "audio_lost": lost, **more}}


def test_loss_over_two_percent_is_found_and_less_is_not() -> None:
    for lost_a_second, is_found in ((0, False), (0.9, False), (1.2, True)):
        lines = Lines(AlarmsConfig())
        for second in range(20):
            lines.note(figures(50 * second, int(lost_a_second * second)))
        assert bool(list(lines.find(Board()))) is is_found


def test_a_session_that_counts_anew_has_lost_nothing() -> None:
    lines = Lines(AlarmsConfig())
    for count in (5000, 5050, 10, 60, 110):
        lines.note(figures(count, 40 if count > 1000 else 0))
        assert not list(lines.find(Board()))


def test_a_clock_that_runs_away_is_found() -> None:
    lines = Lines(AlarmsConfig())
    lines.note(figures(50, 0, audio_drift_ppm=-150.0))
    assert not list(lines.find(Board()))
    lines.note(figures(100, 0, audio_drift_ppm=-250.0))
    (finding,) = lines.find(Board())
    assert finding.values == {"ppm": -250}


def test_a_late_mixer_and_a_low_disk_are_found() -> None:
    machine, board = Machine(AlarmsConfig()), Board()
    for second in range(20):
        machine.note_lateness(second // 2, 0)
    assert not list(machine.find(board))
    machine.note_lateness(40, 0)
    machine.free_bytes = 3 * 1024**3
    assert [finding.kind for finding in machine.find(board)] == ["mixer_late"]
    machine.free_bytes = 1024**3
    assert [finding.kind for finding in machine.find(board)] == ["mixer_late", "disk_low"]
    for _ in range(11):
        machine.note_lateness(40, 0)
    machine.relays_away = ("turn:relay.example.org",)
    machine.certificate_days = {"example.org": 3.4, "other.example.org": 80.0}
    found = [(finding.kind.value, dict(finding.values)) for finding in machine.find(board)]
    assert found == [("disk_low", {"free_gib": 1.0}), ("relay_away", {}), ("certificate_ending", {"days": 3})]


@pytest.fixture
async def stun_server() -> AsyncIterator[Place]:
    class Answering(asyncio.DatagramProtocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport: Any = transport

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            asked = stun.parse(data)
            self.transport.sendto(b"noise", addr)
            self.transport.sendto(stun.format_error(asked.transaction, 401, "Unauthorized"), addr)

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(Answering, local_addr=("127.0.0.1", 0))
    yield Place("127.0.0.1", transport.get_extra_info("sockname")[1], is_tcp=False)
    transport.close()


async def test_a_relay_that_answers_is_there(stun_server: Place) -> None:
    assert await relays.is_there(stun_server)


async def test_a_relay_that_does_not_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relays, "_ASKS_S", (0.05, 0.05))
    assert not await relays.is_there(Place("127.0.0.1", 9, is_tcp=False))
    assert not await relays.is_there(Place("127.0.0.1", 9, is_tcp=True))
    assert not await relays.is_there(Place("no.such.host.invalid", 9, is_tcp=True))


def test_every_relay_has_its_place() -> None:
    config = IceConfig(
        turn_urls=("turn:a.example:3478?transport=udp", "turns:[2001:db8::1]", "turn:b.example?transport=tcp")
    )
    assert list(config.places.values()) == [
        Place("a.example", 3478, is_tcp=False),
        Place("2001:db8::1", 5349, is_tcp=True),
        Place("b.example", 3478, is_tcp=True),
    ]


async def test_a_certificates_days_are_counted(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    file = write_certificate(tmp_path / "cert.pem", now + timedelta(days=10))
    assert await days_left("https://unused.example", str(file), now.timestamp()) == {
        "cert.pem": pytest.approx(10, abs=0.01)
    }
    assert await days_left("http://localhost:8080", "", now.timestamp()) == {}
    assert await days_left("https://localhost:9", "", now.timestamp()) == {}
    assert await days_left("", str(tmp_path / "none.pem"), now.timestamp()) == {}


async def test_what_a_server_shows_counts_also_when_it_does_not_hold(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    file = write_certificate(tmp_path / "cert.pem", now + timedelta(days=5))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file, file.with_suffix(".key"))
    async with await asyncio.start_server(lambda _, writer: writer.close(), "localhost", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        found = await days_left(f"https://localhost:{port}", "", now.timestamp())
    assert found == {"localhost": pytest.approx(5, abs=0.01)}


async def test_a_silent_floor_reaches_the_desk(site: Site) -> None:
    """From the engine's verdicts to the page, with seconds as short as a look."""
    desk = await site.page(site.invite(Role.TECHNICIAN, "ann"))
    await site.engine.flow("plenary/venue")
    for second in range(1, 12):
        site.engine.qualities["plenary/venue"] = replace(DEAD, seconds=second)
        await asyncio.sleep(0.3)
    (alarm,) = await alarms_where(desk, 1)
    assert alarm["kind"] == "floor_silent"
    await desk.leave()
