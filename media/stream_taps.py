"""Taps: bounded queues from those who must not wait (the mixer, the media thread) to those who take their time.

Each has one writer and one reader, in threads of their own. What is too much is dropped and counted.
"""

import queue
from collections import deque
from typing import Final

from media.access_units import Payload
from media.opus import Pcm
from media.pictures import VideoSource
from media.rtp import RtpPacket
from media.stream import Sample

_MOST_TICKS: Final = 100
_MOST_PAYLOADS: Final = 4096
_MOST_SAMPLES: Final = 1024


class SoundTap:
    """A bus's sound, a tick at a time; two seconds are kept."""

    __slots__ = ("_queue", "dropped")

    def __init__(self) -> None:
        self._queue: deque[tuple[int, Pcm]] = deque()
        self.dropped = 0

    def put(self, tick: int, pcm: Pcm) -> None:
        """Hand over one tick's 960 samples. Never waits."""
        if len(self._queue) >= _MOST_TICKS:
            self.dropped += 1
            return
        self._queue.append((tick, pcm))

    def take(self) -> list[tuple[int, Pcm]]:
        """All ticks that came since the last call, in order; one that is missing was silent."""
        taken = []
        while self._queue:
            taken.append(self._queue.popleft())
        return taken


class PictureTap:
    """A picture bus's packets as they come. `run` counts the streams they belong to: another source, another codec."""

    __slots__ = ("_due", "_of", "_queue", "_timestamp", "dropped", "run")

    def __init__(self) -> None:
        self._queue: deque[tuple[int, str, Payload]] = deque()
        self._of: tuple[VideoSource, int, str] | None = None
        self._timestamp: int | None = None
        self._due: float | None = None
        self.run = 0
        self.dropped = 0

    def put(self, source: VideoSource, packet: RtpPacket, codec: str, now: float) -> None:
        """Hand over one packet. Never waits."""
        if self._of != (source, packet.ssrc, codec):
            self._of = (source, packet.ssrc, codec)
            self._timestamp = None
            self.run += 1
        if packet.timestamp != self._timestamp:
            self._timestamp, self._due = packet.timestamp, source.capture_time(packet.timestamp)
        if len(self._queue) >= _MOST_PAYLOADS:
            self.dropped += 1
            return
        self._queue.append((self.run, codec, Payload(packet, now, self._due)))

    def take(self) -> list[tuple[int, str, Payload]]:
        """All packets that came since the last call: the run, its codec, the packet."""
        taken = []
        while self._queue:
            taken.append(self._queue.popleft())
        return taken


class Tap:
    """Samples of some tracks of a running stream, as they stand in its parts.

    Args:
        tracks: their names.
    """

    def __init__(self, tracks: frozenset[str]) -> None:
        self.tracks = tracks
        self.dropped = 0
        self._queue: queue.SimpleQueue[Sample] = queue.SimpleQueue()
        self._broken: set[str] = set()

    def put(self, sample: Sample) -> None:
        """Hand over a sample; past 1024 that wait it is dropped, and its track goes on from the next keyframe."""
        if self._queue.qsize() >= _MOST_SAMPLES:
            self._broken.add(sample.track)
            self.dropped += 1
            return
        if sample.track in self._broken:
            if not sample.is_independent:
                self.dropped += 1
                return
            self._broken.discard(sample.track)
        self._queue.put(sample)

    def get(self, timeout_s: float) -> Sample | None:
        """The next sample; None when none comes in time."""
        try:
            return self._queue.get(timeout=timeout_s)
        except queue.Empty:
            return None
