"""Permission on the doorstep: every route × method × role of the server, in one table.

A route exists because it has a line here: `register` is the only way handlers reach the router, and it refuses to
leave a line or a handler alone. What is absent is denied: a method without a line is 405, a role outside `who` is
403, and nobody at all where somebody is needed is 401. Handlers find the caller in `request[CALLER]`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from aiohttp import web

from interpreting.ids import RoomId
from interpreting.roles import Role
from server.coverage import CONFERENCE_ROLES, DESK_ROLES, covers
from server.doorman import CALLER, Caller, Proof
from server.keys import CONDUCTOR, CONFIG, DOORMAN, LIMITS, NEIGHBOURS
from server.limits import ADDRESS, Rate, address_key, client_address
from server.problems import Problem

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ROLES: Final[tuple[Role | None, ...]] = (None, *Role)
"""Everybody who may come; None is a caller without any invitation."""

ANYONE: Final[frozenset[Role | None]] = frozenset(ROLES)
NOBODY: Final[frozenset[Role | None]] = frozenset()
SPEAKING: Final[frozenset[Role | None]] = frozenset(
    {Role.VENUE, Role.INTERPRETER, Role.SPEAKER, Role.PARTICIPANT, Role.MODERATOR, Role.TECHNICIAN}
)
NAMED: Final = frozenset({Role.PARTICIPANT, Role.SPEAKER, Role.MODERATOR, Role.INTERPRETER})
"""People who come into a closed room by a name in their invitation alone; venue and desk are places."""

# A request that is not answered by then is given up; a WebSocket and a film on its way last longer.
ANSWER_TIMEOUT_S: Final = 60.0


class Kind(StrEnum):
    """What sort of route it is: how errors look and which limit counts."""

    PAGE = "page"
    STATIC = "static"
    PUBLISH = "publish"
    LISTEN = "listen"
    SOCKET = "socket"
    PROBE = "probe"
    HLS = "hls"
    PAPER = "paper"
    REEL = "reel"
    ENTER = "enter"


# A whole hall stands behind one address; each figure is what a crowd of some thousand does when a session begins.
RATES: Final[Mapping[str, Rate]] = {
    Kind.PAGE: Rate(burst=1000, per_s=50),
    Kind.STATIC: Rate(burst=20_000, per_s=1000),
    Kind.PUBLISH: Rate(burst=60, per_s=5),
    Kind.LISTEN: Rate(burst=4000, per_s=200),
    Kind.SOCKET: Rate(burst=1000, per_s=50),
    Kind.PROBE: Rate(burst=60, per_s=10),
    # A low-latency viewer asks nine times a second; more than this the server could not answer either.
    Kind.HLS: Rate(burst=40_000, per_s=10_000),
    Kind.PAPER: Rate(burst=300, per_s=10),
    Kind.REEL: Rate(burst=300, per_s=10),
    # Each makes an invitation.
    Kind.ENTER: Rate(burst=300, per_s=5),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: who may use `method` on `path`, shown by which proof, served by the handler called `name`.

    `devices` are what a page may ask of the browser (Permissions-Policy), opened by one of `devices_for`;
    `is_embeddable` pages may stand in a frame of any other site.
    """

    name: str
    method: str
    path: str
    kind: Kind
    proof: Proof = Proof.NONE
    who: frozenset[Role | None] = ANYONE
    devices: tuple[str, ...] = ()
    is_embeddable: bool = False
    devices_for: frozenset[Role | None] = ANYONE


def _rules(
    name: str,
    methods: str,
    path: str,
    kind: Kind,
    proof: Proof = Proof.NONE,
    who: frozenset[Role | None] = ANYONE,
    devices: tuple[str, ...] = (),
    is_embeddable: bool = False,
    devices_for: frozenset[Role | None] = ANYONE,
) -> tuple[Rule, ...]:
    return tuple(
        Rule(name, method, path, kind, proof, who, devices, is_embeddable, devices_for) for method in methods.split()
    )


