"""The streams that run: their taps on buses and pictures, and their packagers. Belongs to the media thread."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from media.mixer import Mixer
from media.packager import Packager
from media.pictures import PictureBus
from media.stream import VIDEO, Slide, StreamEvent, StreamFailed, StreamSpec, Track
from media.stream_taps import PictureTap, SoundTap, Tap


@dataclass(slots=True)
class _Stream:
    packager: Packager
    sounds: dict[str, tuple[str, SoundTap]] = field(default_factory=dict)
    picture: tuple[PictureBus, PictureTap] | None = None


class Streams:
    """All streams of the engine.

    Args:
        mixer: whose buses are tapped.
        picture: finds a picture bus by name, or makes it.
        tell: takes events, in packagers' threads.
    """

    def __init__(self, mixer: Mixer, picture: Callable[[str], PictureBus], tell: Callable[[StreamEvent], None]) -> None:
        self._mixer = mixer
        self._find_picture = picture
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._streams: dict[str, _Stream] = {}

    def start(self, stream: str, spec: StreamSpec) -> None:
        """Begin a stream; one that runs goes on as it is."""
        if stream in self._streams:
            return
        now = time.monotonic()
        video = next((track for track in spec.tracks if track.name == VIDEO), None)
        bus = self._find_picture(video.bus) if video is not None else None
        packager = Packager(
            stream,
            spec.first_msn,
            self._mixer.next_tick(now),
            self._mixer.due,
            lambda event: self._on_event(stream, packager, event),
            lambda: self._ask_keyframe(bus),
        )
        made = self._streams[stream] = _Stream(packager)
        if bus is not None:
            tap = PictureTap()
            made.picture = (bus, tap)
            packager.add_picture(tap, now, has_small=spec.small_picture)
            bus.add_tap(tap, now)
        for track in spec.tracks:
            self._add(stream, track)
        packager.start()

    def add_track(self, stream: str, track: Track) -> None:
        """Package another bus, from the next segment on. Nothing happens when the stream is not there or has it."""
        self._add(stream, track, time.monotonic())

    def _add(self, stream: str, track: Track, now: float | None = None) -> None:
        made = self._streams.get(stream)
        if made is None or track.name == VIDEO or track.name in made.sounds:
            return
        tap = SoundTap()
        made.sounds[track.name] = (track.bus, tap)
        self._mixer.add_tap(track.bus, tap)
        made.packager.add_sound(track.name, tap, now)

    def stop(self, stream: str) -> None:
        """Tell what is left of a stream and end it."""
        made = self._streams.pop(stream, None)
        if made is not None:
            self._let_go(made)
            made.packager.stop()

    def close(self) -> None:
        """End all; returns when their threads have."""
        ended = list(self._streams.values())
        for stream in list(self._streams):
            self.stop(stream)
        for made in ended:
            made.packager.join()

    def find(self, stream: str) -> Packager | None:
        """A running stream's packager."""
        made = self._streams.get(stream)
        return made.packager if made is not None else None

    def say(self, stream: str, words: Slide) -> None:
        """What a stream's holding slide says."""
        if (packager := self.find(stream)) is not None:
            packager.say(words)

    def hold(self, stream: str, held: bool) -> None:
        """Show the slide whatever comes."""
        if (packager := self.find(stream)) is not None:
            packager.hold(held)

    def add_tap(self, stream: str, tap: Tap) -> None:
        """Hand a stream's samples to a tap."""
        if (packager := self.find(stream)) is not None:
            packager.add_tap(tap)

    def remove_tap(self, stream: str, tap: Tap) -> None:
        """No more."""
        if (packager := self.find(stream)) is not None:
            packager.remove_tap(tap)

    def stats(self) -> dict[str, dict[str, float]]:
        """Each stream's numbers."""
        return {name: made.packager.stats() for name, made in self._streams.items()}

    def _let_go(self, made: _Stream) -> None:
        for bus, tap in made.sounds.values():
            self._mixer.remove_tap(bus, tap)
        if made.picture is not None:
            picture, picture_tap = made.picture
            picture.remove_tap(picture_tap)

    def _on_event(self, stream: str, packager: Packager, event: StreamEvent) -> None:
        if isinstance(event, StreamFailed):
            # Whoever hears of it may start it again at once.
            self._on_loop(lambda: self._forget(stream, packager))
        self._tell(event)

    def _forget(self, stream: str, packager: Packager) -> None:
        made = self._streams.get(stream)
        if made is not None and made.packager is packager:
            del self._streams[stream]
            self._let_go(made)

    def _ask_keyframe(self, bus: PictureBus | None) -> None:
        if bus is not None:
            self._on_loop(lambda: bus.want_keyframe(time.monotonic()))

    def _on_loop(self, call: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:
            # The media loop has closed; everything ends.
            return
