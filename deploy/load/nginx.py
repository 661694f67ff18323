"""The real nginx with the configuration of deploy/nginx, on a free port, in a folder of its own, for tests and benches.

Only the three lines that the file marks as "yours" are changed: where it listens, whom it asks, where it keeps.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

CONFIGURATION: Final = Path(__file__).resolve().parents[1] / "nginx" / "tolmach.conf"
_UP_S: Final = 10.0
# Debian keeps it out of most people's path.
_PLACES: Final = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
_MAIN: Final = """
worker_processes 1;
{user}
daemon off;
pid {folder}/pid;
error_log {folder}/error.log warn;
worker_rlimit_nofile 65536;
events {{ worker_connections 16384; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/tolmach.conf;
}}
"""


def write_configuration(folder: Path, port: int, origin: str) -> Path:
    """Write into `folder` our file for this port and origin (host:port), and the frame it stands in."""
    text = CONFIGURATION.read_text("utf-8")
    changes = {
        r"/var/cache/nginx/tolmach ": f"{folder}/cache ",
        r"server 127\.0\.0\.1:8080;": f"server {origin};",
        r"listen 80;": f"listen 127.0.0.1:{port};",
    }
    for pattern, there in changes.items():
        text, count = re.subn(pattern, there, text)
        if count != 1:
            raise ValueError(f"{CONFIGURATION.name} has {count} lines like {pattern}")
    (folder / "tolmach.conf").write_text(text, "utf-8")
    main = folder / "nginx.conf"
    main.write_text(_MAIN.format(folder=folder, user="user root;" if os.geteuid() == 0 else ""), "utf-8")
    return main


@asynccontextmanager
async def nginx(folder: Path, origin: str) -> AsyncIterator[tuple[str, int]]:
    """Run it in front of `origin` (host:port); yields its address and the process id of its master.

    Raises RuntimeError when it does not come up; its error log says why.
    """
    command = shutil.which("nginx", path=_PLACES)
    if command is None:
        raise RuntimeError("nginx is not installed")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    main = write_configuration(folder, port, origin)
    process = await asyncio.create_subprocess_exec(command, "-c", str(main), "-e", str(folder / "error.log"))
    try:
        await _come_up(process, port, folder)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _come_up(process: asyncio.subprocess.Process, port: int, folder: Path) -> None:
    async with asyncio.timeout(_UP_S):
        while process.returncode is None:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
                continue
            writer.close()
            await writer.wait_closed()
            return
    raise RuntimeError((folder / "error.log").read_text("utf-8", "replace"))
