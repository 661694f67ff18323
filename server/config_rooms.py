"""The conferences in the configuration: their rooms, channels and booths, and the demo conference.

[[conference]]
id = "congress"
title = { de = "Kongress", uk = "Конгрес", en = "Congress" }

[[conference.room]]
id = "hall"                            # unique on the server: it is the room's address
title = { de = "Saal", uk = "Зала", en = "Hall" }
languages = ["de", "uk", "en"]         # the channels, in the order listeners see
floor_language = "de"                  # what is spoken at first
fallbacks = { en = "floor" }           # what a silent channel carries: ducked (the default), floor or silence

[[conference.room.booth]]
id = "de-uk"
languages = ["de", "uk"]               # outgoing A, B and perhaps C
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from interpreting.ids import BoothId, Language, RoomId
from interpreting.languages import Fallback
from server.config_table import ConfigError, Table, checked_language

PAGE_LANGUAGES = ("de", "uk", "en")

_DEMO = """
[[conference]]
id = "demo"
title = { de = "Probekonferenz", uk = "Пробна конференція", en = "Demo conference" }

[[conference.room]]
id = "plenary"
title = { de = "Plenum", uk = "Пленарна зала", en = "Plenary" }
languages = ["de", "uk", "en"]
floor_language = "de"
booth = [{ id = "de-uk", languages = ["de", "uk"] }, { id = "en", languages = ["en", "de"] }]

[[conference.room]]
id = "workshop-1"
title = { de = "Werkstatt 1", uk = "Майстерня 1", en = "Workshop 1" }
languages = ["de", "uk", "en"]
floor_language = "de"
booth = [{ id = "de-uk", languages = ["de", "uk"] }, { id = "en", languages = ["en", "de"] }]

[[conference.room]]
id = "workshop-2"
title = { de = "Werkstatt 2", uk = "Майстерня 2", en = "Workshop 2" }
languages = ["de", "uk", "en"]
floor_language = "de"
booth = [{ id = "de-uk", languages = ["de", "uk"] }, { id = "en", languages = ["en", "de"] }]
"""


@dataclass(frozen=True, slots=True)
class BoothConfig:
    """A booth and its outgoing languages A, B and perhaps C, each a channel of its room."""

    id: BoothId
    languages: tuple[Language, ...]


@dataclass(frozen=True, slots=True)
class RoomConfig:
    """A room as it begins: `title` by page language, channels in their order, and what silent ones carry."""

    id: RoomId
    title: Mapping[str, str]
    languages: tuple[Language, ...]
    booths: tuple[BoothConfig, ...]
    floor_language: Language
    fallbacks: Mapping[Language, Fallback]


@dataclass(frozen=True, slots=True)
class ConferenceConfig:
    """A conference: its slug, its title by page language, its rooms in the order they are shown."""

    id: str
    title: Mapping[str, str]
    rooms: tuple[RoomConfig, ...]


def parse_conferences(table: Table) -> tuple[ConferenceConfig, ...]:
    """Return the conferences of a whole configuration; the demo conference when it has none. Raises ConfigError."""
    tables = table.tables("conference") or Table(tomllib.loads(_DEMO)).tables("conference")
    conferences = tuple(_conference(item) for item in tables)
    _refuse_twins(table.key("conference"), (conference.id for conference in conferences))
    _refuse_twins(table.key("conference.room"), (room.id for conference in conferences for room in conference.rooms))
    return conferences


def _conference(table: Table) -> ConferenceConfig:
    conference = ConferenceConfig(
        id=table.slug("id"),
        title=_title(table),
        rooms=tuple(_room(item) for item in table.tables("room")),
    )
    if not conference.rooms:
        raise ConfigError(table.key("room"), "the conference has no room", "Add a [[conference.room]]")
    table.close()
    return conference


def _room(table: Table) -> RoomConfig:
    languages = table.languages("languages")
    floor_language = table.language("floor_language")
    if floor_language not in languages:
        raise ConfigError(
            table.key("floor_language"),
            f'the room has no channel "{floor_language}"',
            f"Write one of {', '.join(languages)}, or add it to the room's languages",
        )
    booths = tuple(_booth(item, languages) for item in table.tables("booth"))
    _refuse_twins(table.key("booth"), (booth.id for booth in booths))
    room = RoomConfig(
        id=RoomId(table.slug("id")),
        title=_title(table),
        languages=languages,
        booths=booths,
        floor_language=floor_language,
        fallbacks=_fallbacks(table, languages),
    )
    table.close()
    return room


def _booth(table: Table, of_room: tuple[Language, ...]) -> BoothConfig:
    booth = BoothConfig(id=BoothId(table.slug("id")), languages=table.languages("languages"))
    for language in booth.languages:
        if language not in of_room:
            raise ConfigError(
                table.key("languages"),
                f'the room has no channel "{language}"',
                f"Use {', '.join(of_room)}, or add it to the room's languages",
            )
    if not 2 <= len(booth.languages) <= 3:
        raise ConfigError(table.key("languages"), "a booth has two or three languages", "Write A, B and perhaps C")
    table.close()
    return booth


def _fallbacks(table: Table, languages: tuple[Language, ...]) -> Mapping[Language, Fallback]:
    fallbacks = dict.fromkeys(languages, Fallback.DUCKED)
    for tag, word in table.mapping("fallbacks").items():
        key = f"{table.key('fallbacks')}.{tag}"
        if checked_language(key, tag) not in languages:
            raise ConfigError(key, "the room has no such channel", f"Use {', '.join(languages)}")
        if word not in list(Fallback):
            raise ConfigError(key, f"{word!r} is no fallback", f"Write one of {', '.join(Fallback)}")
        fallbacks[Language(tag)] = Fallback(word)
    return fallbacks


def _title(table: Table) -> Mapping[str, str]:
    """Return the title in every page language; a missing one is borrowed from the first given."""
    given = table.mapping("title")
    for tag, title in given.items():
        if tag not in PAGE_LANGUAGES or not title.strip():
            raise ConfigError(
                f"{table.key('title')}.{tag}",
                "it is empty or in a language our pages do not speak",
                f"Write it in {', '.join(PAGE_LANGUAGES)}",
            )
    if not given:
        raise ConfigError(table.key("title"), "it is missing", 'Write it as { de = "…", uk = "…", en = "…" }')
    first = next(given[tag] for tag in PAGE_LANGUAGES if tag in given)
    return {tag: given.get(tag, first) for tag in PAGE_LANGUAGES}


def _refuse_twins(key: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for id in ids:
        if id in seen:
            raise ConfigError(key, f'the id "{id}" is given twice', "Rename one of them")
        seen.add(id)
