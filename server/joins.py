"""Joins: how long a WHIP or WHEP session took from its offer to its media, told to metrics, traces and the log book.

The handlers begin a join, the engine's events end it: connected for a listener, the first packet for a publisher. The
log book gets publishers alone: when a microphone or the hall came and went, and why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from interpreting.ids import RoomId
from media.errors import MediaError
from server.engine import EngineEvent, PeerClosed, PeerConnected, SourceFlowing
from server.logbook import Logbook
from server.metrics import Metrics
from server.metrics_sheet import kind_of_source
from server.problems import Problem
from server.sessions import Session, SessionKind
from server.switchboard import global_name
from server.tracing import Trace, Tracer

MOST_WAITING: Final = 20_000
"""Sessions that are remembered; the engine tells the end of each, so there are never so many."""


@dataclass(slots=True)
class Join:
    """One session on its way. `trace` is None once it is over."""

    begun: float
    trace: Trace | None
    session: Session | None = None
    is_connected: bool = False


class Joins:
    """Follows sessions. `monotonic` counts seconds."""

    def __init__(self, metrics: Metrics, logbook: Logbook, tracer: Tracer, monotonic: Callable[[], float]) -> None:
        self._metrics = metrics
        self._logbook = logbook
        self._tracer = tracer
        self._monotonic = monotonic
        self._by_peer: dict[str, Join] = {}
        self._by_source: dict[str, Join] = {}

    @contextmanager
    def begin(self, kind: SessionKind, room: RoomId, what: str) -> Iterator[Join]:
        """Follow the taking of an offer; inside, `answered` is called with the session. What is raised ends the join.

        `what` is the channel, or the publisher's role; no person.
        """
        name = "join.publish" if kind is SessionKind.PUBLISH else "join.listen"
        trace = self._tracer.begin(name, {"tolmach.room": room, "tolmach.what": what})
        join = Join(self._monotonic(), trace)
        try:
            yield join
        except BaseException as error:
            code = error.code if isinstance(error, Problem | MediaError) else type(error).__name__
            trace.end(str(code))
            raise

    def answered(self, join: Join, session: Session) -> None:
        """The session's offer is answered."""
        join.session = session
        if join.trace is not None:
            join.trace.step("answered")
        while len(self._by_peer) >= MOST_WAITING:
            self._by_peer.pop(next(iter(self._by_peer)))
        self._by_peer[session.peer] = join
        if session.source is not None:
            self._by_source[global_name(session.room, session.source)] = join

    def overhear(self, event: EngineEvent) -> None:
        """Take in what the engine tells of peers and sources."""
        match event:
            case PeerConnected():
                self._connected(event.peer)
            case SourceFlowing():
                self._flows(event.source)
            case PeerClosed():
                self._closed(event.peer, event.reason)
            case _:
                pass

    def _connected(self, peer: str) -> None:
        join = self._by_peer.get(peer)
        if join is None or join.session is None or join.is_connected:
            return
        join.is_connected = True
        self._metrics.joined(join.session.kind.value, self._monotonic() - join.begun)
        if join.trace is not None:
            join.trace.step("connected")
        if join.session.kind is SessionKind.LISTEN:
            _end(join)
        else:
            self._note(join.session, "publisher_connected")

    def _flows(self, source: str) -> None:
        join = self._by_source.get(source)
        if join is not None and join.trace is not None:
            join.trace.step("first media")
            _end(join)

    def _closed(self, peer: str, reason: str) -> None:
        join = self._by_peer.pop(peer, None)
        if join is None or join.session is None:
            return
        session = join.session
        self._metrics.ended(session.kind.value, reason)
        _end(join, "" if join.is_connected else reason)
        if session.source is not None:
            name = global_name(session.room, session.source)
            if self._by_source.get(name) is join:
                del self._by_source[name]
            self._note(session, "publisher_closed", reason=reason)

    def _note(self, session: Session, kind: str, **facts: str) -> None:
        by = session.owner.name or None if session.owner is not None else None
        what = kind_of_source(session.source or "")
        self._logbook.note(session.room, kind, by=by, source=session.source, what=what, **facts)


def _end(join: Join, error: str = "") -> None:
    if join.trace is not None:
        join.trace.end(error)
        join.trace = None
