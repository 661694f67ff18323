"""Junk at the UDP port: `python -m deploy.load.junk` (see README.md). Prints `name: value`, one a line.

Our server runs in one of two namespaces (or on loopback where we may not make any), lean listeners and a lean
publisher in the other, at the same address as the flood. At each rate it floods the port for ten seconds at most, half
of it with packets that only cost a look-up and half with STUN that has to be read; a few more listeners join in the
midst of it.
"""

import argparse
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from deploy.load import measure
from deploy.load.listening import Figures
from deploy.load.measure import Usage
from deploy.load.netns import NamespaceError, inside, pair_of_namespaces, raise_socket_limits
from deploy.load.processes import BenchError, Children, pause
from deploy.load.targets import Place, Target, Tolmach
from media import stun
from media.udp import Batch

LONGEST_S: Final = 10.0
RATES: Final = (0, 10_000, 30_000)
_SOCKETS: Final = 8
_BATCHES_A_SECOND: Final = 100
_SOUND_LOST: Final = 'tolmach_source_packets_lost_total{media="audio"'
_LATECOMERS: Final = 10


def kinds_of_junk() -> dict[str, list[bytes]]:
    """What strangers send: packets of each kind, all of a kind equally long."""
    password = os.urandom(16)
    checks = [stun.format_request(os.urandom(12), f"{os.urandom(6).hex()}:them", password, tie_breaker=7)]
    checks += [stun.format_success(os.urandom(12), "192.0.2.1", 9, password).ljust(len(checks[0]), b"\0")]
    return {
        "empty": [b""],
        "random": [os.urandom(300) for _ in range(32)],
        "dtls": [b"\x16\xfe\xff" + bytes(8) + struct.pack("!H", 200) + b"\x01" + os.urandom(199)],
        "rtp": [struct.pack("!BBHII", 0x80, 111, n, n * 960, 7) + os.urandom(160) for n in range(32)],
        "stun": checks * 4,
        "broken_stun": [b"\x00\x01\x00\x58" + stun.MAGIC.to_bytes(4) + os.urandom(100) for _ in range(32)],
        "unsigned_stun": [struct.pack("!HHI12s", 1, 0, stun.MAGIC, os.urandom(12)) for _ in range(32)],
        "indication": [struct.pack("!HHI12s", 0x11, 0, stun.MAGIC, os.urandom(12))],
    }


def flood(target: tuple[str, int], bind: str, rate: int, seconds: float) -> int:
    """Send `rate` packets a second for `seconds`, kinds in turn from eight sockets; how many the kernel took."""
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(_SOCKETS)]
    try:
        for sock in sockets:
            sock.bind((bind, 0))
            sock.setblocking(False)
        batches = [_batch(packets, target) for packets in kinds_of_junk().values()]
        return _keep_sending(sockets, batches, rate, min(seconds, LONGEST_S))
    finally:
        for sock in sockets:
            sock.close()


