"""The chain test of a room: a click and a sweep on every bus that people hear, measured as a listener gets it.

The test's source takes the place of whatever a bus carries, on the floor's bus (venue → booth) and on every language's
(booth → listener). So whoever listens hears it, and it is refused while somebody is on air, and while the hall is live
unless the one who asks insists. As soon as somebody goes on air in the middle, the test ends and the room sounds as it
should. Figures are kept, room by room, in a file of the data folder.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, Protocol

from interpreting.ids import DEMO, BusId, RoomId, SourceKind
from interpreting.languages import FLOOR
from interpreting.plan import RoutingPlan, bus_of
from interpreting.room import Room
from media.chain import ChainFigures
from media.chain_run import Door, measure
from media.stream import StreamEvent
from server.engine import Mix
from server.problems import Problem
from server.switchboard import global_name

_log = logging.getLogger(__name__)

KEPT_RUNS: Final = 50
_IN_MS: Final = 100
_BACK_MS: Final = 300

Run = Mapping[str, object]
"""A test's figures, as they are told and kept: `at` (epoch ms), `item`, `hops`."""


class Desk(Door, Protocol):
    """What is asked of the engine: to take in both ends, and to say what a bus carries."""

    def set_mix(self, bus: str, mix: Mapping[str, Mix]) -> None:
        """Say what a bus carries from now on."""
        ...


class ChainTests:
    """Runs and remembers chain tests; a `server.follower.Follower`."""

    def __init__(self, desk: Desk, folder: Path, now: Callable[[], float]) -> None:
        self._desk = desk
        self._folder = folder
        self._now = now
        self._rooms: dict[RoomId, tuple[Room, RoutingPlan]] = {}
        self._running: dict[RoomId, asyncio.Task[dict[str, ChainFigures]]] = {}

    def follow(self, room: Room, plan: RoutingPlan) -> None:
        """Know what the room is like; a test ends when somebody goes on air in it."""
        self._rooms[room.id] = room, plan
        if room.id in self._running and _is_on_air(room):
            self._running[room.id].cancel()

    def take_in(self, event: StreamEvent) -> None:
        """Streams are nothing to a test."""

    async def run(self, room: RoomId, *, is_confirmed: bool) -> Run:
        """Test a room, keep the figures and return them.

        Raises Problem chain_running, room_on_air, room_live or chain_disturbed, and MediaError.
        """
        now, plan = self._rooms[room]
        if self._running:
            raise Problem("chain_running", headers={"Retry-After": "10"})
        if _is_on_air(now):
            raise Problem("room_on_air")
        if _is_live(now) and not is_confirmed:
            raise Problem("room_live")
        source = f"chain:{room}/test"
        buses = [bus_of(FLOOR), *(bus_of(language) for language in now.languages)]
        with self._lent(room, plan, buses, source):
            test = asyncio.create_task(measure(self._desk, source, [global_name(room, bus) for bus in buses]))
            self._running[room] = test
            try:
                figures = await test
            except asyncio.CancelledError:
                us = asyncio.current_task()
                if us is not None and us.cancelling():
                    raise
                raise Problem("chain_disturbed") from None
            finally:
                del self._running[room]
        found = self._written(now, buses, figures)
        await asyncio.to_thread(self._keep, room, found)
        return found

    async def runs(self, room: RoomId) -> list[Run]:
        """Return what was found before, newest first."""
        return list(reversed(await asyncio.to_thread(self._read, room)))

    @contextmanager
    def _lent(self, room: RoomId, plan: RoutingPlan, buses: list[BusId], source: str) -> Iterator[None]:
        """Let the buses carry the test alone, and afterwards what the room demands by then."""
        for bus in buses:
            silent = {global_name(room, name): Mix(0.0, _IN_MS) for name in plan.mixes.get(bus, {})}
            self._desk.set_mix(global_name(room, bus), {**silent, source: Mix(1.0, _IN_MS)})
        try:
            yield
        finally:
            after = self._rooms[room][1]
            for bus in buses:
                mix = {global_name(room, name): Mix(gain, _BACK_MS) for name, gain in after.mixes.get(bus, {}).items()}
                self._desk.set_mix(global_name(room, bus), mix)

    def _written(self, room: Room, buses: list[BusId], figures: Mapping[str, ChainFigures]) -> Run:
        return {
            "at": int(self._now() * 1000),
            "item": room.item,
            "hops": [_hop(bus, figures[global_name(room.id, bus)]) for bus in buses],
        }

    def _keep(self, room: RoomId, run: Run) -> None:
        """Add a line; the oldest go. A disk that will not take it costs the memory and not the test."""
        lines = [*self._read(room), run][-KEPT_RUNS:]
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            fresh = self._file(room).with_suffix(".new")
            fresh.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")
            fresh.replace(self._file(room))
        except OSError:
            _log.exception("the figures of a chain test could not be kept")

    def _read(self, room: RoomId) -> list[Run]:
        runs: list[Run] = []
        with suppress(OSError, UnicodeDecodeError):
            for line in self._file(room).read_text("utf-8").splitlines():
                with suppress(ValueError):
                    runs.append(json.loads(line))
        return runs

    def _file(self, room: RoomId) -> Path:
        return self._folder / f"{room}.jsonl"


def _is_on_air(room: Room) -> bool:
    return any(True for _ in room.seats_on_air())


def _is_live(room: Room) -> bool:
    """Whether anything flows that people hear of the floor; the demo disturbs nobody."""
    return any(source != DEMO and kind is not SourceKind.MIC for source, kind in room.sources.items())


def _hop(bus: BusId, figures: ChainFigures) -> dict[str, object]:
    def rounded(value: float | None) -> float | None:
        return None if value is None else round(value, 2)

    return {
        "hop": "venue_booth" if bus == bus_of(FLOOR) else "booth_listener",
        "bus": bus,
        "flatness_db": rounded(figures.flatness_db),
        "delay_ms": rounded(figures.delay_ms),
        "wander_ms": rounded(figures.wander_ms),
        "gain_db": rounded(figures.gain_db),
        "level_dbfs": rounded(figures.level_dbfs),
        "is_good": figures.is_good,
        "bands": [[band.hertz, rounded(band.gain_db)] for band in figures.bands],
    }
