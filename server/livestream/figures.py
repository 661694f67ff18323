"""The livestreams' figures for `/metrics`, in Prometheus's text form; none names a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from server.livestream.broadcasts import Broadcast, Broadcasts

_BY_ROOM: Final[tuple[tuple[str, str, Callable[[Broadcast], float]], ...]] = (
    ("running", "gauge", lambda one: int(one.is_running)),
    ("restarts_total", "counter", lambda one: one.restarts),
    ("parts_total", "counter", lambda one: one.shelf.parts),
    ("late_seconds", "gauge", lambda one: round(one.late_s, 4)),
    ("window_seconds", "gauge", lambda one: round(one.shelf.listed_s, 1)),
    ("disk_bytes", "gauge", lambda one: one.shelf.disk_bytes),
    ("playlist_requests_total", "counter", lambda one: one.audience.playlists),
    ("media_requests_total", "counter", lambda one: one.audience.media),
)


def livestream_lines(broadcasts: Broadcasts) -> Iterator[str]:
    """Write each room's stream, its rewind window and disk, who asks, and how the disk is."""
    for name, kind, value in _BY_ROOM:
        yield f"# TYPE tolmach_livestream_{name} {kind}"
        for one in broadcasts:
            yield f'tolmach_livestream_{name}{{room="{one.config.id}"}} {value(one)}'
    yield "# TYPE tolmach_livestream_listeners gauge"
    for one in broadcasts:
        for track, count in sorted(one.audience.listeners.items()):
            yield f'tolmach_livestream_listeners{{room="{one.config.id}",track="{track}"}} {count:.1f}'
    yield "# TYPE tolmach_livestream_disk_failed_total counter"
    yield f"tolmach_livestream_disk_failed_total {broadcasts.disk.failed}"
    yield "# TYPE tolmach_livestream_disk_failing gauge"
    yield f"tolmach_livestream_disk_failing {int(broadcasts.disk.is_failing)}"
