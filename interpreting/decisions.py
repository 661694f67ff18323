"""How a room judges a command: which facts it makes, or with which code it is refused.

Policies and seats stand here; microphones, handover, the hall, talk and the workshop have modules of their own. What
a fact does to the room stands in ``evolution``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from interpreting.booth import Booth
from interpreting.commands import (
    Command,
    EnterBooth,
    HallCommand,
    HandoverCommand,
    LeaveBooth,
    MendCommand,
    MicCommand,
    PolicyCommand,
    SeatCommand,
    SelectIncoming,
    SelectOutgoing,
    SelectPivot,
    SetFallback,
    SetFloorLanguage,
    SetInterlock,
    SetShift,
    SourceCommand,
    StepAway,
    TalkCommand,
    TalkTo,
    WorkshopCommand,
)
from interpreting.entrance import decide_entrance, leave_room
from interpreting.errors import Code, Refused
from interpreting.events import (
    BoothEntered,
    Event,
    FallbackSet,
    FloorLanguageSet,
    IncomingSelected,
    PivotSelected,
    ShiftSet,
    SteppedAway,
)
from interpreting.floor import decide_floor
from interpreting.hall import decide_hall, decide_source
from interpreting.handover import decide_handover, seated
from interpreting.hands import decide_hands
from interpreting.intercom import decide_intercom
from interpreting.languages import FLOOR, Language
from interpreting.microphone import decide_mic, leave_booth, select_outgoing, set_interlock
from interpreting.playout import decide_playout
from interpreting.questions import decide_questions
from interpreting.relay import check_listening, check_pivot
from interpreting.talk import decide_talk
from interpreting.trims import decide_mend
from interpreting.workshop import Place
from interpreting.workshop_commands import (
    EntranceCommand,
    FloorCommand,
    HandCommand,
    QuestionCommand,
    ReelCommand,
)

if TYPE_CHECKING:
    from interpreting.room import Room


def decide(room: Room, command: Command, now: float) -> tuple[Event, ...]:
    """Return the facts that the command makes; raise ``Refused`` when the rules forbid it."""
    _check_not_removed(room, command)
    if isinstance(command, PolicyCommand):
        return _decide_policy(room, command, now)
    if isinstance(command, SeatCommand):
        return _decide_seat(room, command, now)
    if isinstance(command, MicCommand):
        return decide_mic(room, command, now)
    if isinstance(command, HallCommand):
        return decide_hall(room, command, now)
    if isinstance(command, TalkCommand):
        return decide_talk(room, command, now)
    if isinstance(command, MendCommand):
        return decide_mend(room, command, now)
    if isinstance(command, TalkTo):
        return decide_intercom(room, command, now)
    if isinstance(command, SourceCommand):
        return decide_source(room, command, now)
    if isinstance(command, HandoverCommand):
        return decide_handover(room, command, now)
    return _decide_workshop(room, command, now)


def _check_not_removed(room: Room, command: Command) -> None:
    """Raise ``Refused`` (``removed``) for whatever somebody says who was sent out; that they went away is a fact."""
    by = getattr(command, "by", None)
    attendee = None if by is None else room.people.get(by)
    if attendee and attendee.place is Place.REMOVED and not isinstance(command, StepAway):
        raise Refused(Code.REMOVED)


def _decide_workshop(room: Room, command: WorkshopCommand, now: float) -> tuple[Event, ...]:
    if isinstance(command, EntranceCommand):
        return decide_entrance(room, command, now)
    if isinstance(command, HandCommand):
        return decide_hands(room, command, now)
    if isinstance(command, FloorCommand):
        return decide_floor(room, command, now)
    if isinstance(command, ReelCommand):
        return decide_playout(room, command, now)
    if isinstance(command, QuestionCommand):
        return decide_questions(room, command, now)
    assert_never(command)


def _decide_policy(room: Room, command: PolicyCommand, now: float) -> tuple[Event, ...]:
    if isinstance(command, SetInterlock):
        return set_interlock(room, command, now)
    if command.language not in room.languages:
        raise Refused(Code.LANGUAGE_UNKNOWN)
    match command:
        case SetFloorLanguage(language=language):
            return () if room.floor_language == language else (FloorLanguageSet(language, at=now),)
        case SetFallback(language=language, fallback=fallback):
            return () if room.fallback(language) is fallback else (FallbackSet(language, fallback, at=now),)
        case _:
            assert_never(command)


def _decide_seat(room: Room, command: SeatCommand, now: float) -> tuple[Event, ...]:
    match command:
        case EnterBooth():
            return _enter(room, command, now)
        case LeaveBooth():
            return leave_booth(room, command.by, now)
        case StepAway(by=person):
            place = room.seat_of(person) or room.people.get(person)
            return (SteppedAway(person, at=now),) if place and place.present else ()
        case SelectIncoming():
            return _select_incoming(room, command, now)
        case SelectOutgoing():
            return select_outgoing(room, command, now)
        case SelectPivot():
            return _select_pivot(room, command, now)
        case SetShift(minutes=minutes):
            booth, _ = seated(room, command.by)
            return () if booth.shift_minutes == minutes else (ShiftSet(booth.id, minutes, at=now),)
        case _:
            assert_never(command)


def _enter(room: Room, command: EnterBooth, now: float) -> tuple[Event, ...]:
    booth = room.booths.get(command.booth)
    if booth is None:
        raise Refused(Code.BOOTH_UNKNOWN)
    seat = booth.seats.get(command.by)
    if seat and seat.present and seat.name == command.name:
        return ()
    outgoing = seat.outgoing if seat else _first_outgoing(booth, room.floor_language)
    entered = BoothEntered(command.by, booth.id, command.name, outgoing, at=now)
    if seat:
        return (entered,)
    return (*leave_booth(room, command.by, now), *leave_room(room, command.by, now), entered)


def _first_outgoing(booth: Booth, floor_language: Language) -> Language:
    """Return the booth's first language that the floor does not speak, or its only one."""
    return next((language for language in booth.languages if language != floor_language), booth.languages[0])


def _select_incoming(room: Room, command: SelectIncoming, now: float) -> tuple[Event, ...]:
    _, seat = seated(room, command.by)
    if command.channel != FLOOR and command.channel not in room.languages:
        raise Refused(Code.CHANNEL_UNKNOWN)
    if command.channel == seat.incoming:
        return ()
    check_listening(room, replace(seat, incoming=command.channel), on_air=seat.is_on_air)
    return (IncomingSelected(command.by, command.channel, at=now),)


def _select_pivot(room: Room, command: SelectPivot, now: float) -> tuple[Event, ...]:
    _, seat = seated(room, command.by)
    if command.language == seat.pivot:
        return ()
    if command.language is not None:
        if command.language not in room.languages:
            raise Refused(Code.CHANNEL_UNKNOWN)
        check_pivot(room, seat, command.language)
    return (PivotSelected(command.by, command.language, at=now),)
