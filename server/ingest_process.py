"""The listener for RTMP encoders as a process beside the server: started with it, again when it dies, ended with it.

Strangers reach that port and FFmpeg decodes what they send: neither belongs into the process that carries the sound.
What it may do is told it on its standard input, whose end is its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import Iterator
from typing import Final

from interpreting.ids import RoomId
from interpreting.roles import Role
from server.config import Config
from server.tokens import MAX_HOURS, Invitation, issue

_log = logging.getLogger(__name__)

BACKOFF_S: Final = (1.0, 2.0, 5.0, 15.0)
STEADY_S: Final = 10.0
STOP_S: Final = 3.0
_EVERYWHERE: Final = ("", "0.0.0.0", "::")


class IngestProcess:
    """The listener that `config` asks for; none without a port or without a key. `port` is the server's TCP port."""

    def __init__(self, config: Config, port: int) -> None:
        self._config = config
        host = "127.0.0.1" if config.host in _EVERYWHERE else config.host
        self._origin = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> IngestProcess:
        if self._config.rtmp_port and any(room.ingest for room in self._config.rooms.values()):
            self._task = asyncio.create_task(self._keep())
        return self

    async def __aexit__(self, *exc: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _keep(self) -> None:
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            begun = loop.time()
            status = await self._run_once()
            failures = 0 if loop.time() - begun > STEADY_S else failures + 1
            _log.warning("the listener for RTMP has ended with status %d and is started again", status)
            await asyncio.sleep(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])

    async def _run_once(self) -> int:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "server", "ingest"), stdin=asyncio.subprocess.PIPE
        )
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps(self._order()).encode() + b"\n")
            with contextlib.suppress(OSError):
                await process.stdin.drain()
            return await process.wait()
        except asyncio.CancelledError:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                async with asyncio.timeout(STOP_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
            raise

    def _order(self) -> dict[str, object]:
        host = self._config.host or None
        return {"host": host, "port": self._config.rtmp_port, "destinations": list(self._destinations())}

    def _destinations(self) -> Iterator[dict[str, str]]:
        for room, config in self._config.rooms.items():
            for ingest in config.ingest:
                yield {
                    "app": room,
                    "key": ingest.key,
                    "address": f"{self._origin}/whip/{room}",
                    "token": self._token(room, is_backup=ingest.is_backup),
                }

    def _token(self, room: RoomId, *, is_backup: bool) -> str:
        invitation = Invitation.new(room, Role.VENUE, hours=MAX_HOURS, is_backup=is_backup)
        return issue(self._config.secret, invitation)
