"""Personal links of the demo conference, so that a newcomer can try every role at once.

They are made for the conference with the slug `demo` alone. The same place has the same person and link id at each
start: a page that was open before a restart still knows itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from interpreting.ids import BoothId, PersonId
from interpreting.roles import Role
from server.config import Config
from server.config_rooms import ConferenceConfig, RoomConfig
from server.tokens import Invitation, issue

DEMO_SLUG: Final = "demo"
_HOURS: Final = 72.0
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
    return (*desks, *(link for room in conference.rooms for link in _links(room, config.secret, now)))


def _links(room: RoomConfig, secret: str, now: float) -> Iterator[Link]:
    yield Link(Role.VIEWER, room.id, None, "", f"/r/{room.id}")
    yield _link(room, Role.VENUE, None, "", secret, now)
    yield _link(room, Role.VENUE, None, "", secret, now, is_backup=True)
    places = [booth.id for booth in room.booths for _ in range(2)]
    for name, booth in zip(_NAMES, places, strict=False):
        yield _link(room, Role.INTERPRETER, booth, name, secret, now)


def _link(
    room: RoomConfig,
    role: Role,
    booth: BoothId | None,
    name: str,
    secret: str,
    now: float,
    *,
    is_backup: bool = False,
) -> Link:
    parts = ("demo", room.id, booth, name.lower() or role.value, "backup" if is_backup else "")
    place = "-".join(part for part in parts if part)
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
    )
    return Link(role, room.id, booth, name, f"/join/{issue(secret, invitation)}", is_backup)
