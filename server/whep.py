"""WHEP, draft-ietf-wish-whep-03: anybody listens to a channel of an open room, and sees its picture.

Beyond the draft there is one extension, announced by a Link header: a session's channel is changed in place by
`PUT {session}/channel`, so that the language switches without a new connection.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from interpreting.ids import RoomId
from interpreting.workshop import MAX_HOLDERS
from server.access import Handler
from server.attending import STAGE, face_picture
from server.doorman import CALLER
from server.ice_patch import FRAGMENT, patch_ice
from server.ice_servers import add_links
from server.keys import BOOT, BOOT_HEADER, CONDUCTOR, CONFIG, JOINS
from server.limits import ADDRESS, JSON_MAX_BYTES, SDP_MAX_BYTES, read_body, require_type
from server.messages import BadMessage, parse_json
from server.metrics_sheet import kind_of_bus
from server.problems import Problem
from server.sessions import Session, SessionKind, is_audience
from server.switchboard import HALL_PICTURE

SDP: Final = "application/sdp"
EDGE: Final = "Tolmach-Edge"
"""The header that names the edge a session is on, so that its page knows when that edge is lost."""
CHANNEL_EXTENSION: Final = "urn:tolmach:whep:ext:channel"
PICTURES: Final = frozenset({HALL_PICTURE, STAGE, *(face_picture(slot) for slot in range(MAX_HOLDERS))})
MAX_PICTURES: Final = 8
_IS_UNDER: Final[Mapping[object, bool]] = {"none": False, "under": True}


async def listen(request: web.Request) -> web.Response:
    """POST: take the offer, answer 201 with Location, ETag, the answer, Links of the extension and TURN servers."""
    require_type(request, SDP)
    is_under = _is_under(request.query.get("original", "none"))
    pictures = _pictures(request)
    room, channel = RoomId(request.match_info["room"]), request.match_info["channel"]
    offer = await read_body(request, SDP_MAX_BYTES)
    try:
        text = offer.decode("utf-8")
    except UnicodeDecodeError:
        raise Problem("offer_malformed") from None
    conductor, owner = request.app[CONDUCTOR], request[CALLER].invitation
    session = conductor.listener(room, channel, is_under, owner)
    joins = request.app[JOINS]
    with joins.begin(SessionKind.LISTEN, room, kind_of_bus(channel)) as join:
        answer = await conductor.switchboard.listen(session, text, request[ADDRESS], pictures, _frames(request))
        joins.answered(join, session)
    location = f"/whep/{room}/{channel}/{session.id}"
    response = web.Response(
        status=201,
        text=answer.sdp,
        content_type=SDP,
        headers={"Location": location, "ETag": answer.etag, BOOT_HEADER: request.app[BOOT]},
    )
    if answer.edge:
        response.headers[EDGE] = answer.edge
    response.headers.add("Link", f'<{location}/channel>; rel="{CHANNEL_EXTENSION}"')
    add_links(request, response)
    return response


async def switch(request: web.Request) -> web.Response:
    """PUT {session}/channel: hear another channel from now on; 204."""
    require_type(request, "application/json")
    session = _session(request)
    channel, is_under = parse_wish(await read_body(request, JSON_MAX_BYTES))
    if session.follows:
        # What they hear is their `select_channel`'s.
        raise Problem("forbidden")
    wanted = request.app[CONDUCTOR].listener(session.room, channel, is_under, session.owner)
    await request.app[CONDUCTOR].switchboard.switch(session, wanted.channel, wanted.bus)
    return web.Response(status=204)


def parse_wish(raw: bytes) -> tuple[str, bool]:
    """Return the channel a listener wishes for, and whether the original is to be heard under it. Raises Problem."""
    try:
        wish = parse_json(raw)
    except BadMessage:
        raise Problem("request_invalid") from None
    if not isinstance(wish, dict) or not {"channel"} <= wish.keys() <= {"channel", "original"}:
        raise Problem("request_invalid")
    channel = wish["channel"]
    if not isinstance(channel, str):
        raise Problem("channel_unknown")
    return channel, _is_under(wish.get("original", "none"))


async def patch(request: web.Request) -> web.Response:
    """PATCH: candidates, 204, or an ICE restart, 200."""
    return await patch_ice(request, _session(request))


async def end(request: web.Request) -> web.Response:
    """DELETE: end the session; 200."""
    await request.app[CONDUCTOR].switchboard.end(_session(request))
    return web.Response(status=200)


async def head(request: web.Request) -> web.Response:
    """HEAD: 200 as application/sdp when the channel is there."""
    room, channel = RoomId(request.match_info["room"]), request.match_info["channel"]
    if not request.app[CONDUCTOR].has_channel(room, channel):
        raise Problem("channel_unknown")
    return web.Response(status=200, content_type=SDP)


async def options(request: web.Request) -> web.Response:
    """OPTIONS: what a program of another origin may send, and what POST and PATCH take, and the TURN servers."""
    if request.path.endswith("/channel") and "session" in request.match_info:
        methods = "PUT"
    else:
        methods = "PATCH, DELETE" if "session" in request.match_info else "POST, HEAD"
    headers = {
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
        "Access-Control-Max-Age": "86400",
    }
    if "PATCH" in methods:
        headers["Accept-Patch"] = FRAGMENT
    response = web.Response(status=204, headers=headers)
    if "POST" in methods:
        response.headers["Accept-Post"] = SDP
        add_links(request, response)
    return response


def _pictures(request: web.Request) -> tuple[str, ...]:
    """Return which picture each video m-line of the offer gets. Raises Problem pictures_invalid."""
    pictures = tuple(request.query.get("pictures", HALL_PICTURE).split(","))
    if not set(pictures) <= PICTURES or len(pictures) > MAX_PICTURES:
        raise Problem("pictures_invalid")
    return pictures


def _frames(request: web.Request) -> int:
    """Return how many ticks of 20 ms a packet carries: as asked for, else the server's custom for the audience."""
    listens_only = is_audience(request[CALLER].invitation)
    custom = request.app[CONFIG].edges.listener_packet_ms if listens_only else 20
    asked = request.query.get("ptime", str(custom))
    if asked not in ("20", "60"):
        raise Problem("request_invalid")
    return int(asked) // 20


def _is_under(word: object) -> bool:
    if not isinstance(word, str) or word not in _IS_UNDER:
        raise Problem("original_invalid")
    return _IS_UNDER[word]


def _session(request: web.Request) -> Session:
    """Return the session addressed. Its owner's bearer is needed when it has an owner."""
    session = request.app[CONDUCTOR].switchboard.session(request.match_info["session"])
    room = request.match_info["room"]
    if session is None or session.kind is not SessionKind.LISTEN or session.room != room:
        raise Problem("session_unknown")
    caller = request[CALLER].invitation
    if session.owner is not None and (caller is None or caller.id != session.owner.id):
        raise Problem("session_not_yours")
    return session


HANDLERS: Final[Mapping[str, Handler]] = {
    "whep_listen": listen,
    "whep_switch": switch,
    "whep_patch": patch,
    "whep_end": end,
    "whep_head": head,
    "whep_options": options,
}
