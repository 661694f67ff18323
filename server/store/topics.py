"""Topics inside one process: what is published reaches every subscriber of the moment, in order, or a gap is told.

Both stores end here: SQLite has no other topics, and the Redis store hands on what it hears.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from server.store.base import GAP, MAX_UNREAD, Document


class Subscription:
    """An asynchronous iterator over one subscriber's messages, at most `MAX_UNREAD` of them waiting.

    It ends, after the last message, when it is closed.
    """

    def __init__(self) -> None:
        self._unread: deque[Document] = deque()
        self._wake = asyncio.Event()
        self._closed = False

    def put(self, message: Document) -> None:
        """Add a message. A reader too slow for it loses what is unread and finds GAP in its place."""
        if len(self._unread) >= MAX_UNREAD:
            self._unread.clear()
            self._unread.append(GAP)
        self._unread.append(message)
        self._wake.set()

    def close(self) -> None:
        """End the iteration once the unread messages are read."""
        self._closed = True
        self._wake.set()

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Document:
        while not self._unread:
            if self._closed:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        return self._unread.popleft()


class Topics:
    """The subscriptions of a process by topic. Not thread-safe: one event loop owns it."""

    def __init__(self) -> None:
        self._subscriptions: dict[str, set[Subscription]] = {}

    def publish(self, topic: str, message: Document) -> None:
        """Hand a message to every subscriber of the topic."""
        for subscription in self._subscriptions.get(topic, ()):
            subscription.put(message)

    def tell_gap(self) -> None:
        """Tell every subscriber of every topic that messages may have been lost."""
        for topic in self._subscriptions:
            self.publish(topic, GAP)

    def names(self) -> frozenset[str]:
        """Return the topics that have a subscriber."""
        return frozenset(self._subscriptions)

    @contextmanager
    def subscribe(self, topic: str) -> Iterator[Subscription]:
        """Subscribe while the context lasts."""
        subscription = Subscription()
        self._subscriptions.setdefault(topic, set()).add(subscription)
        try:
            yield subscription
        finally:
            subscription.close()
            self._subscriptions[topic].discard(subscription)
            if not self._subscriptions[topic]:
                del self._subscriptions[topic]

    def close(self) -> None:
        """End every subscription's iteration."""
        for subscriptions in self._subscriptions.values():
            for subscription in subscriptions:
                subscription.close()
