"""GET /meters: the desk's meters by WebSocket, in one connection for all rooms of an invitation."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from aiohttp import WSMsgType, web

from server.access import Handler
from server.coverage import rooms_of
from server.doorman import CALLER
from server.keys import CLOCKS, CONFIG, HUB, METERS, REVOCATIONS
from server.limits import ADDRESS
from server.origins import check_origin
from server.problems import Problem
from server.tokens import Invitation

HEARTBEAT_S: Final = 20.0
CLOSE_TIMEOUT_S: Final = 2.0
_CHECK_S: Final = 2.0
_MAX_MESSAGE_BYTES: Final = 1024


async def meters(request: web.Request) -> web.WebSocketResponse:
    """GET /meters[?as=ID]: layouts as text, levels as bytes, until either side ends it or the invitation is over."""
    check_origin(request)
    invitation, hub = request[CALLER].invitation, request.app[HUB]
    assert invitation is not None
    if hub.is_closing:
        raise Problem("stopping", headers={"Retry-After": "2"})
    rooms = rooms_of(invitation, request.app[CONFIG].conferences)
    socket = web.WebSocketResponse(
        heartbeat=HEARTBEAT_S, timeout=CLOSE_TIMEOUT_S, max_msg_size=_MAX_MESSAGE_BYTES, compress=False
    )
    with hub.crowd.one_more(request[ADDRESS]):
        await socket.prepare(request)
        assert request.transport is not None
        with request.app[METERS].looked_at(request.transport, rooms):
            watching = asyncio.create_task(_until_over(request.app, invitation))
            reading = asyncio.create_task(_until_left(socket))
            await asyncio.wait({watching, reading}, return_when=asyncio.FIRST_COMPLETED)
            for task in (watching, reading):
                task.cancel()
            await asyncio.gather(watching, reading, return_exceptions=True)
        await socket.close()
    return socket


async def _until_left(socket: web.WebSocketResponse) -> None:
    """Wait until the page goes; one that says anything is none of ours."""
    async for message in socket:
        if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            return


async def _until_over(app: web.Application, invitation: Invitation) -> None:
    """Wait until the server stops or the invitation is withdrawn or over."""
    while not app[HUB].is_closing and app[CLOCKS].now() < invitation.forgotten_at:
        if await app[REVOCATIONS].is_revoked(invitation.id):
            return
        await asyncio.sleep(_CHECK_S)


HANDLERS: Final[Mapping[str, Handler]] = {"meters": meters}
