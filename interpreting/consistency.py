"""What makes a room contradict itself, whether it came from a configuration, a snapshot or an event.

The rules of conduct, which refuse a command, are left to ``decisions``; this is the net beneath them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from interpreting.booth import Interlock
from interpreting.errors import Refused
from interpreting.ids import HALL, SourceId, SourceKind, kind_of
from interpreting.languages import FLOOR
from interpreting.playout_state import Reel
from interpreting.words import MAX_ASKS, MAX_CALLS, MAX_LINES, MAX_QUESTIONS
from interpreting.workshop import MAX_HANDS, MAX_HOLDERS, MAX_PEOPLE, MAX_REMOVED, Place, count_in

if TYPE_CHECKING:
    from interpreting.booth import Booth
    from interpreting.room import Room


def contradiction(room: Room) -> str:
    """Return what is wrong with the room in words for developers, or nothing."""
    if not room.languages or len(set(room.languages)) != len(room.languages):
        return "a room needs languages, each once"
    if FLOOR in room.languages:
        return "'floor' is the original, not a language"
    if room.floor_language not in room.languages:
        return "the floor speaks a language that is no channel of the room"
    if not set(room.fallbacks) <= set(room.languages):
        return "a fallback is set for a language that is no channel of the room"
    for source, kind in room.sources.items():
        if _form_of(source) is not kind:
            return f"a source of kind {kind} has another kind's id"
    for booth_id, booth in room.booths.items():
        problem = "filed under another id" if booth.id != booth_id else _booth_contradiction(room, booth)
        if problem:
            return f"booth {booth_id}: {problem}"
    checks = (_seats_contradiction, _hall_contradiction, _talk_contradiction, _people_contradiction)
    return next((problem for check in checks if (problem := check(room))), "") or _floor_contradiction(room)


def _form_of(source: SourceId) -> SourceKind | None:
    try:
        return kind_of(source)
    except Refused:
        return None


def _booth_contradiction(room: Room, booth: Booth) -> str:
    if not booth.languages or len(set(booth.languages)) != len(booth.languages):
        return "a booth needs outgoing languages, each once"
    if not set(booth.languages) <= set(room.languages):
        return "an outgoing language is no channel of the room"
    for person, seat in booth.seats.items():
        if seat.person != person:
            return "a seat is filed under another person"
        if seat.outgoing not in booth.languages:
            return "a seat speaks into a language that the booth does not have"
        if seat.incoming != FLOOR and seat.incoming not in room.languages:
            return "a seat listens to a channel that the room does not have"
        if seat.pivot is not None and seat.pivot not in room.languages:
            return "a seat relies on a channel that the room does not have"
        if seat.incoming == seat.outgoing:
            return "a seat listens to its own outgoing channel"
    if sum(seat.is_on_air for seat in booth.seats.values()) > 1:
        return "two microphones are open"
    if booth.shift_since is not None and booth.on_air is None:
        return "a shift without anybody on air"
    return _handover_contradiction(booth)


def _handover_contradiction(booth: Booth) -> str:
    handover, on_air = booth.handover, booth.on_air
    if handover is None:
        return ""
    parties = {handover.asked_by, handover.accepted_by} - {None}
    if on_air is None or not parties <= set(booth.seats):
        return "a handover of somebody who is not there"
    if handover.accepted_by == handover.asked_by or (handover.accepted and on_air.person not in parties):
        return "a handover without two sides"
    return ""


def _seats_contradiction(room: Room) -> str:
    people = [person for booth in room.booths.values() for person in booth.seats]
    if len(set(people)) != len(people):
        return "somebody sits in two booths"
    channels = [seat.outgoing for seat in room.seats_on_air()]
    if len(set(channels)) != len(channels) and room.interlock is not Interlock.NONE:
        return "two booths are on air into one channel"
    return ""


def _hall_contradiction(room: Room) -> str:
    if room.venue_source not in HALL:
        return "the floor's sender is none of the hall's"
    if any(_form_of(source) is None for source in room.consents):
        return "a consent for what is no source"
    ids = [item.id for item in room.items]
    if len(set(ids)) != len(ids):
        return "two items of the programme have one id"
    if not {item.language for item in room.items} - {None} <= set(room.languages):
        return "an item speaks a language that is no channel of the room"
    if (room.item is None) is not (room.item_since is None):
        return "an item without its beginning"
    trims = room.trims.items()
    if any(source != trim.source or _form_of(source) is None or not trim.is_valid for source, trim in trims):
        return "a trim for what is no source, or past its bounds"
    if (room.recording is None) is not (room.recording_since is None):
        return "a recording without its beginning"
    return ""


def _talk_contradiction(room: Room) -> str:
    if len(room.asks) > MAX_ASKS or len(room.calls) > MAX_CALLS or len(room.chat) > MAX_LINES:
        return "more was said than is kept"
    if any(talk.person != person for person, talk in room.talks.items()):
        return "a talk by the intercom is filed under another person"
    if len(room.questions) > MAX_QUESTIONS:
        return "more was asked than is kept"
    told = (room.calls, room.chat, room.questions)
    for ids in ([one.id for one in some] for some in told):
        if ids != sorted(set(ids)):
            return "calls, lines and questions are counted upwards"
    return ""


def _people_contradiction(room: Room) -> str:
    there = count_in(room.people)
    if there > MAX_PEOPLE or len(room.people) - there > MAX_REMOVED:
        return "more people than a room takes"
    if any(not booth.seats.keys().isdisjoint(room.people) for booth in room.booths.values()):
        return "somebody sits in a booth and in the room"
    for person, attendee in room.people.items():
        if attendee.person != person:
            return "somebody is filed under another person"
        if attendee.hears != FLOOR and attendee.hears not in room.languages:
            return "somebody hears a channel that the room does not have"
        if attendee.speaks is not None and attendee.speaks not in room.languages:
            return "somebody speaks a language that is no channel of the room"
        if attendee.place is Place.REMOVED and attendee.present:
            return "somebody removed is present"
    return ""


def _floor_contradiction(room: Room) -> str:
    holders = [holder.person for holder in room.holders]
    if len(holders) > MAX_HOLDERS or len(set(holders)) != len(holders):
        return "too many hold the floor, or somebody twice"
    seated = {person for person, attendee in room.people.items() if attendee.place is Place.SEATED}
    hands = [hand.id for hand in room.hands]
    if len(hands) > MAX_HANDS or len(set(hands)) != len(hands):
        return "too many hands are up, or one twice"
    raised = {hand.person for hand in room.hands if hand.person is not None}
    if not {*holders, *raised} <= seated or raised & set(holders):
        return "a hand or the floor belongs to somebody who is not seated, or both to one"
    if not set(room.venue_hears) <= set(room.languages):
        return "the hall hears a language that is no channel of the room"
    if room.playout and (room.playout.reel is Reel.PLAYING) is (room.playout.since is None):
        return "a play-out without its beginning"
    return ""
