"""Lean listeners at a WHEP address or at Janus: `python -m deploy.load.lean --whep URL --count 50 --seconds 10`.

Alone it lets them join, listens, and prints `name: value` a line. With `--commands` it is steered by the bench over
stdin, a command a line, and answers each with one line of JSON:

    wait URL   {"ready": whether URL answered 200 within 20 s}
    join N     {"failed": {reason: count}, "seconds": s, "tally": {...}}
    mark       {"tally": {...since the last mark...}, "least": n, "seconds": s, "cpu_s": own CPU}
    stop       says goodbye and ends; the end of stdin does the same
"""

import argparse
import asyncio
import contextlib
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from typing import Final

import aiohttp

from deploy.load.janus import JanusSignalling
from deploy.load.swarm import Signalling, Swarm, Tally
from deploy.load.whep import InTurn

# Time that nobody asked for anything, after which a forgotten process ends by itself.
_PATIENCE_S: Final = 300.0
_SPARE_DESCRIPTORS: Final = 256


class Session:
    """Answers the bench's commands over one swarm."""

    def __init__(self, swarm: Swarm, at_once: int) -> None:
        self._swarm = swarm
        self._at_once = at_once
        self._marked = Tally()
        self._marked_at = time.monotonic()
        self._received: list[int] = []

    async def join(self, count: int) -> dict[str, object]:
        """Let `count` more join; how long it took and who failed why."""
        started = time.monotonic()
        failures: Counter[str] = await self._swarm.join(count, self._at_once)
        seconds = time.monotonic() - started
        return {"failed": dict(failures), "seconds": seconds, "tally": asdict(self._swarm.tally())}

    def mark(self) -> dict[str, object]:
        """What came since the last mark; `least` is the packets of the listener who got fewest."""
        now, tally, received = time.monotonic(), self._swarm.tally(), self._swarm.received()
        known = self._received + [0] * (len(received) - len(self._received))
        gained = [after - before for after, before in zip(received, known, strict=True)]
        answer: dict[str, object] = {
            "tally": asdict(tally.since(self._marked)),
            "least": min(gained, default=0),
            "seconds": now - self._marked_at,
            "cpu_s": time.process_time(),
        }
        self._marked, self._marked_at, self._received = tally, now, received
        return answer

    async def answer(self, command: str) -> dict[str, object]:
        """The answer to one line.

        Raises:
            ValueError: not a command.
        """
        match command.split():
            case ["wait", url]:
                return {"ready": await is_ready(url)}
            case ["join", count]:
                return await self.join(int(count))
            case ["mark"]:
                return self.mark()
            case _:
                raise ValueError(f"unknown command {command!r}")


async def is_ready(url: str, seconds: float = 20.0) -> bool:
    """Ask every 100 ms whether `url` answers 200."""
    try:
        async with asyncio.timeout(seconds), aiohttp.ClientSession() as session:
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(url) as response:
                        if response.status == 200:
                            return True
                await asyncio.sleep(0.1)
    except TimeoutError:
        return False


async def obey(session: Session) -> None:
    """Answer the lines of stdin until `stop` or its end."""
    async for command in _lines():
        if command == "stop":
            return
        print(json.dumps(await session.answer(command)), flush=True)


async def listen(session: Session, count: int, seconds: float) -> int:
    """Join, listen for `seconds`, print the figures; the exit status, 1 when anybody failed or a packet was forged."""
    joined = await session.join(count)
    session.mark()
    await asyncio.sleep(seconds)
    marked = session.mark()
    failed, tally = joined["failed"], marked["tally"]
    assert isinstance(failed, Mapping)
    assert isinstance(tally, Mapping)
    figures = {"join_seconds": joined["seconds"], "join_failures": sum(failed.values()), "least": marked["least"]}
    for name, value in {**figures, **tally}.items():
        print(f"{name}: {value:.2f}" if isinstance(value, float) else f"{name}: {value}")
    return 1 if failed or tally["forged"] else 0


def allow_descriptors(count: int) -> None:
    """Raise the soft limit of open files so that `count` sockets fit.

    Raises:
        OSError, ValueError: the hard limit is lower.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + _SPARE_DESCRIPTORS
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _lines() -> AsyncIterator[str]:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while True:
        try:
            line = await asyncio.wait_for(reader.readline(), _PATIENCE_S)
        except TimeoutError:
            return
        if not line:
            return
        yield line.decode().strip()


async def _run(options: argparse.Namespace) -> int:
    signalling: Signalling
    signalling = InTurn(options.whep) if options.whep else JanusSignalling(options.janus)
    swarm = Swarm(signalling, options.bind, is_light=options.light)
    swarm.open()
    session = Session(swarm, options.at_once)
    try:
        if options.commands:
            await obey(session)
            return 0
        return await listen(session, options.count, options.seconds)
    finally:
        await swarm.aclose()


def main() -> int:
    """Listen and count; exits 1 when a listener could not join or a packet was not authentic."""
    parser = argparse.ArgumentParser(prog="python -m deploy.load.lean", description=__doc__.split("\n\n")[0])
    target = parser.add_mutually_exclusive_group(required=True)
    target.add_argument("--whep", metavar="URL", action="append", help="the address to POST offers to; several in turn")
    target.add_argument("--janus", metavar="URL", help="the root of Janus's REST interface")
    parser.add_argument("--count", type=int, default=50, help="listeners (50)")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long to listen (10)")
    parser.add_argument("--at-once", type=int, default=64, help="joins under way at a time (64)")
    parser.add_argument("--bind", default="127.0.0.1", help="local address of the sockets (127.0.0.1)")
    parser.add_argument("--light", action="store_true", help="read every 50th listener; the kernel counts the rest")
    parser.add_argument("--commands", action="store_true", help="obey lines on stdin instead")
    options = parser.parse_args()
    allow_descriptors(max(options.count, 3000))
    return asyncio.run(_run(options))


if __name__ == "__main__":
    raise SystemExit(main())
