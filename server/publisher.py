"""`tolmach publish`: keep sources flowing into a room by WHIP, through the server's restarts, until they end."""

from __future__ import annotations

import asyncio
import itertools
import random
import signal
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass

from aiohttp import ClientSession
from yarl import URL

from server.feed import Feed
from server.feed_source import Kind, Source
from server.whip_client import PublishInterrupted, WhipSession

# What comes after an attempt that failed, each with up to half as much again, so that not all come back at once.
BACKOFF_S = (0.5, 1.0, 2.0, 4.0)
MAX_RETRY_AFTER_S = 60.0


@dataclass(frozen=True, slots=True)
class Publication:
    """What is to be published where. `repeat` begins again what has ended; `kinds` is what of it is wanted."""

    sources: tuple[Source, ...]
    address: URL
    token: str
    repeat: bool = False
    kinds: frozenset[Kind] = frozenset({"audio", "video"})


async def publish(publication: Publication, tell: Callable[[str], None]) -> None:
    """Publish until the sources end. Cancelling it ends the session in order.

    `tell` gets one line for each change a person should know of. Raises FeedError when a source cannot be opened or
    read, PublishRefused when the server will not have it; while the server is away it is tried again for ever.
    """
    async with Feed.open(publication.sources, repeat=publication.repeat, kinds=publication.kinds) as feed:
        sending = asyncio.create_task(_keep_sending(publication, feed, tell))
        ending = asyncio.create_task(feed.ended())
        try:
            await asyncio.wait((sending, ending), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            ending.cancel()
            outcomes = await asyncio.gather(sending, ending, return_exceptions=True)
        if feed.dropped:
            tell(f"{feed.dropped} frames came too late and were left out")
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome


async def run(publication: Publication, tell: Callable[[str], None]) -> int:
    """Publish until the sources end (returns 0), SIGTERM (0) or SIGINT (130). Raises as `publish`."""
    return await until_stopped(publish(publication, tell))


async def until_stopped(work: Coroutine[None, None, None]) -> int:
    """Do the work until it ends (returns 0), SIGTERM (0) or SIGINT (130). Raises what it raises."""
    task = asyncio.create_task(work)
    loop = asyncio.get_running_loop()
    got: list[signal.Signals] = []

    def stop(number: signal.Signals) -> None:
        got.append(number)
        task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    try:
        await task
    except asyncio.CancelledError:
        if not got:
            raise
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
    return 130 if signal.SIGINT in got else 0


async def _keep_sending(publication: Publication, feed: Feed, tell: Callable[[str], None]) -> None:
    waits = pauses()
    told = ""
    async with ClientSession() as http:
        while True:
            try:
                async with WhipSession.open(http, publication.address, publication.token, feed.tracks()) as session:
                    tell(f"publishing {' and '.join(sorted(feed.kinds))} to {publication.address}")
                    told, waits = "", pauses()
                    trouble = await session.lost()
                pause_s = next(waits)
            except PublishInterrupted as interruption:
                trouble = str(interruption)
                pause_s = max(next(waits), min(interruption.retry_after_s or 0.0, MAX_RETRY_AFTER_S))
            if trouble != told:
                tell(f"{trouble}; trying again")
                told = trouble
            await asyncio.sleep(pause_s)


def pauses() -> Iterator[float]:
    """Yield how long to wait after each failure, in seconds, with some chance in it."""
    for delay_s in itertools.chain(BACKOFF_S, itertools.repeat(BACKOFF_S[-1])):
        yield delay_s * random.uniform(1.0, 1.5)
