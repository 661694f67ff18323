"""Traces of joins: a span a session with its steps, errors by their code, nothing of a person; off without wish."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from interpreting.ids import RoomId
from interpreting.roles import Role
from media.engine import PeerClosed, PeerConnected, SourceFlowing
from server import tracing
from server.config_table import ConfigError
from server.joins import Joins
from server.logbook import Logbook
from server.metrics import Metrics
from server.problems import Problem
from server.sessions import Session, SessionKind
from server.tracing import open_tracer, tracer_to
from tests.fakes import ManualClock
from tests.server.conftest import Site

HALL = RoomId("hall")


@pytest.fixture
def spans() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def joins(tmp_path: Path, spans: InMemorySpanExporter) -> Joins:
    clock = ManualClock()
    return Joins(Metrics(), Logbook(tmp_path, clock), tracer_to(spans, is_batched=False), clock)


def listener() -> Session:
    return Session.listener(HALL, None, "uk", "uk")


async def test_a_publisher_is_traced_from_offer_to_first_media(
    joins: Joins, spans: InMemorySpanExporter, site: Site
) -> None:
    session = Session.publisher(HALL, site.invite(Role.INTERPRETER, "olha"), "mic:olha")
    with joins.begin(SessionKind.PUBLISH, HALL, "interpreter") as join:
        joins.answered(join, session)
    joins.overhear(PeerConnected(session.peer))
    assert spans.get_finished_spans() == ()
    joins.overhear(SourceFlowing("hall/mic:olha"))
    joins.overhear(SourceFlowing("hall/mic:olha"))
    [span] = spans.get_finished_spans()
    assert (span.name, [event.name for event in span.events]) == (
        "join.publish",
        ["answered", "connected", "first media"],
    )
    assert dict(span.attributes or {}) == {"tolmach.room": "hall", "tolmach.what": "interpreter"}
    assert "olha" not in span.to_json().lower()


def test_a_listener_is_traced_until_media_may_flow(joins: Joins, spans: InMemorySpanExporter) -> None:
    session = listener()
    with joins.begin(SessionKind.LISTEN, HALL, "uk") as join:
        joins.answered(join, session)
    joins.overhear(PeerConnected(session.peer))
    joins.overhear(PeerClosed(session.peer, "bye"))
    [span] = spans.get_finished_spans()
    assert [event.name for event in span.events] == ["answered", "connected"]
    assert span.status.status_code is StatusCode.UNSET


def test_what_fails_is_told_by_its_code(joins: Joins, spans: InMemorySpanExporter) -> None:
    with pytest.raises(Problem), joins.begin(SessionKind.LISTEN, HALL, "uk"):
        raise Problem("offer_malformed")
    session = listener()
    with joins.begin(SessionKind.LISTEN, HALL, "uk") as join:
        joins.answered(join, session)
    joins.overhear(PeerClosed(session.peer, "dtls_failed"))
    assert [span.status.description for span in spans.get_finished_spans()] == ["offer_malformed", "dtls_failed"]


def test_sessions_that_never_end_are_bounded(joins: Joins, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.joins.MOST_WAITING", 10)
    for _ in range(50):
        with joins.begin(SessionKind.LISTEN, HALL, "uk") as join:
            joins.answered(join, listener())
    assert len(joins._by_peer) == 10


def test_without_an_endpoint_nothing_is_imported() -> None:
    script = "import sys; from server.tracing import open_tracer; open_tracer(None); print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert "opentelemetry" not in told.stdout


def test_missing_packages_are_told_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(ConfigError, match=r"tolmach\[tracing\]"):
        open_tracer("http://localhost:4318/v1/traces")


def test_with_an_endpoint_there_is_a_tracer() -> None:
    tracer = open_tracer("http://127.0.0.1:9/v1/traces")
    assert not isinstance(tracer, tracing.Untraced)
    tracer.close()
