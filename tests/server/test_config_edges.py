"""Settings of edges, and of how many listeners one process takes."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.config import ConfigError, load_config


def test_without_settings_there_are_no_edges(tmp_path: Path) -> None:
    edges = load_config(None, {"TOLMACH_DATA": str(tmp_path)}).edges
    assert (edges.count, edges.udp_ports, edges.max_listeners) == (0, (), 2500)


def test_ports_are_read_one_by_one_and_as_ranges(tmp_path: Path) -> None:
    environment = {
        "TOLMACH_DATA": str(tmp_path),
        "TOLMACH_EDGES": "3",
        "TOLMACH_EDGE_UDP_PORTS": "9001, 9010-9011",
        "TOLMACH_MAX_LISTENERS": "500",
    }
    edges = load_config(None, environment).edges
    assert (edges.count, edges.udp_ports, edges.max_listeners) == (3, (9001, 9010, 9011), 500)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOLMACH_EDGES", "-1"),
        ("TOLMACH_EDGES", "65"),
        ("TOLMACH_EDGE_UDP_PORTS", "0"),
        ("TOLMACH_EDGE_UDP_PORTS", "9002-9001"),
        ("TOLMACH_EDGE_UDP_PORTS", "high"),
        ("TOLMACH_EDGE_UDP_PORTS", "1-65535"),
        ("TOLMACH_MAX_LISTENERS", "0"),
    ],
)
def test_what_cannot_stand_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_config(None, {"TOLMACH_DATA": str(tmp_path), name: value})
    assert refused.value.key == name
