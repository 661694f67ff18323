"""The conferences in the configuration: their rooms, channels and booths, and the demo conference.

Where a room may be pushed to is described in `config_pushes.py`, stream keys of encoders in `config_ingest.py`.

[[conference]]
id = "congress"
title = { de = "Kongress", uk = "Конгрес", en = "Congress" }

[[conference.room]]
id = "hall"                            # unique on the server: it is the room's address
title = { de = "Saal", uk = "Зала", en = "Hall" }
languages = ["de", "uk", "en"]         # the channels, in the order listeners see
floor_language = "de"                  # what is spoken at first
fallbacks = { en = "floor" }           # what a silent channel carries: ducked (the default), floor or silence
livestream = true                      # false: low-delay listening alone
recording = true                       # false: nobody may start one
original_under = false                 # true: the livestream's languages have the original softly underneath
closed = false                         # true: named invitations alone, no viewers, livestream, pushes or recording
workshop = "invited"                   # who takes part: the invited (the default), everybody (open) or nobody (off)
door = "open"                          # at first: open, waiting (participants wait to be admitted) or closed
roster = false                         # true: who takes part sees who else does
interlock = "interlock"                # two booths on one channel: none, interlock (the default) or override

[[conference.room.booth]]
id = "de-uk"
languages = ["de", "uk"]               # outgoing A, B and perhaps C

[[conference.room.item]]               # the programme, in its order
id = "opening"
title = { de = "Eröffnung", uk = "Відкриття", en = "Opening" }
speaker = "Oksana Example"
language = "uk"                        # may be left out; a channel of the room, which the floor then speaks
kind = "speech"                        # speech (the default), playout, panel or break
starts = "09:30"                       # or a moment such as 2026-11-22T09:30+02:00; may be left out
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from interpreting.booth import Booth, Interlock
from interpreting.ids import BoothId, ItemId, Language, RoomId
from interpreting.languages import Fallback
from interpreting.programme import Item, ItemKind
from interpreting.room import Room
from interpreting.workshop import Door
from server.config_ingest import IngestConfig, parse_ingest
from server.config_pushes import parse_pushes
from server.config_table import ConfigError, Table, checked_language
from server.pushes.target import Target

PAGE_LANGUAGES = ("de", "uk", "en")
_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_Choice = TypeVar("_Choice", bound=StrEnum)

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

[[conference.room.item]]
id = "opening"
title = { de = "Begrüßung", uk = "Привітання", en = "Welcome" }
speaker = "Anna Beispiel"
language = "de"
starts = "09:30"

[[conference.room.item]]
id = "partners"
title = { de = "Partnerstädte im Gespräch", uk = "Розмова міст-партнерів", en = "Partner cities in conversation" }
speaker = "Іван Приклад"
language = "uk"
starts = "09:45"

[[conference.room.item]]
id = "film"
title = { de = "Film: ein Jahr zusammen", uk = "Фільм: рік разом", en = "Film: a year together" }
kind = "playout"
starts = "10:15"

[[conference.room.item]]
id = "break"
title = { de = "Kaffeepause", uk = "Перерва на каву", en = "Coffee break" }
kind = "break"
starts = "10:30"

[[conference.room.item]]
id = "panel"
title = { de = "Podium: was als Nächstes?", uk = "Дискусія: що далі?", en = "Panel: what next?" }
speaker = "Mary Sample, Олена Взірець"
language = "en"
kind = "panel"
starts = "11:00"

[[conference.room]]
id = "workshop-1"
title = { de = "Werkstatt 1", uk = "Майстерня 1", en = "Workshop 1" }
workshop = "open"
languages = ["de", "uk", "en"]
floor_language = "de"
booth = [{ id = "de-uk", languages = ["de", "uk"] }, { id = "en", languages = ["en", "de"] }]

[[conference.room]]
id = "workshop-2"
title = { de = "Werkstatt 2", uk = "Майстерня 2", en = "Workshop 2" }
workshop = "open"
languages = ["de", "uk", "en"]
floor_language = "de"
booth = [{ id = "de-uk", languages = ["de", "uk"] }, { id = "en", languages = ["en", "de"] }]
"""