_UNHURRIED: Final = frozenset({Kind.SOCKET, Kind.REEL})
_WHIP: Final = "/whip/{room}"
_HLS: Final = "/hls/{room}"
_WHEP: Final = "/whep/{room}/{channel}"
_INTERPRETER: Final[frozenset[Role | None]] = frozenset({Role.INTERPRETER})
_VENUE: Final[frozenset[Role | None]] = frozenset({Role.VENUE})
_MODERATOR: Final[frozenset[Role | None]] = frozenset({Role.MODERATOR})
_AT_THE_SCREEN: Final[frozenset[Role | None]] = frozenset({Role.VENUE, Role.MODERATOR, Role.TECHNICIAN})
_AT_THE_LECTERN: Final[frozenset[Role | None]] = frozenset({Role.VENUE, Role.MODERATOR, Role.TECHNICIAN, Role.SPEAKER})
_READING: Final[frozenset[Role | None]] = frozenset({Role.INTERPRETER, Role.MODERATOR, Role.TECHNICIAN, Role.ORGANISER})
_PAPERS: Final = "/papers/{room}/{item}"
_ORGANISER: Final[frozenset[Role | None]] = frozenset({Role.ORGANISER})
_REELS: Final = "/reels/{room}"
_REEL: Final = _REELS + "/{asset}"
_TECHNICIAN: Final[frozenset[Role | None]] = frozenset({Role.TECHNICIAN})
_ROOM: Final = "/rooms/{room}"
_PUSHES: Final = "/rooms/{room}/pushes"
_PUSH: Final = _PUSHES + "/{name}"
_DESK_ROOM: Final = "/desk/rooms/{room}"
_RECORDING: Final = "/recordings/{recording}"

