"""The stored form of the domain's values, by their types: plain data to a value and back, strictly.

A dataclass is an object with exactly its fields; a table of dataclasses is the list of them, in order, because
each bears its own key as its first field; an enum is its text. What is of another form raises ``Unreadable``.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, Literal, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from interpreting.booth import Booth, Seat
from interpreting.commands import Say
from interpreting.events import Said
from interpreting.room import Room
from interpreting.words import Line
from interpreting.workshop import Attendee

Reader: TypeAlias = Callable[[object], Any]

LATER: Final[Mapping[type, frozenset[str]]] = {
    Seat: frozenset({"pivot"}),
    Say: frozenset({"person", "phrase"}),
    Said: frozenset({"to_person", "phrase"}),
    Line: frozenset({"to_person", "phrase"}),
    Booth: frozenset({"shift_minutes", "shift_since"}),
    Room: frozenset(field.name for field in fields(Room))
    - {"id", "languages", "floor_language", "fallbacks", "sources", "booths"},
}
"""Fields that came after the first stored forms: where they are missing, their defaults stand."""

RETIRED: Final[Mapping[type, frozenset[str]]] = {Attendee: frozenset({"talks_backstage"})}
"""Fields of earlier stored forms that say nothing any more: where they stand, they are passed over."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class Unreadable(Exception):
    """A value is not what its field takes; the message names no value."""


def plain_record(value: object) -> dict[str, object]:
    """Return a dataclass of the domain as JSON-ready data."""
    kind: Any = type(value)
    return {name: _plain(hint, getattr(value, name)) for name, hint in _types(kind).items()}


def _plain(kind: Any, value: Any) -> object:
    if is_dataclass(value):
        return plain_record(value)
    if isinstance(value, StrEnum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(None, item) for item in value]
    if isinstance(value, Mapping):
        if is_dataclass(get_args(kind)[1]):
            return [plain_record(item) for item in value.values()]
        return {key: _plain(None, item) for key, item in value.items()}
    return value


def read_record(kind: type[_Value], value: object) -> _Value:
    """Return the dataclass whose fields, exactly, stand in ``value``."""
    read: Callable[[object], _Value] = _record(kind)
    return read(value)


def read_fields(kind: type, names: Iterable[str], record: Mapping[str, object]) -> dict[str, Any]:
    """Return the values of exactly these fields of a dataclass; those that came later may be missing."""
    names, readers = list(names), _readers(kind)
    known = RETIRED.get(kind, frozenset()).union(names)
    if not set(names) - LATER.get(kind, frozenset()) <= set(record) <= known:
        raise Unreadable(f"fields must be {', '.join(names) or 'none'}")
    return {name: readers[name](record[name]) for name in names if name in record}


@cache
def reader_of(kind: Any) -> Reader:
    """Return what reads values of a type; the types are those of the domain's fields."""
    supertype = getattr(kind, "__supertype__", None)
    if supertype is not None:
        return reader_of(supertype)
    if get_origin(kind) is Literal:
        return _literal(get_args(kind))
    if get_origin(kind) in (Union, UnionType):
        return _union(get_args(kind))
    if get_origin(kind) is tuple:
        return _tuple(get_args(kind)[0])
    if get_origin(kind) is not None:
        return _table(*get_args(kind))
    if is_dataclass(kind):
        return _record(kind)
    if issubclass(kind, StrEnum):
        return _choice(kind)
    return _SIMPLE[kind]


@cache
def _readers(kind: Any) -> Mapping[str, Reader]:
    return {name: reader_of(hint) for name, hint in _types(kind).items()}


@cache
def _types(kind: Any) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Unreadable("not a text")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unreadable("not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Unreadable("not a finite number")
    return number


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unreadable("not a whole number")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise Unreadable("not true or false")
    return value


_SIMPLE: Final[Mapping[type, Reader]] = {str: _text, float: _number, int: _whole, bool: _flag}


def _literal(options: tuple[object, ...]) -> Reader:
    def read(value: object) -> object:
        for option in options:
            if type(value) is type(option) and value == option:
                return option
        raise Unreadable(f"not one of {', '.join(str(option) for option in options)}")

    return read


def _choice(kind: type[StrEnum]) -> Reader:
    def read(value: object) -> StrEnum:
        try:
            return kind(_text(value))
        except ValueError:
            raise Unreadable(f"not one of {', '.join(kind)}") from None

    return read


def _union(options: tuple[Any, ...]) -> Reader:
    # A channel is a language or the word for the floor: the language's text takes in both.
    read_some = reader_of(next(option for option in options if option is not NoneType))
    if NoneType not in options:
        return read_some
    return lambda value: None if value is None else read_some(value)


def _tuple(kind: Any) -> Reader:
    read_one = reader_of(kind)
    return lambda value: tuple(read_one(item) for item in _list(value))


def _table(key_kind: Any, kind: Any) -> Reader:
    read_key, read_one = reader_of(key_kind), reader_of(kind)
    if is_dataclass(kind):
        own_key = fields(kind)[0].name
        return lambda value: _keyed((getattr(item, own_key), item) for item in map(read_one, _list(value)))
    return lambda value: {read_key(key): read_one(item) for key, item in _mapping(value).items()}


def _record(kind: Any) -> Reader:
    names = tuple(field.name for field in fields(kind))
    return lambda value: kind(**read_fields(kind, names, _mapping(value)))


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise Unreadable("not a list")
    return value


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise Unreadable("not an object")
    return value


def _keyed(pairs: Iterable[tuple[_Key, _Value]]) -> dict[_Key, _Value]:
    """Return a dictionary, and never one where a later entry hides an earlier one."""
    result: dict[_Key, _Value] = {}
    for key, value in pairs:
        if key in result:
            raise Unreadable("the same id twice")
        result[key] = value
    return result
