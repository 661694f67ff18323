"""A push by WHIP, into a media cluster or another Tolmach: pictures as they are, sound as Opus.

The session is `server.whip_client`'s, on an event loop in a thread of its own. Samples come in bursts of a part; they
leave in their time, as a browser's jitter buffer wants them.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any, Final

from aiohttp import ClientSession
from av.packet import Packet
from yarl import URL

from media.errors import WireError
from media.stream import VIDEO, Sample
from server.pushes.sink import SinkError
from server.pushes.target import Target
from server.whip_client import PublishInterrupted, PublishRefused, WhipSession
from server.whip_tracks import PacketTrack, SoundFrames, picture_packet

OPEN_S: Final = 30.0
CLOSE_S: Final = 5.0
# A part's length and what a loaded machine adds to it.
DELAY_S: Final = 0.8


class WhipSink:
    """A connected session."""

    def __init__(self, target: Target, *, has_picture: bool) -> None:
        self._target = target
        self._has_picture = has_picture
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="push whip", daemon=True)
        self._lanes: dict[str, PacketTrack] = {}
        self._opened: Future[None] = Future()
        self._trouble: str | None = None
        self._session: Future[None] | None = None
        self._zero: float | None = None
        self._sound = SoundFrames()

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
        made = _pictures(sample) if sample.track == VIDEO else self._sound.frames(sample)
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
        self._lanes = {kind: PacketTrack(kind) for kind in kinds}
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


def _pictures(sample: Sample) -> Iterator[tuple[float, Packet[Any]]]:
    with contextlib.suppress(WireError):
        yield sample.starts_s, picture_packet(sample.payload, sample.starts_s)


async def _end_others() -> None:
    """Let every other task of the loop come to its end."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.wait(others, timeout=CLOSE_S - 1) if others else None
