"""When a room's stream runs, what its slide says, and what happens when it fails."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from interpreting.audience import Audience
from interpreting.ids import ItemId, RoomId
from interpreting.languages import Language
from interpreting.programme import Item, ItemKind
from interpreting.roles import Role
from media.stream import StreamFailed
from server.config import load_config
from server.livestream.broadcasts import ASKED_S, SILENT_S, slide_of
from tests.server.livestream.conftest import STREAM, Stage


def streams(stage: Stage) -> set[str]:
    return set(stage.site.engine.streams)


async def test_it_runs_while_the_hall_flows(stage: Stage) -> None:
    assert streams(stage) == set()
    await stage.site.engine.flow("plenary/venue")
    assert streams(stage) == {STREAM}
    await stage.site.engine.fall_silent("plenary/venue")
    assert streams(stage) == set()


@pytest.mark.parametrize(("source", "runs"), [("backup", True), ("speaker:anna", True), ("mic:olena", False)])
async def test_who_makes_it_run(stage: Stage, source: str, runs: bool) -> None:
    await stage.site.engine.flow(f"plenary/{source}")
    assert bool(streams(stage)) is runs


async def test_it_runs_a_minute_after_somebody_asked(stage: Stage) -> None:
    reel = await stage.start(1)
    for _ in range(int(ASKED_S / 10)):
        assert streams(stage) == {STREAM}
        stage.site.monotonic.at += 10
        stage.broadcasts.tick(stage.site.monotonic())
        await stage.add(reel, 1)
    assert streams(stage) == set()


async def test_who_asks_again_gets_it_again_with_higher_numbers(stage: Stage) -> None:
    await stage.start(3, parts=2)
    stage.site.monotonic.at += ASKED_S
    stage.broadcasts.tick(stage.site.monotonic())
    assert streams(stage) == set()
    reel = await stage.start(1)
    assert reel.first == 4
    assert (await stage.text("de.m3u8")).count("#EXT-X-DISCONTINUITY\n") == 1


async def test_one_that_failed_is_started_again_each_time_later(stage: Stage) -> None:
    pauses = []
    await stage.site.engine.flow("plenary/venue")
    for _ in range(3):
        del stage.site.engine.streams[STREAM]
        await stage.tell(StreamFailed(STREAM, "ValueError"))
        pauses.append(0)
        while STREAM not in stage.site.engine.streams:
            stage.site.monotonic.at += 1
            pauses[-1] += 1
            stage.broadcasts.tick(stage.site.monotonic())
    assert pauses == [1, 2, 5]
    assert stage.plenary.restarts == 3
    reel = await stage.start(1)
    await stage.add(reel, 1)
    assert stage.plenary.failures == 0


async def test_one_from_which_nothing_comes_is_started_again(stage: Stage) -> None:
    await stage.site.engine.flow("plenary/venue")
    stage.site.monotonic.at += SILENT_S + 1
    stage.broadcasts.tick(stage.site.monotonic())
    assert stage.plenary.restarts == 1
    assert streams(stage) == set()
    stage.site.monotonic.at += 1
    stage.broadcasts.tick(stage.site.monotonic())
    assert streams(stage) == {STREAM}


async def test_other_streams_are_others_business(stage: Stage) -> None:
    reel = await stage.start(1)
    before = stage.plenary.shelf.parts
    reel.stream = "plenary/rec"
    await stage.tell(*reel.inits(), *reel.parts(1, 1), StreamFailed("plenary/rec", "ValueError"))
    assert stage.plenary.shelf.parts == before
    assert stage.plenary.is_running


async def test_the_slide_and_the_hold_are_told_once_and_when_they_change(stage: Stage) -> None:
    await stage.start(1)
    engine = stage.site.engine
    assert engine.slides[STREAM].title == "Plenum · Пленарна зала · Plenary"
    assert engine.held[STREAM] is False
    engine.slides.clear()
    engine.held.clear()
    stage.broadcasts.tick(stage.site.monotonic())
    assert (engine.slides, engine.held) == ({}, {})


async def test_the_slide_says_what_comes_next(stage: Stage) -> None:
    config = stage.plenary.config
    room = stage.plenary.room
    assert room is not None
    items = (
        Item(ItemId("a"), {"de": "Eröffnung", "uk": "Відкриття", "en": "Opening"}, starts="09:30"),
        Item(ItemId("b"), {"de": "Panel", "uk": "Панель", "en": "Panel"}, speaker="Olena", starts="10:15"),
    )
    before = slide_of(config, replace(room, items=items))
    assert before.lines == ("09:30  Eröffnung", "09:30  Відкриття", "09:30  Opening")
    during = slide_of(config, replace(room, items=items, item=ItemId("a"), item_since=0.0))
    assert during.lines == ("10:15  Panel", "10:15  Панель", "Olena")
    assert slide_of(config, replace(room, items=items, item=ItemId("b"), item_since=0.0)).lines == ()


async def test_the_slide_says_what_is_on_in_a_break_and_while_it_is_held(stage: Stage) -> None:
    config = stage.plenary.config
    room = stage.plenary.room
    assert room is not None
    items = (
        Item(ItemId("a"), {"de": "Eröffnung", "uk": "Відкриття", "en": "Opening"}, language=Language("de")),
        Item(ItemId("b"), {"de": "Pause", "uk": "Перерва", "en": "Break"}, kind=ItemKind.BREAK),
        Item(ItemId("c"), {"de": "Panel", "uk": "Панель", "en": "Panel"}, starts="10:15"),
    )
    room = replace(room, items=items, item=ItemId("b"), item_since=0.0)
    assert slide_of(config, room).lines == ("Pause", "Перерва", "Break", "10:15  Panel", "10:15  Панель")
    held = replace(room, item=ItemId("c"), is_held=True)
    assert slide_of(config, held).lines == ("Panel", "Панель")
    opening = replace(room, item=ItemId("a"))
    assert slide_of(config, opening).lines == ("Pause", "Перерва", "Break")


def test_settings(tmp_path: Path) -> None:
    config = load_config(
        None,
        {
            "TOLMACH_DATA": str(tmp_path),
            "TOLMACH_LIVESTREAM_WINDOW_H": "2",
            "TOLMACH_LIVESTREAM_SMALL_PICTURE": "true",
        },
    )
    assert (config.livestream.window_s, config.livestream.has_small_picture) == (7200.0, True)


async def test_those_who_run_the_room_are_told_when_the_rewind_cannot_be_kept(stage: Stage) -> None:
    await stage.start()
    conductor = stage.site.conductor
    technician = Audience(Role.TECHNICIAN)
    stage.broadcasts.disk.is_failing = True
    stage.broadcasts.tick(stage.site.monotonic())
    assert conductor.view(RoomId("plenary"), technician)["troubles"] == ["rewind_paused"]
    stage.broadcasts.disk.is_failing = False
    stage.broadcasts.tick(stage.site.monotonic())
    assert conductor.view(RoomId("plenary"), technician)["troubles"] == []
