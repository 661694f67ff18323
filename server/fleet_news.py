"""Who is where, for all who share the store: the edges of this origin and how full they are, once a second."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import asdict
from typing import Final

from server.fleet import Fleet
from server.store.base import Store, StoreUnavailable

EDGES: Final = "edges"
"""The topic; a message is {"origin": boot, "public_url": where, "edges": [figures]}."""
EVERY_S: Final = 1.0


class FleetNews:
    """Publishes while it is open, and only while there are edges or one has just gone.

    Args:
        origin: the id of this start of the server.
        public_url: where people reach it.
    """

    def __init__(self, fleet: Fleet, store: Store, origin: str, public_url: str) -> None:
        self._fleet = fleet
        self._store = store
        self._origin = origin
        self._public_url = public_url
        self._had_edges = False
        self._task: asyncio.Task[None] | None = None

    def open(self) -> None:
        """Begin to publish."""
        self._task = asyncio.create_task(self._keep_telling())

    async def aclose(self) -> None:
        """Publish no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def tell(self) -> None:
        """Publish what is so now; a store out of reach is no matter, the next second brings it anew."""
        edges = [asdict(one) for one in self._fleet.figures]
        if edges or self._had_edges:
            self._had_edges = bool(edges)
            with suppress(StoreUnavailable):
                message = {"origin": self._origin, "public_url": self._public_url, "edges": edges}
                await self._store.publish(EDGES, message)

    async def _keep_telling(self) -> None:
        while True:
            await asyncio.sleep(EVERY_S)
            await self.tell()
