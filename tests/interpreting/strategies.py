"""Hypothesis strategies for the plenary: its people, channels, sources, every command and every event.

Each draws a little outside the room as well (a stranger, a language that is no channel, an id of no form).
"""

from typing import get_args

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from interpreting.booth import Interlock
from interpreting.commands import (
    COMMANDS,
    Command,
    ConnectSource,
    HallCommand,
    LoseAllSources,
    LoseSource,
    SetFallback,
    SetFloorLanguage,
    TalkCommand,
    WorkshopCommand,
)
from interpreting.events import EVENTS, Event
from interpreting.ids import (
    BACKUP,
    DEMO,
    HALL_MICS,
    PLAYOUT,
    VENUE,
    AssetId,
    BoothId,
    CallId,
    HandId,
    ItemId,
    LineId,
    PersonId,
    QuestionId,
    RecordingId,
    SourceId,
    SourceKind,
    hall_hand,
    kind_of,
    mic_source,
    persons_hand,
    speaker_source,
)
from interpreting.languages import FLOOR, Channel, Fallback, Language
from interpreting.people import Role
from interpreting.words import Addressee, Party, Phrase, Settlement, Wish
from interpreting.workshop import Door, Place
from tests.interpreting.plenary import (
    BREAK,
    CHAIR,
    CITIES,
    DE,
    DE_UK,
    EMMA,
    EN,
    EN_DE,
    EN_UK,
    FAY,
    GUEST,
    MODERATOR,
    OLHA,
    OPENING,
    PETRO,
    PL,
    QUINN,
    REMOTE,
    STRANGER,
    UK,
    VISITOR,
)

INTERPRETERS = (OLHA, PETRO, QUINN, EMMA, FAY)
FAR_AWAY = (REMOTE, VISITOR, GUEST, CHAIR)

people: SearchStrategy[PersonId] = st.sampled_from([*INTERPRETERS, *FAR_AWAY, STRANGER])
booths: SearchStrategy[BoothId] = st.sampled_from([DE_UK, EN_DE, EN_UK, BoothId("none")])
languages: SearchStrategy[Language] = st.sampled_from([DE, UK, EN, PL])
channels: SearchStrategy[Channel] = st.sampled_from([FLOOR, DE, UK, EN, PL])
sources: SearchStrategy[SourceId] = st.sampled_from(
    [VENUE, BACKUP, HALL_MICS[0], DEMO, PLAYOUT, *map(mic_source, INTERPRETERS), *map(speaker_source, FAR_AWAY)]
)
names: SearchStrategy[str] = st.sampled_from(["A name", "Ім’я", "N"])
moments: SearchStrategy[float] = st.floats(0, 4e9)

policy_commands: SearchStrategy[Command] = st.one_of(
    st.builds(SetFloorLanguage, st.just(MODERATOR), languages),
    st.builds(SetFallback, st.just(MODERATOR), languages, st.sampled_from(Fallback)),
)
connecting: SearchStrategy[Command] = sources.map(lambda source: ConnectSource(source, kind_of(source)))
losing: SearchStrategy[Command] = st.one_of(st.builds(LoseSource, sources), st.just(LoseAllSources()))

_items = st.sampled_from([None, OPENING, CITIES, BREAK, ItemId("concert")])
_seconds = st.sampled_from([0.0, 12.5, 600.0])

