"""Who takes part in a room from afar, and what they hold: places, hands, the floor, the speaker's time.

These are values alone. How people come and go is ``entrance``'s, hands and the floor are ``floor``'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from interpreting.ids import HandId, PersonId
from interpreting.languages import FLOOR, Channel, Language
from interpreting.people import Role

MAX_PEOPLE: Final = 500
"""So many are in a room at once, in whatever place."""

RESERVED: Final = 20
"""Of these, so many are kept from participants, so that a crowd never shuts out guests and moderators."""

MAX_REMOVED: Final = 200
"""So many removed people are remembered; past that, who was removed first is forgotten."""

MAX_HANDS: Final = 100
MAX_HOLDERS: Final = 6
MAX_TIMER_S: Final = 2 * 60 * 60


class Place(StrEnum):
    """Where somebody is."""

    WAITING = "waiting"
    """At the door, hearing nothing."""
    BACKSTAGE = "backstage"
    """A guest about to speak, hearing the moderator alone."""
    SEATED = "seated"
    """In the room."""
    REMOVED = "removed"
    """Sent out; may do nothing until admitted again."""


class Door(StrEnum):
    """Whom the room takes in. Moderators pass every door."""

    OPEN = "open"
    WAITING = "waiting"
    """Participants wait until they are admitted."""
    CLOSED = "closed"
    """Nobody new."""


@dataclass(frozen=True, slots=True)
class Attendee:
    """Somebody who takes part from afar: a participant, a guest who speaks, a moderator.

    ``speaks`` is the language they speak in, if they said; ``hears`` the channel that they chose. ``present`` says
    that their page is connected.
    """

    person: PersonId
    role: Role
    name: str
    speaks: Language | None = None
    hears: Channel = FLOOR
    place: Place = Place.SEATED
    present: bool = True


@dataclass(frozen=True, slots=True)
class Hand:
    """A raised hand. One in the hall has no person, and a label such as "microphone 2"; ``since`` in Unix seconds."""

    id: HandId
    person: PersonId | None
    label: str
    language: Language | None
    since: float


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has the floor, since when (Unix seconds), and who shut their microphone, themselves or a moderator."""

    person: PersonId
    since: float
    muted_by: PersonId | None = None


@dataclass(frozen=True, slots=True)
class LostFloor:
    """Somebody whose sound was lost on the floor, which is free since ``at`` (Unix seconds)."""

    person: PersonId
    at: float


@dataclass(frozen=True, slots=True)
class Timer:
    """The present speaker's time: so many ``seconds`` from ``since`` (Unix seconds)."""

    since: float
    seconds: int


def count_in(people: Mapping[PersonId, Attendee]) -> int:
    """Return how many are there or at the door."""
    return sum(attendee.place is not Place.REMOVED for attendee in people.values())
