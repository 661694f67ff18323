"""What pages are told of those who take part from afar, by audience."""

from dataclasses import replace

import pytest

from interpreting.audience import Audience, audience_of, circle_of
from interpreting.commands import AskSpeaker, LoseSource, SetConsent
from interpreting.ids import AssetId, persons_hand, speaker_source
from interpreting.people import Role
from interpreting.room import Room
from interpreting.view import room_view
from interpreting.words import Wish
from interpreting.workshop import Door
from interpreting.workshop_commands import (
    CuePlayout,
    EnterRoom,
    GiveFloor,
    LoseFloor,
    Mute,
    RaiseHallHand,
    RaiseHand,
    Remove,
    SetDoor,
    SetTimer,
    SetVenueHears,
    StartPlayout,
)
from interpreting.workshop_view import workshop_view
from tests.interpreting.plenary import CHAIR, DE, DE_UK, GUEST, NOW, OLHA, REMOTE, STRANGER, VISITOR, after, workshop

NOW_MS = int(NOW * 1000)
STAFF = [audience_of(role) for role in (Role.MODERATOR, Role.TECHNICIAN, Role.ORGANISER)]
IRYNA, JONAS, NEW = (audience_of(Role.PARTICIPANT, person=who) for who in (REMOTE, VISITOR, STRANGER))
MAYOR = audience_of(Role.SPEAKER, person=GUEST)
BOOTH, VENUE = audience_of(Role.INTERPRETER, DE_UK), audience_of(Role.VENUE)
SPEAKERS = [
    {"person": "remote", "name": "Iryna", "language": "uk", "since": NOW_MS, "live": True, "muted": None},
    {"person": "visitor", "name": "Jonas", "language": None, "since": NOW_MS, "live": True, "muted": "moderator"},
]


def busy() -> Room:
    """Return the workshop with two on the floor, a hand up, a timer, somebody at the door, and a film on."""
    return after(
        workshop(),
        SetDoor(CHAIR, Door.WAITING),
        EnterRoom(STRANGER, "New", None),
        RaiseHand(CHAIR),
        RaiseHallHand(CHAIR, "microphone 2"),
        GiveFloor(CHAIR, REMOTE),
        GiveFloor(CHAIR, VISITOR),
        Mute(CHAIR, VISITOR),
        SetTimer(CHAIR, 120),
        SetVenueHears(CHAIR, (DE,)),
        CuePlayout(CHAIR, None, AssetId("film"), 60.0),
        StartPlayout(CHAIR),
    )


def told(room: Room, who: Audience, field: str) -> object:
    """Return one field of what an audience is told."""
    return room_view(room, who)[field]


@pytest.mark.parametrize("who", [*STAFF, IRYNA, JONAS, MAYOR, BOOTH, VENUE], ids=str)
def test_who_is_let_in_or_works_sees_who_speaks(who: Audience) -> None:
    assert told(busy(), who, "speakers") == SPEAKERS
    assert told(busy(), who, "timer") == {"since": NOW_MS, "seconds": 120}


@pytest.mark.parametrize("who", [audience_of(Role.VIEWER), NEW, audience_of(Role.PARTICIPANT)], ids=str)
def test_others_see_nobody(who: Audience) -> None:
    room = replace(busy(), shows_roster=True)
    own = {"place": "waiting", "speaks": None, "hears": "floor", "hand": None, "has_floor": False, "muted": None}
    assert told(room, who, "own") == (own if who == NEW else None)
    assert workshop_view(room, circle_of(room, who)) == {
        "door": "waiting",
        "is_closed": False,
        "speakers": [],
        "people": [],
        "hands": [],
        "floor_lost": [],
        "follows_speaker": None,
        "timer": None,
        "venue_hears": [],
        "playout": None,
    }


