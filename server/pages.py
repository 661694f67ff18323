"""The pages: start, conference, watch, embedded player, booth, venue, personal links.

A page is rendered in the language asked for and carries, as JSON, all that its script begins with. `?lang=` is the
switch of the page's language and is remembered (`server.security`); it has nothing to do with the language of the
sound.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlencode, urlsplit

from aiohttp import web

from interpreting.ids import RoomId
from interpreting.roles import Role
from server.access import Handler, send_home
from server.config_rooms import ConferenceConfig
from server.coverage import rooms_of
from server.doorman import CALLER, Caller, page_path
from server.ice_servers import servers_for
from server.keys import CLOCKS, CONDUCTOR, CONFIG, DOORMAN
from server.limits import is_loopback
from server.links import demo_links
from server.problems import Problem
from server.recordings.viewing import list_recordings
from server.room_pages import page, room_page

_FORWARDED: Final = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "Via", "X-Real-IP")


async def start(request: web.Request) -> web.Response:
    """GET /: the conferences held here, and on this very machine the demo's personal links."""
    conferences = [
        {"slug": one.id, "title": dict(one.title), "rooms": [room.id for room in one.rooms if not room.is_closed]}
        for one in request.app[CONFIG].conferences
    ]
    return page(request, "start", {"page": "start", "conferences": conferences, "links": _links(request)})


async def conference(request: web.Request) -> web.Response:
    """GET /c/{conference}: its rooms, and the recordings that the caller may see."""
    slug = request.match_info["conference"]
    found = next((one for one in request.app[CONFIG].conferences if one.id == slug), None)
    if found is None:
        raise Problem("conference_unknown")
    rooms = {room.id for room in found.rooms}
    links = [link for link in _links(request) if link["room"] in rooms]
    recordings = await list_recordings(request, rooms)
    programme = _programme(found)
    return page(
        request,
        "conference",
        {"page": "start", "conference": programme, "recordings": recordings, "links": links},
    )


async def watch(request: web.Request) -> web.Response:
    """GET /r/{room}: watch and listen, for everybody. Who works in the room is anybody here: their place is theirs."""
    caller = request[CALLER]
    is_at_work = caller.role not in (None, Role.VIEWER)
    return room_page(request, "watch", Caller() if is_at_work else caller)


async def embed(request: web.Request) -> web.Response:
    """GET /r/{room}/embed: the player alone, to stand in a frame of another site. Nobody is anybody there."""
    return room_page(request, "embed", Caller())


async def booth(request: web.Request) -> web.Response:
    """GET /r/{room}/booth/{booth}: the interpreter's console."""
    room, booth_id = RoomId(request.match_info["room"]), request.match_info["booth"]
    if not request.app[CONDUCTOR].has_booth(room, booth_id):
        raise Problem("booth_unknown")
    invitation = request[CALLER].invitation
    if invitation is None or invitation.booth not in (None, booth_id):
        raise Problem("wrong_room")
    return room_page(request, "booth", request[CALLER], booth_id)


async def venue(request: web.Request) -> web.Response:
    """GET /r/{room}/venue: the hall's machine."""
    return room_page(request, "venue", request[CALLER])


async def desk(request: web.Request) -> web.Response:
    """GET /desk: every room of the conference that the invitation is for, side by side."""
    caller, app = request[CALLER], request.app
    invitation = caller.invitation
    if invitation is None:
        raise Problem("token_missing")
    rooms = [
        {
            "room": room,
            "ws": f"/ws?{urlencode({'room': room, 'as': invitation.id})}",
            "state": app[CONDUCTOR].view(room, invitation.audience),
        }
        for room in rooms_of(invitation, app[CONFIG].conferences)
    ]
    if not rooms:
        raise Problem("room_unknown")
    relays = [server.as_page() for server in servers_for(request)]
    data = {"page": "desk", "token": caller.token, "role": invitation.role.value, "ice_servers": relays}
    return page(request, "desk", {**data, "rooms": rooms})


async def lectern(request: web.Request) -> web.Response:
    """GET /r/{room}/lectern: what the speaker in the hall should see."""
    return room_page(request, "lectern", request[CALLER])


async def join(request: web.Request) -> web.Response:
    """GET /join/{invitation}: leave the cookie and go on to the page the link is for."""
    token = request.match_info["invitation"]
    invitation = await request.app[DOORMAN].read(token)
    send_home(request, invitation.room)
    if not request.app[CONDUCTOR].has_room(invitation.room):
        raise Problem("room_unknown")
    target = f"{page_path(invitation)}?{urlencode({'as': invitation.id})}"
    response = web.Response(status=303, headers={"Location": target})
    request.app[DOORMAN].leave_cookie(response, invitation, token)
    return response


def _programme(found: ConferenceConfig) -> dict[str, object]:
    open_rooms = (room for room in found.rooms if not room.is_closed)
    rooms = [{"room": room.id, "title": dict(room.title), "languages": list(room.languages)} for room in open_rooms]
    return {"slug": found.id, "title": dict(found.title), "rooms": rooms}


def _links(request: web.Request) -> list[dict[str, object]]:
    """Return the demo's links for a browser on this machine; to everybody else they are nobody's business."""
    if not _is_at_the_machine(request):
        return []
    config = request.app[CONFIG]
    return [
        {
            "role": link.role.value,
            "room": link.room,
            "title": dict(config.rooms[RoomId(link.room)].title),
            "booth": link.booth,
            "is_backup": link.is_backup,
            "name": link.name,
            "url": link.path,
        }
        for link in demo_links(config, request.app[CLOCKS].now())
    ]


def _is_at_the_machine(request: web.Request) -> bool:
    """Tell whether the browser runs on this machine, asked for it by a local name, and no proxy stands between.

    The name is checked against DNS rebinding, the headers because behind a local proxy everybody is local.
    """
    own = urlsplit(request.app[CONFIG].public_url).hostname
    try:
        asked = urlsplit(f"//{request.host}").hostname
    except ValueError:
        return False
    if any(name in request.headers for name in _FORWARDED):
        return False
    return is_loopback(request.remote) and _is_local_name(own) and _is_local_name(asked)


def _is_local_name(name: str | None) -> bool:
    if name == "localhost":
        return True
    try:
        return ip_address(name or "").is_loopback
    except ValueError:
        return False


HANDLERS: Final[Mapping[str, Handler]] = {
    "start": start,
    "conference": conference,
    "watch": watch,
    "embed": embed,
    "booth": booth,
    "venue": venue,
    "desk": desk,
    "lectern": lectern,
    "join": join,
}
