"""The table of media sessions: which WHIP or WHEP session is whose, on which peer of the engine.

A session's id is the unguessable last part of its address (RFC 9725 section 4.2); the peer's name is another one,
so that what the engine counts or logs opens nothing. The table knows no HTTP and no engine.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from interpreting.ids import RoomId
from server.tokens import Invitation

FLOOR: Final = "floor"


class SessionKind(StrEnum):
    """Which way the sound goes."""

    PUBLISH = "publish"
    LISTEN = "listen"


@dataclass(frozen=True, slots=True)
class Session:
    """One peer's session. `owner` is None for an anonymous listener.

    `source` is what a publisher feeds. `channel` is what a listener chose, `bus` what carries it; `follows` says that
    the room's rules decide the bus.
    """

    id: str
    peer: str
    room: RoomId
    kind: SessionKind
    owner: Invitation | None
    source: str | None = None
    channel: str = FLOOR
    bus: str = FLOOR
    follows: bool = False

    @classmethod
    def publisher(cls, room: RoomId, owner: Invitation, source: str) -> Session:
        """Return a new session that feeds `source`."""
        return cls(*_names(), room, SessionKind.PUBLISH, owner, source=source)

    @classmethod
    def listener(
        cls, room: RoomId, owner: Invitation | None, channel: str, bus: str, *, follows: bool = False
    ) -> Session:
        """Return a new session that hears `channel` by a bus."""
        return cls(*_names(), room, SessionKind.LISTEN, owner, channel=channel, bus=bus, follows=follows)


class Sessions:
    """All sessions of this server; each is found by its id and by its peer."""

    def __init__(self) -> None:
        self._by_id: dict[str, Session] = {}
        self._id_of_peer: dict[str, str] = {}

    def __iter__(self) -> Iterator[Session]:
        return iter(tuple(self._by_id.values()))

    def put(self, session: Session) -> None:
        """Add a session, or put it in the place of the one with its id."""
        self._by_id[session.id] = session
        self._id_of_peer[session.peer] = session.id

    def get(self, id: str) -> Session | None:
        """Return the session with this id."""
        return self._by_id.get(id)

    def of_peer(self, peer: str) -> Session | None:
        """Return the session that runs on this peer."""
        return self._by_id.get(self._id_of_peer.get(peer, ""))

    def forget(self, session: Session) -> None:
        """Remove a session; one not there is no matter."""
        self._by_id.pop(session.id, None)
        self._id_of_peer.pop(session.peer, None)

    def feeding(self, room: RoomId, source: str) -> Session | None:
        """Return the session that feeds a source of a room."""
        return next((one for one in self if one.room == room and one.source == source), None)

    def in_room(self, room: RoomId) -> list[Session]:
        """Return all sessions of a room."""
        return [one for one in self._by_id.values() if one.room == room]

    def listeners(self, room: RoomId) -> Counter[str]:
        """Count the audience of a room by channel. Those who work in it (booths, venue, desk) are none."""
        return Counter(
            one.channel
            for one in self._by_id.values()
            if one.room == room and one.kind is SessionKind.LISTEN and is_audience(one.owner)
        )


def is_audience(owner: Invitation | None) -> bool:
    """Tell whether somebody only listens; booths, venue, speakers and the desk are at work."""
    return owner is None or owner.role.value in ("viewer", "participant")


def _names() -> tuple[str, str]:
    return secrets.token_urlsafe(18), secrets.token_hex(8)
