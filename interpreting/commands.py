"""Commands: what somebody wants to happen in a room, imperative, not yet judged.

``by`` is the person who acts. Whether their role may say it stands in ``roles``; whether the room's state
allows it is decided by ``Room.apply``. A command whose wish is already so changes nothing and is no error.
Fields with a default, unless they are ``SAID``, are never taken from a message: the server fills them in from the
person's invitation.
"""

import re
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Final, TypeAlias, get_args

from interpreting.booth import Interlock, Shift
from interpreting.ids import BoothId, CallId, ItemId, PersonId, SourceId, SourceKind
from interpreting.languages import Channel, Fallback, Language
from interpreting.people import Role
from interpreting.words import Addressee, Party, Wish
from interpreting.workshop_commands import (
    EntranceCommand,
    FloorCommand,
    HandCommand,
    QuestionCommand,
    ReelCommand,
)

SAID: Final[Mapping[str, bool]] = {"is_said": True}
"""Metadata of a field with a default that a message may say all the same."""


@dataclass(frozen=True, slots=True)
class SetFloorLanguage:
    """Say which language the floor speaks now; channels of that language carry the floor."""

    by: PersonId
    language: Language


@dataclass(frozen=True, slots=True)
class SetFallback:
    """Choose what a channel carries while its booth is silent."""

    by: PersonId
    language: Language
    fallback: Fallback


@dataclass(frozen=True, slots=True)
class SetInterlock:
    """Choose what happens when two booths want one channel."""

    by: PersonId
    mode: Interlock


@dataclass(frozen=True, slots=True)
class EnterBooth:
    """Sit down in a booth under a display name: the person's page is connected.

    Who comes back finds microphone, outgoing and incoming as they were; who sat elsewhere leaves there first.
    """

    by: PersonId
    booth: BoothId
    name: str


@dataclass(frozen=True, slots=True)
class LeaveBooth:
    """Get up: off air and without a seat. The conductor says it also for those who stay absent."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class StepAway:
    """The person's page has lost its connection (conductor only); seat and microphone stay as they are."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class SelectIncoming:
    """Listen to the floor or to a channel (relay)."""

    by: PersonId
    channel: Channel


@dataclass(frozen=True, slots=True)
class SelectOutgoing:
    """Choose which of the booth's languages to speak into; on air the microphone moves at once."""

    by: PersonId
    language: Language


@dataclass(frozen=True, slots=True)
class SelectPivot:
    """Choose the channel to rely on by itself while the floor speaks none of the booth's languages, or none."""

    by: PersonId
    language: Language | None


@dataclass(frozen=True, slots=True)
class SetShift:
    """Say for the own booth after how many minutes it means to change over, or that it does not count."""

    by: PersonId
    minutes: Shift | None


@dataclass(frozen=True, slots=True)
class TakeMic:
    """Go on air into the selected outgoing channel.

    Takes it by force from a colleague of the booth who is absent or whose microphone is not live.
    """

    by: PersonId


@dataclass(frozen=True, slots=True)
class ReleaseMic:
    """Go off air."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class PressCough:
    """Mute the own open microphone while a key is held; the channel stays engaged."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class ReleaseCough:
    """Let the cough key go: the microphone is open again."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class AskHandover:
    """Offer the microphone (who is on air) or ask for it (a colleague).

    Answering an ask by asking oneself is accepting it.
    """

    by: PersonId


@dataclass(frozen=True, slots=True)
class AcceptHandover:
    """Agree to the handover that the other side asked for; the microphone does not move yet."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class DeclineHandover:
    """Refuse the other side's ask, or take back one's own ask or agreement."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class SwitchHandover:
    """Move the microphone to the other side in one step, at the moment chosen by the one on air."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class StartRecording:
    """Record the room from now on; what is without consent is left out."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class StopRecording:
    """End the recording."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class SetConsent:
    """Say whether a source may be recorded. Whose word counts for which source stands in ``roles``."""

    by: PersonId
    source: SourceId
    consents: bool


@dataclass(frozen=True, slots=True)
class SelectVenue:
    """Choose which of the hall's two senders the floor carries."""

    by: PersonId
    source: SourceId


@dataclass(frozen=True, slots=True)
class HoldSlide:
    """Show the holding slide in the livestream instead of the hall, or no longer."""

    by: PersonId
    held: bool


@dataclass(frozen=True, slots=True)
class SelectItem:
    """Say which item of the programme is on; one with a language sets the floor's."""

    by: PersonId
    item: ItemId


