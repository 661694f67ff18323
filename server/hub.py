"""Who is connected by WebSocket, and what waits to be sent to them.

Each client has a bounded queue and one task that empties it into the socket. States overtake each other: a state
that waits is replaced by a newer one. A client who takes nothing for 5 s, or whose queue is full, is cut off, and
nobody else waits for it. The hub knows no commands and no rooms' insides; it carries finished texts.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Final, Protocol

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

    `closed_with` is the code it was told when we ended it, None while it lives or when it left by itself.
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
        self.closed_with: str | None = None
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


class Hub:
    """All connected clients by room. `is_closing` is set once no more should join; `crowd` counts them by address."""

    def __init__(self) -> None:
        self.is_closing = False
        self.crowd = Crowd()
        self._rooms: dict[RoomId, set[Client]] = {}
        self._left = asyncio.Event()

    def __iter__(self) -> Iterator[Client]:
        return iter([client for clients in self._rooms.values() for client in clients])

    def __len__(self) -> int:
        return sum(len(clients) for clients in self._rooms.values())

    def join(self, client: Client) -> None:
        """Add a client. An interpreter has one console: a newer one takes the older one's place."""
        if client.role is Role.INTERPRETER:
            for other in self.of_person(client.room, client.person):
                other.close("replaced")
        self._rooms.setdefault(client.room, set()).add(client)

    def leave(self, client: Client) -> None:
        """Remove a client."""
        clients = self._rooms.get(client.room, set())
        clients.discard(client)
        if not clients:
            self._rooms.pop(client.room, None)
        self._left.set()

    def of_person(self, room: RoomId, person: PersonId | None) -> list[Client]:
        """Return the clients of a person in a room that are not being closed."""
        return [
            client
            for client in self._rooms.get(room, ())
            if person is not None and client.person == person and client.closed_with is None
        ]

    def tell_room(self, room: RoomId, version: int, view: Callable[[Role], Mapping[str, object]]) -> None:
        """Queue the room's state for everybody in it, written once for each role."""
        written: dict[Role, str] = {}
        for client in tuple(self._rooms.get(room, ())):
            if client.role not in written:
                written[client.role] = format_message(view(client.role))
            client.send_state(version, written[client.role])

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
