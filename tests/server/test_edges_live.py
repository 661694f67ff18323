"""Real processes: a server with two edges of which one is killed and one frozen; an edge that outlives its origin."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from deploy.load.edges import Audience, edge_pids
from server.tokens import issue_edge_pass
from tests.browser.stagehand import WAIT_S, Server, free_port

SECRET = "0123456789abcdef0123456789abcdef"


@contextmanager
def server(folder: Path, *arguments: str) -> Iterator[Server]:
    running = Server(folder, environment={"TOLMACH_SECRET": SECRET}, arguments=arguments)
    running.start()
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def edge(origin: str) -> Iterator[None]:
    """`tolmach edge` by hand, as on another machine."""
    environment = {
        **os.environ,
        "TOLMACH_EDGE_TOKEN": issue_edge_pass(SECRET, "far")[0],
        "TOLMACH_UDP_PORT": str(free_port()),
        "TOLMACH_PUBLIC_IPS": "127.0.0.1",
    }
    command = [sys.executable, "-m", "server", "edge", "--origin", origin]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        assert process.wait(20) == 0


@asynccontextmanager
async def audience(url: str, edges: int, count: int) -> AsyncIterator[Audience]:
    async with Audience(url) as here:
        await here.edges_up(edges)
        await here.join(count)
        yield here


async def heard_again(here: Audience, lost: str, since: float) -> None:
    """All who were on a lost edge are on another and hear."""
    moved = [one for one in here.listeners if one.edge == lost]
    assert moved
    await here.until(lambda: all(one.edge != lost and one.heard_at > since + 0.2 for one in moved), WAIT_S)
    print(f"longest gap of those who moved: {max(one.gap_s for one in moved):.1f} s (promised: 3)")


async def test_an_edge_that_is_killed_or_frozen_is_left(tmp_path: Path) -> None:
    with server(tmp_path, "--edges", "2") as running:
        assert running.process is not None
        async with audience(running.url, 2, 8) as here:
            by_port = edge_pids(running.process.pid)
            assert {one.port for one in here.listeners} == set(by_port), "all are on edges, and on both"
            first = here.listeners[0]
            at, stayed = time.monotonic(), [one for one in here.listeners if one.edge != first.edge]
            os.kill(by_port[first.port], signal.SIGKILL)
            await heard_again(here, first.edge, at)
            assert sum(one.lost for one in stayed) == 0
            await here.edges_up(2)

            for one in here.listeners:
                one.gap_s = 0.0
            frozen = edge_pids(running.process.pid)[stayed[0].port]
            lost, at = stayed[0].edge, time.monotonic()
            os.kill(frozen, signal.SIGSTOP)
            try:
                await heard_again(here, lost, at)
            finally:
                os.kill(frozen, signal.SIGCONT)
            await here.edges_up(2)


def refused(origin: str) -> subprocess.CompletedProcess[str]:
    """What an edge says that comes with a token of its own making."""
    command = [sys.executable, "-m", "server", "edge", "--origin", origin, "--token", "nonsense", "--udp-port", "0"]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


async def test_an_edge_elsewhere_plays_on_through_its_origins_death(tmp_path: Path) -> None:
    with server(tmp_path) as running, edge(running.url):
        unwanted = await asyncio.to_thread(refused, running.url)
        assert unwanted.returncode == 1
        assert "the origin refuses this edge (401)" in unwanted.stderr
        async with audience(running.url, 1, 2) as here:
            places = [(one.edge, one.port) for one in here.listeners]
            running.stop(signal.SIGKILL)
            await asyncio.to_thread(running.start)
            restarted_at = time.monotonic()
            await here.until(lambda: all(one.heard_at > restarted_at for one in here.listeners), WAIT_S)
            # Nobody has posted anew: the sessions are those from before.
            assert [(one.edge, one.port) for one in here.listeners] == places
