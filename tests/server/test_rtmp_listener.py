"""Encoders by RTMP, FFmpeg in a process as one of them: let in by the key, one at a time, passed on as they are."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest
from yarl import URL

from media.errors import WireError
from media.rtmp_receiver import Picture, Sound
from server import rtmp_listener
from server.encoder_feed import EncoderFeed, UnusableFormat
from server.rtmp_listener import Destination, RtmpListener
from tests.server.whip_server import TOKEN, WhipServer

KEY = "a-key-for-encoders"
# Red pictures, with B-frames or without, and 440 Hz, until it is told to stop.
_ENCODER = """
import sys, time, av, numpy as np
from fractions import Fraction
with av.open(sys.argv[1], "w", format="flv") as out:
    picture = out.add_stream("libx264", rate=25, options={"g": "25", "bf": sys.argv[2], "preset": "ultrafast"})
    picture.width, picture.height, picture.pix_fmt = 320, 240, "yuv420p"
    sound = out.add_stream("aac", rate=44100, layout="stereo")
    red = np.zeros((240, 320, 3), np.uint8)
    red[..., 0] = 200
    began, samples = time.time(), 0
    for n in range(25 * int(sys.argv[3])):
        red[:, n * 7 % 320] = 255
        frame = av.VideoFrame.from_ndarray(red, format="rgb24")
        frame.pts, frame.time_base = n, Fraction(1, 25)
        out.mux(picture.encode(frame))
        while samples * 25 < n * 44100:
            at = np.arange(samples, samples + 1024) / 44100
            tone = np.repeat((np.sin(2 * np.pi * 440 * at) * 9000).astype(np.int16), 2)
            block = av.AudioFrame.from_ndarray(tone[None], format="s16", layout="stereo")
            block.rate, block.pts, block.time_base = 44100, samples, Fraction(1, 44100)
            out.mux(sound.encode(block))
            samples += 1024
        time.sleep(max(0, began + n / 25 - time.time()))
"""


@asynccontextmanager
async def encoder(
    port: int, path: str, b_frames: int = 0, seconds: int = 60
) -> AsyncIterator[asyncio.subprocess.Process]:
    """FFmpeg as an encoder while the context lasts."""
    arguments = (f"rtmp://127.0.0.1:{port}/{path}", str(b_frames), str(seconds))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _ENCODER, *arguments, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


class Desk:
    """A listener with what it told, and the WHIP server behind it."""

    def __init__(self, whip: WhipServer) -> None:
        self.whip = whip
        self.told: list[str] = []
        self.port = 0
        self._open = asyncio.Event()
        destination = Destination("live", KEY, URL(whip.url), TOKEN)
        self.listener = RtmpListener([destination], self.told.append)

    def is_open(self, port: int) -> None:
        self.port = port
        self._open.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(60):
            while not holds():  # noqa: ASYNC110 - the other side is a process
                await asyncio.sleep(0.02)

    async def opened(self) -> None:
        await self._open.wait()


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with WhipServer() as whip:
        made = Desk(whip)
        listening = asyncio.create_task(made.listener.listen("127.0.0.1", 0, made.is_open))
        await made.opened()
        yield made
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def test_an_encoder_with_the_key_is_heard_and_seen_and_the_next_one_after_it(desk: Desk) -> None:
    for number in (1, 2):
        await heard_and_seen(desk, number)
    assert not any("B-frames" in line for line in desk.told), "H.264 went through as it was"


async def heard_and_seen(desk: Desk, number: int) -> None:
    """The encoder of this number comes, is passed on, and goes."""
    async with encoder(desk.port, f"live/{KEY}"):
        await desk.until(lambda: len(desk.whip.sessions) == number)
        frames = desk.whip.sessions[-1].frames
        await desk.until(lambda: len(frames["audio"]) > 25 and len(frames["video"]) > 10)
        red, green, _ = frames["video"][-1].to_ndarray(format="rgb24").mean(axis=(0, 1))
        assert red > green + 100
    await desk.until(lambda: sum("has gone" in line for line in desk.told) == number)
    assert desk.whip.sessions[-1].deleted, "the hall is told at once that nothing comes"


async def test_b_frames_are_encoded_anew_and_the_person_is_told(desk: Desk) -> None:
    async with encoder(desk.port, f"live/{KEY}", b_frames=2):
        await desk.until(lambda: len(desk.whip.sessions) == 1 and len(desk.whip.sessions[0].frames["video"]) > 10)
    assert any("Set its B-frames to 0" in line for line in desk.told)


@pytest.mark.parametrize("path", ["live/wrong-key-for-it", f"other/{KEY}", f"live/{KEY}x"])
async def test_who_has_not_the_key_is_sent_away(desk: Desk, path: str) -> None:
    async with encoder(desk.port, path) as process:
        assert await asyncio.wait_for(process.wait(), 60) != 0
    assert desk.told == ["an encoder was sent away: its address or key is not the right one"]
    assert desk.whip.requests == []


async def test_one_encoder_at_a_time(desk: Desk) -> None:
    async with encoder(desk.port, f"live/{KEY}"):
        await desk.until(lambda: len(desk.whip.sessions) == 1)
        async with encoder(desk.port, f"live/{KEY}?again") as second:
            assert await asyncio.wait_for(second.wait(), 60) != 0
    assert "an encoder was sent away: there is one already" in desk.told
    assert not any(KEY in line for line in desk.told)


async def test_strangers_that_say_nothing_are_few_and_do_not_stay(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtmp_listener, "INTRODUCTION_S", 0.2)
    doors = [await asyncio.open_connection("127.0.0.1", desk.port) for _ in range(rtmp_listener.MOST_STRANGERS + 4)]
    for reader, writer in doors:
        with suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 30) == b""
        writer.close()
    monkeypatch.undo()  # an encoder on a busy machine is no stranger for being slow
    async with encoder(desk.port, f"live/{KEY}"):
        await desk.until(lambda: len(desk.whip.sessions) == 1)


async def test_what_webrtc_cannot_carry_is_named() -> None:
    feed = EncoderFeed(lambda line: None)
    with pytest.raises(UnusableFormat, match="AAC"):
        feed.take(Sound(0, b"\x2f\x00"))  # MP3
    with pytest.raises(UnusableFormat, match=r"H\.264"):
        feed.take(Picture(0, b"\x1chvc1"))
    with pytest.raises(UnusableFormat, match=r"H\.264"):
        feed.take(Picture(0, b"\x91hvc1"))  # enhanced RTMP
    for broken in (Sound(0, b"\xaf"), Picture(0, b"\x17\x00"), Picture(0, b"\x17\x00\x00\x00\x00junk")):
        with pytest.raises(WireError):
            feed.take(broken)
