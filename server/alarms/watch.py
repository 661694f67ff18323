"""The alarms at work: looks four times a second whether or not anybody sits at a desk, and tells desks and log book.

What is wrong is found by pure functions (`sound`, `picture`, `lines`, `machine`); which of it is an alarm is the
board's. A follower of the conductor, by which it knows the rooms.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol
from weakref import WeakKeyDictionary

from interpreting.ids import DEMO, HALL, RoomId, SourceId
from interpreting.languages import FLOOR
from interpreting.plan import RoutingPlan, bus_of
from interpreting.room import Room
from media.stream import StreamEvent
from server.alarms import certificate, relays
from server.alarms.board import Alarm, Board, Change
from server.alarms.hearing import Hearing
from server.alarms.kinds import Finding
from server.alarms.lines import Lines
from server.alarms.machine import Machine
from server.alarms.picture import find_in_picture
from server.alarms.sound import Scene, find_in_sound
from server.config import Config
from server.config_ice import Place
from server.coverage import DESK_ROLES
from server.engine import EngineStats, PictureLook, Quality
from server.hub import Client, Hub
from server.logbook import Logbook
from server.messages import format_message
from server.switchboard import global_name

_log = logging.getLogger(__name__)

EVERY_S: Final = 0.25
_LOOKS_A_SECOND: Final = 4
_DISK_S: Final = 5.0
_RELAYS_S: Final = 10.0
_CERTIFICATE_FILE_S: Final = 5.0
_CERTIFICATE_SHOWN_S: Final = 600.0


class Watched(Protocol):
    """What is asked of the engine."""

    def quality(self) -> Mapping[str, Quality]:
        """How each source sounds."""
        ...

    def silences(self) -> Mapping[str, float]:
        """How many seconds ago each publisher's last packet came."""
        ...

    def looks(self) -> Mapping[str, PictureLook]:
        """What is to be said of each picture that is watched."""
        ...

    def watch(self, sources: frozenset[str], pictures: frozenset[str]) -> None:
        """Judge these sources and look at these pictures from now on."""
        ...

    async def stats(self) -> EngineStats:
        """The engine's figures."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else is looked at: the wall clock, how often the web side was late, whether the store is in reach."""

    now: Callable[[], float]
    web_late: Callable[[], int]
    is_store_there: Callable[[], bool]


