"""The chain test by HTTP, for the console and the technician.

POST /chain/{room}    run it; `{"confirm": true}` from the desk while the hall is live
GET  /chain/{room}    what was found before, newest first
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from interpreting.ids import RoomId
from media.errors import MediaError
from server.access import Handler
from server.coverage import DESK_ROLES
from server.doorman import CALLER
from server.keys import CHAIN_TESTS, LOGBOOK
from server.limits import JSON_MAX_BYTES, read_body
from server.messages import BadMessage, parse_json
from server.problems import Problem


async def run(request: web.Request) -> web.Response:
    """POST /chain/{room}: some seven seconds, then 200 with the figures."""
    # Over a live hall only those who run it may insist; a booth disturbs nobody.
    may_insist = request[CALLER].role in DESK_ROLES
    is_confirmed = parse_confirmation(await read_body(request, JSON_MAX_BYTES)) and may_insist
    try:
        room, invitation = RoomId(request.match_info["room"]), request[CALLER].invitation
        found = await request.app[CHAIN_TESTS].run(room, is_confirmed=is_confirmed)
        request.app[LOGBOOK].note(room, "act", by=invitation.name if invitation else None, act="chain_test")
    except MediaError as error:
        raise Problem("chain_broken") from error
    return web.json_response(found)


async def runs(request: web.Request) -> web.Response:
    """GET /chain/{room}: the figures of earlier runs."""
    found = await request.app[CHAIN_TESTS].runs(RoomId(request.match_info["room"]))
    return web.json_response({"runs": found}, headers={"Cache-Control": "no-store"})


def parse_confirmation(raw: bytes) -> bool:
    """Return whether the body confirms; an empty one does not. Raises Problem request_invalid."""
    if not raw:
        return False
    try:
        wish = parse_json(raw)
    except BadMessage:
        raise Problem("request_invalid") from None
    if not isinstance(wish, dict) or wish.keys() - {"confirm"} or not isinstance(wish.get("confirm", False), bool):
        raise Problem("request_invalid")
    return bool(wish.get("confirm", False))


HANDLERS: Final[Mapping[str, Handler]] = {"chain_run": run, "chain_runs": runs}
