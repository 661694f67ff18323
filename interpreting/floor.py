"""The floor: who has it, whose microphone is shut, whose language it follows, the speaker's time.

Both halves stand here: what a command makes, and what the fact does to the room. Who holds the floor stands in order,
the newest last; the floor carries those of them whose sound flows and whose microphone is open.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from interpreting.errors import Code, InvalidRecord, Refused
from interpreting.ids import PersonId, persons_hand, speaker_source
from interpreting.people import Role
from interpreting.workshop import MAX_HOLDERS, MAX_TIMER_S, Holder, LostFloor, Place, Timer
from interpreting.workshop_commands import (
    FloorCommand,
    GiveFloor,
    LoseFloor,
    Mute,
    SetFollowSpeaker,
    SetTimer,
    SetVenueHears,
    TakeFloor,
    Unmute,
    YieldFloor,
)
from interpreting.workshop_events import (
    FloorEvent,
    FloorGiven,
    FloorLost,
    FloorTaken,
    FloorYielded,
    FollowSpeakerSet,
    Muted,
    TimerSet,
    Unmuted,
    VenueHearsSet,
)

if TYPE_CHECKING:
    from interpreting.events import Event
    from interpreting.room import Room


def decide_floor(room: Room, command: FloorCommand, now: float) -> tuple[Event, ...]:
    """Return the facts that the command makes; raise ``Refused`` when the rules forbid it."""
    match command:
        case GiveFloor(person=person):
            return _give(room, person, now)
        case TakeFloor(person=person):
            return _free(room, FloorTaken(person, at=now))
        case YieldFloor(by=person):
            return _free(room, FloorYielded(person, at=now))
        case LoseFloor(person=person):
            return () if room.is_live(speaker_source(person)) else _free(room, FloorLost(person, at=now))
        case Mute():
            return _mute(room, command, now)
        case Unmute():
            return _unmute(room, command, now)
        case SetFollowSpeaker(follows=follows):
            if room.follows_speaker is follows:
                return ()
            newest = room.people[room.holders[-1].person] if follows and room.holders else None
            turned = replace(room, follows_speaker=follows)
            return (*turned.follow(newest.speaks if newest else None, now), FollowSpeakerSet(follows, at=now))
        case SetTimer(seconds=seconds):
            return _set_timer(room, seconds, now)
        case SetVenueHears():
            return _set_venue_hears(room, command, now)
        case _:
            assert_never(command)


def evolve_floor(room: Room, event: FloorEvent) -> Room:
    """Return the room as the fact makes it; raises ``InvalidRecord`` for somebody who does not hold the floor."""
    match event:
        case FloorGiven(person=person, at=at):
            others = tuple(holder for holder in room.holders if holder.person != person)
            lost = tuple(one for one in room.lost_floors if one.person != person)
            hands = tuple(hand for hand in room.hands if hand.id != persons_hand(person))
            return replace(room, holders=(*others, Holder(person, at)), hands=hands, lost_floors=lost, timer=None)
        case FloorTaken(person=person) | FloorYielded(person=person):
            return without_floor(room, person)
        case FloorLost(person=person, at=at):
            others_lost = (one for one in room.lost_floors if one.person != person)
            lost = (*others_lost, LostFloor(person, at))[-MAX_HOLDERS:]
            return replace(without_floor(room, person), lost_floors=lost)
        case Muted(person=person, by=by):
            return _with_holder(room, person, by)
        case Unmuted(person=person):
            return _with_holder(room, person, None)
        case FollowSpeakerSet(follows=follows):
            return replace(room, follows_speaker=follows)
        case TimerSet(seconds=seconds, at=at):
            return replace(room, timer=None if seconds is None else Timer(at, seconds))
        case VenueHearsSet(languages=languages):
            return replace(room, venue_hears=languages)
        case _:
            assert_never(event)


def follow_without(room: Room, person: PersonId, now: float) -> tuple[Event, ...]:
    """Return the floor's language when the newest holder goes and an older one is the newest then, if it follows."""
    others = [holder for holder in room.holders if holder.person != person]
    if not others or others[-1] == room.holders[-1]:
        return ()
    return room.follow(room.people[others[-1].person].speaks, now)


def without_floor(room: Room, person: PersonId) -> Room:
    """Return the room with the person off the floor; the time of the newest holder ends with their floor."""
    others = tuple(holder for holder in room.holders if holder.person != person)
    is_newest = bool(room.holders) and room.holders[-1].person == person
    return replace(room, holders=others, timer=None if is_newest else room.timer)


def _give(room: Room, person: PersonId, now: float) -> tuple[Event, ...]:
    attendee = room.people.get(person)
    if attendee is None:
        raise Refused(Code.PERSON_UNKNOWN)
    if room.holder(person):
        return ()
    if attendee.place is not Place.SEATED:
        raise Refused(Code.NOT_SEATED)
    if not attendee.present:
        raise Refused(Code.NOT_PRESENT)
    if len(room.holders) >= MAX_HOLDERS:
        raise Refused(Code.FLOOR_FULL)
    return (*room.follow(attendee.speaks, now), FloorGiven(person, at=now))


def _free(room: Room, freed: FloorTaken | FloorYielded | FloorLost) -> tuple[Event, ...]:
    if room.holder(freed.person) is None:
        return ()
    return (*follow_without(room, freed.person, freed.at), freed)


def _mute(room: Room, command: Mute, now: float) -> tuple[Event, ...]:
    """Return the fact of a shut microphone; a moderator's word stands above one's own."""
    holder = room.holder(command.person)
    if holder is None:
        raise Refused(Code.NO_FLOOR)
    is_others_word = holder.muted_by not in (None, command.person)
    if holder.muted_by == command.by or is_others_word:
        return ()
    return (Muted(command.person, command.by, at=now),)


def _unmute(room: Room, command: Unmute, now: float) -> tuple[Event, ...]:
    holder = room.holder(command.person)
    if holder is None:
        raise Refused(Code.NO_FLOOR)
    if holder.muted_by is None:
        return ()
    is_moderator = room.people[command.person].role is Role.MODERATOR
    if command.by == command.person != holder.muted_by and not is_moderator:
        raise Refused(Code.MUTED_BY_MODERATOR)
    return (Unmuted(command.person, at=now),)


def _set_timer(room: Room, seconds: int | None, now: float) -> tuple[Event, ...]:
    if seconds is not None and not 0 < seconds <= MAX_TIMER_S:
        raise Refused(Code.SECONDS_INVALID)
    wanted = None if seconds is None else Timer(now, seconds)
    return () if room.timer == wanted else (TimerSet(seconds, at=now),)


def _set_venue_hears(room: Room, command: SetVenueHears, now: float) -> tuple[Event, ...]:
    if not set(command.languages) <= set(room.languages):
        raise Refused(Code.LANGUAGE_UNKNOWN)
    languages = tuple(language for language in room.languages if language in command.languages)
    return () if room.venue_hears == languages else (VenueHearsSet(languages, at=now),)


def _with_holder(room: Room, person: PersonId, muted_by: PersonId | None) -> Room:
    holder = room.holder(person)
    if holder is None:
        raise InvalidRecord(Code.RECORD_INVALID, "a microphone of somebody who does not hold the floor")
    turned = replace(holder, muted_by=muted_by)
    return replace(room, holders=tuple(turned if one == holder else one for one in room.holders))
