"""Listeners over two edges of which one is killed: `python -m deploy.load.edges --listeners 100`.

Starts `tolmach run --edges 2` on loopback, lets the listeners join as the watch page does (WHEP, and the WebSocket
that tells of a lost edge), kills one edge with SIGKILL, and prints `name: value` a line: how long until each hears
again, and what was lost. Exits 1 when somebody does not hear again within ten seconds.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, Final

import aiohttp

from deploy.load.lean import allow_descriptors, is_ready
from deploy.load.processes import Children
from media.calling import parse_answer
from media.dtls import DtlsIdentity
from media.rtp import RtpPacket, sequence_after
from media.upstream import Upstream

_SPREAD_S: Final = 0.5
_TIMER_S: Final = 0.05
_PACKETS_PER_S: Final = 50
_SDP: Final = {"Content-Type": "application/sdp"}


class Listener:
    """One listener: its session, on which edge it is and at which UDP port, when its packets came, and how many are
    missing between them.
    """

    def __init__(self, audience: "Audience") -> None:
        self.edge = ""
        self.port = 0
        self.packets = 0
        self.lost = 0
        self.heard_at = 0.0
        self.gap_s = 0.0
        self.failures = 0
        self._audience = audience
        self._session: Upstream | None = None
        self._sequence: int | None = None

    async def join(self) -> None:
        """Post an offer and wait until something is heard. Raises RuntimeError for an answer other than 201."""
        self.close()
        self._sequence = None
        session = Upstream(self._audience.identity, "audio", self._take, lambda report: None, time.monotonic())
        self._session = session
        async with self._audience.http.post(self._audience.whep, data=session.offer, headers=_SDP) as response:
            if response.status != 201:
                raise RuntimeError(f"http_{response.status}")
            self.edge = response.headers.get("Tolmach-Edge", "")
            answer = await response.text()
        self.port = parse_answer(answer).addresses[0][1]
        session.answered(answer, None, time.monotonic())

    async def rejoin(self) -> None:
        """As the page does: at a moment within half a second, and again when that fails."""
        self.close()
        await asyncio.sleep(random.uniform(0, _SPREAD_S))
        while True:
            try:
                await self.join()
                return
            except (RuntimeError, aiohttp.ClientError):
                self.failures += 1
                await asyncio.sleep(0.5)

    def on_timer(self, now: float) -> None:
        """Keep the session alive."""
        if self._session is not None:
            self._session.on_timer(now)

    def close(self) -> None:
        """Leave."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _take(self, packet: RtpPacket, codec: str, now: float) -> None:
        if self.heard_at:
            self.gap_s = max(self.gap_s, now - self.heard_at)
        self.heard_at = now
        self.packets += 1
        if self._sequence is not None:
            self.lost += max(0, sequence_after(packet.sequence, self._sequence) - 1)
        self._sequence = packet.sequence