class Alarms:
    """All alarms of the server. Open it and close it."""

    def __init__(self, config: Config, engine: Watched, hub: Hub, book: Logbook, around: Surroundings) -> None:
        self._config = config
        self._engine = engine
        self._hub = hub
        self._book = book
        self._around = around
        self._board = Board()
        self._hearing = Hearing(config.alarms.lost_ms / 1000)
        self._lines = Lines(config.alarms)
        self._machine = Machine(config.alarms)
        self._rooms: dict[RoomId, tuple[Room, tuple[SourceId, ...]]] = {}
        self._seen: dict[RoomId, frozenset[SourceId]] = {}
        self._watched: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
        self._told: WeakKeyDictionary[Client, str] = WeakKeyDictionary()
        self._looks = 0
        self._has_missed_certificate = False
        self._tasks: list[asyncio.Task[None]] = []

    def open(self) -> None:
        """Begin."""
        certificate_s = _CERTIFICATE_FILE_S if self._config.alarms.certificate else _CERTIFICATE_SHOWN_S
        works = (
            self._repeat(EVERY_S, self._look),
            self._repeat(_DISK_S, self.look_at_disk),
            self._repeat(_RELAYS_S, self.look_at_relays),
            self._repeat(certificate_s, self.look_at_certificate),
        )
        self._tasks = [asyncio.create_task(work) for work in works]

    async def aclose(self) -> None:
        """End."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def follow(self, room: Room, plan: RoutingPlan) -> None:
        """Take in what a room has become."""
        self._rooms[room.id] = room, tuple(plan.mixes.get(bus_of(FLOOR), ()))
        seen = frozenset(source for source in HALL if room.is_live(source))
        self._seen[room.id] = self._seen.get(room.id, frozenset()) | seen
        self._watch()

    def take_in(self, event: StreamEvent) -> None:
        """Streams are looked after by others."""

    def standing(self) -> list[Alarm]:
        """Return the alarms that stand, the oldest first."""
        return self._board.standing

    def acknowledge(self, room: RoomId, id: str, by: str) -> bool:
        """Note that somebody who sees `room` has seen an alarm; False when there is none of this id there."""
        alarm = self._board.find(id)
        if alarm is None or alarm.room not in (room, None):
            return False
        if alarm.acknowledged is None:
            self._board.acknowledge(id, by, self._epoch_ms())
            self._note(alarm, "alarm_acknowledged", by=by)
            self._tell()
        return True

    def look(self, now: float) -> Change:
        """Find what is wrong at `now` (monotonic seconds), raise and clear, and tell who is there."""
        self._hearing.refresh(self._engine.quality(), self._engine.silences(), self._engine.looks())
        self._machine.is_store_there = self._around.is_store_there()
        change = self._board.take(self._findings(), now, self._epoch_ms())
        for alarm in change.raised:
            _log.warning("alarm %s in %s", alarm.kind, alarm.room or "the server")
            self._note(alarm, "alarm_raised", **alarm.values)
        for alarm in change.cleared:
            _log.info("alarm %s in %s is over", alarm.kind, alarm.room or "the server")
            self._note(alarm, "alarm_cleared", lasted_s=round((self._epoch_ms() - alarm.since) / 1000, 1))
        self._tell()
        return change

    async def gather(self) -> None:
        """Take the engine's figures; once a second."""
        stats = await self._engine.stats()
        self._lines.note(stats.publishers)
        self._machine.note_lateness(int(stats.mixer.get("late", 0)), self._around.web_late())

    async def look_at_disk(self) -> None:
        """See how much is left; a disk that cannot be asked is not low."""
        with suppress(OSError):
            self._machine.free_bytes = (await asyncio.to_thread(shutil.disk_usage, self._config.data)).free

    async def look_at_relays(self) -> None:
        """Ask each TURN and STUN server; one that is silent twice is away."""
        places = self._config.ice.places
        there = await asyncio.gather(*(_is_there_at_last(place) for place in places.values()))
        self._machine.relays_away = tuple(url for url, is_there in zip(places, there, strict=True) if not is_there)

    async def look_at_certificate(self) -> None:
        """See when it ends; one that was renewed is noticed soon."""
        found = await certificate.days_left(
            self._config.public_url, self._config.alarms.certificate, self._around.now()
        )
        if self._config.alarms.certificate and not found and not self._has_missed_certificate:
            _log.warning("the certificate of [alarms] cannot be read: nobody will be told of its end")
        self._has_missed_certificate = not found
        self._machine.certificate_days = found

    async def _look(self) -> None:
        if self._looks % _LOOKS_A_SECOND == 0:
            await self.gather()
        self._looks += 1
        self.look(time.monotonic())

    async def _repeat(self, every_s: float, work: Callable[[], Coroutine[None, None, None]]) -> None:
        while True:
            try:
                await work()
            except Exception:
                _log.exception("a look for alarms failed; it is tried again")
            await asyncio.sleep(every_s)

    def _findings(self) -> Iterator[Finding]:
        for room, floor in self._rooms.values():
            scene = Scene(room, floor, self._hearing, self._board, self._config.alarms, self._seen[room.id])
            yield from find_in_sound(scene)
            yield from find_in_picture(scene)
        yield from self._lines.find(self._board)
        yield from self._machine.find(self._board)

    def _note(self, alarm: Alarm, what: str, **facts: Any) -> None:
        self._book.note(
            alarm.room,
            what,
            alarm=alarm.kind.value,
            subject=alarm.subject,
            severity=alarm.severity.value,
            **facts,
        )

    def _watch(self) -> None:
        """Have the engine look at whatever flows, whether anybody hears it or not."""
        rooms = [room for room, _ in self._rooms.values()]
        sources = {global_name(room.id, source) for room in rooms for source in room.sources if source != DEMO}
        # A video message's picture is not the hall's, and after it a hall that sends none would seem to have stopped.
        pictures = {str(room.id) for room in rooms if room.venue_now is not None and not room.is_playing_out}
        wanted = frozenset(sources), frozenset(pictures)
        if wanted != self._watched:
            self._watched = wanted
            self._engine.watch(*wanted)

    def _tell(self) -> None:
        """Tell every desk what is new to it; who has just come is told what stands."""
        written: dict[RoomId, str] = {}
        for client in self._hub.of_roles(DESK_ROLES):
            if client.room not in written:
                written[client.room] = self._write(client.room)
            text = written[client.room]
            if client.is_welcomed and self._told.get(client) != text:
                self._told[client] = text
                client.send_text(text)

    def _write(self, room: RoomId) -> str:
        alarms = [alarm.as_page() for alarm in self._board.standing if alarm.room in (room, None)]
        return format_message({"type": "alarms", "room": room, "alarms": alarms})

    def _epoch_ms(self) -> int:
        return int(self._around.now() * 1000)


async def _is_there_at_last(place: Place) -> bool:
    return await relays.is_there(place) or await relays.is_there(place)
