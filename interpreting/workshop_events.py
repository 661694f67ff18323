"""Events of the workshop: people, hands, the floor, guests, play-out, questions. See ``events``."""

from dataclasses import dataclass
from typing import TypeAlias

from interpreting.fact import Fact
from interpreting.ids import AssetId, HandId, ItemId, PersonId, QuestionId
from interpreting.languages import Channel, Language
from interpreting.people import Role
from interpreting.words import Settlement
from interpreting.workshop import Door, Place


@dataclass(frozen=True, slots=True)
class RoomEntered(Fact):
    """The person's page is connected, new or back, and they are in this place."""

    person: PersonId
    role: Role
    name: str
    speaks: Language | None
    hears: Channel
    place: Place


@dataclass(frozen=True, slots=True)
class RoomLeft(Fact):
    """The person is gone, and with them their hand and their floor."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class SpeaksSet(Fact):
    """The person speaks ``language``, or does not say."""

    person: PersonId
    language: Language | None


@dataclass(frozen=True, slots=True)
class ChannelSelected(Fact):
    """The person hears ``channel``."""

    person: PersonId
    channel: Channel


@dataclass(frozen=True, slots=True)
class DoorSet(Fact):
    """The room's door is so from now on."""

    door: Door


@dataclass(frozen=True, slots=True)
class Admitted(Fact):
    """The person may be in the room."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class Removed(Fact):
    """The person was sent out, and has neither hand nor floor any more."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class CalledBackstage(Fact):
    """The person waits backstage, and has neither hand nor floor any more."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class BroughtOn(Fact):
    """The person came from backstage into the room."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class HandRaised(Fact):
    """A hand is up, at the end of the queue: a person's, or one of the hall under a label."""

    hand: HandId
    person: PersonId | None
    label: str
    language: Language | None


@dataclass(frozen=True, slots=True)
class HandLowered(Fact):
    """The hand is down."""

    hand: HandId


@dataclass(frozen=True, slots=True)
class AllHandsLowered(Fact):
    """No hand is up any more."""


@dataclass(frozen=True, slots=True)
class HandMoved(Fact):
    """The hand is at this place of the queue, counted from 0."""

    hand: HandId
    to: int


@dataclass(frozen=True, slots=True)
class FloorGiven(Fact):
    """The person has the floor, the newest of all; their hand is down, and the last speaker's time is over."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class FloorTaken(Fact):
    """A moderator took the floor from the person."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class FloorYielded(Fact):
    """The person gave the floor back."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class FloorLost(Fact):
    """The person's sound was gone, and the floor with it."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class Muted(Fact):
    """The person on the floor is not heard; ``by`` is who shut the microphone."""

    person: PersonId
    by: PersonId


@dataclass(frozen=True, slots=True)
class Unmuted(Fact):
    """The person on the floor is heard again."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class FollowSpeakerSet(Fact):
    """The floor's language follows who got the floor last, or does not."""

    follows: bool


@dataclass(frozen=True, slots=True)
class TimerSet(Fact):
    """The present speaker has so many seconds from ``at``, or no timer."""

    seconds: int | None


@dataclass(frozen=True, slots=True)
class VenueHearsSet(Fact):
    """The hall wants its return of these languages."""

    languages: tuple[Language, ...]


@dataclass(frozen=True, slots=True)
class PlayoutCued(Fact):
    """A video message is laid in."""

    item: ItemId | None
    asset: AssetId
    seconds: float


@dataclass(frozen=True, slots=True)
class PlayoutStarted(Fact):
    """It plays from ``since`` on (Unix seconds), which is after a countdown or now."""

    since: float


@dataclass(frozen=True, slots=True)
class PlayoutPaused(Fact):
    """It halts; the floor is live."""


@dataclass(frozen=True, slots=True)
class PlayoutStopped(Fact):
    """It is over, by hand or because it came to its end; nothing is laid in."""


@dataclass(frozen=True, slots=True)
class QuestionAsked(Fact):
    """The person asked something; ``language`` is what they speak."""

    question: QuestionId
    person: PersonId
    name: str
    language: Language | None
    text: str


@dataclass(frozen=True, slots=True)
class QuestionWithdrawn(Fact):
    """The asker took the question back."""

    question: QuestionId


@dataclass(frozen=True, slots=True)
class QuestionSettled(Fact):
    """A moderator has done with the question."""

    question: QuestionId
    how: Settlement


EntranceEvent: TypeAlias = (
    RoomEntered | RoomLeft | SpeaksSet | ChannelSelected | DoorSet | Admitted | Removed | CalledBackstage | BroughtOn
)
HandEvent: TypeAlias = HandRaised | HandLowered | AllHandsLowered | HandMoved
FloorEvent: TypeAlias = (
    FloorGiven | FloorTaken | FloorYielded | FloorLost | Muted | Unmuted | FollowSpeakerSet | TimerSet | VenueHearsSet
)
ReelEvent: TypeAlias = PlayoutCued | PlayoutStarted | PlayoutPaused | PlayoutStopped
QuestionEvent: TypeAlias = QuestionAsked | QuestionWithdrawn | QuestionSettled
