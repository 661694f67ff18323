"""Clients' queues: order, states that overtake, readers that do not read, consoles that replace each other."""

from __future__ import annotations

import asyncio
import json

import pytest

from interpreting.audience import Audience
from interpreting.ids import BoothId, PersonId, RoomId
from interpreting.roles import Role
from server.hub import QUEUE_MESSAGES, Client, Hub
from server.tokens import Invitation

HALL = RoomId("hall")


class Outlet:
    """A socket in memory; `stuck` is a reader that does not read."""

    def __init__(self, stuck: bool = False) -> None:
        self.sent: list[dict[str, object]] = []
        self.has_two = asyncio.Event()
        self.is_closed = False
        self.is_aborted = False
        self.stuck = stuck

    async def send_str(self, data: str) -> None:
        if self.stuck:
            await asyncio.get_running_loop().create_future()
        self.sent.append(json.loads(data))
        if len(self.sent) == 2:
            self.has_two.set()

    async def close(self) -> object:
        self.is_closed = True
        return None

    def abort(self) -> None:
        self.is_aborted = True


def client_of(outlet: Outlet, invitation: Invitation | None = None, timeout_s: float = 5.0) -> Client:
    return Client(outlet, HALL, invitation, lambda code: f"about {code}", timeout_s)


def interpreter(person: str, booth: str = "de-uk") -> Invitation:
    return Invitation.new(HALL, Role.INTERPRETER, person=PersonId(person), booth=BoothId(booth), id=person)


async def test_messages_go_out_in_order_and_closing_is_the_last() -> None:
    outlet = Outlet()
    client = client_of(outlet)
    client.send({"type": "done", "id": "1"})
    client.close("stopping")
    client.close("revoked")
    client.send({"type": "done", "id": "2"})
    await client.pump()
    assert outlet.sent == [
        {"type": "done", "id": "1"},
        {"type": "closing", "code": "stopping", "text": "about stopping"},
    ]
    assert outlet.is_closed
    assert client.closed_with == "stopping"


async def test_a_waiting_state_is_overtaken_by_a_newer_one() -> None:
    outlet = Outlet()
    client = client_of(outlet)
    client.send_state(0, '{"n":0}')
    client.welcome({"type": "welcome"}, {"n": 0})
    client.send_state(0, '{"n":0}')
    for version in range(1000):
        client.send_state(version, f'{{"n":{version}}}')
    client.send({"type": "done", "id": "1"})
    client.send_state(1000, '{"n":1000}')
    client.send_state(1001, '{"n":1000}')
    client.close("stopping")
    await client.pump()
    assert [message.get("version", message["type"]) for message in outlet.sent] == [
        "welcome",
        999,
        "done",
        1000,
        "closing",
    ]


async def test_who_does_not_read_is_cut_off() -> None:
    outlet = Outlet(stuck=True)
    client = client_of(outlet, timeout_s=0.01)
    client.send({"type": "done", "id": "1"})
    await client.pump()
    assert outlet.is_aborted
    assert client.closed_with == "too_slow"


async def test_a_full_queue_cuts_off_at_once() -> None:
    outlet = Outlet()
    client = client_of(outlet)
    for _ in range(QUEUE_MESSAGES + 1):
        client.send({"type": "done"})
    assert outlet.is_aborted
    await client.pump()
    assert outlet.sent == []


async def test_one_who_does_not_read_disturbs_nobody() -> None:
    hub, stuck, fine = Hub(), client_of(Outlet(stuck=True)), client_of(outlet := Outlet())
    for client in (stuck, fine):
        hub.join(client)
        client.welcome({"type": "welcome"}, {})
    async with asyncio.TaskGroup() as group:
        pumps = [group.create_task(client.pump()) for client in (stuck, fine)]
        hub.tell_room(HALL, 7, lambda audience: {"as": audience.role})
        await outlet.has_two.wait()
        for pump in pumps:
            pump.cancel()
    assert outlet.sent[1:] == [{"type": "state", "version": 7, "state": {"as": "viewer"}}]


async def test_an_interpreters_newer_console_takes_the_place_of_the_older() -> None:
    hub = Hub()
    older, newer, looking = (client_of(Outlet(), interpreter("olena")) for _ in range(3))
    partner = client_of(Outlet(), interpreter("jonas"))
    for client in (older, partner, newer, looking):
        hub.join(client)
    hub.seat(older)
    hub.seat(partner)
    assert all(client.closed_with is None for client in (older, partner, newer, looking))
    hub.seat(newer)
    assert (older.closed_with, partner.closed_with, newer.closed_with) == ("replaced", None, None)
    assert looking.closed_with is None
    assert set(hub.of_person(HALL, PersonId("olena"))) == {newer, looking}


def test_a_message_for_some_roles_reaches_them_alone() -> None:
    hub, viewers, interpreters = Hub(), Outlet(), Outlet()
    for client in (client_of(viewers), client_of(interpreters, interpreter("olena"))):
        hub.join(client)
        client.welcome({"type": "welcome"}, {})
    hub.tell_roles(HALL, {Role.INTERPRETER}, {"type": "papers"})
    assert [len(client._queue) for client in hub if client.role is Role.INTERPRETER] == [2]
    assert [len(client._queue) for client in hub if client.role is Role.VIEWER] == [1]


async def test_a_view_is_written_once_for_all_who_see_the_same() -> None:
    hub, asked = Hub(), []
    for _ in range(3):
        hub.join(client_of(Outlet()))
    for person, booth in (("olena", "de-uk"), ("jonas", "de-uk"), ("emma", "en")):
        hub.join(client_of(Outlet(), interpreter(person, booth)))

    def view(audience: Audience) -> dict[str, object]:
        asked.append((audience.role, audience.booth))
        return {}

    hub.tell_room(HALL, 1, view)
    hub.tell_room(RoomId("other"), 1, view)
    booths = [(Role.INTERPRETER, "de-uk"), (Role.INTERPRETER, "en")]
    assert sorted(asked, key=str) == sorted([*booths, (Role.VIEWER, None)], key=str)


async def test_who_comes_between_two_changes_is_told_the_second() -> None:
    hub = Hub()

    async def comes(now: int, then: int) -> list[object]:
        """Come while the room is as it is `now`, and tell what one hears until it has become `then`."""
        outlet = Outlet()
        client = client_of(outlet)
        hub.join(client)
        hub.tell_room(HALL, 1, lambda audience: {"n": now})  # not welcomed yet: it is the welcome that says it
        client.welcome({"type": "welcome"}, {"n": now})
        for state in (now, then, then):
            hub.tell_room(HALL, 2, lambda audience, n=state: {"n": n})  # type: ignore[misc]
        pump = asyncio.create_task(client.pump())
        await outlet.has_two.wait()
        pump.cancel()
        return [message["state"] for message in outlet.sent]

    assert await comes(0, 1) == [{"n": 0}, {"n": 1}]
    assert await comes(1, 2) == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize("leaves", [True, False])
async def test_a_farewell_waits_for_clients_but_not_for_ever(leaves: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.hub.FAREWELL_S", 0.05)
    hub, client = Hub(), client_of(Outlet())
    hub.join(client)
    farewell = asyncio.create_task(hub.aclose("stopping"))
    await asyncio.sleep(0)
    if leaves:
        hub.leave(client)
    await farewell
    assert client.closed_with == "stopping"
    assert len(hub) == (0 if leaves else 1)
