"""What belongs to the hall: recording and consents, its two senders, the holding slide, the programme, its sources.

Both halves stand here: what a command makes, and what the fact does to the room.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from interpreting.commands import (
    ConnectSource,
    HallCommand,
    HoldSlide,
    LoseAllSources,
    LoseSource,
    NextItem,
    SelectItem,
    SelectVenue,
    SetConsent,
    SourceCommand,
    StartRecording,
    StopRecording,
)
from interpreting.errors import Code, Refused
from interpreting.events import (
    AllSourcesLost,
    ConsentSet,
    Event,
    FloorLanguageSet,
    HallEvent,
    ItemSelected,
    RecordingStarted,
    RecordingStopped,
    SlideHeld,
    SourceConnected,
    SourceEvent,
    SourceLost,
    VenueSelected,
)
from interpreting.ids import BACKUP, HALL, PLAYOUT, VENUE, RecordingId, kind_of
from interpreting.places import REELS
from interpreting.programme import DOUBLE_PRESS_S, Item
from interpreting.workshop_events import PlayoutStopped

if TYPE_CHECKING:
    from interpreting.room import Room


def decide_hall(room: Room, command: HallCommand, now: float) -> tuple[Event, ...]:
    """Return the facts that the command makes; raise ``Refused`` when the rules forbid it."""
    match command:
        case StartRecording():
            if not room.is_recordable:
                raise Refused(Code.RECORDING_OFF)
            return () if room.recording else (RecordingStarted(_recording_id(room, now), at=now),)
        case StopRecording():
            return (RecordingStopped(room.recording, at=now),) if room.recording else ()
        case SetConsent(source=source, consents=consents):
            kind_of(source)
            return () if room.consents_to(source) is consents else (ConsentSet(source, consents, at=now),)
        case SelectVenue(source=source):
            if source not in HALL:
                raise Refused(Code.SOURCE_UNKNOWN)
            return () if room.venue_source == source else (VenueSelected(source, at=now),)
        case HoldSlide(held=held):
            return () if room.is_held is held else (SlideHeld(held, at=now),)
        case SelectItem() | NextItem():
            return _select_item(room, command, now)
        case _:
            assert_never(command)


def decide_source(room: Room, command: SourceCommand, now: float) -> tuple[Event, ...]:
    """Return the facts of a source that comes or goes.

    When the hall's usual sender is lost while the backup flows, the backup is selected at once; the way back is by
    hand. When the backup is lost, the usual one is selected whether or not it flows. A restart loses nothing here.
    A video message that plays is over when its sound ends.
    """
    match command:
        case ConnectSource(source=source, kind=kind):
            if kind_of(source) is not kind:
                raise Refused(Code.SOURCE_UNKNOWN)
            return () if room.is_live(source) else (SourceConnected(source, kind, at=now),)
        case LoseSource(source=source):
            if not room.is_live(source):
                return ()
            lost = SourceLost(source, at=now)
            if source == PLAYOUT and REELS[room.reel, LoseSource] is not room.reel:
                return (lost, PlayoutStopped(at=now))
            if source != room.venue_source:
                return (lost,)
            other = BACKUP if source == VENUE else VENUE
            is_worth_it = other == VENUE or room.is_live(other)
            return (lost, VenueSelected(other, at=now)) if is_worth_it else (lost,)
        case LoseAllSources():
            return (AllSourcesLost(at=now),) if room.sources else ()
        case _:
            assert_never(command)


def evolve_hall(room: Room, event: HallEvent) -> Room:
    """Return the room as the fact makes it."""
    match event:
        case RecordingStarted(recording=recording, at=at):
            return replace(room, recording=recording, recording_since=at, last_recording=recording)
        case RecordingStopped():
            return replace(room, recording=None, recording_since=None)
        case ConsentSet(source=source, consents=consents):
            return replace(room, consents={**room.consents, source: consents})
        case VenueSelected(source=source):
            return replace(room, venue_source=source)
        case SlideHeld(held=held):
            return replace(room, is_held=held)
        case ItemSelected(item=item, at=at):
            # An item that the programme no longer has may be selected in an old log; `Room.item_now` is then nothing.
            return replace(room, item=item, item_since=at, asks=())
        case _:
            assert_never(event)


def evolve_sources(room: Room, event: SourceEvent) -> Room:
    """Return the room as the fact makes it."""
    match event:
        case SourceConnected(source=source, kind=kind):
            return replace(room, sources={**room.sources, source: kind})
        case SourceLost(source=source):
            return replace(room, sources={key: kind for key, kind in room.sources.items() if key != source})
        case AllSourcesLost():
            return replace(room, sources={})
        case _:
            assert_never(event)


def _recording_id(room: Room, now: float) -> RecordingId:
    """Return an id that the room has not had: the second of the beginning, or the next one free."""
    stamp = int(now)
    if room.last_recording is not None:
        last = int(room.last_recording.rpartition("-")[2])
        stamp = max(stamp, last + 1)
    return RecordingId(f"{room.id}-{stamp}")


def _select_item(room: Room, command: SelectItem | NextItem, now: float) -> tuple[Event, ...]:
    match command:
        case SelectItem(item=id):
            item = next((one for one in room.items if one.id == id), None)
            if item is None:
                raise Refused(Code.ITEM_UNKNOWN)
        case NextItem():
            if room.item_since is not None and 0 <= now - room.item_since < DOUBLE_PRESS_S:
                return ()
            item = _next_item(room)
    if item.id == room.item:
        return ()
    selected = ItemSelected(item.id, at=now)
    if item.language is None or item.language == room.floor_language:
        return (selected,)
    return (FloorLanguageSet(item.language, at=now), selected)


def _next_item(room: Room) -> Item:
    ids = [item.id for item in room.items]
    place = ids.index(room.item) + 1 if room.item in ids else 0
    if place >= len(room.items):
        raise Refused(Code.NO_NEXT_ITEM)
    return room.items[place]
