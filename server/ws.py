"""The WebSocket: a room's state goes out as it changes, commands come in and are answered.

A connection has no memory of its own: `welcome` carries everything, so that coming back is resuming. Commands bear
ids, so that sending one again after a break is harmless. See server/PROTOCOL.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Final

from aiohttp import WSMessage, WSMsgType, web

from interpreting.codec import parse_command
from interpreting.commands import Command, EnterBooth
from interpreting.errors import InvalidCommand, Refused
from interpreting.ids import PersonId, RoomId
from interpreting.roles import Role, check_allowed
from server.access import Handler, admit_to_room
from server.doorman import CALLER
from server.earshot import is_removed
from server.hub import Client
from server.keys import BOOT, CLOCKS, CONDUCTOR, HUB, LOGBOOK, PAGE_WORDS, REELS, TELLING, TRANSLATOR
from server.limits import ADDRESS, Bucket, Rate
from server.logbook_acts import note_act
from server.messages import MAX_MESSAGE_BYTES, BadMessage, CommandMessage, ReportMessage, parse_message
from server.origins import check_origin
from server.problems import Problem
from server.said_by import said_by
from server.security import asked_language
from server.store.base import StoreUnavailable
from server.tokens import Invitation

HEARTBEAT_S: Final = 20.0
COMMANDS: Final = Rate(burst=40, per_s=20)
USUAL_BYTES: Final = 4096
"""No command of a page is longer; what is costs as many commands as it is long."""
# Who goes on past it, answers and all, wants our time and nothing else. A page resends some dozen at most.
PATIENCE: Final = Rate(burst=200, per_s=20)
PRESENT: Final = frozenset({Role.INTERPRETER, Role.PARTICIPANT, Role.SPEAKER, Role.MODERATOR})
"""Roles of people who have a seat or a place that waits for them while they are away."""
CLOSE_TIMEOUT_S: Final = 2.0

_ENDED: Final[Mapping[str, str]] = {"token_expired": "expired", "token_revoked": "revoked"}


class _Socket:
    """aiohttp's WebSocket as the hub's outlet."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
        self._socket = socket
        self._transport = transport

    @property
    def is_clear(self) -> bool:
        return self._transport is not None and self._transport.get_write_buffer_size() == 0

    async def send_text(self, data: bytes) -> None:
        await self._socket.send_frame(data, WSMsgType.TEXT)

    async def close(self) -> object:
        return await self._socket.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


async def connect(request: web.Request) -> web.WebSocketResponse:
    """GET /ws?room=R[&as=ID]: serve one page until either side ends it."""
    check_origin(request)
    room = RoomId(request.query.get("room", ""))
    hub, caller = request.app[HUB], request[CALLER]
    admit_to_room(request, caller, room)
    if hub.is_closing:
        raise Problem("stopping", headers={"Retry-After": "2"})
    socket = web.WebSocketResponse(
        heartbeat=HEARTBEAT_S,
        timeout=CLOSE_TIMEOUT_S,
        max_msg_size=2 * MAX_MESSAGE_BYTES,
        compress=False,
        autoping=False,  # pings count like commands
    )
    with hub.crowd.one_more(request[ADDRESS]):
        await socket.prepare(request)
        await _greet(request, socket, room)
    return socket


async def _greet(request: web.Request, socket: web.WebSocketResponse, room: RoomId) -> None:
    """Serve who may come in; tell the one whose link is over."""
    caller, lang = request[CALLER], asked_language(request)
    client = Client(
        _Socket(socket, request.transport),
        room,
        caller.invitation,
        lambda code: request.app[TRANSLATOR].error_text(lang, code),
    )
    if caller.ended is not None:
        client.close(_ENDED[caller.ended])
        await client.pump()
    elif is_removed(request.app[CONDUCTOR].room(room), client.person):
        client.close("removed")
        await client.pump()
    else:
        await _serve(request, socket, client)


