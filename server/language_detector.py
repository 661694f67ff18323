"""Which language a voice speaks, as somebody else's program tells it: the protocol, and a process that keeps it.

The program is named in the configuration. It reads mono 16-bit little-endian samples of 16 kHz from its standard input
without end, and prints, whenever it has heard enough, a line with a language tag and, if it likes, a probability:
`uk` or `uk 0.93`. Nothing of the sound is kept here.
"""

from __future__ import annotations

import asyncio
import logging
import shlex
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, Protocol, Self

_log = logging.getLogger(__name__)

GUESSES: Final = 3
"""How many lines in a row are believed together: one sentence may hold a foreign name."""
_MOST_WAITING_BYTES: Final = 10 * 2 * 16000
_END_S: Final = 2.0


class LanguageDetector(Protocol):
    """Listens to one voice."""

    def hear(self, pcm: bytes) -> None:
        """Take 16-bit samples of 16 kHz; never waits."""
        ...

    def guess(self) -> Mapping[str, float]:
        """Return how probable each language is by what was heard of late, by tag; empty while that is unknown."""
        ...

    @property
    def is_alive(self) -> bool:
        """Whether it can still tell."""
        ...

    async def aclose(self) -> None:
        """Listen no more."""
        ...


class ProcessDetector:
    """A detector in a process of its own. Use `await ProcessDetector.open(command)` and `aclose`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._guesses: deque[tuple[str, float]] = deque(maxlen=GUESSES)
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, command: str) -> Self:
        """Start the program, without a shell.

        Raises:
            OSError: it cannot be started.
            ValueError: the command line has an open quotation.
        """
        process = await asyncio.create_subprocess_exec(
            *shlex.split(command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        return cls(process)

    @property
    def is_alive(self) -> bool:
        """Whether the program still runs and prints."""
        return not self._reader.done() and self._process.returncode is None

    def hear(self, pcm: bytes) -> None:
        """Hand samples on; a program that does not read misses what is more than ten seconds."""
        pipe = self._process.stdin
        if pipe is None or pipe.is_closing():
            return
        if pipe.transport.get_write_buffer_size() <= _MOST_WAITING_BYTES:
            pipe.write(pcm)

    def guess(self) -> Mapping[str, float]:
        """Return the mean over the last lines; empty until there are enough of them."""
        if len(self._guesses) < GUESSES:
            return {}
        sums: dict[str, float] = {}
        for language, probability in self._guesses:
            sums[language] = sums.get(language, 0.0) + probability / GUESSES
        return sums

    async def aclose(self) -> None:
        """End the program; one that does not go is killed."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._process.returncode is None:
            self._process.terminate()
        try:
            async with asyncio.timeout(_END_S):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        self._reader.cancel()
        with suppress(asyncio.CancelledError):
            await self._reader

    async def _read(self) -> None:
        assert self._process.stdout is not None
        with suppress(ValueError):  # a line without end
            while line := await self._process.stdout.readline():
                found = parse_guess(line.decode("utf-8", "replace"))
                if found is not None:
                    self._guesses.append(found)
        _log.warning("the language detector has ended")


def parse_guess(line: str) -> tuple[str, float] | None:
    """Return the primary language of a line and its probability, 1 when it says none; None for another line."""
    words = line.split()
    if not 1 <= len(words) <= 2:
        return None
    tag = words[0].partition("-")[0].lower()
    if not (tag.isascii() and tag.isalpha() and 2 <= len(tag) <= 3):
        return None
    try:
        probability = float(words[1]) if len(words) == 2 else 1.0
    except ValueError:
        return None
    return (tag, probability) if 0.0 <= probability <= 1.0 else None
