"""Meters to the desk: one compact binary message a tick for all rooms that a technician sees (server/PROTOCOL.md).

What is measured is what somebody looks at, and nothing while nobody does. A message is written once for all who see
the same rooms, frame and all. Who is slow misses some, and nobody waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, Protocol

from interpreting.ids import FLOOR, Channel, RoomId, SourceId
from interpreting.plan import bus_of
from interpreting.room import Room
from server.engine import Level, Quality
from server.messages import format_message
from server.switchboard import global_name

_log = logging.getLogger(__name__)

EVERY_S: Final = 0.08
"""As often as the engine measures: 12.5 times a second."""
SLOW_S: Final = 5.0
"""Who has taken nothing for so long is cut off."""
_TEXT, _BINARY = 1, 2
CLIPPING, SPEECH, MUTED, NOT_FLOWING = 1, 2, 4, 8
_SILENT: Final = bytes((255, 255, 255, NOT_FLOWING))
_VERSIONS: Final = 1 << 16


class Bench(Protocol):
    """What is asked of the engine."""

    def set_meters(self, names: frozenset[str]) -> None:
        """Measure these from now on."""
        ...

    def levels(self) -> Mapping[str, Level]:
        """The last levels."""
        ...

    def quality(self) -> Mapping[str, Quality]:
        """How each source sounds."""
        ...


class Outlet(Protocol):
    """The transport under a WebSocket: whole frames are written, whoever else writes there."""

    def write(self, data: bytes) -> None:
        """Send, or keep for later."""
        ...

    def get_write_buffer_size(self) -> int:
        """How much waits because the reader does not read."""
        ...

    def abort(self) -> None:
        """Drop the connection."""
        ...


@dataclass(frozen=True, slots=True)
class Meter:
    """One of them: a room's source or bus."""

    room: RoomId
    name: str
    kind: str

    @property
    def measured(self) -> str:
        """Its name at the engine."""
        return global_name(self.room, self.name)


@dataclass(slots=True, eq=False)
class _Viewer:
    """One page that looks: the layout it was told, and since when it takes nothing."""

    outlet: Outlet
    told: bytes = b""
    full_since: float | None = None

    def show(self, layout: bytes, message: bytes, now: float) -> None:
        """Send a message, unless the last one waits still; a layout before the first message that needs it."""
        if self.outlet.get_write_buffer_size():
            self.full_since = now if self.full_since is None else self.full_since
            if now - self.full_since > SLOW_S:
                self.outlet.abort()
            return
        self.full_since = None
        if layout is not self.told:
            self.told = layout
            self.outlet.write(layout)
        self.outlet.write(message)


@dataclass(slots=True)
class _Group:
    """All who see the same rooms."""

    viewers: set[_Viewer] = field(default_factory=set)
    meters: tuple[Meter, ...] = ()
    version: int = 0
    layout: bytes = b""


class Meters:
    """All of them. `room` tells how a room is now. Open it and close it."""

    def __init__(self, bench: Bench, room: Callable[[RoomId], Room]) -> None:
        self._bench = bench
        self._room = room
        self._groups: dict[tuple[RoomId, ...], _Group] = {}
        self._known: dict[RoomId, tuple[Room, tuple[Meter, ...]]] = {}
        self._measured: frozenset[str] = frozenset()
        self._task: asyncio.Task[None] | None = None

    async def aclose(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    @contextmanager
    def looked_at(self, outlet: Outlet, rooms: tuple[RoomId, ...]) -> Iterator[None]:
        """Send an outlet the meters of these rooms inside the context."""
        viewer = _Viewer(outlet)
        group = self._groups.setdefault(rooms, _Group())
        group.viewers.add(viewer)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        try:
            yield
        finally:
            group.viewers.discard(viewer)
            if not group.viewers:
                self._groups.pop(rooms, None)

    async def _run(self) -> None:
        """Tick until nobody looks."""
        due = time.monotonic()
        while self._groups:
            try:
                self.tick(time.monotonic())
            except Exception:
                _log.exception("the meters missed a tick")
            due = max(due + EVERY_S, time.monotonic())
            await asyncio.sleep(due - time.monotonic())
        self._measure(frozenset())

    def levels(self) -> Mapping[str, Level]:
        """Return the levels that are measured just now, by the engine's names; none while nobody looks."""
        return self._bench.levels()

    def tick(self, now: float) -> None:
        """Write what every group is to see at `now` (monotonic seconds)."""
        rooms = {room: self._room(room) for group in self._groups for room in group}
        meters = {id: self._meters(room) for id, room in rooms.items()}
        self._measure(frozenset(meter.measured for some in meters.values() for meter in some))
        levels, qualities = self._bench.levels(), self._bench.quality()
        written = {id: _write(room, meters[id], levels, qualities) for id, room in rooms.items()}
        for ids, group in self._groups.items():
            _lay_out(group, tuple(meter for id in ids for meter in meters[id]))
            message = struct.pack("<H", group.version) + b"".join(written[id] for id in ids)
            frame = _frame(_BINARY, message)
            for viewer in group.viewers:
                viewer.show(group.layout, frame, now)

    def _meters(self, room: Room) -> tuple[Meter, ...]:
        """Return a room's sources that flow, then its floor and channels; anew when the room has changed."""
        known = self._known.get(room.id)
        if known is None or known[0] is not room:
            channels: tuple[Channel, ...] = (FLOOR, *room.languages)
            sources = (Meter(room.id, source, "source") for source in room.sources)
            buses = (Meter(room.id, bus_of(channel), "bus") for channel in channels)
            known = self._known[room.id] = room, (*sources, *buses)
        return known[1]

    def _measure(self, names: frozenset[str]) -> None:
        if names != self._measured:
            self._measured = names
            self._bench.set_meters(names)


def _lay_out(group: _Group, meters: tuple[Meter, ...]) -> None:
    if meters == group.meters and group.layout:
        return
    group.meters = meters
    group.version = (group.version + 1) % _VERSIONS
    listed = [{"room": meter.room, "name": meter.name, "kind": meter.kind} for meter in meters]
    layout = format_message({"type": "layout", "version": group.version, "meters": listed})
    group.layout = _frame(_TEXT, layout.encode())


def _write(room: Room, meters: Iterable[Meter], levels: Mapping[str, Level], qualities: Mapping[str, Quality]) -> bytes:
    return b"".join(
        _figures(room, meter, levels.get(meter.measured), qualities.get(meter.measured)) for meter in meters
    )


def _figures(room: Room, meter: Meter, level: Level | None, quality: Quality | None) -> bytes:
    trim = room.trims.get(SourceId(meter.name))
    muted = MUTED if trim is not None and trim.muted else 0
    if level is None:
        return _SILENT[:3] + bytes((NOT_FLOWING | muted,))
    flags = muted | (CLIPPING if level.is_clipping else 0)
    flags |= SPEECH if quality is not None and quality.is_speaking else 0
    return bytes((_half_db(level.peak_dbfs), _half_db(level.rms_dbfs), _half_db(level.loudness_lufs), flags))


def _half_db(level: float) -> int:
    return max(0, min(255, round(-2 * level)))


def _frame(opcode: int, payload: bytes) -> bytes:
    """Return a whole WebSocket frame as a server sends it (RFC 6455 section 5.2): written once for all."""
    size = len(payload)
    if size < 126:
        return bytes((0x80 | opcode, size)) + payload
    if size < 1 << 16:
        return struct.pack("!BBH", 0x80 | opcode, 126, size) + payload
    return struct.pack("!BBQ", 0x80 | opcode, 127, size) + payload
