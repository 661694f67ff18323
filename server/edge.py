"""An edge process: `tolmach edge`. It fans out to its listeners what it subscribes to at the origin.

It dials the origin and comes back by itself for ever; meanwhile those who listen go on hearing, as long as the origin
still sends. It keeps nothing: killed and started again it is a new edge without listeners.
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import signal
import sys
import time
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Final

from aiohttp import (
    ClientError,
    ClientSession,
    ClientTimeout,
    ClientWebSocketResponse,
    ClientWSTimeout,
    WSMsgType,
    WSServerHandshakeError,
)
from yarl import URL

from media.edge import EdgeEngine
from media.edge import Pull as EnginePull
from media.engine import Answer, EngineConfig, EngineStats, PeerClosed, PeerConnected
from media.errors import MediaError
from server.edge_messages import (
    MAX_EDGE_MESSAGE_BYTES,
    PROTOCOL,
    Answered,
    Close,
    Closed,
    Connected,
    Done,
    Failed,
    FromEdge,
    Hello,
    Load,
    Move,
    Pull,
    Reply,
    Request,
    Subscribe,
    UpdateIce,
    Welcome,
    format_edge_message,
    parse_edge_message,
)
from server.messages import BadMessage
from server.tidying import Tidying

LOAD_S: Final = 0.5
WELCOME_S: Final = 5.0
HUNG_S: Final = 5.0
"""Media that do not answer for so long are no longer spoken for."""
HEARTBEAT_S: Final = 10.0
CLOSE_S: Final = 0.5
ORPHANED_S: Final = 10.0
"""How long listeners that a restarted origin does not know may stay: their pages come anew within this."""
BACKOFF_S: Final = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
_FOR_GOOD: Final = (401, 403)


class EdgeRefused(Exception):
    """The origin does not let this edge in; coming again with the same token would be of no use."""


@dataclass(frozen=True, slots=True)
class EdgeConfig:
    """Which origin, by which token, under which name; where media are received and what is announced.

    `ends_with_parent`: the end of stdin ends the edge.
    """

    origin: URL
    token: str
    name: str
    engine: EngineConfig
    ends_with_parent: bool = False


class Edge:
    """One edge between its engine and its origin.

    Args:
        engine: opened and closed by the caller.
        config: whom to dial.
    """

    def __init__(self, engine: EdgeEngine, config: EdgeConfig) -> None:
        self._engine = engine
        self._config = config
        self._instance = secrets.token_hex(8)
        self._socket: ClientWebSocketResponse | None = None
        self._boot: str | None = None
        self._attempt = 0
        self._count = 0
        self._pulls: dict[int, str] = {}
        self._pace = _Pace()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve until cancelled. Raises EdgeRefused."""
        tasks = [self._start(work) for work in (self._keep_connected(), self._tell_events(), self._carry_pulls())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _keep_connected(self) -> None:
        headers = {"Authorization": f"Bearer {self._config.token}"}
        async with ClientSession(headers=headers, timeout=ClientTimeout(total=None, sock_connect=3)) as http:
            while True:
                try:
                    await self._converse(http)
                except WSServerHandshakeError as error:
                    if error.status in _FOR_GOOD:
                        raise EdgeRefused(f"the origin refuses this edge ({error.status})") from None
                except (ClientError, OSError, BadMessage, TimeoutError, TypeError):
                    pass
                pause_s = BACKOFF_S[min(self._attempt, len(BACKOFF_S) - 1)]
                self._attempt += 1
                await asyncio.sleep(pause_s * random.uniform(1.0, 1.5))

    async def _converse(self, http: ClientSession) -> None:
        """One connection, from hello to its end."""
        async with http.ws_connect(
            self._config.origin / "edge",
            heartbeat=HEARTBEAT_S,
            timeout=ClientWSTimeout(ws_close=CLOSE_S),
            max_msg_size=MAX_EDGE_MESSAGE_BYTES,
        ) as socket:
            peers = tuple(await self._engine.listeners())
            await socket.send_str(format_edge_message(Hello(PROTOCOL, self._instance, self._config.name, peers)))
            async with asyncio.timeout(WELCOME_S):
                welcome = parse_edge_message(await socket.receive_str())
            if not isinstance(welcome, Welcome):
                raise BadMessage("no welcome")
            self._attempt = 0
            self._socket = socket
            self._start(self._let_go(set(peers) - set(welcome.keep), welcome.boot))
            loads = self._start(self._tell_load(socket))
            try:
                async for frame in socket:
                    if frame.type is not WSMsgType.TEXT:
                        raise BadMessage("not a text")
                    await self._take(frame.data)
            finally:
                self._socket = None
                loads.cancel()
                await self._drop_pulls()

    async def _let_go(self, unknown: set[str], boot: str) -> None:
        """End sessions that the origin does not know: at once, or by and by when it was restarted."""
        was_restarted = self._boot is not None and self._boot != boot
        self._boot = boot
        if was_restarted and unknown:
            await asyncio.sleep(ORPHANED_S)
        for peer in unknown:
            await self._engine.close_peer(peer)

    async def _take(self, text: str) -> None:
        message = parse_edge_message(text)
        match message:
            case Subscribe() | UpdateIce() | Move() | Close():
                await self._say(await self._obey(message))
            case Answered() | Failed():
                await self._pull_answered(message)
            case _:
                raise BadMessage("an edge's own message")

    async def _obey(self, request: Request) -> Reply:
        try:
            answer = await self._do(request)
        except MediaError as error:
            return Failed(request.id, error.code, error.status)
        return Done(request.id) if answer is None else Answered(request.id, answer.sdp, answer.etag)

    async def _do(self, request: Request) -> Answer | None:
        engine = self._engine
        match request:
            case Subscribe():
                return await engine.subscribe(
                    request.peer,
                    request.offer,
                    bus=request.bus,
                    picture=request.picture,
                    more_pictures=request.more_pictures,
                    frames=request.frames,
                )
            case UpdateIce():
                etags = None if request.etags is None else frozenset(request.etags)
                return await engine.update_ice(request.peer, request.fragment, etags=etags)
            case Move():
                await engine.move(request.peer, request.bus)
            case Close():
                await engine.close_peer(request.peer)
        return None

    async def _tell_events(self) -> None:
        async for event in self._engine.events():
            match event:
                case PeerConnected():
                    await self._say(Connected(event.peer))
                case PeerClosed():
                    await self._say(Closed(event.peer, event.reason))
                case _:
                    pass

    async def _carry_pulls(self) -> None:
        async for pull in self._engine.pulls():
            self._count += 1
            self._pulls[self._count] = pull.peer
            if not await self._say(_pull(self._count, pull)):
                await self._drop_pulls()

    async def _pull_answered(self, reply: Answered | Failed) -> None:
        peer = self._pulls.pop(reply.id, None)
        if peer is None:
            return
        if isinstance(reply, Failed):
            await self._engine.refused(peer)
            return
        # The origin's media may be reachable where its signalling is, whatever it announces.
        address = self._socket.get_extra_info("peername") if self._socket is not None else None
        await self._engine.answered(peer, reply.sdp, address[0].partition("%")[0] if address else None)

    async def _drop_pulls(self) -> None:
        pulls, self._pulls = self._pulls, {}
        for peer in pulls.values():
            await self._engine.refused(peer)

    async def _tell_load(self, socket: ClientWebSocketResponse) -> None:
        load = Load(0, self._config.engine.max_listeners, 0.0, 0.0, {})
        asking: asyncio.Task[EngineStats] | None = None
        asked = 0.0
        while not socket.closed and (asking is None or time.monotonic() - asked < HUNG_S):
            if asking is None:
                asking, asked = asyncio.create_task(self._engine.stats()), time.monotonic()
            await asyncio.wait([asking], timeout=LOAD_S)
            if asking.done():
                load, asking = self._loaded(asking.result()), None
                await self._say(load)
                await asyncio.sleep(LOAD_S)
            else:
                # A crowd joins just now: it is alive, and tells its figures when it comes to it.
                await self._say(load)

    def _loaded(self, stats: EngineStats) -> Load:
        packets_per_s, cpu_share = self._pace.since_last(stats.packets_sent)
        return Load(stats.peers, self._config.engine.max_listeners, packets_per_s, cpu_share, asdict(stats))

    async def _say(self, message: FromEdge) -> bool:
        """Send a message, if there is anybody; whoever comes back later learns all that counts from hello."""
        if self._socket is None:
            return False
        try:
            await self._socket.send_str(format_edge_message(message))
        except ConnectionError:
            return False
        return True


class _Pace:
    """How much was done since the last look."""

    def __init__(self) -> None:
        self._at = time.monotonic()
        self._cpu_s = time.process_time()
        self._packets = 0

    def since_last(self, packets: int) -> tuple[float, float]:
        """Packets a second, and the share of one core."""
        at, cpu_s = time.monotonic(), time.process_time()
        elapsed = max(at - self._at, 1e-3)
        rate, share = max(packets - self._packets, 0) / elapsed, (cpu_s - self._cpu_s) / elapsed
        self._at, self._cpu_s, self._packets = at, cpu_s, packets
        return round(rate, 1), round(share, 3)


def _pull(id: int, pull: EnginePull) -> Pull:
    return Pull(id, pull.peer, pull.offer, pull.bus, pull.picture, pull.frames)


def run(config: EdgeConfig) -> None:
    """Serve until SIGINT or SIGTERM. Raises OSError for a port in use, EdgeRefused when the origin does not want us."""
    asyncio.run(_run(config))


async def _run(config: EdgeConfig) -> None:
    engine = await EdgeEngine.open(config.engine)
    loop = asyncio.get_running_loop()
    serving = asyncio.create_task(Edge(engine, config).run())
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, serving.cancel)
    if config.ends_with_parent:
        loop.add_reader(sys.stdin.fileno(), _read_parent, serving)
    print(f"Edge {config.name} of {config.origin} is at UDP port {engine.udp_port}", flush=True)
    try:
        # Who listens here would hear any pause: nothing is collected wholly before too much has piled up.
        async with Tidying(lambda: False):
            with suppress(asyncio.CancelledError):
                await serving
    finally:
        await engine.aclose()


def _read_parent(serving: asyncio.Task[None]) -> None:
    """The parent holds the other end of our stdin and writes nothing: its end is the parent's, however that came."""
    if not os.read(sys.stdin.fileno(), 1024):
        asyncio.get_running_loop().remove_reader(sys.stdin.fileno())
        serving.cancel()