def _keep_sending(
    sockets: list[socket.socket], batches: list[tuple[Batch, int, int]], rate: int, seconds: float
) -> int:
    started, sent, turn = time.monotonic(), 0, 0
    while (passed := time.monotonic() - started) < seconds:
        while sent < rate * passed:
            batch, capacity, length = batches[turn % len(batches)]
            count = min(capacity, max(1, rate // _BATCHES_A_SECOND // len(batches)))
            batch.send(sockets[turn // len(batches) % len(sockets)], count, length)
            sent, turn = sent + count, turn + 1
        time.sleep(1 / _BATCHES_A_SECOND)
    return sent


def _batch(packets: list[bytes], target: tuple[str, int], capacity: int = 128) -> tuple[Batch, int, int]:
    length = len(packets[0])
    batch = Batch(capacity, max(1, length), is_ipv6_socket=False)
    for slot in range(capacity):
        packet = packets[slot % len(packets)]
        batch.arena[slot, :length] = list(packet)
        batch.set_address(slot, target)
    return batch, capacity, length


def read_metrics(place: Place) -> dict[str, float]:
    """The server's figures by name, read from where its namespace is."""
    url = f"http://{place.server_ip}:{place.port}/metrics"
    command = [
        sys.executable,
        "-c",
        "import sys,urllib.request as u;print(u.urlopen(sys.argv[1]).read().decode())",
        url,
    ]
    if place.listener_namespace is None:
        with urllib.request.urlopen(url) as answer:
            text = answer.read().decode()
    else:
        text = _output(inside(place.listener_namespace, command))
    pairs = (line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout


def measure_rate(place: Place, target: Target, rate: int, seconds: float, figures: Figures, children: Children) -> None:
    """One window at one rate: what the listeners heard, what the floor lost, what the server used.

    Raises:
        BenchError: a process failed.
    """
    name = f"junk_{rate}" if rate else "quiet"
    flooder = None
    if rate:
        command = [sys.executable, "-m", "deploy.load.junk", "--flood", f"{place.server_ip}:{place.port}"]
        command += ["--bind", place.listener_ip, "--rate", str(rate), "--seconds", str(seconds)]
        flooder = children.start(f"flood-{rate}", command, namespace=place.listener_namespace)
        pause(0.5, children)
    before, used = read_metrics(place), Usage.of(target.pid)
    target.listeners.ask("mark", 15)
    pause(seconds - 3, children)
    heard = target.listeners.ask("mark", 15)
    after, using = read_metrics(place), Usage.of(target.pid)
    joined = target.listeners.ask(f"join {_LATECOMERS}", 30)
    if flooder is not None:
        flooder.wait(2 * LONGEST_S)
    gained = {key: after[key] - before.get(key, 0.0) for key in after}
    values: dict[str, float] = {
        "least_packets_per_second": heard["least"] / heard["seconds"],
        "listeners_lost": heard["tally"]["lost"],
        "floor_packets_lost": sum(int(gained[key]) for key in gained if key.startswith(_SOUND_LOST)),
        "server_cpu_percent": 100 * using.share_since(used),
        "junk_seen_per_second": sum(_dropped(gained)) / (using.at - used.at),
        "joins_failed_of_10": sum(joined["failed"].values()),
        "mixer_late_ticks": int(gained.get("tolmach_mixer_late_ticks_total", 0)),
    }
    for key, value in values.items():
        figures.add(f"{name}_{key}", value)
    for key in sorted(key for key in gained if key.startswith("tolmach_datagrams_dropped_total{") and gained[key]):
        print(f"{name}_dropped_{key.partition('=')[2].strip('}').strip(chr(34))}: {gained[key]:.0f}", flush=True)


def _dropped(gained: dict[str, float]) -> Iterator[float]:
    return (value for key, value in gained.items() if key.startswith("tolmach_datagrams_dropped_total{"))


def run(place: Place, listeners: int, rates: list[int], seconds: float) -> None:
    """All rates, one after another, against one server."""
    with tempfile.TemporaryDirectory(prefix="tolmach-junk-") as name, Children(Path(name)) as children:
        tolmach = Tolmach(place, Path(name), children)
        target = tolmach.start()
        tolmach.publish(60 + len(rates) * (seconds + 40))
        pause(3, children)
        failed = target.listeners.ask(f"join {listeners}", 60)["failed"]
        figures = Figures()
        figures.add("listeners", listeners - sum(failed.values()))
        pause(2, children)
        for rate in rates:
            measure_rate(place, target, rate, seconds, figures, children)
            pause(2, children)
        figures.add("memory_mib", measure.resident_kib(target.pid) / 1024)
        target.listeners.stop()


def main() -> int:
    """Flood and measure; with `--flood` only flood."""
    parser = argparse.ArgumentParser(prog="python -m deploy.load.junk", description=__doc__.split("\n\n")[0])
    parser.add_argument("--listeners", type=int, default=100)
    parser.add_argument("--rates", default=",".join(map(str, RATES)), help="packets a second, by commas")
    parser.add_argument("--seconds", type=float, default=LONGEST_S, help="of each rate, 10 at most")
    parser.add_argument("--flood", metavar="HOST:PORT", help="only flood this address, which must be your own")
    parser.add_argument("--bind", default="127.0.0.1", help="the address to flood from")
    parser.add_argument("--rate", type=int, default=10_000)
    options = parser.parse_args()
    if options.flood:
        host, _, port = options.flood.rpartition(":")
        print(f"sent: {flood((host, int(port)), options.bind, options.rate, options.seconds)}")
        return 0
    rates, seconds = [int(rate) for rate in options.rates.split(",")], max(5.0, min(options.seconds, LONGEST_S))
    raise_socket_limits()
    try:
        try:
            with pair_of_namespaces() as pair:
                run(Place.of_pair(pair), options.listeners, rates, seconds)
        except NamespaceError as error:
            print(error, file=sys.stderr)
            run(Place.loopback(), options.listeners, rates, seconds)
    except BenchError as error:
        print(f"junk: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