class Workshop(StrEnum):
    """Who may take part in a room from afar."""

    INVITED = "invited"
    OPEN = "open"
    OFF = "off"


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
    livestream: bool = True
    recording: bool = True
    original_under: bool = False
    interlock: Interlock = Interlock.INTERLOCK
    is_closed: bool = False
    door: Door = Door.OPEN
    shows_roster: bool = False
    workshop: Workshop = Workshop.INVITED
    items: tuple[Item, ...] = ()
    pushes: tuple[Target, ...] = ()
    ingest: tuple[IngestConfig, ...] = ()

    def as_room(self) -> Room:
        """Return the room of the domain, with nobody in it."""
        booths = {booth.id: Booth(booth.id, booth.languages) for booth in self.booths}
        return Room(
            self.id,
            self.languages,
            booths,
            self.floor_language,
            self.fallbacks,
            interlock=self.interlock,
            items=self.items,
            is_recordable=self.recording,
            is_closed=self.is_closed,
            shows_roster=self.shows_roster,
            door=self.door,
        )


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
    is_closed = table.flag("closed", False)
    room = RoomConfig(
        id=RoomId(table.slug("id")),
        title=_title(table),
        languages=languages,
        booths=booths,
        floor_language=floor_language,
        fallbacks=_fallbacks(table, languages),
        livestream=table.flag("livestream", not is_closed),
        recording=table.flag("recording", not is_closed),
        original_under=table.flag("original_under", False),
        interlock=_choice(table, "interlock", Interlock.INTERLOCK),
        is_closed=is_closed,
        door=_choice(table, "door", Door.OPEN),
        shows_roster=table.flag("roster", False),
        workshop=_choice(table, "workshop", Workshop.INVITED),
        items=_items(table, languages),
        pushes=parse_pushes(table.tables("push"), languages),
        ingest=parse_ingest(table.tables("ingest")),
    )
    if is_closed and (room.livestream or room.recording or room.shows_roster or room.pushes):
        mend = "Leave out livestream, recording, roster and push, or open the room"
        raise ConfigError(table.key("closed"), "a closed room lets nothing and nobody out", mend)
    if is_closed and room.workshop is Workshop.OPEN:
        mend = 'Write workshop = "invited", or open the room'
        raise ConfigError(table.key("workshop"), "strangers cannot come into a closed room", mend)
    table.close()
    return room


def _items(table: Table, languages: tuple[Language, ...]) -> tuple[Item, ...]:
    items = tuple(_item(item, languages) for item in table.tables("item"))
    _refuse_twins(table.key("item"), (item.id for item in items))
    return items


def _item(table: Table, languages: tuple[Language, ...]) -> Item:
    tag = table.text("language", "")
    if tag and checked_language(table.key("language"), tag) not in languages:
        raise ConfigError(table.key("language"), f'the room has no channel "{tag}"', f"Use {', '.join(languages)}")
    item = Item(
        id=ItemId(table.slug("id")),
        title=_title(table),
        speaker=table.text("speaker", ""),
        language=Language(tag) if tag else None,
        kind=_choice(table, "kind", ItemKind.SPEECH),
        starts=_starts(table),
    )
    table.close()
    return item


def _starts(table: Table) -> str | None:
    """Return when an item begins as it was written, None when it was not. People read it; nothing is timed by it."""
    text = table.text("starts", "")
    if not text or _TIME_OF_DAY.fullmatch(text):
        return text or None
    try:
        datetime.fromisoformat(text)
    except ValueError:
        mend = 'Write it as "09:30" or "2026-11-22T09:30+02:00"'
        raise ConfigError(table.key("starts"), f"{text!r} is no time", mend) from None
    return text


def _choice(table: Table, name: str, default: _Choice) -> _Choice:
    """Return one of an enum's words."""
    text = table.text(name, default.value)
    kind = type(default)
    if text not in list(kind):
        raise ConfigError(table.key(name), f"{text!r} will not do", f"Write one of {', '.join(kind)}")
    return kind(text)


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
