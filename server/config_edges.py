"""What is told of edges and of how many listeners one process takes.

edges = 0                # TOLMACH_EDGES or `run --edges N`; processes beside this one that fan out
edge_udp_ports = []      # TOLMACH_EDGE_UDP_PORTS, "8081,8082" or "8081-8084"; none is the free ones after udp_port
max_listeners = 2500     # TOLMACH_MAX_LISTENERS, a process; past it new ones get 503 and come again
listener_packet_ms = 20  # TOLMACH_LISTENER_PACKET_MS, 20 or 60: a third of the packets, 40 ms later; booths always 20
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from server.config_table import ConfigError, Table

MAX_EDGES: Final = 64
MAX_LISTENERS: Final = 2500
"""What a core bears with every packet in time, with a fifth to spare; with packets of 60 ms half as many again."""
_RANGE: Final = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?")

ENVIRONMENT: Final = {
    "edges": "TOLMACH_EDGES",
    "edge_udp_ports": "TOLMACH_EDGE_UDP_PORTS",
    "max_listeners": "TOLMACH_MAX_LISTENERS",
    "listener_packet_ms": "TOLMACH_LISTENER_PACKET_MS",
}


@dataclass(frozen=True, slots=True)
class EdgesConfig:
    """`count` processes; `udp_ports` empty means the free ones after the server's own; `max_listeners` a process;
    `listener_packet_ms` of sound in each of the audience's packets, 20 or 60.
    """

    count: int
    udp_ports: tuple[int, ...]
    max_listeners: int
    listener_packet_ms: int


def parse_edges(table: Table) -> EdgesConfig:
    """Read the settings. Raises ConfigError."""
    packet_ms = table.whole("listener_packet_ms", 20, 20, 60)
    if packet_ms not in (20, 60):
        raise ConfigError("listener_packet_ms", f"{packet_ms} will not do", "Write 20 or 60")
    return EdgesConfig(
        count=table.whole("edges", 0, 0, MAX_EDGES),
        udp_ports=_ports(table),
        max_listeners=table.whole("max_listeners", MAX_LISTENERS, 1, 1_000_000),
        listener_packet_ms=packet_ms,
    )


def with_count(edges: EdgesConfig, count: int) -> EdgesConfig:
    """The same with another count, as the command line may ask. Raises ConfigError."""
    if not 0 <= count <= MAX_EDGES:
        raise ConfigError("--edges", f"{count} will not do", f"Write a number from 0 to {MAX_EDGES}")
    if edges.udp_ports and len(edges.udp_ports) < count:
        raise ConfigError("edge_udp_ports", f"there are {len(edges.udp_ports)} for {count} edges", "Name one for each")
    return replace(edges, count=count)


def _ports(table: Table) -> tuple[int, ...]:
    ports: list[int] = []
    for text in table.texts("edge_udp_ports", ()):
        found = _RANGE.fullmatch(text)
        first = int(found[1]) if found else 0
        last = int(found[2]) if found and found[2] else first
        if not 0 < first <= last <= 65535 or last - first >= MAX_EDGES:
            raise ConfigError(table.key("edge_udp_ports"), f"{text!r} is no port", 'Write "8081" or "8081-8084"')
        ports += range(first, last + 1)
    return tuple(ports)
