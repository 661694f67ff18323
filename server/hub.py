"""Who is connected by WebSocket, and what waits to be sent to them.

Each client has a bounded queue and one task that empties it into the socket. States overtake each other: a state
that waits is replaced by a newer one. A client who takes nothing for 5 s, or whose queue is full, is cut off, and
nobody else waits for it. The hub knows no commands and no rooms' insides; it carries finished texts.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol

from interpreting.audience import ANYBODY, Audience
from interpreting.ids import PersonId, RoomId
from interpreting.roles import Role
from server.crowd import Crowd
from server.messages import format_message
from server.tokens import Invitation

QUEUE_MESSAGES: Final = 64
SEND_TIMEOUT_S: Final = 5.0
FAREWELL_S: Final = 2.0


class Outlet(Protocol):
    """The sending half of a WebSocket."""

    async def send_str(self, data: str) -> None:
        """Send one text message; waits while the reader does not read."""
        ...

    async def close(self) -> object:
        """Say goodbye and close."""
        ...

    def abort(self) -> None:
        """Drop the connection at once."""
        ...


class Client:
    """One connected page: who it is, its language, and the queue of what it has not been sent yet.

    `closed_with` is the code it was told when we ended it, None while it lives or when it left by itself. `is_seated`
    says that this page, of perhaps several of an interpreter, is the console.
    """

    def __init__(
        self,
        outlet: Outlet,
        room: RoomId,
        invitation: Invitation | None,
        words: Callable[[str], str],
        send_timeout_s: float = SEND_TIMEOUT_S,
    ) -> None:
        self.room = room
        self.invitation = invitation
        self.words = words
        self.audience = invitation.audience if invitation else ANYBODY
        self.closed_with: str | None = None
        self.is_seated = False
        self._outlet = outlet
        self._send_timeout_s = send_timeout_s
        self._last_state: str | None = None
        self._queue: deque[tuple[str, bool]] = deque()
        self._news = asyncio.Event()

    @property
    def role(self) -> Role:
        """The invitation's role; without one, a viewer."""
        return self.invitation.role if self.invitation else Role.VIEWER

    @property
    def person(self) -> PersonId | None:
        """The invited person, None for an anonymous viewer."""
        return self.invitation.person if self.invitation else None

    @property
    def is_welcomed(self) -> bool:
        """Whether the welcome, which comes first, is written."""
        return self._last_state is not None

    def send(self, message: dict[str, object]) -> None:
        """Queue a message."""
        self._put(format_message(message), is_state=False)

    def send_text(self, text: str) -> None:
        """Queue a finished message, unless the welcome, which comes first, is still to be written."""
        if self._last_state is not None:
            self._put(text, is_state=False)

    def welcome(self, message: Mapping[str, object], state: Mapping[str, object]) -> None:
        """Queue the first message with the state it carries, with which later states are compared."""
        self._last_state = format_message(state)
        self.send({**message, "state": state})

    def send_state(self, version: int, state: str) -> None:
        """Queue a state (as JSON) unless it is the last one sent; it replaces one that still waits as the last.

        Before the welcome, which carries the state itself, nothing is sent.
        """
        if self._last_state is None or state == self._last_state:
            return
        self._last_state = state
        if self._queue and self._queue[-1][1]:
            self._queue.pop()
        self._put(f'{{"type":"state","version":{version},"state":{state}}}', is_state=True)

    def close(self, code: str) -> None:
        """Send what waits, then `closing` with this code and its words, then close. The first code stands."""
        if self.closed_with is None:
            self.send({"type": "closing", "code": code, "text": self.words(code)})
            self.closed_with = self.closed_with or code

    async def pump(self) -> None:
        """Send what is queued until the client is closed; returns when the connection is gone."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._queue:
                if not await self._send(self._queue.popleft()[0]):
                    return
            if self.closed_with is not None:
                await self._outlet.close()
                return

    async def _send(self, text: str) -> bool:
        try:
            async with asyncio.timeout(self._send_timeout_s):
                await self._outlet.send_str(text)
        except (TimeoutError, ConnectionError):
            self.closed_with = self.closed_with or "too_slow"
            self._outlet.abort()
            return False
        return True

    def _put(self, text: str, is_state: bool) -> None:
        if self.closed_with is not None:
            return
        if len(self._queue) >= QUEUE_MESSAGES:
            self.closed_with = "too_slow"
            self._queue.clear()
            self._outlet.abort()
            self._news.set()
            return
        self._queue.append((text, is_state))
        self._news.set()


@dataclass(slots=True)
class _Group:
    """Those of a room who see the same, and the state (as JSON) that they were told last."""

    clients: set[Client] = field(default_factory=set)
    told: str | None = None


class Hub:
    """All connected clients by room. `is_closing` is set once no more should join; `crowd` counts them by address."""

    def __init__(self) -> None:
        self.is_closing = False
        self.crowd = Crowd()
        self._rooms: dict[RoomId, dict[Audience, _Group]] = {}
        self._left = asyncio.Event()

    def __iter__(self) -> Iterator[Client]:
        return iter([client for room in self._rooms for client in self._in_room(room)])

    def __len__(self) -> int:
        return sum(len(group.clients) for groups in self._rooms.values() for group in groups.values())

    def join(self, client: Client) -> None:
        """Add a client."""
        self._rooms.setdefault(client.room, {}).setdefault(client.audience, _Group()).clients.add(client)

    def seat(self, client: Client) -> None:
        """Make this page the console: an interpreter has one, so the one before it is closed.

        Pages that were only opened stay as they are: nobody is silenced by a link that is pressed twice.
        """
        client.is_seated = True
        for other in self.of_person(client.room, client.person):
            if other is not client and other.is_seated:
                other.close("replaced")

    def leave(self, client: Client) -> None:
        """Remove a client."""
        groups = self._rooms.get(client.room, {})
        group = groups.get(client.audience, _Group())
        group.clients.discard(client)
        if not group.clients:
            groups.pop(client.audience, None)
        if not groups:
            self._rooms.pop(client.room, None)
        self._left.set()

    def _in_room(self, room: RoomId) -> list[Client]:
        return [client for group in self._rooms.get(room, {}).values() for client in group.clients]

    def of_person(self, room: RoomId, person: PersonId | None) -> list[Client]:
        """Return the clients of a person in a room that are not being closed."""
        return [
            client
            for client in self._in_room(room)
            if person is not None and client.person == person and client.closed_with is None
        ]

    def of_roles(self, roles: Collection[Role]) -> list[Client]:
        """Return the clients of these roles in all rooms, without a look at the audience."""
        return [
            client
            for groups in self._rooms.values()
            for audience, group in groups.items()
            if audience.role in roles
            for client in group.clients
        ]

    def tell_room(self, room: RoomId, version: int, view: Callable[[Audience], Mapping[str, object]]) -> None:
        """Queue the room's state for everybody in it, written once for each audience.

        An audience that would be told what it was told last is passed over as a whole: a line of chat costs three
        thousand viewers nothing. Who has come since was welcomed with that state.
        """
        for audience, group in self._rooms.get(room, {}).items():
            state = format_message(view(audience))
            if state == group.told:
                continue
            group.told = state
            for client in group.clients:
                client.send_state(version, state)

    def tell_roles(self, room: RoomId, roles: Collection[Role], message: Mapping[str, object]) -> None:
        """Queue a message for those of the roles in a room who have been welcomed, written once."""
        text = format_message(message)
        for client in self._in_room(room):
            if client.role in roles:
                client.send_text(text)

    def tell_all(self, message: Mapping[str, object]) -> None:
        """Queue a message for everybody who has been welcomed, written once."""
        text = format_message(message)
        for client in self:
            client.send_text(text)

    async def aclose(self, code: str) -> None:
        """Close everybody with the same code, and wait until they are gone or 2 s have passed."""
        self.is_closing = True
        for client in self:
            client.close(code)
        with suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_S):
                while self._rooms:
                    self._left.clear()
                    await self._left.wait()
