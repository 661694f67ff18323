"""The pages of the hybrid workshop: taking part, moderating, the hall's screen, the tour guide's phone.

In a room whose workshop is open, strangers come in under a name of their choice: they get a participant's
invitation, so that everything else (hands, the floor, being removed) is the same for all who take part.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qs, urlencode

from aiohttp import web

from interpreting.ids import RoomId
from interpreting.roles import Role
from server.access import Handler
from server.config_rooms import Workshop
from server.doorman import CALLER, Caller, page_path
from server.keys import CLOCKS, CONFIG, DOORMAN
from server.limits import JSON_MAX_BYTES, read_body, require_type
from server.origins import check_origin
from server.problems import Problem
from server.room_pages import room_page
from server.tokens import Invitation

MAX_NAME_CHARS: Final = 60
_HOURS: Final = 24.0


async def workshop(request: web.Request) -> web.Response:
    """GET /r/{room}/workshop: take part. Others than participants and guests are strangers there."""
    caller = request[CALLER]
    is_attending = caller.role in (Role.PARTICIPANT, Role.SPEAKER)
    kind = request.app[CONFIG].rooms[RoomId(request.match_info["room"])].workshop
    return room_page(request, "workshop", caller if is_attending else Caller(), workshop=kind.value)


async def enter(request: web.Request) -> web.Response:
    """POST /r/{room}/workshop: let a stranger in under the `name` of the form; 303 to the page with their cookie."""
    check_origin(request)
    require_type(request, "application/x-www-form-urlencoded")
    room = request.app[CONFIG].rooms[RoomId(request.match_info["room"])]
    if room.workshop is not Workshop.OPEN:
        raise Problem("invitation_needed")
    name = _name(await read_body(request, JSON_MAX_BYTES))
    now = request.app[CLOCKS].now()
    invitation = Invitation.new(room.id, Role.PARTICIPANT, name=name, hours=_HOURS, now=now)
    target = f"{page_path(invitation)}?{urlencode({'as': invitation.id})}"
    response = web.Response(status=303, headers={"Location": target})
    request.app[DOORMAN].invite(response, invitation)
    return response


async def moderator(request: web.Request) -> web.Response:
    """GET /r/{room}/moderator: hands, the floor, the running order."""
    return room_page(request, "moderator", request[CALLER])


async def screen(request: web.Request) -> web.Response:
    """GET /r/{room}/screen: the picture of who speaks from afar, for the hall's projector."""
    return room_page(request, "screen", request[CALLER])


async def guide(request: web.Request) -> web.Response:
    """GET /r/{room}/guide: a phone that is the hall, and the code by which others listen."""
    return room_page(request, "guide", request[CALLER])


def _name(body: bytes) -> str:
    """Return the name in a form. Raises Problem name_invalid for one that is blank, too long or not printable."""
    try:
        values = parse_qs(body.decode("utf-8"), strict_parsing=True, max_num_fields=4, errors="strict")
    except ValueError:
        raise Problem("name_invalid") from None
    name = " ".join(values.get("name", [""])[0].split())
    if not 0 < len(name) <= MAX_NAME_CHARS or not name.isprintable():
        raise Problem("name_invalid")
    return name


HANDLERS: Final[Mapping[str, Handler]] = {
    "workshop": workshop,
    "workshop_enter": enter,
    "moderator": moderator,
    "screen": screen,
    "guide": guide,
}