RULES: Final[tuple[Rule, ...]] = (
    *_rules("start", "GET HEAD", "/", Kind.PAGE),
    *_rules("conference", "GET HEAD", "/c/{conference}", Kind.PAGE),
    *_rules("watch", "GET HEAD", "/r/{room}", Kind.PAGE, Proof.COOKIE),
    *_rules("embed", "GET HEAD", "/r/{room}/embed", Kind.PAGE, is_embeddable=True),
    *_rules(
        "booth",
        "GET HEAD",
        "/r/{room}/booth/{booth}",
        Kind.PAGE,
        Proof.COOKIE,
        _INTERPRETER,
        devices=("microphone",),
    ),
    *_rules(
        "venue",
        "GET HEAD",
        "/r/{room}/venue",
        Kind.PAGE,
        Proof.COOKIE,
        _VENUE,
        devices=("microphone", "camera"),
    ),
    *_rules("workshop", "GET HEAD", "/r/{room}/workshop", Kind.PAGE, Proof.COOKIE, devices=("microphone", "camera")),
    *_rules("workshop_enter", "POST", "/r/{room}/workshop", Kind.ENTER),
    *_rules(
        "moderator",
        "GET HEAD",
        "/r/{room}/moderator",
        Kind.PAGE,
        Proof.COOKIE,
        _MODERATOR,
        devices=("microphone", "camera"),
    ),
    *_rules("screen", "GET HEAD", "/r/{room}/screen", Kind.PAGE, Proof.COOKIE, _AT_THE_SCREEN),
    *_rules("guide", "GET HEAD", "/r/{room}/guide", Kind.PAGE, Proof.COOKIE, _VENUE, devices=("microphone",)),
    *_rules("lectern", "GET HEAD", "/r/{room}/lectern", Kind.PAGE, Proof.COOKIE, _AT_THE_LECTERN),
    *_rules("qr", "GET HEAD", "/r/{room}/qr.svg", Kind.STATIC),
    # For the intercom; the others at the desk have none there.
    *_rules(
        "desk",
        "GET HEAD",
        "/desk",
        Kind.PAGE,
        Proof.COOKIE,
        DESK_ROLES,
        devices=("microphone",),
        devices_for=_TECHNICIAN,
    ),
    *_rules("report", "GET HEAD", _DESK_ROOM + "/report", Kind.PAGE, Proof.COOKIE, DESK_ROLES),
    *_rules("report_csv", "GET HEAD", _DESK_ROOM + "/report.csv", Kind.PAGE, Proof.COOKIE, DESK_ROLES),
    *_rules("report_json", "GET HEAD", _DESK_ROOM + "/report.json", Kind.PAGE, Proof.COOKIE, DESK_ROLES),
    *_rules("rehearsal_page", "GET HEAD", _DESK_ROOM + "/rehearsal", Kind.PAGE, Proof.COOKIE, DESK_ROLES),
    *_rules("rehearsal", "GET HEAD", "/rooms/{room}/rehearsal", Kind.PAGE, Proof.BEARER, DESK_ROLES),
    *_rules("rehearse", "POST", "/rooms/{room}/rehearsal", Kind.PAGE, Proof.BEARER, DESK_ROLES),
    *_rules("join", "GET HEAD", "/join/{invitation}", Kind.PAGE),
    *_rules("static", "GET HEAD", "/static/{file:.+}", Kind.STATIC),
    *_rules("ws", "GET", "/ws", Kind.SOCKET, Proof.SOCKET),
    *_rules("edge", "GET", "/edge", Kind.SOCKET, Proof.EDGE, NOBODY),
    *_rules("whip_publish", "POST", _WHIP, Kind.PUBLISH, Proof.BEARER, SPEAKING),
    *_rules("whip_options", "OPTIONS", _WHIP, Kind.PUBLISH),
    *_rules("whip_patch", "PATCH", _WHIP + "/{session}", Kind.PUBLISH, Proof.BEARER, SPEAKING),
    *_rules("whip_end", "DELETE", _WHIP + "/{session}", Kind.PUBLISH, Proof.BEARER, SPEAKING),
    *_rules("whip_options", "OPTIONS", _WHIP + "/{session}", Kind.PUBLISH),
    *_rules("whep_listen", "POST", _WHEP, Kind.LISTEN, Proof.BEARER),
    *_rules("whep_head", "HEAD", _WHEP, Kind.LISTEN),
    *_rules("whep_options", "OPTIONS", _WHEP, Kind.LISTEN),
    *_rules("whep_patch", "PATCH", _WHEP + "/{session}", Kind.LISTEN, Proof.BEARER),
    *_rules("whep_end", "DELETE", _WHEP + "/{session}", Kind.LISTEN, Proof.BEARER),
    *_rules("whep_options", "OPTIONS", _WHEP + "/{session}", Kind.LISTEN),
    *_rules("whep_switch", "PUT", _WHEP + "/{session}/channel", Kind.LISTEN, Proof.BEARER),
    *_rules("whep_options", "OPTIONS", _WHEP + "/{session}/channel", Kind.LISTEN),
    *_rules("papers", "GET HEAD", _PAPERS, Kind.PAPER, Proof.BEARER, _READING),
    *_rules("paper_put", "POST", _PAPERS, Kind.PAPER, Proof.BEARER, _READING),
    # A frame carries no bearer. What a cookie can do here is to read.
    *_rules("paper_read", "GET HEAD", _PAPERS + "/{paper}", Kind.PAPER, Proof.COOKIE, _READING),
    *_rules("paper_remove", "DELETE", _PAPERS + "/{paper}", Kind.PAPER, Proof.BEARER, _READING),
    *_rules("reels", "GET HEAD", _REELS, Kind.PAPER, Proof.BEARER, _READING),
    *_rules("reel_put", "POST", _REELS, Kind.REEL, Proof.BEARER, DESK_ROLES),
    *_rules("reel_remove", "DELETE", _REEL, Kind.PAPER, Proof.BEARER, DESK_ROLES),
    *_rules("reel_preview", "GET HEAD", _REEL + "/preview.mp4", Kind.REEL, Proof.COOKIE, _READING),
    *_rules("reel_subtitles", "GET HEAD", _REEL + "/subtitles", Kind.PAPER, Proof.BEARER, _READING),
    *_rules("reel_subtitles_put", "PUT", _REEL + "/subtitles", Kind.PAPER, Proof.BEARER, DESK_ROLES),
    *_rules("chain_run", "POST", "/chain/{room}", Kind.PAGE, Proof.BEARER, _READING),
    *_rules("chain_runs", "GET HEAD", "/chain/{room}", Kind.PAGE, Proof.BEARER, _READING),
    *_rules("hls_playlist", "GET HEAD", _HLS + "/{playlist}.m3u8", Kind.HLS),
    *_rules("hls_options", "OPTIONS", _HLS + "/{playlist}.m3u8", Kind.HLS),
    *_rules("hls_media", "GET HEAD", _HLS + "/{track}/{file}", Kind.HLS),
    *_rules("hls_options", "OPTIONS", _HLS + "/{track}/{file}", Kind.HLS),
    # Who may see a recording depends on whether it is published: its handlers ask (`server.recordings.viewing`).
    *_rules("recording", "GET HEAD", _RECORDING, Kind.PAGE),
    *_rules("recording_playlist", "GET HEAD", _RECORDING + "/{playlist}.m3u8", Kind.STATIC),
    *_rules("recording_segment", "GET HEAD", _RECORDING + "/{track}/{msn}.m4s", Kind.STATIC),
    *_rules("recording_header", "GET HEAD", _RECORDING + "/{track}/init-{init}.mp4", Kind.STATIC),
    *_rules("recording_download", "GET HEAD", _RECORDING + "/download/{download}", Kind.STATIC),
    *_rules("recording_publish", "POST", _RECORDING + "/publish", Kind.PAGE, Proof.BEARER, DESK_ROLES),
    *_rules("recording_unpublish", "POST", _RECORDING + "/unpublish", Kind.PAGE, Proof.BEARER, DESK_ROLES),
    *_rules("recording_remove", "DELETE", _RECORDING, Kind.PAGE, Proof.BEARER, CONFERENCE_ROLES),
    *_rules("meters", "GET", "/meters", Kind.SOCKET, Proof.SOCKET, DESK_ROLES),
    *_rules("source_restart", "POST", _ROOM + "/sources/{source}/restart", Kind.PUBLISH, Proof.BEARER, _TECHNICIAN),
    *_rules("listeners_move", "POST", _ROOM + "/listeners/move", Kind.PUBLISH, Proof.BEARER, _TECHNICIAN),
    *_rules("alarm_ack", "POST", _ROOM + "/alarms/{alarm}/ack", Kind.PAGE, Proof.BEARER, DESK_ROLES),
    *_rules("pushes", "GET HEAD", _PUSHES, Kind.PUBLISH, Proof.BEARER, DESK_ROLES),
    *_rules("push_put", "PUT", _PUSH, Kind.PUBLISH, Proof.BEARER, _ORGANISER),
    *_rules("push_remove", "DELETE", _PUSH, Kind.PUBLISH, Proof.BEARER, _ORGANISER),
    # Nothing leaves without an organiser's wish; what should not leave may be stopped by who sees it.
    *_rules("push_start", "PUT", _PUSH + "/live", Kind.PUBLISH, Proof.BEARER, _ORGANISER),
    *_rules("push_stop", "DELETE", _PUSH + "/live", Kind.PUBLISH, Proof.BEARER, CONFERENCE_ROLES),
    *_rules("healthz", "GET HEAD", "/healthz", Kind.PROBE),
    *_rules("readyz", "GET HEAD", "/readyz", Kind.PROBE),
    *_rules("metrics", "GET HEAD", "/metrics", Kind.PROBE),
)

