"""All pushes of all rooms: where they go, which of them run, and the stream of the engine they are fed from.

A room with a push that runs has a stream of its own at the engine, with the picture and the channels wanted. What an
organiser has started runs until somebody stops it, over restarts too. A follower of the conductor.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from interpreting.ids import FLOOR, Channel, Language, RoomId
from interpreting.plan import RoutingPlan, bus_of
from interpreting.room import Room
from media.stream import VIDEO, Slide, StreamEvent, StreamFailed, StreamSpec, Track
from media.stream_taps import Tap
from server.config_rooms import RoomConfig
from server.livestream.broadcasts import slide_of
from server.problems import Problem
from server.pushes.push import Doors, Push, PushFacts, PushState
from server.pushes.rtmp_sink import RtmpSink
from server.pushes.sink import Sink
from server.pushes.target import Target, Way
from server.pushes.whip_sink import WhipSink
from server.pushes.wishes import MOST, Wishes, format_wishes, parse_wishes
from server.store.base import Store, StoreUnavailable
from server.switchboard import global_name

_log = logging.getLogger(__name__)

RETRY_STORE_S: Final = 5.0
RESTART_STREAM_S: Final = 1.0
JOIN_S: Final = 3.0


class Streams(Protocol):
    """What pushes ask of the media engine."""

    def start_stream(self, stream: str, spec: StreamSpec) -> None:
        """Begin to package; ignored while the stream runs."""
        ...

    def add_track(self, stream: str, track: Track) -> None:
        """Have it carry one bus more."""
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

    def open_tap(self, stream: str, tracks: frozenset[str]) -> Tap:
        """Give a queue of a running stream's samples; from any thread."""
        ...

    def close_tap(self, stream: str, tap: Tap) -> None:
        """Put no more into that queue; from any thread."""
        ...


@dataclass(frozen=True, slots=True)
class PushView:
    """A push as pages are told of it: never the address, and no key."""

    target: Target
    is_configured: bool
    facts: PushFacts

    def as_page(self) -> dict[str, object]:
        """Return it ready for JSON."""
        facts = self.facts
        return {
            "name": self.target.name,
            "host": self.target.host,
            "way": self.target.way.value,
            "channel": self.target.channel,
            "is_secure": self.target.is_secure,
            "is_configured": self.is_configured,
            "state": facts.state.value,
            "reason": facts.reason,
            "since": round(facts.since * 1000),
            "bytes": facts.bytes,
            "drops": facts.drops,
            "attempts": facts.attempts,
        }


@dataclass(slots=True)
class _Outlet:
    """One room's pushes: what is wished, what runs, and what its stream carries (None: there is no stream)."""

    config: RoomConfig
    wishes: Wishes = field(default_factory=lambda: Wishes({}))
    running: dict[str, Push] = field(default_factory=dict)
    channels: set[str] | None = None
    room: Room | None = None
    told: tuple[Slide, bool] | None = None
    stopped_at: dict[str, float] = field(default_factory=dict)

    @property
    def stream(self) -> str:
        """Its name at the engine."""
        return global_name(self.config.id, "push")

    @property
    def targets(self) -> Mapping[str, Target]:
        """All there are; the configuration's own win."""
        return {**self.wishes.targets, **{target.name: target for target in self.config.pushes}}


