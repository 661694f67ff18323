"""What the livestream costs the server without any cache: `python -m deploy.load.hls`, one `name: value` a line.

A whole server with the demo room's stream running, packager and all; wrk (Debian's package `wrk`) asks for playlists
and parts as fast as it can from 32 connections. Requests a core are counted by the server's own CPU time, less what
it takes when nobody asks, so that neither wrk nor a neighbour on the machine is measured. `low_latency` asks as players
do: every request waits for what comes next.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.load.processes import REPOSITORY, BenchError, Children

_BASELINE_S: Final = 5.0
_UP_S: Final = 60.0
_CONNECTIONS: Final = 32
_HERE: Final = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Origin:
    """A running server: its address with the room's folder, and its process id."""

    url: str
    pid: int

    @property
    def site(self) -> str:
        """Its address without a path."""
        return self.url.partition("/hls/")[0]

    def get(self, path: str) -> str:
        """Return what is at an address in the room's folder."""
        with urllib.request.urlopen(self.url + path, timeout=30) as answer:
            return str(answer.read().decode())

    def asked(self) -> int:
        """Return how often it was asked for the livestream since its start."""
        with urllib.request.urlopen(f"{self.site}/metrics", timeout=30) as answer:
            text = answer.read().decode()
        found = re.findall(r'tolmach_livestream_requests_total\{room="plenary",what="\w+"\} (\S+)', text)
        return int(sum(map(float, found)))


@dataclass(frozen=True, slots=True)
class Figures:
    """What wrk saw: requests, seconds, the 99th percentile in milliseconds, answers that were no success."""

    requests: int
    seconds: float
    p99_ms: float
    failed: int


@contextmanager
def origin(folder: Path) -> Iterator[Origin]:
    """Run a server with the demo's stream in `folder`, and wait until it plays. Raises BenchError."""
    port = free_port()
    environment = {
        "TOLMACH_HOST": "127.0.0.1",
        "TOLMACH_PORT": str(port),
        "TOLMACH_UDP_HOST": "127.0.0.1",
        "TOLMACH_UDP_PORT": str(free_port()),
        "TOLMACH_DATA": str(folder / "data"),
    }
    with Children(folder) as children:
        child = children.start("server", [sys.executable, "-m", "server", "run"], environment=environment)
        here = Origin(f"http://127.0.0.1:{port}/hls/plenary/", child.pid)
        until = time.monotonic() + _UP_S
        while True:
            children.check()
            try:
                here.get("video.m3u8")
                break
            except OSError:
                if time.monotonic() > until:
                    raise BenchError(f"the stream does not start:\n{children.tail('server')}") from None
                time.sleep(0.2)
        yield here


def free_port() -> int:
    """Return a TCP port that nobody uses just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_s(pid: int) -> float:
    """Return the CPU seconds a process has used, its threads' together."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wrk(site: str, script: str, *words: str, connections: int, seconds: int, threads: int = 1) -> Figures:
    """Run wrk with one of our scripts. Raises BenchError when it is not there."""
    command = shutil.which("wrk")
    if command is None:
        raise BenchError("wrk is missing; install it with: sudo apt-get install wrk")
    began = time.monotonic()
    options = (f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "20s", "--latency")
    told = subprocess.run(
        [command, *options, "-s", str(_HERE / script), site, "--", *words],
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY,
    ).stdout
    requests = re.search(r"(\d+) requests in", told)
    p99 = re.search(r"99%\s+([\d.]+)(us|ms|s)", told)
    if requests is None or p99 is None:
        raise BenchError(f"wrk says:\n{told}")
    errors = "".join(re.findall(r"Non-2xx or 3xx responses: .*|Socket errors: .*", told))
    failed = sum(map(int, re.findall(r"(?<!-)\b\d+\b(?!xx)", errors)))
    unit_ms = {"us": 0.001, "ms": 1.0, "s": 1000.0}[p99[2]]
    return Figures(int(requests[1]), time.monotonic() - began, float(p99[1]) * unit_ms, failed)


def newest_part(here: Origin, track: str) -> str:
    """Return the path of a track's newest part on the site."""
    *_, newest = re.finditer(rf'EXT-X-PART:[^\n]*URI="({track}/[^"]+)"', here.get(f"{track}.m3u8"))
    return f"/hls/plenary/{newest[1]}"


def _measure(
    here: Origin, name: str, script: str, *words: str, idle: float, seconds: int, connections: int = _CONNECTIONS
) -> None:
    before = cpu_s(here.pid)
    seen = wrk(here.site, script, *words, connections=connections, seconds=seconds)
    spent = cpu_s(here.pid) - before - idle * seen.seconds
    print(f"hls_{name}_requests_s: {seen.requests / seen.seconds:.0f}")
    print(f"hls_{name}_requests_per_core_s: {seen.requests / max(spent, 0.01):.0f}")
    print(f"hls_{name}_p99_ms: {seen.p99_ms:.1f}")
    print(f"hls_{name}_failed: {seen.failed}", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m deploy.load.hls", description=__doc__.split("\n\n")[0])
    parser.add_argument("--seconds", type=int, default=8, help="how long each is asked for (8)")
    seconds = parser.parse_args(arguments).seconds
    print(f"hls_load_before: {os.getloadavg()[0]:.2f}")
    with tempfile.TemporaryDirectory(prefix="tolmach-hls-") as name, origin(Path(name)) as here:
        before = cpu_s(here.pid)
        time.sleep(_BASELINE_S)
        idle = (cpu_s(here.pid) - before) / _BASELINE_S
        print(f"hls_server_idle_cores: {idle:.3f}")
        playlists = ("/hls/plenary/video.m3u8", "/hls/plenary/de.m3u8")
        _measure(here, "playlists", "hls_paths.lua", *playlists, idle=idle, seconds=seconds)
        parts = newest_part(here, "video"), newest_part(here, "de")
        _measure(here, "parts", "hls_paths.lua", *parts, idle=idle, seconds=seconds)
        parts = newest_part(here, "video"), newest_part(here, "de")
        _measure(here, "both", "hls_paths.lua", *playlists, *parts, idle=idle, seconds=seconds)
        words = ("/hls/plenary/", "video", "de")
        _measure(here, "low_latency_100", "hls_viewers.lua", *words, idle=idle, seconds=seconds, connections=400)
    print(f"hls_load_after: {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
