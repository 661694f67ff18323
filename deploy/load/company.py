"""People as their pages act: a WebSocket that comes back by itself, and media opened anew when the server is another.

Pauses are those of web/static/js/lib/timing.js and turnout.js, so that what is measured here is what a hall would do.
"""

import asyncio
import contextlib
import itertools
import json
import random
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from deploy.load.house import House
from deploy.load.processes import BenchError

_STEPS_S: Final = (0.5, 1.0, 2.0, 3.0)
_EACH_S: Final = 0.012
_MOST_S: Final = 20.0
_CONNECT_S: Final = 8.0
_ANSWER_S: Final = 10.0


def pause_s(attempt: int, chance: float) -> float:
    """How long a page waits before repetition `attempt`, 0 the first; `chance` is 0 to 1."""
    return _STEPS_S[min(attempt, len(_STEPS_S) - 1)] * (1 + chance / 2)


class Refused(RuntimeError):
    """The server refused a command; the text is the code."""


@dataclass
class Page:
    """One page's WebSocket. `on_boot` is awaited after each welcome of another start of the server than before.

    `states` are all states with their arrival in monotonic seconds, `closings` the goodbyes, `opened_at` the welcomes.
    """

    house: House
    room: str
    token: str | None = None
    on_boot: Callable[[], Awaitable[None]] | None = None
    local: str | None = None
    keeps_states: bool = True
    states: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    closings: list[tuple[float, str]] = field(default_factory=list)
    opened_at: list[float] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    version: int = 0
    _turnout: int = 0
    _is_server_gone: bool = False
    _boot: str = ""
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _socket: aiohttp.ClientWebSocketResponse | None = None
    _answers: dict[str, asyncio.Future[dict[str, Any]]] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _prefix: str = field(default_factory=lambda: secrets.token_hex(4))
    _task: asyncio.Task[None] | None = None
    _work: set[asyncio.Task[None]] = field(default_factory=set)

    async def open(self) -> None:
        """Connect, and wait for the welcome.

        Raises:
            TimeoutError: there is none.
        """
        self._task = asyncio.create_task(self._keep_open())
        async with asyncio.timeout(_CONNECT_S):
            await self._ready.wait()

    async def aclose(self) -> None:
        """Leave."""
        for task in (self._task, *self._work):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    @property
    def state(self) -> dict[str, Any]:
        """The newest state."""
        return self.states[-1][1]

    @property
    def is_open(self) -> bool:
        """Whether it is connected and welcomed now."""
        return self._ready.is_set()

    async def command(self, what: str, /, **args: object) -> int:
        """Say a command and return the room's version after it.

        Raises:
            Refused: by the server, with its code.
            TimeoutError: no answer, or no connection.
        """
        id = f"{self._prefix}-{next(self._numbers)}"
        answer = self._answers[id] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(_ANSWER_S):
                await self._ready.wait()
                assert self._socket is not None
                await self._socket.send_json({"type": "command", "id": id, "name": what, "args": args})
                said = await answer
        except (ConnectionError, aiohttp.ClientError) as error:
            raise TimeoutError(type(error).__name__) from error
        finally:
            self._answers.pop(id, None)
        if said["type"] == "refused":
            raise Refused(said["code"])
        return int(said["version"])

    async def until(self, happened: Callable[[dict[str, Any]], bool], what: str, seconds: float = 60) -> float:
        """Wait until the newest state is so; when that state came.

        Raises:
            BenchError: not in time.
        """
        deadline = time.monotonic() + seconds
        while not (self.states and happened(self.state)):
            if time.monotonic() > deadline:
                raise BenchError(f"not within {seconds:.0f} s: {what}")
            await asyncio.sleep(0.01)
        return self.states[-1][0]

    async def _keep_open(self) -> None:
        attempt = 0
        while True:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, OSError):
                if await self._converse():
                    attempt = 0
            self._ready.clear()
            # On this machine a server that is not there refuses at once.
            self._is_server_gone |= attempt > 0
            await asyncio.sleep(pause_s(attempt, random.random()) + self._spread_s())
            attempt += 1

    def _spread_s(self) -> float:
        return random.random() * min(self._turnout * _EACH_S, _MOST_S) if self._is_server_gone else 0.0

    async def _converse(self) -> bool:
        """One connection until its end; whether there was a welcome."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        connector = aiohttp.TCPConnector(local_addr=(self.local, 0) if self.local else None)
        async with aiohttp.ClientSession(connector=connector) as http:
            try:
                async with asyncio.timeout(_CONNECT_S):
                    socket = await http.ws_connect(f"{self.house.url}/ws?room={self.room}", headers=headers)
            except aiohttp.WSServerHandshakeError as error:
                self.statuses.append(error.status)
                raise
            self._socket = socket
            async with socket:
                async for message in socket:
                    if message.type is aiohttp.WSMsgType.TEXT:
                        self._take(json.loads(message.data))
        return self._ready.is_set()

    def _take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "welcome":
                self.opened_at.append(time.monotonic())
                self._ready.set()
                self._turnout, self._is_server_gone = message["turnout"], False
                self._note_state(message)
                if message["boot"] != self._boot and self._boot and self.on_boot is not None:
                    task = asyncio.create_task(self._call(self.on_boot))
                    self._work.add(task)
                    task.add_done_callback(self._work.discard)
                self._boot = message["boot"]
            case "state":
                self._note_state(message)
            case "done" | "refused":
                answer = self._answers.get(message["id"])
                if answer is not None and not answer.done():
                    answer.set_result(message)
            case "turnout":
                self._turnout = message["pages"]
            case "closing":
                self._is_server_gone |= message["code"] == "stopping"
                self.closings.append((time.monotonic(), message["code"]))

    @staticmethod
    async def _call(work: Callable[[], Awaitable[None]]) -> None:
        await work()

    def _note_state(self, message: dict[str, Any]) -> None:
        if not self.keeps_states:
            self.states.clear()
        self.version = message["version"]
        self.states.append((time.monotonic(), message["state"]))
