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
from server.doorman import CALLER, Proof
from server.keys import CONDUCTOR, CONFIG, DOORMAN, LIMITS
from server.limits import ADDRESS, Rate, address_key, client_address
from server.problems import Problem

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

ROLES: Final[tuple[Role | None, ...]] = (None, *Role)
"""Everybody who may come; None is a caller without any invitation."""

ANYONE: Final[frozenset[Role | None]] = frozenset(ROLES)
NOBODY: Final[frozenset[Role | None]] = frozenset()
SPEAKING: Final[frozenset[Role | None]] = frozenset({Role.VENUE, Role.INTERPRETER, Role.SPEAKER})

# A request that is not answered by then is given up; only a WebSocket lasts longer.
ANSWER_TIMEOUT_S: Final = 60.0


class Kind(StrEnum):
    """What sort of route it is: how errors look and which limit counts."""

    PAGE = "page"
    STATIC = "static"
    PUBLISH = "publish"
    LISTEN = "listen"
    SOCKET = "socket"
    PROBE = "probe"


# A whole hall stands behind one address; each figure is what a crowd of some thousand does when a session begins.
RATES: Final[Mapping[str, Rate]] = {
    Kind.PAGE: Rate(burst=1000, per_s=50),
    Kind.STATIC: Rate(burst=20_000, per_s=1000),
    Kind.PUBLISH: Rate(burst=60, per_s=5),
    Kind.LISTEN: Rate(burst=4000, per_s=200),
    Kind.SOCKET: Rate(burst=1000, per_s=50),
    Kind.PROBE: Rate(burst=60, per_s=10),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One line: who may use `method` on `path`, shown by which proof, served by the handler called `name`.

    `devices` are what a page may ask of the browser (Permissions-Policy).
    """

    name: str
    method: str
    path: str
    kind: Kind
    proof: Proof = Proof.NONE
    who: frozenset[Role | None] = ANYONE
    devices: tuple[str, ...] = ()


def _rules(
    name: str,
    methods: str,
    path: str,
    kind: Kind,
    proof: Proof = Proof.NONE,
    who: frozenset[Role | None] = ANYONE,
    devices: tuple[str, ...] = (),
) -> tuple[Rule, ...]:
    return tuple(Rule(name, method, path, kind, proof, who, devices) for method in methods.split())


_WHIP: Final = "/whip/{room}"
_WHEP: Final = "/whep/{room}/{channel}"
_INTERPRETER: Final[frozenset[Role | None]] = frozenset({Role.INTERPRETER})
_VENUE: Final[frozenset[Role | None]] = frozenset({Role.VENUE})

RULES: Final[tuple[Rule, ...]] = (
    *_rules("start", "GET HEAD", "/", Kind.PAGE),
    *_rules("conference", "GET HEAD", "/c/{conference}", Kind.PAGE),
    *_rules("watch", "GET HEAD", "/r/{room}", Kind.PAGE, Proof.COOKIE),
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
        app.router.add_route(rule.method, rule.path, _behind_door(rule, handlers[rule.name]))


def _behind_door(rule: Rule, handler: Handler) -> Handler:
    """Return the handler, called only for who may: limit first, then identity, role, room."""

    async def answer(request: web.Request) -> web.StreamResponse:
        request[RULE] = rule
        request[ADDRESS] = address_key(client_address(request, request.app[CONFIG].trusted_proxies))
        request.app[LIMITS].check(rule.kind, request[ADDRESS])
        async with asyncio.timeout(None if rule.kind is Kind.SOCKET else ANSWER_TIMEOUT_S):
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
    if room is None:
        return
    if not request.app[CONDUCTOR].has_room(RoomId(room)):
        raise Problem("room_unknown")
    if caller.invitation is not None and caller.invitation.room != room:
        raise Problem("wrong_room")
