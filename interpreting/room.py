"""A room's state: channels, booths and who sits in them, the floor, the sources, the programme, what is said.

``Room`` is an immutable value. ``apply`` judges a command and returns facts without changing anything;
``evolve`` returns the room that a fact makes. Storing, sending and mixing are left to the conductor.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypedDict, Unpack

from interpreting.booth import Booth, Handover, Interlock, MicState, Seat
from interpreting.commands import Command
from interpreting.consistency import contradiction
from interpreting.decisions import decide
from interpreting.errors import Code, InvalidRecord, InvalidRoom
from interpreting.events import Event, FloorLanguageSet
from interpreting.evolution import evolve
from interpreting.ids import (
    BACKUP,
    HALL,
    HALL_MICS,
    PLAYOUT,
    VENUE,
    BoothId,
    ItemId,
    PersonId,
    RecordingId,
    RoomId,
    SourceId,
    SourceKind,
    kind_of,
    mic_source,
    speaker_source,
)
from interpreting.languages import FLOOR, Channel, Fallback, Language
from interpreting.playout_state import Playout, Reel
from interpreting.programme import Item
from interpreting.trims import Trim
from interpreting.words import Ask, Call, Line, Question, Talk
from interpreting.workshop import Attendee, Door, Hand, Holder, LostFloor, Place, Timer

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


class _Changes(TypedDict, total=False):
    speaks: Language | None
    hears: Channel
    place: Place
    present: bool


@dataclass(frozen=True, slots=True)
class Room:
    """One room with one floor.

    ``languages`` are the channels in the order people see them, ``sources`` the live ones only, ``consents`` what
    was said of a source's recording, ``venue_source`` the hall's sender that the floor shall carry. ``item`` may
    be one that the programme no longer has. ``people`` take part from afar, ``holders`` of them have the floor, the
    newest last. ``items``, ``is_recordable``, ``is_closed`` and ``shows_roster`` are the configuration's. Moments are
    seconds since the Unix epoch. Building a room that contradicts itself raises ``InvalidRoom``.
    """

    id: RoomId
    languages: tuple[Language, ...]
    booths: Mapping[BoothId, Booth]
    floor_language: Language
    fallbacks: Mapping[Language, Fallback] = field(default_factory=dict)
    sources: Mapping[SourceId, SourceKind] = field(default_factory=dict)
    interlock: Interlock = Interlock.INTERLOCK
    venue_source: SourceId = VENUE
    is_held: bool = False
    items: tuple[Item, ...] = ()
    item: ItemId | None = None
    item_since: float | None = None
    recording: RecordingId | None = None
    recording_since: float | None = None
    last_recording: RecordingId | None = None
    consents: Mapping[SourceId, bool] = field(default_factory=dict)
    asks: tuple[Ask, ...] = ()
    calls: tuple[Call, ...] = ()
    chat: tuple[Line, ...] = ()
    is_recordable: bool = True
    is_closed: bool = False
    shows_roster: bool = False
    door: Door = Door.OPEN
    people: Mapping[PersonId, Attendee] = field(default_factory=dict)
    hands: tuple[Hand, ...] = ()
    holders: tuple[Holder, ...] = ()
    lost_floors: tuple[LostFloor, ...] = ()
    follows_speaker: bool = True
    timer: Timer | None = None
    venue_hears: tuple[Language, ...] = ()
    playout: Playout | None = None
    trims: Mapping[SourceId, Trim] = field(default_factory=dict)
    questions: tuple[Question, ...] = ()
    talks: Mapping[PersonId, Talk] = field(default_factory=dict)

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

    def on_air_into(self, language: Language) -> list[tuple[Booth, Seat]]:
        """Return who is on air into the channel, coughing or not, with their booths: one unless it is shared."""
        booths = ((booth, booth.on_air) for booth in self.booths.values())
        return [(booth, seat) for booth, seat in booths if seat and seat.outgoing == language]

    def voices(self, channel: Channel) -> list[Seat]:
        """Return who is on air into the channel with a microphone that flows; nobody speaks into the floor."""
        return [seat for seat in self.seats_on_air() if seat.outgoing == channel and self.has_live_mic(seat.person)]

    def is_live(self, source: SourceId) -> bool:
        """The source flows."""
        return source in self.sources

    def has_live_mic(self, person: PersonId) -> bool:
        """The person's booth microphone flows, whether on air or not."""
        return self.is_live(mic_source(person))

    def holder(self, person: PersonId) -> Holder | None:
        """Return the person's hold of the floor."""
        return next((holder for holder in self.holders if holder.person == person), None)

    def is_heard(self, person: PersonId) -> bool:
        """The person has the floor, their microphone is open, and its sound flows."""
        holder = self.holder(person)
        return holder is not None and holder.muted_by is None and self.is_live(speaker_source(person))

    def follow(self, language: Language | None, now: float) -> tuple[FloorLanguageSet, ...]:
        """Return the fact that the floor speaks the newest speaker's language, unless it does or does not follow."""
        if not self.follows_speaker or language in (None, self.floor_language):
            return ()
        return (FloorLanguageSet(language, at=now),)

    def with_attendee(self, person: PersonId, **changes: Unpack[_Changes]) -> Room:
        """Return the room with somebody changed; raises ``InvalidRecord`` when they are not there."""
        attendee = self.people.get(person)
        if attendee is None:
            raise InvalidRecord(Code.RECORD_INVALID, "the event's person is not in the room")
        return replace(self, people={**self.people, person: replace(attendee, **changes)})

    @property
    def reel(self) -> Reel:
        """What the player does."""
        return self.playout.reel if self.playout else Reel.EMPTY

    @property
    def is_playing_out(self) -> bool:
        """A video message plays and its sound flows: it has the floor for itself."""
        return self.reel is Reel.PLAYING and self.is_live(PLAYOUT)

    @property
    def venue_now(self) -> SourceId | None:
        """Which of the hall's senders the floor carries: the selected one, else the other, else neither."""
        wanted = (self.venue_source, *HALL)
        return next((source for source in wanted if self.is_live(source)), None)

    @property
    def hall_now(self) -> tuple[SourceId, ...]:
        """What the floor carries of the hall: one sender, and beside the usual one its further microphones.

        The backup has a sound of the whole hall, in which they would be heard twice.
        """
        mics = () if self.venue_now == BACKUP else tuple(filter(self.is_live, HALL_MICS))
        return (self.venue_now, *mics) if self.venue_now else mics

    @property
    def item_now(self) -> Item | None:
        """The item of the programme that is on."""
        return next((item for item in self.items if item.id == self.item), None)

    def consents_to(self, source: SourceId) -> bool:
        """The source may be recorded. Unless somebody said otherwise: the hall and the demo, but nobody's voice.

        What was said of the hall's usual sender holds for its second one and its further microphones, until something
        is said of those. The intercom is never recorded.
        """
        if source in (BACKUP, *HALL_MICS) and source not in self.consents:
            source = VENUE
        kind = kind_of(source)
        if kind is SourceKind.INTERCOM:
            return False
        is_somebody = kind in (SourceKind.MIC, SourceKind.SPEAKER)
        return self.consents.get(source, not is_somebody)


def replay(room: Room, events: Iterable[Event]) -> Room:
    """Return the room after all the events, in order; raises as ``Room.evolve`` does."""
    for event in events:
        room = room.evolve(event)
    return room
