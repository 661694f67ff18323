"""A room's state: its channels, its booths and who sits in them, what the floor speaks, which sources flow.

``Room`` is an immutable value. ``apply`` judges a command and returns facts without changing anything;
``evolve`` returns the room that a fact makes. Storing, sending and mixing are left to the conductor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from interpreting.booth import Booth, Handover, MicState, Seat
from interpreting.commands import Command
from interpreting.consistency import contradiction
from interpreting.decisions import decide
from interpreting.errors import Code, InvalidRoom
from interpreting.events import Event
from interpreting.evolution import evolve
from interpreting.ids import BoothId, PersonId, RoomId, SourceId, SourceKind, mic_source
from interpreting.languages import FLOOR, Channel, Fallback, Language

__all__ = [
    "FLOOR",
    "Booth",
    "Channel",
    "Fallback",
    "Handover",
    "MicState",
    "Room",
    "Seat",
    "SourceKind",
    "replay",
]


@dataclass(frozen=True, slots=True)
class Room:
    """One room with one floor.

    ``languages`` are the channels in the order people see them, ``sources`` the live ones only. Building one
    that contradicts itself raises ``InvalidRoom``.
    """

    id: RoomId
    languages: tuple[Language, ...]
    booths: Mapping[BoothId, Booth]
    floor_language: Language
    fallbacks: Mapping[Language, Fallback] = field(default_factory=dict)
    sources: Mapping[SourceId, SourceKind] = field(default_factory=dict)

    def __post_init__(self) -> None:
        problem = contradiction(self)
        if problem:
            raise InvalidRoom(Code.ROOM_INVALID, problem)

    def apply(self, command: Command, now: float) -> tuple[Event, ...]:
        """Return the facts that the command makes at ``now`` (Unix seconds), none when it is already so.

        Raises ``Refused`` when the rules forbid it. Depends on nothing but the room, the command and ``now``,
        and changes nothing: evolve the room by each returned event, in order.
        """
        return decide(self, command, now)

    def evolve(self, event: Event) -> Room:
        """Return the room as the fact makes it.

        Raises ``InvalidRecord`` or ``InvalidRoom`` for an event that this room cannot have had, which happens
        when events are replayed on a room configured otherwise.
        """
        return evolve(self, event)

    def fallback(self, language: Language) -> Fallback:
        """Return the channel's policy; ducked unless set otherwise."""
        return self.fallbacks.get(language, Fallback.DUCKED)

    def booth_of(self, person: PersonId) -> Booth | None:
        """Return the booth in which the person has a seat."""
        return next((booth for booth in self.booths.values() if person in booth.seats), None)

    def seat_of(self, person: PersonId) -> Seat | None:
        """Return the person's seat."""
        booth = self.booth_of(person)
        return booth.seats[person] if booth else None

    def seats_on_air(self) -> Iterator[Seat]:
        """Yield every seat on air, coughing ones too, at most one a booth."""
        return (booth.on_air for booth in self.booths.values() if booth.on_air)

    def on_air_into(self, language: Language) -> tuple[Booth, Seat] | None:
        """Return who is on air into the channel, coughing or not, and their booth."""
        for booth in self.booths.values():
            seat = booth.on_air
            if seat and seat.outgoing == language:
                return booth, seat
        return None

    def is_live(self, source: SourceId) -> bool:
        """The source flows."""
        return source in self.sources

    def has_live_mic(self, person: PersonId) -> bool:
        """The person's booth microphone flows, whether on air or not."""
        return self.is_live(mic_source(person))


def replay(room: Room, events: Iterable[Event]) -> Room:
    """Return the room after all the events, in order; raises as ``Room.evolve`` does."""
    for event in events:
        room = room.evolve(event)
    return room
