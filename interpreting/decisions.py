"""How a room judges a command: which facts it makes, or with which code it is refused.

Handover has rules of its own and stands in ``handover``; what a fact does to the room in ``evolution``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from interpreting.booth import Booth, Seat
from interpreting.commands import (
    Command,
    ConnectSource,
    EnterBooth,
    LeaveBooth,
    LoseAllSources,
    LoseSource,
    MicCommand,
    PolicyCommand,
    PressCough,
    ReleaseCough,
    ReleaseMic,
    SeatCommand,
    SelectIncoming,
    SelectOutgoing,
    SetFallback,
    SetFloorLanguage,
    SourceCommand,
    StepAway,
    TakeMic,
)
from interpreting.errors import Code, Refused
from interpreting.events import (
    AllSourcesLost,
    BoothEntered,
    BoothLeft,
    CoughPressed,
    CoughReleased,
    Event,
    FallbackSet,
    FloorLanguageSet,
    IncomingSelected,
    MicReleased,
    MicTaken,
    OutgoingSelected,
    SourceConnected,
    SourceLost,
    SteppedAway,
)
from interpreting.handover import decide_handover, seated
from interpreting.ids import PersonId, kind_of
from interpreting.languages import FLOOR, Language
from interpreting.relay import check_listening
from interpreting.transitions import MIC, MIC_REFUSALS

if TYPE_CHECKING:
    from interpreting.room import Room


def decide(room: Room, command: Command, now: float) -> tuple[Event, ...]:
    """Return the facts that the command makes; raise ``Refused`` when the rules forbid it."""
    if isinstance(command, PolicyCommand):
        return _decide_policy(room, command, now)
    if isinstance(command, SeatCommand):
        return _decide_seat(room, command, now)
    if isinstance(command, MicCommand):
        return _decide_mic(room, command, now)
    if isinstance(command, SourceCommand):
        return _decide_source(room, command, now)
    return decide_handover(room, command, now)


def _decide_policy(room: Room, command: PolicyCommand, now: float) -> tuple[Event, ...]:
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
            return _select_outgoing(room, command, now)
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


def _select_outgoing(room: Room, command: SelectOutgoing, now: float) -> tuple[Event, ...]:
    booth, seat = seated(room, command.by)
    if command.language not in room.languages:
        raise Refused(Code.LANGUAGE_UNKNOWN)
    if command.language not in booth.languages:
        raise Refused(Code.LANGUAGE_NOT_IN_BOOTH)
    if command.language == seat.outgoing:
        return ()
    if seat.is_on_air and room.on_air_into(command.language):
        raise Refused(Code.OUTGOING_WHILE_ON_AIR_ENGAGED)
    check_listening(room, replace(seat, outgoing=command.language), on_air=seat.is_on_air)
    return (OutgoingSelected(command.by, command.language, at=now),)


def _decide_mic(room: Room, command: MicCommand, now: float) -> tuple[Event, ...]:
    booth, seat = seated(room, command.by)
    row = (seat.mic, type(command))
    if row in MIC_REFUSALS:
        raise Refused(MIC_REFUSALS[row])
    if MIC[row] is seat.mic:
        return ()
    match command:
        case TakeMic():
            return _take_mic(room, booth, seat, now)
        case ReleaseMic():
            return (MicReleased(command.by, at=now),)
        case PressCough():
            return (CoughPressed(command.by, at=now),)
        case ReleaseCough():
            return (CoughReleased(command.by, at=now),)
        case _:
            assert_never(command)


def _take_mic(room: Room, booth: Booth, seat: Seat, now: float) -> tuple[Event, ...]:
    partner = booth.on_air
    if partner and partner.present and room.has_live_mic(partner.person):
        raise Refused(Code.PARTNER_ON_AIR)
    engaged = room.on_air_into(seat.outgoing)
    if engaged and engaged[0].id != booth.id:
        raise Refused(Code.CHANNEL_ENGAGED)
    check_listening(room, seat, on_air=True, instead_of=partner.person if partner else None)
    taken = MicTaken(seat.person, seat.outgoing, at=now)
    return (MicReleased(partner.person, at=now), taken) if partner else (taken,)


def _decide_source(room: Room, command: SourceCommand, now: float) -> tuple[Event, ...]:
    match command:
        case ConnectSource(source=source, kind=kind):
            if kind_of(source) is not kind:
                raise Refused(Code.SOURCE_UNKNOWN)
            return () if room.is_live(source) else (SourceConnected(source, kind, at=now),)
        case LoseSource(source=source):
            return (SourceLost(source, at=now),) if room.is_live(source) else ()
        case LoseAllSources():
            return (AllSourcesLost(at=now),) if room.sources else ()
        case _:
            assert_never(command)
