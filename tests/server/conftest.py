"""A whole server with a real store, the pages' own templates, and an engine without media."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, web
from aiohttp.test_utils import TestClient, TestServer

from interpreting.ids import BoothId, PersonId, RoomId
from interpreting.roles import Role
from server.app import create_app
from server.conductor import Clocks, Conductor
from server.config import Config, load_config
from server.keys import CONDUCTOR
from server.store.sqlite import SqliteStore
from server.tokens import Invitation, issue
from tests.fakes import FakeEngine, FlakyStore, ManualClock

SECRET = "0123456789abcdef0123456789abcdef"
PLENARY = RoomId("plenary")
OFFER = "v=0\r\n"
WAIT_S = 30.0


@dataclass
class Site:
    """A running server, its client, and what is under it."""

    client: TestClient[web.Request, web.Application]
    config: Config
    engine: FakeEngine
    store: FlakyStore
    now: ManualClock
    monotonic: ManualClock

    @property
    def conductor(self) -> Conductor:
        return self.client.app[CONDUCTOR]

    def invite(
        self, role: Role, person: str = "", room: str = "plenary", booth: str | None = None, hours: float = 1
    ) -> Invitation:
        """An invitation whose id is the person's name; interpreters sit in `de-uk`."""
        if role is Role.INTERPRETER and booth is None:
            booth = "de-uk"
        name = person or role.value
        return Invitation.new(
            RoomId(room),
            role,
            booth=BoothId(booth) if booth else None,
            name=name.title(),
            hours=hours,
            id=name,
            person=PersonId(name),
            now=self.now(),
        )

    def bearer(self, invitation: Invitation) -> dict[str, str]:
        return {"Authorization": f"Bearer {issue(SECRET, invitation)}"}

    def cookie(self, invitation: Invitation) -> dict[str, str]:
        return {"Cookie": f"tolmach_{invitation.id}={issue(SECRET, invitation)}"}

    async def page(self, invitation: Invitation | None = None, room: str = "plenary") -> Page:
        """A connected page."""
        query = f"/ws?room={room}" + (f"&as={invitation.id}" if invitation else "")
        headers = self.cookie(invitation) if invitation else {}
        return Page(await self.client.ws_connect(query, headers=headers))

    async def whip(self, invitation: Invitation) -> str:
        """Publish, and return the session's address."""
        headers = {**self.bearer(invitation), "Content-Type": "application/sdp"}
        answer = await self.client.post(f"/whip/{invitation.room}", data=OFFER, headers=headers)
        assert answer.status == 201
        return answer.headers["Location"]

    async def whep(self, channel: str, invitation: Invitation | None = None) -> str:
        """Listen, and return the session's address."""
        headers = self.bearer(invitation) if invitation else {}
        answer = await self.client.post(
            f"/whep/plenary/{channel}", data=OFFER, headers={**headers, "Content-Type": "application/sdp"}
        )
        assert answer.status == 201
        return answer.headers["Location"]


class Page:
    """The browser's side of a WebSocket."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.socket = socket
        self._count = 0

    async def next(self, type: str) -> Any:
        """The next message of a type; others are passed over."""
        async with asyncio.timeout(WAIT_S):
            while True:
                frame = await self.socket.receive()
                assert frame.type is WSMsgType.TEXT, f"closed before {type}"
                message = json.loads(frame.data)
                if message["type"] == type:
                    return message

    async def state_where(self, holds: Callable[[Any], bool]) -> Any:
        """The first state for which something holds, also the welcome's."""
        async with asyncio.timeout(WAIT_S):
            while True:
                message = json.loads(await self.socket.receive_str())
                if "state" in message and holds(message["state"]):
                    return message["state"]

    async def say(self, command: str, /, id: str | None = None, **args: object) -> Any:
        """Send a command and return its answer."""
        self._count += 1
        id = id or f"c{self._count}"
        await self.socket.send_json({"type": "command", "id": id, "name": command, "args": args})
        async with asyncio.timeout(WAIT_S):
            while True:
                message = json.loads(await self.socket.receive_str())
                if message["type"] in ("done", "refused") and message["id"] == id:
                    return message

    async def enter(self, booth: str = "de-uk") -> None:
        answer = await self.say("enter_booth", booth=booth, name="x")
        assert answer["type"] == "done"

    async def ended(self) -> None:
        """Wait until the server has closed the connection."""
        async with asyncio.timeout(WAIT_S):
            while (await self.socket.receive()).type not in (WSMsgType.CLOSE, WSMsgType.CLOSED, WSMsgType.CLOSING):
                pass

    async def leave(self) -> None:
        await self.socket.close()


@pytest.fixture
def config(tmp_path: Path) -> Config:
    environment = {"TOLMACH_DATA": str(tmp_path), "TOLMACH_SECRET": SECRET, "TOLMACH_PORT": "8080"}
    return load_config(None, environment)


@pytest.fixture
async def site(config: Config, tmp_path: Path) -> AsyncIterator[Site]:
    async with SqliteStore.open(tmp_path / "test.sqlite3") as store, running(config, FlakyStore(store)) as site:
        yield site


class running:
    """A server while the context lasts; a second one on the same store is a restart."""

    def __init__(self, config: Config, store: FlakyStore, now: ManualClock | None = None) -> None:
        self.engine = FakeEngine()
        self.now, self.monotonic = now or ManualClock(time.time()), ManualClock(1000.0)
        app = create_app(config, engine=self.engine, store=store, clocks=Clocks(self.now, self.monotonic))
        self.client = TestClient(TestServer(app))
        self.site = Site(self.client, config, self.engine, store, self.now, self.monotonic)

    async def __aenter__(self) -> Site:
        await self.client.start_server()
        return self.site

    async def __aexit__(self, *exc: object) -> None:
        await self.client.close()
