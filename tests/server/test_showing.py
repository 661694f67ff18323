"""A room written down: the same as its view for everybody, and only what has changed written anew."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, cast

import pytest

from interpreting.audience import ANYBODY, Audience, audience_of
from interpreting.commands import ConnectSource, LoseSource
from interpreting.ids import DEMO, VENUE, BoothId, PersonId, kind_of, speaker_source
from interpreting.roles import Role
from interpreting.view import room_view
from interpreting.workshop_commands import GiveFloor, RaiseHand
from server.showing import Seen, Showing, format_state
from tests.interpreting.plenary import CHAIR, REMOTE, VISITOR, after, workshop
from tests.interpreting.test_questions import talk
from tests.interpreting.test_workshop_view import busy

EVERYBODY = [
    ANYBODY,
    *(audience_of(role) for role in (Role.MODERATOR, Role.TECHNICIAN, Role.ORGANISER, Role.VENUE)),
    audience_of(Role.INTERPRETER, BoothId("de-uk")),
    *(audience_of(Role.PARTICIPANT, person=PersonId(who)) for who in ("remote", "visitor", "stranger", "nobody")),
    audience_of(Role.SPEAKER, person=PersonId("guest")),
]
IRYNA, JONAS = (audience_of(Role.PARTICIPANT, person=who) for who in (REMOTE, VISITOR))


def seen(room: object = None, **changes: object) -> Seen:
    """The busy workshop as a house knows it."""
    known = Seen(busy(), {"de": "Saal «A»"}, {"floor": 2}, False, frozenset(), {speaker_source(REMOTE): 3})
    return replace(known, **({"room": room} if room else {}), **changes)  # type: ignore[arg-type]


def told(showing: Showing, who: Audience) -> dict[str, Any]:
    """Read what is written for somebody."""
    return cast("dict[str, Any]", json.loads(format_state(showing.state(who))))


@pytest.mark.parametrize("who", EVERYBODY, ids=str)
def test_what_is_written_is_what_is_seen(who: Audience) -> None:
    for room in (busy(), talk(), replace(busy(), shows_roster=True)):
        showing = Showing(seen(room))
        written = told(showing, who)
        assert written == showing.view(who)
        house = {"venue", "speakers", "troubles"}
        view = room_view(room, who, title={"de": "Saal «A»"}, listeners={"floor": 2})
        assert {key: written[key] for key in written.keys() - house} == {key: view[key] for key in view.keys() - house}


def test_the_house_adds_the_lost_hall_the_faces_and_the_troubles() -> None:
    staff = audience_of(Role.TECHNICIAN)
    without = after(workshop(), LoseSource(VENUE), ConnectSource(DEMO, kind_of(DEMO)))
    shown = told(Showing(seen(without, had_venue=True, troubles=frozenset({"b", "a"}))), staff)
    assert (shown["venue"], shown["troubles"]) == ("lost", ["a", "b"])
    speakers = {one["person"]: one["face"] for one in told(Showing(seen()), IRYNA)["speakers"]}
    assert speakers == {"remote": 3, "visitor": None}


def test_a_piece_that_says_the_same_is_the_same_text() -> None:
    before = Showing(seen(workshop()))
    states = {who: before.state(who) for who in EVERYBODY}
    after_hand = Showing(seen(after(workshop(), RaiseHand(VISITOR))), before)
    iryna, jonas = after_hand.state(IRYNA), after_hand.state(JONAS)
    assert all(new is old for new, old in zip(iryna, states[IRYNA], strict=True)), "nothing of hers has changed"
    assert iryna[0] is jonas[0]
    assert jonas[2] != states[JONAS][2]
    assert after_hand.state(audience_of(Role.MODERATOR))[0] != states[audience_of(Role.MODERATOR)][0]
    floor = Showing(seen(after(workshop(), GiveFloor(CHAIR, REMOTE))), after_hand)
    assert floor.state(JONAS)[0] is floor.state(IRYNA)[0]
    assert floor.state(JONAS)[0] != jonas[0]


def test_it_shows_just_what_it_was_made_of() -> None:
    room = workshop()
    showing = Showing(seen(room))
    assert showing.shows(seen(room))
    assert not showing.shows(seen(replace(room)))
    assert not showing.shows(seen(room, listeners={"floor": 3}))


def test_those_who_left_take_no_room_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.showing.MOST_KEPT", 3)
    showing = Showing(seen())
    states = {who: showing.state(who) for who in EVERYBODY}
    assert len(showing._written) <= 3
    assert {who: showing.state(who) for who in EVERYBODY} == states
