"""The flood: as much as was asked for, of every kind, and never longer than it may be."""

import socket

from deploy.load import junk


def test_every_kind_is_of_one_length() -> None:
    for kind, packets in junk.kinds_of_junk().items():
        assert len({len(packet) for packet in packets}) == 1, kind


def test_a_flood_is_as_fast_as_was_asked_for_and_ends() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as target:
        target.bind(("127.0.0.1", 0))
        target.setblocking(False)
        sent = [junk.flood(target.getsockname(), "127.0.0.1", 2000, 0.2) for _ in range(3)]
        assert max(sent) <= 480
        assert max(sent) >= 200, "where the machine was not late"
        first = target.recv(2048)
    assert first == b""
