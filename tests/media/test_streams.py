"""Streams on the real engine with the made-up floor: what is told, who is asked, what is left behind."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from media.engine import Engine, EngineConfig, Mix, PartMade, Slide, StreamFailed, StreamSpec, Track
from media.packager import Packager
from media.stream import StreamEvent
from tests.media.film import hear, inits_of, play

SPEC = StreamSpec((Track("video", "room"), Track("floor", "floor"), Track("de", "floor")))
WAIT_S = 30


class Desk:
    """An engine with the demo floor, and all that its streams told."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.events: list[StreamEvent] = []
        self._changed = asyncio.Condition()

    async def read(self) -> None:
        async for event in self.engine.events():
            if isinstance(event, StreamEvent):
                async with self._changed:
                    self.events.append(event)
                    self._changed.notify_all()

    async def until(self, count: int, track: str) -> list[PartMade]:
        """So many parts of a track."""

        def parts() -> list[PartMade]:
            return [event for event in self.events if isinstance(event, PartMade) and event.track == track]

        async with asyncio.timeout(WAIT_S), self._changed:
            await self._changed.wait_for(lambda: len(parts()) >= count)
        return parts()

    async def failure(self) -> StreamFailed:
        async with asyncio.timeout(WAIT_S), self._changed:
            await self._changed.wait_for(lambda: any(isinstance(event, StreamFailed) for event in self.events))
        return next(event for event in self.events if isinstance(event, StreamFailed))


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    engine = await Engine.open(EngineConfig(udp_host="127.0.0.1", udp_port=0))
    made = Desk(engine)
    reading = asyncio.create_task(made.read())
    engine.add_demo("demo", "demo")
    engine.set_mix("floor", {"demo": Mix(1.0)})
    engine.set_picture("room", "demo")
    yield made
    await engine.aclose()
    await reading


def threads(name: str) -> int:
    return sum(thread.name.startswith(name) for thread in threading.enumerate())


async def test_the_made_up_floor_is_packaged_and_plays(desk: Desk) -> None:
    desk.engine.start_stream("plenary", SPEC)
    video = await desk.until(4, "video")
    await desk.until(4, "de")
    assert {part.stream for part in video} == {"plenary"}
    assert len(play(desk.events, "video")) > 15
    _, sound = hear(desk.events, "de")
    assert len(sound) >= 4 * 20 * 1024
    assert inits_of(desk.events, "video")[0].codec.startswith("avc1.42")
    stats = (await desk.engine.stats()).streams["plenary"]
    assert stats["parts"] >= 12
    assert abs(stats["lip_sync_ms"]) < 20


async def test_a_stopped_stream_leaves_nothing_running(desk: Desk) -> None:
    desk.engine.start_stream("plenary", SPEC)
    await desk.until(1, "video")
    assert threads("demo") == threads("packager") == 1
    desk.engine.stop_stream("plenary")
    for thread in threading.enumerate():
        if thread.name.startswith(("packager", "demo")):
            await asyncio.to_thread(thread.join, WAIT_S)
    assert threads("packager") == threads("demo") == 0
    assert (await desk.engine.stats()).streams == {}
    assert [event for event in desk.events if isinstance(event, PartMade)][-1].is_last


async def test_one_that_runs_is_not_started_twice(desk: Desk) -> None:
    for _ in range(3):
        desk.engine.start_stream("plenary", SPEC)
    await desk.until(1, "de")
    assert threads("packager") == 1


async def test_what_is_not_there_is_nobodys_trouble(desk: Desk) -> None:
    desk.engine.stop_stream("none")
    desk.engine.set_slide("none", Slide("x"))
    desk.engine.hold("none", True)
    desk.engine.add_track("none", Track("de", "floor"))
    tap = desk.engine.open_tap("none", frozenset({"de"}))
    desk.engine.close_tap("none", tap)
    assert (await desk.engine.stats()).streams == {}


async def test_a_failed_stream_says_so_and_can_be_started_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    look = Packager.look

    def fail(self: Packager, now: float) -> None:
        raise LookupError

    monkeypatch.setattr(Packager, "look", fail)
    desk.engine.start_stream("plenary", SPEC)
    assert await desk.failure() == StreamFailed("plenary", "LookupError")
    monkeypatch.setattr(Packager, "look", look)
    desk.engine.start_stream("plenary", SPEC)
    await desk.until(1, "de")


async def test_taps_get_samples_and_sound(desk: Desk) -> None:
    desk.engine.start_stream("plenary", SPEC)
    samples = desk.engine.open_tap("plenary", frozenset({"video"}))
    sound = desk.engine.tap_sound("floor")
    await desk.until(3, "video")
    sample = await asyncio.to_thread(samples.get, 5.0)
    assert sample is not None
    assert sample.track == "video"
    ticks = [tick for tick, _ in sound.take()]
    assert ticks == list(range(ticks[0], ticks[0] + len(ticks)))
    assert len(ticks) > 30
    desk.engine.close_tap("plenary", samples)
    desk.engine.untap_sound("floor", sound)


async def test_without_a_picture_there_is_sound_alone(desk: Desk) -> None:
    desk.engine.start_stream("workshop", StreamSpec((Track("de", "floor"),), first_msn=12))
    assert (await desk.until(1, "de"))[0].msn == 12
    assert threads("demo") == 0
