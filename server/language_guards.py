"""The guard of the outgoing language: does the channel carry the language it is called by?

While an interpreter is on air into a channel, a detector listens to that channel's bus. Which detector is said by the
configuration; without one every guard is absent, and says so. A detector that fails is started again after a while, and
is absent in between. Sound goes on whatever happens here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from enum import StrEnum
from typing import Final, Protocol

import numpy as np

from interpreting.ids import RoomId
from interpreting.languages import Language
from interpreting.plan import Mode, RoutingPlan, bus_of, channel_states
from interpreting.room import Room
from media.stream import StreamEvent
from media.voiceband import Downsampler
from server.engine import SoundTap
from server.language_detector import LanguageDetector
from server.switchboard import global_name

_log = logging.getLogger(__name__)

LISTEN_EVERY_S: Final = 0.5
AGAIN_S: Final = 10.0
SURELY: Final = 0.6
HARDLY: Final = 0.2

Open = Callable[[], Awaitable[LanguageDetector]]


class Verdict(StrEnum):
    """What the guard says of a channel."""

    ABSENT = "absent"
    UNKNOWN = "unknown"
    OK = "ok"
    WRONG = "wrong"


class Buses(Protocol):
    """What is asked of the engine: a bus's sound."""

    def tap_sound(self, bus: str) -> SoundTap:
        """A queue of its ticks."""
        ...

    def untap_sound(self, bus: str, tap: SoundTap) -> None:
        """No more into that queue."""
        ...


class LanguageGuards:
    """All channels' guards; a `server.follower.Follower`.

    Args:
        buses: the engine.
        open_detector: None where none is configured.
        every_s: how often sound is handed on; at most 2 s are kept in between.
        again_s: how long a detector that failed is left alone.
    """

    def __init__(
        self, buses: Buses, open_detector: Open | None, every_s: float = LISTEN_EVERY_S, again_s: float = AGAIN_S
    ) -> None:
        self._every_s, self._again_s = every_s, again_s
        self._buses = buses
        self._open = open_detector
        self._verdicts: dict[tuple[RoomId, Language], Verdict] = {}
        self._tasks: dict[tuple[RoomId, Language], asyncio.Task[None]] = {}

    def verdicts(self, room: RoomId) -> Mapping[Language, Verdict]:
        """Return what is to be said of the channels of a room that are interpreted now."""
        return {language: verdict for (place, language), verdict in self._verdicts.items() if place == room}

    def follow(self, room: Room, plan: RoutingPlan) -> None:
        """Begin to listen to channels that are interpreted now, and end with those that are not."""
        spoken = {language for language, state in channel_states(room).items() if state.mode is Mode.INTERPRETED}
        for language in self.verdicts(room.id).keys() - spoken:
            self._end(room.id, language)
        for language in spoken - self.verdicts(room.id).keys():
            self._begin(room.id, language)

    def take_in(self, event: StreamEvent) -> None:
        """Streams are nothing to a guard."""

    async def aclose(self) -> None:
        """End every detector."""
        tasks = list(self._tasks.values())
        self._tasks.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, room: RoomId, language: Language) -> None:
        self._verdicts[room, language] = Verdict.ABSENT
        if self._open is not None:
            self._tasks[room, language] = asyncio.create_task(self._watch(room, language, self._open))

    def _end(self, room: RoomId, language: Language) -> None:
        del self._verdicts[room, language]
        task = self._tasks.pop((room, language), None)
        if task is not None:
            task.cancel()

    async def _watch(self, room: RoomId, language: Language, open_detector: Open) -> None:
        while True:
            try:
                await self._listen(room, language, open_detector)
            except Exception:
                _log.exception("the language detector could not be used; it is tried again")
            self._verdicts[room, language] = Verdict.ABSENT
            await asyncio.sleep(self._again_s)

    async def _listen(self, room: RoomId, language: Language, open_detector: Open) -> None:
        """Feed one detector until it ends."""
        detector = await open_detector()
        bus = global_name(room, bus_of(language))
        tap = self._buses.tap_sound(bus)
        downsampler = Downsampler()
        try:
            while detector.is_alive:
                self._verdicts[room, language] = judge(language, detector.guess())
                await asyncio.sleep(self._every_s)
                ticks = [pcm for _, pcm in tap.take()]
                if ticks:
                    detector.hear(downsampler.take(np.concatenate(ticks)))
        finally:
            self._buses.untap_sound(bus, tap)
            with suppress(ProcessLookupError):
                await detector.aclose()


def judge(expected: str, guess: Mapping[str, float]) -> Verdict:
    """Return whether what is spoken is the language expected; wrong only where another is sure and this one is not."""
    if not guess:
        return Verdict.UNKNOWN
    own = guess.get(expected.partition("-")[0].lower(), 0.0)
    is_other = max(guess.values()) >= SURELY
    return Verdict.WRONG if is_other and own < HARDLY else Verdict.OK
