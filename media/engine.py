"""The engine's door: messages in, messages out, from any event loop; the work is done on threads of its own.

`Engine` keeps the media loop (UDP socket, ICE, DTLS, fan-out) in one thread and the mixer in another. Everything it
takes and gives is plain data with opaque ids, so that it could live in another process.
"""

import asyncio
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self, TypeVar

from media import udp
from media.errors import PeerUnknown
from media.mixer import Mix
from media.picture_watch import PictureLook
from media.quality import Quality, Reason
from media.reel import ReelFile
from media.sound import Level
from media.stream import InitMade, PartMade, Sample, Slide, StreamFailed, StreamSpec, Track
from media.stream_taps import SoundTap, Tap
from media.studio import (
    MAX_LISTENERS,
    Answer,
    EngineEvent,
    EngineStats,
    MixerFailed,
    PeerClosed,
    PeerConnected,
    SourceFlowing,
    SourceSilent,
    Studio,
)
from media.trickle import parse_fragment
from media.trim import Trim
from media.ways import plain_host

__all__ = [
    "MAX_LISTENERS",
    "Answer",
    "Engine",
    "EngineConfig",
    "EngineEvent",
    "EngineStats",
    "InitMade",
    "Level",
    "Mix",
    "MixerFailed",
    "PartMade",
    "PeerClosed",
    "PeerConnected",
    "PictureLook",
    "Quality",
    "Reason",
    "ReelFile",
    "Sample",
    "Slide",
    "SoundTap",
    "SourceFlowing",
    "SourceSilent",
    "StreamFailed",
    "StreamSpec",
    "Tap",
    "Track",
    "Trim",
]

# Lets the mixer's thread have the interpreter within 0.5 ms of its tick, whatever the web side does.
_SWITCH_INTERVAL_S: Final = 0.0005
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """Where to listen (`udp_host` empty: everywhere; `udp_port` 0: any), which addresses to announce (empty: ours),
    the addresses that relays of ours send from, and how many subscribers are taken.
    """

    udp_host: str = ""
    udp_port: int = 8080
    public_ips: tuple[str, ...] = ()
    relay_ips: tuple[str, ...] = ()
    max_listeners: int = MAX_LISTENERS


