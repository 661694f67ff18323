"""Personal links of the demo conference, so that a newcomer can try every role at once.

They are made for the conference with the slug `demo` alone. The same place has the same person and link id at each
start: a page that was open before a restart still knows itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from interpreting.ids import MAX_PERSON_CHARS, BoothId, PersonId, RoomId
from interpreting.roles import Role
from server.config import Config
from server.config_rooms import ConferenceConfig, RoomConfig, Workshop
from server.tokens import Invitation, issue

DEMO_SLUG: Final = "demo"
_HOURS: Final = 72.0
_MODERATOR: Final = "Sofia"
_GUEST: Final = "Mary"
_NAMES: Final = ("Olena", "Jonas", "Maria", "Petro", "Anna", "Lukas")


@dataclass(frozen=True, slots=True)
class Link:
    """One place to try; `path` is a personal link, or the plain page where none is needed. A desk is for all rooms."""

    role: Role
    room: str
    booth: str | None
    name: str
    path: str
    is_backup: bool = False


def demo_conference(config: Config) -> ConferenceConfig | None:
    """Return the demo conference when this server holds it."""
    return next((one for one in config.conferences if one.id == DEMO_SLUG), None)


def demo_links(config: Config, now: float) -> tuple[Link, ...]:
    """Return a link for each place of the demo conference, valid from `now` (epoch seconds); none without it."""
    conference = demo_conference(config)
    if conference is None:
        return ()
    first = conference.rooms[0]
    desks = [_link(first, role, None, "", config.secret, now) for role in (Role.TECHNICIAN, Role.ORGANISER)]
    ids = tuple(room.id for room in conference.rooms)
    return (*desks, *(link for room in conference.rooms for link in _links(room, ids, config.secret, now)))


def _links(room: RoomConfig, rooms: tuple[RoomId, ...], secret: str, now: float) -> Iterator[Link]:
    also = tuple(id for id in rooms if id != room.id)
    yield Link(Role.VIEWER, room.id, None, "", f"/r/{room.id}")
    yield _link(room, Role.VENUE, None, "", secret, now)
    yield _link(room, Role.VENUE, None, "", secret, now, is_backup=True)
    yield _link(room, Role.MODERATOR, None, _MODERATOR, secret, now, also=also)
    yield _link(room, Role.SPEAKER, None, _GUEST, secret, now)
    if room.workshop is Workshop.OPEN:
        yield Link(Role.PARTICIPANT, room.id, None, "", f"/r/{room.id}/workshop")
    else:
        yield _link(room, Role.PARTICIPANT, None, "", secret, now)
    places = [booth.id for booth in room.booths for _ in range(2)]
    for name, booth in zip(_NAMES, places, strict=False):
        yield _link(room, Role.INTERPRETER, booth, name, secret, now, also=also)


def _link(
    room: RoomConfig,
    role: Role,
    booth: BoothId | None,
    name: str,
    secret: str,
    now: float,
    *,
    is_backup: bool = False,
    also: tuple[RoomId, ...] = (),
) -> Link:
    parts = ("demo", room.id, booth, name.lower() or role.value, "backup" if is_backup else "")
    place = "-".join(part for part in parts if part)
    if len(place) > MAX_PERSON_CHARS:
        place = f"demo-{sha256(place.encode()).hexdigest()[:32]}"
    invitation = Invitation.new(
        room.id,
        role,
        booth=booth,
        name=name,
        hours=_HOURS,
        id=place,
        person=PersonId(place),
        now=now,
        is_backup=is_backup,
        also=also,
    )
    return Link(role, room.id, booth, name, f"/join/{issue(secret, invitation)}", is_backup)
