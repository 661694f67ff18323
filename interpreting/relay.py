"""Relay: what an interpreter listens to, so that nobody ends up interpreting themselves.

Rules checked by every command that could break them:

1. Nobody's incoming is their own selected outgoing, on air or off (``incoming_is_own_outgoing``).
2. Among interpreters on air, "speaks into this channel, listens to that one" never forms a ring
   (``relay_cycle``). Who is off air passes nothing on, so an ear to any channel is free until the microphone
   opens.

What happens without a command (the floor changes its language, a pivot goes off air) is no reason to refuse
anybody anything. It is resolved by ``hears``, a pure function of the room: a relay that is lost, and a pivot that
would close a ring, give way to the floor.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, TypeAlias

from interpreting.errors import Code, Refused
from interpreting.languages import FLOOR

if TYPE_CHECKING:
    from interpreting.booth import Seat
    from interpreting.ids import PersonId
    from interpreting.languages import Channel, Language
    from interpreting.room import Room

_Arrows: TypeAlias = "Mapping[Language, set[Channel]]"
"""From a channel that somebody speaks into to the channels they listen to; several may share an outgoing one."""


def hears(room: Room, seat: Seat) -> Channel:
    """Return what the seat listens to now; never the channel it speaks into.

    That is its incoming, while somebody is live on air into it or the floor speaks it. Otherwise the floor; and
    while the floor speaks none of the booth's languages, the seat's pivot instead, provided that another booth is
    live on air into it and does not itself rely on this seat's channel.
    """
    if seat.incoming != FLOOR and (room.voices(seat.incoming) or room.floor_language == seat.incoming):
        return seat.incoming
    pivot = _pivot(room, seat)
    if pivot is None or _leads_back(_arrows_at_most(room, seat), pivot, seat.outgoing):
        return FLOOR
    return pivot


def check_listening(room: Room, seat: Seat, *, on_air: bool, instead_of: Collection[PersonId] = ()) -> None:
    """Raise ``Refused`` when the seat as it would be breaks one of the two rules.

    ``seat`` carries the incoming and outgoing that it would have; ``on_air`` says whether it would be on air;
    ``instead_of`` names who goes off air in the same step.
    """
    if seat.incoming == seat.outgoing:
        raise Refused(Code.INCOMING_IS_OWN_OUTGOING)
    if on_air and _leads_back(_arrows_now(room, {seat.person, *instead_of}), seat.incoming, seat.outgoing):
        raise Refused(Code.RELAY_CYCLE)


def check_pivot(room: Room, seat: Seat, pivot: Language) -> None:
    """Raise ``Refused`` when relying on the pivot would let the seat hear itself, at once or through others."""
    if pivot == seat.outgoing:
        raise Refused(Code.INCOMING_IS_OWN_OUTGOING)
    if seat.is_on_air and _leads_back(_arrows_now(room, {seat.person}), pivot, seat.outgoing):
        raise Refused(Code.RELAY_CYCLE)


def relay_depth(room: Room, language: Language) -> int:
    """Return how the channel is made: 0 no interpreter, 1 interpreted from the floor, 2 from another interpreter."""
    voices = room.voices(language)
    heard = [hears(room, seat) for seat in voices]
    if any(channel != FLOOR and room.voices(channel) for channel in heard):
        return 2
    return 1 if voices else 0


def _pivot(room: Room, seat: Seat) -> Language | None:
    """Return the seat's pivot when it is needed and there, whether or not it would close a ring."""
    booth = room.booth_of(seat.person)
    if seat.pivot is None or booth is None or room.floor_language in booth.languages:
        return None
    voices = room.voices(seat.pivot)
    return seat.pivot if voices and not any(voice.person in booth.seats for voice in voices) else None


def _arrows_now(room: Room, without: Collection[PersonId]) -> _Arrows:
    """Return to what everybody else on air has chosen to listen, and to what they do."""
    arrows: dict[Language, set[Channel]] = {}
    for other in room.seats_on_air():
        if other.person not in without:
            arrows.setdefault(other.outgoing, set()).update((other.incoming, hears(room, other)))
    return arrows


def _arrows_at_most(room: Room, seat: Seat) -> _Arrows:
    """Return to what everybody else on air may listen: what they have chosen, and the pivot they may fall to.

    A pivot that lies on a ring of these is passed over by everybody on the ring, so that the answer depends on
    nobody's order and what is left has no ring: one of chosen channels alone is refused beforehand.
    """
    arrows: dict[Language, set[Channel]] = {}
    for other in room.seats_on_air():
        if other.person != seat.person:
            pivot = _pivot(room, other)
            arrows.setdefault(other.outgoing, set()).update({other.incoming, pivot or other.incoming})
    return arrows


def _leads_back(arrows: _Arrows, start: Channel, goal: Language) -> bool:
    """Tell whether somebody who listens to ``start`` hears, through the others, what is said into ``goal``."""
    reached: set[Channel] = set()
    waiting = [start]
    while waiting:
        channel = waiting.pop()
        if channel == goal:
            return True
        if channel != FLOOR and channel not in reached:
            reached.add(channel)
            waiting += arrows.get(channel, ())
    return False
