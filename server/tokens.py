"""Invitations: signed tokens that say who may enter which room, and as what.

A token is a JSON Web Token (RFC 7519), HS256, with fixed issuer and audience. It is the last path segment of a
personal link, the cookie's content and the bearer for WHIP and WHEP. Whether it was revoked is the store's
knowledge: `read` proves only that we issued it and that its time is not over. The one caller that also asks the
store raises `TokenError("token_revoked")`.
"""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass
from typing import Any

import jwt

from interpreting.audience import Audience, audience_of
from interpreting.codec import is_one_line
from interpreting.ids import BoothId, PersonId, RoomId, is_person_id
from interpreting.roles import Role

ALGORITHM = "HS256"
ISSUER = "tolmach"
AUDIENCE = "tolmach"
EDGE_AUDIENCE = "tolmach-edge"
LEEWAY_S = 60
DEFAULT_HOURS = 72.0
# No invitation lasts longer: a revocation, which knows only the id, must be kept as long as the token might hold.
MAX_HOURS = 24 * 366
MAX_NAME_CHARS = 200
# Its cookie is named by it (RFC 6265 §4.1.1), and `tolmach revoke` takes it.
LINK_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
# No token we issue comes near this; what is longer is not worth a base64 decoding.
MAX_TOKEN_CHARS = 4096

CHANGING_ROLES = frozenset({Role.INTERPRETER, Role.MODERATOR})
"""Roles whose invitation may be for several rooms, between which their page changes."""

_REQUIRED = ["iss", "aud", "sub", "jti", "room", "role", "iat", "exp"]
_EDGE_REQUIRED = ["iss", "aud", "sub", "jti", "iat", "exp"]


class TokenError(Exception):
    """A token that lets nobody in.

    `code` is one of token_invalid, token_expired, token_revoked, token_foreign. The message is the code alone:
    nothing of the token gets into a log by way of it.
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Invitation:
    """What one personal link grants. Times are seconds since the epoch; `id` is what `tolmach revoke` takes.

    `is_backup` makes a venue the hall's second sender, which takes over when the first is lost. `also` are further
    rooms that an interpreter or a moderator may change to.
    """

    id: str
    person: PersonId
    room: RoomId
    role: Role
    booth: BoothId | None
    name: str
    issued_at: int
    expires_at: int
    is_backup: bool = False
    also: tuple[RoomId, ...] = ()

    @property
    def audience(self) -> Audience:
        """Those who see the same of the room as this person."""
        return audience_of(self.role, self.booth, self.person)

    @classmethod
    def new(
        cls,
        room: RoomId,
        role: Role,
        *,
        booth: BoothId | None = None,
        name: str = "",
        hours: float = DEFAULT_HOURS,
        id: str | None = None,
        person: PersonId | None = None,
        now: float | None = None,
        is_backup: bool = False,
        also: tuple[RoomId, ...] = (),
    ) -> Invitation:
        """Return an invitation from now on for `hours`; `id` and `person` are random unless given.

        Given ids make links that stay the same person over a restart, as the demo's links are. Raises ValueError
        for more than `MAX_HOURS`, and for ids and names that `read` would refuse.
        """
        if hours > MAX_HOURS:
            raise ValueError(f"an invitation lasts at most {MAX_HOURS} hours")
        issued_at = int(time.time() if now is None else now)
        invitation = cls(
            id=id or secrets.token_hex(8),
            person=person or PersonId(secrets.token_hex(8)),
            room=room,
            role=role,
            booth=booth,
            name=name,
            issued_at=issued_at,
            expires_at=issued_at + int(hours * 3600),
            is_backup=is_backup,
            also=also,
        )
        if (wrong := _unfit(invitation)) is not None:
            raise ValueError(wrong)
        return invitation

    @property
    def forgotten_at(self) -> float:
        """The moment from which `read` refuses the token anyway, so that a revocation need not be kept longer."""
        return float(self.expires_at + LEEWAY_S)


def _unfit(invitation: Invitation) -> str | None:
    """Say what of an invitation cannot stand, or None."""
    if not LINK_ID.fullmatch(invitation.id):
        return "an invitation's id is 1 to 64 of A to Z, a to z, 0 to 9, hyphen and underscore"
    if not is_person_id(invitation.person):
        return "a person's id is 1 to 64 letters and digits with -, _, . and @ between them"
    if len(invitation.name) > MAX_NAME_CHARS or not is_one_line(invitation.name):
        return f"a name is one line of at most {MAX_NAME_CHARS} characters"
    return None


def issue(secret: str, invitation: Invitation) -> str:
    """Return the signed token of an invitation. The same invitation and secret give the same token."""
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": invitation.person,
        "jti": invitation.id,
        "room": invitation.room,
        "role": invitation.role.value,
        "name": invitation.name,
        "iat": invitation.issued_at,
        "exp": invitation.expires_at,
    }
    if invitation.booth is not None:
        claims["booth"] = invitation.booth
    if invitation.is_backup:
        claims["backup"] = True
    if invitation.also:
        claims["also"] = list(invitation.also)
    return jwt.encode(claims, secret, algorithm=ALGORITHM)


def read(secret: str, token: str, *, now: float | None = None) -> Invitation:
    """Return the invitation a token carries.

    Raises TokenError: token_invalid (not ours, altered, malformed, another algorithm), token_foreign (signed with
    our key for another issuer or audience), token_expired (over for more than `LEEWAY_S`). An issue time in the
    future is borne: it is no start of validity, and a clock set back must not shut out those invited before.
    """
    claims = _verified_claims(secret, token, AUDIENCE, _REQUIRED)
    invitation = _invitation(claims)
    if (time.time() if now is None else now) >= invitation.forgotten_at:
        raise TokenError("token_expired")
    return invitation


@dataclass(frozen=True, slots=True)
class EdgePass:
    """What lets an edge process in, and opens nothing else. `id` is what `tolmach revoke` takes."""

    id: str
    name: str
    expires_at: int

    def is_over(self, now: float) -> bool:
        """Whether its time is over at `now`, in epoch seconds."""
        return now >= self.expires_at + LEEWAY_S


def issue_edge_pass(
    secret: str, name: str, hours: float = DEFAULT_HOURS, *, now: float | None = None
) -> tuple[str, str]:
    """Return a signed edge token and its id. Raises ValueError for more than `MAX_HOURS`."""
    if hours > MAX_HOURS:
        raise ValueError(f"an edge's token lasts at most {MAX_HOURS} hours")
    issued_at = int(time.time() if now is None else now)
    id = secrets.token_hex(8)
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": EDGE_AUDIENCE,
        "sub": name,
        "jti": id,
        "iat": issued_at,
        "exp": issued_at + int(hours * 3600),
    }
    return jwt.encode(claims, secret, algorithm=ALGORITHM), id


def read_edge_pass(secret: str, token: str, *, now: float | None = None) -> EdgePass:
    """Return what an edge's token says. Raises TokenError as `read` does; an invitation is token_foreign."""
    claims = _verified_claims(secret, token, EDGE_AUDIENCE, _EDGE_REQUIRED)
    found = EdgePass(_text(claims, "jti"), _text(claims, "sub"), _seconds(claims, "exp"))
    if found.is_over(time.time() if now is None else now):
        raise TokenError("token_expired")
    return found