@dataclass(frozen=True, slots=True)
class NextItem:
    """Go to the item after the present one, or to the first. Pressed twice at once it is one step."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class AskSpeaker:
    """Ask the speaker for something, in the name of the booth."""

    by: PersonId
    wish: Wish


@dataclass(frozen=True, slots=True)
class ClearAsks:
    """Take all wishes off the speaker's screen."""

    by: PersonId


@dataclass(frozen=True, slots=True)
class CallTechnician:
    """Call the technician; one call of a person waits at a time."""

    by: PersonId
    name: str = ""
    role: Role = Role.VIEWER


@dataclass(frozen=True, slots=True)
class AnswerCall:
    """Say that a call is being seen to."""

    by: PersonId
    call: CallId


@dataclass(frozen=True, slots=True)
class Say:
    """Say a line in the chat. Which role speaks to whom stands in ``roles``; ``person`` is whom ``to`` may mean.

    A ready phrase has its key in ``phrase``, which the room checks, and its words in the sender's language in ``text``.
    """

    by: PersonId
    to: Addressee
    text: str
    name: str = ""
    role: Role = Role.VIEWER
    person: PersonId | None = field(default=None, metadata=SAID)
    phrase: str | None = field(default=None, metadata=SAID)


@dataclass(frozen=True, slots=True)
class TalkTo:
    """Talk by the intercom to a side, ``booth`` when it is one booth; or, to nobody, no more."""

    by: PersonId
    to: Party | None
    name: str = ""
    role: Role = Role.VIEWER
    booth: BoothId | None = field(default=None, metadata=SAID)


@dataclass(frozen=True, slots=True)
class SetTrim:
    """Say how a source is trimmed: gain, delay for lip sync, high-pass, gate, silence; all of it each time."""

    by: PersonId
    source: SourceId
    gain_db: float
    delay_ms: int
    high_pass: bool
    gate: bool
    muted: bool


@dataclass(frozen=True, slots=True)
class CutMic:
    """Take somebody's open microphone off air."""

    by: PersonId
    booth: BoothId
    person: PersonId


@dataclass(frozen=True, slots=True)
class ConnectSource:
    """A source has begun to flow (conductor only)."""

    source: SourceId
    kind: SourceKind


@dataclass(frozen=True, slots=True)
class LoseSource:
    """A source has fallen silent or gone (conductor only)."""

    source: SourceId


@dataclass(frozen=True, slots=True)
class LoseAllSources:
    """No source flows any more: the server has restarted (conductor only)."""


PolicyCommand: TypeAlias = SetFloorLanguage | SetFallback | SetInterlock
SeatCommand: TypeAlias = EnterBooth | LeaveBooth | StepAway | SelectIncoming | SelectOutgoing | SelectPivot | SetShift
MicCommand: TypeAlias = TakeMic | ReleaseMic | PressCough | ReleaseCough
HandoverCommand: TypeAlias = AskHandover | AcceptHandover | DeclineHandover | SwitchHandover
RecordingCommand: TypeAlias = StartRecording | StopRecording
HallCommand: TypeAlias = RecordingCommand | SetConsent | SelectVenue | HoldSlide | SelectItem | NextItem
TalkCommand: TypeAlias = AskSpeaker | ClearAsks | CallTechnician | AnswerCall | Say
MendCommand: TypeAlias = SetTrim | CutMic
SourceCommand: TypeAlias = ConnectSource | LoseSource | LoseAllSources
WorkshopCommand: TypeAlias = EntranceCommand | HandCommand | FloorCommand | ReelCommand | QuestionCommand
Command: TypeAlias = (
    PolicyCommand
    | SeatCommand
    | MicCommand
    | HandoverCommand
    | HallCommand
    | TalkCommand
    | TalkTo
    | MendCommand
    | SourceCommand
    | WorkshopCommand
)


def command_name(command: type[Command]) -> str:
    """Return the command's name on the wire: its class name in snake_case, ``take_mic`` for ``TakeMic``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", command.__name__).lower()


def wire_fields(command: type[Command]) -> tuple[str, ...]:
    """Return the names of what a message says: neither ``by`` nor what the server fills in."""
    said = (one for one in fields(command) if one.default is MISSING or one.metadata == SAID)
    return tuple(one.name for one in said if one.name != "by")


COMMANDS: Final[Mapping[str, type[Command]]] = {command_name(kind): kind for kind in get_args(Command)}
"""Every command by its name on the wire."""
