"""Ids of rooms, booths, people, sources and buses, and the fixed forms of source ids.

Outside the domain they are opaque strings; who prefixes them with a room is left to the conductor.
"""

import unicodedata
from enum import StrEnum
from typing import Final, NewType

from interpreting.errors import Code, Refused
from interpreting.languages import FLOOR, Channel, Language

__all__ = [
    "BACKUP",
    "DEMO",
    "FLOOR",
    "HALL",
    "HALL_MICS",
    "MAX_PERSON_CHARS",
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
    "QuestionId",
    "RecordingId",
    "RoomId",
    "SourceId",
    "SourceKind",
    "hall_hand",
    "hall_mic",
    "intercom_source",
    "is_person_id",
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
QuestionId = NewType("QuestionId", int)
"""Calls, lines of chat and questions are counted from 1, each on its own."""


class SourceKind(StrEnum):
    """What a source is: the hall, its second sender, a further microphone of the hall, a remote speaker, the built-in
    demo, a video message that is played out, a booth microphone, one that talks on the intercom alone."""

    VENUE = "venue"
    BACKUP = "backup"
    HALL_MIC = "hall"
    SPEAKER = "speaker"
    DEMO = "demo"
    PLAYOUT = "playout"
    MIC = "mic"
    INTERCOM = "intercom"


VENUE: Final = SourceId("venue")
BACKUP: Final = SourceId("backup")
HALL: Final = (VENUE, BACKUP)
"""The hall's two senders, the usual one first. The floor carries at most one of them."""

DEMO: Final = SourceId("demo")
PLAYOUT: Final = SourceId("playout")


MAX_PERSON_CHARS: Final = 64


def is_person_id(text: str) -> bool:
    """Tell whether a text may be a person's id: letters and digits of any script with ``-``, ``_``, ``.`` and ``@``.

    It begins with a letter or digit, and stands in ids of sources and buses and in addresses.
    """
    if not 0 < len(text) <= MAX_PERSON_CHARS or unicodedata.category(text[0])[0] not in "LN":
        return False
    return all(unicodedata.category(character)[0] in "LMN" or character in "-_.@" for character in text)


def hall_mic(number: int) -> SourceId:
    """Return the id of a further microphone of the hall: ``hall:<number>``. The first is the venue itself."""
    return SourceId(f"hall:{number}")


HALL_MICS: Final = (hall_mic(2), hall_mic(3), hall_mic(4))
"""The hall's further microphones, which the venue's machine sends beside its first one."""


def mic_source(person: PersonId) -> SourceId:
    """Return the id of the person's booth microphone: ``mic:<person>``."""
    return SourceId(f"mic:{person}")


def speaker_source(person: PersonId) -> SourceId:
    """Return the id of the remote speaker's sound: ``speaker:<person>``."""
    return SourceId(f"speaker:{person}")


def intercom_source(person: PersonId) -> SourceId:
    """Return the id of the microphone by which somebody talks on the intercom alone: ``intercom:<person>``."""
    return SourceId(f"intercom:{person}")


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
    if source in HALL_MICS:
        return SourceKind.HALL_MIC
    form, _, person = source.partition(":")
    if person and form in (SourceKind.MIC, SourceKind.SPEAKER, SourceKind.INTERCOM):
        return SourceKind(form)
    raise Refused(Code.SOURCE_UNKNOWN)
