"""What the server asks of the media engine: the thin meeting point of the two packages.

Plain data in, plain data out. `media.engine.Engine` keeps this protocol, and so does the tests' double.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from media.engine import (
    Answer,
    EngineEvent,
    EngineStats,
    Level,
    Mix,
    PeerClosed,
    PeerConnected,
    PictureLook,
    Quality,
    Reason,
    SoundTap,
    SourceFlowing,
    Trim,
)
from media.reel import ReelFile
from media.stream import Slide, StreamSpec, Track
from media.stream_taps import Tap

__all__ = [
    "Answer",
    "EngineEvent",
    "EngineStats",
    "Level",
    "MediaEngine",
    "Mix",
    "OriginEngine",
    "PeerClosed",
    "PeerConnected",
    "PictureLook",
    "Quality",
    "Reason",
    "SoundTap",
    "SourceFlowing",
    "Trim",
]


class MediaEngine(Protocol):
    """Peers, sources, buses and pictures by opaque ids. Offers that cannot be taken raise `media.errors`."""

    async def publish(
        self, peer: str, offer: str, *, audio: str | None, video: str | None, small: str | None = None
    ) -> Answer:
        """Take in a publisher that feeds these sources, `small` by its second video m-line; it takes the place of an
        older one.
        """
        ...

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
        """Take in a listener to a bus in packets of `frames` ticks. The first video m-line of its offer gets `picture`,
        the following ones `more_pictures`, seven at most. Who is at work there is taken even when it is full.
        """
        ...

    async def update_ice(self, peer: str, fragment: str, *, etags: frozenset[str] | None) -> Answer | None:
        """Take a trickle fragment: our side of a restarted ICE session, or None when it only adds candidates."""
        ...

    async def close_peer(self, peer: str) -> bool:
        """End a peer; False when it is unknown."""
        ...

    async def move(self, peer: str, bus: str) -> None:
        """Have a listener hear another bus. Raises PeerUnknown."""
        ...

    def move_soon(self, peer: str, bus: str) -> None:
        """Have a listener hear another bus, before any mix told from now on is heard; an unknown peer is no matter."""
        ...

    def set_mix(self, bus: str, mix: Mapping[str, Mix]) -> None:
        """Say what a bus carries from now on."""
        ...

    def set_picture(self, picture: str, source: str | None) -> None:
        """Say which video source a picture forwards."""
        ...

    def set_patience(self, source: str, silent_after_s: float) -> None:
        """Say how long a source may send nothing until it is silent."""
        ...

    def add_demo(self, audio: str, video: str) -> None:
        """Add a generated source, made only while somebody hears or sees it."""
        ...

    def start_stream(self, stream: str, spec: StreamSpec) -> None:
        """Package buses and a picture into parts; ignored while the stream runs."""
        ...

    def add_track(self, stream: str, track: Track) -> None:
        """Have a running stream carry one bus more, from its next segment on."""
        ...

    def stop_stream(self, stream: str) -> None:
        """End a stream; what is left of it still comes as its last parts."""
        ...

    def set_slide(self, stream: str, slide: Slide) -> None:
        """Say what stands on the slide while a stream has no picture."""
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

    def tap_sound(self, bus: str) -> SoundTap:
        """Give a queue of a bus's sound, a tick at a time."""
        ...

    def untap_sound(self, bus: str, tap: SoundTap) -> None:
        """Put no more into that queue."""
        ...

    def quality(self) -> Mapping[str, Quality]:
        """Return how every source sounds that somebody hears just now."""
        ...

    async def stats(self) -> EngineStats:
        """Return the engine's figures."""
        ...

    def events(self) -> AsyncIterator[EngineEvent]:
        """Yield what happens to peers and sources."""
        ...


class OriginEngine(MediaEngine, Protocol):
    """What is asked of the engine that has the sources, and of no edge: meters, watching, trims, play-out."""

    def set_meters(self, names: frozenset[str]) -> None:
        """Measure these sources and buses from now on, and no others."""
        ...

    def levels(self) -> Mapping[str, Level]:
        """Return the last 80 ms' level of each that is measured and sounds."""
        ...

    def watch(self, sources: frozenset[str], pictures: frozenset[str]) -> None:
        """Judge these sources even while nobody hears them, and look at these pictures."""
        ...

    def looks(self) -> Mapping[str, PictureLook]:
        """Return what is to be said of each picture that is watched."""
        ...

    def silences(self) -> Mapping[str, float]:
        """Return how many seconds ago each publisher's last packet came."""
        ...

    def set_trim(self, source: str, trim: Trim) -> None:
        """Say what is done to a source before any bus hears it."""
        ...

    def play(self, source: str, reel: ReelFile, at_s: float, start: float) -> None:
        """Play a reel as this source; `at_s` of it is heard at `start`, in monotonic seconds."""
        ...

    def stop_play(self, source: str) -> None:
        """Play no more; the sound goes on for the ramp."""
        ...
