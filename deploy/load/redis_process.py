"""A redis-server of our own for trials: on a free port, nothing on disk, stopped, hung and emptied at will."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Final

from deploy.load.processes import BenchError, end

_TRIES: Final = 200


class RedisProcess:
    """One redis-server; `start` begins empty each time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = int(probe.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address for clients."""
        return f"redis://127.0.0.1:{self._port}/0"

    async def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            BenchError: it is not installed, or does not answer.
        """
        if shutil.which("redis-server") is None:
            raise BenchError("the trial needs Redis: apt install redis-server")
        arguments = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            ["redis-server", *arguments, "--dir", str(self._folder)], stdout=subprocess.DEVNULL
        )
        for _ in range(_TRIES):
            if await self.ask("PING") == "+PONG":
                return
            await asyncio.sleep(0.05)
        raise BenchError("redis-server did not start")

    def stop(self) -> None:
        """End it, also when it hangs."""
        if self._process is not None:
            self._process.kill()
            end(self._process)
            self._process = None

    def hang(self) -> None:
        """Let it answer nothing while connections stand."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it answer again."""
        assert self._process is not None
        os.kill(self._process.pid, signal.SIGCONT)

    async def ask(self, command: str) -> str:
        """The answer to an inline command: its line, or the text of a bulk string; "" when there is none."""
        try:
            async with asyncio.timeout(2):
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
                writer.write(f"{command}\r\n".encode())
                line = (await reader.readline()).decode().strip()
                if line.startswith("$") and line != "$-1":
                    line = (await reader.readline()).decode().strip()
                writer.close()
                return line
        except (OSError, TimeoutError):
            return ""
