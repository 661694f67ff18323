"""What `tolmach publish` sends: its sources, read and timed, as tracks for aiortc.

A recording is played in its own time; a live source goes through as it comes. Frames nobody takes in time are
dropped and counted, so an outage of the server leaves no delay behind. How sources are named and read is said in
`server.feed_source` and `server.feed_reader`; sending is left to `server.whip_client`.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av.container import InputContainer

from server.feed_reader import Frame, Reader
from server.feed_source import FeedError, Kind, Source, open_source, streams_of

# A frame this late is not worth sending: listeners' buffers have gone on without it.
LATE_S = 0.5
# What a live source may have waiting: half a second of 20 ms frames of sound, or of 30 pictures a second.
LIVE_FRAMES: dict[Kind, int] = {"audio": 25, "video": 15}
CLOSE_S = 2.0


class _Lane:
    """The frames of one kind on their way from a reader's thread to the track; the loop's alone."""

    def __init__(self, kind: Kind, is_live: bool) -> None:
        self._kind = kind
        self._is_live = is_live
        self._frames: deque[tuple[float, Frame]] = deque()
        self._wake = asyncio.Event()
        self._ended = False
        self.dropped = 0
        self.last_due = 0.0

    def put(self, due: float, frame: Frame) -> None:
        """Add a frame that is due at `due` by the monotonic clock."""
        self._frames.append((due, frame))
        if not self._is_live:
            self.last_due = due
        self._wake.set()
        self._drop()

    def end(self) -> None:
        """Let no more frames come."""
        self._ended = True
        self._wake.set()

    async def take(self) -> Frame:
        """Return the next frame when it is due. Raises MediaStreamError after the last."""
        self._drop()
        while not self._frames:
            if self._ended:
                raise MediaStreamError
            self._wake.clear()
            await self._wake.wait()
        due, frame = self._frames.popleft()
        if not self._is_live:
            await asyncio.sleep(due - time.monotonic())
        return frame

    def _drop(self) -> None:
        now = time.monotonic()
        while self._is_too_much(now):
            self._frames.popleft()
            self.dropped += 1

    def _is_too_much(self, now: float) -> bool:
        if self._is_live:
            return len(self._frames) > LIVE_FRAMES[self._kind]
        return bool(self._frames) and self._frames[0][0] < now - LATE_S


class _FeedTrack(MediaStreamTrack):
    """One kind of a feed for one connection; the next connection goes on where this one stops taking frames."""

    def __init__(self, kind: Kind, feed: Feed) -> None:
        super().__init__()
        self.kind = kind
        self._kind: Kind = kind
        self._feed = feed

    async def recv(self) -> Frame:
        return await self._feed.take(self._kind)


class Feed:
    """Opened sources, of which each gives the kinds no earlier one gave. Open it with `open`."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._readers: list[Reader] = []
        self._lanes: dict[Kind, _Lane] = {}
        self._running = 0
        self._done = asyncio.Event()
        self._error: FeedError | None = None

    @classmethod
    @asynccontextmanager
    async def open(
        cls, sources: Sequence[Source], *, repeat: bool = False, kinds: frozenset[Kind] = frozenset({"audio", "video"})
    ) -> AsyncIterator[Feed]:
        """Open all sources, waiting for those that listen. Raises FeedError.

        `repeat` plays a recording from its beginning when it ends and opens a live source again when it breaks off.
        """
        feed = cls()
        try:
            for source in sources:
                feed._add(source, await _open(source), kinds, repeat)
            yield feed
        finally:
            for reader in feed._readers:
                reader.quit()
            for reader in feed._readers:
                await asyncio.to_thread(reader.join, CLOSE_S)

    @property
    def kinds(self) -> frozenset[Kind]:
        """What the feed has to send."""
        return frozenset(self._lanes)

    @property
    def dropped(self) -> int:
        """Frames nobody took in time."""
        return sum(lane.dropped for lane in self._lanes.values())

    def tracks(self) -> list[MediaStreamTrack]:
        """Return tracks for one connection, sound first. Only one connection may take frames at a time."""
        return [_FeedTrack(kind, self) for kind in sorted(self._lanes)]

    async def ended(self) -> None:
        """Wait until every source has ended and its last frame is due.

        Raises the FeedError of the first that could not be read further.
        """
        await self._done.wait()
        if self._error is not None:
            raise self._error
        await asyncio.sleep(max(lane.last_due for lane in self._lanes.values()) - time.monotonic())

    async def take(self, kind: Kind) -> Frame:
        """Return the next frame when it is due; the first call starts the sources. Raises MediaStreamError."""
        if not self._running and not self._done.is_set():
            self._running = len(self._readers)
            for reader in self._readers:
                reader.start()
        return await self._lanes[kind].take()

    def _add(self, source: Source, container: InputContainer, wanted: frozenset[Kind], repeat: bool) -> None:
        kinds = wanted & streams_of(container).keys() - self._lanes.keys()
        if not kinds:
            container.close()
            raise FeedError(f"{source.name} has nothing to send: neither sound nor picture that is still wanted")
        lanes = {kind: _Lane(kind, source.is_live) for kind in kinds}

        def deliver(kind: Kind, at_s: float, frame: Frame) -> None:
            self._in_loop(lanes[kind].put, reader.began + at_s, frame)

        def end(error: FeedError | None) -> None:
            self._in_loop(self._end, lanes, error)

        reader = Reader(source, container, kinds, repeat=repeat, deliver=deliver, end=end)
        self._readers.append(reader)
        self._lanes |= lanes

    def _in_loop(self, call: Callable[..., object], *arguments: object) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is interested any more
            self._loop.call_soon_threadsafe(call, *arguments)

    def _end(self, lanes: dict[Kind, _Lane], error: FeedError | None) -> None:
        for lane in lanes.values():
            lane.end()
        self._error = self._error or error
        self._running -= 1
        if self._running == 0:
            self._done.set()


async def _open(source: Source) -> InputContainer:
    """Open a source in a thread that dies with the program: FFmpeg may wait for a network longer than we do."""
    loop = asyncio.get_running_loop()
    opened: asyncio.Future[InputContainer] = loop.create_future()
    quit = threading.Event()

    def tell(container: InputContainer | None, error: BaseException | None) -> None:
        if opened.done():
            if container is not None:
                container.close()
        elif container is not None:
            opened.set_result(container)
        else:
            opened.set_exception(error or FeedError(f"{source.name} cannot be opened"))

    def work() -> None:
        container: InputContainer | None = None
        failure: BaseException | None = None
        try:
            container = open_source(source, quit)
        except Exception as error:
            failure = error
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(tell, container, failure)

    threading.Thread(target=work, name="feed open", daemon=True).start()
    try:
        return await opened
    finally:
        quit.set()
