"""Mixes without one's own voice (N-1), and who listens to which: nobody far away, and no loudspeaker, hears itself.

Everybody whose microphone is shut hears the ordinary buses, so that there are few of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from interpreting.buses import MINUS_VENUE, bus_of, intercom_bus, minus_bus, venue_bus
from interpreting.ids import DEMO, HALL, HALL_MICS, BusId, PersonId, SourceId, speaker_source
from interpreting.languages import FLOOR
from interpreting.words import Party
from interpreting.workshop import Place

if TYPE_CHECKING:
    from interpreting.room import Room


def bus_for(room: Room, person: PersonId) -> BusId | None:
    """Return what somebody who takes part hears: nothing at the door, removed, or when they did not come at all;
    backstage what is said there by the intercom.

    Who holds the floor has a bus of their own, also while muted: it is the ordinary mix then, and stays their bus
    when the microphone opens.
    """
    attendee = room.people.get(person)
    if attendee is None:
        return None
    match attendee.place:
        case Place.SEATED:
            return minus_bus(attendee.hears, person) if room.holder(person) else bus_of(attendee.hears)
        case Place.BACKSTAGE:
            return intercom_bus(Party.BACKSTAGE)
        case Place.WAITING | Place.REMOVED:
            return None


def minus_mixes(room: Room, mixes: Mapping[BusId, Mapping[SourceId, float]]) -> dict[BusId, Mapping[SourceId, float]]:
    """Return the buses without one's own voice, made of the channels' mixes.

    The hall's return is the floor's, and each language's that the hall asked for, without both of its senders,
    its further microphones and the demo.
    """
    of_hall = {*HALL, *HALL_MICS, DEMO}
    minus = {MINUS_VENUE: _without(mixes[bus_of(FLOOR)], of_hall)}
    for language in room.venue_hears:
        minus[venue_bus(language)] = _without(mixes[bus_of(language)], of_hall)
    for holder in room.holders:
        hears = room.people[holder.person].hears
        minus[minus_bus(hears, holder.person)] = _without(mixes[bus_of(hears)], {speaker_source(holder.person)})
    return minus


def _without(mix: Mapping[SourceId, float], own: set[SourceId]) -> Mapping[SourceId, float]:
    return {source: gain for source, gain in mix.items() if source not in own}
