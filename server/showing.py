"""A room as people see it: every part written once for all who see it alike, and again only when it has changed.

A state goes out in three pieces: what a circle sees, the chat, and what is somebody's own. In a full room most
changes leave most pieces as they were, and a piece that is as it was is the very same text as before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

from interpreting.audience import Audience, Circle, circle_of
from interpreting.ids import PersonId, SourceId, speaker_source
from interpreting.own_view import Belongings, Own, chat_view, own_view
from interpreting.room import Room
from interpreting.view import circle_view
from interpreting.words import Line
from server.messages import format_message

State: TypeAlias = tuple[str, ...]
"""The members of a state's JSON object in pieces, each without its braces; joined by commas they are the state."""

MOST_KEPT: Final = 5000
"""So many people's own pieces are kept; past that they are written anew, so that those who left take no room."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a room's state is made of. `faces` are the slots of pictures by source, `troubles` those beside the sound.

    `listeners` is the audience by channel. After it `had_venue`, a room without one has lost it.
    """

    room: Room
    title: Mapping[str, str]
    listeners: Mapping[str, int]
    had_venue: bool
    troubles: frozenset[str]
    faces: Mapping[SourceId, int]


@dataclass(frozen=True, slots=True)
class _Written:
    """Somebody's own, and the pieces that say so; `mark` is that of `Belongings`."""

    mark: tuple[object, ...]
    own: Own
    text: str
    lines: tuple[Line, ...]
    chat: str


class Showing:
    """One room as it is seen now; what was written `before` and still holds is taken over."""

    def __init__(self, seen: Seen, before: Showing | None = None) -> None:
        self._seen = seen
        self._belongings: Belongings = Belongings(seen.room, before._belongings if before else None)
        self._written: dict[Audience, _Written] = before._written if before else {}
        self._circles_before = before._circles if before else {}
        self._circles: dict[Circle, str] = {}
        # By the tuple's id, which stays its own because the tuple is kept beside it.
        self._chats: dict[int, tuple[tuple[Line, ...], str]] = {}

    def shows(self, seen: Seen) -> bool:
        """Tell whether it shows just this."""
        return seen.room is self._seen.room and seen == self._seen

    def view(self, audience: Audience) -> dict[str, object]:
        """Return the state as the audience may see it, ready for JSON."""
        circle = self._circle_view(circle_of(self._seen.room, audience))
        own, lines = self._belongings.of(audience), self._belongings.lines(audience)
        return {**circle, **own_view(own), "chat": chat_view(lines)}

    def state(self, audience: Audience) -> State:
        """Return the same written down."""
        circle = circle_of(self._seen.room, audience)
        if circle not in self._circles:
            self._circles[circle] = _same(_members(self._circle_view(circle)), self._circles_before.get(circle))
        written = self._own(audience)
        return self._circles[circle], written.chat, written.text

    def _circle_view(self, circle: Circle) -> dict[str, object]:
        seen = self._seen
        view = circle_view(seen.room, circle, title=seen.title, listeners=seen.listeners)
        if seen.had_venue and view["venue"] != "live":
            view["venue"] = "lost"
        for speaker in cast("list[dict[str, object]]", view["speakers"]):
            speaker["face"] = seen.faces.get(speaker_source(PersonId(str(speaker["person"]))))
        view["troubles"] = sorted(seen.troubles) if circle.is_staff else []
        return view

    def _own(self, audience: Audience) -> _Written:
        mark, known = self._belongings.mark(audience), self._written.get(audience)
        if known is not None and known.mark == mark:
            return known
        own, lines = self._belongings.of(audience), self._belongings.lines(audience)
        text = known.text if known is not None and known.own == own else _members(own_view(own))
        chat = known.chat if known is not None and known.lines == lines else self._chat(lines)
        written = _Written(mark, own, text, lines, chat)
        if len(self._written) >= MOST_KEPT:
            self._written.clear()
        self._written[audience] = written
        return written

    def _chat(self, lines: tuple[Line, ...]) -> str:
        """Return the piece; lines that many see are one tuple, and known by it."""
        if id(lines) not in self._chats:
            self._chats[id(lines)] = (lines, _members({"chat": chat_view(lines)}))
        return self._chats[id(lines)][1]


def format_state(state: State) -> str:
    """Return the state as JSON."""
    return f"{{{','.join(state)}}}"


def _members(view: Mapping[str, object]) -> str:
    return format_message(view)[1:-1]


def _same(text: str, before: str | None) -> str:
    """Return the text of before when it says the same: what is the same object is compared in no time."""
    return before if before == text else text
