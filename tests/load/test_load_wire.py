"""The bare wire: as many sockets as asked for, each sent its packets."""

import select
from pathlib import Path

from deploy.load.processes import Children
from deploy.load.targets import Place, start_wire
from deploy.load.wire import open_sockets, send


def test_every_socket_gets_a_packet_a_round() -> None:
    sockets = open_sockets("127.0.0.1", 3)
    try:
        cost = send("127.0.0.1", 0.1, [sock.getsockname()[1] for sock in sockets])
        assert cost > 0
        for sock in sockets:
            sizes = []
            while select.select([sock], [], [], 0)[0]:
                sizes.append(len(sock.recv(2048)))
            assert sizes == [188] * 5
    finally:
        for sock in sockets:
            sock.close()


def test_the_bench_steers_both_ends(tmp_path: Path) -> None:
    with Children(tmp_path) as children:
        sender, receiver = start_wire(Place.loopback(), children)
        ports = receiver.ask("open 2", 20)["ports"]
        assert len(set(ports)) == 2
        answer = sender.ask(f"send 127.0.0.1 0.1 {','.join(map(str, ports))}", 20)
        assert answer["us_per_packet"] > 0
        sender.stop()
        receiver.stop()
        children.check()
