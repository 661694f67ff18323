"""Raised hands: an ordered queue of those who ask for the floor, and of the hall's microphones.

Both halves stand here: what a command makes, and what the fact does to the room.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from interpreting.errors import Code, InvalidRecord, Refused
from interpreting.ids import HandId, PersonId, hall_hand, persons_hand
from interpreting.workshop import MAX_HANDS, Hand, Place
from interpreting.workshop_commands import (
    DismissHand,
    HandCommand,
    LowerAllHands,
    LowerHand,
    MoveHand,
    RaiseHallHand,
    RaiseHand,
)
from interpreting.workshop_events import AllHandsLowered, HandEvent, HandLowered, HandMoved, HandRaised

if TYPE_CHECKING:
    from interpreting.events import Event
    from interpreting.room import Room


def decide_hands(room: Room, command: HandCommand, now: float) -> tuple[Event, ...]:
    """Return the facts that the command makes; raise ``Refused`` when the rules forbid it."""
    match command:
        case RaiseHand(by=person):
            return _raise_own(room, person, now)
        case RaiseHallHand(label=label):
            return _raise(room, HandRaised(hall_hand(label), None, label, None, at=now))
        case LowerHand(by=person):
            return _lower(room, persons_hand(person), now)
        case DismissHand(hand=hand):
            return _lower(room, hand, now)
        case LowerAllHands():
            return (AllHandsLowered(at=now),) if room.hands else ()
        case MoveHand():
            return _move(room, command, now)
        case _:
            assert_never(command)


def evolve_hands(room: Room, event: HandEvent) -> Room:
    """Return the room as the fact makes it; raises ``InvalidRecord`` for a hand that is not up."""
    match event:
        case HandRaised():
            hand = Hand(event.hand, event.person, event.label, event.language, event.at)
            return replace(room, hands=(*room.hands, hand))
        case HandLowered(hand=id):
            return replace(room, hands=tuple(hand for hand in room.hands if hand.id != id))
        case AllHandsLowered():
            return replace(room, hands=())
        case HandMoved(hand=id, to=to):
            place = _place_of(room, id)
            if place is None:
                raise InvalidRecord(Code.RECORD_INVALID, "a hand that is not up")
            others = [hand for hand in room.hands if hand.id != id]
            return replace(room, hands=(*others[:to], room.hands[place], *others[to:]))
        case _:
            assert_never(event)


def _raise_own(room: Room, person: PersonId, now: float) -> tuple[Event, ...]:
    attendee = room.people.get(person)
    if attendee is None or attendee.place is not Place.SEATED:
        raise Refused(Code.NOT_IN_ROOM)
    if room.holder(person):
        return ()
    return _raise(room, HandRaised(persons_hand(person), person, attendee.name, attendee.speaks, at=now))


def _raise(room: Room, raised: HandRaised) -> tuple[Event, ...]:
    """Return the fact, or nothing when the hand is up already: it keeps its place."""
    if _place_of(room, raised.hand) is not None:
        return ()
    if len(room.hands) >= MAX_HANDS:
        raise Refused(Code.HANDS_FULL)
    return (raised,)


def _lower(room: Room, hand: HandId, now: float) -> tuple[Event, ...]:
    return () if _place_of(room, hand) is None else (HandLowered(hand, at=now),)


def _move(room: Room, command: MoveHand, now: float) -> tuple[Event, ...]:
    place = _place_of(room, command.hand)
    if place is None:
        raise Refused(Code.HAND_UNKNOWN)
    to = max(0, min(command.to, len(room.hands) - 1))
    return () if to == place else (HandMoved(command.hand, to, at=now),)


def _place_of(room: Room, id: HandId) -> int | None:
    return next((place for place, hand in enumerate(room.hands) if hand.id == id), None)
