"""The engine and its edges as one: who goes where, what a death means, and who is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from media.errors import MediaError, OfferRejected, Overloaded, PeerUnknown
from server.edge_link import RETURN_S, SILENT_S, EdgeLink
from server.edge_messages import (
    Answered,
    Close,
    Closed,
    Done,
    Failed,
    Hello,
    Load,
    Message,
    Move,
    Pull,
    Reply,
    Subscribe,
    UpdateIce,
    format_edge_message,
    parse_edge_message,
)
from server.engine import EngineEvent, PeerClosed
from server.fleet import EDGE_LOST, Fleet
from server.tokens import EdgePass
from tests.fakes import FakeEngine, ManualClock

PASS = EdgePass("pass", "one", 10**10)
Obey = Callable[[Message], Reply | None]


def willing(message: Message) -> Reply | None:
    """An edge that does as it is told."""
    match message:
        case Subscribe():
            return Answered(message.id, "v=0 edge", '"e"')
        case UpdateIce():
            return Answered(message.id, "a=ice-ufrag:new", '"f"')
        case Move() | Close():
            return Done(message.id)
        case _:
            return None


class Outlet:
    """An edge's end of the wire, which answers at once as `obey` says."""

    def __init__(self, fleet: Fleet, obey: Obey) -> None:
        self.said: list[Message] = []
        self.is_closed = False
        self.link: EdgeLink | None = None
        self._fleet = fleet
        self._obey = obey

    async def send_str(self, data: str) -> None:
        if self.is_closed:
            raise ConnectionResetError
        message = parse_edge_message(data)
        self.said.append(message)
        reply = self._obey(message)
        if reply is not None:
            assert self.link is not None
            # As if by way of the wire.
            await self._fleet.take(self.link, parse_edge_message(format_edge_message(reply)))  # type: ignore[arg-type]

    async def close(self) -> None:
        self.is_closed = True


class Yard:
    """A fleet over an engine without media."""

    def __init__(self) -> None:
        self.engine = FakeEngine()
        self.clock = ManualClock(100.0)
        self.lost: list[str] = []
        self.told: list[EngineEvent] = []
        self.fleet = Fleet(self.engine, "boot", self.clock, self.lost.append)
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for event in self.fleet.events():
            self.told.append(event)

    async def edge(self, name: str, obey: Obey = willing, peers: tuple[str, ...] = (), most: int = 100) -> Outlet:
        """An edge that has joined and told its load."""
        outlet = Outlet(self.fleet, obey)
        outlet.link, _ = await self.fleet.join(Hello(1, name, name, peers), outlet, PASS)
        await self.fleet.take(outlet.link, Load(0, most, 0.0, 0.0, {}))
        return outlet

    async def listen(self, peer: str, *, at_work: bool = False) -> str:
        """Where a listener ends up: an edge's public name, or "" for the engine itself."""
        return (await self.fleet.subscribe(peer, "v=0", bus="r/de", picture=None, at_work=at_work)).edge

    async def settle(self) -> list[EngineEvent]:
        """What was told until now."""
        for _ in range(10):
            await asyncio.sleep(0)
        return self.told

    async def close(self) -> None:
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        await self.fleet.aclose()


@pytest.fixture
async def yard() -> AsyncIterator[Yard]:
    made = Yard()
    yield made
    await made.close()


async def test_all_pictures_of_a_listener_are_named_to_whoever_takes_them(yard: Yard) -> None:
    more = ("r/stage", "r/face:0")
    await yard.fleet.subscribe("here", "v=0", bus="r/de", picture="r", more_pictures=more)
    assert yard.engine.seen["here"] == ("r", "r/stage", "r/face:0")
    edge = await yard.edge("one")
    await yard.fleet.subscribe("there", "v=0", bus="r/de", picture="r", more_pictures=more)
    assert [(one.picture, one.more_pictures) for one in edge.said if isinstance(one, Subscribe)] == [("r", more)]
    await yard.fleet.publish("face", "v=0", audio="r/anna", video="r/anna", small="r/anna/small")
    assert yard.engine.small_pictures["face"] == "r/anna/small"


async def test_without_edges_listeners_stay_here(yard: Yard) -> None:
    assert await yard.listen("p") == ""
    await yard.fleet.move("p", "r/uk")
    assert yard.engine.listeners == {"p": "r/uk"}
    assert await yard.fleet.close_peer("p")


