"""The thread that does a livestream's disk work, so that a slow or full disk costs the rewind and never the stream.

Work comes through one bounded queue. What does not get in, or fails, is told to who handed it in, counted, and raises
the alarm until something succeeds again.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

_log = logging.getLogger(__name__)

QUEUE_ITEMS: Final = 2048
"""A minute of a dozen rooms."""
Job = Callable[[], None]


class Disk:
    """Open it on the event loop that hands in work."""

    def __init__(self, queue_items: int = QUEUE_ITEMS) -> None:
        self.failed = 0
        """Jobs that did not happen since the start."""
        self.is_failing = False
        """The last job that wrote something failed."""
        self._queue: queue.Queue[tuple[Job, Job | None] | None] = queue.Queue(queue_items)
        self._thread = threading.Thread(target=self._run, name="livestream-disk", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None

    def open(self) -> None:
        """Start the thread."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    async def aclose(self) -> None:
        """Do what is queued, and end the thread."""
        await asyncio.to_thread(self._queue.put, None)
        await asyncio.to_thread(self._thread.join)

    async def settle(self) -> None:
        """Wait until everything handed in so far is done and told."""
        await asyncio.to_thread(self._queue.join)

    def write(self, job: Job, on_failed: Job) -> None:
        """Do `job` in the thread; `on_failed` is called on the loop when it raised OSError or found no place."""
        try:
            self._queue.put_nowait((job, on_failed))
        except queue.Full:
            self._fail("the queue is full", on_failed)

    def tidy(self, job: Job) -> None:
        """Do `job` in the thread when there is time for it; it says nothing about whether the disk takes anything."""
        with suppress(queue.Full):
            self._queue.put_nowait((job, None))

    def _run(self) -> None:
        while True:
            work = self._queue.get()
            if work is not None:
                self._do(*work)
            self._queue.task_done()
            if work is None:
                return

    def _do(self, job: Job, on_failed: Job | None) -> None:
        assert self._loop is not None
        try:
            job()
        except OSError as error:
            if on_failed is not None:
                self._loop.call_soon_threadsafe(self._fail, type(error).__name__, on_failed)
        else:
            if on_failed is not None and self.is_failing:
                self._loop.call_soon_threadsafe(self._recover)

    def _fail(self, reason: str, on_failed: Job) -> None:
        self.failed += 1
        if not self.is_failing:
            _log.error("the livestream cannot be kept on disk, it goes on from memory: %s", reason)
        self.is_failing = True
        on_failed()

    def _recover(self) -> None:
        if self.is_failing:
            _log.warning("the livestream is kept on disk again")
        self.is_failing = False
