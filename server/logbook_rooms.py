"""The rooms in the log book: what each became, and every ten seconds who listens.

Three hands write. What a room *is* is noted when it differs from before (`floor`, `channel`, `item`, `venue`, `held`,
`recording`), so that a report needs no rules of the domain; what *happened* is noted event by event under the event's
name; and `listeners` are counted by channel and way. Chat, coughs and what somebody listens to are nobody's business
the next day and stay out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from typing import Final, Protocol

from interpreting.events import (
    ConsentSet,
    CoughPressed,
    CoughReleased,
    Event,
    IncomingSelected,
    PivotSelected,
    Said,
    event_name,
)
from interpreting.ids import RoomId
from interpreting.plan import RoutingPlan, channel_states
from interpreting.room import Room
from interpreting.workshop_events import ChannelSelected, HandRaised, SpeaksSet
from media.stream import StreamEvent, StreamFailed
from server.logbook import Fact
from server.switchboard import local_name

_log = logging.getLogger(__name__)

SAMPLE_S: Final = 10.0
RETOLD_S: Final = 3600.0
"""What the rooms are is noted anew after so long, so that nobody has to read further back."""
_LEFT_OUT: Final = (
    *(Said, IncomingSelected, PivotSelected, ConsentSet, CoughPressed, CoughReleased),
    *(ChannelSelected, SpeaksSet),
)
# A label is whatever a moderator wrote about somebody.
_UNTOLD: Final = frozenset({"at", "text", "label", "name"})


class Book(Protocol):
    """What is asked of the log book."""

    def note(self, room: RoomId | None, kind: str, /, *, by: str | None = None, **facts: Fact) -> None:
        """Note that this happened now."""
        ...


class Chronicle:
    """Writes what happens in the rooms. A `server.follower.Follower`, and a witness of the conductor's.

    Args:
        book: takes the notes.
        listeners: counts a room's audience by `way:channel`, such as `webrtc:uk`.
        monotonic: seconds that never jump.
    """

    def __init__(
        self, book: Book, listeners: Callable[[RoomId], Mapping[str, float]], monotonic: Callable[[], float]
    ) -> None:
        self._book = book
        self._listeners = listeners
        self._monotonic = monotonic
        self._retold_at = monotonic()
        self._rooms: dict[RoomId, Room] = {}
        self._told: dict[tuple[RoomId, str], Mapping[str, Fact]] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def rooms(self) -> Iterable[Room]:
        """Every room as it is now."""
        return tuple(self._rooms.values())

    def room(self, id: RoomId) -> Room | None:
        """Return a room as it is now, None before the conductor told of it."""
        return self._rooms.get(id)

    def open(self) -> None:
        """Begin to count listeners."""
        self._task = asyncio.create_task(self._keep_counting())

    async def aclose(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def follow(self, room: Room, plan: RoutingPlan) -> None:
        """Note what the room is now, where it is another than before."""
        self._rooms[room.id] = room
        self._tell(room)

    def _tell(self, room: Room) -> None:
        for key, facts in _present(room).items():
            if self._told.get((room.id, key)) != facts:
                self._told[room.id, key] = facts
                person = facts.get("person")
                self._book.note(room.id, key.partition(":")[0], by=str(person) if person else None, **facts)

    def take_in(self, event: StreamEvent) -> None:
        """Note a stream that failed; it is started again by its owner."""
        if isinstance(event, StreamFailed):
            room, stream = local_name(event.stream)
            self._book.note(room, "stream_failed", stream=stream)

    def witness(self, room: RoomId, events: Sequence[Event]) -> None:
        """Note what happened, by the events' names."""
        for event in events:
            if not isinstance(event, _LEFT_OUT):
                self._book.note(room, event_name(type(event)), by=_who(event), **_facts(event))

    def sample(self) -> None:
        """Note who listens, in every room where anything is; and once an hour what every room is."""
        if self._monotonic() - self._retold_at >= RETOLD_S:
            self._retold_at = self._monotonic()
            self._told.clear()
            for room in self._rooms.values():
                self._tell(room)
        for room in self._rooms.values():
            counts = self._listeners(room.id)
            if room.sources or any(counts.values()):
                facts: dict[str, Fact] = dict(counts)
                self._book.note(room.id, "listeners", by=None, **facts)

    async def _keep_counting(self) -> None:
        while True:
            try:
                self.sample()
            except Exception:
                _log.exception("the listeners could not be counted")
            await asyncio.sleep(SAMPLE_S)


def _present(room: Room) -> dict[str, Mapping[str, Fact]]:
    """Return what a report shows of a room, by kind (and channel)."""
    found: dict[str, Mapping[str, Fact]] = {
        "floor": {"language": room.floor_language},
        "item": {"item": room.item_now.id if room.item_now else None},
        "venue": {"source": room.venue_now},
        "held": {"held": room.is_held},
        "recording": {"recording": room.recording},
    }
    for language, state in channel_states(room).items():
        seat = room.seat_of(state.person) if state.person is not None else None
        found[f"channel:{language}"] = {
            "channel": language,
            "mode": state.mode.value,
            "booth": state.booth,
            "person": state.person,
            "name": seat.name if seat else None,
        }
    return found


def _who(event: Event) -> str | None:
    who = getattr(event, "by", None) or getattr(event, "person", None) or getattr(event, "from_person", None)
    return str(who) if who else None


def _facts(event: Event) -> dict[str, Fact]:
    """Return the event's plain facts. A seat's name is told, for the report; whatever was written is not."""
    untold = _UNTOLD if isinstance(event, HandRaised) else _UNTOLD - {"name"}
    found: dict[str, Fact] = {}
    for field in fields(event):
        value = getattr(event, field.name)
        if field.name in untold or not isinstance(value, str | int | float | bool | None):
            continue
        # The note has a `by` of its own.
        found["by_person" if field.name == "by" else field.name] = value
    return found
