"""What the wire itself costs: bare `sendmmsg` to as many sockets as there are listeners, nothing encrypted.

It is the floor under every server's figure on the same machine in the same run: the kernel books the way across the
veth, delivery included, on whoever sends. Two processes, steered by the bench as the listeners are:

    receive: open N            {"ports": […]}
    send:    send HOST S PORTS {"us_per_packet": …} after S seconds at 50 packets a second to each port
"""

import argparse
import json
import resource
import select
import socket
import sys
import threading
import time
from typing import Final

from deploy.load.lean import allow_descriptors
from deploy.load.publisher import FRAME_S
from media.udp import Batch, open_socket

# An Opus packet of 160 bytes, its RTP header and its SRTP tag.
_PACKET_BYTES: Final = 188
_SLOT_BYTES: Final = 256


def send(host: str, seconds: float, ports: list[int]) -> float:
    """Send one packet to every port every 20 ms; microseconds of CPU a packet, user and system."""
    with open_socket("", 0) as sock:
        is_ipv6 = sock.family == socket.AF_INET6
        batch = Batch(len(ports), _SLOT_BYTES, is_ipv6_socket=is_ipv6)
        for slot, port in enumerate(ports):
            batch.set_address(slot, (host, port))
        rounds, started, before = int(seconds / FRAME_S), time.monotonic(), _cpu_s()
        for number in range(rounds):
            time.sleep(max(0.0, started + number * FRAME_S - time.monotonic()))
            batch.send(sock, len(ports), _PACKET_BYTES)
        return (_cpu_s() - before) * 1e6 / (rounds * len(ports))


def open_sockets(host: str, count: int) -> list[socket.socket]:
    """So many sockets on ports of the kernel's choice."""
    allow_descriptors(count)
    sockets = []
    for _ in range(count):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        sock.bind((host, 0))
        sockets.append(sock)
    return sockets


def _drain(sockets: list[socket.socket]) -> None:
    by_descriptor = {sock.fileno(): sock for sock in sockets}
    buffer = bytearray(2048)
    with select.epoll() as epoll:
        for descriptor in by_descriptor:
            epoll.register(descriptor, select.EPOLLIN)
        while True:
            for descriptor, _ in epoll.poll(-1, 4096):
                by_descriptor[descriptor].recv_into(buffer)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _answer(command: str, host: str) -> dict[str, object]:
    match command.split():
        case ["open", count]:
            sockets = open_sockets(host, int(count))
            # A daemon: it ends with the process, which ends with its stdin.
            threading.Thread(target=_drain, args=(sockets,), daemon=True).start()
            return {"ports": [sock.getsockname()[1] for sock in sockets]}
        case ["send", target, seconds, ports]:
            return {"us_per_packet": send(target, float(seconds), [int(port) for port in ports.split(",")])}
        case _:
            raise ValueError(f"unknown command {command!r}")


def main() -> int:
    """Answer lines until `stop` or the end of stdin."""
    parser = argparse.ArgumentParser(prog="python -m deploy.load.wire", description=__doc__.split("\n\n")[0])
    parser.add_argument("--bind", default="127.0.0.1", help="local address of receiving sockets (127.0.0.1)")
    options = parser.parse_args()
    for line in sys.stdin:
        if line.strip() == "stop":
            break
        print(json.dumps(_answer(line.strip(), options.bind)), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
