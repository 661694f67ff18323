"""A stream's packager: a thread that takes what the taps hold, and tells of init segments and parts.

It looks every 20 ms, and nobody ever waits for it. A stream that fails ends and says so; the rest of the engine does
not notice.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Final

from media import aac, cmaf
from media.still import STILL_TICKS
from media.stream import (
    PICTURE_HZ,
    SEGMENT_S,
    SMALL,
    SOUND_HZ,
    VIDEO,
    InitMade,
    PartMade,
    Sample,
    Slide,
    StreamEvent,
    StreamFailed,
)
from media.stream_parts import Part
from media.stream_picture import PicturePart, PictureTrack
from media.stream_small import SmallTrack
from media.stream_sound import SEGMENT_SAMPLES, SoundTrack
from media.stream_taps import PictureTap, SoundTap, Tap
from media.subscribing import WALL_OFFSET_S

_LOOK_EVERY_S: Final = 0.02
_STOP_S: Final = 2.0
# What a picture is expected to take, in bits a second for each pixel: what a venue is allowed at 720p, and what our
# own small copy takes at its worst.
_BITS_A_PIXEL: Final = {VIDEO: 4.4, SMALL: 2.6}
_LEAST_BITS_PER_S: Final = 300_000
_STILL_RATE: Final = PICTURE_HZ / STILL_TICKS


class Packager:
    """One stream.

    Args:
        stream: its name in what is told.
        first_msn: the number of the first segment.
        first_tick: the mixer's tick at which it begins.
        due: when a tick is, in monotonic seconds.
        tell: takes events, in the packager's thread.
        ask_keyframe: asks the picture bus for one; called in the packager's thread.
        pool: where stills are drawn and encoded; a thread of its own when there is none.
    """

    def __init__(
        self,
        stream: str,
        first_msn: int,
        first_tick: int,
        due: Callable[[int], float],
        tell: Callable[[StreamEvent], None],
        ask_keyframe: Callable[[], None],
        pool: Executor | None = None,
    ) -> None:
        self._stream = stream
        self._first_msn = first_msn
        self._first_tick = first_tick
        self._zero_at = due(first_tick) - first_msn * SEGMENT_S
        self._tell = tell
        self._ask_keyframe = ask_keyframe
        self._pool = pool or ThreadPoolExecutor(1, thread_name_prefix="slide")
        self._sounds: dict[str, tuple[SoundTap, SoundTrack]] = {}
        self._picture: tuple[PictureTap, PictureTrack] | None = None
        self._small: SmallTrack | None = None
        self._inits: dict[str, tuple[int, bytes]] = {}
        self._taps: tuple[Tap, ...] = ()
        self._commands: deque[Callable[[], None]] = deque()
        self._stopping = threading.Event()
        self._lateness_s: dict[str, float] = {}
        self._worst_late_s = 0.0
        self._made = 0
        self._thread = threading.Thread(target=self._run, name=f"packager {stream}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Tell what is left, and end; returns at once."""
        self._stopping.set()

    def join(self) -> None:
        """Return when it has ended, after two seconds at the latest."""
        if self._thread.is_alive():
            self._thread.join(_STOP_S)

    def add_sound(self, name: str, tap: SoundTap, now: float | None = None) -> None:
        """Package a bus from the next segment on; without `now` from the first one, even if that has begun meanwhile:
        a track without its first segment would lie beside the others in the wrong place.
        """
        elapsed_s = now - self._zero_at - self._first_msn * SEGMENT_S if now is not None else -1.0
        msn = self._first_msn + (int(elapsed_s // SEGMENT_S) + 1 if elapsed_s > 0 else 0)
        self._commands.append(lambda: self._add_sound(name, tap, msn))

    def _add_sound(self, name: str, tap: SoundTap, msn: int) -> None:
        track = SoundTrack(self._first_tick, self._first_msn * SEGMENT_SAMPLES, msn)
        self._sounds[name] = (tap, track)
        payload = cmaf.format_sound_init(SOUND_HZ, track.parameters, aac.BITS_PER_S)
        self._inits[name] = (0, track.parameters)
        self._tell(InitMade(self._stream, name, 0, payload, aac.CODEC, aac.PEAK_BITS_PER_S))

    def add_picture(self, tap: PictureTap, now: float, *, has_small: bool) -> None:
        """Package a picture bus, and a small copy of it. Before `start`."""
        if has_small:
            self._small = SmallTrack(self._first_msn)
        on_shown = self._small.put if self._small is not None else None
        track = PictureTrack(self._first_msn, self._to_ticks, now, self._pool, on_shown)
        self._picture = (tap, track)

    def say(self, words: Slide) -> None:
        """What the holding slide says."""
        self._commands.append(lambda: self._picture[1].say(words) if self._picture is not None else None)

    def hold(self, held: bool) -> None:
        """Show the slide whatever comes."""
        self._commands.append(
            lambda: self._picture[1].hold(held, time.monotonic()) if self._picture is not None else None
        )

    def add_tap(self, tap: Tap) -> None:
        """Hand the samples of its tracks to a tap too."""
        self._taps = (*self._taps, tap)

    def remove_tap(self, tap: Tap) -> None:
        """No more."""
        self._taps = tuple(one for one in self._taps if one is not tap)

    def stats(self) -> dict[str, float]:
        """Plain numbers: parts told, what was dropped, how late the newest part was, where pictures are placed."""
        numbers: dict[str, float] = {
            "parts": self._made,
            "late_ms": round(max(self._lateness_s.values(), default=0.0) * 1000, 1),
            "worst_late_ms": round(self._worst_late_s * 1000, 1),
            "sound_dropped": sum(tap.dropped for tap, _ in list(self._sounds.values())),
            "taps_dropped": sum(tap.dropped for tap in self._taps),
        }
        if self._picture is not None:
            tap, track = self._picture
            numbers |= {
                "pictures": track.counts.shown,
                "pictures_filled": track.counts.filled,
                "pictures_dropped": track.dropped + (self._small.dropped if self._small else 0),
                "picture_packets_lost": track.lost_packets + tap.dropped,
                "stalls": track.counts.stalls,
                "small_waiting": self._small.waiting if self._small is not None else 0,
                "lip_sync_ms": round(track.lip_sync.last_ms, 1),
                "worst_early_ms": round(track.lip_sync.worst_early_ms, 1),
                "worst_late_picture_ms": round(track.lip_sync.worst_late_ms, 1),
            }
        return numbers

    def _to_ticks(self, at: float) -> int:
        return round((at - self._zero_at) * PICTURE_HZ)

    def _run(self) -> None:
        try:
            while not self._stopping.wait(_LOOK_EVERY_S):
                self.look(time.monotonic())
            self.finish()
        except Exception as error:
            self._tell(StreamFailed(self._stream, type(error).__name__))
        finally:
            if self._picture is not None:
                self._picture[1].close()
            if self._small is not None:
                self._small.close()
            self._pool.shutdown(wait=False, cancel_futures=True)

    def look(self, now: float) -> None:
        """One round; for tests, without the thread."""
        while self._commands:
            self._commands.popleft()()
        for name, (tap, track) in self._sounds.items():
            for tick, pcm in tap.take():
                for part in track.take(tick, pcm):
                    self._tell_sound(name, part)
        if self._picture is not None:
            self._look_at_picture(*self._picture, now)
        if self._small is not None:
            for made in self._small.take():
                self._tell_picture(SMALL, made)

    def _look_at_picture(self, tap: PictureTap, track: PictureTrack, now: float) -> None:
        for run, codec, payload in tap.take():
            for made in track.take(run, codec, payload):
                self._tell_picture(VIDEO, made)
        for made in track.on_timer(now):
            self._tell_picture(VIDEO, made)
        if track.wants_key(now):
            self._ask_keyframe()

    def finish(self) -> None:
        """Tell what is left."""
        for name, (_, track) in self._sounds.items():
            for part in track.finish():
                self._tell_sound(name, part)
        rest: list[tuple[str, Iterator[PicturePart]]] = []
        if self._picture is not None:
            rest.append((VIDEO, self._picture[1].finish()))
        if self._small is not None:
            rest.append((SMALL, self._small.finish()))
        for name, parts in rest:
            for made in parts:
                self._tell_picture(name, made)

    def _tell_sound(self, name: str, part: Part) -> None:
        self._tell_part(name, part, 0, SOUND_HZ, self._inits[name][1])

    def _tell_picture(self, name: str, made: PicturePart) -> None:
        number, record = self._inits.get(name, (-1, b""))
        if record != made.record:
            number += 1
            self._inits[name] = (number, made.record)
            shape = made.format
            payload = cmaf.format_picture_init(PICTURE_HZ, made.record, shape.width, shape.height)
            bits = max(_LEAST_BITS_PER_S, int(shape.width * shape.height * _BITS_A_PIXEL[name]))
            rate = round((self._picture[1].frame_rate if self._picture is not None else 0.0) or _STILL_RATE, 3)
            self._tell(
                InitMade(self._stream, name, number, payload, shape.codec, bits, shape.width, shape.height, rate)
            )
        self._tell_part(name, made.part, number, PICTURE_HZ, made.record)

    def _tell_part(self, name: str, part: Part, init: int, timescale: int, parameters: bytes) -> None:
        starts_s = part.starts / timescale
        duration_s = part.duration / timescale
        self._tell(
            PartMade(
                stream=self._stream,
                track=name,
                msn=part.msn,
                part=part.part,
                init=init,
                payload=cmaf.format_part(self._made, part.starts, part.samples),
                duration_s=duration_s,
                is_independent=part.is_independent,
                is_last=part.is_last,
                starts_at=self._zero_at + starts_s + WALL_OFFSET_S,
            )
        )
        self._made += 1
        late = time.monotonic() - self._zero_at - starts_s - duration_s
        self._lateness_s[name] = late
        self._worst_late_s = max(self._worst_late_s, late)
        for tap in self._taps:
            if name in tap.tracks:
                _hand_over(tap, name, part, timescale, parameters)


def _hand_over(tap: Tap, name: str, part: Part, timescale: int, parameters: bytes) -> None:
    starts = part.starts
    for sample in part.samples:
        tap.put(Sample(name, starts / timescale, sample.payload, sample.is_sync, parameters))
        starts += sample.duration
