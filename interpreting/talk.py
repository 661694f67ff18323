"""How people speak to each other past the channels: wishes to the speaker, calls to the technician, chat.

Both halves stand here: what a command makes, and what the fact does to the room. All lists are bounded, so that a
flood costs the oldest entries and nothing else; the server bounds how fast one person may speak.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, assert_never

from interpreting.commands import AnswerCall, AskSpeaker, CallTechnician, ClearAsks, Say, TalkCommand
from interpreting.entrance import attending
from interpreting.errors import Code, Refused
from interpreting.events import AsksCleared, CallAnswered, Event, Said, SpeakerAsked, TalkEvent, TechnicianCalled
from interpreting.handover import seated
from interpreting.ids import BoothId, CallId, LineId, PersonId
from interpreting.people import Role
from interpreting.words import (
    ASK_AGAIN_S,
    MAX_ASKS,
    MAX_CALLS,
    MAX_LINES,
    MAX_RECENT_LINES,
    RECENT_S,
    Addressee,
    Ask,
    Call,
    Line,
    Phrase,
)
from interpreting.workshop import Place

if TYPE_CHECKING:
    from interpreting.room import Room

_ATTENDING: Final = frozenset({Role.PARTICIPANT, Role.SPEAKER})
"""Roles whose lines are counted, and who say them from their place in the room."""


def decide_talk(room: Room, command: TalkCommand, now: float) -> tuple[Event, ...]:
    """Return the facts that the command makes; raise ``Refused`` when the rules forbid it."""
    match command:
        case AskSpeaker():
            return _ask(room, command, now)
        case ClearAsks():
            return (AsksCleared(at=now),) if room.asks else ()
        case CallTechnician():
            return _call(room, command, now)
        case AnswerCall(call=id):
            call = next((one for one in room.calls if one.id == id), None)
            if call is None:
                raise Refused(Code.CALL_UNKNOWN)
            return () if call.answered else (CallAnswered(id, at=now),)
        case Say():
            return _say(room, command, now)
        case _:
            assert_never(command)


def evolve_talk(room: Room, event: TalkEvent) -> Room:
    """Return the room as the fact makes it, with the newest of each list at its end."""
    match event:
        case SpeakerAsked(booth=booth, wish=wish, at=at):
            others = [ask for ask in room.asks if (ask.booth, ask.wish) != (booth, wish)]
            return replace(room, asks=(*others, Ask(wish, booth, at))[-MAX_ASKS:])
        case AsksCleared():
            return replace(room, asks=())
        case TechnicianCalled():
            call = Call(event.call, event.person, event.name, event.role, event.booth, event.at)
            return replace(room, calls=_newest_calls((*room.calls, call)))
        case CallAnswered(call=id):
            calls = tuple(replace(call, answered=True) if call.id == id else call for call in room.calls)
            return replace(room, calls=calls)
        case Said():
            line = Line(
                event.line,
                event.person,
                event.name,
                event.role,
                event.booth,
                event.to,
                event.text,
                event.at,
                event.to_person,
                event.phrase,
            )
            return replace(room, chat=(*room.chat, line)[-MAX_LINES:])
        case _:
            assert_never(event)


def _ask(room: Room, command: AskSpeaker, now: float) -> tuple[Event, ...]:
    booth, _ = seated(room, command.by)
    asked = [ask.at for ask in room.asks if (ask.booth, ask.wish) == (booth.id, command.wish)]
    if asked and 0 <= now - asked[0] < ASK_AGAIN_S:
        return ()
    return (SpeakerAsked(booth.id, command.wish, at=now),)


def _call(room: Room, command: CallTechnician, now: float) -> tuple[Event, ...]:
    if any(call.person == command.by and not call.answered for call in room.calls):
        return ()
    id = CallId(room.calls[-1].id + 1 if room.calls else 1)
    booth = _booth_of(room, command.by)
    return (TechnicianCalled(id, command.by, command.name, command.role, booth, at=now),)


def _say(room: Room, command: Say, now: float) -> tuple[Event, ...]:
    if command.to is Addressee.BOOTH or command.role is Role.INTERPRETER:
        seated(room, command.by)
    name = _attendee_name(room, command, now) if command.role in _ATTENDING else command.name
    id = LineId(room.chat[-1].id + 1 if room.chat else 1)
    booth = _booth_of(room, command.by)
    listener = _listener(room, command)
    phrase = _phrase(command)
    return (Said(id, command.by, name, command.role, booth, command.to, command.text, listener, phrase, at=now),)


def _attendee_name(room: Room, command: Say, now: float) -> str:
    """Return under which name somebody takes part who may say a line now."""
    attendee = attending(room, command.by)
    if command.to is Addressee.ROOM and attendee.place not in (Place.SEATED, Place.BACKSTAGE):
        raise Refused(Code.NOT_IN_ROOM)
    recent = [line for line in room.chat if line.person == command.by and 0 <= now - line.at < RECENT_S]
    if len(recent) >= MAX_RECENT_LINES:
        raise Refused(Code.TOO_FAST)
    return attendee.name


def _listener(room: Room, command: Say) -> PersonId | None:
    """Return the one person whom the line is for, or nobody where it is for more."""
    if command.to is not Addressee.PERSON:
        return None
    attendee = room.people.get(command.person) if command.person else None
    if attendee is None or attendee.place is Place.REMOVED:
        raise Refused(Code.PERSON_UNKNOWN)
    return attendee.person


def _phrase(command: Say) -> Phrase | None:
    try:
        return None if command.phrase is None else Phrase(command.phrase)
    except ValueError:
        raise Refused(Code.PHRASE_UNKNOWN) from None


def _booth_of(room: Room, person: PersonId) -> BoothId | None:
    booth = room.booth_of(person)
    return booth.id if booth else None


def _newest_calls(calls: tuple[Call, ...]) -> tuple[Call, ...]:
    """Return at most as many calls as are kept; answered ones are forgotten first."""
    if len(calls) <= MAX_CALLS:
        return calls
    forgotten = next((call for call in calls if call.answered), calls[0])
    return tuple(call for call in calls if call is not forgotten)
