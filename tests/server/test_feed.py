"""What is read from a source: its formats, its time, its repetition, and what happens when it cannot be read."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest
from aiortc.mediastreams import MediaStreamError

from server import feed as feed_module
from server.feed import Feed
from server.feed_source import FeedError, Kind, Source, open_source, parse_source
from tests.server.clips import write_clip
from tests.server.real_redis import free_port

SECOND = "duration=1"


@pytest.fixture(autouse=True)
def no_frame_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    # A busy machine shall not decide what is heard here.
    monkeypatch.setattr(feed_module, "LATE_S", 30.0)


@pytest.mark.parametrize(
    ("text", "url", "format", "is_live"),
    [
        ("talk.mp4", "talk.mp4", None, False),
        ("a:b.mp4", "a:b.mp4", None, False),
        ("/dev/video2", "/dev/video2", "v4l2", True),
        ("v4l2:/dev/video0", "/dev/video0", "v4l2", True),
        ("alsa:hw:1,0", "hw:1,0", "alsa", True),
        ("lavfi:testsrc", "testsrc", "lavfi", False),
        ("rtsp://camera/main", "rtsp://camera/main", None, True),
        ("rtmp://studio/live", "rtmp://studio/live", None, True),
        ("https://archive/talk.mp4", "https://archive/talk.mp4", None, False),
    ],
)
def test_a_source_is_what_a_person_means(text: str, url: str, format: str | None, is_live: bool) -> None:
    source = parse_source(text)
    assert (source.name, source.url, source.format, source.is_live) == (text, url, format, is_live)
    assert not source.listens
    assert ("rtsp_transport" in source.options) == text.startswith("rtsp")


def test_rtmp_on_all_addresses_listens() -> None:
    for text in ("rtmp://0.0.0.0:1935/live", "rtmp://[::]:1935/live"):
        assert parse_source(text).listens
        assert parse_source(text).options["listen"] == "1"


async def take_all(feed: Feed, kind: Kind) -> list[Any]:
    frames = []
    try:
        while True:
            frames.append(await feed.take(kind))
    except MediaStreamError:
        return frames


async def take(feed: Feed, kind: Kind, count: int) -> list[Any]:
    return [await feed.take(kind) for _ in range(count)]


async def test_a_recording_comes_in_our_formats_in_its_own_time(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", size="1920x1080", rate=25)
    async with Feed.open([parse_source(str(clip))]) as feed, asyncio.timeout(30):
        assert feed.kinds == {"audio", "video"}
        assert [track.kind for track in feed.tracks()] == ["audio", "video"]
        begun = time.monotonic()
        audio, video = await asyncio.gather(take_all(feed, "audio"), take_all(feed, "video"))
        took_s = time.monotonic() - begun
        await feed.ended()
    assert {(f.format.name, f.layout.name, f.sample_rate, f.samples) for f in audio} == {("s16", "stereo", 48000, 960)}
    assert [frame.pts for frame in audio] == [960 * n for n in range(len(audio))]
    assert len(audio) in range(48, 53)
    assert {(frame.format.name, frame.width, frame.height) for frame in video} == {("yuv420p", 1280, 720)}
    assert len(video) == 25
    assert feed.dropped == 0
    assert all(frame.time_base == Fraction(1, 90000) for frame in video)
    assert took_s > 0.8


async def test_more_pictures_than_thirty_a_second_are_thinned() -> None:
    source = parse_source(f"lavfi:testsrc=size=64x48:rate=60:{SECOND}")
    async with Feed.open([source]) as feed, asyncio.timeout(30):
        pictures = await take_all(feed, "video")
    assert len(pictures) in range(28, 33)
    times = [frame.time for frame in pictures]
    assert times == sorted(set(times))


async def test_a_repeated_recording_goes_on_without_a_step() -> None:
    source = parse_source("lavfi:testsrc=size=64x48:rate=25:duration=0.2[out0];sine=duration=0.2[out1]")
    async with Feed.open([source], repeat=True) as feed, asyncio.timeout(30):
        audio, video = await asyncio.gather(take(feed, "audio", 25), take(feed, "video", 12))
    assert [frame.pts for frame in audio] == [960 * n for n in range(25)]
    assert [frame.pts for frame in video] == [3600 * n for n in range(12)]


async def test_two_sources_give_what_each_has() -> None:
    sources = [parse_source(f"lavfi:testsrc=size=64x48:{SECOND}"), parse_source(f"lavfi:sine={SECOND}")]
    async with Feed.open(sources) as feed, asyncio.timeout(30):
        assert feed.kinds == {"audio", "video"}
        assert (await feed.take("audio")).pts == 0
        assert (await feed.take("video")).pts == 0


async def test_only_what_is_wanted_is_read(tmp_path: Path) -> None:
    clip = parse_source(str(write_clip(tmp_path / "clip.mkv", 0.2)))
    async with Feed.open([clip], kinds=frozenset({"audio"})) as feed:
        assert feed.kinds == {"audio"}
    silent = parse_source(str(write_clip(tmp_path / "silent.mkv", 0.2, sound=False)))
    for sources in ([silent], [clip, clip]):
        with pytest.raises(FeedError, match="has nothing to send"):
            async with Feed.open(sources, kinds=frozenset({"audio"})):
                pass


async def test_what_nobody_takes_is_dropped_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "LATE_S", 0.05)
    async with Feed.open([parse_source("lavfi:sine=duration=0.6")]) as feed, asyncio.timeout(30):
        await feed.take("audio")
        await feed.ended()
        rest = await take_all(feed, "audio")
    assert feed.dropped > 0
    assert feed.dropped + len(rest) in range(28, 32)


async def test_a_live_source_keeps_half_a_second_and_no_more() -> None:
    fast = Source("fast", "sine=duration=20", format="lavfi", is_live=True)
    async with Feed.open([fast]) as feed, asyncio.timeout(30):
        await feed.take("audio")
        await feed.ended()
        assert len(await take_all(feed, "audio")) <= feed_module.LIVE_FRAMES["audio"]
    assert feed.dropped > 900


@pytest.mark.parametrize("content", [b"", b"no recording at all" * 100, b"1\n00:00:00,000 --> 00:00:01,000\nHallo\n"])
async def test_what_is_no_recording_is_said_so(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "notes.srt"
    file.write_bytes(content)
    with pytest.raises(FeedError, match=r"notes\.srt (cannot be opened: invalid data|has nothing to send)"):
        async with Feed.open([parse_source(str(file))]):
            pass


async def test_a_camera_that_is_not_there_is_said_so() -> None:
    with pytest.raises(FeedError, match=r"^rtsp://127.0.0.1:\d+/ cannot be opened: connection refused$"):
        async with Feed.open([parse_source(f"rtsp://127.0.0.1:{free_port()}/")]):
            pass


async def test_a_damaged_recording_is_played_as_far_as_it_goes(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mkv", 1.0)
    whole = clip.read_bytes()
    clip.write_bytes(whole[: len(whole) // 2] + b"\x55" * 500 + whole[len(whole) // 2 + 500 : -2000])
    async with Feed.open([parse_source(str(clip))]) as feed, asyncio.timeout(30):
        sound_and_picture = await asyncio.gather(take_all(feed, "audio"), take_all(feed, "video"))
        await feed.ended()
    assert len(sound_and_picture[0]) > 10


async def test_an_empty_recording_is_not_repeated_for_ever(tmp_path: Path) -> None:
    file = tmp_path / "empty.wav"
    with av.open(file, "w") as container:
        container.add_stream("pcm_s16le", rate=48000)
        container.start_encoding()
    async with Feed.open([parse_source(str(file))], repeat=True) as feed, asyncio.timeout(30):
        assert await take_all(feed, "audio") == []
        with pytest.raises(FeedError, match="has nothing to repeat"):
            await feed.ended()


async def test_an_encoder_may_come_later_by_rtmp() -> None:
    address = f"rtmp://127.0.0.1:{free_port()}/live/hall"
    stop = threading.Event()

    def connect() -> av.container.OutputContainer | None:
        while not stop.wait(0.05):
            with suppress(OSError):
                return av.open(address, "w", format="flv")
        return None

    def send() -> None:
        stream = connect()
        if stream is not None:
            with av.open(f"sine=frequency=440:{SECOND}", format="lavfi") as tone, stream:
                audio = stream.add_stream("aac", rate=48000)
                for frame in tone.decode(audio=0):
                    stream.mux(audio.encode(frame))
                stream.mux(audio.encode(None))

    sender = threading.Thread(target=send)
    sender.start()
    try:
        async with asyncio.timeout(30), Feed.open([parse_source(address.replace("127.0.0.1", "0.0.0.0"))]) as feed:
            assert feed.kinds == {"audio"}
            assert isinstance(await feed.take("audio"), av.AudioFrame)
            await feed.ended()
    finally:
        stop.set()
        await asyncio.to_thread(sender.join)


def test_waiting_for_an_encoder_can_be_given_up() -> None:
    quit = threading.Event()
    quit.set()
    with pytest.raises(FeedError, match="given up"):
        open_source(parse_source("rtmp://0.0.0.0:1/live"), quit)


async def test_a_camera_that_does_not_answer_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"rtsp://127.0.0.1:{silent.getsockname()[1]}/"
        source = Source("camera", url, options={"rtsp_transport": "tcp"}, timeout_s=0.3, is_live=True)
        with pytest.raises(FeedError, match=r"camera (does not answer|cannot be opened)"):
            async with asyncio.timeout(30), Feed.open([source]):
                pass