class Pushes:
    """Every room's pushes. `now` is the wall clock in epoch seconds."""

    def __init__(
        self,
        rooms: Mapping[RoomId, RoomConfig],
        streams: Streams,
        store: Store,
        now: Callable[[], float],
        open_sink: Callable[[Target], Sink] | None = None,
    ) -> None:
        self._outlets = {id: _Outlet(config) for id, config in rooms.items()}
        self._by_stream = {outlet.stream: outlet for outlet in self._outlets.values()}
        self._streams = streams
        self._store = store
        self._now = now
        self._open_sink = open_sink or _open_sink
        self._lock = asyncio.Lock()
        self._unread = set(self._outlets)
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Take up what ran before; while the store is out of reach it is asked again."""
        await self._load()
        if self._unread:
            self._spawn(self._load_late())

    async def aclose(self) -> None:
        """End all pushes; which of them ran stays known."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        ended = [push for outlet in self._outlets.values() for push in outlet.running.values()]
        for push in ended:
            push.stop()
        await asyncio.gather(*(asyncio.to_thread(push.join, JOIN_S) for push in ended))

    def views(self, room: RoomId) -> list[PushView]:
        """Return a room's pushes, those of the configuration first."""
        outlet = self._outlets[room]
        own = {target.name for target in outlet.config.pushes}
        ordered = sorted(outlet.targets.values(), key=lambda target: (target.name not in own, target.name))
        return [PushView(target, target.name in own, self._facts(outlet, target.name)) for target in ordered]

    def view(self, room: RoomId, name: str) -> PushView:
        """Return one push. Raises Problem push_unknown."""
        found = next((view for view in self.views(room) if view.target.name == name), None)
        if found is None:
            raise Problem("push_unknown")
        return found

    async def put(self, room: RoomId, target: Target) -> None:
        """Keep a target; one of its name that runs goes on to the new address.

        Raises Problem push_configured for a name of the configuration's, push_too_many, and StoreUnavailable.
        """
        async with self._lock:
            outlet = self._editable(room, target.name)
            if target.name not in outlet.wishes.targets and len(outlet.targets) >= MOST:
                raise Problem("push_too_many")
            await self._keep(outlet, outlet.wishes.with_target(target))
            if target.name in outlet.running:
                self._end(outlet, target.name)
            self._follow_wishes(outlet)

    async def remove(self, room: RoomId, name: str) -> None:
        """Forget a target, and end its push. Raises Problem push_unknown or push_configured, and StoreUnavailable."""
        async with self._lock:
            self.view(room, name)
            outlet = self._editable(room, name)
            await self._keep(outlet, outlet.wishes.without(name))
            self._follow_wishes(outlet)

    async def set_started(self, room: RoomId, name: str, *, is_started: bool) -> None:
        """Start or stop a push. Raises Problem push_unknown, and StoreUnavailable with nothing changed.

        A stop that cannot be kept is carried out all the same: what should not leave must not.
        """
        async with self._lock:
            self.view(room, name)
            outlet = self._outlets[room]
            wishes = outlet.wishes.as_started(name, is_started=is_started)
            try:
                await self._keep(outlet, wishes)
            except StoreUnavailable:
                if is_started:
                    raise
                outlet.wishes = wishes
            self._follow_wishes(outlet)

    def follow(self, room: Room, plan: RoutingPlan) -> None:
        """See `Follower.follow`."""
        outlet = self._outlets[room.id]
        outlet.room = room
        self._tell_slide(outlet)

    def take_in(self, event: StreamEvent) -> None:
        """See `Follower.take_in`: a stream that failed is started again; its pushes notice that nothing comes."""
        outlet = self._by_stream.get(event.stream)
        if outlet is not None and isinstance(event, StreamFailed):
            _log.error("the stream that %s is pushed from failed: %s", outlet.config.id, event.error)
            outlet.channels = None
            self._spawn(self._restart(outlet))

    async def _restart(self, outlet: _Outlet) -> None:
        await asyncio.sleep(RESTART_STREAM_S)
        self._follow_wishes(outlet)

    def _editable(self, room: RoomId, name: str) -> _Outlet:
        outlet = self._outlets[room]
        if any(target.name == name for target in outlet.config.pushes):
            raise Problem("push_configured")
        if room in self._unread:
            raise StoreUnavailable("the room's pushes have not been read yet")
        return outlet

    async def _keep(self, outlet: _Outlet, wishes: Wishes) -> None:
        if outlet.config.id in self._unread:
            raise StoreUnavailable("the room's pushes have not been read yet")
        await self._store.keep(_key(outlet.config.id), format_wishes(wishes))
        outlet.wishes = wishes

    async def _load(self) -> None:
        for room in tuple(self._unread):
            try:
                wishes = parse_wishes(await self._store.kept(_key(room)))
            except StoreUnavailable:
                return
            outlet = self._outlets[room]
            outlet.wishes = wishes
            self._unread.discard(room)
            self._follow_wishes(outlet)

    async def _load_late(self) -> None:
        while self._unread:
            await asyncio.sleep(RETRY_STORE_S)
            async with self._lock:
                await self._load()

    def _follow_wishes(self, outlet: _Outlet) -> None:
        """Have run what is wished and nothing else."""
        wanted = {name: target for name, target in outlet.targets.items() if name in outlet.wishes.started}
        for name in outlet.running.keys() - wanted.keys():
            self._end(outlet, name)
        if not wanted:
            if outlet.channels is not None:
                self._streams.stop_stream(outlet.stream)
                outlet.channels = outlet.told = None
            return
        self._have_stream(outlet, {target.channel for target in wanted.values()})
        for name in wanted.keys() - outlet.running.keys():
            self._begin(outlet, wanted[name])

    def _have_stream(self, outlet: _Outlet, channels: set[str]) -> None:
        room = outlet.config.id
        tracks = {one: Track(one, global_name(room, bus_of(_channel(one)))) for one in channels}
        if outlet.channels is None:
            spec = StreamSpec((Track(VIDEO, room), *tracks.values()))
            self._streams.start_stream(outlet.stream, spec)
            outlet.channels, outlet.told = set(channels), None
            self._tell_slide(outlet)
        for channel in channels - outlet.channels:
            self._streams.add_track(outlet.stream, tracks[channel])
            outlet.channels.add(channel)

    def _begin(self, outlet: _Outlet, target: Target) -> None:
        tracks = frozenset({VIDEO, target.channel})
        doors = Doors(
            open_tap=lambda: self._streams.open_tap(outlet.stream, tracks),
            close_tap=lambda tap: self._streams.close_tap(outlet.stream, tap),
            open_sink=self._open_sink,
            now=self._now,
        )
        push = outlet.running[target.name] = Push(target, doors)
        push.start()

    def _end(self, outlet: _Outlet, name: str) -> None:
        outlet.running.pop(name).stop()
        outlet.stopped_at[name] = self._now()

    def _facts(self, outlet: _Outlet, name: str) -> PushFacts:
        push = outlet.running.get(name)
        return push.facts if push else PushFacts(PushState.OFF, "", outlet.stopped_at.get(name, 0.0), 0, 0, 0)

    def _tell_slide(self, outlet: _Outlet) -> None:
        """Tell the engine what the slide says and whether it is to be shown, when that is new."""
        told = slide_of(outlet.config, outlet.room), outlet.room is not None and outlet.room.is_held
        if outlet.channels is not None and told != outlet.told:
            outlet.told = told
            self._streams.set_slide(outlet.stream, told[0])
            self._streams.hold(outlet.stream, told[1])

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _open_sink(target: Target) -> Sink:
    if target.way is Way.RTMP:
        return RtmpSink.open(target, has_picture=True)
    return WhipSink.open(target, has_picture=True)


def _channel(name: str) -> Channel:
    return FLOOR if name == FLOOR else Language(name)


def _key(room: RoomId) -> str:
    return f"pushes:{room}"
