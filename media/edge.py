"""An edge: the engine's fan-out without sources and mixer, fed by subscriptions to an origin.

It holds listeners exactly as the origin does and subscribes there once for each bus and picture that somebody here
wants. Who carries its offers to the origin takes them by `pulls` and brings the answers by `answered`.
"""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Final

from media.audiobus import AudioBus
from media.edgebus import EdgeBus
from media.engine import Engine, EngineConfig
from media.errors import PeerUnknown
from media.feeds import Feed, Pull, Want
from media.mixer import TICK_S, Encoded
from media.origin import OriginClock
from media.peer import Peer
from media.pictures import PictureBus, VideoSource, seconds_after
from media.rtcp import SenderReport
from media.rtp import RtpPacket
from media.studio import Answer, EngineEvent, Studio
from media.subscribing import WALL_OFFSET_S, Listener

__all__ = ["EdgeEngine", "Pull"]

_TIMER_S: Final = 0.025
# A switch to a bus that nobody here hears yet waits for its first packet, at most so long.
_SWITCH_S: Final = 1.0


class EdgeStudio(Studio):
    """All of an edge that lives on the media thread.

    Args:
        pull: takes offers for the origin; called on the media thread. The others are `Studio`'s.
    """

    def __init__(
        self,
        sock: socket.socket,
        hosts: tuple[str, ...],
        relays: frozenset[str],
        tell: Callable[[EngineEvent], None],
        max_listeners: int,
        pull: Callable[[Pull], None],
    ) -> None:
        self._pull = pull
        self._origin = OriginClock()
        self._feeds: dict[Want, Feed] = {}
        self._frames: dict[str, int] = {}
        self._switches: dict[str, tuple[str, float]] = {}
        self._reports: dict[str, SenderReport] = {}
        self._bus_beside: dict[str, str] = {}
        super().__init__(sock, hosts, relays, tell, max_listeners)
        self._stage.tick_at = time.monotonic()
        self._timer = self._loop.call_later(_TIMER_S, self._on_timer)

    def close(self) -> None:
        """Say goodbye to everybody and to the origin."""
        self._timer.cancel()
        super().close()
        for feed in self._feeds.values():
            feed.close()

    def _begin(self) -> None:
        """There is nothing to mix."""

    @property
    def listeners(self) -> list[str]:
        """The sessions that are here."""
        return list(self._transport.peers)

    @property
    def feeds(self) -> dict[Want, Feed]:
        """What is subscribed to at the origin."""
        return self._feeds

    def subscribe(
        self,
        ident: str,
        offer_text: str,
        bus: str,
        pictures: tuple[str, ...],
        frames: int = 1,
        *,
        at_work: bool = False,
    ) -> Answer:
        """Take a subscriber's offer and see to it that what it wants comes from the origin."""
        answer = super().subscribe(ident, offer_text, bus, pictures, frames, at_work=at_work)
        self._frames[ident] = frames
        for picture in pictures:
            self._bus_beside[picture] = bus
        self._feed(Want(bus, frames=frames)).ask(time.monotonic())
        return answer

    def move(self, ident: str, bus: str) -> None:
        """Let a subscriber hear another bus: when its packets come, and the old bus has sent what others have."""
        peer = self._transport.peers.get(ident)
        if peer is None or not isinstance(peer.media, Listener):
            raise PeerUnknown
        now = time.monotonic()
        self._feed(Want(bus, frames=self._frames[ident])).ask(now)
        self._switches[ident] = (bus, now + _SWITCH_S)
        self._switch_who_can(now)

    def answered(self, peer: str, answer: str, extra_host: str | None) -> None:
        """The origin took the offer of the pull named `peer`; its port at `extra_host` is tried too."""
        for feed in self._feeds.values():
            if feed.peer == peer:
                feed.answered(answer, extra_host, time.monotonic())

    def refused(self, peer: str) -> None:
        """The origin did not take that offer, or could not be asked."""
        for feed in self._feeds.values():
            if feed.peer == peer:
                feed.refused()

    def _on_closed(self, peer: Peer, reason: str) -> None:
        self._frames.pop(peer.ident, None)
        self._switches.pop(peer.ident, None)
        super()._on_closed(peer, reason)

    def _bus(self, name: str) -> AudioBus:
        bus = self._stage.buses.get(name)
        if bus is None:
            bus = self._stage.buses[name] = EdgeBus(self._stage)
        return bus

    def _count(self, name: str) -> None:
        now = time.monotonic()
        for frames, count in self._stage.buses[name].sinks().items():
            self._feed(Want(name, frames=frames)).set_wanted(count > 0, now)

    def _picture(self, name: str) -> PictureBus:
        picture = self._pictures.get(name)
        if picture is None:
            picture = super()._picture(name)
            source = VideoSource(partial(self._ask_keyframe, name), partial(self._shown_at, name))
            source.on_watched = partial(self._on_watched, name, source)
            self._videos[name] = source
            picture.set_source(source)
        return picture

    def _feed(self, want: Want) -> Feed:
        feed = self._feeds.get(want)
        if feed is None:
            take = partial(self._take_sound, want)
            feed = self._feeds[want] = Feed(want, self._identity, self._pull, take, self._origin.note_report)
        return feed

    def _picture_feed(self, name: str) -> Feed | None:
        return next((feed for want, feed in self._feeds.items() if want.picture == name), None)

    def _on_watched(self, name: str, source: VideoSource, is_watched: bool) -> None:
        feed = self._picture_feed(name)
        if feed is None and not is_watched:
            return
        if feed is None:
            want = Want(self._bus_beside.get(name, name), name)
            take, report = partial(self._take_picture, name, source), partial(self._reports.__setitem__, name)
            feed = self._feeds[want] = Feed(want, self._identity, self._pull, take, report)
        feed.set_wanted(is_watched, time.monotonic())

    def _ask_keyframe(self, name: str) -> None:
        feed = self._picture_feed(name)
        if feed is not None:
            feed.ask_keyframe()

    def _shown_at(self, name: str, timestamp: int) -> float | None:
        """When a picture is due, by the origin's clock as the sound is: a viewer compares only the two."""
        report = self._reports.get(name)
        if report is None:
            return None
        return report.ntp_s + seconds_after(timestamp, report.timestamp) - WALL_OFFSET_S

    def _take_picture(self, name: str, source: VideoSource, packet: RtpPacket, codec: str, now: float) -> None:
        report = self._reports.get(name)
        if report is not None and report.ssrc != packet.ssrc:
            # The origin was restarted; its new clock is not known yet.
            del self._reports[name]
        source.take(packet, codec, now)

    def _take_sound(self, want: Want, packet: RtpPacket, codec: str, now: float) -> None:
        tick = self._origin.take(packet, now)
        if tick is None:
            return
        stage = self._stage
        self._bus(want.bus).send(Encoded(want.bus, tick, packet.payload, want.frames))
        due = self._origin.due()
        at = now if due is None else due - WALL_OFFSET_S
        stage.tick_at = at + (stage.tick - self._origin.tick) * TICK_S
        if self._switches:
            self._switch_who_can(now)

    def _switch_who_can(self, now: float) -> None:
        """Carry out the switches that leave no gap now, and those that have waited long enough."""
        for ident, (bus, until) in list(self._switches.items()):
            frames, listener = self._frames[ident], self._transport.peers[ident].media
            assert isinstance(listener, Listener)
            if now < until and not self._is_flowing(bus, frames, now):
                continue
            old = self._bus(listener.bus)
            is_behind = isinstance(old, EdgeBus) and not old.is_up_to_date(frames)
            if now < until and is_behind and self._is_flowing(listener.bus, frames, now):
                continue
            del self._switches[ident]
            super().move(ident, bus)

    def _is_flowing(self, bus: str, frames: int, now: float) -> bool:
        feed = self._feeds.get(Want(bus, frames=frames))
        return feed is not None and feed.is_flowing(now)

    def _on_timer(self) -> None:
        self._timer = self._loop.call_later(_TIMER_S, self._on_timer)
        now = time.monotonic()
        for want, feed in list(self._feeds.items()):
            if not feed.on_timer(now):
                del self._feeds[want]
        self._switch_who_can(now)
        for picture in self._pictures.values():
            picture.on_timer(now)


