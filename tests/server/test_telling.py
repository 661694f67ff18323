"""Telling a room: at once, in steps, together what follows closely, and the commander first."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from interpreting.audience import Audience, audience_of
from interpreting.ids import PersonId, RoomId
from interpreting.roles import Role
from server.hub import Client, Hub
from server.showing import State
from server.telling import STEPS_AT_ONCE, Telling
from server.tokens import Invitation
from tests.server.test_hub import HALL, Outlet, client_of


@dataclass
class House:
    """Rooms of which nothing is known but how often they changed; `writes` counts the states asked for."""

    now: int = 0
    writes: int = 0
    fails: bool = False
    seen: list[int] = field(default_factory=list)

    def version(self, room: RoomId) -> int:
        """Return how often."""
        return self.now

    def showing(self, room: RoomId) -> House:
        """Show it."""
        return self

    def state(self, audience: Audience) -> State:
        """Return it written."""
        if self.fails:
            raise RuntimeError("a defect")
        self.writes += 1
        return (f'"n":{self.now}',)


class Hall:
    """A hub with a telling of it, and clients with their pumps."""

    def __init__(self) -> None:
        self.hub, self.house = Hub(), House()
        self.telling = Telling(self.hub, lambda: self.house)  # type: ignore[arg-type, return-value]
        self.pumps: list[asyncio.Task[None]] = []

    def enter(self, invitation: Invitation | None = None) -> tuple[Client, Outlet]:
        """Welcome somebody."""
        outlet = Outlet()
        client = client_of(outlet, invitation)
        self.hub.join(client)
        client.welcome({"type": "welcome"}, ())
        self.pumps.append(asyncio.create_task(client.pump()))
        return client, outlet

    def change(self) -> None:
        """Change the room."""
        self.house.now += 1
        self.telling.changed(HALL)

    async def settle(self) -> None:
        """Wait until nothing is left to tell."""
        async with asyncio.timeout(10):
            while self.telling._tasks:  # noqa: ASYNC110
                await asyncio.sleep(0)
            for _ in range(3):
                await asyncio.sleep(0)

    async def aclose(self) -> None:
        """End everything."""
        await self.telling.aclose()
        for pump in self.pumps:
            pump.cancel()
            with suppress(asyncio.CancelledError):
                await pump


def heard(outlet: Outlet) -> list[object]:
    """The states after the welcome; turnouts come between them."""
    return [message["state"]["n"] for message in outlet.sent if message["type"] == "state"]  # type: ignore[index]


async def test_a_change_is_told_and_a_burst_together() -> None:
    hall = Hall()
    _, outlet = hall.enter()
    hall.change()
    await hall.settle()
    for _ in range(500):
        hall.change()
    await hall.settle()
    assert heard(outlet) == [1, 501]
    assert hall.house.writes == 2
    await hall.aclose()


async def test_a_change_amid_the_telling_reaches_everybody_at_last() -> None:
    hall = Hall()
    outlets = [hall.enter(person(number))[1] for number in range(3 * STEPS_AT_ONCE)]
    hall.change()
    steps = 0
    while not any(heard(outlet) for outlet in outlets):
        await asyncio.sleep(0)
        steps += 1
    told_first = sum(bool(heard(outlet)) for outlet in outlets)
    assert 0 < told_first < len(outlets), "others come between"
    hall.change()
    await hall.settle()
    assert {heard(outlet)[-1] for outlet in outlets} == {2}
    assert {len(heard(outlet)) for outlet in outlets} == {1, 2}
    await hall.aclose()


async def test_nobody_is_taken_back_by_a_telling_that_was_under_way() -> None:
    hall = Hall()
    everybody = [hall.enter() for _ in range(3 * STEPS_AT_ONCE)]
    hall.change()
    while not any(heard(outlet) for _, outlet in everybody):  # noqa: ASYNC110
        await asyncio.sleep(0)
    untold = [(client, outlet) for client, outlet in everybody if not heard(outlet)]
    assert untold
    hall.change()
    for client, _ in untold:
        hall.telling.catch_up(client)
    await hall.settle()
    assert {tuple(heard(outlet)) for _, outlet in untold} == {(2,)}
    assert {heard(outlet)[-1] for _, outlet in everybody} == {2}
    await hall.aclose()


async def test_who_acted_sees_it_before_all_others() -> None:
    hall = Hall()
    for number in range(STEPS_AT_ONCE):
        hall.enter(person(number))
    client, outlet = hall.enter(person(1000))
    hall.change()
    hall.telling.catch_up(client)
    client.send({"type": "done"})
    await hall.settle()
    assert [message["type"] for message in outlet.sent] == ["welcome", "state", "done"]
    await hall.aclose()


async def test_a_defect_is_told_once_and_the_next_change_is_told_again(caplog: pytest.LogCaptureFixture) -> None:
    hall = Hall()
    _, outlet = hall.enter()
    hall.house.fails = True
    hall.change()
    await hall.settle()
    assert "not told of a change" in caplog.text
    hall.house.fails = False
    hall.change()
    await hall.settle()
    assert heard(outlet) == [2]
    await hall.aclose()


async def test_closing_ends_a_telling_midway() -> None:
    hall = Hall()
    for number in range(2 * STEPS_AT_ONCE):
        hall.enter(person(number))
    hall.change()
    await asyncio.sleep(0)
    await hall.aclose()
    assert not hall.telling._tasks


def person(number: int) -> Invitation:
    """Somebody who takes part, each an audience of their own."""
    who = PersonId(f"person-{number}")
    assert audience_of(Role.PARTICIPANT, person=who).person == who
    return Invitation.new(HALL, Role.PARTICIPANT, person=who, id=who)
