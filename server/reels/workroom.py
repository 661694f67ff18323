"""Where files are looked at and made ready, by a process of its own each (see `prepare`), one reel at a time."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SILENT_S: Final = 300.0
"""A process that says nothing for so long does nothing any more."""
_SURVEY_S: Final = 120.0
_END_S: Final = 5.0
_SURVEYS: Final = 2
"""So many files are looked at at once; each takes a process and its memory."""


@dataclass(frozen=True, slots=True)
class Made:
    """What came of it; `code` is why nothing did."""

    seconds: float = 0.0
    is_silent: bool = False
    code: str = ""


class Workroom:
    """Cancelling a call ends its process."""

    def __init__(self) -> None:
        self._one_at_a_time = asyncio.Lock()
        self._surveys = asyncio.Semaphore(_SURVEYS)

    async def survey(self, file: Path) -> Made:
        """Look at a file: how long it is, or why nothing can be made of it."""
        try:
            async with self._surveys, asyncio.timeout(_SURVEY_S):
                return await _run(("survey", str(file)), lambda percent: None)
        except TimeoutError:
            return Made(code="reel_failed")

    async def make(self, file: Path, target: Path, title: str, on_percent: Callable[[int], None]) -> Made:
        """Make a reel of a file when its turn comes."""
        async with self._one_at_a_time:
            return await _run(("make", str(file), str(target), title), on_percent)


async def _run(arguments: tuple[str, ...], on_percent: Callable[[int], None]) -> Made:
    program = (sys.executable, "-m", "server.reels.prepare", *arguments)
    process = await asyncio.create_subprocess_exec(
        *program, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    made = Made(code="reel_failed")
    try:
        assert process.stdout is not None
        while line := await asyncio.wait_for(process.stdout.readline(), _SILENT_S):
            words = json.loads(line)
            if "percent" in words:
                on_percent(words["percent"])
            else:
                made = Made(words.get("seconds", 0.0), words.get("is_silent", False), words.get("failed", ""))
        # What it had to say is said; one that is killed as it ends is missed by asyncio, which says so in the log.
        with suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), _END_S)
    except (TimeoutError, ValueError):
        made = Made(code="reel_failed")
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    return made