def _verified_claims(secret: str, token: str, audience: str, required: list[str]) -> dict[str, Any]:
    if len(token) > MAX_TOKEN_CHARS:
        raise TokenError("token_invalid")
    # Times are judged by `read`, which can be told the time.
    options: Any = {"require": required, "verify_exp": False, "verify_iat": False, "verify_nbf": False}
    try:
        return jwt.decode(token, secret, algorithms=[ALGORITHM], issuer=ISSUER, audience=audience, options=options)
    except (jwt.InvalidIssuerError, jwt.InvalidAudienceError) as error:
        raise TokenError("token_foreign") from error
    except (jwt.InvalidTokenError, ValueError) as error:
        raise TokenError("token_invalid") from error


def _invitation(claims: dict[str, Any]) -> Invitation:
    booth = _text(claims, "booth") if "booth" in claims else None
    try:
        role = Role(_text(claims, "role"))
    except ValueError as error:
        raise TokenError("token_invalid") from error
    invitation = Invitation(
        id=_text(claims, "jti"),
        person=PersonId(_text(claims, "sub")),
        room=RoomId(_text(claims, "room")),
        role=role,
        booth=None if booth is None else BoothId(booth),
        name=_text(claims, "name") if "name" in claims else "",
        issued_at=_seconds(claims, "iat"),
        expires_at=_seconds(claims, "exp"),
        is_backup=_is_backup(claims, role),
        also=_also(claims, role),
    )
    if _unfit(invitation) is not None:
        raise TokenError("token_invalid")
    return invitation


def _is_backup(claims: dict[str, Any], role: Role) -> bool:
    value = claims.get("backup", False)
    if not isinstance(value, bool) or (value and role is not Role.VENUE):
        raise TokenError("token_invalid")
    return value


def _also(claims: dict[str, Any], role: Role) -> tuple[RoomId, ...]:
    rooms = claims.get("also", [])
    if not isinstance(rooms, list) or (rooms and role not in CHANGING_ROLES):
        raise TokenError("token_invalid")
    if not all(isinstance(room, str) for room in rooms):
        raise TokenError("token_invalid")
    return tuple(RoomId(room) for room in rooms)


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims[name]
    if not isinstance(value, str):
        raise TokenError("token_invalid")
    return value


def _seconds(claims: dict[str, Any], name: str) -> int:
    value = claims[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise TokenError("token_invalid")
    return value
