"""Who is calling: invitations read from cookies and bearers, and the cookies that personal links leave behind.

Pages and WebSockets are known by cookie, one cookie an invitation, so that one browser may hold several. WHIP and
WHEP take a bearer alone (RFC 6750): a foreign page cannot make a browser publish by riding on a cookie.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol
from urllib.parse import quote

from aiohttp import web

from interpreting.ids import PersonId
from interpreting.roles import Role
from server.problems import Problem
from server.tokens import LINK_ID, EdgePass, Invitation, TokenError, issue, read, read_edge_pass

COOKIE_PREFIX: Final = "tolmach_"
LANGUAGE_COOKIE: Final = "tolmach_lang"
DESK: Final = "/desk"
# Each costs one signature check; nobody holds more links of one server.
MAX_COOKIES_READ: Final = 16


class Proof(StrEnum):
    """By what a route's callers show who they are."""

    NONE = "none"
    COOKIE = "cookie"
    BEARER = "bearer"
    SOCKET = "socket"
    EDGE = "edge"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who stands at the door. Without an invitation it is anybody.

    `ended` is set for a WebSocket whose link is over: token_expired or token_revoked. `edge` is set for an edge
    process, which is no person and enters by no other route.
    """

    invitation: Invitation | None = None
    token: str | None = None
    ended: str | None = None
    edge: EdgePass | None = None

    @property
    def role(self) -> Role | None:
        """The role invited as; None for anybody."""
        return self.invitation.role if self.invitation else None

    @property
    def person(self) -> PersonId | None:
        """The person invited; None for anybody."""
        return self.invitation.person if self.invitation else None


CALLER: Final = web.RequestKey("caller", Caller)
"""Who the access table let in."""


class RevocationList(Protocol):
    """What the doorman asks about an invitation that is genuine and in time."""

    async def is_revoked(self, invitation: str) -> bool:
        """Tell whether the invitation was withdrawn, by the best knowledge there is now."""
        ...


class Doorman:
    """Reads tokens; keeps the secret to itself. `now` is the wall clock in epoch seconds."""

    def __init__(self, secret: str, revocations: RevocationList, now: Callable[[], float], is_secure: bool) -> None:
        self._secret = secret
        self._revocations = revocations
        self._now = now
        self._is_secure = is_secure

    async def read(self, token: str) -> Invitation:
        """Return what the token grants. Raises Problem (401) with the code of what is wrong with it."""
        try:
            invitation = read(self._secret, token, now=self._now())
        except TokenError as error:
            raise Problem(error.code, 401) from None
        if await self._revocations.is_revoked(invitation.id):
            raise Problem("token_revoked")
        return invitation

    async def caller(self, request: web.Request, proof: Proof) -> Caller:
        """Return who is calling by the proof a route asks for. Raises Problem (401) for a proof that is bad."""
        match proof:
            case Proof.NONE:
                return Caller()
            case Proof.BEARER:
                return await self._by_bearer(request)
            case Proof.COOKIE:
                return await self._by_page_cookie(request)
            case Proof.SOCKET:
                return await self._by_socket(request)
            case Proof.EDGE:
                return await self._by_edge_pass(request)

    def invite(self, response: web.StreamResponse, invitation: Invitation) -> None:
        """Give a new invitation to the browser that the response goes to."""
        self.leave_cookie(response, invitation, issue(self._secret, invitation))

    def leave_cookie(self, response: web.StreamResponse, invitation: Invitation, token: str) -> None:
        """Have the browser keep the token until it expires."""
        response.set_cookie(
            COOKIE_PREFIX + invitation.id,
            token,
            max_age=max(0, int(invitation.forgotten_at - self._now())),
            path="/",
            httponly=True,
            samesite="Lax",
            secure=self._is_secure,
        )

    async def _by_bearer(self, request: web.Request) -> Caller:
        token = bearer_of(request)
        return Caller() if token is None else Caller(await self.read(token), token)

    async def _by_edge_pass(self, request: web.Request) -> Caller:
        """Return an edge; a person with a good invitation is a caller too, whom the access table then refuses."""
        token = bearer_of(request)
        if token is None:
            raise Problem("token_missing")
        try:
            found = read_edge_pass(self._secret, token, now=self._now())
        except TokenError as error:
            if error.code != "token_foreign":
                raise Problem(error.code, 401) from None
            return Caller(await self.read(token), token)
        if await self._revocations.is_revoked(found.id):
            raise Problem("token_revoked")
        return Caller(edge=found)

    async def every_caller(self, request: web.Request) -> tuple[Caller, ...]:
        """Return all that the caller is by bearer and cookies; what is bad among them counts for nothing."""
        callers: list[Caller] = []
        if "Authorization" in request.headers:
            callers.append(await self._by_bearer(request))
        names = [name for name in request.cookies if name.startswith(COOKIE_PREFIX) and name != LANGUAGE_COOKIE]
        for name in names[:MAX_COOKIES_READ]:
            with suppress(Problem):
                callers.append(await self._by_named_cookie(request, name.removeprefix(COOKIE_PREFIX)))
        return tuple(callers)

    async def _by_named_cookie(self, request: web.Request, id: str) -> Caller:
        token = request.cookies.get(COOKIE_PREFIX + id) if LINK_ID.fullmatch(id) else None
        if token is None:
            raise Problem("token_missing")
        invitation = await self.read(token)
        if invitation.id != id:
            raise Problem("token_invalid")
        return Caller(invitation, token)

    async def _by_page_cookie(self, request: web.Request) -> Caller:
        """Return the caller named by `?as=`, else the first whose invitation is for this very page.

        The watch page belongs to nobody: there only `?as=` counts.
        """
        if "as" in request.query:
            return await self._by_named_cookie(request, request.query["as"])
        segments = request.path.strip("/").split("/")
        others: list[Caller] = []
        names = [name for name in request.cookies if name.startswith(COOKIE_PREFIX) and name != LANGUAGE_COOKIE]
        for name in names[:MAX_COOKIES_READ] if len(segments) > 2 or request.path == DESK else ():
            try:
                caller = await self._by_named_cookie(request, name.removeprefix(COOKIE_PREFIX))
            except Problem:
                continue
            if caller.invitation and page_path(caller.invitation) == request.path:
                return caller
            others.append(caller)
        return others[0] if others else Caller()

    async def _by_socket(self, request: web.Request) -> Caller:
        try:
            if "as" in request.query:
                return await self._by_named_cookie(request, request.query["as"])
            return await self._by_bearer(request)
        except Problem as problem:
            if problem.code in ("token_expired", "token_revoked"):
                return Caller(ended=problem.code)
            raise


def bearer_of(request: web.Request) -> str | None:
    """Return the bearer token. Raises Problem token_invalid for an Authorization of another form."""
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Problem("token_invalid")
    return token.strip()


def page_path(invitation: Invitation) -> str:
    """Return the path of the page that an invitation is for."""
    room = f"/r/{quote(invitation.room, safe='')}"
    match invitation.role:
        case Role.INTERPRETER if invitation.booth is not None:
            return f"{room}/booth/{quote(invitation.booth, safe='')}"
        case Role.VENUE:
            return f"{room}/venue"
        case Role.PARTICIPANT | Role.SPEAKER:
            return f"{room}/workshop"
        case Role.MODERATOR:
            return f"{room}/moderator"
        case Role.TECHNICIAN | Role.ORGANISER:
            return DESK
        case _:
            return room
