"""The edges of `tolmach run --edges N`: started beside the server, started again when they die, ended with it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import sys
from collections.abc import Callable
from typing import Final

from server.config import Config
from server.tokens import MAX_HOURS, issue_edge_pass

_log = logging.getLogger(__name__)

# The first is long enough for listeners to be elsewhere before a start takes their processor.
BACKOFF_S: Final = (1.0, 1.0, 2.0, 5.0)
# Who lived so long died of something else than what it was started with.
STEADY_S: Final = 10.0
STOP_S: Final = 2.0
_PORTS_TRIED: Final = 100
_EVERYWHERE: Final = ("", "0.0.0.0", "::")


class EdgeProcesses:
    """The processes that `config.edges` asks for.

    Args:
        config: the server's own; edges receive media on the same addresses, on UDP ports of their own.
        port: the server's TCP port.
        on_exit: told the name of an edge that has ended.
    """

    def __init__(self, config: Config, port: int, on_exit: Callable[[str], None]) -> None:
        self._config = config
        host = "127.0.0.1" if config.host in _EVERYWHERE else config.host
        self._origin = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._on_exit = on_exit
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> EdgeProcesses:
        ports = _ports(self._config)
        self._tasks = [asyncio.create_task(self._keep(f"edge-{n}", port)) for n, port in enumerate(ports, 1)]
        return self

    async def __aexit__(self, *exc: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _keep(self, name: str, port: int) -> None:
        """Keep one edge running until cancelled."""
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            begun = loop.time()
            status = await self._run_once(name, port)
            self._on_exit(name)
            failures = 0 if loop.time() - begun > STEADY_S else failures + 1
            _log.warning("%s has ended with status %d and is started again", name, status)
            await asyncio.sleep(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])

    async def _run_once(self, name: str, port: int) -> int:
        """Start an edge and wait for its end; cancelled, end it."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "server", "edge", "--with-parent"),
            *("--origin", self._origin, "--udp-port", str(port), "--name", name),
            env=self._environment(name),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            return await process.wait()
        except asyncio.CancelledError:
            await _end(process)
            raise

    def _environment(self, name: str) -> dict[str, str]:
        token, _ = issue_edge_pass(self._config.secret, name, MAX_HOURS)
        return {
            **os.environ,
            "TOLMACH_EDGE_TOKEN": token,
            "TOLMACH_UDP_HOST": self._config.udp_host,
            "TOLMACH_PUBLIC_IPS": ",".join(self._config.public_ips),
            "TOLMACH_MAX_LISTENERS": str(self._config.edges.max_listeners),
        }


async def _end(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def _ports(config: Config) -> list[int]:
    """The UDP ports of the edges: those configured, else the first free ones after the server's own."""
    if config.edges.udp_ports:
        return list(config.edges.udp_ports[: config.edges.count])
    if config.udp_port == 0:
        return [0] * config.edges.count
    following = range(config.udp_port + 1, min(config.udp_port + _PORTS_TRIED, 65535))
    free = (port for port in following if _is_free(config.udp_host, port))
    return [next(free, 0) for _ in range(config.edges.count)]


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET if host and ":" not in host else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((host, port))
    except OSError:
        return False
    return True
