"""Our server as a process that trials may kill, stop, starve and start again as the same server.

It holds one conference that is not the demo's: no bells where silence is to be heard. Links are made with its secret.
"""

import asyncio
import hashlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import aiohttp

from deploy.load.processes import REPOSITORY, BenchError, end
from interpreting.ids import BoothId, PersonId, RoomId
from interpreting.roles import Role
from server.tokens import Invitation, issue

ROOMS: Final = ("hall", "annex", "studio")
_READY_S: Final = 60.0
_ASK_S: Final = 5.0
_BOOTHS: Final = '[{ id = "de-uk", languages = ["de", "uk"] }, { id = "en", languages = ["en", "de"] }]'
_TITLE: Final = '{ de = "Probe", uk = "Проба", en = "Trial" }'


def _configuration() -> str:
    lines = ["[[conference]]", 'id = "trial"', f"title = {_TITLE}"]
    for room in ROOMS:
        lines += ["[[conference.room]]", f'id = "{room}"', f"title = {_TITLE}", 'languages = ["de", "uk", "en"]']
        lines += ['floor_language = "de"', f"booth = {_BOOTHS}"]
    return "\n".join(lines) + "\n"


@dataclass
class House:
    """`folder` holds its data and its log; `before` is put before its command; `limit` runs in the child first."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    before: Sequence[str] = ()
    limit: Callable[[], None] | None = None
    host: str = "127.0.0.1"
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    _secret: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)

    def __post_init__(self) -> None:
        self.port = self.port or _free_port(self.host)
        (self.folder / "tolmach.toml").write_text(_configuration())

    @property
    def url(self) -> str:
        """Its root."""
        return f"http://{self.host}:{self.port}"

    @property
    def pid(self) -> int:
        """The running process.

        Raises:
            BenchError: it does not run.
        """
        if self.process is None or self.process.poll() is not None:
            raise BenchError(f"the server does not run:\n{self.tail()}")
        return self.process.pid

    def launch(self) -> None:
        """Start it without waiting."""
        own = {
            "TOLMACH_HOST": self.host,
            "TOLMACH_PORT": str(self.port),
            "TOLMACH_UDP_PORT": str(self.port),
            "TOLMACH_PUBLIC_URL": self.url,
            "TOLMACH_PUBLIC_IPS": self.host,
            "TOLMACH_DATA": str(self.folder / "data"),
            "TOLMACH_SECRET": self._secret,
            "TOLMACH_REDIS_URL": "",
        }
        command = [*self.before, sys.executable, "-m", "server", "run", "--config", str(self.folder / "tolmach.toml")]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=REPOSITORY,
                env={**os.environ, **own, **self.environment},
                preexec_fn=self.limit,
            )

    async def start(self) -> float:
        """Start it, wait until it answers, and return how many seconds that took.

        Raises:
            BenchError: it does not answer within a minute.
        """
        started = time.monotonic()
        self.launch()
        while not await self.answers("/healthz"):
            if time.monotonic() - started > _READY_S:
                raise BenchError(f"the server is not there:\n{self.tail()}")
            await asyncio.sleep(0.05)
        return time.monotonic() - started

    async def stop(self, how: signal.Signals = signal.SIGTERM) -> float:
        """End it, by default as an administrator would; how many seconds that took."""
        started = time.monotonic()
        if self.process is not None:
            os.kill(self.pid, how)
            await asyncio.to_thread(self.process.wait, 30)
        return time.monotonic() - started

    def end(self) -> None:
        """Leave nothing behind."""
        if self.process is not None:
            end(self.process)

    async def answers(self, path: str) -> bool:
        """Whether it answers 200 there."""
        try:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(_ASK_S)) as http:
                async with http.get(self.url + path) as response:
                    return response.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    async def metrics(self) -> dict[str, float]:
        """Its figures, by name with labels."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(_ASK_S)) as http:
            async with http.get(self.url + "/metrics") as response:
                text = await response.text()
        pairs = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
        return {name: float(value) for name, _, value in pairs}

    def token(self, role: Role, who: str, *, room: str = ROOMS[0], booth: str | None = None, hours: float = 2) -> str:
        """A bearer for a person called `who`, who is the same person each time."""
        invitation = Invitation.new(
            RoomId(room),
            role,
            booth=BoothId(booth) if booth else None,
            name=who,
            hours=hours,
            id=hashlib.sha256(f"{room}-{who}".encode()).hexdigest()[:32],
            person=PersonId(who),
        )
        return issue(self._secret, invitation)

    def tail(self) -> str:
        """The end of its log."""
        log = self.folder / "server.log"
        return log.read_text(errors="replace")[-2000:] if log.exists() else ""


@asynccontextmanager
async def opened(house: House) -> AsyncIterator[House]:
    """Start it, and leave nothing behind."""
    try:
        await house.start()
        yield house
    finally:
        house.end()


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
