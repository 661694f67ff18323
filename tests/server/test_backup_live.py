"""The hall's two senders as processes: the first freezes without a goodbye, the second is heard and seen instead."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import numpy as np
from aiohttp import ClientSession
from aiortc import (
    MediaStreamTrack,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from interpreting.ids import RoomId
from interpreting.roles import Role
from server.tokens import Invitation, issue
from tests.browser.stagehand import Server
from tests.tries import retried

SECRET = "0123456789abcdef0123456789abcdef"
VENUE_HZ, BACKUP_HZ = 440, 1000


@contextmanager
def sender(url: str, hertz: int, colour: str, *, is_backup: bool) -> Iterator[subprocess.Popen[bytes]]:
    """`tolmach publish` of a tone and a plain picture, as the hall's first or second sender."""
    token = issue(SECRET, Invitation.new(RoomId("plenary"), Role.VENUE, is_backup=is_backup))
    sources = (f"lavfi:sine=frequency={hertz}:sample_rate=48000", f"lavfi:color=c={colour}:size=320x240:rate=15")
    command = [sys.executable, "-m", "server", "publish", *sources, "--whip", f"{url}/whip/plenary", "--token", token]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


class Watcher:
    """Hears the floor and sees the picture; `tone` and `colour` are the newest, `heard_at` when a tone last sounded."""

    def __init__(self) -> None:
        self.heard_at: dict[int, float] = {}
        self.shown_at: dict[str, float] = {}

    async def listen(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                now = time.monotonic()
                if isinstance(frame, AudioFrame):
                    self._hear(frame, now)
                elif isinstance(frame, VideoFrame):
                    red, _, blue = frame.to_ndarray(format="rgb24").mean(axis=(0, 1))
                    self.shown_at["red" if red > blue else "blue"] = now
        except MediaStreamError:
            return

    def _hear(self, frame: AudioFrame, now: float) -> None:
        samples = frame.to_ndarray().reshape(-1)[:: len(frame.layout.channels)].astype(np.float64) / 32768
        at = np.arange(len(samples)) / frame.sample_rate
        for hertz in (VENUE_HZ, BACKUP_HZ):
            level = abs(np.mean(samples * np.exp(-2j * np.pi * hertz * at))) * 2
            if level > 0.03:
                self.heard_at[hertz] = now

    async def until(self, holds: Callable[[], bool], within_s: float = 60.0) -> None:
        async with asyncio.timeout(within_s):
            while not holds():  # noqa: ASYNC110 - frames come by plain calls
                await asyncio.sleep(0.02)


@asynccontextmanager
async def watcher(url: str) -> AsyncIterator[Watcher]:
    here, connection = Watcher(), RTCPeerConnection(RTCConfiguration(iceServers=[]))
    tasks: list[asyncio.Task[None]] = []
    connection.on("track", lambda track: tasks.append(asyncio.create_task(here.listen(track))))
    for kind in ("audio", "video"):
        connection.addTransceiver(kind, direction="recvonly")
    await connection.setLocalDescription(await connection.createOffer())
    try:
        async with ClientSession() as http:
            headers = {"Content-Type": "application/sdp"}
            address, offer = f"{url}/whep/plenary/floor", connection.localDescription.sdp
            async with http.post(address, data=offer, headers=headers) as answer:
                assert answer.status == 201
                await connection.setRemoteDescription(RTCSessionDescription(await answer.text(), "answer"))
        yield here
    finally:
        await connection.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@retried
async def test_the_backup_is_heard_and_seen_after_the_first_sender_froze(tmp_path: Path) -> None:
    running = Server(tmp_path, environment={"TOLMACH_SECRET": SECRET, "TOLMACH_PUBLIC_IPS": ""})
    await asyncio.to_thread(running.start)
    try:
        with (
            sender(running.url, VENUE_HZ, "red", is_backup=False) as venue,
            sender(running.url, BACKUP_HZ, "blue", is_backup=True),
        ):
            async with watcher(running.url) as here:
                # The second may have been there first, or the first have been late on a busy machine.
                await both_flow(running.url, chosen="venue")
                await here.until(lambda: VENUE_HZ in here.heard_at and "red" in here.shown_at)
                # The one that waits is not on the floor.
                await here.until(lambda: here.heard_at[VENUE_HZ] > here.heard_at.get(BACKUP_HZ, 0.0) + 1)
                here.heard_at.pop(BACKUP_HZ, None)
                frozen_at = time.monotonic()
                os.kill(venue.pid, signal.SIGSTOP)
                await here.until(lambda: BACKUP_HZ in here.heard_at)
                taken_over_s = time.monotonic() - frozen_at
                await here.until(lambda: here.shown_at.get("blue", 0.0) > frozen_at)
                os.kill(venue.pid, signal.SIGCONT)
                await both_flow(running.url)
                at = time.monotonic()
                await here.until(lambda: here.heard_at[BACKUP_HZ] > at + 0.5)
                assert here.heard_at[VENUE_HZ] < at, "the way back is by hand"
                print(f"takeover_s: {taken_over_s:.2f}")
    finally:
        await asyncio.to_thread(running.stop)


async def both_flow(url: str, chosen: str | None = None) -> None:
    """Wait until the room says that both senders are there; and choose one by hand."""
    token = issue(SECRET, Invitation.new(RoomId("plenary"), Role.TECHNICIAN))
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        asyncio.timeout(60),
        ClientSession() as http,
        http.ws_connect(f"{url}/ws?room=plenary", headers=headers) as socket,
    ):
        async for message in socket:
            state = message.json().get("state")
            if state and state["venue_sources"] == ["venue", "backup"]:
                break
        if chosen is not None:
            await socket.send_json(
                {"type": "command", "id": "by-hand", "name": "select_venue", "args": {"source": chosen}}
            )
            while (await socket.receive_json()).get("id") != "by-hand":
                pass
