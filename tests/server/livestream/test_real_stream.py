"""The demo room's stream from the real engine, held to every rule over time, and read by FFmpeg's HLS demuxer."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import av
import m3u8
import pytest
from aiohttp.test_utils import TestServer

from server.app import create_app
from server.config import load_config
from tests.hls_rules import Rules
from tests.server.conftest import SECRET

TRACKS = ("video", "floor", "de", "uk", "en")
WATCHED_S = 12.0
READ_S = 9.0


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    """A whole server's address."""
    environment = {"TOLMACH_DATA": str(tmp_path), "TOLMACH_SECRET": SECRET, "TOLMACH_UDP_HOST": "127.0.0.1"}
    config = replace(load_config(None, environment), udp_port=0)
    server = TestServer(create_app(config))
    await server.start_server()
    yield f"http://{server.host}:{server.port}/hls/plenary/"
    await server.close()


class Viewer:
    """Follows a track as a low-latency player does, and has everything looked at."""

    def __init__(self, session: aiohttp.ClientSession, address: str, rules: Rules, track: str) -> None:
        self.session = session
        self.address = address
        self.rules = rules
        self.track = track
        self.parts = 0

    async def get(self, path: str) -> bytes:
        async with self.session.get(self.address + path) as answer:
            assert answer.status == 200, (path, answer.status)
            return await answer.read()

    async def follow(self, until: float) -> None:
        found = self.rules.playlist(self.track, (await self.get(f"{self.track}.m3u8")).decode())
        inits: set[str] = set()
        while time.monotonic() < until:
            for name in {one.map for one in found.segments} - inits:
                self.rules.init(self.track, await self.get(name))
                inits.add(name)
            place = re.fullmatch(rf"{self.track}/(\d+)\.(\d+)\.m4s", found.hints[0]["URI"])
            assert place is not None
            msn, part = int(place[1]), int(place[2])
            # The hinted part and the playlist with it, asked for at once and ahead of time.
            payload, text = await asyncio.gather(
                self.get(found.hints[0]["URI"]), self.get(f"{self.track}.m3u8?_HLS_msn={msn}&_HLS_part={part}")
            )
            found = self.rules.playlist(self.track, text.decode())
            assert found.reach >= (msn, part)
            self.rules.part(self.track, msn, part, payload)
            self.parts += 1
            if part == 0:
                await self.look_back(found.segments[-1].msn)

    async def look_back(self, msn: int) -> None:
        segment = next(one for one in self.rules.last[self.track].segments if one.msn == msn)
        parts = [await self.get(uri) for uri, _, _ in segment.parts]
        self.rules.segment(self.track, msn, await self.get(segment.uri), parts)


async def test_every_rule_holds_over_time(address: str) -> None:
    rules = Rules(TRACKS)
    async with aiohttp.ClientSession() as session:
        viewers = [Viewer(session, address, rules, track) for track in TRACKS]
        await viewers[0].get("index.m3u8")
        until = time.monotonic() + WATCHED_S
        await asyncio.gather(*(viewer.follow(until) for viewer in viewers))
    assert rules.complaints == []
    # Each was there for two segments and more: 0.43 s a part.
    assert all(viewer.parts >= 20 for viewer in viewers)


async def test_ffmpeg_reads_every_rendition(address: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(address + "index.m3u8") as answer:
        master = m3u8.loads(await answer.text())
    assert [one.name for one in master.media] == ["Original", "Deutsch", "Українська", "English"]
    lists = ["index.m3u8", "audio.m3u8", *(f"{track}.m3u8" for track in TRACKS)]
    seconds = await asyncio.gather(*(asyncio.to_thread(read_for, address + name) for name in lists))
    for name, read in zip(lists, seconds, strict=True):
        kinds = [kind for kind, _ in read]
        assert kinds.count("video") == (name in ("index.m3u8", "video.m3u8")), name
        assert kinds.count("audio") >= (4 if name in ("index.m3u8", "audio.m3u8") else name != "video.m3u8"), name
        assert all(length_s > READ_S - 3 for _, length_s in read), (name, read)


def read_for(address: str) -> list[tuple[str, float]]:
    """Decode a playlist's streams until each has so many seconds; returns each one's kind and length.

    Raises av.FFmpegError for what cannot be read or decoded, AssertionError for time that goes back or jumps.
    """
    spans: dict[int, tuple[float, float]] = {}
    with av.open(address, options={"live_start_index": "0"}, timeout=(20.0, 20.0)) as container:
        for packet in container.demux():
            if packet.dts is None or packet.time_base is None:
                continue
            at = float(packet.dts * packet.time_base)
            first, last = spans.get(packet.stream_index, (at, at))
            assert last <= at < last + 0.5, (address, packet.stream_index, last, at)
            spans[packet.stream_index] = first, at
            packet.decode()
            if len(spans) == len(container.streams) and all(end - begin > READ_S for begin, end in spans.values()):
                break
        return [(stream.type, spans[stream.index][1] - spans[stream.index][0]) for stream in container.streams]