async def test_listeners_go_to_the_emptiest_edge(yard: Yard) -> None:
    one, two = await yard.edge("one"), await yard.edge("two")
    places = [await yard.listen(f"p{n}") for n in range(6)]
    assert {place: places.count(place) for place in places} == {one.link.tag: 3, two.link.tag: 3}  # type: ignore[union-attr]
    assert yard.engine.listeners == {}


async def test_an_edge_twice_as_large_takes_twice_as_many(yard: Yard) -> None:
    await yard.edge("small", most=50)
    large = await yard.edge("large", most=100)
    places = [await yard.listen(f"p{n}") for n in range(9)]
    assert large.link is not None
    assert places.count(large.link.tag) == 6


async def test_a_crowd_that_comes_at_once_is_spread(yard: Yard) -> None:
    outlets = [await yard.edge(name) for name in ("one", "two")]
    await asyncio.gather(*(yard.listen(f"p{n}") for n in range(40)))
    assert [len(outlet.link.peers) for outlet in outlets if outlet.link] == [20, 20]


async def test_who_is_at_work_stays_here(yard: Yard) -> None:
    await yard.edge("one")
    assert await yard.listen("p", at_work=True) == ""


async def test_what_is_asked_goes_where_the_peer_is(yard: Yard) -> None:
    outlet = await yard.edge("one")
    await yard.listen("p")
    await yard.fleet.move("p", "r/uk")
    restarted = await yard.fleet.update_ice("p", "a=ice-ufrag:x", etags=frozenset({'"e"'}))
    assert restarted is not None
    assert restarted.etag == '"f"'
    assert await yard.fleet.close_peer("p")
    assert [type(message) for message in outlet.said] == [Subscribe, Move, UpdateIce, Close]


async def test_a_full_edge_passes_on_and_when_all_are_full_that_is_said(yard: Yard) -> None:
    await yard.edge("full", lambda m: Failed(m.id, "overloaded", 503) if isinstance(m, Subscribe) else None)
    other = await yard.edge("other")
    assert other.link is not None
    assert [await yard.listen(f"p{n}") for n in range(3)] == [other.link.tag] * 3
    other._obey = lambda m: Failed(m.id, "overloaded", 503) if isinstance(m, Subscribe) else None
    with pytest.raises(Overloaded):
        await yard.listen("late")
    assert yard.engine.listeners == {}


async def test_what_the_edge_refuses_is_refused(yard: Yard) -> None:
    await yard.edge("one", lambda m: Failed(m.id, "sdp_no_opus", 422) if isinstance(m, Subscribe) else None)
    with pytest.raises(MediaError) as refused:
        await yard.listen("p")
    assert (refused.value.code, refused.value.status) == ("sdp_no_opus", 422)


async def test_an_edge_that_breaks_off_is_passed_over(yard: Yard) -> None:
    one = await yard.edge("one")
    one.is_closed = True
    assert await yard.listen("p") == ""


async def test_an_edge_silent_for_two_seconds_is_buried(yard: Yard) -> None:
    one, two = await yard.edge("one"), await yard.edge("two")
    assert one.link is not None
    assert two.link is not None
    for n in range(4):
        await yard.listen(f"p{n}")
    lost = set(one.link.peers)
    yard.clock.at += SILENT_S - 0.1
    await yard.fleet.take(two.link, Load(2, 100, 0.0, 0.0, {}))
    yard.fleet.look(yard.clock.at)
    assert yard.lost == []
    yard.clock.at += 0.2
    yard.fleet.look(yard.clock.at)
    assert yard.lost == [one.link.tag]
    assert set(await yard.settle()) == {PeerClosed(peer, EDGE_LOST) for peer in lost}
    with pytest.raises(PeerUnknown):
        await yard.fleet.move(next(iter(lost)), "r/uk")
    assert await yard.listen("again") == two.link.tag
    assert {(one.name, one.is_alive) for one in yard.fleet.figures} == {("one", False), ("two", True)}


