"""Downloads made on demand, each once, one at a time, in a process of its own (see `remux`)."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path
from typing import Final

from server.recordings.folders import DOWNLOADS

_log = logging.getLogger(__name__)

WAIT_S: Final = 20.0
"""How long whoever asks is kept waiting before they are told to come again."""


class DownloadFailed(Exception):
    """The file could not be made; the log says more."""


class Downloads:
    """What is being made. `aclose` ends it."""

    def __init__(self) -> None:
        self._making: dict[Path, asyncio.Task[None]] = {}
        self._one_at_a_time = asyncio.Lock()

    async def get(self, folder: Path, name: str, wait_s: float = WAIT_S) -> Path | None:
        """Return a download's file, or None while it is being made. Raises DownloadFailed.

        `name` must be one of `remux.download_names`.
        """
        target = folder / DOWNLOADS / name
        if await asyncio.to_thread(target.exists):
            return target
        if target not in self._making:
            task = self._making[target] = asyncio.create_task(self._make(folder, name))
            task.add_done_callback(lambda _: self._making.pop(target, None))
        done, _ = await asyncio.wait([self._making[target]], timeout=wait_s)
        for task in done:
            task.result()
        return target if done else None

    async def aclose(self) -> None:
        """End what is being made; it is begun anew when somebody asks."""
        for task in tuple(self._making.values()):
            task.cancel()
        await asyncio.gather(*self._making.values(), return_exceptions=True)

    async def _make(self, folder: Path, name: str) -> None:
        async with self._one_at_a_time:
            program = (sys.executable, "-m", "server.recordings.remux", str(folder), name)
            process = await asyncio.create_subprocess_exec(*program)
            try:
                code = await process.wait()
            except asyncio.CancelledError:
                process.kill()
                await process.wait()
                raise
        if code:
            _log.error("a download of recording %s could not be made: exit code %d", folder.name, code)
            raise DownloadFailed
