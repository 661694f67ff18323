"""What happens in the engine and what happens at its edges, as one stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from server.engine import EngineEvent


async def merged(engine: AsyncIterator[EngineEvent], own: asyncio.Queue[EngineEvent]) -> AsyncIterator[EngineEvent]:
    """Yield what either brings, until the engine's ends."""
    theirs: asyncio.Future[EngineEvent] = asyncio.ensure_future(anext(engine))
    ours = asyncio.ensure_future(own.get())
    try:
        while True:
            await asyncio.wait((theirs, ours), return_when=asyncio.FIRST_COMPLETED)
            if ours.done():
                yield ours.result()
                ours = asyncio.ensure_future(own.get())
            if theirs.done():
                try:
                    event = theirs.result()
                except StopAsyncIteration:
                    return
                yield event
                theirs = asyncio.ensure_future(anext(engine))
    finally:
        for waiting in (theirs, ours):
            waiting.cancel()
        await asyncio.gather(theirs, ours, return_exceptions=True)
