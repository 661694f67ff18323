"""How late the web side's event loop is: everything on it waits for whoever holds it.

A timer is due 20 times a second; by how much it comes late is what a page's request or a command would have waited.
The sound does not wait here: it has a loop and a thread of its own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

EVERY_S: Final = 0.05
LATE_S: Final = 0.2
"""More than this a person would notice."""


@dataclass(slots=True)
class Lateness:
    """`worst_s` since the start, and how many times it was later than `LATE_S`. `on_look` is told every look.

    Open it on the loop it is to watch.
    """

    worst_s: float = 0.0
    times_late: int = 0
    on_look: Callable[[float], None] | None = None
    _task: asyncio.Task[None] | None = field(default=None, repr=False)

    def open(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._watch())

    async def aclose(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def note(self, late_s: float) -> None:
        """Take in one look."""
        self.worst_s = max(self.worst_s, late_s)
        self.times_late += late_s > LATE_S
        if self.on_look is not None:
            self.on_look(late_s)

    async def _watch(self) -> None:
        while True:
            due = time.monotonic() + EVERY_S
            await asyncio.sleep(EVERY_S)
            self.note(time.monotonic() - due)
