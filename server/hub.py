"""Who is connected by WebSocket, and what waits to be sent to them.

Each client has a bounded queue and one task that empties it into the socket. States overtake each other: a state
that waits is replaced by a newer one. A client who takes nothing for 5 s, or whose queue is full, is cut off, and
nobody else waits for it. The hub knows no commands and no rooms' insides; it carries finished texts. When a room is
told of its changes, and how much of it at once, is `server.telling`'s.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from typing import Final, Protocol

from interpreting.audience import ANYBODY, Audience
from interpreting.ids import PersonId, RoomId
from interpreting.roles import Role
from server.crowd import Crowd
from server.messages import format_message
from server.showing import State, format_state
from server.tokens import Invitation
from server.turnout import Turnout

QUEUE_MESSAGES: Final = 64
SEND_TIMEOUT_S: Final = 5.0
FAREWELL_S: Final = 2.0
SOON_BYTES: Final = 16 * 1024
"""So much goes into an empty buffer without waiting."""


class Outlet(Protocol):
    """The sending half of a WebSocket."""

    @property
    def is_clear(self) -> bool:
        """Whether all that was sent is on its way, so that up to `SOON_BYTES` are taken at once."""
        ...

    async def send_text(self, data: bytes) -> None:
        """Send one text message, in UTF-8; waits while the reader does not read."""
        ...

    async def close(self) -> object:
        """Say goodbye and close."""
        ...

    def abort(self) -> None:
        """Drop the connection at once."""
        ...


class Letter:
    """A state on its way to all who see the same; written when the first of them is sent it."""

    __slots__ = ("_text", "_version", "state")

    def __init__(self, version: int, state: State) -> None:
        self.state = state
        self._version = version
        self._text: bytes | None = None

    @property
    def text(self) -> bytes:
        """The message."""
        if self._text is None:
            self._text = f'{{"type":"state","version":{self._version},"state":{format_state(self.state)}}}'.encode()
        return self._text


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
        self._last_state: State | None = None
        self._queue: deque[bytes | Letter] = deque()
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

    def send(self, message: Mapping[str, object]) -> None:
        """Queue a message."""
        self._put(format_message(message).encode())

    def send_text(self, text: str) -> None:
        """Queue a finished message, unless the welcome, which comes first, is still to be written."""
        if self._last_state is not None:
            self._put(text.encode())

    def welcome(self, message: Mapping[str, object], state: State) -> None:
        """Queue the first message with the state it carries, with which later states are compared."""
        self._last_state = state
        self._put(f'{format_message(message)[:-1]},"state":{format_state(state)}}}'.encode())

    def send_state(self, letter: Letter) -> bool:
        """Queue a state unless it is the last one sent, and tell so; it replaces one that still waits as the last.

        Before the welcome, which carries the state itself, nothing is sent.
        """
        if self._last_state is None or letter.state == self._last_state:
            return False
        self._last_state = letter.state
        if self._queue and isinstance(self._queue[-1], Letter):
            self._queue.pop()
        self._put(letter)
        return True

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
                first = self._queue.popleft()
                if not await self._send(first.text if isinstance(first, Letter) else first):
                    return
            if self.closed_with is not None:
                await self._outlet.close()
                return

    async def _send(self, text: bytes) -> bool:
        # A deadline costs as much as all the rest, and is for nothing where nothing waits.
        can_wait = len(text) > SOON_BYTES or not self._outlet.is_clear
        try:
            if can_wait:
                async with asyncio.timeout(self._send_timeout_s):
                    await self._outlet.send_text(text)
            else:
                await self._outlet.send_text(text)
        except (TimeoutError, ConnectionError):
            self.closed_with = self.closed_with or "too_slow"
            self._outlet.abort()
            return False
        return True

    def _put(self, text: bytes | Letter) -> None:
        if self.closed_with is not None:
            return
        if len(self._queue) >= QUEUE_MESSAGES:
            self.closed_with = "too_slow"
            self._queue.clear()
            self._outlet.abort()
            self._news.set()
            return
        self._queue.append(text)
        self._news.set()


class Hub:
    """All connected clients by room. `is_closing` is set once no more should join; `crowd` counts them by address,
    `turnout` those who only watch.
    """

    def __init__(self) -> None:
        self.is_closing = False
        self.crowd = Crowd()
        self.turnout = Turnout()
        self._rooms: dict[RoomId, dict[Audience, set[Client]]] = {}
        self._left = asyncio.Event()

    def __iter__(self) -> Iterator[Client]:
        return iter([client for room in self._rooms for client in self._in_room(room)])

    def __len__(self) -> int:
        return sum(len(group) for groups in self._rooms.values() for group in groups.values())

    def join(self, client: Client) -> None:
        """Add a client."""
        self._rooms.setdefault(client.room, {}).setdefault(client.audience, set()).add(client)
        if client.role is Role.VIEWER and self.turnout.come():
            self._tell_turnout()

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
        group = groups.get(client.audience, set())
        if client in group and client.role is Role.VIEWER and self.turnout.go():
            self._tell_turnout()
        group.discard(client)
        if not group:
            groups.pop(client.audience, None)
        if not groups:
            self._rooms.pop(client.room, None)
        self._left.set()

    def _tell_turnout(self) -> None:
        text = format_message({"type": "turnout", "pages": self.turnout.pages})
        for client in self.of_roles({Role.VIEWER}):
            client.send_text(text)

    def _in_room(self, room: RoomId) -> list[Client]:
        return [client for group in self._rooms.get(room, {}).values() for client in group]

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
            for client in group
        ]

    def tell_room(self, room: RoomId, letter: Callable[[Audience], Letter]) -> Iterator[None]:
        """Queue the room's state for everybody in it, a step of work each time the next is asked for.

        Those at work come first. One who would be told what they were told last is passed over: a line of chat costs
        three thousand viewers nothing. Who comes meanwhile is welcomed with the state.
        """
        groups = sorted(self._rooms.get(room, {}).items(), key=lambda entry: entry[0].is_public)
        for audience, group in groups:
            for client in tuple(group):
                # Asked for anew each time: the room may have changed at the last step.
                if client.send_state(letter(audience)):
                    yield
            yield

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
