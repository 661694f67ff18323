"""How microphones are judged, and what stands between booths that want one channel: the interlock.

The table of a microphone, and what each interlock makes of an engaged channel, are in ``transitions``. Passing the
microphone within a booth by agreement is ``handover``'s.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from interpreting.booth import Booth, Seat
from interpreting.commands import (
    MicCommand,
    PressCough,
    ReleaseCough,
    ReleaseMic,
    SelectOutgoing,
    SetInterlock,
    TakeMic,
)
from interpreting.errors import Code, Refused
from interpreting.events import (
    BoothLeft,
    CoughPressed,
    CoughReleased,
    Event,
    InterlockSet,
    MicReleased,
    MicTaken,
    OutgoingSelected,
)
from interpreting.handover import seated
from interpreting.ids import PersonId
from interpreting.languages import Language
from interpreting.relay import check_listening
from interpreting.transitions import ENGAGED, MIC, MIC_REFUSALS, Engaged

if TYPE_CHECKING:
    from interpreting.room import Room


def decide_mic(room: Room, command: MicCommand, now: float) -> tuple[Event, ...]:
    """Return the facts that the command makes; raise ``Refused`` when the rules forbid it."""
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


def leave_booth(room: Room, person: PersonId, now: float) -> tuple[Event, ...]:
    """Return the facts of getting up, off air before; none without a seat."""
    booth = room.booth_of(person)
    if booth is None:
        return ()
    left = BoothLeft(person, booth.id, at=now)
    return (MicReleased(person, at=now), left) if booth.seats[person].is_on_air else (left,)


def select_outgoing(room: Room, command: SelectOutgoing, now: float) -> tuple[Event, ...]:
    """Return the facts of a new direction; on air it asks the interlock as an opening microphone does."""
    booth, seat = seated(room, command.by)
    if command.language not in room.languages:
        raise Refused(Code.LANGUAGE_UNKNOWN)
    if command.language not in booth.languages:
        raise Refused(Code.LANGUAGE_NOT_IN_BOOTH)
    if command.language == seat.outgoing:
        return ()
    displaced: list[Seat] = []
    if seat.is_on_air:
        displaced = _displaced(room, booth, command.language, Code.OUTGOING_WHILE_ON_AIR_ENGAGED)
    gone = [other.person for other in displaced]
    check_listening(room, replace(seat, outgoing=command.language), on_air=seat.is_on_air, instead_of=gone)
    released = (MicReleased(person, at=now) for person in gone)
    return (*released, OutgoingSelected(command.by, command.language, at=now))


def set_interlock(room: Room, command: SetInterlock, now: float) -> tuple[Event, ...]:
    """Return the fact of another interlock; refused while two booths share a channel that it would not allow."""
    if room.interlock is command.mode:
        return ()
    shared = any(len(room.on_air_into(language)) > 1 for language in room.languages)
    if shared and ENGAGED[command.mode] is not Engaged.SHARED:
        raise Refused(Code.CHANNEL_SHARED)
    return (InterlockSet(command.mode, at=now),)


def _take_mic(room: Room, booth: Booth, seat: Seat, now: float) -> tuple[Event, ...]:
    partner = booth.on_air
    if partner and partner.present and room.has_live_mic(partner.person):
        raise Refused(Code.PARTNER_ON_AIR)
    displaced = _displaced(room, booth, seat.outgoing, Code.CHANNEL_ENGAGED)
    gone = [other.person for other in (*([partner] if partner else []), *displaced)]
    check_listening(room, seat, on_air=True, instead_of=gone)
    released = (MicReleased(person, at=now) for person in gone)
    return (*released, MicTaken(seat.person, seat.outgoing, at=now))


def _displaced(room: Room, booth: Booth, language: Language, refusal: Code) -> list[Seat]:
    """Return who of other booths goes off air for somebody of this one; raise ``Refused`` when nobody may."""
    others = [seat for other, seat in room.on_air_into(language) if other.id != booth.id]
    match ENGAGED[room.interlock]:
        case Engaged.REFUSED if others:
            raise Refused(refusal)
        case Engaged.DISPLACED:
            return others
        case _:
            return []
