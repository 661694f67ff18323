"""Video messages over HTTP: sent, listed, seen beforehand, deleted; and their subtitles.

    GET    /reels/{room}                      what there is
    POST   /reels/{room}?name=…&item=…        send one: the file as the body
    DELETE /reels/{room}/{asset}              delete one that is neither cued nor playing
    GET    /reels/{room}/{asset}/preview.mp4  see it, as it will be played
    GET    /reels/{room}/{asset}/subtitles    its subtitles' lines
    PUT    /reels/{room}/{asset}/subtitles    give it subtitles: a .vtt or .srt as the body

Whoever may read papers is told by the message `reels` that the list has changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Final

from aiohttp import web

from interpreting.ids import ItemId, RoomId
from server.access import Handler
from server.doorman import CALLER
from server.keys import CONDUCTOR, REELS, TRANSLATOR
from server.limits import read_body
from server.problems import Problem
from server.reels.shelf import Asset, Standing
from server.reels.subtitles import MAX_BYTES, parse_subtitles
from server.security import asked_language

MAX_NAME_CHARS: Final = 120
STALLED_S: Final = 30.0
"""A sender of whom nothing comes for so long is gone."""
LONGEST_S: Final = 60 * 60.0
_SUBTITLES_TIMEOUT_S: Final = 50.0


async def listed(request: web.Request) -> web.Response:
    """GET /reels/{room}: the list, oldest first."""
    room = RoomId(request.match_info["room"])
    shown = [_shown(request, asset) for asset in request.app[REELS].of_room(room)]
    return web.json_response({"reels": shown})


async def put(request: web.Request) -> web.Response:
    """POST /reels/{room}: keep the file and prepare it; 201 with what it is."""
    room = RoomId(request.match_info["room"])
    name, item = _name(request), _item(request, room)
    invitation = request[CALLER].invitation
    asset = await request.app[REELS].take_in(
        room,
        _body(request),
        name=name,
        item=item,
        by=invitation.name if invitation else "",
        length=request.content_length,
    )
    headers = {"Location": f"/reels/{room}/{asset.id}"}
    return web.json_response(_shown(request, asset), status=201, headers=headers)


async def remove(request: web.Request) -> web.Response:
    """DELETE /reels/{room}/{asset}: delete it. Raises Problem reel_in_use while it is cued or plays."""
    asset = _asset(request)
    playout = request.app[CONDUCTOR].room(asset.room).playout
    if playout is not None and playout.asset == asset.id:
        raise Problem("reel_in_use")
    await request.app[REELS].remove(asset)
    return web.Response(status=204)


async def preview(request: web.Request) -> web.StreamResponse:
    """GET /reels/{room}/{asset}/preview.mp4: the film as it will be played; ranges are answered."""
    asset = _asset(request)
    _, reel = request.app[REELS].ready(asset.room, asset.id)
    return web.FileResponse(reel.path, headers={"Content-Type": "video/mp4", "Cache-Control": "private, max-age=3600"})


async def subtitles(request: web.Request) -> web.Response:
    """GET /reels/{room}/{asset}/subtitles: {"cues": [{"from_s", "to_s", "text"}]}."""
    cues = await asyncio.to_thread(request.app[REELS].shelf.cues, _asset(request))
    return web.json_response({"cues": cues})


async def put_subtitles(request: web.Request) -> web.Response:
    """PUT /reels/{room}/{asset}/subtitles: in the place of earlier ones."""
    asset = _asset(request)
    try:
        content = await read_body(request, MAX_BYTES, _SUBTITLES_TIMEOUT_S)
    except Problem as problem:
        if problem.code != "too_large":
            raise
        raise Problem("subtitles_too_large", headers=problem.headers) from None
    cues = await asyncio.to_thread(parse_subtitles, content)
    await request.app[REELS].put_cues(asset, cues)
    return web.json_response({"cues": len(cues)})


def _asset(request: web.Request) -> Asset:
    return request.app[REELS].asset(RoomId(request.match_info["room"]), request.match_info["asset"])


def _shown(request: web.Request, asset: Asset) -> dict[str, object]:
    """Return a message as pages get it; `text` says in their language why it failed."""
    has_failed = asset.standing is Standing.FAILED
    words = request.app[TRANSLATOR].error_text(asked_language(request), asset.code) if has_failed else ""
    return {
        "asset": asset.id,
        "name": asset.name,
        "item": asset.item,
        "by": asset.by,
        "at": asset.at,
        "size": asset.size,
        "standing": asset.standing.value,
        "percent": asset.percent,
        "code": asset.code,
        "text": words,
        "seconds": round(asset.seconds, 3),
        "is_silent": asset.is_silent,
        "has_subtitles": asset.has_subtitles,
    }


def _name(request: web.Request) -> str:
    """Return the file's name without a path. Raises Problem request_invalid for one that is missing or too long."""
    name = " ".join(request.query.get("name", "").replace("\\", "/").rpartition("/")[2].split())
    if not 0 < len(name) <= MAX_NAME_CHARS or not name.isprintable():
        raise Problem("request_invalid")
    return name


def _item(request: web.Request, room: RoomId) -> ItemId | None:
    """Return the item that is asked for, if any. Raises Problem item_unknown."""
    item = ItemId(request.query.get("item", ""))
    if not item:
        return None
    if item not in (one.id for one in request.app[CONDUCTOR].room(room).items):
        raise Problem("item_unknown")
    return item


async def _body(request: web.Request) -> AsyncIterator[bytes]:
    """Yield the body as it comes. Raises Problem request_timeout or request_invalid."""
    try:
        async with asyncio.timeout(LONGEST_S):
            while piece := await asyncio.wait_for(request.content.readany(), STALLED_S):
                yield piece
    except TimeoutError:
        raise Problem("request_timeout", headers={"Connection": "close"}) from None
    except web.RequestPayloadError:
        raise Problem("request_invalid", headers={"Connection": "close"}) from None


HANDLERS: Final[Mapping[str, Handler]] = {
    "reels": listed,
    "reel_put": put,
    "reel_remove": remove,
    "reel_preview": preview,
    "reel_subtitles": subtitles,
    "reel_subtitles_put": put_subtitles,
}
