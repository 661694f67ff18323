"""Traces of joins, by OpenTelemetry, where configured: offer → answer → connected → first media.

One trace a WHIP or WHEP session, with an event for each step; its attributes are the room, whether it publishes or
listens, and what (`mic`, a channel). No person, no address, no token. Without `tracing.endpoint` nothing of
OpenTelemetry is imported, and a join costs nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Protocol

from server.config_table import ConfigError
from server.metrics import own_version

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

_MISSING: Final = "the packages for traces are not installed"
_MEND: Final = "Install them with: pip install 'tolmach[tracing]', or leave it empty"


class Trace(Protocol):
    """One join under way."""

    def step(self, name: str) -> None:
        """Note a step now."""
        ...

    def end(self, error: str = "") -> None:
        """End it; with an error's code it has failed."""
        ...


class Tracer(Protocol):
    """Makes traces."""

    def begin(self, name: str, attributes: Mapping[str, str]) -> Trace:
        """Begin one now."""
        ...

    def close(self) -> None:
        """Send what waits; may take some seconds."""
        ...


class Untraced:
    """The tracer and the trace of a server without tracing."""

    def begin(self, name: str, attributes: Mapping[str, str]) -> Trace:
        """See `Tracer.begin`."""
        return self

    def step(self, name: str) -> None:
        """See `Trace.step`."""

    def end(self, error: str = "") -> None:
        """See `Trace.end`."""

    def close(self) -> None:
        """See `Tracer.close`."""


def open_tracer(endpoint: str | None) -> Tracer:
    """Return a tracer that sends to an OTLP collector by HTTP. Raises ConfigError where the packages are missing."""
    if endpoint is None:
        return Untraced()
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError as error:
        raise ConfigError("tracing.endpoint", _MISSING, _MEND) from error
    return tracer_to(OTLPSpanExporter(endpoint=endpoint))


def tracer_to(exporter: SpanExporter, *, is_batched: bool = True) -> Tracer:
    """Return a tracer that gives its traces to this exporter, in batches from a thread of its own or at once."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
    from opentelemetry.trace import Status, StatusCode

    provider = TracerProvider(resource=Resource({"service.name": "tolmach", "service.version": own_version()}))
    provider.add_span_processor(BatchSpanProcessor(exporter) if is_batched else SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("tolmach")

    class Spanned:
        def __init__(self, name: str, attributes: Mapping[str, str]) -> None:
            self._span = tracer.start_span(name, attributes=dict(attributes))

        def step(self, name: str) -> None:
            self._span.add_event(name)

        def end(self, error: str = "") -> None:
            if error:
                self._span.set_status(Status(StatusCode.ERROR, error))
            self._span.end()

    return _Spans(Spanned, provider.shutdown)


class _Spans:
    def __init__(self, begin: Callable[[str, Mapping[str, str]], Trace], close: Callable[[], None]) -> None:
        self._begin = begin
        self._close = close

    def begin(self, name: str, attributes: Mapping[str, str]) -> Trace:
        return self._begin(name, attributes)

    def close(self) -> None:
        self._close()
