"""What is counted over time for Prometheus: how long joining, the store and the event loop took; and the registry.

Everything else on `/metrics` is read from its owner at the moment it is asked for (`metrics_web`, `metrics_engine`,
`metrics_rooms`). The registry is our own: nothing that a library counts for itself slips in.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from time import perf_counter
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import generate_latest

from server.metrics_engine import EngineSheet
from server.metrics_sheet import PREFIX, Sheet

_JOIN_BUCKETS_S: Final = (0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_STORE_BUCKETS_S: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 3.0)
_LOOP_BUCKETS_S: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)


class Metrics:
    """The registry and what is counted in it. `engine` keeps the sums of sources that come and go."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.engine = EngineSheet()
        about = "Which Tolmach this is; always 1."
        build = Gauge(f"{PREFIX}build_info", about, ("version", "python"), registry=registry)
        build.labels(own_version(), platform.python_version()).set(1)
        self.loop_lag = Histogram(
            f"{PREFIX}web_loop_lag_seconds",
            "How late a timer of the web side's event loop came; pages and commands wait as long.",
            buckets=_LOOP_BUCKETS_S,
            registry=registry,
        )
        self._joins = Histogram(
            f"{PREFIX}join_seconds",
            "From the POST of an offer until media may flow, by WHIP (publish) or WHEP (listen).",
            ("kind",),
            buckets=_JOIN_BUCKETS_S,
            registry=registry,
        )
        self._ends = Counter(
            f"{PREFIX}peers_closed", "WebRTC sessions that ended, by why.", ("kind", "reason"), registry=registry
        )
        self._store = Histogram(
            f"{PREFIX}store_seconds",
            "What the store took.",
            ("operation",),
            buckets=_STORE_BUCKETS_S,
            registry=registry,
        )
        self._store_errors = Counter(
            f"{PREFIX}store_errors", "What the store refused or did not answer.", ("operation",), registry=registry
        )

    def joined(self, kind: str, took_s: float) -> None:
        """Count a session whose media may flow."""
        self._joins.labels(kind).observe(took_s)

    def ended(self, kind: str, reason: str) -> None:
        """Count a session that ended, by one of the engine's reasons."""
        self._ends.labels(kind, reason).inc()

    @contextmanager
    def timed_store(self, operation: str) -> Iterator[None]:
        """Count what the store takes for this operation, and whether it raised."""
        begun = perf_counter()
        try:
            yield
        except Exception:
            self._store_errors.labels(operation).inc()
            raise
        finally:
            self._store.labels(operation).observe(perf_counter() - begun)

    def page(self, sheet: Sheet) -> bytes:
        """Return what was counted and the sheet as one page of Prometheus's text form 0.0.4."""
        return generate_latest(self._registry) + generate_latest(sheet)


def own_version() -> str:
    """Return the version that is installed, `dev` where none is."""
    try:
        return version("tolmach")
    except PackageNotFoundError:
        return "dev"
