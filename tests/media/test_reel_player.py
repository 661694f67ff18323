"""A reel that plays: in time, in step, from anywhere, and to its end; what the mixer gets is measured."""

import asyncio
import time
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from media import avc, h264
from media.engine import Engine, EngineConfig, SourceFlowing, SourceSilent
from media.mixer import Mix
from media.opus import FRAME_SAMPLES, Pcm
from media.pictures import VideoSource
from media.reel import ReelFile
from media.reel_player import LEAD_S, TELL_BEFORE_END_S, ReelPlayer
from media.reel_sound import ReelSound
from media.rtp import RtpPacket
from tests.media.clips import Clip, power_at, reel_of
from tests.tries import retried


class Eyes:
    """A picture bus that keeps what it gets, with when."""

    is_watched = True

    def __init__(self) -> None:
        self.packets: list[tuple[float, RtpPacket]] = []

    def forward(self, source: VideoSource, packet: RtpPacket, codec: str, now: float) -> None:
        assert codec == "h264"
        self.packets.append((now, packet))

    def set_source(self, source: VideoSource | None) -> None:
        assert source is None

    @property
    def keys(self) -> list[tuple[float, int]]:
        """When keyframes came, and their timestamps."""
        return [(at, packet.timestamp) for at, packet in self.packets if packet.payload[0] & 0x1F == avc.SPS]


@pytest.fixture(scope="module")
def reel(tmp_path_factory: pytest.TempPathFactory) -> ReelFile:
    return reel_of(Clip(seconds=3.0), tmp_path_factory.mktemp("reel"))


@pytest.fixture
async def engine() -> AsyncIterator[Engine]:
    opened = await Engine.open(EngineConfig(udp_host="127.0.0.1", udp_port=0))
    yield opened
    await opened.aclose()


def test_the_sound_is_found_by_the_clock() -> None:
    now = 100.0
    sound = ReelSound(2.0, 101.0, lambda: now)
    ramp = np.arange(48000, dtype=np.float32)
    sound.put(95000, ramp)
    assert sound.end == 95000 + 48000
    assert not sound.pull().any()
    now = 101.0
    sound.skip()
    assert list(sound.pull()[:2]) == [1000.0, 1001.0]
    now = 101.025
    assert sound.pull()[0] == 1960.0, "a late tick goes on where the last one ended"
    now = 105.0
    sound.finish()
    assert not sound.pull().any(), "after the end is silence"
    assert sound.missed == 0


def test_a_first_tick_that_was_late_is_made_good() -> None:
    tick = 0
    late_s = 0.05
    sound = ReelSound(0.0, 0.0, lambda: tick * 0.02 + late_s)
    sound.put(0, np.arange(480000, dtype=np.float32))
    sound.pull()
    late_s = 0.001
    for _ in range(120):
        tick += 1
        frame = sound.pull()
    assert abs(frame[0] - tick * FRAME_SAMPLES) <= 480


def test_what_the_disk_did_not_give_is_silence_and_counted() -> None:
    sound = ReelSound(0.0, 0.0, lambda: 0.0)
    sound.put(0, np.ones(500, np.float32))
    frame = sound.pull()
    assert frame.sum() == 500
    assert sound.missed == 460


async def play(reel: ReelFile, at_s: float, lead_s: float) -> tuple[ReelPlayer, Eyes, list[tuple[float, bool]], float]:
    """Play to the end; returns what was seen and told, and when it was to begin."""
    start = time.monotonic() + lead_s
    flows: list[tuple[float, bool]] = []
    ended = asyncio.Event()
    player = ReelPlayer(
        reel, at_s, start, asyncio.get_running_loop(), lambda yes: flows.append((time.monotonic(), yes)), ended.set
    )
    eyes = Eyes()
    player.source.buses.add(eyes)  # type: ignore[arg-type]
    assert player.source.on_watched is not None
    player.source.on_watched(True)
    player.start()
    await asyncio.wait_for(ended.wait(), 30)
    return player, eyes, flows, start


@retried
async def test_pictures_come_when_they_are_due(reel: ReelFile) -> None:
    player, eyes, flows, start = await play(reel, 0.0, 0.6)
    assert [yes for _, yes in flows] == [True, False]
    assert flows[0][0] == pytest.approx(start - LEAD_S, abs=0.06)
    assert flows[1][0] == pytest.approx(start + reel.seconds - TELL_BEFORE_END_S, abs=0.06)
    late = [at - start for at, _ in eyes.keys]
    assert late[0] < -0.3, "the first picture stands before the sound begins"
    assert late[1:] == pytest.approx([0.0, 0.52, 1.0, 1.52, 2.0, 2.52], abs=0.04)
    stamps = [packet.timestamp for _, packet in eyes.packets]
    assert all(0 <= (b - a) & 0xFFFFFFFF < 1 << 31 for a, b in pairwise(stamps))
    assert [p.sequence for _, p in eyes.packets] == [
        (eyes.packets[0][1].sequence + n) & 0xFFFF for n in range(len(eyes.packets))
    ]
    due = player.source.capture_time(eyes.keys[-1][1])
    assert due == pytest.approx(start + 2.52, abs=0.01)
    assert player.error == ""


@retried
async def test_it_goes_on_from_anywhere(reel: ReelFile) -> None:
    _, eyes, _, start = await play(reel, 1.3, 0.0)
    late = [at - start for at, _ in eyes.keys]
    assert late[0] < 0.1, "the keyframe before stands at once"
    assert late[1] == pytest.approx(0.22, abs=0.04)
    first = [packet for _, packet in eyes.packets if packet.timestamp == eyes.keys[0][1]]
    assert brightness(first) > 200, "the flash of the first second"