async def test_a_broken_connection_may_come_back_in_time(yard: Yard) -> None:
    first = await yard.edge("one")
    assert first.link is not None
    await yard.listen("p")
    await yard.listen("q")
    yard.fleet.leave(first.link, first)
    yard.clock.at += RETURN_S - 0.1
    yard.fleet.look(yard.clock.at)
    outlet = Outlet(yard.fleet, willing)
    link, welcome = await yard.fleet.join(Hello(1, "one", "one", ("p", "stranger")), outlet, PASS)
    assert link is first.link
    assert welcome.keep == ("p",), "q has left meanwhile, and nobody knows the stranger"
    assert await yard.settle() == [PeerClosed("q", "closed")]
    yard.fleet.leave(link, first)
    yard.clock.at += RETURN_S + 0.1
    await yard.fleet.take(link, Load(1, 100, 0.0, 0.0, {}))
    yard.fleet.look(yard.clock.at)
    assert yard.lost == [], "the end of the old connection is not the end of the new one"
    yard.fleet.leave(link, outlet)
    yard.clock.at += RETURN_S + 0.1
    yard.fleet.look(yard.clock.at)
    assert yard.lost == [link.tag]


async def test_back_from_the_dead_it_is_another_edge(yard: Yard) -> None:
    first = await yard.edge("one")
    await yard.listen("p")
    yard.fleet.bury_named("one")
    await yard.settle()
    assert first.is_closed
    again = Outlet(yard.fleet, willing)
    link, welcome = await yard.fleet.join(Hello(1, "one", "one", ("p",)), again, PASS)
    assert first.link is not None
    assert (welcome.keep, link.tag == first.link.tag) == ((), False)


async def test_a_listener_that_leaves_an_edge_is_told_once(yard: Yard) -> None:
    one = await yard.edge("one")
    assert one.link is not None
    await yard.listen("p")
    await yard.fleet.take(one.link, Closed("p", "bye"))
    await yard.fleet.take(one.link, Closed("p", "bye"))
    assert await yard.settle() == [PeerClosed("p", "bye")]


async def test_an_edge_is_served_by_the_engine_here_and_let_go_with_its_death(yard: Yard) -> None:
    one = await yard.edge("one")
    assert one.link is not None
    await yard.fleet.take(one.link, Pull(7, "edge-x", "v=0", "r/de", None, 1))
    assert yard.engine.listeners == {"edge-x": "r/de"}
    assert isinstance(one.said[-1], Answered)
    yard.engine.refuse_with = OfferRejected("sdp_no_opus")
    await yard.fleet.take(one.link, Pull(8, "edge-y", "v=0", "r/uk", None, 1))
    assert one.said[1:] == [Failed(8, "sdp_no_opus", 422)]
    yard.fleet.bury_named("one")
    await yard.settle()
    assert yard.engine.listeners == {}


async def test_figures_are_summed(yard: Yard) -> None:
    one = await yard.edge("one")
    assert one.link is not None
    await yard.listen("p", at_work=True)
    figures = {"peers": 4, "subscribers": {"plenary/de": 3, "odd": "x"}, "mixer": {"late_ticks": 9}, "drops": 5}
    await yard.fleet.take(one.link, Load(4, 100, 200.0, 0.1, figures))
    stats = await yard.fleet.stats()
    assert (stats.peers, stats.subscribers, stats.mixer) == (5, {"plenary/de": 4}, {"late_ticks": 0})


async def test_the_engines_own_events_pass_through(yard: Yard) -> None:
    await yard.engine.flow("r/venue")
    await yard.engine.lose_peer("p")
    assert [type(event).__name__ for event in await yard.settle()] == ["SourceFlowing", "PeerClosed"]


async def test_a_fleet_is_as_full_as_its_emptiest_place(yard: Yard) -> None:
    await yard.listen("at-work", at_work=True)
    assert await yard.fleet.fullness() == 1 / 2500
    await yard.edge("one")
    assert await yard.fleet.fullness() == 0
    await yard.listen("p")
    two = await yard.edge("two")
    assert await yard.fleet.fullness() == 0
    assert two.link is not None
    yard.fleet.leave(two.link, two)
    assert await yard.fleet.fullness() > 0


async def test_our_own_lateness_is_not_the_edges_silence(yard: Yard) -> None:
    one = await yard.edge("one")
    assert one.link is not None
    yard.clock.at += SILENT_S + 1
    one.link.excuse(1.5)
    yard.fleet.look(yard.clock.at)
    assert yard.lost == []
