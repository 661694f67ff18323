"""The media sessions of all rooms: who publishes, who listens to which channel, and what ends them.

HTTP's side of it is in `server.whip` and `server.whep`; which sound a channel carries is the conductor's. Ids that
go to the engine carry the room before a slash.
"""

from __future__ import annotations

from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from interpreting.ids import (
    BACKUP,
    HALL,
    VENUE,
    RoomId,
    SourceId,
    SourceKind,
    hall_mic,
    intercom_source,
    mic_source,
    speaker_source,
)
from interpreting.languages import Language
from interpreting.plan import bus_of
from interpreting.roles import Role
from media.engine import Answer
from media.errors import PeerUnknown
from server.crowd import Pending
from server.engine import MediaEngine, Mix
from server.problems import Problem
from server.sessions import Session, SessionKind, Sessions, is_audience
from server.tokens import Invitation

HALL_PICTURE: Final = "hall"
"""The room's own picture; the others are `stage` and `face:0` to `face:5`."""
MAX_MOVES: Final = 16
"""So many moves of a room's audience are remembered, for pages whose line was cut meanwhile."""


@dataclass(frozen=True, slots=True)
class Move:
    """The audience of `channel` was sent to `to`; `at` in epoch milliseconds: who chose later stays."""

    channel: str
    to: str
    at: int


class Switchboard:
    """Opens, moves and ends sessions on the engine and keeps their table."""

    def __init__(self, engine: MediaEngine) -> None:
        self._engine = engine
        self._sessions = Sessions()
        self._pending = Pending()
        self._moves: dict[RoomId, deque[Move]] = {}

    def session(self, id: str) -> Session | None:
        """Return the session with this id, None when it has ended."""
        return self._sessions.get(id)

    def listeners(self, room: RoomId) -> Counter[str]:
        """Count the audience of a room by channel."""
        return self._sessions.listeners(room)

    def moves(self, room: RoomId) -> tuple[Move, ...]:
        """Return where a room's audience was moved, oldest first."""
        return tuple(self._moves.get(room, ()))

    def owners(self) -> set[Invitation]:
        """Return the invitations by which sessions are open now."""
        return {session.owner for session in self._sessions if session.owner is not None}

    def following(self, room: RoomId) -> list[Session]:
        """Return the listeners of a room whose bus its rules decide."""
        return [one for one in self._sessions.in_room(room) if one.follows]

    def speaking(self, room: RoomId) -> list[Session]:
        """Return the sessions by which people far away send."""
        return [one for one in self._sessions.in_room(room) if (one.source or "").startswith(SourceKind.SPEAKER)]

    def feeding(self, room: RoomId, source: str) -> Session | None:
        """Return the session that feeds a source, None when there is none."""
        return self._sessions.feeding(room, source)

    def is_fed(self, room: RoomId, source: str) -> bool:
        """Tell whether somebody is connected to send a source, whether or not anything comes."""
        return self._sessions.feeding(room, source) is not None

    async def publish(
        self, room: RoomId, owner: Invitation, offer: str, address: str, microphone: int = 1, is_intercom: bool = False
    ) -> tuple[Session, Answer]:
        """Take in a publisher as its role says; it takes the place of an older session of the same source.

        Raises MediaError for an offer that cannot be taken, and Problem too_many_requests when too many offers of this
        address wait for their connection; an older session then goes on.
        """
        source = intercom_of(owner) if is_intercom else source_of(owner, microphone)
        older = self._sessions.feeding(room, source)
        session = Session.publisher(room, owner, source)
        self._pending.add(session.peer, address)
        name = global_name(room, source)
        is_speaker = source == speaker_source(owner.person)
        video = name if source in HALL or is_speaker else None
        small = global_name(room, small_picture(source)) if is_speaker else None
        # Known before the engine answers, so that the peer's end cannot come before its beginning.
        self._sessions.put(session)
        try:
            answer = await self._engine.publish(session.peer, offer, audio=name, video=video, small=small)
        except BaseException:
            self._forget(session)
            raise
        if older is not None:
            await self.end(older)
        return session, answer

    async def listen(
        self,
        session: Session,
        offer: str,
        address: str,
        pictures: tuple[str, ...] = (HALL_PICTURE,),
        frames: int = 1,
    ) -> Answer:
        """Take in a listener as a new session says, in packets of `frames` ticks.

        `pictures` are for the offer's video m-lines, in their order. Raises MediaError for an offer that cannot be
        taken, and Problem as `publish` does.
        """
        self._pending.add(session.peer, address)
        self._sessions.put(session)
        first, *more = (picture_name(session.room, picture) for picture in pictures)
        try:
            answer = await self._engine.subscribe(
                session.peer,
                offer,
                bus=global_name(session.room, session.bus),
                picture=first,
                more_pictures=tuple(more),
                frames=frames,
                at_work=session.follows or not is_audience(session.owner),
            )
        except BaseException:
            self._forget(session)
            raise
        now = self._sessions.get(session.id)
        if now is not None and now.bus != session.bus:
            # The rules gave them another bus while the engine took them in.
            self._engine.move_soon(session.peer, global_name(session.room, now.bus))
        return answer

    async def switch(self, session: Session, channel: str, bus: str) -> None:
        """Have a listener hear another channel. Raises Problem session_unknown when the peer is gone."""
        try:
            await self._engine.move(session.peer, global_name(session.room, bus))
        except PeerUnknown:
            self._forget(session)
            raise Problem("session_unknown") from None
        if self._sessions.get(session.id) is not None:
            self._sessions.put(replace(session, channel=channel, bus=bus))

    async def restart(self, room: RoomId, source: str) -> bool:
        """End the session that feeds a source, so that its page makes a new one; False when there is none."""
        session = self._sessions.feeding(room, source)
        if session is not None:
            await self.end(session)
        return session is not None

    async def move_audience(self, room: RoomId, move: Move) -> int:
        """Have everybody of the audience who chose the one channel hear the other; returns how many."""
        self._moves.setdefault(room, deque(maxlen=MAX_MOVES)).append(move)
        moved = 0
        for session in self._sessions.in_room(room):
            is_one = session.kind is SessionKind.LISTEN and session.channel == move.channel
            if is_one and is_audience(session.owner) and not session.follows:
                is_under = session.bus == bus_of(Language(move.channel), original_under=True) != move.channel
                with suppress(Problem):
                    await self.switch(session, move.to, bus_of(Language(move.to), original_under=is_under))
                    moved += 1
        return moved

    def put_on(self, session: Session, bus: str, channel: str) -> None:
        """Have a listener hear another bus before any mix told from now on is heard."""
        self._sessions.put(replace(session, channel=channel, bus=bus))
        self._engine.move_soon(session.peer, global_name(session.room, bus))

    def make_solo(self, room: RoomId, bus: str, source: str) -> None:
        """Have a bus carry one source by itself."""
        self._engine.set_mix(global_name(room, bus), {global_name(room, source): Mix(1.0)})

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


