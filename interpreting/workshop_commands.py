"""Commands of the workshop: coming and going, hands, the floor, guests, play-out, questions. See ``commands``."""

from dataclasses import dataclass
from typing import TypeAlias

from interpreting.ids import AssetId, HandId, ItemId, PersonId, QuestionId
from interpreting.languages import Channel, Language
from interpreting.people import Role
from interpreting.words import Settlement
from interpreting.workshop import Door


@dataclass(frozen=True, slots=True)
class EnterRoom:
    """Come to the room under a display name: the person's page is connected. ``language`` is what one speaks.

    Who comes back finds place, hand, floor, languages and channel as they were.
    """

    by: PersonId
    name: str
    language: Language | None
    role: Role = Role.PARTICIPANT
    is_named: bool = False
    """The name is the invitation's own, as a closed room demands."""


@dataclass(frozen=True, slots=True)
class LeaveRoom:
    """Go: without a place, a hand and the floor. The conductor says it also for those who stay absent."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class SetSpeaks:
    """Say in which language one speaks, or that one does not say."""

    by: PersonId
    language: Language | None


@dataclass(frozen=True, slots=True)
class SelectChannel:
    """Choose the channel to hear, also while speaking."""

    by: PersonId
    channel: Channel


@dataclass(frozen=True, slots=True)
class SetDoor:
    """Open the room, have participants wait, or take in nobody new."""

    by: PersonId
    door: Door


@dataclass(frozen=True, slots=True)
class Admit:
    """Let somebody in who waits, or who was removed."""

    by: PersonId
    person: PersonId


@dataclass(frozen=True, slots=True)
class Remove:
    """Send somebody out, on every connection, until they are admitted again."""

    by: PersonId
    person: PersonId


@dataclass(frozen=True, slots=True)
class CallBackstage:
    """Have somebody wait backstage: off the floor, hearing the moderator alone."""

    by: PersonId
    person: PersonId


@dataclass(frozen=True, slots=True)
class BringOn:
    """Take somebody from backstage into the room and give them the floor."""

    by: PersonId
    person: PersonId


@dataclass(frozen=True, slots=True)
class RaiseHand:
    """Ask for the floor."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class RaiseHallHand:
    """List a microphone of the hall among the hands."""

    by: PersonId
    label: str


@dataclass(frozen=True, slots=True)
class LowerHand:
    """Take the own hand down."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class DismissHand:
    """Take any hand down, one of the hall's as well."""

    by: PersonId
    hand: HandId


@dataclass(frozen=True, slots=True)
class LowerAllHands:
    """Take all hands down."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class MoveHand:
    """Put a hand at another place of the queue, counted from 0; past the end is the end."""

    by: PersonId
    hand: HandId
    to: int


@dataclass(frozen=True, slots=True)
class GiveFloor:
    """Give somebody the floor; their hand comes down."""

    by: PersonId
    person: PersonId


@dataclass(frozen=True, slots=True)
class TakeFloor:
    """Take the floor from somebody."""

    by: PersonId
    person: PersonId


@dataclass(frozen=True, slots=True)
class YieldFloor:
    """Give the own floor back."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class Mute:
    """Shut the microphone of somebody on the floor, one's own or, as a moderator, another's."""

    by: PersonId
    person: PersonId


@dataclass(frozen=True, slots=True)
class Unmute:
    """Open a microphone on the floor again; one that a moderator has shut, by a moderator alone."""

    by: PersonId
    person: PersonId


@dataclass(frozen=True, slots=True)
class LoseFloor:
    """The sound of somebody on the floor has been gone for too long (conductor only)."""

    person: PersonId


@dataclass(frozen=True, slots=True)
class SetFollowSpeaker:
    """Have the floor's language follow who got the floor last, or set it by hand alone."""

    by: PersonId
    follows: bool


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Give the present speaker so many seconds from now, or take the timer off the screens."""

    by: PersonId
    seconds: int | None


@dataclass(frozen=True, slots=True)
class SetVenueHears:
    """Say of which languages the hall wants its return beside the floor's."""

    by: PersonId
    languages: tuple[Language, ...]


@dataclass(frozen=True, slots=True)
class CuePlayout:
    """Lay a video message in, of an item of the programme or of none; it is ``seconds`` long."""

    by: PersonId
    item: ItemId | None
    asset: AssetId
    seconds: float


@dataclass(frozen=True, slots=True)
class StartPlayout:
    """Play what is cued after the countdown, or go on after a pause at once."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class PausePlayout:
    """Halt; the floor is live meanwhile."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class StopPlayout:
    """End it; the floor is live again."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class AskQuestion:
    """Ask whoever speaks something, in writing; a moderator sees it."""

    by: PersonId
    text: str


@dataclass(frozen=True, slots=True)
class WithdrawQuestion:
    """Take an open question of one's own back."""

    by: PersonId
    question: QuestionId


@dataclass(frozen=True, slots=True)
class SettleQuestion:
    """Say that an open question was answered, or that it will not be."""

    by: PersonId
    question: QuestionId
    how: Settlement


PlaceCommand: TypeAlias = Admit | Remove | CallBackstage | BringOn
EntranceCommand: TypeAlias = EnterRoom | LeaveRoom | SetSpeaks | SelectChannel | SetDoor | PlaceCommand
HandCommand: TypeAlias = RaiseHand | RaiseHallHand | LowerHand | DismissHand | LowerAllHands | MoveHand
FloorCommand: TypeAlias = (
    GiveFloor | TakeFloor | YieldFloor | Mute | Unmute | LoseFloor | SetFollowSpeaker | SetTimer | SetVenueHears
)
ReelCommand: TypeAlias = CuePlayout | StartPlayout | PausePlayout | StopPlayout
QuestionCommand: TypeAlias = AskQuestion | WithdrawQuestion | SettleQuestion