def brightness(packets: list[RtpPacket]) -> float:
    decoder = av.CodecContext.create("h264", "r")
    whole = b"".join(b"\0\0\0\1" + unit for unit in units(packets))
    frames = [*decoder.decode(av.Packet(whole)), *decoder.decode(None)]
    return float(np.asarray(frames[-1].to_ndarray(format="gray")).mean())


def units(packets: list[RtpPacket]) -> list[bytes]:
    whole: list[bytes] = []
    for packet in packets:
        if packet.payload[0] & 0x1F != 28:
            whole.append(packet.payload)
        elif packet.payload[1] & 0x80:
            whole.append(bytes([packet.payload[0] & 0xE0 | packet.payload[1] & 0x1F]) + packet.payload[2:])
        else:
            whole[-1] += packet.payload[2:]
    assert h264.payloads(b"\0\0\1" + whole[0])
    return whole


async def test_a_file_that_is_gone_is_over_at_once(tmp_path: Path) -> None:
    player, _, flows, _ = await play(ReelFile(tmp_path / "gone.mp4", 3.0), 0.0, 0.1)
    assert [yes for _, yes in flows] == [True, False]
    assert player.error == "FileNotFoundError"


async def ticks(engine: Engine, bus: str, seconds: float) -> list[tuple[int, Pcm]]:
    """What a bus carries for so long, by ticks."""
    tap = engine.tap_sound(bus)
    got: list[tuple[int, Pcm]] = []
    while len(got) * 0.02 < seconds:
        await asyncio.sleep(0.1)
        got += tap.take()
    engine.untap_sound(bus, tap)
    return got


async def heard(engine: Engine, bus: str, seconds: float) -> Pcm:
    """The same in one piece."""
    return np.concatenate([pcm for _, pcm in await ticks(engine, bus, seconds)])


@retried
async def test_the_engine_plays_it_into_a_bus_and_stops_by_a_ramp(engine: Engine, reel: ReelFile) -> None:
    events = engine.events()
    engine.set_mix("room/floor", {"room/playout": Mix(1.0)})
    listening = asyncio.create_task(heard(engine, "room/floor", 2.4))
    await asyncio.sleep(0.1)
    engine.play("room/playout", reel, 0.0, time.monotonic() + 0.5)
    assert await anext(events) == SourceFlowing("room/playout")
    await asyncio.sleep(1.2)
    engine.stop_play("room/playout")
    engine.set_mix("room/floor", {"room/playout": Mix(0.0, 300)})
    assert await anext(events) == SourceSilent("room/playout")
    pcm = await listening
    assert power_at(pcm[48000 : 48000 + 12000], 440) == pytest.approx(0.1, abs=0.02)
    levels = [float(np.sqrt(np.mean(part**2))) for part in pcm[: len(pcm) // 960 * 960].reshape(-1, 960)]
    falling = [level for level in levels if 0.002 < level < 0.06]
    assert len(falling) >= 10, "it falls over 300 ms"
    assert levels[-1] < 1e-4


@retried
async def test_sound_and_picture_leave_together(engine: Engine, tmp_path: Path) -> None:
    reel = reel_of(Clip(seconds=3.5, level=0.3, beats=True), tmp_path)
    studio = engine._studio_now
    engine.set_mix("room/floor", {"room/playout": Mix(1.0)})
    listening = asyncio.create_task(ticks(engine, "room/floor", 3.4))
    engine.play("room/playout", reel, 0.0, time.monotonic() + 0.7)
    await asyncio.sleep(0.2)
    eyes, source = Eyes(), studio.deck._players["room/playout"].source
    source.buses.add(eyes)  # type: ignore[arg-type]
    assert source.on_watched is not None
    source.on_watched(True)
    heard_ticks = await listening
    seen = {stamp: [packet for _, packet in eyes.packets if packet.timestamp == stamp] for _, stamp in eyes.keys}
    bright = [stamp for stamp, packets in seen.items() if brightness(packets) > 200]
    flashes = [due for stamp in bright if (due := source.capture_time(stamp)) is not None][-2:]
    assert len(flashes) == 2
    onsets: list[float] = []
    for tick, pcm in heard_ticks:
        loud = np.flatnonzero(np.abs(pcm) > 0.02)
        at = studio.mixer.due(tick) + (loud[0] if len(loud) else 0) / 48000
        if len(loud) and (not onsets or at - onsets[-1] > 0.5):
            onsets.append(at)
    for flash in flashes:
        apart_ms = 1000 * min((flash - onset for onset in onsets), key=abs)
        print(f"playout_lip_sync_ms: {apart_ms:.1f}")
        assert abs(apart_ms) < 40


@retried
async def test_another_reel_takes_the_place(engine: Engine, reel: ReelFile) -> None:
    events = engine.events()
    engine.play("room/playout", reel, 0.0, time.monotonic())
    assert await anext(events) == SourceFlowing("room/playout")
    engine.play("room/playout", reel, 1.0, time.monotonic() + 0.6)
    assert await anext(events) == SourceSilent("room/playout")
    began = time.monotonic()
    assert await anext(events) == SourceFlowing("room/playout")
    assert time.monotonic() - began > 0.1
    engine.stop_play("room/playout")
    assert await anext(events) == SourceSilent("room/playout")
