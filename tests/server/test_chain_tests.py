"""The chain test: who may run it and when, what buses carry meanwhile and afterwards, what is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from interpreting.booth import Booth, MicState, Seat
from interpreting.ids import DEMO, VENUE, BoothId, PersonId, RoomId, SourceId, SourceKind, mic_source
from interpreting.languages import Language
from interpreting.plan import plan
from interpreting.room import Room
from media.chain import ChainFigures
from media.engine import Engine, EngineConfig
from server import chain_tests
from server.chain import parse_confirmation
from server.chain_tests import ChainTests, Run
from server.problems import Problem
from tests.fakes import FakeEngine

HALL, DE, UK, OLENA = RoomId("hall"), Language("de"), Language("uk"), PersonId("olena")
DEMO_PLAYS = {DEMO: SourceKind.DEMO}
HALL_PLAYS = {VENUE: SourceKind.VENUE}


def room(sources: dict[SourceId, SourceKind], mic: MicState = MicState.OFF_AIR) -> Room:
    booth = Booth(BoothId("de-uk"), (DE, UK), {OLENA: Seat(OLENA, "Olena", outgoing=UK, mic=mic)})
    return Room(HALL, (DE, UK), {booth.id: booth}, DE, sources={**sources, mic_source(OLENA): SourceKind.MIC})


def follow(tests: ChainTests, now: Room) -> None:
    tests.follow(now, plan(now))


async def refused(tests: ChainTests, *, is_confirmed: bool = False) -> str:
    with pytest.raises(Problem) as raised:
        await tests.run(HALL, is_confirmed=is_confirmed)
    return raised.value.code


def hops(run: Run) -> list[dict[str, Any]]:
    found = run["hops"]
    assert isinstance(found, list)
    return found


async def test_through_the_real_engine_with_its_figures_kept(tmp_path: Path) -> None:
    engine = await Engine.open(EngineConfig(udp_host="127.0.0.1", udp_port=0))
    try:
        tests = ChainTests(engine, tmp_path / "chain", lambda: 5.0)
        follow(tests, room(DEMO_PLAYS))
        assert await tests.runs(HALL) == []
        found = await tests.run(HALL, is_confirmed=False)
    finally:
        await engine.aclose()
    assert [(hop["hop"], hop["bus"]) for hop in hops(found)] == [
        ("venue_booth", "floor"),
        ("booth_listener", "de"),
        ("booth_listener", "uk"),
    ]
    for hop in hops(found):
        assert hop["is_good"], hop
        assert hop["flatness_db"] <= 3
        assert 0 < hop["delay_ms"] < 250
    assert found["at"] == 5000
    again = ChainTests(FakeEngine(), tmp_path / "chain", lambda: 6.0)
    assert await again.runs(HALL) == [found]


async def test_refused_while_somebody_is_on_air_or_the_hall_is_live(tmp_path: Path) -> None:
    engine = FakeEngine()
    tests = ChainTests(engine, tmp_path, lambda: 5.0)
    follow(tests, room(HALL_PLAYS, MicState.ON_AIR))
    assert await refused(tests, is_confirmed=True) == "room_on_air"
    follow(tests, room(HALL_PLAYS))
    assert await refused(tests) == "room_live"
    assert engine.mixes == {}


async def test_buses_are_lent_and_given_back_as_the_room_demands_by_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = FakeEngine()
    tests = ChainTests(engine, tmp_path, lambda: 5.0)
    follow(tests, room(HALL_PLAYS))
    begun = asyncio.Event()

    async def measure(*_: object) -> dict[str, object]:
        begun.set()
        await asyncio.get_running_loop().create_future()
        return {}

    monkeypatch.setattr(chain_tests, "measure", measure)
    running = asyncio.create_task(refused(tests, is_confirmed=True))
    await begun.wait()
    for bus in ("hall/floor", "hall/de", "hall/uk"):
        assert engine.gains(bus) == {"chain:hall/test": 1.0}
    assert await refused(tests, is_confirmed=True) == "chain_running"
    follow(tests, room(HALL_PLAYS, MicState.ON_AIR))
    assert await running == "chain_disturbed"
    assert engine.gains("hall/floor") == {"hall/venue": 1.0}
    assert engine.gains("hall/uk") == {"hall/mic:olena": 1.0}
    assert await tests.runs(HALL) == []


async def test_a_server_that_stops_in_the_middle_gives_the_buses_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = FakeEngine()
    tests = ChainTests(engine, tmp_path, lambda: 5.0)
    follow(tests, room(DEMO_PLAYS))
    begun = asyncio.Event()
    ended: list[bool] = []

    async def measure(*_: object) -> dict[str, object]:
        begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ended.append(True)
        return {}

    monkeypatch.setattr(chain_tests, "measure", measure)
    running = asyncio.create_task(tests.run(HALL, is_confirmed=False))
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended == [True]
    assert engine.gains("hall/floor") == {"hall/demo": 1.0}


async def test_what_is_kept_is_bounded_and_survives_a_broken_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def measure(desk: object, source: str, buses: list[str]) -> dict[str, object]:
        return {bus: ChainFigures(None, None, None, None, -120.0) for bus in buses}

    monkeypatch.setattr(chain_tests, "measure", measure)
    seconds = iter(range(100))
    tests = ChainTests(FakeEngine(), tmp_path, lambda: float(next(seconds)))
    follow(tests, room(DEMO_PLAYS))
    (tmp_path / "hall.jsonl").write_text('{"at": 1\n', "utf-8")
    for _ in range(chain_tests.KEPT_RUNS + 3):
        await tests.run(HALL, is_confirmed=False)
    kept = await tests.runs(HALL)
    assert len(kept) == chain_tests.KEPT_RUNS
    assert kept[0]["at"] == 1000 * (chain_tests.KEPT_RUNS + 2)
    assert not hops(kept[0])[0]["is_good"]


def test_a_confirmation_is_read_strictly() -> None:
    assert not parse_confirmation(b"")
    assert not parse_confirmation(b"{}")
    assert parse_confirmation(b'{"confirm": true}')
    for raw in (b"[]", b'{"confirm": 1}', b'{"confirm": true, "x": 1}', b"{"):
        with pytest.raises(Problem):
            parse_confirmation(raw)
