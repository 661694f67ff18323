"""How a room judges a command: which facts it makes, or with which code it is refused.

Policies and seats stand here; microphones, handover, the hall and talk have modules of their own. What a fact does
to the room stands in ``evolution``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from interpreting.booth import Booth
from interpreting.commands import (
    Command,
    EnterBooth,
    HallCommand,
    LeaveBooth,
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
)
from interpreting.errors import Code, Refused
from interpreting.events import (
    BoothEntered,
    BoothLeft,
    Event,
    FallbackSet,
    FloorLanguageSet,
    IncomingSelected,
    MicReleased,
    PivotSelected,
    ShiftSet,
    SteppedAway,
)
from interpreting.hall import decide_hall, decide_source
from interpreting.handover import decide_handover, seated
from interpreting.ids import PersonId
from interpreting.languages import FLOOR, Language
from interpreting.microphone import decide_mic, select_outgoing, set_interlock
from interpreting.relay import check_listening, check_pivot
from interpreting.talk import decide_talk

if TYPE_CHECKING:
    from interpreting.room import Room


def decide(room: Room, command: Command, now: float) -> tuple[Event, ...]:
    """Return the facts that the command makes; raise ``Refused`` when the rules forbid it."""
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
    if isinstance(command, SourceCommand):
        return decide_source(room, command, now)
    return decide_handover(room, command, now)


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
            return _leave(room, command.by, now)
        case StepAway(by=person):
            seat = room.seat_of(person)
            return (SteppedAway(person, at=now),) if seat and seat.present else ()
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
    return (entered,) if seat else (*_leave(room, command.by, now), entered)


def _first_outgoing(booth: Booth, floor_language: Language) -> Language:
    """Return the booth's first language that the floor does not speak, or its only one."""
    return next((language for language in booth.languages if language != floor_language), booth.languages[0])


def _leave(room: Room, person: PersonId, now: float) -> tuple[Event, ...]:
    booth = room.booth_of(person)
    if booth is None:
        return ()
    left = BoothLeft(person, booth.id, at=now)
    return (MicReleased(person, at=now), left) if booth.seats[person].is_on_air else (left,)


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
