"""A push by WHIP, into a media cluster or another Tolmach: pictures as they are, sound as Opus.

The session is `server.whip_client`'s, on an event loop in a thread of its own. Samples come in bursts of a part; they
leave in their time, as a browser's jitter buffer wants them.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from fractions import Fraction
from typing import Any, Final

import av
from aiohttp import ClientSession
from aiortc import MediaStreamTrack
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.packet import Packet
from yarl import URL

from media.errors import WireError
from media.still import annex_b
from media.stream import AAC_FRAME_SAMPLES, PICTURE_HZ, SOUND_HZ, VIDEO, Sample
from server.pushes.sink import SinkError
from server.pushes.target import Target
from server.whip_client import PublishInterrupted, PublishRefused, WhipSession

OPEN_S: Final = 30.0
CLOSE_S: Final = 5.0
# A part's length and what a loaded machine adds to it.
DELAY_S: Final = 0.8
_OPUS_SAMPLES: Final = 960
# Three seconds of either kind; what a stalled line leaves behind is let go.
_MOST_WAITING: Final = 150


class _Lane(MediaStreamTrack):
    """Packets or frames of one kind on their way out, each due at a moment of the monotonic clock."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self.kind = kind
        self._line: deque[tuple[float, AudioFrame | Packet[Any]]] = deque()
        self._news = asyncio.Event()

    def put(self, due: float, packet: AudioFrame | Packet[Any]) -> None:
        """Add one; the oldest goes where too many wait."""
        if len(self._line) >= _MOST_WAITING:
            self._line.popleft()
        self._line.append((due, packet))
        self._news.set()

    async def recv(self) -> AudioFrame | Packet[Any]:
        """Return the next when it is due."""
        while not self._line:
            self._news.clear()
            await self._news.wait()
        due, packet = self._line.popleft()
        await asyncio.sleep(due - time.monotonic())
        return packet


class WhipSink:
    """A connected session."""

    def __init__(self, target: Target, *, has_picture: bool) -> None:
        self._target = target
        self._has_picture = has_picture
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="push whip", daemon=True)
        self._lanes: dict[str, _Lane] = {}
        self._opened: Future[None] = Future()
        self._trouble: str | None = None
        self._session: Future[None] | None = None
        self._zero: float | None = None
        self._sound = _Sound()

    @classmethod
    def open(cls, target: Target, *, has_picture: bool) -> WhipSink:
        """Connect. Blocks for at most `OPEN_S`. Raises SinkError."""
        sink = cls(target, has_picture=has_picture)
        sink._thread.start()
        sink._session = asyncio.run_coroutine_threadsafe(sink._hold(), sink._loop)
        try:
            sink._opened.result(OPEN_S)
        except BaseException as error:
            sink.close()
            if isinstance(error, TimeoutError):
                raise SinkError("timeout") from None
            raise
        return sink

    def send(self, sample: Sample) -> int:
        """See `Sink.send`."""
        if self._trouble is not None:
            raise SinkError(self._trouble)
        if self._zero is None:
            if self._has_picture and not (sample.track == VIDEO and sample.is_independent):
                return 0
            self._zero = time.monotonic() + DELAY_S - sample.starts_s
        made = self._picture(sample) if sample.track == VIDEO else self._sound.frames(sample)
        for starts_s, packet in made:
            lane = self._lanes["video" if sample.track == VIDEO else "audio"]
            self._loop.call_soon_threadsafe(lane.put, self._zero + starts_s, packet)
        return len(sample.payload)

    def close(self) -> None:
        """See `Sink.close`."""
        if self._session is not None:
            self._session.cancel()
        with contextlib.suppress(Exception):
            asyncio.run_coroutine_threadsafe(_end_others(), self._loop).result(CLOSE_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_S)
        if not self._thread.is_alive():
            self._loop.close()

    async def _hold(self) -> None:
        """Keep the session until cancelled or lost."""
        kinds = ("audio", "video") if self._has_picture else ("audio",)
        self._lanes = {kind: _Lane(kind) for kind in kinds}
        try:
            async with (
                ClientSession() as http,
                WhipSession.open(
                    http, URL(self._target.url), self._target.token, list(self._lanes.values())
                ) as session,
            ):
                self._opened.set_result(None)
                await session.lost()
                self._trouble = "broken"
        except PublishRefused:
            self._fail("refused")
        except PublishInterrupted:
            self._fail("unreachable")
        except Exception:
            self._fail("broken")

    def _fail(self, reason: str) -> None:
        self._trouble = reason
        if not self._opened.done():
            self._opened.set_exception(SinkError(reason))

    @staticmethod
    def _picture(sample: Sample) -> Iterator[tuple[float, Packet[Any]]]:
        try:
            packet = Packet(annex_b(sample.payload))
        except WireError:
            return
        packet.pts, packet.time_base = round(sample.starts_s * PICTURE_HZ), Fraction(1, PICTURE_HZ)
        yield sample.starts_s, packet


class _Sound:
    """AAC frames in, 20 ms of stereo out, with the time at which each began."""

    def __init__(self) -> None:
        self._decoder: AudioCodecContext | None = None
        self._parameters = b""
        self._resampler = AudioResampler("s16", "stereo", SOUND_HZ, frame_size=_OPUS_SAMPLES)
        self._next_sample: int | None = None

    def frames(self, sample: Sample) -> Iterator[tuple[float, AudioFrame]]:
        """Yield what is whole after this frame."""
        if self._decoder is None or sample.parameters != self._parameters:
            self._parameters = sample.parameters
            self._decoder = av.CodecContext.create("aac", "r")
            self._decoder.extradata = sample.parameters
        starts = round(sample.starts_s * SOUND_HZ)
        # A frame's sound comes out of the decoder with the next one; a gap is gone over in one step.
        if self._next_sample is None or abs(starts - self._next_sample) > 4 * AAC_FRAME_SAMPLES:
            self._next_sample = starts
        with contextlib.suppress(av.InvalidDataError):
            for decoded in self._decoder.decode(Packet(sample.payload)):
                decoded.pts = None
                for frame in self._resampler.resample(decoded):
                    at = self._next_sample
                    frame.pts, frame.time_base = at, Fraction(1, SOUND_HZ)
                    self._next_sample = at + frame.samples
                    yield at / SOUND_HZ, frame


async def _end_others() -> None:
    """Let every other task of the loop come to its end."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.wait(others, timeout=CLOSE_S - 1) if others else None
