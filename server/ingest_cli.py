"""`tolmach ingest`, which the server starts for itself: told on standard input whom to wait for, ended by its end."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable

from yarl import URL

from media.udp import local_addresses
from server.publisher import until_stopped
from server.rtmp_listener import Destination, RtmpListener


def run_ingest(tell: Callable[[str], None]) -> int:
    """Wait for encoders until standard input ends. Returns the exit code."""
    order = json.loads(sys.stdin.buffer.readline() or b"{}")
    destinations = [
        Destination(one["app"], one["key"], URL(one["address"]), one["token"]) for one in order.get("destinations", ())
    ]
    if not destinations:
        tell("tolmach: ingest is started by the server itself. Use tolmach publish rtmp://0.0.0.0:1935/APP/KEY")
        return 2
    # Behind address translation the addresses that the server announces may not lead back to this machine.
    listener = RtmpListener(destinations, lambda line: tell(f"rtmp: {line}"), tuple(local_addresses()))
    try:
        return asyncio.run(until_stopped(_listen(listener, order["host"], order["port"])))
    except OSError as error:
        tell(f"tolmach: cannot listen for RTMP on port {order['port']}: {error.strerror}. Choose TOLMACH_RTMP_PORT")
        return 1


async def _listen(listener: RtmpListener, host: str | None, port: int) -> None:
    listening = asyncio.create_task(listener.listen(host, port))
    orphaned = asyncio.create_task(_end_of_input())
    try:
        await asyncio.wait((listening, orphaned), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (listening, orphaned):
            task.cancel()
        outcomes = await asyncio.gather(listening, orphaned, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, OSError):
            raise outcome


async def _end_of_input() -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.read(1024):
        pass
