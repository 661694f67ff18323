"""What a desk mends beside commands: a sender's connection, where listeners are, an alarm that somebody has seen.

POST /rooms/{room}/sources/{source}/restart    end the sender's connection, so that its page makes a new one
POST /rooms/{room}/listeners/move              `{"from": "uk", "to": "floor"}`: who hears the one hears the other
POST /rooms/{room}/alarms/{alarm}/ack          somebody has seen it

All of it is in the log book, with who did it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from aiohttp import web

from interpreting.ids import RoomId
from interpreting.roles import Role
from server.access import Handler
from server.doorman import CALLER
from server.keys import ALARMS, CLOCKS, CONDUCTOR, HUB, LOGBOOK
from server.limits import JSON_MAX_BYTES, read_body
from server.messages import BadMessage, parse_json
from server.problems import Problem
from server.switchboard import Move


async def restart_source(request: web.Request) -> web.Response:
    """POST restart: 204; 404 session_unknown when nobody is connected to send this source."""
    room, source = RoomId(request.match_info["room"]), request.match_info["source"]
    if not await request.app[CONDUCTOR].switchboard.restart(room, source):
        raise Problem("session_unknown")
    request.app[LOGBOOK].note(room, "act", by=_by(request), act="restart_source", source=source)
    return web.Response(status=204)


async def move_listeners(request: web.Request) -> web.Response:
    """POST move: 200 with how many moved; who takes part chooses for themselves and stays.

    Pages are told: those that play the livestream follow by themselves, the others show where they are now.
    """
    conductor, room = request.app[CONDUCTOR], RoomId(request.match_info["room"])
    channel, to = parse_move(await read_body(request, JSON_MAX_BYTES))
    if not (conductor.has_channel(room, channel) and conductor.has_channel(room, to)):
        raise Problem("channel_unknown")
    move = Move(channel, to, int(request.app[CLOCKS].now() * 1000))
    request.app[HUB].tell_roles(room, {Role.VIEWER}, {"type": "moved", **asdict(move)})
    moved = await conductor.switchboard.move_audience(room, move)
    request.app[LOGBOOK].note(room, "act", by=_by(request), act="move_listeners", channel=channel, to=to, moved=moved)
    return web.json_response({"moved": moved})


async def acknowledge(request: web.Request) -> web.Response:
    """POST ack: 204, also when it was acknowledged before; 404 alarm_unknown when it does not stand."""
    room, alarm = RoomId(request.match_info["room"]), request.match_info["alarm"]
    if not request.app[ALARMS].acknowledge(room, alarm, _by(request)):
        raise Problem("alarm_unknown")
    return web.Response(status=204)


def parse_move(raw: bytes) -> tuple[str, str]:
    """Return the channel to be left and the one to hear. Raises Problem request_invalid."""
    try:
        wish = parse_json(raw)
    except BadMessage:
        raise Problem("request_invalid") from None
    if not isinstance(wish, dict) or wish.keys() != {"from", "to"}:
        raise Problem("request_invalid")
    channel, to = wish["from"], wish["to"]
    if not isinstance(channel, str) or not isinstance(to, str):
        raise Problem("request_invalid")
    return channel, to


def _by(request: web.Request) -> str:
    """Who did it, as other desks are told."""
    invitation = request[CALLER].invitation
    return (invitation.name or invitation.person) if invitation else ""


HANDLERS: Final[Mapping[str, Handler]] = {
    "source_restart": restart_source,
    "listeners_move": move_listeners,
    "alarm_ack": acknowledge,
}
