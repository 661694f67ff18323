"""Sound and pictures that are encoded already, as tracks for aiortc: H.264 goes out as it is, AAC becomes Opus.

aiortc encodes frames and passes packets through; a track may give either. Sound has to be decoded, because WebRTC knows
no AAC; aiortc makes Opus of the frames.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

import av
from aiortc import MediaStreamTrack
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.packet import Packet
from av.video.frame import VideoFrame

from media.still import annex_b
from media.stream import AAC_FRAME_SAMPLES, PICTURE_HZ, SOUND_HZ, Sample

OPUS_SAMPLES: Final = 960
# Three seconds of either kind; what a stalled line leaves behind is let go.
MOST_WAITING: Final = 150


class PacketTrack(MediaStreamTrack):
    """Packets or frames of one kind on their way out, each due at a moment of the monotonic clock."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self.dropped = 0
        self._line: deque[tuple[float, AudioFrame | VideoFrame | Packet[Any]]] = deque()
        self._news = asyncio.Event()

    def put(self, due: float, packet: AudioFrame | VideoFrame | Packet[Any]) -> None:
        """Add one; the oldest goes where too many wait."""
        if len(self._line) >= MOST_WAITING:
            self._line.popleft()
            self.dropped += 1
        self._line.append((due, packet))
        self._news.set()

    async def recv(self) -> AudioFrame | VideoFrame | Packet[Any]:
        """Return the next when it is due."""
        while not self._line:
            self._news.clear()
            await self._news.wait()
        due, packet = self._line.popleft()
        await asyncio.sleep(due - time.monotonic())
        return packet


class SoundFrames:
    """AAC frames in, 20 ms of stereo out, with the time at which each began."""

    def __init__(self) -> None:
        self._decoder: AudioCodecContext | None = None
        self._parameters = b""
        self._resampler = AudioResampler("s16", "stereo", SOUND_HZ, frame_size=OPUS_SAMPLES)
        self._next_sample: int | None = None

    def frames(self, sample: Sample) -> Iterator[tuple[float, AudioFrame]]:
        """Yield what is whole after this frame. One that is damaged is passed over."""
        if self._decoder is None or sample.parameters != self._parameters:
            self._parameters = sample.parameters
            self._decoder = av.CodecContext.create("aac", "r")
            self._decoder.extradata = sample.parameters
        starts = round(sample.starts_s * SOUND_HZ)
        # A frame's sound comes out of the decoder with the next one; a gap is gone over in one step.
        if self._next_sample is None or abs(starts - self._next_sample) > 4 * AAC_FRAME_SAMPLES:
            self._next_sample = starts
        with contextlib.suppress(av.FFmpegError):
            for decoded in self._decoder.decode(Packet(sample.payload)):
                decoded.pts = None
                for frame in self._resampler.resample(decoded):
                    at = self._next_sample
                    frame.pts, frame.time_base = at, Fraction(1, SOUND_HZ)
                    self._next_sample = at + frame.samples
                    yield at / SOUND_HZ, frame


def picture_packet(payload: bytes, starts_s: float) -> Packet[Any]:
    """Return a picture with lengths before its NAL units as a packet of H.264. Raises WireError."""
    packet = Packet(annex_b(payload))
    packet.pts, packet.time_base = round(starts_s * PICTURE_HZ), Fraction(1, PICTURE_HZ)
    return packet
