"""A small WHIP server for tests of publishers: aiohttp outside, aiortc's connection inside, told what to answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from aiohttp import web
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

TOKEN = "a.token.of-ours"

Answer = web.Response | Callable[[web.Request], web.Response]


@dataclass(slots=True)
class Received:
    """What one session brought: its offer, decoded frames by kind, and whether it took its leave."""

    offer: str
    connection: RTCPeerConnection
    frames: dict[str, list[Any]] = field(default_factory=lambda: {"audio": [], "video": []})
    readers: list[asyncio.Task[None]] = field(default_factory=list)
    deleted: bool = False


class WhipServer:
    """Takes sessions at `/whip/hall`. `answers` are given to POSTs, one each, before it takes them itself."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[tuple[str, str, str]] = []
        self.sessions: list[Received] = []
        self._news = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """The address to publish to."""
        return f"http://127.0.0.1:{self.port}/whip/hall"

    async def __aenter__(self) -> WhipServer:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen, on the same port as before."""
        app = web.Application()
        app.router.add_post("/whip/{room}", self._post)
        app.router.add_delete("/whip/{room}/{session}", self._delete)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening and drop every session."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        for received in self.sessions:
            await self.drop(received)

    async def drop(self, received: Received) -> None:
        """End one session from this side."""
        await received.connection.close()
        for reader in received.readers:
            reader.cancel()
        await asyncio.gather(*received.readers, return_exceptions=True)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until the condition holds, looking whenever something has come."""
        async with asyncio.timeout(30):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def _post(self, request: web.Request) -> web.StreamResponse:
        offer = await request.text()
        self.requests.append(("POST", request.path, request.headers.get("Authorization", "")))
        self._news.set()
        if self.answers:
            answer = self.answers.pop(0)
            return answer if isinstance(answer, web.Response) else answer(request)
        assert request.content_type == "application/sdp"
        received = Received(offer, RTCPeerConnection(RTCConfiguration(iceServers=[])))
        self.sessions.append(received)
        return web.Response(
            status=201,
            text=await self._accept(received),
            content_type="application/sdp",
            headers={"Location": f"/whip/hall/{len(self.sessions) - 1}"},
        )

    async def _accept(self, received: Received) -> str:
        connection = received.connection

        def on_track(track: MediaStreamTrack) -> None:
            received.readers.append(asyncio.create_task(self._read(track, received)))

        connection.on("track", on_track)
        await connection.setRemoteDescription(RTCSessionDescription(received.offer, "offer"))
        await connection.setLocalDescription(await connection.createAnswer())
        return connection.localDescription.sdp

    async def _read(self, track: MediaStreamTrack, received: Received) -> None:
        try:
            while True:
                received.frames[track.kind].append(await track.recv())
                self._news.set()
        except MediaStreamError:
            return

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(("DELETE", request.path, request.headers.get("Authorization", "")))
        received = self.sessions[int(request.match_info["session"])]
        received.deleted = True
        self._news.set()
        return web.Response()


def lines_of(offer: str, start: str) -> Sequence[str]:
    """Return the lines of an offer that begin so."""
    return [line for line in offer.splitlines() if line.startswith(start)]
