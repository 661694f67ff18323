"""The livestreams of all rooms: when each runs, what its holding slide says, and where what it makes goes.

A room's stream runs while its hall flows or somebody asked for it within the last minute. One that failed, or from
which nothing comes, is started again, each time after a longer pause. A follower of the conductor.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Final, Protocol

from interpreting.ids import FLOOR, Language, RoomId, SourceKind
from interpreting.plan import RoutingPlan, bus_of
from interpreting.programme import Item, ItemKind
from interpreting.room import Room
from media.playlists import Pace
from media.stream import PART_S, SEGMENT_S, SMALL, VIDEO, InitMade, PartMade, Slide, StreamEvent, StreamSpec, Track
from server.config_livestream import LivestreamConfig
from server.config_rooms import PAGE_LANGUAGES, RoomConfig
from server.livestream.archive import Archive, Format, Kept
from server.livestream.audience import Audience
from server.livestream.disk import Disk
from server.livestream.shelf import Shelf
from server.switchboard import global_name

_log = logging.getLogger(__name__)

PACE: Final = Pace(PART_S, ceil(SEGMENT_S))
ASKED_S: Final = 60.0
TICK_S: Final = 1.0
SILENT_S: Final = 15.0
"""A stream that makes nothing for so long is started again."""
_PAUSES_S: Final = (1.0, 2.0, 5.0, 10.0, 30.0)
_STREAM: Final = "live"


class Streams(Protocol):
    """What the livestream asks of the media engine."""

    def start_stream(self, stream: str, spec: StreamSpec) -> None:
        """Begin to package; ignored while the stream runs."""
        ...

    def stop_stream(self, stream: str) -> None:
        """End a stream."""
        ...

    def set_slide(self, stream: str, slide: Slide) -> None:
        """Say what stands on the slide while there is no picture."""
        ...

    def hold(self, stream: str, held: bool) -> None:
        """Show the slide though there is a picture, or the picture again."""
        ...


class Clock(Protocol):
    """Seconds."""

    def __call__(self) -> float: ...


@dataclass(slots=True)
class Broadcast:
    """One room's stream. `late_s` is how long after its last sample the newest part came."""

    config: RoomConfig
    shelf: Shelf
    room: Room | None = None
    is_running: bool = False
    asked_at: float = float("-inf")
    heard_at: float = 0.0
    failures: int = 0
    waits_until: float = float("-inf")
    late_s: float = 0.0
    restarts: int = 0
    told: tuple[Slide, bool] | None = None
    audience: Audience = field(default_factory=Audience)

    @property
    def stream(self) -> str:
        """Its name at the engine."""
        return global_name(self.config.id, _STREAM)

    def tracks(self, *, has_small_picture: bool) -> tuple[str, ...]:
        """What it consists of: the picture, perhaps a small one, the original and each channel."""
        small = (SMALL,) if has_small_picture else ()
        return (VIDEO, *small, FLOOR, *self.config.languages)


