"""How people come to a room from afar and go: the door, places, languages, backstage.

Both halves stand here: what a command makes, and what the fact does to the room. The tables are in ``places``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from interpreting.errors import Code, InvalidRecord, Refused
from interpreting.floor import follow_without, without_floor
from interpreting.ids import PersonId, persons_hand
from interpreting.languages import FLOOR, Channel, Language
from interpreting.microphone import leave_booth
from interpreting.people import Role
from interpreting.places import ENTRANCE, PLACES
from interpreting.workshop import MAX_PEOPLE, MAX_REMOVED, RESERVED, Attendee, Place, count_in
from interpreting.workshop_commands import (
    Admit,
    BringOn,
    CallBackstage,
    EnterRoom,
    EntranceCommand,
    GiveFloor,
    LeaveRoom,
    PlaceCommand,
    Remove,
    SelectChannel,
    SetDoor,
    SetSpeaks,
)
from interpreting.workshop_events import (
    Admitted,
    BroughtOn,
    CalledBackstage,
    ChannelSelected,
    DoorSet,
    EntranceEvent,
    Removed,
    RoomEntered,
    RoomLeft,
    SpeaksSet,
)

if TYPE_CHECKING:
    from interpreting.events import Event
    from interpreting.room import Room


def decide_entrance(room: Room, command: EntranceCommand, now: float) -> tuple[Event, ...]:
    """Return the facts that the command makes; raise ``Refused`` when the rules forbid it."""
    match command:
        case EnterRoom():
            return _enter(room, command, now)
        case LeaveRoom(by=person):
            return leave_room(room, person, now)
        case SetSpeaks():
            return _set_speaks(room, command, now)
        case SelectChannel(by=person, channel=channel):
            if channel != FLOOR and channel not in room.languages:
                raise Refused(Code.CHANNEL_UNKNOWN)
            return () if attending(room, person).hears == channel else (ChannelSelected(person, channel, at=now),)
        case SetDoor(door=door):
            return () if room.door is door else (DoorSet(door, at=now),)
        case Admit() | Remove() | CallBackstage() | BringOn():
            return _place(room, command, now)
        case _:
            assert_never(command)


def evolve_entrance(room: Room, event: EntranceEvent) -> Room:
    """Return the room as the fact makes it; raises ``InvalidRecord`` for somebody who is not in it."""
    match event:
        case RoomEntered(person=person):
            attendee = Attendee(person, event.role, event.name, event.speaks, event.hears, event.place)
            return replace(room, people={**room.people, person: attendee})
        case RoomLeft(person=person):
            people = {key: other for key, other in room.people.items() if key != person}
            return replace(_without_hold(room, person), people=people)
        case SpeaksSet(person=person, language=language):
            return room.with_attendee(person, speaks=language)
        case ChannelSelected(person=person, channel=channel):
            return room.with_attendee(person, hears=channel)
        case DoorSet(door=door):
            return replace(room, door=door)
        case Admitted(person=person) | BroughtOn(person=person):
            return room.with_attendee(person, place=Place.SEATED)
        case Removed(person=person):
            return _removed(room, person)
        case CalledBackstage(person=person):
            return _without_hold(room, person).with_attendee(person, place=Place.BACKSTAGE)
        case _:
            assert_never(event)


def leave_room(room: Room, person: PersonId, now: float) -> tuple[Event, ...]:
    """Return the facts of somebody's going; none when they are not there, or removed, which is kept."""
    attendee = room.people.get(person)
    if attendee is None or attendee.place is Place.REMOVED:
        return ()
    return (*follow_without(room, person, now), RoomLeft(person, at=now))


def attending(room: Room, person: PersonId) -> Attendee:
    """Return somebody who takes part, in whatever place, or raise ``Refused`` (``not_in_room``)."""
    attendee = room.people.get(person)
    if attendee is None or attendee.place is Place.REMOVED:
        raise Refused(Code.NOT_IN_ROOM)
    return attendee


def _enter(room: Room, command: EnterRoom, now: float) -> tuple[Event, ...]:
    if room.is_closed and not command.is_named:
        raise Refused(Code.NAME_NEEDED)
    known = room.people.get(command.by)
    if known:
        if known.present and known.name == command.name:
            return ()
        return (RoomEntered(known.person, known.role, command.name, known.speaks, known.hears, known.place, at=now),)
    _check_language(room, command.language)
    place = ENTRANCE.get((room.door, command.role))
    if place is None:
        raise Refused(Code.DOOR_CLOSED)
    limit = MAX_PEOPLE - RESERVED if command.role is Role.PARTICIPANT else MAX_PEOPLE
    if count_in(room.people) >= limit:
        raise Refused(Code.ROOM_FULL)
    hears: Channel = command.language or FLOOR
    entered = RoomEntered(command.by, command.role, command.name, command.language, hears, place, at=now)
    return (*leave_booth(room, command.by, now), entered)


def _set_speaks(room: Room, command: SetSpeaks, now: float) -> tuple[Event, ...]:
    _check_language(room, command.language)
    if attending(room, command.by).speaks == command.language:
        return ()
    is_newest = bool(room.holders) and room.holders[-1].person == command.by
    follows = room.follow(command.language, now) if is_newest else ()
    return (*follows, SpeaksSet(command.by, command.language, at=now))


def _check_language(room: Room, language: Language | None) -> None:
    if language is not None and language not in room.languages:
        raise Refused(Code.LANGUAGE_UNKNOWN)


def _place(room: Room, command: PlaceCommand, now: float) -> tuple[Event, ...]:
    person = command.person
    attendee = room.people.get(person)
    if attendee is None:
        raise Refused(Code.PERSON_UNKNOWN)
    if attendee.role is Role.MODERATOR:
        raise Refused(Code.FORBIDDEN)
    after = PLACES.get((attendee.place, type(command)))
    if after is None:
        raise Refused(Code.NOT_ADMITTED)
    match command:
        case BringOn():
            return _bring_on(room, command, now)
        case _ if after is attendee.place:
            return ()
        case Admit():
            return (Admitted(person, at=now),)
        case Remove():
            return (*follow_without(room, person, now), Removed(person, at=now))
        case CallBackstage():
            return (*follow_without(room, person, now), CalledBackstage(person, at=now))
        case _:
            assert_never(command)


def _bring_on(room: Room, command: BringOn, now: float) -> tuple[Event, ...]:
    """Return how somebody comes on, judged as the floor is given to those who are seated."""
    brought: tuple[Event, ...] = ()
    if room.people[command.person].place is Place.BACKSTAGE:
        brought = (BroughtOn(command.person, at=now),)
        room = room.evolve(brought[0])
    return (*brought, *room.apply(GiveFloor(command.by, command.person), now))


def _removed(room: Room, person: PersonId) -> Room:
    """Return the room with the person at the end of those removed; past the bound the first of them is forgotten."""
    if person not in room.people:
        raise InvalidRecord(Code.RECORD_INVALID, "the event's person is not in the room")
    removed = replace(room.people[person], place=Place.REMOVED, present=False)
    people = {key: other for key, other in room.people.items() if key != person}
    before = [key for key, other in people.items() if other.place is Place.REMOVED]
    if len(before) >= MAX_REMOVED:
        del people[before[0]]
    return replace(_without_hold(room, person), people={**people, person: removed})


def _without_hold(room: Room, person: PersonId) -> Room:
    """Return the room without the person's hand and floor."""
    hands = tuple(hand for hand in room.hands if hand.id != persons_hand(person))
    lost = tuple(one for one in room.lost_floors if one.person != person)
    return replace(without_floor(room, person), hands=hands, lost_floors=lost)
