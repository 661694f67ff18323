"""Which sources spoke lately, how loud and how well: what a rehearsal asks of each microphone.

The engine tells how a source sounds just now; a checklist wants to know of the one who said "one, two" five minutes
ago.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from server.engine import Quality

_log = logging.getLogger(__name__)

LOOK_S: Final = 2.0
REMEMBERED_S: Final = 2 * 3600.0


class Ears(Protocol):
    """What is asked of the engine."""

    def quality(self) -> Mapping[str, Quality]:
        """How each source sounds that somebody hears."""
        ...


@dataclass(frozen=True, slots=True)
class Spoken:
    """When a source spoke last (epoch seconds), and how it sounded then."""

    at: float
    quality: Quality


class Heard:
    """Remembers for two hours. Open it and close it; `now` is the wall clock."""

    def __init__(self, ears: Ears, now: Callable[[], float]) -> None:
        self._ears = ears
        self._now = now
        self._spoken: dict[str, Spoken] = {}
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to listen."""
        self._task = asyncio.create_task(self._keep_looking())

    async def aclose(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def look(self) -> None:
        """Take in how everything sounds now."""
        now = self._now()
        self._spoken = {name: one for name, one in self._spoken.items() if now - one.at < REMEMBERED_S}
        for name, quality in self._ears.quality().items():
            if quality.is_speaking:
                self._spoken[name] = Spoken(now, quality)

    def of(self, source: str) -> Spoken | None:
        """Return how a source, by the engine's name, spoke last; None when it did not."""
        return self._spoken.get(source)

    async def _keep_looking(self) -> None:
        while True:
            try:
                self.look()
            except Exception:
                _log.exception("what was spoken could not be looked at")
            await asyncio.sleep(LOOK_S)