# Fields of one name that are of several kinds, by the class they stand in.
_OF_CLASS: dict[tuple[str, str], SearchStrategy[object]] = {
    ("SelectPivot", "language"): st.one_of(st.none(), languages),
    ("PivotSelected", "language"): st.one_of(st.none(), languages),
    ("EnterRoom", "language"): st.one_of(st.none(), languages),
    ("SetSpeaks", "language"): st.one_of(st.none(), languages),
    ("SpeaksSet", "language"): st.one_of(st.none(), languages),
    ("HandRaised", "language"): st.one_of(st.none(), languages),
    ("HandRaised", "person"): st.one_of(st.none(), people),
    ("MoveHand", "to"): st.integers(-1, 4),
    ("HandMoved", "to"): st.integers(0, 4),
    ("CuePlayout", "seconds"): _seconds,
    ("PlayoutCued", "seconds"): _seconds,
    ("CuePlayout", "item"): _items,
    ("PlayoutCued", "item"): _items,
    ("TechnicianCalled", "booth"): st.one_of(st.none(), booths),
    ("Said", "booth"): st.one_of(st.none(), booths),
    ("Say", "person"): st.one_of(st.none(), people),
    ("Said", "to_person"): st.one_of(st.none(), people),
    ("Say", "phrase"): st.sampled_from([None, *map(str, Phrase), "hurry_up"]),
    ("TalkTo", "to"): st.one_of(st.none(), st.sampled_from(Party)),
    ("TalkTo", "booth"): st.one_of(st.none(), booths),
    ("TalkOpened", "to"): st.sampled_from(Party),
    ("TalkOpened", "booth"): st.one_of(st.none(), booths),
    ("QuestionAsked", "language"): st.one_of(st.none(), languages),
}
_FIELDS: dict[str, SearchStrategy[object]] = {
    "asset": st.sampled_from([AssetId("greeting"), AssetId("film")]),
    "door": st.sampled_from(Door),
    "follows": st.booleans(),
    "how": st.sampled_from(Settlement),
    "question": st.integers(1, 5).map(QuestionId),
    "hand": st.sampled_from([persons_hand(REMOTE), persons_hand(VISITOR), hall_hand("N"), HandId("none")]),
    "hears": channels,
    "is_named": st.booleans(),
    "label": names,
    "languages": st.lists(languages, max_size=2).map(tuple),
    "phrase": st.sampled_from([None, *Phrase]),
    "place": st.sampled_from(Place),
    "seconds": st.sampled_from([None, 0, 60, 120]),
    "since": moments,
    "speaks": st.one_of(st.none(), languages),
    "talks": st.booleans(),
    "call": st.integers(1, 5).map(CallId),
    "consents": st.booleans(),
    "held": st.booleans(),
    "item": st.sampled_from([OPENING, CITIES, BREAK, ItemId("concert")]),
    "line": st.integers(1, 5).map(LineId),
    "minutes": st.sampled_from([10, 15, 20, 30, None]),
    "mode": st.sampled_from(Interlock),
    "recording": st.just(RecordingId("plenary-1800000000")),
    "role": st.sampled_from(Role),
    "text": names,
    "to": st.sampled_from(Addressee),
    "wish": st.sampled_from(Wish),
    "gain_db": st.sampled_from([0.0, -6.0, 20.0, -60.0, 20.5]),
    "delay_ms": st.sampled_from([0, 120, 500, 501]),
    "high_pass": st.booleans(),
    "gate": st.booleans(),
    "muted": st.booleans(),
    "at": moments,
    "by": people,
    "person": people,
    "from_person": people,
    "from_booth": st.one_of(st.none(), booths),
    "to_person": people,
    "booth": booths,
    "name": names,
    "language": languages,
    "outgoing": languages,
    "channel": channels,
    "fallback": st.sampled_from(Fallback),
    "source": st.one_of(sources, st.just(SourceId("radio"))),
    "kind": st.sampled_from(SourceKind),
}


def _any_of(kinds: list[type[object]]) -> SearchStrategy[object]:
    """Return a strategy for instances of the classes, each field drawn as its name says."""
    return st.one_of([st.builds(kind, **{name: _field(kind, name) for name in _names(kind)}) for kind in kinds])


def _names(kind: type[object]) -> list[str]:
    return list(kind.__dataclass_fields__)  # type: ignore[attr-defined]


def _field(kind: type[object], name: str) -> SearchStrategy[object]:
    return _OF_CLASS.get((kind.__name__, name), _FIELDS[name])


commands: SearchStrategy[Command] = _any_of(list(COMMANDS.values()))  # type: ignore[assignment]
events: SearchStrategy[Event] = _any_of(list(EVENTS.values()))  # type: ignore[assignment]
hall_commands: SearchStrategy[Command] = _any_of(list(get_args(HallCommand)))  # type: ignore[assignment]
talk_commands: SearchStrategy[Command] = _any_of(list(get_args(TalkCommand)))  # type: ignore[assignment]
workshop_commands: SearchStrategy[Command] = _any_of(list(get_args(WorkshopCommand)))  # type: ignore[assignment]