def picture_name(room: RoomId, picture: str) -> str:
    """Return the name by which the engine knows a room's picture."""
    return room if picture == HALL_PICTURE else global_name(room, picture)


def small_picture(source: str) -> str:
    """Return the name of the small picture that a speaker may send beside the large one."""
    return f"{source}/small"


def local_name(name: str) -> tuple[RoomId, SourceId]:
    """Return the room and the source of an engine's name."""
    room, _, source = name.partition("/")
    return RoomId(room), SourceId(source)


def intercom_of(owner: Invitation) -> SourceId:
    """Return the source by which one talks on the intercom alone. Raises Problem forbidden for a role that has none."""
    if owner.role not in (Role.TECHNICIAN, Role.MODERATOR, Role.VENUE):
        raise Problem("forbidden")
    return intercom_source(owner.person)


def source_of(owner: Invitation, microphone: int) -> SourceId:
    """Return the source an invitation feeds. Raises Problem forbidden for a role that sends nothing, or no such."""
    if microphone > 1:
        if owner.role is not Role.VENUE or owner.is_backup:
            raise Problem("forbidden")
        return hall_mic(microphone)
    match owner.role:
        case Role.VENUE:
            return BACKUP if owner.is_backup else VENUE
        case Role.INTERPRETER:
            return mic_source(owner.person)
        case Role.SPEAKER | Role.PARTICIPANT | Role.MODERATOR:
            return speaker_source(owner.person)
        case _:
            raise Problem("forbidden")