def test_everybody_sees_themselves_alone() -> None:
    iryna = {"place": "seated", "speaks": "uk", "hears": "uk", "hand": None, "has_floor": True, "muted": None}
    assert told(busy(), IRYNA, "own") == iryna
    assert told(busy(), JONAS, "own") == {**iryna, "speaks": None, "hears": "floor", "muted": "moderator"}
    assert told(busy(), MAYOR, "own") == {
        "place": "backstage",
        "speaks": "en",
        "hears": "en",
        "hand": None,
        "has_floor": False,
        "muted": None,
    }
    queue = after(workshop(), RaiseHallHand(CHAIR, "m"), RaiseHand(VISITOR))
    assert told(queue, JONAS, "own")["hand"] == 1  # type: ignore[index]
    muted = after(workshop(), GiveFloor(CHAIR, REMOTE), Mute(REMOTE, REMOTE))
    assert told(muted, IRYNA, "own")["muted"] == "self"  # type: ignore[index]
    assert told(after(busy(), Remove(CHAIR, REMOTE)), IRYNA, "own")["place"] == "removed"  # type: ignore[index]


@pytest.mark.parametrize("who", STAFF, ids=str)
def test_who_runs_the_room_sees_everybody_and_the_queue(who: Audience) -> None:
    people = told(busy(), who, "people")
    assert isinstance(people, list)
    assert [(one["person"], one["place"]) for one in people] == [
        ("remote", "seated"),
        ("visitor", "seated"),
        ("guest", "backstage"),
        ("chair", "seated"),
        ("stranger", "waiting"),
    ]
    assert people[2] == {
        "person": "guest",
        "name": "Mayor",
        "role": "speaker",
        "speaks": "en",
        "hears": "en",
        "place": "backstage",
        "present": True,
        "live": True,
    }
    assert told(busy(), who, "hands") == [
        {"hand": persons_hand(CHAIR), "person": "chair", "label": "Chair", "language": "de", "since": NOW_MS},
        {"hand": "hall:microphone 2", "person": None, "label": "microphone 2", "language": None, "since": NOW_MS},
    ]
    lost = after(busy(), LoseSource(speaker_source(REMOTE)), LoseFloor(REMOTE))
    assert told(lost, who, "floor_lost") == [{"person": "remote", "name": "Iryna", "at": NOW_MS}]


@pytest.mark.parametrize("who", [IRYNA, MAYOR], ids=str)
def test_the_roster_is_shown_where_the_room_lets_it(who: Audience) -> None:
    shown = replace(busy(), shows_roster=True)
    assert told(busy(), who, "people") == []
    assert told(shown, who, "people") == [
        {"person": "remote", "name": "Iryna", "role": "participant", "speaks": "uk"},
        {"person": "visitor", "name": "Jonas", "role": "participant", "speaks": None},
        {"person": "chair", "name": "Chair", "role": "moderator", "speaks": "de"},
    ]
    assert told(replace(shown, is_closed=True), who, "people") == []


def test_play_out_is_counted_down_to_those_at_work() -> None:
    film = {"item": None, "asset": "film", "seconds": 60.0, "reel": "playing", "since": NOW_MS + 5000, "played": 0.0}
    for who in (*STAFF, BOOTH, VENUE, MAYOR):
        assert told(busy(), who, "playout") == film
    assert told(busy(), IRYNA, "playout") is None


def test_wishes_to_the_speaker_reach_the_one_on_the_floor() -> None:
    room = after(workshop(), GiveFloor(CHAIR, REMOTE), AskSpeaker(OLHA, Wish.SLOWER))
    assert told(room, IRYNA, "asks") == [{"wish": "slower", "booth": "de-uk", "at": NOW_MS}]
    assert told(room, JONAS, "asks") == []


def test_participants_are_told_of_their_own_consent() -> None:
    room = after(workshop(), SetConsent(REMOTE, speaker_source(REMOTE), True))
    assert told(room, IRYNA, "consents") == {"speaker:remote": True}
    assert told(room, JONAS, "consents") == {"speaker:visitor": False}
    assert told(busy(), VENUE, "venue_hears") == ["de"]
