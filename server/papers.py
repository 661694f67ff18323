"""Papers for the booths: manuscripts and glossaries for a programme item, or for the whole room.

    GET    /papers/{room}/{item}          what lies there
    POST   /papers/{room}/{item}          lay one there: `?kind=text|pdf|glossary&name=…`, the bytes as the body
    GET    /papers/{room}/{item}/{paper}  read one; a PDF comes with a sandbox of its own
    DELETE /papers/{room}/{item}/{paper}  take one away

`item` is an item of the room's programme, or `room`. Whoever works in the room is told by the message `papers` that
the list has changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from aiohttp import web

from interpreting.ids import RoomId
from interpreting.roles import Role
from server.access import Handler
from server.doorman import CALLER
from server.keys import CLOCKS, CONDUCTOR, CONFIG, HUB
from server.limits import read_body
from server.paper_kinds import CONTENT_TYPES, MAX_BYTES, PaperKind, checked
from server.paper_shelf import PaperShelf
from server.problems import Problem

WHOLE_ROOM: Final = "room"
MAX_NAME_CHARS: Final = 120
# Ten megabytes over a hotel's network.
UPLOAD_TIMEOUT_S: Final = 50.0
READERS: Final = frozenset({Role.INTERPRETER, Role.MODERATOR, Role.TECHNICIAN, Role.ORGANISER})
"""Who is told of papers; the access table lets the same in."""

# The browser's own reader shows a PDF also without an origin; whatever it carries has none of ours.
_SANDBOX: Final = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; sandbox; frame-ancestors 'self'"


async def papers(request: web.Request) -> web.Response:
    """GET /papers/{room}/{item}: the list, oldest first."""
    room, item = _place(request)
    found = await asyncio.to_thread(_shelf(request).papers, room, item)
    return web.json_response({"item": item, "papers": [asdict(paper) for paper in found]})


async def put(request: web.Request) -> web.Response:
    """POST /papers/{room}/{item}: check the paper and keep it; 201 with what it is."""
    room, item = _place(request)
    kind, name = _kind(request), _name(request)
    content = await asyncio.to_thread(checked, kind, await _body(request, kind))
    invitation = request[CALLER].invitation
    paper = await asyncio.to_thread(
        _shelf(request).put,
        room,
        item,
        name=name,
        kind=kind,
        content=content,
        by=invitation.name if invitation else "",
        now=request.app[CLOCKS].now(),
    )
    _tell(request, room, item)
    return web.json_response(asdict(paper), status=201, headers={"Location": f"/papers/{room}/{item}/{paper.id}"})


async def read(request: web.Request) -> web.Response:
    """GET /papers/{room}/{item}/{paper}: its content, which nothing may run in."""
    room, item = _place(request)
    paper, content = await asyncio.to_thread(_shelf(request).read, room, item, request.match_info["paper"])
    return web.Response(
        body=content,
        content_type=CONTENT_TYPES[paper.kind],
        charset=None if paper.kind is PaperKind.PDF else "utf-8",
        headers={
            "Content-Security-Policy": _SANDBOX,
            "X-Frame-Options": "SAMEORIGIN",
            "Content-Disposition": "inline",
            "Cache-Control": "private, max-age=3600, immutable",
        },
    )


async def remove(request: web.Request) -> web.Response:
    """DELETE /papers/{room}/{item}/{paper}: take it away."""
    room, item = _place(request)
    await asyncio.to_thread(_shelf(request).remove, room, item, request.match_info["paper"])
    _tell(request, room, item)
    return web.Response(status=204)


def _shelf(request: web.Request) -> PaperShelf:
    return PaperShelf(request.app[CONFIG].data / "papers")


def _tell(request: web.Request, room: RoomId, item: str) -> None:
    request.app[HUB].tell_roles(room, READERS, {"type": "papers", "item": item})


def _place(request: web.Request) -> tuple[RoomId, str]:
    """Return the room and the item asked for. Raises Problem item_unknown for one that the programme does not have."""
    room, item = RoomId(request.match_info["room"]), request.match_info["item"]
    items = request.app[CONDUCTOR].view(room, Role.TECHNICIAN).get("items", ())
    known = {str(one["id"]) for one in items} if isinstance(items, list | tuple) else set()
    if item != WHOLE_ROOM and item not in known:
        raise Problem("item_unknown")
    return room, item


def _kind(request: web.Request) -> PaperKind:
    try:
        return PaperKind(request.query.get("kind", ""))
    except ValueError:
        raise Problem("request_invalid") from None


def _name(request: web.Request) -> str:
    """Return the paper's name, of one line. Raises Problem request_invalid for one that is missing or too long."""
    name = " ".join(request.query.get("name", "").split())
    if not 0 < len(name) <= MAX_NAME_CHARS or not name.isprintable():
        raise Problem("request_invalid")
    return name


async def _body(request: web.Request, kind: PaperKind) -> bytes:
    """Return the body. Raises Problem as `read_body` does, with the words for a paper when it is too large."""
    try:
        return await read_body(request, MAX_BYTES[kind], UPLOAD_TIMEOUT_S)
    except Problem as problem:
        if problem.code != "too_large":
            raise
        raise Problem("paper_too_large", headers=problem.headers) from None


HANDLERS: Final[Mapping[str, Handler]] = {
    "papers": papers,
    "paper_put": put,
    "paper_read": read,
    "paper_remove": remove,
}
