"""The two servers that are measured, each started the same way: a process, its lean listeners, a floor that sounds."""

import os
import secrets
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.load import janus
from deploy.load.netns import LISTENER_IP, SERVER_IP, Pair
from deploy.load.processes import REPOSITORY, BenchError, Children, Steered

ROOM: Final = "plenary"
CHANNEL: Final = "floor"
_READY_S: Final = 20.0
_INVITE_S: Final = 20.0
# Packaging costs the same however many listen, and Janus packages nothing: deploy/load/packaging.py measures it.
_CONFIGURATION: Final = f"""
[[conference]]
id = "trial"
title = {{ de = "Probe", uk = "Проба", en = "Trial" }}

[[conference.room]]
id = "{ROOM}"
title = {{ de = "Plenum", uk = "Пленарна зала", en = "Plenary" }}
languages = ["de", "uk", "en"]
floor_language = "de"
booth = [{{ id = "de-uk", languages = ["de", "uk"] }}, {{ id = "en", languages = ["en", "de"] }}]
livestream = false
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where servers and listeners run: in a pair of namespaces, or all on loopback."""

    server_namespace: str | None
    listener_namespace: str | None
    server_ip: str
    listener_ip: str
    port: int

    @classmethod
    def of_pair(cls, pair: Pair) -> "Place":
        """In two namespaces, where every port is free."""
        return cls(pair.server, pair.listener, SERVER_IP, LISTENER_IP, 8080)

    @classmethod
    def loopback(cls) -> "Place":
        """On loopback, at a port that was free a moment ago."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return cls(None, None, "127.0.0.1", "127.0.0.1", int(probe.getsockname()[1]))


@dataclass(frozen=True, slots=True)
class Target:
    """A running server and the lean listeners aimed at it; `name` begins its figures' names."""

    name: str
    pid: int
    listeners: Steered


class Tolmach:
    """Our own server with a fresh data folder and one room without a livestream."""

    def __init__(self, place: Place, folder: Path, children: Children) -> None:
        self._place = place
        self._children = children
        self._configuration = folder / "tolmach.toml"
        self._configuration.write_text(_CONFIGURATION, "utf-8")
        self._environment = {
            "TOLMACH_HOST": place.server_ip,
            "TOLMACH_PORT": str(place.port),
            "TOLMACH_UDP_PORT": str(place.port),
            "TOLMACH_PUBLIC_URL": f"http://{place.server_ip}:{place.port}",
            "TOLMACH_PUBLIC_IPS": place.server_ip,
            "TOLMACH_DATA": str(folder / "data"),
            "TOLMACH_SECRET": secrets.token_hex(32),
            "TOLMACH_REDIS_URL": "",
            # More than a process takes by default: where it ends is what is looked for.
            "TOLMACH_MAX_LISTENERS": "4000",
        }

    @property
    def url(self) -> str:
        """The server's root."""
        return self._environment["TOLMACH_PUBLIC_URL"]

    def start(self, *, is_light: bool = False) -> Target:
        """Start the server and wait until it is ready. The packets of most light listeners nobody reads.

        Raises:
            BenchError: it is not ready after 20 s.
        """
        server = self._children.start(
            "server",
            [sys.executable, "-m", "server", "run", "--config", str(self._configuration)],
            namespace=self._place.server_namespace,
            environment=self._environment,
        )
        whep = f"{self.url}/whep/{ROOM}/{CHANNEL}"
        listeners = _listeners("listeners", ["--whep", whep], self._place, self._children, is_light=is_light)
        _wait(listeners, f"{self.url}/readyz", self._children)
        return Target("server", server.pid, listeners)

    def publish(self, seconds: float) -> None:
        """Start the lean publisher as the venue."""
        arguments = [
            "--whip",
            f"{self.url}/whip/{ROOM}",
            "--token",
            self.invite("venue"),
            "--bind",
            self._place.listener_ip,
        ]
        self._children.start(
            "publisher",
            [sys.executable, "-m", "deploy.load.publisher", *arguments, "--seconds", str(seconds)],
            namespace=self._place.listener_namespace,
        )

    def invite(self, role: str, booth: str | None = None, name: str | None = None) -> str:
        """A bearer token by the command line: the last path segment of the link it prints.

        Raises:
            BenchError: the command failed.
        """
        command = [sys.executable, "-m", "server", "invite", "--config", str(self._configuration)]
        command += ["--room", ROOM, "--role", role, "--hours", "1"]
        command += ["--booth", booth] if booth else []
        command += ["--name", name] if name else []
        result = subprocess.run(
            command,
            cwd=REPOSITORY,
            env={**os.environ, **self._environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=_INVITE_S,
        )
        if result.returncode != 0 or not result.stdout.strip():
            raise BenchError(f"tolmach invite failed: {result.stderr.strip()[-500:]}")
        return result.stdout.strip().splitlines()[-1].rpartition("/")[2]


def start_janus(place: Place, folder: Path, children: Children, seconds: float, *, is_light: bool = False) -> Target:
    """Start Janus, the sender that feeds its mountpoint for `seconds`, and listeners.

    Raises:
        BenchError: it is not ready after 20 s.
    """
    config = folder / "janus"
    config.mkdir()
    janus.write_config(config, place.server_ip)
    server = children.start("janus", janus.command(config), namespace=place.server_namespace)
    url = janus.rest_url(place.server_ip)
    listeners = _listeners("janus-listeners", ["--janus", url], place, children, is_light=is_light)
    _wait(listeners, f"{url}/info", children)
    children.start(
        "janus-feed",
        [
            sys.executable,
            "-m",
            "deploy.load.publisher",
            "--rtp",
            f"127.0.0.1:{janus.RTP_PORT}",
            "--seconds",
            str(seconds),
        ],
        namespace=place.server_namespace,
    )
    return Target("janus", server.pid, listeners)


def start_wire(place: Place, children: Children) -> tuple[Steered, Steered]:
    """The sender where servers run, and the receiver where listeners run."""
    command = [sys.executable, "-m", "deploy.load.wire", "--bind", place.listener_ip]
    sender = children.start("wire-sender", command, namespace=place.server_namespace, is_steered=True)
    receiver = children.start("wire-receiver", command, namespace=place.listener_namespace, is_steered=True)
    return Steered("wire-sender", sender, children), Steered("wire-receiver", receiver, children)


def _listeners(name: str, target: list[str], place: Place, children: Children, *, is_light: bool) -> Steered:
    command = [sys.executable, "-m", "deploy.load.lean", *target, "--bind", place.listener_ip, "--commands"]
    command += ["--light"] if is_light else []
    child = children.start(name, command, namespace=place.listener_namespace, is_steered=True)
    return Steered(name, child, children)


def _wait(listeners: Steered, url: str, children: Children) -> None:
    if not listeners.ask(f"wait {url}", _READY_S + 5)["ready"]:
        children.check()
        raise BenchError(f"nothing answers at {url}\n{children.tail('server') or children.tail('janus')}")
