"""One reel that plays: read in a thread of its own, its sound decoded ahead for the mixer, its pictures sent when they
are due, as they are in the file. Nothing is encoded, and nobody waits for the disk.
"""

import asyncio
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import av
import numpy as np

from media import avc, h264
from media.opus import SAMPLE_RATE_HZ, Pcm
from media.pictures import VideoSource, seconds_after
from media.reel import ReelFile
from media.reel_sound import ReelSound
from media.rtp import RtpPacket

LEAD_S: Final = 0.4
"""So long before its first sound a reel flows: the floor makes way and the first picture stands when it begins."""
TELL_BEFORE_END_S: Final = 0.15
"""So long before its end a reel is told to be over: half of the ramp is under it, and neither is cut off."""
LINGER_S: Final = 0.5
"""So long it goes on after it was stopped, for the ramp."""
_AHEAD_SAMPLES: Final = SAMPLE_RATE_HZ * 3 // 2
_LOOK_S: Final = 0.02
_LIMITER_S: Final = 0.005
_JOIN_S: Final = 1.0
_CLOCK_HZ: Final = 90000
_SAME_S: Final = 1e-4
_START_CODE: Final = b"\x00\x00\x00\x01"
_DELIMITER: Final = 9
_NO_PICTURE: Final = frozenset({avc.SEI, _DELIMITER})


@dataclass(frozen=True, slots=True)
class _Picture:
    """A coded picture with start codes, and its place in the reel."""

    at_s: float
    units: bytes
    is_key: bool


