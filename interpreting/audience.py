"""Whom a state is for, and what of people's words and consents concerns them.

As few kinds of audience as possible, for each is written by itself: everybody of a role sees the same, interpreters
of a booth see the same, and only those who take part from afar are somebody alone. Most of a state is written but once
for a circle of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from interpreting.ids import (
    DEMO,
    HALL,
    VENUE,
    BoothId,
    PersonId,
    SourceId,
    SourceKind,
    kind_of,
    mic_source,
    speaker_source,
)
from interpreting.people import Role
from interpreting.room import Room
from interpreting.words import Addressee, Call, Line
from interpreting.workshop import Place

PUBLIC_ROLES: Final = frozenset({Role.VIEWER, Role.PARTICIPANT})
"""Roles that see which booth interprets, and no person."""

ATTENDING_ROLES: Final = frozenset({Role.PARTICIPANT, Role.SPEAKER})
"""Roles that take part from afar; moderators, who may as well, see the whole room."""

STAFF_ROLES: Final = frozenset({Role.MODERATOR, Role.TECHNICIAN, Role.ORGANISER})
"""Roles that run the room."""

_BOOTHS: Final = frozenset({Addressee.INTERPRETERS, Addressee.BOOTHS, Addressee.ROOM})
_OF_ROLE: Final[Mapping[Role, frozenset[Addressee]]] = {
    Role.MODERATOR: frozenset(
        {Addressee.MODERATOR, Addressee.BOOTHS, Addressee.ROOM, Addressee.PERSON, Addressee.LECTERN}
    ),
    Role.TECHNICIAN: frozenset({Addressee.TECHNICIAN, Addressee.BOOTHS, Addressee.ROOM, Addressee.LECTERN}),
    Role.VENUE: frozenset({Addressee.LECTERN}),
    Role.ORGANISER: frozenset({Addressee.BOOTHS, Addressee.ROOM}),
}
_INSIDE: Final = frozenset({Place.SEATED, Place.BACKSTAGE})


class _ByRole:
    """What the role alone decides."""

    __slots__ = ()
    role: Role

    @property
    def is_public(self) -> bool:
        """They see no person."""
        return self.role in PUBLIC_ROLES

    @property
    def is_attending(self) -> bool:
        """They take part from afar, each seeing themselves."""
        return self.role in ATTENDING_ROLES

    @property
    def is_staff(self) -> bool:
        """They run the room."""
        return self.role in STAFF_ROLES


@dataclass(frozen=True, slots=True)
class Audience(_ByRole):
    """Those who see the same state; made by ``audience_of``."""

    role: Role
    booth: BoothId | None = None
    person: PersonId | None = None


@dataclass(frozen=True, slots=True)
class Circle(_ByRole):
    """Audiences who see the same but for what is somebody's own; made by ``circle_of``.

    ``is_inside`` is ``is_inside`` of them.
    """

    role: Role
    booth: BoothId | None
    is_inside: bool


ANYBODY: Final = Audience(Role.VIEWER)
"""Whoever comes without an invitation."""


def audience_of(role: Role, booth: BoothId | None = None, person: PersonId | None = None) -> Audience:
    """Return the audience that somebody belongs to, without what makes no difference."""
    match role:
        case Role.INTERPRETER:
            return Audience(role, booth=booth)
        case Role.SPEAKER | Role.PARTICIPANT:
            return Audience(role, person=person)
        case _:
            return Audience(role)


def is_inside(room: Room, audience: Audience) -> bool:
    """Tell whether they may see who speaks: those at work always, those who take part once they are let in."""
    if not audience.is_attending:
        return not audience.is_public
    attendee = room.people.get(audience.person) if audience.person else None
    return attendee is not None and attendee.place in _INSIDE


def circle_of(room: Room, audience: Audience) -> Circle:
    """Return the circle that an audience belongs to just now."""
    return Circle(audience.role, audience.booth, is_inside(room, audience))


def sees_line(audience: Audience, line: Line) -> bool:
    """Tell those at work whether a line of chat is for them, or from their own side: their booth, or their role."""
    if audience.is_public:
        return False
    if audience.role is Role.INTERPRETER:
        is_own = line.booth is not None and line.booth == audience.booth
        return is_own or line.to in _BOOTHS
    if line.to is Addressee.BOOTH:
        return False
    return line.role is audience.role or line.to in _OF_ROLE.get(audience.role, ())


def sees_call(circle: Circle, call: Call) -> bool:
    """Tell whether a call concerns them: it is theirs to answer, or from their own booth or role."""
    if circle.role is Role.TECHNICIAN:
        return True
    if circle.role is Role.INTERPRETER:
        return call.booth is not None and call.booth == circle.booth
    return call.role is circle.role


def consents_for(room: Room, audience: Audience) -> dict[SourceId, bool]:
    """Return the consents that concern them: staff all, the others those of their own sources."""
    sources: list[SourceId] = []
    if audience.is_staff:
        seats = (mic_source(person) for booth in room.booths.values() for person in booth.seats)
        sources = [*HALL, *seats, *(source for source in room.sources if source != DEMO), *room.consents]
    elif audience.role is Role.INTERPRETER:
        booth = room.booths.get(audience.booth) if audience.booth else None
        elsewhere = {mic_source(person) for one in room.booths.values() if one is not booth for person in one.seats}
        # Also of those who have not come in yet: what they said before is shown to them at the door.
        said = [source for source in room.consents if kind_of(source) is SourceKind.MIC and source not in elsewhere]
        sources = [*(mic_source(person) for person in booth.seats), *said] if booth else []
    elif audience.is_attending and audience.person is not None:
        sources = [speaker_source(audience.person)]
    elif audience.role is Role.VENUE:
        sources = [VENUE]
    return {source: room.consents_to(source) for source in sources}
