"""Doubles that keep the real things' interfaces: the engine without media, a store that can be taken away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

from interpreting.ids import PersonId, RoomId
from media.engine import (
    Answer,
    EngineEvent,
    EngineStats,
    Level,
    Mix,
    PeerClosed,
    PictureLook,
    Quality,
    SoundTap,
    SourceFlowing,
    SourceSilent,
    Trim,
)
from media.errors import EtagStale, MediaError, PeerUnknown
from media.ice import Credentials
from media.reel import ReelFile
from media.stream import Slide, StreamSpec, Track
from media.stream_taps import Tap
from media.trickle import format_fragment, parse_fragment
from server.store import Document, Log, Store, StoreUnavailable

ANSWER_SDP = "v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"


class FakeEngine:
    """Keeps `server.engine.OriginEngine`: remembers what it was told and tells what a test wants told."""

    def __init__(self) -> None:
        self.mixes: dict[str, dict[str, Mix]] = {}
        self.mix_calls: list[str] = []
        self.pictures: dict[str, str | None] = {}
        self.demos: list[str] = []
        self.patience: dict[str, float] = {}
        self.reels: dict[str, tuple[ReelFile, float, float]] = {}
        self.publishers: dict[str, tuple[str | None, str | None]] = {}
        self.small_pictures: dict[str, str | None] = {}
        self.listeners: dict[str, str] = {}
        self.frames: dict[str, int] = {}
        self.seen: dict[str, tuple[str, ...]] = {}
        self.streams: dict[str, StreamSpec] = {}
        self.taps: dict[str, list[Tap]] = {}
        self.slides: dict[str, Slide] = {}
        self.held: dict[str, bool] = {}
        self.ice: dict[str, Credentials] = {}
        self.refuse_with: MediaError | None = None
        self.qualities: dict[str, Quality] = {}
        self.sound_taps: dict[str, SoundTap] = {}
        self.metered: frozenset[str] = frozenset()
        self.level_of: dict[str, Level] = {}
        self.watched: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
        self.look_at: dict[str, PictureLook] = {}
        self.silent_for: dict[str, float] = {}
        self.trims: dict[str, Trim] = {}
        self.figures: dict[str, dict[str, float]] = {}
        self._events: asyncio.Queue[EngineEvent] = asyncio.Queue()

    def gains(self, bus: str) -> dict[str, float]:
        """What a bus carries, without what fades out."""
        return {source: mix.gain for source, mix in self.mixes.get(bus, {}).items() if mix.gain > 0}

    async def tell(self, event: EngineEvent) -> None:
        """Tell an event, and return when it has been taken in."""
        self._events.put_nowait(event)
        await self._events.join()

    async def flow(self, source: str) -> None:
        """A source begins."""
        await self.tell(SourceFlowing(source))

    async def fall_silent(self, source: str) -> None:
        """A source ends."""
        await self.tell(SourceSilent(source))

    async def lose_peer(self, peer: str) -> None:
        """A peer ends by itself."""
        self.publishers.pop(peer, None)
        self.listeners.pop(peer, None)
        await self.tell(PeerClosed(peer, "consent_timeout"))

    async def publish(
        self, peer: str, offer: str, *, audio: str | None, video: str | None, small: str | None = None
    ) -> Answer:
        if self.refuse_with is not None:
            raise self.refuse_with
        self.publishers[peer] = (audio, video)
        self.small_pictures[peer] = small
        return Answer(ANSWER_SDP, '"1"')

    async def subscribe(
        self,
        peer: str,
        offer: str,
        *,
        bus: str,
        picture: str | None,
        more_pictures: tuple[str, ...] = (),
        frames: int = 1,
        at_work: bool = False,
    ) -> Answer:
        if self.refuse_with is not None:
            raise self.refuse_with
        self.listeners[peer] = bus
        self.frames[peer] = frames
        self.seen[peer] = (*(() if picture is None else (picture,)), *more_pictures)
        return Answer(ANSWER_SDP, '"1"')

    async def update_ice(self, peer: str, fragment: str, *, etags: frozenset[str] | None) -> Answer | None:
        read = parse_fragment(fragment)
        if peer not in {**self.publishers, **self.listeners}:
            raise PeerUnknown
        ours = self.ice.setdefault(peer, Credentials("1", "password", "them"))
        if etags is not None and ours.etag not in etags:
            raise EtagStale
        if read.ufrag == ours.remote_ufrag:
            return None
        ours = self.ice[peer] = Credentials(f"{ours.ufrag}1", "password", read.ufrag)
        return Answer(format_fragment(ours, read.section, []), ours.etag)

    async def close_peer(self, peer: str) -> bool:
        gone = (self.publishers.pop(peer, None), self.listeners.pop(peer, None))
        return gone != (None, None)

    async def move(self, peer: str, bus: str) -> None:
        if peer not in self.listeners:
            raise PeerUnknown
        self.listeners[peer] = bus

    def move_soon(self, peer: str, bus: str) -> None:
        if peer in self.listeners:
            self.listeners[peer] = bus

    def set_mix(self, bus: str, mix: Mapping[str, Mix]) -> None:
        self.mixes[bus] = dict(mix)
        self.mix_calls.append(bus)

    def set_meters(self, names: frozenset[str]) -> None:
        self.metered = names

    def levels(self) -> dict[str, Level]:
        return {name: level for name, level in self.level_of.items() if name in self.metered}

    def watch(self, sources: frozenset[str], pictures: frozenset[str]) -> None:
        self.watched = sources, pictures

    def looks(self) -> dict[str, PictureLook]:
        return self.look_at

    def silences(self) -> dict[str, float]:
        return self.silent_for

    def set_trim(self, source: str, trim: Trim) -> None:
        self.trims[source] = trim

    def set_picture(self, picture: str, source: str | None) -> None:
        self.pictures[picture] = source

    def set_patience(self, source: str, silent_after_s: float) -> None:
        self.patience[source] = silent_after_s

    def add_demo(self, audio: str, video: str) -> None:
        self.demos.append(audio)

    def play(self, source: str, reel: ReelFile, at_s: float, start: float) -> None:
        self.reels[source] = (reel, at_s, start)

    def stop_play(self, source: str) -> None:
        self.reels.pop(source, None)

    def start_stream(self, stream: str, spec: StreamSpec) -> None:
        self.streams.setdefault(stream, spec)

    def add_track(self, stream: str, track: Track) -> None:
        spec = self.streams[stream]
        self.streams[stream] = replace(spec, tracks=(*spec.tracks, track))

    def stop_stream(self, stream: str) -> None:
        self.streams.pop(stream, None)

    def open_tap(self, stream: str, tracks: frozenset[str]) -> Tap:
        tap = Tap(tracks)
        self.taps.setdefault(stream, []).append(tap)
        return tap

    def close_tap(self, stream: str, tap: Tap) -> None:
        self.taps[stream].remove(tap)

    def set_slide(self, stream: str, slide: Slide) -> None:
        self.slides[stream] = slide

    def hold(self, stream: str, held: bool) -> None:
        self.held[stream] = held

    def tap_sound(self, bus: str) -> SoundTap:
        return self.sound_taps.setdefault(bus, SoundTap())

    def untap_sound(self, bus: str, tap: SoundTap) -> None:
        self.sound_taps.pop(bus, None)

    def quality(self) -> Mapping[str, Quality]:
        return dict(self.qualities)

    async def stats(self) -> EngineStats:
        return EngineStats(
            peers=len(self.publishers) + len(self.listeners),
            connected=0,
            subscribers={"plenary/de": len(self.listeners)},
            viewers={},
            drops={'odd"reason': 3},
            mixer={"late_ticks": 0},
            packets_sent=5,
            packets_dropped=0,
            ways={"ipv4": 1, "ipv6": 0, "relay": 2},
            publishers=self.figures,
        )

    async def events(self) -> AsyncIterator[EngineEvent]:
        while True:
            event = await self._events.get()
            try:
                yield event
            finally:
                self._events.task_done()


class FlakyStore:
    """A store that passes everything on to a real one, except while `is_down`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.is_down = False

    def _up(self) -> Store:
        if self.is_down:
            raise StoreUnavailable
        return self.store

    async def append(self, room: RoomId, expected: int, events: Sequence[Document]) -> int:
        return await self._up().append(room, expected, events)

    async def load(self, room: RoomId) -> Log:
        return await self._up().load(room)

    async def version(self, room: RoomId) -> int:
        return await self._up().version(room)

    async def save_snapshot(self, room: RoomId, version: int, snapshot: Document) -> None:
        await self._up().save_snapshot(room, version, snapshot)

    async def revoke(self, invitation: str, until: float) -> None:
        await self._up().revoke(invitation, until)

    async def is_revoked(self, invitation: str) -> bool:
        return await self._up().is_revoked(invitation)

    async def revoked(self) -> frozenset[str]:
        return await self._up().revoked()

    async def remember(self, person: PersonId, command: str, answer: Document, ttl_s: float) -> Document:
        return await self._up().remember(person, command, answer, ttl_s)

    async def recall(self, person: PersonId, command: str) -> Document | None:
        return await self._up().recall(person, command)

    async def keep(self, key: str, document: Document) -> None:
        await self._up().keep(key, document)

    async def kept(self, key: str) -> Document | None:
        return await self._up().kept(key)

    async def publish(self, topic: str, message: Document) -> None:
        await self._up().publish(topic, message)

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[Document]]:
        return self._subscription(topic)

    @asynccontextmanager
    async def _subscription(self, topic: str) -> AsyncIterator[AsyncIterator[Document]]:
        async with self.store.subscribe(topic) as messages:
            yield messages


class ManualClock:
    """A clock that stands until a test moves it."""

    def __init__(self, at: float = 1_000_000.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at
