"""Plain data to commands, events and rooms, and back: the domain's own forms on the wire and in the store.

Reading is strict: every field must be there, no other may, and each must have its type (``forms``). Whether a
language or a booth exists is left to the room. JSON itself, with its sizes and depths, is left to the server.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Final

from interpreting.commands import COMMANDS, Command, wire_fields
from interpreting.errors import Code, InvalidCommand, InvalidRecord
from interpreting.events import EVENTS, Event, event_name
from interpreting.forms import Unreadable, plain_record, read_fields, read_record
from interpreting.ids import PersonId
from interpreting.room import Room
from interpreting.words import MAX_LINE_CHARS

MAX_TEXT: Final = 200
"""Longest id or display name in a command, in characters."""

RETIRED: Final = frozenset({"talked_backstage"})
"""Events of earlier versions that change nothing any more."""

_LONGER: Final[Mapping[str, int]] = {"text": MAX_LINE_CHARS}
# Control characters, lone surrogates, and what begins a new line or paragraph.
_NO_TEXT: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})


def parse_command(name: str, args: Mapping[str, object], by: PersonId) -> Command:
    """Return the command of that name said by ``by``; commands without a person ignore ``by``.

    What the server fills in has its default. Raises ``InvalidCommand``: ``command_unknown`` for another name,
    ``command_invalid`` for arguments that are missing, too many, of a wrong type, blank, too long or of more than
    one line.
    """
    kind = COMMANDS.get(name)
    if kind is None:
        raise InvalidCommand(Code.COMMAND_UNKNOWN)
    try:
        values = read_fields(kind, wire_fields(kind), args)
        _check_texts(values)
    except Unreadable as problem:
        raise InvalidCommand(Code.COMMAND_INVALID, str(problem)) from None
    if any(field.name == "by" for field in fields(kind)):
        values["by"] = by
    return kind(**values)


def event_to_dict(event: Event) -> dict[str, object]:
    """Return the event as JSON-ready data: its name under ``event``, and its fields."""
    return {"event": event_name(type(event)), **plain_record(event)}


def event_from_dict(record: Mapping[str, object]) -> Event:
    """Return the event that ``event_to_dict`` made; raise ``InvalidRecord`` for anything else."""
    values = dict(record)
    kind = EVENTS.get(str(values.pop("event", "")))
    try:
        if kind is None:
            raise Unreadable("no known event")
        return read_record(kind, values)
    except Unreadable as problem:
        raise InvalidRecord(Code.RECORD_INVALID, str(problem)) from None


def events_from_dicts(records: Iterable[Mapping[str, object]]) -> list[Event]:
    """Return the events of a log, without those of earlier versions that change nothing any more.

    Raises ``InvalidRecord`` as ``event_from_dict`` does.
    """
    return [event_from_dict(record) for record in records if record.get("event") not in RETIRED]


def room_to_dict(room: Room) -> dict[str, object]:
    """Return the room as JSON-ready data, a snapshot."""
    return plain_record(room)


def room_from_dict(record: Mapping[str, object]) -> Room:
    """Return the room of a snapshot, orders kept; one from before a field was added has the field's default.

    Raises ``InvalidRecord`` for anything that ``room_to_dict`` does not make, ``InvalidRoom`` for a room that
    contradicts itself.
    """
    try:
        return read_record(Room, record)
    except Unreadable as problem:
        raise InvalidRecord(Code.RECORD_INVALID, str(problem)) from None


def _check_texts(values: Mapping[str, object]) -> None:
    """Refuse blank and overlong texts, and characters that no line, name or id has."""
    for name, text in values.items():
        if not isinstance(text, str):
            continue
        if not text.strip() or len(text) > _LONGER.get(name, MAX_TEXT):
            raise Unreadable("a text is blank or too long")
        if not is_one_line(text):
            raise Unreadable("a text has control characters, line ends or lone surrogates")


def is_one_line(text: str) -> bool:
    """Tell whether a text has no control characters, line ends or lone surrogates."""
    return not any(unicodedata.category(character) in _NO_TEXT for character in text)
