"""Ids of rooms, booths, people, sources and buses, and the fixed forms of source ids.

Outside the domain they are opaque strings; who prefixes them with a room is left to the conductor.
"""

from enum import StrEnum
from typing import Final, NewType

from interpreting.errors import Code, Refused
from interpreting.languages import FLOOR, Channel, Language

__all__ = [
    "DEMO",
    "FLOOR",
    "VENUE",
    "BoothId",
    "BusId",
    "Channel",
    "Language",
    "PersonId",
    "RoomId",
    "SourceId",
    "SourceKind",
    "kind_of",
    "mic_source",
    "speaker_source",
]

RoomId = NewType("RoomId", str)
BoothId = NewType("BoothId", str)
PersonId = NewType("PersonId", str)
SourceId = NewType("SourceId", str)
BusId = NewType("BusId", str)


class SourceKind(StrEnum):
    """What a source is: the hall, a remote speaker, the built-in demo floor, a booth microphone."""

    VENUE = "venue"
    SPEAKER = "speaker"
    DEMO = "demo"
    MIC = "mic"


VENUE: Final = SourceId("venue")
DEMO: Final = SourceId("demo")


def mic_source(person: PersonId) -> SourceId:
    """Return the id of the person's booth microphone: ``mic:<person>``."""
    return SourceId(f"mic:{person}")


def speaker_source(person: PersonId) -> SourceId:
    """Return the id of the remote speaker's sound: ``speaker:<person>``."""
    return SourceId(f"speaker:{person}")


def kind_of(source: SourceId) -> SourceKind:
    """Return the kind that the id's form says; raise ``Refused`` (``source_unknown``) for any other form."""
    if source == VENUE:
        return SourceKind.VENUE
    if source == DEMO:
        return SourceKind.DEMO
    form, _, person = source.partition(":")
    if person and form in (SourceKind.MIC, SourceKind.SPEAKER):
        return SourceKind(form)
    raise Refused(Code.SOURCE_UNKNOWN)