class Audience:
    """All listeners of this process, and the one WebSocket that stands for their pages'.

    Use as an asynchronous context manager; `url` is the server's, `room` and `channel` what is heard.
    """

    def __init__(self, url: str, room: str = "plenary", channel: str = "floor") -> None:
        self.identity = DtlsIdentity()
        self.whep = f"{url}/whep/{room}/{channel}"
        self.listeners: list[Listener] = []
        self.lost_edges: dict[str, float] = {}
        self._url = url
        self._room = room
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Audience":
        self.http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64))
        self._socket = await self.http.ws_connect(f"{self._url}/ws?room={self._room}")
        self._start(self._read())
        self._start(self._keep_time())
        return self

    async def __aexit__(self, *exc: object) -> None:
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for listener in self.listeners:
            listener.close()
        await self._socket.close()
        await self.http.close()

    async def join(self, count: int) -> None:
        """Let `count` more join; returns when each hears something. Raises TimeoutError after 20 s."""
        fresh = [Listener(self) for _ in range(count)]
        self.listeners += fresh
        await asyncio.gather(*(one.join() for one in fresh))
        await self.until(lambda: all(one.packets for one in fresh), 20)

    async def edges_up(self, count: int) -> None:
        """Wait until the server counts so many edges as alive. Raises TimeoutError after 40 s."""
        alive = -1
        async with asyncio.timeout(40):
            while alive != count:
                await asyncio.sleep(0.1)
                async with self.http.get(f"{self._url}/metrics") as response:
                    lines = (await response.text()).splitlines()
                alive = sum(line.startswith("tolmach_edge_up{") and line.endswith(" 1.0") for line in lines)

    async def until(self, happened: Callable[[], bool], seconds: float) -> None:
        """Wait until it is so. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not happened():
                await asyncio.sleep(0.02)

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read(self) -> None:
        async for frame in self._socket:
            message = json.loads(frame.data)
            if message["type"] == "edge_lost":
                self.lost_edges[message["edge"]] = time.monotonic()
                for listener in self.listeners:
                    if listener.edge == message["edge"]:
                        self._start(listener.rejoin())

    async def _keep_time(self) -> None:
        while True:
            await asyncio.sleep(_TIMER_S)
            for listener in self.listeners:
                listener.on_timer(time.monotonic())


def edge_pids(parent: int) -> dict[int, int]:
    """The process ids of the edges that a server started, by their UDP port."""
    found: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                words = (folder / "cmdline").read_text().split("\0")
                if "--udp-port" in words:
                    found[int(words[words.index("--udp-port") + 1])] = int(folder.name)
        except OSError:
            # It ended while we looked.
            continue
    return found


async def measure(
    url: str, server: int, listeners: int, edges: int, seconds: float, how: signal.Signals
) -> Mapping[str, float]:
    """Let the listeners join, end one edge by the signal `how`, and return the figures.

    Raises:
        TimeoutError: somebody did not hear, or not again.
    """
    async with Audience(url) as audience:
        await audience.edges_up(edges)
        started = time.monotonic()
        await audience.join(listeners)
        joined_s = time.monotonic() - started
        await asyncio.sleep(seconds)
        victim = audience.listeners[0].edge
        moved = [one for one in audience.listeners if one.edge == victim]
        killed_at = time.monotonic()
        victim_pid = edge_pids(server)[moved[0].port]
        os.kill(victim_pid, how)
        await audience.until(lambda: all(one.edge != victim and one.heard_at > killed_at + 0.2 for one in moved), 10)
        with contextlib.suppress(ProcessLookupError):
            os.kill(victim_pid, signal.SIGKILL)
        await asyncio.sleep(seconds)
        stayed = [one for one in audience.listeners if one not in moved]
        gaps = sorted(one.gap_s for one in moved)
        return {
            "listeners": listeners,
            "join_seconds": joined_s,
            "listeners_on_killed_edge": len(moved),
            "told_seconds": audience.lost_edges[victim] - killed_at,
            "heard_again_seconds_median": statistics.median(gaps),
            "heard_again_seconds_worst": gaps[-1],
            "packets_lost_each_median": statistics.median(gaps) * _PACKETS_PER_S,
            "packets_lost_each_worst": gaps[-1] * _PACKETS_PER_S,
            "failed_posts": sum(one.failures for one in moved),
            "packets_lost_by_others": sum(one.lost for one in stayed),
            "longest_gap_of_others_seconds": max((one.gap_s for one in stayed), default=0.0),
        }


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m deploy.load.edges", description=__doc__.split("\n\n")[0])
    parser.add_argument("--listeners", type=int, default=100, help="(100)")
    parser.add_argument("--edges", type=int, default=2, help="(2)")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long to listen before and after (3)")
    parser.add_argument("--freeze", action="store_true", help="stop the edge instead, as when its network is cut")
    options = parser.parse_args()
    allow_descriptors(options.listeners)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder, Children(Path(folder)) as children:
        url = f"http://127.0.0.1:{port}"
        environment = {
            "TOLMACH_PORT": str(port),
            "TOLMACH_UDP_PORT": str(port),
            "TOLMACH_DATA": folder,
            "TOLMACH_PUBLIC_IPS": "127.0.0.1",
        }
        command = (sys.executable, "-m", "server", "run", "--edges", str(options.edges))
        server = children.start("server", command, environment=environment)
        if not asyncio.run(is_ready(f"{url}/readyz")):
            print(children.tail("server"), file=sys.stderr)
            return 1
        try:
            how = signal.SIGSTOP if options.freeze else signal.SIGKILL
            figures = asyncio.run(measure(url, server.pid, options.listeners, options.edges, options.seconds, how))
        except TimeoutError:
            print("somebody does not hear", file=sys.stderr)
            return 1
    for name, value in figures.items():
        print(f"{name}: {value:.2f}" if isinstance(value, float) else f"{name}: {value}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
