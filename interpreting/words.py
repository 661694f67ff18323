"""What people say to each other besides interpreting: wishes to the speaker, calls to the technician, chat.

Each list is bounded; what is said goes on in ``talk``, who sees it stands in ``audience``.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from interpreting.ids import BoothId, CallId, LineId, PersonId
from interpreting.people import Role

MAX_ASKS: Final = 10
MAX_CALLS: Final = 20
MAX_LINES: Final = 200
MAX_LINE_CHARS: Final = 500
ASK_AGAIN_S: Final = 10.0
"""The same wish of the same booth counts anew after this time; before, it is the same wish."""


class Wish(StrEnum):
    """What an interpreter asks of the speaker."""

    SLOWER = "slower"
    REPEAT = "repeat"
    LOUDER = "louder"


class Addressee(StrEnum):
    """To whom a line is said."""

    BOOTH = "booth"
    """The sender's own booth."""
    INTERPRETERS = "interpreters"
    """Every interpreter of the room, from one of them."""
    MODERATOR = "moderator"
    TECHNICIAN = "technician"
    BOOTHS = "booths"
    """Every interpreter of the room, from those who run it."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A booth's wish to the speaker; ``at`` in seconds since the Unix epoch."""

    wish: Wish
    booth: BoothId
    at: float


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody's call to the technician; ``booth`` is the interpreter's, ``at`` in seconds since the Unix epoch."""

    id: CallId
    person: PersonId
    name: str
    role: Role
    booth: BoothId | None
    at: float
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One line of chat; ``booth`` is the interpreter's, ``at`` in seconds since the Unix epoch."""

    id: LineId
    person: PersonId
    name: str
    role: Role
    booth: BoothId | None
    to: Addressee
    text: str
    at: float
