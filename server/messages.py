"""Strict reading of what pages send: JSON without the leniencies of `json`, and the shape of a command or a report.

Identity and role never stand in a message; they come with the connection.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

MAX_MESSAGE_BYTES: Final = 64 * 1024
MAX_DEPTH: Final = 8
MAX_ID_CHARS: Final = 64
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_REPORTED: Final[Mapping[str, float]] = {
    "lost_percent": 100,
    "jitter_buffer_ms": 60_000,
    "concealed_percent": 100,
    "round_trip_ms": 60_000,
}


class BadMessage(ValueError):
    """A message that is not JSON as this protocol takes it, or not one of its messages."""


@dataclass(frozen=True, slots=True)
class CommandMessage:
    """A page's wish: `name` and `args` as they came, `id` by which a resend is known."""

    id: str
    name: str
    args: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ReportMessage:
    """How a page hears: packets lost and sound made up in percent, its jitter buffer and its round trip in ms."""

    lost_percent: float
    jitter_buffer_ms: float
    concealed_percent: float
    round_trip_ms: float | None


def parse_json(text: str | bytes, max_bytes: int = MAX_MESSAGE_BYTES) -> Any:
    """Return the value in `text` (RFC 8259), without NaN, infinities or duplicate keys, nested 8 deep at most.

    Raises BadMessage.
    """
    raw = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(raw) > max_bytes:
        raise BadMessage("too long")
    try:
        value: object = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_object_of,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except (ValueError, RecursionError) as error:
        raise BadMessage("not JSON") from error
    if _is_deeper(value, MAX_DEPTH):
        raise BadMessage("nested too deep")
    return value


def parse_message(text: str) -> CommandMessage | ReportMessage:
    """Return what is in a text message of a WebSocket. Raises BadMessage."""
    value = parse_json(text)
    if isinstance(value, dict) and value.get("type") == "report":
        return _read_report(value)
    return _read_command(value)


def _read_command(value: object) -> CommandMessage:
    if not isinstance(value, dict) or value.keys() - {"args"} != {"type", "id", "name"}:
        raise BadMessage("not a message of this protocol")
    id, name, args = value["id"], value["name"], value.get("args", {})
    if value["type"] != "command" or not isinstance(name, str) or not isinstance(args, dict):
        raise BadMessage("not a command")
    if not isinstance(id, str) or not 0 < len(id) <= MAX_ID_CHARS or not id.isprintable():
        raise BadMessage("no usable id")
    return CommandMessage(id, name, args)


def _read_report(value: Mapping[str, object]) -> ReportMessage:
    if value.keys() != {"type", *_REPORTED}:
        raise BadMessage("not a report")
    numbers = {}
    for name, most in _REPORTED.items():
        number = value[name]
        if number is None and name == "round_trip_ms":
            continue
        if not isinstance(number, int | float) or isinstance(number, bool) or not 0 <= number <= most:
            raise BadMessage("not a figure of a report")
        numbers[name] = float(number)
    return ReportMessage(
        numbers["lost_percent"],
        numbers["jitter_buffer_ms"],
        numbers["concealed_percent"],
        numbers.get("round_trip_ms"),
    )


def format_message(message: Mapping[str, object]) -> str:
    """Return a message as compact strict JSON."""
    return _ENCODER.encode(message)


def _is_deeper(value: object, levels: int) -> bool:
    """Tell whether arrays and objects nest more than `levels` deep."""
    inner = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(inner, list):
        return False
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in inner)


def _object_of(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise BadMessage("a key stands twice")
    return result


def _refuse_constant(name: str) -> NoReturn:
    raise BadMessage("NaN and infinities are not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise BadMessage("a number past all bounds")
    return number
