"""Plain data to commands, events and rooms, and back: the domain's own forms on the wire and in the store.

Reading is strict: every field must be there, no other may, and each must have its type. Whether a language or
a booth exists is left to the room. JSON itself, with its sizes and depths, is left to the server.
"""

import math
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from enum import StrEnum
from typing import Any, Final, TypeVar

from interpreting.booth import Booth, Handover, MicState, Seat
from interpreting.commands import COMMANDS, Command
from interpreting.errors import Code, InvalidCommand, InvalidRecord
from interpreting.events import EVENTS, Event, event_name
from interpreting.ids import BoothId, PersonId, RoomId, SourceId, SourceKind
from interpreting.languages import Fallback, Language
from interpreting.room import Room

MAX_TEXT: Final = 200
"""Longest id or display name in a command, in characters."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_Choice = TypeVar("_Choice", bound=StrEnum)


class _Unreadable(Exception):
    """A value is not what its field takes; becomes ``InvalidCommand`` or ``InvalidRecord``."""


def parse_command(name: str, args: Mapping[str, object], by: PersonId) -> Command:
    """Return the command of that name said by ``by``; commands without a person ignore ``by``.

    Raises ``InvalidCommand``: ``command_unknown`` for another name, ``command_invalid`` for arguments that
    are missing, too many, of a wrong type, blank, longer than ``MAX_TEXT`` or with control characters.
    """
    kind = COMMANDS.get(name)
    if kind is None:
        raise InvalidCommand(Code.COMMAND_UNKNOWN)
    names = [field.name for field in fields(kind)]
    try:
        values = _read_fields([name for name in names if name != "by"], args)
        _check_texts(values)
    except _Unreadable as problem:
        raise InvalidCommand(Code.COMMAND_INVALID, str(problem)) from None
    if "by" in names:
        values["by"] = by
    return kind(**values)


def event_to_dict(event: Event) -> dict[str, object]:
    """Return the event as JSON-ready data: its name under ``event``, and its fields."""
    values = {field.name: _plain(getattr(event, field.name)) for field in fields(event)}
    return {"event": event_name(type(event)), **values}


def event_from_dict(record: Mapping[str, object]) -> Event:
    """Return the event that ``event_to_dict`` made; raise ``InvalidRecord`` for anything else."""
    values = dict(record)
    kind = EVENTS.get(str(values.pop("event", "")))
    try:
        if kind is None:
            raise _Unreadable("no known event")
        return kind(**_read_fields([field.name for field in fields(kind)], values))
    except _Unreadable as problem:
        raise InvalidRecord(Code.RECORD_INVALID, str(problem)) from None


def room_to_dict(room: Room) -> dict[str, object]:
    """Return the room as JSON-ready data, a snapshot."""
    return {
        "id": room.id,
        "languages": list(room.languages),
        "floor_language": room.floor_language,
        "fallbacks": {language: fallback.value for language, fallback in room.fallbacks.items()},
        "sources": {source: kind.value for source, kind in room.sources.items()},
        "booths": [_booth_to_dict(booth) for booth in room.booths.values()],
    }


def room_from_dict(record: Mapping[str, object]) -> Room:
    """Return the room of a snapshot, orders kept.

    Raises ``InvalidRecord`` for anything that ``room_to_dict`` does not make, ``InvalidRoom`` for a room that
    contradicts itself.
    """
    try:
        names = ["id", "languages", "floor_language", "fallbacks", "sources", "booths"]
        _check_keys(names, record)
        booths = [_booth_from_dict(_mapping(booth)) for booth in _list(record["booths"])]
        return Room(
            id=RoomId(_text(record["id"])),
            languages=_languages(record["languages"]),
            booths=_keyed((booth.id, booth) for booth in booths),
            floor_language=Language(_text(record["floor_language"])),
            fallbacks={Language(key): value for key, value in _choices(Fallback, record["fallbacks"])},
            sources={SourceId(key): value for key, value in _choices(SourceKind, record["sources"])},
        )
    except _Unreadable as problem:
        raise InvalidRecord(Code.RECORD_INVALID, str(problem)) from None


def _booth_to_dict(booth: Booth) -> dict[str, object]:
    handover = booth.handover
    return {
        "id": booth.id,
        "languages": list(booth.languages),
        "seats": [_seat_to_dict(seat) for seat in booth.seats.values()],
        "handover": handover and {"asked_by": handover.asked_by, "accepted_by": handover.accepted_by},
    }


def _seat_to_dict(seat: Seat) -> dict[str, object]:
    return {field.name: _plain(getattr(seat, field.name)) for field in fields(seat)}


def _booth_from_dict(record: Mapping[str, object]) -> Booth:
    _check_keys(["id", "languages", "seats", "handover"], record)
    seats = [_seat_from_dict(_mapping(seat)) for seat in _list(record["seats"])]
    return Booth(
        id=BoothId(_text(record["id"])),
        languages=_languages(record["languages"]),
        seats=_keyed((seat.person, seat) for seat in seats),
        handover=_handover_from(record["handover"]),
    )


def _seat_from_dict(record: Mapping[str, object]) -> Seat:
    return Seat(**_read_fields([field.name for field in fields(Seat)], record))


def _handover_from(value: object) -> Handover | None:
    if value is None:
        return None
    record = _mapping(value)
    _check_keys(["asked_by", "accepted_by"], record)
    accepted_by = record["accepted_by"]
    return Handover(
        asked_by=PersonId(_text(record["asked_by"])),
        accepted_by=None if accepted_by is None else PersonId(_text(accepted_by)),
    )


def _languages(value: object) -> tuple[Language, ...]:
    return tuple(Language(_text(language)) for language in _list(value))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _Unreadable("not a text")
    return value


def _moment(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Unreadable("not a moment")
    try:
        moment = float(value)
    except OverflowError:
        moment = math.inf
    if not math.isfinite(moment):
        raise _Unreadable("not a finite moment")
    return moment


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise _Unreadable("not true or false")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise _Unreadable("not a list")
    return value


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise _Unreadable("not an object")
    return value


def _one_of(choices: type[_Choice]) -> Callable[[object], _Choice]:
    def read(value: object) -> _Choice:
        try:
            return choices(_text(value))
        except ValueError:
            raise _Unreadable(f"not one of {', '.join(choices)}") from None

    return read


def _choices(choices: type[_Choice], value: object) -> list[tuple[str, _Choice]]:
    read = _one_of(choices)
    return [(key, read(choice)) for key, choice in _mapping(value).items()]


def _keyed(pairs: Iterable[tuple[_Key, _Value]]) -> dict[_Key, _Value]:
    """Return a dictionary, and never one where a later entry hides an earlier one."""
    result: dict[_Key, _Value] = {}
    for key, value in pairs:
        if key in result:
            raise _Unreadable("the same id twice")
        result[key] = value
    return result


# Fields of the same name have the same type in every command, event and seat. All not named here are texts.
_READERS: Final[Mapping[str, Callable[[object], object]]] = {
    "at": _moment,
    "present": _flag,
    "fallback": _one_of(Fallback),
    "kind": _one_of(SourceKind),
    "mic": _one_of(MicState),
}


def _read_fields(names: list[str], record: Mapping[str, object]) -> dict[str, Any]:
    """Return the values of exactly these fields, each read as its name says."""
    _check_keys(names, record)
    return {name: _READERS.get(name, _text)(record[name]) for name in names}


def _check_texts(values: Mapping[str, object]) -> None:
    """Refuse blank and overlong texts, and characters that no name or id has and no UTF-8 may hold."""
    for text in values.values():
        if not isinstance(text, str):
            continue
        if not text.strip() or len(text) > MAX_TEXT:
            raise _Unreadable("a text is blank or too long")
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
            raise _Unreadable("a text has control characters or lone surrogates")


def _check_keys(names: list[str], record: Mapping[str, object]) -> None:
    if set(record) != set(names):
        raise _Unreadable(f"fields must be {', '.join(names) or 'none'}")


def _plain(value: object) -> object:
    return value.value if isinstance(value, StrEnum) else value
