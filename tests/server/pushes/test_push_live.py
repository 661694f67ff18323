"""Pushes from a real server: by WHIP into a second one, by RTMP to FFmpeg, which goes away and comes back."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from interpreting.ids import RoomId
from interpreting.roles import Role
from server.tokens import Invitation, issue
from tests.browser.stagehand import Server, free_port
from tests.server.test_backup_live import SECRET, VENUE_HZ, sender, watcher

# What came, told once there is sound of the right pitch and a picture.
_PLATFORM = """
import sys, av, numpy as np
heard, seen = 0, 0
with av.open(sys.argv[1], options={"listen": "1", "timeout": "60"}) as container:
    for packet in container.demux():
        for frame in packet.decode():
            if packet.stream.type == "video":
                red, _, blue = frame.to_ndarray(format="rgb24").mean(axis=(0, 1))
                seen += bool(red > blue + 50)
                continue
            samples = frame.to_ndarray().reshape(-1)
            at = np.arange(len(samples)) / frame.sample_rate
            heard += bool(abs(np.mean(samples * np.exp(-2j * np.pi * 440 * at))) * 2 > 0.03)
        if heard > 20 and seen > 10:
            print("seen and heard", flush=True)
            break
"""


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    running = Server(folder, environment={"TOLMACH_SECRET": SECRET, "TOLMACH_PUBLIC_IPS": ""})
    running.start()
    try:
        yield running
    finally:
        running.stop()


def token(role: Role) -> str:
    return issue(SECRET, Invitation.new(RoomId("plenary"), role))


async def ask(url: str, method: str, path: str, json: object = None) -> Any:
    headers = {"Authorization": f"Bearer {token(Role.ORGANISER)}"}
    address = f"{url}/rooms/plenary/pushes{path}"
    async with ClientSession() as http, http.request(method, address, headers=headers, json=json) as answer:
        assert answer.status == 200
        return await answer.json()


async def until(url: str, state: str) -> Any:
    async with asyncio.timeout(120):
        while True:
            (push,) = (await ask(url, "GET", ""))["pushes"]
            if push["state"] == state:
                return push
            await asyncio.sleep(0.1)


async def test_a_push_by_whip_is_heard_and_seen_at_another_server(tmp_path: Path) -> None:
    with (
        server(tmp_path / "here") as here,
        server(tmp_path / "there") as there,
        sender(here.url, VENUE_HZ, "red", is_backup=False),
    ):
        target = {"url": f"{there.url}/whip/plenary", "channel": "floor", "token": token(Role.VENUE)}
        await ask(here.url, "PUT", "/cluster", target)
        await ask(here.url, "PUT", "/cluster/live")
        async with watcher(there.url) as audience:
            await audience.until(lambda: VENUE_HZ in audience.heard_at and "red" in audience.shown_at, 40)
        push = await until(here.url, "live")
        assert (push["way"], push["host"], push["drops"]) == ("whip", "127.0.0.1", 0)
        await ask(here.url, "DELETE", "/cluster/live")
        await until(here.url, "off")


async def test_a_push_by_rtmp_comes_again_when_the_platform_was_away(tmp_path: Path) -> None:
    address = f"rtmp://127.0.0.1:{free_port()}/live/key"
    with server(tmp_path) as here, sender(here.url, VENUE_HZ, "red", is_backup=False):
        await ask(here.url, "PUT", "/city", {"url": address, "channel": "floor"})
        await ask(here.url, "PUT", "/city/live")
        assert (await until(here.url, "waiting"))["reason"] == "unreachable"
        for _ in range(2):
            assert await asyncio.to_thread(platform, address) == "seen and heard"
        push = await until(here.url, "waiting")
        assert push["attempts"] >= 3


def platform(address: str) -> str:
    """Be the platform until enough has come; return what it says then."""
    command = [sys.executable, "-c", _PLATFORM, address]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()
