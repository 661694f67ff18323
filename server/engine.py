"""What the server asks of the media engine: the thin meeting point of the two packages.

Plain data in, plain data out. `media.engine.Engine` keeps this protocol, and so does the tests' double.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from media.engine import Answer, EngineEvent, EngineStats, Mix, PeerClosed, PeerConnected, Quality, SoundTap
from media.stream import Slide, StreamSpec, Track
from media.stream_taps import Tap

__all__ = [
    "Answer",
    "EngineEvent",
    "EngineStats",
    "MediaEngine",
    "Mix",
    "PeerClosed",
    "PeerConnected",
    "Quality",
    "SoundTap",
]


class MediaEngine(Protocol):
    """Peers, sources, buses and pictures by opaque ids. Offers that cannot be taken raise `media.errors`."""

    async def publish(self, peer: str, offer: str, *, audio: str | None, video: str | None) -> Answer:
        """Take in a publisher that feeds these sources; it takes the place of an older one."""
        ...

    async def subscribe(
        self, peer: str, offer: str, *, bus: str, picture: str | None, frames: int = 1, at_work: bool = False
    ) -> Answer:
        """Take in a listener to a bus in packets of `frames` ticks, with the picture when its offer asks for video.
        Who is at work there is taken even when it is full.
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
