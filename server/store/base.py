"""What the server asks of a store, and the words both stores answer in.

A store keeps what must outlive the process: each room's events and snapshot, revoked invitations, the answers
given to recent commands; and it carries topics between those who share it. It knows no domain: events, snapshots,
answers and messages are JSON objects. `sqlite.py` and `redis_store.py` keep this interface, and one test suite
holds both to it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from interpreting.ids import PersonId, RoomId

Document = Mapping[str, Any]

# The topic on which every store tells of revocations, as {"id": jti, "until": epoch seconds}.
REVOKED: Final = "revoked"
# What a subscription yields in place of messages that were lost: read anew whatever you keep.
GAP: Final[Document] = {"gap": True}
# Messages a subscriber may leave unread before it loses some and is told by GAP.
MAX_UNREAD: Final = 1024


class StoreError(Exception):
    """Anything a store refuses; `code` is stable."""

    code = "store_error"


class StoreUnavailable(StoreError):
    """The store did not answer in its time or cannot be reached.

    Whether a write happened is then unknown: an `append` that raised this and is tried again may meet
    VersionConflict with the very version it would have made; `load` tells.
    """

    code = "store_unavailable"


class VersionConflict(StoreError):
    """The room's log is at `actual`, not at the version the caller appended to. Nothing was written."""

    code = "version_conflict"

    def __init__(self, room: RoomId, expected: int, actual: int) -> None:
        super().__init__(f"room {room} is at version {actual}, not {expected}")
        self.room = room
        self.expected = expected
        self.actual = actual


@dataclass(frozen=True, slots=True)
class Log:
    """A room as stored: `events` lead from the snapshot (or from nothing, when None) to `version`.

    `version` counts all events that ever happened in the room, also those the snapshot has swallowed.
    """

    version: int
    snapshot: Document | None
    events: tuple[Document, ...]


class Store(Protocol):
    """Room logs, revocations, remembered answers, documents that are kept, and topics.

    Every method raises StoreUnavailable when the store cannot be used now, and none waits longer than a few
    seconds for it. Cancelling a call does not undo a write that has begun.
    """

    async def append(self, room: RoomId, expected: int, events: Sequence[Document]) -> int:
        """Add events to a room's log in one step and return the new version.

        Raises VersionConflict, with nothing written, when the log is not at `expected` (0 for a new room).
        """
        ...

    async def load(self, room: RoomId) -> Log:
        """Return what is known of a room; a room never written to is version 0 with nothing."""
        ...

    async def version(self, room: RoomId) -> int:
        """Return what `load` would give as the room's version, without the room."""
        ...

    async def save_snapshot(self, room: RoomId, version: int, snapshot: Document) -> None:
        """Keep `snapshot` as the room at `version` and forget the events up to it.

        A snapshot older than the one kept changes nothing. One newer than the whole log becomes the log: so a
        server whose store was emptied puts back what it still knows.
        """
        ...

    async def revoke(self, invitation: str, until: float) -> None:
        """Revoke the invitation with this id and tell the topic REVOKED.

        `until`, in epoch seconds, is when the store may forget it: not before the token has run out by itself.
        """
        ...

    async def is_revoked(self, invitation: str) -> bool:
        """Tell whether the invitation with this id is revoked."""
        ...

    async def revoked(self) -> frozenset[str]:
        """Return the ids of all revoked invitations not yet forgotten."""
        ...

    async def remember(self, person: PersonId, command: str, answer: Document, ttl_s: float) -> Document:
        """Keep the answer to a person's command for `ttl_s` seconds and return the answer that stands.

        The first one stands: remembering the same command again returns the earlier answer and changes nothing.
        """
        ...

    async def recall(self, person: PersonId, command: str) -> Document | None:
        """Return the remembered answer to a person's command, None when there is none or its time is over."""
        ...

    async def keep(self, key: str, document: Document) -> None:
        """Keep a document under a key, in the place of the one before."""
        ...

    async def kept(self, key: str) -> Document | None:
        """Return the document under a key, None when there is none."""
        ...

    async def publish(self, topic: str, message: Document) -> None:
        """Send a message to those who subscribe to the topic at this moment."""
        ...

    def subscribe(self, topic: str) -> AbstractAsyncContextManager[AsyncIterator[Document]]:
        """Subscribe to a topic while the context lasts; the iterator yields what is published meanwhile.

        Messages come in the order of their publishing. The iterator outlives an outage of the store and a slow
        reader: where messages were lost it yields GAP once and goes on.
        """
        ...


def format_document(document: Document) -> str:
    """Return a document as one compact line of strict JSON. Raises ValueError for NaN and infinities."""
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def parse_document(text: str | bytes) -> Document:
    """Return the document in `text`. Raises StoreError when it is no JSON object."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise StoreError("the store holds something that is not JSON") from error
    if not isinstance(document, dict):
        raise StoreError("the store holds something that is not a JSON object")
    return document
