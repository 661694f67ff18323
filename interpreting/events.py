"""Events: facts about a room, in the past tense, one class a fact.

Each carries ``at``, the moment in seconds since the Unix epoch that the caller of ``Room.apply`` gave.
A room's state is what its events made it; their form in the store is ``codec``'s.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias, get_args

from interpreting.booth import Interlock, Shift
from interpreting.fact import Fact
from interpreting.ids import BoothId, CallId, ItemId, LineId, PersonId, RecordingId, SourceId, SourceKind
from interpreting.languages import Channel, Fallback, Language
from interpreting.people import Role
from interpreting.words import Addressee, Party, Phrase, Wish
from interpreting.workshop_events import EntranceEvent, FloorEvent, HandEvent, QuestionEvent, ReelEvent


@dataclass(frozen=True, slots=True)
class FloorLanguageSet(Fact):
    """The floor speaks ``language`` from now on."""

    language: Language


@dataclass(frozen=True, slots=True)
class FallbackSet(Fact):
    """The channel carries ``fallback`` while its booth is silent."""

    language: Language
    fallback: Fallback


@dataclass(frozen=True, slots=True)
class InterlockSet(Fact):
    """Two booths that want one channel are treated so from now on."""

    mode: Interlock


@dataclass(frozen=True, slots=True)
class BoothEntered(Fact):
    """The person's page is connected to a seat; ``outgoing`` is what a new seat starts with."""

    person: PersonId
    booth: BoothId
    name: str
    outgoing: Language


@dataclass(frozen=True, slots=True)
class SteppedAway(Fact):
    """The page of the person in the seat has lost its connection."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class BoothLeft(Fact):
    """The seat is gone, and with it any handover of the booth."""

    person: PersonId
    booth: BoothId


@dataclass(frozen=True, slots=True)
class IncomingSelected(Fact):
    """The person listens to ``channel``."""

    person: PersonId
    channel: Channel


@dataclass(frozen=True, slots=True)
class OutgoingSelected(Fact):
    """The person speaks, or will speak, into ``language``."""

    person: PersonId
    language: Language


@dataclass(frozen=True, slots=True)
class PivotSelected(Fact):
    """The person relies on ``language`` while the floor speaks none of the booth's, or on nobody."""

    person: PersonId
    language: Language | None


@dataclass(frozen=True, slots=True)
class ShiftSet(Fact):
    """The booth means to change over after so many minutes, or does not count them."""

    booth: BoothId
    minutes: Shift | None


@dataclass(frozen=True, slots=True)
class MicTaken(Fact):
    """The person went on air into ``language``, in a booth where nobody was."""

    person: PersonId
    language: Language


@dataclass(frozen=True, slots=True)
class MicReleased(Fact):
    """The person went off air; any handover of the booth has lapsed."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class MicCut(Fact):
    """A technician, ``by``, took the person off air; any handover of the booth has lapsed."""

    person: PersonId
    by: PersonId


@dataclass(frozen=True, slots=True)
class CoughPressed(Fact):
    """The person on air is muted for a moment."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class CoughReleased(Fact):
    """The person on air is heard again."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class HandoverAsked(Fact):
    """The person offered the microphone or asked for it."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class HandoverAccepted(Fact):
    """The person agreed to what the other side asked."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class HandoverDeclined(Fact):
    """The person refused the handover or took it back."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class HandoverSwitched(Fact):
    """The microphone moved in one step; ``to_person`` is on air into ``language`` now."""

    from_person: PersonId
    to_person: PersonId
    language: Language


@dataclass(frozen=True, slots=True)
class RecordingStarted(Fact):
    """The room is recorded under this id."""

    recording: RecordingId


@dataclass(frozen=True, slots=True)
class RecordingStopped(Fact):
    """The recording is over."""

    recording: RecordingId


@dataclass(frozen=True, slots=True)
class ConsentSet(Fact):
    """The source may be recorded, or may not."""

    source: SourceId
    consents: bool


@dataclass(frozen=True, slots=True)
class VenueSelected(Fact):
    """The floor carries this one of the hall's two senders: by hand, or because the other was lost."""

    source: SourceId


