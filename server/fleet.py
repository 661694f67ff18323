"""The engine and its edges as one engine: listeners go to the emptiest edge, everything else stays here.

`Fleet` keeps the protocol `server.engine.MediaEngine`, so the conductor and the switchboard know of no edges. Sources
and mixer are the local engine's; an edge pulls each bus it needs from there. An edge that is silent for two seconds is
buried: its sessions are told as closed (`edge_lost`), and `on_lost` tells the pages, so that they come again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Final

from media.engine import Quality, SoundTap
from media.errors import MediaError, Overloaded, PeerUnknown
from media.stream import Slide, StreamSpec, Track
from media.stream_taps import Tap
from server.config_edges import MAX_LISTENERS
from server.edge_link import EdgeFigures, EdgeGone, EdgeLink, EdgeOutlet
from server.edge_messages import (
    Answered,
    Close,
    Closed,
    Connected,
    Failed,
    FromEdge,
    Hello,
    Load,
    Move,
    Pull,
    Subscribe,
    UpdateIce,
    Welcome,
)
from server.engine import Answer, EngineEvent, EngineStats, MediaEngine, Mix, PeerClosed, PeerConnected
from server.fleet_events import merged
from server.fleet_figures import added
from server.tokens import EdgePass

_log = logging.getLogger(__name__)

LOOK_S: Final = 0.1
FAREWELL_S: Final = 0.5
EDGE_LOST: Final = "edge_lost"


class Fleet:
    """The local engine with whatever edges are there.

    Args:
        local: has the sources; takes listeners while there is no edge, and those who are at work.
        boot: the id of this start of the server, by which edges know whether it still knows their sessions.
        clock: monotonic seconds.
        on_lost: told the public name of an edge whose sessions are lost.
        max_listeners: how many the local engine takes.
    """

    def __init__(
        self,
        local: MediaEngine,
        boot: str,
        clock: Callable[[], float],
        on_lost: Callable[[str], None],
        max_listeners: int = MAX_LISTENERS,
    ) -> None:
        self._max_listeners = max_listeners
        self._local = local
        self._boot = boot
        self._clock = clock
        self._on_lost = on_lost
        self.is_closed = False
        self._edges: dict[str, EdgeLink] = {}
        self._places: dict[str, EdgeLink] = {}
        self._dead: dict[str, EdgeFigures] = {}
        self._own: asyncio.Queue[EngineEvent] = asyncio.Queue()
        self._tasks: set[asyncio.Task[Any]] = set()

    def open(self) -> None:
        """Begin to look after the edges."""
        self._do(self._keep_looking())

    async def aclose(self) -> None:
        """Let go of the edges, which keep what they have and come again when there is a server again.

        Nobody is told of it, and the local engine is left open.
        """
        self.is_closed = True
        outlets = [outlet for edge in self._edges.values() if (outlet := edge.buried()) is not None]
        self._edges.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                await asyncio.gather(*(_quietly(outlet.close()) for outlet in outlets))
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def figures(self) -> list[EdgeFigures]:
        """Every edge there is, and the last of each name that is dead."""
        alive = [edge.figures for edge in self._edges.values()]
        names = {one.name for one in alive}
        return sorted(
            [*alive, *(one for one in self._dead.values() if one.name not in names)], key=lambda one: one.name
        )

    async def fullness(self) -> float:
        """How full the place is that the next listener would get, as a share of what it takes; 1 and more is full."""
        edges = [edge.fullness for edge in self._edges.values() if edge.is_connected]
        return min(edges) if edges else (await self._local.stats()).peers / self._max_listeners

    async def join(self, hello: Hello, outlet: EdgeOutlet, held: EdgePass) -> tuple[EdgeLink, Welcome]:
        """Take an edge in, or back in; what either side forgot meanwhile is put right."""
        edge = self._edges.get(hello.instance)
        if edge is None:
            name = hello.name or held.name
            edge = self._edges[hello.instance] = EdgeLink(hello.instance, name, held, self._clock)
            _log.info("edge %s is here", hello.name)
        former = edge.connected(outlet)
        if former is not None:
            with suppress(ConnectionError):
                await former.close()
        for gone in edge.peers - set(hello.peers):
            self._closed(edge, gone, "closed")
        return edge, Welcome(self._boot, edge.tag, tuple(sorted(edge.peers)))

    def leave(self, edge: EdgeLink, outlet: EdgeOutlet) -> None:
        """A connection of an edge has ended."""
        edge.disconnected(outlet)

    def bury_named(self, name: str) -> None:
        """An edge of this name is known to be dead."""
        for edge in [one for one in self._edges.values() if one.name == name]:
            self._bury(edge)

    def expel(self, revoked: frozenset[str], now_s: float) -> None:
        """Bury the edges whose token is withdrawn, or over at `now_s` on the wall clock; they will not be let in."""
        for edge in [one for one in self._edges.values() if one.held.id in revoked or one.held.is_over(now_s)]:
            self._bury(edge)

    def look(self, now: float) -> None:
        """Bury the edges that have been silent, or away, for too long at `now`."""
        for edge in [one for one in self._edges.values() if one.is_lost(now)]:
            self._bury(edge)

    async def take(self, edge: EdgeLink, message: FromEdge) -> None:
        """Take in what an edge says."""
        edge.heard()
        match message:
            case Load():
                edge.load = message
            case Connected():
                self._own.put_nowait(PeerConnected(message.peer))
            case Closed():
                if message.peer in edge.peers:
                    self._closed(edge, message.peer, message.reason)
            case Pull():
                await self._pulled(edge, message)
            case Hello():
                pass
            case _:
                edge.settle(message)

    async def publish(
        self, peer: str, offer: str, *, audio: str | None, video: str | None, small: str | None = None
    ) -> Answer:
        """Take in a publisher, here."""
        return await self._local.publish(peer, offer, audio=audio, video=video, small=small)

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
        """Take in a listener: at the emptiest edge, or here when there is none or they are at work.

        Raises Overloaded when every edge is full, and what the engine that was asked raises.
        """
        edges = [] if at_work else [one for one in self._edges.values() if one.is_connected]
        is_full = False
        request = partial(
            Subscribe, peer=peer, offer=offer, bus=bus, picture=picture, more_pictures=more_pictures, frames=frames
        )
        for edge in sorted(edges, key=lambda one: one.fullness):
            try:
                return await self._subscribe_at(edge, peer, request)
            except Overloaded:
                is_full = True
            except EdgeGone:
                continue
        if is_full:
            raise Overloaded("overloaded")
        return await self._local.subscribe(
            peer, offer, bus=bus, picture=picture, more_pictures=more_pictures, frames=frames, at_work=at_work
        )

    async def update_ice(self, peer: str, fragment: str, *, etags: frozenset[str] | None) -> Answer | None:
        """Take a trickle fragment, where the peer is."""
        edge = self._places.get(peer)
        if edge is None:
            return await self._local.update_ice(peer, fragment, etags=etags)
        named = None if etags is None else tuple(sorted(etags))
        reply = await self._ask(edge, partial(UpdateIce, peer=peer, fragment=fragment, etags=named))
        return Answer(reply.sdp, reply.etag, edge.tag) if isinstance(reply, Answered) else None

    async def move(self, peer: str, bus: str) -> None:
        """Have a listener hear another bus, where it is. Raises PeerUnknown."""
        edge = self._places.get(peer)
        if edge is None:
            await self._local.move(peer, bus)
        else:
            await self._ask(edge, partial(Move, peer=peer, bus=bus))

    def move_soon(self, peer: str, bus: str) -> None:
        """Have a listener hear another bus; those whose bus the rules decide are here."""
        self._local.move_soon(peer, bus)

    async def close_peer(self, peer: str) -> bool:
        """End a peer, where it is; False when it is unknown."""
        edge = self._places.get(peer)
        if edge is None:
            return await self._local.close_peer(peer)
        try:
            await edge.ask(partial(Close, peer=peer))
        except EdgeGone:
            # When it comes back it is told that this one is not known any more.
            self._closed(edge, peer, "closed")
        return True

    def set_mix(self, bus: str, mix: Mapping[str, Mix]) -> None:
        """Say what a bus carries, here and so everywhere."""
        self._local.set_mix(bus, mix)

    def set_picture(self, picture: str, source: str | None) -> None:
        """Say which video source a picture forwards, here and so everywhere."""
        self._local.set_picture(picture, source)

    def set_patience(self, source: str, silent_after_s: float) -> None:
        """See `MediaEngine.set_patience`."""
        self._local.set_patience(source, silent_after_s)

    def add_demo(self, audio: str, video: str) -> None:
        """Add a generated source, here."""
        self._local.add_demo(audio, video)

    def start_stream(self, stream: str, spec: StreamSpec) -> None:
        """Streams are made here. See `MediaEngine.start_stream`, and so on."""
        self._local.start_stream(stream, spec)

    def add_track(self, stream: str, track: Track) -> None:
        """See `MediaEngine.add_track`."""
        self._local.add_track(stream, track)

    def stop_stream(self, stream: str) -> None:
        """See `MediaEngine.stop_stream`."""
        self._local.stop_stream(stream)

    def set_slide(self, stream: str, slide: Slide) -> None:
        """See `MediaEngine.set_slide`."""
        self._local.set_slide(stream, slide)

    def hold(self, stream: str, held: bool) -> None:
        """See `MediaEngine.hold`."""
        self._local.hold(stream, held)

    def open_tap(self, stream: str, tracks: frozenset[str]) -> Tap:
        """See `MediaEngine.open_tap`."""
        return self._local.open_tap(stream, tracks)

    def close_tap(self, stream: str, tap: Tap) -> None:
        """See `MediaEngine.close_tap`."""
        self._local.close_tap(stream, tap)

    def tap_sound(self, bus: str) -> SoundTap:
        """See `MediaEngine.tap_sound`; sound is made here."""
        return self._local.tap_sound(bus)

    def untap_sound(self, bus: str, tap: SoundTap) -> None:
        """See `MediaEngine.untap_sound`."""
        self._local.untap_sound(bus, tap)

    def quality(self) -> Mapping[str, Quality]:
        """See `MediaEngine.quality`; what edges' listeners hear is decoded here."""
        return self._local.quality()

    async def stats(self) -> EngineStats:
        """Return the figures of all engines together; those of edges are half a second old at most.

        An edge's subscriptions count as peers here, its listeners as peers there.
        """
        total = await self._local.stats()
        for edge in self._edges.values():
            total = added(total, edge.load.figures)
        return total

    def events(self) -> AsyncIterator[EngineEvent]:
        """What happens to peers and sources of all engines, until the local one ends."""
        return merged(self._local.events(), self._own)

    async def _subscribe_at(self, edge: EdgeLink, peer: str, request: Callable[..., Subscribe]) -> Answer:
        # Counted before the edge answers, so that a crowd that comes at once is spread.
        edge.coming.add(peer)
        try:
            reply = await edge.ask(request)
        finally:
            edge.coming.discard(peer)
        if not isinstance(reply, Answered) or self._edges.get(edge.instance) is not edge:
            raise EdgeGone
        edge.peers.add(peer)
        self._places[peer] = edge
        return Answer(reply.sdp, reply.etag, edge.tag)

    @staticmethod
    async def _ask(edge: EdgeLink, request: Callable[[int], UpdateIce | Move | Close]) -> object:
        try:
            return await edge.ask(request)
        except EdgeGone:
            raise PeerUnknown from None

    async def _pulled(self, edge: EdgeLink, pull: Pull) -> None:
        """Answer an edge that subscribes to a bus or a picture."""
        try:
            answer = await self._local.subscribe(
                pull.peer, pull.offer, bus=pull.bus, picture=pull.picture, frames=pull.frames, at_work=True
            )
        except MediaError as error:
            reply: Answered | Failed = Failed(pull.id, error.code, error.status)
        else:
            edge.pulls.add(pull.peer)
            reply = Answered(pull.id, answer.sdp, answer.etag)
        with suppress(EdgeGone):
            await edge.send(reply)

    def _closed(self, edge: EdgeLink, peer: str, reason: str) -> None:
        edge.peers.discard(peer)
        self._places.pop(peer, None)
        self._own.put_nowait(PeerClosed(peer, reason))

    def _bury(self, edge: EdgeLink) -> None:
        """Give an edge up with all that it held."""
        self._edges.pop(edge.instance, None)
        self._dead[edge.name] = replace(edge.figures, is_alive=False, listeners=0, packets_per_s=0.0, cpu_share=0.0)
        _log.warning("edge %s is lost with %d listeners", edge.name, len(edge.peers))
        outlet = edge.buried()
        if outlet is not None:
            self._do(outlet.close())
        for peer in tuple(edge.peers):
            self._closed(edge, peer, EDGE_LOST)
        for peer in edge.pulls:
            self._do(self._local.close_peer(peer))
        self._on_lost(edge.tag)

    def _do(self, work: Awaitable[object]) -> None:
        task = asyncio.ensure_future(_quietly(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep_looking(self) -> None:
        loop = asyncio.get_running_loop()
        looked = loop.time()
        while True:
            await asyncio.sleep(LOOK_S)
            late = loop.time() - looked - LOOK_S
            looked = loop.time()
            if late > LOOK_S:
                # What came meanwhile has not been read yet.
                for edge in self._edges.values():
                    edge.excuse(late)
            self.look(self._clock())


async def _quietly(work: Awaitable[object]) -> None:
    try:
        await work
    except (ConnectionError, MediaError):
        # The other side is gone already.
        return
