"""The recordings of all rooms: begun and ended as the rooms say, paused while the disk is full, deleted in time.

A follower of the conductor. A room's state says whether it is recorded, so a server that starts again goes on with the
recording it was killed in, as a further take of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from interpreting.ids import RoomId
from interpreting.plan import RoutingPlan
from interpreting.room import Room
from media.stream import StreamEvent
from server.config_recordings import RecordingsConfig
from server.recordings.archive import Archive
from server.recordings.downloads import Downloads
from server.recordings.index import Begun
from server.recordings.recorder import Pause, Recorder, Streams, Tools, stream_of
from server.recordings.writer import Writer, free_bytes

_log = logging.getLogger(__name__)

MIB: Final = 1024 * 1024
TICK_S: Final = 1.0
LAST_PARTS_S: Final = 1.5
"""How long a stream that was stopped may take to hand out its last parts."""
SILENT_S: Final = 15.0
"""A stream that makes nothing for so long is begun again."""
RESUME_AFTER_S: Final[Mapping[Pause, float]] = {Pause.DISK: 5.0, Pause.SLOW: 5.0, Pause.STREAM: 1.0}
RESUME_FACTOR: Final = 1.1
"""More room than the threshold, so that a disk at its edge does not make a take a second."""
_FINISH_AGAIN_S: Final = 10.0
_RETENTION_LOOK_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What recordings need of the server. `now` is epoch seconds, `monotonic` seconds; `titles` are the rooms' by page
    language; `is_loaded` tells that every room's stored state is known; `on_trouble` is told when a room's changes.
    """

    streams: Streams
    now: Callable[[], float]
    monotonic: Callable[[], float]
    secret: str
    titles: Mapping[str, Mapping[str, str]]
    is_loaded: Callable[[], bool]
    on_trouble: Callable[[RoomId, Pause | None], None]
    free: Callable[[Path], int] = free_bytes


@dataclass(slots=True)
class _Closing:
    recorder: Recorder
    due: float