async def _serve(request: web.Request, socket: web.WebSocketResponse, client: Client) -> None:
    conductor, hub, room = request.app[CONDUCTOR], request.app[HUB], client.room
    pump = asyncio.create_task(client.pump())
    hub.join(client)
    try:
        if client.role in PRESENT and client.person is not None:
            await conductor.presence.page_opened(client.room, client.person)
        client.welcome(_welcome(request, client), conductor.showing(room).state(client.audience))
        await _converse(request.app, socket, client)
        if client.closed_with is not None:
            await pump  # what it is told at last
    finally:
        hub.leave(client)
        pump.cancel()
        with suppress(asyncio.CancelledError):
            await pump
        others = hub.of_person(client.room, client.person)
        # A page that was only opened is no console: the interpreter is away when the one they sat at is gone.
        is_last = not any(other.is_seated or not client.is_seated for other in others)
        if client.role in PRESENT and client.person is not None and is_last:
            conductor.presence.page_closed(client.room, client.person)


async def _converse(app: web.Application, socket: web.WebSocketResponse, client: Client) -> None:
    """Answer messages one after another until the socket is closed, a message is none of ours, or they are a flood."""
    clock = app[CLOCKS].monotonic
    bucket, patience = Bucket.full(COMMANDS, clock()), Bucket.full(PATIENCE, clock())
    async for message in socket:
        if client.closed_with is not None:
            return
        await asyncio.sleep(0)  # others' messages come between, though many of this one's lie ready
        cost = 1 + _size(message) // USUAL_BYTES
        is_fast = bucket.take(clock(), cost) > 0
        if is_fast and (cost > 1 or patience.take(clock()) > 0):
            client.close("too_fast")
            return
        if message.type is WSMsgType.PONG:
            continue
        if message.type is WSMsgType.PING:
            await socket.pong(message.data)
            continue
        try:
            said = parse_message(_text_of(message))
        except BadMessage:
            client.close("bad_message")
            return
        if isinstance(said, ReportMessage):
            app[PAGE_WORDS].take(client, said, clock())
        elif is_fast:
            _refuse(client, said.id, "too_fast")
        else:
            await _answer(app, client, said)


def _size(message: WSMessage) -> int:
    return len(message.data) if message.type in (WSMsgType.TEXT, WSMsgType.BINARY) else 0


def _text_of(message: WSMessage) -> str:
    if message.type is not WSMsgType.TEXT:
        raise BadMessage("not text")
    return str(message.data)


async def _answer(app: web.Application, client: Client, message: CommandMessage) -> None:
    try:
        if client.invitation is None:
            raise Problem("forbidden")
        command = app[REELS].checked(client.room, _command(message, client.invitation))
        answer = await app[CONDUCTOR].execute_once(client.room, message.id, command, client.invitation.person)
    except (Problem, Refused, InvalidCommand) as refusal:
        _refuse(client, message.id, str(refusal.code))
        return
    except StoreUnavailable:
        _refuse(client, message.id, "store_unavailable")
        return
    if "code" in answer:
        _refuse(client, message.id, str(answer["code"]))
    else:
        if isinstance(command, EnterBooth):
            app[HUB].seat(client)
        app[TELLING].catch_up(client)
        note_act(app[LOGBOOK], client.room, client.invitation, command)
        client.send({"type": "done", "id": message.id, "version": answer["version"]})


def _command(message: CommandMessage, invitation: Invitation) -> Command:
    """Return the command as this person may say it. Raises InvalidCommand or Refused."""
    command = parse_command(message.name, message.args, invitation.person)
    check_allowed(invitation.role, command)
    return said_by(command, invitation)


def _refuse(client: Client, id: str, code: str) -> None:
    client.send({"type": "refused", "id": id, "code": code, "text": client.words(code)})


def _welcome(request: web.Request, client: Client) -> dict[str, object]:
    conductor, invitation = request.app[CONDUCTOR], client.invitation
    return {
        "type": "welcome",
        "boot": request.app[BOOT],
        "version": conductor.version(client.room),
        "now": int(request.app[CLOCKS].now() * 1000),
        # Those at work come back as fast as they can, however many they are.
        "turnout": request.app[HUB].turnout.pages if client.role is Role.VIEWER else 0,
        "moves": [asdict(move) for move in conductor.switchboard.moves(client.room) if client.role is Role.VIEWER],
        "you": {
            "person": invitation.person if invitation else PersonId(""),
            "name": invitation.name if invitation else "",
            "role": client.role.value,
            "booth": invitation.booth if invitation else None,
            "elsewhere": any(other.is_seated for other in request.app[HUB].of_person(client.room, client.person)),
        },
    }


HANDLERS: Final[Mapping[str, Handler]] = {"ws": connect}
