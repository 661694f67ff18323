"""The message `quality`: to whom, when, and what stands in it."""

from __future__ import annotations

from typing import Any

import pytest

from interpreting.ids import PersonId, RoomId
from interpreting.roles import Role
from media.engine import Quality, Reason
from server.hub import Client, Hub
from server.language_guards import LanguageGuards
from server.sound_watch import SoundWatch
from server.tokens import Invitation
from tests.fakes import FakeEngine
from tests.server.test_hub import Outlet

HALL, CELLAR = RoomId("hall"), RoomId("cellar")


class House:
    """A watch over people in two rooms."""

    def __init__(self) -> None:
        self.engine, self.hub = FakeEngine(), Hub()
        self.watch = SoundWatch(self.engine, self.hub, LanguageGuards(self.engine, None))

    def enter(self, room: RoomId, role: Role | None, *, is_welcomed: bool = True) -> tuple[Client, Outlet]:
        invitation = None if role is None else Invitation.new(room, role, person=PersonId(f"{room}-{role}"))
        outlet = Outlet()
        client = Client(outlet, room, invitation, lambda code: code)
        if is_welcomed:
            client.welcome({"type": "welcome"}, ())
        self.hub.join(client)
        return client, outlet


async def told(client: Client, outlet: Outlet) -> list[dict[str, Any]]:
    client.close("stopping")
    await client.pump()
    return [message for message in outlet.sent if message["type"] == "quality"]


@pytest.fixture
def house() -> House:
    return House()


def speaking(level_dbfs: float = -27.4, reason: Reason = Reason.OK) -> Quality:
    return Quality(reason, 11500, level_dbfs, True, 0.04, 0.0)


async def test_those_at_work_are_told_of_their_own_room(house: House) -> None:
    interpreter, viewer = house.enter(HALL, Role.INTERPRETER), house.enter(HALL, None)
    elsewhere = house.enter(CELLAR, Role.TECHNICIAN)
    house.engine.qualities = {"hall/venue": speaking(), "hall/mic:a": speaking(reason=Reason.NARROW)}
    house.watch.look()
    (message,) = await told(*interpreter)
    assert list(message["sources"]) == ["mic:a", "venue"]
    assert message["sources"]["venue"] == {
        "reason": "ok",
        "bandwidth_hz": 11500,
        "level_dbfs": -27,
        "is_speaking": True,
        "lost_percent": 0.0,
    }
    assert message["languages"] == {}
    assert await told(*viewer) == []
    (empty,) = await told(*elsewhere)
    assert empty["sources"] == {}


async def test_only_news_is_told_and_newcomers_get_what_holds(house: House) -> None:
    early = house.enter(HALL, Role.MODERATOR)
    house.engine.qualities = {"hall/venue": speaking(-27.4)}
    house.watch.look()
    house.engine.qualities = {"hall/venue": speaking(-26.6)}
    late = house.enter(HALL, Role.MODERATOR)
    house.watch.look()
    house.engine.qualities = {"hall/venue": speaking(-26.6, Reason.CLIPPING)}
    house.watch.look()
    assert [m["sources"]["venue"]["reason"] for m in await told(*early)] == ["ok", "clipping"]
    assert [m["sources"]["venue"]["reason"] for m in await told(*late)] == ["ok", "clipping"]


async def test_the_welcome_comes_first(house: House) -> None:
    client, outlet = house.enter(HALL, Role.TECHNICIAN, is_welcomed=False)
    house.watch.look()
    client.welcome({"type": "welcome"}, ())
    house.watch.look()
    client.close("stopping")
    await client.pump()
    assert [message["type"] for message in outlet.sent] == ["welcome", "quality", "closing"]