class Broadcasts:
    """Every room that has a livestream. `now` is the wall clock, `monotonic` never jumps; `on_trouble` is told once a
    second and room whether its rewind cannot be kept on disk.
    """

    def __init__(
        self,
        rooms: Mapping[RoomId, RoomConfig],
        streams: Streams,
        folder: Path,
        config: LivestreamConfig,
        now: Clock,
        monotonic: Clock,
        on_trouble: Callable[[RoomId, bool], None] = lambda room, is_there: None,
    ) -> None:
        self.disk = Disk()
        self._on_trouble = on_trouble
        self._streams = streams
        self._config = config
        self._now = now
        self._monotonic = monotonic
        self._task: asyncio.Task[None] | None = None
        self._archives = {id: Archive(folder / id) for id, room in rooms.items() if room.livestream}
        self._all = {
            id: Broadcast(rooms[id], Shelf(archive, self.disk, PACE, config.window_s))
            for id, archive in self._archives.items()
        }
        self._by_stream = {one.stream: one for one in self._all.values()}

    async def open(self) -> None:
        """Read what is on disk, and begin to look after the streams."""
        self.disk.open()
        for id, one in self._all.items():
            archive = self._archives[id]
            one.shelf.restore(await asyncio.to_thread(_load, archive), await asyncio.to_thread(archive.reached))
            one.shelf.expect(one.tracks(has_small_picture=self._config.has_small_picture))
        self._task = asyncio.create_task(self._keep_time())

    async def aclose(self) -> None:
        """End the streams and write what is to be written."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for one in self._all.values():
            self._stop(one)
        await self.disk.aclose()

    def hush(self) -> None:
        """Let everybody go who waits for a part: the server stops."""
        for one in self._all.values():
            one.shelf.let_go()

    def __iter__(self) -> Iterator[Broadcast]:
        return iter(self._all.values())

    def find(self, room: str) -> Broadcast | None:
        """Return a room's livestream, None for one that has none."""
        return self._all.get(RoomId(room))

    @property
    def has_small_picture(self) -> bool:
        """There is a second picture."""
        return self._config.has_small_picture

    def ask(self, one: Broadcast) -> None:
        """Somebody wants to see this: start it unless it runs."""
        one.asked_at = self._monotonic()
        if not one.is_running:
            self._look_after(one, one.asked_at)

    def follow(self, room: Room, plan: RoutingPlan) -> None:
        """Take in what the room has become."""
        one = self._all.get(room.id)
        if one is not None:
            one.room = room
            self._look_after(one, self._monotonic())

    def take_in(self, event: StreamEvent) -> None:
        """Put on the shelf what one of our streams made."""
        one = self._by_stream.get(event.stream)
        if one is None or not one.is_running:
            return
        match event:
            case InitMade():
                format = Format(event.codec, event.bandwidth, event.width, event.height, event.frame_rate)
                one.shelf.take_init(event.track, event.init, event.payload, format)
            case PartMade():
                one.heard_at = self._monotonic()
                one.late_s = self._now() - event.starts_at - event.duration_s
                one.shelf.take_part(event)
                if event.is_last:
                    one.failures = 0
                    one.audience.segment_made(event.track, event.part + 1)
            case _:
                self._failed(one, event.error)

    def tick(self, now: float) -> None:
        """Do what is due at `now` on the monotonic clock."""
        for id, one in self._all.items():
            self._look_after(one, now)
            self._on_trouble(id, one.is_running and self.disk.is_failing)
            if one.is_running and now - one.heard_at > SILENT_S:
                self._streams.stop_stream(one.stream)
                self._failed(one, "nothing came")

    async def _keep_time(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                self.tick(self._monotonic())
            except Exception:
                _log.exception("a tick of the livestreams failed")

    def _look_after(self, one: Broadcast, now: float) -> None:
        is_wanted = _hall_flows(one.room) or now - one.asked_at < ASKED_S
        if is_wanted and not one.is_running and now >= one.waits_until:
            self._start(one, now)
        elif one.is_running and not is_wanted:
            self._stop(one)
        if one.is_running:
            self._tell(one)

    def _start(self, one: Broadcast, now: float) -> None:
        one.is_running = True
        one.heard_at = now
        one.told = None
        names = one.tracks(has_small_picture=False)
        tracks = tuple(Track(name, _bus(one.config.id, name)) for name in names)
        first = one.shelf.begin_run(self._now())
        self._streams.start_stream(one.stream, StreamSpec(tracks, first, self._config.has_small_picture))

    def _stop(self, one: Broadcast) -> None:
        if one.is_running:
            one.is_running = False
            self._streams.stop_stream(one.stream)
            one.shelf.end_run(self._now())
            one.audience.forget()

    def _failed(self, one: Broadcast, reason: str) -> None:
        _log.error("the livestream of %s failed: %s", one.config.id, reason)
        one.is_running = False
        one.shelf.end_run(self._now())
        one.waits_until = self._monotonic() + _PAUSES_S[min(one.failures, len(_PAUSES_S) - 1)]
        one.failures += 1
        one.restarts += 1

    def _tell(self, one: Broadcast) -> None:
        """Tell the engine what the slide says and whether it is to be shown, when that is new."""
        told = slide_of(one.config, one.room), one.room is not None and one.room.is_held
        if told != one.told:
            one.told = told
            self._streams.set_slide(one.stream, told[0])
            self._streams.hold(one.stream, told[1])


def slide_of(config: RoomConfig, room: Room | None) -> Slide:
    """Return what the holding slide says, in the pages' languages: the room, and the programme's next item.

    Before it stands the item that is on, while it is a break or the slide is held.
    """
    title = " · ".join(dict.fromkeys(config.title[tag] for tag in PAGE_LANGUAGES))
    items = room.items if room is not None else ()
    current = next((number for number, item in enumerate(items) if room and item.id == room.item), -1)
    lines: tuple[str, ...] = ()
    if room is not None and current >= 0 and (room.is_held or items[current].kind is ItemKind.BREAK):
        lines = _titles(items[current])
    if current + 1 >= len(items):
        return Slide(title, lines)
    item = items[current + 1]
    starts = f"{item.starts}  " if item.starts and len(item.starts) == len("09:00") else ""
    speaker = (item.speaker,) if item.speaker else ()
    return Slide(title, (*lines, *(f"{starts}{one}" for one in _titles(item)), *speaker))


def _titles(item: Item) -> tuple[str, ...]:
    """Return an item's titles in the pages' languages, each once."""
    return tuple(dict.fromkeys(item.title[tag] for tag in PAGE_LANGUAGES if tag in item.title))


def _hall_flows(room: Room | None) -> bool:
    """Somebody is heard or seen whom viewers would miss: the hall or a speaker."""
    kinds = (SourceKind.VENUE, SourceKind.BACKUP, SourceKind.HALL_MIC, SourceKind.SPEAKER)
    return room is not None and any(kind in kinds for kind in room.sources.values())


def _bus(room: RoomId, track: str) -> str:
    return room if track == VIDEO else global_name(room, bus_of(Language(track)))


def _load(archive: Archive) -> dict[str, Kept]:
    try:
        return archive.load()
    except OSError:
        _log.exception("what is on disk of a livestream cannot be read; it begins anew")
        return {}