@dataclass(frozen=True, slots=True)
class SlideHeld(Fact):
    """The livestream shows the holding slide, or the hall again."""

    held: bool


@dataclass(frozen=True, slots=True)
class ItemSelected(Fact):
    """This item of the programme is on; wishes to the last item's speaker are over."""

    item: ItemId


@dataclass(frozen=True, slots=True)
class SpeakerAsked(Fact):
    """The booth asked the speaker for something."""

    booth: BoothId
    wish: Wish


@dataclass(frozen=True, slots=True)
class AsksCleared(Fact):
    """The speaker's screen shows no wish any more."""


@dataclass(frozen=True, slots=True)
class TechnicianCalled(Fact):
    """The person waits for the technician."""

    call: CallId
    person: PersonId
    name: str
    role: Role
    booth: BoothId | None


@dataclass(frozen=True, slots=True)
class CallAnswered(Fact):
    """A technician sees to the call."""

    call: CallId


@dataclass(frozen=True, slots=True)
class Said(Fact):
    """The person said a line; to one alone it was to ``to_person``; of a ready phrase it has the key."""

    line: LineId
    person: PersonId
    name: str
    role: Role
    booth: BoothId | None
    to: Addressee
    text: str
    to_person: PersonId | None = None
    phrase: Phrase | None = None


@dataclass(frozen=True, slots=True)
class TalkOpened(Fact):
    """The person talks by the intercom, to ``booth`` when it is one. Of this moment alone: it is not kept."""

    person: PersonId
    name: str
    role: Role
    from_booth: BoothId | None
    to: Party
    booth: BoothId | None


@dataclass(frozen=True, slots=True)
class TalkClosed(Fact):
    """The person talks by the intercom no more."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class TrimSet(Fact):
    """The source is trimmed so from now on, for every bus."""

    source: SourceId
    gain_db: float
    delay_ms: int
    high_pass: bool
    gate: bool
    muted: bool
    by: PersonId


@dataclass(frozen=True, slots=True)
class SourceConnected(Fact):
    """The source flows."""

    source: SourceId
    kind: SourceKind


@dataclass(frozen=True, slots=True)
class SourceLost(Fact):
    """The source does not flow any more."""

    source: SourceId


@dataclass(frozen=True, slots=True)
class AllSourcesLost(Fact):
    """No source of the room flows any more."""


PolicyEvent: TypeAlias = FloorLanguageSet | FallbackSet | InterlockSet
SeatEvent: TypeAlias = (
    BoothEntered | SteppedAway | BoothLeft | IncomingSelected | OutgoingSelected | PivotSelected | ShiftSet
)
MicEvent: TypeAlias = MicTaken | MicReleased | MicCut | CoughPressed | CoughReleased
HandoverEvent: TypeAlias = HandoverAsked | HandoverAccepted | HandoverDeclined | HandoverSwitched
HallEvent: TypeAlias = RecordingStarted | RecordingStopped | ConsentSet | VenueSelected | SlideHeld | ItemSelected
TalkEvent: TypeAlias = SpeakerAsked | AsksCleared | TechnicianCalled | CallAnswered | Said
IntercomEvent: TypeAlias = TalkOpened | TalkClosed
SourceEvent: TypeAlias = SourceConnected | SourceLost | AllSourcesLost
WorkshopEvent: TypeAlias = EntranceEvent | HandEvent | FloorEvent | ReelEvent | QuestionEvent
Event: TypeAlias = (
    PolicyEvent
    | SeatEvent
    | MicEvent
    | HandoverEvent
    | HallEvent
    | TalkEvent
    | IntercomEvent
    | TrimSet
    | SourceEvent
    | WorkshopEvent
)


def event_name(event: type[Event]) -> str:
    """Return the event's name in the store: its class name in snake_case, ``mic_taken`` for ``MicTaken``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", event.__name__).lower()


EVENTS: Final[Mapping[str, type[Event]]] = {event_name(kind): kind for kind in get_args(Event)}
"""Every event by its name in the store."""
