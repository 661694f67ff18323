"""Events: facts about a room, in the past tense, one class a fact.

Each carries ``at``, the moment in seconds since the Unix epoch that the caller of ``Room.apply`` gave.
A room's state is what its events made it; their form in the store is ``codec``'s.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, get_args

from interpreting.ids import BoothId, PersonId, SourceId, SourceKind
from interpreting.languages import Channel, Fallback, Language


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fact:
    """What all events have: ``at``, seconds since the Unix epoch."""

    at: float


@dataclass(frozen=True, slots=True)
class FloorLanguageSet(_Fact):
    """The floor speaks ``language`` from now on."""

    language: Language


@dataclass(frozen=True, slots=True)
class FallbackSet(_Fact):
    """The channel carries ``fallback`` while its booth is silent."""

    language: Language
    fallback: Fallback


@dataclass(frozen=True, slots=True)
class BoothEntered(_Fact):
    """The person's page is connected to a seat; ``outgoing`` is what a new seat starts with."""

    person: PersonId
    booth: BoothId
    name: str
    outgoing: Language


@dataclass(frozen=True, slots=True)
class SteppedAway(_Fact):
    """The page of the person in the seat has lost its connection."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class BoothLeft(_Fact):
    """The seat is gone, and with it any handover of the booth."""

    person: PersonId
    booth: BoothId


@dataclass(frozen=True, slots=True)
class IncomingSelected(_Fact):
    """The person listens to ``channel``."""

    person: PersonId
    channel: Channel


@dataclass(frozen=True, slots=True)
class OutgoingSelected(_Fact):
    """The person speaks, or will speak, into ``language``."""

    person: PersonId
    language: Language


@dataclass(frozen=True, slots=True)
class MicTaken(_Fact):
    """The person went on air into ``language``, in a booth where nobody was."""

    person: PersonId
    language: Language


@dataclass(frozen=True, slots=True)
class MicReleased(_Fact):
    """The person went off air; any handover of the booth has lapsed."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class CoughPressed(_Fact):
    """The person on air is muted for a moment."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class CoughReleased(_Fact):
    """The person on air is heard again."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class HandoverAsked(_Fact):
    """The person offered the microphone or asked for it."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class HandoverAccepted(_Fact):
    """The person agreed to what the other side asked."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class HandoverDeclined(_Fact):
    """The person refused the handover or took it back."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class HandoverSwitched(_Fact):
    """The microphone moved in one step; ``to_person`` is on air into ``language`` now."""

    from_person: PersonId
    to_person: PersonId
    language: Language


@dataclass(frozen=True, slots=True)
class SourceConnected(_Fact):
    """The source flows."""

    source: SourceId
    kind: SourceKind


@dataclass(frozen=True, slots=True)
class SourceLost(_Fact):
    """The source does not flow any more."""

    source: SourceId


@dataclass(frozen=True, slots=True)
class AllSourcesLost(_Fact):
    """No source of the room flows any more."""


PolicyEvent: TypeAlias = FloorLanguageSet | FallbackSet
SeatEvent: TypeAlias = BoothEntered | SteppedAway | BoothLeft | IncomingSelected | OutgoingSelected
MicEvent: TypeAlias = MicTaken | MicReleased | CoughPressed | CoughReleased
HandoverEvent: TypeAlias = HandoverAsked | HandoverAccepted | HandoverDeclined | HandoverSwitched
SourceEvent: TypeAlias = SourceConnected | SourceLost | AllSourcesLost
Event: TypeAlias = PolicyEvent | SeatEvent | MicEvent | HandoverEvent | SourceEvent


def event_name(event: type[Event]) -> str:
    """Return the event's name in the store: its class name in snake_case, ``mic_taken`` for ``MicTaken``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event.__name__).lower()


EVENTS: Final[Mapping[str, type[Event]]] = {event_name(kind): kind for kind in get_args(Event)}
"""Every event by its name in the store."""