class Engine:
    """Use `await Engine.open(config)` and `await engine.aclose()`; all else between them, from that same event loop."""

    def __init__(self, config: EngineConfig) -> None:
        self._web = asyncio.get_running_loop()
        self._queue: asyncio.Queue[EngineEvent | None] = asyncio.Queue()
        self._sock = udp.open_socket(config.udp_host, config.udp_port)
        self.udp_port: int = self._sock.getsockname()[1]
        own = (config.udp_host,) if config.udp_host and config.udp_host not in ("::", "0.0.0.0") else ()
        self._hosts = config.public_ips or own or tuple(udp.local_addresses())
        self._max_listeners = config.max_listeners
        self._relays = frozenset(plain_host(host) for host in config.relay_ips)
        self._media = asyncio.new_event_loop()
        self._studio: Studio | None = None
        self._thread = threading.Thread(target=self._media.run_forever, name="media", daemon=True)

    @classmethod
    async def open(cls, config: EngineConfig) -> Self:
        """Bind the port and start the threads.

        Raises:
            OSError: the port is taken.
        """
        sys.setswitchinterval(_SWITCH_INTERVAL_S)
        engine = cls(config)
        engine._thread.start()
        await engine._call(engine._set_up)
        return engine

    async def aclose(self) -> None:
        """Say goodbye to every peer, stop the threads, close the port. `events` ends."""
        await self._call(self._studio_now.close)
        self._media.call_soon_threadsafe(self._media.stop)
        await asyncio.to_thread(self._thread.join)
        self._media.close()
        self._sock.close()
        self._queue.put_nowait(None)

    def _set_up(self) -> None:
        self._studio = Studio(self._sock, self._hosts, self._relays, self._tell, self._max_listeners)

    @property
    def _studio_now(self) -> Studio:
        assert self._studio is not None
        return self._studio

    def _tell(self, event: EngineEvent) -> None:
        try:
            self._web.call_soon_threadsafe(self._queue.put_nowait, event)
        except RuntimeError:
            # The web loop closed first; nobody is left to be told.
            return

    async def _call(self, work: Callable[[], _T]) -> _T:
        async def on_media_thread() -> _T:
            return work()

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(on_media_thread(), self._media))

    async def publish(
        self, peer: str, offer: str, *, audio: str | None, video: str | None, small: str | None = None
    ) -> Answer:
        """Answer a publisher's offer. Its sound becomes the source `audio`, its picture `video`, its second picture
        `small` (where there is none, that is the first one again); None refuses it. Who published that source before is
        told goodbye (`PeerClosed` with reason "replaced").

        Raises:
            OfferRejected: see `media.sdp.parse_offer` and `media.offers.agree_to_publish`.
            Overloaded: too many sessions that never connected.
        """
        return await self._call(lambda: self._studio_now.publish(peer, offer, audio, video, small))

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
        """Answer a subscriber's offer: it will hear `bus` and, if it offers video, see the picture bus `picture` in
        the first video m-line (in step with the sound) and `more_pictures` in the following ones; one that was named
        before is refused its m-line. On a thin line the last are the first to go, the sound never.

        `frames` is 1 for packets of 20 ms, 3 for packets of 60 ms (a third of the work, 40 ms later). Who is
        `at_work` (a booth, an edge) is taken past `max_listeners` too.

        Raises:
            OfferRejected: see `media.sdp.parse_offer` and `media.offers.agree_to_send`.
            Overloaded: `max_listeners` are here, or too many sessions that never connected.
        """
        pictures = (*(() if picture is None else (picture,)), *more_pictures)
        return await self._call(lambda: self._studio_now.subscribe(peer, offer, bus, pictures, frames, at_work=at_work))

    async def update_ice(self, peer: str, fragment: str, *, etags: frozenset[str] | None) -> Answer | None:
        """Take a trickle fragment for a session. One with another user fragment restarts ICE: returns our new
        credentials and candidates as a fragment, with their entity tag. Else None: candidates need no answer.
        Media goes on through a restart; the old credentials hold until the peer nominates with the new ones.
        `etags` are those the client believes to be the newest; None is whichever is.

        Raises:
            FragmentRejected: see `media.trickle.parse_fragment`.
            PeerUnknown: there is no such session.
            EtagStale: ICE was restarted since.
        """
        read = parse_fragment(fragment)
        return await self._call(lambda: self._studio_now.update_ice(peer, read, etags))

    async def close_peer(self, peer: str) -> bool:
        """End a session. False when there is none of that name."""
        return await self._call(lambda: self._studio_now.close_peer(peer))

    async def move(self, peer: str, bus: str) -> None:
        """Let a subscriber hear `bus` from the next tick on, without a new offer.

        Raises:
            PeerUnknown: there is no such subscriber.
        """
        await self._call(lambda: self._studio_now.move(peer, bus))

    def move_soon(self, peer: str, bus: str) -> None:
        """Let a subscriber hear another bus, before any mix that is told from now on is heard. An unknown peer is no
        matter.
        """

        def move() -> None:
            with suppress(PeerUnknown):
                self._studio_now.move(peer, bus)

        self._on_media(move)

    def set_mix(self, bus: str, mix: Mapping[str, Mix]) -> None:
        """What `bus` carries. A source not named fades out within 30 ms."""
        self._studio_now.set_mix(bus, mix)

    def set_picture(self, picture: str, source: str | None) -> None:
        """Which video source the picture bus forwards, now or when it comes."""
        self._on_media(lambda: self._studio_now.set_picture(picture, source))

    def set_patience(self, source: str, silent_after_s: float) -> None:
        """How long a source may send nothing until `SourceSilent` is told, 2 s at first. It is looked after twice a
        second, so the word comes up to half a second later.
        """
        self._media.call_soon_threadsafe(self._studio_now.set_patience, source, silent_after_s)

    def add_demo(self, audio: str, video: str) -> None:
        """A generated source (bells and a clock), made only while somebody hears or sees it."""
        self._on_media(lambda: self._studio_now.add_demo(audio, video))

    def play(self, source: str, reel: ReelFile, at_s: float, start: float) -> None:
        """Play a reel from `at_s` on as the source and video source of that name; `at_s` is heard at `start`, in
        monotonic seconds. `SourceFlowing` is told 0.4 s before, so that the floor makes way, and `SourceSilent` shortly
        before its end, or when it cannot be read. What played there before ends.
        """
        self._on_media(lambda: self._studio_now.deck.play(source, reel, at_s, start))

    def stop_play(self, source: str) -> None:
        """Play no more: `SourceSilent` is told, and what is heard goes on for half a second, for the ramp."""
        self._on_media(lambda: self._studio_now.deck.stop(source))

    def start_stream(self, stream: str, spec: StreamSpec) -> None:
        """Package buses and a picture into parts, told as `InitMade` and `PartMade`. One that runs goes on as it is."""
        self._on_media(lambda: self._studio_now.streams.start(stream, spec))

    def add_track(self, stream: str, track: Track) -> None:
        """Package another bus, from the next segment on."""
        self._on_media(lambda: self._studio_now.streams.add_track(stream, track))

    def stop_stream(self, stream: str) -> None:
        """Tell what is left of a stream as last parts, and end it."""
        self._on_media(lambda: self._studio_now.streams.stop(stream))

    def set_slide(self, stream: str, slide: Slide) -> None:
        """What a running stream shows while no picture comes."""
        self._on_media(lambda: self._studio_now.streams.say(stream, slide))

    def hold(self, stream: str, held: bool) -> None:
        """Show the slide whatever picture comes, or the picture again."""
        self._on_media(lambda: self._studio_now.streams.hold(stream, held))

    def open_tap(self, stream: str, tracks: frozenset[str]) -> Tap:
        """A queue of a running stream's samples, a part at a time; nothing comes when there is no such stream."""
        tap = Tap(tracks)
        self._on_media(lambda: self._studio_now.streams.add_tap(stream, tap))
        return tap

    def close_tap(self, stream: str, tap: Tap) -> None:
        """No more into that queue."""
        self._on_media(lambda: self._studio_now.streams.remove_tap(stream, tap))

    def tap_sound(self, bus: str) -> SoundTap:
        """A queue of a bus's sound as the mixer makes it."""
        tap = SoundTap()
        self._studio_now.mixer.add_tap(bus, tap)
        return tap

    def untap_sound(self, bus: str, tap: SoundTap) -> None:
        """No more into that queue."""
        self._studio_now.mixer.remove_tap(bus, tap)

    def _on_media(self, work: Callable[[], None]) -> None:
        self._media.call_soon_threadsafe(work)

    def set_meters(self, names: frozenset[str]) -> None:
        """Measure these sources and buses from now on, and no others."""
        self._studio_now.mixer.set_meters(names)

    def levels(self) -> dict[str, Level]:
        """The last 80 ms' level of each source and bus that is measured and sounds."""
        return dict(self._studio_now.mixer.meters.levels)

    def watch(self, sources: frozenset[str], pictures: frozenset[str]) -> None:
        """Judge these sources even while nobody hears them (see `quality`), and look at these pictures (`looks`)."""
        self._studio_now.mixer.watch(sources)
        self._on_media(lambda: self._studio_now.watches.watch(pictures))

    def looks(self) -> dict[str, PictureLook]:
        """What is to be said of each picture that is watched."""
        return dict(self._studio_now.watches.looks)

    def silences(self) -> dict[str, float]:
        """How many seconds ago each publisher's last packet came."""
        return self._studio_now.silences()

    def set_trim(self, source: str, trim: Trim) -> None:
        """What is done to a source before any bus hears it, now and when it comes; gone over to within 30 ms."""
        self._studio_now.mixer.set_trim(source, trim)

    def quality(self) -> dict[str, Quality]:
        """How every source sounds that somebody hears just now, judged anew once a second."""
        return self._studio_now.mixer.quality()

    async def stats(self) -> EngineStats:
        """Numbers about everything."""
        return await self._call(self._studio_now.stats)

    async def events(self) -> AsyncIterator[EngineEvent]:
        """What happens, in order, until the engine is closed. For one reader."""
        while (event := await self._queue.get()) is not None:
            yield event