class EdgeEngine(Engine):
    """`media.engine.Engine` of an edge: listeners as there, sources nowhere, and `pulls` for the origin."""

    def __init__(self, config: EngineConfig) -> None:
        super().__init__(config)
        self._pulls: asyncio.Queue[Pull | None] = asyncio.Queue()

    def _set_up(self) -> None:
        self._studio = EdgeStudio(self._sock, self._hosts, self._relays, self._tell, self._max_listeners, self._on_pull)

    @property
    def _edge(self) -> EdgeStudio:
        assert isinstance(self._studio, EdgeStudio)
        return self._studio

    def _on_pull(self, pull: Pull) -> None:
        try:
            self._web.call_soon_threadsafe(self._pulls.put_nowait, pull)
        except RuntimeError:
            # The web loop closed first; nobody is left to ask the origin.
            return

    async def aclose(self) -> None:
        """Say goodbye to every peer and to the origin, stop the thread, close the port. `events` and `pulls` end."""
        await super().aclose()
        self._pulls.put_nowait(None)

    async def pulls(self) -> AsyncIterator[Pull]:
        """Offers for the origin, until the engine is closed; each wants `answered` or `refused`. For one reader."""
        while (pull := await self._pulls.get()) is not None:
            yield pull

    async def answered(self, peer: str, answer: str, extra_host: str | None) -> None:
        """The origin's SDP answer to the pull named `peer`. Its port is tried at `extra_host` too, an IP address by
        which the origin is known to be reached.
        """
        await self._call(lambda: self._edge.answered(peer, answer, extra_host))

    async def refused(self, peer: str) -> None:
        """The origin did not take the pull named `peer`; while it is wanted another follows in half a second."""
        await self._call(lambda: self._edge.refused(peer))

    async def listeners(self) -> list[str]:
        """The sessions that are here now."""
        return await self._call(lambda: self._edge.listeners)
