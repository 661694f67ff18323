"""What pages are told, by role."""

import json

import pytest

from interpreting.commands import AskHandover, LoseSource, PressCough, SelectIncoming, StepAway
from interpreting.ids import DEMO, VENUE, mic_source
from interpreting.roles import Role
from interpreting.room import Room
from interpreting.view import PUBLIC_ROLES, room_view
from tests.interpreting.plenary import DE, EMMA, OLHA, PETRO, after, empty_room, olha_on_air, staffed_room

TITLE = {"de": "Plenum", "uk": "Пленум", "en": "Plenary"}
CHANNELS = [
    {"channel": "de", "mode": "passthrough", "fallback": "ducked", "booth": None},
    {"channel": "uk", "mode": "interpreted", "fallback": "ducked", "booth": "de-uk"},
    {"channel": "en", "mode": "fallback", "fallback": "floor", "booth": None},
]


def busy_room() -> Room:
    """Return the plenary with Olha coughing on air, asked by Petro, Emma in relay and without sound."""
    return after(
        olha_on_air(),
        AskHandover(PETRO),
        PressCough(OLHA),
        SelectIncoming(EMMA, DE),
        LoseSource(mic_source(EMMA)),
        StepAway(EMMA),
    )


@pytest.mark.parametrize("role", sorted(PUBLIC_ROLES))
def test_the_audience_sees_channels_and_no_person(role: Role) -> None:
    assert room_view(busy_room(), role, title=TITLE, listeners={"floor": 3}) == {
        "room": "plenary",
        "title": TITLE,
        "floor_language": "de",
        "venue": "live",
        "channels": CHANNELS,
        "booths": [
            {"booth": "de-uk", "languages": ["de", "uk"], "seats": [], "handover": None},
            {"booth": "en", "languages": ["en", "de"], "seats": [], "handover": None},
            {"booth": "en-uk", "languages": ["en", "uk"], "seats": [], "handover": None},
        ],
        "listeners": None,
    }


@pytest.mark.parametrize("role", sorted(set(Role) - PUBLIC_ROLES))
def test_those_who_work_see_the_booths(role: Role) -> None:
    view = room_view(busy_room(), role, title=TITLE, listeners={"floor": 3, "de": 0})
    assert view["channels"] == CHANNELS
    assert view["listeners"] == {"floor": 3, "de": 0}
    assert view["booths"] == [
        {
            "booth": "de-uk",
            "languages": ["de", "uk"],
            "seats": [
                _seat("olha", "Olha", "uk", mic="coughing"),
                _seat("petro", "Petro", "uk"),
            ],
            "handover": {"asked_by": "petro", "accepted": False},
        },
        {
            "booth": "en",
            "languages": ["en", "de"],
            "seats": [_seat("emma", "Emma", "en", incoming="de", live=False, present=False)],
            "handover": None,
        },
        {"booth": "en-uk", "languages": ["en", "uk"], "seats": [_seat("fay", "Fay", "en")], "handover": None},
    ]


def _seat(
    person: str,
    name: str,
    outgoing: str,
    *,
    mic: str = "off_air",
    incoming: str = "floor",
    live: bool = True,
    present: bool = True,
) -> dict[str, object]:
    return {
        "person": person,
        "name": name,
        "mic": mic,
        "live": live,
        "present": present,
        "outgoing": outgoing,
        "incoming": incoming,
    }


def test_the_hall_is_live_or_a_demo_or_lost() -> None:
    demo = after(staffed_room(), LoseSource(VENUE))
    lost = after(demo, LoseSource(DEMO))
    rooms = (staffed_room(), demo, lost)
    assert [room_view(room, Role.VIEWER)["venue"] for room in rooms] == ["live", "demo", "lost"]


@pytest.mark.parametrize("role", list(Role))
def test_the_view_is_plain_json(role: Role) -> None:
    view = room_view(busy_room(), role, title=TITLE)
    assert json.loads(json.dumps(view)) == view


def test_title_and_listeners_may_be_unknown() -> None:
    view = room_view(empty_room(), Role.TECHNICIAN)
    assert view["title"] == {}
    assert view["listeners"] is None
