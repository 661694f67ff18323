"""How pages are written: in the language asked for, with the data that their script begins with.

The pages themselves are `server.pages`'s and `server.workshop_pages`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

from aiohttp import web

from interpreting.audience import ANYBODY
from interpreting.ids import RoomId
from server.coverage import rooms_of
from server.doorman import Caller, page_path
from server.ice_servers import servers_for
from server.keys import BOOT, CONDUCTOR, CONFIG, TEMPLATES
from server.security import asked_language
from server.tokens import Invitation


def room_page(
    request: web.Request, name: str, caller: Caller, booth_id: str | None = None, **more: object
) -> web.Response:
    """Return a page that stands in a room, with all that its script begins with; `more` goes into its data."""
    room = RoomId(request.match_info["room"])
    invitation, config = caller.invitation, request.app[CONFIG]
    query = {"room": room} | ({"as": invitation.id} if invitation else {})
    return page(
        request,
        name,
        {
            "page": name,
            "room": room,
            "token": caller.token,
            "ws": f"/ws?{urlencode(query)}",
            "booth": booth_id,
            "is_backup": bool(invitation and invitation.is_backup),
            "ice_servers": [server.as_page() for server in servers_for(request)],
            "livestream": config.rooms[room].livestream,
            "watch_url": None if config.rooms[room].is_closed else f"{config.public_url}/r/{room}",
            "rooms": _rooms(request, invitation),
            "player": _player(config.web_root),
            "state": request.app[CONDUCTOR].view(room, invitation.audience if invitation else ANYBODY),
            **more,
        },
    )


def _rooms(request: web.Request, invitation: Invitation | None) -> list[dict[str, object]]:
    """Return the rooms between which the page may change, each with the address of the page there; none for most."""
    if invitation is None or not invitation.also:
        return []
    config, conductor = request.app[CONFIG], request.app[CONDUCTOR]
    found: list[dict[str, object]] = []
    for id in rooms_of(invitation, config.conferences):
        if invitation.booth is None or conductor.has_booth(id, invitation.booth):
            there = replace(invitation, room=id)
            path = f"{page_path(there)}?{urlencode({'as': invitation.id})}"
            found.append({"room": id, "title": dict(config.rooms[id].title), "booth": invitation.booth, "path": path})
    return found


def _player(web_root: Path) -> str | None:
    """Return the address of the livestream's player, or None where `make` has not put it there."""
    found = max((web_root / "static" / "vendor").glob("hls-*.mjs"), default=None)
    return None if found is None else f"/static/vendor/{found.name}"


def page(request: web.Request, template: str, data: Mapping[str, object]) -> web.Response:
    """Return a page in the language asked for."""
    lang = asked_language(request)
    html = request.app[TEMPLATES].render(template, lang, {"boot": request.app[BOOT], **data})
    return web.Response(text=html, content_type="text/html", headers={"Content-Language": lang})
