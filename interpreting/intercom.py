"""The intercom: one talks to a booth, the hall's technician, the moderator, those backstage; nothing goes on air.

Both halves stand here: what a command makes, what the fact does to the room; and the buses that it needs. Interpreters
talk by their booth's microphone, so only while it is off air or they cough; who takes part from afar by theirs, while
they wait backstage; everybody else by a microphone of the intercom's own. What goes on is of this moment: it is not
kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final, assert_never

from interpreting.booth import MicState
from interpreting.buses import intercom_bus
from interpreting.commands import TalkTo
from interpreting.errors import Code, Refused
from interpreting.events import (
    AllSourcesLost,
    BoothLeft,
    IntercomEvent,
    MicTaken,
    SourceLost,
    SteppedAway,
    TalkClosed,
    TalkOpened,
)
from interpreting.ids import BoothId, BusId, PersonId, SourceId, intercom_source, mic_source, speaker_source
from interpreting.people import Role
from interpreting.words import Party, Talk
from interpreting.workshop import Place
from interpreting.workshop_events import BroughtOn, Removed, RoomLeft

if TYPE_CHECKING:
    from interpreting.audience import Audience
    from interpreting.events import Event
    from interpreting.room import Room

MAX_TALKS: Final = 100
_FROM_AFAR: Final = frozenset({Role.SPEAKER, Role.PARTICIPANT})


def decide_intercom(room: Room, command: TalkTo, now: float) -> tuple[Event, ...]:
    """Return the facts that the command makes; raise ``Refused`` when the rules forbid it."""
    before = room.talks.get(command.by)
    if command.to is None:
        return (TalkClosed(command.by, at=now),) if before else ()
    if (command.to is Party.BOOTH) != (command.booth is not None):
        raise Refused(Code.BOOTH_UNKNOWN)
    if command.booth is not None and command.booth not in room.booths:
        raise Refused(Code.BOOTH_UNKNOWN)
    if command.role is Role.INTERPRETER:
        _check_interpreter(room, command.by)
    if command.role in _FROM_AFAR and not (_is_backstage(room, command.by) and room.people[command.by].present):
        raise Refused(Code.NOT_BACKSTAGE)
    if before is None and len(room.talks) >= MAX_TALKS:
        raise Refused(Code.INTERCOM_FULL)
    booth = room.booth_of(command.by)
    talk = Talk(command.by, command.name, command.role, booth.id if booth else None, command.to, command.booth)
    if before == talk:
        return ()
    return (TalkOpened(talk.person, talk.name, talk.role, talk.from_booth, talk.to, talk.booth, at=now),)


def evolve_intercom(room: Room, event: IntercomEvent) -> Room:
    """Return the room as the fact makes it."""
    others = {person: talk for person, talk in room.talks.items() if person != event.person}
    match event:
        case TalkOpened():
            talk = Talk(event.person, event.name, event.role, event.from_booth, event.to, event.booth)
            return replace(room, talks={**others, event.person: talk})
        case TalkClosed():
            return replace(room, talks=others)
        case _:
            assert_never(event)


def without_ended_talks(room: Room, event: Event) -> Room:
    """Return the room without the talks that the fact ended: of who went, went on air, or has no microphone any more.

    None of them comes back by itself.
    """
    match event:
        case AllSourcesLost() if room.talks:
            return replace(room, talks={})
        case SourceLost(source=source):
            ended = {person for person, talk in room.talks.items() if _source(talk) == source}
        case BoothLeft(person=person) | SteppedAway(person=person) | MicTaken(person=person):
            ended = {person}
        case RoomLeft(person=person) | Removed(person=person) | BroughtOn(person=person):
            ended = {person}
        case _:
            return room
    if not ended & room.talks.keys():
        return room
    return replace(room, talks={person: talk for person, talk in room.talks.items() if person not in ended})


def intercom_mixes(room: Room) -> dict[BusId, Mapping[SourceId, float]]:
    """Return what each side that is talked to hears; no bus for those to whom nobody talks, but one for those who wait
    backstage and hear nothing else.
    """
    mixes: dict[BusId, dict[SourceId, float]] = {}
    if any(attendee.place is Place.BACKSTAGE for attendee in room.people.values()):
        mixes[intercom_bus(Party.BACKSTAGE)] = {}
    for talk in room.talks.values():
        source = _source(talk)
        for bus in _buses(room, talk):
            heard = mixes.setdefault(bus, {})
            if is_talking(room, talk):
                heard[source] = 1.0
    return {bus: dict(mix) for bus, mix in mixes.items()}


def is_talking(room: Room, talk: Talk) -> bool:
    """Tell whether it is heard where it is meant to be."""
    return room.is_live(_source(talk)) and not is_elsewhere(room, talk)


def is_elsewhere(room: Room, talk: Talk) -> bool:
    """Tell whether the microphone is heard on air or on the floor just now, and so not on the intercom."""
    match talk.role:
        case Role.INTERPRETER:
            seat = room.seat_of(talk.person)
            return seat is None or seat.mic is MicState.ON_AIR
        case Role.SPEAKER | Role.PARTICIPANT:
            return not _is_backstage(room, talk.person)
        case _:
            return False


def concerns(room: Room, audience: Audience, talk: Talk) -> bool:
    """Tell whether somebody should see that this is said: it is to or from their side; the technician sees all."""
    match audience.role:
        case Role.TECHNICIAN:
            return True
        case Role.MODERATOR:
            return talk.to is Party.MODERATOR or talk.role is Role.MODERATOR
        case Role.INTERPRETER:
            is_to = talk.to is Party.BOOTHS or (talk.to is Party.BOOTH and talk.booth == audience.booth)
            return is_to or (talk.from_booth is not None and talk.from_booth == audience.booth)
        case Role.VENUE:
            return talk.to is Party.VENUE or talk.role is Role.VENUE
        case Role.SPEAKER | Role.PARTICIPANT:
            is_to = talk.to is Party.BACKSTAGE and audience.person is not None and _is_backstage(room, audience.person)
            return is_to or talk.person == audience.person
        case _:
            return False


def heard_by(role: Role, booth: BoothId | None) -> BusId | None:
    """Return the bus by which somebody hears the intercom, or None for a role that has none."""
    match role:
        case Role.TECHNICIAN:
            return intercom_bus(Party.TECHNICIAN)
        case Role.MODERATOR:
            return intercom_bus(Party.MODERATOR)
        case Role.VENUE:
            return intercom_bus(Party.VENUE)
        case Role.INTERPRETER if booth is not None:
            return intercom_bus(Party.BOOTH, booth)
        case _:
            return None


def _is_backstage(room: Room, person: PersonId) -> bool:
    attendee = room.people.get(person)
    return attendee is not None and attendee.place is Place.BACKSTAGE


def _check_interpreter(room: Room, person: PersonId) -> None:
    seat = room.seat_of(person)
    if seat is None:
        raise Refused(Code.NOT_IN_BOOTH)
    if seat.mic is MicState.ON_AIR:
        raise Refused(Code.ON_AIR)


def _source(talk: Talk) -> SourceId:
    match talk.role:
        case Role.INTERPRETER:
            return mic_source(talk.person)
        case Role.SPEAKER | Role.PARTICIPANT:
            return speaker_source(talk.person)
        case _:
            return intercom_source(talk.person)


def _buses(room: Room, talk: Talk) -> list[BusId]:
    if talk.to is Party.BOOTHS:
        return [intercom_bus(Party.BOOTH, booth) for booth in room.booths]
    return [intercom_bus(talk.to, talk.booth)]