class ReelPlayer:
    """Call `start` once. `on_flow` and `on_end` are called on `loop`.

    Args:
        reel: what plays.
        at_s: from where.
        start: when `at_s` is heard, in monotonic seconds.
        loop: the media thread's; packets are handed over there.
        on_flow: told True at the beginning, False at the end or a failure.
        on_end: told when nothing more will come.
    """

    def __init__(
        self,
        reel: ReelFile,
        at_s: float,
        start: float,
        loop: asyncio.AbstractEventLoop,
        on_flow: Callable[[bool], None],
        on_end: Callable[[], None],
    ) -> None:
        self.error = ""
        """The class of the exception that ended it."""
        self.sound = ReelSound(at_s, start)
        self.source = VideoSource(self._ask_keyframe, self._capture_time)
        self.source.on_watched = self._on_watched
        self._reel, self._at_s, self._start = reel, at_s, start
        self._loop, self._on_flow, self._on_end = loop, on_flow, on_end
        self._flows: bool | None = None
        self._is_stopped = False
        self._until = start + reel.seconds - at_s + LINGER_S
        self._ending = threading.Event()
        self._is_watched = False
        self._needs_key = self._owes_still = True
        self._still = b""
        self._ssrc = random.getrandbits(31) | 1
        self._sequence = random.getrandbits(15)
        self._thread = threading.Thread(target=self._run, name="reel", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Flow no more; what is heard goes on for the ramp."""
        self._is_stopped = True
        self._until = min(self._until, time.monotonic() + LINGER_S)

    def cut(self) -> None:
        """End at once."""
        self._ending.set()

    def join(self) -> None:
        """Wait until the thread has ended, which `cut` brings about at once."""
        self._thread.join(_JOIN_S)

    def _on_watched(self, is_watched: bool) -> None:
        if is_watched and not self._is_watched:
            # Nobody else looks: the keyframe that was last may be sent once more.
            self._needs_key = self._owes_still = True
        self._is_watched = is_watched

    def _ask_keyframe(self) -> None:
        """The file has two a second."""

    @staticmethod
    def _capture_time(timestamp: int) -> float | None:
        now = time.monotonic()
        return now + seconds_after(timestamp, _stamp(now)) + _LIMITER_S

    def _run(self) -> None:
        try:
            self._play()
        except Exception as error:
            self.error = type(error).__name__
            # Who shall be told that it is over must have been told that it began.
            self._tell_flow(True)
        self._tell_flow(False)
        self._tell(self._on_end)

    def _play(self) -> None:
        with _opened(self._reel.path) as heard, _opened(self._reel.path) as seen:
            sound, pictures = _sound(heard, self._at_s), _pictures(seen, self._at_s)
            coming = self._next_picture(pictures)
            if coming is not None and coming.is_key:
                self._still = coming.units
            while not self._ending.wait(_LOOK_S if coming is None else self._wait_s(coming.at_s)):
                now = time.monotonic()
                if now >= self._until:
                    return
                self._fill(sound, now)
                self._note_time(now)
                while coming is not None and self._moment(coming.at_s) <= now:
                    self._show(coming)
                    coming = self._next_picture(pictures)
                self._show_still(now)

    def _moment(self, at_s: float) -> float:
        return self._start + at_s - self._at_s

    def _wait_s(self, at_s: float) -> float:
        return min(_LOOK_S, max(0.0, self._moment(at_s) - time.monotonic()))

    def _note_time(self, now: float) -> None:
        if self._is_stopped or now >= self._moment(self._reel.seconds) - TELL_BEFORE_END_S:
            self._tell_flow(False)
        elif now >= self._start - LEAD_S:
            self._tell_flow(True)

    def _fill(self, sound: Iterator[tuple[int, Pcm]], now: float) -> None:
        wanted = round((self._at_s + now - self._start) * SAMPLE_RATE_HZ) + _AHEAD_SAMPLES
        while self.sound.end < wanted:
            piece = next(sound, None)
            if piece is None:
                self.sound.finish()
                return
            self.sound.put(*piece)

    def _next_picture(self, pictures: Iterator[_Picture]) -> _Picture | None:
        """The next one that is to be shown; the last keyframe before it stands meanwhile."""
        for picture in pictures:
            if picture.at_s >= self._at_s - _SAME_S:
                return picture
            if picture.is_key:
                self._still = picture.units
        return None

    def _show(self, picture: _Picture) -> None:
        if picture.is_key:
            self._still = picture.units
        if not self._is_watched or (self._needs_key and not picture.is_key):
            return
        self._needs_key = self._owes_still = False
        self._send(picture.units, self._moment(picture.at_s))

    def _show_still(self, now: float) -> None:
        """Have a picture at once where the next keyframe is still to come."""
        if self._flows and self._is_watched and self._owes_still and self._still:
            self._owes_still = False
            self._send(self._still, now)

    def _send(self, access_unit: bytes, at: float) -> None:
        pieces = h264.payloads(access_unit)
        packets = [
            RtpPacket(0, piece is pieces[-1], (self._sequence + n) & 0xFFFF, _stamp(at), self._ssrc, piece)
            for n, piece in enumerate(pieces)
        ]
        self._sequence = (self._sequence + len(packets)) & 0xFFFF

        def take() -> None:
            for packet in packets:
                self.source.take(packet, "h264", time.monotonic())

        self._tell(take)

    def _tell_flow(self, flows: bool) -> None:
        if flows is not (self._flows or False):
            self._flows = flows
            self._tell(lambda: self._on_flow(flows))

    def _tell(self, word: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(word)
        except RuntimeError:
            # The media loop has closed: nobody is left to be told.
            self._ending.set()


def _stamp(at: float) -> int:
    return int(at * _CLOCK_HZ) & 0xFFFFFFFF


def _opened(path: Path) -> Any:
    return av.open(str(path), format="mp4")


def _sound(container: Any, at_s: float) -> Iterator[tuple[int, Pcm]]:
    """Pieces of sound from `at_s` or shortly before, each with its first sample's number."""
    stream = container.streams.audio[0]
    container.seek(int(at_s / stream.time_base), stream=stream)
    for frame in container.decode(stream):
        begins = round(frame.pts * frame.time_base * SAMPLE_RATE_HZ)
        yield begins, frame.to_ndarray().reshape(-1).astype(np.float32) / np.float32(32768)


def _pictures(container: Any, at_s: float) -> Iterator[_Picture]:
    """Coded pictures from the last keyframe before `at_s` on."""
    stream = container.streams.video[0]
    container.seek(int(at_s / stream.time_base), stream=stream)
    filtered = av.BitStreamFilterContext("h264_mp4toannexb", stream)
    for packet in container.demux(stream):
        for whole in filtered.filter(packet) if packet.size else ():
            units = (unit for unit in h264.split_annex_b(bytes(whole)) if avc.kind_of(unit) not in _NO_PICTURE)
            annexed = b"".join(_START_CODE + unit for unit in units)
            yield _Picture(float(whole.pts * stream.time_base), annexed, whole.is_keyframe)