class Recordings:
    """Keeps `server.follower.Follower`. Open it before the conductor.

    `archive` is what there is to be played, `downloads` what is made of it for taking away.
    """

    def __init__(self, config: RecordingsConfig, root: Path, around: Surroundings) -> None:
        self.archive = Archive(root)
        self.downloads = Downloads()
        self._config = config
        self._around = around
        told = self._failed_in_thread, self._finished_in_thread
        self._writer = Writer(config.min_free_mb * MIB, *told, around.free, around.monotonic)
        self._tools = Tools(around.streams, self._writer, around.now, around.secret)
        self._rooms: dict[str, tuple[Room, RoutingPlan]] = {}
        self._running: dict[str, Recorder] = {}
        self._closing: dict[Path, _Closing] = {}
        self._heard_at: dict[str, float] = {}
        self._paused_at: dict[str, float] = {}
        self._is_closed = False
        self._told: dict[str, Pause] = {}
        self._next_msn: dict[str, int] = {}
        self._retention_due = float("-inf")
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop

    async def open(self) -> None:
        """Learn what is on disk, and begin to keep time."""
        self._loop = asyncio.get_running_loop()
        await self.archive.open()
        self._writer.open()
        self._do(self._keep_time())

    async def aclose(self) -> None:
        """Write what has come, and leave recordings that run as they are: the next start goes on with them."""
        self._is_closed = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.downloads.aclose()
        for recorder in self._running.values():
            recorder.stop()
        for closing in self._closing.values():
            closing.recorder.finish()
        await asyncio.to_thread(self._writer.close)

    def follow(self, room: Room, plan: RoutingPlan) -> None:
        """See `Follower.follow`."""
        self._rooms[room.id] = room, plan
        running = self._running.get(room.id)
        if running is not None and running.id != room.recording:
            self._stop(room.id, running)
            running = None
        if running is not None:
            running.follow(room, plan)
        elif room.recording is not None:
            self._begin(room, plan)

    def take_in(self, event: StreamEvent) -> None:
        """See `Follower.take_in`."""
        room, _, _ = event.stream.rpartition("/")
        if event.stream != stream_of(room):
            return
        self._heard_at[room] = self._around.monotonic()
        running = self._running.get(room)
        closing = [one.recorder for one in self._closing.values() if one.recorder.room == room]
        for recorder in [running] if running is not None else closing:
            recorder.take_in(event)
        self._tell_trouble(room)

    @property
    def troubles(self) -> Mapping[str, Pause]:
        """Rooms whose recording pauses, and why."""
        return {room: one.paused for room, one in self._running.items() if one.paused is not None}

    @property
    def running(self) -> Mapping[str, str]:
        """The rooms that are recorded, and the recordings' ids."""
        return {room: one.id for room, one in self._running.items()}

    async def tick(self) -> None:
        """Do what is due: close what has ended, resume what paused, delete what was kept its time."""
        now = self._around.monotonic()
        for closing in self._closing.values():
            if now >= closing.due:
                closing.due = now + _FINISH_AGAIN_S
                closing.recorder.finish()
        for room, recorder in tuple(self._running.items()):
            if now - self._heard_at[room] > SILENT_S:
                recorder.pause(Pause.STREAM)
            if recorder.paused is not None and await self._may_resume(room, recorder):
                self._heard_at[room] = now
                recorder.begin(*self._rooms[room])
            self._tell_trouble(room)
        if self._around.is_loaded():
            for id in self.archive.unfinished:
                await self.archive.close_unfinished(id)
        if now >= self._retention_due:
            self._retention_due = now + _RETENTION_LOOK_S
            await self.archive.delete_what_is_over(self._around.now())

    async def _may_resume(self, room: str, recorder: Recorder) -> bool:
        waited = self._around.monotonic() - self._paused_at.get(room, 0.0)
        if recorder.paused is None or waited < RESUME_AFTER_S[recorder.paused] or self._writer.waiting:
            return False
        free = await asyncio.to_thread(self._around.free, self.archive.root)
        is_same = self._running.get(room) is recorder and recorder.paused is not None
        return is_same and free >= self._config.min_free_mb * MIB * RESUME_FACTOR

    def _begin(self, room: Room, plan: RoutingPlan) -> None:
        if room.recording is None:
            return
        begun = Begun(
            recording=room.recording,
            room=room.id,
            at=room.recording_since or self._around.now(),
            keep_days=self._config.keep_days,
            title=dict(self._around.titles.get(room.id, {})),
        )
        previous = self.archive.take_up(room.recording)
        folder = self.archive.folder(room.recording)
        recorder = Recorder(self._tools, folder, begun, previous, self._next_msn.get(room.id, 0))
        self._running[room.id] = recorder
        self._heard_at[room.id] = self._around.monotonic()
        recorder.begin(room, plan)
        self._tell_trouble(room.id)

    def _stop(self, room: str, recorder: Recorder) -> None:
        recorder.stop()
        self._next_msn[room] = recorder.next_msn
        self._closing[recorder.folder] = _Closing(recorder, self._around.monotonic() + LAST_PARTS_S)
        del self._running[room]
        self._tell_trouble(room)

    def _tell_trouble(self, room: str) -> None:
        recorder = self._running.get(room)
        trouble = recorder.paused if recorder else None
        if trouble != self._told.get(room):
            if trouble is None:
                self._told.pop(room)
            else:
                self._told[room] = trouble
                self._paused_at[room] = self._around.monotonic()
            self._around.on_trouble(RoomId(room), trouble)

    def _failed_in_thread(self, folder: Path) -> None:
        self._loop.call_soon_threadsafe(self._failed, folder)

    def _failed(self, folder: Path) -> None:
        for room, recorder in self._running.items():
            if recorder.folder == folder:
                recorder.pause(Pause.DISK)
                self._tell_trouble(room)

    def _finished_in_thread(self, folder: Path) -> None:
        self._loop.call_soon_threadsafe(self._finished, folder)

    def _finished(self, folder: Path) -> None:
        if self._closing.pop(folder, None) is not None and not self._is_closed:
            self._do(self._put_away(folder.name))

    async def _put_away(self, id: str) -> None:
        await self.archive.refresh(id)
        # Started and stopped again at once: there is nothing in it.
        if id in self.archive.cards and not self.archive.card(id).tracks:
            await self.archive.delete(id)

    def _do(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep_time(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                await self.tick()
            except Exception:
                _log.exception("a tick of the recordings failed")
