"""The composition root: the program from start to signal, and one whole way over the real engine."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from aiohttp.test_utils import TestClient, TestServer
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack
from av import AudioFrame

from interpreting.ids import PersonId
from interpreting.roles import Role
from media.engine import Engine, EngineConfig
from server.app import create_app
from server.config import Config
from server.tokens import Invitation, issue
from tests.server.conftest import PLENARY, SECRET, Page

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
from server.app import run
from server.config import load_config
run(load_config(None))
"""


@asynccontextmanager
async def program(folder: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str, list[str]]]:
    """The server as a process of its own: the process, its address, and the lines it printed."""
    environment = {
        **os.environ,
        "TOLMACH_HOST": "127.0.0.1",
        "TOLMACH_PORT": "0",
        "TOLMACH_UDP_PORT": "0",
        "TOLMACH_DATA": str(folder),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            lines = [(await process.stdout.readline()).decode()]
            while "workshop-2   interpreter en Petro" not in lines[-1]:
                lines.append((await process.stdout.readline()).decode())
        port = re.search(r":(\d+)/$", lines[0].strip())
        assert port is not None
        yield process, f"http://127.0.0.1:{port[1]}", lines
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_the_program_prints_links_serves_and_stops_in_order(tmp_path: Path) -> None:
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address in numbers
    async with program(tmp_path) as (process, address, lines), aiohttp.ClientSession(cookie_jar=jar) as browser:
        link = next(re.search(r"/join/\S+", line) for line in lines if "venue" in line)
        assert link is not None
        async with browser.get(address + link[0]) as page:
            assert page.status == 200
            assert page.url.path == "/r/plenary/venue"
        async with browser.ws_connect(f"{address}/ws?room=plenary") as socket:
            assert (await socket.receive_json())["type"] == "welcome"
            process.send_signal(signal.SIGTERM)
            assert (await socket.receive_json())["code"] == "stopping"
        async with asyncio.timeout(30):
            assert await process.wait() == 0


async def test_from_the_hall_to_a_listener_over_the_real_engine(config: Config) -> None:
    engine = await Engine.open(EngineConfig(udp_host="127.0.0.1", udp_port=0))
    client = TestClient(TestServer(create_app(config, engine=engine)))
    await client.start_server()
    hall, ear = RTCPeerConnection(), RTCPeerConnection()
    try:
        page = Page(await client.ws_connect("/ws?room=plenary"))
        hall.addTrack(AudioStreamTrack())
        venue = Invitation.new(PLENARY, Role.VENUE, id="venue", person=PersonId("venue"))
        headers = {"Authorization": f"Bearer {issue(SECRET, venue)}"}
        address = await offer(client, hall, "/whip/plenary", headers)
        await page.state_where(lambda state: state["venue"] == "live")
        ear.addTransceiver("audio", direction="recvonly")
        listening = await offer(client, ear, "/whep/plenary/de", {})
        async with asyncio.timeout(30):
            frame = await ear.getReceivers()[0].track.recv()
        assert isinstance(frame, AudioFrame)
        assert frame.sample_rate == 48000
        switched = await client.put(f"{listening}/channel", json={"channel": "uk", "original": "under"})
        assert switched.status == 204
        assert (await client.delete(address, headers=headers)).status == 200
        await page.state_where(lambda state: state["venue"] == "lost")
        data_channel = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=application 9 UDP/DTLS/SCTP x\r\n"
        refused = await client.post(
            "/whip/plenary", data=data_channel, headers={**headers, "Content-Type": "application/sdp"}
        )
        assert refused.status in (400, 422)
        await page.leave()
    finally:
        await hall.close()
        await ear.close()
        await client.close()
        await engine.aclose()


async def offer(client: TestClient, peer: RTCPeerConnection, address: str, headers: dict[str, str]) -> str:  # type: ignore[type-arg]
    """Post a peer's offer, take the answer, and return the session's address."""
    await peer.setLocalDescription(await peer.createOffer())
    headers = {**headers, "Content-Type": "application/sdp"}
    answer = await client.post(address, data=peer.localDescription.sdp, headers=headers)
    assert answer.status == 201, await answer.text()
    await peer.setRemoteDescription(RTCSessionDescription(await answer.text(), "answer"))
    return answer.headers["Location"]
