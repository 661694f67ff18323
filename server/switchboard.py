"""The media sessions of all rooms: who publishes, who listens to which channel, and what ends them.

HTTP's side of it is in `server.whip` and `server.whep`; which sound a channel carries is the conductor's. Ids that
go to the engine carry the room before a slash.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from interpreting.ids import BACKUP, HALL, VENUE, RoomId, SourceId, mic_source, speaker_source
from interpreting.roles import Role
from media.engine import Answer
from media.errors import PeerUnknown
from server.crowd import Pending
from server.engine import MediaEngine
from server.problems import Problem
from server.sessions import Session, Sessions, is_audience
from server.tokens import Invitation


class Switchboard:
    """Opens, moves and ends sessions on the engine and keeps their table."""

    def __init__(self, engine: MediaEngine) -> None:
        self._engine = engine
        self._sessions = Sessions()
        self._pending = Pending()

    def session(self, id: str) -> Session | None:
        """Return the session with this id, None when it has ended."""
        return self._sessions.get(id)

    def listeners(self, room: RoomId) -> Counter[str]:
        """Count the audience of a room by channel."""
        return self._sessions.listeners(room)

    def owners(self) -> set[Invitation]:
        """Return the invitations by which sessions are open now."""
        return {session.owner for session in self._sessions if session.owner is not None}

    async def publish(self, room: RoomId, owner: Invitation, offer: str, address: str) -> tuple[Session, Answer]:
        """Take in a publisher as its role says; it takes the place of an older session of the same source.

        Raises MediaError for an offer that cannot be taken, and Problem too_many_requests when too many offers of this
        address wait for their connection; an older session then goes on.
        """
        source = _source_of(owner)
        older = self._sessions.feeding(room, source)
        session = Session.publisher(room, owner, source)
        self._pending.add(session.peer, address)
        name = global_name(room, source)
        video = name if source in HALL else None
        # Known before the engine answers, so that the peer's end cannot come before its beginning.
        self._sessions.put(session)
        try:
            answer = await self._engine.publish(session.peer, offer, audio=name, video=video)
        except BaseException:
            self._forget(session)
            raise
        if older is not None:
            await self.end(older)
        return session, answer

    async def listen(
        self,
        room: RoomId,
        owner: Invitation | None,
        channel: str,
        is_original_under: bool,
        offer: str,
        address: str,
        frames: int = 1,
    ) -> tuple[Session, Answer]:
        """Take in a listener, in packets of `frames` ticks.

        Raises MediaError for an offer that cannot be taken, and Problem as `publish` does.
        """
        session = Session.listener(room, owner, channel, is_original_under)
        self._pending.add(session.peer, address)
        bus = global_name(room, session.bus)
        self._sessions.put(session)
        try:
            answer = await self._engine.subscribe(
                session.peer, offer, bus=bus, picture=room, frames=frames, at_work=not is_audience(owner)
            )
        except BaseException:
            self._forget(session)
            raise
        return session, answer

    async def switch(self, session: Session, channel: str, is_original_under: bool) -> None:
        """Have a listener hear another channel. Raises Problem session_unknown when the peer is gone."""
        changed = replace(session, channel=channel, is_original_under=is_original_under)
        try:
            await self._engine.move(session.peer, global_name(session.room, changed.bus))
        except PeerUnknown:
            self._forget(session)
            raise Problem("session_unknown") from None
        if self._sessions.get(session.id) is not None:
            self._sessions.put(changed)

    async def update_ice(self, session: Session, fragment: str, etags: frozenset[str] | None) -> Answer | None:
        """Pass a trickle fragment on. Raises MediaError for one that cannot be taken, and when the peer is gone."""
        return await self._engine.update_ice(session.peer, fragment, etags=etags)

    async def end(self, session: Session) -> None:
        """End a session and its peer."""
        self._forget(session)
        await self._engine.close_peer(session.peer)

    async def end_of(self, invitation: str) -> None:
        """End all sessions opened by an invitation."""
        for session in self._sessions:
            if session.owner is not None and session.owner.id == invitation:
                await self.end(session)

    def peer_connected(self, peer: str) -> None:
        """The offer of this peer waits no longer."""
        self._pending.settle(peer)

    def peer_closed(self, peer: str) -> None:
        """Forget the session whose peer has ended by itself."""
        self._pending.settle(peer)
        session = self._sessions.of_peer(peer)
        if session is not None:
            self._forget(session)

    def _forget(self, session: Session) -> None:
        self._sessions.forget(session)
        self._pending.settle(session.peer)


def global_name(room: RoomId, name: str) -> str:
    """Return a room's bus or source by the name the engine knows it by."""
    return f"{room}/{name}"


def local_name(name: str) -> tuple[RoomId, SourceId]:
    """Return the room and the source of an engine's name."""
    room, _, source = name.partition("/")
    return RoomId(room), SourceId(source)


def _source_of(owner: Invitation) -> SourceId:
    """Return the source an invitation feeds. Raises Problem forbidden for a role that sends nothing."""
    match owner.role:
        case Role.VENUE:
            return BACKUP if owner.is_backup else VENUE
        case Role.INTERPRETER:
            return mic_source(owner.person)
        case Role.SPEAKER:
            return speaker_source(owner.person)
        case _:
            raise Problem("forbidden")
