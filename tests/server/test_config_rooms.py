"""A room's programme and interlock in the configuration."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from interpreting.booth import Interlock
from interpreting.ids import ItemId, Language
from interpreting.programme import Item, ItemKind
from interpreting.roles import Role
from interpreting.workshop import Door
from server.config_rooms import RoomConfig, parse_conferences
from server.config_table import ConfigError, Table

HALL = """
[[conference]]
id = "congress"
title = { en = "Congress" }

[[conference.room]]
id = "hall"
title = { uk = "Зала" }
languages = ["uk", "de", "en"]
floor_language = "uk"

[[conference.room.booth]]
id = "de-uk"
languages = ["de", "uk", "en"]
"""

ITEMS = """
[[conference.room.item]]
id = "opening"
title = { uk = "Відкриття" }
speaker = "Іван Приклад"
language = "uk"
kind = "panel"
starts = "09:30"

[[conference.room.item]]
id = "break"
title = { uk = "Перерва" }
"""


def hall_of(text: str) -> RoomConfig:
    """Return the only room of a configuration."""
    (conference,) = parse_conferences(Table(tomllib.loads(text)))
    return conference.rooms[0]


def complaint(text: str) -> str:
    """Return what is wrong with a configuration."""
    with pytest.raises(ConfigError) as refusal:
        hall_of(text)
    return str(refusal.value)


def test_a_rooms_programme_and_interlock_become_its_own() -> None:
    hall = hall_of(HALL.replace('"uk"\n', '"uk"\ninterlock = "override"\noriginal_under = true\n', 1) + ITEMS)
    assert (hall.livestream, hall.original_under) == (True, True)
    room = hall.as_room()
    assert room.interlock is Interlock.OVERRIDE
    titles = dict.fromkeys(("de", "uk", "en"), "Відкриття")
    opening = Item(ItemId("opening"), titles, "Іван Приклад", Language("uk"), ItemKind.PANEL, "09:30")
    assert room.items == (opening, Item(ItemId("break"), dict.fromkeys(("de", "uk", "en"), "Перерва")))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('"panel"', '"concert"'), "room[1].item[1].kind: 'concert' will not do. Write one of speech"),
        (('language = "uk"', 'language = "fr"'), 'room[1].item[1].language: the room has no channel "fr"'),
        (('"09:30"', '"half past"'), "room[1].item[1].starts: 'half past' is no time. Write it as"),
        (('"09:30"', '"24:30"'), "room[1].item[1].starts: '24:30' is no time"),
        (('"break"', '"opening"'), 'room[1].item: the id "opening" is given twice'),
        (("speaker", "speeker"), "room[1].item[1].speeker: no such setting"),
        (('title = { uk = "Перерва" }', ""), "room[1].item[2].title: it is missing"),
    ],
)
def test_an_item_that_cannot_stand_is_explained(change: tuple[str, str], said: str) -> None:
    assert said in complaint(HALL + ITEMS.replace(*change))


def test_an_interlock_is_one_of_three() -> None:
    text = HALL.replace('"uk"\n', '"uk"\ninterlock = "free"\n', 1)
    assert "room[1].interlock: 'free' will not do. Write one of none, interlock, override" in complaint(text)


@pytest.mark.parametrize("moment", ["2026-11-22T09:30+02:00", "2026-11-22 09:30"])
def test_an_item_may_begin_on_a_day(moment: str) -> None:
    assert hall_of(HALL + ITEMS.replace("09:30", moment)).items[0].starts == moment


def test_a_room_says_who_may_come_in() -> None:
    usual = hall_of(HALL).as_room()
    assert (usual.door, usual.is_closed, usual.shows_roster, usual.is_recordable) == (Door.OPEN, False, False, True)
    waiting = hall_of(HALL.replace('"uk"\n', '"uk"\ndoor = "waiting"\nroster = true\nrecording = false\n', 1)).as_room()
    assert (waiting.door, waiting.shows_roster, waiting.is_recordable) == (Door.WAITING, True, False)


def test_a_closed_room_lets_nothing_out() -> None:
    closed = hall_of(HALL.replace('"uk"\n', '"uk"\nclosed = true\n', 1))
    assert (closed.livestream, closed.recording) == (False, False)
    assert (closed.as_room().is_closed, closed.as_room().is_recordable) == (True, False)


@pytest.mark.parametrize("setting", ["livestream", "recording", "roster"])
def test_a_closed_room_that_would_let_something_out_is_explained(setting: str) -> None:
    text = HALL.replace('"uk"\n', f'"uk"\nclosed = true\n{setting} = true\n', 1)
    assert "room[1].closed: a closed room lets nothing and nobody out" in complaint(text)


def test_the_demo_has_a_programme() -> None:
    (demo,) = parse_conferences(Table({}))
    assert [item.kind for item in demo.rooms[0].items].count(ItemKind.BREAK) == 1
    assert all(room.as_room().languages == ("de", "uk", "en") for room in demo.rooms)


def test_the_conference_that_the_documentation_describes_is_taken() -> None:
    page = (Path(__file__).parents[2] / "docs" / "conference.md").read_text("utf-8")
    (text,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (conference,) = parse_conferences(Table(tomllib.loads(text)))
    (hall,) = conference.rooms
    assert (hall.id, [booth.id for booth in hall.booths], len(hall.items)) == ("hall", ["de-uk", "en"], 1)
    shown = re.findall(r"tolmach invite .*--role (\w+)", page)
    assert set(shown) == set(Role) - {Role.VIEWER}
