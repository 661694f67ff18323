"""Ids of rooms, booths, people, sources and buses, and the fixed forms of source ids.

Outside the domain they are opaque strings; who prefixes them with a room is left to the conductor.
"""

from enum import StrEnum
from typing import Final, NewType

from interpreting.errors import Code, Refused
from interpreting.languages import FLOOR, Channel, Language

__all__ = [
    "BACKUP",
    "DEMO",
    "FLOOR",
    "HALL",
    "PLAYOUT",
    "VENUE",
    "AssetId",
    "BoothId",
    "BusId",
    "CallId",
    "Channel",
    "HandId",
    "ItemId",
    "Language",
    "LineId",
    "PersonId",
    "RecordingId",
    "RoomId",
    "SourceId",
    "SourceKind",
    "hall_hand",
    "kind_of",
    "mic_source",
    "persons_hand",
    "speaker_source",
]

RoomId = NewType("RoomId", str)
BoothId = NewType("BoothId", str)
PersonId = NewType("PersonId", str)
SourceId = NewType("SourceId", str)
BusId = NewType("BusId", str)
ItemId = NewType("ItemId", str)
RecordingId = NewType("RecordingId", str)
"""The room's id and the whole second in which the recording began: ``plenary-1800000000``."""

AssetId = NewType("AssetId", str)
"""A file that was uploaded to be played out."""

HandId = NewType("HandId", str)
"""Whose hand it is: ``person:<person>``, or ``hall:<label>`` for a microphone of the hall."""

CallId = NewType("CallId", int)
LineId = NewType("LineId", int)
"""Calls and lines of chat are counted from 1, each on its own."""


class SourceKind(StrEnum):
    """What a source is: the hall, its second sender, a remote speaker, the built-in demo, a video message that is
    played out, a booth microphone."""

    VENUE = "venue"
    BACKUP = "backup"
    SPEAKER = "speaker"
    DEMO = "demo"
    PLAYOUT = "playout"
    MIC = "mic"


VENUE: Final = SourceId("venue")
BACKUP: Final = SourceId("backup")
HALL: Final = (VENUE, BACKUP)
"""The hall's two senders, the usual one first. The floor carries at most one of them."""

DEMO: Final = SourceId("demo")
PLAYOUT: Final = SourceId("playout")


def mic_source(person: PersonId) -> SourceId:
    """Return the id of the person's booth microphone: ``mic:<person>``."""
    return SourceId(f"mic:{person}")


def speaker_source(person: PersonId) -> SourceId:
    """Return the id of the remote speaker's sound: ``speaker:<person>``."""
    return SourceId(f"speaker:{person}")


def persons_hand(person: PersonId) -> HandId:
    """Return the id of the person's raised hand."""
    return HandId(f"person:{person}")


def hall_hand(label: str) -> HandId:
    """Return the id of a hand raised at a microphone of the hall."""
    return HandId(f"hall:{label}")


def kind_of(source: SourceId) -> SourceKind:
    """Return the kind that the id's form says; raise ``Refused`` (``source_unknown``) for any other form."""
    if source in (VENUE, BACKUP, DEMO, PLAYOUT):
        return SourceKind(source)
    form, _, person = source.partition(":")
    if person and form in (SourceKind.MIC, SourceKind.SPEAKER):
        return SourceKind(form)
    raise Refused(Code.SOURCE_UNKNOWN)
