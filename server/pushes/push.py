"""One push: a thread that carries a stream's samples to its target and comes again by itself when that breaks.

What waits too long in its queue is dropped there, a picture until the next keyframe. Nothing here is waited for by the
mixer or by the event loop.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from media.stream_taps import Tap
from server.pushes.order import Order
from server.pushes.sink import Sink, SinkError
from server.pushes.target import Target

_log = logging.getLogger(__name__)

PAUSES_S: Final = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
REFUSED_PAUSE_S: Final = 60.0
"""Who does not want it is asked again once a minute, for a key may be opened later."""
# Who lived so long died of something else than what it was started with.
STEADY_S: Final = 10.0
_LOOK_S: Final = 0.2
# A stream makes a part in half a second; without any it is gone and another one has to be asked for.
_EMPTY_S: Final = 5.0


class PushState(StrEnum):
    """How a push stands. Waiting is trouble on the way, failed is a refusal; both are tried again."""

    OFF = "off"
    CONNECTING = "connecting"
    LIVE = "live"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PushFacts:
    """What may be told of a push: `reason` is a `SinkError`'s, or no_stream, or ""; `since` is epoch seconds."""

    state: PushState
    reason: str
    since: float
    bytes: int
    drops: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Doors:
    """What a push needs of others: a tap opened and closed, a connection, and the wall clock."""

    open_tap: Callable[[], Tap]
    close_tap: Callable[[Tap], None]
    open_sink: Callable[[Target], Sink]
    now: Callable[[], float]


class Push:
    """Use `start`, then `stop`, from any thread; it cannot be started again."""

    def __init__(self, target: Target, doors: Doors) -> None:
        self.target = target
        self._doors = doors
        self._quit = threading.Event()
        # A daemon: a resolver that hangs must not keep the program.
        self._thread = threading.Thread(target=self._run, name=f"push {target.name}", daemon=True)
        self._facts = PushFacts(PushState.CONNECTING, "", doors.now(), 0, 0, 0)
        self._bytes = self._drops = self._attempts = 0

    @property
    def facts(self) -> PushFacts:
        """How it stands now."""
        facts = self._facts
        return PushFacts(facts.state, facts.reason, facts.since, self._bytes, self._drops, self._attempts)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; does not wait."""
        self._quit.set()

    def join(self, timeout_s: float) -> None:
        """Wait for the thread's end, at most so long. Blocks."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        failures = 0
        while not self._quit.is_set():
            began = self._doors.now()
            try:
                self._attempt()
                return
            except SinkError as error:
                trouble = error
            except Exception:
                _log.exception("a push failed; it is tried again")
                trouble = SinkError("broken")
            failures = 0 if self._doors.now() - began > STEADY_S else failures
            pause_s = REFUSED_PAUSE_S if trouble.is_refusal else PAUSES_S[min(failures, len(PAUSES_S) - 1)]
            failures += 1
            self._say(PushState.FAILED if trouble.is_refusal else PushState.WAITING, trouble.reason)
            self._quit.wait(pause_s)

    def _attempt(self) -> None:
        """Carry samples until told to stop. Raises SinkError."""
        self._attempts += 1
        self._say(PushState.CONNECTING)
        sink = self._doors.open_sink(self.target)
        try:
            tap = self._doors.open_tap()
            try:
                self._carry(sink, tap)
            finally:
                self._doors.close_tap(tap)
        finally:
            sink.close()

    def _carry(self, sink: Sink, tap: Tap) -> None:
        order = Order(tap.tracks)
        dropped_before = self._drops
        heard = self._doors.now()
        while not self._quit.is_set():
            sample = tap.get(_LOOK_S)
            self._drops = dropped_before + tap.dropped
            if sample is None:
                if self._doors.now() - heard > _EMPTY_S:
                    raise SinkError("no_stream")
                continue
            heard = self._doors.now()
            for due in order.put(sample):
                self._bytes += sink.send(due)
            if self._facts.state is not PushState.LIVE and self._bytes:
                self._say(PushState.LIVE)

    def _say(self, state: PushState, reason: str = "") -> None:
        self._facts = PushFacts(state, reason, self._doors.now(), 0, 0, 0)
