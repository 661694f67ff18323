"""Clients' queues: order, states that overtake, readers that do not read, consoles that replace each other."""

from __future__ import annotations

import asyncio
import json

import pytest

from interpreting.audience import Audience
from interpreting.ids import BoothId, PersonId, RoomId
from interpreting.roles import Role
from server.hub import QUEUE_MESSAGES, SOON_BYTES, Client, Hub, Letter
from server.showing import State
from server.tokens import Invitation

HALL = RoomId("hall")


class Outlet:
    """A socket in memory; `stuck` is a reader that does not read."""

    def __init__(self, stuck: bool = False) -> None:
        self.sent: list[dict[str, object]] = []
        self.has_two = asyncio.Event()
        self.is_closed = False
        self.is_aborted = False
        self.stuck = self.is_full = stuck

    @property
    def is_clear(self) -> bool:
        return not self.is_full

    async def send_text(self, data: bytes) -> None:
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


def state(n: int) -> State:
    """A state as it is written, in two pieces."""
    return '"of":"all"', f'"n":{n}'


def letter(version: int, n: int) -> Letter:
    """A state on its way."""
    return Letter(version, state(n))


def tell(hub: Hub, version: int, n: int, room: RoomId = HALL) -> None:
    """Tell the whole room the same."""
    for _ in hub.tell_room(room, lambda audience: letter(version, n)):
        pass


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
    assert not client.send_state(letter(0, 0))
    client.welcome({"type": "welcome"}, state(0))
    assert not client.send_state(letter(0, 0))
    for version in range(1000):
        client.send_state(letter(version, version))
    client.send({"type": "done", "id": "1"})
    assert client.send_state(letter(1000, 1000))
    assert not client.send_state(letter(1001, 1000))
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


async def test_what_is_too_long_for_an_empty_buffer_has_its_deadline() -> None:
    outlet = Outlet(stuck=True)
    outlet.is_full = False
    client = client_of(outlet, timeout_s=0.01)
    client.send({"type": "done", "id": "x" * SOON_BYTES})
    await client.pump()
    assert outlet.is_aborted


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
        client.welcome({"type": "welcome"}, ())
    async with asyncio.TaskGroup() as group:
        pumps = [group.create_task(client.pump()) for client in (stuck, fine)]
        tell(hub, 7, 1)
        await outlet.has_two.wait()
        for pump in pumps:
            pump.cancel()
    assert outlet.sent[1:] == [{"type": "state", "version": 7, "state": {"of": "all", "n": 1}}]


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
        client.welcome({"type": "welcome"}, ())
    hub.tell_roles(HALL, {Role.INTERPRETER}, {"type": "papers"})
    assert [len(client._queue) for client in hub if client.role is Role.INTERPRETER] == [2]
    assert [len(client._queue) for client in hub if client.role is Role.VIEWER] == [1]


async def test_those_at_work_are_told_first() -> None:
    hub, asked = Hub(), []
    for _ in range(3):
        hub.join(client_of(Outlet()))
    for person, booth in (("olena", "de-uk"), ("jonas", "de-uk"), ("emma", "en")):
        hub.join(client_of(Outlet(), interpreter(person, booth)))

    def write(audience: Audience) -> Letter:
        asked.append((audience.role, audience.booth))
        return letter(1, 1)

    for room in (HALL, RoomId("other")):
        for _ in hub.tell_room(room, write):
            pass
    work, watching = [(Role.INTERPRETER, "de-uk")] * 2 + [(Role.INTERPRETER, "en")], [(Role.VIEWER, None)] * 3
    assert asked == work + watching, "work comes first"


async def test_who_comes_between_two_changes_is_told_the_second() -> None:
    hub = Hub()

    async def comes(now: int, then: int) -> list[object]:
        """Come while the room is as it is `now`, and tell what one hears until it has become `then`."""
        outlet = Outlet()
        client = client_of(outlet)
        hub.join(client)
        tell(hub, 1, now)  # not welcomed yet: it is the welcome that says it
        client.welcome({"type": "welcome"}, state(now))
        for n in (now, then, then):
            tell(hub, 2, n)
        pump = asyncio.create_task(client.pump())
        await outlet.has_two.wait()
        pump.cancel()
        return [message["state"]["n"] for message in outlet.sent]  # type: ignore[index]

    assert await comes(0, 1) == [0, 1]
    assert await comes(1, 2) == [1, 2]


def test_a_letter_is_written_once_for_all_who_get_it() -> None:
    one = letter(3, 1)
    assert one.text == b'{"type":"state","version":3,"state":{"of":"all","n":1}}'
    assert one.text is one.text


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


async def test_those_who_watch_are_told_how_many_they_are_as_they_come_and_go() -> None:
    hub, outlet = Hub(), Outlet()
    first = client_of(outlet)
    first.welcome({"type": "welcome"}, state(1))
    hub.join(first)
    others = [client_of(Outlet()) for _ in range(99)]
    pump = asyncio.create_task(first.pump())
    for other in others:
        hub.join(other)
    hub.join(client_of(Outlet(), interpreter("olena")))
    for other in others[:70]:
        hub.leave(other)
        hub.leave(other)
    for _ in range(20):
        await asyncio.sleep(0)
    pump.cancel()
    told = [message["pages"] for message in outlet.sent if message["type"] == "turnout"]
    assert told == [64, 80, 100, 49]
    assert hub.turnout.pages == 30