RULE: Final = web.RequestKey("rule", Rule)
"""The line a request came in by; absent where no line fits."""


def register(app: web.Application, handlers: Mapping[str, Handler]) -> None:
    """Put every line on the router with its handler behind the door.

    Raises ValueError when a line has no handler or a handler no line.
    """
    lonely = {rule.name for rule in RULES} ^ handlers.keys()
    if lonely:
        raise ValueError(f"not in both the access table and the handlers: {', '.join(sorted(lonely))}")
    for rule in RULES:
        handler = _behind_door(rule, handlers[rule.name])
        app.router.add_route(rule.method, rule.path, handler, expect_handler=_let_come)


async def _let_come(request: web.Request) -> None:
    """Have the body sent to us; what else is expected is passed over (RFC 9110 section 10.1.1)."""
    if request.headers.get("Expect", "").strip().lower() == "100-continue" and request.version >= (1, 1):
        assert request.transport is not None
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def _behind_door(rule: Rule, handler: Handler) -> Handler:
    """Return the handler, called only for who may: limit first, then identity, role, room."""

    async def answer(request: web.Request) -> web.StreamResponse:
        request[RULE] = rule
        request[ADDRESS] = address_key(client_address(request, request.app[CONFIG].trusted_proxies))
        request.app[LIMITS].check(rule.kind, request[ADDRESS])
        async with asyncio.timeout(None if rule.kind in _UNHURRIED else ANSWER_TIMEOUT_S):
            send_home(request, request.match_info.get("room"))
            await _admit(request, rule)
            return await handler(request)

    return answer


async def _admit(request: web.Request, rule: Rule) -> None:
    """Let the caller in and note who it is. Raises Problem 401, 403 or 404."""
    caller = await request.app[DOORMAN].caller(request, rule.proof)
    request[CALLER] = caller
    if caller.role not in rule.who and caller.edge is None:
        if caller.role is None:
            raise Problem("token_missing")
        raise Problem("forbidden")
    room = request.match_info.get("room")
    if room is not None:
        admit_to_room(request, caller, RoomId(room))


def send_home(request: web.Request, room: str | None) -> None:
    """Raise HTTPTemporaryRedirect (307) for a room that another server has and we have not: the same request, there."""
    if room is None or request.app[CONDUCTOR].has_room(RoomId(room)):
        return
    home = request.app[NEIGHBOURS].home_of(room)
    if home is not None:
        raise web.HTTPTemporaryRedirect(f"{home}{request.path_qs}")


def admit_to_room(request: web.Request, caller: Caller, room: RoomId) -> None:
    """Let the caller into a room. Raises Problem room_unknown, wrong_room or name_needed.

    To those who are not invited a closed room does not exist.
    """
    if not request.app[CONDUCTOR].has_room(room):
        raise Problem("room_unknown")
    config, invitation = request.app[CONFIG], caller.invitation
    if invitation is not None and not covers(invitation, room, config.conferences):
        raise Problem("wrong_room")
    if config.rooms[room].is_closed and caller.edge is None:
        if invitation is None or invitation.role is Role.VIEWER:
            raise Problem("room_unknown")
        if invitation.role in NAMED and not invitation.name:
            raise Problem("name_needed")
