"""What an origin and its edges say to each other over `GET /edge`: one class a message, strictly read.

A message is a JSON object whose `type` names its class in snake case and whose other members are its fields, all of
them and no others. Requests carry an `id` that their answer repeats; each side counts its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, get_type_hints

from server.messages import BadMessage, format_message, parse_json

PROTOCOL: Final = 2
MAX_EDGE_MESSAGE_BYTES: Final = 512 * 1024
"""Room for the ids of some 20,000 sessions, and for an offer with everything escaped."""
MAX_TEXT_CHARS: Final = 80 * 1024

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Hello:
    """Edge, first: `instance` is this start of the process, `peers` the sessions that still live in it."""

    protocol: int
    instance: str
    name: str
    peers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Welcome:
    """Origin, first: `boot` is this start of the origin, `edge` the edge's public name there; of the peers those in
    `keep` are known and go on.
    """

    boot: str
    edge: str
    keep: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Origin: take a listener. Answered by `Answered` or `Failed`."""

    id: int
    peer: str
    offer: str
    bus: str
    picture: str | None
    more_pictures: tuple[str, ...]
    frames: int


@dataclass(frozen=True, slots=True)
class UpdateIce:
    """Origin: a trickle fragment for a listener. Answered by `Answered` (a restart), `Done` or `Failed`."""

    id: int
    peer: str
    fragment: str
    etags: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Move:
    """Origin: a listener hears another bus. Answered by `Done` or `Failed`."""

    id: int
    peer: str
    bus: str


@dataclass(frozen=True, slots=True)
class Close:
    """Origin: end a listener. Answered by `Done`, whether it was there or not."""

    id: int
    peer: str


@dataclass(frozen=True, slots=True)
class Pull:
    """Edge: subscribe me to a bus, or to the picture when one is named. Answered by `Answered` or `Failed`."""

    id: int
    peer: str
    offer: str
    bus: str
    picture: str | None
    frames: int


@dataclass(frozen=True, slots=True)
class Answered:
    """Either: the SDP answer, or a fragment of one, and its entity tag."""

    id: int
    sdp: str
    etag: str


@dataclass(frozen=True, slots=True)
class Done:
    """Either: it is so."""

    id: int


@dataclass(frozen=True, slots=True)
class Failed:
    """Either: it cannot be done; `code` and `status` are those of `media.errors`."""

    id: int
    code: str
    status: int


@dataclass(frozen=True, slots=True)
class Connected:
    """Edge: media flows to a listener."""

    peer: str


@dataclass(frozen=True, slots=True)
class Closed:
    """Edge: a listener has gone; reasons are those of `media.engine.PeerClosed`."""

    peer: str
    reason: str


@dataclass(frozen=True, slots=True)
class Load:
    """Edge, twice a second: how it is, and its engine's figures. `cpu_share` is of one core, 1.0 is all of it."""

    listeners: int
    max_listeners: int
    packets_per_s: float
    cpu_share: float
    figures: Figures


Request = Subscribe | UpdateIce | Move | Close
Reply = Answered | Done | Failed
FromOrigin = Welcome | Request | Reply
FromEdge = Hello | Pull | Connected | Closed | Load | Reply
Message = FromOrigin | FromEdge

_KINDS: Final[tuple[type[Any], ...]] = (
    Hello, Welcome, Subscribe, UpdateIce, Move, Close, Pull, Answered, Done, Failed, Connected, Closed, Load,
)  # fmt: skip


def name_of(kind: type[Any]) -> str:
    """The `type` of a class of messages: its name in snake case."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


EDGE_MESSAGES: Final[Mapping[str, type[Any]]] = {name_of(kind): kind for kind in _KINDS}
"""All classes of messages by their `type`."""


def format_edge_message(message: Message) -> str:
    """Return a message as compact strict JSON."""
    members = {field.name: getattr(message, field.name) for field in fields(message)}
    return format_message({"type": name_of(type(message)), **members})


def parse_edge_message(text: str) -> Message:
    """Return the message in a text. Raises BadMessage for anything that is none, and for what is too long."""
    value = parse_json(text, MAX_EDGE_MESSAGE_BYTES)
    name = value.get("type") if isinstance(value, dict) else None
    kind = EDGE_MESSAGES.get(name) if isinstance(name, str) else None
    if kind is None:
        raise BadMessage("not a message between origin and edge")
    readers = _FIELDS[kind]
    if value.keys() != readers.keys() | {"type"}:
        raise BadMessage("a member is missing or too much")
    message: Message = kind(**{name: read(value[name]) for name, read in readers.items()})
    return message


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT_CHARS:
        raise BadMessage("not a text")
    return value


def _whole(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 53:
        raise BadMessage("not a whole number")
    return value


def _number(value: Any) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
        raise BadMessage("not a number")
    return float(value)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise BadMessage("not a list")
    return tuple(_text(item) for item in value)


def _figures(value: Any) -> Figures:
    if not isinstance(value, dict):
        raise BadMessage("not an object")
    return value


def _optional(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else read(value)


_READERS: Final[tuple[tuple[Any, Callable[[Any], Any]], ...]] = (
    (str, _text),
    (int, _whole),
    (float, _number),
    (str | None, _optional(_text)),
    (tuple[str, ...], _texts),
    (tuple[str, ...] | None, _optional(_texts)),
    (Figures, _figures),
)


def _readers(kind: type[Any]) -> dict[str, Callable[[Any], Any]]:
    """How each field of a class is read, by its annotation."""
    hints = get_type_hints(kind)
    return {field.name: next(r for hint, r in _READERS if hint == hints[field.name]) for field in fields(kind)}


_FIELDS: Final = {kind: _readers(kind) for kind in _KINDS}
