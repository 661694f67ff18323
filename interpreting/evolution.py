"""What a fact does to a room: pure, and the only way a room changes.

Facts are not judged again. One that cannot belong to the room (another configuration, a foreign store)
raises ``InvalidRecord`` here or ``InvalidRoom`` from the room that it would make.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar, assert_never

from interpreting.booth import Booth, Handover, MicState, Seat
from interpreting.entrance import evolve_entrance
from interpreting.errors import Code, InvalidRecord
from interpreting.events import (
    BoothEntered,
    BoothLeft,
    CoughPressed,
    CoughReleased,
    Event,
    FallbackSet,
    FloorLanguageSet,
    HallEvent,
    HandoverAccepted,
    HandoverAsked,
    HandoverDeclined,
    HandoverEvent,
    HandoverSwitched,
    IncomingSelected,
    IntercomEvent,
    InterlockSet,
    MicCut,
    MicEvent,
    MicReleased,
    MicTaken,
    OutgoingSelected,
    PivotSelected,
    SeatEvent,
    ShiftSet,
    SourceEvent,
    SteppedAway,
    TalkEvent,
    TrimSet,
    WorkshopEvent,
)
from interpreting.floor import evolve_floor
from interpreting.hall import evolve_hall, evolve_sources
from interpreting.hands import evolve_hands
from interpreting.ids import BoothId, PersonId
from interpreting.intercom import evolve_intercom, without_ended_talks
from interpreting.playout import evolve_playout
from interpreting.questions import evolve_questions
from interpreting.talk import evolve_talk
from interpreting.trims import evolve_trims
from interpreting.workshop_events import EntranceEvent, FloorEvent, HandEvent, QuestionEvent, ReelEvent

if TYPE_CHECKING:
    from interpreting.room import Room


def evolve(room: Room, event: Event) -> Room:
    """Return the room as the fact makes it; raises ``InvalidRecord`` or ``InvalidRoom``."""
    return without_ended_talks(_evolve(room, event), event)


def _evolve(room: Room, event: Event) -> Room:
    if isinstance(event, SeatEvent):
        return _evolve_seat(room, event)
    if isinstance(event, MicEvent):
        return _evolve_mic(room, event)
    if isinstance(event, HandoverEvent):
        return _evolve_handover(room, event)
    if isinstance(event, HallEvent):
        return evolve_hall(room, event)
    if isinstance(event, TalkEvent):
        return evolve_talk(room, event)
    if isinstance(event, IntercomEvent):
        return evolve_intercom(room, event)
    if isinstance(event, SourceEvent):
        return evolve_sources(room, event)
    if isinstance(event, WorkshopEvent):
        return _evolve_workshop(room, event)
    match event:
        case FloorLanguageSet(language=language):
            return replace(room, floor_language=language)
        case FallbackSet(language=language, fallback=fallback):
            return replace(room, fallbacks={**room.fallbacks, language: fallback})
        case InterlockSet(mode=mode):
            return replace(room, interlock=mode)
        case TrimSet():
            return evolve_trims(room, event)
        case _:
            assert_never(event)


def _evolve_workshop(room: Room, event: WorkshopEvent) -> Room:
    if isinstance(event, EntranceEvent):
        return evolve_entrance(room, event)
    if isinstance(event, HandEvent):
        return evolve_hands(room, event)
    if isinstance(event, FloorEvent):
        return evolve_floor(room, event)
    if isinstance(event, ReelEvent):
        return evolve_playout(room, event)
    if isinstance(event, QuestionEvent):
        return evolve_questions(room, event)
    assert_never(event)


def _evolve_seat(room: Room, event: SeatEvent) -> Room:
    match event:
        case BoothEntered():
            return _with_booth(room, _entered(_booth(room, event.booth), event))
        case BoothLeft(person=person, booth=booth_id):
            booth = _booth(room, booth_id)
            _known(booth.seats.get(person), "person")
            seats = {key: seat for key, seat in booth.seats.items() if key != person}
            return _with_booth(room, replace(booth, seats=seats, handover=None))
        case SteppedAway(person=person):
            if person in room.people:
                return room.with_attendee(person, present=False)
            return _with_seat(room, replace(_seat(room, person), present=False))
        case IncomingSelected(person=person, channel=channel):
            return _with_seat(room, replace(_seat(room, person), incoming=channel))
        case OutgoingSelected(person=person, language=language):
            return _with_seat(room, replace(_seat(room, person), outgoing=language))
        case PivotSelected(person=person, language=pivot):
            return _with_seat(room, replace(_seat(room, person), pivot=pivot))
        case ShiftSet(booth=booth_id, minutes=minutes):
            return _with_booth(room, replace(_booth(room, booth_id), shift_minutes=minutes))
        case _:
            assert_never(event)


def _entered(booth: Booth, event: BoothEntered) -> Booth:
    """Return the booth with the person back in their seat, or in a new one."""
    new = Seat(event.person, event.name, event.outgoing)
    seat = replace(booth.seats.get(event.person, new), name=event.name, present=True)
    return replace(booth, seats={**booth.seats, event.person: seat})


def _evolve_mic(room: Room, event: MicEvent) -> Room:
    seat = _seat(room, event.person)
    match event:
        case MicTaken(language=language, at=at):
            taken = replace(seat, mic=MicState.ON_AIR, outgoing=language)
            return _with_booth(room, replace(_seated(room, taken), shift_since=at))
        case MicReleased() | MicCut():
            # In one step: neither a handover nor a shift may outlast the open microphone, not even for a moment.
            released = _seated(room, replace(seat, mic=MicState.OFF_AIR))
            return _with_booth(room, replace(released, handover=None, shift_since=None))
        case CoughPressed():
            return _with_seat(room, replace(seat, mic=MicState.COUGHING))
        case CoughReleased():
            return _with_seat(room, replace(seat, mic=MicState.ON_AIR))
        case _:
            assert_never(event)


def _evolve_handover(room: Room, event: HandoverEvent) -> Room:
    match event:
        case HandoverAsked(person=person):
            return _with_handover(room, person, Handover(asked_by=person))
        case HandoverAccepted(person=person):
            handover = _seat_booth(room, person).handover
            if handover is None:
                raise InvalidRecord(Code.RECORD_INVALID, "a handover accepted that nobody asked for")
            return _with_handover(room, person, replace(handover, accepted_by=person))
        case HandoverDeclined(person=person):
            return _with_handover(room, person, None)
        case HandoverSwitched():
            return _switched(room, event)
        case _:
            assert_never(event)


def _switched(room: Room, event: HandoverSwitched) -> Room:
    booth = _seat_booth(room, event.from_person)
    released = replace(_seat(room, event.from_person), mic=MicState.OFF_AIR)
    taken = replace(_seat(room, event.to_person), mic=MicState.ON_AIR, outgoing=event.language)
    seats = {**booth.seats, event.from_person: released, event.to_person: taken}
    return _with_booth(room, replace(booth, seats=seats, handover=None, shift_since=event.at))


_Found = TypeVar("_Found")


def _known(found: _Found | None, what: str) -> _Found:
    if found is None:
        raise InvalidRecord(Code.RECORD_INVALID, f"the event's {what} is not in the room")
    return found


def _booth(room: Room, booth_id: BoothId) -> Booth:
    return _known(room.booths.get(booth_id), "booth")


def _seat_booth(room: Room, person: PersonId) -> Booth:
    return _known(room.booth_of(person), "person")


def _seat(room: Room, person: PersonId) -> Seat:
    return _known(room.seat_of(person), "person")


def _with_booth(room: Room, booth: Booth) -> Room:
    return replace(room, booths={**room.booths, booth.id: booth})


def _seated(room: Room, seat: Seat) -> Booth:
    booth = _seat_booth(room, seat.person)
    return replace(booth, seats={**booth.seats, seat.person: seat})


def _with_seat(room: Room, seat: Seat) -> Room:
    return _with_booth(room, _seated(room, seat))


def _with_handover(room: Room, person: PersonId, handover: Handover | None) -> Room:
    return _with_booth(room, replace(_seat_booth(room, person), handover=handover))
