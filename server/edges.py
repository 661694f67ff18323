"""GET /edge: the WebSocket by which an edge process says that it is here, and is told what to do.

The edge dials the origin, so only the origin needs an address that others can reach. See server/PROTOCOL.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from aiohttp import WSMsgType, web

from server.access import Handler
from server.doorman import CALLER
from server.edge_link import EdgeLink
from server.edge_messages import (
    MAX_EDGE_MESSAGE_BYTES,
    PROTOCOL,
    Answered,
    Closed,
    Connected,
    Done,
    Failed,
    Hello,
    Load,
    Pull,
    format_edge_message,
    parse_edge_message,
)
from server.fleet import Fleet
from server.keys import FLEET
from server.messages import BadMessage
from server.problems import Problem

HELLO_S: Final = 5.0
CLOSE_S: Final = 1.0
_FROM_EDGE: Final = (Hello, Pull, Connected, Closed, Load, Answered, Done, Failed)


async def connect(request: web.Request) -> web.WebSocketResponse:
    """Serve one edge until either side ends it, or it says something that is none of an edge's messages."""
    fleet = request.app[FLEET]
    if fleet.is_closed:
        raise Problem("stopping", headers={"Retry-After": "2"})
    socket = web.WebSocketResponse(timeout=CLOSE_S, max_msg_size=MAX_EDGE_MESSAGE_BYTES, compress=False)
    await socket.prepare(request)
    try:
        async with asyncio.timeout(HELLO_S):
            hello = parse_edge_message(await socket.receive_str())
    except (BadMessage, TypeError, TimeoutError):
        await socket.close(message=b"no hello")
        return socket
    if not isinstance(hello, Hello) or hello.protocol != PROTOCOL:
        await socket.close(message=b"another version")
        return socket
    held = request[CALLER].edge
    assert held is not None  # nobody else passes the access table
    edge, welcome = await fleet.join(hello, socket, held)
    try:
        await socket.send_str(format_edge_message(welcome))
        await _listen(fleet, edge, socket)
    except (BadMessage, ConnectionError):
        await socket.close(message=b"not understood")
    finally:
        fleet.leave(edge, socket)
    return socket


async def _listen(fleet: Fleet, edge: EdgeLink, socket: web.WebSocketResponse) -> None:
    """Take in what comes. Raises BadMessage for what no edge says."""
    async for frame in socket:
        if frame.type is not WSMsgType.TEXT:
            raise BadMessage("not a text")
        message = parse_edge_message(frame.data)
        if not isinstance(message, _FROM_EDGE):
            raise BadMessage("the origin's own message")
        await fleet.take(edge, message)


HANDLERS: Final[Mapping[str, Handler]] = {"edge": connect}
