"""Pushes over HTTP, for the desk.

    GET    /rooms/{room}/pushes              all of the room, without their addresses
    PUT    /rooms/{room}/pushes/{name}       enter where one goes: {"url", "channel", "token"}; it does not start
    DELETE /rooms/{room}/pushes/{name}       forget it
    PUT    /rooms/{room}/pushes/{name}/live  start it
    DELETE /rooms/{room}/pushes/{name}/live  stop it

An address holds a stream key: it comes in here and never goes out, into no answer and no log.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from interpreting.ids import RoomId
from server.access import Handler
from server.keys import CONDUCTOR, PUSHES
from server.limits import JSON_MAX_BYTES, read_body, require_type
from server.messages import BadMessage, parse_json
from server.problems import Problem
from server.pushes.target import BadTarget, Target, checked_target


async def pushes(request: web.Request) -> web.Response:
    """GET /rooms/{room}/pushes: how each stands."""
    room, _ = _place(request)
    return web.json_response({"pushes": [view.as_page() for view in request.app[PUSHES].views(room)]})


async def put(request: web.Request) -> web.Response:
    """PUT /rooms/{room}/pushes/{name}: enter or change a target; 200 with how it stands."""
    require_type(request, "application/json", "Accept")
    room, name = _place(request)
    target = _target(name, await read_body(request, JSON_MAX_BYTES))
    if not request.app[CONDUCTOR].has_channel(room, target.channel):
        raise Problem("channel_unknown")
    await request.app[PUSHES].put(room, target)
    return _answer(request)


async def remove(request: web.Request) -> web.Response:
    """DELETE /rooms/{room}/pushes/{name}: 204, or 404 when there is none, 409 for one of the configuration."""
    room, name = _place(request)
    await request.app[PUSHES].remove(room, name)
    return web.Response(status=204)


async def start(request: web.Request) -> web.Response:
    """PUT /rooms/{room}/pushes/{name}/live: it goes out from now on; 200, also when it did already."""
    room, name = _place(request)
    await request.app[PUSHES].set_started(room, name, is_started=True)
    return _answer(request)


async def stop(request: web.Request) -> web.Response:
    """DELETE /rooms/{room}/pushes/{name}/live: it goes out no more; 200, also when it did not."""
    room, name = _place(request)
    await request.app[PUSHES].set_started(room, name, is_started=False)
    return _answer(request)


def _place(request: web.Request) -> tuple[RoomId, str]:
    return RoomId(request.match_info["room"]), request.match_info.get("name", "")


def _answer(request: web.Request) -> web.Response:
    room, name = _place(request)
    return web.json_response(request.app[PUSHES].view(room, name).as_page())


def _target(name: str, body: bytes) -> Target:
    """Return the target in a body. Raises Problem request_invalid or push_target_invalid."""
    try:
        value = parse_json(body)
    except BadMessage:
        raise Problem("request_invalid") from None
    if not isinstance(value, dict) or value.keys() - {"token"} != {"url", "channel"}:
        raise Problem("request_invalid")
    url, channel, token = value["url"], value["channel"], value.get("token", "")
    if not isinstance(url, str) or not isinstance(channel, str) or not isinstance(token, str):
        raise Problem("request_invalid")
    try:
        return checked_target(name, url, channel, token)
    except BadTarget:
        raise Problem("push_target_invalid") from None


HANDLERS: Final[Mapping[str, Handler]] = {
    "pushes": pushes,
    "push_put": put,
    "push_remove": remove,
    "push_start": start,
    "push_stop": stop,
}
