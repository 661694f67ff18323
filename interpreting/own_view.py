"""What of a room's state is somebody's own: their place, their words, what is said to them.

A full room has hundreds who take part, and most changes concern few of them. So what is theirs is first found, for
all of them in one pass over the room, as a value that can be compared; only where it is another is it written anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from interpreting.audience import Audience, consents_for, sees_line
from interpreting.ids import PersonId, SourceId
from interpreting.intercom import concerns, is_talking
from interpreting.room import Room
from interpreting.words import Addressee, Ask, Call, Line, Question, Standing, Talk
from interpreting.workshop import Attendee, Holder, Place
from interpreting.workshop_view import muted_by

LINES_SHOWN: Final = 50
"""So many lines of chat go out with each state; a page keeps what it was told before."""


@dataclass(frozen=True, slots=True)
class Own:
    """What one audience alone sees, beside its lines. ``attendee`` is somebody who takes part, ``hand`` their place in
    the queue; ``talks`` are told with whether they are heard.
    """

    attendee: Attendee | None
    hand: int | None
    holder: Holder | None
    consents: tuple[tuple[SourceId, bool], ...]
    asks: tuple[Ask, ...]
    talks: tuple[tuple[Talk, bool], ...]
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Common:
    """What somebody's own is made of beside their place, hand and hold: parts of a room, compared as objects."""

    parts: tuple[object, ...]

    def is_of(self, room: Room) -> bool:
        return all(mine is its for mine, its in zip(self.parts, _common_parts(room), strict=True))


def _common_parts(room: Room) -> tuple[object, ...]:
    # Whether a talk is heard depends on where who talks is, which concerns those talked to.
    of_talks = (room.people, room.holders) if room.talks else (None, None)
    return room.sources, room.booths, room.consents, room.asks, room.talks, room.questions, room.chat, *of_talks


class Belongings:
    """What is whose in one room as it is; ``before`` is of the same room as it was."""

    def __init__(self, room: Room, before: Belongings | None = None) -> None:
        self._room = room
        is_as_before = before is not None and before._common.is_of(room)
        self._common: _Common = before._common if before is not None and is_as_before else _Common(_common_parts(room))
        self._hands = {hand.person: place for place, hand in enumerate(room.hands) if hand.person}
        self._holders = {holder.person: holder for holder in room.holders}
        self._asked = tuple(one for one in room.questions if one.standing is not Standing.WITHDRAWN)
        self._asked_by: defaultdict[PersonId, list[Question]] = defaultdict(list)
        for question in self._asked:
            self._asked_by[question.person].append(question)
        self._to_room = tuple(line for line in room.chat if line.to is Addressee.ROOM)[-LINES_SHOWN:]
        apart = [line for line in room.chat if line.to is not Addressee.ROOM]
        self._said_apart = {person for line in apart for person in (line.person, line.to_person)}
        self._said = self._said_apart | {line.person for line in room.chat}

    def mark(self, audience: Audience) -> tuple[object, ...]:
        """Return what is soon compared: where it equals the mark of before, the other two return what they did."""
        person = audience.person
        if person is None:
            return (self._common,)
        return self._room.people.get(person), self._hands.get(person), self._holders.get(person), self._common

    def of(self, audience: Audience) -> Own:
        """Return what is theirs."""
        room, person = self._room, audience.person
        attendee = room.people.get(person) if person is not None and audience.is_attending else None
        holder = None if person is None else self._holders.get(person)
        return Own(
            attendee=attendee,
            hand=self._hands.get(attendee.person) if attendee else None,
            holder=holder,
            consents=tuple(consents_for(room, audience).items()),
            asks=room.asks if holder is not None or not audience.is_public else (),
            talks=tuple(
                (talk, is_talking(room, talk)) for talk in room.talks.values() if concerns(room, audience, talk)
            ),
            questions=self._questions(audience, attendee),
        )

    def lines(self, audience: Audience) -> tuple[Line, ...]:
        """Return the lines of chat that concern them, the newest last.

        It is one and the same tuple for all who take part and to whom nothing was said alone.
        """
        if not audience.is_attending:
            return tuple(line for line in self._room.chat if sees_line(audience, line))[-LINES_SHOWN:]
        return self._lines_of(self._room.people.get(audience.person) if audience.person else None)

    def _questions(self, audience: Audience, attendee: Attendee | None) -> tuple[Question, ...]:
        """Return the questions that concern them: staff all, who takes part their own; none that was withdrawn."""
        if audience.is_staff:
            return self._asked
        if attendee is None or attendee.place is Place.REMOVED or attendee.person not in self._asked_by:
            return ()
        return tuple(self._asked_by[attendee.person])

    def _lines_of(self, attendee: Attendee | None) -> tuple[Line, ...]:
        if attendee is None or attendee.place is Place.REMOVED:
            return ()
        own, hears_room = attendee.person, attendee.place is not Place.WAITING
        if own not in (self._said_apart if hears_room else self._said):
            return self._to_room if hears_room else ()
        lines = (
            line
            for line in self._room.chat
            if own in (line.person, line.to_person) or (line.to is Addressee.ROOM and hears_room)
        )
        return tuple(lines)[-LINES_SHOWN:]


def own_view(own: Own) -> dict[str, object]:
    """Return it ready for JSON."""
    return {
        "own": _attendee(own, own.attendee) if own.attendee else None,
        "consents": dict(own.consents),
        "asks": [{"wish": ask.wish.value, "booth": ask.booth, "at": _ms(ask.at)} for ask in own.asks],
        "talks": [_talk(talk, is_live=is_live) for talk, is_live in own.talks],
        "questions": [_question(question) for question in own.questions],
    }


def chat_view(lines: Sequence[Line]) -> list[dict[str, object]]:
    """Return lines of chat ready for JSON."""
    return [
        {
            **sender_view(line),
            "to": line.to.value,
            "to_person": line.to_person,
            "text": line.text,
            "phrase": line.phrase,
        }
        for line in lines
    ]


def sender_view(said: Call | Line) -> dict[str, object]:
    """Return who said something, and when."""
    return {
        "id": said.id,
        "person": said.person,
        "name": said.name,
        "role": said.role.value,
        "booth": said.booth,
        "at": _ms(said.at),
    }


def _attendee(own: Own, attendee: Attendee) -> dict[str, object]:
    return {
        "place": attendee.place.value,
        "speaks": attendee.speaks,
        "hears": attendee.hears,
        "hand": own.hand,
        "has_floor": own.holder is not None,
        "muted": muted_by(own.holder) if own.holder else None,
    }


def _question(question: Question) -> dict[str, object]:
    return {
        "id": question.id,
        "person": question.person,
        "name": question.name,
        "language": question.language,
        "text": question.text,
        "at": _ms(question.at),
        "standing": question.standing.value,
    }


def _talk(talk: Talk, *, is_live: bool) -> dict[str, object]:
    return {
        "person": talk.person,
        "name": talk.name,
        "role": talk.role.value,
        "from_booth": talk.from_booth,
        "to": talk.to.value,
        "booth": talk.booth,
        "live": is_live,
    }


def _ms(moment: float) -> int:
    return round(moment * 1000)
