"""WHIP, RFC 9725: a venue, a booth's microphone or a remote speaker sends its sound (and picture) in.

As what the sound comes in is said by the bearer's role alone. The answer carries all of our candidates; PATCH takes
the client's, and restarts ICE.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from interpreting.ids import RoomId, SourceId
from server.access import Handler
from server.doorman import CALLER
from server.earshot import check_speaking
from server.ice_patch import FRAGMENT, patch_ice
from server.ice_servers import add_links
from server.keys import BOOT, BOOT_HEADER, CONDUCTOR, JOINS
from server.limits import ADDRESS, SDP_MAX_BYTES, read_body, require_type
from server.problems import Problem
from server.sessions import Session, SessionKind
from server.switchboard import source_of

SDP: Final = "application/sdp"
_MICROPHONES: Final = ("1", "2", "3", "4")


async def publish(request: web.Request) -> web.Response:
    """POST: take the offer, answer 201 with Location, ETag, TURN servers and the answer."""
    require_type(request, SDP)
    offer = await read_body(request, SDP_MAX_BYTES)
    caller = request[CALLER]
    if caller.invitation is None:
        raise Problem("token_missing")
    try:
        text = offer.decode("utf-8")
    except UnicodeDecodeError:
        raise Problem("offer_malformed") from None
    room = RoomId(request.match_info["room"])
    is_intercom = _is_intercom(request)
    if not is_intercom:
        check_speaking(request.app[CONDUCTOR].room(room), caller.invitation)
        _check_not_taken(request, room, source_of(caller.invitation, _microphone(request)))
    joins = request.app[JOINS]
    with joins.begin(SessionKind.PUBLISH, room, caller.invitation.role.value) as join:
        session, answer = await request.app[CONDUCTOR].switchboard.publish(
            room, caller.invitation, text, request[ADDRESS], _microphone(request), is_intercom
        )
        joins.answered(join, session)
    response = web.Response(
        status=201,
        text=answer.sdp,
        content_type=SDP,
        headers={"Location": f"/whip/{room}/{session.id}", "ETag": answer.etag, BOOT_HEADER: request.app[BOOT]},
    )
    add_links(request, response)
    return response


async def patch(request: web.Request) -> web.Response:
    """PATCH: candidates, 204, or an ICE restart, 200; the same errors as DELETE, and those of the fragment."""
    return await patch_ice(request, _session(request))


async def end(request: web.Request) -> web.Response:
    """DELETE: end the session; 200, or 404 when it is not there, 403 when it is somebody else's."""
    await request.app[CONDUCTOR].switchboard.end(_session(request))
    return web.Response(status=200)


async def options(request: web.Request) -> web.Response:
    """OPTIONS: what a program of another origin may send, and what POST and PATCH take, and the TURN servers."""
    is_session = "session" in request.match_info
    headers = {
        "Access-Control-Allow-Methods": "PATCH, DELETE" if is_session else "POST",
        "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match",
        "Access-Control-Max-Age": "86400",
    }
    headers |= {"Accept-Patch": FRAGMENT} if is_session else {"Accept-Post": SDP}
    response = web.Response(status=204, headers=headers)
    if not is_session:
        add_links(request, response)
    return response


def _is_intercom(request: web.Request) -> bool:
    """Return whether it is for the intercom alone. Raises request_invalid."""
    asked = request.query.get("as", "")
    if asked not in ("", "intercom"):
        raise Problem("request_invalid")
    return asked == "intercom"


def _check_not_taken(request: web.Request, room: RoomId, source: SourceId) -> None:
    """Raise sent_elsewhere to a page that comes back by itself while another one sends in its place.

    Two pages with the same link would else take the hall from each other for ever. Who comes by hand says no `after`.
    """
    after = request.query.get("after")
    conductor = request.app[CONDUCTOR]
    now = conductor.switchboard.feeding(room, source)
    if after and now is not None and now.id != after and conductor.room(room).is_live(source):
        raise Problem("sent_elsewhere")


def _microphone(request: web.Request) -> int:
    """Return which of the hall's microphones it is, from 1, which is the venue itself. Raises request_invalid."""
    asked = request.query.get("microphone", "1")
    if asked not in _MICROPHONES:
        raise Problem("request_invalid")
    return int(asked)


def _session(request: web.Request) -> Session:
    """Return the session addressed, the caller's own. Raises Problem session_unknown or session_not_yours."""
    session = request.app[CONDUCTOR].switchboard.session(request.match_info["session"])
    room = request.match_info["room"]
    if session is None or session.kind is not SessionKind.PUBLISH or session.room != room:
        raise Problem("session_unknown")
    owner, caller = session.owner, request[CALLER].invitation
    if owner is None or caller is None or owner.id != caller.id:
        raise Problem("session_not_yours")
    return session


HANDLERS: Final[Mapping[str, Handler]] = {
    "whip_publish": publish,
    "whip_patch": patch,
    "whip_end": end,
    "whip_options": options,
}
