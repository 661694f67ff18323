"""When open files run out: the newcomer is told to come later, and those who are here notice nothing.

Every page holds a connection and every connection a file descriptor; sound needs none. So connections are counted, and
some descriptors are kept back for the store, the edges, and for saying no. Without that the operating system would say
no at a place where nobody can answer any more.
"""

from __future__ import annotations

import asyncio
import os
import resource
import socket
from typing import Final

from aiohttp import web

from server.security import HEADERS

# Connections taken from the kernel at one go, and the descriptors kept free for them and for everything else. The loop
# goes round three times between taking a connection and closing one that is turned away, and takes more each time.
_ACCEPTED_AT_ONCE: Final = 4
_IN_TRANSIT: Final = 3 * _ACCEPTED_AT_ONCE
_FOR_FILES: Final = 4
RESERVE: Final = 24
# More than any hall needs; a process that may open millions would only be slower to find that out.
_MOST: Final = 65_536
_GOODBYE_S: Final = 1.0
_FEWEST: Final = 4
_WAITING: Final = 1024
_BODY: Final = b'{"error": {"code": "overloaded", "text": "Full. Come later."}}\n'
_FULL: Final = (
    "".join(
        f"{line}\r\n"
        for line in (
            "HTTP/1.1 503 Service Unavailable",
            "Retry-After: 5",
            "Connection: close",
            "Content-Type: application/json; charset=utf-8",
            f"Content-Length: {len(_BODY)}",
            *(f"{name}: {value}" for name, value in HEADERS.items()),
            "",
        )
    ).encode()
    + _BODY
)


def raise_limit() -> int:
    """Open as many files as we may, and return how many that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST if hard == resource.RLIM_INFINITY else min(hard, _MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return _MOST if soft == resource.RLIM_INFINITY else min(soft, _MOST)


def free_for_connections(limit: int) -> int:
    """Return how many connections a process with what it has open now may hold under `limit` open files."""
    try:
        used = len(os.listdir("/proc/self/fd"))
    except OSError:
        used = RESERVE
    return max(_FEWEST, limit - used - RESERVE)


class Doorway(web.BaseSite):
    """Serves on TCP at `host` (None: everywhere) and `port`; past `most` connections the next get 503 at once."""

    def __init__(self, runner: web.BaseRunner, host: str | None, port: int, most: int) -> None:
        super().__init__(runner, backlog=_ACCEPTED_AT_ONCE)
        self._host = host
        self._port = port
        self._most = most
        self._turning_away = 0

    @property
    def name(self) -> str:
        """What aiohttp calls it."""
        return f"http://{self._host or '0.0.0.0'}:{self._port}"

    async def start(self) -> None:
        """Bind and begin to accept. Raises OSError for a port in use."""
        await super().start()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._receive, self._host, self._port, backlog=self._backlog)
        for bound in self._server.sockets:
            # The loop accepts as many at one go as may wait in the kernel, which here are very different numbers.
            with socket.socket(fileno=os.dup(bound.fileno())) as twin:
                twin.listen(_WAITING)

    def _receive(self) -> asyncio.Protocol:
        server = self._runner.server
        assert server is not None
        if len(server.connections) + self._turning_away < self._most:
            return server()
        return _Full(self)

    def turning_away(self, more: int) -> bool:
        """Count who is being told no; False when even for that there is no room."""
        self._turning_away += more
        return self._turning_away <= RESERVE - _IN_TRANSIT - _FOR_FILES


class _Full(asyncio.Protocol):
    """Says no to whatever is asked, and waits a moment for the other side to have read it."""

    def __init__(self, doorway: Doorway) -> None:
        self._doorway = doorway
        self._end: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        if not self._doorway.turning_away(1):
            transport.abort()
            return
        self._transport = transport
        self._end = asyncio.get_running_loop().call_later(_GOODBYE_S, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Answer at the first bytes: clients take an answer that comes before their question for a broken line."""
        if self._transport is not None:
            self._transport.write(_FULL)
            self._transport.write_eof()
            self._transport = None

    def connection_lost(self, exc: Exception | None) -> None:
        self._doorway.turning_away(-1)
        if self._end is not None:
            self._end.cancel()
