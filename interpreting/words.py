"""What people say to each other besides interpreting: wishes, calls to the technician, chat, questions, the intercom.

Each list is bounded; what is said goes on in ``talk`` and ``questions``, who sees it stands in ``audience``.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from interpreting.ids import BoothId, CallId, LineId, PersonId, QuestionId
from interpreting.languages import Language
from interpreting.people import Role

MAX_ASKS: Final = 10
MAX_CALLS: Final = 20
MAX_LINES: Final = 200
MAX_LINE_CHARS: Final = 500
MAX_QUESTIONS: Final = 100
MAX_OPEN_QUESTIONS: Final = 3
"""So many open questions of one person."""
RECENT_S: Final = 10.0
MAX_RECENT_LINES: Final = 5
"""So many lines may one who takes part from afar say within ``RECENT_S``."""
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
    ROOM = "room"
    """Everybody who takes part, those who run the room, and its interpreters."""
    PERSON = "person"
    """One of those who take part, from a moderator."""
    LECTERN = "lectern"
    """Who speaks in the hall, by the lectern's display, from a moderator or technician."""


class Phrase(StrEnum):
    """A ready phrase of the chat: said by its key, read by everybody in their own page's language."""

    TAKE_OVER = "take_over"
    BACK_SOON = "back_soon"
    NUMBER = "number"
    NAME = "name"
    BAD_SOUND = "bad_sound"
    THANKS = "thanks"


class Party(StrEnum):
    """To whom one talks by the intercom."""

    BOOTH = "booth"
    """The interpreters of one booth."""
    BOOTHS = "booths"
    """Every interpreter of the room."""
    VENUE = "venue"
    """The hall's technician."""
    MODERATOR = "moderator"
    TECHNICIAN = "technician"
    BACKSTAGE = "backstage"
    """Everybody who waits backstage."""


class Settlement(StrEnum):
    """What a moderator makes of a question."""

    ANSWERED = "answered"
    DISMISSED = "dismissed"


class Standing(StrEnum):
    """How a question stands."""

    OPEN = "open"
    ANSWERED = "answered"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Ask:
    """A booth's wish to the speaker; ``at`` in seconds since the Unix epoch."""

    wish: Wish
    booth: BoothId
    at: float


@dataclass(frozen=True, slots=True)
class Talk:
    """Somebody who talks by the intercom just now. ``booth`` is the one talked to, ``from_booth`` their own."""

    person: PersonId
    name: str
    role: Role
    from_booth: BoothId | None
    to: Party
    booth: BoothId | None


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
    """One line of chat; ``booth`` is the interpreter's, ``at`` in seconds since the Unix epoch.

    ``to_person`` is whom it is for, where it is for one person. ``text`` of a ready phrase is in its sender's language.
    """

    id: LineId
    person: PersonId
    name: str
    role: Role
    booth: BoothId | None
    to: Addressee
    text: str
    at: float
    to_person: PersonId | None = None
    phrase: Phrase | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A question to whoever speaks; ``language`` is what the asker speaks, ``at`` in seconds since the Unix epoch."""

    id: QuestionId
    person: PersonId
    name: str
    language: Language | None
    text: str
    at: float
    standing: Standing = Standing.OPEN
