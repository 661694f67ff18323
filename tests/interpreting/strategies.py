"""Hypothesis strategies for the plenary: its people, channels, sources, every command and every event.

Each draws a little outside the room as well (a stranger, a language that is no channel, an id of no form).
"""

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from interpreting.commands import (
    COMMANDS,
    Command,
    ConnectSource,
    LoseAllSources,
    LoseSource,
    SetFallback,
    SetFloorLanguage,
)
from interpreting.events import EVENTS, Event
from interpreting.ids import (
    DEMO,
    VENUE,
    BoothId,
    PersonId,
    SourceId,
    SourceKind,
    kind_of,
    mic_source,
)
from interpreting.languages import FLOOR, Channel, Fallback, Language
from tests.interpreting.plenary import (
    DE,
    DE_UK,
    EMMA,
    EN,
    EN_DE,
    EN_UK,
    FAY,
    MODERATOR,
    OLHA,
    PETRO,
    PL,
    QUINN,
    SPEAKER,
    STRANGER,
    UK,
)

INTERPRETERS = (OLHA, PETRO, QUINN, EMMA, FAY)

people: SearchStrategy[PersonId] = st.sampled_from([*INTERPRETERS, STRANGER])
booths: SearchStrategy[BoothId] = st.sampled_from([DE_UK, EN_DE, EN_UK, BoothId("none")])
languages: SearchStrategy[Language] = st.sampled_from([DE, UK, EN, PL])
channels: SearchStrategy[Channel] = st.sampled_from([FLOOR, DE, UK, EN, PL])
sources: SearchStrategy[SourceId] = st.sampled_from(
    [VENUE, DEMO, SPEAKER, *(mic_source(person) for person in INTERPRETERS)]
)
names: SearchStrategy[str] = st.sampled_from(["A name", "Ім’я", "N"])
moments: SearchStrategy[float] = st.floats(0, 4e9)

policy_commands: SearchStrategy[Command] = st.one_of(
    st.builds(SetFloorLanguage, st.just(MODERATOR), languages),
    st.builds(SetFallback, st.just(MODERATOR), languages, st.sampled_from(Fallback)),
)
connecting: SearchStrategy[Command] = sources.map(lambda source: ConnectSource(source, kind_of(source)))
losing: SearchStrategy[Command] = st.one_of(st.builds(LoseSource, sources), st.just(LoseAllSources()))

_FIELDS: dict[str, SearchStrategy[object]] = {
    "at": moments,
    "by": people,
    "person": people,
    "from_person": people,
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
    return st.one_of(
        [st.builds(kind, **{name: _FIELDS[name] for name in kind.__dataclass_fields__}) for kind in kinds]  # type: ignore[attr-defined]
    )


commands: SearchStrategy[Command] = _any_of(list(COMMANDS.values()))  # type: ignore[assignment]
events: SearchStrategy[Event] = _any_of(list(EVENTS.values()))  # type: ignore[assignment]
