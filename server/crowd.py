"""How much of something one address may hold at once: WebSockets, and sessions that were offered and never came.

A whole hall stands behind one address, so the figures are a hall's. Addresses are kept in memory only, and only
while they hold something.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from server.problems import Problem

MAX_PENDING: Final = 500
"""Offers of one address that no connection has followed yet. A thousand people who come at once, 350 a second and
each connected within half a second, are 175 of them."""
MAX_SOCKETS: Final = 3000
"""WebSockets of one address: the pages of a full hall."""
_PENDING_RETRY_S: Final = "5"
_SOCKET_RETRY_S: Final = "60"


class Pending:
    """The peers that were answered and are not connected yet, by the address that offered them."""

    def __init__(self, most: int = MAX_PENDING) -> None:
        self._most = most
        self._address_of: dict[str, str] = {}
        self._count: Counter[str] = Counter()

    def add(self, peer: str, address: str) -> None:
        """Note an offer. Raises Problem too_many_requests (429) when the address has too many waiting."""
        if self._count[address] >= self._most:
            raise Problem("too_many_requests", headers={"Retry-After": _PENDING_RETRY_S})
        self._address_of[peer] = address
        self._count[address] += 1

    def settle(self, peer: str) -> None:
        """The peer is connected or gone; one not known is no matter."""
        address = self._address_of.pop(peer, None)
        if address is None:
            return
        self._count[address] -= 1
        if not self._count[address]:
            del self._count[address]

    def __len__(self) -> int:
        return len(self._address_of)


class Crowd:
    """How many connections each address has open."""

    def __init__(self, most: int = MAX_SOCKETS) -> None:
        self._most = most
        self._count: Counter[str] = Counter()

    @contextmanager
    def one_more(self, address: str) -> Iterator[None]:
        """Count one while the context lasts. Raises Problem too_many_requests (429) when there are too many."""
        if self._count[address] >= self._most:
            raise Problem("too_many_requests", headers={"Retry-After": _SOCKET_RETRY_S})
        self._count[address] += 1
        try:
            yield
        finally:
            self._count[address] -= 1
            if not self._count[address]:
                del self._count[address]

    def __len__(self) -> int:
        return len(self._count)
