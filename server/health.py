"""Is it alive, is it ready, how is it: for supervisors, balancers and Prometheus.

`/healthz` says that the process answers. `/readyz` says that rooms are loaded and the store is in reach; sound goes
on without the store, so nobody should be restarted for it. `/metrics` is Prometheus's text form 0.0.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Final

from aiohttp import web

from server.access import Handler
from server.conductor import Conductor
from server.engine import EngineStats
from server.fleet import Fleet
from server.hub import Hub
from server.keys import BROADCASTS, CONDUCTOR, FLEET, HUB, LATENESS, RECORDINGS, REVOCATIONS
from server.lateness import Lateness
from server.livestream.figures import livestream_lines
from server.problems import Problem
from server.recordings.rooms import Recordings

_PROMETHEUS: Final = "text/plain; version=0.0.4; charset=utf-8"


async def healthz(request: web.Request) -> web.Response:
    """GET /healthz: 200 while the process answers."""
    return web.json_response({"status": "ok"})


async def readyz(request: web.Request) -> web.Response:
    """GET /readyz: 200, or 503 store_unavailable."""
    if not (request.app[CONDUCTOR].is_ready and request.app[REVOCATIONS].is_store_reachable):
        raise Problem("store_unavailable", headers={"Retry-After": "2"})
    return web.json_response({"status": "ready"})


async def metrics(request: web.Request) -> web.Response:
    """GET /metrics: figures, none of which names a person, an address or a session."""
    conductor, hub = request.app[CONDUCTOR], request.app[HUB]
    stats = await conductor.stats()
    lines = [*_web_lines(conductor, hub), *_loop_lines(request.app[LATENESS]), *_engine_lines(stats)]
    lines += [*_publisher_lines(stats.publishers), *_stream_lines(stats.streams), *_edge_lines(request.app[FLEET])]
    lines += [*_recording_lines(request.app[RECORDINGS]), *livestream_lines(request.app[BROADCASTS])]
    response = web.Response(text="\n".join(lines) + "\n")
    response.headers["Content-Type"] = _PROMETHEUS
    return response


def _web_lines(conductor: Conductor, hub: Hub) -> Iterator[str]:
    yield "# TYPE tolmach_websockets gauge"
    yield f"tolmach_websockets {len(hub)}"
    yield "# TYPE tolmach_rooms_loaded gauge"
    yield f"tolmach_rooms_loaded {int(conductor.is_ready)}"
    yield "# TYPE tolmach_listeners gauge"
    for room in conductor.rooms:
        for channel, count in sorted(conductor.switchboard.listeners(room).items()):
            yield f'tolmach_listeners{{room="{room}",channel="{channel}"}} {count}'


def _loop_lines(lateness: Lateness) -> Iterator[str]:
    yield "# TYPE tolmach_web_loop_worst_late_seconds gauge"
    yield f"tolmach_web_loop_worst_late_seconds {lateness.worst_s:.4f}"
    yield "# TYPE tolmach_web_loop_late_total counter"
    yield f"tolmach_web_loop_late_total {lateness.times_late}"


def _publisher_lines(publishers: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """Write what each kind of source of a room lost, without its person: counts as sums, milliseconds as the worst."""
    told: dict[str, dict[str, float]] = {}
    for source, figures in sorted(publishers.items()):
        kind = source.partition(":")[0]
        for name, value in figures.items():
            of_kind = told.setdefault(name, {})
            before = of_kind.get(kind, 0)
            of_kind[kind] = max(before, value) if name.endswith("_ms") else before + value
    for name, values in sorted(told.items()):
        yield f"# TYPE tolmach_publisher_{name} gauge"
        for kind, value in values.items():
            yield f'tolmach_publisher_{name}{{of="{_label(kind)}"}} {value}'


def _stream_lines(streams: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """Write what is told of each stream's packaging, by the stream's name."""
    for name in sorted({name for figures in streams.values() for name in figures}):
        yield f"# TYPE tolmach_stream_{name} gauge"
        for stream, figures in sorted(streams.items()):
            if name in figures:
                yield f'tolmach_stream_{name}{{stream="{_label(stream)}"}} {figures[name]}'


def _engine_lines(stats: EngineStats) -> Iterator[str]:
    """Write every number of the engine's figures, and every table of numbers with its key as a label."""
    for field in fields(stats):
        name, value = f"tolmach_engine_{field.name}", getattr(stats, field.name)
        if _is_number(value):
            yield f"# TYPE {name} gauge"
            yield f"{name} {value}"
        elif isinstance(value, Mapping) and all(_is_number(number) for number in value.values()):
            yield f"# TYPE {name} gauge"
            for key, number in sorted(value.items()):
                yield f'{name}{{of="{_label(str(key))}"}} {number}'


def _edge_lines(fleet: Fleet) -> Iterator[str]:
    """Write what is told of each edge, by its name; one that died stays until another of its name comes."""
    edges = fleet.figures
    for name in ("listeners", "max_listeners", "packets_per_s", "cpu_share"):
        if edges:
            yield f"# TYPE tolmach_edge_{name} gauge"
        for edge in edges:
            yield f'tolmach_edge_{name}{{edge="{_label(edge.name)}"}} {getattr(edge, name)}'
    if edges:
        yield "# TYPE tolmach_edge_up gauge"
    for edge in edges:
        yield f'tolmach_edge_up{{edge="{_label(edge.name)}"}} {int(edge.is_alive)}'


def _recording_lines(recordings: Recordings) -> Iterator[str]:
    yield "# TYPE tolmach_recording_running gauge"
    for room in sorted(recordings.running):
        yield f'tolmach_recording_running{{room="{room}"}} 1'
    yield "# TYPE tolmach_recording_paused gauge"
    for room, why in sorted(recordings.troubles.items()):
        yield f'tolmach_recording_paused{{room="{room}",why="{why.value}"}} 1'


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _label(text: str) -> str:
    """Return a label's value as the text form wants it."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


HANDLERS: Final[Mapping[str, Handler]] = {"healthz": healthz, "readyz": readyz, "metrics": metrics}
