"""Whom a state is for, and what of people's words and consents concerns them.

As few kinds of audience as possible, for each is written by itself: everybody of a role sees the same, interpreters
of a booth see the same, and only those who take part from afar are somebody alone.
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
from interpreting.words import Addressee, Call, Line, Question, Standing
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


@dataclass(frozen=True, slots=True)
class Audience:
    """Those who see the same state; made by ``audience_of``."""

    role: Role
    booth: BoothId | None = None
    person: PersonId | None = None

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


def lines_for(room: Room, audience: Audience) -> list[Line]:
    """Return the lines of chat that concern them, the newest last."""
    if not audience.is_attending:
        return [line for line in room.chat if sees_line(audience, line)]
    attendee = room.people.get(audience.person) if audience.person else None
    if attendee is None or attendee.place is Place.REMOVED:
        return []
    own = attendee.person
    hears_room = attendee.place in _INSIDE
    return [
        line for line in room.chat if own in (line.person, line.to_person) or (line.to is Addressee.ROOM and hears_room)
    ]


def questions_for(room: Room, audience: Audience) -> list[Question]:
    """Return the questions that concern them: staff all, who takes part their own; none that was withdrawn."""
    asked = [one for one in room.questions if one.standing is not Standing.WITHDRAWN]
    if audience.is_staff:
        return asked
    attendee = room.people.get(audience.person) if audience.is_attending and audience.person else None
    if attendee is None or attendee.place is Place.REMOVED:
        return []
    return [one for one in asked if one.person == attendee.person]


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


def sees_call(audience: Audience, call: Call) -> bool:
    """Tell whether a call concerns them: it is theirs to answer, or from their own booth or role."""
    if audience.role is Role.TECHNICIAN:
        return True
    if audience.role is Role.INTERPRETER:
        return call.booth is not None and call.booth == audience.booth
    return call.role is audience.role


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
