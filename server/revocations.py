"""Invitations withdrawn: known within 2 s, also without the store's help for those known before.

The store is asked about each invitation that comes to the door; while it is out of reach the list kept here
answers. What is to happen to open connections is decided by whoever is told.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from server.store.base import REVOKED, Store, StoreError, StoreUnavailable
from server.tokens import MAX_HOURS

_log = logging.getLogger(__name__)

POLL_S: Final = 2.0


class Revocations:
    """Keeps the ids of withdrawn invitations; `on_look` is called after each look at the store, news or none.

    `is_store_reachable` tells how the last look went.
    """

    def __init__(
        self, store: Store, on_look: Callable[[frozenset[str]], Awaitable[None]], poll_s: float = POLL_S
    ) -> None:
        self.is_store_reachable = False
        self._store = store
        self._on_look = on_look
        self._poll_s = poll_s
        self._known: frozenset[str] = frozenset()
        self._tasks: list[asyncio.Task[None]] = []
        self._news = asyncio.Event()

    async def open(self) -> None:
        """Begin to watch."""
        self._tasks = [asyncio.create_task(self._watch()), asyncio.create_task(self._listen())]

    async def aclose(self) -> None:
        """Stop watching."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def is_revoked(self, invitation: str) -> bool:
        """Tell whether an invitation was withdrawn, by the store or, when it is out of reach, by what we know."""
        if invitation in self._known:
            return True
        try:
            return await self._store.is_revoked(invitation)
        except StoreUnavailable:
            return False

    async def look(self) -> None:
        """Ask the store and tell; when it is out of reach, tell what is known."""
        try:
            stored = await self._store.revoked()
            if not stored:
                await self._put_back()
            self._known |= stored
            self.is_store_reachable = True
        except StoreUnavailable:
            self.is_store_reachable = False
        await self._on_look(self._known)

    async def _put_back(self) -> None:
        """Tell a store without a single withdrawn invitation of those we know: it may have been emptied.

        Until when each had to be kept is lost with it, so they are kept as long as any may have to be.
        """
        until = time.time() + 3600 * MAX_HOURS
        for invitation in self._known:
            await self._store.revoke(invitation, until)

    async def _watch(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:
                _log.exception("looking after withdrawn invitations failed; it is tried again")
            with suppress(TimeoutError):
                async with asyncio.timeout(self._poll_s):
                    await self._news.wait()
            self._news.clear()

    async def _listen(self) -> None:
        """Have the topic shorten the wait; the poll alone would do."""
        try:
            async with self._store.subscribe(REVOKED) as messages:
                async for _ in messages:
                    self._news.set()
        except StoreError:
            _log.warning("no news of withdrawn invitations; they are asked for every %.0f s", self._poll_s)
