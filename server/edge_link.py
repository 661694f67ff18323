"""One edge as the origin knows it: its sessions, its load, and the questions it has not answered yet.

An edge is a process, not a connection: it may lose its WebSocket and come back, while its listeners go on hearing.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from media.errors import MediaError, Overloaded, PeerUnknown
from server.config_edges import MAX_LISTENERS
from server.edge_messages import Answered, Done, Failed, FromOrigin, Load, Reply, Request, format_edge_message
from server.tokens import EdgePass

REQUEST_S: Final = 2.0
"""An edge that does not answer in this time is not waited for."""
SILENT_S: Final = 2.0
RETURN_S: Final = 1.0
"""How long a connection that broke may take to come back: the edge tries at once, so a process that lives is here."""

_NO_LOAD: Final = Load(listeners=0, max_listeners=0, packets_per_s=0.0, cpu_share=0.0, figures={})


class EdgeGone(Exception):
    """The edge is dead, cut off, or does not answer."""


class EdgeOutlet(Protocol):
    """The sending half of an edge's WebSocket."""

    async def send_str(self, data: str) -> None:
        """Send one text message. Raises ConnectionError when it is closed."""
        ...

    async def close(self) -> object:
        """Say goodbye and close."""
        ...


@dataclass(frozen=True, slots=True)
class EdgeFigures:
    """What is told of an edge: by /metrics, and to other servers."""

    name: str
    edge: str
    is_alive: bool
    listeners: int
    max_listeners: int
    packets_per_s: float
    cpu_share: float


class EdgeLink:
    """One edge process. `peers` are the sessions it holds, `coming` those it was asked to take and `pulls` its own
    sessions at the local engine.

    Args:
        instance: what the process calls itself.
        name: what people call it.
        held: the token it came with.
        clock: monotonic seconds.
    """

    def __init__(self, instance: str, name: str, held: EdgePass, clock: Callable[[], float]) -> None:
        self.instance = instance
        self.name = name
        self.held = held
        self.tag = secrets.token_hex(4)
        self.peers: set[str] = set()
        self.coming: set[str] = set()
        self.pulls: set[str] = set()
        self.load = _NO_LOAD
        self._clock = clock
        self._outlet: EdgeOutlet | None = None
        self._heard = clock()
        self._left = clock()
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Reply]] = {}

    @property
    def is_connected(self) -> bool:
        """Whether it can be asked."""
        return self._outlet is not None

    @property
    def fullness(self) -> float:
        """Its sessions as a share of what it takes; 1 and more is full."""
        present = len(self.peers) + len(self.coming)
        # Before its first load is known one edge is as large as another.
        return present / (self.load.max_listeners or MAX_LISTENERS)

    @property
    def figures(self) -> EdgeFigures:
        """What is told of it."""
        load = self.load
        return EdgeFigures(
            self.name, self.tag, True, len(self.peers), load.max_listeners, load.packets_per_s, load.cpu_share
        )

    def is_lost(self, now: float) -> bool:
        """Whether it has been silent, or away, for too long."""
        if self._outlet is None and now - self._left > RETURN_S:
            return True
        return now - self._heard > SILENT_S

    def excuse(self, seconds: float) -> None:
        """We ourselves did not listen for so long: that is not the edge's silence."""
        self._heard += seconds
        self._left += seconds

    def connected(self, outlet: EdgeOutlet) -> EdgeOutlet | None:
        """It is here, or here again. Returns the connection this one takes the place of."""
        former, self._outlet = self._outlet, outlet
        self._heard = self._clock()
        self._give_up()
        return former

    def disconnected(self, outlet: EdgeOutlet) -> None:
        """A connection of it has ended; what was asked there will not be answered."""
        if self._outlet is outlet:
            self._outlet = None
            self._left = self._clock()
            self._give_up()

    def buried(self) -> EdgeOutlet | None:
        """It is given up. Returns the connection that may still be open."""
        outlet, self._outlet = self._outlet, None
        self._give_up()
        return outlet

    def heard(self) -> None:
        """A message of it has come."""
        self._heard = self._clock()

    def settle(self, reply: Reply) -> None:
        """Take the answer to a request; one that nobody waits for is dropped."""
        waiting = self._waiting.pop(reply.id, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)

    async def ask(self, request: Callable[[int], Request]) -> Answered | Done:
        """Ask and return the answer.

        Raises EdgeGone, or the `MediaError` the edge answered with.
        """
        id = next(self._ids)
        waiting: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[id] = waiting
        try:
            async with asyncio.timeout(REQUEST_S):
                await self.send(request(id))
                reply = await waiting
        except TimeoutError:
            raise EdgeGone from None
        finally:
            self._waiting.pop(id, None)
        if isinstance(reply, Failed):
            raise media_error(reply.code, reply.status)
        return reply

    async def send(self, message: FromOrigin) -> None:
        """Send a message. Raises EdgeGone."""
        if self._outlet is None:
            raise EdgeGone
        try:
            await self._outlet.send_str(format_edge_message(message))
        except ConnectionError:
            raise EdgeGone from None

    def _give_up(self) -> None:
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(EdgeGone())
        self._waiting.clear()


def media_error(code: str, status: int) -> MediaError:
    """Return the error an edge's engine raised, as ours would have been."""
    match code:
        case "peer_unknown":
            return PeerUnknown()
        case "overloaded":
            return Overloaded(code)
        case _:
            return MediaError(code, status)
